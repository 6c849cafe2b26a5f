//! Moving the calling thread, which is that of a worker. Whatever serves other threads must not be born
//! of it afterwards.

use std::cell::Cell;

use libisolate::ns::{Kind, Namespace, enter_thread, enter_thread_pidfd, unshare_thread};
use libisolate::{Error, Stage};
use napi::Result;
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use super::handle::borrow;
use super::{Handle, kinds_of};
use crate::failure::{failure, guard};
use crate::reactor;

thread_local! {
    static MOVED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread was moved into other namespaces.
pub fn was_moved() -> bool {
    MOVED.get()
}

fn moving(step: impl FnOnce() -> libisolate::Result<()>) -> Result<()> {
    let moved = guard(|| {
        reactor::ready()?;
        step()?;
        MOVED.set(true);
        Ok(())
    });
    moved.map_err(|e| failure(&e))
}

/// Moves the calling thread into namespaces.
#[napi(catch_unwind)]
pub fn ns_enter_thread(handles: Vec<ClassInstance<'_, Handle>>) -> Result<()> {
    let shared = handles.iter().map(|handle| handle.share());
    let shared = shared.collect::<Result<Vec<_>>>()?;
    let namespaces: Vec<&Namespace> = shared.iter().map(AsRef::as_ref).collect();
    moving(|| enter_thread(&namespaces))
}

/// Moves the calling thread into namespaces of a pidfd's process.
#[napi(catch_unwind)]
pub fn ns_enter_thread_pidfd(pidfd: i32, kinds: Vec<String>) -> Result<()> {
    moving(|| {
        let kinds = kinds_of(&kinds)?;
        enter_thread_pidfd(borrow(pidfd)?, &kinds)
    })
}

/// Gives the calling thread new namespaces.
#[napi(catch_unwind)]
pub fn ns_unshare_thread(kinds: Vec<String>) -> Result<()> {
    moving(|| unshare_thread(&kinds_of(&kinds)?))
}

/// Moves the calling thread, which runs nothing but one function and ends then, into the namespaces of
/// descriptors. For mounts it first gets a working directory of its own.
#[napi(catch_unwind)]
pub fn ns_enter_own_thread(fds: Vec<i32>) -> Result<()> {
    moving(|| {
        let found = fds.into_iter().map(Namespace::of_fd);
        let namespaces = found.collect::<libisolate::Result<Vec<_>>>()?;
        if namespaces
            .iter()
            .any(|namespace| namespace.kind() == Kind::Mnt)
        {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_FS)
                .map_err(|errno| Error::from_io(&errno.into(), Stage::Namespace, "unshare"))?;
        }
        enter_thread(&namespaces.iter().collect::<Vec<_>>())
    })
}
