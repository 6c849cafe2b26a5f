//! pids: how many processes and threads a job may have.

use super::{Setting, outside};
use crate::cgroup::Version;
use crate::error::Result;
use crate::spec::Limits;

/// PID_MAX_LIMIT of 64-bit kernels: the largest number `pids.max` takes.
const HIGHEST: u64 = 4_194_304;

/// Refuses what the kernel takes for something else.
pub(super) fn check(limits: &Limits) -> Result<()> {
    match limits.pids {
        Some(pids) if !(1..HIGHEST).contains(&pids) => Err(outside("pids", pids, 1, HIGHEST - 1)),
        _ => Ok(()),
    }
}

/// The file for `pids`. Where the init is in the group too (v2 only), it must not use up one of the
/// job's.
pub(crate) fn writes(limits: &Limits, version: Version, with_init: bool) -> Result<Vec<Setting>> {
    check(limits)?;
    let Some(pids) = limits.pids else {
        return Ok(Vec::new());
    };
    let init = u64::from(with_init && version == Version::V2);
    Ok(vec![Setting::new("pids", "pids.max", pids + init)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(pids: u64, version: Version, with_init: bool) -> Result<String, String> {
        let limits = Limits {
            pids: Some(pids),
            ..Limits::default()
        };
        match writes(&limits, version, with_init) {
            Ok(settings) => Ok(format!("{} {}", settings[0].file, settings[0].value)),
            Err(e) => Err(e.message()),
        }
    }

    #[test]
    fn the_init_is_not_one_of_the_jobs() {
        assert_eq!(value(8, Version::V1, true), Ok("pids.max 8".into()));
        assert_eq!(value(8, Version::V2, false), Ok("pids.max 8".into()));
        assert_eq!(value(8, Version::V2, true), Ok("pids.max 9".into()));
    }

    #[test]
    fn numbers_the_kernel_refuses() {
        for pids in [0, 4_194_304, u64::MAX] {
            assert_eq!(
                value(pids, Version::V1, false),
                Err(format!(
                    "spec: limits.pids: {pids} is not among 1 to 4194303"
                ))
            );
        }
    }
}
