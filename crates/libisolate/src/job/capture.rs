//! Output that is collected into the outcome.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use isolate_sys::Errno;
use isolate_sys::calls::fd;

/// One stream that is being read.
#[derive(Debug)]
pub(super) struct Capture {
    pipe: Option<OwnedFd>,
    bytes: Vec<u8>,
    limit: usize,
    /// Whether there was more than the limit.
    pub cut: bool,
    /// Why it was not read to its end.
    pub failed: Option<Errno>,
}

/// How far a read came.
pub(super) enum Progress {
    /// There is more now.
    More,
    /// There may be more later.
    Open,
    /// The last writer is gone, or the limit is passed and nobody listens any more.
    Closed(OwnedFd),
}

impl Capture {
    pub fn new(pipe: OwnedFd, limit: usize) -> Capture {
        Capture {
            pipe: Some(pipe),
            bytes: Vec::new(),
            limit,
            cut: false,
            failed: None,
        }
    }

    /// For polling, while it is open.
    pub fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there, up to a megabyte: a job that writes faster than this reads must not keep
    /// its caller from everything else. Past the limit what comes is thrown away, so that the job can
    /// die of its kill and not of a full pipe.
    pub fn read(&mut self) -> Progress {
        let mut buffer = [0u8; 16 << 10];
        for _ in 0..64 {
            let Some(pipe) = &self.pipe else {
                return Progress::Open;
            };
            match fd::read(pipe.as_raw_fd(), &mut buffer) {
                Ok(0) => return self.close(),
                Ok(len) => {
                    let room = self.limit - self.bytes.len();
                    self.bytes.extend_from_slice(&buffer[..len.min(room)]);
                    self.cut |= len > room;
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Progress::Open,
                Err(errno) => {
                    self.failed = Some(errno);
                    return self.close();
                }
            }
        }
        Progress::More
    }

    fn close(&mut self) -> Progress {
        match self.pipe.take() {
            Some(pipe) => Progress::Closed(pipe),
            None => Progress::Open,
        }
    }

    /// What was collected.
    pub fn take(&mut self) -> Vec<u8> {
        self.pipe = None;
        std::mem::take(&mut self.bytes)
    }
}
