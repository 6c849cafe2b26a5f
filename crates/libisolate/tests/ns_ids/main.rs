//! User and group ids across user namespaces: maps that the kernel takes, subordinate ids, what an id is
//! elsewhere, and how deep it goes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod depth;
mod maps;
mod user;
mod view;

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use libisolate::spec::IdMap;

fn line(inside: u32, outside: u32, count: u32) -> IdMap {
    IdMap {
        inside,
        outside,
        count,
    }
}

/// The effective ids.
fn own() -> (u32, u32) {
    (
        nix::unistd::geteuid().as_raw(),
        nix::unistd::getegid().as_raw(),
    )
}

/// A map of the caller's own id alone as `nest` takes it.
fn own_map(inside: u32) -> String {
    format!("{inside} {} 1", own().0)
}

fn nest_path() -> PathBuf {
    crate::common::binary("nest", include_str!("nest.c"))
}

/// A process that waits until it is dropped.
struct Waiting(Child);

impl Waiting {
    /// In a new user namespace without maps.
    fn unmapped() -> Waiting {
        let mut command = Command::new("cat");
        // SAFETY: the closure makes a system call only.
        unsafe {
            command.pre_exec(|| match libc::unshare(libc::CLONE_NEWUSER) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            });
        }
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Waiting(child)
    }

    /// In nested user namespaces: see nest.c.
    fn nested(arguments: &[&str]) -> Waiting {
        let mut child = Command::new(nest_path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0; 6];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut ready)
            .unwrap();
        assert_eq!(&ready, b"ready\n");
        Waiting(child)
    }

    fn pid(&self) -> i32 {
        self.0.id() as i32
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
