//! A group as Python sees it. Answers of more than a number are JSON text.

use std::sync::{Arc, Mutex, PoisonError};

use libisolate::Result;
use libisolate::cgroup::{self, CreateOptions, MemoryValue, StatKind};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::events::Events;
use super::{limits, made_by, patience};
use crate::failure::{IntoPy as _, guard, to_json};

/// A handle of a group.
#[pyclass(module = "libisolate._native", frozen, weakref)]
pub struct Cgroup {
    /// `None` once closed. A call that is under way on another thread keeps what it uses.
    group: Mutex<Option<Arc<cgroup::Cgroup>>>,
    path: String,
    unit: Option<String>,
}

impl From<cgroup::Cgroup> for Cgroup {
    fn from(group: cgroup::Cgroup) -> Cgroup {
        Cgroup {
            path: group.path().to_owned(),
            unit: group.unit().map(str::to_owned),
            group: Mutex::new(Some(Arc::new(group))),
        }
    }
}

impl Cgroup {
    fn get(&self) -> PyResult<Arc<cgroup::Cgroup>> {
        let group = self.group.lock().unwrap_or_else(PoisonError::into_inner);
        group
            .clone()
            .ok_or_else(|| PyValueError::new_err("the cgroup handle is closed"))
    }

    /// Does something with it, while other threads run.
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&cgroup::Cgroup) -> Result<T> + Send,
    ) -> PyResult<T> {
        let group = self.get()?;
        py.detach(|| guard(|| question(&group))).into_py(py)
    }

    /// The answer as JSON text.
    fn told<T: serde::Serialize + Send>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&cgroup::Cgroup) -> Result<T> + Send,
    ) -> PyResult<String> {
        let answer = self.ask(py, question)?;
        to_json(py, &answer)
    }
}

fn opened(
    py: Python<'_>,
    open: impl FnOnce() -> Result<cgroup::Cgroup> + Send,
) -> PyResult<Cgroup> {
    py.detach(|| guard(open)).into_py(py).map(Cgroup::from)
}

#[pymethods]
impl Cgroup {
    /// Makes a group.
    #[staticmethod]
    #[pyo3(signature = (name, parent, controllers, settings))]
    fn create(
        py: Python<'_>,
        name: &str,
        parent: Option<String>,
        controllers: Option<Vec<String>>,
        settings: String,
    ) -> PyResult<Cgroup> {
        opened(py, || {
            let options = CreateOptions {
                parent,
                controllers,
                ..made_by(&settings)?
            };
            cgroup::Cgroup::create(name, &options)
        })
    }

    /// Opens a group by its path.
    #[staticmethod]
    fn open(py: Python<'_>, path: &str) -> PyResult<Cgroup> {
        opened(py, || cgroup::Cgroup::open(path))
    }

    /// The caller's own.
    #[staticmethod]
    fn own(py: Python<'_>) -> PyResult<Cgroup> {
        opened(py, cgroup::Cgroup::own)
    }

    /// That of a process.
    #[staticmethod]
    fn of_process(py: Python<'_>, pid: i32) -> PyResult<Cgroup> {
        opened(py, || cgroup::Cgroup::of_process(pid))
    }

    /// The path by which the handle was made.
    #[getter]
    fn path(&self) -> &str {
        &self.path
    }

    /// The scope of systemd's that it is in.
    #[getter]
    fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        let group = self.group.lock().unwrap_or_else(PoisonError::into_inner);
        group.is_none()
    }

    /// Closes its descriptors.
    fn close(&self, py: Python<'_>) {
        // With a scope, that waits for the end of a process.
        py.detach(|| {
            let group = self
                .group
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            drop(group);
        });
    }

    /// Its directories, as JSON text.
    fn places(&self, py: Python<'_>) -> PyResult<String> {
        self.told(py, |group| Ok(group.places()))
    }

    /// Its controllers.
    fn controllers(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.ask(py, |group| Ok(group.controllers()))
    }

    /// The names of the groups directly below.
    fn children(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.ask(py, |group| Ok(group.children()))
    }

    /// Opens a group directly below.
    fn child(&self, py: Python<'_>, name: &str) -> PyResult<Cgroup> {
        self.ask(py, |group| group.child(name)).map(Cgroup::from)
    }

    /// Makes a group below.
    #[pyo3(signature = (name, controllers))]
    fn create_child(
        &self,
        py: Python<'_>,
        name: &str,
        controllers: Option<Vec<String>>,
    ) -> PyResult<Cgroup> {
        self.ask(py, |group| group.create_child(name, controllers.as_deref()))
            .map(Cgroup::from)
    }

    /// Moves processes in.
    fn attach(&self, py: Python<'_>, pids: Vec<i32>) -> PyResult<()> {
        self.ask(py, |group| group.attach(&pids))
    }

    /// Moves threads in.
    fn attach_threads(&self, py: Python<'_>, tids: Vec<i32>) -> PyResult<()> {
        self.ask(py, |group| group.attach_threads(&tids))
    }

    /// Who is in it.
    fn processes(&self, py: Python<'_>, recursive: bool) -> PyResult<Vec<i32>> {
        self.ask(py, |group| Ok(group.processes(recursive)))
    }

    /// Which threads are in it.
    fn threads(&self, py: Python<'_>, recursive: bool) -> PyResult<Vec<i32>> {
        self.ask(py, |group| Ok(group.threads(recursive)))
    }

    /// Stops every process.
    fn freeze(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        self.ask(py, |group| group.freeze(patience(timeout)))
    }

    /// Lets every process go on.
    fn thaw(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        self.ask(py, |group| group.thaw(patience(timeout)))
    }

    /// Whether all processes stand.
    fn is_frozen(&self, py: Python<'_>) -> PyResult<bool> {
        self.ask(py, cgroup::Cgroup::is_frozen)
    }

    /// Whether a process is in it.
    fn is_populated(&self, py: Python<'_>) -> PyResult<bool> {
        self.ask(py, cgroup::Cgroup::is_populated)
    }

    /// Kills every process.
    fn kill(&self, py: Python<'_>) -> PyResult<()> {
        self.ask(py, cgroup::Cgroup::kill)
    }

    /// Takes the group away.
    fn remove(&self, py: Python<'_>) -> PyResult<()> {
        self.ask(py, cgroup::Cgroup::remove)
    }

    /// Gives it to a user.
    #[pyo3(signature = (uid, gid))]
    fn delegate(&self, py: Python<'_>, uid: Option<u32>, gid: Option<u32>) -> PyResult<()> {
        self.ask(py, |group| group.delegate(uid, gid))
    }

    /// Reads a file.
    fn get_file(&self, py: Python<'_>, file: &str) -> PyResult<String> {
        self.ask(py, |group| group.get(file))
    }

    /// Writes a file; gives what it holds then.
    fn set_file(&self, py: Python<'_>, file: &str, value: &str) -> PyResult<String> {
        self.ask(py, |group| group.set(file, value))
    }

    /// Puts limits in force, given as the JSON text of a spec; the enforcement as JSON text.
    fn apply(&self, py: Python<'_>, settings: &str) -> PyResult<String> {
        self.told(py, |group| group.apply(&limits(settings)?))
    }

    /// What it uses, as JSON text.
    fn stat(&self, py: Python<'_>, kinds: Vec<String>) -> PyResult<String> {
        self.told(py, |group| {
            let kinds: Result<Vec<StatKind>> = kinds.iter().map(|kind| kind.parse()).collect();
            match kinds? {
                none if none.is_empty() => group.stat(&StatKind::ALL),
                kinds => group.stat(&kinds),
            }
        })
    }

    /// Begins to watch it; the watches are JSON text.
    fn events(&self, py: Python<'_>, watches: &str) -> PyResult<Events> {
        self.ask(py, |group| super::events::begin(group, watches))
    }

    /// A number of the memory controller's.
    fn memory(&self, py: Python<'_>, value: &str) -> PyResult<Option<u64>> {
        self.ask(py, |group| group.memory(MemoryValue::parse(value)?))
    }

    /// Sets a limit of the memory controller's; gives what is in force then.
    #[pyo3(signature = (value, limit))]
    fn set_memory(&self, py: Python<'_>, value: &str, limit: Option<u64>) -> PyResult<Option<u64>> {
        self.ask(py, |group| {
            group.set_memory(MemoryValue::parse(value)?, limit)
        })
    }

    /// Starts a peak or a count again.
    fn reset_memory(&self, py: Python<'_>, value: &str) -> PyResult<()> {
        self.ask(py, |group| group.reset_memory(MemoryValue::parse(value)?))
    }

    /// What happens when it is out of memory, as JSON text.
    fn oom_control(&self, py: Python<'_>) -> PyResult<String> {
        self.told(py, cgroup::Cgroup::oom_control)
    }

    /// Whether who needs memory that is not there waits.
    fn set_oom_pause(&self, py: Python<'_>, paused: bool) -> PyResult<()> {
        self.ask(py, |group| group.set_oom_pause(paused))
    }

    /// Takes memory back; gives how much.
    #[pyo3(signature = (bytes))]
    fn reclaim(&self, py: Python<'_>, bytes: Option<u64>) -> PyResult<u64> {
        self.ask(py, |group| group.reclaim(bytes))
    }

    /// Whether its processes may use a device, as JSON text.
    fn explain_device(&self, py: Python<'_>, device: &str, access: &str) -> PyResult<String> {
        self.told(py, |group| group.explain_device(device, access))
    }

    /// Whether the release agent is run.
    fn notify_on_release(&self, py: Python<'_>) -> PyResult<bool> {
        self.ask(py, cgroup::Cgroup::notify_on_release)
    }

    /// Sets whether the release agent is run.
    fn set_notify_on_release(&self, py: Python<'_>, notify: bool) -> PyResult<()> {
        self.ask(py, |group| group.set_notify_on_release(notify))
    }

    /// The release agent of a hierarchy.
    fn release_agent(&self, py: Python<'_>, hierarchy: &str) -> PyResult<String> {
        self.ask(py, |group| group.release_agent(hierarchy))
    }

    /// Sets the release agent of a hierarchy.
    fn set_release_agent(&self, py: Python<'_>, hierarchy: &str, program: &str) -> PyResult<()> {
        self.ask(py, |group| group.set_release_agent(hierarchy, program))
    }
}
