//! Work that may take a while: it runs on a launching thread and settles a promise. While it is under
//! way it keeps the event loop alive.

use std::os::fd::{IntoRawFd as _, OwnedFd};

use libisolate::{Error, ErrorKind, Stage};
use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, Result, sys};

use crate::failure::{failure, guard};
use crate::launcher;

/// What makes the result on the JavaScript thread.
type Made<T> = Box<dyn FnOnce(Env) -> Result<T> + Send>;

/// What settles a promise, from any thread. Until it is called it keeps the event loop alive.
pub type Settle<T> = Box<dyn FnOnce(libisolate::Result<T>) + Send>;

/// A promise, and what settles it.
pub fn promise<T>(env: &Env) -> Result<(Settle<T>, Object<'_>)>
where
    T: ToNapiValue + Send + 'static,
{
    let (deferred, promise) = env.create_deferred::<T, Made<T>>()?;
    let settle = Box::new(move |result| match result {
        Ok(value) => deferred.resolve(Box::new(move |_| Ok(value)) as Made<T>),
        Err(error) => deferred.reject(failure(&error)),
    });
    Ok((settle, promise))
}

/// A promise of what `work` gives. On a thread that was moved into other namespaces it runs at once, on
/// that thread.
pub fn task<T, F>(env: &Env, work: F) -> Result<Object<'_>>
where
    T: ToNapiValue + Send + 'static,
    F: FnOnce() -> libisolate::Result<T> + Send + 'static,
{
    let (deferred, promise) = env.create_deferred::<T, Made<T>>()?;
    let settled = deferred.clone();
    let submitted = launcher::submit(move || match guard(work) {
        Ok(value) => settled.resolve(Box::new(move |_| Ok(value))),
        Err(error) => settled.reject(failure(&error)),
    });
    if !submitted {
        deferred.reject(failure(&no_thread(Stage::Namespace)));
    }
    Ok(promise)
}

/// No launching thread can be had.
pub fn no_thread(stage: Stage) -> Error {
    Error::new(
        ErrorKind::Limit,
        stage,
        "launching thread",
        "cannot be started; the limit on threads of this process or user is reached",
    )
}

/// A descriptor that becomes JavaScript's with its number. It is closed when there is nobody to take
/// it: a thread that has ended meanwhile.
pub struct Passed(pub OwnedFd);

impl ToNapiValue for Passed {
    unsafe fn to_napi_value(env: sys::napi_env, value: Passed) -> Result<sys::napi_value> {
        // SAFETY: as for this function: called on the thread of `env`.
        unsafe { i32::to_napi_value(env, value.0.into_raw_fd()) }
    }
}
