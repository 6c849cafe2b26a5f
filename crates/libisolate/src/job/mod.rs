//! Jobs: a running spec, and how it ended.

mod capture;
mod exec;
mod idmap;
mod launch;
mod limits;
mod outcome;
mod slots;
mod state;
mod stdio;

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use isolate_sys::Errno;
use isolate_sys::abi::{POLLIN, PollFd, Timespec};
use isolate_sys::calls::{fd, process};

pub use outcome::{Enforced, Enforcement, EnforcementStatus, Outcome, Reason, Usage};

pub(crate) use idmap::write_plan as write_id_maps;

use crate::cgroup::Cgroup;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::ns::Process;
use crate::spec::{Limits, Spec};
use state::State;

/// Runs a job to its end.
///
/// # Errors
/// Everything that kept the job from starting, and a stream that is a `pipe`, whose other end nobody
/// could take. A job that ran and failed is an [`Outcome`].
pub fn run(spec: &Spec) -> Result<Outcome> {
    for (field, stream) in [
        ("stdin", &spec.stdin),
        ("stdout", &spec.stdout),
        ("stderr", &spec.stderr),
    ] {
        if *stream == crate::spec::Stdio::Pipe {
            return Err(Error::invalid(
                field,
                "is a pipe, which run cannot serve: use spawn",
            ));
        }
    }
    spawn(spec)?.wait()
}

/// Starts a job. When this returns, its program runs.
///
/// # Errors
/// As [`run`].
pub fn spawn(spec: &Spec) -> Result<Job> {
    start(spec, None)
}

/// Starts a job, or a program inside another one's place.
fn start(spec: &Spec, place: Option<launch::Place>) -> Result<Job> {
    let launched = launch::launch(spec, place)?;
    let (pid, ready, state) = State::new(launched, spec)?;
    Ok(Job {
        owner: process::getpid(),
        pid,
        ready,
        state: Mutex::new(state),
    })
}

/// A running job. Any thread may use it; dropping it kills and reaps the job.
#[derive(Debug)]
pub struct Job {
    /// The process that started it. A fork of it has a copy of this handle, but not the job.
    owner: i32,
    pid: i32,
    /// An epoll descriptor over everything that the job's end and output come from.
    ready: OwnedFd,
    state: Mutex<State>,
}

impl Job {
    /// Process id of the program as the caller sees it.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Waits for the job to end. Every call gives the same outcome.
    ///
    /// # Errors
    /// `Child` when the init vanished without a report.
    pub fn wait(&self) -> Result<Outcome> {
        loop {
            if let Some(outcome) = self.wait_until(None)? {
                return Ok(outcome);
            }
        }
    }

    /// Waits at most `timeout`; `None` when the job still runs.
    ///
    /// # Errors
    /// As [`Job::wait`].
    pub fn wait_timeout(&self, timeout: Duration) -> Result<Option<Outcome>> {
        self.wait_until(Instant::now().checked_add(timeout))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Result<Option<Outcome>> {
        loop {
            if let Some(outcome) = self.try_wait()? {
                return Ok(Some(outcome));
            }
            let left = match deadline {
                None => None,
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(None);
                    }
                    Some(left)
                }
            };
            match poll(self.ready.as_fd(), left) {
                Ok(()) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::from_errno(errno, Stage::Wait, "poll")),
            }
        }
    }

    /// Does what can be done without blocking (reads reports and captured output) and tells whether
    /// the job has ended. To be called when [`Job::as_fd`] is readable.
    ///
    /// # Errors
    /// As [`Job::wait`].
    pub fn try_wait(&self) -> Result<Option<Outcome>> {
        self.own()?;
        self.state().advance()
    }

    /// Sends a signal to the program, 1 to 64.
    ///
    /// # Errors
    /// `InvalidSpec` for a number out of range, `NotFound` when the job has ended.
    pub fn signal(&self, signal: i32) -> Result<()> {
        self.own()?;
        if !(1..=64).contains(&signal) {
            return Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Signal,
                signal.to_string(),
                "is not a signal, 1 to 64",
            ));
        }
        self.state().signal(signal)
    }

    /// Kills every process of the job. It then ends as `killed`. Fine when it has ended already.
    ///
    /// # Errors
    /// `Signal` stage, when the kernel refuses.
    pub fn kill(&self) -> Result<()> {
        self.own()?;
        self.state().kill()
    }

    /// The caller's end of the program's stdin, where the spec says `pipe`. Once.
    pub fn take_stdin(&self) -> Option<OwnedFd> {
        self.state().take_pipe(0)
    }

    /// The caller's end of the program's stdout, where the spec says `pipe`. Once.
    pub fn take_stdout(&self) -> Option<OwnedFd> {
        self.state().take_pipe(1)
    }

    /// The caller's end of the program's stderr, where the spec says `pipe`. Once.
    pub fn take_stderr(&self) -> Option<OwnedFd> {
        self.state().take_pipe(2)
    }

    /// What is in force, as in the outcome.
    pub fn enforcement(&self) -> Enforcement {
        self.state().enforcement.clone()
    }

    /// The inode numbers of the job's namespaces by kind.
    pub fn namespaces(&self) -> BTreeMap<String, u64> {
        self.state().namespaces.clone()
    }

    /// The processes of the job by ascending number: the program and all it has started, and what
    /// [`Job::exec`] has started in it, without the inits (but where the caller may not see that one is
    /// an init: that of an `exec` by an ordinary user). [`Process::inside`] is the number in the job's own pid namespace where it has one. None
    /// once the job has ended.
    ///
    /// They are found by the job's cgroup; without one by its pid namespace; without either as the
    /// init's descendants (without an init as the program's, which misses those whose parent has ended;
    /// what [`Job::exec`] has started is missed either way).
    ///
    /// # Errors
    /// `NotFound` without a /proc in which the caller has a number.
    pub fn processes(&self) -> Result<Vec<Process>> {
        self.own()?;
        self.state().processes()
    }

    /// What the job has used so far, or in all once it has ended.
    pub fn usage(&self) -> Usage {
        self.state().usage()
    }

    /// The job's own group, as a handle that lives on after the job; the group does not.
    ///
    /// # Errors
    /// `NotFound` when the job has no group, or has ended.
    pub fn cgroup(&self) -> Result<Cgroup> {
        self.own()?;
        self.state().cgroup(self.pid)
    }

    /// Puts other limits in force while the job runs, all or nothing; what is not named stays as it is.
    /// [`Job::enforcement`] and the outcome tell of them from then on.
    ///
    /// A controller that the job's group does not have yet, it gets; on v1 that moves the processes of
    /// the job, at the price that [`Cgroup::attach`] tells of.
    ///
    /// # Errors
    /// As [`Cgroup::apply`]; `NotFound` as [`Job::cgroup`].
    pub fn update(&self, limits: &Limits) -> Result<Enforcement> {
        self.own()?;
        self.state().update(self.pid, limits)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn own(&self) -> Result<()> {
        if self.owner == process::getpid() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Other,
            Stage::Wait,
            format!("job {}", self.pid),
            format!("belongs to process {}, of which this is a fork", self.owner),
        ))
    }
}

impl AsFd for Job {
    /// Readable when [`Job::try_wait`] has something to do, and for ever once the job has ended; for an
    /// event loop. Do not read from it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ready.as_fd()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // In a fork of the owner the job is not this process's to end.
        if self.owner != process::getpid() {
            return;
        }
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.end();
    }
}

/// Waits until a descriptor is readable.
fn poll(ready: BorrowedFd<'_>, timeout: Option<Duration>) -> Result<(), Errno> {
    let mut fds = [PollFd {
        fd: ready.as_raw_fd(),
        events: POLLIN,
        revents: 0,
    }];
    let timeout = timeout.map(|left| Timespec {
        sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        nsec: i64::from(left.subsec_nanos()),
    });
    fd::poll(&mut fds, timeout).map(drop)
}
