//! Files that count what happened: `memory.events` and `pids.events`.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::BorrowedFd;

use nix::sys::epoll::EpollFlags;

use super::record::{Event, EventKind};
use super::source::{Kept, Origin, Pace, Source};
use crate::cgroup::dir::Dir;
use crate::error::Result;

/// The counters of a file, and how far they were reported.
#[derive(Debug)]
pub(super) struct Counters {
    origin: Origin,
    file: Kept,
    seen: BTreeMap<String, u64>,
    meaning: Meaning,
    pace: Pace,
}

/// Which counters of a file are reported as what.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// Of `memory.events` those of the OOM killer.
    Oom,
    /// All of `memory.events`.
    Memory,
    /// `max` of `pids.events`.
    Pids,
}

impl Meaning {
    fn of(self, key: &str) -> Option<(EventKind, Option<&str>)> {
        match (self, key) {
            (Meaning::Pids, "max") => Some((EventKind::PidsLimit, None)),
            (Meaning::Pids, _) => None,
            (_, "oom") => Some((EventKind::Oom, None)),
            (_, "oom_kill") => Some((EventKind::OomKill, None)),
            (_, "oom_group_kill") => Some((EventKind::OomGroupKill, None)),
            (Meaning::Memory, other) => Some((EventKind::Limit, Some(other))),
            (Meaning::Oom, _) => None,
        }
    }
}

impl Counters {
    pub fn new(dir: &Dir, origin: Origin, meaning: Meaning, pace: Pace) -> Result<Counters> {
        let mut file = Kept::open(dir, origin.file)?;
        let seen = parse(&file.text()?);
        Ok(Counters {
            origin,
            file,
            seen,
            meaning,
            pace,
        })
    }
}

impl Source for Counters {
    fn ready(&self) -> Option<(BorrowedFd<'_>, EpollFlags)> {
        Some(self.file.ready())
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn check(&mut self, queue: &mut VecDeque<Event>) -> Result<()> {
        let now = parse(&self.file.text()?);
        queue.extend(changes(&self.seen, &now, self.meaning, self.origin));
        self.seen = now;
        Ok(())
    }
}

fn parse(text: &str) -> BTreeMap<String, u64> {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(key, value)| Some((key.to_owned(), value.trim().parse().ok()?)))
        .collect()
}

/// What has been counted between two readings.
fn changes(
    before: &BTreeMap<String, u64>,
    now: &BTreeMap<String, u64>,
    meaning: Meaning,
    origin: Origin,
) -> Vec<Event> {
    let mut events = Vec::new();
    for (key, &total) in now {
        let count = total.saturating_sub(before.get(key).copied().unwrap_or(0));
        let Some((kind, detail)) = meaning.of(key) else {
            continue;
        };
        if count > 0 {
            let mut event = origin.event(kind, count);
            event.value = Some(total);
            event.detail = detail.map(str::to_owned);
            events.push(event);
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_counted_since() {
        let before = parse("low 0\nhigh 4\nmax 10\noom 1\noom_kill 1\noom_group_kill 0\n");
        let now = parse("low 0\nhigh 4\nmax 12\noom 2\noom_kill 4\noom_group_kill 1\nnew 3\n");
        let origin = Origin {
            watch: 7,
            file: "memory.events",
        };
        let told = |meaning| {
            changes(&before, &now, meaning, origin)
                .into_iter()
                .map(|e| (e.kind, e.count, e.value, e.detail))
                .collect::<Vec<_>>()
        };
        let killed = [
            (EventKind::Oom, 1, Some(2), None),
            (EventKind::OomGroupKill, 1, Some(1), None),
            (EventKind::OomKill, 3, Some(4), None),
        ];
        assert_eq!(told(Meaning::Oom), killed);
        let all = told(Meaning::Memory);
        assert!(killed.iter().all(|event| all.contains(event)), "{all:?}");
        let limit =
            |count, total, key: &str| (EventKind::Limit, count, Some(total), Some(key.to_owned()));
        assert!(all.contains(&limit(2, 12, "max")), "{all:?}");
        assert!(all.contains(&limit(3, 3, "new")), "{all:?}");
        assert_eq!(all.len(), 5, "{all:?}");
        assert_eq!(
            told(Meaning::Pids),
            [(EventKind::PidsLimit, 2, Some(12), None)]
        );
        assert_eq!(changes(&now, &now, Meaning::Memory, origin), []);
    }
}
