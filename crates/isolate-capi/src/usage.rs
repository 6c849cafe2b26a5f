//! `isolate_usage` and `isolate_enforcement`: structs that the caller provides, with their size first.

use std::ffi::c_char;

use libisolate::Usage;

use crate::ffi::Sized0;

/// A number that this host does not measure.
pub const ISOLATE_UNKNOWN: u64 = u64::MAX;

/// What a job used. Set size to sizeof(isolate_usage) before the call; a library that knows less
/// leaves the rest 0. A number that this host does not measure is ISOLATE_UNKNOWN.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct isolate_usage {
    /// sizeof(isolate_usage), set by the caller.
    pub size: usize,
    /// From the start of the program to its end, microseconds.
    pub wall_time_us: u64,
    /// CPU time of the whole job, microseconds.
    pub cpu_time_us: u64,
    /// User part of the main process and the children it waited for, microseconds.
    pub user_time_us: u64,
    /// System part of the same, microseconds.
    pub system_time_us: u64,
    /// Largest resident set of a single process, bytes.
    pub max_rss: u64,
    /// Peak memory of the whole job, bytes (cgroup).
    pub memory_peak: u64,
    /// Processes that the kernel's out of memory killer ended (cgroup).
    pub oom_kills: u64,
    /// Peak number of processes and threads (cgroup, kernel 6.1 or later).
    pub pids_peak: u64,
    /// How often the pids limit refused a new process or thread (cgroup).
    pub pids_denied: u64,
    /// Time that the CPU limit made the job wait, microseconds (cgroup).
    pub throttled_time_us: u64,
    /// Bytes read from block devices (cgroup).
    pub io_read: u64,
    /// Bytes written to block devices (cgroup).
    pub io_written: u64,
}

// SAFETY: repr(C), size first, all fields 64 bits wide, zero is a number.
unsafe impl Sized0 for isolate_usage {}

/// What became of one request of a spec. Set size to sizeof(isolate_enforcement) before the call.
/// The strings are borrowed from the outcome.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct isolate_enforcement {
    /// sizeof(isolate_enforcement), set by the caller.
    pub size: usize,
    /// What was asked for: a limit's name ("memory"), or "namespace.user", "root", "seccomp" ...
    pub name: *const c_char,
    /// The requested value as text.
    pub requested: *const c_char,
    /// The file or call that holds it, or NULL.
    pub file: *const c_char,
    /// The value read back after writing, or NULL.
    pub value: *const c_char,
    /// Why it was skipped, or NULL.
    pub reason: *const c_char,
    /// An ISOLATE_ENFORCEMENT_ constant.
    pub status: u64,
}

// SAFETY: repr(C), size first, all fields 64 bits wide, zero is NULL or a number.
unsafe impl Sized0 for isolate_enforcement {}

impl From<&Usage> for isolate_usage {
    fn from(usage: &Usage) -> isolate_usage {
        let count = |n: Option<u64>| n.unwrap_or(ISOLATE_UNKNOWN);
        isolate_usage {
            size: size_of::<isolate_usage>(),
            wall_time_us: microseconds(usage.wall_time),
            cpu_time_us: microseconds(usage.cpu_time),
            user_time_us: microseconds(usage.user_time),
            system_time_us: microseconds(usage.system_time),
            max_rss: count(usage.max_rss),
            memory_peak: count(usage.memory_peak),
            oom_kills: count(usage.oom_kills),
            pids_peak: count(usage.pids_peak),
            pids_denied: count(usage.pids_denied),
            throttled_time_us: usage.throttled_time.map_or(ISOLATE_UNKNOWN, microseconds),
            io_read: count(usage.io_read),
            io_written: count(usage.io_written),
        }
    }
}

fn microseconds(seconds: f64) -> u64 {
    (seconds * 1e6).round() as u64
}
