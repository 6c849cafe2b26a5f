//! Reads a group's files through its open directory, and tells a file that this kernel does not have
//! from a group that is gone.

use std::io;

use super::text;
use crate::cgroup::dir::Dir;
use crate::error::{Error, ErrorKind, Result, Stage};

/// Room for `memory.stat`, the longest of the usual ones, in one read.
const ROOM: usize = 8192;

/// One buffer for all files of a snapshot.
pub(in crate::cgroup) struct Reader {
    buffer: Vec<u8>,
}

impl Reader {
    pub fn new() -> Reader {
        Reader {
            buffer: vec![0; ROOM],
        }
    }

    /// A whole file; `None` where there is none, or it is switched off.
    pub fn text(&mut self, dir: &Dir, file: &str) -> Result<Option<&str>> {
        match dir.read_into(file, &mut self.buffer) {
            Ok(bytes) => std::str::from_utf8(bytes)
                .map(Some)
                .map_err(|_| dir.unread(file, &io::ErrorKind::InvalidData.into())),
            // ENODEV: gone between the opening and the reading.
            Err(e) if matches!(e.raw_os_error(), Some(libc::ENOENT | libc::ENODEV)) => {
                match dir.has("cgroup.procs") {
                    true => Ok(None),
                    false => Err(Error::new(
                        ErrorKind::NotFound,
                        Stage::Cgroup,
                        dir.path().display().to_string(),
                        "the group has been removed",
                    )),
                }
            }
            // Pressure with psi=0, and domain controllers' files in threaded groups.
            Err(e) if e.raw_os_error() == Some(libc::EOPNOTSUPP) => Ok(None),
            Err(e) => Err(dir.unread(file, &e)),
        }
    }

    /// The number of a file that holds one.
    pub fn number(&mut self, dir: &Dir, file: &str) -> Result<Option<u64>> {
        Ok(self.word(dir, file)?.and_then(text::number))
    }

    /// The limit of a file that holds one; `None` where there is none.
    pub fn limit(&mut self, dir: &Dir, file: &str) -> Result<Option<u64>> {
        Ok(self.word(dir, file)?.and_then(text::limit))
    }

    fn word(&mut self, dir: &Dir, file: &str) -> Result<Option<&str>> {
        Ok(self.text(dir, file)?.and_then(|t| text::lines(t).next()))
    }
}
