//! Keeping a namespace by a bind mount at a path, where it lives on without a process or descriptor,
//! and taking it away again; by name as ip-netns(8) does it.

use std::fs::Metadata;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use isolate_sys::Errno;
use isolate_sys::abi::{
    AT_FDCWD, MNT_DETACH, MS_BIND, O_CLOEXEC, O_CREAT, O_EXCL, O_NOFOLLOW, O_PATH, O_RDONLY,
};
use isolate_sys::calls::{mount, path as paths};
use schemars::JsonSchema;
use serde::Serialize;

use super::handle::is_nsfs;
use super::{Kind, Namespace, NamespaceId, mounts, netns};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;
use crate::spec::Bytes;
use crate::sysfd::own;

/// The mounts of the calling thread's mount namespace.
const MOUNTS: &str = "/proc/thread-self/mountinfo";

/// A namespace that is kept at a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Persisted {
    /// Where it is mounted, as the caller's root has it.
    pub path: Bytes,
    /// Its kind.
    pub kind: Kind,
    /// Its device and inode numbers.
    pub id: NamespaceId,
}

/// The namespaces that are kept at paths in the caller's mount namespace, by path.
///
/// # Errors
/// `NotFound` without /proc.
pub fn persisted() -> Result<Vec<Persisted>> {
    let mut found: Vec<Persisted> = mounts::kept(&mountinfo()?)
        .into_iter()
        .map(|kept| Persisted {
            path: kept.point,
            kind: kept.kind,
            id: kept.id,
        })
        .collect();
    // Of several at one place the top one stays last.
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The network namespace with a name under /run/netns, made here or by `ip netns add`.
///
/// # Errors
/// As [`Namespace::open`]; `InvalidSpec` for what can be no name there.
pub fn named(name: &str) -> Result<Namespace> {
    Namespace::open(netns::path_of(name)?)?.expect(Kind::Net)
}

/// Takes away what [`Namespace::persist`] made: the mount, and its file where that is empty. Handles
/// and processes stay in the namespace; without any it is gone.
///
/// # Errors
/// `InvalidSpec` for a path at which no namespace is mounted, which is left as it is; `Busy` where one
/// namespace is mounted over another; `NotFound`; `Permission` without CAP_SYS_ADMIN over the caller's
/// mount namespace.
pub fn unpersist(path: impl AsRef<Path>) -> Result<()> {
    take_away(path.as_ref())
}

/// Takes away what [`Namespace::persist_name`] or `ip netns add` made, as `ip netns del` does.
///
/// # Errors
/// As [`unpersist`]; `InvalidSpec` for what can be no name.
pub fn unpersist_name(name: &str) -> Result<()> {
    take_away(&netns::path_of(name)?)
}

impl Namespace {
    /// Keeps it at a path, where [`Namespace::open`] and nsenter(1) find it: makes an empty file and
    /// mounts the namespace there. What is there already is never replaced.
    ///
    /// The mount is one of the caller's mount namespace. A mount namespace is kept in an older one
    /// only, and only where mounts are private: the kernel refuses what could keep itself alive.
    ///
    /// # Errors
    /// `Busy` where something is at the path already, which is left as it is; `NotFound` without its
    /// directory; `Permission` without CAP_SYS_ADMIN over the caller's mount namespace; `InvalidSpec`
    /// for a mount namespace that the kernel does not let be kept there. Nothing is left behind.
    pub fn persist(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let name = cstring(path)?;
        const FLAGS: u32 = O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        let spot =
            own(paths::openat(AT_FDCWD, &name, FLAGS, 0)).map_err(|errno| unmade(errno, path))?;
        bind(self.as_fd(), spot.as_fd()).map_err(|errno| {
            forget(&spot, path);
            self.unmounted(errno, path)
        })
    }

    /// Keeps a network namespace under a name, as `ip netns add` does: at /run/netns/NAME, where
    /// `ip netns exec NAME` finds it. Gives the path. Makes /run/netns where it is not there, and
    /// shares its mounts with the mount namespaces made from now on, so that one removal removes all.
    ///
    /// # Errors
    /// As [`Namespace::persist`]; `InvalidSpec` for another kind, and for what can be no name: more
    /// than 255 bytes, a slash, "." and "..".
    pub fn persist_name(&self, name: &str) -> Result<PathBuf> {
        let path = netns::path_of(name)?;
        if self.kind() != Kind::Net {
            return Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                self.to_string(),
                "names are for network namespaces: keep one of another kind at a path",
            ));
        }
        let directory = netns::Directory::prepare()?;
        match self.persist(&path) {
            Ok(()) => Ok(path),
            Err(error) => {
                directory.undo();
                Err(error)
            }
        }
    }

    /// Why the kernel does not mount it at the path.
    fn unmounted(&self, errno: Errno, path: &Path) -> Error {
        let error = refused(errno, format!("{self} at {}", path.display()));
        if errno != Errno::EINVAL {
            return error;
        }
        let error = error.with_kind(ErrorKind::InvalidSpec);
        if self.kind() != Kind::Mnt {
            return error.with_hint("the path is not in the caller's own mount namespace");
        }
        let number = |namespace: &Namespace| namespace.mount_namespace_id().ok();
        let own = Namespace::of_thread(Kind::Mnt).ok();
        match (own.as_ref().and_then(number), number(self)) {
            // By these numbers the kernel takes one for older; from Linux 6.18 on each processor has a
            // stock of them, so that it may be wrong.
            (Some(own), Some(kept)) if own >= kept => error.with_hint(OLDER),
            (Some(_), Some(_)) if shared(path) => error.with_hint(PRIVATE),
            _ => error.with_hint(format!("{OLDER}, and {PRIVATE}")),
        }
    }
}

const OLDER: &str = "a mount namespace can be kept only in one that is older than itself, which the kernel \
                     tells by its lower number, or the two could keep each other alive";
const PRIVATE: &str = "a mount namespace can be kept only below a mount that does not share what is mounted \
                       with other mount namespaces (mount --make-private)";

fn shared(path: &Path) -> bool {
    let whole = match path.parent() {
        Some(dir) if dir != Path::new("") => std::fs::canonicalize(dir),
        _ => std::env::current_dir(),
    };
    let text = mountinfo().unwrap_or_default();
    whole.is_ok_and(|dir| mounts::is_shared(&text, &dir))
}

/// Mounts one file over another, both by their descriptors: neither path is looked up again.
fn bind(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<(), Errno> {
    let source = link_of(from)?;
    mount::mount(Some(&source), &link_of(to)?, None, MS_BIND, None)
}

fn link_of(fd: BorrowedFd<'_>) -> Result<std::ffi::CString, Errno> {
    let path = format!("/proc/thread-self/fd/{}", fd.as_raw_fd());
    std::ffi::CString::new(path).map_err(|_| Errno::EINVAL)
}

/// Removes the file that was just made, if it is still that one.
fn forget(spot: &OwnedFd, path: &Path) {
    let same = |made: Metadata, there: Metadata| {
        (made.dev(), made.ino()) == (there.dev(), there.ino()) && there.is_file()
    };
    let made = spot.try_clone().map(std::fs::File::from);
    let made = made.and_then(|file| file.metadata());
    let there = std::fs::symlink_metadata(path);
    if let (Ok(made), Ok(there)) = (made, there)
        && same(made, there)
    {
        let _ = std::fs::remove_file(path);
    }
}

fn take_away(path: &Path) -> Result<()> {
    let name = cstring(path)?;
    let subject = path.display().to_string();
    let top = own(paths::openat(
        AT_FDCWD,
        &name,
        O_PATH | O_NOFOLLOW | O_CLOEXEC,
        0,
    ))
    .map_err(|errno| unmade(errno, path))?;
    if !is_nsfs(top.as_fd()) {
        return Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Namespace,
            subject,
            format!("no namespace is mounted there: it is {}", what_is(path)),
        ));
    }
    let stacked = mount_id(top.as_fd()).and_then(|id| mounts::is_stacked(&mountinfo().ok()?, id));
    if stacked == Some(true) {
        let error = refused(Errno::EBUSY, subject);
        return Err(error.with_hint(format!(
            "{} is mounted over another mount there: take them away with umount(8), one by one",
            what_is(path)
        )));
    }
    // Lazily, as `ip netns del` does: a handle opened here would hold the mount. By descriptor, so that
    // what goes is what was looked at.
    link_of(top.as_fd())
        .and_then(|link| mount::umount(&link, MNT_DETACH))
        .map_err(|errno| {
            let error = refused(errno, subject.clone());
            match errno {
                Errno::EINVAL => error.with_kind(ErrorKind::Permission).with_hint(
                    "the mount is of another mount namespace, or came from one with more rights and \
                     cannot be taken away alone",
                ),
                _ => error,
            }
        })?;
    match std::fs::symlink_metadata(path) {
        // A file with content was there before the namespace was.
        Ok(left) if left.is_file() && left.len() == 0 => {
            std::fs::remove_file(path).map_err(|error| {
                Error::from_io(&error, Stage::Namespace, subject)
                    .with_hint("the namespace is no longer mounted; its empty file is left")
            })
        }
        _ => Ok(()),
    }
}

/// The number of the mount that a descriptor was opened on.
fn mount_id(fd: BorrowedFd<'_>) -> Option<u64> {
    let path = format!("/proc/thread-self/fdinfo/{}", fd.as_raw_fd());
    let info = std::fs::read_to_string(path).ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("mnt_id:"))?;
    line.trim().parse().ok()
}

fn mountinfo() -> Result<Vec<u8>> {
    kernfile::read(Path::new(MOUNTS)).map_err(|e| Error::from_io(&e, Stage::Namespace, MOUNTS))
}

pub(super) fn cstring(path: &Path) -> Result<std::ffi::CString> {
    Bytes::from(path).to_cstring().ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidSpec,
            Stage::Namespace,
            path.display().to_string(),
            "contains a NUL byte",
        )
    })
}

/// Why there is no file of our own at a path.
fn unmade(errno: Errno, path: &Path) -> Error {
    let error = Error::from_errno(errno, Stage::Namespace, path.display().to_string());
    match errno {
        Errno::EEXIST => error
            .with_kind(ErrorKind::Busy)
            .with_hint(format!("it is {}", what_is(path))),
        Errno::ELOOP | Errno::ENAMETOOLONG | Errno::EISDIR => {
            error.with_kind(ErrorKind::InvalidSpec)
        }
        _ => error,
    }
}

/// Why a mount is not made or taken away.
pub(super) fn refused(errno: Errno, subject: String) -> Error {
    let error = Error::from_errno(errno, Stage::Namespace, subject);
    match errno {
        Errno::EPERM | Errno::EACCES => error.with_hint(
            "mounting needs CAP_SYS_ADMIN over the caller's mount namespace, which an ordinary user has \
             in a user namespace with a mount namespace of its own",
        ),
        Errno::ENOSPC => error.with_hint("sysctl fs.mount-max mounts are there already"),
        Errno::ENOENT if !Path::new("/proc/thread-self").exists() => error.with_hint("mount /proc"),
        _ => error,
    }
}

/// What is at a path, in a few words.
fn what_is(path: &Path) -> String {
    if let Ok(namespace) = Namespace::open(path)
        && !path.is_symlink()
    {
        return namespace.to_string();
    }
    match std::fs::symlink_metadata(path) {
        Ok(found) => describe(&found).to_owned(),
        Err(error) => describe_missing(&error),
    }
}

fn describe(found: &Metadata) -> &'static str {
    let kind = found.file_type();
    if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_file() && found.len() > 0 {
        "a file with content"
    } else if kind.is_file() {
        "an empty file, such as is left where a namespace is kept in another mount namespace"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_fifo() {
        "a named pipe"
    } else {
        "a device"
    }
}

fn describe_missing(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(errno) => crate::error::describe(Errno::from_raw(errno)),
        None => error.to_string(),
    }
}
