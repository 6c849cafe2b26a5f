//! Ids, capabilities, limits and filters of the calling thread.

use crate::Result;
use crate::abi::{CAPABILITY_VERSION_3, CapData, CapHeader, Rlimit, SockFprog};
use crate::arch::{nr, syscall6};

/// [setresuid(2)](https://man7.org/linux/man-pages/man2/setresuid.2.html), all three the same
pub fn setresuid(uid: u32) -> Result<()> {
    let uid = uid as usize;
    // SAFETY: no memory is passed.
    unsafe { syscall6(nr::SETRESUID, uid, uid, uid, 0, 0, 0) }.map(drop)
}

/// [setresgid(2)](https://man7.org/linux/man-pages/man2/setresuid.2.html), all three the same
pub fn setresgid(gid: u32) -> Result<()> {
    let gid = gid as usize;
    // SAFETY: no memory is passed.
    unsafe { syscall6(nr::SETRESGID, gid, gid, gid, 0, 0, 0) }.map(drop)
}

/// [setgroups(2)](https://man7.org/linux/man-pages/man2/setgroups.2.html)
pub fn setgroups(groups: &[u32]) -> Result<()> {
    // SAFETY: the kernel reads `len` ids of the borrow.
    unsafe {
        syscall6(
            nr::SETGROUPS,
            groups.len(),
            groups.as_ptr() as usize,
            0,
            0,
            0,
            0,
        )
    }
    .map(drop)
}

/// [capset(2)](https://man7.org/linux/man-pages/man2/capset.2.html): effective and permitted are
/// `permitted`
pub fn capset(permitted: u64, inheritable: u64) -> Result<()> {
    let header = CapHeader {
        version: CAPABILITY_VERSION_3,
        pid: 0,
    };
    let half = |shift: u32| CapData {
        effective: (permitted >> shift) as u32,
        permitted: (permitted >> shift) as u32,
        inheritable: (inheritable >> shift) as u32,
    };
    let data = [half(0), half(32)];
    // SAFETY: version 3 reads one header and two halves.
    unsafe {
        syscall6(
            nr::CAPSET,
            &raw const header as usize,
            data.as_ptr() as usize,
            0,
            0,
            0,
            0,
        )
    }
    .map(drop)
}

/// [getgroups(2)](https://man7.org/linux/man-pages/man2/getgroups.2.html) of the calling thread: how many
/// there are; they are written where the buffer is not empty
pub fn getgroups(buffer: &mut [u32]) -> Result<usize> {
    // SAFETY: the kernel writes at most as many ids as the buffer holds.
    unsafe {
        syscall6(
            nr::GETGROUPS,
            buffer.len(),
            buffer.as_mut_ptr() as usize,
            0,
            0,
            0,
            0,
        )
    }
}

/// [capget(2)](https://man7.org/linux/man-pages/man2/capget.2.html) of the calling thread: its effective
/// capabilities, bit by number
pub fn effective_capabilities() -> Result<u64> {
    let header = CapHeader {
        version: CAPABILITY_VERSION_3,
        pid: 0,
    };
    let mut data = [CapData::default(); 2];
    // SAFETY: the kernel reads one header and writes two `CapData` for version 3.
    unsafe {
        syscall6(
            nr::CAPGET,
            &raw const header as usize,
            data.as_mut_ptr() as usize,
            0,
            0,
            0,
            0,
        )
    }?;
    Ok(u64::from(data[0].effective) | u64::from(data[1].effective) << 32)
}

/// [prctl(2)](https://man7.org/linux/man-pages/man2/prctl.2.html) with numbers as arguments
pub fn prctl(option: i32, a: usize, b: usize) -> Result<usize> {
    // SAFETY: callers pass options that take numbers.
    unsafe { syscall6(nr::PRCTL, option as usize, a, b, 0, 0, 0) }
}

/// [prlimit(2)](https://man7.org/linux/man-pages/man2/getrlimit.2.html) on the caller
pub fn setrlimit(resource: u32, limit: Rlimit) -> Result<()> {
    // SAFETY: the kernel reads one `Rlimit` and writes none.
    unsafe {
        syscall6(
            nr::PRLIMIT64,
            0,
            resource as usize,
            &raw const limit as usize,
            0,
            0,
            0,
        )
    }
    .map(drop)
}

/// [seccomp(2)](https://man7.org/linux/man-pages/man2/seccomp.2.html): loads a filter of 8-byte
/// instructions
pub fn seccomp_filter(instructions: &[u8]) -> Result<()> {
    const SECCOMP_SET_MODE_FILTER: usize = 1;
    let program = SockFprog {
        len: (instructions.len() / 8) as u16,
        filter: instructions.as_ptr(),
    };
    // SAFETY: the kernel reads `len` instructions of 8 bytes each.
    unsafe {
        syscall6(
            nr::SECCOMP,
            SECCOMP_SET_MODE_FILTER,
            0,
            &raw const program as usize,
            0,
            0,
            0,
        )
    }
    .map(drop)
}
