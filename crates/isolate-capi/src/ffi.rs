//! The border: every pointer cast of the crate, and the guard around every function's body.
//!
//! The functions here that take pointers rely on what the top of the header asks of C callers: a
//! pointer is NULL, or it is what its type and the function's comment say, for as long as the call
//! lasts.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::fd::BorrowedFd;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::slice;
use std::sync::{Arc, Once};

use libisolate::ns::Namespace;
use libisolate::spec::Bytes;
use libisolate::{Error, ErrorKind, Result, Stage};

use crate::error::isolate_error;
use crate::ns::isolate_ns;

/// Runs the body of a function that can fail.
///
/// Gives 0, or the negative errno of the error, which goes to `err` where that is not NULL. A panic
/// becomes `-ENOTRECOVERABLE`.
pub(crate) unsafe fn guard(
    err: *mut *mut isolate_error,
    body: impl FnOnce() -> Result<()>,
) -> c_int {
    match contain(body) {
        Ok(()) => 0,
        Err(error) => {
            let code = -error.errno();
            if !err.is_null() {
                let handle = Box::into_raw(Box::new(isolate_error::new(error)));
                // SAFETY: not NULL, so it points to a place for an error.
                unsafe { err.write(handle) };
            }
            code
        }
    }
}

/// Runs the body of a getter: its value, or `fallback` where the handle is NULL or the body panics.
pub(crate) fn value<T>(fallback: T, body: impl FnOnce() -> Result<T>) -> T {
    contain(body).unwrap_or(fallback)
}

/// Runs the body of a getter that shares its return value with negative errnos.
pub(crate) fn code(body: impl FnOnce() -> Result<c_int>) -> c_int {
    contain(body).unwrap_or_else(|error| -error.errno())
}

thread_local! {
    /// Whether this thread is inside `contain`, whose panics are not for stderr.
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
    /// The text of the panic that `contain` is about to catch. Touched only when there is one: a
    /// thread-local with a destructor keeps a shared library from being unloaded until its thread
    /// ends.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn contain<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(quiet_contained_panics);
    let outer = CONTAINED.replace(true);
    // Nothing of the body's is looked at again after a panic but handles, whose locks then say so.
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    CONTAINED.set(outer);
    result.unwrap_or_else(|payload| Err(panicked(payload.as_ref())))
}

/// Keeps std's panic message off the host's stderr, for panics inside `contain` only.
///
/// libisolate.so and libisolate.a carry a std of their own, so no hook of a Rust host's is replaced;
/// where this crate is linked as a Rust library, panics elsewhere go to the hook that was there.
fn quiet_contained_panics() {
    if std::thread::panicking() {
        return; // take_hook panics on a thread that unwinds
    }
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        if CONTAINED.get() {
            PANIC.replace(Some(info.to_string()));
        } else {
            before(info);
        }
    }));
}

fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = PANIC.take().unwrap_or_else(|| {
        let words = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let words = words.or_else(|| payload.downcast_ref::<String>().cloned());
        words.unwrap_or_else(|| "no text".to_owned())
    });
    let text = text.replace('\n', " ");
    Error::new(
        ErrorKind::Internal,
        Stage::Spec,
        "",
        format!("defect of libisolate: {text}"),
    )
}

fn null(name: &str) -> Error {
    Error::invalid(name, "must not be NULL")
}

/// The object behind a handle.
pub(crate) unsafe fn shared<'a, T>(handle: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: not NULL is checked by as_ref; the caller has it from this library and not freed it.
    unsafe { handle.as_ref() }.ok_or_else(|| null(name))
}

/// The object behind a handle that no other thread uses during the call.
pub(crate) unsafe fn exclusive<'a, T>(handle: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: as `shared`, and functions that take `T *` are called by one thread at a time.
    unsafe { handle.as_mut() }.ok_or_else(|| null(name))
}

/// The object behind a handle that may be NULL.
pub(crate) unsafe fn optional<'a, T>(handle: *const T) -> Option<&'a T> {
    // SAFETY: as `shared`.
    unsafe { handle.as_ref() }
}

/// Makes a handle and stores it in `out`, after `make` succeeded.
pub(crate) unsafe fn give<T>(out: *mut *mut T, make: impl FnOnce() -> Result<T>) -> Result<()> {
    // SAFETY: `give_boxed` has the same contract.
    unsafe { give_boxed(out, || make().map(Box::new)) }
}

/// As `give`, for what is in a box of its own already.
pub(crate) unsafe fn give_boxed<T>(
    out: *mut *mut T,
    make: impl FnOnce() -> Result<Box<T>>,
) -> Result<()> {
    // SAFETY: `put` has the same contract.
    unsafe { put(out, || make().map(Box::into_raw)) }
}

/// Stores a value in `out`, after `make` succeeded. A NULL `out` is refused before anything is made.
pub(crate) unsafe fn put<T>(out: *mut T, make: impl FnOnce() -> Result<T>) -> Result<()> {
    if out.is_null() {
        return Err(null("out"));
    }
    let value = make()?;
    // SAFETY: not NULL, so it points to a place for a T.
    unsafe { out.write(value) };
    Ok(())
}

/// Stores bytes in a buffer of the caller's with room for `size` of them.
pub(crate) unsafe fn put_bytes(
    out: *mut u8,
    size: usize,
    make: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<()> {
    if out.is_null() {
        return Err(null("out"));
    }
    let bytes = make()?;
    if bytes.len() > size {
        let detail = format!("is {size}, and there are {} bytes", bytes.len());
        return Err(Error::invalid("size", detail));
    }
    // SAFETY: not NULL, so there are `size` bytes, which are the caller's and no less than these.
    unsafe { out.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Ok(())
}

/// Stores as many numbers as a buffer of the caller's has room for, and in `count` how many there are.
pub(crate) unsafe fn put_some(
    first: *mut c_int,
    room: usize,
    count: *mut usize,
    name: &str,
    list: impl FnOnce() -> Vec<i32>,
) -> Result<()> {
    if first.is_null() && room > 0 {
        return Err(null(name));
    }
    // SAFETY: `put` has the same contract.
    unsafe {
        put(count, || {
            let found = list();
            let stored = found.len().min(room);
            if stored > 0 {
                // Not NULL, so there is room for `room` numbers, which are the caller's.
                first.copy_from_nonoverlapping(found.as_ptr(), stored);
            }
            Ok(found.len())
        })
    }
}

/// As `give`, for a type that is counted by references.
pub(crate) unsafe fn give_counted<T>(
    out: *mut *mut T,
    make: impl FnOnce() -> Result<T>,
) -> Result<()> {
    // SAFETY: `put` has the same contract.
    unsafe {
        put(out, || {
            make().map(|value| Arc::into_raw(Arc::new(value)).cast_mut())
        })
    }
}

/// Counts one reference more to what `give_counted` made; nothing for NULL.
pub(crate) unsafe fn count_up<T>(handle: *const T) {
    if !handle.is_null() {
        // SAFETY: it came from Arc::into_raw, and the caller holds a reference.
        unsafe { Arc::increment_strong_count(handle) };
    }
}

/// Counts one reference less, and drops the object with the last; nothing for NULL.
pub(crate) unsafe fn count_down<T>(handle: *const T) {
    if handle.is_null() {
        return;
    }
    value((), || {
        // SAFETY: it came from Arc::into_raw, and the caller gives up a reference that it holds.
        drop(unsafe { Arc::from_raw(handle) });
        Ok(())
    });
}

/// Stores an owned C string in `out`; `isolate_string_free` releases it.
pub(crate) unsafe fn give_string(
    out: *mut *mut c_char,
    make: impl FnOnce() -> Result<String>,
) -> Result<()> {
    // SAFETY: `put` has the same contract.
    unsafe { put(out, || make().map(|text| c_string(text).into_raw())) }
}

/// Frees what `give` made; nothing for NULL.
pub(crate) unsafe fn take_back<T>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    value((), || {
        // SAFETY: it came from Box::into_raw in `give`, and is freed once.
        drop(unsafe { Box::from_raw(handle) });
        Ok(())
    });
}

/// Frees what `give_string` made; nothing for NULL.
pub(crate) unsafe fn take_back_string(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: it came from CString::into_raw in `give_string`, and is freed once.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// A string argument as bytes.
pub(crate) unsafe fn bytes(text: *const c_char, name: &str) -> Result<Bytes> {
    // SAFETY: `borrow` has the same contract.
    Ok(Bytes::from(unsafe { borrow(text, name) }?.to_bytes()))
}

/// A string argument that must be UTF-8.
pub(crate) unsafe fn utf8<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: `borrow` has the same contract.
    unsafe { borrow(text, name) }?
        .to_str()
        .map_err(|_| Error::invalid(name, "must be UTF-8"))
}

unsafe fn borrow<'a>(text: *const c_char, name: &str) -> Result<&'a CStr> {
    if text.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, so it ends with a NUL.
    Ok(unsafe { CStr::from_ptr(text) })
}

/// A list of strings that ends with NULL.
pub(crate) unsafe fn string_list(list: *const *const c_char, name: &str) -> Result<Vec<Bytes>> {
    if list.is_null() {
        return Err(null(name));
    }
    let mut found = Vec::new();
    // SAFETY: the list ends with NULL, and every element before it is a string.
    unsafe {
        let mut next = list;
        while !(*next).is_null() {
            found.push(bytes(*next, name)?);
            next = next.add(1);
        }
    }
    Ok(found)
}

/// An array with its length; NULL is fine for an empty one.
pub(crate) unsafe fn array<'a, T>(first: *const T, count: usize, name: &str) -> Result<&'a [T]> {
    match (first.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(null(name)),
        // SAFETY: not NULL, so there are `count` elements.
        (false, _) => Ok(unsafe { slice::from_raw_parts(first, count) }),
    }
}

/// The namespaces of an array of handles.
pub(crate) unsafe fn namespaces<'a>(
    first: *const *const isolate_ns,
    count: usize,
    name: &str,
) -> Result<Vec<&'a Namespace>> {
    // SAFETY: `array` and `shared` have the same contract.
    unsafe {
        let handles = array(first, count, name)?.iter();
        handles
            .map(|handle| shared(*handle, name).map(|ns| &ns.namespace))
            .collect()
    }
}

/// A descriptor of the caller's.
pub(crate) unsafe fn descriptor<'a>(fd: c_int, name: &str) -> Result<BorrowedFd<'a>> {
    if fd < 0 {
        return Err(Error::invalid(name, format!("{fd} is no descriptor")));
    }
    // SAFETY: not -1. It is only handed to system calls during the call, which know whether it is open.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// A function of the caller's with its argument, to be called from another thread.
pub(crate) unsafe fn callback(
    body: unsafe extern "C" fn(*mut c_void) -> c_int,
    arg: *mut c_void,
) -> impl FnOnce() -> c_int + Send {
    struct Given(*mut c_void);
    impl Given {
        fn call(self, body: unsafe extern "C" fn(*mut c_void) -> c_int) -> c_int {
            // SAFETY: the caller gave both, to be called together once.
            unsafe { body(self.0) }
        }
    }
    // SAFETY: the caller waits while the other thread has it, so one thread at a time does.
    unsafe impl Send for Given {}
    let given = Given(arg);
    move || given.call(body)
}

/// Stores a value where the caller wants it.
pub(crate) unsafe fn store<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not NULL, so it points to a place for a T.
        unsafe { out.write(value) };
    }
}

/// A struct of plain numbers and pointers whose first field is its size in bytes, without padding.
///
/// # Safety
/// `repr(C)`, the first field a `usize`, no padding, every bit pattern of zeroes valid.
pub(crate) unsafe trait Sized0: Copy {}

/// Fills a struct of the caller's, which may be older (shorter) or newer (longer) than ours: what we
/// know and it has room for, and zeroes after that. Its size field stays as the caller set it.
pub(crate) unsafe fn fill<T: Sized0>(out: *mut T, known: &T, name: &str) -> Result<()> {
    const HEAD: usize = size_of::<usize>();
    if out.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and every version of the struct begins with its size.
    let size = unsafe { out.cast::<usize>().read() };
    if size < HEAD {
        return Err(Error::invalid(
            name,
            "its size field must be set to its sizeof",
        ));
    }
    let room = size.min(size_of::<T>());
    let (from, to) = ((&raw const *known).cast::<u8>(), out.cast::<u8>());
    // SAFETY: the caller's struct has `size` bytes, ours size_of::<T>(), and they do not overlap.
    unsafe {
        to.add(HEAD)
            .copy_from_nonoverlapping(from.add(HEAD), room - HEAD);
        to.add(room).write_bytes(0, size - room);
    }
    Ok(())
}

/// Text as a C string. A NUL, which only a wrong spec can bring in, is shown as `\0`.
pub(crate) fn c_string(text: impl Into<String>) -> CString {
    let text = text.into();
    CString::new(text.replace('\0', "\\0")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null_mut;

    #[test]
    fn a_panic_becomes_an_error_with_its_text() {
        let mut err = null_mut();
        // SAFETY: `err` is a place for an error; the error is freed below.
        let code = unsafe { guard(&mut err, || panic!("broken {}", 7)) };
        assert_eq!(code, -libc::ENOTRECOVERABLE);
        // SAFETY: guard has stored an error there.
        let message = unsafe {
            let text = crate::error::isolate_error_message(err);
            let message = CStr::from_ptr(text).to_string_lossy().into_owned();
            crate::error::isolate_error_free(err);
            message
        };
        assert!(message.contains("broken 7"), "{message}");
        assert!(message.contains("ffi.rs:"), "no place in {message}");
        assert!(!message.contains('\n'), "{message:?}");
    }

    #[test]
    fn a_panic_in_a_getter_gives_the_fallback() {
        assert_eq!(value(5, || panic!("broken")), 5);
        assert_eq!(code(|| panic!("broken")), -libc::ENOTRECOVERABLE);
        assert!(
            !CONTAINED.get(),
            "the guard of this thread was not taken down"
        );
    }

    #[test]
    fn a_nul_in_a_text_is_shown() {
        assert_eq!(c_string("a\0b").as_bytes(), b"a\\0b");
    }
}
