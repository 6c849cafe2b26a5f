//! memory: memory and swap of a whole job, what is left to it, and what happens when it runs out.

use super::{Setting, outside, unsupported};
use crate::cgroup::Version;
use crate::error::{Error, Result};
use crate::spec::Limits;

/// The highest swappiness (Linux 5.8; 100 before).
const MAX_SWAPPINESS: u64 = 200;

/// Refuses what no kernel takes.
pub(super) fn check(limits: &Limits) -> Result<()> {
    for (field, size) in [
        ("memory", limits.memory),
        ("memory_high", limits.memory_high),
    ] {
        if size.is_some_and(|size| size.0 == 0) {
            return Err(Error::invalid(
                format!("limits.{field}"),
                "is 0: no program runs without memory",
            ));
        }
    }
    if limits.oom_group == Some(true) && limits.oom_pause == Some(true) {
        return Err(Error::invalid(
            "limits.oom_pause",
            "contradicts limits.oom_group: either all are killed or all wait",
        ));
    }
    match limits.swappiness {
        Some(value) if value > MAX_SWAPPINESS => {
            Err(outside("swappiness", value, 0, MAX_SWAPPINESS))
        }
        _ => Ok(()),
    }
}

/// The files for the memory controller, in the order that is right where nothing is limited yet.
///
/// `swap` is what may be swapped out on top of `memory`; v1 knows only the sum of both. `oom_group` is not
/// among them on v1, which has no file for it.
pub(crate) fn writes(limits: &Limits, version: Version) -> Result<Vec<Setting>> {
    check(limits)?;
    if let Some((limit, detail)) = missing(limits, version) {
        return Err(unsupported(limit, detail));
    }
    let memory = limits.memory.map(|size| size.0);
    let swap = limits.swap.map(|size| size.0);
    let mut settings = Vec::new();
    match version {
        Version::V1 => {
            // The sum may never be below the memory limit (EINVAL). In a new group it is unlimited,
            // so the memory limit can go down first, and the sum follows.
            if let Some(memory) = memory {
                settings.push(Setting::new("memory", "memory.limit_in_bytes", memory));
            }
            match (memory, swap) {
                (Some(memory), Some(swap)) => {
                    let sum = memory.saturating_add(swap).min(i64::MAX as u64);
                    settings.push(Setting::new("swap", "memory.memsw.limit_in_bytes", sum));
                }
                (None, Some(_)) => {
                    return Err(unsupported(
                        "swap",
                        "this host limits only the sum of memory and swap (cgroup v1): set limits.memory too",
                    ));
                }
                (_, None) => {}
            }
            if let Some(low) = limits.memory_low {
                settings.push(Setting::new(
                    "memory_low",
                    "memory.soft_limit_in_bytes",
                    low.0,
                ));
            }
            if let Some(value) = limits.swappiness {
                settings.push(Setting::new("swappiness", "memory.swappiness", value));
            }
            if let Some(pause) = limits.oom_pause {
                settings.push(Setting::new(
                    "oom_pause",
                    "memory.oom_control",
                    u8::from(pause),
                ));
            }
        }
        Version::V2 => {
            // Swap first: memory above its limit must not be swapped out past the swap limit.
            // 0 has to be written: a new group may use all swap there is.
            if let Some(swap) = swap {
                settings.push(Setting::new("swap", "memory.swap.max", swap));
            }
            if let Some(memory) = memory {
                settings.push(Setting::new("memory", "memory.max", memory));
            }
            for (limit, file, size) in [
                ("memory_high", "memory.high", limits.memory_high),
                ("memory_low", "memory.low", limits.memory_low),
                ("memory_min", "memory.min", limits.memory_min),
            ] {
                if let Some(size) = size {
                    settings.push(Setting::new(limit, file, size.0));
                }
            }
            if let Some(group) = limits.oom_group {
                settings.push(Setting::new(
                    "oom_group",
                    "memory.oom.group",
                    u8::from(group),
                ));
            }
        }
    }
    Ok(settings)
}

/// The first limit that this version has no file for, and why.
fn missing(limits: &Limits, version: Version) -> Option<(&'static str, &'static str)> {
    const V1: &str = "this host's memory controller is on cgroup v1, which kills at a limit and does \
                      not slow down: use memory";
    const V1_MIN: &str =
        "this host's memory controller is on cgroup v1, which promises no memory: use memory_low";
    const V2_SWAPPINESS: &str = "this host's memory controller is on cgroup v2, which has no \
                                 swappiness for a group: use swap";
    const V2_PAUSE: &str = "this host's memory controller is on cgroup v2, which cannot have a process \
                            wait for memory: use memory_high";
    let all = match version {
        Version::V1 => [
            ("memory_high", limits.memory_high.is_some(), V1),
            ("memory_min", limits.memory_min.is_some(), V1_MIN),
        ],
        Version::V2 => [
            ("swappiness", limits.swappiness.is_some(), V2_SWAPPINESS),
            ("oom_pause", limits.oom_pause.is_some(), V2_PAUSE),
        ],
    };
    all.into_iter()
        .find(|(_, set, _)| *set)
        .map(|(limit, _, why)| (limit, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Size;

    fn text(memory: Option<u64>, swap: Option<u64>, version: Version) -> Vec<String> {
        let limits = Limits {
            memory: memory.map(Size),
            swap: swap.map(Size),
            ..Limits::default()
        };
        match writes(&limits, version) {
            Ok(settings) => settings
                .iter()
                .map(|s| format!("{} {}", s.file, s.value))
                .collect(),
            Err(e) => vec![e.message()],
        }
    }

    #[test]
    fn v1_limits_the_sum_after_the_memory() {
        assert_eq!(
            text(Some(300), Some(200), Version::V1),
            [
                "memory.limit_in_bytes 300",
                "memory.memsw.limit_in_bytes 500"
            ]
        );
        assert_eq!(
            text(Some(1000), Some(0), Version::V1),
            [
                "memory.limit_in_bytes 1000",
                "memory.memsw.limit_in_bytes 1000"
            ]
        );
        assert_eq!(
            text(Some(1000), None, Version::V1),
            ["memory.limit_in_bytes 1000"]
        );
        assert_eq!(
            text(Some(i64::MAX as u64), Some(i64::MAX as u64), Version::V1)[1],
            "memory.memsw.limit_in_bytes 9223372036854775807"
        );
    }

    #[test]
    fn v1_has_no_swap_limit_alone() {
        assert_eq!(
            text(None, Some(5), Version::V1),
            [
                "cgroup: limits.swap: this host limits only the sum of memory and swap (cgroup v1): \
              set limits.memory too"
            ]
        );
    }

    #[test]
    fn v2_writes_swap_first_and_zero_too() {
        assert_eq!(
            text(Some(1000), Some(0), Version::V2),
            ["memory.swap.max 0", "memory.max 1000"]
        );
        assert_eq!(text(None, Some(200), Version::V2), ["memory.swap.max 200"]);
        assert_eq!(text(None, None, Version::V2), Vec::<String>::new());
    }

    fn all(set: impl FnOnce(&mut Limits), version: Version) -> Vec<String> {
        let mut limits = Limits::default();
        set(&mut limits);
        match writes(&limits, version) {
            Ok(settings) => settings
                .iter()
                .map(|s| format!("{} {} {}", s.limit, s.file, s.value))
                .collect(),
            Err(e) => vec![e.message()],
        }
    }

    #[test]
    fn what_each_version_has() {
        assert_eq!(
            all(
                |l| {
                    l.memory = Some(Size(400));
                    l.swap = Some(Size(0));
                    (l.memory_high, l.memory_low) = (Some(Size(300)), Some(Size(200)));
                    (l.memory_min, l.oom_group) = (Some(Size(100)), Some(true));
                },
                Version::V2
            ),
            [
                "swap memory.swap.max 0",
                "memory memory.max 400",
                "memory_high memory.high 300",
                "memory_low memory.low 200",
                "memory_min memory.min 100",
                "oom_group memory.oom.group 1",
            ]
        );
        assert_eq!(
            all(
                |l| {
                    (l.memory, l.memory_low) = (Some(Size(400)), Some(Size(200)));
                    (l.swappiness, l.oom_pause) = (Some(0), Some(true));
                },
                Version::V1
            ),
            [
                "memory memory.limit_in_bytes 400",
                "memory_low memory.soft_limit_in_bytes 200",
                "swappiness memory.swappiness 0",
                "oom_pause memory.oom_control 1",
            ]
        );
    }

    #[test]
    fn what_a_version_has_not() {
        for (told, limit) in [
            (
                all(|l| l.memory_high = Some(Size(1)), Version::V1),
                "memory_high",
            ),
            (
                all(|l| l.memory_min = Some(Size(1)), Version::V1),
                "memory_min",
            ),
            (all(|l| l.swappiness = Some(1), Version::V2), "swappiness"),
            (all(|l| l.oom_pause = Some(false), Version::V2), "oom_pause"),
        ] {
            let start =
                format!("cgroup: limits.{limit}: this host's memory controller is on cgroup v");
            assert!(told[0].starts_with(&start), "{told:?}");
        }
    }

    #[test]
    fn values_out_of_range() {
        for version in [Version::V1, Version::V2] {
            assert_eq!(
                all(|l| l.swappiness = Some(201), version),
                ["spec: limits.swappiness: 201 is not among 0 to 200"]
            );
            assert_eq!(
                all(|l| l.memory_high = Some(Size(0)), version),
                ["spec: limits.memory_high: is 0: no program runs without memory"]
            );
        }
    }
}
