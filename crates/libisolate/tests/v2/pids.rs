//! pids: a limit counts the processes of all groups below it.

use libisolate::cgroup::{EventKind, StatKind, Watch};

use crate::common::kernel;
use crate::{PATIENCE, Worker, alone, group_or_skip, job, name, refused, v2_or_skip};

#[test]
fn forks_in_a_nested_group_count_above() {
    let test = name!();
    alone(test, || {
        let Some(above) = group_or_skip(test, "pids", &["pids"]) else {
            return;
        };
        let middle = above.below("middle", &["pids"]);
        let inner = middle.below("inner", &["pids"]);
        let beside = above.below("beside", &["pids"]);
        above.limit(|l| l.pids = Some(6));
        inner.limit(|l| l.pids = Some(50));
        // Told where the limit is; before Linux 6.11 where the fork was.
        let told = if kernel() < (6, 11) { &inner } else { &above };
        let events = told.events(&[Watch::PidsEvents]).unwrap();
        let mut worker = Worker::within(&inner);
        assert_eq!(worker.does("forks 40"), "6 EAGAIN");
        let event = events.wait(Some(PATIENCE)).unwrap().unwrap();
        assert_eq!(event.kind, EventKind::PidsLimit, "{event:?}");
        // One that is beside takes one of them; its own limit is met sooner where it is lower.
        let _second = Worker::within(&beside);
        assert_eq!(worker.does("forks 40"), "5 EAGAIN");
        inner.limit(|l| l.pids = Some(3));
        assert_eq!(worker.does("forks 40"), "3 EAGAIN");
        let pids = inner.stat(&[StatKind::Pids]).unwrap().pids.unwrap();
        assert_eq!((pids.current, pids.limit), (Some(1), Some(3)), "{pids:?}");
        // Without them there is room.
        inner.limit(|l| l.pids = Some(50));
        above.set("pids.max", "max").unwrap();
        assert_eq!(worker.does("forks 40"), "40 none");
        // Moving in is no fork: the kernel lets a group be over its limit so.
        above.limit(|l| l.pids = Some(1));
        assert_eq!(worker.does("forks 2"), "1 EAGAIN");
        assert_eq!(above.number("pids.current", ""), 2);
    });
}

/// A job's own group counts for the group above it, and more than that may have is refused before it starts.
#[test]
fn a_job_counts_for_the_group_that_it_is_in() {
    let test = name!();
    alone(test, || {
        if !v2_or_skip(test, &["pids"]) {
            return;
        }
        let outcome = libisolate::run(&job(&["forks 60"], |l| l.pids = Some(9))).unwrap();
        assert_eq!(crate::common::text(&outcome), "9 EAGAIN\n", "{outcome:?}");
        assert_eq!(outcome.usage.pids_denied, Some(1), "{:?}", outcome.usage);
        let error = refused(libisolate::run(&job(&["forks 2"], |l| l.pids = Some(0))));
        assert_eq!(error.subject(), "limits.pids", "{error}");
    });
}
