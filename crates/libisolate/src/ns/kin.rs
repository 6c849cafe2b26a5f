//! How namespaces hang together: parents, owners, and mount namespaces in a row.

use std::os::fd::{AsFd, AsRawFd};

use isolate_sys::Errno;
use isolate_sys::calls::nsfs;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Kind, Namespace};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::sysfd::own;

/// The number of mounts in a mount namespace, and its number (ioctl_nsfs(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MountInfo {
    /// The number that no other mount namespace gets until the machine reboots.
    pub id: u64,
    /// How many mounts it has.
    pub mounts: u32,
}

impl Namespace {
    /// The namespace it is nested in, of the kinds user and pid (`NS_GET_PARENT`, Linux 4.9).
    ///
    /// # Errors
    /// `NotFound` (EPERM) for the initial one and where the parent is outside the caller's own,
    /// `InvalidSpec` for another kind.
    pub fn parent(&self) -> Result<Namespace> {
        if !self.kind().is_nested() {
            return Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                self.to_string(),
                "has no parent: only user and pid namespaces are nested",
            ));
        }
        let parent = own(nsfs::parent(self.as_fd().as_raw_fd()));
        Namespace::from_fd(parent.map_err(|errno| self.beyond(errno, "parent"))?)
    }

    /// The user namespace whose capabilities count in it (`NS_GET_USERNS`, Linux 4.9). Of a user
    /// namespace that is its parent.
    ///
    /// # Errors
    /// `NotFound` (EPERM) for the initial user namespace and where the owner is outside the caller's
    /// own.
    pub fn owner(&self) -> Result<Namespace> {
        let owner = own(nsfs::owner(self.as_fd().as_raw_fd()));
        Namespace::from_fd(owner.map_err(|errno| self.beyond(errno, "owner"))?)
    }

    /// The user id, as the caller sees it, of whoever made the user namespace, or, of another kind, the
    /// user namespace that owns it (`NS_GET_OWNER_UID`, Linux 4.11). 65534 where the caller's
    /// namespace does not map it.
    ///
    /// # Errors
    /// As [`Namespace::owner`].
    pub fn owner_uid(&self) -> Result<u32> {
        if self.kind() != Kind::User {
            return self.owner()?.owner_uid();
        }
        nsfs::owner_uid(self.as_fd().as_raw_fd()).map_err(|errno| self.unanswered(errno, "4.11"))
    }

    /// How many mounts a mount namespace has, and its number (`NS_MNT_GET_INFO`, Linux 6.12).
    ///
    /// # Errors
    /// `InvalidSpec` for another kind, `Unsupported` on an older kernel, `Permission`.
    pub fn mount_info(&self) -> Result<MountInfo> {
        self.only_mounts()?;
        let info = nsfs::mount_info(self.as_fd().as_raw_fd());
        let info = info.map_err(|errno| self.unanswered(errno, "6.12"))?;
        Ok(MountInfo {
            id: info.id,
            mounts: info.mounts,
        })
    }

    /// The number of a mount namespace (`NS_GET_MNTNS_ID`, Linux 6.11), as statmount(2) and listmount(2)
    /// take it.
    ///
    /// # Errors
    /// As [`Namespace::mount_info`].
    pub fn mount_namespace_id(&self) -> Result<u64> {
        self.only_mounts()?;
        nsfs::mount_namespace_id(self.as_fd().as_raw_fd())
            .map_err(|errno| self.unanswered(errno, "6.11"))
    }

    /// The mount namespace with the next higher number, of those that the caller has CAP_SYS_ADMIN over
    /// (`NS_MNT_GET_NEXT`, Linux 6.12). Numbers say little of age: each CPU has a stock of its own.
    ///
    /// # Errors
    /// `NotFound` (ENOENT) at the end; `Permission` on newer kernels, which tell it to nobody but root in the
    /// initial user and pid namespaces; else as [`Namespace::mount_info`].
    pub fn next_mount_namespace(&self) -> Result<Namespace> {
        self.neighbour(nsfs::next_mount_namespace)
    }

    /// The mount namespace with the next lower number (`NS_MNT_GET_PREV`).
    ///
    /// # Errors
    /// As [`Namespace::next_mount_namespace`].
    pub fn previous_mount_namespace(&self) -> Result<Namespace> {
        self.neighbour(nsfs::previous_mount_namespace)
    }

    fn neighbour(&self, ask: fn(i32) -> isolate_sys::Result<i32>) -> Result<Namespace> {
        self.only_mounts()?;
        let found = own(ask(self.as_fd().as_raw_fd())).map_err(|errno| match errno {
            Errno::ENOENT => Error::from_errno(errno, Stage::Namespace, self.to_string())
                .with_hint("there is no further mount namespace that the caller may see"),
            Errno::EPERM => Error::from_errno(errno, Stage::Namespace, self.to_string()).with_hint(
                "newer kernels tell it to nobody but root in the initial user and pid namespaces",
            ),
            _ => self.unanswered(errno, "6.12"),
        })?;
        Namespace::from_fd(found)
    }

    fn only_mounts(&self) -> Result<()> {
        if self.kind() == Kind::Mnt {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Namespace,
            self.to_string(),
            "is not a mount namespace",
        ))
    }

    fn beyond(&self, errno: Errno, what: &str) -> Error {
        let error = Error::from_errno(errno, Stage::Namespace, self.to_string());
        match errno {
            Errno::EPERM if self.is_initial() => {
                error.with_kind(ErrorKind::NotFound).with_hint(format!(
                    "it is the initial {} namespace, which has no {what}",
                    self.kind()
                ))
            }
            Errno::EPERM => error
                .with_kind(ErrorKind::NotFound)
                .with_hint(format!("its {what} is outside the caller's own namespaces")),
            _ => self.unanswered(errno, "4.9"),
        }
    }

    pub(super) fn unanswered(&self, errno: Errno, since: &str) -> Error {
        let error = Error::from_errno(errno, Stage::Namespace, self.to_string());
        match errno {
            Errno::ENOTTY => error.with_kind(ErrorKind::Unsupported).with_hint(format!(
                "the kernel is asked for this from Linux {since} on"
            )),
            _ => error,
        }
    }
}
