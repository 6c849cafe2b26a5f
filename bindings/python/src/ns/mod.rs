//! Namespaces for Python: handles, threads inside, what is made, and what is asked without a handle.

mod create;
mod facts;
mod handle;
mod inside;
mod thread;

use std::os::fd::BorrowedFd;

use libisolate::ns::Kind;
use libisolate::{Error, ErrorKind, Stage};
use pyo3::prelude::*;

pub use handle::Namespace;

/// Adds everything to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<handle::Namespace>()?;
    module.add_class::<create::NamespaceSet>()?;
    module.add_class::<inside::Inside>()?;
    module.add_function(wrap_pyfunction!(create::create_namespaces, module)?)?;
    module.add_function(wrap_pyfunction!(thread::enter_thread, module)?)?;
    module.add_function(wrap_pyfunction!(thread::enter_thread_pidfd, module)?)?;
    module.add_function(wrap_pyfunction!(thread::unshare_thread, module)?)?;
    facts::register(module)
}

fn wrong(subject: impl Into<String>, detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidSpec, Stage::Namespace, subject, detail)
}

/// The kind of a name.
pub fn kind_of(name: &str) -> libisolate::Result<Kind> {
    Kind::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        wrong(
            format!("{name:?}"),
            format!("is no kind of namespace: expected {}", names.join(", ")),
        )
    })
}

fn kinds_of(names: &[String]) -> libisolate::Result<Vec<Kind>> {
    names.iter().map(|name| kind_of(name)).collect()
}

/// A descriptor that Python's caller names, for the time of one call.
fn borrowed<'a>(number: i32) -> libisolate::Result<BorrowedFd<'a>> {
    if number < 0 {
        return Err(wrong(
            format!("descriptor {number}"),
            "is no descriptor: they begin at 0",
        ));
    }
    // SAFETY: it is not -1, and nothing is done with it after the call; the kernel answers EBADF for a
    // number that is not open.
    Ok(unsafe { BorrowedFd::borrow_raw(number) })
}
