//! A whole subtree: killed, frozen and thawed, with what is beside it left alone; and that stalls are told.

use std::fs;

use libisolate::ErrorKind;
use libisolate::cgroup::{EventKind, Resource, Watch};

use crate::common::skip;
use crate::{Own, PATIENCE, Worker, alone, group_or_skip, name, refused, until};

/// CPU time that a process has had, in the kernel's ticks: it moves as long as the process does.
fn ticks(pid: i32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

fn spinner(group: &Own) -> Worker {
    let mut worker = Worker::within(group);
    worker.begin("spin");
    until("it runs", || ticks(worker.pid()) > 1);
    worker
}

/// Whether a process runs on while another one certainly does.
fn moves(pid: i32, witness: i32) -> bool {
    let (before, seen) = (ticks(pid), ticks(witness));
    until("the witness runs", || ticks(witness) > seen + 20);
    ticks(pid) > before
}

#[test]
fn a_frozen_subtree_stands_and_what_is_beside_it_runs() {
    let test = name!();
    alone(test, || {
        let Some(above) = group_or_skip(test, "freeze", &[]) else {
            return;
        };
        let part = above.below("part", &[]);
        let middle = part.below("middle", &[]);
        let deep = middle.below("deep", &[]);
        let beside = above.below("beside", &[]);
        let (stands, runs) = (spinner(&deep), spinner(&beside));
        part.freeze(PATIENCE).unwrap();
        assert!(deep.is_frozen().unwrap() && part.is_frozen().unwrap());
        assert!(!beside.is_frozen().unwrap() && !above.is_frozen().unwrap());
        assert!(!moves(stands.pid(), runs.pid()));
        // A group that is made below it stands from its birth.
        let late = deep.below("late", &[]);
        let mut second = Worker::within(&late);
        second.begin("mkdir /dev/null/none");
        assert!(!moves(stands.pid(), runs.pid()));
        assert!(late.is_frozen().unwrap());
        // Each has its own: thawing the one below changes nothing yet.
        deep.freeze(PATIENCE).unwrap();
        assert_eq!(refused(late.thaw(PATIENCE)).kind(), ErrorKind::Busy);
        part.thaw(PATIENCE).unwrap();
        assert!(deep.is_frozen().unwrap(), "by its own");
        assert!(!moves(stands.pid(), runs.pid()));
        deep.thaw(PATIENCE).unwrap();
        assert_eq!(second.answer(), "ENOTDIR");
        until("it goes on", || moves(stands.pid(), runs.pid()));
    });
}

#[test]
fn a_killed_subtree_takes_nobody_else() {
    let test = name!();
    alone(test, || {
        let Some(above) = group_or_skip(test, "kill", &[]) else {
            return;
        };
        let part = above.below("part", &[]);
        let deep = part.below("deep", &[]);
        let beside = above.below("beside", &[]);
        let mut dies = [Worker::within(&part), Worker::within(&deep)];
        let mut frozen = Worker::within(&deep);
        let mut lives = Worker::within(&beside);
        deep.freeze(PATIENCE).unwrap();
        part.kill().unwrap();
        for worker in dies.iter_mut().chain([&mut frozen]) {
            assert_eq!(worker.signal(), Some(libc::SIGKILL));
        }
        assert!(!part.is_populated().unwrap());
        assert_eq!(lives.does("give"), "ok");
        // It can be used again.
        deep.thaw(PATIENCE).unwrap();
        assert_eq!(Worker::within(&deep).does("give"), "ok");
    });
}

#[test]
fn stalls_of_a_throttled_group_are_told() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "psi", &["cpu"]) else {
            return;
        };
        let beside = Own(group.create_child("beside", Some(&[])).unwrap());
        let held = group.below("held", &["cpu"]);
        let watch = Watch::Pressure {
            resource: Resource::Cpu,
            full: false,
            // Nearly all the time: more than a machine that is only busy comes to.
            stall_usec: 1_500_000,
            window_usec: 2_000_000,
        };
        let [stalled, calm] = [&held, &beside].map(|g| g.events(std::slice::from_ref(&watch)));
        let (stalled, calm) = match (stalled, calm) {
            (Ok(stalled), Ok(calm)) => (stalled, calm),
            (Err(error), _) | (_, Err(error)) => return skip(test, &error.to_string()),
        };
        let _quiet = Worker::within(&beside);
        held.limit(|l| l.cpus = Some(0.05));
        let mut spinner = Worker::within(&held);
        spinner.begin("spin");
        let event = stalled.wait(Some(PATIENCE)).unwrap().unwrap();
        assert_eq!(event.kind, EventKind::Pressure, "{event:?}");
        assert_eq!(event.file, "cpu.pressure");
        assert!(event.value > Some(0), "{event:?}");
        assert_eq!(calm.next(), Ok(None), "nobody waits there");
    });
}
