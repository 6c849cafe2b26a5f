//! Limits that hold: the effect is shown by the job that runs into them, the value is read back, and the
//! group is gone afterwards.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Report, alone, controller_or_skip, is_root, probe, sh, skip, text, without_init};
use libisolate::job::{Enforced, EnforcementStatus, Outcome};
use libisolate::spec::{CgroupMode, Size};
use libisolate::{ErrorKind, Reason, Spec, Stage};

fn entry<'o>(outcome: &'o Outcome, name: &str) -> &'o Enforced {
    outcome
        .enforcement
        .iter()
        .find(|e| e.name == name)
        .unwrap_or_else(|| panic!("no {name} in {:?}", outcome.enforcement))
}

fn enforced(outcome: &Outcome, name: &str) -> String {
    let entry = entry(outcome, name);
    assert_eq!(entry.status, EnforcementStatus::Enforced, "{entry:?}");
    entry.value.clone().unwrap_or_default()
}

/// The directories of the job's group are gone.
fn assert_gone(outcome: &Outcome) {
    let dirs = enforced(outcome, "cgroup");
    assert!(!dirs.is_empty());
    for dir in dirs.split(' ') {
        assert!(!std::path::Path::new(dir).exists(), "{dir} is left");
    }
}

#[test]
fn memory_is_limited() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "memory") {
            return;
        }
        let mut spec = probe(&["eat", "100"]);
        spec.limits.memory = Some(Size(32 << 20));
        spec.limits.swap = Some(Size(0));
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(outcome.reason, Reason::OutOfMemory, "{outcome:?}");
        assert_eq!(outcome.signal, Some(libc::SIGKILL));
        assert!(outcome.usage.oom_kills.is_some_and(|n| n >= 1));
        assert!(
            outcome
                .usage
                .memory_peak
                .is_some_and(|n| n > 24 << 20 && n <= 33 << 20)
        );
        assert_eq!(enforced(&outcome, "memory"), (32 << 20).to_string());
        assert_gone(&outcome);
        // Below the limit the same program is left alone.
        let mut spec = probe(&["eat", "20"]);
        spec.limits.memory = Some(Size(32 << 20));
        let outcome = libisolate::run(&spec).unwrap();
        assert!(outcome.success(), "{outcome:?}");
        assert_eq!(text(&outcome), "ate 20\n");
        assert_eq!(outcome.usage.oom_kills, Some(0));
    });
}

#[test]
fn an_out_of_memory_kill_of_a_child_is_told() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "memory") {
            return;
        }
        let mut spec = probe(&[]);
        spec.argv = vec![
            "/bin/sh".into(),
            "-c".into(),
            "/probe eat 200; echo child $?; exit 7".into(),
        ];
        spec.limits.memory = Some(Size(32 << 20));
        spec.limits.swap = Some(Size(0));
        let outcome = libisolate::run(&spec).unwrap();
        // On v2 the whole group may be killed with it (memory.oom.group).
        assert_eq!(outcome.reason, Reason::OutOfMemory, "{outcome:?}");
        if outcome.exit_code.is_some() {
            assert_eq!(
                (outcome.exit_code, text(&outcome).as_str()),
                (Some(7), "child 137\n")
            );
        }
    });
}

#[test]
fn what_the_kernel_rounds_is_read_back() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "memory") {
            return;
        }
        let mut spec = sh("true");
        spec.limits.memory = Some(Size(10_000_001));
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(entry(&outcome, "memory").requested, "10000001");
        assert_eq!(enforced(&outcome, "memory"), "9998336");
    });
}

#[test]
fn processes_are_counted_exactly() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "pids") {
            return;
        }
        for limit in [1u64, 2, 10, 33] {
            for init in [true, false] {
                let mut spec = probe(&["forks", "100"]);
                if !init {
                    without_init(&mut spec);
                }
                spec.limits.pids = Some(limit);
                let outcome = libisolate::run(&spec).unwrap();
                let report = Report::read(&text(&outcome));
                assert_eq!(report.get("processes"), limit.to_string(), "init {init}");
                assert_eq!(report.get("last"), "EAGAIN");
                assert!(
                    outcome.usage.pids_denied.is_none_or(|n| n >= 1),
                    "{:?}",
                    outcome.usage
                );
                assert!(enforced(&outcome, "pids").starts_with(&limit.to_string()) || init);
            }
        }
    });
}

#[test]
fn a_strict_job_has_a_limit_of_processes_anyway() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "pids") {
            return;
        }
        let outcome = libisolate::run(&probe(&["forks", "2000"])).unwrap();
        assert_eq!(Report::read(&text(&outcome)).get("processes"), "1024");
    });
}

#[test]
fn cpus_are_limited() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "cpu") {
            return;
        }
        let mut spec = probe(&["spin"]);
        spec.limits.cpus = Some(0.2);
        spec.timeout = Some(libisolate::spec::Seconds(std::time::Duration::from_millis(
            1000,
        )));
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(outcome.reason, Reason::Timeout);
        assert!(
            outcome.usage.throttled_time.is_some_and(|t| t > 0.0),
            "{:?}",
            outcome.usage
        );
        // A fifth of a second and a bit: far from the whole, however busy the machine is.
        assert!(outcome.usage.cpu_time < 0.5, "{:?}", outcome.usage);
        enforced(&outcome, "cpus");
        assert_gone(&outcome);
    });
}

#[test]
fn weight_and_cpuset_are_set() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "cpu") || !controller_or_skip(name!(), "cpuset") {
            return;
        }
        let mut spec = sh("grep Cpus_allowed_list /proc/self/status");
        spec.limits.cpu_weight = Some(200);
        spec.limits.cpuset = Some("0".into());
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(Report::read(&text(&outcome)).get("Cpus_allowed_list"), "0");
        assert_eq!(enforced(&outcome, "cpuset"), "0");
        let weight: u64 = enforced(&outcome, "cpu_weight").parse().unwrap();
        assert!(weight > 100, "{weight}");
        // CPUs that there are not.
        spec.limits.cpuset = Some("4000".into());
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(error.stage(), Stage::Cgroup, "{error}");
        assert!(error.message().contains("4000"), "{error}");
    });
}

#[test]
fn limits_of_each_process() {
    alone(name!(), || {
        let mut spec = sh("ulimit -n; ulimit -Hn; ulimit -c; ulimit -t");
        spec.argv[0] = "/bin/bash".into();
        spec.limits.rlimits.insert("nofile".into(), Size(77));
        spec.limits.rlimits.insert("core".into(), Size(0));
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(text(&outcome), "77\n77\n0\nunlimited\n");
        assert_eq!(
            entry(&outcome, "rlimits.nofile").status,
            EnforcementStatus::Enforced
        );
    });
}

#[test]
fn more_processes_than_the_caller_may_have() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "pids") {
            return;
        }
        let host = libisolate::Host::probe().unwrap();
        let Some(allowed) = host.cgroup.pids_allowed else {
            return skip(name!(), "the caller's own cgroup has no pids limit");
        };
        if host
            .cgroup
            .systemd
            .is_some_and(|systemd| systemd.manages_caller)
        {
            return skip(
                name!(),
                "systemd makes the job's cgroup, and not below the caller's",
            );
        }
        let mut spec = sh("true");
        spec.limits.pids = Some(allowed + 1);
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::Limit, Stage::Cgroup),
            "{error}"
        );
    });
}

fn named(limit: &str) -> Spec {
    let mut spec = sh("true");
    match limit {
        "memory" => spec.limits.memory = Some(Size(64 << 20)),
        "pids" => spec.limits.pids = Some(10),
        "cpus" => spec.limits.cpus = Some(0.5),
        _ => spec.limits.cpu_weight = Some(50),
    }
    spec
}

/// Without permission: a limit that must hold is an error that says what to do, one that may be skipped
/// is skipped and told.
#[test]
fn without_permission_for_cgroups() {
    alone(name!(), || {
        for limit in ["memory", "pids", "cpus", "cpu_weight"] {
            let mut spec = named(limit);
            match libisolate::run(&spec) {
                Ok(outcome) => {
                    enforced(&outcome, limit);
                    assert_gone(&outcome);
                }
                Err(error) => {
                    assert!(!is_root(), "{error}");
                    assert!(
                        [ErrorKind::Permission, ErrorKind::Unsupported].contains(&error.kind()),
                        "{error}"
                    );
                    assert_eq!(error.subject(), format!("limits.{limit}"));
                    assert!(error.message().contains("limits.best_effort"), "{error}");
                    spec.limits.best_effort = vec![limit.into()];
                    let outcome = libisolate::run(&spec).unwrap();
                    assert!(outcome.success());
                    assert_eq!(entry(&outcome, limit).status, EnforcementStatus::Skipped);
                    assert!(entry(&outcome, limit).reason.is_some());
                }
            }
        }
    });
}

/// The same for root: `cgroup: "none"` leaves no group to hold a limit.
#[test]
fn without_a_cgroup_there_is_nothing_to_hold_a_limit() {
    alone(name!(), || {
        let mut spec = named("memory");
        spec.cgroup = Some(CgroupMode::None);
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        let mut spec = sh("cat /proc/self/cgroup");
        spec.namespaces.cgroup = Some(libisolate::spec::NamespaceMode::Host);
        spec.cgroup = Some(CgroupMode::None);
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(
            text(&outcome),
            std::fs::read_to_string("/proc/self/cgroup").unwrap()
        );
    });
}

/// A group must not be left behind by a job that made groups of its own, nor by one that would not start.
#[test]
fn the_group_goes_with_every_end() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "pids") {
            return;
        }
        for argv in [
            ["/bin/sh", "-c", "exit 1"],
            ["/bin/sh", "-c", "kill -9 $$"],
            ["/no/such", "", ""],
        ] {
            let mut spec = named("pids");
            spec.argv = argv.map(Into::into).to_vec();
            if let Ok(outcome) = libisolate::run(&spec) {
                assert_gone(&outcome);
            }
        }
        // `alone` compares the cgroups before and after.
    });
}
