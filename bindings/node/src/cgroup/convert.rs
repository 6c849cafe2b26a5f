//! Conversions between the values of cgroup v1 and v2. Numbers are JavaScript's: exact up to 2^53.

use libisolate::cgroup::convert;
use napi::Result;
use napi_derive::napi;

use super::whole;
use crate::failure::{failure, guard};

fn converted<T>(convert: impl FnOnce() -> libisolate::Result<T>) -> Result<T> {
    guard(convert).map_err(|e| failure(&e))
}

/// cpu.shares to cpu.weight.
#[napi(catch_unwind)]
pub fn convert_shares_to_weight(shares: f64, rule: String) -> Result<f64> {
    converted(|| {
        let shares = whole(shares, "shares")?;
        Ok(convert::shares_to_weight(shares, rule.parse()?) as f64)
    })
}

/// cpu.weight to cpu.shares.
#[napi(catch_unwind)]
pub fn convert_weight_to_shares(weight: f64, rule: String) -> Result<f64> {
    converted(|| {
        let weight = whole(weight, "weight")?;
        Ok(convert::weight_to_shares(weight, rule.parse()?)? as f64)
    })
}

/// blkio.weight to io.weight.
#[napi(catch_unwind)]
pub fn convert_blkio_to_io_weight(weight: f64, rule: String) -> Result<f64> {
    converted(|| {
        let weight = whole(weight, "weight")?;
        Ok(convert::blkio_to_io_weight(weight, rule.parse()?)? as f64)
    })
}

/// io.weight to blkio.weight.
#[napi(catch_unwind)]
pub fn convert_io_to_blkio_weight(weight: f64, rule: String) -> Result<f64> {
    converted(|| {
        let weight = whole(weight, "weight")?;
        Ok(convert::io_to_blkio_weight(weight, rule.parse()?)? as f64)
    })
}

/// The limit of memory and swap together, to that of swap.
#[napi(catch_unwind)]
pub fn convert_swap_max(memsw: i64, limit: i64) -> Result<i64> {
    converted(|| convert::swap_max(memsw, limit))
}

/// The limit of swap, to that of memory and swap together.
#[napi(catch_unwind)]
pub fn convert_memsw_limit(swap: i64, limit: i64) -> Result<i64> {
    converted(|| convert::memsw_limit(swap, limit))
}

/// Quota and period, to the text of cpu.max.
#[napi(catch_unwind)]
pub fn convert_cpu_max(quota: i64, period: f64) -> Result<String> {
    converted(|| convert::cpu_max(quota, whole(period, "period")?))
}

/// A number of CPUs, to a quota.
#[napi(catch_unwind)]
pub fn convert_quota_of(cpus: f64, period: f64) -> Result<f64> {
    converted(|| Ok(convert::quota_of(cpus, whole(period, "period")?)? as f64))
}
