//! What a group reports, on every layout: one descriptor to poll, and one record for each event.
//!
//! A [`Watch`] becomes a source, which knows one file of the group; [`Events`] polls them all.

mod counters;
mod notified;
mod open;
mod pressure;
mod record;
mod source;
mod state;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::inotify::Inotify;
use nix::sys::time::TimeSpec;
use nix::sys::timer::TimerSetTimeFlags;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags};

pub use record::{Event, EventKind, Level, LevelMode, Resource, Watch};
use source::{Pace, Source, gone, is_gone, is_there};

use super::dir::Dir;
use super::tree::Tree;
use super::{Cgroup, Version};
use crate::error::{Error, ErrorKind, Result, Stage};

/// How often to look where there is no notification, and where only the group's removal has none.
const FAST: Duration = Duration::from_millis(100);
const SLOW: Duration = Duration::from_secs(1);

/// What is ready in the epoll descriptor: the number of a source, or one of these.
const TIMER: u64 = u64::MAX;
const NOTES: u64 = u64::MAX - 1;
const BELL: u64 = u64::MAX - 2;

/// The events of a group, from when it was asked for them.
///
/// Only what changes afterwards is reported. The descriptor ([`AsFd`]) is readable while there may be
/// something to take, so it suits any event loop; where something has no notification of its own
/// (see [`Watch`]) it is also readable ten times a second, and otherwise once a second where the
/// kernel does not tell of a group's removal, with nothing to take. It is an epoll descriptor:
/// poll it, and read from it by [`Events::next`] alone.
///
/// Every method may be called from several threads; each event is given once. Does not keep the group
/// from being removed. That is reported as `removed`, the last event.
#[derive(Debug)]
pub struct Events {
    epoll: Epoll,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    sources: Vec<Box<dyn Source>>,
    dirs: Vec<Dir>,
    notes: Option<Inotify>,
    timer: TimerFd,
    period: Option<Duration>,
    queue: VecDeque<Event>,
    /// Keeps the descriptor readable while the queue holds something, and after the end.
    bell: EventFd,
    rings: bool,
    over: bool,
}

impl Cgroup {
    /// Begins to watch the group: what happens from now on is told by the [`Events`], which outlive the
    /// handle. Without watches, only its removal is.
    ///
    /// # Errors
    /// `NotFound` when the group has been removed; `Unsupported` when nothing on this layout tells of
    /// what is to be watched, with what to watch instead; `InvalidSpec` for a number out of range;
    /// `Permission` when a file of the group is not the caller's to use.
    pub fn events(&self, watches: &[Watch]) -> Result<Events> {
        watch(&self.trees, watches)
    }
}

/// [`Cgroup::events`] of a group by its directories.
pub(crate) fn watch(trees: &[Tree], watches: &[Watch]) -> Result<Events> {
    let mut opened = open::Opened::default();
    for (number, watch) in watches.iter().enumerate() {
        opened.add(trees, number, watch)?;
    }
    if watches.is_empty() {
        for tree in trees {
            if !is_there(&tree.dir) {
                return Err(gone(&tree.dir));
            }
            opened.dirs.push(tree.dir.try_clone()?);
        }
    }
    Events::new(opened)
}

/// An eventfd that fires when memory runs out in a group on v1 or above it, and once more when the group
/// is removed. It is non-blocking, and its registration ends with it.
///
/// # Errors
/// `Unsupported` on v2 (there is `memory.oom.group`), `NotFound` when the group has been removed.
pub(crate) fn oom_eventfd(tree: &Tree) -> Result<OwnedFd> {
    if tree.version == Version::V2 || !tree.has("memory") {
        return Err(Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            tree.dir.path().display().to_string(),
            "is no group of a v1 memory hierarchy",
        ));
    }
    notified::oom(&tree.dir)
}

impl Events {
    fn new(opened: open::Opened) -> Result<Events> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(failed)?;
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        let mut state = State {
            sources: opened.sources,
            dirs: opened.dirs,
            notes: opened.notes,
            timer: TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).map_err(failed)?,
            period: None,
            queue: VecDeque::new(),
            bell: EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
                .map_err(failed)?,
            rings: false,
            over: false,
        };
        let add = |fd: BorrowedFd<'_>, flags, token| {
            epoll.add(fd, EpollEvent::new(flags, token)).map_err(failed)
        };
        for (token, source) in (0..).zip(&state.sources) {
            if let Some((fd, flags)) = source.ready() {
                add(fd, flags, token)?;
            }
        }
        if let Some(notes) = &state.notes {
            add(notes.as_fd(), EpollFlags::EPOLLIN, NOTES)?;
        }
        add(state.timer.as_fd(), EpollFlags::EPOLLIN, TIMER)?;
        add(state.bell.as_fd(), EpollFlags::EPOLLIN, BELL)?;
        state.keep_time()?;
        Ok(Events {
            epoll,
            state: Mutex::new(state),
        })
    }

    /// The next event, or `None` when there is none now, or never again ([`Events::is_over`]). Does not
    /// block. To be called when the descriptor is readable, until it gives `None`.
    ///
    /// # Errors
    /// `Other` when a file of the group cannot be read although the group is there.
    pub fn next(&self) -> Result<Option<Event>> {
        let mut state = self.lock();
        let looked = match state.queue.is_empty() && !state.over {
            true => state.look(&self.epoll),
            false => Ok(()),
        };
        let event = state.queue.pop_front();
        state.ring();
        match event {
            Some(event) => Ok(Some(event)),
            None => looked.map(|()| None),
        }
    }

    /// Waits for the next event, at most `timeout` where one is given; `None` when it has passed, or
    /// when there will be no event any more.
    ///
    /// # Errors
    /// As [`Events::next`].
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Option<Event>> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            if let Some(event) = self.next()? {
                return Ok(Some(event));
            }
            if self.is_over() {
                return Ok(None);
            }
            let left = match deadline {
                None => PollTimeout::NONE,
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(None);
                    }
                    // Up to a whole millisecond, not to spin in the last one.
                    PollTimeout::try_from(left + Duration::from_millis(1))
                        .unwrap_or(PollTimeout::MAX)
                }
            };
            let mut fds = [PollFd::new(self.epoll.0.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, left) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
    }

    /// Whether the group is gone and every event was taken. From then on the descriptor stays readable,
    /// as at the end of a file.
    pub fn is_over(&self) -> bool {
        let state = self.lock();
        state.over && state.queue.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Events {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}

impl State {
    /// Reads what is ready.
    fn look(&mut self, epoll: &Epoll) -> Result<()> {
        let mut ready = [EpollEvent::empty(); 16];
        let count = match epoll.wait(&mut ready, EpollTimeout::ZERO) {
            Ok(0) | Err(Errno::EINTR) => return Ok(()),
            Ok(count) => count,
            Err(errno) => return Err(failed(errno)),
        };
        let tokens: Vec<u64> = ready[..count].iter().map(EpollEvent::data).collect();
        let ticked = tokens.contains(&TIMER);
        if ticked {
            let _ = self.timer.wait();
        }
        let noted = tokens.contains(&NOTES);
        if let (true, Some(notes)) = (noted, &self.notes) {
            while notes.read_events().is_ok_and(|read| !read.is_empty()) {}
        }
        let mut trouble = None;
        for (token, source) in (0..).zip(&mut self.sources) {
            let told = tokens.contains(&token)
                || (noted && source.ready().is_none())
                || (ticked && source.pace() > Pace::Told);
            if told && let Err(error) = source.check(&mut self.queue) {
                // The rest is read first.
                trouble = trouble.or(Some(error));
            }
        }
        if trouble.as_ref().is_some_and(is_gone) || !self.dirs.iter().all(is_there) {
            self.end();
            return Ok(());
        }
        self.keep_time()?;
        trouble.map_or(Ok(()), Err)
    }

    /// The group is gone.
    fn end(&mut self) {
        for source in &mut self.sources {
            source.farewell(&mut self.queue);
        }
        let gone = self.dirs.iter().find(|dir| !is_there(dir));
        let place = gone.or(self.dirs.first());
        self.queue.push_back(Event {
            kind: EventKind::Removed,
            watch: None,
            file: place.map_or_else(String::new, |dir| dir.path().display().to_string()),
            count: 1,
            value: None,
            detail: None,
        });
        self.over = true;
        self.sources.clear();
        self.dirs.clear();
        self.notes = None;
        let _ = self.timer.unset();
    }

    /// Sets the timer to the pace of the source that needs it most.
    fn keep_time(&mut self) -> Result<()> {
        let paces = || self.sources.iter().map(|source| source.pace());
        let period = if paces().any(|pace| pace == Pace::Fast) {
            Some(FAST)
        } else if self.sources.is_empty() || paces().all(|pace| pace == Pace::Slow) {
            Some(SLOW)
        } else {
            // One that tells of the removal is enough.
            None
        };
        if period == self.period {
            return Ok(());
        }
        match period {
            Some(period) => self.timer.set(
                Expiration::Interval(TimeSpec::from_duration(period)),
                TimerSetTimeFlags::empty(),
            ),
            None => self.timer.unset(),
        }
        .map_err(failed)?;
        self.period = period;
        Ok(())
    }

    /// Keeps the descriptor readable as long as there is something to take.
    fn ring(&mut self) {
        let wanted = self.over || !self.queue.is_empty();
        if wanted != self.rings {
            let _ = match wanted {
                true => self.bell.write(1).map(drop),
                false => self.bell.read().map(drop),
            };
            self.rings = wanted;
        }
    }
}

fn failed(errno: Errno) -> Error {
    Error::from_io(&errno.into(), Stage::Cgroup, "events")
}
