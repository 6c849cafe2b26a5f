//! A handle of a namespace as Python sees it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::fd::{AsFd as _, AsRawFd as _, IntoRawFd as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use libisolate::Result;
use libisolate::ns;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::borrowed;
use crate::failure::{IntoPy as _, guard, to_json};

/// A handle of a namespace.
#[pyclass(module = "libisolate._native", frozen, weakref)]
pub struct Namespace {
    /// `None` once closed. A call that is under way on another thread keeps what it uses.
    namespace: Mutex<Option<Arc<ns::Namespace>>>,
    kind: ns::Kind,
    id: ns::NamespaceId,
}

impl From<ns::Namespace> for Namespace {
    fn from(namespace: ns::Namespace) -> Namespace {
        Namespace {
            kind: namespace.kind(),
            id: namespace.id(),
            namespace: Mutex::new(Some(Arc::new(namespace))),
        }
    }
}

impl Namespace {
    /// The handle, unless it is closed.
    pub fn get(&self) -> PyResult<Arc<ns::Namespace>> {
        let namespace = self
            .namespace
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        namespace
            .clone()
            .ok_or_else(|| PyValueError::new_err("the namespace handle is closed"))
    }

    /// Does something with it, while other threads run.
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&ns::Namespace) -> Result<T> + Send,
    ) -> PyResult<T> {
        let namespace = self.get()?;
        py.detach(|| guard(|| question(&namespace))).into_py(py)
    }

    fn further(
        &self,
        py: Python<'_>,
        question: fn(&ns::Namespace) -> Result<ns::Namespace>,
    ) -> PyResult<Namespace> {
        self.ask(py, question).map(Namespace::from)
    }
}

fn opened(
    py: Python<'_>,
    open: impl FnOnce() -> Result<ns::Namespace> + Send,
) -> PyResult<Namespace> {
    let namespace = py.detach(|| guard(open)).into_py(py)?;
    Ok(namespace.into())
}

#[pymethods]
impl Namespace {
    /// The calling thread's own.
    #[staticmethod]
    fn of_thread(py: Python<'_>, kind: &str) -> PyResult<Namespace> {
        opened(py, || ns::Namespace::of_thread(kind.parse()?))
    }

    /// That of a process.
    #[staticmethod]
    fn of_process(py: Python<'_>, pid: i32, kind: &str) -> PyResult<Namespace> {
        opened(py, || ns::Namespace::of_process(pid, kind.parse()?))
    }

    /// That in which a process's children begin.
    #[staticmethod]
    fn of_children(py: Python<'_>, pid: i32, kind: &str) -> PyResult<Namespace> {
        opened(py, || ns::Namespace::of_children(pid, kind.parse()?))
    }

    /// That of the process of a pidfd.
    #[staticmethod]
    fn of_pidfd(py: Python<'_>, pidfd: i32, kind: &str) -> PyResult<Namespace> {
        opened(py, || {
            ns::Namespace::of_pidfd(borrowed(pidfd)?, kind.parse()?)
        })
    }

    /// That at a path.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Namespace> {
        opened(py, || ns::Namespace::open(path))
    }

    /// That of a descriptor, which stays the caller's.
    #[staticmethod]
    fn of_fd(py: Python<'_>, fd: i32) -> PyResult<Namespace> {
        opened(py, || ns::Namespace::of_fd(fd))
    }

    /// That of a file handle.
    #[staticmethod]
    fn of_file_handle(py: Python<'_>, handle: &[u8]) -> PyResult<Namespace> {
        opened(py, || ns::Namespace::of_file_handle(handle))
    }

    /// That with a 64-bit number.
    #[staticmethod]
    fn of_kernel_id(py: Python<'_>, id: u64) -> PyResult<Namespace> {
        opened(py, || ns::Namespace::of_kernel_id(id))
    }

    /// The network namespace with a name.
    #[staticmethod]
    fn named(py: Python<'_>, name: &str) -> PyResult<Namespace> {
        opened(py, || ns::named(name))
    }

    /// Its kind.
    #[getter]
    fn kind(&self) -> &'static str {
        self.kind.name()
    }

    /// Its device and inode numbers.
    #[getter]
    fn id(&self) -> (u64, u64) {
        (self.id.device, self.id.inode)
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.namespace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.id.hash(&mut hasher);
        hasher.finish()
    }

    fn __eq__(&self, other: &Namespace) -> bool {
        self.id == other.id
    }

    /// Its descriptor.
    fn fileno(&self) -> PyResult<i32> {
        Ok(self.get()?.as_fd().as_raw_fd())
    }

    /// Closes its descriptor.
    fn close(&self) {
        self.namespace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// Another handle of the same namespace.
    fn dup(&self, py: Python<'_>) -> PyResult<Namespace> {
        self.further(py, ns::Namespace::try_clone)
    }

    /// Refuses it when it is of another kind.
    fn expect(&self, py: Python<'_>, kind: &str) -> PyResult<()> {
        self.ask(py, |n| n.try_clone()?.expect(kind.parse()?).map(drop))
    }

    /// Its 64-bit number.
    fn kernel_id(&self, py: Python<'_>) -> PyResult<u64> {
        self.ask(py, ns::Namespace::kernel_id)
    }

    /// Its file handle.
    fn file_handle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let handle = self.ask(py, ns::Namespace::file_handle)?;
        Ok(PyBytes::new(py, &handle))
    }

    /// Whether it is the one that the kernel booted with.
    fn is_initial(&self) -> PyResult<bool> {
        Ok(self.get()?.is_initial())
    }

    /// The namespace it is nested in.
    fn parent(&self, py: Python<'_>) -> PyResult<Namespace> {
        self.further(py, ns::Namespace::parent)
    }

    /// The user namespace whose capabilities count in it.
    fn owner(&self, py: Python<'_>) -> PyResult<Namespace> {
        self.further(py, ns::Namespace::owner)
    }

    /// The user id of whoever made the user namespace.
    fn owner_uid(&self, py: Python<'_>) -> PyResult<u32> {
        self.ask(py, ns::Namespace::owner_uid)
    }

    /// The number of a mount namespace and how many mounts it has, as JSON text.
    fn mount_info(&self, py: Python<'_>) -> PyResult<String> {
        let info = self.ask(py, ns::Namespace::mount_info)?;
        to_json(py, &info)
    }

    /// The number of a mount namespace.
    fn mount_namespace_id(&self, py: Python<'_>) -> PyResult<u64> {
        self.ask(py, ns::Namespace::mount_namespace_id)
    }

    /// The mount namespace with the next higher number.
    fn next_mount_namespace(&self, py: Python<'_>) -> PyResult<Namespace> {
        self.further(py, ns::Namespace::next_mount_namespace)
    }

    /// The mount namespace with the next lower number.
    fn previous_mount_namespace(&self, py: Python<'_>) -> PyResult<Namespace> {
        self.further(py, ns::Namespace::previous_mount_namespace)
    }

    /// The host name in a uts namespace.
    fn hostname(&self, py: Python<'_>) -> PyResult<String> {
        self.ask(py, ns::Namespace::hostname)
    }

    /// Sets the host name.
    fn set_hostname(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        self.ask(py, |n| n.set_hostname(name))
    }

    /// The NIS domain name in a uts namespace.
    fn domainname(&self, py: Python<'_>) -> PyResult<String> {
        self.ask(py, ns::Namespace::domainname)
    }

    /// Sets the NIS domain name.
    fn set_domainname(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        self.ask(py, |n| n.set_domainname(name))
    }

    /// A kernel parameter of the namespace's own.
    fn sysctl(&self, py: Python<'_>, name: &str) -> PyResult<String> {
        self.ask(py, |n| n.sysctl(name))
    }

    /// Sets a kernel parameter.
    fn set_sysctl(&self, py: Python<'_>, name: &str, value: &str) -> PyResult<()> {
        self.ask(py, |n| n.set_sysctl(name, value))
    }

    /// The clock offsets of a time namespace, as JSON text.
    fn time_offsets(&self, py: Python<'_>) -> PyResult<String> {
        let offsets = self.ask(py, ns::Namespace::time_offsets)?;
        to_json(py, &offsets)
    }

    /// Opens a socket in a net namespace; gives its descriptor, which is the caller's.
    fn socket(&self, py: Python<'_>, family: i32, kind: i32, protocol: i32) -> PyResult<i32> {
        let socket = self.ask(py, |n| n.socket(family, kind, protocol))?;
        Ok(socket.into_raw_fd())
    }

    /// Where a process is in the cgroup trees, as JSON text.
    fn cgroup_paths(&self, py: Python<'_>, pid: i32) -> PyResult<String> {
        let paths = self.ask(py, |n| n.cgroup_paths(pid))?;
        to_json(py, &paths)
    }

    /// The maps of a user namespace, as JSON text.
    fn id_maps(&self, py: Python<'_>) -> PyResult<String> {
        let maps = self.ask(py, ns::Namespace::id_maps)?;
        to_json(py, &maps)
    }

    /// Who lives in it, as JSON text.
    fn processes(&self, py: Python<'_>) -> PyResult<String> {
        let processes = self.ask(py, ns::processes_in)?;
        to_json(py, &processes)
    }

    /// Keeps it at a path.
    fn persist(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.ask(py, |n| n.persist(path))
    }

    /// Keeps a network namespace under a name; gives the path.
    fn persist_name(&self, py: Python<'_>, name: &str) -> PyResult<PathBuf> {
        self.ask(py, |n| n.persist_name(name))
    }
}
