//! Standing still: freezing a group and thawing it, each until it is so.

use std::os::fd::AsRawFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use isolate_sys::abi::{PollFd, Timespec};
use isolate_sys::calls::fd;

use super::tree::Tree;
use super::{Cgroup, Version};
use crate::error::{Error, ErrorKind, Result, Stage};

const POLLPRI: i16 = 0x2;

/// How long between two looks at v1's `freezer.state`, which tells nobody when it changes.
const LOOK: Duration = Duration::from_millis(1);
/// After so many looks a group that does not come to a stand is let go for a moment and stopped again:
/// a process may wait for one that stands already.
const LOOKS: u32 = 50;

impl Cgroup {
    /// Stops every process in the group and below it, and returns when all stand. New ones that come in
    /// stop at once.
    ///
    /// By the v2 directory where there is one (`cgroup.freeze`, Linux 5.2), else by the v1 freezer.
    /// Frozen by v2 they can be killed; frozen by v1 they die when they are thawed, which
    /// [`Cgroup::kill`] does.
    ///
    /// # Errors
    /// `InvalidSpec` for a group that the caller is in itself: nobody could thaw it. `Unsupported`
    /// without a v2 directory and a v1 freezer. `Timeout` when some still move: all are thawed again.
    pub fn freeze(&self, timeout: Duration) -> Result<()> {
        self.refuse_own("would stop for ever")?;
        let by = self.freezer()?;
        let result = self.switch(by, true, timeout);
        if result.is_err() {
            let _ = write_state(by, false);
        }
        self.unless_gone(result)
    }

    /// Lets every process go on, and returns when all do.
    ///
    /// # Errors
    /// `Busy` when a group above is frozen, which keeps this one frozen. `Unsupported` as
    /// [`Cgroup::freeze`].
    pub fn thaw(&self, timeout: Duration) -> Result<()> {
        self.freezer()?;
        // Whoever froze it, and by what: both are let go.
        for tree in self.trees.iter().filter(|tree| freezes(tree)) {
            self.unless_gone(self.switch(tree, false, timeout))?;
        }
        Ok(())
    }

    /// Whether all processes of the group stand, by its own state or that of a group above.
    ///
    /// # Errors
    /// `Unsupported` as [`Cgroup::freeze`], `NotFound` once the group is removed.
    pub fn is_frozen(&self) -> Result<bool> {
        if self.is_gone() {
            return Err(self.gone());
        }
        self.freezer()?;
        for tree in self.trees.iter().filter(|tree| freezes(tree)) {
            if is_frozen(tree)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a process is in the group or below it.
    ///
    /// # Errors
    /// `NotFound` once the group is removed.
    pub fn is_populated(&self) -> Result<bool> {
        if self.is_gone() {
            return Err(self.gone());
        }
        // The v2 tree counts those of other pid namespaces, too; but v1 hierarchies may hold some that
        // were never moved into it.
        let counted = self
            .unified()
            .and_then(|t| t.dir.keyed("cgroup.events", "populated"));
        Ok(counted == Some(1) || !self.processes(true).is_empty())
    }

    /// Refuses what a process must not do to the group that it is in itself, or that is above its own.
    pub(super) fn refuse_own(&self, what: &str) -> Result<()> {
        let own = std::process::id() as i32;
        if !self.processes(true).contains(&own) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Cgroup,
            self.path(),
            format!("the calling process is in it and {what}"),
        ))
    }

    fn freezer(&self) -> Result<&Tree> {
        let v2 = self.unified().filter(|tree| freezes(tree));
        v2.or_else(|| self.trees.iter().find(|tree| freezes(tree)))
            .ok_or_else(|| match self.is_gone() {
                true => self.gone(),
                false => self.no_freezer(),
            })
    }

    fn no_freezer(&self) -> Error {
        Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            self.path(),
            "the group has neither a v2 directory with cgroup.freeze (Linux 5.2) nor a v1 freezer",
        )
    }

    fn switch(&self, tree: &Tree, freeze: bool, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        write_state(tree, freeze)?;
        match tree.version {
            Version::V2 => self.wait_v2(tree, freeze, deadline),
            Version::V1 => self.wait_v1(tree, freeze, deadline),
        }
    }

    /// `cgroup.events` tells of changes by POLLPRI, once for each time it is read.
    fn wait_v2(&self, tree: &Tree, freeze: bool, deadline: Instant) -> Result<()> {
        let events = tree.dir.descriptor("cgroup.events", false)?;
        loop {
            let mut buffer = [0u8; 256];
            let failed = |errno| Error::from_errno(errno, Stage::Cgroup, self.path());
            let len = fd::pread(events.as_raw_fd(), &mut buffer, 0).map_err(failed)?;
            let text = String::from_utf8_lossy(&buffer[..len]);
            if text
                .lines()
                .any(|line| line == format!("frozen {}", u8::from(freeze)))
            {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || (!freeze && self.held_above(tree)) {
                return Err(self.unmoved(freeze));
            }
            let mut fds = [PollFd {
                fd: events.as_raw_fd(),
                events: POLLPRI,
                revents: 0,
            }];
            // A group that is frozen above never changes: looked at now and then.
            let left = left.min(Duration::from_millis(100));
            let _ = fd::poll(
                &mut fds,
                Some(Timespec {
                    sec: left.as_secs() as i64,
                    nsec: i64::from(left.subsec_nanos()),
                }),
            );
        }
    }

    fn wait_v1(&self, tree: &Tree, freeze: bool, deadline: Instant) -> Result<()> {
        let mut looks = 0;
        loop {
            // A process that joined meanwhile moves until the state is written once more.
            write_state(tree, freeze)?;
            if is_frozen(tree)? == freeze && state(tree)? != "FREEZING" {
                return Ok(());
            }
            if Instant::now() >= deadline || (!freeze && self.held_above(tree)) {
                return Err(self.unmoved(freeze));
            }
            looks += 1;
            if freeze && looks % LOOKS == 0 {
                write_state(tree, false)?;
                sleep(LOOK * 10);
            }
            sleep(LOOK);
        }
    }

    /// Whether a thawed group stands because of one above it.
    fn held_above(&self, tree: &Tree) -> bool {
        match tree.version {
            Version::V1 => tree.dir.number("freezer.parent_freezing") == Some(1),
            Version::V2 => tree.dir.path().ancestors().skip(1).any(|dir| {
                let text = std::fs::read_to_string(dir.join("cgroup.freeze"));
                text.is_ok_and(|text| text.trim() == "1")
            }),
        }
    }

    fn unmoved(&self, freeze: bool) -> Error {
        let (kind, detail) = match freeze {
            true => (
                ErrorKind::Timeout,
                "some processes do not come to a stand (uninterruptible, or waiting for one that stands)",
            ),
            false => (
                ErrorKind::Busy,
                "a group above it is frozen, which keeps it frozen",
            ),
        };
        Error::new(kind, Stage::Cgroup, self.path(), detail)
    }
}

fn freezes(tree: &Tree) -> bool {
    match tree.version {
        Version::V1 => tree.has("freezer"),
        Version::V2 => tree.dir.has("cgroup.freeze"),
    }
}

fn write_state(tree: &Tree, freeze: bool) -> Result<()> {
    match (tree.version, freeze) {
        (Version::V2, true) => tree.dir.write("cgroup.freeze", "1"),
        (Version::V2, false) => tree.dir.write("cgroup.freeze", "0"),
        (Version::V1, true) => tree.dir.write("freezer.state", "FROZEN"),
        (Version::V1, false) => tree.dir.write("freezer.state", "THAWED"),
    }
}

fn state(tree: &Tree) -> Result<String> {
    tree.dir
        .read("freezer.state")
        .map(|text| text.trim().to_owned())
}

fn is_frozen(tree: &Tree) -> Result<bool> {
    match tree.version {
        Version::V1 => state(tree).map(|state| state == "FROZEN"),
        Version::V2 => tree
            .dir
            .read("cgroup.events")
            .map(|text| text.lines().any(|line| line == "frozen 1")),
    }
}
