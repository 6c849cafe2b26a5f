//! A thread of its own in namespaces, on which Python functions are called.
//!
//! It is attached to the interpreter once and for all, so that thread-local variables last from one call to
//! the next. Whoever calls waits on a descriptor, so that Ctrl-C works.

use std::os::fd::AsFd as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{ThreadId, current};

use libisolate::{Error, ErrorKind, Stage, ns};
use nix::sys::eventfd::{EfdFlags, EventFd};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::Namespace;
use super::thread::handles;
use crate::failure::{IntoPy as _, guard};
use crate::poll;

/// A thread inside. When the last reference goes, it ends.
#[pyclass(module = "libisolate._native", frozen, weakref)]
pub struct Inside {
    /// The process that has the thread: a child that os.fork() made has not.
    owner: u32,
    /// `None` once closed.
    work: Mutex<Option<Sender<Task>>>,
    thread: Mutex<Option<ns::Inside>>,
    /// `None` once closed: it has a descriptor, and what an exception's traceback holds lives long.
    served: Mutex<Option<Arc<Served>>>,
}

/// What the thread tells of itself.
struct Served {
    id: OnceLock<ThreadId>,
    /// Readable once it calls no more functions.
    ended: EventFd,
}

/// A call, and where its result goes.
struct Task {
    function: Py<PyAny>,
    args: Py<PyTuple>,
    kwargs: Option<Py<PyDict>>,
    answer: Arc<Answer>,
}

struct Answer {
    result: Mutex<Option<PyResult<Py<PyAny>>>>,
    /// Readable once the call is over.
    done: EventFd,
}

impl Drop for Task {
    fn drop(&mut self) {
        // Also of one that was never called, so that nobody waits for it for ever.
        let _ = self.answer.done.write(1);
    }
}

/// What the thread does: calls functions until nobody can ask for more.
fn serve(tasks: Receiver<Task>, served: &Served) {
    let _ = served.id.set(current().id());
    let owner = std::process::id();
    let tasks = Mutex::new(tasks);
    let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
    // Refused by an interpreter that is at its end.
    Python::try_attach(|py| {
        while let Ok(task) = py.detach(next) {
            let kwargs = task.kwargs.as_ref().map(|kwargs| kwargs.bind(py));
            let result = task.function.bind(py).call(task.args.bind(py), kwargs);
            if std::process::id() != owner {
                // It has called fork(), and this is the child, where nobody waits. It ends as it does when
                // the function of any thread returns in such a child.
                let status = i32::from(result.is_err());
                std::mem::forget(task);
                let _ = py
                    .import("os")
                    .and_then(|os| os.call_method1("_exit", (status,)));
                return;
            }
            *task
                .answer
                .result
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(result.map(Bound::unbind));
        }
    });
    if std::process::id() == owner {
        let _ = served.ended.write(1);
    }
}

fn event() -> libisolate::Result<EventFd> {
    EventFd::from_flags(EfdFlags::EFD_CLOEXEC).map_err(|errno| {
        let error = std::io::Error::from_raw_os_error(errno as i32);
        Error::from_io(&error, Stage::Namespace, "eventfd")
    })
}

#[pymethods]
impl Inside {
    /// Starts the thread.
    #[new]
    fn new(py: Python<'_>, namespaces: Vec<Bound<'_, Namespace>>) -> PyResult<Inside> {
        let handles = handles(&namespaces)?;
        let (work, tasks) = channel();
        let started = py.detach(|| {
            guard(|| {
                let handles: Vec<&ns::Namespace> = handles.iter().map(Arc::as_ref).collect();
                let served = Arc::new(Served {
                    id: OnceLock::new(),
                    ended: event()?,
                });
                let thread = ns::Inside::enter(&handles)?;
                let told = Arc::clone(&served);
                thread.post(move || serve(tasks, &told))?;
                Ok((thread, served))
            })
        });
        let (thread, served) = started.into_py(py)?;
        Ok(Inside {
            owner: std::process::id(),
            work: Mutex::new(Some(work)),
            thread: Mutex::new(Some(thread)),
            served: Mutex::new(Some(served)),
        })
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.work
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }

    /// Calls a function there.
    #[pyo3(signature = (function, args, kwargs=None))]
    fn call(
        &self,
        py: Python<'_>,
        function: &Bound<'_, PyAny>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        if self.is_here() {
            // From inside, where waiting would be for itself.
            return function.call(args, kwargs).map(Bound::unbind);
        }
        self.own()?;
        let answer = Arc::new(Answer {
            result: Mutex::new(None),
            done: event().into_py(py)?,
        });
        let task = Task {
            function: function.clone().unbind(),
            args: args.clone().unbind(),
            kwargs: kwargs.map(|kwargs| kwargs.clone().unbind()),
            answer: Arc::clone(&answer),
        };
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = match work.as_ref() {
            Some(work) => work.send(task),
            None => return Err(PyValueError::new_err("the thread inside has been left")),
        };
        drop(work);
        drop(sent);
        poll::readable(py, answer.done.as_fd(), None)?;
        let result = answer
            .result
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        result.unwrap_or_else(|| lost().into_py(py))
    }

    /// Lets the calls that were asked for come to their end, and ends the thread. Interrupted by a signal's
    /// handler, it can be called again.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_here() {
            return Err(PyRuntimeError::new_err("it cannot be left from inside"));
        }
        if self.own().is_err() {
            self.disown();
            return Ok(());
        }
        drop(self.take_work());
        if let Some(served) = self.served() {
            poll::readable(py, served.ended.as_fd(), None)?;
        }
        self.served
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let thread = self.take_thread();
        py.detach(|| drop(thread));
        Ok(())
    }
}

impl Inside {
    fn is_here(&self) -> bool {
        self.served()
            .is_some_and(|served| served.id.get() == Some(&current().id()))
            && self.own().is_ok()
    }

    fn own(&self) -> PyResult<()> {
        if self.owner == std::process::id() {
            return Ok(());
        }
        Err(PyRuntimeError::new_err(
            "the thread inside is not in this process, which is a fork of the one that has it",
        ))
    }

    fn served(&self) -> Option<Arc<Served>> {
        self.served
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn take_work(&self) -> Option<Sender<Task>> {
        self.work
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn take_thread(&self) -> Option<ns::Inside> {
        self.thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// In a fork the other end of the channel may be in any state, so that its locks are not touched.
    fn disown(&self) {
        std::mem::forget(self.take_work());
        std::mem::forget(self.take_thread());
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if self.own().is_err() {
            return self.disown();
        }
        let here = self.is_here();
        drop(self.take_work());
        let Some(thread) = self.take_thread() else {
            return;
        };
        if here {
            // A thread cannot wait for its own end.
            std::thread::spawn(move || drop(thread));
            return;
        }
        Python::attach(|py| py.detach(|| drop(thread)));
    }
}

fn lost() -> libisolate::Result<Py<PyAny>> {
    Err(Error::new(
        ErrorKind::Internal,
        Stage::Namespace,
        "thread",
        "the thread inside has ended",
    ))
}
