//! `isolate_stat`: what a group uses and has used, at one moment.

use std::ffi::{c_char, c_int};
use std::sync::OnceLock;

use libisolate::cgroup::{Stat, StatKind};
use libisolate::{Error, ErrorKind, Result, Stage};
use serde_json::Value;

use crate::cgroup::{group, isolate_cgroup};
use crate::error::isolate_error;
use crate::ffi::{self, Sized0, shared};
use crate::string;
use crate::usage::ISOLATE_UNKNOWN;

/// What a group uses and has used, at one moment. Never changes.
pub struct isolate_stat {
    stat: Stat,
    /// For numbers by path, made when first asked for.
    tree: OnceLock<Value>,
}

/// CPU time and throttling.
pub const ISOLATE_STAT_CPU: u32 = 1;
/// Memory and swap.
pub const ISOLATE_STAT_MEMORY: u32 = 2;
/// Block devices.
pub const ISOLATE_STAT_IO: u32 = 4;
/// Processes and threads.
pub const ISOLATE_STAT_PIDS: u32 = 8;
/// Pressure stall information (Linux 4.20).
pub const ISOLATE_STAT_PRESSURE: u32 = 16;
/// Huge pages.
pub const ISOLATE_STAT_HUGETLB: u32 = 32;
/// RDMA devices.
pub const ISOLATE_STAT_RDMA: u32 = 64;
/// Whatever else the kernel counts by name (Linux 5.13).
pub const ISOLATE_STAT_MISC: u32 = 128;
/// Every part.
pub const ISOLATE_STAT_ALL: u32 = 255;

/// The parts of a mask.
fn kinds(mask: u32) -> Result<Vec<StatKind>> {
    let unknown = mask & !ISOLATE_STAT_ALL;
    if unknown != 0 {
        return Err(Error::invalid(
            "kinds",
            format!("unknown bits {unknown:#x}"),
        ));
    }
    let all = StatKind::ALL.into_iter();
    Ok(all.filter(|kind| mask & bit(*kind) != 0).collect())
}

fn bit(kind: StatKind) -> u32 {
    match kind {
        StatKind::Cpu => ISOLATE_STAT_CPU,
        StatKind::Memory => ISOLATE_STAT_MEMORY,
        StatKind::Io => ISOLATE_STAT_IO,
        StatKind::Pids => ISOLATE_STAT_PIDS,
        StatKind::Pressure => ISOLATE_STAT_PRESSURE,
        StatKind::Hugetlb => ISOLATE_STAT_HUGETLB,
        StatKind::Rdma => ISOLATE_STAT_RDMA,
        StatKind::Misc => ISOLATE_STAT_MISC,
        _ => 0,
    }
}

/// The plain numbers of a group. Set size to sizeof(isolate_cgroup_usage) before the call; a library that
/// knows less leaves the rest 0. What was not asked for, what this host does not tell, and a limit that is
/// not there is ISOLATE_UNKNOWN.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct isolate_cgroup_usage {
    /// sizeof(isolate_cgroup_usage), set by the caller.
    pub size: usize,
    /// User and system time, microseconds.
    pub cpu_usage_us: u64,
    /// The user part, microseconds.
    pub cpu_user_us: u64,
    /// The system part, microseconds.
    pub cpu_system_us: u64,
    /// Periods of a CPU limit that have passed while something could run.
    pub cpu_periods: u64,
    /// Those in which the limit was reached.
    pub cpu_periods_throttled: u64,
    /// How long processes waited for the next period, all CPUs together, microseconds.
    pub cpu_throttled_us: u64,
    /// Memory in use, bytes.
    pub memory_current: u64,
    /// The most that was in use at once, bytes.
    pub memory_peak: u64,
    /// The memory limit, bytes.
    pub memory_limit: u64,
    /// Swap in use, bytes.
    pub swap_current: u64,
    /// The swap limit, bytes.
    pub swap_limit: u64,
    /// How often the memory limit stood in the way.
    pub memory_failcnt: u64,
    /// Processes that the out of memory killer ended.
    pub oom_kills: u64,
    /// Bytes read from all block devices.
    pub io_read: u64,
    /// Bytes written to all block devices.
    pub io_written: u64,
    /// How many processes and threads there are.
    pub pids_current: u64,
    /// The most that there were at once.
    pub pids_peak: u64,
    /// Their limit.
    pub pids_limit: u64,
    /// How often that refused a new one.
    pub pids_denied: u64,
}

// SAFETY: repr(C), size first, all fields 64 bits wide, zero is a number.
unsafe impl Sized0 for isolate_cgroup_usage {}

impl From<&Stat> for isolate_cgroup_usage {
    fn from(stat: &Stat) -> isolate_cgroup_usage {
        let known = |number: Option<u64>| number.unwrap_or(ISOLATE_UNKNOWN);
        let cpu = stat.cpu.clone().unwrap_or_default();
        let pids = stat.pids.clone().unwrap_or_default();
        let none = libisolate::cgroup::stat::MemoryStat::default();
        let memory = stat.memory.as_ref().unwrap_or(&none);
        let devices = stat.io.as_deref();
        let sum = |of: fn(&libisolate::cgroup::stat::IoStat) -> u64| {
            devices.map(|all| all.iter().map(of).fold(0, u64::saturating_add))
        };
        isolate_cgroup_usage {
            size: size_of::<isolate_cgroup_usage>(),
            cpu_usage_us: known(cpu.usage_usec),
            cpu_user_us: known(cpu.user_usec),
            cpu_system_us: known(cpu.system_usec),
            cpu_periods: known(cpu.nr_periods),
            cpu_periods_throttled: known(cpu.nr_throttled),
            cpu_throttled_us: known(cpu.throttled_usec),
            memory_current: known(memory.current),
            memory_peak: known(memory.peak),
            memory_limit: known(memory.limit),
            swap_current: known(memory.swap_current),
            swap_limit: known(memory.swap_limit),
            memory_failcnt: known(memory.failcnt),
            oom_kills: known(memory.oom_kills),
            io_read: known(sum(|device| device.rbytes)),
            io_written: known(sum(|device| device.wbytes)),
            pids_current: known(pids.current),
            pids_peak: known(pids.peak),
            pids_limit: known(pids.limit),
            pids_denied: known(pids.denied),
        }
    }
}

impl isolate_stat {
    /// The number, or yes or no, at a path such as `memory.stat.anon`.
    fn at(&self, path: &str) -> Result<&Value> {
        let tree = self.tree.get_or_init(|| {
            let text = string::json(&self.stat).unwrap_or_default();
            serde_json::from_str(&text).unwrap_or_default()
        });
        find(tree, path)
            .filter(|found| found.is_number() || found.is_boolean())
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    Stage::Cgroup,
                    format!("stat {path:?}"),
                    "no number is there: the part was not asked for, the group has no such controller, \
                     the kernel does not tell it, or it is a limit and there is none",
                )
            })
    }
}

/// Follows a path of keys with dots between them. The kernel's own keys may have dots in them, too.
fn find<'a>(tree: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(tree);
    }
    let below = |key: &str| match path.strip_prefix(key) {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix('.').filter(|rest| !rest.is_empty()),
        None => None,
    };
    match tree {
        Value::Object(members) => members
            .iter()
            .find_map(|(key, value)| find(value, below(key)?)),
        // Devices by their numbers, CPUs by theirs.
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let key = match item.get("device") {
                Some(device) => device.as_str()?.to_owned(),
                None => index.to_string(),
            };
            find(item, below(&key)?)
        }),
        _ => None,
    }
}

/// Take a snapshot of what a group uses and has used.
///
/// Cheap to call again and again: files are read through the directories that the handle holds open. The
/// parts are read one after another, so that they are of slightly different moments.
///
/// kinds: ISOLATE_STAT_ constants, added up. Parts of which the group has no controller are left out.
/// out: the snapshot, on success.
/// Returns 0, -EINVAL for NULL and unknown bits, -ENOENT when the group was removed, or another negative
/// errno.
/// Ownership: release *out with isolate_stat_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_stat(
    cgroup: *const isolate_cgroup,
    kinds: u32,
    out: *mut *mut isolate_stat,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        let kinds = self::kinds(kinds)?;
        ffi::give(out, || {
            Ok(isolate_stat {
                stat: group.stat(&kinds)?,
                tree: OnceLock::new(),
            })
        })
    })
}

/// Get the plain numbers of a snapshot.
///
/// out: a struct of the caller's with its size field set.
/// Returns 0, or -EINVAL for a NULL argument or a size field too small to be one.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_stat_usage(
    stat: *const isolate_stat,
    out: *mut isolate_cgroup_usage,
) -> c_int {
    ffi::code(|| {
        let usage = isolate_cgroup_usage::from(&shared(stat, "stat")?.stat);
        ffi::fill(out, &usage, "out").map(|()| 0)
    })
}

/// Get any whole number of a snapshot, or a yes or no as 1 or 0.
///
/// path: the keys of isolate_stat_to_json with dots between them: "memory.stat.anon", "io.8:0.rbytes",
/// "cpu.per_cpu_usec.0", "pressure.io.some.total_usec".
/// out: the number, on success.
/// Returns 0, -EINVAL for NULL, -ENOENT where no whole number is, or another negative errno.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_stat_number(
    stat: *const isolate_stat,
    path: *const c_char,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let stat = shared(stat, "stat")?;
        let path = ffi::utf8(path, "path")?;
        ffi::put(out, || {
            let found = stat.at(path)?;
            let number = found.as_u64().or(found.as_bool().map(u64::from));
            number.ok_or_else(|| {
                let detail = "is no whole number: use isolate_stat_real";
                Error::new(
                    ErrorKind::NotFound,
                    Stage::Cgroup,
                    format!("stat {path:?}"),
                    detail,
                )
            })
        })
    })
}

/// Get any number of a snapshot, such as "pressure.cpu.some.avg10", which is a percentage.
///
/// path: as isolate_stat_number.
/// out: the number, on success.
/// Returns 0, -EINVAL for NULL, -ENOENT where no number is, or another negative errno.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_stat_real(
    stat: *const isolate_stat,
    path: *const c_char,
    out: *mut f64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let stat = shared(stat, "stat")?;
        let path = ffi::utf8(path, "path")?;
        ffi::put(out, || {
            let found = stat.at(path)?;
            Ok(found
                .as_f64()
                .unwrap_or_else(|| f64::from(u8::from(found == &Value::Bool(true)))))
        })
    })
}

/// Write a whole snapshot as JSON text on one line: an object with a key for each part that was asked for
/// and is there.
///
/// out: the text, on success.
/// Returns 0, or -EINVAL for NULL.
/// Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_stat_to_json(
    stat: *const isolate_stat,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let stat = shared(stat, "stat")?;
        ffi::give_string(out, || string::json(&stat.stat))
    })
}

/// Free a snapshot; NULL is fine.
///
/// Ownership: takes the snapshot. Threads: one at a time. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_stat_free(stat: *mut isolate_stat) {
    ffi::take_back(stat);
}

// What the header promises about threads.
const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<isolate_stat>();
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_a_bit() {
        assert_eq!(kinds(ISOLATE_STAT_ALL).ok(), Some(StatKind::ALL.to_vec()));
        let bits: Vec<u32> = StatKind::ALL.map(bit).to_vec();
        assert!(bits.iter().all(|bit| bit.count_ones() == 1), "{bits:?}");
        assert_eq!(bits.iter().sum::<u32>(), ISOLATE_STAT_ALL);
        assert!(kinds(256).is_err());
        assert_eq!(kinds(0).ok(), Some(Vec::new()));
    }

    #[test]
    fn numbers_by_path() {
        let tree = serde_json::json!({
            "cpu": {"usage_usec": 5, "per_cpu_usec": [7, 9]},
            "memory": {"stat": {"anon": 1}, "under_oom": true},
            "io": [{"device": "8:0", "rbytes": 3, "other": {"cost.usage": 4}}],
        });
        let number = |path| find(&tree, path).and_then(Value::as_u64);
        assert_eq!(number("cpu.usage_usec"), Some(5));
        assert_eq!(number("cpu.per_cpu_usec.1"), Some(9));
        assert_eq!(number("memory.stat.anon"), Some(1));
        assert_eq!(number("io.8:0.rbytes"), Some(3));
        assert_eq!(number("io.8:0.other.cost.usage"), Some(4));
        for wrong in [
            "",
            "cpu",
            "cpu.usage",
            "cpu.usage_usec.",
            "io.8:1.rbytes",
            "io.0.rbytes",
            ".",
        ] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
