//! Where a manager that the tests play makes its units, and how the library is made to ask it.

use std::path::PathBuf;

use libisolate::Host;

use crate::common::skip;
use crate::fake_manager::{FakeManager, Options};
use crate::unit_has_or_skip;

/// Has the library take the manager for the caller's systemd.
fn named(manager: &FakeManager) {
    // SAFETY: nobody else reads or writes the environment of this process now.
    #[allow(unsafe_code)]
    unsafe {
        std::env::set_var("DBUS_SYSTEM_BUS_ADDRESS", manager.address());
        std::env::set_var("DBUS_SESSION_BUS_ADDRESS", manager.address());
    }
}

pub fn fake(options: Options) -> FakeManager {
    let manager = FakeManager::with(options);
    named(&manager);
    manager
}

/// A group below the caller's own in which the manager makes its units, which goes with its owner.
pub struct Ground {
    dirs: Vec<PathBuf>,
    pub options: Options,
}

impl Ground {
    /// Or says why not.
    pub fn or_skip(test: &str) -> Option<Ground> {
        let host = Host::probe().unwrap().cgroup;
        let below = |h: &libisolate::cgroup::Hierarchy| {
            let below = h.dir.as_path().strip_prefix(h.mount.as_path()).ok()?;
            Some(below.to_owned())
        };
        let Some(unified) = host.unified().filter(|h| h.writable).and_then(below) else {
            skip(test, "the caller may make no groups in a v2 tree");
            return None;
        };
        let name = unified.join(format!("isolate-test-{}-manager", std::process::id()));
        let mut ground = Ground {
            dirs: Vec::new(),
            options: Options::default(),
        };
        for tree in &host.hierarchies {
            let wanted = tree.controllers.iter().any(|c| c == "pids" || c == "cpu")
                || tree.version == libisolate::cgroup::Version::V2;
            if tree.writable && wanted && below(tree).as_ref() == Some(&unified) {
                let dir = tree.mount.as_path().join(&name);
                std::fs::create_dir(&dir).unwrap();
                ground.dirs.push(dir);
                ground.options.trees.push(tree.mount.as_path().to_owned());
            }
        }
        ground.options.control_group = format!("/{}", name.display());
        Some(ground)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        for dir in &self.dirs {
            // The slices that the manager made, the deepest first.
            remove_below(dir);
            let _ = std::fs::remove_dir(dir);
        }
    }
}

fn remove_below(dir: &std::path::Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            remove_below(&entry.path());
            let _ = std::fs::remove_dir(entry.path());
        }
    }
}

/// Whether a unit of the manager's can limit processes here; where not, says that the test is skipped.
pub fn limits_pids_or_skip(test: &str) -> bool {
    let systemd = Host::probe().unwrap().cgroup.systemd.unwrap();
    unit_has_or_skip(test, &systemd, "pids")
}
