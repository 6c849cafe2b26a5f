//! Numbers for C of every plain enum, and the way from one to the other.
//! Made by `cargo xtask codegen`.

use libisolate::job::EnforcementStatus;
use libisolate::spec::{
    CgroupMode, CpusetPartition, Driver, NamespaceMode, Namespaces, Net, Profile, Root, Seccomp,
    Size, Stdio,
};
use libisolate::{Error, ErrorKind, Reason, Result};

/// A number of bytes, in the range that the kernel takes.
pub(crate) fn size(bytes: u64) -> Result<Size> {
    if bytes > i64::MAX as u64 {
        return Err(Error::invalid(
            "bytes",
            format!("{bytes} is larger than 2^63-1 bytes"),
        ));
    }
    Ok(Size(bytes))
}

fn unknown(what: &str, number: u32) -> Error {
    Error::invalid(what, format!("{number} is no such constant"))
}

/// Everything closed: all eight namespaces, a root of the host's system directories only
/// (read-only), no network but loopback, no capabilities, no new privileges, the default system
/// call filter, a clean environment, a new session and a cgroup with a pids limit.
pub const ISOLATE_PROFILE_STRICT: u32 = 1;

/// Nothing but what the spec names: bare primitives.
pub const ISOLATE_PROFILE_NONE: u32 = 2;

/// The value with an ISOLATE_PROFILE_ number.
pub(crate) fn profile(number: u32) -> Result<Profile> {
    Ok(match number {
        ISOLATE_PROFILE_STRICT => Profile::Strict,
        ISOLATE_PROFILE_NONE => Profile::None,
        _ => return Err(unknown("profile", number)),
    })
}

/// A new one; where the host cannot make it the job does not start.
pub const ISOLATE_NS_MODE_NEW: u32 = 1;

/// A new one where the host can make it, else the caller's; the enforcement tells which.
pub const ISOLATE_NS_MODE_TRY: u32 = 2;

/// The caller's.
pub const ISOLATE_NS_MODE_HOST: u32 = 3;

/// The value with an ISOLATE_NS_MODE_ number.
pub(crate) fn namespace_mode(number: u32) -> Result<NamespaceMode> {
    Ok(match number {
        ISOLATE_NS_MODE_NEW => NamespaceMode::New,
        ISOLATE_NS_MODE_TRY => NamespaceMode::Try,
        ISOLATE_NS_MODE_HOST => NamespaceMode::Host,
        _ => return Err(unknown("namespace_mode", number)),
    })
}

/// The cgroup root that the job sees (cgroup_namespaces(7)).
pub const ISOLATE_NS_CGROUP: u32 = 1;

/// System V IPC and POSIX message queues (ipc_namespaces(7)).
pub const ISOLATE_NS_IPC: u32 = 2;

/// Network devices, addresses, ports (network_namespaces(7)); a new one has only `lo`, up.
pub const ISOLATE_NS_NET: u32 = 3;

/// Mounts (mount_namespaces(7)).
pub const ISOLATE_NS_MNT: u32 = 4;

/// Process ids (pid_namespaces(7)).
pub const ISOLATE_NS_PID: u32 = 5;

/// Monotonic and boot-time clocks (time_namespaces(7)).
pub const ISOLATE_NS_TIME: u32 = 6;

/// User and group ids and capabilities (user_namespaces(7)).
pub const ISOLATE_NS_USER: u32 = 7;

/// Host and domain name (uts_namespaces(7)).
pub const ISOLATE_NS_UTS: u32 = 8;

/// The namespace with an ISOLATE_NS_ number.
pub(crate) fn namespace(all: &mut Namespaces, number: u32) -> Result<&mut Option<NamespaceMode>> {
    Ok(match number {
        ISOLATE_NS_CGROUP => &mut all.cgroup,
        ISOLATE_NS_IPC => &mut all.ipc,
        ISOLATE_NS_NET => &mut all.net,
        ISOLATE_NS_MNT => &mut all.mnt,
        ISOLATE_NS_PID => &mut all.pid,
        ISOLATE_NS_TIME => &mut all.time,
        ISOLATE_NS_USER => &mut all.user,
        ISOLATE_NS_UTS => &mut all.uts,
        _ => return Err(unknown("kind", number)),
    })
}

/// The name of the namespace with an ISOLATE_NS_ number.
pub(crate) fn namespace_name(number: u32) -> Result<&'static str> {
    Ok(match number {
        ISOLATE_NS_CGROUP => "cgroup",
        ISOLATE_NS_IPC => "ipc",
        ISOLATE_NS_NET => "net",
        ISOLATE_NS_MNT => "mnt",
        ISOLATE_NS_PID => "pid",
        ISOLATE_NS_TIME => "time",
        ISOLATE_NS_USER => "user",
        ISOLATE_NS_UTS => "uts",
        _ => return Err(unknown("kind", number)),
    })
}

/// A network namespace with nothing but `lo`.
pub const ISOLATE_NET_NONE: u32 = 1;

/// The caller's network.
pub const ISOLATE_NET_HOST: u32 = 2;

/// The value with an ISOLATE_NET_ number.
pub(crate) fn net(number: u32) -> Result<Net> {
    Ok(match number {
        ISOLATE_NET_NONE => Net::None,
        ISOLATE_NET_HOST => Net::Host,
        _ => return Err(unknown("net", number)),
    })
}

/// A new root that holds only the host's system directories (/usr /bin /sbin /lib* /etc),
/// read-only, with private /tmp and /dev/shm, fresh /proc and minimal /dev.
pub const ISOLATE_ROOT_SYSTEM: u32 = 1;

/// All of the host's files, read-only with every mount below, with private /tmp and /dev/shm,
/// fresh /proc and minimal /dev.
pub const ISOLATE_ROOT_HOST: u32 = 2;

/// The caller's mounts as they are; `binds` and `tmpfs` are mounted over them.
pub const ISOLATE_ROOT_KEEP: u32 = 3;

/// The value with an ISOLATE_ROOT_ number.
pub(crate) fn root(number: u32) -> Result<Root> {
    Ok(match number {
        ISOLATE_ROOT_SYSTEM => Root::System,
        ISOLATE_ROOT_HOST => Root::Host,
        ISOLATE_ROOT_KEEP => Root::Keep,
        _ => return Err(unknown("root", number)),
    })
}

/// The caller's own stream.
pub const ISOLATE_STDIO_INHERIT: u32 = 1;

/// /dev/null.
pub const ISOLATE_STDIO_NULL: u32 = 2;

/// A pipe whose other end the caller takes from the job.
pub const ISOLATE_STDIO_PIPE: u32 = 3;

/// Collected into the outcome, up to `limits.output` bytes (stdout and stderr only).
pub const ISOLATE_STDIO_CAPTURE: u32 = 4;

/// The value with an ISOLATE_STDIO_ number.
pub(crate) fn stdio(number: u32) -> Result<Stdio> {
    Ok(match number {
        ISOLATE_STDIO_INHERIT => Stdio::Inherit,
        ISOLATE_STDIO_NULL => Stdio::Null,
        ISOLATE_STDIO_PIPE => Stdio::Pipe,
        ISOLATE_STDIO_CAPTURE => Stdio::Capture,
        _ => return Err(unknown("stdio", number)),
    })
}

/// A new one; where the host cannot make it the job does not start.
pub const ISOLATE_CGROUP_NEW: u32 = 1;

/// A new one where the host can make it.
pub const ISOLATE_CGROUP_TRY: u32 = 2;

/// None; a limit that needs one is an error.
pub const ISOLATE_CGROUP_NONE: u32 = 3;

/// The value with an ISOLATE_CGROUP_ number.
pub(crate) fn cgroup_mode(number: u32) -> Result<CgroupMode> {
    Ok(match number {
        ISOLATE_CGROUP_NEW => CgroupMode::New,
        ISOLATE_CGROUP_TRY => CgroupMode::Try,
        ISOLATE_CGROUP_NONE => CgroupMode::None,
        _ => return Err(unknown("cgroup_mode", number)),
    })
}

/// systemd where it manages the caller's own cgroup, else this library.
pub const ISOLATE_DRIVER_AUTO: u32 = 1;

/// This library, by directories below the caller's own cgroup.
pub const ISOLATE_DRIVER_CGROUPFS: u32 = 2;

/// systemd, as a transient scope of its system manager (root) or of the caller's user manager.
pub const ISOLATE_DRIVER_SYSTEMD: u32 = 3;

/// The value with an ISOLATE_DRIVER_ number.
pub(crate) fn driver(number: u32) -> Result<Driver> {
    Ok(match number {
        ISOLATE_DRIVER_AUTO => Driver::Auto,
        ISOLATE_DRIVER_CGROUPFS => Driver::Cgroupfs,
        ISOLATE_DRIVER_SYSTEMD => Driver::Systemd,
        _ => return Err(unknown("driver", number)),
    })
}

/// The library's short deny-list: see docs/sandbox.md.
pub const ISOLATE_SECCOMP_DEFAULT: u32 = 1;

/// No filter.
pub const ISOLATE_SECCOMP_OFF: u32 = 2;

/// The value with an ISOLATE_SECCOMP_ number.
pub(crate) fn seccomp(number: u32) -> Result<Seccomp> {
    Ok(match number {
        ISOLATE_SECCOMP_DEFAULT => Seccomp::Default,
        ISOLATE_SECCOMP_OFF => Seccomp::Off,
        _ => return Err(unknown("seccomp", number)),
    })
}

/// CPUs shared with other groups, as every new group has.
pub const ISOLATE_CPUSET_MEMBER: u32 = 1;

/// CPUs of its own, over which the scheduler balances the job.
pub const ISOLATE_CPUSET_ROOT: u32 = 2;

/// CPUs of its own, over which nothing is balanced.
pub const ISOLATE_CPUSET_ISOLATED: u32 = 3;

/// The value with an ISOLATE_CPUSET_ number.
pub(crate) fn cpuset_partition(number: u32) -> Result<CpusetPartition> {
    Ok(match number {
        ISOLATE_CPUSET_MEMBER => CpusetPartition::Member,
        ISOLATE_CPUSET_ROOT => CpusetPartition::Root,
        ISOLATE_CPUSET_ISOLATED => CpusetPartition::Isolated,
        _ => return Err(unknown("cpuset_partition", number)),
    })
}

/// The program exited by itself; see `exit_code`.
pub const ISOLATE_REASON_EXIT: u32 = 1;

/// A signal that nobody below accounts for ended the program; see `signal`.
pub const ISOLATE_REASON_SIGNAL: u32 = 2;

/// `timeout` passed.
pub const ISOLATE_REASON_TIMEOUT: u32 = 3;

/// `limits.cpu_time` was used up.
pub const ISOLATE_REASON_CPU_LIMIT: u32 = 4;

/// The memory limit was reached and the kernel killed a process of the job, or the program died of it.
pub const ISOLATE_REASON_OUT_OF_MEMORY: u32 = 5;

/// `limits.output` was passed.
pub const ISOLATE_REASON_OUTPUT_LIMIT: u32 = 6;

/// The system call filter killed the program.
pub const ISOLATE_REASON_SECCOMP: u32 = 7;

/// The caller killed the job.
pub const ISOLATE_REASON_KILLED: u32 = 8;

/// The ISOLATE_REASON_ number of a value.
pub(crate) fn reason_number(value: Reason) -> u32 {
    match value {
        Reason::Exit => ISOLATE_REASON_EXIT,
        Reason::Signal => ISOLATE_REASON_SIGNAL,
        Reason::Timeout => ISOLATE_REASON_TIMEOUT,
        Reason::CpuLimit => ISOLATE_REASON_CPU_LIMIT,
        Reason::OutOfMemory => ISOLATE_REASON_OUT_OF_MEMORY,
        Reason::OutputLimit => ISOLATE_REASON_OUTPUT_LIMIT,
        Reason::Seccomp => ISOLATE_REASON_SECCOMP,
        Reason::Killed => ISOLATE_REASON_KILLED,
        _ => 0,
    }
}

/// In force; for a limit, `value` was read back from `file`.
pub const ISOLATE_ENFORCEMENT_ENFORCED: u32 = 1;

/// Not in force, because it was `try` and the host could not; `reason` says why.
pub const ISOLATE_ENFORCEMENT_SKIPPED: u32 = 2;

/// The ISOLATE_ENFORCEMENT_ number of a value.
pub(crate) fn enforcement_status_number(value: EnforcementStatus) -> u32 {
    match value {
        EnforcementStatus::Enforced => ISOLATE_ENFORCEMENT_ENFORCED,
        EnforcementStatus::Skipped => ISOLATE_ENFORCEMENT_SKIPPED,
    }
}

/// The spec is wrong in itself; no host could run it.
pub const ISOLATE_ERROR_INVALID_SPEC: u32 = 1;

/// A file, program, user or object that the caller named does not exist.
pub const ISOLATE_ERROR_NOT_FOUND: u32 = 2;

/// The kernel or the file system refused the caller.
pub const ISOLATE_ERROR_PERMISSION: u32 = 3;

/// This kernel, file system or cgroup layout cannot do what was asked.
pub const ISOLATE_ERROR_UNSUPPORTED: u32 = 4;

/// The object is in use.
pub const ISOLATE_ERROR_BUSY: u32 = 5;

/// A limit of the host or of the caller stands in the way (descriptors, memory, namespaces).
pub const ISOLATE_ERROR_LIMIT: u32 = 6;

/// The time that the caller gave for an operation has passed.
pub const ISOLATE_ERROR_TIMEOUT: u32 = 7;

/// The job's init ended without a report.
pub const ISOLATE_ERROR_CHILD: u32 = 8;

/// A defect of this library.
pub const ISOLATE_ERROR_INTERNAL: u32 = 9;

/// Any other errno.
pub const ISOLATE_ERROR_OTHER: u32 = 10;

/// The ISOLATE_ERROR_ number of a value.
pub(crate) fn error_kind_number(value: ErrorKind) -> u32 {
    match value {
        ErrorKind::InvalidSpec => ISOLATE_ERROR_INVALID_SPEC,
        ErrorKind::NotFound => ISOLATE_ERROR_NOT_FOUND,
        ErrorKind::Permission => ISOLATE_ERROR_PERMISSION,
        ErrorKind::Unsupported => ISOLATE_ERROR_UNSUPPORTED,
        ErrorKind::Busy => ISOLATE_ERROR_BUSY,
        ErrorKind::Limit => ISOLATE_ERROR_LIMIT,
        ErrorKind::Timeout => ISOLATE_ERROR_TIMEOUT,
        ErrorKind::Child => ISOLATE_ERROR_CHILD,
        ErrorKind::Internal => ISOLATE_ERROR_INTERNAL,
        ErrorKind::Other => ISOLATE_ERROR_OTHER,
        _ => 0,
    }
}
