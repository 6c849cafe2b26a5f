//! From a plan to an init that waits for what the host has to give it.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use isolate_plan::{Command, KILL_REAPED, Report};
use isolate_sys::Errno;
use isolate_sys::abi::{POLLIN, PollFd, Rusage, Timespec};
use isolate_sys::calls::{fd, process};

use super::memfile::{self, ProgramFd};
use super::spark::{self, Spark, Wish};
use super::{Control, Heard, pidfd};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::ns::Namespace;
use crate::plan::{self, Plan};
use crate::sysfd::own;

/// What a plan needs before there is a process.
pub(crate) struct Cradle {
    pub program: ProgramFd,
    ops: OwnedFd,
    joined: Vec<Namespace>,
    control: Control,
    init_end: OwnedFd,
}

impl Cradle {
    /// Everything that can fail without a process; the namespaces that the plan enters are `joined`.
    pub fn new(plan: &Plan, joined: Vec<Namespace>) -> Result<Cradle> {
        let program = memfile::program()?;
        let ops = memfile::plan(&plan.ops)?;
        let line = |errno| Error::from_errno(errno, Stage::Clone, "socketpair");
        let (control, init_end) = Control::pair().map_err(line)?;
        Ok(Cradle {
            program,
            ops,
            joined,
            control,
            init_end,
        })
    }

    /// Starts the init. Where it enters the namespaces of others first, it has done so when this
    /// returns, and is the process that it stays.
    pub fn light(self, plan: &Plan, cgroup: Option<BorrowedFd<'_>>) -> Result<Newborn> {
        let spark = spark::light(&Wish {
            namespaces: plan.clone_flags,
            cgroup,
            program: self.program.as_fd(),
            control: self.init_end.as_fd(),
            capabilities: plan.init_capabilities,
        })
        .map_err(|errno| clone_error(errno, plan))?;
        // From here on the line ends with the init.
        drop(self.init_end);
        let mut newborn = Newborn {
            pid: spark.pid,
            child: Guarded::new(spark),
            control: self.control,
            ops: self.ops,
            joined: self.joined,
        };
        if plan.reborn {
            newborn.start(plan, &[]).map_err(line_broken)?;
            newborn.rebirth(plan)?;
        }
        Ok(newborn)
    }
}

/// An init that waits for its slots. It is killed and reaped when this is dropped.
pub(crate) struct Newborn {
    /// The init.
    pid: i32,
    /// The child that is waited for: the init, or who reaps it.
    child: Guarded,
    pub control: Control,
    ops: OwnedFd,
    joined: Vec<Namespace>,
}

/// A process that is killed and reaped when this is dropped.
#[derive(Debug)]
pub(crate) struct Guarded {
    spark: Option<Spark>,
    /// What ends it: SIGKILL, or `KILL_REAPED` where it has to reap another first.
    signal: i32,
}

impl Guarded {
    pub fn new(spark: Spark) -> Guarded {
        Guarded {
            spark: Some(spark),
            signal: libc::SIGKILL,
        }
    }

    /// No process.
    pub fn none() -> Guarded {
        Guarded {
            spark: None,
            signal: libc::SIGKILL,
        }
    }

    /// Leaves it as it is.
    pub fn forget(&mut self) {
        self.spark.take();
    }

    /// Its process id as this process sees it.
    pub fn pid(&self) -> i32 {
        self.spark.as_ref().map_or(0, |spark| spark.pid)
    }

    /// Kills it, and tells whether it has gone within so many milliseconds.
    pub fn end(&self, patience: i64) -> bool {
        let Some(spark) = &self.spark else {
            return true;
        };
        let _ = pidfd::send_signal(spark.pidfd.as_fd(), self.signal);
        let mut fds = [PollFd {
            fd: spark.pidfd.as_raw_fd(),
            events: POLLIN,
            revents: 0,
        }];
        let patience = Timespec {
            sec: patience / 1000,
            nsec: patience % 1000 * 1_000_000,
        };
        !matches!(fd::poll(&mut fds, Some(patience)), Ok(0) | Err(_))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Some(spark) = &self.spark {
            let _ = pidfd::send_signal(spark.pidfd.as_fd(), self.signal);
            let _ = process::wait_pidfd(spark.pidfd.as_raw_fd(), false);
        }
    }
}

impl Newborn {
    /// Its process id as this process sees it.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether it was born in the cgroup that was asked for.
    pub fn in_cgroup(&self) -> bool {
        self.child
            .spark
            .as_ref()
            .is_some_and(|spark| spark.in_cgroup)
    }

    /// Gives it what its ops work on, in slot order, and lets it go on.
    pub fn send(&self, plan: &Plan, fds: &[RawFd]) -> Result<(), Errno> {
        if plan.reborn {
            self.control.send_with(Command::Go, fds)
        } else {
            self.start(plan, fds)
        }
    }

    fn start(&self, plan: &Plan, fds: &[RawFd]) -> Result<(), Errno> {
        let joined = self.joined.iter().map(|found| found.as_fd().as_raw_fd());
        let rest = fds.iter().copied().chain([self.ops.as_raw_fd()]);
        let all: Vec<RawFd> = joined.chain(rest).collect();
        self.control
            .send_with(Command::Start(plan.ops.len() as u32), &all)
    }

    /// Waits until the init goes on in another process, and reaps the one before where it ends.
    fn rebirth(&mut self, plan: &Plan) -> Result<()> {
        let pid = match self.control.hear(true).map_err(line_broken)? {
            Heard::Report(Report::Reborn, pid) => pid,
            Heard::Report(Report::Failed { op, errno }, _) => {
                return Err(plan.failure(op, Errno::from_raw(errno as i32)));
            }
            _ => return Err(self.vanished()),
        };
        self.pid = pid;
        if plan.reaped {
            self.child.signal = KILL_REAPED;
            return Ok(());
        }
        // A child of this process that nobody has reaped: the number is its own.
        let pidfd = own(process::pidfd_open(pid)).map_err(|errno| {
            let _ = process::kill(pid, libc::SIGKILL);
            let _ = process::wait4(pid, libc::__WALL as u32, &mut Rusage::default());
            let error = line_broken(errno);
            match errno {
                Errno::ENOSYS => {
                    error.with_hint("entering namespaces needs Linux 5.3 (pidfd_open)")
                }
                _ => error,
            }
        })?;
        let in_cgroup = self.in_cgroup();
        if let Some(before) = &self.child.spark {
            let _ = process::wait_pidfd(before.pidfd.as_raw_fd(), false);
        }
        // The one before is reaped: only now may it be forgotten.
        let before = self.child.spark.replace(Spark {
            pid,
            pidfd,
            in_cgroup,
        });
        drop(before);
        Ok(())
    }

    /// Why it is gone without a word; waits for its end.
    pub fn vanished(&self) -> Error {
        let how = self
            .child
            .spark
            .as_ref()
            .and_then(|spark| process::wait_pidfd(spark.pidfd.as_raw_fd(), false).ok()?);
        let detail = match how {
            Some(exit) if exit.code != 1 => format!("was killed by signal {}", exit.status),
            Some(exit) => format!("ended with status {} and no report", exit.status),
            None => "ended without a report".to_owned(),
        };
        Error::new(ErrorKind::Child, Stage::Clone, "init", detail)
    }

    /// The process and the line to it, which are the caller's business now.
    pub fn keep(mut self) -> Option<(Spark, Control)> {
        self.child.spark.take().map(|spark| (spark, self.control))
    }
}

fn line_broken(errno: Errno) -> Error {
    Error::from_errno(errno, Stage::Clone, "init")
}

fn clone_error(errno: Errno, plan: &Plan) -> Error {
    let names = plan::namespace_names(plan.clone_flags);
    let error = Error::from_errno(errno, Stage::Clone, names);
    match errno {
        Errno::ENOSPC => error.with_kind(ErrorKind::Limit).with_hint(
            "a limit of namespaces is reached: see sysctl user.max_user_namespaces and its \
             siblings, and the depth of 32 nested user or pid namespaces",
        ),
        // What is known to refuse it is told before anything is tried.
        Errno::EPERM => error.with_hint(
            "namespaces need CAP_SYS_ADMIN or user namespaces, and something that does not show itself \
             refuses them, such as a chroot onto a mount or a security module: isolatectl doctor tells \
             what was looked at",
        ),
        Errno::EAGAIN => error.with_kind(ErrorKind::Limit).with_hint(
            "the caller may have no more processes: see ulimit -u and pids.max of its cgroup",
        ),
        Errno::EACCES => error.with_hint(
            "a security module (SELinux, AppArmor, Smack) refuses namespaces, or programs in memory files: \
             see the kernel's audit log",
        ),
        _ => error,
    }
}
