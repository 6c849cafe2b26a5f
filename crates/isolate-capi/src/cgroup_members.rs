//! Who is in a group: moving processes and threads in, listing, stopping and ending them, and whose the
//! group is.

use std::ffi::c_int;
use std::time::Duration;

use libisolate::{Error, Result};

use crate::cgroup::{group, isolate_cgroup};
use crate::error::isolate_error;
use crate::ffi;

/// A time of the caller's in milliseconds; `None` for ever.
pub(crate) fn timeout(ms: i64) -> Result<Option<Duration>> {
    match u64::try_from(ms) {
        Ok(ms) => Ok(Some(Duration::from_millis(ms))),
        Err(_) if ms == -1 => Ok(None),
        Err(_) => Err(Error::invalid(
            "timeout_ms",
            format!("{ms} is no time; use -1 to wait for ever"),
        )),
    }
}

/// Where there is no "for ever": longer than any kernel runs.
fn bounded(ms: i64) -> Result<Duration> {
    const AGES: Duration = Duration::from_secs(1 << 32);
    Ok(timeout(ms)?.unwrap_or(AGES))
}

/// Move processes, with all their threads, into a group in every hierarchy: all of them or none.
///
/// The price of a move is a grace period of the kernel, some 10 ms, and is paid once for all moves that
/// follow each other closely: move many in one call.
///
/// pids: their numbers as the caller sees them.
/// count: how many.
/// Returns 0, -EINVAL for NULL and a number below 1, -ESRCH or -ENOENT for a process that is gone (errors
/// of the kind ISOLATE_ERROR_NOT_FOUND), -EACCES or -EPERM where the group was not delegated to the caller,
/// -EBUSY where the group hands controllers to groups below it, or another negative errno. Those that were
/// moved are moved back.
/// Threads: any. Blocks: until they are moved. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_attach(
    cgroup: *mut isolate_cgroup,
    pids: *const c_int,
    count: usize,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        group(cgroup)?.attach(ffi::array(pids, count, "pids")?)
    })
}

/// Move single threads into a group: all of them or none.
///
/// v1 hierarchies take any thread. The v2 tree takes threads only in a threaded group (set "cgroup.type" to
/// "threaded"); where there are v1 hierarchies too, a thread stays in its process's place of a v2 tree that
/// is not threaded.
///
/// tids: their numbers as the caller sees them.
/// count: how many.
/// Returns what isolate_cgroup_attach returns; -EOPNOTSUPP where the group is not threaded and has no v1
/// hierarchy.
/// Threads: any. Blocks: until they are moved. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_attach_threads(
    cgroup: *mut isolate_cgroup,
    tids: *const c_int,
    count: usize,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        group(cgroup)?.attach_threads(ffi::array(tids, count, "tids")?)
    })
}

/// List the processes of a group as the caller sees them, sorted: those of another pid namespace are left
/// out. None once the group is removed.
///
/// recursive: other than 0 for those in the groups below, too.
/// pids: room for their numbers; may be NULL where room is 0.
/// room: how many fit.
/// count: how many there are, on success; where that is more than room, the first ones are stored.
/// Returns 0, or -EINVAL for NULL.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_processes(
    cgroup: *const isolate_cgroup,
    recursive: c_int,
    pids: *mut c_int,
    room: usize,
    count: *mut usize,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        ffi::put_some(pids, room, count, "pids", || {
            group.processes(recursive != 0)
        })
    })
}

/// List the threads of a group, as isolate_cgroup_processes.
///
/// recursive: other than 0 for those in the groups below, too.
/// tids: room for their numbers; may be NULL where room is 0.
/// room: how many fit.
/// count: how many there are, on success; where that is more than room, the first ones are stored.
/// Returns 0, or -EINVAL for NULL.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_threads(
    cgroup: *const isolate_cgroup,
    recursive: c_int,
    tids: *mut c_int,
    room: usize,
    count: *mut usize,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        ffi::put_some(tids, room, count, "tids", || group.threads(recursive != 0))
    })
}

/// Stop every process in a group and below it, and return when all stand. New ones that come in stop at
/// once.
///
/// timeout_ms: how long at most, in milliseconds; -1 for ever.
/// Returns 0, -EINVAL for NULL and for a group that the caller is in itself, -EOPNOTSUPP where the group has
/// neither a v2 directory (Linux 5.2) nor a v1 freezer, -ETIMEDOUT when some still move, or another negative
/// errno. After a failure all are thawed again.
/// Threads: any. Blocks: until they stand, at most timeout_ms. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_freeze(
    cgroup: *mut isolate_cgroup,
    timeout_ms: i64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || group(cgroup)?.freeze(bounded(timeout_ms)?))
}

/// Let every process of a group go on, and return when all do.
///
/// timeout_ms: how long at most, in milliseconds; -1 for ever.
/// Returns 0, -EBUSY when a group above is frozen, which keeps this one frozen, or what isolate_cgroup_freeze
/// returns.
/// Threads: any. Blocks: until they go, at most timeout_ms. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_thaw(
    cgroup: *mut isolate_cgroup,
    timeout_ms: i64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || group(cgroup)?.thaw(bounded(timeout_ms)?))
}

/// Ask whether all processes of a group stand, by its own state or that of a group above.
///
/// out: 1 or 0, on success.
/// Returns 0, -EINVAL for NULL, -EOPNOTSUPP as isolate_cgroup_freeze, -ENOENT once the group is removed, or
/// another negative errno.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_is_frozen(
    cgroup: *const isolate_cgroup,
    out: *mut c_int,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        ffi::put(out, || group.is_frozen().map(c_int::from))
    })
}

/// Ask whether a process is in a group or below it.
///
/// out: 1 or 0, on success.
/// Returns 0, -EINVAL for NULL, -ENOENT once the group is removed, or another negative errno.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_is_populated(
    cgroup: *const isolate_cgroup,
    out: *mut c_int,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        ffi::put(out, || group.is_populated().map(c_int::from))
    })
}

/// Kill every process of a group and of those below it, forked ones included, frozen ones too.
///
/// With a v2 directory (Linux 5.14) the processes are then as good as dead. Of v1 directories none is left
/// when it returns, after 10 seconds at most.
///
/// Returns 0, -EINVAL for NULL and for a group that the caller is in, -EBUSY when processes stay, or another negative errno.
/// Threads: any. Blocks: as said. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_kill(
    cgroup: *mut isolate_cgroup,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || group(cgroup)?.kill())
}

/// Remove a group and those below it; the handle stays to be freed. Fine when it is removed already.
///
/// Returns 0, -EINVAL for NULL, -EBUSY when processes are in it, or another negative errno.
/// Threads: any. Blocks: half a second at most, while the last processes go. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_remove(
    cgroup: *mut isolate_cgroup,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || group(cgroup)?.remove())
}

/// Give a group to a user: its directory and the files by which it is divided further, but not those of
/// its own limits (cgroups(7), "Delegation").
///
/// uid: the new owner of the files; UINT32_MAX, which is (uid_t) -1, leaves it as it is.
/// gid: their new group; likewise.
/// Returns 0, -EINVAL for NULL, -EOPNOTSUPP for a group with v1 directories, which are not safe in another
/// user's hands, -EPERM unless the caller is root, or another negative errno. What was changed before a
/// failure is changed back.
/// Threads: any. Blocks: for the time of some file changes. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_delegate(
    cgroup: *mut isolate_cgroup,
    uid: u32,
    gid: u32,
    err: *mut *mut isolate_error,
) -> c_int {
    let named = |id: u32| (id != u32::MAX).then_some(id);
    ffi::guard(err, || group(cgroup)?.delegate(named(uid), named(gid)))
}
