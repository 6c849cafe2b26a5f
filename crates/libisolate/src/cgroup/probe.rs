//! Looks at the mounted cgroup trees: where groups can be made and controllers enabled, and if not,
//! why and what to do.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use isolate_sys::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, statfs};
use nix::unistd::{AccessFlags, faccessat};

use super::{CgroupHost, Hierarchy, Version, parse, systemd};
use crate::error::{Error, Result, Stage, describe};
use crate::kernfile;
use crate::spec::Bytes;

/// How to get a cgroup of one's own in the v2 tree that is mounted there: systemd hands one over whole, and
/// without systemd root can.
pub(super) fn own_group(mount: impl std::fmt::Display) -> String {
    // As sd_booted(3) tells.
    let systemd = Path::new("/run/systemd/system").is_dir();
    own_group_for(mount, systemd, nix::unistd::geteuid().as_raw())
}

/// The same, of another host and another user.
pub(crate) fn own_group_for(mount: impl std::fmt::Display, systemd: bool, user: u32) -> String {
    let group = format!("{mount}/NAME");
    match (systemd, user == 0) {
        (true, true) => {
            "start the program with: systemd-run --scope -p Delegate=yes COMMAND".to_owned()
        }
        (true, false) => {
            "start the program with: systemd-run --user --scope -p Delegate=yes COMMAND".to_owned()
        }
        (false, true) => format!(
            "move the program into a group of its own: mkdir {group} && echo PID > {group}/cgroup.procs"
        ),
        (false, false) => format!(
            "as root: mkdir {group} && chown {user} {group} {group}/cgroup.procs \
             {group}/cgroup.subtree_control && echo PID > {group}/cgroup.procs, with PID of the program"
        ),
    }
}

/// The cgroup trees of this host, as this process sees them.
///
/// # Errors
/// `Host` stage, when /proc cannot be read.
pub(crate) fn probe() -> Result<CgroupHost> {
    let mut host = outline(|_| true)?;
    host.swap_device = kernfile::read(Path::new("/proc/swaps")).is_ok_and(|text| {
        text.split(|b| *b == b'\n')
            .nth(1)
            .is_some_and(|line| !line.is_empty())
    });
    host.has_kill = host.unified().is_some_and(has_kill);
    host.swap_accounting = host.controller("memory").is_some_and(accounts_swap);
    host.pids_allowed = host.controller("pids").and_then(pids_allowed);
    host.systemd = systemd::look(&host);
    Ok(host)
}

/// The trees alone, without what only plans need. The file system is asked about those that are `wanted`,
/// and where several mounts show the same tree; the others are as /proc tells, and not writable.
///
/// # Errors
/// As [`probe`].
pub(super) fn outline(wanted: impl Fn(&Hierarchy) -> bool) -> Result<CgroupHost> {
    let mounts = parse::mountinfo(&read_proc("/proc/self/mountinfo")?);
    // A kernel without cgroups has no such file, and then there are no mounts either.
    let own = if mounts.is_empty() {
        Vec::new()
    } else {
        read_proc("/proc/self/cgroup")?
    };
    let mut views = parse::arrange(&mounts, &parse::memberships(&own));
    let asked: Vec<bool> = views
        .iter()
        .map(|view| wanted(view) || views.iter().filter(|v| parse::same_tree(v, view)).count() > 1)
        .collect();
    for (view, asked) in views.iter_mut().zip(asked) {
        if asked {
            look(view);
        }
    }
    let hierarchies = parse::best_views(views);
    Ok(CgroupHost {
        layout: parse::layout(&hierarchies),
        hierarchies,
        has_kill: false,
        swap_accounting: false,
        swap_device: false,
        pids_allowed: None,
        systemd: None,
        shown_for: None,
    })
}

pub(super) fn read_proc(path: &str) -> Result<Vec<u8>> {
    kernfile::read(Path::new(path)).map_err(|e| {
        Error::from_io(&e, Stage::Host, path).with_hint("/proc must be mounted and readable")
    })
}

/// Fills in what only the file system can tell.
fn look(view: &mut Hierarchy) {
    if view.dir.is_empty() {
        return;
    }
    let dir = view.dir.as_path().to_owned();
    let magic = match view.version {
        Version::V1 => CGROUP_SUPER_MAGIC,
        Version::V2 => CGROUP2_SUPER_MAGIC,
    };
    match statfs(&dir) {
        Ok(found) if found.filesystem_type() == magic => {}
        Ok(_) => {
            view.reason = Some("another file system is mounted over it".to_owned());
            return;
        }
        Err(errno) => {
            view.reason = Some(format!(
                "the caller's cgroup {}: {}",
                view.dir,
                errno.desc()
            ));
            return;
        }
    }
    if view.version == Version::V2 {
        view.controllers = words(&dir, "cgroup.controllers");
        view.enabled = words(&dir, "cgroup.subtree_control");
    }
    match may_write(&dir, view.version) {
        Ok(()) => view.writable = true,
        Err(errno) => view.reason = Some(not_writable(view, errno)),
    }
    if view.writable && view.version == Version::V2 {
        match may_enable(&dir, &view.mount) {
            Ok(()) => view.can_enable = true,
            Err(reason) => view.reason = Some(reason),
        }
    }
}

fn access(path: &Path, mode: AccessFlags) -> Result<(), nix::errno::Errno> {
    // By the effective ids, as mkdir(2) will be judged.
    faccessat(AT_FDCWD, path, mode, AtFlags::AT_EACCESS)
}

fn may_write(dir: &Path, version: Version) -> Result<(), nix::errno::Errno> {
    access(dir, AccessFlags::W_OK | AccessFlags::X_OK)?;
    if version == Version::V2 {
        // A process enters a group below only where its mover may write the common ancestor's file.
        access(&dir.join("cgroup.procs"), AccessFlags::W_OK)?;
    }
    Ok(())
}

fn not_writable(view: &Hierarchy, errno: nix::errno::Errno) -> String {
    let what = describe(Errno::from_raw(errno as i32));
    let remedy = match (errno, view.version) {
        (nix::errno::Errno::EROFS, _) => {
            "start the container with a writable cgroup tree (docker, podman: --cgroupns=host -v \
             /sys/fs/cgroup:/sys/fs/cgroup:rw)"
                .to_owned()
        }
        (_, Version::V2) => own_group(&view.mount),
        (_, Version::V1) => "v1 hierarchies are root's: run as root, or boot with cgroup v2 alone \
                             (systemd.unified_cgroup_hierarchy=1 on the kernel's command line)"
            .to_owned(),
    };
    format!("{}: {what}; {remedy}", view.dir)
}

fn may_enable(dir: &Path, mount: &Bytes) -> Result<(), String> {
    let shown = dir.display();
    if let Err(errno) = access(&dir.join("cgroup.subtree_control"), AccessFlags::W_OK) {
        return Err(format!(
            "{shown}/cgroup.subtree_control: {}; {}",
            errno.desc(),
            own_group(mount)
        ));
    }
    // The root of the whole tree has no type, and holds processes beside groups.
    let Some(kind) = text(dir, "cgroup.type") else {
        return Ok(());
    };
    if kind.trim() != "domain" {
        return Err(format!(
            "{shown} is a {} cgroup, which has no controllers of its own to give",
            kind.trim()
        ));
    }
    let own = std::process::id().to_string();
    let processes = text(dir, "cgroup.procs").unwrap_or_default();
    let (mut alone, mut count) = (true, 0);
    for pid in processes.lines() {
        count += 1;
        alone &= pid == own;
    }
    match (count, alone) {
        (0, _) => Ok(()),
        (_, true) => Err(format!(
            "this process is in {shown} itself, so controllers cannot be enabled below it; call \
             move_to_leaf first"
        )),
        (_, false) => Err(format!(
            "{count} processes are in {shown}, so controllers cannot be enabled below it; {}, and let it \
             call move_to_leaf there",
            own_group(mount)
        )),
    }
}

fn text(dir: &Path, file: &str) -> Option<String> {
    String::from_utf8(kernfile::read(&dir.join(file)).ok()?).ok()
}

fn words(dir: &Path, file: &str) -> Vec<String> {
    text(dir, file)
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

/// Whether groups below `dir` have a file; the root of a tree lacks many that the others have.
fn groups_have(dir: &Path, file: &str) -> Option<bool> {
    if dir.join(file).exists() {
        return Some(true);
    }
    let mut below = std::fs::read_dir(dir).ok()?.filter_map(|entry| entry.ok());
    let group = below.find(|entry| entry.file_type().is_ok_and(|t| t.is_dir()))?;
    Some(group.path().join(file).exists())
}

fn has_kill(unified: &Hierarchy) -> bool {
    if unified.dir.is_empty() {
        return false;
    }
    // A tree without a single group tells nothing: then the release (Linux 5.14) has to.
    groups_have(unified.dir.as_path(), "cgroup.kill").unwrap_or_else(|| {
        nix::sys::utsname::uname().is_ok_and(|uts| release(uts.release()) >= (5, 14))
    })
}

/// Major and minor number of a kernel release.
fn release(text: &OsStr) -> (u32, u32) {
    let text = text.to_string_lossy();
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

fn accounts_swap(memory: &Hierarchy) -> bool {
    let dir = memory.dir.as_path();
    match memory.version {
        Version::V1 => dir.join("memory.memsw.limit_in_bytes").exists(),
        // Groups below a root that does not hand out memory yet have no such file: then it is there
        // unless the kernel was built without swap.
        Version::V2 => match memory.enabled.iter().any(|c| c == "memory") {
            true => groups_have(dir, "memory.swap.max").unwrap_or(true),
            false => {
                dir.join("memory.swap.max").exists()
                    || (!dir.join("memory.max").exists() && Path::new("/proc/swaps").exists())
            }
        },
    }
}

fn pids_allowed(pids: &Hierarchy) -> Option<u64> {
    let mount = pids.mount.as_path();
    pids.dir
        .as_path()
        .ancestors()
        .take_while(|dir| {
            dir.as_os_str()
                .as_bytes()
                .starts_with(mount.as_os_str().as_bytes())
        })
        .filter_map(|dir| text(dir, "pids.max")?.trim().parse().ok())
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who asks for less is told the same of it.
    #[test]
    fn an_outline_is_a_part_of_the_whole() {
        // Without the reasons, which tell of processes that come and go.
        let told = |h: &Hierarchy| Hierarchy {
            reason: None,
            ..h.clone()
        };
        let whole = probe().expect("/proc");
        let all = |host: &CgroupHost| host.hierarchies.iter().map(told).collect::<Vec<_>>();
        let everything = outline(|_| true).expect("/proc");
        assert_eq!(all(&everything), all(&whole));
        assert_eq!(everything.layout, whole.layout);
        let place = |h: &Hierarchy| (h.version, h.name.clone(), h.dir.clone(), h.own.clone());
        let places = |host: &CgroupHost| host.hierarchies.iter().map(place).collect::<Vec<_>>();
        assert_eq!(places(&outline(|_| false).expect("/proc")), places(&whole));
        let pids = |h: &Hierarchy| h.controllers.iter().any(|c| c == "pids");
        let some = outline(|h| h.version == Version::V2 || pids(h)).expect("/proc");
        let same = |of: fn(&CgroupHost) -> Option<&Hierarchy>| {
            assert_eq!(of(&some).map(told), of(&whole).map(told));
        };
        same(|host| host.controller("pids"));
        same(CgroupHost::unified);
    }

    #[test]
    fn releases() {
        assert_eq!(release(OsStr::new("6.18.44-fc-v595")), (6, 18));
        assert_eq!(release(OsStr::new("5.4.0-150-generic")), (5, 4));
        assert_eq!(release(OsStr::new("odd")), (0, 0));
        assert!(release(OsStr::new("5.4.0")) < (5, 14));
    }
}
