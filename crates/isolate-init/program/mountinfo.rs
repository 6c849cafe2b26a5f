//! Changing the attributes of a tree of mounts by path, for kernels without mount_setattr(2).
//!
//! The kernel changes one mount at a time there, so /proc/self/mountinfo is read for those below.

use core::ffi::CStr;

use isolate_sys::abi::{
    AT_FDCWD, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY, MS_BIND,
    MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_REMOUNT, O_CLOEXEC, O_RDONLY,
};
use isolate_sys::calls::{fd, mount, path};
use isolate_sys::{Errno, Result};

use crate::numbered::Numbered;

const MS_NOATIME: u64 = 1024;
const MS_NODIRATIME: u64 = 2048;
const MS_RELATIME: u64 = 1 << 21;
/// mountinfo of a host with some thousand mounts; it only costs the pages that are touched.
const ROOM: usize = 4 << 20;

/// The mount(2) flags for attributes of mount_setattr(2).
pub fn flags(attributes: u64) -> u64 {
    let pairs = [
        (MOUNT_ATTR_RDONLY, MS_RDONLY),
        (MOUNT_ATTR_NOSUID, MS_NOSUID),
        (MOUNT_ATTR_NODEV, MS_NODEV),
        (MOUNT_ATTR_NOEXEC, MS_NOEXEC),
    ];
    let mut flags = 0;
    for (attribute, flag) in pairs {
        if attributes & attribute != 0 {
            flags |= flag;
        }
    }
    flags
}

/// The path of a place, as the process sees it.
pub fn path_of(place: i32, buffer: &mut [u8; 4096]) -> Result<&CStr> {
    let link = Numbered::descriptor(place);
    let last = buffer.len() - 1;
    let len = path::readlinkat(AT_FDCWD, link.as_c_str(), &mut buffer[..last])?;
    if len == last {
        return Err(Errno::ENAMETOOLONG);
    }
    buffer[len] = 0;
    CStr::from_bytes_with_nul(&buffer[..=len]).map_err(|_| Errno::EINVAL)
}

/// Which mounts are changed.
#[derive(Clone, Copy, PartialEq)]
pub enum Reach {
    /// The one on the place.
    One,
    /// That and every mount below it.
    Tree,
}

/// Adds attributes to mounts. What is set stays set.
pub fn remount(place: i32, attributes: u64, reach: Reach) -> Result<()> {
    if attributes == 0 {
        return Ok(());
    }
    let mut buffer = [0u8; 4096];
    let top = path_of(place, &mut buffer)?.to_bytes();
    let table = read_table()?;
    for line in table.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b' ');
        // ID, parent, device, root, mount point, options (proc_pid_mountinfo(5)).
        let (Some(point), Some(options)) = (fields.nth(4), fields.next()) else {
            continue;
        };
        let mut path = [0u8; 4096];
        let point = unescape(point, &mut path)?;
        let name = point.to_bytes();
        let below = reach == Reach::Tree
            && name.starts_with(top)
            && (top == b"/" || name.get(top.len()) == Some(&b'/'));
        if below || name == top {
            // What is set stays: a user namespace may not take it away (mount_namespaces(7)).
            let kept = options.split(|byte| *byte == b',').fold(0, |all, word| {
                all | match word {
                    b"ro" => MS_RDONLY,
                    b"nosuid" => MS_NOSUID,
                    b"nodev" => MS_NODEV,
                    b"noexec" => MS_NOEXEC,
                    b"noatime" => MS_NOATIME,
                    b"nodiratime" => MS_NODIRATIME,
                    b"relatime" => MS_RELATIME,
                    _ => 0,
                }
            });
            let all = MS_REMOUNT | MS_BIND | kept | flags(attributes);
            match mount::mount(None, point, None, all, None) {
                // A mount that a later one covers cannot be reached, by the job neither.
                Err(Errno::ENOENT | Errno::EACCES | Errno::EINVAL) if name.len() > top.len() => {}
                other => other?,
            }
        }
    }
    Ok(())
}

fn read_table() -> Result<&'static [u8]> {
    let memory = fd::map(-1, ROOM)?;
    // SAFETY: fresh memory of this size, used by nobody else.
    let room = unsafe { core::slice::from_raw_parts_mut(memory, ROOM) };
    let file = path::openat(AT_FDCWD, c"/proc/self/mountinfo", O_RDONLY | O_CLOEXEC, 0)?;
    let mut len = 0;
    loop {
        let rest = room.get_mut(len..).ok_or(Errno::EOVERFLOW)?;
        if rest.is_empty() {
            return Err(Errno::EOVERFLOW);
        }
        match fd::read(file, rest)? {
            0 => break,
            more => len += more,
        }
    }
    fd::close(file)?;
    Ok(&room[..len])
}

/// Undoes `\040` and its like.
fn unescape<'b>(text: &[u8], buffer: &'b mut [u8; 4096]) -> Result<&'b CStr> {
    let mut len = 0;
    let mut at = 0;
    while at < text.len() {
        let byte = match text[at..] {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                at += 3;
                (a - b'0') << 6 | (b - b'0') << 3 | (c - b'0')
            }
            [byte, ..] => byte,
            [] => break,
        };
        at += 1;
        *buffer.get_mut(len).ok_or(Errno::ENAMETOOLONG)? = byte;
        len += 1;
    }
    *buffer.get_mut(len).ok_or(Errno::ENAMETOOLONG)? = 0;
    CStr::from_bytes_with_nul(&buffer[..=len]).map_err(|_| Errno::EINVAL)
}
