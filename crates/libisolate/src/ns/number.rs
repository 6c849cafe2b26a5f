//! Finding a namespace again, in this process or another: by its file handle and by its number.

use std::os::fd::{AsFd, AsRawFd};

use isolate_sys::Errno;
use isolate_sys::abi::NsFileHandle;
use isolate_sys::calls::nsfs;

use super::Namespace;
use super::handle::denied;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::sysfd::own;

impl Namespace {
    /// That of a file handle, in this process or another on the same machine, until it reboots
    /// (open_by_handle_at(2), Linux 6.18).
    ///
    /// # Errors
    /// `NotFound` (ESTALE) when the namespace is gone, `Permission` without rights over it,
    /// `InvalidSpec` for bytes that are no such handle, `Unsupported` on an older kernel.
    pub fn of_file_handle(handle: &[u8]) -> Result<Namespace> {
        let wrong = || {
            Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                "file handle",
                "is not one of a namespace: 24 bytes as file_handle gives them",
            )
        };
        let words: [u8; size_of::<NsFileHandle>()] = handle.try_into().map_err(|_| wrong())?;
        let word = |at: usize| {
            u32::from_ne_bytes([words[at], words[at + 1], words[at + 2], words[at + 3]])
        };
        let mut id = [0; 8];
        id.copy_from_slice(&words[8..16]);
        let handle = NsFileHandle {
            bytes: word(0),
            kind: word(4) as i32,
            id: u64::from_ne_bytes(id),
            flag: word(16),
            inode: word(20),
        };
        if handle.bytes != NsFileHandle::EMPTY.bytes || handle.kind != NsFileHandle::KIND {
            return Err(wrong());
        }
        Namespace::found_again(&handle, "file handle".to_owned())
    }

    /// That with a 64-bit number as [`Namespace::kernel_id`] gives it (Linux 6.18). Where the kernel
    /// does not go by the number alone, the caller's whole view is searched for it: some milliseconds.
    ///
    /// # Errors
    /// As [`Namespace::of_file_handle`].
    pub fn of_kernel_id(id: u64) -> Result<Namespace> {
        match Namespace::of_number(id) {
            Err(error) if error.errno() == libc::ESTALE => {
                let known = super::list()?
                    .into_iter()
                    .find(|known| known.kernel_id == Some(id));
                let known = known.ok_or(error)?;
                let handle = NsFileHandle {
                    id,
                    flag: known.kind.flag() as u32,
                    inode: known.id.inode as u32,
                    ..NsFileHandle::EMPTY
                };
                Namespace::found_again(&handle, format!("namespace {id}"))
            }
            found => found,
        }
    }

    /// The same where the kernel goes by the number alone, without kind and inode: Linux 6.19.
    pub(super) fn of_number(id: u64) -> Result<Namespace> {
        let handle = NsFileHandle {
            id,
            ..NsFileHandle::EMPTY
        };
        Namespace::found_again(&handle, format!("namespace {id}"))
    }

    fn found_again(handle: &NsFileHandle, subject: String) -> Result<Namespace> {
        let opened = own(nsfs::open_file_handle(handle)).map_err(|errno| {
            let error = Error::from_errno(errno, Stage::Namespace, subject);
            match errno {
                Errno::ESTALE => error.with_kind(ErrorKind::NotFound).with_hint("it is gone"),
                Errno::EBADF | Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP => error
                    .with_kind(ErrorKind::Unsupported)
                    .with_hint("finding a namespace again by handle or number needs Linux 6.18"),
                _ => denied(error),
            }
        })?;
        Namespace::from_fd(opened)
    }

    /// Its 64-bit number, which no other namespace gets until the machine reboots (`NS_GET_ID`,
    /// Linux 6.18).
    ///
    /// # Errors
    /// `Unsupported` on an older kernel.
    pub fn kernel_id(&self) -> Result<u64> {
        nsfs::id(self.as_fd().as_raw_fd()).map_err(|errno| self.unanswered(errno, "6.18"))
    }

    /// Its file handle, by which any process may find it again until the machine reboots: 24 bytes, to
    /// be kept as they are (name_to_handle_at(2), Linux 6.18).
    ///
    /// # Errors
    /// `Unsupported` on an older kernel.
    pub fn file_handle(&self) -> Result<Vec<u8>> {
        let handle = nsfs::file_handle(self.as_fd().as_raw_fd()).map_err(|errno| {
            let error = Error::from_errno(errno, Stage::Namespace, self.to_string());
            match errno {
                Errno::EOPNOTSUPP | Errno::EOVERFLOW => error
                    .with_kind(ErrorKind::Unsupported)
                    .with_hint("file handles of namespaces need Linux 6.18"),
                _ => error,
            }
        })?;
        let mut bytes = Vec::with_capacity(size_of::<NsFileHandle>());
        bytes.extend_from_slice(&handle.bytes.to_ne_bytes());
        bytes.extend_from_slice(&handle.kind.to_ne_bytes());
        bytes.extend_from_slice(&handle.id.to_ne_bytes());
        bytes.extend_from_slice(&handle.flag.to_ne_bytes());
        bytes.extend_from_slice(&handle.inode.to_ne_bytes());
        Ok(bytes)
    }
}
