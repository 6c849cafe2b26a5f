//! `isolate_watches`: what to watch of a group.

use std::ffi::{c_char, c_int};

use libisolate::cgroup::{Level, LevelMode, Resource, Watch};
use libisolate::{Error, Result};

use crate::constants;
use crate::error::isolate_error;
use crate::ffi::{self, exclusive, shared};
use crate::string;

/// A list of what to watch of a group. Plain data: one list can be used for many groups.
pub struct isolate_watches(pub(crate) Vec<Watch>);

/// The group runs out of memory: an event "oom" when it happens, "oom_kill" for what the kernel killed.
/// v2: memory.events, the groups below included. v1: of the group and of those above it; kills are those
/// of the group's own processes.
pub const ISOLATE_WATCH_OOM: u32 = 1;
/// Everything that memory.events counts: "limit" for low, high and max, "oom", "oom_kill",
/// "oom_group_kill". v2 only.
pub const ISOLATE_WATCH_MEMORY_EVENTS: u32 = 2;
/// A fork or clone fails at the limit of processes: "pids_limit". On v1 it is looked at every 100 ms.
pub const ISOLATE_WATCH_PIDS_EVENTS: u32 = 3;
/// The first process comes to the group or a group below, or the last one goes: "populated", "empty". v1
/// alone: looked at every 100 ms, so that shorter changes are missed.
pub const ISOLATE_WATCH_POPULATED: u32 = 4;
/// The group stands still or moves on: "frozen", "thawed". v2 knows nothing of the v1 freezer. v1 alone:
/// looked at every 100 ms.
pub const ISOLATE_WATCH_FROZEN: u32 = 5;

/// Processes wait for a CPU (cpu.pressure).
pub const ISOLATE_RESOURCE_CPU: u32 = 1;
/// Processes wait for memory: reclaim, pages read again (memory.pressure).
pub const ISOLATE_RESOURCE_MEMORY: u32 = 2;
/// Processes wait for block devices (io.pressure).
pub const ISOLATE_RESOURCE_IO: u32 = 3;

/// Memory is being reclaimed.
pub const ISOLATE_LEVEL_LOW: u32 = 1;
/// Reclaim finds little to take: swapping, page cache in use.
pub const ISOLATE_LEVEL_MEDIUM: u32 = 2;
/// The group is about to run out of memory.
pub const ISOLATE_LEVEL_CRITICAL: u32 = 3;

/// The group's pressure, and that of groups below where nobody listens there.
pub const ISOLATE_LEVEL_MODE_DEFAULT: u32 = 1;
/// The group's pressure and that of all groups below.
pub const ISOLATE_LEVEL_MODE_HIERARCHY: u32 = 2;
/// The group's pressure alone.
pub const ISOLATE_LEVEL_MODE_LOCAL: u32 = 3;

fn unknown<T>(what: &str, number: u32) -> Result<T> {
    Err(Error::invalid(
        what,
        format!("{number} is no such constant"),
    ))
}

/// The watch with an ISOLATE_WATCH_ number.
fn watch(number: u32) -> Result<Watch> {
    Ok(match number {
        ISOLATE_WATCH_OOM => Watch::Oom,
        ISOLATE_WATCH_MEMORY_EVENTS => Watch::MemoryEvents,
        ISOLATE_WATCH_PIDS_EVENTS => Watch::PidsEvents,
        ISOLATE_WATCH_POPULATED => Watch::Populated,
        ISOLATE_WATCH_FROZEN => Watch::Frozen,
        _ => return unknown("watch", number),
    })
}

fn resource(number: u32) -> Result<Resource> {
    Ok(match number {
        ISOLATE_RESOURCE_CPU => Resource::Cpu,
        ISOLATE_RESOURCE_MEMORY => Resource::Memory,
        ISOLATE_RESOURCE_IO => Resource::Io,
        _ => return unknown("resource", number),
    })
}

fn level(number: u32) -> Result<Level> {
    Ok(match number {
        ISOLATE_LEVEL_LOW => Level::Low,
        ISOLATE_LEVEL_MEDIUM => Level::Medium,
        ISOLATE_LEVEL_CRITICAL => Level::Critical,
        _ => return unknown("level", number),
    })
}

fn mode(number: u32) -> Result<LevelMode> {
    Ok(match number {
        ISOLATE_LEVEL_MODE_DEFAULT => LevelMode::Default,
        ISOLATE_LEVEL_MODE_HIERARCHY => LevelMode::Hierarchy,
        ISOLATE_LEVEL_MODE_LOCAL => LevelMode::Local,
        _ => return unknown("mode", number),
    })
}

/// The body of every function that adds a watch.
unsafe fn add(watches: *mut isolate_watches, make: impl FnOnce() -> Result<Watch>) -> c_int {
    ffi::code(|| {
        let list = &mut exclusive(watches, "watches")?.0;
        list.push(make()?);
        Ok(0)
    })
}

/// Make an empty list of watches.
///
/// out: the list, on success.
/// Returns 0, or -EINVAL for NULL.
/// Ownership: release *out with isolate_watches_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_watches_new(
    out: *mut *mut isolate_watches,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || ffi::give(out, || Ok(isolate_watches(Vec::new()))))
}

/// Read a list of watches from JSON text: a word for each ("oom", "memory_events", "pids_events",
/// "populated", "frozen"), or an object such as {"threshold": {"bytes": "8M"}}, {"pressure": {"resource":
/// "memory", "stall_usec": 50000, "window_usec": 1000000}}, {"pressure_level": {"level": "medium"}}.
///
/// json: the text.
/// out: the list, on success.
/// Returns 0, or -EINVAL for NULL and for text that is no such list.
/// Ownership: release *out with isolate_watches_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_watches_from_json(
    json: *const c_char,
    out: *mut *mut isolate_watches,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let json = ffi::utf8(json, "json")?;
        ffi::give(out, || {
            string::from_json(json, "watches").map(isolate_watches)
        })
    })
}

/// Write a list of watches as JSON text on one line.
///
/// out: the text, on success.
/// Returns 0, or -EINVAL for NULL.
/// Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_watches_to_json(
    watches: *const isolate_watches,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let watches = shared(watches, "watches")?;
        ffi::give_string(out, || string::json(&watches.0))
    })
}

/// Add a watch that needs no numbers.
///
/// watch: an ISOLATE_WATCH_ constant.
/// Returns 0, or -EINVAL for NULL and an unknown constant.
/// Threads: one at a time for one list. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_watches_add(watches: *mut isolate_watches, watch: u32) -> c_int {
    add(watches, || self::watch(watch))
}

/// Add a watch of the memory usage, which tells when it crosses a number of bytes, upwards or downwards:
/// "threshold". v1 only.
///
/// The kernel compares after every 128 pages or so, can tell several times of one crossing, and the usage
/// may be elsewhere again when the event is read: its value is the usage then.
///
/// bytes: at least a page, at most 2^63-1; rounded down to whole pages by the kernel.
/// memsw: 0 for memory, anything else for memory and swap together.
/// Returns 0, or -EINVAL for NULL and too many bytes.
/// Threads: one at a time for one list. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_watches_add_threshold(
    watches: *mut isolate_watches,
    bytes: u64,
    memsw: c_int,
) -> c_int {
    add(watches, || {
        Ok(Watch::Threshold {
            bytes: constants::size(bytes)?,
            memsw: memsw != 0,
        })
    })
}

/// Add a watch of the time that the group's processes stall for want of a resource, which tells at most
/// once in a window: "pressure". A group on the v2 tree, with or without controllers; Linux 5.2.
///
/// resource: an ISOLATE_RESOURCE_ constant.
/// full: other than 0 for time in which all of them stall at once; 0 for that in which at least one does.
/// stall_us: how long they stall within the window, microseconds, 1 to window_us.
/// window_us: the window, microseconds, 500000 to 10000000; without CAP_SYS_RESOURCE a multiple of 2000000.
/// Returns 0, or -EINVAL for NULL and an unknown constant; other numbers are checked when the group is
/// watched.
/// Threads: one at a time for one list. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_watches_add_pressure(
    watches: *mut isolate_watches,
    resource: u32,
    full: c_int,
    stall_us: u64,
    window_us: u64,
) -> c_int {
    add(watches, || {
        Ok(Watch::Pressure {
            resource: self::resource(resource)?,
            full: full != 0,
            stall_usec: stall_us,
            window_usec: window_us,
        })
    })
}

/// Add a watch of how hard the kernel finds it to reclaim memory of the group: "pressure_level". v1 only.
///
/// level: from which level on, an ISOLATE_LEVEL_ constant.
/// mode: whose pressure, an ISOLATE_LEVEL_MODE_ constant.
/// Returns 0, or -EINVAL for NULL and an unknown constant.
/// Threads: one at a time for one list. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_watches_add_pressure_level(
    watches: *mut isolate_watches,
    level: u32,
    mode: u32,
) -> c_int {
    add(watches, || {
        Ok(Watch::PressureLevel {
            level: self::level(level)?,
            mode: self::mode(mode)?,
        })
    })
}

/// Free a list of watches; NULL is fine. Groups that are watched by it stay so.
///
/// Ownership: takes the list. Threads: one at a time. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_watches_free(watches: *mut isolate_watches) {
    ffi::take_back(watches);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words are those of the JSON form, which has the whole list.
    #[test]
    fn every_word_has_a_number() {
        let numbered: Vec<String> = (1..=5)
            .filter_map(|n| watch(n).ok())
            .map(|watch| watch.name().to_owned())
            .collect();
        let words = ["oom", "memory_events", "pids_events", "populated", "frozen"];
        assert_eq!(numbered, words);
        assert!(watch(0).is_err() && watch(6).is_err());
        let written = |value| string::json(&value).ok();
        let all = (1..=3).filter_map(|n| Some((resource(n).ok()?, level(n).ok()?, mode(n).ok()?)));
        let text = r#"[["cpu","low","default"],["memory","medium","hierarchy"],["io","critical","local"]]"#;
        assert_eq!(written(all.collect::<Vec<_>>()).as_deref(), Some(text));
    }
}
