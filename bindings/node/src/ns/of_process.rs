//! What is asked and set by a process's number: id maps, clock offsets, places in the cgroup trees; and
//! what ids mean elsewhere. All give promises.

use libisolate::{Error, ErrorKind, Spec, Stage, ns};
use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use super::Handle;
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

/// Sets them to those of a spec that is JSON text.
#[napi(catch_unwind)]
pub fn ns_set_time_offsets(env: &Env, pid: i32, spec: String) -> Result<Object<'_>> {
    task(env, move || {
        let offsets = Spec::from_json(&spec)?.time_offsets;
        ns::set_time_offsets(pid, offsets.unwrap_or_default())
    })
}

/// The id maps of a process, as JSON text.
#[napi(catch_unwind)]
pub fn ns_id_maps(env: &Env, pid: i32) -> Result<Object<'_>> {
    task(env, move || text(&ns::id_maps_of(pid)?))
}

/// Writes the id maps of a spec that is JSON text.
#[napi(catch_unwind)]
pub fn ns_write_id_maps(env: &Env, pid: i32, spec: String, setgroups: bool) -> Result<Object<'_>> {
    task(env, move || {
        let Spec {
            uid_map: uid,
            gid_map: gid,
            ..
        } = Spec::from_json(&spec)?;
        let maps = ns::IdMaps {
            uid,
            gid,
            setgroups,
        };
        ns::write_id_maps(pid, &maps)
    })
}

/// The subordinate ids of the caller, as JSON text.
#[napi(catch_unwind)]
pub fn ns_subordinate_ids(env: &Env) -> Result<Object<'_>> {
    task(env, || text(&ns::subordinate_ids()?))
}

/// The number of a user, or of a group, in another user namespace.
#[napi(catch_unwind)]
pub fn ns_translate_id<'env>(
    env: &'env Env,
    which: String,
    id: u32,
    from: &Handle,
    to: &Handle,
) -> Result<Object<'env>> {
    let (from, to) = (from.share()?, to.share()?);
    task(env, move || match which.as_str() {
        "uid" => ns::translate_uid(id, &from, &to),
        "gid" => ns::translate_gid(id, &from, &to),
        other => Err(Error::new(
            ErrorKind::Internal,
            Stage::Namespace,
            other,
            "is no id",
        )),
    })
}
