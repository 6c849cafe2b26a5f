//! cpu: bandwidth (`cpus`) and share under contention (`cpu_weight`).

use super::Setting;
use crate::cgroup::Version;
use crate::error::{Error, Result};
use crate::spec::Limits;

/// The period over which bandwidth is counted, microseconds: the kernel's default.
const PERIOD: u64 = 100_000;

/// The smallest quota the kernel takes is 1 ms.
const MIN_CPUS: f64 = 0.01;

/// Far beyond every machine and far below where the kernel's nanoseconds overflow.
const MAX_CPUS: f64 = 1e6;

/// The files for `cpus` and `cpu_weight`.
pub(crate) fn writes(limits: &Limits, version: Version) -> Result<Vec<Setting>> {
    let mut settings = Vec::new();
    if let Some(cpus) = limits.cpus {
        let quota = quota(cpus)?;
        match version {
            Version::V1 => {
                // A quota counts over the period there is: that one is set first, not assumed.
                settings.push(Setting::new("cpus", "cpu.cfs_period_us", PERIOD));
                settings.push(Setting::new("cpus", "cpu.cfs_quota_us", quota));
            }
            Version::V2 => {
                settings.push(Setting::new("cpus", "cpu.max", format!("{quota} {PERIOD}")));
            }
        }
    }
    if let Some(weight) = limits.cpu_weight {
        if !(1..=10_000).contains(&weight) {
            return Err(Error::invalid(
                "limits.cpu_weight",
                format!("{weight} is not among 1 to 10000"),
            ));
        }
        settings.push(match version {
            Version::V1 => Setting::new("cpu_weight", "cpu.shares", shares_of_weight(weight)),
            Version::V2 => Setting::new("cpu_weight", "cpu.weight", weight),
        });
    }
    Ok(settings)
}

fn quota(cpus: f64) -> Result<u64> {
    if !(MIN_CPUS..=MAX_CPUS).contains(&cpus) {
        return Err(Error::invalid(
            "limits.cpus",
            format!("{cpus} is not among {MIN_CPUS} to {MAX_CPUS}"),
        ));
    }
    Ok((cpus * PERIOD as f64).round() as u64)
}

/// The v2 weight that runc (from 1.3.2), crun (1.23) and youki make of v1 shares: 1024 is 100, and
/// both ends meet. 0 means unset.
#[cfg(test)]
fn weight_of_shares(shares: u64) -> u64 {
    match shares {
        0 => 0,
        1..=2 => 1,
        3..262_144 => {
            let l = (shares as f64).log2();
            let exponent = (l * l + 125.0 * l) / 612.0 - 7.0 / 34.0;
            10f64.powf(exponent).ceil() as u64
        }
        _ => 10_000,
    }
}

/// The largest v1 shares of which that rule makes `weight`, 1 to 10000.
fn shares_of_weight(weight: u64) -> u64 {
    // log10(weight) = (l² + 125 l) / 612 - 7/34, solved for l.
    let c = 612.0 * ((weight as f64).log10() + 7.0 / 34.0);
    let l = (-125.0 + (125.0f64 * 125.0 + 4.0 * c).sqrt()) / 2.0;
    // Down, not to the nearest: the rule rounds up. The tiny addition keeps what is whole in the
    // mathematics (1024 for 100) whole in floating point.
    ((l.exp2() + 1e-6).floor() as u64).clamp(2, 262_144)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(cpus: Option<f64>, cpu_weight: Option<u64>) -> Limits {
        Limits {
            cpus,
            cpu_weight,
            ..Limits::default()
        }
    }

    fn text(limits: &Limits, version: Version) -> Vec<String> {
        match writes(limits, version) {
            Ok(settings) => settings
                .iter()
                .map(|s| format!("{} {} {}", s.limit, s.file, s.value))
                .collect(),
            Err(e) => vec![e.message()],
        }
    }

    #[test]
    fn shares_to_weight_as_published() {
        for (shares, weight) in [
            (0, 0),
            (1, 1),
            (2, 1),
            (3, 2),
            (10, 4),
            (100, 17),
            (128, 21),
            (256, 35),
            (512, 59),
            (1000, 99),
            (1023, 100),
            (1024, 100),
            (1025, 101),
            (2000, 170),
            (2048, 174),
            (4096, 303),
            (10_000, 627),
            (22_000, 1204),
            (102_400, 4429),
            (131_072, 5478),
            (262_143, 10_000),
            (262_144, 10_000),
            (262_145, 10_000),
        ] {
            assert_eq!(weight_of_shares(shares), weight, "{shares}");
        }
    }

    /// The whole function at once: the hash that the same rule gives in other languages.
    #[test]
    fn shares_to_weight_everywhere() {
        let mut hash = 1_469_598_103_934_665_603u64;
        let mut last = 0;
        for shares in 0..=262_145 {
            let weight = weight_of_shares(shares);
            assert!(weight >= last, "falls at {shares}");
            last = weight;
            hash = (hash ^ weight).wrapping_mul(1_099_511_628_211);
        }
        assert_eq!(hash, 0x552a_719f_e748_ae48);
    }

    #[test]
    fn every_weight_survives_the_way_through_shares() {
        for weight in 1..=10_000 {
            assert_eq!(
                weight_of_shares(shares_of_weight(weight)),
                weight,
                "{weight}"
            );
        }
    }

    #[test]
    fn weight_to_shares_at_the_upper_end_of_each_range() {
        for (weight, shares) in [
            (1, 2),
            (2, 5),
            (10, 50),
            (50, 421),
            (99, 1011),
            (100, 1024),
            (101, 1037),
            (170, 2000),
            (200, 2451),
            (1000, 17_614),
            (10_000, 262_144),
        ] {
            assert_eq!(shares_of_weight(weight), shares, "{weight}");
        }
    }

    #[test]
    fn bandwidth_over_a_tenth_of_a_second() {
        assert_eq!(
            text(&limits(Some(0.5), None), Version::V2),
            ["cpus cpu.max 50000 100000"]
        );
        assert_eq!(
            text(&limits(Some(1.5), Some(100)), Version::V1),
            [
                "cpus cpu.cfs_period_us 100000",
                "cpus cpu.cfs_quota_us 150000",
                "cpu_weight cpu.shares 1024",
            ]
        );
        assert_eq!(
            text(&limits(Some(0.01), Some(50)), Version::V2),
            ["cpus cpu.max 1000 100000", "cpu_weight cpu.weight 50"]
        );
    }

    #[test]
    fn what_no_kernel_takes_is_refused() {
        for cpus in [0.0, 0.0099, -1.0, f64::NAN, f64::INFINITY, 1e7] {
            for version in [Version::V1, Version::V2] {
                let told = text(&limits(Some(cpus), None), version);
                assert!(told[0].starts_with("spec: limits.cpus: "), "{told:?}");
            }
        }
        for weight in [0, 10_001] {
            let told = text(&limits(None, Some(weight)), Version::V1);
            assert!(told[0].starts_with("spec: limits.cpu_weight: "), "{told:?}");
        }
    }
}
