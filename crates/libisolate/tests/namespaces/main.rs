//! The namespace primitives: handles, threads, creation, settings, entering, and the proof from inside
//! and outside that each kind isolates what it says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod create;
mod exec;
mod handles;
mod isolation;
mod join;
mod settings;
mod threads;

use std::collections::BTreeMap;

use libisolate::spec::{NamespaceMode, Profile};
use libisolate::{Error, Job, Spec, spawn};

/// The namespaces of every thread of this process, by the text of its links.
pub fn own_namespaces() -> BTreeMap<String, Vec<String>> {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .flatten()
        .filter_map(|task| {
            let links = std::fs::read_dir(task.path().join("ns")).ok()?;
            let mut links: Vec<String> = links
                .flatten()
                .filter_map(|link| Some(std::fs::read_link(link.path()).ok()?.to_str()?.to_owned()))
                .collect();
            links.sort();
            // A thread that ends while it is looked at has none.
            (!links.is_empty()).then(|| (task.file_name().to_string_lossy().into_owned(), links))
        })
        .collect()
}

/// Runs a body, and sees that no thread was left in another namespace by it.
pub fn unmoved<T>(body: impl FnOnce() -> T) -> T {
    let before = own_namespaces();
    let result = body();
    for (thread, links) in own_namespaces() {
        if let Some(then) = before.get(&thread) {
            assert_eq!(*then, links, "thread {thread} was moved");
        }
    }
    result
}

/// A job that waits, in the namespaces of the strict profile.
pub fn sleeper() -> Job {
    spawn(&Spec::new(["sleep", "100"])).unwrap()
}

/// A spec without isolation but what is named.
pub fn bare(script: &str, new: &[libisolate::ns::Kind]) -> Spec {
    let mut spec = Spec::new(["/bin/sh", "-c", script]);
    spec.profile = Profile::None;
    for kind in new {
        spec.namespaces.set(*kind, NamespaceMode::New);
    }
    spec
}

/// The error of a call that must not work.
pub fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Error {
    result.expect_err("must be refused")
}
