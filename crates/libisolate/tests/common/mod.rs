//! What every test here needs: a process of its own with a check that nothing is left, skips that are
//! counted, and a probe that looks at a job's sandbox from inside.

#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod alone;
mod group;
mod inside;
mod leaks;
mod skip;

use std::time::Duration;

#[allow(unused_imports, reason = "each test program uses a part")]
pub use alone::{Alone, alone};
#[allow(unused_imports, reason = "each test program uses a part")]
pub use group::{Own, in_force};
#[allow(unused_imports, reason = "each test program uses a part")]
pub use inside::{Report, binary, ok, probe, probe_path, sh, text};
pub use leaks::Snapshot;
pub use skip::skip;

/// The full name of the test function that this is written in, as libtest knows it.
#[macro_export]
macro_rules! name {
    () => {{
        fn here() {}
        let full = std::any::type_name_of_val(&here);
        let inner = full.strip_suffix("::here").unwrap_or(full);
        let test = inner.split_once("::").map_or(inner, |(_, test)| test);
        test.trim_end_matches("::{{closure}}")
    }};
}

/// Whether the tests run as root; where not, says that the test is skipped.
pub fn root_or_skip(test: &str) -> bool {
    let root = is_root();
    if !root {
        skip(test, "needs root");
    }
    root
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A deadline of a test: it tells what hangs from what is slow. A machine that is slow by nature, such as an
/// emulated one, says by `ISOLATE_TEST_PATIENCE` how many times longer that is there.
pub fn patience(deadline: Duration) -> Duration {
    let times = std::env::var("ISOLATE_TEST_PATIENCE").ok();
    deadline * times.and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// The kernel's version.
pub fn kernel() -> (u32, u32) {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|n| n.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Makes the program its own init. Before Linux 6.2 it can then have no time namespace.
pub fn without_init(spec: &mut libisolate::Spec) {
    spec.init = false;
    if kernel() < (6, 2) {
        spec.namespaces.time = Some(libisolate::spec::NamespaceMode::Host);
    }
}

/// Whether this host lets the caller hold jobs by a cgroup controller (one of `a|b`); where not, says so.
pub fn controller_or_skip(test: &str, controller: &str) -> bool {
    let host = libisolate::Host::probe().unwrap();
    let wanted = |list: &[String]| {
        controller
            .split('|')
            .any(|one| list.iter().any(|c| c == one))
    };
    let cgroup = match &host.cgroup.systemd {
        Some(systemd) if systemd.manages_caller => host.cgroup.through(systemd),
        _ => host.cgroup,
    };
    let usable = cgroup.hierarchies.iter().any(|h| {
        let handed_out =
            h.version == libisolate::cgroup::Version::V1 || h.can_enable || wanted(&h.enabled);
        h.writable && wanted(&h.controllers) && handed_out
    });
    if !usable {
        skip(
            test,
            &format!("the caller may make no cgroups with the {controller} controller"),
        );
    }
    usable
}

/// An empty directory that goes with its owner.
pub struct TempDir(std::path::PathBuf);

impl TempDir {
    pub fn new(tag: &str) -> TempDir {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "isolate-test-{}-{}-{tag}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        TempDir(path)
    }

    pub fn path(&self) -> &std::path::Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
