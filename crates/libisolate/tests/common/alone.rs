//! A test in a process of its own: re-runs the test program for one test, with a deadline, and checks
//! that the process has the same descriptors, children, cgroups and mounts before and after.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{Snapshot, TempDir, patience};

const MARK: &str = "ISOLATE_TEST_ALONE";

/// Runs the body in a process of its own.
pub fn alone(name: &str, body: impl FnOnce()) {
    Alone::new(name).run(body);
}

/// How the process is started.
pub struct Alone {
    name: String,
    wrapper: Vec<String>,
    env: Vec<(String, String)>,
    deadline: Duration,
    /// Whether the body checks for itself what is left.
    unchecked: bool,
}

/// How the process ended.
pub struct Ran {
    pub status: ExitStatus,
    pub output: String,
}

impl Alone {
    pub fn new(name: &str) -> Alone {
        Alone {
            name: name.to_owned(),
            wrapper: Vec::new(),
            env: Vec::new(),
            deadline: Duration::from_secs(100),
            unchecked: false,
        }
    }

    /// Starts it by a command that ends in it, such as `strace -f`.
    pub fn under(mut self, wrapper: &[&str]) -> Alone {
        self.wrapper = wrapper.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Alone {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn deadline(mut self, deadline: Duration) -> Alone {
        self.deadline = deadline;
        self
    }

    pub fn unchecked(mut self) -> Alone {
        self.unchecked = true;
        self
    }

    /// In the test: starts the process and expects it to end well. In the process: runs the body.
    pub fn run(self, body: impl FnOnce()) {
        let (name, deadline) = (self.name.clone(), self.deadline);
        let Some(ran) = self.attempt(body) else {
            return;
        };
        assert!(
            ran.status.success(),
            "{name} in a process of its own: {} (deadline {deadline:?})\n{}",
            ran.status,
            ran.output
        );
    }

    /// The same, whatever way it ends; `None` in the process itself, once the body has run.
    pub fn attempt(self, body: impl FnOnce()) -> Option<Ran> {
        if std::env::var(MARK).is_ok_and(|name| name == self.name) {
            if self.unchecked {
                body();
            } else {
                let before = Snapshot::take();
                body();
                before.assert_same();
            }
            return None;
        }
        Some(self.start())
    }

    fn start(self) -> Ran {
        let scratch = TempDir::new("output");
        let path = scratch.join("text");
        // A file, not a pipe: whatever outlives the process must not hold the reader.
        let output = File::create(&path).unwrap();
        let program = std::env::current_exe().unwrap();
        let mut command = match self.wrapper.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .args(["--exact", &self.name, "--nocapture", "--test-threads=1"])
            .env(MARK, &self.name)
            .envs(self.env)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        // SAFETY: the closure makes system calls only.
        unsafe { command.pre_exec(own_mounts) };
        let mut child = command.spawn().unwrap();
        let end = Instant::now() + patience(self.deadline);
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > end {
                let _ = child.kill();
                break child.wait().unwrap();
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let output = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        // libtest's own line has no end before the test has.
        for line in output
            .lines()
            .filter_map(|line| line.split_once("SKIPPED "))
        {
            let _ = writeln!(std::io::stderr(), "SKIPPED {}", line.1);
        }
        Ran { status, output }
    }
}

/// A mount namespace of its own where that is allowed, so that what others mount meanwhile is not taken
/// for a leak. Its mounts are shared: what a sandbox leaks by propagation is seen.
fn own_mounts() -> std::io::Result<()> {
    // SAFETY: system calls with constant arguments.
    unsafe {
        if libc::unshare(libc::CLONE_NEWNS) == 0 {
            for flags in [
                libc::MS_REC | libc::MS_PRIVATE,
                libc::MS_REC | libc::MS_SHARED,
            ] {
                let root = c"/".as_ptr();
                if libc::mount(
                    std::ptr::null(),
                    root,
                    std::ptr::null(),
                    flags,
                    std::ptr::null(),
                ) != 0
                {
                    return Err(std::io::Error::last_os_error());
                }
            }
        }
    }
    Ok(())
}
