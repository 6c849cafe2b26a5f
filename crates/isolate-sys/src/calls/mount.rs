//! Mounts: the classic call and the descriptor-based ones of Linux 5.2 and 5.12.

use core::ffi::CStr;
use core::mem::size_of;

use crate::Result;
use crate::abi::MountAttr;
use crate::arch::{nr, syscall6};

fn pointer(text: Option<&CStr>) -> usize {
    text.map_or(0, |t| t.as_ptr() as usize)
}

/// [mount(2)](https://man7.org/linux/man-pages/man2/mount.2.html)
pub fn mount(
    source: Option<&CStr>,
    target: &CStr,
    fstype: Option<&CStr>,
    flags: u64,
    data: Option<&CStr>,
) -> Result<()> {
    // SAFETY: every string is NUL-terminated or null where the kernel takes null.
    unsafe {
        syscall6(
            nr::MOUNT,
            pointer(source),
            target.as_ptr() as usize,
            pointer(fstype),
            flags as usize,
            pointer(data),
            0,
        )
    }
    .map(drop)
}

/// [umount2(2)](https://man7.org/linux/man-pages/man2/umount.2.html)
pub fn umount(target: &CStr, flags: u32) -> Result<()> {
    // SAFETY: `target` is NUL-terminated.
    unsafe {
        syscall6(
            nr::UMOUNT2,
            target.as_ptr() as usize,
            flags as usize,
            0,
            0,
            0,
            0,
        )
    }
    .map(drop)
}

/// [pivot_root(2)](https://man7.org/linux/man-pages/man2/pivot_root.2.html)
pub fn pivot_root(new_root: &CStr, put_old: &CStr) -> Result<()> {
    // SAFETY: both strings are NUL-terminated.
    unsafe {
        syscall6(
            nr::PIVOT_ROOT,
            new_root.as_ptr() as usize,
            put_old.as_ptr() as usize,
            0,
            0,
            0,
            0,
        )
    }
    .map(drop)
}

/// [open_tree(2)](https://man7.org/linux/man-pages/man2/open_tree.2.html), Linux 5.2
pub fn open_tree(dir: i32, path: &CStr, flags: u32) -> Result<i32> {
    // SAFETY: `path` is NUL-terminated.
    let fd = unsafe {
        syscall6(
            nr::OPEN_TREE,
            dir as usize,
            path.as_ptr() as usize,
            flags as usize,
            0,
            0,
            0,
        )
    }?;
    Ok(fd as i32)
}

/// [move_mount(2)](https://man7.org/linux/man-pages/man2/move_mount.2.html), Linux 5.2, from one
/// descriptor onto another
pub fn move_mount(tree: i32, target: i32, flags: u32) -> Result<()> {
    let empty = c"".as_ptr() as usize;
    // SAFETY: both strings are the empty one.
    unsafe {
        syscall6(
            nr::MOVE_MOUNT,
            tree as usize,
            empty,
            target as usize,
            empty,
            flags as usize,
            0,
        )
    }
    .map(drop)
}

/// [mount_setattr(2)](https://man7.org/linux/man-pages/man2/mount_setattr.2.html), Linux 5.12
pub fn mount_setattr(dir: i32, path: &CStr, flags: u32, attr: &MountAttr) -> Result<()> {
    // SAFETY: `path` is NUL-terminated and `attr` is as large as the size that is passed.
    unsafe {
        syscall6(
            nr::MOUNT_SETATTR,
            dir as usize,
            path.as_ptr() as usize,
            flags as usize,
            core::ptr::from_ref(attr) as usize,
            size_of::<MountAttr>(),
            0,
        )
    }
    .map(drop)
}

/// [fsopen(2)](https://man7.org/linux/man-pages/man2/fsopen.2.html), Linux 5.2
pub fn fsopen(fstype: &CStr, flags: u32) -> Result<i32> {
    // SAFETY: `fstype` is NUL-terminated.
    let fd = unsafe {
        syscall6(
            nr::FSOPEN,
            fstype.as_ptr() as usize,
            flags as usize,
            0,
            0,
            0,
            0,
        )
    }?;
    Ok(fd as i32)
}

/// [fsconfig(2)](https://man7.org/linux/man-pages/man2/fsconfig.2.html), Linux 5.2
pub fn fsconfig(fd: i32, command: u32, key: Option<&CStr>, value: Option<&CStr>) -> Result<()> {
    // SAFETY: the strings are NUL-terminated or null where the command takes none.
    unsafe {
        syscall6(
            nr::FSCONFIG,
            fd as usize,
            command as usize,
            pointer(key),
            pointer(value),
            0,
            0,
        )
    }
    .map(drop)
}

/// [fsmount(2)](https://man7.org/linux/man-pages/man2/fsmount.2.html), Linux 5.2
pub fn fsmount(fd: i32, flags: u32, attributes: u64) -> Result<i32> {
    // SAFETY: no memory is passed.
    let fd = unsafe {
        syscall6(
            nr::FSMOUNT,
            fd as usize,
            flags as usize,
            attributes as usize,
            0,
            0,
            0,
        )
    }?;
    Ok(fd as i32)
}
