//! cpu and cpuset: periods and bursts, idle groups, real-time processes, CPUs of one's own.

use std::path::Path;

use crate::common::{Report, alone, controller_or_skip, root_or_skip, skip};
use crate::{in_force, name, run, time, version_of, with};
use libisolate::cgroup::Version;
use libisolate::spec::Profile;
use libisolate::{ErrorKind, Host};

#[test]
fn period_burst_and_idle() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "cpu") {
            return;
        }
        let outcome = run(&with("true", |l| {
            (l.cpus, l.cpu_period, l.cpu_burst) = (Some(0.5), time("20ms"), time("5ms"));
            l.cpu_idle = Some(true);
        }));
        let expected = match version_of("cpu") {
            Some(Version::V1) => [
                ("cpus", "cpu.cfs_quota_us 10000"),
                ("cpu_period", "cpu.cfs_period_us 20000"),
                ("cpu_burst", "cpu.cfs_burst_us 5000"),
                ("cpu_idle", "cpu.idle 1"),
            ],
            _ => [
                ("cpus", "cpu.max 10000 20000"),
                ("cpu_period", "cpu.max 10000 20000"),
                ("cpu_burst", "cpu.max.burst 5000"),
                ("cpu_idle", "cpu.idle 1"),
            ],
        };
        for (name, told) in expected {
            assert_eq!(in_force(&outcome, name), told);
        }
    });
}

/// A shorter period is felt: the same share of a CPU is cut into more pieces.
#[test]
fn a_short_period_throttles_more_often() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "cpu") {
            return;
        }
        if !Path::new("/usr/bin/perl").exists() {
            return skip(name!(), "perl is missing");
        }
        let host = Host::probe().unwrap().cgroup;
        let cpu = host.controller("cpu").unwrap();
        let (dir, mount) = (cpu.dir.to_string(), cpu.mount.to_string());
        let own = match version_of("cpu") {
            Some(Version::V1) => "(^|,)cpu(,|$)",
            _ => "^$",
        };
        let script = format!(
            "perl -e 'do {{ @t = times }} while $t[0] + $t[1] < 0.05';
             own=$(awk -F: '$2 ~ /{own}/ {{ print $3 }}' /proc/self/cgroup)
             # Below the caller's own group, or in a scope elsewhere.
             cat {dir}/${{own##*/}}/cpu.stat 2>/dev/null || cat {mount}$own/cpu.stat"
        );
        let mut spec = with(&script, |l| {
            (l.cpus, l.cpu_period) = (Some(0.1), time("10ms"));
        });
        spec.profile = Profile::None;
        // User and system together: which of them a tick is put down to is chance, and may always be the
        // same. 50 ms of CPU time, 1 ms in each period: with the period of 100 ms it would be 5 times.
        let times: u64 = Report::of(&spec).get("nr_throttled").parse().unwrap();
        assert!(times >= 15, "{times}");
    });
}

#[test]
fn time_for_real_time_processes() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "cpu") {
            return;
        }
        let spec = with("true", |l| {
            (l.cpu_rt_runtime, l.cpu_rt_period) = (time("1ms"), time("100ms"));
        });
        if version_of("cpu") == Some(Version::V1) {
            match libisolate::run(&spec) {
                Ok(outcome) => {
                    assert_eq!(
                        in_force(&outcome, "cpu_rt_period"),
                        "cpu.rt_period_us 100000"
                    );
                    assert_eq!(
                        in_force(&outcome, "cpu_rt_runtime"),
                        "cpu.rt_runtime_us 1000"
                    );
                }
                // A group of somebody else's making, such as systemd's, has no such time by itself.
                Err(error) if error.kind() == ErrorKind::Limit => {
                    let parent = Host::probe().unwrap().cgroup;
                    let parent = parent.controller("cpu").unwrap().dir.as_path().to_owned();
                    let time = std::fs::read_to_string(parent.join("cpu.rt_runtime_us")).unwrap();
                    assert!(
                        time.trim().parse::<i64>().unwrap() < 10_000,
                        "{time}: {error}"
                    );
                    assert!(
                        error
                            .message()
                            .contains("the group above has not so much time")
                    );
                }
                // A kernel without CONFIG_RT_GROUP_SCHED.
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                    assert!(
                        error
                            .message()
                            .ends_with("this kernel's groups have no such file")
                    );
                }
            }
        } else {
            let error = libisolate::run(&spec).unwrap_err();
            assert_eq!(
                (error.kind(), error.subject()),
                (ErrorKind::Unsupported, "limits.cpu_rt_runtime")
            );
        }
    });
}

/// CPUs that somebody else has cannot be one's own; nothing of the group is left.
#[test]
fn cpus_of_another_are_not_exclusive() {
    alone(name!(), || {
        if !root_or_skip(name!()) || !controller_or_skip(name!(), "cpuset") {
            return;
        }
        if version_of("cpuset") != Some(Version::V1) {
            return skip(name!(), "no cpuset hierarchy (cgroup v1) is mounted here");
        }
        let host = Host::probe().unwrap().cgroup;
        let parent = host.controller("cpuset").unwrap().dir.as_path().to_owned();
        let other = parent.join(format!("isolate-test-{}-cpus", std::process::id()));
        std::fs::create_dir(&other).unwrap();
        std::fs::write(other.join("cpuset.cpus"), "0").unwrap();
        let made = libisolate::run(&with("true", |l| {
            (l.cpuset, l.cpuset_exclusive) = (Some("0".into()), Some(true));
        }));
        std::fs::remove_dir(&other).unwrap();
        let error = made.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        let above = std::fs::read_to_string(parent.join("cpuset.cpu_exclusive")).unwrap();
        let why = match above.trim() {
            "0" => "Permission denied",
            _ => "Invalid argument",
        };
        assert_eq!(
            error.message(),
            format!(
                "cgroup: cpuset.cpu_exclusive: \"1\": {why}; another group has some of these CPUs, or \
                 the one above is not exclusive"
            )
        );
    });
}
