//! Moving the calling thread, on purpose.

use std::sync::Arc;

use libisolate::ns;
use pyo3::prelude::*;

use super::{Namespace, borrowed, kinds_of};
use crate::failure::{IntoPy as _, guard};

/// The library's handles of Python's.
pub fn handles(namespaces: &[Bound<'_, Namespace>]) -> PyResult<Vec<Arc<ns::Namespace>>> {
    namespaces.iter().map(|n| n.get().get()).collect()
}

/// Moves the calling thread into namespaces.
#[pyfunction]
pub fn enter_thread(py: Python<'_>, namespaces: Vec<Bound<'_, Namespace>>) -> PyResult<()> {
    let handles = handles(&namespaces)?;
    let entered = py.detach(|| {
        let handles: Vec<&ns::Namespace> = handles.iter().map(Arc::as_ref).collect();
        guard(|| ns::enter_thread(&handles))
    });
    entered.into_py(py)
}

/// Moves the calling thread into namespaces of the process of a pidfd.
#[pyfunction]
pub fn enter_thread_pidfd(py: Python<'_>, pidfd: i32, kinds: Vec<String>) -> PyResult<()> {
    py.detach(|| guard(|| ns::enter_thread_pidfd(borrowed(pidfd)?, &kinds_of(&kinds)?)))
        .into_py(py)
}

/// Gives the calling thread new namespaces.
#[pyfunction]
pub fn unshare_thread(py: Python<'_>, kinds: Vec<String>) -> PyResult<()> {
    py.detach(|| guard(|| ns::unshare_thread(&kinds_of(&kinds)?)))
        .into_py(py)
}
