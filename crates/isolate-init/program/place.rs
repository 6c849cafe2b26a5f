//! Finding and making paths of the new root, contained in it whatever links a tree in it has.

use core::ffi::CStr;

use isolate_sys::abi::{
    AT_EMPTY_PATH, AT_FDCWD, O_CLOEXEC, O_CREAT, O_EXCL, O_NOFOLLOW, O_PATH, O_WRONLY, OpenHow,
    RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS, S_IFLNK, S_IFMT,
};
use isolate_sys::calls::{fd, path};
use isolate_sys::{Errno, Result};

use crate::state::Init;

const PATH_MAX: usize = 4096;

/// What a place is to be.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// A directory; made if missing.
    Directory,
    /// Anything else; an empty file is made if missing.
    File,
    /// Whatever is there; never made.
    Existing,
}

/// The root under construction, or the present root where none is.
pub fn root(init: &mut Init) -> Result<i32> {
    if let Some(root) = init.root {
        return Ok(root);
    }
    let root = path::openat(AT_FDCWD, c"/", O_PATH | O_CLOEXEC, 0)?;
    init.root = Some(root);
    Ok(root)
}

/// Opens a path of the root (O_PATH), and makes what is missing on the way.
pub fn place(init: &mut Init, target: &CStr, kind: Kind) -> Result<i32> {
    let root = root(init)?;
    match resolve(root, target) {
        Err(Errno::ENOENT) if kind != Kind::Existing => make(root, target, kind, 0o755),
        other => other,
    }
}

/// Makes a directory with a mode; one that is there stays as it is.
pub fn directory(init: &mut Init, target: &CStr, mode: u32) -> Result<()> {
    let root = root(init)?;
    let place = match resolve(root, target) {
        Err(Errno::ENOENT) => make(root, target, Kind::Directory, mode)?,
        other => other?,
    };
    fd::close(place)
}

/// Makes a symbolic link; whatever is there stays as it is.
pub fn symlink(init: &mut Init, text: &CStr, target: &CStr) -> Result<()> {
    let root = root(init)?;
    let mut buffer = [0u8; PATH_MAX];
    let (parent, name) = split(target, &mut buffer)?;
    let made = if parent == c"/" {
        path::symlinkat(text, root, name)
    } else {
        let dir = match resolve(root, parent) {
            Err(Errno::ENOENT) => make(root, parent, Kind::Directory, 0o755)?,
            other => other?,
        };
        let made = path::symlinkat(text, dir, name);
        fd::close(dir)?;
        made
    };
    match made {
        Err(Errno::EEXIST) => Ok(()),
        other => other,
    }
}

/// Looks a path up with the directory as the root for `..` and absolute links.
fn resolve(root: i32, target: &CStr) -> Result<i32> {
    let how = OpenHow {
        flags: u64::from(O_PATH | O_CLOEXEC),
        mode: 0,
        resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    match path::openat2(root, target, &how) {
        Err(Errno::ENOSYS) => walk(root, target),
        other => other,
    }
}

/// The same before Linux 5.6, name by name; links are refused, since only the kernel can follow one
/// without a race.
fn walk(root: i32, target: &CStr) -> Result<i32> {
    let mut here = fd::fcntl(root, isolate_sys::abi::F_DUPFD_CLOEXEC, 0)? as i32;
    let mut name = [0u8; 256];
    for part in target.to_bytes().split(|byte| *byte == b'/') {
        let Some(part) = component(part, &mut name)? else {
            continue;
        };
        let next = path::openat(here, part, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
        fd::close(here)?;
        here = next?;
        let stat = path::fstatat(here, c"", AT_EMPTY_PATH)?;
        if stat.mode & S_IFMT == S_IFLNK {
            fd::close(here)?;
            return Err(Errno::ELOOP);
        }
    }
    Ok(here)
}

/// Makes what is missing of a path, and opens it. Most often that is its last name alone.
fn make(root: i32, target: &CStr, kind: Kind, mode: u32) -> Result<i32> {
    let mut buffer = [0u8; PATH_MAX];
    let mut name = [0u8; 256];
    let (parent, last) = split(target, &mut buffer)?;
    let Some(last) = component(last.to_bytes(), &mut name)? else {
        return make_all(root, target, kind, mode);
    };
    let above = if parent == c"/" {
        None
    } else {
        match resolve(root, parent) {
            Err(Errno::ENOENT) => return make_all(root, target, kind, mode),
            other => Some(other?),
        }
    };
    let made = create(above.unwrap_or(root), last, kind, mode);
    if let Some(above) = above {
        fd::close(above)?;
    }
    made?;
    // From the root, so that whatever it is by now is inside the root.
    resolve(root, target)
}

/// Makes a file or directory that is not there.
fn create(parent: i32, name: &CStr, kind: Kind, mode: u32) -> Result<()> {
    if kind == Kind::File {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        fd::close(path::openat(parent, name, flags, 0o644)?)
    } else {
        path::mkdirat(parent, name, mode)
    }
}

/// The same name by name, for where more than the last one is missing.
fn make_all(root: i32, target: &CStr, kind: Kind, mode: u32) -> Result<i32> {
    let bytes = target.to_bytes();
    let mut buffer = [0u8; PATH_MAX];
    let mut here = fd::fcntl(root, isolate_sys::abi::F_DUPFD_CLOEXEC, 0)? as i32;
    let mut name = [0u8; 256];
    let mut end = 0;
    while end < bytes.len() {
        let start = end;
        end = bytes[start + 1..]
            .iter()
            .position(|byte| *byte == b'/')
            .map_or(bytes.len(), |at| start + 1 + at);
        let Some(part) = component(trim(&bytes[start..end]), &mut name)? else {
            continue;
        };
        buffer.get_mut(..end).ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(&bytes[..end]);
        *buffer.get_mut(end).ok_or(Errno::ENAMETOOLONG)? = 0;
        let prefix = CStr::from_bytes_with_nul(&buffer[..=end]).map_err(|_| Errno::EINVAL)?;
        // From the root each time, so that links on the way are followed inside the root.
        let next = match resolve(root, prefix) {
            Err(Errno::ENOENT) => {
                let is_last = end == bytes.len();
                create(here, part, if is_last { kind } else { Kind::Directory }, mode)?;
                resolve(root, prefix)?
            }
            other => other?,
        };
        fd::close(here)?;
        here = next;
    }
    Ok(here)
}

fn trim(part: &[u8]) -> &[u8] {
    match part {
        [b'/', rest @ ..] => rest,
        other => other,
    }
}

/// One name with a NUL, or `None` where there is nothing to do. `..` is refused: the spec's check does
/// not let it through.
fn component<'b>(part: &[u8], buffer: &'b mut [u8; 256]) -> Result<Option<&'b CStr>> {
    match part {
        b"" | b"." => Ok(None),
        b".." => Err(Errno::EINVAL),
        name => {
            buffer.get_mut(..name.len()).ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(name);
            *buffer.get_mut(name.len()).ok_or(Errno::ENAMETOOLONG)? = 0;
            CStr::from_bytes_until_nul(buffer).map(Some).map_err(|_| Errno::EINVAL)
        }
    }
}

/// Parent and last name of an absolute path.
fn split<'b>(target: &'b CStr, buffer: &'b mut [u8; PATH_MAX]) -> Result<(&'b CStr, &'b CStr)> {
    let bytes = target.to_bytes_with_nul();
    let slash = bytes.iter().rposition(|byte| *byte == b'/').ok_or(Errno::EINVAL)?;
    let name = CStr::from_bytes_with_nul(&bytes[slash + 1..]).map_err(|_| Errno::EINVAL)?;
    let parent = if slash == 0 { &b"/"[..] } else { &bytes[..slash] };
    buffer.get_mut(..parent.len()).ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(parent);
    *buffer.get_mut(parent.len()).ok_or(Errno::ENAMETOOLONG)? = 0;
    let parent = CStr::from_bytes_until_nul(&buffer[..]).map_err(|_| Errno::EINVAL)?;
    Ok((parent, name))
}
