//! What limits mean on each kind of host: the plan of a group, on saved hosts, without root.

use libisolate::cgroup::{GroupPlan, plan_group};
use libisolate::job::{Enforcement, EnforcementStatus};
use libisolate::spec::{CgroupMode, Limits, Seconds, Size};
use libisolate::{Error, ErrorKind, Host};

fn host(name: &str) -> Host {
    let path = format!(
        "{}/../../tests/plans/hosts/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).expect("a saved host");
    Host::from_json(&text).expect("a saved host that can be read")
}

fn plan(
    name: &str,
    mode: CgroupMode,
    set: impl FnOnce(&mut Limits),
) -> Result<(Option<GroupPlan>, Enforcement), Error> {
    let mut limits = Limits::default();
    set(&mut limits);
    plan_group(&limits, mode, &host(name).cgroup, true)
}

/// `hierarchy file value` of each write, the hierarchy by its controllers.
fn writes(name: &str, plan: &GroupPlan) -> Vec<String> {
    let host = host(name);
    plan.writes
        .iter()
        .map(|w| {
            let tree = &host.cgroup.hierarchies[w.hierarchy];
            let tree = tree.mount.to_string().replace("/sys/fs/cgroup", "");
            format!("{tree} {} {}", w.file, w.value)
        })
        .collect()
}

fn trees(name: &str, plan: &GroupPlan) -> Vec<String> {
    let host = host(name);
    plan.hierarchies
        .iter()
        .map(|i| host.cgroup.hierarchies[*i].mount.to_string())
        .collect()
}

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

/// Every limit that a cgroup holds, with a value that is taken.
fn all() -> serde_json::Value {
    serde_json::json!({
        "memory": "64M", "memory_high": "48M", "memory_low": "32M", "memory_min": "16M", "swap": "1M",
        "swappiness": 10, "oom_group": true, "oom_pause": false, "pids": 8, "cpus": 0.5,
        "cpu_period": "20ms", "cpu_burst": "5ms", "cpu_weight": 200, "cpu_idle": false,
        "cpu_rt_runtime": "1ms", "cpu_rt_period": "10ms", "cpuset": "1,0", "cpuset_mems": "0",
        "cpuset_exclusive": true, "cpuset_partition": "root",
        "io": [
            {"device": "8:0", "read_bps": "1M", "write_iops": 50},
            {"device": "8:16", "weight": 1000}
        ],
        "io_weight": 100,
        "devices": [
            {"allow": false, "device": "a"},
            {"allow": true, "device": "c 1:3"},
            {"allow": true, "device": "c 136:*", "access": "rw"}
        ],
        "net_class": 0x10_0010, "net_priorities": {"*": 5}, "hugetlb": {"2MB": "4M"},
        "rdma": [{"device": "mlx5_0", "handles": 2}], "misc": {"sev": 3},
        "files": {"memory.swap.high": "max", "cgroup.max.depth": "3"}, "cpu_time": 1.5
    })
}

fn from_json(value: &serde_json::Value) -> Limits {
    serde_json::from_value(value.clone()).expect("limits")
}

/// One limit, and those that it says more about.
fn only(name: &str) -> Limits {
    let mut value = all();
    let keep: &[&str] = match name {
        "cpu_period" | "cpu_burst" => &["cpus", name],
        "cpuset_exclusive" => &["cpuset", name],
        _ => &[name],
    };
    let object = value.as_object_mut().expect("an object");
    object.retain(|key, _| keep.contains(&key.as_str()));
    from_json(&value)
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
    assert!(error.message().contains("Delegate=cpuset"), "{error}");
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
