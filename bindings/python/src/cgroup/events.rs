//! The events of a group as Python sees them.

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::sync::{Arc, Mutex, PoisonError};

use libisolate::cgroup::{self, Cgroup, Watch};
use libisolate::{Error, ErrorKind, Result, Stage};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::failure::{IntoPy as _, guard, to_json};
use crate::poll;

/// The events of a group, from when it was asked for them.
#[pyclass(module = "libisolate._native", frozen, weakref)]
pub struct Events {
    /// `None` once closed. A call that is under way on another thread keeps what it uses.
    events: Mutex<Option<Arc<cgroup::Events>>>,
}

/// Begins to watch a group; the watches are JSON text that the package made.
pub fn begin(group: &Cgroup, watches: &str) -> Result<Events> {
    let watches: Vec<Watch> = serde_json::from_str(watches).map_err(|error| {
        let message = error.to_string();
        // Where in the text says nothing to a person.
        let message = message.split(" at line ").next().unwrap_or_default();
        Error::new(ErrorKind::InvalidSpec, Stage::Cgroup, "watch", message)
    })?;
    Ok(Events {
        events: Mutex::new(Some(Arc::new(group.events(&watches)?))),
    })
}

impl Events {
    fn get(&self) -> PyResult<Arc<cgroup::Events>> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events
            .clone()
            .ok_or_else(|| PyValueError::new_err("the events are closed"))
    }
}

#[pymethods]
impl Events {
    /// A descriptor that is readable while there may be something to take.
    fn fileno(&self) -> PyResult<i32> {
        Ok(self.get()?.as_fd().as_raw_fd())
    }

    /// The next event, as JSON text, when there is one now.
    fn next(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let events = self.get()?;
        let event = py.detach(|| guard(|| events.next())).into_py(py)?;
        event.map(|event| to_json(py, &event)).transpose()
    }

    /// Waits for the next event, at most `timeout` seconds. Nothing when there will be none any more.
    #[pyo3(signature = (timeout))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<String>> {
        let deadline = super::deadline(timeout);
        let events = self.get()?;
        loop {
            let event = py.detach(|| guard(|| events.next())).into_py(py)?;
            if let Some(event) = event {
                return to_json(py, &event).map(Some);
            }
            if events.is_over() || !poll::readable(py, events.as_fd(), deadline)? {
                return Ok(None);
            }
        }
    }

    /// Whether the group is gone and every event was taken.
    fn is_over(&self) -> PyResult<bool> {
        Ok(self.get()?.is_over())
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.is_none()
    }

    /// Closes its descriptors.
    fn close(&self) {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}
