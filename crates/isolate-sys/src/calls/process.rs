//! Processes: make, exec, wait, end.

use core::ffi::{CStr, c_char};

use crate::Result;
use crate::abi::{CloneArgs, Rusage, Timespec};
use crate::arch::{nr, syscall6};

/// A fork: [clone(2)](https://man7.org/linux/man-pages/man2/clone.2.html) with memory of its own.
/// Gives 0 in the child.
///
/// # Safety
/// The process must have one thread: the child has only this one, and no lock that another held
/// would ever open.
pub unsafe fn fork() -> Result<i32> {
    // SAFETY: no memory is shared, and the stack is the copied one.
    let pid = unsafe { syscall6(nr::CLONE, crate::abi::SIGCHLD as usize, 0, 0, 0, 0, 0) }?;
    Ok(pid as i32)
}

/// [clone3(2)](https://man7.org/linux/man-pages/man2/clone.2.html) without a stack, as a fork.
///
/// # Safety
/// As [`fork`]; the flags must not share memory.
pub unsafe fn clone3_fork(args: &CloneArgs) -> Result<i32> {
    // SAFETY: the caller vouches for the flags.
    let pid = unsafe {
        syscall6(
            nr::CLONE3,
            core::ptr::from_ref(args) as usize,
            core::mem::size_of::<CloneArgs>(),
            0,
            0,
            0,
            0,
        )
    }?;
    Ok(pid as i32)
}

/// [clone(2)](https://man7.org/linux/man-pages/man2/clone.2.html) with flags, as a fork.
///
/// # Safety
/// As [`clone3_fork`].
pub unsafe fn clone_fork(flags: u64) -> Result<i32> {
    let flags = (flags | crate::abi::SIGCHLD) as usize;
    // SAFETY: the caller vouches for the flags; the stack is the copied one.
    let pid = unsafe { syscall6(nr::CLONE, flags, 0, 0, 0, 0, 0) }?;
    Ok(pid as i32)
}

/// [execve(2)](https://man7.org/linux/man-pages/man2/execve.2.html); returns only to fail.
///
/// # Safety
/// `argv` and `envp` are null-terminated arrays of NUL-terminated strings.
pub unsafe fn execve(
    path: &CStr,
    argv: *const *const c_char,
    envp: *const *const c_char,
) -> crate::Errno {
    // SAFETY: the caller vouches for the arrays.
    let result = unsafe {
        syscall6(
            nr::EXECVE,
            path.as_ptr() as usize,
            argv as usize,
            envp as usize,
            0,
            0,
            0,
        )
    };
    result.err().unwrap_or(crate::Errno::EINVAL)
}

/// [execveat(2)](https://man7.org/linux/man-pages/man2/execveat.2.html) of a descriptor; returns only
/// to fail.
///
/// # Safety
/// As [`execve`].
pub unsafe fn execveat(
    fd: i32,
    argv: *const *const c_char,
    envp: *const *const c_char,
) -> crate::Errno {
    // SAFETY: the caller vouches for the arrays; the path is the empty one.
    let result = unsafe {
        syscall6(
            nr::EXECVEAT,
            fd as usize,
            c"".as_ptr() as usize,
            argv as usize,
            envp as usize,
            crate::abi::AT_EMPTY_PATH as usize,
            0,
        )
    };
    result.err().unwrap_or(crate::Errno::EINVAL)
}

/// [exit_group(2)](https://man7.org/linux/man-pages/man2/exit_group.2.html)
pub fn exit_group(code: i32) -> ! {
    // SAFETY: ends the process; no memory is passed.
    let _ = unsafe { syscall6(nr::EXIT_GROUP, code as usize, 0, 0, 0, 0, 0) };
    // Only a filter that forbids even this comes here: end by a trap, not in a busy loop.
    crate::arch::trap()
}

/// [wait4(2)](https://man7.org/linux/man-pages/man2/wait4.2.html)
pub fn wait4(pid: i32, options: u32, rusage: &mut Rusage) -> Result<(i32, i32)> {
    let mut status = 0i32;
    // SAFETY: the kernel writes one status and one `Rusage`.
    let waited = unsafe {
        syscall6(
            nr::WAIT4,
            pid as usize,
            &raw mut status as usize,
            options as usize,
            core::ptr::from_mut(rusage) as usize,
            0,
            0,
        )
    }?;
    Ok((waited as i32, status))
}

/// [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html)
pub fn kill(pid: i32, signal: i32) -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe { syscall6(nr::KILL, pid as usize, signal as usize, 0, 0, 0, 0) }.map(drop)
}

/// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html), Linux 5.3
pub fn pidfd_open(pid: i32) -> Result<i32> {
    // SAFETY: no memory is passed.
    let fd = unsafe { syscall6(nr::PIDFD_OPEN, pid as usize, 0, 0, 0, 0, 0) }?;
    Ok(fd as i32)
}

/// [pidfd_send_signal(2)](https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html), Linux 5.1
pub fn pidfd_send_signal(pidfd: i32, signal: i32) -> Result<()> {
    // SAFETY: a null siginfo means that of kill(2).
    unsafe {
        syscall6(
            nr::PIDFD_SEND_SIGNAL,
            pidfd as usize,
            signal as usize,
            0,
            0,
            0,
            0,
        )
    }
    .map(drop)
}

/// [getpid(2)](https://man7.org/linux/man-pages/man2/getpid.2.html)
pub fn getpid() -> i32 {
    // SAFETY: no memory is passed; the call cannot fail.
    unsafe { syscall6(nr::GETPID, 0, 0, 0, 0, 0, 0) }.map_or(0, |pid| pid as i32)
}

/// [gettid(2)](https://man7.org/linux/man-pages/man2/gettid.2.html)
pub fn gettid() -> i32 {
    // SAFETY: no memory is passed; the call cannot fail.
    unsafe { syscall6(nr::GETTID, 0, 0, 0, 0, 0, 0) }.map_or(0, |tid| tid as i32)
}

/// [getppid(2)](https://man7.org/linux/man-pages/man2/getpid.2.html)
pub fn getppid() -> i32 {
    // SAFETY: no memory is passed; the call cannot fail.
    unsafe { syscall6(nr::GETPPID, 0, 0, 0, 0, 0, 0) }.map_or(0, |pid| pid as i32)
}

/// [setsid(2)](https://man7.org/linux/man-pages/man2/setsid.2.html)
pub fn setsid() -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe { syscall6(nr::SETSID, 0, 0, 0, 0, 0, 0) }.map(drop)
}

/// [unshare(2)](https://man7.org/linux/man-pages/man2/unshare.2.html)
pub fn unshare(flags: u64) -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe { syscall6(nr::UNSHARE, flags as usize, 0, 0, 0, 0, 0) }.map(drop)
}

/// [setns(2)](https://man7.org/linux/man-pages/man2/setns.2.html)
pub fn setns(fd: i32, flags: u64) -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe { syscall6(nr::SETNS, fd as usize, flags as usize, 0, 0, 0, 0) }.map(drop)
}

/// CLOCK_BOOTTIME, in nanoseconds
/// ([clock_gettime(2)](https://man7.org/linux/man-pages/man2/clock_gettime.2.html)): it goes on while
/// the machine sleeps.
pub fn boottime() -> u64 {
    const CLOCK_BOOTTIME: usize = 7;
    let mut now = Timespec::default();
    // SAFETY: the kernel writes one `Timespec`.
    let _ = unsafe {
        syscall6(
            nr::CLOCK_GETTIME,
            CLOCK_BOOTTIME,
            &raw mut now as usize,
            0,
            0,
            0,
            0,
        )
    };
    (now.sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(now.nsec as u64)
}

/// [getrandom(2)](https://man7.org/linux/man-pages/man2/getrandom.2.html), at most 256 bytes
pub fn getrandom(buffer: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes at most `len` bytes into the exclusive borrow.
    unsafe {
        syscall6(
            nr::GETRANDOM,
            buffer.as_mut_ptr() as usize,
            buffer.len(),
            0,
            0,
            0,
            0,
        )
    }
}

/// How a process ended (waitid(2)).
#[derive(Clone, Copy, Debug)]
pub struct Exit {
    /// `CLD_EXITED` (1), `CLD_KILLED` (2) or `CLD_DUMPED` (3).
    pub code: i32,
    /// Exit code or signal.
    pub status: i32,
    /// What it and the children it waited for used.
    pub rusage: Rusage,
}

/// Waits for the process of a pidfd
/// ([waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html), Linux 5.4). `None` when
/// `nohang` and it still runs.
pub fn wait_pidfd(pidfd: i32, nohang: bool) -> Result<Option<Exit>> {
    const P_PIDFD: usize = 3;
    const WEXITED: usize = 4;
    const WALL: usize = 0x4000_0000;
    /// `siginfo_t`: signo, errno, code, a hole, then pid, uid, status.
    #[repr(C, align(8))]
    struct Info([i32; 32]);
    let mut info = Info([0; 32]);
    let mut rusage = Rusage::default();
    let options = WEXITED | WALL | usize::from(nohang);
    // SAFETY: the kernel writes one siginfo_t (128 bytes) and one rusage.
    unsafe {
        syscall6(
            nr::WAITID,
            P_PIDFD,
            pidfd as usize,
            &raw mut info as usize,
            options,
            &raw mut rusage as usize,
            0,
        )
    }?;
    if info.0[0] == 0 {
        return Ok(None);
    }
    Ok(Some(Exit {
        code: info.0[2],
        status: info.0[6],
        rusage,
    }))
}
