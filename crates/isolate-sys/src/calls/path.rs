//! Paths: open, make, look at.

use core::ffi::CStr;
use core::mem::size_of;

use crate::Result;
use crate::abi::{OpenHow, Stat, Statx};
use crate::arch::{nr, syscall6};

/// [openat(2)](https://man7.org/linux/man-pages/man2/open.2.html)
pub fn openat(dir: i32, path: &CStr, flags: u32, mode: u32) -> Result<i32> {
    // SAFETY: `path` is NUL-terminated.
    let fd = unsafe {
        syscall6(
            nr::OPENAT,
            dir as usize,
            path.as_ptr() as usize,
            flags as usize,
            mode as usize,
            0,
            0,
        )
    }?;
    Ok(fd as i32)
}

/// [openat2(2)](https://man7.org/linux/man-pages/man2/openat2.2.html), Linux 5.6
pub fn openat2(dir: i32, path: &CStr, how: &OpenHow) -> Result<i32> {
    // SAFETY: `path` is NUL-terminated and `how` is as large as the size that is passed.
    let fd = unsafe {
        syscall6(
            nr::OPENAT2,
            dir as usize,
            path.as_ptr() as usize,
            core::ptr::from_ref(how) as usize,
            size_of::<OpenHow>(),
            0,
            0,
        )
    }?;
    Ok(fd as i32)
}

/// [mkdirat(2)](https://man7.org/linux/man-pages/man2/mkdir.2.html)
pub fn mkdirat(dir: i32, path: &CStr, mode: u32) -> Result<()> {
    // SAFETY: `path` is NUL-terminated.
    unsafe {
        syscall6(
            nr::MKDIRAT,
            dir as usize,
            path.as_ptr() as usize,
            mode as usize,
            0,
            0,
            0,
        )
    }
    .map(drop)
}

/// [symlinkat(2)](https://man7.org/linux/man-pages/man2/symlink.2.html)
pub fn symlinkat(text: &CStr, dir: i32, path: &CStr) -> Result<()> {
    // SAFETY: both strings are NUL-terminated.
    unsafe {
        syscall6(
            nr::SYMLINKAT,
            text.as_ptr() as usize,
            dir as usize,
            path.as_ptr() as usize,
            0,
            0,
            0,
        )
    }
    .map(drop)
}

/// [fstatat(2)](https://man7.org/linux/man-pages/man2/stat.2.html)
pub fn fstatat(dir: i32, path: &CStr, flags: u32) -> Result<Stat> {
    let mut stat = Stat::default();
    // SAFETY: `path` is NUL-terminated and the kernel writes one `Stat`.
    unsafe {
        syscall6(
            nr::NEWFSTATAT,
            dir as usize,
            path.as_ptr() as usize,
            &raw mut stat as usize,
            flags as usize,
            0,
            0,
        )
    }?;
    Ok(stat)
}

/// [statx(2)](https://man7.org/linux/man-pages/man2/statx.2.html), Linux 4.11
pub fn statx(dir: i32, path: &CStr, flags: u32, mask: u32) -> Result<Statx> {
    let mut stat = Statx::default();
    // SAFETY: `path` is NUL-terminated and the kernel writes one `Statx`.
    unsafe {
        syscall6(
            nr::STATX,
            dir as usize,
            path.as_ptr() as usize,
            flags as usize,
            mask as usize,
            &raw mut stat as usize,
            0,
        )
    }?;
    Ok(stat)
}

/// [chdir(2)](https://man7.org/linux/man-pages/man2/chdir.2.html)
pub fn chdir(path: &CStr) -> Result<()> {
    // SAFETY: `path` is NUL-terminated.
    unsafe { syscall6(nr::CHDIR, path.as_ptr() as usize, 0, 0, 0, 0, 0) }.map(drop)
}

/// [fchdir(2)](https://man7.org/linux/man-pages/man2/chdir.2.html)
pub fn fchdir(fd: i32) -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe { syscall6(nr::FCHDIR, fd as usize, 0, 0, 0, 0, 0) }.map(drop)
}

/// [umask(2)](https://man7.org/linux/man-pages/man2/umask.2.html); gives the old mask
pub fn umask(mask: u32) -> u32 {
    // SAFETY: no memory is passed; the call cannot fail.
    unsafe { syscall6(nr::UMASK, mask as usize, 0, 0, 0, 0, 0) }.map_or(0, |old| old as u32)
}

/// [readlinkat(2)](https://man7.org/linux/man-pages/man2/readlink.2.html); gives the length
pub fn readlinkat(dir: i32, path: &CStr, buffer: &mut [u8]) -> Result<usize> {
    // SAFETY: `path` is NUL-terminated and the kernel writes at most `len` bytes.
    unsafe {
        syscall6(
            nr::READLINKAT,
            dir as usize,
            path.as_ptr() as usize,
            buffer.as_mut_ptr() as usize,
            buffer.len(),
            0,
            0,
        )
    }
}
