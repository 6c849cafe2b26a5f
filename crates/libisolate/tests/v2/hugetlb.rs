//! hugetlb: huge pages up to a limit. rdma and misc, which few machines have anything of.

use std::fs;

use libisolate::ErrorKind;
use libisolate::cgroup::StatKind;
use libisolate::spec::{Limits, RdmaLimit, Size};

use crate::common::skip;
use crate::{MIB, Worker, alone, group_or_skip, in_force, job, name, refused, v2_or_skip};

/// Whether so many huge pages of 2 MB are free.
fn pages_or_skip(test: &str, wanted: u64) -> bool {
    let file = "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages";
    let free = fs::read_to_string(file).unwrap_or_default();
    let free: u64 = free.trim().parse().unwrap_or(0);
    if free < wanted {
        skip(
            test,
            &format!("needs {wanted} free pages of 2 MB: sysctl vm.nr_hugepages={wanted}"),
        );
    }
    free >= wanted
}

#[test]
fn huge_pages_end_at_the_limit() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "huge", &["hugetlb"]) else {
            return;
        };
        if !pages_or_skip(test, 6) {
            return;
        }
        let set = |l: &mut Limits, mib| {
            l.hugetlb.insert("2MB".into(), Size(mib * MIB));
        };
        group.limit(|l| set(l, 4));
        let mut worker = Worker::within(&group);
        assert_eq!(worker.does("huge 2"), "2 all");
        assert_eq!(worker.does("huge 5"), "2 Bus error");
        assert!(group.number("hugetlb.2MB.events", "max") > 0);
        let stat = group.stat(&[StatKind::Hugetlb]).unwrap().hugetlb.unwrap();
        assert_eq!(stat["2MB"].limit, Some(4 * MIB), "{stat:?}");
        assert!(stat["2MB"].failcnt > Some(0), "{stat:?}");
        group.limit(|l| set(l, 12));
        assert_eq!(worker.does("huge 5"), "5 all");

        let outcome = libisolate::run(&job(&["huge 5"], |l| set(l, 6))).unwrap();
        assert_eq!(
            crate::common::text(&outcome),
            "3 Bus error\n",
            "{outcome:?}"
        );
        assert_eq!(in_force(&outcome, "hugetlb"), "hugetlb.2MB.max 6291456");
    });
}

/// Without the controller, or without anything of the name, the error names what to do.
#[test]
fn what_this_machine_has_nothing_of() {
    let test = name!();
    alone(test, || {
        if !v2_or_skip(test, &["pids"]) {
            return;
        }
        let plain = group_or_skip(test, "plain", &["pids"]).unwrap();
        for name in ["misc", "rdma"] {
            let spec = job(&["give"], |l| match name {
                "misc" => drop(l.misc.insert("nonsense".into(), 1)),
                _ => l.rdma.push(RdmaLimit {
                    device: "nosuch0".into(),
                    handles: Some(1),
                    ..RdmaLimit::default()
                }),
            });
            let mut limits = spec.limits.clone();
            limits.pids = None;
            let error = refused(plain.apply(&limits));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            let said = match plain.controllers().iter().any(|c| c == name) {
                true => "; the host has nothing of that name".to_owned(),
                false => format!(
                    "has no {name} controller; it has {}",
                    plain.controllers().join(", ")
                ),
            };
            assert!(error.message().ends_with(&said), "{error}");
            let error = refused(libisolate::run(&spec));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            let host = libisolate::Host::probe().unwrap().cgroup;
            match host.controller(name) {
                None => {
                    assert_eq!(error.subject(), format!("limits.{name}"));
                    for said in [
                        format!("the {name} controller is not handed down to "),
                        format!(
                            "as root write +{name} to cgroup.subtree_control of /sys/fs/cgroup and"
                        ),
                        format!("; list {name} in limits.best_effort to go without"),
                    ] {
                        assert!(error.message().contains(&said), "{error}");
                    }
                }
                Some(_) => assert!(
                    error
                        .message()
                        .starts_with(&format!("cgroup: {name}.max: "))
                        && error
                            .message()
                            .ends_with("; the host has nothing of that name"),
                    "{error}"
                ),
            }
        }
    });
}
