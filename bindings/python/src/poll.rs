//! Waiting for a descriptor without the interpreter's lock, so that Ctrl-C works.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::SigSet;
use nix::sys::time::TimeSpec;
use pyo3::prelude::*;

/// Waits until `fd` is readable (`true`) or the deadline has passed (`false`). Python's signal
/// handlers run meanwhile, and what they raise is raised here.
///
/// A signal between the last look at Python's flags and the sleep would be slept through. So signals
/// are blocked around both, and ppoll(2) opens them for the sleep alone.
pub fn readable(py: Python<'_>, fd: BorrowedFd<'_>, deadline: Option<Instant>) -> PyResult<bool> {
    loop {
        // Handlers run here, under the caller's own mask, which a process they start would inherit.
        py.check_signals()?;
        let before = SigSet::all().thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_SETMASK);
        let before = before.map_err(io_error)?;
        // And here only for a signal that came between the two lines above.
        let slept = py.check_signals().map(|()| sleep(py, fd, deadline, before));
        let restored = before.thread_set_mask();
        let slept = slept?;
        restored.map_err(io_error)?;
        match slept {
            Ok(0) if deadline.is_some_and(|d| Instant::now() >= d) => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(true),
            Err(errno) => return Err(io_error(errno)),
        }
    }
}

fn sleep(
    py: Python<'_>,
    fd: BorrowedFd<'_>,
    deadline: Option<Instant>,
    mask: SigSet,
) -> nix::Result<i32> {
    let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
    // A timeout of centuries overflows time_t on its way to the kernel; a day at a time does not.
    let left = left.map(|d| TimeSpec::from_duration(d.min(Duration::from_secs(86_400))));
    py.detach(|| ppoll(&mut [PollFd::new(fd, PollFlags::POLLIN)], left, Some(mask)))
}

fn io_error(errno: Errno) -> PyErr {
    PyErr::from(std::io::Error::from_raw_os_error(errno as i32))
}
