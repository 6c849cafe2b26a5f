//! The eight kinds of namespaces by their ISOLATE_NS_ numbers, and what is known of each.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use libisolate::ns::Kind;
use libisolate::{Error, Result};

use crate::constants;
use crate::error::isolate_error;
use crate::ffi;

/// The kind with an ISOLATE_NS_ number.
pub(crate) fn kind(number: u32) -> Result<Kind> {
    let name = constants::namespace_name(number)?;
    Kind::from_name(name).ok_or_else(|| Error::invalid("kind", format!("no {name} namespaces")))
}

/// The ISOLATE_NS_ number of a kind.
pub(crate) fn number(kind: Kind) -> u32 {
    match kind {
        Kind::Cgroup => constants::ISOLATE_NS_CGROUP,
        Kind::Ipc => constants::ISOLATE_NS_IPC,
        Kind::Net => constants::ISOLATE_NS_NET,
        Kind::Mnt => constants::ISOLATE_NS_MNT,
        Kind::Pid => constants::ISOLATE_NS_PID,
        Kind::Time => constants::ISOLATE_NS_TIME,
        Kind::User => constants::ISOLATE_NS_USER,
        Kind::Uts => constants::ISOLATE_NS_UTS,
    }
}

/// The kinds of an array of ISOLATE_NS_ numbers.
pub(crate) unsafe fn kinds(first: *const u32, count: usize) -> Result<Vec<Kind>> {
    let numbers = ffi::array(first, count, "kinds")?;
    numbers.iter().map(|number| kind(*number)).collect()
}

/// What the kernel calls a kind, what it isolates and since when, in C's strings.
fn words(kind: Kind) -> [&'static CStr; 3] {
    match kind {
        Kind::Cgroup => [c"cgroup", c"the root of the cgroup tree", c"4.6"],
        Kind::Ipc => [c"ipc", c"System V IPC and POSIX message queues", c"2.6.19"],
        Kind::Net => [
            c"net",
            c"network devices, addresses, routes, ports and rules",
            c"2.6.24",
        ],
        Kind::Mnt => [c"mnt", c"mounts", c"2.4.19"],
        Kind::Pid => [c"pid", c"process ids", c"2.6.24"],
        Kind::Time => [c"time", c"the monotonic and boot-time clocks", c"5.6"],
        Kind::User => [
            c"user",
            c"user and group ids, capabilities and keyrings",
            c"3.8",
        ],
        Kind::Uts => [c"uts", c"host name and NIS domain name", c"2.6.19"],
    }
}

/// Get the name of a kind under /proc/PID/ns, such as "net".
///
/// kind: an ISOLATE_NS_ constant.
/// Returns the name, or NULL for an unknown constant.
/// Ownership: borrowed, valid for ever. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kind_name(kind: u32) -> *const c_char {
    ffi::value(ptr::null(), || Ok(words(self::kind(kind)?)[0].as_ptr()))
}

/// Get what a kind isolates, in a few words.
///
/// kind: an ISOLATE_NS_ constant.
/// Returns the text, or NULL for an unknown constant.
/// Ownership: borrowed, valid for ever. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kind_isolates(kind: u32) -> *const c_char {
    ffi::value(ptr::null(), || Ok(words(self::kind(kind)?)[1].as_ptr()))
}

/// Get the first Linux that has a kind as a namespace of its own, such as "4.6".
///
/// kind: an ISOLATE_NS_ constant.
/// Returns the text, or NULL for an unknown constant.
/// Ownership: borrowed, valid for ever. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kind_since(kind: u32) -> *const c_char {
    ffi::value(ptr::null(), || Ok(words(self::kind(kind)?)[2].as_ptr()))
}

/// Get the CLONE_NEW flag of a kind, for clone(2), unshare(2) and setns(2).
///
/// kind: an ISOLATE_NS_ constant.
/// Returns the flag, or 0 for an unknown constant.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kind_flag(kind: u32) -> u64 {
    ffi::value(0, || Ok(self::kind(kind)?.flag()))
}

/// Get the kind of a name under /proc/PID/ns, such as "net".
///
/// out: the kind, an ISOLATE_NS_ constant, on success.
/// Returns 0, or -EINVAL for NULL and for another word; the error names those that there are.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kind_from_name(
    name: *const c_char,
    out: *mut u32,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let kind = ffi::utf8(name, "name")?.parse()?;
        ffi::put(out, || Ok(number(kind)))
    })
}

/// Get the kind of a CLONE_NEW flag.
///
/// Returns an ISOLATE_NS_ constant, or -EINVAL for anything but one such flag.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kind_from_flag(flag: u64) -> c_int {
    ffi::code(|| {
        let kind = Kind::from_flag(flag)
            .ok_or_else(|| Error::invalid("flag", format!("{flag:#x} is no kind's flag")))?;
        Ok(number(kind) as c_int)
    })
}

/// Get whether this kernel has a kind.
///
/// kind: an ISOLATE_NS_ constant.
/// Returns 1 or 0, or -EINVAL for an unknown constant.
/// Threads: any. Blocks: for the time of a file look-up. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kind_supported(kind: u32) -> c_int {
    ffi::code(|| Ok(self::kind(kind)?.supported().into()))
}

/// Get whether namespaces of a kind are nested and have a parent: user and pid.
///
/// kind: an ISOLATE_NS_ constant.
/// Returns 1 or 0, or -EINVAL for an unknown constant.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kind_is_nested(kind: u32) -> c_int {
    ffi::code(|| Ok(self::kind(kind)?.is_nested().into()))
}

/// Get whether a process can have another namespace of a kind for its children than for itself: pid
/// and time.
///
/// kind: an ISOLATE_NS_ constant.
/// Returns 1 or 0, or -EINVAL for an unknown constant.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kind_is_for_children(kind: u32) -> c_int {
    ffi::code(|| Ok(self::kind(kind)?.is_for_children().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back_and_words_are_the_librarys() {
        for kind in Kind::ALL {
            assert_eq!(self::kind(number(kind)), Ok(kind));
            let told = words(kind).map(|word| word.to_str().expect("UTF-8"));
            assert_eq!(told, [kind.name(), kind.isolates(), kind.since()]);
        }
        assert!(self::kind(0).is_err());
    }
}
