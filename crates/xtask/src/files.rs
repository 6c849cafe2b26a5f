//! Generated files: written, or compared with what is committed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;

/// What to do with a generated text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Write the files that differ.
    Write,
    /// Fail where a file differs.
    Check,
}

/// The top of the source tree.
pub fn root() -> PathBuf {
    // Set by `cargo run` to where the crate is now; the compiled-in path is where it was built.
    let crate_dir =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(crate_dir).join("../..")
}

/// Reads a file of the tree.
pub fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).map_err(|e| format!("{path}: {e}"))
}

/// Writes the texts, or names every file that differs from its text.
pub fn settle(mode: Mode, texts: &[(&str, String)]) -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in texts {
        let full = root().join(path);
        if fs::read_to_string(&full).is_ok_and(|old| old == *text) {
            continue;
        }
        match mode {
            Mode::Check => stale.push(*path),
            Mode::Write => {
                write(&full, text).map_err(|e| format!("{path}: {e}"))?;
                println!("wrote {path}");
            }
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "differs from what the source makes: {}; run the same verb without --check and commit",
        stale.join(", ")
    ))
}

/// Writes a file, and the directories above it.
pub fn write(path: &Path, text: impl AsRef<[u8]>) -> std::io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(path, text)
}

/// The text as rustfmt leaves it, so that `cargo fmt --check` and `--check` cannot contradict each other.
pub fn rustfmt(source: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("rustfmt: {e}; install it with rustup component add rustfmt"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(source.as_bytes())
            .map_err(|e| format!("rustfmt: {e}"))?;
    }
    let output = child
        .wait_with_output()
        .map_err(|e| format!("rustfmt: {e}"))?;
    if !output.status.success() {
        return Err("rustfmt refused the generated source".to_owned());
    }
    String::from_utf8(output.stdout).map_err(|e| format!("rustfmt: {e}"))
}
