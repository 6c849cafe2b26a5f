//! The command `isolatectl` as a function: `run` runs a command isolated, `ns` lists, makes and enters
//! namespaces, `cgroup` makes, limits and watches groups, `info` tells what this host can do, `doctor`
//! examines it and says what to do.
//!
//! The command, unlike the library under it, may change its process: it handles signals while a job
//! runs, and moves itself into a cgroup of its own where the host wants that.

mod args;
mod cgroup;
mod doctor;
mod driver;
mod info;
mod limits;
mod ns;
mod out;
mod run;
mod signals;
mod spec;
mod table;

use std::ffi::OsString;
use std::io::Write;

use clap::error::ErrorKind;

/// The status of a command that could not do what it was asked, as that of env(1) and timeout(1).
const FAILED: i32 = 125;

/// Runs the command with these arguments, the first being its name, and gives its exit status.
///
/// `run`: the job's exit code, 128 + N when signal N ended it, 124 when it ran out of time, 125 when
/// it could not be set up, 126 when its program cannot be executed and 127 when there is none.
/// Nothing is printed but errors, each as one line `isolatectl: ...` on stderr. `ns enter`: the same.
/// `doctor`: 1 when a default job cannot run here. The others: 0, or 125 after an error.
///
/// While a job runs, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 of this process are
/// passed on to it; their handlers are those of before when this returns.
pub fn main_from<I>(args: I) -> i32
where
    I: IntoIterator<Item = OsString>,
{
    let parsed = match args::Isolatectl::read(args) {
        Ok(parsed) => parsed,
        Err(error) => return explain(&error),
    };
    match parsed.command {
        args::Command::Run(run) => run::run(&run),
        args::Command::Ns(ns) => ns::ns(&ns),
        args::Command::Cgroup(cgroup) => cgroup::cgroup(&cgroup),
        args::Command::Info(info) => info::info(&info),
        args::Command::Doctor(doctor) => doctor::doctor(&doctor),
    }
}

/// What clap has to say: help and version on stdout, errors on stderr.
fn explain(error: &clap::Error) -> i32 {
    let text = error.to_string();
    if !error.use_stderr() {
        let _ = std::io::stdout().write_all(text.as_bytes());
        return 0;
    }
    // One line, as all errors; what follows it is the usage.
    let command = usage(&text);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    match first.strip_prefix("error: ") {
        Some(wrong) if error.kind() == ErrorKind::UnknownArgument => complain(&format!(
            "{wrong}; the command goes after --, and {command} --help lists the options"
        )),
        Some(wrong) if error.kind() == ErrorKind::MissingRequiredArgument => {
            // Each on a line of its own.
            let missing: Vec<&str> = lines
                .take_while(|line| line.starts_with(' '))
                .map(str::trim)
                .collect();
            let missing = missing.join(", ");
            complain(&format!("{wrong} {missing}; try {command} --help"));
        }
        Some(wrong) => complain(&format!("{wrong}; try {command} --help")),
        // Not a word was said.
        None if command == "isolatectl" => {
            complain("no command is given: run, ns, cgroup, info or doctor; try isolatectl --help");
        }
        None => complain(&format!(
            "no command of {command} is given; try {command} --help"
        )),
    }
    FAILED
}

/// The words of the command that clap's usage is about, `isolatectl` where there is none.
fn usage(text: &str) -> String {
    let words = text.lines().find_map(|line| line.strip_prefix("Usage: "));
    let plain = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_lowercase());
    let words: Vec<&str> = words
        .unwrap_or("isolatectl")
        .split(' ')
        .take_while(plain)
        .collect();
    words.join(" ")
}

/// Writes an error. A caller without stderr is told by the status.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "isolatectl: {text}");
}
