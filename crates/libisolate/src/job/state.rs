//! What is known of a running job, and how its end is found out and judged.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use isolate_plan::{Cause, Command, Ended, KILL_REAPED, Report};
use isolate_sys::Errno;
use isolate_sys::calls::process::{self, Exit};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::capture::{Capture, Progress};
use super::launch::Launched;
use super::outcome::{Enforcement, Outcome, Reason, Usage};
use super::poll;
use crate::cgroup::{Cgroup, Group};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::init::{Control, Heard, memfile, pidfd};
use crate::ns::{self, Kind, Namespace, Process};
use crate::spec::Spec;

/// Bytes captured of a stream where the spec does not say.
const DEFAULT_OUTPUT: u64 = 16 << 20;

/// How long a dropped job may take to go away: killed processes can be stuck in the kernel.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct State {
    epoll: Epoll,
    pidfd: OwnedFd,
    control: Option<Control>,
    captures: [Option<Capture>; 3],
    pipes: [Option<OwnedFd>; 3],
    pub(super) group: Option<Group>,
    has_init: bool,
    /// Whether the child is one that reaps the program, or the init, and is not that itself.
    reaped: bool,
    pid_namespace: bool,
    pid: i32,
    started: Instant,
    /// The init's last word.
    ended: Option<Ended>,
    /// How the init, or the program without one, ended.
    exit: Option<Option<Exit>>,
    killed: bool,
    over_output: bool,
    pub(super) outcome: Option<Result<Outcome>>,
    /// Makes the epoll descriptor readable for ever once there is an outcome.
    bell: Option<EventFd>,
    pub enforcement: Enforcement,
    pub namespaces: BTreeMap<String, u64>,
    /// The program's ids inside, where they were set.
    pub ids: Option<(u32, u32)>,
}

impl State {
    pub fn new(launched: Launched, spec: &Spec) -> Result<(i32, OwnedFd, State)> {
        let mut streams = launched.streams;
        let limit = spec.limits.output.map_or(DEFAULT_OUTPUT, |size| size.0) as usize;
        let mut state = State {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(wait_error)?,
            pidfd: launched.spark.pidfd,
            control: Some(launched.control),
            captures: streams
                .captures
                .each_mut()
                .map(|pipe| pipe.take().map(|pipe| Capture::new(pipe, limit))),
            pipes: streams.pipes.each_mut().map(Option::take),
            group: launched.group,
            has_init: launched.plan.init,
            reaped: launched.plan.reaped,
            pid_namespace: launched.plan.pid_namespace,
            pid: launched.pid,
            started: launched.started,
            ended: launched.ended,
            exit: None,
            killed: false,
            over_output: false,
            outcome: None,
            bell: None,
            enforcement: launched.enforcement,
            namespaces: launched.namespaces,
            ids: launched.plan.ids,
        };
        let registered = state.register();
        if let Err(error) = registered {
            state.end();
            return Err(error);
        }
        let ready = state.epoll.0.try_clone().map_err(|error| {
            state.end();
            Error::from_io(&error, Stage::Wait, "epoll")
        })?;
        Ok((state.pid, ready, state))
    }

    fn register(&self) -> Result<()> {
        // Not the line to the init: all it says now is its last word, and its end follows at once.
        self.watch(self.pidfd.as_fd())?;
        for capture in self.captures.iter().flatten() {
            if let Some(pipe) = capture.pipe() {
                self.watch(pipe)?;
            }
        }
        Ok(())
    }

    fn watch(&self, fd: BorrowedFd<'_>) -> Result<()> {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, fd.as_raw_fd() as u64);
        self.epoll.add(fd, event).map_err(wait_error)
    }

    /// Reads everything that is there; gives the outcome once the job has ended.
    pub fn advance(&mut self) -> Result<Option<Outcome>> {
        if let Some(outcome) = &self.outcome {
            return outcome.clone().map(Some);
        }
        self.hear();
        self.read();
        if self.exit.is_none() {
            match process::wait_pidfd(self.pidfd.as_raw_fd(), true) {
                Ok(None) => return Ok(None),
                Ok(Some(exit)) => self.exit = Some(Some(exit)),
                // The host ignores SIGCHLD, or waits for any child: the init's report has it all.
                Err(Errno::ECHILD) => {
                    if !self.is_gone() {
                        return Ok(None);
                    }
                    self.exit = Some(None);
                }
                Err(Errno::EINTR) => return Ok(None),
                Err(errno) => return Err(Error::from_errno(errno, Stage::Wait, "waitid")),
            }
        }
        // Everything that the init and the job had to say is in the buffers by now.
        self.hear();
        // A pipe holds a megabyte at most; a writer that is left without a pid namespace may add to it.
        let mut rounds = 0;
        while self.read() && rounds < 64 {
            rounds += 1;
        }
        let outcome = self.conclude();
        self.outcome = Some(outcome.clone());
        self.bell = EventFd::from_value_and_flags(1, EfdFlags::EFD_CLOEXEC).ok();
        if let Some(bell) = &self.bell {
            let _ = self.watch(bell.as_fd());
        }
        let _ = self.epoll.delete(self.pidfd.as_fd());
        outcome.map(Some)
    }

    fn is_gone(&self) -> bool {
        matches!(poll_now(self.pidfd.as_fd()), Ok(true))
    }

    fn hear(&mut self) {
        loop {
            let Some(control) = &self.control else { return };
            match control.hear(false) {
                Ok(Heard::Report(Report::Ended(ended), _)) => self.ended = Some(ended),
                Ok(Heard::Report(..) | Heard::Descriptor(_)) => {}
                Ok(Heard::Nothing) => return,
                Ok(Heard::End) | Err(_) => self.control = None,
            }
        }
    }

    /// Tells whether there is more.
    fn read(&mut self) -> bool {
        let (mut cut, mut more) = (false, false);
        for capture in self.captures.iter_mut().flatten() {
            match capture.read() {
                Progress::Closed(pipe) => drop(self.epoll.delete(pipe.as_fd())),
                Progress::More => more = true,
                Progress::Open => {}
            }
            cut |= capture.cut;
        }
        if cut && !self.over_output {
            self.over_output = true;
            if self.exit.is_none() && self.ended.is_none() {
                self.kill_processes();
            }
        }
        more
    }

    pub fn signal(&mut self, signal: i32) -> Result<()> {
        let sent = if self.outcome.is_some() || self.exit.is_some() {
            Err(Errno::ESRCH)
        } else if self.has_init {
            match &self.control {
                Some(control) => control.send(Command::Signal(signal as u32)),
                None => Err(Errno::ESRCH),
            }
        } else {
            self.signal_child(signal)
        };
        sent.map_err(|errno| {
            let errno = match errno {
                Errno::EPIPE | Errno::ECONNRESET => Errno::ESRCH,
                other => other,
            };
            Error::from_errno(
                errno,
                Stage::Signal,
                format!("signal {signal} to job {}", self.pid),
            )
        })
    }

    pub fn kill(&mut self) -> Result<()> {
        if self.outcome.is_some() || self.ended.is_some() || self.is_gone() {
            return Ok(());
        }
        self.killed = true;
        self.kill_processes();
        Ok(())
    }

    fn kill_processes(&self) {
        if self.has_init && !self.pid_namespace {
            // The init's children would outlive it: it kills them first.
            if let Some(control) = &self.control {
                let _ = control.send(Command::Kill);
            }
            if let Some(group) = &self.group {
                let _ = group.kill();
            }
            return;
        }
        // The death of pid 1 is the death of all.
        let _ = self.signal_child(libc::SIGKILL);
        if !self.pid_namespace
            && let Some(group) = &self.group
        {
            let _ = group.kill();
        }
    }

    fn signal_child(&self, signal: i32) -> Result<(), Errno> {
        let signal = match signal {
            libc::SIGKILL if self.reaped => KILL_REAPED,
            other => other,
        };
        pidfd::send_signal(self.pidfd.as_fd(), signal)
    }

    pub fn take_pipe(&mut self, number: usize) -> Option<OwnedFd> {
        self.pipes.get_mut(number)?.take()
    }

    /// The files by which a process joins the job's groups.
    pub fn group_fds(&self) -> Result<Vec<OwnedFd>> {
        self.group
            .as_ref()
            .map_or_else(|| Ok(Vec::new()), |group| group.join_fds(true))
    }

    /// The job's group, where the caller may not let a process join it by itself.
    pub fn closed_group(&self) -> Result<Option<Cgroup>> {
        match &self.group {
            Some(group) if !group.is_open()? => group.handle().map(Some),
            _ => Ok(None),
        }
    }

    pub fn usage(&self) -> Usage {
        if let Some(Ok(outcome)) = &self.outcome {
            return outcome.usage.clone();
        }
        let mut usage = Usage {
            wall_time: self.started.elapsed().as_secs_f64(),
            ..Usage::default()
        };
        if let Some(group) = &self.group {
            group.measure(&mut usage);
        }
        usage
    }

    /// The job's processes, the init left out.
    pub fn processes(&self) -> Result<Vec<Process>> {
        // The number behind the pidfd is nobody else's before the process is reaped.
        if self.outcome.is_some() || self.exit.is_some() || self.is_gone() {
            return Ok(Vec::new());
        }
        let Some(first) = ns::child_behind(self.pidfd.as_fd()) else {
            return Ok(Vec::new());
        };
        let namespace = match self.pid_namespace {
            true => Namespace::of_pidfd(self.pidfd.as_fd(), Kind::Pid).ok(),
            false => None,
        };
        let mut found = match (&self.group, &namespace) {
            (Some(group), _) => ns::described(group.processes(), namespace.as_ref())?,
            (None, Some(namespace)) => ns::processes_in(namespace)?,
            (None, None) => {
                let mut all = ns::descendants(first)?;
                all.push(first);
                ns::described(all, None)?
            }
        };
        if self.has_init {
            // In a pid namespace that was there before, a second process of the init does its work.
            let inits = ns::between(self.pid, first)?;
            found.retain(|process| process.pid != first && !inits.contains(&process.pid));
        }
        // Programs that were started inside the job later have inits of their own.
        match memfile::program_identity() {
            Some(program) => ns::without(program, found),
            None => Ok(found),
        }
    }

    /// Kills, reaps and cleans up, for a handle that is given up.
    pub fn end(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        if self.outcome.is_none() {
            let _ = self.kill();
        }
        while self.outcome.is_none() && Instant::now() < deadline {
            if self.advance().is_err() {
                break;
            }
            if self.outcome.is_none() {
                let _ = poll(self.epoll.0.as_fd(), Some(Duration::from_millis(100)));
            }
        }
    }

    /// The outcome, once the init is gone: measure, clean up, judge.
    fn conclude(&mut self) -> Result<Outcome> {
        let exit = self.exit.flatten();
        let mut usage = Usage {
            wall_time: self.started.elapsed().as_secs_f64(),
            ..Usage::default()
        };
        // The init's own use is counted in: it waited for the job, and is negligible itself.
        if let Some(exit) = exit {
            let seconds = |sec: i64, usec: i64| sec as f64 + usec as f64 / 1e6;
            usage.user_time = seconds(exit.rusage.user_sec, exit.rusage.user_usec);
            usage.system_time = seconds(exit.rusage.system_sec, exit.rusage.system_usec);
        }
        if let Some(ended) = self.ended {
            usage.wall_time = ended.wall as f64 / 1e9;
            usage.user_time = ended.user as f64 / 1e6;
            usage.system_time = ended.system as f64 / 1e6;
            usage.max_rss = Some(ended.max_rss * 1024);
        }
        usage.cpu_time = usage.user_time + usage.system_time;
        if let Some(group) = self.group.take() {
            // Without a pid namespace something may have outlived the init.
            if !self.pid_namespace {
                let _ = group.kill();
            }
            group.measure(&mut usage);
            if let Err(error) = group.remove() {
                return Err(error.with_hint("the job has ended; its cgroup could not be removed"));
            }
        }
        let end = self.end_of_program(exit);
        let (reason, evidence) = self.judge(&usage, end)?;
        for (name, capture) in ["stdin", "stdout", "stderr"].iter().zip(&self.captures) {
            // What there is of it would look like all of it.
            if let Some(errno) = capture.as_ref().and_then(|c| c.failed) {
                return Err(Error::from_errno(errno, Stage::Stdio, *name));
            }
        }
        let mut collected = |number: usize| {
            self.captures[number]
                .as_mut()
                .map(|c| (c.take().into(), c.cut))
        };
        let (stdout, stdout_cut) = collected(1).unzip();
        let (stderr, stderr_cut) = collected(2).unzip();
        Ok(Outcome {
            reason,
            exit_code: match end {
                Some(End::Exit(code)) => Some(code),
                _ => None,
            },
            signal: match end {
                Some(End::Signal(signal)) => Some(signal),
                _ => None,
            },
            evidence,
            usage,
            stdout,
            stderr,
            stdout_cut: stdout_cut.unwrap_or(false),
            stderr_cut: stderr_cut.unwrap_or(false),
            pid: self.pid,
            namespaces: self.namespaces.clone(),
            enforcement: self.enforcement.clone(),
        })
    }

    /// How the program itself ended: as the init reports it, or, without an init, as the kernel does.
    fn end_of_program(&self, exit: Option<Exit>) -> Option<End> {
        if let Some(ended) = self.ended {
            let signal = (ended.status & 0x7F) as i32;
            return Some(if signal == 0 {
                End::Exit((ended.status >> 8 & 0xFF) as i32)
            } else {
                End::Signal(signal)
            });
        }
        const CLD_EXITED: i32 = 1;
        match exit {
            Some(exit) if !self.has_init && exit.code == CLD_EXITED => Some(End::Exit(exit.status)),
            // The init was killed, and the program with it.
            Some(exit) if exit.code != CLD_EXITED => Some(End::Signal(exit.status)),
            _ => None,
        }
    }

    /// Why the job ended, by the strongest evidence there is.
    fn judge(&self, usage: &Usage, end: Option<End>) -> Result<(Reason, String)> {
        let cause = self.ended.map_or(Cause::None, |ended| ended.cause);
        let oom_kills = usage.oom_kills.unwrap_or(0);
        let judged = match (cause, end) {
            _ if self.over_output => (
                Reason::OutputLimit,
                "more output than limits.output was captured".to_owned(),
            ),
            (Cause::Timeout, _) => (
                Reason::Timeout,
                "the init killed it at its timeout".to_owned(),
            ),
            (Cause::CpuLimit, _) => (
                Reason::CpuLimit,
                "the init killed it at its cpu_time".to_owned(),
            ),
            _ if self.killed || cause == Cause::Killed => {
                (Reason::Killed, "the caller killed it".to_owned())
            }
            (Cause::OutOfMemory, _) => (
                Reason::OutOfMemory,
                "the init killed all of it when its cgroup was out of memory".to_owned(),
            ),
            _ if oom_kills > 0 => (
                Reason::OutOfMemory,
                format!("the kernel's out of memory killer ended {oom_kills} of its processes"),
            ),
            (_, Some(End::Signal(libc::SIGSYS))) => (
                Reason::Seccomp,
                "signal 31 (SIGSYS): a system call was filtered".to_owned(),
            ),
            (_, Some(End::Signal(signal))) => (Reason::Signal, format!("signal {signal}")),
            (_, Some(End::Exit(code))) => (Reason::Exit, format!("exit code {code}")),
            (_, None) => {
                return Err(Error::new(
                    ErrorKind::Child,
                    Stage::Wait,
                    format!("job {}", self.pid),
                    "ended without a report, and the caller has reaped its init: do not ignore SIGCHLD \
                     or wait for any child when init is false",
                ));
            }
        };
        Ok(judged)
    }
}

/// How a program ended.
#[derive(Clone, Copy, Debug)]
enum End {
    Exit(i32),
    Signal(i32),
}

fn poll_now(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    let mut fds = [isolate_sys::abi::PollFd {
        fd: fd.as_raw_fd(),
        events: isolate_sys::abi::POLLIN,
        revents: 0,
    }];
    let none = isolate_sys::abi::Timespec::default();
    isolate_sys::calls::fd::poll(&mut fds, Some(none)).map(|ready| ready > 0)
}

fn wait_error(errno: nix::errno::Errno) -> Error {
    Error::from_errno(Errno::from_raw(errno as i32), Stage::Wait, "epoll")
}
