//! The numbers of a group and of all below it, and what they have become since the last look.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use libisolate::cgroup::{Cgroup, Stat, StatKind};
use libisolate::{ErrorKind, Result};
use serde::Serialize;

const KINDS: [StatKind; 4] = [
    StatKind::Cpu,
    StatKind::Memory,
    StatKind::Io,
    StatKind::Pids,
];

/// A group of a table; what its hierarchies do not tell is left out.
#[derive(Debug, Serialize)]
pub struct Line {
    pub path: String,
    /// CPU time per wall time since the last table, where 100 is one CPU.
    pub cpu_percent: Option<f64>,
    /// Bytes in use now.
    pub memory: Option<u64>,
    /// Bytes read from disks each second since the last table.
    pub read_bps: Option<u64>,
    /// Bytes written to disks each second.
    pub write_bps: Option<u64>,
    /// Processes and threads now.
    pub tasks: Option<u64>,
}

/// A group whose directories are held open between two looks.
struct Watched {
    group: Cgroup,
    last: Option<Seen>,
}

/// The counters of a moment.
struct Seen {
    at: Instant,
    cpu_usec: Option<u64>,
    read: Option<u64>,
    written: Option<u64>,
}

/// Looks at a group and all below it.
pub struct Sampler {
    top: String,
    known: BTreeMap<String, Watched>,
}

impl Sampler {
    pub fn new(group: Cgroup) -> Sampler {
        let top = group.path().to_owned();
        let known = BTreeMap::from([(top.clone(), Watched { group, last: None })]);
        Sampler { top, known }
    }

    /// A line for each group, those that use most first. The first time there are no rates yet.
    pub fn take(&mut self) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        let mut waiting = vec![self.top.clone()];
        while let Some(path) = waiting.pop() {
            let Some(watched) = self.known.get_mut(&path) else {
                continue;
            };
            match watched.look() {
                Ok(line) => lines.push(line),
                // It has gone, and whatever is there by its name next time is another.
                Err(error) if error.kind() == ErrorKind::NotFound && path != self.top => {
                    self.known.remove(&path);
                    continue;
                }
                Err(error) => return Err(error),
            }
            let above = &watched.group;
            let (names, most) = (above.children(), above.places().len());
            for name in names {
                let child = format!("{}/{name}", path.trim_end_matches('/'));
                let had = self.known.get(&child).map_or(0, |c| c.group.places().len());
                // One that was only being made may be in more hierarchies by now.
                let again = had < most;
                let found = self.known.get(&path).filter(|_| again);
                if let Some(Ok(group)) = found.map(|above| above.group.child(&name))
                    && group.places().len() > had
                {
                    let fresh = Watched { group, last: None };
                    self.known.insert(child.clone(), fresh);
                }
                waiting.push(child);
            }
        }
        let there: BTreeSet<&str> = lines.iter().map(|line| line.path.as_str()).collect();
        self.known.retain(|path, _| there.contains(path.as_str()));
        lines.sort_by(most_first);
        Ok(lines)
    }
}

fn most_first(one: &Line, other: &Line) -> Ordering {
    let cpu = |line: &Line| line.cpu_percent.unwrap_or(-1.0);
    cpu(other)
        .total_cmp(&cpu(one))
        .then_with(|| other.memory.cmp(&one.memory))
        .then_with(|| one.path.cmp(&other.path))
}

impl Watched {
    fn look(&mut self) -> Result<Line> {
        let stat = self.group.stat(&KINDS)?;
        let seen = Seen::of(&stat);
        let last = self.last.as_ref();
        let line = Line {
            path: self.group.path().to_owned(),
            cpu_percent: rate(last, &seen, |seen| seen.cpu_usec).map(|usec| usec / 10_000.0),
            memory: stat.memory.and_then(|memory| memory.current),
            read_bps: rate(last, &seen, |seen| seen.read).map(|bytes| bytes as u64),
            write_bps: rate(last, &seen, |seen| seen.written).map(|bytes| bytes as u64),
            tasks: match stat.pids.and_then(|pids| pids.current) {
                Some(current) => Some(current),
                // The root of a tree counts nothing.
                None => Some(self.group.threads(true).len() as u64),
            },
        };
        self.last = Some(seen);
        Ok(line)
    }
}

impl Seen {
    fn of(stat: &Stat) -> Seen {
        let disks = stat.io.as_deref();
        Seen {
            at: Instant::now(),
            cpu_usec: stat.cpu.as_ref().and_then(|cpu| cpu.usage_usec),
            read: disks.map(|disks| disks.iter().map(|disk| disk.rbytes).sum()),
            written: disks.map(|disks| disks.iter().map(|disk| disk.wbytes).sum()),
        }
    }
}

/// How much a counter has grown each second. One that went back belongs to a disk that has gone.
fn rate(last: Option<&Seen>, now: &Seen, counter: impl Fn(&Seen) -> Option<u64>) -> Option<f64> {
    let last = last?;
    let grown = counter(now)?.saturating_sub(counter(last)?);
    let seconds = now.at.duration_since(last.at).as_secs_f64();
    (seconds > 0.0).then(|| grown as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn rates() {
        let at = Instant::now();
        let seen = |seconds, cpu_usec, read| Seen {
            at: at + Duration::from_secs(seconds),
            cpu_usec,
            read,
            written: None,
        };
        let (last, now) = (
            seen(0, Some(5_000_000), Some(7)),
            seen(2, Some(6_000_000), Some(3)),
        );
        assert_eq!(rate(Some(&last), &now, |s| s.cpu_usec), Some(500_000.0));
        assert_eq!(rate(Some(&last), &now, |s| s.read), Some(0.0));
        assert_eq!(rate(Some(&last), &now, |s| s.written), None);
        assert_eq!(rate(None, &now, |s| s.cpu_usec), None);
        assert_eq!(rate(Some(&last), &last, |s| s.cpu_usec), None);
    }

    #[test]
    fn the_order() {
        let line = |path: &str, cpu_percent, memory| Line {
            path: path.to_owned(),
            cpu_percent,
            memory,
            read_bps: None,
            write_bps: None,
            tasks: None,
        };
        let mut lines = [
            line("none", None, Some(9)),
            line("b", Some(0.0), Some(1)),
            line("a", Some(0.0), Some(1)),
            line("big", Some(0.0), Some(2)),
            line("busy", Some(1.5), None),
        ];
        lines.sort_by(most_first);
        let order: Vec<&str> = lines.iter().map(|line| line.path.as_str()).collect();
        assert_eq!(order, ["busy", "big", "a", "b", "none"]);
    }
}
