//! Jobs: a running spec, and how it ended.

mod outcome;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

pub use outcome::{Enforced, Enforcement, EnforcementStatus, Outcome, Reason, Usage};

use crate::error::Result;
use crate::spec::Spec;

/// Runs a job to its end.
///
/// # Errors
/// Everything that kept the job from starting. A job that ran and failed is an [`Outcome`].
pub fn run(spec: &Spec) -> Result<Outcome> {
    spawn(spec)?.wait()
}

/// Starts a job. When this returns, its program runs.
///
/// # Errors
/// As [`run`].
pub fn spawn(spec: &Spec) -> Result<Job> {
    let _ = spec;
    unimplemented!("launch")
}

/// A running job. Any thread may use it; dropping it kills and reaps the job.
#[derive(Debug)]
pub struct Job {
    fd: OwnedFd,
}

impl Job {
    /// Process id of the program as the caller sees it.
    pub fn pid(&self) -> i32 {
        unimplemented!("launch")
    }

    /// Waits for the job to end. Every call gives the same outcome.
    ///
    /// # Errors
    /// `Child` when the init vanished without a report.
    pub fn wait(&self) -> Result<Outcome> {
        unimplemented!("launch")
    }

    /// Waits at most `timeout`; `None` when the job still runs.
    ///
    /// # Errors
    /// As [`Job::wait`].
    pub fn wait_timeout(&self, timeout: Duration) -> Result<Option<Outcome>> {
        let _ = timeout;
        unimplemented!("launch")
    }

    /// Does what can be done without blocking (reads reports and captured output) and tells whether
    /// the job has ended. To be called when [`Job::as_fd`] is readable.
    ///
    /// # Errors
    /// As [`Job::wait`].
    pub fn try_wait(&self) -> Result<Option<Outcome>> {
        unimplemented!("launch")
    }

    /// Sends a signal to the program, 1 to 64.
    ///
    /// # Errors
    /// `InvalidSpec` for a number out of range, `NotFound` when the job has ended.
    pub fn signal(&self, signal: i32) -> Result<()> {
        let _ = signal;
        unimplemented!("launch")
    }

    /// Kills every process of the job. It then ends as `killed`. Fine when it has ended already.
    ///
    /// # Errors
    /// `Signal` stage, when the kernel refuses.
    pub fn kill(&self) -> Result<()> {
        unimplemented!("launch")
    }

    /// The caller's end of the program's stdin, where the spec says `pipe`. Once.
    pub fn take_stdin(&self) -> Option<OwnedFd> {
        unimplemented!("launch")
    }

    /// The caller's end of the program's stdout, where the spec says `pipe`. Once.
    pub fn take_stdout(&self) -> Option<OwnedFd> {
        unimplemented!("launch")
    }

    /// The caller's end of the program's stderr, where the spec says `pipe`. Once.
    pub fn take_stderr(&self) -> Option<OwnedFd> {
        unimplemented!("launch")
    }

    /// What is in force, as in the outcome.
    pub fn enforcement(&self) -> Enforcement {
        unimplemented!("launch")
    }

    /// The inode numbers of the job's namespaces by kind.
    pub fn namespaces(&self) -> std::collections::BTreeMap<String, u64> {
        unimplemented!("launch")
    }

    /// What the job has used so far.
    pub fn usage(&self) -> Usage {
        unimplemented!("launch")
    }
}

impl AsFd for Job {
    /// Readable when [`Job::try_wait`] has something to do; for an event loop. Do not read from it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
