//! memory: memory and swap of a whole job.

use super::Setting;
use crate::cgroup::Version;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::spec::Limits;

/// The files for `memory` and `swap`, for a group that is new: nothing is limited in it yet.
///
/// `swap` is what may be swapped out on top of `memory`; v1 knows only the sum of both.
pub(crate) fn writes(limits: &Limits, version: Version) -> Result<Vec<Setting>> {
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
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        Stage::Cgroup,
                        "limits.swap",
                        "this host limits only the sum of memory and swap (cgroup v1): set limits.memory too",
                    ));
                }
                (_, None) => {}
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
        }
    }
    Ok(settings)
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
}
