//! /proc and /dev of a new root.

use isolate_plan::Op;
use isolate_sys::abi::{MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY};

use super::builder::{Builder, Opened};
use super::mounts::{cstring, fresh, symlink, tmpfs};
use super::namespaces::Decided;
use crate::error::{Result, Stage};
use crate::ns::Kind;
use crate::spec::{Size, Tmpfs};

const SHM_SIZE: u64 = 64 << 20;

/// Devices every program expects, with their numbers (Documentation/admin-guide/devices.txt).
const DEVICES: [(&str, u64, u64); 6] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
];

const LINKS: [(&str, &str); 5] = [
    ("pts/ptmx", "/dev/ptmx"),
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
];

/// Writable or telling files of /proc that are no namespace's own. Ids shifted away from the host's
/// have no rights there, so that only /proc/sys remains, which a network namespace's owner may write.
const PROC_READ_ONLY: [&str; 5] = [
    "/proc/sys",
    "/proc/sysrq-trigger",
    "/proc/irq",
    "/proc/bus",
    "/proc/fs",
];
const PROC_MASKED: [&str; 6] = [
    "/proc/kcore",
    "/proc/keys",
    "/proc/timer_list",
    "/proc/latency_stats",
    "/proc/acpi",
    "/proc/scsi",
];

/// The kernel lets only those mount /proc who own the pid namespace that it shows.
pub(super) fn may_mount_proc(new: &Decided) -> bool {
    new.has(Kind::Pid) || !new.has(Kind::User)
}

/// Puts them in place; a /proc that cannot be mounted is the next of the opened trees.
pub(super) fn build(
    new: &Decided,
    opened: &mut impl Iterator<Item = Opened>,
    plan: &mut Builder,
) -> Result<()> {
    let locked = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    if may_mount_proc(new) {
        fresh(c"proc", &[], locked, &"/proc".into(), plan)?;
    } else if let Some(tree) = opened.next() {
        plan.push(
            Stage::Mount,
            "/proc",
            &Op::Attach {
                slot: tree.slot,
                attributes: locked,
                target: c"/proc",
            },
        );
    }
    for path in PROC_READ_ONLY
        .iter()
        .take(if new.has(Kind::User) { 1 } else { 5 })
    {
        let target = cstring("root", &(*path).into())?;
        plan.push(
            Stage::Mount,
            *path,
            &Op::Protect {
                attributes: locked | MOUNT_ATTR_RDONLY,
                target: &target,
            },
        );
    }
    for path in PROC_MASKED
        .iter()
        .take(if new.has(Kind::User) { 2 } else { 6 })
    {
        let target = cstring("root", &(*path).into())?;
        plan.push(Stage::Mount, *path, &Op::Mask { target: &target });
    }
    fresh(
        c"tmpfs",
        &["size=65536", "nr_inodes=64", "mode=0755"],
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
        &"/dev".into(),
        plan,
    )?;
    for (name, major, minor) in DEVICES {
        let path = cstring("root", &format!("/dev/{name}").into())?;
        plan.push(
            Stage::Mount,
            format!("/dev/{name}"),
            &Op::Device {
                source: &path,
                rdev: major << 8 | minor,
                target: &path,
            },
        );
    }
    fresh(
        c"devpts",
        &["newinstance", "ptmxmode=0666", "mode=0620"],
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
        &"/dev/pts".into(),
        plan,
    )?;
    for (text, path) in LINKS {
        symlink(text, path, plan);
    }
    tmpfs(
        &Tmpfs {
            mode: Some(0o1777),
            size: Some(Size(SHM_SIZE)),
            ..Tmpfs::new("/dev/shm")
        },
        plan,
    )
}
