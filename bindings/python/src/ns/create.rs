//! Making namespaces that no process needs to live in.

use std::sync::{Mutex, PoisonError};

use libisolate::{Spec, ns};
use pyo3::prelude::*;

use super::{Namespace, kinds_of};
use crate::failure::{IntoPy as _, guard};

/// What keeps namespaces made together alive besides their handles: the pid 1 of a pid namespace.
#[pyclass(module = "libisolate._native", frozen)]
pub struct NamespaceSet {
    /// `None` once closed.
    set: Mutex<Option<ns::NamespaceSet>>,
}

impl NamespaceSet {
    fn take(&self) -> Option<ns::NamespaceSet> {
        self.set
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

#[pymethods]
impl NamespaceSet {
    /// The process that is pid 1 of a pid namespace in the set.
    #[getter]
    fn holder_pid(&self) -> Option<i32> {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        set.as_ref()?.holder_pid()
    }

    /// Ends the pid namespace.
    fn close(&self, py: Python<'_>) {
        let set = self.take();
        py.detach(|| drop(set));
    }
}

impl Drop for NamespaceSet {
    fn drop(&mut self) {
        if let Some(set) = self.take() {
            Python::attach(|py| py.detach(|| drop(set)));
        }
    }
}

/// Makes namespaces with the settings of a spec as JSON text; gives the set and the handles.
#[pyfunction]
pub fn create_namespaces(
    py: Python<'_>,
    kinds: Vec<String>,
    settings: &str,
) -> PyResult<(NamespaceSet, Vec<Namespace>)> {
    let made = py.detach(|| {
        guard(|| {
            let kinds = kinds_of(&kinds)?;
            let mut set = ns::create(&kinds, &Spec::from_json(settings)?)?;
            let kinds = set.kinds();
            let members = kinds.into_iter().filter_map(|kind| set.take(kind));
            let members: Vec<ns::Namespace> = members.collect();
            Ok((set, members))
        })
    });
    let (set, members) = made.into_py(py)?;
    let set = NamespaceSet {
        set: Mutex::new(Some(set)),
    };
    Ok((set, members.into_iter().map(Namespace::from).collect()))
}
