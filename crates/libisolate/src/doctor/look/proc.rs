//! /proc: which mounts of it there are, how whole they are, and what its parameters say.

use std::path::Path;

use super::super::facts::{Proc, ProcMount};
use super::text;
use crate::kernfile;

pub(super) fn facts() -> Proc {
    let mounts = kernfile::read(Path::new("/proc/self/mountinfo")).unwrap_or_default();
    let pressure = kernfile::read(Path::new("/proc/pressure/cpu"));
    Proc {
        sys: Path::new("/proc/sys/kernel").is_dir(),
        mounts: whole(&mounts),
        memfd_noexec: text("/proc/sys/vm/memfd_noexec").and_then(|t| t.trim().parse().ok()),
        pressure: pressure
            .err()
            .map(|e| e.raw_os_error().unwrap_or(libc::EIO)),
    }
}

/// Directories of proc that are there to be mounted on, and count as empty (proc_create_mount_point() of
/// the kernel).
const MOUNT_POINTS: [&str; 3] = ["/sys/fs/binfmt_misc", "/fs/nfsd", "/openprom"];

/// Every proc of a mountinfo text that is mounted from its root, with what covers it.
fn whole(text: &[u8]) -> Vec<ProcMount> {
    let lines: Vec<Line> = text.split(|b| *b == b'\n').filter_map(Line::read).collect();
    lines
        .iter()
        .filter(|line| line.kind == "proc" && line.root == "/")
        .map(|proc| {
            let below = |line: &&Line| line.parent == proc.id && line.id != proc.id;
            let harmless = |line: &&Line| {
                let place = line.point.strip_prefix(&proc.point).unwrap_or_default();
                !MOUNT_POINTS.contains(&place)
            };
            ProcMount {
                point: proc.point.clone(),
                read_only: proc.read_only,
                covered: lines
                    .iter()
                    .filter(below)
                    .filter(harmless)
                    .map(|line| line.point.clone())
                    .collect(),
            }
        })
        .collect()
}

/// A line of mountinfo (proc_pid_mountinfo(5)).
struct Line {
    id: u32,
    parent: u32,
    root: String,
    point: String,
    read_only: bool,
    kind: String,
}

impl Line {
    fn read(line: &[u8]) -> Option<Line> {
        let fields: Vec<&[u8]> = line.split(|b| *b == b' ').collect();
        let dash = fields.iter().skip(6).position(|f| *f == b"-")? + 6;
        let shown = |field: &[u8]| String::from_utf8_lossy(&kernfile::unescape(field)).into_owned();
        let number = |field: &[u8]| std::str::from_utf8(field).ok()?.parse().ok();
        Some(Line {
            id: number(fields[0])?,
            parent: number(fields[1])?,
            root: shown(fields[3]),
            point: shown(fields[4]),
            read_only: fields[5]
                .split(|b| *b == b',')
                .any(|option| option == b"ro"),
            kind: shown(fields.get(dash + 1)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_covers_its_proc() {
        let text = b"\
            1 0 8:1 / / rw - ext4 /dev/sda rw\n\
            30 1 0:21 / /proc rw,nosuid - proc proc rw\n\
            31 30 0:21 /sys /proc/sys ro,nosuid - proc proc rw\n\
            32 30 0:5 /null /proc/kcore rw - devtmpfs devtmpfs rw\n\
            33 31 0:40 / /proc/sys/fs/binfmt_misc rw - binfmt_misc b rw\n\
            40 1 0:21 / /mnt/a\\040b ro - proc proc rw\n\
            41 40 0:40 / /mnt/a\\040b/sys/fs/binfmt_misc rw - binfmt_misc b rw\n\
            cut short";
        let found = whole(text);
        let docker = ProcMount {
            point: "/proc".into(),
            read_only: false,
            covered: vec!["/proc/sys".into(), "/proc/kcore".into()],
        };
        let other = ProcMount {
            point: "/mnt/a b".into(),
            read_only: true,
            covered: Vec::new(),
        };
        assert_eq!(found, [docker, other]);
    }

    #[test]
    fn this_host_has_one() {
        let facts = facts();
        assert!(facts.sys && facts.mounts.iter().any(|proc| proc.point == "/proc"));
    }
}
