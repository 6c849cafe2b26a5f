//! `isolate_events` and `isolate_event`: what happens to a group, and one thing that has happened.

use std::ffi::{CString, c_char, c_int};
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use libisolate::cgroup::{Event, EventKind, Events};
use libisolate::{Error, Result};

use crate::cgroup::{group, isolate_cgroup};
use crate::cgroup_members::timeout;
use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::string;
use crate::usage::ISOLATE_UNKNOWN;
use crate::watches::isolate_watches;

/// The events of a group, from when it was asked for them. Any thread may use it at any time; each event
/// is given once. It does not keep the group from being removed.
pub struct isolate_events(Events);

/// Something that has happened to a group. Never changes.
pub struct isolate_event {
    event: Event,
    kind_name: CString,
    file: CString,
    detail: Option<CString>,
}

/// Memory has run out. v1, where the group pauses instead of being killed: the detail is "paused".
pub const ISOLATE_EVENT_OOM: u32 = 1;
/// The kernel has killed processes for want of memory.
pub const ISOLATE_EVENT_OOM_KILL: u32 = 2;
/// The kernel has killed whole groups (memory.oom.group; Linux 5.17 counts them).
pub const ISOLATE_EVENT_OOM_GROUP_KILL: u32 = 3;
/// Memory usage has crossed the threshold; the value is the usage now, the detail "above" or "below".
pub const ISOLATE_EVENT_THRESHOLD: u32 = 4;
/// Stall time has gone over the trigger; the value is the group's stall time so far in microseconds, the
/// detail "some" or "full".
pub const ISOLATE_EVENT_PRESSURE: u32 = 5;
/// The kernel reclaims at or above the level in the detail.
pub const ISOLATE_EVENT_PRESSURE_LEVEL: u32 = 6;
/// Memory has met a limit: the detail is "low", "high" or "max" (or another word of memory.events).
pub const ISOLATE_EVENT_LIMIT: u32 = 7;
/// A fork or clone has failed at the limit of processes.
pub const ISOLATE_EVENT_PIDS_LIMIT: u32 = 8;
/// There are processes now.
pub const ISOLATE_EVENT_POPULATED: u32 = 9;
/// There are no processes any more.
pub const ISOLATE_EVENT_EMPTY: u32 = 10;
/// All processes stand still.
pub const ISOLATE_EVENT_FROZEN: u32 = 11;
/// They move again.
pub const ISOLATE_EVENT_THAWED: u32 = 12;
/// The group has been removed. The last event.
pub const ISOLATE_EVENT_REMOVED: u32 = 13;

/// The ISOLATE_EVENT_ number of a kind.
fn number(kind: EventKind) -> u32 {
    match kind {
        EventKind::Oom => ISOLATE_EVENT_OOM,
        EventKind::OomKill => ISOLATE_EVENT_OOM_KILL,
        EventKind::OomGroupKill => ISOLATE_EVENT_OOM_GROUP_KILL,
        EventKind::Threshold => ISOLATE_EVENT_THRESHOLD,
        EventKind::Pressure => ISOLATE_EVENT_PRESSURE,
        EventKind::PressureLevel => ISOLATE_EVENT_PRESSURE_LEVEL,
        EventKind::Limit => ISOLATE_EVENT_LIMIT,
        EventKind::PidsLimit => ISOLATE_EVENT_PIDS_LIMIT,
        EventKind::Populated => ISOLATE_EVENT_POPULATED,
        EventKind::Empty => ISOLATE_EVENT_EMPTY,
        EventKind::Frozen => ISOLATE_EVENT_FROZEN,
        EventKind::Thawed => ISOLATE_EVENT_THAWED,
        EventKind::Removed => ISOLATE_EVENT_REMOVED,
        _ => 0,
    }
}

impl From<Event> for isolate_event {
    fn from(event: Event) -> isolate_event {
        isolate_event {
            kind_name: ffi::c_string(event.kind.name()),
            file: ffi::c_string(event.file.as_str()),
            detail: event.detail.as_deref().map(ffi::c_string),
            event,
        }
    }
}

/// Stores an event, or NULL for none.
unsafe fn give(
    out: *mut *mut isolate_event,
    find: impl FnOnce() -> Result<Option<Event>>,
) -> Result<()> {
    ffi::put(out, || {
        let found = find()?.map(|event| Box::into_raw(Box::new(isolate_event::from(event))));
        Ok(found.unwrap_or(ptr::null_mut()))
    })
}

/// Begin to watch a group: what happens from now on is told by the events, which outlive the handle.
///
/// watches: what to watch; NULL or an empty list for the group's removal alone, which is always told.
/// out: the events, on success.
/// Returns 0, -EINVAL for NULL and for a number out of range, -EOPNOTSUPP when nothing on this layout tells
/// of what is to be watched, -ENOENT when the group has been removed, -EACCES or -EPERM when a file of the
/// group is not the caller's to use, or another negative errno.
/// Ownership: the watches stay the caller's; release *out with isolate_events_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_events(
    cgroup: *const isolate_cgroup,
    watches: *const isolate_watches,
    out: *mut *mut isolate_events,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        let watches = ffi::optional(watches).map_or(&[][..], |list| &list.0);
        ffi::give(out, || group.events(watches).map(isolate_events))
    })
}

/// Get a descriptor that is readable (POLLIN) while there may be an event to take; also now and then with
/// nothing to take, where the kernel does not tell.
///
/// Returns the descriptor, or -EINVAL for NULL.
/// Ownership: borrowed from the events: poll it, do not read or close it.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_events_fd(events: *const isolate_events) -> c_int {
    ffi::code(|| Ok(shared(events, "events")?.0.as_fd().as_raw_fd()))
}

/// Take the next event; to be called when isolate_events_fd is readable, until it gives none.
///
/// out: the event, or NULL where there is none now, on success.
/// Returns 0, -EINVAL for NULL, or another negative errno.
/// Ownership: release *out with isolate_event_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_events_next(
    events: *mut isolate_events,
    out: *mut *mut isolate_event,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let events = &shared(events, "events")?.0;
        give(out, || events.next())
    })
}

/// Wait for the next event and take it.
///
/// timeout_ms: how long, in milliseconds; -1 for ever.
/// out: the event, or NULL when the time has passed or there will be none any more, on success.
/// Returns 0, -EINVAL for NULL, or another negative errno.
/// Ownership: release *out with isolate_event_free.
/// Threads: any. Blocks: until there is one, at most timeout_ms. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_events_wait(
    events: *mut isolate_events,
    timeout_ms: i64,
    out: *mut *mut isolate_event,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let events = &shared(events, "events")?.0;
        give(out, || events.wait(timeout(timeout_ms)?))
    })
}

/// Ask whether a group is gone and every event was taken. From then on the descriptor stays readable.
///
/// Returns 1, 0, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_events_is_over(events: *const isolate_events) -> c_int {
    ffi::code(|| Ok(shared(events, "events")?.0.is_over().into()))
}

/// Stop watching; NULL is fine.
///
/// Ownership: takes the events and the descriptor. Threads: one at a time. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_events_free(events: *mut isolate_events) {
    ffi::take_back(events);
}

/// Get what has happened.
///
/// Returns an ISOLATE_EVENT_ constant, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_event_kind(event: *const isolate_event) -> c_int {
    ffi::code(|| Ok(number(shared(event, "event")?.event.kind) as c_int))
}

/// Get what has happened as a word, such as "oom_kill"; every language uses the same words.
///
/// Returns the word, or NULL for NULL.
/// Ownership: borrowed from the event. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_event_kind_name(event: *const isolate_event) -> *const c_char {
    ffi::value(ptr::null(), || {
        Ok(shared(event, "event")?.kind_name.as_ptr())
    })
}

/// Get which watch tells of an event.
///
/// Returns its place in the list, from 0, -ENODATA for "removed", which has none, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_event_watch(event: *const isolate_event) -> c_int {
    ffi::code(|| {
        let place = shared(event, "event")?.event.watch;
        let overflow = |_| Error::invalid("event", "is of a watch too far down the list");
        place.map_or(Ok(-libc::ENODATA), |place| {
            c_int::try_from(place).map_err(overflow)
        })
    })
}

/// Get the group's file that tells of an event, such as "memory.events"; of "removed" the group's
/// directory.
///
/// Returns the text, or NULL for NULL.
/// Ownership: borrowed from the event. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_event_file(event: *const isolate_event) -> *const c_char {
    ffi::value(ptr::null(), || Ok(shared(event, "event")?.file.as_ptr()))
}

/// Get how often it has happened since it was last told.
///
/// Returns the number, at least 1; 0 for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_event_count(event: *const isolate_event) -> u64 {
    ffi::value(0, || Ok(shared(event, "event")?.event.count))
}

/// Get the kernel's figure when the event was read: the counter's total, the usage in bytes, the stall
/// time in microseconds.
///
/// Returns the number, or ISOLATE_UNKNOWN where there is none and for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_event_value(event: *const isolate_event) -> u64 {
    ffi::value(ISOLATE_UNKNOWN, || {
        Ok(shared(event, "event")?
            .event
            .value
            .unwrap_or(ISOLATE_UNKNOWN))
    })
}

/// Get which of several it was, as said at the ISOLATE_EVENT_ constants.
///
/// Returns the word, or NULL where there is none and for NULL.
/// Ownership: borrowed from the event. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_event_detail(event: *const isolate_event) -> *const c_char {
    ffi::value(ptr::null(), || {
        let detail = &shared(event, "event")?.detail;
        Ok(detail.as_ref().map_or(ptr::null(), |text| text.as_ptr()))
    })
}

/// Write an event as JSON text on one line: an object with "kind", "file" and "count", and "watch", "value"
/// and "detail" where there is one.
///
/// out: the text, on success.
/// Returns 0, or -EINVAL for NULL.
/// Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_event_to_json(
    event: *const isolate_event,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let event = shared(event, "event")?;
        ffi::give_string(out, || string::json(&event.event))
    })
}

/// Free an event; NULL is fine.
///
/// Ownership: takes the event and every string borrowed from it.
/// Threads: one at a time. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_event_free(event: *mut isolate_event) {
    ffi::take_back(event);
}

// What the header promises about threads.
const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<isolate_events>();
    shared_between_threads::<isolate_event>();
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_number() {
        let numbers = EventKind::ALL.map(number);
        assert_eq!(numbers.to_vec(), (1..=13).collect::<Vec<u32>>());
    }
}
