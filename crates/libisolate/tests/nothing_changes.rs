//! Nothing in the host process changes: not by a job that runs, fails to start, is killed or dropped.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;

use common::{Snapshot, alone, probe, sh, without_init};
use libisolate::Spec;
use libisolate::spec::{Bind, IdMap, NamespaceMode, Profile, Size, Stdio};

/// Everything about this process that a library has no business with.
#[derive(Debug, PartialEq)]
struct Host {
    dumpable: i32,
    subreaper: i32,
    umask: String,
    cwd: PathBuf,
    root: PathBuf,
    environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    /// For every thread: ids, capabilities, signal masks, no_new_privs and seccomp, and its namespaces.
    threads: BTreeMap<String, Vec<String>>,
    dispositions: Vec<usize>,
    limits: String,
    cgroup: String,
    session: (i32, i32),
    timers: Vec<i64>,
    oom_score_adj: String,
    personality: String,
    left: Snapshot,
}

fn look() -> Host {
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let field = |text: &str, name: &str| {
        text.lines()
            .find(|l| l.starts_with(name))
            .unwrap_or_default()
            .to_owned()
    };
    let mut threads = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap();
        let mut facts: Vec<String> = [
            "Uid",
            "Gid",
            "Groups",
            "CapInh",
            "CapPrm",
            "CapEff",
            "CapBnd",
            "CapAmb",
            "SigBlk",
            "NoNewPrivs",
            "Seccomp",
            "Cpus_allowed_list",
        ]
        .iter()
        .map(|name| field(&status, name))
        .collect();
        for kind in [
            "cgroup",
            "ipc",
            "mnt",
            "net",
            "pid",
            "pid_for_children",
            "time",
            "time_for_children",
            "user",
            "uts",
        ] {
            let link = std::fs::read_link(task.path().join("ns").join(kind)).unwrap();
            facts.push(link.to_string_lossy().into_owned());
        }
        facts.push(std::fs::read_to_string(task.path().join("comm")).unwrap());
        threads.insert(task.file_name().to_string_lossy().into_owned(), facts);
    }
    let mut subreaper = 0;
    // SAFETY: these calls only read, into local memory of the right size.
    let (dumpable, session, dispositions, timers) = unsafe {
        libc::prctl(libc::PR_GET_CHILD_SUBREAPER, &raw mut subreaper);
        let dispositions = (1..=64)
            .map(|signal| {
                let mut action: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, std::ptr::null(), &raw mut action);
                action.sa_sigaction
            })
            .collect();
        let timers = [libc::ITIMER_REAL, libc::ITIMER_VIRTUAL, libc::ITIMER_PROF]
            .iter()
            .map(|which| {
                let mut value: libc::itimerval = std::mem::zeroed();
                libc::getitimer(*which, &raw mut value);
                value.it_value.tv_sec
            })
            .collect();
        (
            libc::prctl(libc::PR_GET_DUMPABLE),
            (libc::getsid(0), libc::getpgrp()),
            dispositions,
            timers,
        )
    };
    Host {
        dumpable,
        subreaper,
        umask: field(&read("/proc/self/status"), "Umask"),
        cwd: std::env::current_dir().unwrap(),
        root: std::fs::read_link("/proc/self/root").unwrap(),
        environment: std::env::vars_os().collect(),
        threads,
        dispositions,
        limits: read("/proc/self/limits"),
        cgroup: read("/proc/self/cgroup"),
        session,
        timers,
        oom_score_adj: read("/proc/self/oom_score_adj"),
        personality: read("/proc/self/personality"),
        left: Snapshot::take(),
    }
}

/// Jobs of every kind, good ones and bad ones.
fn specs() -> Vec<(&'static str, Spec)> {
    let mut specs = vec![
        ("plain", sh("exit 0")),
        ("fails", sh("exit 9")),
        ("killed", sh("kill -9 $$")),
    ];
    let mut add = |name, change: &dyn Fn(&mut Spec)| {
        let mut spec = sh("exit 0");
        change(&mut spec);
        specs.push((name, spec));
    };
    add("no init", &without_init);
    add("other ids", &|s| (s.uid, s.gid) = (Some(1000), Some(1000)));
    add("offsets", &|s| {
        s.time_offsets = Some(libisolate::spec::TimeOffsets {
            monotonic: 5.0,
            boottime: 5.0,
        });
    });
    add("names", &|s| s.hostname = Some("other".into()));
    add("writable bind", &|s| {
        s.binds.push(Bind::rw(std::env::temp_dir()).at("/work"))
    });
    add("writable bind, other ids", &|s| {
        s.binds.push(Bind::rw(std::env::temp_dir()).at("/work"));
        (s.uid, s.gid) = (Some(1000), Some(1000));
    });
    add("bare", &|s| s.profile = Profile::None);
    add("bare with an own session", &|s| {
        s.profile = Profile::None;
        s.new_session = Some(true);
        s.umask = Some(0o7);
        s.cwd = Some("/usr".into());
    });
    add("caller's processes", &|s| {
        s.namespaces.pid = Some(NamespaceMode::Host)
    });
    add("rlimits", &|s| {
        s.limits.rlimits.insert("nofile".into(), Size(64));
        s.limits.rlimits.insert("core".into(), Size(0));
    });
    add("no program", &|s| s.argv = vec!["/no/such/program".into()]);
    add("no directory", &|s| {
        s.cwd = Some("/no/such/directory".into())
    });
    add("no source", &|s| s.binds.push(Bind::ro("/no/such/source")));
    add("no descriptor", &|s| s.keep_fds = vec![999]);
    add("no map", &|s| {
        s.uid_map = vec![IdMap {
            inside: 0,
            outside: u32::MAX - 5,
            count: 5,
        }]
    });
    add("too few descriptors", &|s| {
        s.limits.rlimits.insert("nofile".into(), Size(1));
    });
    add("invalid", &|s| s.argv.clear());
    specs
}

#[test]
fn nothing_changes() {
    alone(name!(), || {
        // A second thread, which nothing may touch either.
        let (stop, wait) = std::sync::mpsc::channel::<()>();
        let (running, ready) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || {
            running.send(()).unwrap();
            wait.recv()
        });
        // A thread that is just starting has every signal blocked by libc.
        ready.recv().unwrap();
        let before = look();
        for (name, spec) in specs() {
            let result = libisolate::run(&spec);
            let after = look();
            assert_eq!(after, before, "{name}: {result:?}");
        }
        // A job that runs, then is dropped; one that is killed and waited for.
        let mut running = sh("sleep 1000");
        running.stdin = Stdio::Pipe;
        for kill in [false, true] {
            let job = libisolate::spawn(&running).unwrap();
            let meanwhile = look();
            assert_eq!(
                Host {
                    left: before.left.clone(),
                    ..meanwhile
                },
                Host {
                    left: before.left.clone(),
                    ..look()
                }
            );
            if kill {
                job.kill().unwrap();
                job.wait().unwrap();
            }
            drop(job);
            assert_eq!(look(), before, "after a job that ran, killed: {kill}");
        }
        drop(stop);
        let _ = other.join();
    });
}

/// What must be the same at once while a job runs: threads do not come and go.
#[test]
fn no_thread_is_started() {
    alone(name!(), || {
        let count = || std::fs::read_dir("/proc/self/task").unwrap().count();
        let before = count();
        let mut spec = probe(&["both"]);
        spec.timeout = Some(libisolate::spec::Seconds(std::time::Duration::from_secs(
            60,
        )));
        let job = libisolate::spawn(&spec).unwrap();
        assert_eq!(count(), before);
        assert!(job.wait().unwrap().success());
        assert_eq!(count(), before);
    });
}

/// The host's dumpable flag, looked at from a thread all the while: a moment is enough to be read.
#[test]
fn the_host_stays_dumpable_all_the_while() {
    alone(name!(), || {
        use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
        static STOP: AtomicBool = AtomicBool::new(false);
        static LOOKS: AtomicU64 = AtomicU64::new(0);
        let watcher = std::thread::spawn(|| {
            let mut seen = true;
            while !STOP.load(Ordering::Relaxed) {
                // SAFETY: only reads.
                seen &= unsafe { libc::prctl(libc::PR_GET_DUMPABLE) } == 1;
                LOOKS.fetch_add(1, Ordering::Relaxed);
            }
            seen
        });
        for (_, spec) in specs() {
            let _ = libisolate::run(&spec);
        }
        STOP.store(true, Ordering::Relaxed);
        assert!(watcher.join().unwrap(), "it was not 1 at some moment");
        assert!(LOOKS.load(Ordering::Relaxed) > 1000);
    });
}
