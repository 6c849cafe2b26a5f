//! A group's memory by typed calls: v1's files by name and what v2 has for each.

use std::ffi::c_int;

use libisolate::cgroup::MemoryValue;
use libisolate::{Error, Result};

use crate::cgroup::{group, isolate_cgroup};
use crate::error::isolate_error;
use crate::ffi::{self, Sized0};

/// No limit; for isolate_cgroup_reclaim, all that goes.
pub const ISOLATE_UNLIMITED: u64 = u64::MAX;

/// Bytes in use, page cache included. v1 memory.usage_in_bytes, v2 memory.current.
pub const ISOLATE_MEMORY_USAGE: u32 = 1;
/// The most that was in use since the group was made or this was reset. v1 memory.max_usage_in_bytes, v2
/// memory.peak (Linux 5.19; reset 6.12, for this handle alone).
pub const ISOLATE_MEMORY_MAX_USAGE: u32 = 2;
/// The limit. v1 memory.limit_in_bytes, v2 memory.max.
pub const ISOLATE_MEMORY_LIMIT: u32 = 3;
/// How often the limit was hit. v1 memory.failcnt, v2 "max" of memory.events (no reset). Where the limit
/// with swap is the same, v1 counts nothing: go by the kills.
pub const ISOLATE_MEMORY_FAILCNT: u32 = 4;
/// Bytes of memory and swap in use. v1 memory.memsw.usage_in_bytes, v2 the sum of memory.current and
/// memory.swap.current.
pub const ISOLATE_MEMORY_MEMSW_USAGE: u32 = 5;
/// The most of both. v1 memory.memsw.max_usage_in_bytes; v2 has two peaks, which cannot be added.
pub const ISOLATE_MEMORY_MEMSW_MAX_USAGE: u32 = 6;
/// The limit of both. v1 memory.memsw.limit_in_bytes, v2 the sum of memory.max and memory.swap.max.
pub const ISOLATE_MEMORY_MEMSW_LIMIT: u32 = 7;
/// How often the limit of both was hit. v1 memory.memsw.failcnt; v2 has no such limit.
pub const ISOLATE_MEMORY_MEMSW_FAILCNT: u32 = 8;

/// The value with an ISOLATE_MEMORY_ number.
fn value(number: u32) -> Result<MemoryValue> {
    Ok(match number {
        ISOLATE_MEMORY_USAGE => MemoryValue::Usage,
        ISOLATE_MEMORY_MAX_USAGE => MemoryValue::MaxUsage,
        ISOLATE_MEMORY_LIMIT => MemoryValue::Limit,
        ISOLATE_MEMORY_FAILCNT => MemoryValue::Failcnt,
        ISOLATE_MEMORY_MEMSW_USAGE => MemoryValue::MemswUsage,
        ISOLATE_MEMORY_MEMSW_MAX_USAGE => MemoryValue::MemswMaxUsage,
        ISOLATE_MEMORY_MEMSW_LIMIT => MemoryValue::MemswLimit,
        ISOLATE_MEMORY_MEMSW_FAILCNT => MemoryValue::MemswFailcnt,
        _ => {
            let detail = format!("{number} is no such constant");
            return Err(Error::invalid("value", detail));
        }
    })
}

/// A limit of the caller's.
fn limit(number: u64) -> Option<u64> {
    (number != ISOLATE_UNLIMITED).then_some(number)
}

/// What happens in a group that is out of memory. Set size to sizeof(isolate_oom_control) before the
/// call; a library that knows less leaves the rest 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct isolate_oom_control {
    /// sizeof(isolate_oom_control), set by the caller.
    pub size: usize,
    /// v1 oom_kill_disable: 1 when who needs memory that is not there waits, and nobody is killed. 0 on
    /// v2.
    pub paused: u64,
    /// v1: 1 when processes wait for memory now. 0 on v2.
    pub under_oom: u64,
    /// How many processes the out of memory killer has ended in the group. v1 (Linux 4.13) of the group
    /// alone, v2 of those below it too.
    pub kills: u64,
}

// SAFETY: repr(C), size first, all fields 64 bits wide, zero is a number.
unsafe impl Sized0 for isolate_oom_control {}

/// Read a number of the memory controller's.
///
/// value: an ISOLATE_MEMORY_ constant.
/// out: the number, on success; ISOLATE_UNLIMITED for no limit.
/// Returns 0, -EINVAL for NULL and for an unknown constant, -EOPNOTSUPP without the memory controller,
/// without swap accounting, and for what v2 does not have, or another negative errno.
/// Threads: any. Blocks: for the time of a file read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_memory(
    cgroup: *const isolate_cgroup,
    value: u32,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        let value = self::value(value)?;
        ffi::put(out, || {
            Ok(group.memory(value)?.unwrap_or(ISOLATE_UNLIMITED))
        })
    })
}

/// Set a limit of the memory controller's.
///
/// Where the group uses more than a new limit, the kernel first takes back what it can; a limit that is
/// below the use even then is refused, and nobody is killed.
///
/// value: ISOLATE_MEMORY_LIMIT or ISOLATE_MEMORY_MEMSW_LIMIT.
/// limit: bytes, or ISOLATE_UNLIMITED.
/// out: what is in force then, on success, rounded down to a page by the kernel; may be NULL.
/// Returns 0, -EBUSY for a limit below the use, with use and peak in the error, -EINVAL for NULL, for a
/// value that is no limit and for a limit of both below that of memory, or another negative errno.
/// Threads: any. Blocks: while the kernel takes memory back. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_set_memory(
    cgroup: *mut isolate_cgroup,
    value: u32,
    limit: u64,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let set = group(cgroup)?.set_memory(self::value(value)?, self::limit(limit))?;
        ffi::store(out, set.unwrap_or(ISOLATE_UNLIMITED));
        Ok(())
    })
}

/// Start a peak or a count of the memory controller's again.
///
/// value: an ISOLATE_MEMORY_ constant of a peak or a count.
/// Returns 0, -EINVAL for NULL, an unknown constant, a use and a limit, -EOPNOTSUPP on v2 for all but the
/// peak, and for that before Linux 6.12, or another negative errno.
/// Threads: any. Blocks: for the time of a file write. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_reset_memory(
    cgroup: *mut isolate_cgroup,
    value: u32,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || group(cgroup)?.reset_memory(self::value(value)?))
}

/// Read what happens in a group that is out of memory, and how often it has.
///
/// out: a struct of the caller's with its size field set.
/// Returns 0, -EINVAL for NULL and a size field too small to be one, -EOPNOTSUPP without the memory
/// controller, or another negative errno.
/// Threads: any. Blocks: for the time of a file read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_oom_control(
    cgroup: *const isolate_cgroup,
    out: *mut isolate_oom_control,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let found = group(cgroup)?.oom_control()?;
        let known = isolate_oom_control {
            size: size_of::<isolate_oom_control>(),
            paused: found.paused.into(),
            under_oom: found.under_oom.into(),
            kills: found.kills,
        };
        ffi::fill(out, &known, "out")
    })
}

/// Set whether who needs memory that is not there waits for it instead of being killed: until a limit is
/// raised, memory is freed, or this is taken back.
///
/// on: 0 for no, anything else for yes.
/// Returns 0, -EINVAL for NULL, -EOPNOTSUPP on v2: freeze the group at an event of memory.high instead, or
/// another negative errno.
/// Threads: any. Blocks: for the time of a file write. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_set_oom_pause(
    cgroup: *mut isolate_cgroup,
    on: c_int,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || group(cgroup)?.set_oom_pause(on != 0))
}

/// Ask the kernel to take memory back from a group: page cache and, where there is swap, idle memory (v1
/// memory.force_empty, v2 memory.reclaim, Linux 5.19).
///
/// bytes: how many, which v2 alone can; ISOLATE_UNLIMITED for all that goes.
/// out: the bytes that were freed, on success; may be NULL.
/// Returns 0, -EINVAL for NULL, -EOPNOTSUPP for a number of bytes on v1, or another negative errno.
/// Threads: any. Blocks: while the kernel takes memory back. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_reclaim(
    cgroup: *mut isolate_cgroup,
    bytes: u64,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        ffi::store(out, group(cgroup)?.reclaim(limit(bytes))?);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_number() {
        let last = ISOLATE_MEMORY_MEMSW_FAILCNT;
        let known: Vec<MemoryValue> = (1..=last).filter_map(|n| value(n).ok()).collect();
        assert_eq!(known, MemoryValue::ALL);
        assert!(value(0).is_err() && value(last + 1).is_err());
    }
}
