//! What a group is or is not: populated, frozen. v2 tells of changes; v1 is looked at.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;

use nix::sys::epoll::EpollFlags;

use super::record::{Event, EventKind};
use super::source::{Kept, Origin, Pace, Source};
use crate::cgroup::dir::Dir;
use crate::cgroup::write::keyed_in;
use crate::error::Result;

/// Which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Populated,
    Frozen,
}

/// A state that was last reported, and where it is read.
#[derive(Debug)]
pub(super) struct Watched {
    origin: Origin,
    state: State,
    place: Place,
    last: bool,
}

#[derive(Debug)]
enum Place {
    /// `cgroup.events` of v2.
    Told(Kept),
    /// The group's directories on v1.
    Seen(Vec<Dir>),
}

impl Watched {
    /// By `cgroup.events`.
    pub fn on_v2(dir: &Dir, origin: Origin, state: State) -> Result<Watched> {
        let place = Place::Told(Kept::open(dir, origin.file)?);
        Watched::new(origin, state, place)
    }

    /// By the lists of processes in `dirs`, or by the freezer's state.
    pub fn on_v1(dirs: Vec<Dir>, origin: Origin, state: State) -> Result<Watched> {
        Watched::new(origin, state, Place::Seen(dirs))
    }

    fn new(origin: Origin, state: State, place: Place) -> Result<Watched> {
        let mut watched = Watched {
            origin,
            state,
            place,
            last: false,
        };
        watched.last = watched.now()?;
        Ok(watched)
    }

    fn now(&mut self) -> Result<bool> {
        match (&mut self.place, self.state) {
            (Place::Told(file), State::Populated) => {
                Ok(keyed_in(&file.text()?, "populated") == Some(1))
            }
            (Place::Told(file), State::Frozen) => Ok(keyed_in(&file.text()?, "frozen") == Some(1)),
            // Hierarchies differ when a process was moved in one of them alone.
            (Place::Seen(dirs), State::Populated) => Ok(dirs.iter().any(has_process)),
            (Place::Seen(dirs), State::Frozen) => {
                let mut frozen = false;
                for dir in dirs {
                    match dir.read(self.origin.file)?.trim() {
                        "FROZEN" => frozen = true,
                        // On its way in, or shaken by a process that was just added.
                        "FREEZING" => frozen |= self.last,
                        _ => {}
                    }
                }
                Ok(frozen)
            }
        }
    }

    fn tell(&mut self, now: bool, queue: &mut VecDeque<Event>) {
        if now == self.last {
            return;
        }
        self.last = now;
        let kind = match (self.state, now) {
            (State::Populated, true) => EventKind::Populated,
            (State::Populated, false) => EventKind::Empty,
            (State::Frozen, true) => EventKind::Frozen,
            (State::Frozen, false) => EventKind::Thawed,
        };
        queue.push_back(self.origin.event(kind, 1));
    }
}

impl Source for Watched {
    fn ready(&self) -> Option<(BorrowedFd<'_>, EpollFlags)> {
        match &self.place {
            Place::Told(file) => Some(file.ready()),
            Place::Seen(_) => None,
        }
    }

    fn pace(&self) -> Pace {
        match self.place {
            Place::Told(_) => Pace::Slow,
            Place::Seen(_) => Pace::Fast,
        }
    }

    fn check(&mut self, queue: &mut VecDeque<Event>) -> Result<()> {
        let now = self.now()?;
        self.tell(now, queue);
        Ok(())
    }

    fn farewell(&mut self, queue: &mut VecDeque<Event>) {
        // Only an empty group can be removed, and the file that said so went with it.
        if self.state == State::Populated {
            self.tell(false, queue);
        }
    }
}

/// Whether there is a process in a group or below it. What vanishes meanwhile has none.
fn has_process(dir: &Dir) -> bool {
    let own = dir.read("cgroup.procs");
    own.is_ok_and(|list| !list.trim().is_empty())
        || dir
            .children()
            .iter()
            .any(|name| dir.child(name).is_ok_and(|below| has_process(&below)))
}
