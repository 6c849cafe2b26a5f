//! The handle of a namespace. Work under way shares it, so that closing it never leaves that work with
//! a number that has become another file's.

use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, IntoRawFd as _};
use std::sync::Arc;

use libisolate::ns::{self, Kind, Namespace, NamespaceId};
use libisolate::{Error, ErrorKind, Stage};
use napi::bindgen_prelude::{Buffer, Object};
use napi::{Env, Result};
use napi_derive::napi;

use super::{number, path_of, whole};
use crate::failure::{failure, guard, text};
use crate::task::{Passed, task};

/// A handle; its descriptor is closed with it, or when it is collected.
#[napi]
pub struct Handle {
    namespace: Option<Arc<Namespace>>,
    kind: Kind,
    id: NamespaceId,
}

impl From<Namespace> for Handle {
    fn from(namespace: Namespace) -> Handle {
        Handle {
            kind: namespace.kind(),
            id: namespace.id(),
            namespace: Some(Arc::new(namespace)),
        }
    }
}

impl Handle {
    /// The namespace, for work that may outlast the handle.
    pub fn share(&self) -> Result<Arc<Namespace>> {
        self.namespace.clone().ok_or_else(|| {
            let subject = format!("{}:[{}]", self.kind, self.id.inode);
            let error = std::io::Error::from_raw_os_error(nix::libc::EBADF);
            let error = Error::from_io(&error, Stage::Namespace, subject);
            failure(
                &error
                    .with_kind(ErrorKind::InvalidSpec)
                    .with_hint("the handle is closed"),
            )
        })
    }

    fn ask<T>(&self, ask: impl FnOnce(&Namespace) -> libisolate::Result<T>) -> Result<T> {
        let namespace = self.share()?;
        guard(|| ask(&namespace)).map_err(|e| failure(&e))
    }

    fn later<'env, T, F>(&self, env: &'env Env, work: F) -> Result<Object<'env>>
    where
        T: napi::bindgen_prelude::ToNapiValue + Send + 'static,
        F: FnOnce(&Namespace) -> libisolate::Result<T> + Send + 'static,
    {
        let namespace = self.share()?;
        task(env, move || work(&namespace))
    }
}

fn opened(open: impl FnOnce() -> libisolate::Result<Namespace>) -> Result<Handle> {
    guard(open).map(Handle::from).map_err(|e| failure(&e))
}

/// A namespace of the calling thread.
#[napi(catch_unwind)]
pub fn ns_of_thread(kind: String) -> Result<Handle> {
    opened(|| Namespace::of_thread(kind.parse()?))
}

/// A namespace of a process.
#[napi(catch_unwind)]
pub fn ns_of_process(pid: i32, kind: String) -> Result<Handle> {
    opened(|| Namespace::of_process(pid, kind.parse()?))
}

/// The namespace that the children of a process begin in.
#[napi(catch_unwind)]
pub fn ns_of_children(pid: i32, kind: String) -> Result<Handle> {
    opened(|| Namespace::of_children(pid, kind.parse()?))
}

/// A namespace of a pidfd's process.
#[napi(catch_unwind)]
pub fn ns_of_pidfd(pidfd: i32, kind: String) -> Result<Handle> {
    opened(|| {
        let kind = kind.parse()?;
        Namespace::of_pidfd(borrow(pidfd)?, kind)
    })
}

/// The namespace at a path.
#[napi(catch_unwind)]
pub fn ns_open(path: Buffer) -> Result<Handle> {
    opened(|| Namespace::open(path_of(&path)))
}

/// The network namespace that is kept under a name.
#[napi(catch_unwind)]
pub fn ns_named(name: String) -> Result<Handle> {
    opened(|| ns::named(&name))
}

/// The namespace of a descriptor, which stays the caller's.
#[napi(catch_unwind)]
pub fn ns_of_fd(fd: i32) -> Result<Handle> {
    opened(|| Namespace::of_fd(fd))
}

/// The namespace of a file handle.
#[napi(catch_unwind)]
pub fn ns_of_file_handle(handle: Buffer) -> Result<Handle> {
    opened(|| Namespace::of_file_handle(&handle))
}

/// The namespace with the kernel's number for it, for which some kernels search. A promise.
#[napi(catch_unwind)]
pub fn ns_of_kernel_id(env: &Env, id: f64) -> Result<Object<'_>> {
    task(env, move || {
        Namespace::of_kernel_id(whole(id, "namespace")?).map(Handle::from)
    })
}

/// A namespace of a running job.
pub fn of_job(job: &libisolate::Job, kind: &str) -> Result<Handle> {
    opened(|| job.namespace(kind.parse()?))
}

/// A descriptor of the caller's, for the time of a call.
pub fn borrow<'a>(fd: i32) -> libisolate::Result<BorrowedFd<'a>> {
    if fd < 0 {
        return Err(super::wrong(format!("descriptor {fd}"), "is not open"));
    }
    // SAFETY: not -1. It is used for system calls alone, which say so when nothing is open there, and
    // the caller, which owns it, waits for them.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// Another descriptor of an open file.
#[napi(catch_unwind)]
pub fn dup(fd: i32) -> Result<i32> {
    let copy = guard(|| {
        let copy = borrow(fd)?.try_clone_to_owned();
        copy.map_err(|e| Error::from_io(&e, Stage::Namespace, format!("descriptor {fd}")))
    });
    copy.map(|copy| copy.into_raw_fd()).map_err(|e| failure(&e))
}

#[napi]
impl Handle {
    /// The name of its kind.
    #[napi(getter, catch_unwind)]
    pub fn kind(&self) -> &'static str {
        self.kind.name()
    }

    /// Its device number.
    #[napi(getter, catch_unwind)]
    pub fn device(&self) -> f64 {
        self.id.device as f64
    }

    /// Its inode number.
    #[napi(getter, catch_unwind)]
    pub fn inode(&self) -> f64 {
        self.id.inode as f64
    }

    /// Its descriptor; -1 when it is closed.
    #[napi(getter, catch_unwind)]
    pub fn fd(&self) -> i32 {
        self.namespace
            .as_ref()
            .map_or(-1, |namespace| namespace.as_fd().as_raw_fd())
    }

    /// Closes the descriptor, once no work needs it.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.namespace = None;
    }

    /// Another handle of the same namespace.
    #[napi(catch_unwind)]
    pub fn copy(&self) -> Result<Handle> {
        self.ask(Namespace::try_clone).map(Handle::from)
    }

    /// The kernel's 64-bit number.
    #[napi(catch_unwind)]
    pub fn kernel_id(&self) -> Result<f64> {
        self.ask(|namespace| number(namespace.kernel_id()?))
    }

    /// Its file handle.
    #[napi(catch_unwind)]
    pub fn file_handle(&self) -> Result<Buffer> {
        self.ask(Namespace::file_handle).map(Buffer::from)
    }

    /// Whether the kernel booted with it.
    #[napi(catch_unwind)]
    pub fn is_initial(&self) -> Result<bool> {
        self.ask(|namespace| Ok(namespace.is_initial()))
    }

    /// What it is nested in.
    #[napi(catch_unwind)]
    pub fn parent(&self) -> Result<Handle> {
        self.ask(Namespace::parent).map(Handle::from)
    }

    /// The user namespace that owns it.
    #[napi(catch_unwind)]
    pub fn owner(&self) -> Result<Handle> {
        self.ask(Namespace::owner).map(Handle::from)
    }

    /// Who made it.
    #[napi(catch_unwind)]
    pub fn owner_uid(&self) -> Result<u32> {
        self.ask(Namespace::owner_uid)
    }

    /// Number and count of mounts of a mount namespace, as JSON text.
    #[napi(catch_unwind)]
    pub fn mount_info(&self) -> Result<String> {
        self.ask(|namespace| text(&namespace.mount_info()?))
    }

    /// The number of a mount namespace.
    #[napi(catch_unwind)]
    pub fn mount_namespace_id(&self) -> Result<f64> {
        self.ask(|namespace| number(namespace.mount_namespace_id()?))
    }

    /// The mount namespace with the next higher number.
    #[napi(catch_unwind)]
    pub fn next_mount_namespace(&self) -> Result<Handle> {
        self.ask(Namespace::next_mount_namespace).map(Handle::from)
    }

    /// The mount namespace with the next lower number.
    #[napi(catch_unwind)]
    pub fn previous_mount_namespace(&self) -> Result<Handle> {
        self.ask(Namespace::previous_mount_namespace)
            .map(Handle::from)
    }

    /// The host name. A promise, as are all below.
    #[napi(catch_unwind)]
    pub fn hostname<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, Namespace::hostname)
    }

    /// Sets the host name.
    #[napi(catch_unwind)]
    pub fn set_hostname<'env>(&self, env: &'env Env, name: String) -> Result<Object<'env>> {
        self.later(env, move |namespace| namespace.set_hostname(&name))
    }

    /// The NIS domain name.
    #[napi(catch_unwind)]
    pub fn domainname<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, Namespace::domainname)
    }

    /// Sets the NIS domain name.
    #[napi(catch_unwind)]
    pub fn set_domainname<'env>(&self, env: &'env Env, name: String) -> Result<Object<'env>> {
        self.later(env, move |namespace| namespace.set_domainname(&name))
    }

    /// A kernel parameter.
    #[napi(catch_unwind)]
    pub fn sysctl<'env>(&self, env: &'env Env, name: String) -> Result<Object<'env>> {
        self.later(env, move |namespace| namespace.sysctl(&name))
    }

    /// Sets a kernel parameter.
    #[napi(catch_unwind)]
    pub fn set_sysctl<'env>(
        &self,
        env: &'env Env,
        name: String,
        value: String,
    ) -> Result<Object<'env>> {
        self.later(env, move |namespace| namespace.set_sysctl(&name, &value))
    }

    /// The clock offsets, as JSON text.
    #[napi(catch_unwind)]
    pub fn time_offsets<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, |namespace| text(&namespace.time_offsets()?))
    }

    /// A socket made there; its descriptor is the caller's.
    #[napi(catch_unwind)]
    pub fn socket<'env>(
        &self,
        env: &'env Env,
        family: i32,
        kind: i32,
        protocol: i32,
    ) -> Result<Object<'env>> {
        self.later(env, move |namespace| {
            let socket = namespace.socket(family, kind, protocol)?;
            Ok(Passed(socket))
        })
    }

    /// Where a process is in the cgroup trees as seen from here, as JSON text.
    #[napi(catch_unwind)]
    pub fn cgroup_paths<'env>(&self, env: &'env Env, pid: i32) -> Result<Object<'env>> {
        self.later(env, move |namespace| text(&namespace.cgroup_paths(pid)?))
    }

    /// The id maps of a user namespace, as JSON text.
    #[napi(catch_unwind)]
    pub fn id_maps<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, |namespace| text(&namespace.id_maps()?))
    }

    /// Keeps it at a path.
    #[napi(catch_unwind)]
    pub fn persist<'env>(&self, env: &'env Env, path: Buffer) -> Result<Object<'env>> {
        let path = path_of(&path).to_owned();
        self.later(env, move |namespace| namespace.persist(path))
    }

    /// Keeps it under a name; gives the path.
    #[napi(catch_unwind)]
    pub fn persist_name<'env>(&self, env: &'env Env, name: String) -> Result<Object<'env>> {
        self.later(env, move |namespace| {
            let path = namespace.persist_name(&name)?;
            Ok(path.display().to_string())
        })
    }

    /// Who lives in it, as JSON text.
    #[napi(catch_unwind)]
    pub fn processes<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, |namespace| text(&ns::processes_in(namespace)?))
    }
}
