//! The notifications of the v1 memory controller: an eventfd for each, registered through
//! `cgroup.event_control` (Documentation/admin-guide/cgroup-v1/memory.rst).

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::epoll::EpollFlags;
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::open::page;
use super::record::{Event, EventKind};
use super::source::{Origin, Pace, Source, gone, is_there};
use crate::cgroup::dir::Dir;
use crate::cgroup::write::keyed_in;
use crate::error::{Error, Result, Stage};

const CONTROL: &str = "cgroup.event_control";
const OOM_CONTROL: &str = "memory.oom_control";

/// How long a kill may follow the notification of an OOM.
const AFTERMATH: Duration = Duration::from_secs(10);

/// A new eventfd that fires for `file` of a group; `argument` is what the file's notifications take.
///
/// It does not block when read, and ends with its descriptor. The group's removal fires it too.
pub(super) fn register(dir: &Dir, file: &str, argument: &str) -> Result<EventFd> {
    let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
        .map_err(|e| Error::from_io(&e.into(), Stage::Cgroup, "eventfd"))?;
    let target = dir.descriptor(file, false)?;
    let line = format!("{} {} {argument}", bell.as_raw_fd(), target.as_raw_fd());
    dir.write(CONTROL, line.trim_end()).map_err(|error| {
        // The line holds numbers of descriptors, which tell the reader nothing.
        let errno = isolate_sys::Errno::from_raw(error.errno());
        let subject = format!("{}: {file} {argument}", dir.path().join(CONTROL).display());
        Error::from_errno(errno, Stage::Cgroup, subject.trim_end())
    })?;
    Ok(bell)
}

/// An eventfd of a group on v1 that fires when memory runs out there or above, and when the group is
/// removed.
pub(super) fn oom(dir: &Dir) -> Result<OwnedFd> {
    register(dir, OOM_CONTROL, "").map(OwnedFd::from)
}

/// A registered eventfd and how often it fired.
#[derive(Debug)]
struct Bell {
    fd: EventFd,
    dir: Dir,
    /// Fired, but not reported since the group was gone by then.
    late: u64,
}

impl Bell {
    fn new(dir: &Dir, file: &str, argument: &str) -> Result<Bell> {
        Ok(Bell {
            fd: register(dir, file, argument)?,
            dir: dir.try_clone()?,
            late: 0,
        })
    }

    /// How often it fired since the last call.
    fn fired(&mut self) -> Result<u64> {
        let count = self.fd.read().unwrap_or(0);
        // The removal fires it once the directory is gone.
        if !is_there(&self.dir) {
            self.late += count;
            return Err(gone(&self.dir));
        }
        Ok(count)
    }

    /// How often it fired before the removal, which fires it once itself.
    fn last(&mut self) -> u64 {
        (self.late + self.fd.read().unwrap_or(0)).saturating_sub(1)
    }

    fn ready(&self) -> (BorrowedFd<'_>, EpollFlags) {
        (self.fd.as_fd(), EpollFlags::EPOLLIN)
    }
}

/// Memory runs out, on v1.
#[derive(Debug)]
pub(super) struct Oom {
    origin: Origin,
    bell: Bell,
    kills: u64,
    /// Until when a kill may follow: the notification comes before it, and the count tells nobody.
    aftermath: Option<Instant>,
}

impl Oom {
    pub fn new(dir: &Dir, watch: u32) -> Result<Oom> {
        let origin = Origin {
            watch,
            file: OOM_CONTROL,
        };
        let bell = Bell::new(dir, OOM_CONTROL, "")?;
        Ok(Oom {
            origin,
            bell,
            kills: dir.keyed(OOM_CONTROL, "oom_kill").unwrap_or(0),
            aftermath: None,
        })
    }
}

impl Source for Oom {
    fn ready(&self) -> Option<(BorrowedFd<'_>, EpollFlags)> {
        Some(self.bell.ready())
    }

    fn pace(&self) -> Pace {
        match self.aftermath {
            Some(_) => Pace::Fast,
            None => Pace::Told,
        }
    }

    fn check(&mut self, queue: &mut VecDeque<Event>) -> Result<()> {
        let count = self.bell.fired()?;
        let control = self.bell.dir.read(OOM_CONTROL)?;
        let value = |key| keyed_in(&control, key);
        if count > 0 {
            let mut event = self.origin.event(EventKind::Oom, count);
            if value("oom_kill_disable") == Some(1) && value("under_oom") == Some(1) {
                event.detail = Some("paused".to_owned());
            }
            queue.push_back(event);
            self.aftermath = Instant::now().checked_add(AFTERMATH);
        }
        // Linux 4.13.
        let kills = value("oom_kill").unwrap_or(0);
        if kills > self.kills {
            let mut event = self.origin.event(EventKind::OomKill, kills - self.kills);
            event.value = Some(kills);
            queue.push_back(event);
            self.kills = kills;
            self.aftermath = None;
        }
        self.aftermath = self.aftermath.filter(|end| Instant::now() < *end);
        Ok(())
    }

    fn farewell(&mut self, queue: &mut VecDeque<Event>) {
        let count = self.bell.last();
        if count > 0 {
            queue.push_back(self.origin.event(EventKind::Oom, count));
        }
    }
}

/// Memory usage crosses a number, on v1.
#[derive(Debug)]
pub(super) struct Threshold {
    origin: Origin,
    bell: Bell,
    bytes: u64,
}

impl Threshold {
    pub fn new(dir: &Dir, origin: Origin, bytes: u64) -> Result<Threshold> {
        Ok(Threshold {
            origin,
            bell: Bell::new(dir, origin.file, &bytes.to_string())?,
            // As the kernel rounds it.
            bytes: bytes - bytes % page(),
        })
    }
}

impl Source for Threshold {
    fn ready(&self) -> Option<(BorrowedFd<'_>, EpollFlags)> {
        Some(self.bell.ready())
    }

    fn pace(&self) -> Pace {
        Pace::Told
    }

    fn check(&mut self, queue: &mut VecDeque<Event>) -> Result<()> {
        let count = self.bell.fired()?;
        if count == 0 {
            return Ok(());
        }
        let mut event = self.origin.event(EventKind::Threshold, count);
        event.value = self.bell.dir.number(self.origin.file);
        event.detail = event.value.map(|usage| {
            let side = if usage >= self.bytes {
                "above"
            } else {
                "below"
            };
            side.to_owned()
        });
        queue.push_back(event);
        Ok(())
    }

    fn farewell(&mut self, queue: &mut VecDeque<Event>) {
        let count = self.bell.last();
        if count > 0 {
            queue.push_back(self.origin.event(EventKind::Threshold, count));
        }
    }
}

/// The kernel reclaims memory of the group, on v1.
#[derive(Debug)]
pub(super) struct Pressured {
    origin: Origin,
    bell: Bell,
    level: &'static str,
}

impl Pressured {
    pub fn new(dir: &Dir, origin: Origin, level: &'static str, mode: &str) -> Result<Pressured> {
        // Before Linux 4.13 the file takes the level alone.
        let argument = match mode {
            "default" => level.to_owned(),
            other => format!("{level},{other}"),
        };
        Ok(Pressured {
            origin,
            bell: Bell::new(dir, origin.file, &argument)?,
            level,
        })
    }

    fn tell(&self, count: u64, queue: &mut VecDeque<Event>) {
        if count > 0 {
            let mut event = self.origin.event(EventKind::PressureLevel, count);
            event.detail = Some(self.level.to_owned());
            queue.push_back(event);
        }
    }
}

impl Source for Pressured {
    fn ready(&self) -> Option<(BorrowedFd<'_>, EpollFlags)> {
        Some(self.bell.ready())
    }

    fn pace(&self) -> Pace {
        Pace::Told
    }

    fn check(&mut self, queue: &mut VecDeque<Event>) -> Result<()> {
        let count = self.bell.fired()?;
        self.tell(count, queue);
        Ok(())
    }

    fn farewell(&mut self, queue: &mut VecDeque<Event>) {
        let count = self.bell.last();
        self.tell(count, queue);
    }
}
