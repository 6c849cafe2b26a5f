//! What an ordinary user may map besides its own ids, and the programs that do it.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use isolate_sys::calls::xattr;
use nix::sys::statvfs::{FsFlags, statvfs};

use super::super::facts::{Ids, Program};
use crate::ns::{self, Which};

pub(super) fn facts() -> Ids {
    let uid = nix::unistd::geteuid();
    Ids {
        uid: uid.as_raw(),
        gid: nix::unistd::getegid().as_raw(),
        // By way of the C library, since users need not be in /etc/passwd.
        name: nix::unistd::User::from_uid(uid)
            .ok()
            .flatten()
            .map(|user| user.name),
        programs: [Which::Uid, Which::Gid].map(|which| {
            let path = ns::id_map_program(which)?;
            Some(program(path.as_path()))
        }),
        subordinate: Some(ns::subordinate_ids()),
        free: ["/etc/subuid", "/etc/subgid"]
            .iter()
            .filter_map(|file| std::fs::read_to_string(file).ok())
            .map(|text| above(&text))
            .max()
            .unwrap_or(0),
    }
}

fn program(path: &Path) -> Program {
    const SETUID: u32 = 0o4000;
    let meta = std::fs::metadata(path).ok();
    Program {
        path: path.display().to_string(),
        setuid: meta
            .filter(|meta| meta.mode() & SETUID != 0)
            .map(|meta| meta.uid()),
        capabilities: has_capabilities(path),
        nosuid: statvfs(path).is_ok_and(|fs| fs.flags().contains(FsFlags::ST_NOSUID)),
    }
}

/// Whether the program has file capabilities (capabilities(7)).
fn has_capabilities(path: &Path) -> bool {
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path);
    // Too small for what is there says so, too.
    let len = |file: &File| xattr::get(file.as_raw_fd(), c"security.capability", &mut []);
    file.is_ok_and(|file| len(&file).is_ok_and(|len| len > 0))
}

/// The first id above every range of an /etc/subuid text (subuid(5)).
fn above(text: &str) -> u32 {
    let end = |line: &str| {
        let mut fields = line.split(':').skip(1);
        let first: u32 = fields.next()?.trim().parse().ok()?;
        let count: u32 = fields.next()?.trim().parse().ok()?;
        Some(first.saturating_add(count))
    };
    text.lines().filter_map(end).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free() {
        assert_eq!(above(""), 0);
        assert_eq!(
            above("ann:100000:65536\nbob:165536:65536\nnonsense\neve:5:x\n"),
            231_072
        );
        assert_eq!(above("ann:4294967290:100"), u32::MAX);
    }
}
