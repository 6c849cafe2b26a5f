//! The options that limit a group: the same for a job of `run` and for a group that is there.

use clap::Args;
use libisolate::spec::{CpusetPartition, DeviceRule, IoLimit, Limits, RdmaLimit, Seconds, Size};
use libisolate::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Memory, page cache included, such as 64M
    #[arg(long, value_name = "SIZE", value_parser = Size::parse)]
    pub memory: Option<Size>,
    /// Memory above which the group is slowed down instead of killed (cgroup v2)
    #[arg(long, value_name = "SIZE", value_parser = Size::parse)]
    pub memory_high: Option<Size>,
    /// Memory that is left to it while others have some to give
    #[arg(long, value_name = "SIZE", value_parser = Size::parse)]
    pub memory_low: Option<Size>,
    /// Memory that is left to it whatever others need (cgroup v2)
    #[arg(long, value_name = "SIZE", value_parser = Size::parse)]
    pub memory_min: Option<Size>,
    /// Swap on top of the memory; 0 forbids swap
    #[arg(long, value_name = "SIZE", value_parser = Size::parse)]
    pub swap: Option<Size>,
    /// How readily it is swapped out, 0 to 200 (cgroup v1)
    #[arg(long, value_name = "N")]
    pub swappiness: Option<u64>,
    /// Whether running out of memory kills all of it instead of one process
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub oom_group: Option<bool>,
    /// Whether who runs out of memory waits for some instead of being killed (cgroup v1)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub oom_pause: Option<bool>,
    /// Processes and threads
    #[arg(long, value_name = "N")]
    pub pids: Option<u64>,
    /// CPU time per wall time: 0.5 is half a CPU
    #[arg(long, value_name = "N")]
    pub cpus: Option<f64>,
    /// The period over which --cpus is counted, 1ms to 1s
    #[arg(long, value_name = "S", value_parser = Seconds::parse)]
    pub cpu_period: Option<Seconds>,
    /// CPU time that may be saved up, on top of --cpus
    #[arg(long, value_name = "S", value_parser = Seconds::parse)]
    pub cpu_burst: Option<Seconds>,
    /// Share of the CPU under contention, 1 to 10000; 100 is a sibling's default
    #[arg(long, value_name = "N")]
    pub cpu_weight: Option<u64>,
    /// Whether it runs only where nobody else wants to
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub cpu_idle: Option<bool>,
    /// Time of real-time processes in each --cpu-rt-period (cgroup v1)
    #[arg(long, value_name = "S", value_parser = Seconds::parse)]
    pub cpu_rt_runtime: Option<Seconds>,
    /// The period over which --cpu-rt-runtime is counted
    #[arg(long, value_name = "S", value_parser = Seconds::parse)]
    pub cpu_rt_period: Option<Seconds>,
    /// The CPUs it may run on, such as 0-3,6
    #[arg(long, value_name = "LIST")]
    pub cpuset: Option<String>,
    /// The memory nodes it may allocate from
    #[arg(long, value_name = "LIST")]
    pub cpuset_mems: Option<String>,
    /// Whether no sibling may have the CPUs of --cpuset
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    pub cpuset_exclusive: Option<bool>,
    /// What the CPUs are to it: member, root or isolated (cgroup v2)
    #[arg(long, value_name = "KIND", value_parser = partition)]
    pub cpuset_partition: Option<CpusetPartition>,
    /// Limits of a disk, such as /dev/sda,read_bps=1M or 8:0,write_iops=100,weight=50. Keys: read_bps,
    /// write_bps, read_iops, write_iops, weight, latency
    #[arg(long, value_name = "DISK,KEY=VALUE...", value_parser = disk)]
    pub io: Vec<IoLimit>,
    /// Share of every disk under contention, 1 to 10000
    #[arg(long, value_name = "N")]
    pub io_weight: Option<u64>,
    /// A rule for devices, in order, such as 'deny a', 'allow c 1:3 rw' or 'allow /dev/null'
    #[arg(long, value_name = "RULE", value_parser = rule)]
    pub device: Vec<DeviceRule>,
    /// The class of its sockets' packets, a number or AAAA:BBBB as tc(8) has it
    #[arg(long, value_name = "CLASS", value_parser = class)]
    pub net_class: Option<u64>,
    /// The priority of its packets on a network interface, such as eth0=5; '*' is every interface
    #[arg(long, value_name = "INTERFACE=N", value_parser = number)]
    pub net_priority: Vec<(String, u64)>,
    /// Huge pages by their size, such as 2MB=64M
    #[arg(long, value_name = "PAGE=SIZE", value_parser = size)]
    pub hugetlb: Vec<(String, Size)>,
    /// What it may hold of an RDMA adapter, such as mlx5_0,handles=2,objects=2000
    #[arg(long, value_name = "ADAPTER,KEY=N...", value_parser = adapter)]
    pub rdma: Vec<RdmaLimit>,
    /// How much it may hold of what the host counts by name, such as sev=2
    #[arg(long, value_name = "NAME=N", value_parser = number)]
    pub misc: Vec<(String, u64)>,
    /// A further cgroup file with the text to write, such as memory.swap.high=64M
    #[arg(long, value_name = "FILE=TEXT", value_parser = assignment)]
    pub cgroup_file: Vec<(String, String)>,
    /// Any limit of a spec by its name (docs/spec.md), such as cpu_weight=50 or
    /// 'devices=[{"allow": false, "device": "a"}]'
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub limit: Vec<(String, String)>,
    /// Limits that may be left out where this host cannot hold them, such as swap,io_weight
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub best_effort: Vec<String>,
}

impl LimitOptions {
    /// Puts what was said into limits: it wins over what is there, and is added to lists.
    pub fn put(&self, limits: &mut Limits) -> Result<()> {
        fn set<T: Clone>(field: &mut Option<T>, option: &Option<T>) {
            if option.is_some() {
                field.clone_from(option);
            }
        }
        set(&mut limits.memory, &self.memory);
        set(&mut limits.memory_high, &self.memory_high);
        set(&mut limits.memory_low, &self.memory_low);
        set(&mut limits.memory_min, &self.memory_min);
        set(&mut limits.swap, &self.swap);
        set(&mut limits.swappiness, &self.swappiness);
        set(&mut limits.oom_group, &self.oom_group);
        set(&mut limits.oom_pause, &self.oom_pause);
        set(&mut limits.pids, &self.pids);
        set(&mut limits.cpus, &self.cpus);
        set(&mut limits.cpu_period, &self.cpu_period);
        set(&mut limits.cpu_burst, &self.cpu_burst);
        set(&mut limits.cpu_weight, &self.cpu_weight);
        set(&mut limits.cpu_idle, &self.cpu_idle);
        set(&mut limits.cpu_rt_runtime, &self.cpu_rt_runtime);
        set(&mut limits.cpu_rt_period, &self.cpu_rt_period);
        set(&mut limits.cpuset, &self.cpuset);
        set(&mut limits.cpuset_mems, &self.cpuset_mems);
        set(&mut limits.cpuset_exclusive, &self.cpuset_exclusive);
        set(&mut limits.cpuset_partition, &self.cpuset_partition);
        set(&mut limits.io_weight, &self.io_weight);
        set(&mut limits.net_class, &self.net_class);
        limits.io.extend(self.io.iter().cloned());
        limits.devices.extend(self.device.iter().cloned());
        limits.rdma.extend(self.rdma.iter().cloned());
        limits
            .net_priorities
            .extend(self.net_priority.iter().cloned());
        limits.hugetlb.extend(self.hugetlb.iter().cloned());
        limits.misc.extend(self.misc.iter().cloned());
        limits.files.extend(self.cgroup_file.iter().cloned());
        limits.best_effort.extend(self.best_effort.iter().cloned());
        for (name, text) in &self.limit {
            *limits = with(limits, name, text)?;
        }
        Ok(())
    }
}

/// The limits with one more: JSON where that is what the limit takes, text otherwise, so that
/// `cpu_weight=50` and `cpuset=0` are both as meant.
fn with(limits: &Limits, name: &str, text: &str) -> Result<Limits> {
    let wrong =
        |error: serde_json::Error| Error::invalid(format!("limits.{name}"), error.to_string());
    let all = serde_json::to_value(limits).map_err(wrong)?;
    let set = |value: Value| {
        let mut all = all.clone();
        all[name] = value;
        serde_json::from_value(all).map_err(wrong)
    };
    match serde_json::from_str(text) {
        Ok(value) => set(value).or_else(|error| set(text.into()).map_err(|_| error)),
        Err(_) => set(text.into()),
    }
}

/// `NAME=TEXT`.
pub fn assignment(word: &str) -> Result<(String, String), String> {
    match word.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok((name.to_owned(), text.to_owned())),
        _ => Err("it is NAME=VALUE".to_owned()),
    }
}

/// `NAME=N`.
fn number(word: &str) -> Result<(String, u64), String> {
    let (name, text) = assignment(word)?;
    let number = text.parse();
    Ok((name, number.map_err(|_| format!("{text:?} is no number"))?))
}

/// `NAME=SIZE`.
fn size(word: &str) -> Result<(String, Size), String> {
    let (name, text) = assignment(word)?;
    Ok((name, Size::parse(&text)?))
}

fn partition(word: &str) -> Result<CpusetPartition, String> {
    let all = [
        CpusetPartition::Member,
        CpusetPartition::Root,
        CpusetPartition::Isolated,
    ];
    let found = all.into_iter().find(|kind| kind.name() == word);
    found.ok_or_else(|| "there are member, root and isolated".to_owned())
}

/// `DISK,KEY=VALUE...`.
fn disk(word: &str) -> Result<IoLimit, String> {
    keyed(
        word,
        "it is DISK,KEY=VALUE..., such as /dev/sda,read_bps=1M",
    )
}

/// `ADAPTER,KEY=N...`.
fn adapter(word: &str) -> Result<RdmaLimit, String> {
    keyed(
        word,
        "it is ADAPTER,KEY=N..., such as mlx5_0,handles=2,objects=2000",
    )
}

/// A device and what is said of it, read as the spec reads it.
fn keyed<T: DeserializeOwned>(word: &str, form: &str) -> Result<T, String> {
    let mut parts = word.split(',');
    let device = parts.next().filter(|device| !device.contains('='));
    let device = device.filter(|device| !device.is_empty()).ok_or(form)?;
    let mut fields = Map::new();
    fields.insert("device".to_owned(), device.into());
    for part in parts {
        let (key, text) = assignment(part).map_err(|_| form.to_owned())?;
        let value = match text.parse::<u64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(text),
        };
        if fields.insert(key.clone(), value).is_some() {
            return Err(format!("{key} is said twice"));
        }
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
}

/// `allow DEVICE [ACCESS]`, as limits in force are told.
fn rule(word: &str) -> Result<DeviceRule, String> {
    let form = || {
        "it is allow or deny, a device (a, 'c 1:3', 'b 8:*' or a path) and letters of rwm, such as \
         'allow c 1:3 rw'"
            .to_owned()
    };
    let mut words: Vec<&str> = word.split_whitespace().collect();
    let allow = match words.first() {
        Some(&"allow") => true,
        Some(&"deny") => false,
        _ => return Err(form()),
    };
    words.remove(0);
    let is_access = |word: &&str| word.chars().all(|letter| "rwm".contains(letter));
    let access = match words.len() {
        2.. => words.pop_if(|last| is_access(&&**last)),
        _ => None,
    };
    if words.is_empty() {
        return Err(form());
    }
    Ok(DeviceRule {
        allow,
        device: words.join(" "),
        access: access.unwrap_or("rwm").to_owned(),
    })
}

/// A class as a number, or as tc(8) writes it: two hexadecimal numbers of 16 bits.
fn class(word: &str) -> Result<u64, String> {
    let half = |text: &str| u16::from_str_radix(text, 16).ok().map(u64::from);
    let read = match word.split_once(':') {
        Some((major, minor)) => half(major)
            .zip(half(minor))
            .map(|(major, minor)| major << 16 | minor),
        None => match word.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => word.parse().ok(),
        },
    };
    read.ok_or_else(|| {
        "it is a number, such as 0x00100001, or two in hexadecimal, such as 10:1".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        limits: LimitOptions,
    }

    fn limits(words: &[&str]) -> Result<Limits, String> {
        let read = Only::try_parse_from(std::iter::once(&"x").chain(words));
        let read = read.map_err(|error| error.to_string())?;
        let mut limits = Limits::default();
        read.limits.put(&mut limits).map_err(|e| e.message())?;
        Ok(limits)
    }

    #[test]
    fn every_limit_of_a_group_has_its_option() {
        let words = [
            "--memory=1",
            "--memory-high=2",
            "--memory-low=3",
            "--memory-min=4",
            "--swap=5",
            "--swappiness=6",
            "--oom-group",
            "--oom-pause=false",
            "--pids=7",
            "--cpus=0.5",
            "--cpu-period=50ms",
            "--cpu-burst=10ms",
            "--cpu-weight=8",
            "--cpu-idle=false",
            "--cpu-rt-runtime=1ms",
            "--cpu-rt-period=1s",
            "--cpuset=0",
            "--cpuset-mems=0",
            "--cpuset-exclusive",
            "--cpuset-partition=root",
            "--io=8:0,read_bps=1M,latency=1ms",
            "--io",
            "8:16,weight=9",
            "--io-weight=10",
            "--device=deny a",
            "--device",
            "allow c 1:3 rw",
            "--net-class=10:10",
            "--net-priority",
            "*=5",
            "--hugetlb=2MB=4M",
            "--rdma=mlx5_0,objects=11",
            "--misc=sev=12",
            "--cgroup-file",
            "memory.swap.high=max",
            "--best-effort=swap,io",
            "--best-effort=rdma",
        ];
        let expected: Limits = serde_json::from_str(
            r#"{"memory": 1, "memory_high": 2, "memory_low": 3, "memory_min": 4, "swap": 5,
            "swappiness": 6, "oom_group": true, "oom_pause": false, "pids": 7, "cpus": 0.5,
            "cpu_period": "50ms", "cpu_burst": "10ms", "cpu_weight": 8, "cpu_idle": false,
            "cpu_rt_runtime": "1ms", "cpu_rt_period": "1s", "cpuset": "0", "cpuset_mems": "0",
            "cpuset_exclusive": true, "cpuset_partition": "root",
            "io": [{"device": "8:0", "read_bps": "1M", "latency": "1ms"},
                {"device": "8:16", "weight": 9}],
            "io_weight": 10, "devices": [{"allow": false, "device": "a"},
                {"allow": true, "device": "c 1:3", "access": "rw"}],
            "net_class": 1048592, "net_priorities": {"*": 5}, "hugetlb": {"2MB": "4M"},
            "rdma": [{"device": "mlx5_0", "objects": 11}], "misc": {"sev": 12},
            "files": {"memory.swap.high": "max"}, "best_effort": ["swap", "io", "rdma"]}"#,
        )
        .expect("limits");
        let made = limits(&words).expect("options");
        assert_eq!(made, expected);
        // Each name that a group holds, but for the one that only an init can watch.
        let names: Vec<&str> = made.names().collect();
        let all = Limits::CGROUP_NAMES.into_iter();
        assert_eq!(names, all.filter(|n| *n != "cpu_time").collect::<Vec<_>>());
    }

    #[test]
    fn words() {
        let path = rule("allow /dev/null").expect("a rule");
        assert_eq!(
            (path.device.as_str(), path.access.as_str()),
            ("/dev/null", "rwm")
        );
        assert_eq!(rule("deny a m").map(|r| r.access), Ok("m".to_owned()));
        assert_eq!(class("0x100001"), Ok(0x10_0001));
        assert_eq!(class("ffff:1"), Ok(0xffff_0001));
        assert_eq!(class("17"), Ok(17));
        for (words, text) in [
            (["--device", "c 1:3 rwm"], "it is allow or deny"),
            (["--device", "allow"], "it is allow or deny"),
            (["--net-class", "1:10000"], "two in hexadecimal"),
            (["--io", "read_bps=1"], "it is DISK,KEY=VALUE"),
            (["--io", "8:0,read_bps"], "it is DISK,KEY=VALUE"),
            (["--io", "8:0,weight=1,weight=2"], "weight is said twice"),
            (
                ["--io", "8:0,rbps=1"],
                "unknown field `rbps`, expected one of",
            ),
            (["--io", "8:0,read_bps=12Q"], "unknown suffix"),
            (["--rdma", ",objects=1"], "it is ADAPTER,KEY=N"),
            (["--misc", "sev=x"], "\"x\" is no number"),
            (
                ["--limit", "no_such=1"],
                "spec: limits.no_such: unknown field `no_such`",
            ),
            (
                ["--cpuset-partition", "mine"],
                "there are member, root and isolated",
            ),
            (["--oom-group=maybe", "--pids=1"], "invalid value 'maybe'"),
        ] {
            let told = limits(&words).expect_err("a refusal");
            assert!(told.contains(text), "{words:?}: {told}");
        }
    }
}
