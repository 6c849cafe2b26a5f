//! Questions about namespaces and processes at large. All give promises.

use libisolate::ns;
use libisolate::spec::TimeOffsets;
use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use crate::failure::text;
use crate::task::task;

/// Where a process is in the cgroup trees, as JSON text.
#[napi(catch_unwind)]
pub fn ns_cgroup_paths(env: &Env, pid: i32) -> Result<Object<'_>> {
    task(env, move || text(&ns::cgroup_paths(pid)?))
}

/// The clock offsets of a process's children, as JSON text.
#[napi(catch_unwind)]
pub fn ns_time_offsets(env: &Env, pid: i32) -> Result<Object<'_>> {
    task(env, move || text(&ns::time_offsets_of(pid)?))
}

/// Sets them: seconds.
#[napi(catch_unwind)]
pub fn ns_set_time_offsets(
    env: &Env,
    pid: i32,
    monotonic: f64,
    boottime: f64,
) -> Result<Object<'_>> {
    let offsets = TimeOffsets {
        monotonic,
        boottime,
    };
    task(env, move || ns::set_time_offsets(pid, offsets))
}

/// What there is to know of each kind, as JSON text.
#[napi(catch_unwind)]
pub fn ns_kinds() -> String {
    let facts = ns::Kind::ALL.map(|kind| {
        serde_json::json!({
            "name": kind.name(),
            "flag": kind.flag(),
            "isolates": kind.isolates(),
            "since": kind.since(),
            "nested": kind.is_nested(),
            "for_children": kind.is_for_children(),
            "supported": kind.supported(),
        })
    });
    serde_json::Value::from(facts.to_vec()).to_string()
}
