//! A group's plan as a whole: its directories, controllers and writes, and what is refused on which host.

use super::*;

fn everything(limits: &mut Limits) {
    limits.memory = Some(Size(64 << 20));
    limits.swap = Some(Size(1 << 20));
    limits.pids = Some(8);
    limits.cpus = Some(0.5);
    limits.cpu_weight = Some(200);
    limits.cpuset = Some("1,0".into());
    limits.cpuset_mems = Some("0".into());
    limits.cpu_time = Some(Seconds(std::time::Duration::from_millis(1500)));
}

#[test]
fn everything_on_v1() {
    let (group, told) = plan("v1", CgroupMode::New, everything).expect("a plan");
    let group = group.expect("a group");
    assert_eq!(
        writes("v1", &group),
        [
            "/cpuset cpuset.cpus 0-1",
            "/cpuset cpuset.mems 0",
            "/cpu,cpuacct cpu.cfs_period_us 100000",
            "/cpu,cpuacct cpu.cfs_quota_us 50000",
            "/cpu,cpuacct cpu.shares 2451",
            "/memory memory.limit_in_bytes 67108864",
            "/memory memory.memsw.limit_in_bytes 68157440",
            "/pids pids.max 8",
        ]
    );
    // The freezer, because there is no cgroup.kill here.
    assert_eq!(
        trees("v1", &group),
        ["cpu,cpuacct", "cpuset", "memory", "freezer", "pids"]
            .map(|m| format!("/sys/fs/cgroup/{m}"))
    );
    assert_eq!(group.enable, Vec::<String>::new());
    let told: Vec<String> = told
        .iter()
        .map(|e| {
            format!(
                "{} {} {}",
                e.name,
                e.requested,
                e.file.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "cgroup new -",
            "memory 67108864 memory.limit_in_bytes",
            "swap 1048576 memory.memsw.limit_in_bytes",
            "pids 8 pids.max",
            "cpus 0.5 cpu.cfs_quota_us",
            "cpu_weight 200 cpu.shares",
            "cpuset 1,0 cpuset.cpus",
            "cpuset_mems 0 cpuset.mems",
            "cpu_time 1.5 cpuacct.usage",
        ]
    );
}

#[test]
fn everything_on_v2() {
    for name in ["v2", "v2-user"] {
        let (group, told) = plan(name, CgroupMode::New, everything).expect("a plan");
        let group = group.expect("a group");
        assert_eq!(
            writes(name, &group),
            [
                " cpuset.cpus 0-1",
                " cpuset.mems 0",
                " cpu.max 50000 100000",
                " cpu.weight 200",
                " memory.swap.max 1048576",
                " memory.max 67108864",
                // One more for the init, which is born in the group.
                " pids.max 9",
            ]
        );
        assert_eq!(trees(name, &group), ["/sys/fs/cgroup"]);
        assert_eq!(group.enable, ["memory", "pids", "cpu", "cpuset", "io"]);
        let last = told.last().expect("an entry");
        assert_eq!(
            (last.name.as_str(), last.file.as_deref()),
            ("cpu_time", Some("cpu.stat"))
        );
    }
}

#[test]
fn hybrid_keeps_limits_on_v1_and_gives_birth_on_v2() {
    let (group, _) = plan("hybrid", CgroupMode::Try, |l| {
        l.memory = Some(Size(10_000_001));
        l.pids = Some(3);
    })
    .expect("a plan");
    let group = group.expect("a group");
    assert_eq!(
        writes("hybrid", &group),
        ["/memory memory.limit_in_bytes 10000001", "/pids pids.max 3"]
    );
    assert_eq!(
        trees("hybrid", &group),
        ["cpuacct", "memory", "pids", "unified"].map(|m| format!("/sys/fs/cgroup/{m}"))
    );
    assert_eq!(group.enable, Vec::<String>::new());
    assert!(group.with_init);
}

#[test]
fn a_controller_that_is_enabled_is_not_enabled_again() {
    let mut saved = host("v2").cgroup;
    saved.hierarchies[0].can_enable = false;
    saved.hierarchies[0].enabled = vec!["pids".into()];
    let limits = Limits::default();
    let (group, _) = plan_group(&limits, CgroupMode::New, &saved, false).expect("a plan");
    assert_eq!(group.expect("a group").enable, Vec::<String>::new());

    let mut limits = Limits::default();
    limits.pids = Some(5);
    let (group, _) = plan_group(&limits, CgroupMode::New, &saved, false).expect("a plan");
    assert_eq!(
        group.expect("a group").writes[0].value,
        "5",
        "no init in it"
    );

    limits.memory = Some(Size(1 << 20));
    saved.hierarchies[0].reason = Some("this process is in it: call move_to_leaf first".into());
    let error = plan_group(&limits, CgroupMode::New, &saved, false).expect_err("a refusal");
    assert_eq!(
        error.message(),
        "cgroup: limits.memory: this process is in it: call move_to_leaf first; list memory in \
         limits.best_effort to go without"
    );
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn without_a_cgroup_tree() {
    let (group, told) = plan("no-cgroup", CgroupMode::Try, |_| ()).expect("a plan");
    assert_eq!(group, None);
    assert_eq!(told[0].status, EnforcementStatus::Skipped);
    assert_eq!(
        told[0].reason.as_deref(),
        Some("no cgroup file system is mounted here")
    );

    let error = plan("no-cgroup", CgroupMode::New, |_| ()).expect_err("a refusal");
    assert_eq!(
        error.message(),
        "cgroup: cgroup: no cgroup file system is mounted here"
    );
    assert_eq!(error.kind(), ErrorKind::Unsupported);

    // A limit that must hold is an error under `try` too.
    for mode in [CgroupMode::Try, CgroupMode::New] {
        for limit in Limits::CGROUP_NAMES {
            let error = plan("no-cgroup", mode, |l| *l = only(limit)).expect_err("a refusal");
            let subject = match limit {
                "files" => "files.cgroup.max.depth",
                // They say more about another, which is the first that cannot hold.
                "cpu_period" | "cpu_burst" => "cpus",
                "cpuset_exclusive" => "cpuset",
                own => own,
            };
            let name = subject.split('.').next().unwrap_or_default();
            assert_eq!(
                error.message(),
                format!(
                    "cgroup: limits.{subject}: no cgroup file system is mounted here; list {name} in \
                     limits.best_effort to go without"
                )
            );
            assert_eq!(error.kind(), ErrorKind::Unsupported);
        }
    }
    let (group, told) = plan("no-cgroup", CgroupMode::Try, |l| {
        *l = from_json(&all());
        l.best_effort = Limits::CGROUP_NAMES.map(str::to_owned).to_vec();
    })
    .expect("a plan");
    assert_eq!(group, None);
    assert_eq!(told.len(), 1 + Limits::CGROUP_NAMES.len());
    assert!(
        told.iter()
            .all(|e| e.status == EnforcementStatus::Skipped && e.reason.is_some())
    );
}

#[test]
fn where_the_user_may_write_nothing() {
    let error = plan("no-userns", CgroupMode::New, |l| l.memory = Some(Size(1))).expect_err("no");
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(
        error
            .message()
            .contains("systemd-run --user --scope -p Delegate=yes COMMAND; list memory"),
        "{error}"
    );
    let (group, told) = plan("no-userns", CgroupMode::Try, |_| ()).expect("a plan");
    assert_eq!(group, None);
    assert!(
        told[0]
            .reason
            .as_deref()
            .is_some_and(|r| r.contains("Permission denied"))
    );
    // A controller that was never handed down.
    let error = plan("no-userns", CgroupMode::New, |l| {
        l.cpuset = Some("0".into())
    })
    .expect_err("no");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error
            .message()
            .contains("Delegate=cpuset cpu io memory pids"),
        "{error}"
    );
}

#[test]
fn a_spec_without_a_cgroup_has_no_limits_for_one() {
    let (group, told) = plan("v1", CgroupMode::None, |_| ()).expect("a plan");
    assert_eq!((group, told), (None, Vec::new()));
    let error = plan("v1", CgroupMode::None, |l| l.pids = Some(5)).expect_err("no");
    assert_eq!(
        error.message(),
        "spec: limits.pids: it takes a cgroup to hold it, and cgroup is \"none\""
    );
    let (group, told) = plan("v1", CgroupMode::None, |l| {
        l.pids = Some(5);
        l.best_effort = vec!["pids".into()];
    })
    .expect("a plan");
    assert_eq!(group, None);
    assert_eq!(told[0].status, EnforcementStatus::Skipped);
}

#[test]
fn wrong_values_are_wrong_everywhere() {
    for name in ["v1", "v2", "hybrid", "no-cgroup"] {
        for (set, field) in [
            ((|l| l.pids = Some(0)) as fn(&mut Limits), "limits.pids"),
            (|l| l.cpus = Some(0.001), "limits.cpus"),
            (|l| l.cpu_weight = Some(0), "limits.cpu_weight"),
            (|l| l.cpuset = Some("1-".into()), "limits.cpuset"),
            (
                |l| l.cpuset_mems = Some(String::new()),
                "limits.cpuset_mems",
            ),
        ] {
            let error = plan(name, CgroupMode::Try, |l| {
                set(l);
                l.best_effort = Limits::CGROUP_NAMES.map(str::to_owned).to_vec();
            })
            .expect_err("a refusal");
            assert_eq!(
                (error.kind(), error.subject()),
                (ErrorKind::InvalidSpec, field)
            );
        }
    }
}

#[test]
fn swap_where_it_is_not_accounted() {
    let mut saved = host("v2").cgroup;
    saved.swap_accounting = false;
    let mut limits = Limits::default();
    limits.memory = Some(Size(1 << 20));
    limits.swap = Some(Size(0));
    let (group, told) = plan_group(&limits, CgroupMode::New, &saved, true).expect("a plan");
    let swap = told.iter().find(|e| e.name == "swap").expect("an entry");
    assert_eq!(swap.status, EnforcementStatus::Enforced);
    assert_eq!(swap.value.as_deref(), Some("no swap device"));
    assert_eq!(group.expect("a group").writes.len(), 1, "only memory.max");

    saved.swap_device = true;
    let error = plan_group(&limits, CgroupMode::New, &saved, true).expect_err("no");
    assert_eq!(
        (error.kind(), error.subject()),
        (ErrorKind::Unsupported, "limits.swap")
    );

    limits.swap = Some(Size(5));
    saved.swap_device = false;
    let error = plan_group(&limits, CgroupMode::New, &saved, true).expect_err("no");
    assert_eq!(error.subject(), "limits.swap");
    limits.best_effort = vec!["swap".into()];
    let (group, told) = plan_group(&limits, CgroupMode::New, &saved, true).expect("a plan");
    assert_eq!(told[2].status, EnforcementStatus::Skipped);
    assert_eq!(group.expect("a group").writes.len(), 1);
}

#[test]
fn v1_swap_needs_memory() {
    let error = plan("v1", CgroupMode::New, |l| l.swap = Some(Size(5))).expect_err("no");
    assert_eq!(error.subject(), "limits.swap");
    assert!(error.message().contains("set limits.memory too"), "{error}");
    // No device, nothing to limit: the saved hybrid host has none.
    let (_, told) = plan("hybrid", CgroupMode::New, |l| l.swap = Some(Size(0))).expect("a plan");
    assert_eq!(told[1].value.as_deref(), Some("no swap device"));
}

#[test]
fn more_pids_than_the_caller_may_have() {
    let error = plan("v2", CgroupMode::New, |l| l.pids = Some(2260)).expect_err("no");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(
        error.message(),
        "cgroup: limits.pids: 2260 is more than the 2259 of the caller's own cgroup"
    );
    let (group, _) = plan("v2", CgroupMode::Try, |l| {
        l.pids = Some(5000);
        l.best_effort = vec!["pids".into()];
    })
    .expect("a plan");
    assert_eq!(
        group.expect("a group").writes[0].value,
        "2260",
        "2259 and the init"
    );
}
