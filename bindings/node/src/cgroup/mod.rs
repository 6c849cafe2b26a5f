//! Cgroups for JavaScript: handles, their events, and conversions between the versions.

pub mod convert;
pub mod events;
pub mod handle;

use std::time::Duration;

use libisolate::cgroup::CreateOptions;
use libisolate::spec::Limits;
use libisolate::{Error, ErrorKind, Result, Spec, Stage};

pub use handle::{GroupHandle, of_job};

/// The largest whole number that a JavaScript number holds with all below it.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// A timeout in milliseconds. More than the library's clock can hold is for ever.
fn patience(ms: f64) -> Duration {
    const EVER: Duration = Duration::from_secs(1 << 32);
    Duration::try_from_secs_f64(ms.max(0.0) / 1e3).map_or(EVER, |d| d.min(EVER))
}

/// A number of bytes that JavaScript gave.
fn whole(value: f64, what: &str) -> Result<u64> {
    if value.fract() != 0.0 || !(0.0..=MAX_SAFE as f64).contains(&value) {
        return Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Cgroup,
            format!("{what} {value}"),
            "is no whole number from 0 on",
        ));
    }
    Ok(value as u64)
}

/// Limits from the JSON text of a spec that says nothing else.
pub fn limits(settings: &str) -> Result<Limits> {
    Ok(Spec::from_json(settings)?.limits)
}

/// Who makes a group, from the JSON text of a spec that says nothing else.
fn made_by(settings: &str) -> Result<CreateOptions> {
    let spec = Spec::from_json(settings)?;
    Ok(CreateOptions {
        driver: spec.driver,
        slice: spec.slice,
        ..CreateOptions::default()
    })
}
