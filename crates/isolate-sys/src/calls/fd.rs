//! Descriptors: read, write, duplicate, close, poll, map.

use crate::Result;
use crate::abi::{PollFd, Timespec};
use crate::arch::{nr, syscall6};

/// [read(2)](https://man7.org/linux/man-pages/man2/read.2.html)
pub fn read(fd: i32, buffer: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes at most `len` bytes into the exclusive borrow.
    unsafe {
        syscall6(
            nr::READ,
            fd as usize,
            buffer.as_mut_ptr() as usize,
            buffer.len(),
            0,
            0,
            0,
        )
    }
}

/// [pread(2)](https://man7.org/linux/man-pages/man2/pread.2.html)
pub fn pread(fd: i32, buffer: &mut [u8], offset: u64) -> Result<usize> {
    // SAFETY: as `read`.
    unsafe {
        syscall6(
            nr::PREAD64,
            fd as usize,
            buffer.as_mut_ptr() as usize,
            buffer.len(),
            offset as usize,
            0,
            0,
        )
    }
}

/// [write(2)](https://man7.org/linux/man-pages/man2/write.2.html)
pub fn write(fd: i32, data: &[u8]) -> Result<usize> {
    // SAFETY: the kernel reads `len` bytes of the borrow.
    unsafe {
        syscall6(
            nr::WRITE,
            fd as usize,
            data.as_ptr() as usize,
            data.len(),
            0,
            0,
            0,
        )
    }
}

/// [close(2)](https://man7.org/linux/man-pages/man2/close.2.html)
pub fn close(fd: i32) -> Result<()> {
    // SAFETY: no memory is passed. Closing a descriptor someone else uses is a logic error, not a
    // memory error.
    unsafe { syscall6(nr::CLOSE, fd as usize, 0, 0, 0, 0, 0) }.map(drop)
}

/// [close_range(2)](https://man7.org/linux/man-pages/man2/close_range.2.html), Linux 5.9
pub fn close_range(first: u32, last: u32) -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe { syscall6(nr::CLOSE_RANGE, first as usize, last as usize, 0, 0, 0, 0) }.map(drop)
}

/// [dup3(2)](https://man7.org/linux/man-pages/man2/dup.2.html); the copy is not close-on-exec.
pub fn dup3(from: i32, to: i32, flags: u32) -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe {
        syscall6(
            nr::DUP3,
            from as usize,
            to as usize,
            flags as usize,
            0,
            0,
            0,
        )
    }
    .map(drop)
}

/// [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html) with a number as its argument
pub fn fcntl(fd: i32, command: u32, argument: usize) -> Result<usize> {
    // SAFETY: callers pass commands that take a number.
    unsafe { syscall6(nr::FCNTL, fd as usize, command as usize, argument, 0, 0, 0) }
}

/// [ppoll(2)](https://man7.org/linux/man-pages/man2/ppoll.2.html) with the signal mask as it is
pub fn poll(fds: &mut [PollFd], timeout: Option<Timespec>) -> Result<usize> {
    let mut time = timeout.unwrap_or_default();
    let pointer = match timeout {
        Some(_) => &raw mut time as usize,
        None => 0,
    };
    // SAFETY: the kernel writes `revents` of the exclusive borrow and the time left into `time`.
    unsafe {
        syscall6(
            nr::PPOLL,
            fds.as_mut_ptr() as usize,
            fds.len(),
            pointer,
            0,
            8,
            0,
        )
    }
}

/// Maps `len` bytes: a descriptor's first bytes for reading, or, with `fd` -1, fresh memory to read
/// and write ([mmap(2)](https://man7.org/linux/man-pages/man2/mmap.2.html)).
pub fn map(fd: i32, len: usize) -> Result<*mut u8> {
    const PROT_READ: usize = 1;
    const PROT_WRITE: usize = 2;
    const MAP_PRIVATE: usize = 2;
    const MAP_ANONYMOUS: usize = 0x20;
    let (protection, flags) = if fd < 0 {
        (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS)
    } else {
        (PROT_READ, MAP_PRIVATE)
    };
    // SAFETY: a new mapping at an address of the kernel's choice disturbs nothing.
    let address = unsafe { syscall6(nr::MMAP, 0, len, protection, flags, fd as usize, 0) }?;
    Ok(address as *mut u8)
}

/// [getdents64(2)](https://man7.org/linux/man-pages/man2/getdents.2.html)
pub fn getdents(fd: i32, buffer: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes at most `len` bytes into the exclusive borrow.
    unsafe {
        syscall6(
            nr::GETDENTS64,
            fd as usize,
            buffer.as_mut_ptr() as usize,
            buffer.len(),
            0,
            0,
            0,
        )
    }
}

/// [pipe2(2)](https://man7.org/linux/man-pages/man2/pipe.2.html): the read end, then the write end
pub fn pipe(flags: u32) -> Result<[i32; 2]> {
    let mut ends = [0i32; 2];
    // SAFETY: the kernel writes two descriptors.
    unsafe {
        syscall6(
            nr::PIPE2,
            ends.as_mut_ptr() as usize,
            flags as usize,
            0,
            0,
            0,
            0,
        )
    }?;
    Ok(ends)
}

/// [memfd_create(2)](https://man7.org/linux/man-pages/man2/memfd_create.2.html)
pub fn memfd_create(name: &core::ffi::CStr, flags: u32) -> Result<i32> {
    // SAFETY: `name` is NUL-terminated.
    let fd = unsafe {
        syscall6(
            nr::MEMFD_CREATE,
            name.as_ptr() as usize,
            flags as usize,
            0,
            0,
            0,
            0,
        )
    }?;
    Ok(fd as i32)
}
