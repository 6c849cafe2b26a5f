//! Looking from inside: jobs that run a shell or the probe, a small C program compiled on first use.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::PathBuf;
use std::process::Command;

use libisolate::spec::{Bind, Bytes, Stdio};
use libisolate::{Outcome, Spec};

/// A strict job that runs a shell script, both outputs captured.
pub fn sh(script: &str) -> Spec {
    captured(Spec::new(["/bin/sh", "-c", script]))
}

/// A strict job that runs the probe, bound to /probe.
pub fn probe(arguments: &[&str]) -> Spec {
    let argv = std::iter::once("/probe").chain(arguments.iter().copied());
    let mut spec = captured(Spec::new(argv));
    spec.binds.push(Bind::ro(probe_path()).at("/probe"));
    spec
}

fn captured(mut spec: Spec) -> Spec {
    spec.stdin = Stdio::Null;
    spec.stdout = Stdio::Capture;
    spec.stderr = Stdio::Capture;
    spec
}

/// What was captured of stdout.
pub fn text(outcome: &Outcome) -> String {
    let bytes = outcome.stdout.as_ref().map_or(&b""[..], Bytes::as_bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a job that must end with exit code 0, and gives its stdout.
pub fn ok(spec: &Spec) -> String {
    let outcome = libisolate::run(spec).unwrap_or_else(|e| panic!("{e}\n{spec:?}"));
    assert!(outcome.success(), "{outcome:?}");
    text(&outcome)
}

/// `key value` lines of a job's stdout.
pub struct Report(BTreeMap<String, String>);

impl Report {
    /// Runs a job that must end with exit code 0.
    pub fn of(spec: &Spec) -> Report {
        Report::read(&ok(spec))
    }

    pub fn read(text: &str) -> Report {
        let pair = |line: &str| {
            let (key, value) = line.split_once([' ', '\t'])?;
            Some((
                key.trim_end_matches(':').to_owned(),
                value.trim().to_owned(),
            ))
        };
        Report(text.lines().filter_map(pair).collect())
    }

    #[track_caller]
    pub fn get(&self, key: &str) -> &str {
        self.0
            .get(key)
            .unwrap_or_else(|| panic!("no {key} in {:?}", self.0))
    }
}

/// The compiled probe.
pub fn probe_path() -> PathBuf {
    binary("probe", include_str!("probe.c"))
}

/// A C program, compiled once for each user and text.
pub fn binary(name: &str, source: &str) -> PathBuf {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    let mut hasher = DefaultHasher::new();
    source.hash(&mut hasher);
    let dir = std::env::temp_dir().join(format!("isolate-tests-{}", nix::unistd::geteuid()));
    let path = dir.join(format!("{name}-{:016x}", hasher.finish()));
    if path.exists() {
        return path;
    }
    std::fs::create_dir_all(&dir).unwrap();
    // Two processes may come here at once: each builds its own, and the first one stays. A file that another
    // takes the place of is deleted, and cannot be bound any more by whoever has just opened it.
    let own = dir.join(format!("{name}-{}", std::process::id()));
    let file = own.with_extension("c");
    std::fs::write(&file, source).unwrap();
    let cc = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let made = Command::new(cc)
        .args(["-O1", "-Wall", "-static", "-pthread", "-o"])
        .arg(&own)
        .arg(&file)
        .output()
        .unwrap_or_else(|e| panic!("a C compiler is needed: {e}"));
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    if let Err(error) = std::fs::hard_link(&own, &path) {
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists, "{error}");
    }
    for made in [&own, &file] {
        let _ = std::fs::remove_file(made);
    }
    path
}
