//! Entering namespaces that are there, and going on in new ones that they own.

use isolate_plan::{Command, JOIN_AS_ROOT, JOIN_IF_REFUSED, JOIN_TRY, KILL_REAPED, Report};
use isolate_sys::abi::{
    CLONE_NEWUSER, CLONE_PARENT, CloneArgs, POLLIN, PR_SET_DUMPABLE, PollFd, Rusage, SIGCHLD, SIGKILL,
    SignalInfo,
};
use isolate_sys::calls::{fd, privilege, process, signal};
use isolate_sys::{Errno, Result};

use crate::state::Init;
use crate::{descriptors, host, privileges};

const WNOHANG: u32 = 1;
/// wait for children of any kind
const WALL: u32 = 0x4000_0000;
/// What the kernel itself sends, in siginfo's code.
const SI_KERNEL: i32 = 0x80;

/// Enters a namespace. What it takes, CAP_SYS_ADMIN over it, a process may have from the start or only
/// once it is in the user namespace that owns it: so everything is tried before and after that one.
pub fn join(init: &mut Init, slot: u32, flags: u64, when: u32) -> Result<()> {
    if init.has_entered(slot) || (when == JOIN_IF_REFUSED && !init.refused) {
        return Ok(());
    }
    // Once among strangers, this process has descriptors of the host's that are not theirs to look at.
    privilege::prctl(PR_SET_DUMPABLE, 0, 0)?;
    match process::setns(init.slot(slot)?, flags) {
        Ok(()) => {
            init.set_entered(slot);
            if when == JOIN_AS_ROOT {
                let _ = privileges::set_ids(0, 0, None);
            }
        }
        Err(Errno::EPERM) if when == JOIN_TRY => init.refused = true,
        Err(errno) => return Err(errno),
    }
    Ok(())
}

/// Forks into new namespaces, and ends the process before or leaves it to reap. A process cannot enter a
/// pid namespace itself, and the host could not wait for a grandchild.
pub fn rebirth(init: &mut Init, flags: u64, stay: bool) -> Result<()> {
    let flags = if stay { flags } else { flags | CLONE_PARENT };
    let exit_signal = if stay { SIGCHLD } else { 0 };
    let args = CloneArgs { flags, exit_signal, ..CloneArgs::default() };
    // SAFETY: the init has one thread, and the flags share no memory.
    let child = match unsafe { process::clone3_fork(&args) } {
        // Container filters, and kernels before 5.3.
        Err(Errno::ENOSYS | Errno::EPERM | Errno::EINVAL) => {
            // SAFETY: as above.
            unsafe { process::clone_fork(flags) }?
        }
        other => other?,
    };
    if child != 0 {
        if stay {
            reap(child);
        }
        process::exit_group(0);
    }
    if flags & CLONE_NEWUSER != 0 {
        // An ordinary user's host could not write the id maps of a process that is not dumpable, and
        // nobody else is in the new namespace.
        privilege::prctl(PR_SET_DUMPABLE, 1, 0)?;
    }
    host::send(init.control, &Report::Reborn.encode())?;
    host::wait_for(init, Command::Go)?;
    privilege::prctl(PR_SET_DUMPABLE, 0, 0).map(drop)
}

/// Waits for the one process, passes signals on to it, and ends as it ended.
///
/// A pid namespace does not end before whoever ended in it is reaped, and were this process killed
/// instead of the other, that might never be: so the host has a signal for it.
fn reap(child: i32) -> ! {
    // The line to the host is the other's alone.
    let _ = descriptors::close_all_but(|_| None);
    let Ok(signals) = signal::signalfd(signal::ALL) else {
        process::exit_group(1);
    };
    let mut rusage = Rusage::default();
    loop {
        match process::wait4(child, WNOHANG | WALL, &mut rusage) {
            Ok((0, _)) | Err(Errno::EINTR) => {}
            Ok((_, status)) => end_as(status),
            Err(_) => process::exit_group(1),
        }
        let mut fds = [PollFd { fd: signals, events: POLLIN, revents: 0 }];
        let _ = fd::poll(&mut fds, None);
        let mut info = [0u8; size_of::<SignalInfo>()];
        while let Ok(128) = fd::read(signals, &mut info) {
            let number = i32::from_ne_bytes([info[0], info[1], info[2], info[3]]);
            let code = i32::from_ne_bytes([info[8], info[9], info[10], info[11]]);
            let _ = match number {
                KILL_REAPED => process::kill(child, SIGKILL),
                _ if number as u64 == SIGCHLD => Ok(()),
                // A terminal's has gone to the other, too.
                _ if code == SI_KERNEL => Ok(()),
                _ => process::kill(child, number),
            };
        }
    }
}

/// Ends with the status that another process ended with (wait(2)).
fn end_as(status: i32) -> ! {
    let signal = status & 0x7F;
    if signal != 0 {
        // No second core: this process is not dumpable. Unblocked, it does not come back from its end.
        let _ = signal::set_mask(0);
        let _ = process::kill(process::getpid(), signal);
    }
    process::exit_group(status >> 8 & 0xFF)
}
