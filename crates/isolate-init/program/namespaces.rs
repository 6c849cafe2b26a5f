//! Entering namespaces that are there, and going on in new ones that they own.

use isolate_plan::{Command, JOIN_IF_REFUSED, JOIN_TRY, Report};
use isolate_sys::abi::{CLONE_NEWUSER, CLONE_PARENT, CloneArgs, PR_SET_DUMPABLE};
use isolate_sys::calls::{privilege, process};
use isolate_sys::{Errno, Result};

use crate::state::Init;
use crate::{host, privileges};

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
            if when == JOIN_IF_REFUSED {
                // Some of the kernel's files ask for root's id and not for its capabilities. Where it is
                // not mapped, there is none to be.
                let _ = privileges::set_ids(0, 0, None);
            }
        }
        Err(Errno::EPERM) if when == JOIN_TRY => init.refused = true,
        Err(errno) => return Err(errno),
    }
    Ok(())
}

/// Forks into new namespaces, with the host for a parent, and ends the process before. A process cannot
/// enter a new pid namespace itself, and the host could not wait for a grandchild.
pub fn rebirth(init: &mut Init, flags: u64) -> Result<()> {
    let args = CloneArgs { flags: flags | CLONE_PARENT, ..CloneArgs::default() };
    // SAFETY: the init has one thread, and the flags share no memory.
    let child = match unsafe { process::clone3_fork(&args) } {
        // Container filters, and kernels before 5.3.
        Err(Errno::ENOSYS | Errno::EPERM) => {
            // SAFETY: as above.
            unsafe { process::clone_fork(flags | CLONE_PARENT) }?
        }
        other => other?,
    };
    if child != 0 {
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
