//! Maps of user and group ids: what the kernel takes, who may write it, and writing it
//! (user_namespaces(7), "User and group ID mappings").

use std::fs::File;
use std::io::Write as _;

use isolate_sys::calls::privilege;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::subid::{self, SubordinateIds};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;
use crate::spec::{Bytes, IdMap};

/// Lines of a map that the kernel takes (`UID_GID_MAP_MAX_EXTENTS`).
const LINES: usize = 340;
/// The kernel takes a map in one write of less than a page.
const BYTES: usize = 4095;
/// linux/capability.h
const CAP_SETGID: u32 = 6;
const CAP_SETUID: u32 = 7;

/// The maps of a user namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdMaps {
    /// User ids; none before a map is written. Writing none leaves the map to be written later.
    pub uid: Vec<IdMap>,
    /// Group ids, as `uid`.
    pub gid: Vec<IdMap>,
    /// Whether processes there may set their supplementary groups (setgroups(2)).
    pub setgroups: bool,
}

/// One of the two maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Uid,
    Gid,
}

impl Which {
    /// The file under /proc/PID, and the field of a spec.
    pub fn file(self) -> &'static str {
        match self {
            Which::Uid => "uid_map",
            Which::Gid => "gid_map",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Which::Uid => "uid",
            Which::Gid => "gid",
        }
    }

    pub fn of(self, maps: &IdMaps) -> &[IdMap] {
        match self {
            Which::Uid => &maps.uid,
            Which::Gid => &maps.gid,
        }
    }
}

/// Checks a map as the kernel does, which has one word, EINVAL, for all that can be wrong.
///
/// `field` is what the error is to name, such as `uid_map`. An empty map passes.
///
/// # Errors
/// `InvalidSpec` for more than 340 lines or 4095 bytes of text, a count of 0, ids beyond 4294967294,
/// and lines that share ids, inside or outside.
pub fn check_id_map(field: &str, lines: &[IdMap]) -> Result<()> {
    if lines.len() > LINES {
        return Err(Error::invalid(
            field,
            format!(
                "has {} lines; the kernel takes at most {LINES}",
                lines.len()
            ),
        ));
    }
    let len = map_text(lines).len();
    if len > BYTES {
        return Err(Error::invalid(
            field,
            format!("takes {len} bytes as text; the kernel takes at most {BYTES}"),
        ));
    }
    for (at, line) in lines.iter().enumerate() {
        let name = || format!("{field}[{at}]");
        if line.count == 0 {
            return Err(Error::invalid(name(), "has count 0"));
        }
        for (side, first) in [("inside", line.inside), ("outside", line.outside)] {
            // 4294967295 is (uid_t)-1, which calls take for "unchanged".
            if u64::from(first) + u64::from(line.count) > u64::from(u32::MAX) {
                return Err(Error::invalid(
                    name(),
                    format!("goes beyond the last id, 4294967294, {side}"),
                ));
            }
        }
        for (before, other) in lines[..at].iter().enumerate() {
            for (side, mine, theirs) in [
                ("inside", line.inside, other.inside),
                ("outside", line.outside, other.outside),
            ] {
                if overlap(mine, line.count, theirs, other.count) {
                    return Err(Error::invalid(
                        name(),
                        format!(
                            "overlaps {field}[{before}] {side}: {} and {}",
                            span(mine, line.count),
                            span(theirs, other.count)
                        ),
                    ));
                }
            }
        }
    }
    Ok(())
}

fn overlap(a: u32, a_count: u32, b: u32, b_count: u32) -> bool {
    u64::from(a) < u64::from(b) + u64::from(b_count)
        && u64::from(b) < u64::from(a) + u64::from(a_count)
}

/// Ids from `first` on, for people.
pub(super) fn span(first: u32, count: u32) -> String {
    match count {
        0 | 1 => first.to_string(),
        _ => format!("{first} to {}", u64::from(first) + u64::from(count) - 1),
    }
}

/// The lines of a map file.
pub(crate) fn map_text(lines: &[IdMap]) -> String {
    lines
        .iter()
        .map(|line| format!("{} {} {}\n", line.inside, line.outside, line.count))
        .collect()
}

/// What decides over who may write a map.
pub(crate) struct Rights<'a> {
    /// The caller's own id.
    pub own: u32,
    /// Whether the caller has CAP_SETUID, or for groups CAP_SETGID.
    pub capable: bool,
    /// The caller's subordinate ids: first and count.
    pub subordinate: &'a [(u32, u32)],
    /// Where newuidmap(1) or newgidmap(1) is.
    pub helper: Option<&'a Bytes>,
}

/// By whom a map is written; pure.
///
/// `None` is the caller itself; else it is the program that newuidmap(1) describes.
pub(crate) fn writer(which: Which, lines: &[IdMap], rights: &Rights<'_>) -> Result<Option<Bytes>> {
    let own = |line: &IdMap| line.count == 1 && line.outside == rights.own;
    if rights.capable || lines.is_empty() || (lines.len() == 1 && own(&lines[0])) {
        return Ok(None);
    }
    let (file, list) = (which.file(), subid::list(which));
    for (at, line) in lines.iter().enumerate() {
        if own(line) || subid::covers(rights.subordinate, line.outside, line.count) {
            continue;
        }
        let more = match rights.subordinate {
            [] => format!("no other: {list} gives it none"),
            ranges => {
                let ranges: Vec<String> = ranges.iter().map(|r| span(r.0, r.1)).collect();
                format!("by {list} {}", ranges.join(", "))
            }
        };
        return Err(Error::new(
            ErrorKind::Permission,
            Stage::Ids,
            format!("{file}[{at}]"),
            format!(
                "{} outside are not all allowed to this user, which may map its own id, {}, and {more}",
                span(line.outside, line.count),
                rights.own
            ),
        ));
    }
    let program = rights.helper.ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            Stage::Ids,
            file,
            format!(
                "needs {}, which is not installed: install the package uidmap (shadow-utils on \
                 Fedora, shadow on Arch and Alpine), or map the caller's own id, {}, alone",
                subid::program_name(which),
                rights.own
            ),
        )
    })?;
    Ok(Some(program.clone()))
}

/// Writes the maps of the user namespace of a process, which has none yet.
///
/// The outside ids are as the caller sees them. Both maps are checked first. A caller with CAP_SETUID and
/// CAP_SETGID writes them itself, as does one that maps its own id alone; whatever /etc/subuid and
/// /etc/subgid allow besides is written by newuidmap(1) and newgidmap(1). A group map with `setgroups`
/// false comes after setgroups(2) is denied there for good, which the kernel wants of an ordinary user who
/// maps its own group alone. Blocks while the programs run.
///
/// # Errors
/// `InvalidSpec` as [`check_id_map`], `NotFound` for a process that is gone, `Permission` for ids that the
/// caller may not map, `Unsupported` where the programs are not installed, `Busy` when there is a map
/// already. The kernel takes none back: when the second map fails, the first stays.
pub fn write_id_maps(pid: i32, maps: &IdMaps) -> Result<()> {
    super::proc::check_pid(pid)?;
    check_id_map(Which::Uid.file(), &maps.uid)?;
    check_id_map(Which::Gid.file(), &maps.gid)?;
    let capabilities = privilege::effective_capabilities()
        .map_err(|errno| Error::from_errno(errno, Stage::Ids, "capget"))?;
    let has = |number: u32| capabilities & (1 << number) != 0;
    let (uid, gid) = (
        nix::unistd::geteuid().as_raw(),
        nix::unistd::getegid().as_raw(),
    );
    let only = |lines: &[IdMap], id| matches!(lines, [one] if one.count == 1 && one.outside == id);
    let (uids_alone, gids_alone) = (only(&maps.uid, uid), only(&maps.gid, gid));
    let helped = !(has(CAP_SETUID) || uids_alone) || !(has(CAP_SETGID) || gids_alone);
    let subordinate = if helped {
        subid::subordinate_ids()?
    } else {
        SubordinateIds::default()
    };
    let helpers = [Which::Uid, Which::Gid].map(subid::program);
    let uid_helper = writer(
        Which::Uid,
        &maps.uid,
        &Rights {
            own: uid,
            capable: has(CAP_SETUID),
            subordinate: &subordinate.uid,
            helper: helpers[0].as_ref(),
        },
    )?;
    let gid_helper = writer(
        Which::Gid,
        &maps.gid,
        &Rights {
            own: gid,
            capable: has(CAP_SETGID),
            subordinate: &subordinate.gid,
            helper: helpers[1].as_ref(),
        },
    )?;
    if maps.setgroups && !maps.gid.is_empty() {
        if gids_alone && !has(CAP_SETGID) {
            return Err(Error::new(
                ErrorKind::Permission,
                Stage::Ids,
                "gid_map",
                format!(
                    "an ordinary user may map its own id, {gid}, alone only with setgroups denied"
                ),
            ));
        }
        if state(pid, "setgroups")?.trim_ascii() == b"deny" {
            return Err(Error::new(
                ErrorKind::Permission,
                Stage::Ids,
                format!("/proc/{pid}/setgroups"),
                "is denied already, here or in a namespace above, and cannot be allowed again",
            ));
        }
    }
    put(
        pid,
        (&maps.uid, uid_helper.as_ref()),
        (&maps.gid, gid_helper.as_ref()),
        !maps.setgroups,
    )
}

/// Writes maps that are checked, each by the caller or by the program that [`writer`] has found.
pub(crate) fn put(
    pid: i32,
    uids: (&[IdMap], Option<&Bytes>),
    gids: (&[IdMap], Option<&Bytes>),
    deny_setgroups: bool,
) -> Result<()> {
    // Before the gid map: afterwards it is too late (user_namespaces(7)).
    if deny_setgroups && !gids.0.is_empty() {
        put_text(pid, "setgroups", "deny")?;
    }
    for (which, (lines, helper)) in [(Which::Uid, uids), (Which::Gid, gids)] {
        if lines.is_empty() {
            continue;
        }
        match helper {
            Some(program) => subid::run(program, which, pid, lines)?,
            None => put_text(pid, which.file(), &map_text(lines))?,
        }
    }
    Ok(())
}

/// What one of the files says now.
pub(super) fn state(pid: i32, file: &str) -> Result<Vec<u8>> {
    let path = format!("/proc/{pid}/{file}");
    kernfile::read(path.as_ref()).map_err(|error| Error::from_io(&error, Stage::Ids, path))
}

/// The kernel takes a map in one write only.
fn put_text(pid: i32, file: &str, text: &str) -> Result<()> {
    let path = format!("/proc/{pid}/{file}");
    let failed = |error: std::io::Error| {
        let shown = format!("{file}: {:?}", text.trim_end());
        let failure = Error::from_io(&error, Stage::Ids, shown);
        match error.raw_os_error() {
            Some(libc::EPERM) if file == "setgroups" => failure
                .with_kind(ErrorKind::Busy)
                .with_hint("it can be denied only before there is a gid map"),
            Some(libc::EPERM) if state(pid, file).is_ok_and(|now| !now.is_empty()) => failure
                .with_kind(ErrorKind::Busy)
                .with_hint("there is a map already, and the kernel takes only one"),
            Some(libc::EPERM) => failure.with_hint(
                "the kernel refuses this map: the caller needs CAP_SETUID and CAP_SETGID over every \
                 outside id, or may map only its own",
            ),
            Some(libc::ENOENT | libc::ESRCH) => Error::from_io(&error, Stage::Ids, path.clone())
                .with_kind(ErrorKind::NotFound)
                .with_hint("there is no such process"),
            _ => failure,
        }
    };
    let mut file = File::options().write(true).open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(inside: u32, outside: u32, count: u32) -> IdMap {
        IdMap {
            inside,
            outside,
            count,
        }
    }

    fn wrong(lines: &[IdMap]) -> String {
        check_id_map("uid_map", lines).map_or_else(|error| error.message(), |()| "fine".into())
    }

    #[test]
    fn as_many_lines_and_bytes_as_the_kernel_takes() {
        let lines = |count: u32| -> Vec<IdMap> { (0..count).map(|n| line(n, n, 1)).collect() };
        assert_eq!(wrong(&[]), "fine");
        assert_eq!(wrong(&lines(340)), "fine");
        assert_eq!(
            wrong(&lines(341)),
            "spec: uid_map: has 341 lines; the kernel takes at most 340"
        );
        // 255 lines of 16 bytes and one of 15.
        let mut page: Vec<IdMap> = (0..255)
            .map(|n| line(100_000 + n, 100_000 + n, 1))
            .collect();
        page.push(line(10_000, 200_000, 1));
        assert_eq!(map_text(&page).len(), 4095);
        assert_eq!(wrong(&page), "fine");
        page[255].inside = 300_000;
        assert_eq!(
            wrong(&page),
            "spec: uid_map: takes 4096 bytes as text; the kernel takes at most 4095"
        );
    }

    #[test]
    fn counts_and_the_last_id() {
        assert_eq!(wrong(&[line(0, 0, 0)]), "spec: uid_map[0]: has count 0");
        assert_eq!(wrong(&[line(0, 0, u32::MAX)]), "fine");
        assert_eq!(wrong(&[line(u32::MAX - 1, u32::MAX - 1, 1)]), "fine");
        let beyond =
            |side| format!("spec: uid_map[0]: goes beyond the last id, 4294967294, {side}");
        assert_eq!(wrong(&[line(1, 0, u32::MAX)]), beyond("inside"));
        assert_eq!(wrong(&[line(0, 1, u32::MAX)]), beyond("outside"));
        assert_eq!(wrong(&[line(u32::MAX, 0, 1)]), beyond("inside"));
        assert_eq!(wrong(&[line(0, u32::MAX, 1)]), beyond("outside"));
        assert_eq!(wrong(&[line(0, u32::MAX - 1, 2)]), beyond("outside"));
    }

    #[test]
    fn lines_that_share_ids() {
        assert_eq!(
            wrong(&[line(0, 1000, 10), line(50, 60, 1), line(9, 5000, 10)]),
            "spec: uid_map[2]: overlaps uid_map[0] inside: 9 to 18 and 0 to 9"
        );
        assert_eq!(
            wrong(&[line(0, 1000, 10), line(50, 1009, 1)]),
            "spec: uid_map[1]: overlaps uid_map[0] outside: 1009 and 1000 to 1009"
        );
        assert_eq!(wrong(&[line(0, 1000, 10), line(10, 1010, 1)]), "fine");
        assert_eq!(wrong(&[line(10, 1010, 1), line(0, 1000, 10)]), "fine");
    }

    #[test]
    fn who_writes() {
        let helper = Bytes::from("/usr/bin/newuidmap");
        let mut rights = Rights {
            own: 1000,
            capable: false,
            subordinate: &[(100_000, 65_536), (165_536, 10)],
            helper: Some(&helper),
        };
        let by = |lines: &[IdMap], rights: &Rights<'_>| {
            writer(Which::Uid, lines, rights).map_err(|error| error.message())
        };
        assert_eq!(by(&[line(0, 1000, 1)], &rights), Ok(None));
        let podman = [line(0, 1000, 1), line(1, 100_000, 65_546)];
        assert_eq!(by(&podman, &rights), Ok(Some(helper.clone())));
        assert_eq!(
            by(&[line(0, 1000, 1), line(1, 99_999, 10)], &rights),
            Err("ids: uid_map[1]: 99999 to 100008 outside are not all allowed to this user, which may \
                 map its own id, 1000, and by /etc/subuid 100000 to 165535, 165536 to 165545"
                .into())
        );
        assert!(by(&[line(0, 1000, 2)], &rights).is_err());
        assert!(by(&[line(0, 165_545, 2)], &rights).is_err());
        rights.helper = None;
        let missing = by(&podman, &rights);
        assert!(
            missing
                .as_ref()
                .is_err_and(|text| text.contains("package uidmap")),
            "{missing:?}"
        );
        rights.subordinate = &[];
        assert_eq!(
            by(&[line(0, 0, 1)], &rights),
            Err("ids: uid_map[0]: 0 outside are not all allowed to this user, which may map its own \
                 id, 1000, and no other: /etc/subuid gives it none"
                .into())
        );
        rights.capable = true;
        assert_eq!(by(&[line(0, 0, 1)], &rights), Ok(None));
    }
}
