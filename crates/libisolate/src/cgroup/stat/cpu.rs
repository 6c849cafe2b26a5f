//! cpu: time used and time waited for a quota. v1 has them in two controllers, in other units.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reader::Reader;
use super::text::{keyed, number};
use crate::cgroup::Version;
use crate::cgroup::tree::Tree;
use crate::error::Result;

/// CPU time of a group and of those below it, ended processes included. All times in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct CpuStat {
    /// User and system time. v1: `cpuacct.usage`; v2: `cpu.stat`, which is there without a controller,
    /// too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_usec: Option<u64>,
    /// The user part. v1 counts it in ticks of 10 ms (`cpuacct.stat`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_usec: Option<u64>,
    /// The system part; v1 as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_usec: Option<u64>,
    /// Periods of `cpus` that have passed while something could run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nr_periods: Option<u64>,
    /// Those in which the quota ran out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nr_throttled: Option<u64>,
    /// How long processes waited for the next period, all CPUs together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttled_usec: Option<u64>,
    /// Periods that went over the quota by saved time (Linux 5.14).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nr_bursts: Option<u64>,
    /// The time over the quota (Linux 5.14).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst_usec: Option<u64>,
    /// The time by CPU, v1 only (`cpuacct.usage_percpu`); all possible CPUs, those that are off too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_cpu_usec: Option<Vec<u64>>,
    /// What else the kernel tells in `cpu.stat`, by its own names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<String, u64>,
}

pub(super) fn read(
    reader: &mut Reader,
    cpu: Option<&Tree>,
    cpuacct: Option<&Tree>,
    unified: Option<&Tree>,
) -> Result<Option<CpuStat>> {
    let mut stat = CpuStat::default();
    if let Some(tree) = cpu
        && let Some(text) = reader.text(&tree.dir, "cpu.stat")?
    {
        parse(text, tree.version, &mut stat);
    }
    if let Some(tree) = cpuacct {
        let usage = reader.number(&tree.dir, "cpuacct.usage")?;
        stat.usage_usec = usage.map(|ns| ns / 1000);
        if let Some(text) = reader.text(&tree.dir, "cpuacct.stat")? {
            parse_ticks(text, ticks_per_second(), &mut stat);
        }
        if let Some(text) = reader.text(&tree.dir, "cpuacct.usage_percpu")? {
            stat.per_cpu_usec = Some(parse_per_cpu(text));
        }
    } else if let (Some(tree), None) = (unified, stat.usage_usec)
        && let Some(text) = reader.text(&tree.dir, "cpu.stat")?
    {
        parse(text, Version::V2, &mut stat);
    }
    // Older v2 kernels have no cpu.stat without the controller.
    let none = cpu.is_none() && cpuacct.is_none() && stat == CpuStat::default();
    Ok((!none).then_some(stat))
}

/// `cpu.stat`.
fn parse(text: &str, version: Version, stat: &mut CpuStat) {
    for (key, value) in keyed(text) {
        let (field, value) = match (version, key) {
            (_, "nr_periods") => (&mut stat.nr_periods, value),
            (_, "nr_throttled") => (&mut stat.nr_throttled, value),
            (_, "nr_bursts") => (&mut stat.nr_bursts, value),
            (Version::V1, "throttled_time") => (&mut stat.throttled_usec, value / 1000),
            (Version::V1, "burst_time") => (&mut stat.burst_usec, value / 1000),
            (Version::V2, "usage_usec") => (&mut stat.usage_usec, value),
            (Version::V2, "user_usec") => (&mut stat.user_usec, value),
            (Version::V2, "system_usec") => (&mut stat.system_usec, value),
            (Version::V2, "throttled_usec") => (&mut stat.throttled_usec, value),
            (Version::V2, "burst_usec") => (&mut stat.burst_usec, value),
            _ => {
                stat.other.insert(key.to_owned(), value);
                continue;
            }
        };
        *field = Some(value);
    }
}

/// `cpuacct.stat`, in ticks.
fn parse_ticks(text: &str, per_second: u64, stat: &mut CpuStat) {
    let usec = |ticks: u64| (u128::from(ticks) * 1_000_000 / u128::from(per_second)) as u64;
    for (key, ticks) in keyed(text) {
        match key {
            "user" => stat.user_usec = Some(usec(ticks)),
            "system" => stat.system_usec = Some(usec(ticks)),
            _ => {}
        }
    }
}

/// `cpuacct.usage_percpu`, nanoseconds.
fn parse_per_cpu(text: &str) -> Vec<u64> {
    let words = text.split_whitespace().map_while(number);
    words.map(|ns| ns / 1000).collect()
}

/// USER_HZ, 100 on every architecture that this library knows; asked all the same.
fn ticks_per_second() -> u64 {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK);
    ticks
        .ok()
        .flatten()
        .and_then(|t| u64::try_from(t).ok())
        .filter(|t| *t > 0)
        .unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, version: Version) -> CpuStat {
        let mut stat = CpuStat::default();
        parse(text, version, &mut stat);
        stat
    }

    /// Linux 6.12, a group held to a fifth of a CPU.
    #[test]
    fn v2_with_the_controller() {
        let text = "usage_usec 4796921\nuser_usec 3944988\nsystem_usec 851933\nnice_usec 0\n\
                    nr_periods 241\nnr_throttled 239\nthrottled_usec 19402989\nnr_bursts 0\n\
                    burst_usec 0\n";
        let expected = CpuStat {
            usage_usec: Some(4_796_921),
            user_usec: Some(3_944_988),
            system_usec: Some(851_933),
            nr_periods: Some(241),
            nr_throttled: Some(239),
            throttled_usec: Some(19_402_989),
            nr_bursts: Some(0),
            burst_usec: Some(0),
            per_cpu_usec: None,
            other: BTreeMap::from([("nice_usec".to_owned(), 0)]),
        };
        assert_eq!(parsed(text, Version::V2), expected);
    }

    /// Linux 6.18, the companion group of a hybrid host.
    #[test]
    fn v2_without_the_controller() {
        let stat = parsed(
            "usage_usec 25142947229\nuser_usec 17510703902\nsystem_usec 7632243326\nnice_usec 0\n",
            Version::V2,
        );
        assert_eq!(stat.usage_usec, Some(25_142_947_229));
        assert_eq!((stat.nr_periods, stat.throttled_usec), (None, None));
    }

    #[test]
    fn v1_counts_nanoseconds() {
        let stat = parsed(
            "nr_periods 12\nnr_throttled 11\nthrottled_time 1034567890\nnr_bursts 3\nburst_time 4999\n",
            Version::V1,
        );
        assert_eq!((stat.nr_periods, stat.nr_throttled), (Some(12), Some(11)));
        assert_eq!(stat.throttled_usec, Some(1_034_567));
        assert_eq!((stat.nr_bursts, stat.burst_usec), (Some(3), Some(4)));
        assert_eq!(stat.usage_usec, None);
        // Before Linux 5.14.
        let old = parsed(
            "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
            Version::V1,
        );
        assert_eq!((old.nr_bursts, old.throttled_usec), (None, Some(0)));
    }

    #[test]
    fn v1_ticks_and_cpus() {
        let mut stat = CpuStat::default();
        parse_ticks("user 1769143\nsystem 771101\n", 100, &mut stat);
        assert_eq!(stat.user_usec, Some(17_691_430_000));
        assert_eq!(stat.system_usec, Some(7_711_010_000));
        assert_eq!(
            parse_per_cpu("12125178158575 13277268261818 \n"),
            [12_125_178_158, 13_277_268_261]
        );
        assert_eq!(parse_per_cpu("\n"), Vec::<u64>::new());
    }

    #[test]
    fn odd_texts() {
        let stat = parsed(
            "usage_usec -5\nuser_usec\n\nsystem_usec x\nnr_per",
            Version::V2,
        );
        let expected = CpuStat {
            usage_usec: Some(0),
            ..CpuStat::default()
        };
        assert_eq!(stat, expected);
    }
}
