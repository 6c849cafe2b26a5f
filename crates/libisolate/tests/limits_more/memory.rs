//! memory: what is left to a job, and what happens when it runs out.

use crate::common::{alone, controller_or_skip, probe, text};
use crate::{in_force, name, run, time, version_of, with};
use libisolate::cgroup::Version;
use libisolate::spec::Size;
use libisolate::{ErrorKind, Reason, Stage};

#[test]
fn what_memory_is_left_and_what_is_swapped() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "memory") {
            return;
        }
        let v1 = version_of("memory") == Some(Version::V1);
        let outcome = run(&with("true", |l| {
            l.memory_low = Some(Size(32 << 20));
            l.swappiness = v1.then_some(7);
            l.memory_high = (!v1).then_some(Size(128 << 20));
            l.memory_min = (!v1).then_some(Size(16 << 20));
        }));
        let expected: &[(&str, &str)] = match v1 {
            true => &[
                ("memory_low", "memory.soft_limit_in_bytes 33554432"),
                ("swappiness", "memory.swappiness 7"),
            ],
            false => &[
                ("memory_low", "memory.low 33554432"),
                ("memory_high", "memory.high 134217728"),
                ("memory_min", "memory.min 16777216"),
            ],
        };
        for (name, told) in expected {
            assert_eq!(in_force(&outcome, name), *told);
        }
        // What this version has not.
        let error = libisolate::run(&with("true", |l| {
            l.memory_high = v1.then_some(Size(1 << 20));
            l.swappiness = (!v1).then_some(7);
        }))
        .unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::Unsupported, Stage::Cgroup)
        );
        assert_eq!(
            error.message(),
            match v1 {
                true =>
                    "cgroup: limits.memory_high: this host's memory controller is on cgroup v1, which \
                     kills at a limit and does not slow down: use memory; list memory_high in \
                     limits.best_effort to go without",
                false =>
                    "cgroup: limits.swappiness: this host's memory controller is on cgroup v2, which has \
                     no swappiness for a group: use swap; list swappiness in limits.best_effort to go \
                     without",
            }
        );
    });
}

/// A process that would be killed stands still instead, until somebody ends it.
#[test]
fn a_job_pauses_when_it_is_out_of_memory() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "memory") {
            return;
        }
        let mut spec = probe(&["eat", "100"]);
        spec.limits.memory = Some(Size(32 << 20));
        spec.limits.oom_pause = Some(true);
        if version_of("memory") == Some(Version::V2) {
            let error = libisolate::run(&spec).unwrap_err();
            assert_eq!(
                (error.kind(), error.subject()),
                (ErrorKind::Unsupported, "limits.oom_pause")
            );
            return;
        }
        spec.timeout = time("1s");
        let outcome = run(&spec);
        assert_eq!(outcome.reason, Reason::Timeout, "{outcome:?}");
        assert_eq!(outcome.usage.oom_kills, Some(0));
        assert_eq!(in_force(&outcome, "oom_pause"), "memory.oom_control 1");
    });
}

/// The shell that could go on does not: the whole job is killed.
#[test]
fn an_oom_group_is_killed_whole() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "memory") {
            return;
        }
        let mut spec = probe(&[]);
        let script = "/probe eat 200; sleep 50; echo on";
        spec.argv = ["/bin/sh", "-c", script].map(Into::into).to_vec();
        spec.limits.memory = Some(Size(32 << 20));
        spec.limits.swap = Some(Size(0));
        spec.limits.oom_group = Some(true);
        let outcome = run(&spec);
        assert_eq!(outcome.reason, Reason::OutOfMemory, "{outcome:?}");
        assert_eq!(
            (outcome.signal, text(&outcome).as_str()),
            (Some(libc::SIGKILL), "")
        );
        let told = match version_of("memory") {
            Some(Version::V1) => "memory.oom_control the init kills all",
            _ => "memory.oom.group 1",
        };
        assert_eq!(in_force(&outcome, "oom_group"), told);
    });
}
