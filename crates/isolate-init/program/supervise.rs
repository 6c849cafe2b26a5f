//! Starting the job's process, and what the init does while it lives: reap, pass signals on, watch the
//! clocks and the host, and end with it.

use isolate_plan::{Cause, Command, Ended, Report};
use isolate_sys::abi::{
    AT_FDCWD, O_CLOEXEC, O_NONBLOCK, O_RDONLY, POLLERR, POLLHUP, POLLIN, PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE, PollFd, Rusage, SIGKILL, SignalInfo, Timespec,
};
use isolate_sys::calls::{fd, path, privilege, process, signal};
use isolate_sys::{Errno, Result};

use crate::host;
use crate::numbered::Numbered;
use crate::state::Init;

const WNOHANG: u32 = 1;
/// wait for children of any kind
const WALL: u32 = 0x4000_0000;
const SIGCHLD: u32 = 17;
/// HUP, INT, QUIT, USR1, USR2, TERM: what somebody who has only the init's pid may send.
const PASSED_ON: [u32; 6] = [1, 2, 3, 10, 12, 15];
/// What the kernel itself sends, in siginfo's code.
const SI_KERNEL: i32 = 0x80;
const MILLISECOND: u64 = 1_000_000;

/// What the init watches.
pub struct Watch {
    /// Wall time in nanoseconds, or 0.
    pub timeout: u64,
    /// CPU time in nanoseconds, or 0.
    pub cpu_limit: u64,
    /// The file that tells the group's CPU time: v2's cpu.stat or v1's cpuacct.usage.
    pub cpu_file: Option<i32>,
    /// CPUs the job may burn at once.
    pub cpus: u64,
    /// An eventfd that tells when the group is out of memory.
    pub oom: Option<i32>,
    /// A pidfd of the host.
    pub host: Option<i32>,
    /// Whether this is pid 1 of a new namespace, with which all in it end.
    pub pid_namespace: bool,
}

/// Forks. The child comes back and goes on with the plan; the init does not come back.
pub fn spawn(init: &mut Init, watch: Watch) -> Result<()> {
    // Neither the job nor anyone of its user may look into the init.
    privilege::prctl(PR_SET_DUMPABLE, 0, 0)?;
    if !watch.pid_namespace {
        privilege::prctl(PR_SET_CHILD_SUBREAPER, 1, 0)?;
    }
    let [from_job, to_init] = fd::pipe(O_CLOEXEC | O_NONBLOCK)?;
    let signals = signal::signalfd(signal::ALL)?;
    let parent = process::getpid();
    let born = process::boottime();
    // SAFETY: the init has one thread.
    let child = unsafe { process::fork() }?;
    if child == 0 {
        fd::close(from_job)?;
        fd::close(signals)?;
        init.failure = Some(to_init);
        init.die_with = (!watch.pid_namespace).then_some(parent);
        return Ok(());
    }
    fd::close(to_init)?;
    Supervisor {
        control: init.control,
        signals,
        from_job: Some(from_job),
        child,
        born,
        cause: Cause::None,
        before_exec: true,
        ended: None,
        watch,
    }
    .run()
}

struct Supervisor {
    control: i32,
    signals: i32,
    from_job: Option<i32>,
    child: i32,
    born: u64,
    cause: Cause,
    before_exec: bool,
    ended: Option<Ended>,
    watch: Watch,
}

impl Supervisor {
    fn run(mut self) -> ! {
        while self.ended.is_none() {
            let mut fds = [
                PollFd { fd: self.signals, events: POLLIN, revents: 0 },
                PollFd { fd: self.control, events: POLLIN, revents: 0 },
                PollFd { fd: self.watch.host.unwrap_or(-1), events: POLLIN, revents: 0 },
                // Its end alone, which comes with the exec or with death: no waking for the word before.
                PollFd { fd: self.from_job.unwrap_or(-1), events: 0, revents: 0 },
                PollFd { fd: self.watch.oom.unwrap_or(-1), events: POLLIN, revents: 0 },
            ];
            let _ = fd::poll(&mut fds, self.next_look());
            let ready = |at: usize| fds[at].revents & (POLLIN | POLLHUP | POLLERR) != 0;
            // The pipe before the signals: when the program fails to start both are ready, and the
            // failure is what counts.
            if ready(3) {
                self.hear_job();
            }
            if ready(1) {
                self.hear_host();
            }
            if ready(2) {
                self.host_gone();
            }
            if ready(4) {
                // What v2 does by memory.oom.group. Once: who is killed may need memory to die.
                self.watch.oom = None;
                self.kill(Cause::OutOfMemory);
            }
            if ready(0) {
                self.hear_signals();
            }
            self.look_at_clocks();
        }
        self.end_all();
        if let Some(ended) = self.ended {
            let _ = host::send(self.control, &Report::Ended(ended).encode());
        }
        process::exit_group(0)
    }

    /// How long to sleep at most.
    fn next_look(&self) -> Option<Timespec> {
        if self.cause != Cause::None {
            return None;
        }
        let mut wait = u64::MAX;
        if self.watch.timeout != 0 {
            let passed = process::boottime() - self.born;
            wait = self.watch.timeout.saturating_sub(passed);
        }
        if self.watch.cpu_limit != 0 {
            // The job cannot use up the rest sooner than this on all its CPUs.
            let left = self.watch.cpu_limit.saturating_sub(self.cpu_time());
            wait = wait.min((left / self.watch.cpus).max(MILLISECOND));
        }
        (wait != u64::MAX).then(|| Timespec {
            sec: (wait / 1_000_000_000) as i64,
            nsec: (wait % 1_000_000_000) as i64,
        })
    }

    fn look_at_clocks(&mut self) {
        if self.cause != Cause::None || self.ended.is_some() {
            return;
        }
        let watch = &self.watch;
        if watch.timeout != 0 && process::boottime() - self.born >= watch.timeout {
            self.kill(Cause::Timeout);
        } else if watch.cpu_limit != 0 && self.cpu_time() >= watch.cpu_limit {
            self.kill(Cause::CpuLimit);
        }
    }

    /// The group's CPU time in nanoseconds.
    fn cpu_time(&self) -> u64 {
        let Some(file) = self.watch.cpu_file else {
            return 0;
        };
        let mut buffer = [0u8; 256];
        let len = fd::pread(file, &mut buffer, 0).unwrap_or(0);
        let text = &buffer[..len];
        // cpu.stat begins with a line of microseconds, cpuacct.usage is a number of nanoseconds.
        let (digits, unit) = match text.strip_prefix(b"usage_usec ") {
            Some(rest) => (rest, 1000),
            None => (text, 1),
        };
        let mut value = 0u64;
        for digit in digits {
            if !digit.is_ascii_digit() {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        }
        value.wrapping_mul(unit)
    }

    /// What the job's process says before its exec: that an op failed, or that it now becomes the
    /// program. The end of the pipe is the exec, or its death.
    fn hear_job(&mut self) {
        let Some(pipe) = self.from_job else {
            return;
        };
        let mut report = [0u8; Report::LEN];
        match fd::read(pipe, &mut report) {
            Ok(0) => {
                let _ = fd::close(pipe);
                self.from_job = None;
                if !self.before_exec {
                    let _ = host::send(self.control, &Report::Started.encode());
                }
            }
            Ok(_) => match Report::decode(&report) {
                Some(Report::Started) => self.before_exec = false,
                _ => {
                    // Reaped first, so that the cgroup is empty when the host hears of it.
                    let mut rusage = Rusage::default();
                    let _ = process::wait4(self.child, WALL, &mut rusage);
                    let _ = host::send(self.control, &report);
                    process::exit_group(0);
                }
            },
            Err(_) => {}
        }
    }

    fn hear_host(&mut self) {
        match host::command(self.control) {
            Ok(Some(Command::Signal(number))) => {
                let _ = process::kill(self.child, number as i32);
            }
            Ok(Some(Command::Kill)) => self.kill(Cause::Killed),
            Ok(_) => {}
            Err(_) => self.host_gone(),
        }
    }

    fn host_gone(&mut self) {
        self.kill(Cause::Killed);
        self.end_all();
        process::exit_group(0)
    }

    fn hear_signals(&mut self) {
        let mut info = [0u8; size_of::<SignalInfo>()];
        while let Ok(128) = fd::read(self.signals, &mut info) {
            let number = u32::from_ne_bytes([info[0], info[1], info[2], info[3]]);
            let code = i32::from_ne_bytes([info[8], info[9], info[10], info[11]]);
            if number == SIGCHLD {
                self.reap();
            } else if PASSED_ON.contains(&number) && code != SI_KERNEL {
                // A terminal's Ctrl-C is not: it went to the whole foreground group. A job in the
                // group has it, and a job in a session of its own is not the terminal's.
                let _ = process::kill(self.child, number as i32);
            }
        }
    }

    /// Takes every child that has ended; notes the job's own process.
    fn reap(&mut self) {
        loop {
            let mut rusage = Rusage::default();
            match process::wait4(-1, WNOHANG | WALL, &mut rusage) {
                Ok((0, _)) => return,
                Ok((pid, status)) if pid == self.child => self.note(status, &rusage),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }

    fn note(&mut self, status: i32, rusage: &Rusage) {
        // A failure that is still in the pipe comes first.
        while self.from_job.is_some() {
            self.hear_job();
        }
        let micros = |sec: i64, usec: i64| sec as u64 * 1_000_000 + usec as u64;
        self.ended = Some(Ended {
            status: status as u32,
            cause: self.cause,
            before_exec: self.before_exec,
            wall: process::boottime() - self.born,
            user: micros(rusage.user_sec, rusage.user_usec),
            system: micros(rusage.system_sec, rusage.system_usec),
            max_rss: rusage.max_rss_kib as u64,
        });
    }

    fn kill(&mut self, cause: Cause) {
        if self.cause == Cause::None {
            self.cause = cause;
        }
        if self.watch.pid_namespace {
            let _ = process::kill(-1, SIGKILL);
        } else {
            let _ = process::kill(self.child, SIGKILL);
            self.kill_children();
        }
    }

    /// Kills and reaps whatever the job left behind, so that its group is empty and its use counted.
    fn end_all(&mut self) {
        loop {
            if self.watch.pid_namespace {
                let _ = process::kill(-1, SIGKILL);
            } else {
                self.kill_children();
            }
            let mut rusage = Rusage::default();
            match process::wait4(-1, WALL, &mut rusage) {
                Ok((pid, status)) if pid == self.child && self.ended.is_none() => {
                    self.note(status, &rusage);
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Kills this process's children. As a subreaper it gets their children in turn.
    fn kill_children(&self) {
        let Ok(file) = path::openat(
            AT_FDCWD,
            c"/proc/thread-self/children",
            O_RDONLY | O_CLOEXEC,
            0,
        ) else {
            return;
        };
        let mut buffer = [0u8; 4096];
        let mut pid = 0i32;
        while let Ok(len @ 1..) = fd::read(file, &mut buffer) {
            for byte in &buffer[..len] {
                if byte.is_ascii_digit() {
                    pid = pid.wrapping_mul(10).wrapping_add(i32::from(byte - b'0'));
                } else if pid > 0 {
                    self.kill_child(pid);
                    pid = 0;
                }
            }
        }
        let _ = fd::close(file);
    }

    /// Kills a child by its number in /proc, which may be that of another pid namespace than this
    /// process's own: its directory stands for it (pidfd_send_signal(2)).
    fn kill_child(&self, pid: i32) {
        let path = Numbered::new("/proc/", pid as u64);
        if let Ok(directory) = path::openat(AT_FDCWD, path.as_c_str(), O_RDONLY | O_CLOEXEC, 0) {
            let sent = process::pidfd_send_signal(directory, SIGKILL);
            if sent == Err(Errno::ENOSYS) {
                let _ = process::kill(pid, SIGKILL);
            }
            let _ = fd::close(directory);
        }
    }
}

/// Keeps the namespaces of this process until the host closes the line: tells it that they are there,
/// and reaps whoever ends here. A signal `ended_by` ends it as well.
pub fn hold(init: &Init, ended_by: u32) -> Result<()> {
    // Nobody who comes in later may look into this process.
    privilege::prctl(PR_SET_DUMPABLE, 0, 0)?;
    let signals = signal::signalfd(signal::ALL)?;
    host::send(init.control, &Report::Done.encode())?;
    loop {
        let mut fds = [
            PollFd { fd: signals, events: POLLIN, revents: 0 },
            PollFd { fd: init.control, events: POLLIN, revents: 0 },
        ];
        let _ = fd::poll(&mut fds, None);
        if fds[1].revents != 0 && host::command(init.control).is_err() {
            // As pid 1: whoever is left ends with this process.
            process::exit_group(0);
        }
        let mut info = [0u8; size_of::<SignalInfo>()];
        while let Ok(128) = fd::read(signals, &mut info) {
            let signal = u32::from_ne_bytes([info[0], info[1], info[2], info[3]]);
            if signal == ended_by && ended_by != 0 {
                process::exit_group(0);
            }
            let mut rusage = Rusage::default();
            while let Ok((1.., _)) = process::wait4(-1, WNOHANG | WALL, &mut rusage) {}
        }
    }
}
