//! Looking at namespaces from outside: numbers of processes across them, the list of all, and keeping
//! them at paths, each compared with what is seen from inside or what iproute2 and util-linux say.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod keeping;
mod list;
mod persist;
mod pids;

use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;

use libisolate::spec::Stdio;
use libisolate::{Job, Spec};

/// A job whose script has said something, which is given too, and that sleeps until it is dropped.
fn running(mut spec: Spec) -> (Job, String) {
    spec.stdin = Stdio::Null;
    spec.stdout = Stdio::Pipe;
    spec.stderr = Stdio::Inherit;
    let job = libisolate::spawn(&spec).unwrap_or_else(|e| panic!("{e}\n{spec:?}"));
    let line = first_line(&job);
    (job, line)
}

/// What a job says first.
fn first_line(job: &Job) -> String {
    let out: OwnedFd = job.take_stdout().unwrap();
    let mut line = String::new();
    BufReader::new(std::fs::File::from(out))
        .read_line(&mut line)
        .unwrap();
    line.trim().to_owned()
}

/// A script with nothing changed but these namespaces.
fn plain(script: &str, namespaces: &[&str]) -> Spec {
    let new: Vec<String> = namespaces
        .iter()
        .map(|kind| format!(r#""{kind}": "new""#))
        .collect();
    let json = format!(
        r#"{{"argv": [], "profile": "none", "namespaces": {{{}}}}}"#,
        new.join(", ")
    );
    let mut spec = Spec::from_json(&json).unwrap();
    spec.argv = ["/bin/sh", "-c", script].map(Into::into).to_vec();
    spec
}

/// The namespaces that whoever runs the tests must ask for to get others.
fn with_user<'a>(namespaces: &[&'a str]) -> Vec<&'a str> {
    let mut all = namespaces.to_vec();
    if !common::is_root() {
        all.push("user");
    }
    all
}
