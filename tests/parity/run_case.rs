//! Runs the specs in JSON files, whose paths come on stdin, and prints a line of JSON for each: how the job
//! ended, or the error that kept it from starting. A path after the word "steps" is of a list of calls.

#![allow(clippy::print_stdout, reason = "it is a program")]

mod steps;
mod steps_cgroup;

use std::io::{BufRead as _, Write as _};

use libisolate::spec::Bytes;
use libisolate::{Result, Spec};
use serde::Serialize;

#[derive(Default, Serialize)]
struct Line {
    reason: Option<&'static str>,
    exit_code: Option<i32>,
    signal: Option<i32>,
    stdout: Option<Bytes>,
    stderr: Option<Bytes>,
    stdout_cut: Option<bool>,
    stderr_cut: Option<bool>,
    shell_status: Option<i32>,
    error_kind: Option<&'static str>,
    error: Option<String>,
    stage: Option<&'static str>,
    subject: Option<String>,
    errno: Option<i32>,
}

fn outcome(text: &str) -> Result<Line> {
    let outcome = libisolate::run(&Spec::from_json(text)?)?;
    Ok(Line {
        reason: Some(outcome.reason.name()),
        exit_code: outcome.exit_code,
        signal: outcome.signal,
        shell_status: Some(outcome.shell_status()),
        stdout: outcome.stdout,
        stderr: outcome.stderr,
        stdout_cut: Some(outcome.stdout_cut),
        stderr_cut: Some(outcome.stderr_cut),
        ..Line::default()
    })
}

fn line(text: &str) -> Line {
    outcome(text).unwrap_or_else(|error| Line {
        error_kind: Some(error.kind().name()),
        error: Some(error.message()),
        stage: Some(error.stage().name()),
        subject: Some(error.subject().to_owned()),
        errno: Some(error.errno()),
        ..Line::default()
    })
}

fn main() -> std::io::Result<()> {
    for path in std::io::stdin().lock().lines() {
        let path = path?;
        let answer = match path.strip_prefix("steps ") {
            Some(path) => steps::results(&std::fs::read_to_string(path)?)?,
            None => serde_json::to_string(&line(&std::fs::read_to_string(path)?))?,
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
