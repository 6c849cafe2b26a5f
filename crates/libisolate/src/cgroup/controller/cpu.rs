//! cpu: bandwidth (`cpus`) and share under contention (`cpu_weight`).

use super::Setting;
use crate::cgroup::Version;
use crate::cgroup::convert::{Rule, weight_to_shares};
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
            Version::V1 => {
                let shares = weight_to_shares(weight, Rule::Runc2025)?;
                Setting::new("cpu_weight", "cpu.shares", shares)
            }
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
