//! `libisolate._native`: specs go in as JSON text, outcomes come back as JSON text and bytes. The
//! package's own Python makes dataclasses, files and exceptions of them.

mod cgroup;
mod failure;
mod job;
mod ns;
mod poll;

use std::ffi::OsString;

use pyo3::prelude::*;

use failure::{IntoPy as _, guard};

/// What this host can do, as JSON text.
#[pyfunction]
fn host(py: Python<'_>) -> PyResult<String> {
    let host = py.detach(|| guard(libisolate::Host::probe)).into_py(py)?;
    failure::to_json(py, &host)
}

/// What works on this host and what does not, as JSON text.
#[pyfunction]
fn doctor(py: Python<'_>) -> PyResult<String> {
    let diagnosis = py
        .detach(|| guard(libisolate::Doctor::examine))
        .into_py(py)?;
    failure::to_json(py, &diagnosis)
}

/// Starts a job from a spec as JSON text.
#[pyfunction]
fn spawn(py: Python<'_>, spec: &str) -> PyResult<job::Job> {
    let started = py.detach(|| guard(|| libisolate::spawn(&libisolate::Spec::from_json(spec)?)));
    Ok(job::Job::new(started.into_py(py)?))
}

/// Runs the command isolatectl in this process; gives its exit status.
#[pyfunction]
fn _cli_main(py: Python<'_>, args: Vec<OsString>) -> i32 {
    py.detach(|| isolate_cli::main_from(args))
}

/// Moves the calling process into a leaf below its own v2 cgroup.
#[pyfunction]
fn move_to_leaf(py: Python<'_>) -> PyResult<()> {
    py.detach(|| guard(libisolate::cgroup::move_to_leaf))
        .into_py(py)
}

/// A spec as JSON text in its normal form.
#[pyfunction]
fn normalize(py: Python<'_>, spec: &str) -> PyResult<String> {
    let read = guard(|| libisolate::Spec::from_json(spec)).into_py(py)?;
    Ok(read.to_json())
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    failure::keep_panics_quiet();
    module.add("__version__", libisolate::VERSION)?;
    module.add_class::<job::Job>()?;
    module.add_function(wrap_pyfunction!(_cli_main, module)?)?;
    module.add_function(wrap_pyfunction!(doctor, module)?)?;
    module.add_function(wrap_pyfunction!(host, module)?)?;
    module.add_function(wrap_pyfunction!(move_to_leaf, module)?)?;
    module.add_function(wrap_pyfunction!(normalize, module)?)?;
    module.add_function(wrap_pyfunction!(spawn, module)?)?;
    cgroup::register(module)?;
    ns::register(module)
}
