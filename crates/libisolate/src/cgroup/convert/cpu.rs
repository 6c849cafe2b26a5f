//! CPU bandwidth: quota and period, as `cpu.max` and as systemd counts them; and the number of `pids.max`.

use crate::error::{Error, Result};

/// The period over which the kernel counts bandwidth unless told otherwise, microseconds.
pub const CPU_PERIOD: u64 = 100_000;

/// What the kernel takes as a period, microseconds.
const PERIODS: (u64, u64) = (1000, 1_000_000);

/// What it takes as a quota, microseconds (MAX_BW: 44 bits).
const QUOTAS: (i64, i64) = (1000, (1 << 44) - 1);

/// Far beyond every machine and far below where a quota ends.
const MAX_CPUS: f64 = 1e6;

/// PID_MAX_LIMIT of 64-bit kernels, which `pids.max` does not take any more.
const PIDS_END: i64 = 4_194_304;

/// What systemd makes of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemdQuota {
    /// `CPUQuotaPerSecUSec`; `None` is "infinity".
    pub per_sec_usec: Option<u64>,
    /// The quota to write, microseconds, so that both say the same; -1 is "no limit".
    pub quota: i64,
}

/// The text of `cpu.max` for a v1 quota and period, microseconds. A quota of 0 or less is `max`; a
/// period of 0 is the default, 100000.
///
/// # Errors
/// `InvalidSpec`: a period outside 1000 to 1000000, a quota outside 1000 to 17592186044415.
pub fn cpu_max(quota: i64, period: u64) -> Result<String> {
    let period = checked_period(period)?;
    match quota {
        ..=0 => Ok(format!("max {period}")),
        _ if (QUOTAS.0..=QUOTAS.1).contains(&quota) => Ok(format!("{quota} {period}")),
        _ => Err(Error::invalid(
            "cpu quota",
            format!(
                "{quota} is not among {} to {} microseconds",
                QUOTAS.0, QUOTAS.1
            ),
        )),
    }
}

/// The quota (-1 for `max`) and the period of a text of `cpu.max`, microseconds. A text without a period
/// has the default one.
///
/// # Errors
/// `InvalidSpec` for anything else.
pub fn cpu_max_parts(text: &str) -> Result<(i64, u64)> {
    let wrong = || Error::invalid("cpu.max", format!("{text:?} is not \"QUOTA PERIOD\""));
    let mut words = text.split_whitespace();
    let quota = match words.next() {
        Some("max") => -1,
        Some(number) => number
            .parse()
            .ok()
            .filter(|quota| *quota >= 0)
            .ok_or_else(wrong)?,
        None => return Err(wrong()),
    };
    let period = match words.next() {
        Some(number) => number.parse().map_err(|_| wrong())?,
        None => CPU_PERIOD,
    };
    match words.next() {
        Some(_) => Err(wrong()),
        None => Ok((quota, period)),
    }
}

/// The text of `cpu.max` that changes only what is given of what the file holds now: a period alone
/// keeps the quota.
///
/// # Errors
/// As [`cpu_max`] and [`cpu_max_parts`].
pub fn cpu_max_update(now: &str, quota: Option<i64>, period: Option<u64>) -> Result<String> {
    let (old_quota, old_period) = cpu_max_parts(now)?;
    cpu_max(quota.unwrap_or(old_quota), period.unwrap_or(old_period))
}

/// The quota, microseconds, that gives a number of CPUs over a period (0 for the default, 100000).
///
/// # Errors
/// `InvalidSpec`: a period outside 1000 to 1000000; fewer CPUs than a quota of 1000 gives, or more than
/// a million, or not a number.
pub fn quota_of(cpus: f64, period: u64) -> Result<u64> {
    let period = checked_period(period)?;
    let least = QUOTAS.0 as f64 / period as f64;
    if !(least..=MAX_CPUS).contains(&cpus) {
        return Err(Error::invalid(
            "cpus",
            format!("{cpus} is not among {least} to {MAX_CPUS}"),
        ));
    }
    Ok((cpus * period as f64).round() as u64)
}

/// What systemd makes of a quota and period (0 for the default): it counts per second and rounds up to
/// 10 ms, and a quota that is written beside it must say the same.
///
/// # Errors
/// As [`cpu_max`].
pub fn systemd_quota(quota: i64, period: u64) -> Result<SystemdQuota> {
    const STEP: u64 = 10_000;
    cpu_max(quota, period)?;
    if quota <= 0 {
        return Ok(SystemdQuota {
            per_sec_usec: None,
            quota: -1,
        });
    }
    let period = checked_period(period)?;
    // Down to microseconds first, as runc does: 500000 of 900000 are 555555 per second.
    let per_sec = (u128::from(quota as u64) * 1_000_000 / u128::from(period)) as u64;
    if per_sec.is_multiple_of(STEP) {
        return Ok(SystemdQuota {
            per_sec_usec: Some(per_sec),
            quota,
        });
    }
    let per_sec = per_sec.next_multiple_of(STEP);
    Ok(SystemdQuota {
        per_sec_usec: Some(per_sec),
        quota: (u128::from(per_sec) * u128::from(period) / 1_000_000) as i64,
    })
}

/// The text of `pids.max`: below 0 is `max`, and 0 is 1, since no process at all is nobody's wish and
/// systemd refuses it.
///
/// # Errors
/// `InvalidSpec` above 4194303, which the kernel refuses.
pub fn pids_max(pids: i64) -> Result<String> {
    match pids {
        ..0 => Ok("max".to_owned()),
        PIDS_END.. => Err(Error::invalid(
            "pids",
            format!("{pids} is not among 1 to {}", PIDS_END - 1),
        )),
        _ => Ok(pids.max(1).to_string()),
    }
}

fn checked_period(period: u64) -> Result<u64> {
    match period {
        0 => Ok(CPU_PERIOD),
        _ if (PERIODS.0..=PERIODS.1).contains(&period) => Ok(period),
        _ => Err(Error::invalid(
            "cpu period",
            format!(
                "{period} is not among {} to {} microseconds",
                PERIODS.0, PERIODS.1
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_max_as_published() {
        for (quota, period, text) in [
            (10_000, 50_000, "10000 50000"),
            (-1, 0, "max 100000"),
            (0, 0, "max 100000"),
            (-1, 41_000, "max 41000"),
            (100_000, 0, "100000 100000"),
            (1000, 1000, "1000 1000"),
        ] {
            assert_eq!(cpu_max(quota, period), Ok(text.to_owned()));
        }
        assert_eq!(cpu_max_parts("max 41000\n"), Ok((-1, 41_000)));
        assert_eq!(cpu_max_parts("10000 50000\n"), Ok((10_000, 50_000)));
        assert_eq!(cpu_max_parts("max"), Ok((-1, 100_000)));
    }

    #[test]
    fn what_no_kernel_takes_is_refused() {
        for (quota, period, text) in [
            (
                999,
                0,
                "cpu quota: 999 is not among 1000 to 17592186044415 microseconds",
            ),
            (
                1 << 44,
                0,
                "cpu quota: 17592186044416 is not among 1000 to 17592186044415 microseconds",
            ),
            (
                -1,
                999,
                "cpu period: 999 is not among 1000 to 1000000 microseconds",
            ),
            (
                5000,
                1_000_001,
                "cpu period: 1000001 is not among 1000 to 1000000 microseconds",
            ),
        ] {
            let told = cpu_max(quota, period).map_err(|e| e.message());
            assert_eq!(told, Err(format!("spec: {text}")));
        }
        for text in ["", "1 2 3", "-1 100000", "x 1", "1 x"] {
            assert!(cpu_max_parts(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_period_alone_keeps_the_quota() {
        let update =
            |quota, period| cpu_max_update("20000 100000\n", quota, period).expect("it is valid");
        assert_eq!(update(None, Some(50_000)), "20000 50000");
        assert_eq!(update(Some(-1), None), "max 100000");
        assert_eq!(update(None, None), "20000 100000");
        assert_eq!(
            cpu_max_update("max 100000", None, Some(50_000)),
            Ok("max 50000".to_owned())
        );
    }

    #[test]
    fn quota_and_period_survive_their_text() {
        for period in (1000..=1_000_000).step_by(997) {
            for quota in [-1, 1000, 1001, period as i64, 1 << 33, (1 << 44) - 1] {
                let text = cpu_max(quota, period).expect("it is valid");
                assert_eq!(cpu_max_parts(&text), Ok((quota, period)));
            }
        }
    }

    #[test]
    fn cpus_over_a_period() {
        for (cpus, period, quota) in [
            (0.5, 0, 50_000),
            (1.5, 100_000, 150_000),
            (0.01, 100_000, 1000),
            (1.0, 1000, 1000),
            (0.001, 1_000_000, 1000),
            (0.333_333_3, 100_000, 33_333),
            (1e6, 1_000_000, 1_000_000_000_000),
        ] {
            assert_eq!(quota_of(cpus, period), Ok(quota), "{cpus} {period}");
        }
        for (cpus, period) in [
            (0.0, 0),
            (0.0099, 100_000),
            (0.99, 1000),
            (-1.0, 0),
            (f64::NAN, 0),
            (f64::INFINITY, 0),
            (1e7, 0),
            (1.0, 5),
        ] {
            assert!(quota_of(cpus, period).is_err(), "{cpus} {period}");
        }
    }

    #[test]
    fn systemd_rounds_up_to_ten_milliseconds() {
        for (quota, period, per_sec, written) in [
            (500_000, 1_000_000, Some(500_000), 500_000),
            (123_456, 0, Some(1_240_000), 124_000),
            (500_000, 900_000, Some(560_000), 504_000),
            (-1, 0, None, -1),
            (0, 50_000, None, -1),
        ] {
            let expected = SystemdQuota {
                per_sec_usec: per_sec,
                quota: written,
            };
            assert_eq!(systemd_quota(quota, period), Ok(expected));
        }
        assert!(systemd_quota(5, 0).is_err());
    }

    /// What systemd rounds once, it leaves alone from then on, and it never takes anything away.
    #[test]
    fn systemd_rounding_is_at_rest() {
        for period in [1000, 10_000, 100_000, 333_000, 900_000, 1_000_000] {
            for quota in (1000..2_000_000).step_by(7919) {
                let once = systemd_quota(quota, period).expect("it is valid");
                assert!(once.per_sec_usec.is_some_and(|us| us % 10_000 == 0));
                assert!(once.quota >= quota, "{quota} of {period}: {once:?}");
                assert_eq!(systemd_quota(once.quota, period), Ok(once));
            }
        }
    }

    #[test]
    fn numbers_of_processes() {
        for (pids, text) in [
            (-1, "max"),
            (i64::MIN, "max"),
            (0, "1"),
            (1, "1"),
            (4_194_303, "4194303"),
        ] {
            assert_eq!(pids_max(pids), Ok(text.to_owned()));
        }
        assert!(pids_max(4_194_304).is_err());
    }
}
