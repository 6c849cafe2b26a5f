//! What the init remembers between ops, and how it reports a failure.

use isolate_plan::{MAX_SLOTS, Report};
use isolate_sys::abi::{F_SETFD, PR_SET_NAME};
use isolate_sys::calls::{fd, path, privilege, process, signal};
use isolate_sys::{Errno, Result};

use crate::root::Tree;
use crate::{descriptors, host};

/// A descriptor in a slot.
#[derive(Clone, Copy)]
pub struct Slot {
    /// The descriptor plus one, so that zeroed memory is empty.
    raw: u32,
    /// 1 when it names a place in a mounted tree, where the kernel has no open_tree(2); 0 when it is
    /// a detached tree or anything else.
    attached: u32,
    /// 1 when it is a namespace that this process has entered.
    entered: u32,
}

/// The init, and after the fork the job's process.
pub struct Init {
    /// The socket to the host, close-on-exec.
    pub control: i32,
    /// In the job's process: the pipe on which it tells the init of a failure.
    pub failure: Option<i32>,
    /// The new root, while it is being built, or the root.
    pub root: Option<i32>,
    /// File mode creation mask for the job: the caller's, unless the plan says otherwise.
    pub umask: u32,
    /// In the job's process: the init, when the job must be killed with it because there is no pid
    /// namespace to do it.
    pub die_with: Option<i32>,
    /// A namespace could not be entered yet for want of capabilities.
    pub refused: bool,
    slots: &'static mut [Slot],
    filled: usize,
}

impl Init {
    /// Takes over from the exec: closes what the host leaked, resets what signals do.
    pub fn new(control: i32) -> Result<Init> {
        // Names for people who look at ps; the memory file has none.
        privilege::prctl(PR_SET_NAME, c"isolate-init".as_ptr() as usize, 0)?;
        fd::fcntl(control, F_SETFD, 1)?;
        let keep = control as u32;
        descriptors::close_all_but(|from| (keep >= from).then_some(keep))?;
        // The spark blocked every signal, and exec left those ignored that the host ignores.
        for number in 1..=isolate_sys::abi::SIGNALS {
            let _ = signal::reset(number);
        }
        let bytes = MAX_SLOTS * size_of::<Slot>();
        let memory = fd::map(-1, bytes)?.cast::<Slot>();
        // SAFETY: fresh zeroed memory of exactly this size, used by nobody else, never unmapped.
        let slots = unsafe { core::slice::from_raw_parts_mut(memory, MAX_SLOTS) };
        Ok(Init {
            control,
            failure: None,
            root: None,
            umask: path::umask(0),
            die_with: None,
            refused: false,
            slots,
            filled: 0,
        })
    }

    /// Puts a received descriptor into the next slot.
    pub fn fill(&mut self, descriptor: i32) -> Result<()> {
        self.set_slot(self.filled as u32, descriptor)?;
        self.filled += 1;
        Ok(())
    }

    /// Puts a descriptor into a slot.
    pub fn set_slot(&mut self, slot: u32, descriptor: i32) -> Result<()> {
        let place = self.slots.get_mut(slot as usize).ok_or(Errno::EPROTO)?;
        place.raw = descriptor as u32 + 1;
        Ok(())
    }

    /// Puts the descriptor of a place in a mounted tree into a slot.
    pub fn set_attached(&mut self, slot: u32, descriptor: i32) -> Result<()> {
        self.set_slot(slot, descriptor)?;
        self.slots[slot as usize].attached = 1;
        Ok(())
    }

    /// Notes that the namespace in a slot has been entered.
    pub fn set_entered(&mut self, slot: u32) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            place.entered = 1;
        }
    }

    /// Whether the namespace in a slot has been entered.
    pub fn has_entered(&self, slot: u32) -> bool {
        self.slots.get(slot as usize).is_some_and(|place| place.entered != 0)
    }

    /// The mount in a slot.
    pub fn tree(&self, slot: u32) -> Result<Tree> {
        let descriptor = self.slot(slot)?;
        Ok(if self.slots[slot as usize].attached == 0 {
            Tree::Detached(descriptor)
        } else {
            Tree::Place(descriptor)
        })
    }

    /// The descriptor in a slot.
    pub fn slot(&self, slot: u32) -> Result<i32> {
        match self.slots.get(slot as usize) {
            Some(Slot { raw, .. }) if *raw != 0 => Ok((*raw - 1) as i32),
            _ => Err(Errno::EPROTO),
        }
    }

    /// Reports that op `index` failed, and ends.
    pub fn fail(&self, index: u32, errno: Errno) -> ! {
        let report = Report::Failed { op: index, errno: errno.raw() as u32 }.encode();
        match self.failure {
            Some(pipe) => drop(fd::write(pipe, &report)),
            None => drop(host::send(self.control, &report)),
        }
        process::exit_group(1)
    }
}
