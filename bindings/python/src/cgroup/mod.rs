//! Cgroups for Python: handles, their events, and conversions between the versions.

mod convert;
mod events;
mod handle;

use std::time::{Duration, Instant};

use libisolate::cgroup::CreateOptions;
use pyo3::prelude::*;

pub use handle::Cgroup;

/// Adds everything to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<handle::Cgroup>()?;
    module.add_class::<events::Events>()?;
    convert::register(module)
}

/// A timeout in seconds. More than the library's clock can hold is for ever.
fn patience(seconds: f64) -> Duration {
    const EVER: Duration = Duration::from_secs(1 << 32);
    Duration::try_from_secs_f64(seconds.max(0.0)).map_or(EVER, |d| d.min(EVER))
}

fn deadline(timeout: Option<f64>) -> Option<Instant> {
    timeout.and_then(|seconds| Instant::now().checked_add(patience(seconds)))
}

/// Limits from the JSON text of a spec that says nothing else.
pub fn limits(settings: &str) -> libisolate::Result<libisolate::spec::Limits> {
    Ok(libisolate::Spec::from_json(settings)?.limits)
}

/// Who makes a group, from the JSON text of a spec that says nothing else.
fn made_by(settings: &str) -> libisolate::Result<CreateOptions> {
    let spec = libisolate::Spec::from_json(settings)?;
    Ok(CreateOptions {
        driver: spec.driver,
        slice: spec.slice,
        ..CreateOptions::default()
    })
}
