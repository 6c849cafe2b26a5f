//! The group as a handle: made, found, filled, stopped, killed and taken away, on whatever layout this
//! host has; what it does is seen from the processes in it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod apply;
mod devices;
mod events;
mod events_memory;
mod freeze;
mod members;
mod memory;
mod names;
mod stat;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use common::Own;
use libisolate::cgroup::{Cgroup, CreateOptions, Version};
use libisolate::{Error, Host};

/// Long enough for any machine; nothing here is timed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A name that no other test has.
pub fn fresh_name(tag: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("isolate-test-{}-{tag}-{number}", std::process::id())
}

/// A group of the test's own, or a skip with the reason.
pub fn group_or_skip(test: &str, tag: &str) -> Option<Own> {
    match Cgroup::create(&fresh_name(tag), &CreateOptions::default()) {
        Ok(made) => Some(Own(made)),
        Err(error) => {
            common::skip(test, &format!("no group can be made: {error}"));
            None
        }
    }
}

/// The same with a controller: an ordinary user's groups may have none.
pub fn group_with_or_skip(test: &str, tag: &str, controller: &str) -> Option<Own> {
    let group = group_or_skip(test, tag)?;
    if !group.controllers().iter().any(|c| c == controller) {
        common::skip(test, &format!("no group with the {controller} controller"));
        return None;
    }
    Some(group)
}

/// A child that is killed and reaped with the test.
pub struct Running(pub Child);

impl Running {
    /// A shell with a script; its standard output can be read.
    pub fn shell(script: &str) -> Running {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        Running(command.spawn().unwrap())
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.0.id() as i32
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something is so; a test that waits for ever says for what.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The error of a call that must not work.
pub fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Error {
    result.expect_err("must be refused")
}

/// Whether the caller may make groups in a tree of the version; of v1, in one with controllers.
pub fn has(version: Version) -> bool {
    let host = Host::probe().unwrap().cgroup;
    host.hierarchies.iter().any(|h| {
        let controls = version == Version::V2 || !h.controllers.is_empty();
        h.version == version && h.writable && controls
    })
}
