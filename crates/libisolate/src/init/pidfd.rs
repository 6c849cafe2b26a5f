//! Pidfds where the kernel, a container's filter or valgrind 3.19 knows clone's CLONE_PIDFD but not the
//! calls that came after it (pidfd_send_signal: Linux 5.1, pidfd_open: 5.3).

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use isolate_sys::calls::process;
use isolate_sys::{Errno, Result};
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::sysfd::own;

/// Sends a signal to a child that this process has not reaped.
pub(crate) fn send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> Result<()> {
    match process::pidfd_send_signal(pidfd.as_raw_fd(), signal) {
        // Until it is reaped, nobody else gets the child's number.
        Err(Errno::ENOSYS) => process::kill(number(pidfd)?, signal),
        sent => sent,
    }
}

/// The process id behind a pidfd (proc(5), /proc/PID/fdinfo).
fn number(pidfd: BorrowedFd<'_>) -> Result<i32> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd()))
        .map_err(|_| Errno::ENOSYS)?;
    let line = info.lines().find_map(|line| line.strip_prefix("Pid:"));
    // 0 and -1, outside this pid namespace and reaped, would address other processes altogether.
    let pid = line
        .and_then(|text| text.trim().parse().ok())
        .filter(|pid| *pid > 0);
    pid.ok_or(Errno::ESRCH)
}

/// A descriptor that becomes readable when this process ends.
pub(crate) fn of_this_process() -> Result<OwnedFd> {
    match own(process::pidfd_open(process::getpid())) {
        // One that never becomes readable: the init also sees the end of its line to this process.
        Err(Errno::ENOSYS) => EventFd::from_flags(EfdFlags::EFD_CLOEXEC)
            .map(OwnedFd::from)
            .map_err(|errno| Errno::from_raw(errno as i32)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn the_number_behind_a_pidfd() {
        let Ok(own) = own(process::pidfd_open(process::getpid())) else {
            return; // a kernel without pidfd_open has no pidfd to ask about
        };
        assert_eq!(number(own.as_fd()), Ok(process::getpid()));
    }
}
