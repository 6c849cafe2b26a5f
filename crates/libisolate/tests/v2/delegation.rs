//! Who may change what: no processes in a group that hands controllers down, and how far a delegated group goes.

use std::fs;

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, CreateOptions};

use crate::common::{is_root, root_or_skip, skip};
use crate::{Worker, alone, fresh_name, group_or_skip, job, name, refused};

/// An id that nobody has.
const SOMEBODY: u32 = 65533;

#[test]
fn either_processes_or_groups_with_controllers() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "internal", &["pids", "memory"]) else {
            return;
        };
        // It hands a controller down: nobody can enter.
        let inner = group.below("inner", &["memory"]);
        let mut worker = Worker::outside();
        let error = refused(group.attach(&[worker.pid()]));
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert_eq!(error.errno(), libc::EBUSY, "{error}");
        assert!(
            error.message().ends_with(
                "hands controllers to groups below it, so it holds no processes itself: use one below"
            ),
            "{error}"
        );
        assert!(error.message().contains(&group.dir().display().to_string()));
        inner.attach(&[worker.pid()]).unwrap();
        assert_eq!(worker.does("give"), "ok");
        // It holds a process: it can hand nothing down.
        let dir = inner.dir().display().to_string();
        let error = refused(inner.create_child("below", Some(&["memory".to_owned()])));
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        let said = format!(
            "{dir} holds processes, so controllers cannot be enabled below it: move them into a group below \
             it first"
        );
        assert!(error.message().ends_with(&said), "{error}");
        assert_eq!(inner.children(), Vec::<String>::new());
        // A group without controllers of its own is no matter.
        let below = inner.below("below", &[]);
        below.attach(&[worker.pid()]).unwrap();
        // Once it is empty the controller can be had.
        let with = inner.below("with", &["memory"]);
        with.set("memory.max", "33554432").unwrap();
    });
}

/// A user to whom a group is given divides it, limits the parts, and cannot leave it or widen it.
#[test]
fn a_given_group_is_a_world_of_its_own() {
    let test = name!();
    alone(test, || {
        if !root_or_skip(test) {
            return;
        }
        let Some(above) = group_or_skip(test, "above", &["pids", "memory"]) else {
            return;
        };
        let given = above.below("given", &["pids", "memory"]);
        let other = above.below("other", &["pids"]);
        given.limit(|l| l.pids = Some(20));
        let start = given.below("start", &[]);
        given.delegate(Some(SOMEBODY), Some(SOMEBODY)).unwrap();
        start.delegate(Some(SOMEBODY), Some(SOMEBODY)).unwrap();
        let mut worker = Worker::within(&start);
        assert_eq!(worker.does(&format!("become {SOMEBODY}")), "ok");
        let (dir, pid) = (given.dir().display().to_string(), worker.pid());
        let lines = |worker: &mut Worker, lines: &[(String, &str)]| {
            for (line, told) in lines {
                assert_eq!(&worker.does(line), told, "{line}");
            }
        };
        lines(
            &mut worker,
            &[
                // Downward: groups, controllers, limits, processes.
                (format!("mkdir {dir}/part"), "ok"),
                (format!("write {dir}/cgroup.subtree_control +pids"), "ok"),
                (format!("write {dir}/part/pids.max 3"), "ok"),
                (format!("write {dir}/part/cgroup.procs {pid}"), "ok"),
                ("forks 10".into(), "3 EAGAIN"),
                // The limits of the group itself are not the user's.
                (format!("write {dir}/pids.max max"), "EACCES"),
                (format!("write {dir}/memory.max max"), "EACCES"),
                // Upward and sideways there is no way, neither by procs nor by a group of one's own.
                (
                    format!("write {}/cgroup.procs {pid}", other.dir().display()),
                    "EACCES",
                ),
                (
                    format!("write {}/cgroup.procs {pid}", above.dir().display()),
                    "EACCES",
                ),
                (format!("mkdir {}/escape", above.dir().display()), "EACCES"),
            ],
        );
        // The other is given to the same user: what both are in is not.
        other.delegate(Some(SOMEBODY), Some(SOMEBODY)).unwrap();
        lines(
            &mut worker,
            &[
                (
                    format!("write {}/cgroup.procs {pid}", other.dir().display()),
                    "EACCES",
                ),
                (format!("write {dir}/start/cgroup.procs {pid}"), "ok"),
                // The limit above holds whatever is written below.
                (format!("write {dir}/part/pids.max max"), "ok"),
                (format!("write {dir}/part/cgroup.procs {pid}"), "ok"),
                ("forks 40".into(), "20 EAGAIN"),
            ],
        );
        // Theirs goes with ours.
        drop(worker);
        given.kill().unwrap();
        given.remove().unwrap();
        assert_eq!(above.children(), ["other"]);
    });
}

/// With nsdelegate a cgroup namespace is such a border, for root as well.
#[test]
fn a_namespace_is_a_border() {
    let test = name!();
    alone(test, || {
        if !root_or_skip(test) {
            return;
        }
        let Some(above) = group_or_skip(test, "above", &["pids"]) else {
            return;
        };
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let delegates = mounts
            .lines()
            .any(|l| l.split(' ').nth(2) == Some("cgroup2") && l.contains("nsdelegate"));
        if !delegates {
            return skip(test, "the tree is not mounted with nsdelegate");
        }
        let inside = above.below("inside", &["pids"]);
        let other = above.below("other", &["pids"]);
        let start = inside.dir().display().to_string();
        let mut worker = Worker::within(&inside);
        let pid = worker.pid();
        // Before, root may all of it.
        assert_eq!(worker.does(&format!("write {start}/pids.max 30")), "ok");
        assert_eq!(worker.does("unshare-cgroup"), "ok");
        for (line, told) in [
            (format!("write {start}/pids.max 40"), "EPERM"),
            (format!("write {start}/cgroup.max.depth 3"), "EPERM"),
            (format!("mkdir {start}/part"), "ok"),
            (format!("write {start}/part/cgroup.procs {pid}"), "ok"),
            (format!("write {start}/cgroup.subtree_control +pids"), "ok"),
            (format!("write {start}/part/pids.max 4"), "ok"),
            ("forks 10".into(), "4 EAGAIN"),
            (
                format!("write {}/cgroup.procs {pid}", other.dir().display()),
                "ENOENT",
            ),
        ] {
            assert_eq!(worker.does(&line), told, "{line}");
        }
        assert_eq!(inside.read("pids.max"), "30");
        // From outside it is a group like any other.
        inside.limit(|l| l.pids = Some(2));
        assert_eq!(worker.does("forks 10"), "2 EAGAIN");
        other.attach(&[pid]).unwrap();
    });
}

/// The same by the library, as the user to whom systemd has given a group.
#[test]
fn an_ordinary_user_stays_in_the_given_group() {
    let test = name!();
    alone(test, || {
        if is_root() {
            return skip(test, "it is about an ordinary user");
        }
        let Some(group) = group_or_skip(test, "given", &["pids"]) else {
            return;
        };
        let worker = Worker::within(&group);
        let place = Cgroup::of_process(worker.pid()).unwrap().places()[0]
            .path
            .to_string();
        for path in ["/", "/init.scope", "/user.slice"] {
            let Ok(up) = Cgroup::open(path) else {
                continue;
            };
            let error = refused(up.attach(&[worker.pid()]));
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
            assert_eq!(error.errno(), libc::EACCES, "{error}");
            assert!(
                error.message().contains("must be the caller's to write"),
                "{error}"
            );
            let options = CreateOptions {
                parent: Some(path.into()),
                ..CreateOptions::default()
            };
            let error = refused(Cgroup::create(&fresh_name("up"), &options));
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
            // What is above is not the user's to limit.
            let mut limits = libisolate::spec::Limits::default();
            limits.pids = Some(100_000);
            if path == "/user.slice" {
                let error = refused(up.apply(&limits));
                assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
            }
        }
        let now = Cgroup::of_process(worker.pid()).unwrap().places()[0]
            .path
            .to_string();
        assert_eq!(now, place);
        let error = refused(group.delegate(Some(SOMEBODY), None));
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        // Below it all is the user's.
        group.limit(|l| l.pids = Some(7));
        let inner = group.create_child("inner", Some(&[])).unwrap();
        inner.attach(&[worker.pid()]).unwrap();
        let mut worker = worker;
        assert_eq!(worker.does("forks 20"), "7 EAGAIN");
        let outcome = libisolate::run(&job(&["forks 20"], |l| l.pids = Some(4))).unwrap();
        assert_eq!(crate::common::text(&outcome), "4 EAGAIN\n");
    });
}
