//! The limits that a cgroup holds, by name: which are set, with what, and how to go without one.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::{DeviceRule, IoLimit, Limits, RdmaLimit, Seconds};
use crate::error::{Error, Result};

impl Limits {
    /// The names that `best_effort` may list: those of limits that a cgroup holds.
    pub const CGROUP_NAMES: [&'static str; 30] = [
        "memory",
        "memory_high",
        "memory_low",
        "memory_min",
        "swap",
        "swappiness",
        "oom_group",
        "oom_pause",
        "pids",
        "cpus",
        "cpu_period",
        "cpu_burst",
        "cpu_weight",
        "cpu_idle",
        "cpu_rt_runtime",
        "cpu_rt_period",
        "cpuset",
        "cpuset_mems",
        "cpuset_exclusive",
        "cpuset_partition",
        "io",
        "io_weight",
        "devices",
        "net_class",
        "net_priorities",
        "hugetlb",
        "rdma",
        "misc",
        "files",
        "cpu_time",
    ];

    /// The names of the limits that are set and that a cgroup holds.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        Limits::CGROUP_NAMES
            .into_iter()
            .filter(|name| self.requested(name).is_some())
    }

    /// Refuses a limit of memory that no program can run in: the kernel rounds down to pages, to nothing.
    pub(crate) fn check_memory(&self) -> Result<()> {
        const PAGE: u64 = 4096;
        let detail = match self.memory {
            Some(size) if size.0 == 0 => "is 0: no program runs without memory",
            Some(size) if size.0 < PAGE => "is less than a page, 4096 bytes, and would be nothing",
            _ => return Ok(()),
        };
        Err(Error::invalid("limits.memory", detail))
    }

    /// Refuses a name in `best_effort` that is none of a limit that a cgroup holds.
    pub(crate) fn check_best_effort(&self) -> Result<()> {
        let known = |name: &&String| Limits::CGROUP_NAMES.contains(&name.as_str());
        match self.best_effort.iter().find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => Err(Error::invalid(
                "limits.best_effort",
                format!("{name:?} is not one of {}", Limits::CGROUP_NAMES.join(", ")),
            )),
        }
    }

    /// What is asked of a limit that a cgroup holds, as text; nothing where it is not set.
    pub(crate) fn requested(&self, name: &str) -> Option<String> {
        match name {
            "memory" => self.memory.map(|v| v.0.to_string()),
            "memory_high" => self.memory_high.map(|v| v.0.to_string()),
            "memory_low" => self.memory_low.map(|v| v.0.to_string()),
            "memory_min" => self.memory_min.map(|v| v.0.to_string()),
            "swap" => self.swap.map(|v| v.0.to_string()),
            "swappiness" => text(self.swappiness),
            "oom_group" => text(self.oom_group),
            "oom_pause" => text(self.oom_pause),
            "pids" => text(self.pids),
            "cpus" => text(self.cpus),
            "cpu_period" => self.cpu_period.map(seconds),
            "cpu_burst" => self.cpu_burst.map(seconds),
            "cpu_weight" => text(self.cpu_weight),
            "cpu_idle" => text(self.cpu_idle),
            "cpu_rt_runtime" => self.cpu_rt_runtime.map(seconds),
            "cpu_rt_period" => self.cpu_rt_period.map(seconds),
            "cpuset" => self.cpuset.clone(),
            "cpuset_mems" => self.cpuset_mems.clone(),
            "cpuset_exclusive" => text(self.cpuset_exclusive),
            "cpuset_partition" => self.cpuset_partition.map(|v| v.name().to_owned()),
            "io" => list(&self.io, disk),
            "io_weight" => text(self.io_weight),
            "devices" => list(&self.devices, rule),
            "net_class" => self.net_class.map(|v| format!("{v:#010x}")),
            "net_priorities" => map(&self.net_priorities, |v| v.to_string()),
            "hugetlb" => map(&self.hugetlb, |v| v.0.to_string()),
            "rdma" => list(&self.rdma, adapter),
            "misc" => map(&self.misc, |v| v.to_string()),
            "files" => map(&self.files, Clone::clone),
            "cpu_time" => self.cpu_time.map(seconds),
            _ => None,
        }
    }

    /// Goes without a limit that a cgroup holds, and without what means nothing without it.
    pub(crate) fn forget(&mut self, name: &str) {
        match name {
            "memory" => self.memory = None,
            "memory_high" => self.memory_high = None,
            "memory_low" => self.memory_low = None,
            "memory_min" => self.memory_min = None,
            "swap" => self.swap = None,
            "swappiness" => self.swappiness = None,
            "oom_group" => self.oom_group = None,
            "oom_pause" => self.oom_pause = None,
            "pids" => self.pids = None,
            "cpus" => (self.cpus, self.cpu_period, self.cpu_burst) = (None, None, None),
            "cpu_period" => self.cpu_period = None,
            "cpu_burst" => self.cpu_burst = None,
            "cpu_weight" => self.cpu_weight = None,
            "cpu_idle" => self.cpu_idle = None,
            "cpu_rt_runtime" => self.cpu_rt_runtime = None,
            "cpu_rt_period" => self.cpu_rt_period = None,
            "cpuset" => (self.cpuset, self.cpuset_exclusive) = (None, None),
            "cpuset_mems" => self.cpuset_mems = None,
            "cpuset_exclusive" => self.cpuset_exclusive = None,
            "cpuset_partition" => self.cpuset_partition = None,
            "io" => self.io.clear(),
            "io_weight" => self.io_weight = None,
            "devices" => self.devices.clear(),
            "net_class" => self.net_class = None,
            "net_priorities" => self.net_priorities.clear(),
            "hugetlb" => self.hugetlb.clear(),
            "rdma" => self.rdma.clear(),
            "misc" => self.misc.clear(),
            "files" => self.files.clear(),
            "cpu_time" => self.cpu_time = None,
            _ => {}
        }
    }
}

fn text<T: Display>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn seconds(value: Seconds) -> String {
    value.0.as_secs_f64().to_string()
}

fn list<T>(all: &[T], one: impl Fn(&T) -> String) -> Option<String> {
    let words: Vec<String> = all.iter().map(one).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

fn map<T>(all: &BTreeMap<String, T>, one: impl Fn(&T) -> String) -> Option<String> {
    let words: Vec<String> = all
        .iter()
        .map(|(name, value)| format!("{name}={}", one(value)))
        .collect();
    (!words.is_empty()).then(|| words.join("; "))
}

fn disk(limit: &IoLimit) -> String {
    words(
        &limit.device,
        [
            ("read_bps", limit.read_bps.map(|v| v.0.to_string())),
            ("write_bps", limit.write_bps.map(|v| v.0.to_string())),
            ("read_iops", text(limit.read_iops)),
            ("write_iops", text(limit.write_iops)),
            ("weight", text(limit.weight)),
            ("latency", limit.latency.map(seconds)),
        ],
    )
}

fn adapter(limit: &RdmaLimit) -> String {
    words(
        &limit.device,
        [
            ("handles", text(limit.handles)),
            ("objects", text(limit.objects)),
        ],
    )
}

fn rule(rule: &DeviceRule) -> String {
    let word = if rule.allow { "allow" } else { "deny" };
    format!("{word} {} {}", rule.device, rule.access)
}

fn words<const N: usize>(first: &str, all: [(&str, Option<String>); N]) -> String {
    let mut told = first.to_owned();
    for (name, value) in all {
        if let Some(value) = value {
            told.push_str(&format!(" {name}={value}"));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#"{"memory": 1, "memory_high": 2, "memory_low": 3, "memory_min": 4, "swap": 5,
        "swappiness": 6, "oom_group": true, "oom_pause": false, "pids": 7, "cpus": 0.5,
        "cpu_period": "50ms", "cpu_burst": "10ms", "cpu_weight": 8, "cpu_idle": false,
        "cpu_rt_runtime": "1ms", "cpu_rt_period": "1s", "cpuset": "0", "cpuset_mems": "0",
        "cpuset_exclusive": true, "cpuset_partition": "root",
        "io": [{"device": "8:0", "read_bps": "1M", "latency": "1ms"}, {"device": "8:16", "weight": 9}],
        "io_weight": 10, "devices": [{"allow": false, "device": "a"}], "net_class": 1048592,
        "net_priorities": {"*": 5}, "hugetlb": {"2MB": "4M"},
        "rdma": [{"device": "mlx5_0", "objects": 11}], "misc": {"sev": 12},
        "files": {"memory.swap.high": "max"}, "cpu_time": 1.5}"#;

    #[test]
    fn every_name_is_asked_for_and_can_be_gone_without() {
        let mut limits: Limits = serde_json::from_str(ALL).expect("limits");
        let names: Vec<&str> = limits.names().collect();
        assert_eq!(names, Limits::CGROUP_NAMES);
        // From the end: what another needs goes after it.
        for name in names.into_iter().rev() {
            assert!(limits.requested(name).is_some(), "{name} went with another");
            limits.forget(name);
            assert_eq!(limits.requested(name), None, "{name}");
        }
        assert_eq!(limits, Limits::default());
    }

    #[test]
    fn what_is_asked_for_as_text() {
        let limits: Limits = serde_json::from_str(ALL).expect("limits");
        for (name, text) in [
            ("cpu_burst", "0.01"),
            ("io", "8:0 read_bps=1048576 latency=0.001; 8:16 weight=9"),
            ("devices", "deny a rwm"),
            ("net_class", "0x00100010"),
            ("hugetlb", "2MB=4194304"),
            ("rdma", "mlx5_0 objects=11"),
            ("files", "memory.swap.high=max"),
            ("cpuset_partition", "root"),
        ] {
            assert_eq!(limits.requested(name).as_deref(), Some(text), "{name}");
        }
        assert_eq!(limits.requested("output"), None);
    }
}
