//! Conversions between the values of cgroup v1 and v2. Nothing here looks at the host.

use std::ffi::{c_char, c_int};

use libisolate::cgroup::convert::{self, Rule};
use libisolate::{Error, Result};

use crate::error::isolate_error;
use crate::ffi;

/// The rule of runc 1.3.2, crun 1.23 and youki 0.6 (2025): 1024 shares are the weight 100, and both ends
/// meet. What this library goes by.
pub const ISOLATE_RULE_RUNC_2025: u32 = 1;
/// The rule of systemd for CPU weights: 1024 to 100 in proportion, cut at 1 and 10000. For block devices
/// that of crun under systemd: 100 is 100.
pub const ISOLATE_RULE_SYSTEMD: u32 = 2;
/// One straight line from end to end: runc before 1.3.2, where 1024 shares are the weight 39.
pub const ISOLATE_RULE_LINEAR: u32 = 3;

/// The rule with an ISOLATE_RULE_ number.
fn rule(number: u32) -> Result<Rule> {
    Ok(match number {
        ISOLATE_RULE_RUNC_2025 => Rule::Runc2025,
        ISOLATE_RULE_SYSTEMD => Rule::Systemd,
        ISOLATE_RULE_LINEAR => Rule::Linear,
        _ => {
            let detail = format!("{number} is no such constant");
            return Err(Error::invalid("rule", detail));
        }
    })
}

/// Convert CPU shares of v1 (cpu.shares) to a CPU weight of v2 (cpu.weight).
///
/// shares: 2 to 262144, and cut at these ends; 0, "not set", stays 0.
/// rule: an ISOLATE_RULE_ constant.
/// out: the weight, on success.
/// Returns 0, or -EINVAL for NULL and an unknown constant.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_convert_shares_to_weight(
    shares: u64,
    rule: u32,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let rule = self::rule(rule)?;
        ffi::put(out, || Ok(convert::shares_to_weight(shares, rule)))
    })
}

/// Convert a CPU weight of v2 (cpu.weight) to CPU shares of v1 (cpu.shares): such as give that weight again.
///
/// weight: 1 to 10000; 0, "not set", stays 0.
/// rule: an ISOLATE_RULE_ constant.
/// out: the shares, on success.
/// Returns 0, or -EINVAL for NULL, a weight out of range and an unknown constant.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_convert_weight_to_shares(
    weight: u64,
    rule: u32,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let rule = self::rule(rule)?;
        ffi::put(out, || convert::weight_to_shares(weight, rule))
    })
}

/// Convert a block device weight of v1 (blkio.weight) to one of v2 (io.weight).
///
/// weight: 10 to 1000; 0, "not set", stays 0.
/// rule: an ISOLATE_RULE_ constant.
/// out: the weight of v2, on success.
/// Returns 0, or -EINVAL for NULL, a weight out of range and an unknown constant.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_convert_blkio_to_io_weight(
    weight: u64,
    rule: u32,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let rule = self::rule(rule)?;
        ffi::put(out, || convert::blkio_to_io_weight(weight, rule))
    })
}

/// Convert a block device weight of v2 (io.weight) to one of v1 (blkio.weight).
///
/// weight: 1 to 10000; 0, "not set", stays 0.
/// rule: an ISOLATE_RULE_ constant.
/// out: the weight of v1, on success.
/// Returns 0, or -EINVAL for NULL, a weight out of range and an unknown constant.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_convert_io_to_blkio_weight(
    weight: u64,
    rule: u32,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let rule = self::rule(rule)?;
        ffi::put(out, || convert::io_to_blkio_weight(weight, rule))
    })
}

/// Convert a limit of memory and swap together (v1) to one of swap alone (v2, memory.swap.max).
///
/// memsw: the limit of both in bytes; -1 for none, 0 for "not set".
/// limit: that of memory; likewise.
/// out: the limit of swap, on success; likewise.
/// Returns 0, or -EINVAL for NULL, a number below -1, and a limit of both that is below that of memory or
/// stands without one.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_convert_swap_max(
    memsw: i64,
    limit: i64,
    out: *mut i64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || ffi::put(out, || convert::swap_max(memsw, limit)))
}

/// Convert a limit of swap alone (v2) to one of memory and swap together (v1, memory.memsw.limit_in_bytes).
///
/// swap: the limit of swap in bytes; -1 for none.
/// limit: that of memory; likewise.
/// out: the limit of both, on success; likewise.
/// Returns 0, or -EINVAL for NULL and a number below -1.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_convert_memsw_limit(
    swap: i64,
    limit: i64,
    out: *mut i64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || ffi::put(out, || convert::memsw_limit(swap, limit)))
}

/// Write the text of cpu.max (v2) for a quota and a period of v1.
///
/// quota: microseconds; 0 or less for no limit.
/// period: microseconds; 0 for the default, 100000.
/// out: the text, such as "50000 100000" or "max 100000", on success.
/// Returns 0, or -EINVAL for NULL and numbers that the kernel does not take.
/// Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_convert_cpu_max(
    quota: i64,
    period: u64,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        ffi::give_string(out, || convert::cpu_max(quota, period))
    })
}

/// Get the quota that gives a number of CPUs over a period.
///
/// cpus: how many, such as 1.5.
/// period: microseconds; 0 for the default, 100000.
/// out: the quota, microseconds, on success.
/// Returns 0, or -EINVAL for NULL and numbers that the kernel does not take.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_convert_quota_of(
    cpus: f64,
    period: u64,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || ffi::put(out, || convert::quota_of(cpus, period)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_number() {
        let known: Vec<Rule> = (1..=3).filter_map(|n| rule(n).ok()).collect();
        assert_eq!(known, Rule::ALL);
        assert!(rule(0).is_err() && rule(4).is_err());
    }
}
