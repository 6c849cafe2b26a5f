//! /run/netns as ip-netns(8) has it: the names, and the directory as a shared mount.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use isolate_sys::Errno;
use isolate_sys::abi::{MS_BIND, MS_PRIVATE, MS_REC, MS_SHARED, UMOUNT_NOFOLLOW};
use isolate_sys::calls::mount;
use nix::fcntl::{Flock, FlockArg};

use super::persist::{cstring, refused};
use crate::error::{Error, ErrorKind, Result, Stage};

const DIRECTORY: &str = "/run/netns";

/// How long another program may take over its own change of the directory.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a name is kept.
pub(super) fn path_of(name: &str) -> Result<PathBuf> {
    const LONGEST: usize = 255;
    let wrong = match name {
        "" => "is empty",
        "." | ".." => "is a directory",
        _ if name.contains('/') => "contains a slash",
        _ if name.contains('\0') => "contains a NUL byte",
        _ if name.len() > LONGEST => "is longer than 255 bytes",
        _ => return Ok(Path::new(DIRECTORY).join(name)),
    };
    Err(Error::new(
        ErrorKind::InvalidSpec,
        Stage::Namespace,
        format!("name {name:?}"),
        format!("{wrong}: it is the name of a file in {DIRECTORY}"),
    ))
}

/// The directory, ready to keep namespaces in. While this lives, programs that take the same lock, as
/// newer `ip netns add` do, leave it alone.
pub(super) struct Directory {
    made: bool,
    mounted: bool,
    _lock: Option<Flock<File>>,
}

impl Directory {
    /// Makes it, and makes it a mount that is shared: a namespace that is mounted in it, or taken away,
    /// is so in every mount namespace that was copied from this one since.
    pub fn prepare() -> Result<Directory> {
        let failed = |error: &std::io::Error| Error::from_io(error, Stage::Namespace, DIRECTORY);
        let made = match DirBuilder::new().mode(0o755).create(DIRECTORY) {
            Ok(()) => true,
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) => false,
            Err(error) => return Err(failed(&error)),
        };
        let mut directory = Directory {
            made,
            mounted: false,
            _lock: None,
        };
        let ready = lock().and_then(|lock| {
            directory._lock = lock;
            directory.share()
        });
        match ready {
            Ok(()) => Ok(directory),
            Err(error) => {
                directory.undo();
                Err(error)
            }
        }
    }

    fn share(&mut self) -> Result<()> {
        let path = cstring(Path::new(DIRECTORY))?;
        let change = |flags| mount::mount(None, &path, None, flags, None);
        let shared = match change(MS_SHARED | MS_REC) {
            // It is no mount yet.
            Err(Errno::EINVAL) => mount::mount(Some(&path), &path, None, MS_BIND | MS_REC, None)
                .and_then(|()| {
                    self.mounted = true;
                    // Out of the group of the mount it is a copy of, then into one of its own.
                    change(MS_PRIVATE | MS_REC)?;
                    change(MS_SHARED | MS_REC)
                }),
            other => other,
        };
        shared.map_err(|errno| refused(errno, DIRECTORY.to_owned()))
    }

    /// Takes away what was made here; what others have put there meanwhile stays.
    pub fn undo(self) {
        if self.mounted
            && let Ok(path) = cstring(Path::new(DIRECTORY))
        {
            let _ = mount::umount(&path, UMOUNT_NOFOLLOW);
        }
        if self.made {
            let _ = std::fs::remove_dir(DIRECTORY);
        }
    }
}

/// The lock of whoever changes the directory; `None` where its file system has none, as `ip` goes on
/// without one then.
fn lock() -> Result<Option<Flock<File>>> {
    let opened = File::options()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC)
        .open(DIRECTORY);
    let mut file = opened.map_err(|e| Error::from_io(&e, Stage::Namespace, DIRECTORY))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(Some(lock)),
            Err((file, nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR)) => file,
            Err(_) => return Ok(None),
        };
        if Instant::now() >= deadline {
            return Err(Error::from_errno(Errno::EBUSY, Stage::Namespace, DIRECTORY)
                .with_hint("another program has held its lock (flock) for 5 s"));
        }
        sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_files_there() {
        let long = "x".repeat(256);
        for name in ["", ".", "..", "a/b", "../a", "/a", "a\0b", &long] {
            let error = path_of(name).expect_err(name);
            assert_eq!(error.kind(), ErrorKind::InvalidSpec);
            assert!(error.message().contains("/run/netns"), "{error}");
        }
        for name in ["a", "...", "a b", "-", &long[1..]] {
            assert_eq!(path_of(name).ok(), Some(Path::new(DIRECTORY).join(name)));
        }
    }
}
