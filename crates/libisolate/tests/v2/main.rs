//! Every controller of a unified v2 tree by what it does to the processes in a group, and the rules of the tree
//! itself. Where there is no such tree, or the caller lacks a controller or a right, a test says so and skips.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod cpu;
mod cpuset;
mod delegation;
mod devices;
mod disk;
mod hugetlb;
mod io;
mod io_weight;
mod memory;
mod net;
mod peak;
mod pids;
mod subtree;
mod swap;
mod threaded;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

pub use common::{Own, in_force};
use common::{binary, skip};
use libisolate::cgroup::{Cgroup, CreateOptions, Layout, Version};
use libisolate::job::EnforcementStatus;
use libisolate::spec::{Bind, Driver, Limits};
use libisolate::{Error, Host, Spec};
use nix::fcntl::{Flock, FlockArg};

/// Long enough for an emulated machine that is busy; nothing here is timed by it.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Bytes.
pub const MIB: u64 = 1 << 20;

impl Own {
    /// A group below, with those of this group's controllers.
    #[track_caller]
    pub fn below(&self, name: &str, controllers: &[&str]) -> Own {
        let controllers: Vec<String> = controllers.iter().map(|c| (*c).to_owned()).collect();
        Own(self.create_child(name, Some(&controllers)).unwrap())
    }

    /// Its directory.
    pub fn dir(&self) -> PathBuf {
        self.places()[0].path.as_path().to_owned()
    }

    /// A file of the group's.
    #[track_caller]
    pub fn read(&self, file: &str) -> String {
        self.get(file).unwrap().trim().to_owned()
    }

    /// A number: of a file that is one, or after a key.
    #[track_caller]
    pub fn number(&self, file: &str, key: &str) -> u64 {
        let text = self.read(file);
        let found = match key {
            "" => Some(text.as_str()),
            _ => text
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')),
        };
        let number = found.and_then(|word| word.trim().parse().ok());
        number.unwrap_or_else(|| panic!("no {key} in {file}: {text}"))
    }

    /// Puts limits in force.
    #[track_caller]
    pub fn limit(&self, set: impl FnOnce(&mut Limits)) {
        let mut limits = Limits::default();
        set(&mut limits);
        for entry in self.apply(&limits).unwrap() {
            assert_eq!(entry.status, EnforcementStatus::Enforced, "{entry:?}");
        }
    }
}

/// A name that no other test has.
pub fn fresh_name(tag: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("isolate-test-{}-{tag}-{number}", std::process::id())
}

/// Whether there is one v2 tree with these controllers; where not, says that the test is skipped.
pub fn v2_or_skip(test: &str, controllers: &[&str]) -> bool {
    let host = Host::probe().unwrap().cgroup;
    if host.layout != Layout::Unified {
        skip(test, "there is no v2 tree alone");
        return false;
    }
    let has = |c: &&str| {
        let found = host.controller(c).filter(|h| h.version == Version::V2);
        found.is_some_and(|h| h.writable && (h.can_enable || h.enabled.iter().any(|e| e == c)))
    };
    match controllers.iter().find(|c| !has(c)) {
        None => true,
        Some(lacks) => {
            skip(
                test,
                &format!("the caller may make no v2 groups with the {lacks} controller"),
            );
            false
        }
    }
}

/// A group of the test's own with exactly these controllers, or a skip with the reason.
pub fn group_or_skip(test: &str, tag: &str, controllers: &[&str]) -> Option<Own> {
    if !v2_or_skip(test, controllers) {
        return None;
    }
    let options = CreateOptions {
        controllers: Some(controllers.iter().map(|c| (*c).to_owned()).collect()),
        ..CreateOptions::default()
    };
    match Cgroup::create(&fresh_name(tag), &options) {
        Ok(made) => Some(Own(made)),
        Err(error) => {
            skip(test, &format!("no group can be made: {error}"));
            None
        }
    }
}

/// The worker that does in a group what it is told.
pub struct Worker {
    /// The process itself.
    pub child: Child,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    /// One that is in the group before it does anything.
    #[track_caller]
    pub fn within(group: &Cgroup) -> Worker {
        let worker = Worker::outside();
        group.attach(&[worker.pid()]).unwrap();
        worker
    }

    /// One that is where the test is.
    pub fn outside() -> Worker {
        let mut child = Command::new(worker_path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Worker { child, answers }
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Lets it begin, and does not wait for the answer.
    pub fn begin(&mut self, line: &str) {
        let mut input = self.child.stdin.as_ref().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// What it says next: nothing where it has died.
    pub fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Lets it do a line, and gives what came of it.
    pub fn does(&mut self, line: &str) -> String {
        self.begin(line);
        self.answer()
    }

    /// The signal that it ended by.
    pub fn signal(&mut self) -> Option<i32> {
        self.child.wait().unwrap().signal()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The compiled worker.
pub fn worker_path() -> PathBuf {
    binary("worker", include_str!("worker.c"))
}

/// A job of the worker's lines, both outputs captured, whose group the library makes itself.
pub fn job(lines: &[&str], set: impl FnOnce(&mut Limits)) -> Spec {
    let mut spec = common::sh("");
    let argv = std::iter::once("/worker").chain(lines.iter().copied());
    spec.argv = argv.map(Into::into).collect();
    spec.binds.push(Bind::ro(worker_path()).at("/worker"));
    spec.driver = Some(Driver::Cgroupfs);
    set(&mut spec.limits);
    spec
}

/// Waits until something is so; a test that waits for ever says for what.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + common::patience(PATIENCE);
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The error of a call that must not work.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Error {
    result.expect_err("must be refused")
}

/// A process of the test's own, with the patience of this machine.
pub fn alone(test: &str, body: impl FnOnce()) {
    common::Alone::new(test)
        .deadline(Duration::from_secs(200))
        .run(body);
}

/// Held by the one test at a time that uses a CPU or a disk which others must leave alone.
pub fn turn() -> Flock<File> {
    // A file that is there anyway, and stays as it is.
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    Flock::lock(file, FlockArg::LockExclusive).unwrap()
}

/// A new file of so many MiB that are holes, on a disk: who reads it gets page cache, and no disk is read.
pub fn holes_or_skip(test: &str, dir: &common::TempDir, mib: u64) -> Option<PathBuf> {
    use nix::sys::statfs::{TMPFS_MAGIC, statfs};
    if statfs(dir.path()).is_ok_and(|found| found.filesystem_type() == TMPFS_MAGIC) {
        skip(test, "the temporary directory is on no disk");
        return None;
    }
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let path = dir.join(&format!("holes-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    File::create(&path).unwrap().set_len(mib * MIB).unwrap();
    Some(path)
}
