//! What limits mean on each kind of host: the plan of a group, on saved hosts, without root.

mod driver;
mod each;
mod whole;

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
