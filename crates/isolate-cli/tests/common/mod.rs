//! What the tests of the command share: running it, and skipping with a reason where it cannot run.

#![allow(clippy::print_stderr, reason = "a skipped test says why")]

use std::path::PathBuf;
use std::process::{Command, Output};

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

/// Whether this host lets the caller run such a job; where not, says why. `MUST_WORK` in the
/// environment makes that a failure.
pub fn works(words: &[&str]) -> bool {
    let mut all = words.to_vec();
    all.extend(["--", "/bin/true"]);
    let (code, _, stderr) = told(&run(&all));
    if code == Some(0) {
        return true;
    }
    assert!(std::env::var_os("MUST_WORK").is_none(), "{stderr}");
    eprintln!("skipped: {}", stderr.trim());
    false
}

/// A directory of the test's own that everybody may enter, removed at the end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("isolatectl-{name}-{}", std::process::id()));
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
