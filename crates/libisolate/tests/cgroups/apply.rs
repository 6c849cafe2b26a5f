//! Limits for groups that live: in force from inside, all or nothing.

use std::fs;

use libisolate::cgroup::{Cgroup, Version};
use libisolate::job::EnforcementStatus;
use libisolate::spec::{Limits, Seconds, Size};
use libisolate::{ErrorKind, Reason, Spec, spawn};

use super::common::{alone, controller_or_skip, sh, skip};
use super::{Running, group_or_skip, refused, until};
use crate::name;

/// Every file of the group that holds a limit, as it stands.
fn limits_of(group: &Cgroup) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for place in group.places() {
        for entry in fs::read_dir(place.path.as_path()).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let holds = [
                "limit", "max", "high", "low", "min", "shares", "weight", "quota", "period",
            ]
            .iter()
            .any(|word| name.contains(word))
                || name.starts_with("cpuset.");
            let counts = ["usage", "failcnt", "peak", "effective", "stat", "events"]
                .iter()
                .any(|word| name.contains(word));
            if holds
                && !counts
                && !name.starts_with("cgroup.")
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                all.push((name, text));
            }
        }
    }
    all.sort();
    all
}

/// Limits of which some are set.
fn with(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

fn has(group: &Cgroup, wanted: &[&str]) -> bool {
    let controllers = group.controllers();
    wanted.iter().all(|w| controllers.iter().any(|c| c == w))
}

#[test]
fn up_and_down_in_any_order() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "order") else {
            return;
        };
        if !has(&group, &["memory", "cpu", "pids"]) {
            return skip(test, "needs memory, cpu and pids");
        }
        let swaps = ["memory.memsw.limit_in_bytes", "memory.swap.max"]
            .iter()
            .any(|file| group.get(file).is_ok());
        let mut state = 12345u64;
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..200 {
            let mut limits = Limits::default();
            if random(3) > 0 {
                limits.memory = Some(Size((8 + random(500)) << 20));
            }
            if swaps && random(3) == 0 {
                limits.swap = Some(Size(random(100) << 20));
            }
            if random(2) == 0 {
                limits.cpus = Some(0.05 + random(100) as f64 / 50.0);
                let millis = 10 + random(200);
                limits.cpu_period = Some(Seconds::parse(&format!("{millis}ms")).unwrap());
            }
            if random(2) == 0 {
                limits.pids = Some(1 + random(1000));
            }
            if random(2) == 0 {
                limits.cpu_weight = Some(1 + random(10_000));
            }
            let before = limits_of(&group);
            match group.apply(&limits) {
                Ok(done) => {
                    for entry in &done {
                        assert_eq!(entry.status, EnforcementStatus::Enforced, "{entry:?}");
                        assert!(entry.file.is_some() && entry.value.is_some(), "{entry:?}");
                    }
                    if let Some(pids) = limits.pids {
                        assert_eq!(group.get("pids.max").unwrap().trim(), pids.to_string());
                    }
                }
                // Swap alone, while memory has no limit yet: v1 knows only the sum.
                Err(error) => {
                    assert_eq!(error.subject(), "limits.swap", "{limits:?}: {error}");
                    assert_eq!(limits_of(&group), before, "{error}");
                }
            }
        }
    });
}

#[test]
fn all_or_nothing() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "nothing") else {
            return;
        };
        if !has(&group, &["memory", "cpu", "pids", "cpuset"]) {
            return skip(test, "needs memory, cpu, pids and cpuset");
        }
        let first = with(|l| {
            l.memory = Some(Size(64 << 20));
            l.cpus = Some(0.5);
            l.pids = Some(10);
        });
        group.apply(&first).unwrap();
        let before = limits_of(&group);
        let everything = |change: &dyn Fn(&mut Limits)| {
            let mut limits = with(|l| {
                l.memory = Some(Size(128 << 20));
                l.cpus = Some(0.25);
                l.cpu_weight = Some(7);
                l.pids = Some(20);
            });
            change(&mut limits);
            let error = refused(group.apply(&limits));
            assert_eq!(limits_of(&group), before, "{error}");
            error
        };
        let error = everything(&|l| drop(l.files.insert("pids.max".into(), "many".into())));
        assert_eq!(error.errno(), libc::EINVAL, "{error}");
        assert!(error.message().contains("pids.max: \"many\""), "{error}");
        let error = everything(&|l| l.cpuset = Some("60000".into()));
        assert!(error.message().contains("60000"), "{error}");
        let error = everything(&|l| l.pids = Some(0));
        assert_eq!(
            (error.kind(), error.subject()),
            (ErrorKind::InvalidSpec, "limits.pids")
        );
        let error = everything(&|l| {
            l.misc.insert("nonsense".into(), 1);
        });
        // Where the group has the controller it is the kernel that does not know the word.
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.subject().contains("misc"), "{error}");
        let error = everything(&|l| l.cpu_time = Seconds::parse("1").ok());
        assert_eq!(
            (error.kind(), error.subject()),
            (ErrorKind::InvalidSpec, "limits.cpu_time")
        );
        let error = everything(&|l| l.output = Some(Size(1)));
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");

        // What may be left out is, and the rest is in force.
        let mut limits = with(|l| {
            l.pids = Some(30);
            l.best_effort = vec!["misc".into()];
        });
        limits.misc.insert("nonsense".into(), 1);
        let done = group.apply(&limits).unwrap();
        let of = |name: &str| done.iter().find(|e| e.name == name).unwrap();
        assert_eq!(of("misc").status, EnforcementStatus::Skipped);
        assert!(of("misc").reason.is_some());
        assert_eq!(of("pids").value.as_deref(), Some("30"));

        group.remove().unwrap();
        assert_eq!(refused(group.apply(&first)).kind(), ErrorKind::NotFound);
    });
}

#[test]
fn below_the_use_nobody_dies() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "use") else {
            return;
        };
        if !has(&group, &["memory", "pids"]) {
            return skip(test, "needs memory and pids");
        }
        let mut hog =
            Running::shell("x=$(head -c 24M /dev/zero | tr '\\0' x); echo; read go; sleep 100");
        group.attach(&[hog.pid()]).unwrap();
        until("it holds memory", || {
            let used = group
                .memory(libisolate::cgroup::MemoryValue::Usage)
                .unwrap();
            used.is_some_and(|bytes| bytes > 24 << 20)
        });
        let before = limits_of(&group);
        let limits = with(|l| {
            l.pids = Some(5);
            l.memory = Some(Size(2 << 20));
        });
        match group.apply(&limits) {
            Err(error) => {
                assert_eq!(
                    (error.kind(), error.errno()),
                    (ErrorKind::Busy, libc::EBUSY),
                    "{error}"
                );
                assert!(error.message().contains("uses"), "{error}");
                assert_eq!(limits_of(&group), before);
            }
            // With swap there is room after all.
            Ok(_) => assert!(fs::read_to_string("/proc/swaps").unwrap().lines().count() > 1),
        }
        assert!(hog.0.try_wait().unwrap().is_none(), "it lives");
    });
}

#[test]
fn throttled_to_the_ratio() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "cpu") else {
            return;
        };
        if !has(&group, &["cpu"]) {
            return skip(test, "needs cpu");
        }
        let limits = with(|l| {
            l.cpus = Some(0.2);
            l.cpu_period = Some(Seconds::parse("20ms").unwrap());
        });
        group.apply(&limits).unwrap();
        let burner = Running::shell("while :; do :; done");
        group.attach(&[burner.pid()]).unwrap();
        let throttled = || {
            let stat = group.stat(&[libisolate::cgroup::StatKind::Cpu]).unwrap();
            let cpu = stat.cpu.unwrap();
            (cpu.nr_periods.unwrap_or(0), cpu.nr_throttled.unwrap_or(0))
        };
        until("thirty periods have passed", || throttled().0 >= 30);
        let (periods, hit) = throttled();
        assert!(
            hit * 2 > periods,
            "{hit} of {periods} periods were cut short"
        );
        // Without the limit nothing is.
        group
            .apply(&with(|l| {
                l.cpus = Some(1000.0);
            }))
            .unwrap();
        let (_, before) = throttled();
        let start = group.get("cpu.stat").unwrap();
        until("it has run on", || group.get("cpu.stat").unwrap() != start);
        assert!(throttled().1 <= before + 1);
    });
}

#[test]
fn a_running_job_gets_other_limits() {
    let test = name!();
    if !controller_or_skip(test, "pids") || !controller_or_skip(test, "memory") {
        return;
    }
    alone(test, || {
        let mut spec = sh("exec sleep 100");
        spec.limits.pids = Some(3);
        spec.limits.memory = Some(Size(64 << 20));
        let job = spawn(&spec).unwrap();
        let group = job.cgroup().unwrap();
        assert!(!group.processes(true).is_empty());
        let limits = with(|l| {
            l.pids = Some(50);
            l.memory = Some(Size(48 << 20));
        });
        let done = job.update(&limits).unwrap();
        assert_eq!(done.len(), 2);
        let init = u64::from(has_v2(&group, "pids"));
        assert_eq!(
            group.get("pids.max").unwrap().trim(),
            (50 + init).to_string()
        );
        let now = job.enforcement();
        let memory = now.iter().find(|e| e.name == "memory").unwrap();
        assert_eq!(memory.value.as_deref(), Some("50331648"));
        let error = refused(job.update(&with(|l| {
            l.pids = Some(0);
        })));
        assert_eq!(error.kind(), ErrorKind::InvalidSpec);
        job.kill().unwrap();
        let outcome = job.wait().unwrap();
        assert_eq!(
            outcome
                .enforcement
                .iter()
                .find(|e| e.name == "memory")
                .unwrap()
                .value
                .as_deref(),
            Some("50331648")
        );
        assert_eq!(refused(job.cgroup()).kind(), ErrorKind::NotFound);
        assert_eq!(refused(job.update(&limits)).kind(), ErrorKind::NotFound);
    });
}

/// A job that was started without a cpuset is held by one, and is as before when that fails.
#[test]
fn a_running_job_gets_another_controller() {
    let test = name!();
    if !controller_or_skip(test, "cpuset") || !controller_or_skip(test, "pids") {
        return;
    }
    alone(test, || {
        let spec = sh("sleep 100 & sleep 100 & wait");
        let job = spawn(&spec).unwrap();
        let before = job.cgroup().unwrap();
        let had = before.controllers();
        let held_by = |controller: &str| {
            let places = job.cgroup().unwrap().places();
            places
                .iter()
                .any(|p| p.controllers.iter().any(|c| c == controller))
        };
        if had.contains(&"cpuset".to_owned()) {
            return skip(test, "the job has it already");
        }
        let mut wrong = with(|l| l.cpuset = Some("0".into()));
        wrong.files.insert("pids.max".into(), "many".into());
        let error = refused(job.update(&wrong));
        assert_eq!(error.errno(), libc::EINVAL, "{error}");
        assert!(!held_by("cpuset") || has_v2(&job.cgroup().unwrap(), "cpuset"));
        until("its processes have started", || {
            before.processes(true).len() >= 3
        });
        let done = job.update(&with(|l| l.cpuset = Some("0".into()))).unwrap();
        assert_eq!(done[0].value.as_deref(), Some("0"));
        assert!(held_by("cpuset"));
        for process in job.processes().unwrap() {
            let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap();
            let allowed = status
                .lines()
                .find(|l| l.starts_with("Cpus_allowed_list:"))
                .unwrap();
            assert_eq!(allowed, "Cpus_allowed_list:\t0", "{process:?}");
        }
        job.kill().unwrap();
        job.wait().unwrap();
    });
}

fn has_v2(group: &Cgroup, controller: &str) -> bool {
    group
        .places()
        .iter()
        .any(|p| p.version == Version::V2 && p.controllers.iter().any(|c| c == controller))
}

/// One process too many ends all of them, on v1 as on v2.
#[test]
fn out_of_memory_takes_the_whole_job() {
    let test = name!();
    if !controller_or_skip(test, "memory") {
        return;
    }
    alone(test, || {
        // A hog that is killed alone would leave the shell, which goes on and says so.
        let script = "(x=x; while :; do x=$x$x$x; done) & wait; echo survived; exit 7";
        let mut spec = sh(script);
        spec.limits.memory = Some(Size(32 << 20));
        // Where there is swap, the hog would have all of that first.
        spec.limits.swap = Some(Size(0));
        spec.limits.best_effort = vec!["swap".into()];
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(
            outcome.stdout.as_ref().map(|s| s.to_string()).as_deref(),
            Some("survived\n"),
            "{outcome:?}"
        );
        spec.limits.oom_group = Some(true);
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(outcome.reason, Reason::OutOfMemory, "{outcome:?}");
        assert_eq!(outcome.signal, Some(libc::SIGKILL), "{outcome:?}");
        assert_eq!(
            outcome.stdout.as_ref().map(|s| s.to_string()).as_deref(),
            Some("")
        );
        let mut bare = Spec::new(["true"]);
        bare.limits = spec.limits.clone();
        bare.limits.oom_pause = Some(true);
        assert_eq!(
            refused(libisolate::run(&bare)).subject(),
            "limits.oom_pause"
        );
    });
}
