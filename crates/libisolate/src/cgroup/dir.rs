//! A group's directory in one hierarchy, held open: its files are reached by a descriptor and a name,
//! so that neither a rename nor a symbolic link leads anywhere else.

use std::fs::File;
use std::io::{self, Read as _, Seek, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use super::write::{keyed_in, refused};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;

/// The longest name of a file or group that the kernel takes (NAME_MAX).
const NAME_MAX: usize = 255;

/// An open directory of a cgroup tree.
#[derive(Debug)]
pub(crate) struct Dir {
    path: PathBuf,
    fd: OwnedFd,
}

impl Dir {
    /// Opens a directory by its path, which must not be a symbolic link itself.
    pub fn open(path: &Path) -> Result<Dir> {
        Dir::open_in(nix::fcntl::AT_FDCWD, path, path.to_owned())
    }

    /// Opens a group directly below.
    pub fn child(&self, name: &str) -> Result<Dir> {
        check_name(name)?;
        Dir::open_in(self.fd.as_fd(), Path::new(name), self.path.join(name))
    }

    fn open_in(at: BorrowedFd<'_>, name: &Path, path: PathBuf) -> Result<Dir> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        match openat(at, name, flags, Mode::empty()) {
            Ok(fd) => Ok(Dir { path, fd }),
            Err(errno) => Err(Error::from_io(
                &errno.into(),
                Stage::Cgroup,
                path.display().to_string(),
            )),
        }
    }

    /// The same directory once more.
    pub fn try_clone(&self) -> Result<Dir> {
        Ok(Dir {
            path: self.path.clone(),
            fd: self.fd.try_clone().map_err(|e| self.failed(&e))?,
        })
    }

    /// Where it was when it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this directory is still what its path leads to: it may be removed, and another made there.
    pub fn stands(&self) -> bool {
        let here = nix::sys::stat::fstat(&self.fd);
        let there = nix::sys::stat::lstat(&self.path);
        match (here, there) {
            (Ok(here), Ok(there)) => (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino),
            _ => false,
        }
    }

    /// A whole file as text.
    pub fn read(&self, file: &str) -> Result<String> {
        self.file(file, OFlag::O_RDONLY)
            .and_then(|mut opened| whole(&mut opened))
            .map_err(|e| self.unread(file, &e))
    }

    /// A whole file into a buffer that serves many: three calls in all, since the kernel gives a file
    /// that is one record whole, unless the buffer is too small. Not for lists such as `cgroup.procs`.
    pub fn read_into<'b>(&self, file: &str, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        let mut opened = self.file(file, OFlag::O_RDONLY)?;
        let mut len = 0;
        loop {
            if len == buffer.len() {
                buffer.resize((2 * len).max(4096), 0);
            }
            match opened.read(&mut buffer[len..]) {
                Ok(read) => {
                    len += read;
                    if read == 0 || len < buffer.len() {
                        return Ok(&buffer[..len]);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes `value` in one call, as the kernel wants it.
    pub fn write(&self, file: &str, value: &str) -> Result<()> {
        self.file(file, OFlag::O_WRONLY)
            .and_then(|mut opened| opened.write_all(value.as_bytes()))
            .map_err(|e| refused(file, value, &e))
    }

    /// Writes `value` and gives what the file holds then, without the line's end.
    pub fn put(&self, file: &str, value: &str) -> Result<String> {
        let mut opened = self
            .file(file, OFlag::O_RDWR)
            .and_then(|mut opened| opened.write_all(value.as_bytes()).map(|()| opened))
            .map_err(|e| refused(file, value, &e))?;
        opened
            .rewind()
            .and_then(|()| whole(&mut opened))
            .map(|text| text.trim().to_owned())
            .map_err(|e| self.unread(file, &e))
    }

    /// The number of a file that holds one; `None` where there is no such file, or it says `max`.
    pub fn number(&self, file: &str) -> Option<u64> {
        self.read(file).ok()?.trim().parse().ok()
    }

    /// The number after `key` in a file of `key number` lines.
    pub fn keyed(&self, file: &str, key: &str) -> Option<u64> {
        keyed_in(&self.read(file).ok()?, key)
    }

    /// Whether there is such a file.
    pub fn has(&self, file: &str) -> bool {
        nix::sys::stat::fstatat(&self.fd, file, nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW).is_ok()
    }

    /// A descriptor of a file, to keep or for another process: read-only, or write-only.
    pub fn descriptor(&self, file: &str, write: bool) -> Result<OwnedFd> {
        let mode = if write {
            OFlag::O_WRONLY
        } else {
            OFlag::O_RDONLY
        };
        self.file(file, mode)
            .map(OwnedFd::from)
            .map_err(|e| self.unread(file, &e))
    }

    /// A file open for both, where what is written holds for those who read by the same description.
    pub fn update(&self, file: &str) -> Result<File> {
        self.file(file, OFlag::O_RDWR)
            .map_err(|e| self.unread(file, &e))
    }

    /// The names of the groups directly below, sorted. None where the directory is gone.
    pub fn children(&self) -> Vec<String> {
        self.entries(nix::dir::Type::Directory)
    }

    /// The names of its files, sorted.
    pub fn files(&self) -> Vec<String> {
        self.entries(nix::dir::Type::File)
    }

    fn entries(&self, kind: nix::dir::Type) -> Vec<String> {
        let mut names = Vec::new();
        // A descriptor of its own: a directory's position belongs to the open file.
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let Ok(mut dir) = nix::dir::Dir::openat(&self.fd, ".", flags, Mode::empty()) else {
            return names;
        };
        for entry in dir.iter().flatten() {
            let name = entry.file_name().to_bytes();
            if entry.file_type() == Some(kind) && name != b"." && name != b".." {
                names.push(String::from_utf8_lossy(name).into_owned());
            }
        }
        names.sort_unstable();
        names
    }

    fn file(&self, name: &str, mode: OFlag) -> io::Result<File> {
        if check_name(name).is_err() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let flags = mode | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(File::from(openat(&self.fd, name, flags, Mode::empty())?))
    }

    pub fn unread(&self, file: &str, error: &io::Error) -> Error {
        let path = self.path.join(file).display().to_string();
        Error::from_io(error, Stage::Cgroup, path)
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::from_io(error, Stage::Cgroup, self.path.display().to_string())
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn whole(file: &mut File) -> io::Result<String> {
    String::from_utf8(kernfile::rest(file)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Refuses what is no name of one file or group: empty, `.`, `..`, with a slash, a NUL or a line's end,
/// too long.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let detail = match name {
        "" => "is empty",
        "." | ".." => "is no name of its own",
        _ if name.len() > NAME_MAX => "is longer than 255 bytes",
        _ if name.bytes().any(|b| matches!(b, b'/' | 0 | b'\n')) => {
            "has a slash, a NUL or a line's end"
        }
        _ => return Ok(()),
    };
    Err(Error::new(
        ErrorKind::InvalidSpec,
        Stage::Cgroup,
        format!("{name:?}"),
        detail,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let long = "x".repeat(256);
        for name in ["", ".", "..", "a/b", "/", "a\0", "a\n", long.as_str()] {
            assert!(check_name(name).is_err(), "{name:?} was taken");
        }
        for name in ["a", "a b", "..a", "ü", &long[1..]] {
            assert_eq!(check_name(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn files_by_descriptor_and_name() {
        let base = std::env::temp_dir().join(format!("isolate-dir-{}", std::process::id()));
        std::fs::create_dir_all(base.join("b")).expect("temporary directory");
        std::fs::create_dir_all(base.join("a")).expect("temporary directory");
        std::fs::write(base.join("file"), "k 3\nn 4\n").expect("temporary file");
        std::os::unix::fs::symlink("file", base.join("link")).expect("temporary link");
        let dir = Dir::open(&base).expect("it is there");
        assert_eq!(dir.keyed("file", "n"), Some(4));
        assert_eq!(dir.children(), ["a", "b"]);
        assert_eq!(dir.children(), ["a", "b"], "the second time, too");
        let link = dir.read("link").map_err(|e| e.errno());
        assert_eq!(link, Err(libc::ELOOP));
        assert!(dir.read("../file").is_err());
        let gone = dir.put("none", "1").map_err(|e| e.kind());
        assert_eq!(gone, Err(ErrorKind::Unsupported));
        std::fs::remove_dir_all(&base).expect("temporary directory");
    }
}
