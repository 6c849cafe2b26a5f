//! Each limit by itself, on each kind of host.

use super::*;

/// What each limit becomes on each kind of host: the writes of it, or why it cannot hold.
fn becomes(host_name: &str, limit: &str) -> Vec<String> {
    match plan(host_name, CgroupMode::Try, |l| *l = only(limit)) {
        Ok((group, told)) => {
            let group = group.expect("a group");
            let last = told.iter().find(|e| e.name == limit).expect("an entry");
            let mut all = writes(host_name, &group);
            if all.is_empty() {
                let given = last.value.as_deref().unwrap_or("-");
                all.push(format!("{} {given}", last.file.as_deref().unwrap_or("-")));
            }
            assert!(
                group.writes.iter().all(|w| !w.best_effort),
                "{limit} must hold"
            );
            all
        }
        Err(error) => vec![error.message()],
    }
}

const NO_LONGER: &str = " in limits.best_effort to go without";

#[test]
fn each_limit_on_each_version() {
    for (limit, v1, v2) in [
        (
            "memory_low",
            &["/memory memory.soft_limit_in_bytes 33554432"] as &[&str],
            &[" memory.low 33554432"] as &[&str],
        ),
        (
            "oom_group",
            &["memory.oom_control the init kills all"],
            &[" memory.oom.group 1"],
        ),
        (
            "cpu_period",
            &[
                "/cpu,cpuacct cpu.cfs_period_us 20000",
                "/cpu,cpuacct cpu.cfs_quota_us 10000",
            ],
            &[" cpu.max 10000 20000"],
        ),
        (
            "cpu_burst",
            &[
                "/cpu,cpuacct cpu.cfs_burst_us 5000",
                "/cpu,cpuacct cpu.cfs_period_us 100000",
                "/cpu,cpuacct cpu.cfs_quota_us 50000",
            ],
            &[" cpu.max.burst 5000", " cpu.max 50000 100000"],
        ),
        (
            "cpuset_exclusive",
            &["/cpuset cpuset.cpus 0-1", "/cpuset cpuset.cpu_exclusive 1"],
            &[" cpuset.cpus 0-1", " cpuset.cpus.exclusive 0-1"],
        ),
        (
            "io",
            &[
                "/blkio blkio.throttle.read_bps_device 8:0 1048576",
                "/blkio blkio.throttle.write_iops_device 8:0 50",
                "/blkio blkio.weight_device 8:16 109",
            ],
            &[" io.max 8:0 rbps=1048576 wiops=50", " io.weight 8:16 1000"],
        ),
        (
            "io_weight",
            &["/blkio blkio.weight 20"],
            &[" io.weight 100"],
        ),
        (
            "devices",
            &["/devices devices.list deny a; allow c 1:3 rwm; allow c 136:* rw"],
            &[" bpf.devices deny a; allow c 1:3 rwm; allow c 136:* rw"],
        ),
        (
            "net_class",
            &["/net_cls,net_prio net_cls.classid 1048592"],
            &[" bpf.sockets class=0x00100010"],
        ),
        (
            "net_priorities",
            &["/net_cls,net_prio net_prio.ifpriomap * 5"],
            &[" bpf.sockets priority=5"],
        ),
        (
            "hugetlb",
            &["/hugetlb hugetlb.2MB.limit_in_bytes 4194304"],
            &[" hugetlb.2MB.max 4194304"],
        ),
    ] {
        assert_eq!(becomes("v1", limit), v1, "{limit}");
        assert_eq!(becomes("v2", limit), v2, "{limit}");
    }
    for (limit, file) in [
        ("rdma", " rdma.max mlx5_0 hca_handle=2"),
        ("misc", " misc.max sev 3"),
    ] {
        assert_eq!(becomes("v2", limit), [file]);
        assert_eq!(
            becomes("v1", limit),
            [format!(
                "cgroup: limits.{limit}: no hierarchy with the {limit} controller is mounted, or this \
                 kernel has none; list {limit}{NO_LONGER}"
            )]
        );
    }
    for (limit, has) in [
        ("memory_high", "v2"),
        ("memory_min", "v2"),
        ("cpuset_partition", "v2"),
        ("swappiness", "v1"),
        ("oom_pause", "v1"),
        ("cpu_rt_runtime", "v1"),
        ("cpu_rt_period", "v1"),
    ] {
        let has_not = if has == "v1" { "v2" } else { "v1" };
        let held = becomes(has, limit);
        assert!(!held[0].contains("limits."), "{held:?}");
        let told = becomes(has_not, limit);
        assert!(
            told[0].starts_with(&format!("cgroup: limits.{limit}: this host's "))
                && told[0].ends_with(&format!("list {limit}{NO_LONGER}")),
            "{told:?}"
        );
    }
}

/// Each controller where this host has it, the programs on v2 only for what v1 has not.
#[test]
fn hybrid_takes_each_limit_where_it_is() {
    for (limit, expected) in [
        (
            "devices",
            "/devices devices.list deny a; allow c 1:3 rwm; allow c 136:* rw",
        ),
        ("net_class", "/unified bpf.sockets class=0x00100010"),
        ("net_priorities", "/unified bpf.sockets priority=5"),
        ("hugetlb", "/unified hugetlb.2MB.max 4194304"),
        ("io_weight", "/blkio blkio.weight 20"),
    ] {
        assert_eq!(becomes("hybrid", limit)[0], expected);
    }
    // A host that has net_cls, but not net_prio.
    let mut saved = host("v1").cgroup;
    saved
        .hierarchies
        .push(host("hybrid").cgroup.hierarchies[9].clone());
    for hierarchy in &mut saved.hierarchies {
        hierarchy.controllers.retain(|c| c != "net_prio");
    }
    let mut limits = only("net_class");
    limits.net_priorities.insert("*".into(), 5);
    let (group, _) = plan_group(&limits, CgroupMode::New, &saved, true).expect("a plan");
    let files: Vec<String> = group
        .expect("a group")
        .writes
        .iter()
        .map(|w| format!("{} {}", w.file, w.value))
        .collect();
    assert_eq!(files, ["net_cls.classid 1048592", "bpf.sockets priority=5"]);
}

#[test]
fn both_marks_of_sockets_are_one_program() {
    let (group, told) = plan("v2", CgroupMode::New, |l| {
        *l = only("net_class");
        l.net_priorities.insert("*".into(), 5);
        l.best_effort = vec!["net_class".into()];
    })
    .expect("a plan");
    let group = group.expect("a group");
    assert_eq!(
        writes("v2", &group),
        [" bpf.sockets class=0x00100010 priority=5"]
    );
    assert!(!group.writes[0].best_effort, "one of them must hold");
    for name in ["net_class", "net_priorities"] {
        let entry = told.iter().find(|e| e.name == name).expect("an entry");
        assert_eq!(entry.file.as_deref(), Some("bpf.sockets"));
    }
    // One interface by itself is a thing of v1.
    let error = plan("v2", CgroupMode::New, |l| {
        l.net_priorities.insert("eth0".into(), 5);
    })
    .expect_err("a refusal");
    assert_eq!(error.subject(), "limits.net_priorities.eth0");
    assert!(
        error
            .message()
            .ends_with("list net_priorities in limits.best_effort to go without")
    );
}

#[test]
fn an_oom_group_on_v1_is_left_to_the_init() {
    for (set, plain) in [
        (true, "the init kills all"),
        (false, "the kernel kills one"),
    ] {
        let (group, told) =
            plan("v1", CgroupMode::New, |l| l.oom_group = Some(set)).expect("a plan");
        let group = group.expect("a group");
        assert_eq!((group.oom_by_init, group.writes.len()), (set, 0));
        assert_eq!(told[1].value.as_deref(), Some(plain));
    }
    let (group, _) = plan("v2", CgroupMode::New, |l| l.oom_group = Some(true)).expect("a plan");
    assert!(!group.expect("a group").oom_by_init, "the kernel does it");
    let limits = only("oom_group");
    let error = plan_group(&limits, CgroupMode::New, &host("v1").cgroup, false).expect_err("no");
    assert_eq!(
        error.message(),
        "cgroup: limits.oom_group: this host's memory controller is on cgroup v1, where the init does \
         it, which init: false leaves out; list oom_group in limits.best_effort to go without"
    );
}

#[test]
fn further_files_go_where_their_names_say() {
    let (group, told) = plan("hybrid", CgroupMode::New, |l| {
        l.pids = Some(5);
        for (file, text) in [
            ("memory.force_empty", "0"),
            ("hugetlb.2MB.rsvd.max", "2M"),
            ("cgroup.max.depth", "2"),
            ("cpuacct.usage", "0"),
        ] {
            l.files.insert(file.into(), text.into());
        }
    })
    .expect("a plan");
    let group = group.expect("a group");
    assert_eq!(
        writes("hybrid", &group),
        [
            "/pids pids.max 5",
            "/unified cgroup.max.depth 2",
            "/cpuacct cpuacct.usage 0",
            "/unified hugetlb.2MB.rsvd.max 2M",
            "/memory memory.force_empty 0",
        ]
    );
    assert_eq!(group.enable, ["hugetlb"]);
    assert_eq!(told.last().map(|e| e.name.as_str()), Some("files"));
    for (name, file, message) in [
        (
            "v1",
            "cgroup.max.depth",
            "cgroup: limits.files.cgroup.max.depth: no v2 cgroup tree is mounted here; list files in \
             limits.best_effort to go without",
        ),
        (
            "hybrid",
            "io.cost.qos",
            "cgroup: limits.files.io.cost.qos: no hierarchy with the io controller is mounted, or this \
             kernel has none; list files in limits.best_effort to go without",
        ),
    ] {
        let error = plan(name, CgroupMode::New, |l| {
            l.files.insert(file.into(), "1".into());
        })
        .expect_err("a refusal");
        assert_eq!(error.message(), message);
    }
}

/// What cannot hold is left out by itself, with what says more about it.
#[test]
fn a_best_effort_leaves_the_others() {
    let (group, told) = plan("v1", CgroupMode::New, |l| {
        l.memory = Some(Size(1 << 20));
        l.memory_high = Some(Size(1 << 19));
        l.memory_min = Some(Size(1 << 18));
        l.best_effort = vec!["memory_high".into(), "memory_min".into()];
    })
    .expect("a plan");
    assert_eq!(
        writes("v1", &group.expect("a group")),
        ["/memory memory.limit_in_bytes 1048576"]
    );
    let skipped: Vec<&str> = told
        .iter()
        .filter(|e| e.status == EnforcementStatus::Skipped)
        .map(|e| e.name.as_str())
        .collect();
    assert_eq!(skipped, ["memory_high", "memory_min"]);

    // No cpu controller: the period goes with the bandwidth.
    let mut saved = host("hybrid").cgroup;
    saved.hierarchies.remove(0);
    let mut limits = only("cpu_period");
    limits.best_effort = vec!["cpus".into(), "cpu_period".into()];
    let (_, told) = plan_group(&limits, CgroupMode::New, &saved, true).expect("a plan");
    assert_eq!(told[2].reason.as_deref(), Some("what it needs is left out"));
    limits.best_effort.pop();
    let error = plan_group(&limits, CgroupMode::New, &saved, true).expect_err("a refusal");
    assert_eq!(
        error.message(),
        "cgroup: limits.cpu_period: what it needs is left out; list cpu_period in limits.best_effort \
         to go without"
    );
}
