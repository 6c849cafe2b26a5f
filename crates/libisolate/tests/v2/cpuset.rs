//! cpuset: CPUs that a group has for itself, seen by the group beside it, and what the kernel refuses.

use std::fs::File;

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, CreateOptions};
use libisolate::spec::{CpusetPartition, Limits};
use nix::fcntl::Flock;

use crate::common::{kernel, root_or_skip, skip};
use crate::{Own, alone, fresh_name, group_or_skip, job, name, refused, turn, until, v2_or_skip};

/// Where the calling process was; dropped, it is there again.
struct Away(Cgroup);

impl Away {
    fn to(group: &Cgroup) -> Away {
        let before = Cgroup::own().unwrap();
        group.attach(&[std::process::id() as i32]).unwrap();
        Away(before)
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        self.0.attach(&[std::process::id() as i32]).unwrap();
    }
}

/// The turn, where CPU 1 can be taken from the root's groups.
fn cpu_1_or_skip(test: &str) -> Option<Flock<File>> {
    if !root_or_skip(test) || !v2_or_skip(test, &["cpuset"]) {
        return None;
    }
    let turn = turn();
    let root = Cgroup::open("/").unwrap();
    if root.get("cgroup.type").is_ok() {
        skip(test, "the root of the tree is not seen from here");
        return None;
    }
    let handed = root.get("cgroup.subtree_control").unwrap();
    if !handed.split_whitespace().any(|c| c == "cpuset") {
        skip(test, "the root hands no cpuset down");
        return None;
    }
    if !root
        .get("cpuset.cpus.effective")
        .unwrap()
        .starts_with("0-1")
    {
        skip(test, "needs CPUs 0 and 1");
        return None;
    }
    Some(turn)
}

/// A group directly below the root of the tree.
fn at_the_root(tag: &str, controllers: &[&str]) -> Own {
    let options = CreateOptions {
        parent: Some("/".into()),
        controllers: Some(controllers.iter().map(|c| (*c).to_owned()).collect()),
        ..CreateOptions::default()
    };
    Own(Cgroup::create(&fresh_name(tag), &options).unwrap())
}

fn partition(limits: &mut Limits, cpus: &str, kind: CpusetPartition) {
    (limits.cpuset, limits.cpuset_partition) = (Some(cpus.into()), Some(kind));
}

/// A group that is removed the kernel gives up a moment later.
#[track_caller]
fn given_back(sibling: &Own, all: &str) {
    until("the CPU is given back", || {
        sibling.read("cpuset.cpus.effective") == all
    });
}

/// The CPUs of a list that are not CPU 1.
fn without_cpu_1(all: &str) -> String {
    match all.strip_prefix("0-1") {
        Some("") => "0".into(),
        Some(",") | None => panic!("{all}"),
        Some(rest) => format!("0{rest}"),
    }
}

#[test]
fn a_job_has_a_cpu_for_itself() {
    let test = name!();
    alone(test, || {
        let Some(_turn) = cpu_1_or_skip(test) else {
            return;
        };
        // Beside a job whose partition is made at the root, which is one itself.
        let sibling = at_the_root("sibling", &["cpuset"]);
        let all = sibling.read("cpuset.cpus.effective");
        let left = without_cpu_1(&all);
        let _away = Away::to(&Cgroup::open("/").unwrap());
        for (kind, word) in [
            (CpusetPartition::Root, "root"),
            (CpusetPartition::Isolated, "isolated"),
        ] {
            let mut spec = job(&[], |l| partition(l, "1", kind));
            spec.argv = [
                "/bin/sh",
                "-c",
                "grep Cpus_allowed_list /proc/self/status; sleep 100",
            ]
            .map(Into::into)
            .to_vec();
            let job = libisolate::spawn(&spec).unwrap();
            let group = job.cgroup().unwrap();
            assert_eq!(group.get("cpuset.cpus.partition").unwrap().trim(), word);
            let told = job.enforcement();
            let told = told.iter().find(|e| e.name == "cpuset_partition").unwrap();
            assert_eq!(told.value.as_deref(), Some(word), "{told:?}");
            assert_eq!(sibling.read("cpuset.cpus.effective"), left, "{word}");
            let isolated = Cgroup::open("/").unwrap().get("cpuset.cpus.isolated");
            match isolated {
                Ok(isolated) => {
                    assert_eq!(isolated.trim() == "1", word == "isolated", "{isolated}")
                }
                Err(_) => assert!(kernel() < (6, 8)),
            }
            until("it has looked", || {
                job.processes().unwrap().iter().any(|p| p.name == "sleep")
            });
            job.kill().unwrap();
            let outcome = job.wait().unwrap();
            assert_eq!(
                crate::common::text(&outcome),
                "Cpus_allowed_list:\t1\n",
                "{outcome:?}"
            );
            given_back(&sibling, &all);
        }
        // A member takes nothing from anybody.
        let mut spec = job(&["pause"], |l| partition(l, "1", CpusetPartition::Member));
        spec.timeout = None;
        let job = libisolate::spawn(&spec).unwrap();
        assert_eq!(sibling.read("cpuset.cpus.effective"), all);
        job.kill().unwrap();
        job.wait().unwrap();
    });
}

/// Below a group that is no partition root, by CPUs that all groups down to it have kept free.
#[test]
fn a_partition_far_from_the_root() {
    let test = name!();
    alone(test, || {
        let Some(_turn) = cpu_1_or_skip(test) else {
            return;
        };
        if kernel() < (6, 7) {
            return skip(test, "cpuset.cpus.exclusive is of Linux 6.7");
        }
        let sibling = at_the_root("sibling", &["cpuset"]);
        let all = sibling.read("cpuset.cpus.effective");
        let above = at_the_root("above", &["cpuset", "pids"]);
        above.set("cpuset.cpus.exclusive", "1").unwrap();
        assert_eq!(above.read("cpuset.cpus.partition"), "member");
        // The library takes the group above a leaf of this name for the caller's own.
        let leaf = above.below("isolate-leaf", &["cpuset", "pids"]);
        let _away = Away::to(&leaf);
        let remote = |limits: &mut Limits| {
            partition(limits, "1", CpusetPartition::Root);
            limits.cpuset_exclusive = Some(true);
        };
        let made = libisolate::spawn(&job(&["pause"], remote)).unwrap();
        let group = made.cgroup().unwrap();
        let dir = group.places()[0].path.to_string();
        assert!(dir.contains("-above-"), "{dir}");
        assert_eq!(group.get("cpuset.cpus.partition").unwrap(), "root\n");
        assert_eq!(sibling.read("cpuset.cpus.effective"), without_cpu_1(&all));
        made.kill().unwrap();
        made.wait().unwrap();
        given_back(&sibling, &all);
        // Without CPUs that were kept for it there is none to be had.
        above.set("cpuset.cpus.exclusive", "\n").unwrap();
        let error = refused(libisolate::run(&job(&["pause"], remote)));
        assert!(
            error
                .message()
                .contains("the kernel does not make it one: "),
            "{error}"
        );
        assert_eq!(above.children(), ["isolate-leaf"]);
        assert_eq!(sibling.read("cpuset.cpus.effective"), all);
    });
}

/// The kernel takes the word and makes no partition; that is an error here, and the group is as before.
#[test]
fn what_is_no_partition_is_refused() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "refused", &["cpuset"]) else {
            return;
        };
        let _turn = turn();
        let all = group.read("cpuset.cpus.effective");
        let first = all.split(['-', ',']).next().unwrap().to_owned();
        // Neither the root of the tree nor a partition is above it.
        let mut limits = Limits::default();
        partition(&mut limits, &first, CpusetPartition::Root);
        let error = refused(group.apply(&limits));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(
            error.message().starts_with(
                "cgroup: cpuset.cpus.partition: \"root\": the kernel does not make it one: "
            ),
            "{error}"
        );
        assert_eq!(group.read("cpuset.cpus.partition"), "member");
        assert_eq!(group.read("cpuset.cpus"), "");
        assert_eq!(group.read("cpuset.cpus.effective"), all);
        // A job is not started, and leaves no group.
        let error = refused(libisolate::run(&job(&["pause"], |l| {
            partition(l, &first, CpusetPartition::Isolated);
        })));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(
            error.message().contains("does not make it one: "),
            "{error}"
        );
        // It may be done without.
        let outcome = libisolate::run(&job(&["give"], |l| {
            partition(l, &first, CpusetPartition::Root);
            l.best_effort = vec!["cpuset_partition".into()];
        }))
        .unwrap();
        assert!(outcome.success(), "{outcome:?}");
        let mut told = outcome.enforcement.iter();
        let told = told.find(|e| e.name == "cpuset_partition").unwrap();
        assert!(
            told.reason.as_ref().unwrap().contains("does not make it"),
            "{told:?}"
        );
    });
}

/// CPUs are kept for one group of several, partition or not.
#[test]
fn what_another_keeps_is_refused() {
    let test = name!();
    alone(test, || {
        let Some(above) = group_or_skip(test, "keep", &["cpuset"]) else {
            return;
        };
        let _turn = turn();
        let groups = ["first", "second"].map(|name| above.below(name, &["cpuset"]));
        let first = above.read("cpuset.cpus.effective");
        let first = first.split(['-', ',']).next().unwrap();
        let mut limits = Limits::default();
        limits.cpuset = Some(first.into());
        limits.cpuset_exclusive = Some(true);
        if kernel() < (6, 7) {
            let error = refused(groups[0].apply(&limits));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.message().contains("cpuset.cpus.exclusive"), "{error}");
            return;
        }
        groups[0].apply(&limits).unwrap();
        assert_eq!(groups[0].read("cpuset.cpus.exclusive"), first);
        let error = refused(groups[1].apply(&limits));
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(
            error.message().ends_with(
                "another group has some of these CPUs, or the one above is not exclusive"
            ),
            "{error}"
        );
        assert_eq!(groups[1].read("cpuset.cpus"), "", "taken back");
        // They are kept no longer: but a group that is left no other CPUs is in the way, too.
        limits.cpuset_exclusive = Some(false);
        groups[0].apply(&limits).unwrap();
        assert_eq!(groups[0].read("cpuset.cpus.exclusive"), "");
        limits.cpuset_exclusive = Some(true);
        assert_eq!(refused(groups[1].apply(&limits)).kind(), ErrorKind::Busy);
        groups[0].remove().unwrap();
        until("the kernel has let go of it", || {
            groups[1].apply(&limits).is_ok()
        });
    });
}

/// Of the root all CPUs cannot be taken: what is there already must run somewhere.
#[test]
fn not_every_cpu() {
    let test = name!();
    alone(test, || {
        let Some(_turn) = cpu_1_or_skip(test) else {
            return;
        };
        let group = at_the_root("every", &["cpuset"]);
        let all = group.read("cpuset.cpus.effective");
        let mut limits = Limits::default();
        partition(&mut limits, &all, CpusetPartition::Root);
        let error = refused(group.apply(&limits));
        assert!(
            error.message().contains("does not make it one: "),
            "{error}"
        );
        assert_eq!(group.read("cpuset.cpus.partition"), "member");
        assert_eq!(group.read("cpuset.cpus.effective"), all);
        // CPUs that there are not.
        let error = refused(group.apply(&{
            let mut limits = Limits::default();
            limits.cpuset = Some("60000".into());
            limits
        }));
        assert!(error.message().contains("60000"), "{error}");
        assert_eq!(group.read("cpuset.cpus"), "");
    });
}
