//! Conversions between the values of cgroup v1 and v2.

use libisolate::cgroup::convert::{self, Rule};
use libisolate::{Error, Result};
use pyo3::prelude::*;

use crate::failure::{IntoPy as _, guard};

/// Adds the functions to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(shares_to_weight, module)?)?;
    module.add_function(wrap_pyfunction!(weight_to_shares, module)?)?;
    module.add_function(wrap_pyfunction!(blkio_to_io_weight, module)?)?;
    module.add_function(wrap_pyfunction!(io_to_blkio_weight, module)?)?;
    module.add_function(wrap_pyfunction!(swap_max, module)?)?;
    module.add_function(wrap_pyfunction!(memsw_limit, module)?)?;
    module.add_function(wrap_pyfunction!(cpu_max, module)?)?;
    module.add_function(wrap_pyfunction!(quota_of, module)?)
}

fn converted<T>(py: Python<'_>, convert: impl FnOnce() -> Result<T>) -> PyResult<T> {
    guard(convert).into_py(py)
}

/// cpu.shares to cpu.weight.
#[pyfunction]
fn shares_to_weight(py: Python<'_>, shares: u64, rule: &str) -> PyResult<u64> {
    converted(py, || {
        Ok::<_, Error>(convert::shares_to_weight(shares, rule.parse::<Rule>()?))
    })
}

/// cpu.weight to cpu.shares.
#[pyfunction]
fn weight_to_shares(py: Python<'_>, weight: u64, rule: &str) -> PyResult<u64> {
    converted(py, || convert::weight_to_shares(weight, rule.parse()?))
}

/// blkio.weight to io.weight.
#[pyfunction]
fn blkio_to_io_weight(py: Python<'_>, weight: u64, rule: &str) -> PyResult<u64> {
    converted(py, || convert::blkio_to_io_weight(weight, rule.parse()?))
}

/// io.weight to blkio.weight.
#[pyfunction]
fn io_to_blkio_weight(py: Python<'_>, weight: u64, rule: &str) -> PyResult<u64> {
    converted(py, || convert::io_to_blkio_weight(weight, rule.parse()?))
}

/// The limit of memory and swap together, to that of swap.
#[pyfunction]
fn swap_max(py: Python<'_>, memsw: i64, limit: i64) -> PyResult<i64> {
    converted(py, || convert::swap_max(memsw, limit))
}

/// The limit of swap, to that of memory and swap together.
#[pyfunction]
fn memsw_limit(py: Python<'_>, swap: i64, limit: i64) -> PyResult<i64> {
    converted(py, || convert::memsw_limit(swap, limit))
}

/// Quota and period, to the text of cpu.max.
#[pyfunction]
fn cpu_max(py: Python<'_>, quota: i64, period: u64) -> PyResult<String> {
    converted(py, || convert::cpu_max(quota, period))
}

/// A number of CPUs, to a quota.
#[pyfunction]
fn quota_of(py: Python<'_>, cpus: f64, period: u64) -> PyResult<u64> {
    converted(py, || convert::quota_of(cpus, period))
}
