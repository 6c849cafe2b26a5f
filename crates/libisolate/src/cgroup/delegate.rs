//! Giving a group to another user, who may then divide it further.

use std::os::fd::AsFd;

use nix::fcntl::AtFlags;
use nix::unistd::{Gid, Uid, fchown, fchownat};

use super::{Cgroup, Version};
use crate::error::{Error, ErrorKind, Result, Stage};

/// The files that a delegate writes where the kernel has no list of them (before Linux 4.15).
const FILES: [&str; 3] = ["cgroup.procs", "cgroup.threads", "cgroup.subtree_control"];

/// The kernel's list.
const LIST: &str = "/sys/kernel/cgroup/delegate";

impl Cgroup {
    /// Gives the group to a user: its directory and the files by which it is divided further
    /// (`/sys/kernel/cgroup/delegate`), but not those of its own limits (cgroups(7), "Delegation").
    /// `None` leaves the owner or the group of the files as it is.
    ///
    /// # Errors
    /// `Unsupported` for a group with v1 directories: whoever may write those is not held by the limits
    /// above them, and can starve the host; make one of v2 controllers alone
    /// ([`CreateOptions::controllers`](super::CreateOptions)). `Permission` unless the caller is root.
    /// What was changed before a failure is changed back.
    pub fn delegate(&self, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
        // The directory itself could still be given away.
        if self.is_gone() {
            return Err(self.gone());
        }
        let Some(tree) = self.unified().filter(|_| self.trees.len() == 1) else {
            let v1 = self.trees.iter().find(|tree| tree.version == Version::V1);
            return Err(match v1 {
                Some(tree) => Error::new(
                    ErrorKind::Unsupported,
                    Stage::Cgroup,
                    tree.dir.path().display().to_string(),
                    "v1 directories are not safe in another user's hands: make a group of v2 \
                     controllers alone",
                ),
                None => self.gone(),
            });
        };
        let before = nix::sys::stat::fstat(&tree.dir)
            .map_err(|errno| failed(&tree.dir.path().display().to_string(), errno))?;
        let (user, group) = (uid.map(Uid::from_raw), gid.map(Gid::from_raw));
        let list = std::fs::read_to_string(LIST).unwrap_or_default();
        let mut files: Vec<&str> = list.split_whitespace().collect();
        if files.is_empty() {
            files.extend(FILES);
        }
        let mut done: Vec<&str> = Vec::new();
        let result = fchown(tree.dir.as_fd(), user, group)
            .map_err(|errno| failed(&tree.dir.path().display().to_string(), errno))
            .and_then(|()| {
                // A controller's file is there only where the controller is.
                for file in files.into_iter().filter(|file| tree.dir.has(file)) {
                    fchownat(&tree.dir, file, user, group, AtFlags::AT_SYMLINK_NOFOLLOW)
                        .map_err(|errno| failed(file, errno))?;
                    done.push(file);
                }
                Ok(())
            });
        if result.is_err() {
            let (user, group) = (Uid::from_raw(before.st_uid), Gid::from_raw(before.st_gid));
            let nofollow = AtFlags::AT_SYMLINK_NOFOLLOW;
            for file in done {
                let _ = fchownat(&tree.dir, file, Some(user), Some(group), nofollow);
            }
            let _ = fchown(tree.dir.as_fd(), Some(user), Some(group));
        }
        result
    }
}

fn failed(subject: &str, errno: nix::errno::Errno) -> Error {
    Error::from_io(&errno.into(), Stage::Cgroup, subject)
}
