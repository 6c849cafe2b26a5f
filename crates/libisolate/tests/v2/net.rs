//! net_cls and net_prio on v2: a program that marks the sockets that a group makes, read back from inside.

use std::collections::BTreeMap;

use libisolate::ErrorKind;
use libisolate::spec::Limits;

use crate::common::{is_root, root_or_skip, skip, text};
use crate::{Worker, alone, group_or_skip, in_force, job, name, refused, v2_or_skip};

fn marks(limits: &mut Limits, class: Option<u64>, priority: Option<u64>) {
    limits.net_class = class;
    limits.net_priorities = priority
        .map(|p| BTreeMap::from([("*".to_owned(), p)]))
        .unwrap_or_default();
}

#[test]
fn sockets_have_the_class_and_the_priority_of_their_group() {
    let test = name!();
    alone(test, || {
        if !root_or_skip(test) {
            return;
        }
        let Some(above) = group_or_skip(test, "net", &["pids"]) else {
            return;
        };
        let inner = above.below("inner", &["pids"]);
        let mut worker = Worker::within(&inner);
        assert_eq!(worker.does("socket 4"), "priority=0 mark=0");
        above.limit(|l| marks(l, Some(0x10_0010), Some(5)));
        assert_eq!(worker.does("socket 4"), "priority=5 mark=0x100010");
        assert_eq!(worker.does("socket 6"), "priority=5 mark=0x100010");
        // What is not named stays.
        above.limit(|l| marks(l, None, Some(7)));
        assert_eq!(worker.does("socket 4"), "priority=7 mark=0x100010");
        // The kernel runs the program of the group above after that of the one below: it has the last word.
        inner.limit(|l| marks(l, Some(2), Some(1)));
        assert_eq!(worker.does("socket 4"), "priority=7 mark=0x100010");
        let third = above.below("beside", &["pids"]);
        let mut beside = Worker::within(&third);
        assert_eq!(beside.does("socket 4"), "priority=7 mark=0x100010");
        // Alone, the one below has it.
        let plain = group_or_skip(test, "plain", &["pids"]).unwrap();
        let inner = plain.below("inner", &["pids"]);
        let mut worker = Worker::within(&inner);
        inner.limit(|l| marks(l, Some(2), Some(1)));
        assert_eq!(worker.does("socket 4"), "priority=1 mark=0x2");
    });
}

#[test]
fn sockets_of_a_job() {
    let test = name!();
    alone(test, || {
        if !root_or_skip(test) || !v2_or_skip(test, &["pids"]) {
            return;
        }
        let outcome = libisolate::run(&job(&["socket 4", "socket 6"], |l| {
            marks(l, Some(0xffff_ffff), Some(3));
        }))
        .unwrap();
        assert_eq!(
            text(&outcome),
            "priority=3 mark=0xffffffff\npriority=3 mark=0xffffffff\n",
            "{outcome:?}"
        );
        let told = "bpf.sockets class=0xffffffff priority=3";
        assert_eq!(in_force(&outcome, "net_class"), told);
        assert_eq!(in_force(&outcome, "net_priorities"), told);
        let outcome = libisolate::run(&job(&["socket 4"], |_| {})).unwrap();
        assert_eq!(text(&outcome), "priority=0 mark=0\n");
        // One interface alone is not what a program can tell.
        let error = refused(libisolate::run(&job(&["give"], |l| {
            l.net_priorities = BTreeMap::from([("lo".into(), 3)]);
        })));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(
            error.subject().starts_with("limits.net_priorities"),
            "{error}"
        );
    });
}

#[test]
fn an_ordinary_user_is_refused_with_the_reason() {
    let test = name!();
    alone(test, || {
        if is_root() {
            return skip(test, "it is about an ordinary user");
        }
        if !v2_or_skip(test, &["pids"]) {
            return;
        }
        let error = refused(libisolate::run(&job(&["give"], |l| {
            marks(l, Some(1), None)
        })));
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        assert!(error.message().contains("CAP_BPF"), "{error}");
    });
}
