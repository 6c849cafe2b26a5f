//! What tests beside the code need that try things on groups of their own: the groups, and processes
//! in them.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::dir::Dir;
use super::{Hierarchy, Version, probe};

#[path = "../../tests/common/skip.rs"]
mod skip;
pub(crate) use skip::skip;

/// In a process that a test has started of its own program: what it is to do there.
const MARK: &str = "ISOLATE_TEST_INSIDE";

/// A group below the caller's own, which goes with its owner.
pub(crate) struct TestGroup {
    path: PathBuf,
    pub dir: Dir,
}

impl TestGroup {
    /// In the v2 tree, or says why not.
    pub fn unified(test: &str) -> Option<TestGroup> {
        TestGroup::of(test, |h| h.version == Version::V2)
    }

    /// In the v1 hierarchy of a controller, or says why not.
    pub fn v1(test: &str, controller: &str) -> Option<TestGroup> {
        TestGroup::of(test, |h| {
            h.version == Version::V1 && h.controllers.iter().any(|c| c == controller)
        })
    }

    fn of(test: &str, wanted: impl Fn(&Hierarchy) -> bool) -> Option<TestGroup> {
        let host = probe().expect("/proc");
        let tree = host.hierarchies.iter().find(|h| wanted(h));
        let usable = tree.filter(|h| h.writable);
        if usable.is_none() || !nix::unistd::geteuid().is_root() {
            skip(test, "needs root and a cgroup tree of that kind");
            return None;
        }
        Some(TestGroup::below(usable?.dir.as_path()))
    }

    /// A group below this one.
    pub fn child(&self) -> TestGroup {
        TestGroup::below(&self.path)
    }

    fn below(parent: &Path) -> TestGroup {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Not `isolate-`: other tests look for groups of jobs that are left.
        let path = parent.join(format!("test-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).expect("a group below the caller's own");
        let dir = Dir::open(&path).expect("it has just been made");
        TestGroup { path, dir }
    }

    /// What a shell in the group writes, its complaints with it.
    pub fn shell(&self, script: &str) -> String {
        let joined = format!("exec 2>&1; {script}");
        let ended = run(self.joined().args(["/bin/sh", "-c", &joined]));
        assert_ne!(ended.status.code(), Some(NOT_JOINED), "{}", text(&ended));
        String::from_utf8_lossy(&ended.stdout).into_owned()
    }

    /// Opens a device for reading in the group. `EPERM` is what a filter gives.
    pub fn opens(&self, device: &str) -> Result<(), String> {
        let said = self.shell(&format!(": < {device} && echo open"));
        match said.trim() {
            "open" => Ok(()),
            said if said.ends_with("Operation not permitted") => Err("EPERM".into()),
            said => Err(said.to_owned()),
        }
    }

    /// Runs the calling test once more in a process in the group; there [`told`] gives `word`.
    pub fn again(&self, test: &str, word: &str) {
        let mut command = self.joined();
        command.arg(std::env::current_exe().expect("a program"));
        passes(&mut command, test, word);
    }

    /// A command that joins the group and becomes what is added to it.
    fn joined(&self) -> Command {
        let join = format!("echo 0 > \"$1/cgroup.procs\" || exit {NOT_JOINED}; shift; exec \"$@\"");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &join, "join"]).arg(&self.path);
        command
    }
}

impl Drop for TestGroup {
    fn drop(&mut self) {
        let removed = std::fs::remove_dir(&self.path);
        if !std::thread::panicking() {
            removed.expect("no process is left in the group");
        }
    }
}

const NOT_JOINED: i32 = 99;

fn run(command: &mut Command) -> Output {
    let command = command.env("LC_ALL", "C").stdin(Stdio::null());
    command.output().expect("a program that starts")
}

fn text(ended: &Output) -> String {
    let of = |bytes| String::from_utf8_lossy(bytes).into_owned();
    of(&ended.stdout) + &of(&ended.stderr)
}

/// The test program, run for one test, which must be there and pass.
fn passes(command: &mut Command, test: &str, word: &str) {
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(MARK, word);
    let ended = run(command);
    let text = text(&ended);
    assert!(
        ended.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

/// What a process was started for by [`TestGroup::again`] or [`as_nobody`].
pub(crate) fn told() -> Option<String> {
    std::env::var(MARK).ok()
}

/// Runs a test once more as a user without any privilege; there [`told`] gives `word`.
pub(crate) fn as_nobody(test: &str, word: &str) {
    // The program may be where nobody can go.
    let mut command = Command::new("/proc/self/exe");
    passes(command.uid(65534).gid(65534), test, word);
}

/// Runs a test once more as root, but without CAP_SYS_ADMIN; there [`told`] gives `word`.
pub(crate) fn without_sys_admin(test: &str, word: &str) {
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", "-sys_admin", "--"]);
    command.arg(std::env::current_exe().expect("a program"));
    passes(&mut command, test, word);
}
