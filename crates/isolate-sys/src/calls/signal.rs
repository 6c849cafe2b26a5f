//! Signal masks, dispositions and signal descriptors.

use crate::Result;
use crate::abi::SigAction;
use crate::arch::{nr, syscall6};

/// Every signal.
pub const ALL: u64 = !0;

/// Sets the calling thread's mask and gives the old one
/// ([rt_sigprocmask(2)](https://man7.org/linux/man-pages/man2/sigprocmask.2.html)).
pub fn set_mask(mask: u64) -> Result<u64> {
    const SIG_SETMASK: usize = 2;
    let mut old = 0u64;
    // SAFETY: the kernel reads and writes 8 bytes each.
    unsafe {
        syscall6(
            nr::RT_SIGPROCMASK,
            SIG_SETMASK,
            &raw const mask as usize,
            &raw mut old as usize,
            8,
            0,
            0,
        )
    }?;
    Ok(old)
}

/// Gives a signal its default action
/// ([rt_sigaction(2)](https://man7.org/linux/man-pages/man2/sigaction.2.html)).
pub fn reset(signal: i32) -> Result<()> {
    let action = SigAction::default();
    // SAFETY: the default action has no handler to run; the kernel reads one `SigAction`.
    unsafe {
        syscall6(
            nr::RT_SIGACTION,
            signal as usize,
            &raw const action as usize,
            0,
            8,
            0,
            0,
        )
    }
    .map(drop)
}

/// A descriptor that reads the signals of `mask`
/// ([signalfd(2)](https://man7.org/linux/man-pages/man2/signalfd.2.html)), close-on-exec and
/// non-blocking.
pub fn signalfd(mask: u64) -> Result<i32> {
    let flags = (crate::abi::O_CLOEXEC | crate::abi::O_NONBLOCK) as usize;
    // SAFETY: the kernel reads 8 bytes of mask.
    let fd = unsafe {
        syscall6(
            nr::SIGNALFD4,
            usize::MAX,
            &raw const mask as usize,
            8,
            flags,
            0,
            0,
        )
    }?;
    Ok(fd as i32)
}
