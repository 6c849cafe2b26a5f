//! Handles of namespaces: a descriptor that keeps the namespace alive, and what it is.

use std::fmt;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use isolate_sys::abi::{AT_EMPTY_PATH, AT_FDCWD, O_CLOEXEC, O_NONBLOCK, O_PATH, O_RDONLY};
use isolate_sys::calls::{fd, nsfs, path};
use isolate_sys::{Errno, abi};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::sysfd::own;

/// What tells one namespace from another while both exist: the device and inode numbers of its file
/// under /proc/PID/ns (namespaces(7)). Another namespace may get them once this one is gone.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct NamespaceId {
    /// Device number of the kernel's file system of namespaces.
    pub device: u64,
    /// Inode number, as in `net:[4026531833]`.
    pub inode: u64,
}

/// A handle of a namespace.
///
/// It keeps the namespace alive, even when no process is in it (of a pid namespace only the shell: once
/// its pid 1 has ended, no process can be made there). Two handles are equal when they are of the same
/// namespace. Its descriptor is close-on-exec.
pub struct Namespace {
    fd: OwnedFd,
    kind: Kind,
    id: NamespaceId,
}

impl Namespace {
    /// The calling thread's own.
    ///
    /// # Errors
    /// `Unsupported` where the kernel has no such kind.
    pub fn of_thread(kind: Kind) -> Result<Namespace> {
        Namespace::open_proc(&format!("/proc/thread-self/ns/{kind}"), kind)
    }

    /// That of a process, or of a thread by its id.
    ///
    /// # Errors
    /// `NotFound` for a process that is gone, `Permission` where it may not be looked into
    /// (ptrace(2), "access mode checking").
    pub fn of_process(pid: i32, kind: Kind) -> Result<Namespace> {
        super::proc::check_pid(pid)?;
        Namespace::open_proc(&format!("/proc/{pid}/ns/{kind}"), kind)
    }

    /// That in which the children of a process begin, of the kinds pid and time: unshare(2) and setns(2)
    /// change this one and leave the process where it is.
    ///
    /// # Errors
    /// As [`Namespace::of_process`]; `InvalidSpec` for another kind; `NotFound` for a new pid namespace
    /// that has no first process yet.
    pub fn of_children(pid: i32, kind: Kind) -> Result<Namespace> {
        super::proc::check_pid(pid)?;
        if !kind.is_for_children() {
            return Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                kind.name(),
                "children begin in their parent's: only pid and time can differ",
            ));
        }
        let path = format!("/proc/{pid}/ns/{kind}_for_children");
        Namespace::open_proc(&path, kind).map_err(|error| {
            if error.errno() == libc::ENOENT && kind == Kind::Pid {
                error.with_hint(
                    "a new pid namespace cannot be opened before its first process is born",
                )
            } else {
                error
            }
        })
    }

    /// That of the process of a pidfd: of this process and no other, even when its number has been
    /// given to another by now.
    ///
    /// # Errors
    /// `NotFound` (ESRCH) for a process that has ended, `Permission` as in [`Namespace::of_process`],
    /// `InvalidSpec` for a descriptor that is no pidfd.
    pub fn of_pidfd(pidfd: BorrowedFd<'_>, kind: Kind) -> Result<Namespace> {
        let subject = || format!("{kind} namespace of pidfd {}", pidfd.as_raw_fd());
        // Asked first, so that no other kind of file sees the request below.
        let pid = super::proc::pid_of(pidfd)?;
        match own(nsfs::of_pidfd(pidfd.as_raw_fd(), pidfd_number(kind))) {
            Ok(fd) => Namespace::from_fd(fd),
            // Before Linux 6.11, by way of /proc; the process is alive before and after.
            Err(Errno::ENOTTY | Errno::EINVAL) => {
                let namespace = Namespace::of_process(pid, kind)?;
                super::proc::pid_of(pidfd)?;
                Ok(namespace)
            }
            Err(Errno::EOPNOTSUPP) => Err(unknown_kind(kind)),
            Err(errno) => Err(denied(Error::from_errno(
                errno,
                Stage::Namespace,
                subject(),
            ))),
        }
    }

    /// That at a path: a file under /proc/PID/ns, or one on which a namespace was kept by a bind mount,
    /// such as those of `ip netns` under /run/netns.
    ///
    /// # Errors
    /// `NotFound`, `Permission`, and `InvalidSpec` for a file that is not a namespace. Nothing but a
    /// namespace is ever opened for more than a look.
    pub fn open(path: impl AsRef<Path>) -> Result<Namespace> {
        let path = path.as_ref();
        let failed = |errno| {
            let error = Error::from_errno(errno, Stage::Namespace, path.display().to_string());
            match errno {
                Errno::ELOOP => error.with_kind(ErrorKind::InvalidSpec),
                _ => error,
            }
        };
        let name = crate::spec::Bytes::from(path).to_cstring().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                path.display().to_string(),
                "contains a NUL byte",
            )
        })?;
        let look = own(isolate_sys::calls::path::openat(
            AT_FDCWD,
            &name,
            O_PATH | O_CLOEXEC,
            0,
        ))
        .map_err(failed)?;
        if !is_nsfs(look.as_fd()) {
            return Err(not_a_namespace(path.display().to_string()));
        }
        Namespace::from_fd(reopen(look.as_fd()).map_err(failed)?)
    }

    /// That of a descriptor, which the handle takes over.
    ///
    /// # Errors
    /// `InvalidSpec` for a descriptor that is not one of a namespace.
    pub fn from_fd(fd: OwnedFd) -> Result<Namespace> {
        let subject = format!("descriptor {}", fd.as_raw_fd());
        Namespace::known_as(fd, &subject)
    }

    /// The same; `subject` is what an error is about.
    fn known_as(fd: OwnedFd, subject: &str) -> Result<Namespace> {
        if !is_nsfs(fd.as_fd()) {
            return Err(not_a_namespace(subject.to_owned()));
        }
        let failed = |errno| Error::from_errno(errno, Stage::Namespace, subject);
        let (fd, flag) = match nsfs::kind(fd.as_raw_fd()) {
            // O_PATH: it names the namespace but cannot be asked.
            Err(Errno::EBADF) => {
                let fd = reopen(fd.as_fd()).map_err(failed)?;
                let flag = nsfs::kind(fd.as_raw_fd());
                (fd, flag)
            }
            flag => (fd, flag),
        };
        let flag = flag.map_err(failed)?;
        let kind = Kind::from_flag(flag).ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                Stage::Namespace,
                subject,
                format!("is a namespace of an unknown kind (flag {flag:#x})"),
            )
        })?;
        let id = identity(fd.as_fd()).map_err(failed)?;
        Ok(Namespace { fd, kind, id })
    }

    /// That of a descriptor that stays the caller's.
    ///
    /// # Errors
    /// As [`Namespace::from_fd`], and for a number that is not open.
    pub fn of_fd(number: i32) -> Result<Namespace> {
        const LOWEST: usize = 3;
        let subject = format!("descriptor {number}");
        let copy = fd::fcntl(number, abi::F_DUPFD_CLOEXEC, LOWEST).map(|copy| copy as i32);
        let copy = own(copy).map_err(|errno| {
            let error = Error::from_errno(errno, Stage::Namespace, subject.as_str());
            match errno {
                Errno::EBADF => error.with_kind(ErrorKind::InvalidSpec),
                _ => error,
            }
        })?;
        Namespace::known_as(copy, &subject)
    }

    /// The same handle, when it is of this kind.
    ///
    /// # Errors
    /// `InvalidSpec` when it is of another.
    pub fn expect(self, kind: Kind) -> Result<Namespace> {
        if self.kind == kind {
            return Ok(self);
        }
        Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Namespace,
            self.to_string(),
            format!(
                "is a {} namespace, and a {kind} namespace is asked for",
                self.kind
            ),
        ))
    }

    /// Another handle of the same namespace.
    ///
    /// # Errors
    /// `Limit` when the process can have no more descriptors.
    pub fn try_clone(&self) -> Result<Namespace> {
        let fd = self
            .fd
            .try_clone()
            .map_err(|error| Error::from_io(&error, Stage::Namespace, self.to_string()))?;
        Ok(Namespace {
            fd,
            kind: self.kind,
            id: self.id,
        })
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its device and inode numbers.
    pub fn id(&self) -> NamespaceId {
        self.id
    }

    /// Whether it is the one that the kernel booted with. Of mount and net namespaces this is only
    /// known from Linux 6.18 on, and is false before.
    pub fn is_initial(&self) -> bool {
        self.id.inode == self.kind.initial_inode()
    }

    fn open_proc(path: &str, kind: Kind) -> Result<Namespace> {
        match File::open(path) {
            Ok(file) => Namespace::from_fd(file.into())?.expect(kind),
            Err(error) => Err(unopened(&error, path, kind)),
        }
    }
}

/// Why a file under /proc/PID/ns does not open.
fn unopened(error: &std::io::Error, path: &str, kind: Kind) -> Error {
    let process = Path::new(path)
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("/proc/self"));
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ESRCH) if !process.exists() => {
            if !Path::new("/proc/self").exists() {
                return Error::from_io(error, Stage::Namespace, path).with_hint("mount /proc");
            }
            Error::from_errno(Errno::ESRCH, Stage::Namespace, path)
        }
        // The file is there, and has no namespace: a zombie has left all but pid and user.
        Some(libc::ENOENT) if std::fs::symlink_metadata(path).is_ok() => {
            Error::from_io(error, Stage::Namespace, path)
                .with_hint("the process has ended and is not yet reaped, or has none")
        }
        Some(libc::ENOENT) => unknown_kind(kind),
        Some(_) => denied(Error::from_io(error, Stage::Namespace, path)),
        None => Error::from_io(error, Stage::Namespace, path),
    }
}

fn unknown_kind(kind: Kind) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        Stage::Namespace,
        kind.name(),
        format!(
            "this kernel has no {kind} namespaces: they came with Linux {}",
            kind.since()
        ),
    )
}

pub(super) fn denied(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Permission => error.with_hint(
            "a process's namespaces are for its own user (while it is dumpable), and for whoever has \
             CAP_SYS_PTRACE or CAP_SYS_ADMIN over them",
        ),
        _ => error,
    }
}

fn not_a_namespace(subject: String) -> Error {
    Error::new(
        ErrorKind::InvalidSpec,
        Stage::Namespace,
        subject,
        "is not a namespace",
    )
}

/// The ioctl number of a kind at a pidfd (linux/pidfd.h).
fn pidfd_number(kind: Kind) -> usize {
    match kind {
        Kind::Cgroup => 1,
        Kind::Ipc => 2,
        Kind::Mnt => 3,
        Kind::Net => 4,
        Kind::Pid => 5,
        Kind::Time => 7,
        Kind::User => 9,
        Kind::Uts => 10,
    }
}

/// Whether a descriptor is of the kernel's file system of namespaces. Asked before any ioctl: a device
/// might take the same number for something else.
pub(super) fn is_nsfs(fd: BorrowedFd<'_>) -> bool {
    const NSFS_MAGIC: i64 = 0x6e73_6673;
    nix::sys::statfs::fstatfs(fd).is_ok_and(|fs| fs.filesystem_type().0 == NSFS_MAGIC)
}

fn reopen(look: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let path = format!("/proc/self/fd/{}\0", look.as_raw_fd());
    let path = std::ffi::CStr::from_bytes_with_nul(path.as_bytes()).map_err(|_| Errno::EINVAL)?;
    own(path::openat(
        AT_FDCWD,
        path,
        O_RDONLY | O_CLOEXEC | O_NONBLOCK,
        0,
    ))
}

fn identity(fd: BorrowedFd<'_>) -> Result<NamespaceId, Errno> {
    let stat = path::fstatat(fd.as_raw_fd(), c"", AT_EMPTY_PATH)?;
    Ok(NamespaceId {
        device: stat.dev,
        inode: stat.ino,
    })
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl PartialEq for Namespace {
    fn eq(&self, other: &Namespace) -> bool {
        self.id == other.id
    }
}

impl Eq for Namespace {}

impl Hash for Namespace {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// As the kernel shows it: `net:[4026531833]`.
impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:[{}]", self.kind, self.id.inode)
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Namespace({self}, descriptor {})", self.fd.as_raw_fd())
    }
}
