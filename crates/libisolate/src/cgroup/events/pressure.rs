//! Pressure stall triggers of a group on the v2 tree (Documentation/accounting/psi.rst).
//!
//! Polling such a trigger takes its event away. Were it among the polled descriptors, an event loop that
//! polls the descriptor over all of them would swallow the event, so it is polled here alone: when
//! inotify(7) tells of the file, and now and then.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::EpollFlags;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::record::{Event, EventKind, Resource};
use super::source::{Origin, Pace, Source, gone};
use crate::cgroup::dir::Dir;
use crate::error::{Error, ErrorKind, Result, Stage};

/// The kernel's windows (newer ones take shorter ones, too), and their step for callers
/// without `CAP_SYS_RESOURCE`.
const SHORTEST: u64 = 500_000;
const LONGEST: u64 = 10_000_000;
const STEP: u64 = 2_000_000;

/// A trigger at work.
#[derive(Debug)]
pub(super) struct Pressure {
    origin: Origin,
    trigger: OwnedFd,
    dir: Dir,
    kind: &'static str,
    /// Whether inotify tells when to look.
    noted: bool,
}

impl Pressure {
    /// Sets a trigger, and has `notes` (made when it is first needed) tell of it.
    pub fn new(
        dir: &Dir,
        (watch, resource, full): (u32, Resource, bool),
        (stall, window): (u64, u64),
        notes: &mut Option<Inotify>,
    ) -> Result<Pressure> {
        let origin = Origin {
            watch,
            file: resource.file(),
        };
        let kind = if full { "full" } else { "some" };
        let trigger = set(dir, origin.file, kind, stall, window)?;
        Ok(Pressure {
            noted: note(&trigger, notes).is_ok(),
            origin,
            trigger,
            dir: dir.try_clone()?,
            kind,
        })
    }

    /// The group's stall time so far in microseconds.
    fn total(&self) -> Option<u64> {
        let text = self.dir.read(self.origin.file).ok()?;
        let line = text.lines().find(|line| line.starts_with(self.kind))?;
        line.rsplit_once("total=")?.1.trim().parse().ok()
    }
}

impl Source for Pressure {
    fn ready(&self) -> Option<(BorrowedFd<'_>, EpollFlags)> {
        None
    }

    fn pace(&self) -> Pace {
        // Where inotify serves, still: older kernels (before 6.5) wake those who poll a trigger without
        // telling of the file.
        if self.noted { Pace::Slow } else { Pace::Fast }
    }

    fn check(&mut self, queue: &mut VecDeque<Event>) -> Result<()> {
        let mut fds = [PollFd::new(self.trigger.as_fd(), PollFlags::POLLPRI)];
        let ready = poll(&mut fds, PollTimeout::ZERO);
        let told = fds[0].revents().unwrap_or(PollFlags::empty());
        match ready {
            Ok(0) | Err(nix::errno::Errno::EINTR) => return Ok(()),
            Ok(_) => {}
            Err(errno) => {
                let path = self.dir.path().join(self.origin.file).display().to_string();
                return Err(Error::from_io(&errno.into(), Stage::Cgroup, path));
            }
        }
        // The trigger is gone with the group.
        if told.contains(PollFlags::POLLERR) {
            return Err(gone(&self.dir));
        }
        let mut event = self.origin.event(EventKind::Pressure, 1);
        event.value = self.total();
        event.detail = Some(self.kind.to_owned());
        queue.push_back(event);
        Ok(())
    }
}

/// Writes a trigger into a descriptor of its own, with whose end it goes.
fn set(dir: &Dir, file: &str, kind: &str, stall: u64, window: u64) -> Result<OwnedFd> {
    let subject = format!(
        "{}: \"{kind} {stall} {window}\"",
        dir.path().join(file).display()
    );
    if !(SHORTEST..=LONGEST).contains(&window) || stall == 0 || stall > window {
        return Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Cgroup,
            subject,
            format!(
                "the window is {SHORTEST} to {LONGEST} microseconds, and the stall time 1 to the window"
            ),
        ));
    }
    let trigger = dir.descriptor(file, true).map_err(|error| {
        if matches!(error.errno(), libc::ENOENT | libc::EOPNOTSUPP) {
            error.with_kind(ErrorKind::Unsupported).with_hint(
                "the kernel has no pressure stall information (CONFIG_PSI, Linux 5.2, and psi=1 on its \
                 command line), or cgroup.pressure of the group is 0",
            )
        } else {
            error
        }
    })?;
    // With the NUL: /proc's twin of this file takes the last byte for one.
    let line = format!("{kind} {stall} {window}\0");
    match nix::unistd::write(&trigger, line.as_bytes()) {
        Ok(_) => Ok(trigger),
        Err(errno) => {
            let error = Error::from_io(&errno.into(), Stage::Cgroup, subject);
            Err(match errno {
                nix::errno::Errno::EINVAL if !window.is_multiple_of(STEP) => {
                    error.with_kind(ErrorKind::Permission).with_hint(
                        "without CAP_SYS_RESOURCE the window must be a multiple of 2000000 microseconds",
                    )
                }
                nix::errno::Errno::EPERM | nix::errno::Errno::EINVAL => error
                    .with_hint("older kernels (before 6.4) want CAP_SYS_RESOURCE for every trigger"),
                nix::errno::Errno::EOPNOTSUPP => {
                    error.with_hint("pressure stall information is switched off: boot with psi=1")
                }
                _ => error,
            })
        }
    }
}

/// Has inotify tell of the trigger's file.
fn note(trigger: &OwnedFd, notes: &mut Option<Inotify>) -> nix::Result<()> {
    if notes.is_none() {
        *notes = Some(Inotify::init(
            InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK,
        )?);
    }
    let Some(inotify) = notes else { return Ok(()) };
    // By descriptor: the path may lead elsewhere by now.
    let path = format!("/proc/self/fd/{}", trigger.as_raw_fd());
    inotify
        .add_watch(path.as_str(), AddWatchFlags::IN_MODIFY)
        .map(drop)
}
