//! Subordinate ids: what /etc/subuid and /etc/subgid give an ordinary user, and the programs that
//! write maps with them (subuid(5), newuidmap(1)).

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::idmap::{Which, map_text, state};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::spec::{Bytes, IdMap};

/// Where the programs are looked for. Not in PATH: what runs them may have more rights than whoever
/// chose its environment.
const DIRECTORIES: [&str; 6] = [
    "/usr/bin",
    "/bin",
    "/usr/local/bin",
    "/usr/sbin",
    "/sbin",
    "/run/wrappers/bin",
];

/// Ids that an ordinary user may map besides its own (subuid(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SubordinateIds {
    /// User ids of /etc/subuid: first and count of each range, in the file's order.
    pub uid: Vec<(u32, u32)>,
    /// Group ids of /etc/subgid.
    pub gid: Vec<(u32, u32)>,
}

impl SubordinateIds {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.uid.is_empty() && self.gid.is_empty()
    }
}

/// The subordinate ids of the caller, by its effective user id.
///
/// Both files are by the user, named or by number; several lines add up. A file that is not there gives
/// none. Other sources that /etc/nsswitch.conf may name under `subid` are not asked.
///
/// # Errors
/// `Permission` when a file may not be read.
pub fn subordinate_ids() -> Result<SubordinateIds> {
    let uid = nix::unistd::geteuid();
    let mut owners = vec![uid.to_string()];
    // By way of the C library, since users need not be in /etc/passwd.
    if let Ok(Some(user)) = nix::unistd::User::from_uid(uid) {
        owners.push(user.name);
    }
    let ranges = |which| {
        let path = list(which);
        match std::fs::read(path) {
            Ok(text) => Ok(parse(&text, &owners)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Error::from_io(&error, Stage::Ids, path)),
        }
    };
    Ok(SubordinateIds {
        uid: ranges(Which::Uid)?,
        gid: ranges(Which::Gid)?,
    })
}

/// The file with the ranges.
pub(super) fn list(which: Which) -> &'static str {
    match which {
        Which::Uid => "/etc/subuid",
        Which::Gid => "/etc/subgid",
    }
}

/// The lines of one of the owners, `owner:first:count`. Whatever else there is, newuidmap as well passes
/// over.
fn parse(text: &[u8], owners: &[String]) -> Vec<(u32, u32)> {
    let range = |line: &[u8]| {
        let line = std::str::from_utf8(line).ok()?;
        let mut fields = line.split(':');
        let owner = fields.next()?;
        let (first, count): (u64, u64) =
            (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let wanted = fields.next().is_none() && owners.iter().any(|name| name == owner);
        // What lies beyond the last id, 4294967294, cannot be mapped.
        let first = u32::try_from(first)
            .ok()
            .filter(|first| *first < u32::MAX)?;
        let count = u32::try_from(count)
            .unwrap_or(u32::MAX)
            .min(u32::MAX - first);
        (wanted && count > 0).then_some((first, count))
    };
    text.split(|byte| *byte == b'\n')
        .filter_map(range)
        .collect()
}

/// Whether ranges that may follow on each other hold all ids from `first` on.
pub(super) fn covers(ranges: &[(u32, u32)], first: u32, count: u32) -> bool {
    let end = u64::from(first) + u64::from(count);
    let mut next = u64::from(first);
    while next < end {
        let further = ranges
            .iter()
            .map(|(first, count)| (u64::from(*first), u64::from(*first) + u64::from(*count)))
            .filter(|(first, end)| (*first..*end).contains(&next))
            .map(|(_, end)| end)
            .max();
        match further {
            Some(end) => next = end,
            None => return false,
        }
    }
    true
}

pub(super) fn program_name(which: Which) -> &'static str {
    match which {
        Which::Uid => "newuidmap",
        Which::Gid => "newgidmap",
    }
}

/// Where the program is.
pub(crate) fn program(which: Which) -> Option<Bytes> {
    DIRECTORIES.iter().find_map(|dir| {
        let path = Path::new(dir).join(program_name(which));
        let meta = std::fs::metadata(&path).ok()?;
        (meta.is_file() && meta.permissions().mode() & 0o111 != 0).then(|| Bytes::from(path))
    })
}

/// Has a map written by newuidmap(1) or newgidmap(1), and waits for it.
pub(super) fn run(program: &Bytes, which: Which, pid: i32, lines: &[IdMap]) -> Result<()> {
    let subject = || format!("{}: {:?}", which.file(), map_text(lines).trim_end());
    let failed = |error: std::io::Error| {
        Error::from_io(&error, Stage::Ids, program.to_string())
            .with_hint("it was to write a map of ids")
    };
    let null = File::options()
        .read(true)
        .write(true)
        .open("/dev/null")
        .map_err(failed)?;
    let (mut told, stderr) = std::io::pipe().map_err(failed)?;
    let mut command = Command::new(program.as_path());
    command.arg(pid.to_string());
    for line in lines {
        command.args([line.inside, line.outside, line.count].map(|number| number.to_string()));
    }
    // As descriptors of our own and not Stdio::null() and Stdio::piped(): std moves these out of the way
    // when the host has closed its own first three.
    command
        .env_clear()
        .stdin(Stdio::from(null.try_clone().map_err(failed)?))
        .stdout(Stdio::from(null))
        .stderr(Stdio::from(stderr));
    let mut child = command.spawn().map_err(failed)?;
    // It holds the writing end, and the reader waits for the last one to close.
    drop(command);
    let mut text = Vec::new();
    const ENOUGH: u64 = 2048;
    let read = (&mut told).take(ENOUGH).read_to_end(&mut text);
    drop(told);
    let done = match child.wait() {
        Ok(status) => status.success(),
        // A host that ignores SIGCHLD: the map itself tells whether it was written.
        Err(error) if error.raw_os_error() == Some(libc::ECHILD) => {
            state(pid, which.file()).is_ok_and(|now| !now.is_empty())
        }
        Err(error) => return Err(failed(error)),
    };
    read.map_err(failed)?;
    if done {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&text);
    let text = text.trim();
    if state(pid, which.file()).is_ok_and(|now| !now.is_empty()) {
        return Err(Error::new(
            ErrorKind::Busy,
            Stage::Ids,
            subject(),
            format!("{text}; there is a map already, and the kernel takes only one"),
        ));
    }
    let name = program_name(which);
    let text = match text
        .strip_prefix(name)
        .map_or(text, |rest| rest.trim_start_matches([':', ' ']))
    {
        "" => "it failed and did not say why",
        text => text,
    };
    let error = Error::new(
        ErrorKind::Permission,
        Stage::Ids,
        subject(),
        format!("{program}: {text}"),
    );
    Err(
        if text.contains("not permitted") || text.contains("denied") {
            error.with_hint(
            "it works by privileges of its own, which no_new_privs, a mount with nosuid, a bounding set \
             without sys_admin and dac_override, and a user namespace take away",
        )
        } else {
            error
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_user() {
        let text = b"root:100000:65536\n\
            ann:165536:65536\n\
            # ann:1:1\n\
            \n\
            1000:300000:10\n\
            annabel:400000:10\n\
            ann:x:10\n\
            ann:500000\n\
            ann:500000:10:20\n\
            ann:600000:0\n\
            ann:-5:10\n\
            \xff:1:1\n\
            ann:4294967290:100\n\
            ann:4294967295:1\n\
            ann:700000:99999999999\n\
            ann:800000:5";
        let owners = ["1000".to_owned(), "ann".to_owned()];
        assert_eq!(
            parse(text, &owners),
            [
                (165_536, 65_536),
                (300_000, 10),
                (4_294_967_290, 5),
                (700_000, u32::MAX - 700_000),
                (800_000, 5)
            ]
        );
        assert_eq!(parse(text, &["0".to_owned()]), []);
        assert_eq!(parse(b"", &owners), []);
    }

    #[test]
    fn ranges_that_follow_on_each_other() {
        let ranges = [(110, 10), (100, 10), (130, 5)];
        assert!(covers(&ranges, 100, 20));
        assert!(covers(&ranges, 119, 1));
        assert!(covers(&ranges, 130, 5));
        assert!(!covers(&ranges, 100, 21));
        assert!(!covers(&ranges, 99, 2));
        assert!(!covers(&ranges, 130, 6));
        assert!(!covers(&[], 0, 1));
        assert!(covers(&[(0, u32::MAX)], 0, u32::MAX));
    }
}
