//! The order of writes to a group that lives: where two files bound each other, which of them may be
//! written first depends on what they hold.

use super::Setting;

/// Puts the settings of one home in the order that the kernel takes; `now` tells what a file of the group
/// holds. The result of [`super::settings`] has the order for a new group.
pub(in crate::cgroup) fn order(settings: &mut Vec<Setting>, now: impl Fn(&str) -> Option<String>) {
    let held = |file: &str| number(&now(file)?);
    let wanted =
        |settings: &[Setting], file: &str| number(&settings.iter().find(|s| s.file == file)?.value);
    // A file is read only where two settings bound each other.
    let both = |settings: &[Setting], one: &str, other: &str| {
        wanted(settings, other)?;
        wanted(settings, one)
    };

    // The sum of memory and swap may never be below the memory (EINVAL).
    let (limit, sum) = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes");
    if let Some(memory) = both(settings, limit, sum)
        && held(sum).is_some_and(|held| memory > held)
    {
        first(settings, sum, limit);
    }

    // A shorter period with the old quota may be more than the groups above have; a smaller quota in the
    // old, longer period is less than both.
    let (period, quota) = ("cpu.cfs_period_us", "cpu.cfs_quota_us");
    if let Some(wanted) = both(settings, period, quota)
        && held(period).is_some_and(|held| wanted < held)
    {
        first(settings, quota, period);
    }

    // The burst may never be above the quota (EINVAL).
    for (quota, burst) in [(quota, "cpu.cfs_burst_us"), ("cpu.max", "cpu.max.burst")] {
        if let Some(wanted) = both(settings, burst, quota)
            && let Some(held) = held(quota)
        {
            match wanted > held {
                true => after(settings, burst, quota),
                false => first(settings, burst, quota),
            }
        }
    }

    // Nor the time of real-time processes above its period.
    let (period, runtime) = ("cpu.rt_period_us", "cpu.rt_runtime_us");
    if let Some(wanted) = both(settings, period, runtime)
        && held(runtime).is_some_and(|held| wanted < held)
    {
        first(settings, runtime, period);
    }

    // What a group has for itself is given up before it takes what others have.
    for (file, given_up) in [
        ("cpuset.cpu_exclusive", "0"),
        ("cpuset.cpus.exclusive", "\n"),
        ("cpuset.cpus.partition", "member"),
    ] {
        let is_given_up = |s: &Setting| s.file == file && s.value == given_up;
        if settings.iter().any(is_given_up) {
            first(settings, file, "cpuset.cpus");
        }
    }
}

/// The first number of a file that bounds something; no bound is the highest.
fn number(text: &str) -> Option<u64> {
    match text.split_whitespace().next()? {
        "max" | "-1" => Some(u64::MAX),
        word => word.parse().ok(),
    }
}

/// Moves the setting of one file before that of another, where it is after it.
fn first(settings: &mut Vec<Setting>, file: &str, other: &str) {
    let at = |wanted: &str| settings.iter().position(|s| s.file == wanted);
    if let (Some(from), Some(to)) = (at(file), at(other))
        && from > to
    {
        let moved = settings.remove(from);
        settings.insert(to, moved);
    }
}

/// Moves the setting of one file behind that of another, where it is before it.
fn after(settings: &mut Vec<Setting>, file: &str, other: &str) {
    let at = |wanted: &str| settings.iter().position(|s| s.file == wanted);
    if let (Some(from), Some(to)) = (at(file), at(other))
        && from < to
    {
        let moved = settings.remove(from);
        settings.insert(to, moved);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Version, settings};
    use super::*;
    use crate::spec::{Limits, Seconds, Size};

    fn ordered(home: &str, limits: &Limits, version: Version, now: &[(&str, &str)]) -> Vec<String> {
        let mut made = settings(home, limits, version, false).expect("settings");
        order(&mut made, |file| {
            let found = now.iter().find(|(name, _)| *name == file);
            found.map(|(_, value)| (*value).to_owned())
        });
        made.iter()
            .map(|s| format!("{} {}", s.file, s.value))
            .collect()
    }

    #[test]
    fn memory_and_its_sum_up_and_down() {
        let limits = Limits {
            memory: Some(Size(400)),
            swap: Some(Size(100)),
            ..Limits::default()
        };
        let (limit, sum) = (
            "memory.limit_in_bytes 400",
            "memory.memsw.limit_in_bytes 500",
        );
        for (held, wanted) in [
            ("9223372036854771712", [limit, sum]),
            ("400", [limit, sum]),
            ("399", [sum, limit]),
        ] {
            let now = [("memory.memsw.limit_in_bytes", held)];
            assert_eq!(
                ordered("memory", &limits, Version::V1, &now),
                wanted,
                "{held}"
            );
        }
        assert_eq!(
            ordered("memory", &limits, Version::V2, &[("memory.max", "1")]),
            ["memory.swap.max 100", "memory.max 400"]
        );
    }

    #[test]
    fn bandwidth_up_and_down() {
        let time = |text| Seconds::parse(text).ok();
        let limits = Limits {
            cpus: Some(0.5),
            cpu_period: time("20ms"),
            cpu_burst: time("10ms"),
            ..Limits::default()
        };
        let (burst, period, quota) = (
            "cpu.cfs_burst_us 10000",
            "cpu.cfs_period_us 20000",
            "cpu.cfs_quota_us 10000",
        );
        for (held_period, held_quota, wanted) in [
            ("100000", "-1", [burst, quota, period]),
            ("100000", "50000", [burst, quota, period]),
            ("10000", "5000", [period, quota, burst]),
            ("20000", "10000", [burst, period, quota]),
            ("100000", "5000", [quota, burst, period]),
        ] {
            let now = [
                ("cpu.cfs_period_us", held_period),
                ("cpu.cfs_quota_us", held_quota),
            ];
            assert_eq!(
                ordered("cpu", &limits, Version::V1, &now),
                wanted,
                "{now:?}"
            );
        }
        let (burst, max) = ("cpu.max.burst 10000", "cpu.max 10000 20000");
        for (held, wanted) in [
            ("max 100000", [burst, max]),
            ("9999 100000", [max, burst]),
            ("10000 100000", [burst, max]),
        ] {
            let now = [("cpu.max", held)];
            assert_eq!(ordered("cpu", &limits, Version::V2, &now), wanted, "{held}");
        }
    }

    #[test]
    fn real_time() {
        let limits = Limits {
            cpu_rt_period: Seconds::parse("10ms").ok(),
            cpu_rt_runtime: Seconds::parse("1ms").ok(),
            ..Limits::default()
        };
        let (period, runtime) = ("cpu.rt_period_us 10000", "cpu.rt_runtime_us 1000");
        for (held, wanted) in [("0", [period, runtime]), ("20000", [runtime, period])] {
            let now = [("cpu.rt_runtime_us", held)];
            assert_eq!(ordered("cpu", &limits, Version::V1, &now), wanted, "{held}");
        }
    }

    #[test]
    fn what_is_given_up_goes_first() {
        let mut limits = Limits {
            cpuset: Some("0".into()),
            cpuset_exclusive: Some(false),
            ..Limits::default()
        };
        assert_eq!(
            ordered("cpuset", &limits, Version::V1, &[]),
            ["cpuset.cpu_exclusive 0", "cpuset.cpus 0"]
        );
        limits.cpuset_exclusive = Some(true);
        assert_eq!(
            ordered("cpuset", &limits, Version::V1, &[]),
            ["cpuset.cpus 0", "cpuset.cpu_exclusive 1"]
        );
    }
}
