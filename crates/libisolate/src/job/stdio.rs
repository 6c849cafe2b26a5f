//! The job's standard streams: what is opened for the job, and what stays here.

use std::fs::OpenOptions;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use isolate_sys::Errno;
use isolate_sys::abi::{O_CLOEXEC, O_NONBLOCK};
use isolate_sys::calls::fd;

use crate::error::{Error, ErrorKind, Result, Stage};
use crate::plan::stream;
use crate::spec::{Spec, Stdio, StdioFile};
use crate::sysfd::own;

const NAMES: [&str; 3] = ["stdin", "stdout", "stderr"];
const F_GETFD: u32 = 1;
const F_SETFL: u32 = 4;

/// Both sides of the three streams.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// What the job gets: opened here, or the caller's own.
    job: [Option<Given>; 3],
    /// The caller's ends of pipes.
    pub pipes: [Option<OwnedFd>; 3],
    /// The ends that are read into the outcome.
    pub captures: [Option<OwnedFd>; 3],
}

#[derive(Debug)]
enum Given {
    Opened(OwnedFd),
    Callers(RawFd),
}

impl Streams {
    /// Opens what the spec asks for. `open` tells which of the caller's streams there are, `owner` who
    /// the job is outside, where it is not the caller.
    pub fn open(spec: &Spec, open: [bool; 3], owner: Option<(u32, u32)>) -> Result<Streams> {
        let mut streams = Streams::default();
        for (number, name) in NAMES.into_iter().enumerate() {
            let given = match stream(spec, number) {
                // A stream that the caller has closed reads and writes nothing.
                Stdio::Inherit if open[number] => Given::Callers(number as RawFd),
                Stdio::Inherit | Stdio::Null => Given::Opened(null(number)?),
                Stdio::Pipe => {
                    let (mine, theirs) = streams.pipe(number, 0, owner)?;
                    streams.pipes[number] = Some(mine);
                    theirs
                }
                Stdio::Capture => {
                    let (mine, theirs) = streams.pipe(number, O_NONBLOCK, owner)?;
                    streams.captures[number] = Some(mine);
                    theirs
                }
                Stdio::File(file) => Given::Opened(open_file(number, file)?),
                Stdio::Fd(fd) => {
                    check_open(name, *fd)?;
                    Given::Callers(*fd)
                }
            };
            streams.job[number] = Some(given);
        }
        for (at, fd) in spec.keep_fds.iter().enumerate() {
            check_open(&format!("keep_fds[{at}]"), *fd)?;
        }
        Ok(streams)
    }

    fn pipe(
        &self,
        number: usize,
        mine_flags: u32,
        owner: Option<(u32, u32)>,
    ) -> Result<(OwnedFd, Given)> {
        let failed = |errno| Error::from_errno(errno, Stage::Stdio, NAMES[number]);
        let [read, write] = fd::pipe(O_CLOEXEC).map_err(failed)?;
        let (read, write) = (
            own(Ok(read)).map_err(failed)?,
            own(Ok(write)).map_err(failed)?,
        );
        let (mine, theirs) = if number == 0 {
            (write, read)
        } else {
            (read, write)
        };
        if mine_flags != 0 {
            fd::fcntl(mine.as_raw_fd(), F_SETFL, mine_flags as usize).map_err(failed)?;
        }
        if let Some((uid, gid)) = owner {
            // Or the job could not open its own stream again by name, as `tee /dev/stderr` does. Who may
            // not give it away lets everybody open it: a pipe has no name but those under /proc/PID/fd,
            // which are for whoever may trace one of its holders.
            if std::os::unix::fs::fchown(&theirs, Some(uid), Some(gid)).is_err() {
                let _ = nix::sys::stat::fchmod(
                    &theirs,
                    nix::sys::stat::Mode::from_bits_truncate(0o666),
                );
            }
        }
        Ok((mine, Given::Opened(theirs)))
    }

    /// The descriptor for one of the job's streams.
    pub fn job_fd(&self, number: usize) -> Option<RawFd> {
        match self.job.get(number)?.as_ref()? {
            Given::Opened(fd) => Some(fd.as_raw_fd()),
            Given::Callers(fd) => Some(*fd),
        }
    }

    /// Closes the job's ends here, so that the end of the job is the end of its pipes.
    pub fn hand_over(&mut self) {
        self.job = [None, None, None];
    }
}

/// Which of the caller's streams are open. To be asked before anything is opened: a new descriptor may
/// get the number of a stream that is closed, and must not be taken for it.
pub(super) fn open_streams() -> [bool; 3] {
    [0, 1, 2].map(is_open)
}

fn is_open(fd: RawFd) -> bool {
    fd::fcntl(fd, F_GETFD, 0).is_ok()
}

fn check_open(field: &str, fd: RawFd) -> Result<()> {
    if is_open(fd) {
        return Ok(());
    }
    Err(Error::from_errno(
        Errno::EBADF,
        Stage::Stdio,
        format!("{field}: descriptor {fd}"),
    )
    .with_kind(ErrorKind::InvalidSpec))
}

fn null(number: usize) -> Result<OwnedFd> {
    open_path(
        number,
        OpenOptions::new().read(number == 0).write(number != 0),
        "/dev/null".as_ref(),
    )
}

fn open_file(number: usize, file: &StdioFile) -> Result<OwnedFd> {
    let mut options = OpenOptions::new();
    if number == 0 {
        options.read(true);
    } else if file.append {
        options.append(true).create(true);
    } else {
        options.write(true).create(true).truncate(true);
    }
    open_path(number, &options, file.path.as_path())
}

fn open_path(number: usize, options: &OpenOptions, path: &std::path::Path) -> Result<OwnedFd> {
    options.open(path).map(OwnedFd::from).map_err(|error| {
        Error::from_io(
            &error,
            Stage::Stdio,
            format!("{}: {}", NAMES[number], path.display()),
        )
    })
}
