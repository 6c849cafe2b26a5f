//! `isolate_inside`: a thread of its own that lives in namespaces.

use std::ffi::{c_int, c_void};

use libisolate::Error;
use libisolate::ns::Inside;

use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::ns::isolate_ns;

/// A thread of its own in namespaces, for code that works where its thread is: opening a socket in a
/// network namespace, reading a file in a mount namespace. The caller's threads never move.
pub struct isolate_inside(Inside);

/// Start a thread in namespaces. It waits there for isolate_inside_call.
///
/// list: handles, of different kinds; user and time namespaces are not for one thread of several.
/// count: how many, at least 1.
/// out: the thread, on success.
/// Returns 0, -EINVAL for NULL, for none and for two of one kind, -EOPNOTSUPP for a user or time
/// namespace, -EPERM without CAP_SYS_ADMIN over each, or another negative errno. Nothing is left then.
/// Ownership: the handles stay the caller's, and may be freed; release *out with isolate_inside_free.
/// Threads: any. Blocks: for the time of some system calls. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_inside_enter(
    list: *const *const isolate_ns,
    count: usize,
    out: *mut *mut isolate_inside,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let namespaces = ffi::namespaces(list, count, "list")?;
        ffi::give(out, || Inside::enter(&namespaces).map(isolate_inside))
    })
}

/// Call a function in the thread inside, and wait for it. Descriptors that it opens are the whole
/// process's.
///
/// body: the function. It must return: no longjmp, exception or pthread_exit out of it. It may call
/// isolate_inside_call for the same thread, which then runs at once, but not isolate_inside_free.
/// arg: what it is given; NULL is fine.
/// result: what it returned, on success; NULL is fine.
/// Returns 0, -EINVAL for NULL, or -ENOTRECOVERABLE in a fork of the process, which has not the thread.
/// Threads: any; one call at a time runs, the others wait. Blocks: until the function returns.
/// Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_inside_call(
    inside: *const isolate_inside,
    body: Option<unsafe extern "C" fn(arg: *mut c_void) -> c_int>,
    arg: *mut c_void,
    result: *mut c_int,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let inside = &shared(inside, "inside")?.0;
        let body = body.ok_or_else(|| Error::invalid("body", "must not be NULL"))?;
        let told = inside.call(ffi::callback(body, arg))?;
        ffi::store(result, told);
        Ok(())
    })
}

/// End a thread inside; NULL is fine.
///
/// Ownership: takes the thread.
/// Threads: one at a time, and not the thread inside. Blocks: until the thread has ended. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_inside_free(inside: *mut isolate_inside) {
    ffi::take_back(inside);
}

// What the header promises about threads.
const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<isolate_inside>();
};
