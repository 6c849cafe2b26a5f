//! cpu: bandwidth (`cpus`, its period and burst), share under contention (`cpu_weight`, `cpu_idle`), and
//! time for real-time processes (v1).

use super::{Setting, micros, outside, told, unsupported};
use crate::cgroup::Version;
use crate::cgroup::convert::{Rule, weight_to_shares};
use crate::error::{Error, Result};
use crate::spec::Limits;

/// The period over which bandwidth is counted, microseconds: the kernel's default.
const PERIOD: u64 = 100_000;

/// The shortest and longest period that the kernel takes, microseconds.
const PERIODS: (u64, u64) = (1000, 1_000_000);

/// The smallest quota the kernel takes, microseconds.
const MIN_QUOTA: u64 = 1000;

/// [`MIN_QUOTA`] of the default period.
const MIN_CPUS: f64 = 0.01;

/// Far beyond every machine and far below where the kernel's nanoseconds overflow.
const MAX_CPUS: f64 = 1e6;

/// The period of real-time processes in a new group, and the longest one taken, microseconds.
const RT_PERIOD: u64 = 1_000_000;
const MAX_RT_PERIOD: u64 = 1_000_000_000;

/// Refuses what no kernel takes.
pub(super) fn check(limits: &Limits) -> Result<()> {
    let period = limits.cpu_period.map_or(PERIOD, micros);
    if !(PERIODS.0..=PERIODS.1).contains(&period) {
        let (first, last) = (told(PERIODS.0), told(PERIODS.1));
        return Err(outside("cpu_period", told(period), first, last));
    }
    if let Some(cpus) = limits.cpus {
        if !(MIN_CPUS..=MAX_CPUS).contains(&cpus) {
            return Err(outside("cpus", cpus, MIN_CPUS, MAX_CPUS));
        }
        let quota = quota(cpus, period);
        if quota < MIN_QUOTA {
            return Err(Error::invalid(
                "limits.cpus",
                format!(
                    "{cpus} of a period of {} is less than {}, the least that the kernel takes: \
                     make cpu_period longer",
                    told(period),
                    told(MIN_QUOTA)
                ),
            ));
        }
        if let Some(burst) = limits.cpu_burst.map(micros)
            && burst > quota
        {
            let quota = format!("{}, what cpus gives for one period", told(quota));
            return Err(outside("cpu_burst", told(burst), "0 s", quota));
        }
    }
    for (field, time) in [
        ("cpu_period", limits.cpu_period),
        ("cpu_burst", limits.cpu_burst),
    ] {
        if time.is_some() && limits.cpus.is_none() {
            return Err(Error::invalid(
                format!("limits.{field}"),
                "needs limits.cpus",
            ));
        }
    }
    if let Some(weight) = limits.cpu_weight {
        if !(1..=10_000).contains(&weight) {
            return Err(outside("cpu_weight", weight, 1, 10_000));
        }
        if limits.cpu_idle == Some(true) {
            return Err(Error::invalid(
                "limits.cpu_idle",
                "goes without limits.cpu_weight: an idle group has the least weight",
            ));
        }
    }
    real_time(limits)
}

fn real_time(limits: &Limits) -> Result<()> {
    let period = limits.cpu_rt_period.map_or(RT_PERIOD, micros);
    if !(1..=MAX_RT_PERIOD).contains(&period) {
        let last = told(MAX_RT_PERIOD);
        return Err(outside("cpu_rt_period", told(period), told(1), last));
    }
    match limits.cpu_rt_runtime.map(micros) {
        Some(runtime) if runtime > period => {
            let last = format!("{}, its period", told(period));
            Err(outside("cpu_rt_runtime", told(runtime), "0 s", last))
        }
        _ => Ok(()),
    }
}

/// The files for the cpu controller.
pub(crate) fn writes(limits: &Limits, version: Version) -> Result<Vec<Setting>> {
    check(limits)?;
    let mut settings = Vec::new();
    // Before the quota, which may not be below it; in a new group there is none yet.
    if let Some(burst) = limits.cpu_burst.map(micros) {
        let file = match version {
            Version::V1 => "cpu.cfs_burst_us",
            Version::V2 => "cpu.max.burst",
        };
        settings.push(Setting::new("cpu_burst", file, burst));
    }
    if let Some(cpus) = limits.cpus {
        let period = limits.cpu_period.map_or(PERIOD, micros);
        let period_of = limits.cpu_period.map(|_| "cpu_period");
        let quota = quota(cpus, period);
        match version {
            Version::V1 => {
                // A quota counts over the period there is: that one is set first, not assumed.
                let limit = period_of.unwrap_or("cpus");
                settings.push(Setting::new(limit, "cpu.cfs_period_us", period));
                settings.push(Setting::new("cpus", "cpu.cfs_quota_us", quota));
            }
            Version::V2 => {
                let both = Setting::new("cpus", "cpu.max", format!("{quota} {period}"));
                settings.push(Setting {
                    also: period_of,
                    ..both
                });
            }
        }
    }
    // A group that stays idle takes no weight.
    if let Some(idle) = limits.cpu_idle {
        settings.push(Setting::new("cpu_idle", "cpu.idle", u8::from(idle)));
    }
    if let Some(weight) = limits.cpu_weight {
        settings.push(match version {
            Version::V1 => {
                let shares = weight_to_shares(weight, Rule::Runc2025)?;
                Setting::new("cpu_weight", "cpu.shares", shares)
            }
            Version::V2 => Setting::new("cpu_weight", "cpu.weight", weight),
        });
    }
    for (limit, file, time) in [
        ("cpu_rt_period", "cpu.rt_period_us", limits.cpu_rt_period),
        ("cpu_rt_runtime", "cpu.rt_runtime_us", limits.cpu_rt_runtime),
    ] {
        match (time.map(micros), version) {
            (None, _) => {}
            (Some(time), Version::V1) => settings.push(Setting::new(limit, file, time)),
            (Some(_), Version::V2) => {
                return Err(unsupported(
                    limit,
                    "this host's cpu controller is on cgroup v2, where real-time processes have no \
                     time of their own",
                ));
            }
        }
    }
    Ok(settings)
}

/// Microseconds of CPU time in each period.
fn quota(cpus: f64, period: u64) -> u64 {
    (cpus * period as f64).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Seconds;

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

    fn set(change: impl FnOnce(&mut Limits)) -> Limits {
        let mut limits = limits(Some(0.5), None);
        change(&mut limits);
        limits
    }

    fn time(text: &str) -> Option<Seconds> {
        Seconds::parse(text).ok()
    }

    #[test]
    fn period_and_burst() {
        let limits = set(|l| (l.cpu_period, l.cpu_burst) = (time("20ms"), time("5ms")));
        assert_eq!(
            text(&limits, Version::V1),
            [
                "cpu_burst cpu.cfs_burst_us 5000",
                "cpu_period cpu.cfs_period_us 20000",
                "cpus cpu.cfs_quota_us 10000",
            ]
        );
        assert_eq!(
            text(&limits, Version::V2),
            ["cpu_burst cpu.max.burst 5000", "cpus cpu.max 10000 20000"]
        );
    }

    #[test]
    fn idle_and_real_time() {
        let limits = set(|l| {
            l.cpus = None;
            l.cpu_idle = Some(true);
            (l.cpu_rt_runtime, l.cpu_rt_period) = (time("1ms"), time("10ms"));
        });
        assert_eq!(
            text(&limits, Version::V1),
            [
                "cpu_idle cpu.idle 1",
                "cpu_rt_period cpu.rt_period_us 10000",
                "cpu_rt_runtime cpu.rt_runtime_us 1000",
            ]
        );
        assert_eq!(
            text(&limits, Version::V2),
            [
                "cgroup: limits.cpu_rt_period: this host's cpu controller is on cgroup v2, where \
              real-time processes have no time of their own"
            ]
        );
        let limits = set(|l| (l.cpus, l.cpu_idle, l.cpu_weight) = (None, Some(false), Some(100)));
        assert_eq!(
            text(&limits, Version::V2),
            ["cpu_idle cpu.idle 0", "cpu_weight cpu.weight 100"]
        );
    }

    #[test]
    fn times_out_of_range() {
        for (limits, message) in [
            (
                set(|l| l.cpu_period = time("999us")),
                "cpu_period: 0.000999 s is not among 0.001 s to 1 s",
            ),
            (
                set(|l| l.cpu_period = time("1.1s")),
                "cpu_period: 1.1 s is not among 0.001 s to 1 s",
            ),
            (
                set(|l| (l.cpus, l.cpu_period) = (Some(0.1), time("5ms"))),
                "cpus: 0.1 of a period of 0.005 s is less than 0.001 s, the least that the kernel \
                 takes: make cpu_period longer",
            ),
            (
                set(|l| l.cpu_burst = time("51ms")),
                "cpu_burst: 0.051 s is not among 0 s to 0.05 s, what cpus gives for one period",
            ),
            (
                set(|l| (l.cpus, l.cpu_burst) = (None, time("1ms"))),
                "cpu_burst: needs limits.cpus",
            ),
            (
                set(|l| (l.cpus, l.cpu_period) = (None, time("1ms"))),
                "cpu_period: needs limits.cpus",
            ),
            (
                set(|l| (l.cpu_idle, l.cpu_weight) = (Some(true), Some(1))),
                "cpu_idle: goes without limits.cpu_weight: an idle group has the least weight",
            ),
            (
                set(|l| l.cpu_rt_period = time("0")),
                "cpu_rt_period: 0 s is not among 0.000001 s to 1000 s",
            ),
            (
                set(|l| l.cpu_rt_runtime = time("1.5s")),
                "cpu_rt_runtime: 1.5 s is not among 0 s to 1 s, its period",
            ),
        ] {
            for version in [Version::V1, Version::V2] {
                assert_eq!(text(&limits, version), [format!("spec: limits.{message}")]);
            }
        }
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
