//! Extended attributes of open files.

use core::ffi::CStr;

use crate::Result;
use crate::arch::{nr, syscall6};

/// [fgetxattr(2)](https://man7.org/linux/man-pages/man2/getxattr.2.html): how many bytes it has; a
/// `value` that is too small is `ERANGE`.
pub fn get(fd: i32, name: &CStr, value: &mut [u8]) -> Result<usize> {
    // SAFETY: `name` is NUL-terminated; the kernel writes at most `len` bytes into the exclusive borrow.
    unsafe {
        syscall6(
            nr::FGETXATTR,
            fd as usize,
            name.as_ptr() as usize,
            value.as_mut_ptr() as usize,
            value.len(),
            0,
            0,
        )
    }
}

/// [fsetxattr(2)](https://man7.org/linux/man-pages/man2/setxattr.2.html)
pub fn set(fd: i32, name: &CStr, value: &[u8]) -> Result<()> {
    // SAFETY: `name` is NUL-terminated; the kernel reads `len` bytes of the borrow.
    unsafe {
        syscall6(
            nr::FSETXATTR,
            fd as usize,
            name.as_ptr() as usize,
            value.as_ptr() as usize,
            value.len(),
            0,
            0,
        )
    }
    .map(drop)
}

/// [fremovexattr(2)](https://man7.org/linux/man-pages/man2/removexattr.2.html)
pub fn remove(fd: i32, name: &CStr) -> Result<()> {
    // SAFETY: `name` is NUL-terminated.
    unsafe {
        syscall6(
            nr::FREMOVEXATTR,
            fd as usize,
            name.as_ptr() as usize,
            0,
            0,
            0,
            0,
        )
    }
    .map(drop)
}
