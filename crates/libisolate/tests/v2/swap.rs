//! swap: with it a job outlives its memory limit, up to the limit of swap, and without it does not.

use std::fs;
use std::path::Path;
use std::process::Command;

use libisolate::cgroup::StatKind;
use libisolate::spec::Size;
use libisolate::{ErrorKind, Reason};

use crate::common::{TempDir, is_root, root_or_skip, skip};
use crate::{MIB, Worker, alone, group_or_skip, in_force, job, name, refused, turn, v2_or_skip};

/// A swap file of the test's own, off again when it ends.
struct Swap {
    file: TempDir,
    on: bool,
}

impl Swap {
    /// What the machine has, or a file, or a skip.
    fn or_skip(test: &str) -> Option<Swap> {
        let file = TempDir::new("swap");
        if fs::read_to_string("/proc/swaps").unwrap().lines().count() > 1 {
            return Some(Swap { file, on: false });
        }
        if !is_root() {
            skip(test, "there is no swap");
            return None;
        }
        let path = file.join("swap");
        // Swap files have no holes.
        fs::write(&path, vec![0; 128 << 20]).unwrap();
        let mut swap = Swap { file, on: false };
        for program in ["mkswap", "swapon"] {
            let done = Command::new(program).arg(&path).output();
            match done {
                Ok(done) if done.status.success() => swap.on = program == "swapon",
                done => {
                    skip(test, &format!("{program}: {done:?}"));
                    return None;
                }
            }
        }
        Some(swap)
    }
}

impl Drop for Swap {
    fn drop(&mut self) {
        if self.on {
            let path = self.file.join("swap");
            let _ = Command::new("swapoff").arg(path).status();
        }
    }
}

#[test]
fn a_job_outlives_its_memory() {
    let test = name!();
    alone(test, || {
        if !v2_or_skip(test, &["memory"]) {
            return;
        }
        let _turn = turn();
        let Some(_swap) = Swap::or_skip(test) else {
            return;
        };
        let of = |swap: u64| {
            job(&["take 56", "give"], |l| {
                (l.memory, l.swap) = (Some(Size(32 * MIB)), Some(Size(swap)));
            })
        };
        let outcome = libisolate::run(&of(0)).unwrap();
        assert_eq!(outcome.reason, Reason::OutOfMemory, "{outcome:?}");
        assert_eq!(outcome.signal, Some(libc::SIGKILL));
        assert_eq!(in_force(&outcome, "swap"), "memory.swap.max 0");

        let outcome = libisolate::run(&of(64 * MIB)).unwrap();
        assert_eq!(outcome.reason, Reason::Exit, "{outcome:?}");
        assert_eq!(crate::common::text(&outcome), "ok\nok\n");
        assert_eq!(outcome.usage.oom_kills, Some(0));

        // The same while it lives.
        let mut spec = of(64 * MIB);
        spec.argv = ["/worker", "take 56", "pause"].map(Into::into).to_vec();
        let job = libisolate::spawn(&spec).unwrap();
        let group = job.cgroup().unwrap();
        let swapped = || {
            let stat = group.stat(&[StatKind::Memory]).unwrap().memory.unwrap();
            stat.swap_current.unwrap()
        };
        crate::until("it swaps", || swapped() > 16 * MIB);
        assert!(swapped() <= 64 * MIB);
        job.kill().unwrap();
        job.wait().unwrap();
    });
}

#[test]
fn the_limit_of_swap_is_met() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "swap", &["memory"]) else {
            return;
        };
        let _turn = turn();
        let Some(_swap) = Swap::or_skip(test) else {
            return;
        };
        group.limit(|l| (l.memory, l.swap) = (Some(Size(24 * MIB)), Some(Size(8 * MIB))));
        let mut taker = Worker::within(&group);
        assert_eq!(taker.does("take 64"), "");
        assert_eq!(taker.signal(), Some(libc::SIGKILL));
        assert_eq!(group.oom_control().unwrap().kills, 1);
        let stat = group.stat(&[StatKind::Memory]).unwrap().memory.unwrap();
        assert_eq!(stat.swap_limit, Some(8 * MIB));
        // Linux 6.5.
        if let Some(peak) = stat.swap_peak {
            assert!((7 * MIB..=8 * MIB).contains(&peak), "{peak}");
        }
        // Twice that is enough for some more.
        group.limit(|l| l.swap = Some(Size(96 * MIB)));
        let mut taker = Worker::within(&group);
        assert_eq!(taker.does("take 64"), "ok");
        assert!(group.number("memory.swap.current", "") > 32 * MIB);
        // What is in use cannot be forbidden any more, but no more comes.
        let more = group.read("memory.swap.current");
        group.limit(|l| l.swap = Some(Size(0)));
        assert_eq!(taker.does("take 64"), "", "after {more} bytes of swap");
        assert_eq!(taker.signal(), Some(libc::SIGKILL));
    });
}

/// A file that this kernel has is written, and one that it has not is told.
#[test]
fn further_files_of_swap() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "files", &["memory"]) else {
            return;
        };
        for (file, value) in [
            ("memory.swap.high", "16777216"),
            ("memory.zswap.max", "0"),
            ("memory.zswap.writeback", "0"),
        ] {
            let spec = job(&["give"], |l| {
                drop(l.files.insert(file.into(), value.into()))
            });
            let mut limits = spec.limits.clone();
            limits.pids = None;
            if Path::new(&group.dir()).join(file).exists() {
                let outcome = libisolate::run(&spec).unwrap();
                assert_eq!(in_force(&outcome, "files"), format!("{file} {value}"));
                group.apply(&limits).unwrap();
                assert_eq!(group.read(file), value);
                continue;
            }
            let error = refused(libisolate::run(&spec));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert_eq!(
                error.message(),
                format!(
                    "cgroup: {file}: \"{value}\": No such file or directory; this kernel's groups have no \
                     such file"
                )
            );
            let error = refused(group.apply(&limits));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.message().contains(file), "{error}");
        }
    });
}

/// Above `memory.swap.high` a group is slowed down, and nobody is killed.
#[test]
fn swap_has_a_high_limit_too() {
    let test = name!();
    alone(test, || {
        if !root_or_skip(test) {
            return;
        }
        let Some(group) = group_or_skip(test, "high", &["memory"]) else {
            return;
        };
        let _turn = turn();
        let Some(_swap) = Swap::or_skip(test) else {
            return;
        };
        group.limit(|l| {
            l.memory = Some(Size(16 * MIB));
            l.files
                .insert("memory.swap.high".into(), (4 * MIB).to_string());
        });
        let mut taker = Worker::within(&group);
        taker.begin("take 40");
        crate::until("it is over the limit", || {
            group.number("memory.swap.events", "high") > 0
        });
        assert!(taker.child.try_wait().unwrap().is_none(), "it lives");
        group.set("memory.swap.high", "max").unwrap();
        assert_eq!(taker.answer(), "ok");
    });
}
