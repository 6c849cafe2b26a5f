//! What the tests of the command share: running it, and skipping with a reason where it cannot run.

#![allow(dead_code, reason = "each test program uses a part")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// The command with these words after `run`.
pub fn isolatectl(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_isolatectl"));
    command.arg("run").args(words);
    command
}

/// Runs it and gives what it wrote and how it ended.
pub fn run(words: &[&str]) -> Output {
    isolatectl(words).output().expect("the command is there")
}

/// Exit code, stdout, stderr.
pub fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Runs `isolatectl ns` and gives its exit code, stdout and stderr.
pub fn ns(words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_isolatectl"));
    command.arg("ns").args(words);
    told(&command.output().expect("the command is there"))
}

/// What `isolatectl ns` prints, which has to work.
#[track_caller]
pub fn ns_prints(words: &[&str]) -> String {
    let (code, stdout, stderr) = ns(words);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{words:?}");
    stdout
}

/// Runs `isolatectl cgroup` and gives its exit code, stdout and stderr.
pub fn cgroup(words: &[&str]) -> (Option<i32>, String, String) {
    told(
        &cgroup_command(words)
            .output()
            .expect("the command is there"),
    )
}

/// The command with these words after `cgroup`.
pub fn cgroup_command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_isolatectl"));
    command.arg("cgroup").args(words);
    command
}

/// What `isolatectl cgroup` prints, which has to work.
#[track_caller]
pub fn cgroup_prints(words: &[&str]) -> String {
    let (code, stdout, stderr) = cgroup(words);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{words:?}");
    stdout
}

/// The error of an `isolatectl cgroup` that has to fail, in one line, with nothing printed.
#[track_caller]
pub fn refused(words: &[&str]) -> String {
    let (code, stdout, stderr) = cgroup(words);
    assert_eq!((code, stdout.as_str()), (Some(125), ""), "{words:?}");
    assert_eq!(stderr.lines().count(), 1, "{words:?}: {stderr}");
    let told = stderr.strip_prefix("isolatectl: ");
    told.unwrap_or_else(|| panic!("{stderr}"))
        .trim_end()
        .to_owned()
}

/// What it prints as JSON.
#[track_caller]
pub fn cgroup_json(words: &[&str]) -> serde_json::Value {
    let mut all = words.to_vec();
    all.push("--json");
    let text = cgroup_prints(&all);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{words:?}: {e}: {text}"))
}

/// A group of the test's own, below the caller's, which goes with its processes when the test ends.
pub struct Group(pub String);

impl Group {
    /// None, and a skip with the reason, where this host lets the caller make none.
    pub fn new(tag: &str, options: &[&str]) -> Option<Group> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("isolatectl-test-{}-{tag}-{next}", std::process::id());
        let mut words = vec!["create", name.as_str()];
        words.extend(options);
        let (code, _, stderr) = cgroup(&words);
        if code != Some(0) {
            skip(&format!("isolatectl cgroup {words:?}: {}", stderr.trim()));
            return None;
        }
        Some(Group(name))
    }

    /// Whether it has a controller; where not, says so.
    pub fn has(&self, controller: &str) -> bool {
        let all = cgroup_json(&["ls", "."]);
        let own = all.as_array().expect("a list").iter();
        let found = own.clone().find(|group| group["name"] == self.0);
        let names = found.expect("it is listed")["controllers"].clone();
        let has = names
            .as_array()
            .expect("a list")
            .iter()
            .any(|name| name == controller);
        if !has {
            skip(&format!(
                "groups of the caller's have no {controller} controller"
            ));
        }
        has
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = cgroup(&["rm", "--kill", &self.0]);
    }
}

/// A shell that first waits for a line.
pub struct Shell(pub Child);

impl Shell {
    pub fn new(script: &str) -> Shell {
        let child = Command::new("/bin/sh")
            .args(["-c", &format!("read line\n{script}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Shell(child.expect("a shell"))
    }

    pub fn pid(&self) -> String {
        self.0.id().to_string()
    }

    /// Lets it go on.
    pub fn go(&mut self) {
        let stdin = self.0.stdin.as_mut().expect("a pipe");
        stdin.write_all(b"go\n").expect("a shell that reads");
    }

    /// How it ended: exit code and signal, stdout, stderr.
    pub fn end(&mut self) -> (Option<i32>, Option<i32>, String, String) {
        use std::io::Read as _;
        use std::os::unix::process::ExitStatusExt as _;
        let (mut out, mut err) = (String::new(), String::new());
        let stdout = self.0.stdout.as_mut().expect("a pipe");
        stdout.read_to_string(&mut out).expect("text");
        let stderr = self.0.stderr.as_mut().expect("a pipe");
        stderr.read_to_string(&mut err).expect("text");
        let status = self.0.wait().expect("it ends");
        (status.code(), status.signal(), out, err)
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tells that a test, or a part of it, was left out. `ISOLATE_MUST_WORK=1` makes that a failure.
pub fn skip(reason: &str) {
    assert!(
        std::env::var_os("ISOLATE_MUST_WORK").is_none_or(|v| v == "0"),
        "must work here: {reason}"
    );
    // Straight to the stream: libtest keeps what goes through print.
    let _ = writeln!(std::io::stderr(), "SKIPPED {reason}");
}

pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Whether this host lets the caller run such a job; where not, says why.
pub fn works(words: &[&str]) -> bool {
    let mut all = words.to_vec();
    all.extend(["--", "/bin/true"]);
    let (code, _, stderr) = told(&run(&all));
    if code != Some(0) {
        skip(&format!("isolatectl run {words:?}: {}", stderr.trim()));
    }
    code == Some(0)
}

/// A job that sleeps after its script, and ends with this.
pub struct Sleeper {
    child: Child,
    /// The program's process id.
    pub pid: String,
}

impl Sleeper {
    pub fn new(options: &[&str], script: &str) -> Sleeper {
        let script = format!("{script}\necho ready; exec sleep 1000");
        let mut words = options.to_vec();
        words.extend(["--", "/bin/sh", "-c", &script]);
        let mut child = isolatectl(&words)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command is there");
        let mut line = String::new();
        let out = child.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n", "{words:?}");
        let mut pid = child.id().to_string();
        // The init, and below it the program.
        while let Some(below) = child_of(&pid) {
            pid = below;
        }
        Sleeper { child, pid }
    }

    /// What it is in, as `net:[4026531833]`.
    pub fn link(&self, kind: &str) -> String {
        link(&self.pid, kind)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(self.child.id() as i32),
            nix::sys::signal::SIGTERM,
        );
        let _ = self.child.wait();
    }
}

/// What a process is in, as `net:[4026531833]`.
pub fn link(pid: &str, kind: &str) -> String {
    let link = std::fs::read_link(format!("/proc/{pid}/ns/{kind}"));
    link.expect("a link").display().to_string()
}

/// The number in such a link.
pub fn inode(link: &str) -> u64 {
    let digits: String = link.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

/// Not the one that holds a unit of systemd's for a job: that has the name of an init, and nobody below it.
fn child_of(pid: &str) -> Option<String> {
    let wanted = format!("PPid:\t{pid}");
    std::fs::read_dir("/proc")
        .expect("/proc")
        .flatten()
        .find(|entry| {
            let status = std::fs::read_to_string(entry.path().join("status"));
            status.is_ok_and(|status| {
                let below = || child_of(&entry.file_name().to_string_lossy());
                status.lines().any(|line| line == wanted)
                    && !(status.starts_with("Name:\tisolate-init\n") && below().is_none())
            })
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
}

/// Runs a shell script with mounts of its own and an empty /run; an ordinary user gets them by a user
/// namespace. `$I` is the command, `$D` an empty directory. Gives exit code, stdout and stderr, or nothing
/// where this host lets the caller have none.
pub fn private(script: &str) -> Option<(Option<i32>, String, String)> {
    let scratch = Scratch::new("private");
    let options = match is_root() {
        true => "-m",
        // A network namespace too: `ip` goes back to where it came from, which is to be the user's own.
        false => "-Urmn",
    };
    let unshare = |script: &str| {
        Command::new("unshare")
            .args([options, "--propagation", "private", "sh", "-c", script])
            .env("I", env!("CARGO_BIN_EXE_isolatectl"))
            .env("D", &scratch.0)
            .output()
            .expect("util-linux is needed")
    };
    let (code, _, stderr) = told(&unshare("mount -t tmpfs test /run"));
    if code != Some(0) {
        skip(&format!("no mounts of its own: {}", stderr.trim()));
        return None;
    }
    let whole = format!(
        "mount -t tmpfs test /run && mount -t tmpfs test \"$D\" && cd \"$D\" || exit 99\n{script}"
    );
    Some(told(&unshare(&whole)))
}

/// A directory of the test's own that everybody may enter, removed at the end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("isolatectl-{name}-{}-{next}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).expect("a temporary directory");
        Scratch(dir)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
