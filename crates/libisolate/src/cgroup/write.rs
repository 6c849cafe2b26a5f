//! Writes and reads cgroup files: the one place where their error messages are made.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;

/// Opens a group's file; the names of files and groups are the library's own.
fn open(dir: &Path, file: &str, read: bool, write: bool) -> std::io::Result<std::fs::File> {
    OpenOptions::new()
        .read(read)
        .write(write)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC)
        .open(dir.join(file))
}

/// Writes `value` in one call, as the kernel wants it.
pub(super) fn write(dir: &Path, file: &str, value: &str) -> Result<()> {
    let done = open(dir, file, false, true).and_then(|mut f| f.write_all(value.as_bytes()));
    done.map_err(|e| refused(file, value, &e))
}

fn whole(file: &mut std::fs::File) -> std::io::Result<String> {
    String::from_utf8(kernfile::rest(file)?).map_err(|_| std::io::ErrorKind::InvalidData.into())
}

/// `cgroup: memory.max: "67108864": Device or resource busy`, and what it means where that is known.
pub(super) fn refused(file: &str, value: &str, error: &std::io::Error) -> Error {
    let told = Error::from_io(error, Stage::Cgroup, format!("{file}: {value:?}"));
    match (error.raw_os_error(), file) {
        (Some(libc::ENOENT), _) => told
            .with_kind(ErrorKind::Unsupported)
            .with_hint("this kernel's groups have no such file"),
        (Some(libc::EBUSY), "cgroup.subtree_control") => told.with_hint(
            "the caller's cgroup holds processes, so controllers cannot be enabled below it: call \
             move_to_leaf first",
        ),
        (Some(libc::EOPNOTSUPP), "cgroup.subtree_control") => {
            told.with_hint("the caller's cgroup is threaded")
        }
        (Some(libc::EBUSY), "memory.limit_in_bytes") => {
            told.with_hint("the group uses more than that already and cannot give it back")
        }
        (Some(libc::EPERM), "devices.allow" | "devices.deny") => told.with_hint(
            "the group above may not use the device itself, or the caller lacks CAP_SYS_ADMIN",
        ),
        (Some(libc::EINVAL), "devices.allow" | "devices.deny") if value == "a" => told
            .with_kind(ErrorKind::Busy)
            .with_hint("what a group allows by default cannot change while it has groups below it"),
        (Some(libc::EINVAL), "cpu.cfs_quota_us") => told
            .with_kind(ErrorKind::Limit)
            .with_hint("the caller's own cgroup may not use so much"),
        (Some(libc::EACCES | libc::EINVAL | libc::ERANGE), "cpuset.cpus" | "cpuset.mems") => told
            .with_kind(ErrorKind::Limit)
            .with_hint("the caller's own cgroup does not have all of them"),
        (Some(libc::EINVAL), "cpu.cfs_burst_us" | "cpu.max.burst") => {
            told.with_hint("it may not be more than the quota in force")
        }
        (Some(libc::ENODEV), _) if of_disks(file) => told
            .with_kind(ErrorKind::NotFound)
            .with_hint("there is no such block device, or it is a partition: name the whole disk"),
        (Some(libc::EOPNOTSUPP), _) if of_disks(file) => told
            .with_hint("the device's scheduler does not do that; bfq does where the kernel has it"),
        (Some(libc::ENODEV), "net_prio.ifpriomap") => told
            .with_kind(ErrorKind::NotFound)
            .with_hint("the host has no such network interface"),
        (Some(libc::EINVAL | libc::ENODEV), "rdma.max" | "misc.max") => told
            .with_kind(ErrorKind::Unsupported)
            .with_hint("the host has nothing of that name"),
        (Some(libc::EINVAL), "cpu.rt_runtime_us") => told
            .with_kind(ErrorKind::Limit)
            .with_hint("the group above has not so much time for real-time processes to give"),
        (Some(libc::EINVAL), "cpuset.cpu_exclusive" | "cpuset.cpus.exclusive")
        | (Some(libc::EACCES), "cpuset.cpu_exclusive") => told
            .with_kind(ErrorKind::Busy)
            .with_hint("another group has some of these CPUs, or the one above is not exclusive"),
        _ => told,
    }
}

/// Whether a file has a line for each block device.
fn of_disks(file: &str) -> bool {
    file.starts_with("io.") || file.starts_with("blkio.")
}

/// A whole file as text.
pub(super) fn read(dir: &Path, file: &str) -> Result<String> {
    open(dir, file, true, false)
        .and_then(|mut f| whole(&mut f))
        .map_err(|e| Error::from_io(&e, Stage::Cgroup, dir.join(file).display().to_string()))
}

/// The number after `key` in lines of `key number`.
pub(super) fn keyed_in(text: &str, key: &str) -> Option<u64> {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(name, _)| *name == key)
        .and_then(|(_, value)| value.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_a_refused_write() {
        let busy = std::io::Error::from_raw_os_error(libc::EBUSY);
        assert_eq!(
            refused("memory.max", "67108864", &busy).message(),
            "cgroup: memory.max: \"67108864\": Device or resource busy"
        );
        let told = refused("cgroup.subtree_control", "+memory", &busy);
        assert_eq!(told.kind(), ErrorKind::Busy);
        assert!(
            told.message().ends_with("call move_to_leaf first"),
            "{told}"
        );
    }

    #[test]
    fn keyed_lines() {
        let text = "low 0\noom 3\noom_kill 2\noom_group_kill 0\n";
        assert_eq!(keyed_in(text, "oom_kill"), Some(2));
        assert_eq!(keyed_in(text, "oom"), Some(3));
        assert_eq!(keyed_in(text, "kill"), None);
        assert_eq!(keyed_in("usage_usec x\n", "usage_usec"), None);
    }
}
