//! `isolate_nsset`: namespaces made together, that no process needs to live in.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::ptr;

use libisolate::ns::{self, Kind, NamespaceSet};
use libisolate::{Error, ErrorKind, Spec, Stage};

use crate::error::isolate_error;
use crate::ffi::{self, exclusive, shared};
use crate::ns::isolate_ns;
use crate::ns_kind::{kind, kinds};
use crate::spec::isolate_spec;

/// Namespaces made together, and kept by their descriptors.
///
/// No process lives in them, with one exception: a pid namespace is of no use without its pid 1, so
/// with one among them a holder, an init that only reaps, lives in all of them. It ends when the set is
/// freed, and with it whatever runs in the pid namespace.
pub struct isolate_nsset {
    /// Boxed, so that a borrowed handle stays where it is when another is taken out.
    members: BTreeMap<Kind, Box<isolate_ns>>,
    set: NamespaceSet,
}

impl From<NamespaceSet> for isolate_nsset {
    fn from(mut set: NamespaceSet) -> isolate_nsset {
        let taken = set.kinds().into_iter();
        let members = taken.filter_map(|kind| Some((kind, Box::new(set.take(kind)?.into()))));
        isolate_nsset {
            members: members.collect(),
            set,
        }
    }
}

/// Make namespaces, each owned by the new user namespace when that is among them.
///
/// kinds: ISOLATE_NS_ constants, each at most once.
/// count: how many, at least 1.
/// settings: what they are to be like, or NULL: a spec from isolate_spec_new_settings, in which only
/// the host and domain name, time offsets, sysctls, id maps, and a user namespace that is there and is
/// to own them are set.
/// out: the set, on success.
/// Returns 0, -EINVAL for NULL, for an unknown constant and for settings that say anything else or do
/// not fit the kinds, or another negative errno, as isolate_job_spawn. On an error nothing is left.
/// Ownership: the settings stay the caller's; release *out with isolate_nsset_free.
/// Threads: any; no thread of the process moves. Blocks: until they are made. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_create(
    kinds: *const u32,
    count: usize,
    settings: *const isolate_spec,
    out: *mut *mut isolate_nsset,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let kinds = self::kinds(kinds, count)?;
        let none = Spec::new(Vec::<&str>::new());
        let settings = ffi::optional(settings).map_or(&none, |settings| &settings.0);
        ffi::give(out, || {
            ns::create(&kinds, settings).map(isolate_nsset::from)
        })
    })
}

/// Get the namespace of a kind in a set.
///
/// kind: an ISOLATE_NS_ constant.
/// Returns the handle, or NULL where there is none, for NULL and for an unknown constant.
/// Ownership: borrowed from the set. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_nsset_get(
    set: *const isolate_nsset,
    kind: u32,
) -> *const isolate_ns {
    ffi::value(ptr::null(), || {
        let member = shared(set, "set")?.members.get(&self::kind(kind)?);
        Ok(member.map_or(ptr::null(), |ns| &raw const **ns))
    })
}

/// Take the namespace of a kind out of a set. A pid namespace lives only as long as the set does.
///
/// kind: an ISOLATE_NS_ constant.
/// out: the handle, on success; the one that isolate_nsset_get gave.
/// Returns 0, -ENOENT where there is none (any more), or -EINVAL for NULL and for an unknown constant.
/// Ownership: release *out with isolate_ns_free.
/// Threads: one at a time for one set. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_nsset_take(
    set: *mut isolate_nsset,
    kind: u32,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let kind = self::kind(kind)?;
        let set = exclusive(set, "set")?;
        ffi::give_boxed(out, || {
            set.members.remove(&kind).ok_or_else(|| {
                let detail = "is not in the set";
                Error::new(ErrorKind::NotFound, Stage::Namespace, kind.name(), detail)
            })
        })
    })
}

/// Get the process that is pid 1 of a pid namespace in a set.
///
/// Returns its number as the caller sees it, -ENOENT where the set was made without a pid namespace, or
/// -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_nsset_holder_pid(set: *const isolate_nsset) -> c_int {
    ffi::code(|| {
        Ok(shared(set, "set")?
            .set
            .holder_pid()
            .unwrap_or(-libc::ENOENT))
    })
}

/// Free a set and the handles that were not taken out of it; NULL is fine. The holder of a pid
/// namespace is killed.
///
/// Ownership: takes the set and every handle borrowed from it.
/// Threads: one at a time. Blocks: until the holder is gone. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_nsset_free(set: *mut isolate_nsset) {
    ffi::take_back(set);
}

// What the header promises about threads.
const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<isolate_nsset>();
};
