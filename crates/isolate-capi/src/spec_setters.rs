//! A setter for every plain field of the spec; those that take more are in `spec.rs`.
//! Made by `cargo xtask codegen`.

use std::ffi::{c_char, c_int};
use std::time::Duration;

use libisolate::Error;
use libisolate::spec::Seconds;

use crate::constants;
use crate::ffi;
use crate::spec::{edit, isolate_spec};

fn seconds(ms: u64) -> libisolate::Result<Seconds> {
    Seconds::from_f64(ms as f64 / 1e3).map_err(|e| Error::invalid("ms", e))?;
    Ok(Seconds(Duration::from_millis(ms)))
}

fn finite(value: f64) -> libisolate::Result<f64> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::invalid("value", "must be a finite number"))
}

/// Add one to `argv`.
///
/// The program and its arguments, at least one. A program without a slash is looked up in the
/// job's PATH, inside its root.
///
/// value: the text.
/// Returns 0, or -EINVAL for a NULL argument.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_arg(
    spec: *mut isolate_spec,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        spec.argv.push(ffi::bytes(value, "value")?);
        Ok(())
    })
}

/// Set `profile`.
///
/// How much isolation to start from; default `strict`.
///
/// value: an ISOLATE_PROFILE_ constant.
/// Returns 0, or -EINVAL for a NULL spec or an unknown constant.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_profile(spec: *mut isolate_spec, value: u32) -> c_int {
    edit(spec, |spec| {
        spec.profile = constants::profile(value)?;
        Ok(())
    })
}

/// Set one of `env`.
///
/// Environment variables of the job. Under `strict` nothing else is there but a PATH, HOME=/tmp
/// and LANG=C.UTF-8, each of which this overrides.
///
/// name: its name, UTF-8.
/// value: the text.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_env(
    spec: *mut isolate_spec,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        let name = ffi::utf8(name, "name")?.to_owned();
        spec.env.insert(name, ffi::bytes(value, "value")?);
        Ok(())
    })
}

/// Add one to `keep_env`.
///
/// Names of the caller's environment variables to pass on; `"*"` passes all. Under `none` all
/// are passed.
///
/// value: the text, UTF-8.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_keep_env(
    spec: *mut isolate_spec,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        spec.keep_env.push(ffi::utf8(value, "value")?.to_owned());
        Ok(())
    })
}

/// Set `cwd`.
///
/// Working directory inside the job, an absolute path; default `/`, under root `keep` the caller's.
///
/// value: the text.
/// Returns 0, or -EINVAL for a NULL argument.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cwd(
    spec: *mut isolate_spec,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        spec.cwd = Some(ffi::bytes(value, "value")?);
        Ok(())
    })
}

/// Set `uid`.
///
/// User id inside the job; default 0 for a root caller, the caller's own otherwise, or the number
/// that `uid_map` gives it.
///
/// value: the number.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_uid(spec: *mut isolate_spec, value: u32) -> c_int {
    edit(spec, |spec| {
        spec.uid = Some(value);
        Ok(())
    })
}

/// Set `gid`.
///
/// Group id inside the job; default 0 for a root caller, the caller's own otherwise, or the number
/// that `gid_map` gives it.
///
/// value: the number.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_gid(spec: *mut isolate_spec, value: u32) -> c_int {
    edit(spec, |spec| {
        spec.gid = Some(value);
        Ok(())
    })
}

/// Set `hostname`.
///
/// Host name inside; needs a new uts namespace. At most 64 bytes.
///
/// value: the text, UTF-8.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_hostname(
    spec: *mut isolate_spec,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        spec.hostname = Some(ffi::utf8(value, "value")?.to_owned());
        Ok(())
    })
}

/// Set `domainname`.
///
/// NIS domain name inside; needs a new uts namespace. At most 64 bytes.
///
/// value: the text, UTF-8.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_domainname(
    spec: *mut isolate_spec,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        spec.domainname = Some(ffi::utf8(value, "value")?.to_owned());
        Ok(())
    })
}

/// Set one of `sysctls`.
///
/// Kernel parameters of the job's own namespaces, by name, such as `net.ipv4.ip_forward`: `net.*`
/// needs a new net namespace, `kernel.shm*`, `kernel.msg*`, `kernel.sem*` and `fs.mqueue.*` a new ipc
/// namespace, `user.max_*` a new user namespace. Others are the host's, and refused.
///
/// name: its name, UTF-8.
/// value: the text, UTF-8.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_sysctl(
    spec: *mut isolate_spec,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        let name = ffi::utf8(name, "name")?.to_owned();
        spec.sysctls
            .insert(name, ffi::utf8(value, "value")?.to_owned());
        Ok(())
    })
}

/// Set `net`.
///
/// The network in one word; default as `namespaces.net`.
///
/// value: an ISOLATE_NET_ constant.
/// Returns 0, or -EINVAL for a NULL spec or an unknown constant.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_net(spec: *mut isolate_spec, value: u32) -> c_int {
    edit(spec, |spec| {
        spec.net = Some(constants::net(value)?);
        Ok(())
    })
}

/// Set `root`.
///
/// The job's root directory; default `system` under `strict`, `keep` under `none`.
///
/// value: an ISOLATE_ROOT_ constant.
/// Returns 0, or -EINVAL for a NULL spec or an unknown constant.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_root(spec: *mut isolate_spec, value: u32) -> c_int {
    edit(spec, |spec| {
        spec.root = Some(constants::root(value)?);
        Ok(())
    })
}

/// Add one to `keep_fds`.
///
/// Descriptors of the caller's that the job has under the same numbers, 3 or more. No other
/// descriptor is open in the job.
///
/// value: the number.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_keep_fd(spec: *mut isolate_spec, value: c_int) -> c_int {
    edit(spec, |spec| {
        spec.keep_fds.push(value);
        Ok(())
    })
}

/// Set `limits.memory`.
///
/// Memory of the whole job in bytes, page cache included. Going over it ends the job as
/// `out_of_memory`. Rounded down to a page by the kernel. cgroup: `memory.max`,
/// v1 `memory.limit_in_bytes`.
///
/// bytes: at most 2^63-1.
/// Returns 0, or -EINVAL for a NULL spec or too many bytes.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_memory(spec: *mut isolate_spec, bytes: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.memory = Some(constants::size(bytes)?);
        Ok(())
    })
}

/// Set `limits.memory_high`.
///
/// Memory in bytes, at least 1, above which the job is slowed down and has to give back, but is not
/// killed. cgroup: `memory.high`; v1 has none.
///
/// bytes: at most 2^63-1.
/// Returns 0, or -EINVAL for a NULL spec or too many bytes.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_memory_high(
    spec: *mut isolate_spec,
    bytes: u64,
) -> c_int {
    edit(spec, |spec| {
        spec.limits.memory_high = Some(constants::size(bytes)?);
        Ok(())
    })
}

/// Set `limits.memory_low`.
///
/// Memory in bytes that is left to the job while others have some to give. cgroup: `memory.low`,
/// v1 `memory.soft_limit_in_bytes` (the pair that runc takes).
///
/// bytes: at most 2^63-1.
/// Returns 0, or -EINVAL for a NULL spec or too many bytes.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_memory_low(spec: *mut isolate_spec, bytes: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.memory_low = Some(constants::size(bytes)?);
        Ok(())
    })
}

/// Set `limits.memory_min`.
///
/// Memory in bytes that is left to the job whatever others need. cgroup: `memory.min`; v1 has none.
///
/// bytes: at most 2^63-1.
/// Returns 0, or -EINVAL for a NULL spec or too many bytes.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_memory_min(spec: *mut isolate_spec, bytes: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.memory_min = Some(constants::size(bytes)?);
        Ok(())
    })
}

/// Set `limits.swap`.
///
/// Swap of the whole job in bytes, on top of `memory`; 0 forbids swap. cgroup:
/// `memory.swap.max`, v1 `memory.memsw.limit_in_bytes` (there the sum, so `memory` is needed).
///
/// bytes: at most 2^63-1.
/// Returns 0, or -EINVAL for a NULL spec or too many bytes.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_swap(spec: *mut isolate_spec, bytes: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.swap = Some(constants::size(bytes)?);
        Ok(())
    })
}

/// Set `limits.swappiness`.
///
/// How readily the kernel swaps the job out instead of dropping its page cache, 0 to 200. cgroup:
/// v1 `memory.swappiness`; v2 has none.
///
/// value: the number.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_swappiness(spec: *mut isolate_spec, value: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.swappiness = Some(value);
        Ok(())
    })
}

/// Set `limits.oom_group`.
///
/// Whether running out of memory kills the job whole instead of one process of it. cgroup:
/// `memory.oom.group` (Linux 4.19).
///
/// on: 0 for no, anything else for yes.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_oom_group(spec: *mut isolate_spec, on: c_int) -> c_int {
    edit(spec, |spec| {
        spec.limits.oom_group = Some(on != 0);
        Ok(())
    })
}

/// Set `limits.oom_pause`.
///
/// Whether a process that runs out of memory stands still until some is freed or `memory` is raised,
/// instead of being killed. cgroup: v1 `memory.oom_control`; v2 has none.
///
/// on: 0 for no, anything else for yes.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_oom_pause(spec: *mut isolate_spec, on: c_int) -> c_int {
    edit(spec, |spec| {
        spec.limits.oom_pause = Some(on != 0);
        Ok(())
    })
}

/// Set `limits.pids`.
///
/// Processes and threads of the job, at least 1. The init is not counted. cgroup: `pids.max`.
///
/// value: the number.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_pids(spec: *mut isolate_spec, value: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.pids = Some(value);
        Ok(())
    })
}

/// Set `limits.cpus`.
///
/// CPU time per wall time as a number of CPUs, at least 0.01: 0.5 is half of one. cgroup:
/// `cpu.max`, v1 `cpu.cfs_quota_us`, over a period of `cpu_period`.
///
/// value: the number.
/// Returns 0, or -EINVAL for a NULL spec or a number that is not finite.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpus(spec: *mut isolate_spec, value: f64) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpus = Some(finite(value)?);
        Ok(())
    })
}

/// Set `limits.cpu_period`.
///
/// The period over which `cpus` is counted, which it needs: 1 ms to 1 s, default 100 ms. `cpus` must
/// come to at least 1 ms of it. cgroup: `cpu.max`, v1 `cpu.cfs_period_us`.
///
/// ms: milliseconds, at most 10^13.
/// Returns 0, or -EINVAL for a NULL spec or too long a time.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpu_period_ms(spec: *mut isolate_spec, ms: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpu_period = Some(seconds(ms)?);
        Ok(())
    })
}

/// Set `limits.cpu_burst`.
///
/// CPU time that the job may save up in periods that it leaves unused, on top of what `cpus`, which it
/// needs, gives for each: at most as much as that. cgroup: `cpu.max.burst`, v1 `cpu.cfs_burst_us`
/// (Linux 5.14).
///
/// ms: milliseconds, at most 10^13.
/// Returns 0, or -EINVAL for a NULL spec or too long a time.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpu_burst_ms(spec: *mut isolate_spec, ms: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpu_burst = Some(seconds(ms)?);
        Ok(())
    })
}

/// Set `limits.cpu_weight`.
///
/// Share of the CPU under contention, 1 to 10000, where 100 is a sibling's default. cgroup:
/// `cpu.weight`, v1 `cpu.shares` (converted by the inverse of the rule in runc 1.3.2).
///
/// value: the number.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpu_weight(spec: *mut isolate_spec, value: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpu_weight = Some(value);
        Ok(())
    })
}

/// Set `limits.cpu_idle`.
///
/// Whether the job runs only where nobody else wants to; not with `cpu_weight`. cgroup: `cpu.idle`
/// (Linux 5.15).
///
/// on: 0 for no, anything else for yes.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpu_idle(spec: *mut isolate_spec, on: c_int) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpu_idle = Some(on != 0);
        Ok(())
    })
}

/// Set `limits.cpu_rt_runtime`.
///
/// Time in each `cpu_rt_period` for the job's real-time processes, 0 to the whole of it. cgroup:
/// v1 `cpu.rt_runtime_us` (a kernel with CONFIG_RT_GROUP_SCHED); v2 has none.
///
/// ms: milliseconds, at most 10^13.
/// Returns 0, or -EINVAL for a NULL spec or too long a time.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpu_rt_runtime_ms(
    spec: *mut isolate_spec,
    ms: u64,
) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpu_rt_runtime = Some(seconds(ms)?);
        Ok(())
    })
}

/// Set `limits.cpu_rt_period`.
///
/// The period over which `cpu_rt_runtime` is counted, 1 microsecond to 1000 seconds, default 1 second.
/// cgroup: v1 `cpu.rt_period_us`; v2 has none.
///
/// ms: milliseconds, at most 10^13.
/// Returns 0, or -EINVAL for a NULL spec or too long a time.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpu_rt_period_ms(
    spec: *mut isolate_spec,
    ms: u64,
) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpu_rt_period = Some(seconds(ms)?);
        Ok(())
    })
}

/// Set `limits.cpuset`.
///
/// The CPUs the job may run on, such as `"0-3,6"`. cgroup: `cpuset.cpus`.
///
/// value: the text, UTF-8.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpuset(
    spec: *mut isolate_spec,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpuset = Some(ffi::utf8(value, "value")?.to_owned());
        Ok(())
    })
}

/// Set `limits.cpuset_mems`.
///
/// The memory nodes the job may allocate from, such as `"0"`. cgroup: `cpuset.mems`.
///
/// value: the text, UTF-8.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpuset_mems(
    spec: *mut isolate_spec,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpuset_mems = Some(ffi::utf8(value, "value")?.to_owned());
        Ok(())
    })
}

/// Set `limits.cpuset_exclusive`.
///
/// Whether no sibling may have the CPUs of `cpuset`, which it needs. cgroup: `cpuset.cpus.exclusive`
/// (Linux 6.7), v1 `cpuset.cpu_exclusive`.
///
/// on: 0 for no, anything else for yes.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpuset_exclusive(
    spec: *mut isolate_spec,
    on: c_int,
) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpuset_exclusive = Some(on != 0);
        Ok(())
    })
}

/// Set `limits.cpuset_partition`.
///
/// What the CPUs of `cpuset` are to the job. cgroup: `cpuset.cpus.partition`; v1 has none.
///
/// value: an ISOLATE_CPUSET_ constant.
/// Returns 0, or -EINVAL for a NULL spec or an unknown constant.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpuset_partition(
    spec: *mut isolate_spec,
    value: u32,
) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpuset_partition = Some(constants::cpuset_partition(value)?);
        Ok(())
    })
}

/// Set `limits.io_weight`.
///
/// Share of every block device under contention, 1 to 10000, where 100 is a sibling's default. cgroup:
/// `io.weight` and `io.bfq.weight`, v1 `blkio.weight` and `blkio.bfq.weight`, as far as the kernel has
/// them (all but the first 10 to 1000, converted by the inverse of the rule that runc has).
///
/// value: the number.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_io_weight(spec: *mut isolate_spec, value: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.io_weight = Some(value);
        Ok(())
    })
}

/// Set `limits.net_class`.
///
/// The class of the packets of the sockets that the job opens, 0 to 4294967295: 0xAAAABBBB is class
/// AAAA:BBBB of tc(8). cgroup: v1 `net_cls.classid`; where that is not mounted a program at the v2 group.
///
/// value: the number.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_net_class(spec: *mut isolate_spec, value: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.net_class = Some(value);
        Ok(())
    })
}

/// Set one of `limits.net_priorities`.
///
/// The priority of the job's packets, 0 to 4294967295, by network interface of the host; `"*"` is every
/// interface. cgroup: v1 `net_prio.ifpriomap`; where that is not mounted a program at the v2 group,
/// which takes `"*"` alone.
///
/// name: its name, UTF-8.
/// value: the number.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_net_priority(
    spec: *mut isolate_spec,
    name: *const c_char,
    value: u64,
) -> c_int {
    edit(spec, |spec| {
        let name = ffi::utf8(name, "name")?.to_owned();
        spec.limits.net_priorities.insert(name, value);
        Ok(())
    })
}

/// Set one of `limits.hugetlb`.
///
/// Huge pages in bytes, by their size, such as `{"2MB": "64M"}`. cgroup: `hugetlb.2MB.max`, v1
/// `hugetlb.2MB.limit_in_bytes`.
///
/// name: its name, UTF-8.
/// value: its value, at most 2^63-1.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_hugetlb(
    spec: *mut isolate_spec,
    name: *const c_char,
    value: u64,
) -> c_int {
    edit(spec, |spec| {
        let name = ffi::utf8(name, "name")?.to_owned();
        spec.limits.hugetlb.insert(name, constants::size(value)?);
        Ok(())
    })
}

/// Set one of `limits.misc`.
///
/// How much the job may hold of what the host counts by name, such as `{"sev": 2}`. cgroup: `misc.max`
/// (Linux 5.13).
///
/// name: its name, UTF-8.
/// value: the number.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_misc(
    spec: *mut isolate_spec,
    name: *const c_char,
    value: u64,
) -> c_int {
    edit(spec, |spec| {
        let name = ffi::utf8(name, "name")?.to_owned();
        spec.limits.misc.insert(name, value);
        Ok(())
    })
}

/// Set one of `limits.files`.
///
/// Further cgroup files by name with the text to write, after all other limits, such as
/// `{"memory.swap.high": "64M"}`. The name begins with a controller's, or with `cgroup.`.
///
/// name: its name, UTF-8.
/// value: the text, UTF-8.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cgroup_file(
    spec: *mut isolate_spec,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        let name = ffi::utf8(name, "name")?.to_owned();
        spec.limits
            .files
            .insert(name, ffi::utf8(value, "value")?.to_owned());
        Ok(())
    })
}

/// Set `limits.cpu_time`.
///
/// CPU time of the whole job (user and system, ended processes included). Going over it ends
/// the job as `cpu_limit`.
///
/// ms: milliseconds, at most 10^13.
/// Returns 0, or -EINVAL for a NULL spec or too long a time.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cpu_time_ms(spec: *mut isolate_spec, ms: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.cpu_time = Some(seconds(ms)?);
        Ok(())
    })
}

/// Set `limits.output`.
///
/// Bytes captured of stdout and stderr each; default 16 MiB. One byte more ends the job as
/// `output_limit`; what was captured up to the limit is kept. 0 is refused.
///
/// bytes: at most 2^63-1.
/// Returns 0, or -EINVAL for a NULL spec or too many bytes.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_output(spec: *mut isolate_spec, bytes: u64) -> c_int {
    edit(spec, |spec| {
        spec.limits.output = Some(constants::size(bytes)?);
        Ok(())
    })
}

/// Set one of `limits.rlimits`.
///
/// Limits of every process by itself (`setrlimit(2)`), such as `{"nofile": 256, "core": 0}`:
/// soft and hard the same. Names: `as`, `core`, `data`, `fsize`, `locks`, `memlock`,
/// `msgqueue`, `nice`, `nofile`, `nproc`, `rss`, `rtprio`, `rttime`, `sigpending`, `stack`.
///
/// name: its name, UTF-8.
/// value: its value, at most 2^63-1.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_rlimit(
    spec: *mut isolate_spec,
    name: *const c_char,
    value: u64,
) -> c_int {
    edit(spec, |spec| {
        let name = ffi::utf8(name, "name")?.to_owned();
        spec.limits.rlimits.insert(name, constants::size(value)?);
        Ok(())
    })
}

/// Add one to `limits.best_effort`.
///
/// The names of limits above that may be skipped where the host cannot enforce them, such as
/// `["memory", "pids"]`. The outcome's enforcement tells which were.
///
/// value: the text, UTF-8.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_best_effort(
    spec: *mut isolate_spec,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        spec.limits
            .best_effort
            .push(ffi::utf8(value, "value")?.to_owned());
        Ok(())
    })
}

/// Set `timeout`.
///
/// Wall time after which the job is killed and ends as `timeout`.
///
/// ms: milliseconds, at most 10^13.
/// Returns 0, or -EINVAL for a NULL spec or too long a time.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_timeout_ms(spec: *mut isolate_spec, ms: u64) -> c_int {
    edit(spec, |spec| {
        spec.timeout = Some(seconds(ms)?);
        Ok(())
    })
}

/// Set `cgroup`.
///
/// The job's cgroup; default `try` under `strict`, none under `none` unless a limit needs it.
///
/// value: an ISOLATE_CGROUP_ constant.
/// Returns 0, or -EINVAL for a NULL spec or an unknown constant.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_cgroup(spec: *mut isolate_spec, value: u32) -> c_int {
    edit(spec, |spec| {
        spec.cgroup = Some(constants::cgroup_mode(value)?);
        Ok(())
    })
}

/// Set `driver`.
///
/// Who makes the job's cgroup; default `auto`: systemd where it manages the caller's own cgroup,
/// else this library. docs/systemd.md tells more.
///
/// value: an ISOLATE_DRIVER_ constant.
/// Returns 0, or -EINVAL for a NULL spec or an unknown constant.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_driver(spec: *mut isolate_spec, value: u32) -> c_int {
    edit(spec, |spec| {
        spec.driver = Some(constants::driver(value)?);
        Ok(())
    })
}

/// Set `slice`.
///
/// The slice that the job's scope is in, such as `build-nightly.slice`, where systemd makes the
/// cgroup; it is made where it is not there. Default `system.slice` for root, `app.slice` of the
/// user's own manager for others.
///
/// value: the text, UTF-8.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_slice(
    spec: *mut isolate_spec,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        spec.slice = Some(ffi::utf8(value, "value")?.to_owned());
        Ok(())
    })
}

/// Set `unit`.
///
/// The name of the job's scope where systemd makes the cgroup: `NAME` or `NAME.scope`, of ASCII
/// letters, digits and `:-_.\\@`, at most 255 bytes. Default a name of the library's own,
/// `isolate-PID-START-N.scope`.
///
/// value: the text, UTF-8.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_unit(
    spec: *mut isolate_spec,
    value: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        spec.unit = Some(ffi::utf8(value, "value")?.to_owned());
        Ok(())
    })
}

/// Set `no_new_privs`.
///
/// Whether execve can no longer grant privileges (no_new_privs); default yes under `strict`,
/// no under `none`.
///
/// on: 0 for no, anything else for yes.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_no_new_privs(
    spec: *mut isolate_spec,
    on: c_int,
) -> c_int {
    edit(spec, |spec| {
        spec.no_new_privs = Some(on != 0);
        Ok(())
    })
}

/// Set `seccomp`.
///
/// The system call filter; default `default` under `strict`, `off` under `none`.
///
/// value: an ISOLATE_SECCOMP_ constant.
/// Returns 0, or -EINVAL for a NULL spec or an unknown constant.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_seccomp(spec: *mut isolate_spec, value: u32) -> c_int {
    edit(spec, |spec| {
        spec.seccomp = Some(constants::seccomp(value)?);
        Ok(())
    })
}

/// Set `new_session`.
///
/// Whether the job leads a new session, away from the caller's terminal; default yes under
/// `strict`, no under `none`.
///
/// on: 0 for no, anything else for yes.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_new_session(spec: *mut isolate_spec, on: c_int) -> c_int {
    edit(spec, |spec| {
        spec.new_session = Some(on != 0);
        Ok(())
    })
}

/// Set `umask`.
///
/// File mode creation mask of the job; default 0o022 under `strict`, the caller's under `none`.
///
/// value: the number.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_umask(spec: *mut isolate_spec, value: u32) -> c_int {
    edit(spec, |spec| {
        spec.umask = Some(value);
        Ok(())
    })
}

/// Set `init`.
///
/// Whether an init reaps orphans and ends with the job (default yes). Without it the program
/// itself is pid 1 of a new pid namespace, and `timeout` and `limits.cpu_time` are refused, as is a
/// new time namespace before Linux 6.2.
///
/// on: 0 for no, anything else for yes.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_init(spec: *mut isolate_spec, on: c_int) -> c_int {
    edit(spec, |spec| {
        spec.init = on != 0;
        Ok(())
    })
}
