//! io (v1 blkio): how fast a job may read and write each block device, and its share of them.

use super::{Setting, micros, outside, told, unsupported};
use crate::cgroup::Version;
use crate::cgroup::convert::{Rule, io_to_blkio_weight};
use crate::cgroup::device::{check_disk, numbers};
use crate::error::{Error, Result};
use crate::spec::{IoLimit, Limits};

/// The most operations each second; the next number is the kernel's word for no limit.
const MAX_IOPS: u64 = u32::MAX as u64 - 1;

const WEIGHTS: (u64, u64) = (1, 10_000);

/// What makes the weight of blkio and bfq, 10 to 1000, of one of v2.
const RULE: Rule = Rule::Runc2025;

/// The longest latency taken, microseconds.
const MAX_LATENCY: u64 = 1_000_000_000;

/// Refuses what no kernel takes.
pub(super) fn check(limits: &Limits) -> Result<()> {
    if let Some(weight) = limits.io_weight {
        check_weight("io_weight", weight)?;
    }
    for (at, limit) in limits.io.iter().enumerate() {
        let field = |name: &str| format!("io[{at}].{name}");
        check_disk(&format!("limits.{}", field("device")), &limit.device)?;
        let twice = |other: &IoLimit| other.device == limit.device;
        if limits.io[..at].iter().any(twice) {
            return Err(Error::invalid(
                format!("limits.{}", field("device")),
                format!("{:?} is named twice", limit.device),
            ));
        }
        for (name, bps) in [("read_bps", limit.read_bps), ("write_bps", limit.write_bps)] {
            if bps.is_some_and(|bps| bps.0 == 0) {
                return Err(outside(field(name), 0, 1, i64::MAX));
            }
        }
        for (name, iops) in [
            ("read_iops", limit.read_iops),
            ("write_iops", limit.write_iops),
        ] {
            if let Some(iops) = iops
                && !(1..=MAX_IOPS).contains(&iops)
            {
                return Err(outside(field(name), iops, 1, MAX_IOPS));
            }
        }
        if let Some(weight) = limit.weight {
            check_weight(&field("weight"), weight)?;
        }
        if let Some(latency) = limit.latency.map(micros)
            && !(1..=MAX_LATENCY).contains(&latency)
        {
            let (first, last) = (told(1), told(MAX_LATENCY));
            return Err(outside(field("latency"), told(latency), first, last));
        }
        let only_device = IoLimit {
            device: limit.device.clone(),
            ..IoLimit::default()
        };
        if *limit == only_device {
            return Err(Error::invalid(
                format!("limits.io[{at}]"),
                "limits nothing: set one of read_bps, write_bps, read_iops, write_iops, weight, \
                 latency",
            ));
        }
    }
    Ok(())
}

fn check_weight(field: &str, weight: u64) -> Result<()> {
    if !(WEIGHTS.0..=WEIGHTS.1).contains(&weight) {
        return Err(outside(field, weight, WEIGHTS.0, WEIGHTS.1));
    }
    Ok(())
}

/// The files for `io_weight` and `io`.
pub(super) fn writes(limits: &Limits, version: Version) -> Result<Vec<Setting>> {
    check(limits)?;
    let mut settings = Vec::new();
    if let Some(weight) = limits.io_weight {
        let old = io_to_blkio_weight(weight, RULE)?;
        settings.push(match version {
            Version::V1 => {
                Setting::new("io_weight", "blkio.weight", old).or("blkio.bfq.weight", old)
            }
            Version::V2 => Setting::new("io_weight", "io.weight", weight).or("io.bfq.weight", old),
        });
    }
    for (at, limit) in limits.io.iter().enumerate() {
        let field = format!("limits.io[{at}].device");
        let (major, minor) = numbers(&field, &limit.device)?;
        let device = format!("{major}:{minor}");
        match version {
            Version::V1 => v1(&mut settings, at, limit, &device)?,
            Version::V2 => v2(&mut settings, limit, &device)?,
        }
    }
    Ok(settings)
}

fn v1(settings: &mut Vec<Setting>, at: usize, limit: &IoLimit, device: &str) -> Result<()> {
    if limit.latency.is_some() {
        return Err(unsupported(
            format!("io[{at}].latency"),
            "this host's block devices are on cgroup v1 (blkio), which protects no latency: use weight",
        ));
    }
    for (file, value) in [
        (
            "blkio.throttle.read_bps_device",
            limit.read_bps.map(|v| v.0),
        ),
        (
            "blkio.throttle.write_bps_device",
            limit.write_bps.map(|v| v.0),
        ),
        ("blkio.throttle.read_iops_device", limit.read_iops),
        ("blkio.throttle.write_iops_device", limit.write_iops),
    ] {
        if let Some(value) = value {
            settings.push(Setting::new("io", file, format!("{device} {value}")));
        }
    }
    if let Some(weight) = limit.weight {
        let value = format!("{device} {}", io_to_blkio_weight(weight, RULE)?);
        settings.push(
            Setting::new("io", "blkio.weight_device", &value).or("blkio.bfq.weight_device", &value),
        );
    }
    Ok(())
}

fn v2(settings: &mut Vec<Setting>, limit: &IoLimit, device: &str) -> Result<()> {
    let mut line = device.to_owned();
    for (key, value) in [
        ("rbps", limit.read_bps.map(|v| v.0)),
        ("wbps", limit.write_bps.map(|v| v.0)),
        ("riops", limit.read_iops),
        ("wiops", limit.write_iops),
    ] {
        if let Some(value) = value {
            line.push_str(&format!(" {key}={value}"));
        }
    }
    if line != device {
        settings.push(Setting::new("io", "io.max", line));
    }
    if let Some(weight) = limit.weight {
        let old = io_to_blkio_weight(weight, RULE)?;
        settings.push(
            Setting::new("io", "io.weight", format!("{device} {weight}"))
                .or("io.bfq.weight", format!("{device} {old}")),
        );
    }
    if let Some(latency) = limit.latency.map(micros) {
        let line = format!("{device} target={latency}");
        settings.push(Setting::new("io", "io.latency", line));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Seconds, Size};

    fn text(limits: &Limits, version: Version) -> Vec<String> {
        match writes(limits, version) {
            Ok(settings) => settings
                .iter()
                .map(|s| match &s.or {
                    None => format!("{} {}", s.file, s.value),
                    Some((file, value)) => format!("{} {} | {file} {value}", s.file, s.value),
                })
                .collect(),
            Err(e) => vec![e.message()],
        }
    }

    fn disk(device: &str, set: impl FnOnce(&mut IoLimit)) -> Limits {
        let mut limit = IoLimit {
            device: device.into(),
            ..IoLimit::default()
        };
        set(&mut limit);
        Limits {
            io: vec![limit],
            ..Limits::default()
        }
    }

    #[test]
    fn each_version_has_files_of_its_own() {
        let mut limits = disk("8:0", |l| {
            (l.read_bps, l.write_bps) = (Some(Size(1 << 20)), Some(Size(2 << 20)));
            (l.read_iops, l.write_iops) = (Some(100), Some(200));
            l.weight = Some(1);
        });
        limits.io_weight = Some(10_000);
        assert_eq!(
            text(&limits, Version::V2),
            [
                "io.weight 10000 | io.bfq.weight 1000",
                "io.max 8:0 rbps=1048576 wbps=2097152 riops=100 wiops=200",
                "io.weight 8:0 1 | io.bfq.weight 8:0 10",
            ]
        );
        assert_eq!(
            text(&limits, Version::V1),
            [
                "blkio.weight 1000 | blkio.bfq.weight 1000",
                "blkio.throttle.read_bps_device 8:0 1048576",
                "blkio.throttle.write_bps_device 8:0 2097152",
                "blkio.throttle.read_iops_device 8:0 100",
                "blkio.throttle.write_iops_device 8:0 200",
                "blkio.weight_device 8:0 10 | blkio.bfq.weight_device 8:0 10",
            ]
        );
        let limits = disk("8:0", |l| l.latency = Seconds::parse("75us").ok());
        assert_eq!(text(&limits, Version::V2), ["io.latency 8:0 target=75"]);
        assert_eq!(
            text(&limits, Version::V1),
            [
                "cgroup: limits.io[0].latency: this host's block devices are on cgroup v1 (blkio), \
              which protects no latency: use weight"
            ]
        );
    }

    #[test]
    fn what_no_kernel_takes_is_refused() {
        let iops = |n| disk("8:0", |l| l.read_iops = Some(n));
        let mut twice = iops(1);
        twice.io.push(twice.io[0].clone());
        for (limits, message) in [
            (disk("8:0", |_| ()), "io[0]: limits nothing: set one of"),
            (iops(0), "io[0].read_iops: 0 is not among 1 to 4294967294"),
            (
                iops(u64::from(u32::MAX)),
                "io[0].read_iops: 4294967295 is not among 1 to 4294967294",
            ),
            (
                disk("8:0", |l| l.write_bps = Some(Size(0))),
                "io[0].write_bps: 0 is not among 1 to",
            ),
            (
                disk("8:0", |l| l.weight = Some(0)),
                "io[0].weight: 0 is not among 1 to 10000",
            ),
            (
                disk("8:0", |l| l.latency = Seconds::parse("0").ok()),
                "io[0].latency: 0 s is not among 0.000001 s to 1000 s",
            ),
            (twice, "io[1].device: \"8:0\" is named twice"),
            (
                disk("sda", |l| l.read_iops = Some(1)),
                "io[0].device: \"sda\" is neither",
            ),
            (
                Limits {
                    io_weight: Some(10_001),
                    ..Limits::default()
                },
                "io_weight: 10001 is not among 1 to 10000",
            ),
        ] {
            for version in [Version::V1, Version::V2] {
                let told = text(&limits, version);
                let start = format!("spec: limits.{message}");
                assert!(told[0].starts_with(&start), "{told:?}");
            }
        }
    }
}
