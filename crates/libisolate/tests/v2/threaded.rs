//! Threaded groups: one thread of a process with a CPU limit of its own, and what threaded groups cannot have.

use std::fs;
use std::time::Instant;

use libisolate::ErrorKind;

use crate::{Worker, alone, group_or_skip, name, refused, until};

/// CPU seconds of one thread.
fn used(pid: i32, tid: i32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{tid}/schedstat")).unwrap();
    let nanoseconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
    nanoseconds / 1e9
}

#[test]
fn a_thread_has_a_limit_of_its_own() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "domain", &["cpu"]) else {
            return;
        };
        let slow = group.below("slow", &["cpu"]);
        let mut worker = Worker::outside();
        let tid: i32 = worker.does("thread").parse().unwrap();
        let error = refused(slow.attach_threads(&[tid]));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains("cgroup.type"), "{error}");
        assert_eq!(slow.set("cgroup.type", "threaded").unwrap(), "threaded");
        assert_eq!(group.read("cgroup.type"), "domain threaded");
        // A process of another domain cannot come in part.
        let error = refused(slow.attach_threads(&[tid]));
        assert_eq!(error.errno(), libc::EOPNOTSUPP, "{error}");
        drop(worker);

        // The group at the top may hold the process although it hands the controller down.
        let mut worker = Worker::within(&group);
        slow.limit(|l| l.cpus = Some(0.1));
        let tid: i32 = worker.does("thread").parse().unwrap();
        let pid = worker.pid();
        assert_ne!(tid, pid);
        slow.attach_threads(&[tid]).unwrap();
        assert_eq!(slow.threads(false), [tid]);
        assert_eq!(group.threads(false), [pid]);
        let place = fs::read_to_string(format!("/proc/{pid}/task/{tid}/cgroup")).unwrap();
        assert!(place.ends_with("/slow\n"), "{place}");

        let (start, before) = (Instant::now(), used(pid, tid));
        worker.begin("spin");
        until("0.3 s of CPU time", || used(pid, tid) - before > 0.3);
        let share = (used(pid, tid) - before) / start.elapsed().as_secs_f64();
        assert!(share < 0.2, "{share}");
        assert!(slow.number("cpu.stat", "nr_throttled") > 0);
        // The other thread is not held.
        let before = used(pid, pid);
        until("the other runs", || used(pid, pid) - before > 0.5);
        assert!(group.read("cpu.stat").contains("nr_throttled 0\n"));
        // Out of it again, it is as free.
        group.attach(&[pid]).unwrap();
        assert_eq!(slow.threads(false), Vec::<i32>::new());
        let (cut, before) = (slow.number("cpu.stat", "nr_throttled"), used(pid, tid));
        until("it is free", || used(pid, tid) - before > 1.0);
        assert!(slow.number("cpu.stat", "nr_throttled") <= cut + 2);
    });
}

/// Memory is of processes: a threaded group has none, and what stands below one is of no use till it is threaded.
#[test]
fn what_threads_cannot_have() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "domain", &["pids", "memory"]) else {
            return;
        };
        let inner = group.below("inner", &["pids"]);
        inner.set("cgroup.type", "threaded").unwrap();
        assert_eq!(inner.controllers(), ["pids"]);
        let error = refused(inner.create_child("below", Some(&["memory".to_owned()])));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains("no memory controller"), "{error}");
        // A new group below it is of no use until it is made threaded, too.
        let error = refused(inner.create_child("below", Some(&[])));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(
            error.message().contains("the group above it is threaded"),
            "{error}"
        );
        assert_eq!(inner.children(), Vec::<String>::new());
        // A process comes whole or not at all; its list is that of the threads.
        let mut worker = Worker::within(&inner);
        assert_eq!(inner.processes(false), [worker.pid()]);
        inner.limit(|l| l.pids = Some(2));
        assert_eq!(worker.does("forks 9"), "2 EAGAIN");
        // The kernel will not hand memory down beside it either.
        let error = refused(group.create_child("second", Some(&["memory".to_owned()])));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert_eq!(error.errno(), libc::EOPNOTSUPP, "{error}");
        assert_eq!(group.children(), ["inner"]);
    });
}
