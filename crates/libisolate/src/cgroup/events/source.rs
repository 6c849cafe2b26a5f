//! What a watch reads: the interface between the sources and the one descriptor over all of them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind as IoErrorKind, Seek as _};
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::epoll::EpollFlags;

use super::record::{Event, EventKind};
use crate::cgroup::dir::Dir;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;

/// How often a source is looked at although nothing tells it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pace {
    /// Never: its descriptor tells everything, the group's removal too.
    Told,
    /// Now and then: its descriptor does not tell that the group was removed.
    Slow,
    /// Often: there is no notification.
    Fast,
}

/// One watch at work.
pub(super) trait Source: std::fmt::Debug + Send {
    /// The descriptor that becomes ready when there is something, and by which of epoll(7)'s events.
    /// It must stay ready until `check` has read it: whoever polls the descriptor over all of them
    /// polls this one too, and must not take anything away by that.
    fn ready(&self) -> Option<(BorrowedFd<'_>, EpollFlags)>;

    /// How often to look without being told, now.
    fn pace(&self) -> Pace;

    /// Adds what has happened since the last call. An error for which [`is_gone`] is the group's end.
    fn check(&mut self, queue: &mut VecDeque<Event>) -> Result<()>;

    /// Adds what can still be known once the group is gone.
    fn farewell(&mut self, _queue: &mut VecDeque<Event>) {}
}

/// Which watch it is, and the file that tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub watch: u32,
    pub file: &'static str,
}

impl Origin {
    pub fn event(self, kind: EventKind, count: u64) -> Event {
        Event {
            kind,
            watch: Some(self.watch),
            file: self.file.to_owned(),
            count,
            value: None,
            detail: None,
        }
    }
}

/// A file that stays open. The kernel wakes who polls it until it is read again through the same
/// descriptor, so nothing between two readings is lost.
#[derive(Debug)]
pub(super) struct Kept {
    file: File,
    path: String,
}

impl Kept {
    pub fn open(dir: &Dir, name: &str) -> Result<Kept> {
        Ok(Kept {
            file: File::from(dir.descriptor(name, false)?),
            path: dir.path().join(name).display().to_string(),
        })
    }

    pub fn text(&mut self) -> Result<String> {
        self.file
            .rewind()
            .and_then(|()| kernfile::rest(&mut self.file))
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| IoErrorKind::InvalidData.into()))
            .map_err(|e| Error::from_io(&e, Stage::Cgroup, self.path.clone()))
    }

    /// Ready as kernfs means it: what changed is exceptional, and data is always there.
    pub fn ready(&self) -> (BorrowedFd<'_>, EpollFlags) {
        (self.file.as_fd(), EpollFlags::EPOLLPRI)
    }
}

/// Whether the group's directory is still there: every group has this file.
pub(super) fn is_there(dir: &Dir) -> bool {
    dir.has("cgroup.procs")
}

/// The error of a group that is no more.
pub(super) fn gone(dir: &Dir) -> Error {
    Error::new(
        ErrorKind::NotFound,
        Stage::Cgroup,
        dir.path().display().to_string(),
        "the group has been removed",
    )
}

/// Whether a group's file could not be read because the group is gone: no such name any more, or an
/// open file whose group went away.
pub(super) fn is_gone(error: &Error) -> bool {
    matches!(error.errno(), libc::ENOENT | libc::ENODEV)
}
