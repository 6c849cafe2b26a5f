//! Where namespaces are looked for: processes, threads, mounts, descriptors, and the kernel's own lists.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use isolate_sys::Errno;
use isolate_sys::abi::{AT_FDCWD, AT_NO_AUTOMOUNT, AT_STATX_DONT_SYNC, STATX_INO};
use isolate_sys::calls::{nsfs, path as paths};

use super::table::Table;
use super::{NamespaceEntry, Pin};
use crate::error::Result;
use crate::kernfile;
use crate::ns::{Kind, Namespace, mounts, procfs};

/// The files under /proc/PID/ns, with what each tells.
const LINKS: [(&str, Kind, bool); 10] = [
    ("user", Kind::User, false),
    ("mnt", Kind::Mnt, false),
    ("pid", Kind::Pid, false),
    ("net", Kind::Net, false),
    ("ipc", Kind::Ipc, false),
    ("uts", Kind::Uts, false),
    ("cgroup", Kind::Cgroup, false),
    ("time", Kind::Time, false),
    ("pid_for_children", Kind::Pid, true),
    ("time_for_children", Kind::Time, true),
];

/// The place in [`LINKS`] of the mount namespace.
const MNT: usize = 1;

/// One namespace for each of [`LINKS`], as far as a thread has it.
type Membership = [Option<u64>; LINKS.len()];

/// The mount namespaces in which processes are: by inode number, the roots of processes there, each with
/// the first process that has it.
type Views = BTreeMap<u64, BTreeMap<PathBuf, i32>>;

pub(super) fn everything() -> Result<Vec<NamespaceEntry>> {
    procfs::depth()?;
    let device = Namespace::of_thread(Kind::Mnt)?.id().device;
    let mut table = Table::new(device);
    let mut views = Views::new();
    let processes = procfs::processes()?;
    for pid in &processes {
        process(*pid, &mut table, &mut views);
    }
    for roots in views.into_values() {
        // From the namespace's own root everything is seen; from that of a chroot a part, under other
        // paths.
        match roots.get(Path::new("/")) {
            Some(pid) => kept_by_mounts(*pid, &mut table),
            None => roots
                .into_values()
                .for_each(|pid| kept_by_mounts(pid, &mut table)),
        }
    }
    for pid in processes {
        kept_by_descriptors(pid, &mut table);
    }
    mount_namespaces(&mut table);
    listed(&mut table);
    Ok(table.entries())
}

/// A process's namespaces, and those of its threads that differ.
fn process(pid: i32, table: &mut Table, views: &mut Views) {
    let Ok(mut own) = membership(&format!("/proc/{pid}/ns/")) else {
        return;
    };
    let mut main = pid;
    let mut differing = Vec::new();
    for tid in procfs::threads(pid).into_iter().filter(|tid| *tid != pid) {
        let Ok(found) = membership(&format!("/proc/{pid}/task/{tid}/ns/")) else {
            continue;
        };
        // A main thread that has ended is in none: the next one counts for it.
        if own[MNT].is_none() && found[MNT].is_some() {
            (own, main) = (found, tid);
        }
        if found != own {
            differing.push((tid, found));
        }
    }
    look_from(main, &own, views);
    record(pid, main, &own, None, table);
    for (tid, found) in differing {
        if found[MNT] != own[MNT] {
            look_from(tid, &found, views);
        }
        record(pid, tid, &found, Some(&own), table);
    }
}

/// Notes from where the mounts of a thread's mount namespace can be seen.
fn look_from(tid: i32, found: &Membership, views: &mut Views) {
    if let Some(inode) = found[MNT]
        && let Ok(root) = std::fs::read_link(format!("/proc/{tid}/root"))
    {
        let roots = views.entry(inode).or_default();
        roots.entry(root).or_insert(tid);
    }
}

/// What a thread is in; of one that is not the main one, where that is not what `own`, the main one's,
/// says.
fn record(pid: i32, tid: i32, found: &Membership, own: Option<&Membership>, table: &mut Table) {
    for (at, (name, kind, for_children)) in LINKS.into_iter().enumerate() {
        let Some(inode) = found[at] else { continue };
        let pin = match (for_children, own) {
            (true, _) if found[at] != found[base(kind)] => Pin::ForChildren { pid },
            (false, None) => Pin::Process { pid },
            (false, Some(own)) if found[at] != own[at] => Pin::Thread { pid, tid },
            _ => continue,
        };
        table.pin(kind, inode, pin, || {
            Namespace::open(format!("/proc/{pid}/task/{tid}/ns/{name}")).ok()
        });
    }
}

/// The place in [`LINKS`] of what a thread itself is in.
fn base(kind: Kind) -> usize {
    LINKS.iter().position(|link| link.1 == kind).unwrap_or(0)
}

/// The links of a process or thread. An error means that none may be read.
fn membership(dir: &str) -> io::Result<Membership> {
    let mut found = [None; LINKS.len()];
    let mut path = String::with_capacity(dir.len() + 20);
    for (at, (name, ..)) in LINKS.into_iter().enumerate() {
        path.clear();
        path.push_str(dir);
        path.push_str(name);
        match procfs::link(&path) {
            Ok(inode) => found[at] = Some(inode),
            // The kernel has no such kind, or what has ended is no longer in any.
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The bind mounts in a process's mount namespace.
fn kept_by_mounts(pid: i32, table: &mut Table) {
    let Ok(text) = kernfile::read(Path::new(&format!("/proc/{pid}/mountinfo"))) else {
        return;
    };
    for kept in mounts::kept(&text) {
        let mut place = PathBuf::from(format!("/proc/{pid}/root"));
        let point = kept.point.as_path();
        place.push(point.strip_prefix("/").unwrap_or(point));
        let path = kept.point.clone();
        let pin = Pin::Mount { path, pid };
        table.pin(kept.kind, kept.id.inode, pin, || {
            Namespace::open(place).ok()
        });
    }
}

/// The namespaces that a process has open.
fn kept_by_descriptors(pid: i32, table: &mut Table) {
    for fd in procfs::descriptors(pid) {
        let path = format!("/proc/{pid}/fd/{fd}");
        let Some((kind, inode)) = opened(&path, table.device) else {
            continue;
        };
        let pin = Pin::Fd { pid, fd };
        table.pin(kind, inode, pin, || Namespace::open(&path).ok());
    }
}

/// What a descriptor of a namespace is of.
fn opened(path: &str, device: u64) -> Option<(Kind, u64)> {
    let name = std::ffi::CString::new(path).ok()?;
    // Whatever else is open there is not to be waited for: a server that is gone, a mount to be made.
    const FLAGS: u32 = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
    match paths::statx(AT_FDCWD, &name, FLAGS, STATX_INO) {
        Ok(stat) => {
            let of = nix::sys::stat::makedev(stat.dev_major.into(), stat.dev_minor.into());
            if of != device {
                return None;
            }
        }
        // Before Linux 4.11 only the links tell, and they have a path where that was opened.
        Err(Errno::ENOSYS) => {}
        Err(_) => return None,
    }
    let link = std::fs::read_link(path).ok()?;
    if let Some(found) = link.to_str().and_then(procfs::parse_link) {
        return Some(found);
    }
    // Opened at the path of a bind mount, by which it goes even when that is no longer there.
    let namespace = Namespace::open(path).ok()?;
    Some((namespace.kind(), namespace.id().inode))
}

/// The mount namespaces in which no process is, by the kernel's own list of them.
fn mount_namespaces(table: &mut Table) {
    // A bound for a machine on which they are made faster than they are walked.
    const MOST: usize = 1 << 16;
    for step in [
        Namespace::next_mount_namespace,
        Namespace::previous_mount_namespace,
    ] {
        let mut at = Namespace::of_thread(Kind::Mnt).ok();
        for _ in 0..MOST {
            let Some(next) = at.as_ref().and_then(|namespace| step(namespace).ok()) else {
                break;
            };
            table.ask(&next);
            at = Some(next);
        }
    }
}

/// What listns(2) has beyond that: namespaces that only sockets or mounts out of sight keep.
fn listed(table: &mut Table) {
    let mut ids = [0u64; 128];
    let mut after = 0;
    while let Ok(count) = nsfs::list(after, 0, &mut ids) {
        let Some(last) = ids[..count].last() else {
            break;
        };
        after = *last;
        for id in &ids[..count] {
            if let Ok(namespace) = Namespace::of_number(*id) {
                table.ask(&namespace);
            }
        }
    }
}
