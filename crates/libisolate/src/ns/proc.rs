//! Processes as the namespace calls name them: by number or by pidfd.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;

use isolate_sys::Errno;

use crate::error::{Error, ErrorKind, Result, Stage};

/// Refuses what cannot be a process's number.
pub(super) fn check_pid(pid: i32) -> Result<()> {
    if pid > 0 {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidSpec,
        Stage::Namespace,
        format!("process {pid}"),
        "is no process id: they begin at 1",
    ))
}

/// The number of a pidfd's process, which is alive (proc(5), /proc/PID/fdinfo).
pub(super) fn pid_of(pidfd: BorrowedFd<'_>) -> Result<i32> {
    let number = pidfd.as_raw_fd();
    let path = format!("/proc/self/fdinfo/{number}");
    let info = std::fs::read_to_string(&path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound && Path::new("/proc/self/fdinfo").exists() {
            let subject = format!("descriptor {number}");
            return Error::from_errno(Errno::EBADF, Stage::Namespace, subject)
                .with_kind(ErrorKind::InvalidSpec);
        }
        Error::from_io(&error, Stage::Namespace, path)
    })?;
    let line = info.lines().find_map(|line| line.strip_prefix("Pid:"));
    let pid = line
        .and_then(|text| text.trim().parse::<i32>().ok())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                format!("descriptor {number}"),
                "is not a pidfd",
            )
        })?;
    match pid {
        -1 => Err(
            Error::from_errno(Errno::ESRCH, Stage::Namespace, format!("pidfd {number}"))
                .with_hint("the process has ended"),
        ),
        0 => Err(
            Error::from_errno(Errno::ESRCH, Stage::Namespace, format!("pidfd {number}"))
                .with_hint("the process is outside the caller's pid namespace"),
        ),
        pid => Ok(pid),
    }
}
