//! The test that decides whether the launch has the right shape: jobs whose memory limit is smaller than
//! what their own start needs. The host has to live through each, and to get an outcome or an error.
//!
//! To see it fail, let a process that shares the host's memory be charged to the job's cgroup: in
//! `init/spark.rs` take `CLONE_VFORK` away (the killer spares a child whose parent sleeps for it), keep
//! the host waiting by other means, and let the child itself join the job's memory cgroup and exec the
//! program with its arguments. The kernel's out of memory killer then ends every process that shares
//! the memory, the host first: the process of its own below dies of SIGKILL.
//! `the_killer_takes_all_who_share_memory` shows it on this very kernel with a C program that does so.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use common::{TempDir, alone, binary, controller_or_skip, probe, root_or_skip, without_init};
use libisolate::spec::{Bind, Size, Tmpfs};
use libisolate::{ErrorKind, Reason, Spec};

const SIZES: [u64; 5] = [64 << 10, 128 << 10, 256 << 10, 1 << 20, 4 << 20];

/// Runs a job with each limit, and tells how often each end came.
fn with_each_limit(make: impl Fn() -> Spec) -> BTreeMap<String, u32> {
    let mut ends = BTreeMap::new();
    for size in SIZES {
        for init in [true, false] {
            let mut spec = make();
            if !init {
                without_init(&mut spec);
            }
            spec.limits.memory = Some(Size(size));
            // Where there is swap, what does not fit would go there.
            spec.limits.swap = Some(Size(0));
            spec.limits.best_effort = vec!["swap".into()];
            let end = match libisolate::run(&spec) {
                Ok(outcome) => {
                    let fine = outcome.success() || outcome.reason == Reason::OutOfMemory;
                    // A limit that does not suffice for the argv fails the exec with SIGKILL or SIGSEGV;
                    // the kernel then counts an out of memory kill, and nothing else is acceptable.
                    assert!(fine, "{size} bytes, init {init}: {outcome:?}");
                    let held = outcome
                        .enforcement
                        .iter()
                        .find(|e| e.name == "memory")
                        .unwrap();
                    assert_eq!(held.value.as_deref(), Some(&*size.to_string()), "{held:?}");
                    outcome.reason.name().to_owned()
                }
                Err(error) => {
                    let typed = [ErrorKind::Limit, ErrorKind::Child, ErrorKind::Busy]
                        .contains(&error.kind());
                    assert!(
                        typed,
                        "{size} bytes, init {init}: {:?} {error}",
                        error.kind()
                    );
                    format!("error {}", error.kind().name())
                }
            };
            *ends.entry(format!("{size:>8} {end}")).or_default() += 1;
        }
    }
    ends
}

fn small() -> Spec {
    probe(&["true"])
}

/// 2 MB in arguments of less than 128 KiB each.
fn big_argv() -> Spec {
    let mut spec = probe(&["true"]);
    let piece = "a".repeat(125_000);
    spec.argv.extend((0..16).map(|_| piece.as_str().into()));
    spec
}

fn many_mounts(dir: &TempDir) -> Spec {
    let mut spec = probe(&["true"]);
    for at in 0..100 {
        if at % 2 == 0 {
            spec.tmpfs.push(Tmpfs::new(format!("/mounts/t{at}")));
        } else {
            let bind = if at % 4 == 1 {
                Bind::ro(dir.path())
            } else {
                Bind::rw(dir.path())
            };
            spec.binds.push(bind.at(format!("/mounts/b{at}")));
        }
    }
    spec
}

#[test]
fn a_small_job() {
    alone(name!(), || {
        if controller_or_skip(name!(), "memory") {
            let ends = with_each_limit(small);
            assert!(ends.keys().any(|end| end.ends_with("exit")), "{ends:?}");
        }
    });
}

#[test]
fn a_big_argv() {
    alone(name!(), || {
        if controller_or_skip(name!(), "memory") {
            let ends = with_each_limit(big_argv);
            // 2 MB do not fit into 1 MiB: the limits bite, or this proves nothing.
            assert!(
                !ends.contains_key(&format!("{:>8} exit", 1 << 20)),
                "{ends:?}"
            );
            assert!(
                ends.keys().any(|end| end.contains("out_of_memory")),
                "{ends:?}"
            );
        }
    });
}

#[test]
fn a_hundred_mounts() {
    alone(name!(), || {
        if controller_or_skip(name!(), "memory") {
            let dir = TempDir::new("mounts");
            with_each_limit(|| many_mounts(&dir));
        }
    });
}

#[test]
fn all_of_it_at_once() {
    alone(name!(), || {
        if controller_or_skip(name!(), "memory") {
            let dir = TempDir::new("mounts");
            with_each_limit(|| {
                let mut spec = many_mounts(&dir);
                spec.argv = big_argv().argv;
                spec
            });
        }
    });
}

/// The positive control: a child that shares its parent's memory takes the parent along.
#[test]
fn the_killer_takes_all_who_share_memory() {
    alone(name!(), || {
        if !root_or_skip(name!()) || !controller_or_skip(name!(), "memory") {
            return;
        }
        let host = libisolate::Host::probe().unwrap();
        let memory = host
            .cgroup
            .hierarchies
            .iter()
            .find(|h| h.controllers.iter().any(|c| c == "memory"))
            .unwrap();
        let dir = memory
            .dir
            .as_path()
            .join(format!("isolate-{}-control", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        let v1 = dir.join("memory.limit_in_bytes").exists();
        let (limit, join) = if v1 {
            ("memory.limit_in_bytes", "tasks")
        } else {
            ("memory.max", "cgroup.procs")
        };
        std::fs::write(dir.join(limit), (256 << 10).to_string()).unwrap();
        for (file, value) in [
            ("memory.swap.max", 0),
            ("memory.memsw.limit_in_bytes", 256 << 10),
        ] {
            if dir.join(file).exists() {
                std::fs::write(dir.join(file), value.to_string()).unwrap();
            }
        }
        let program = binary("shares-memory", include_str!("common/shares_memory.c"));
        let status = Command::new(program).arg(dir.join(join)).status().unwrap();
        for _ in 0..100 {
            if std::fs::remove_dir(&dir).is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(!dir.exists());
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{status}");
    });
}
