//! A running job as Python sees it.

use std::os::fd::{AsFd, AsRawFd, IntoRawFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use libisolate::{Error, ErrorKind, Outcome, Stage};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::cgroup::{Cgroup, limits};
use crate::failure::{IntoPy as _, guard, to_json};
use crate::ns::Namespace;
use crate::poll;

/// An outcome on its way to Python: JSON text without the streams, stdout, stderr.
type Ended<'py> = (
    String,
    Option<Bound<'py, PyBytes>>,
    Option<Bound<'py, PyBytes>>,
);

/// A running job. When the last reference goes, it is killed and reaped.
#[pyclass(module = "libisolate._native", frozen, weakref)]
pub struct Job {
    /// `None` once closed.
    job: Mutex<Option<Arc<libisolate::Job>>>,
    pid: i32,
    /// The process that started it: a child that os.fork() made holds the same object, but not the job.
    owner: u32,
}

impl Job {
    pub fn new(job: libisolate::Job) -> Job {
        Job {
            pid: job.pid(),
            job: Mutex::new(Some(Arc::new(job))),
            owner: std::process::id(),
        }
    }

    fn get(&self) -> PyResult<Arc<libisolate::Job>> {
        let job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        job.clone()
            .ok_or_else(|| PyValueError::new_err("the job is closed"))
    }

    fn take(&self) -> Option<Arc<libisolate::Job>> {
        self.job
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

fn ended(py: Python<'_>, mut outcome: Outcome) -> Ended<'_> {
    let out = outcome
        .stdout
        .take()
        .map(|b| PyBytes::new(py, b.as_bytes()));
    let err = outcome
        .stderr
        .take()
        .map(|b| PyBytes::new(py, b.as_bytes()));
    (outcome.to_json(), out, err)
}

#[pymethods]
impl Job {
    /// Process id of the program as the caller sees it.
    #[getter]
    fn pid(&self) -> i32 {
        self.pid
    }

    /// A descriptor that is readable when poll() has something to do. Not to be read from or closed.
    fn fileno(&self) -> PyResult<i32> {
        Ok(self.get()?.as_fd().as_raw_fd())
    }

    /// Does what can be done without blocking; the outcome when the job has ended.
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Option<Ended<'py>>> {
        let job = self.get()?;
        let end = py.detach(|| guard(|| job.try_wait())).into_py(py)?;
        Ok(end.map(|outcome| ended(py, outcome)))
    }

    /// Waits for the end, at most `timeout` seconds.
    #[pyo3(signature = (timeout=None))]
    fn wait<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Ended<'py>> {
        let job = self.get()?;
        let deadline = match timeout {
            None => None,
            // More than `Duration` or `Instant` can hold is for ever.
            Some(seconds) => Duration::try_from_secs_f64(seconds.max(0.0))
                .ok()
                .and_then(|d| Instant::now().checked_add(d)),
        };
        loop {
            if let Some(outcome) = py.detach(|| guard(|| job.try_wait())).into_py(py)? {
                return Ok(ended(py, outcome));
            }
            if !poll::readable(py, job.as_fd(), deadline)? {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    Stage::Wait,
                    format!("pid {}", self.pid),
                    format!(
                        "the job still runs after {} seconds",
                        timeout.unwrap_or_default()
                    ),
                ))
                .into_py(py);
            }
        }
    }

    /// Sends a signal to the program.
    fn signal(&self, py: Python<'_>, signal: i32) -> PyResult<()> {
        let job = self.get()?;
        py.detach(|| guard(|| job.signal(signal))).into_py(py)
    }

    /// Kills every process of the job.
    fn kill(&self, py: Python<'_>) -> PyResult<()> {
        let job = self.get()?;
        py.detach(|| guard(|| job.kill())).into_py(py)
    }

    /// The caller's end of the program's stdin, once.
    fn take_stdin(&self) -> PyResult<Option<i32>> {
        Ok(self.get()?.take_stdin().map(IntoRawFd::into_raw_fd))
    }

    /// The caller's end of the program's stdout, once.
    fn take_stdout(&self) -> PyResult<Option<i32>> {
        Ok(self.get()?.take_stdout().map(IntoRawFd::into_raw_fd))
    }

    /// The caller's end of the program's stderr, once.
    fn take_stderr(&self) -> PyResult<Option<i32>> {
        Ok(self.get()?.take_stderr().map(IntoRawFd::into_raw_fd))
    }

    /// What is in force, as JSON text.
    fn enforcement(&self, py: Python<'_>) -> PyResult<String> {
        to_json(py, &self.get()?.enforcement())
    }

    /// The inode numbers of the job's namespaces, as JSON text.
    fn namespaces(&self, py: Python<'_>) -> PyResult<String> {
        to_json(py, &self.get()?.namespaces())
    }

    /// What the job has used so far, as JSON text.
    fn usage(&self, py: Python<'_>) -> PyResult<String> {
        let job = self.get()?;
        let usage = py.detach(|| guard(|| Ok(job.usage()))).into_py(py)?;
        to_json(py, &usage)
    }

    /// One of the job's namespaces.
    fn namespace(&self, py: Python<'_>, kind: &str) -> PyResult<Namespace> {
        let job = self.get()?;
        let found = py.detach(|| guard(|| job.namespace(kind.parse()?)));
        found.into_py(py).map(Namespace::from)
    }

    /// Starts another program inside, from a spec as JSON text.
    fn exec(&self, py: Python<'_>, spec: &str) -> PyResult<Job> {
        let job = self.get()?;
        let started = py.detach(|| guard(|| job.exec(&libisolate::Spec::from_json(spec)?)));
        started.into_py(py).map(Job::new)
    }

    /// The processes of the job, as JSON text.
    fn processes(&self, py: Python<'_>) -> PyResult<String> {
        let job = self.get()?;
        let processes = py.detach(|| guard(|| job.processes())).into_py(py)?;
        to_json(py, &processes)
    }

    /// The job's own group.
    fn cgroup(&self, py: Python<'_>) -> PyResult<Cgroup> {
        let job = self.get()?;
        let group = py.detach(|| guard(|| job.cgroup()));
        group.into_py(py).map(Cgroup::from)
    }

    /// Puts other limits in force, given as the JSON text of a spec; the enforcement as JSON text.
    fn update(&self, py: Python<'_>, settings: &str) -> PyResult<String> {
        let job = self.get()?;
        let enforcement = py.detach(|| guard(|| job.update(&limits(settings)?)));
        to_json(py, &enforcement.into_py(py)?)
    }

    /// Kills and reaps. Gives the outcome, or nothing when it was closed before or belongs to another
    /// process.
    fn close<'py>(&self, py: Python<'py>) -> PyResult<Option<Ended<'py>>> {
        let Some(job) = self.take() else {
            return Ok(None);
        };
        if std::process::id() != self.owner {
            return Ok(None);
        }
        let outcome = py.detach(|| {
            guard(|| {
                job.kill()?;
                job.wait()
            })
        });
        Ok(Some(ended(py, outcome.into_py(py)?)))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // Killing and reaping takes a moment, which other threads need not wait for. In a forked child
        // the library closes its descriptors and leaves the job alone.
        if let Some(job) = self.take() {
            Python::attach(|py| py.detach(|| drop(job)));
        }
    }
}
