//! Limits as the properties of a unit (systemd.resource-control(5), org.freedesktop.systemd1(5)). Data
//! in, data out.
//!
//! The job's own group below the scope has every limit exactly, and is what is read back. The scope has
//! what systemd knows besides: it is where weights and protections count among siblings, and what
//! `systemctl` shows. Its ceilings leave room for the anchor, so that the job meets its own first.

use serde::{Deserialize, Serialize};

use crate::cgroup::controller::parse_list;
use crate::error::{Error, Result};
use crate::spec::{Limits, Seconds};

/// What the anchor, an init that waits, may need of the scope's memory besides the job.
const ANCHOR_MEMORY: u64 = 1 << 20;
/// The anchor, and the init where that is in no group of the job's.
const ANCHOR_PIDS: u64 = 2;

/// One property of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// Its name, such as `MemoryMax`.
    pub name: String,
    /// What it is set to.
    pub value: PropertyValue,
    /// The first version of systemd that has it; older ones are not sent it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub since: u32,
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyValue {
    /// D-Bus `b`.
    Flag(bool),
    /// D-Bus `t`.
    Number(u64),
    /// D-Bus `s`.
    Text(String),
    /// D-Bus `ay`: a bit for each number, the lowest bit of the first byte for 0.
    Mask(Vec<u8>),
    /// D-Bus `a(st)`: a number for each device node.
    Devices(Vec<(String, u64)>),
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn property(name: &str, value: PropertyValue, since: u32) -> Property {
    Property {
        name: name.to_owned(),
        value,
        since,
    }
}

/// The properties that hold these limits, as far as systemd knows them.
///
/// # Errors
/// `InvalidSpec` for a list of CPUs that is none.
pub(crate) fn of_limits(limits: &Limits) -> Result<Vec<Property>> {
    let mut all = Vec::new();
    let mut number = |name: &str, value: Option<u64>, since: u32| {
        all.extend(value.map(|value| property(name, PropertyValue::Number(value), since)));
    };
    let ceiling = |size: u64| size.saturating_add(ANCHOR_MEMORY);
    number("MemoryMax", limits.memory.map(|m| ceiling(m.0)), 231);
    number("MemoryHigh", limits.memory_high.map(|m| ceiling(m.0)), 231);
    number("MemoryLow", limits.memory_low.map(|m| m.0), 231);
    number("MemoryMin", limits.memory_min.map(|m| m.0), 240);
    number("MemorySwapMax", limits.swap.map(|s| s.0), 232);
    number(
        "TasksMax",
        limits.pids.map(|p| p.saturating_add(ANCHOR_PIDS)),
        227,
    );
    number("CPUQuotaPerSecUSec", limits.cpus.map(per_second), 213);
    number("CPUQuotaPeriodUSec", limits.cpu_period.map(micros), 242);
    // Weight 0 is what systemd calls idle.
    let weight = match limits.cpu_idle {
        Some(true) => None,
        _ => limits.cpu_weight,
    };
    number("CPUWeight", weight, 232);
    let idle = limits.cpu_idle.filter(|idle| *idle).map(|_| 0);
    number("CPUWeight", idle, 252);
    number("IOWeight", limits.io_weight, 230);
    for (limit, name, text) in [
        ("cpuset", "AllowedCPUs", &limits.cpuset),
        ("cpuset_mems", "AllowedMemoryNodes", &limits.cpuset_mems),
    ] {
        if let Some(text) = text {
            let mask = mask(text).map_err(|e| Error::invalid(format!("limits.{limit}"), e))?;
            all.push(property(name, PropertyValue::Mask(mask), 244));
        }
    }
    devices(limits, &mut all);
    Ok(all)
}

/// CPU time in microseconds for each second, up to the next 10 ms: the file of the job's own group has
/// the exact number, and older versions of systemd take no other.
fn per_second(cpus: f64) -> u64 {
    const STEP: u64 = 10_000;
    ((cpus * 1e6).round() as u64).div_ceil(STEP) * STEP
}

fn micros(time: Seconds) -> u64 {
    u64::try_from(time.0.as_micros()).unwrap_or(u64::MAX)
}

/// A list of numbers as systemd wants it: little-endian, no longer than it has to be.
pub(crate) fn mask(list: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for number in parse_list(list)? {
        let at = number as usize / 8;
        if bytes.len() <= at {
            bytes.resize(at + 1, 0);
        }
        bytes[at] |= 1 << (number % 8);
    }
    Ok(bytes)
}

/// A property for each thing that can be said of disks.
fn devices(limits: &Limits, all: &mut Vec<Property>) {
    type Of = fn(&crate::spec::IoLimit) -> Option<u64>;
    let kinds: [(&str, Of, u32); 6] = [
        ("IOReadBandwidthMax", |io| io.read_bps.map(|s| s.0), 230),
        ("IOWriteBandwidthMax", |io| io.write_bps.map(|s| s.0), 230),
        ("IOReadIOPSMax", |io| io.read_iops, 230),
        ("IOWriteIOPSMax", |io| io.write_iops, 230),
        ("IODeviceWeight", |io| io.weight, 230),
        (
            "IODeviceLatencyTargetUSec",
            |io| io.latency.map(micros),
            240,
        ),
    ];
    for (name, of, since) in kinds {
        let said: Vec<(String, u64)> = limits
            .io
            .iter()
            .filter_map(|io| Some((node(&io.device), of(io)?)))
            .collect();
        if !said.is_empty() {
            all.push(property(name, PropertyValue::Devices(said), since));
        }
    }
}

/// The path by which systemd finds a disk.
fn node(device: &str) -> String {
    match device.starts_with('/') {
        true => device.to_owned(),
        false => format!("/dev/block/{device}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Vec<(String, PropertyValue)> {
        let limits: Limits = serde_json::from_str(json).expect("limits");
        of_limits(&limits)
            .expect("they are right")
            .into_iter()
            .map(|p| (p.name, p.value))
            .collect()
    }

    fn number(name: &str, value: u64) -> (String, PropertyValue) {
        (name.to_owned(), PropertyValue::Number(value))
    }

    #[test]
    fn numbers() {
        assert_eq!(of("{}"), []);
        assert_eq!(
            of(
                r#"{"memory": "64M", "memory_high": 1048576, "memory_low": 4096, "memory_min": 0, "swap": 0}"#
            ),
            [
                number("MemoryMax", 65 << 20),
                number("MemoryHigh", 2 << 20),
                number("MemoryLow", 4096),
                number("MemoryMin", 0),
                number("MemorySwapMax", 0),
            ]
        );
        assert_eq!(
            of(r#"{"pids": 10, "cpu_weight": 200, "io_weight": 50}"#),
            [
                number("TasksMax", 12),
                number("CPUWeight", 200),
                number("IOWeight", 50)
            ]
        );
        assert_eq!(of(r#"{"cpu_idle": true}"#), [number("CPUWeight", 0)]);
        assert_eq!(
            of(r#"{"cpu_idle": false, "cpu_weight": 3}"#),
            [number("CPUWeight", 3)]
        );
    }

    /// The vectors of other programs that round as systemd does.
    #[test]
    fn quotas() {
        for (cpus, per_sec) in [
            ("0.5", 500_000),
            ("1.23456", 1_240_000),
            ("0.5555", 560_000),
            ("2", 2_000_000),
            ("0.01", 10_000),
        ] {
            assert_eq!(
                of(&format!("{{\"cpus\": {cpus}}}")),
                [number("CPUQuotaPerSecUSec", per_sec)]
            );
        }
        assert_eq!(
            of(r#"{"cpus": 1, "cpu_period": 0.05}"#),
            [
                number("CPUQuotaPerSecUSec", 1_000_000),
                number("CPUQuotaPeriodUSec", 50_000)
            ]
        );
    }

    #[test]
    fn masks() {
        let mut high = vec![0x02];
        high.extend([0; 15]);
        high.push(0x07);
        for (list, bytes) in [
            ("0", vec![0x01]),
            ("0-15", vec![0xff, 0xff]),
            ("16", vec![0, 0, 0x01]),
            ("0-3,32-33", vec![0x0f, 0, 0, 0, 0x03]),
            ("128-130,1", high),
            (",0,1,", vec![0x03]),
            (" , 1 , 3 , 5-7,", vec![0xea]),
        ] {
            assert_eq!(mask(list), Ok(bytes), "{list}");
        }
        for list in ["", "-", "1-", "-3", "54-53", "1 - 2"] {
            assert!(mask(list).is_err(), "{list:?} was taken");
        }
    }

    #[test]
    fn disks() {
        let all = of(
            r#"{"io": [{"device": "8:0", "read_bps": 1, "weight": 5}, {"device": "8:16", "read_bps": 2}]}"#,
        );
        let devices = |list: &[(&str, u64)]| {
            PropertyValue::Devices(list.iter().map(|(p, n)| ((*p).to_owned(), *n)).collect())
        };
        assert_eq!(
            all,
            [
                (
                    "IOReadBandwidthMax".to_owned(),
                    devices(&[("/dev/block/8:0", 1), ("/dev/block/8:16", 2)])
                ),
                (
                    "IODeviceWeight".to_owned(),
                    devices(&[("/dev/block/8:0", 5)])
                ),
            ]
        );
    }
}
