//! Asks the kernel whether it knows a call, with arguments that cannot do anything.

use crate::Errno;
use crate::abi::{CLONE_THREAD, CLONE_VFORK};
use crate::arch::{nr, syscall6};

/// What [clone3(2)](https://man7.org/linux/man-pages/man2/clone.2.html) says to arguments of no size:
/// EINVAL where it is known, ENOSYS or EPERM where the kernel or a container's filter refuses it.
pub fn clone3() -> Errno {
    // SAFETY: a size below that of the first version is refused before anything is read or made.
    let refused = unsafe { syscall6(nr::CLONE3, 0, 0, 0, 0, 0, 0) };
    refused.err().unwrap_or(Errno::EINVAL)
}

/// What [clone(2)](https://man7.org/linux/man-pages/man2/clone.2.html) says to `CLONE_NEW*` flags beside one
/// that no kernel takes alone: EINVAL, and no process is made. Anything else is a filter's word, since
/// filters look at the flags before the kernel does.
///
/// To be asked only where there is a filter: valgrind 3.19 leaves every signal blocked when clone(2) fails.
pub fn clone(flags: u64) -> Errno {
    let flags = flags | CLONE_THREAD;
    // SAFETY: CLONE_THREAD without CLONE_SIGHAND is refused before anything is made.
    let refused = unsafe { syscall6(nr::CLONE, flags as usize, 0, 0, 0, 0, 0) };
    refused.err().unwrap_or(Errno::EINVAL)
}

/// The same of [unshare(2)](https://man7.org/linux/man-pages/man2/unshare.2.html).
pub fn unshare(flags: u64) -> Errno {
    let flags = flags | CLONE_VFORK;
    // SAFETY: a flag that unshare(2) does not know is refused before anything changes.
    let refused = unsafe { syscall6(nr::UNSHARE, flags as usize, 0, 0, 0, 0, 0) };
    refused.err().unwrap_or(Errno::EINVAL)
}

/// What [mount(2)](https://man7.org/linux/man-pages/man2/mount.2.html) says to a source that cannot be
/// read: EFAULT, before the caller's rights are looked at. Anything else is a filter's word.
pub fn mount() -> Errno {
    const UNREADABLE: usize = 1;
    // SAFETY: the kernel copies the texts first, and fails on the first of them.
    let refused = unsafe { syscall6(nr::MOUNT, UNREADABLE, UNREADABLE, UNREADABLE, 0, 0, 0) };
    refused.err().unwrap_or(Errno::EFAULT)
}
