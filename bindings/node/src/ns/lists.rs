//! What there is: kinds, namespaces, processes, kept namespaces.

use libisolate::ns;
use napi::bindgen_prelude::{Buffer, Object};
use napi::{Env, Result};
use napi_derive::napi;

use super::{Handle, path_of};
use crate::failure::{failure, guard, text};
use crate::task::task;

/// What there is to know of each kind, as JSON text.
#[napi(catch_unwind)]
pub fn ns_kinds() -> String {
    let facts = ns::Kind::ALL.map(|kind| {
        serde_json::json!({
            "name": kind.name(),
            "flag": kind.flag(),
            "isolates": kind.isolates(),
            "since": kind.since(),
            "isNested": kind.is_nested(),
            "isForChildren": kind.is_for_children(),
            "supported": kind.supported(),
        })
    });
    serde_json::Value::from(facts.to_vec()).to_string()
}

/// Every namespace, as JSON text. A promise.
#[napi(catch_unwind)]
pub fn ns_list(env: &Env) -> Result<Object<'_>> {
    task(env, || text(&ns::list()?))
}

/// Every namespace as a tree, as JSON text. A promise.
#[napi(catch_unwind)]
pub fn ns_tree(env: &Env) -> Result<Object<'_>> {
    task(env, || text(&ns::tree(&ns::list()?)))
}

/// The number of a process in another pid namespace.
#[napi(catch_unwind)]
pub fn ns_translate_pid(pid: i32, from: &Handle, to: &Handle) -> Result<i32> {
    let (from, to) = (from.share()?, to.share()?);
    guard(|| ns::translate_pid(pid, &from, &to)).map_err(|e| failure(&e))
}

/// The kept namespaces, as JSON text. A promise.
#[napi(catch_unwind)]
pub fn ns_persisted(env: &Env) -> Result<Object<'_>> {
    task(env, || text(&ns::persisted()?))
}

/// Takes away what keeps a namespace at a path. A promise.
#[napi(catch_unwind)]
pub fn ns_unpersist<'env>(env: &'env Env, path: Buffer) -> Result<Object<'env>> {
    let path = path_of(&path).to_owned();
    task(env, move || ns::unpersist(path))
}

/// Takes away what keeps a namespace under a name. A promise.
#[napi(catch_unwind)]
pub fn ns_unpersist_name(env: &Env, name: String) -> Result<Object<'_>> {
    task(env, move || ns::unpersist_name(&name))
}
