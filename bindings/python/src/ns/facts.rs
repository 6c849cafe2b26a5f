//! What is asked without a handle: lists, processes, ids, clocks, cgroups, kept namespaces. Answers of more
//! than a number are JSON text.

use std::path::PathBuf;

use libisolate::ns::{self, Kind};
use libisolate::spec::TimeOffsets;
use libisolate::{Error, ErrorKind, Result, Stage};
use pyo3::prelude::*;

use super::{Namespace, wrong};
use crate::failure::{IntoPy as _, guard, to_json};

/// Adds the functions to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(namespace_kinds, module)?)?;
    module.add_function(wrap_pyfunction!(list_namespaces, module)?)?;
    module.add_function(wrap_pyfunction!(namespace_tree, module)?)?;
    module.add_function(wrap_pyfunction!(persisted_namespaces, module)?)?;
    module.add_function(wrap_pyfunction!(unpersist, module)?)?;
    module.add_function(wrap_pyfunction!(unpersist_name, module)?)?;
    module.add_function(wrap_pyfunction!(translate_pid, module)?)?;
    module.add_function(wrap_pyfunction!(translate_uid, module)?)?;
    module.add_function(wrap_pyfunction!(translate_gid, module)?)?;
    module.add_function(wrap_pyfunction!(id_maps, module)?)?;
    module.add_function(wrap_pyfunction!(write_id_maps, module)?)?;
    module.add_function(wrap_pyfunction!(subordinate_ids, module)?)?;
    module.add_function(wrap_pyfunction!(cgroup_paths, module)?)?;
    module.add_function(wrap_pyfunction!(time_offsets_of, module)?)?;
    module.add_function(wrap_pyfunction!(set_time_offsets, module)?)
}

/// The answer to a question, as JSON text.
fn told<T: serde::Serialize + Send>(
    py: Python<'_>,
    question: impl FnOnce() -> Result<T> + Send,
) -> PyResult<String> {
    let answer = py.detach(|| guard(question)).into_py(py)?;
    to_json(py, &answer)
}

/// Name, flag, what it isolates, first kernel, whether nested, whether children can begin in another,
/// whether this kernel has it.
type Facts = (
    &'static str,
    u64,
    &'static str,
    &'static str,
    bool,
    bool,
    bool,
);

/// The eight kinds.
#[pyfunction]
fn namespace_kinds() -> Vec<Facts> {
    let facts = |kind: Kind| {
        (
            kind.name(),
            kind.flag(),
            kind.isolates(),
            kind.since(),
            kind.is_nested(),
            kind.is_for_children(),
            kind.supported(),
        )
    };
    Kind::ALL.into_iter().map(facts).collect()
}

/// The namespaces that the caller can see.
#[pyfunction]
fn list_namespaces(py: Python<'_>) -> PyResult<String> {
    told(py, ns::list)
}

/// The same as a tree.
#[pyfunction]
fn namespace_tree(py: Python<'_>) -> PyResult<String> {
    told(py, || Ok(ns::tree(&ns::list()?)))
}

/// The namespaces that are kept at paths.
#[pyfunction]
fn persisted_namespaces(py: Python<'_>) -> PyResult<String> {
    told(py, ns::persisted)
}

/// Takes away what keeps a namespace at a path.
#[pyfunction]
fn unpersist(py: Python<'_>, path: PathBuf) -> PyResult<()> {
    py.detach(|| guard(|| ns::unpersist(path))).into_py(py)
}

/// Takes away the name of a network namespace.
#[pyfunction]
fn unpersist_name(py: Python<'_>, name: &str) -> PyResult<()> {
    py.detach(|| guard(|| ns::unpersist_name(name))).into_py(py)
}

/// A number of one namespace as another has it.
fn translated<N: Send>(
    py: Python<'_>,
    number: N,
    from: &Namespace,
    to: &Namespace,
    translate: fn(N, &ns::Namespace, &ns::Namespace) -> Result<N>,
) -> PyResult<N> {
    let (from, to) = (from.get()?, to.get()?);
    py.detach(|| guard(|| translate(number, &from, &to)))
        .into_py(py)
}

/// A process's number in another pid namespace.
#[pyfunction]
fn translate_pid(py: Python<'_>, pid: i32, from_: &Namespace, to: &Namespace) -> PyResult<i32> {
    translated(py, pid, from_, to, ns::translate_pid)
}

/// A user's number in another user namespace.
#[pyfunction]
fn translate_uid(py: Python<'_>, uid: u32, from_: &Namespace, to: &Namespace) -> PyResult<u32> {
    translated(py, uid, from_, to, ns::translate_uid)
}

/// A group's number in another user namespace.
#[pyfunction]
fn translate_gid(py: Python<'_>, gid: u32, from_: &Namespace, to: &Namespace) -> PyResult<u32> {
    translated(py, gid, from_, to, ns::translate_gid)
}

/// The maps of a process's user namespace.
#[pyfunction]
fn id_maps(py: Python<'_>, pid: i32) -> PyResult<String> {
    told(py, || ns::id_maps_of(pid))
}

/// Writes the maps of a process's user namespace, given as JSON text.
#[pyfunction]
fn write_id_maps(py: Python<'_>, pid: i32, maps: &str) -> PyResult<()> {
    py.detach(|| guard(|| ns::write_id_maps(pid, &read("maps", maps)?)))
        .into_py(py)
}

/// What /etc/subuid and /etc/subgid give the caller.
#[pyfunction]
fn subordinate_ids(py: Python<'_>) -> PyResult<String> {
    told(py, ns::subordinate_ids)
}

/// Where a process is in the cgroup trees.
#[pyfunction]
fn cgroup_paths(py: Python<'_>, pid: i32) -> PyResult<String> {
    told(py, || ns::cgroup_paths(pid))
}

/// The clock offsets that a process's children begin with.
#[pyfunction]
fn time_offsets_of(py: Python<'_>, pid: i32) -> PyResult<String> {
    told(py, || ns::time_offsets_of(pid))
}

/// Sets the clock offsets of the time namespace that a process has made, given as JSON text.
#[pyfunction]
fn set_time_offsets(py: Python<'_>, pid: i32, offsets: &str) -> PyResult<()> {
    py.detach(|| {
        guard(|| {
            let offsets: TimeOffsets = read("offsets", offsets)?;
            ns::set_time_offsets(pid, offsets)
        })
    })
    .into_py(py)
}

/// Plain data from JSON text that the package made.
fn read<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        // The JSON is the package's own; where in it says nothing to a person.
        let message = message
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned();
        match error.is_data() {
            true => wrong(what, message),
            false => Error::new(ErrorKind::Internal, Stage::Namespace, what, message),
        }
    })
}
