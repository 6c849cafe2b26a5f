//! cpu: how much of a CPU a group gets, alone and beside another one.

use std::time::Instant;

use libisolate::spec::{Limits, Seconds};

use crate::{Own, Worker, alone, group_or_skip, in_force, job, name, turn, until, v2_or_skip};

/// CPU time in seconds that a group has had.
fn used(group: &Own) -> f64 {
    group.number("cpu.stat", "usage_usec") as f64 / 1e6
}

/// A quota is never exceeded, however long the machine takes; without one the same loop takes what it can.
#[test]
fn no_more_than_the_quota() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "quota", &["cpu"]) else {
            return;
        };
        let quota = |cpus: f64| {
            group.limit(|l| {
                (l.cpus, l.cpu_period) = (Some(cpus), Some(Seconds::parse("20ms").unwrap()));
            });
        };
        quota(0.1);
        let mut spinner = Worker::within(&group);
        let (start, before) = (Instant::now(), used(&group));
        spinner.begin("spin");
        until("0.3 s of CPU time", || used(&group) - before > 0.3);
        let share = (used(&group) - before) / start.elapsed().as_secs_f64();
        assert!(share < 0.15, "{share}");
        let cut = group.number("cpu.stat", "nr_throttled");
        assert!(cut >= 10, "{cut}");
        // More than one loop can take: it is not cut any more. The last period of the old quota may be.
        quota(4.0);
        let before = used(&group);
        until("1 s of CPU time", || used(&group) - before > 1.0);
        let more = group.number("cpu.stat", "nr_throttled") - cut;
        assert!(more < 3, "{more}");
    });
}

/// The same of a job, by its own account.
#[test]
fn a_job_gets_its_part() {
    let test = name!();
    alone(test, || {
        if !v2_or_skip(test, &["cpu"]) {
            return;
        }
        let mut spec = job(&["spin"], |l| {
            l.cpus = Some(0.2);
            l.cpu_time = Some(Seconds::parse("0.4").unwrap());
        });
        spec.timeout = Some(Seconds::parse("80").unwrap());
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(outcome.reason, libisolate::Reason::CpuLimit, "{outcome:?}");
        assert_eq!(in_force(&outcome, "cpus"), "cpu.max 20000 100000");
        let usage = &outcome.usage;
        assert!(usage.cpu_time / usage.wall_time < 0.35, "{usage:?}");
        assert!(usage.throttled_time > Some(0.2), "{usage:?}");
    });
}

/// The CPU time of two groups with one CPU between them, as a ratio.
fn ratio(test: &str, first: impl Fn(&mut Limits), second: impl Fn(&mut Limits)) -> Option<f64> {
    let above = group_or_skip(test, "share", &["cpu"])?;
    let groups = ["first", "second"].map(|name| above.below(name, &["cpu"]));
    groups[0].limit(first);
    groups[1].limit(second);
    let _turn = turn();
    let mut workers = [&groups[0], &groups[1]].map(|group| Worker::within(group));
    for worker in &mut workers {
        assert_eq!(worker.does("pin 0"), "ok");
    }
    for worker in &mut workers {
        worker.begin("spin");
    }
    // Counted from when both run.
    until("both have begun", || groups.iter().all(|g| used(g) > 0.02));
    let before = [used(&groups[0]), used(&groups[1])];
    until("4 s of CPU time", || {
        used(&groups[0]) + used(&groups[1]) - before[0] - before[1] > 4.0
    });
    let got = [used(&groups[0]) - before[0], used(&groups[1]) - before[1]];
    Some(got[1] / got[0].max(1e-6))
}

#[test]
fn weights_share_a_cpu() {
    let test = name!();
    alone(test, || {
        let weight = |weight| move |l: &mut Limits| l.cpu_weight = Some(weight);
        let Some(share) = ratio(test, weight(100), weight(300)) else {
            return;
        };
        assert!((2.0..4.5).contains(&share), "{share} instead of 3");
    });
}

/// An idle group beside another one gets next to nothing.
#[test]
fn an_idle_group_waits() {
    let test = name!();
    alone(test, || {
        let Some(share) = ratio(test, |l| l.cpu_idle = Some(true), |_| {}) else {
            return;
        };
        assert!(share > 20.0, "{share}");
    });
}
