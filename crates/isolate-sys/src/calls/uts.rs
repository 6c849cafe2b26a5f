//! Host and domain name.

use crate::Result;
use crate::arch::{nr, syscall6};

/// [sethostname(2)](https://man7.org/linux/man-pages/man2/gethostname.2.html)
pub fn sethostname(name: &[u8]) -> Result<()> {
    // SAFETY: the kernel reads `len` bytes of the borrow.
    unsafe {
        syscall6(
            nr::SETHOSTNAME,
            name.as_ptr() as usize,
            name.len(),
            0,
            0,
            0,
            0,
        )
    }
    .map(drop)
}

/// [setdomainname(2)](https://man7.org/linux/man-pages/man2/getdomainname.2.html)
pub fn setdomainname(name: &[u8]) -> Result<()> {
    // SAFETY: the kernel reads `len` bytes of the borrow.
    unsafe {
        syscall6(
            nr::SETDOMAINNAME,
            name.as_ptr() as usize,
            name.len(),
            0,
            0,
            0,
            0,
        )
    }
    .map(drop)
}
