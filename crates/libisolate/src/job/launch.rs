//! The launch: from a spec to a running program.
//!
//! Everything that can fail without a process comes first; from the spark on, a guard takes back
//! whatever there is.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::Path;
use std::time::Instant;

use isolate_plan::{Cause, Command, Ended, Report};
use isolate_sys::Errno;
use isolate_sys::calls::{fd, process};

use super::slots::{self, Slots};
use super::stdio::Streams;
use super::{idmap, stdio};
use crate::cgroup::Group;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host::Host;
use crate::init::{Control, Heard, Kept, Spark, Wish, memfile, pidfd, spark};
use crate::job::Enforcement;
use crate::kernfile;
use crate::ns::Kind;
use crate::plan::{self, Plan};
use crate::spec::Spec;
use crate::sysfd::own;

/// A program that runs.
pub(super) struct Launched {
    pub spark: Spark,
    pub control: Control,
    pub streams: Streams,
    pub group: Option<Group>,
    pub plan: Plan,
    pub enforcement: Enforcement,
    pub namespaces: BTreeMap<String, u64>,
    /// The program's pid as this process sees it.
    pub pid: i32,
    pub started: Instant,
    /// When it has ended already.
    pub ended: Option<Ended>,
}

/// What the kernel and the cgroup trees can do, looked at once for as long as the process stays in its
/// cgroups (/proc/self/cgroup, kept beside it). Paths and caller are looked at for each launch.
static HOST: Kept<(Vec<u8>, Host)> = Kept::new();

fn host(spec: &Spec) -> Result<Host> {
    const OWN: &str = "/proc/self/cgroup";
    let own = kernfile::read(Path::new(OWN))
        .map_err(|error| Error::from_io(&error, Stage::Host, OWN).with_hint("mount /proc"))?;
    let mut host = match HOST.get() {
        Ok(Some((then, host))) if then == own => host,
        _ => {
            let host = Host::probe()?;
            HOST.set((own, host.clone()));
            host
        }
    };
    host.refresh(spec)?;
    host.shift_base = shift_base()?;
    Ok(host)
}

/// A range of 65536 ids for a root caller's job. Drawn by lot, so that two jobs, of one host or of
/// two, hardly ever are the same user: they would share its limits and could signal each other
/// without pid namespaces. Above the ranges of useradd(8) and below 2^31, which some programs cannot
/// count to.
fn shift_base() -> Result<u32> {
    let mut bytes = [0u8; 2];
    process::getrandom(&mut bytes)
        .map_err(|errno| Error::from_errno(errno, Stage::Ids, "getrandom"))?;
    const FIRST: u32 = 0x2000;
    const COUNT: u32 = 0x5000;
    Ok((FIRST + u32::from(u16::from_ne_bytes(bytes)) % COUNT) << 16)
}

pub(super) fn launch(spec: &Spec) -> Result<Launched> {
    spec.check()?;
    let open = stdio::open_streams();
    let host = host(spec)?;
    let plan = plan::plan(spec, &host)?;
    let joined = slots::namespaces(&plan)?;
    let program = memfile::program()?;
    let ops = memfile::plan(&plan.ops)?;
    let streams = Streams::open(spec, open, plan.outside)?;
    let line = |errno| Error::from_errno(errno, Stage::Clone, "socketpair");
    let (control, init_end) = Control::pair().map_err(line)?;

    let mut guard = Guard::default();
    guard.group = match &plan.group {
        Some(wanted) => Some(Group::create(&host.cgroup, wanted)?),
        None => None,
    };
    // Only in the v2 tree can a process be born, and only while its limits are open.
    let cgroup = guard
        .group
        .as_ref()
        .and_then(Group::birth_fd)
        .filter(|_| host.features.clone3);
    let spark = spark::light(&Wish {
        namespaces: plan.clone_flags,
        cgroup,
        program: program.as_fd(),
        control: init_end.as_fd(),
        capabilities: plan.init_capabilities,
    })
    .map_err(|errno| clone_error(errno, &plan))?;
    drop(init_end);
    let expected_birth = cgroup.is_some();
    let mut spark = guard.spark.insert(spark);
    let born_in_group = spark.in_cgroup;
    let start = Command::Start(plan.ops.len() as u32);
    let mut early: Vec<RawFd> = joined.iter().map(|n| n.as_fd().as_raw_fd()).collect();
    if plan.reborn {
        early.push(ops.as_raw_fd());
        let reborn = control
            .send_with(start, &early)
            .map_err(|errno| Error::from_errno(errno, Stage::Clone, "init"))
            .and_then(|()| rebirth(&control, &plan, spark))?;
        early.clear();
        spark = guard.spark.insert(reborn);
    }

    if plan.new_user {
        idmap::write(spark.pid, &plan)?;
    }
    let mut enforcement = plan.enforcement.clone();
    if let Some(group) = &guard.group {
        if expected_birth && !born_in_group {
            adopt(group, spark.pid)?;
        }
        group.write_limits(&mut enforcement)?;
    }
    let slots = Slots::open(
        &plan,
        &streams,
        guard.group.as_ref(),
        spark.pid,
        &program,
        &host,
    )?;
    let sent = if plan.reborn {
        control.send_with(Command::Go, &slots.numbers)
    } else {
        early.extend(&slots.numbers);
        early.push(ops.as_raw_fd());
        control.send_with(start, &early)
    };
    drop(slots.opened);

    let mut watcher = Watcher {
        control: &control,
        plan: &plan,
        pid: spark.pid,
        born: false,
        namespaces: BTreeMap::new(),
    };
    let first = match sent {
        Ok(()) => watcher.until_started(),
        // The init is gone before it heard a word.
        Err(Errno::EPIPE | Errno::ECONNRESET) => Ok(First::Vanished),
        Err(errno) => Err(Error::from_errno(errno, Stage::Clone, "init")),
    }?;
    let started = Instant::now();
    let (pid, namespaces) = (watcher.pid, watcher.namespaces);
    let ended = match first {
        First::Started => None,
        First::Ended(ended) => Some(ended),
        First::Vanished => None,
    };
    let died_early = match first {
        First::Started => false,
        // One that the init itself has ended, by its timeout, is an outcome like any other.
        First::Ended(ended) => ended.before_exec && ended.cause == Cause::None,
        First::Vanished => true,
    };
    // A program that could not even start for lack of memory is a job that ran out of memory.
    let out_of_memory = || guard.group.as_ref().and_then(Group::oom_kills).unwrap_or(0) > 0;
    if died_early && !out_of_memory() {
        return Err(early_death(&first, spark));
    }
    let (spark, group) = guard.keep();
    let Some(spark) = spark else {
        return Err(Error::new(
            ErrorKind::Internal,
            Stage::Clone,
            "init",
            "lost",
        ));
    };
    let mut streams = streams;
    streams.hand_over();
    Ok(Launched {
        spark,
        control,
        streams,
        group,
        plan,
        enforcement,
        namespaces,
        pid,
        started,
        ended,
    })
}

/// Waits until the init goes on in another process, and reaps the one before.
fn rebirth(control: &Control, plan: &Plan, before: &Spark) -> Result<Spark> {
    let failed = |errno| Error::from_errno(errno, Stage::Clone, "init");
    let heard = control.hear(true).map_err(failed)?;
    let pid = match heard {
        Heard::Report(Report::Reborn, pid) => pid,
        Heard::Report(Report::Failed { op, errno }, _) => {
            return Err(plan.failure(op, Errno::from_raw(errno as i32)));
        }
        _ => return Err(early_death(&First::Vanished, before)),
    };
    // A child of this process that nobody has reaped: the number is its own.
    let pidfd = own(process::pidfd_open(pid)).map_err(failed)?;
    let _ = process::wait_pidfd(before.pidfd.as_raw_fd(), false);
    Ok(Spark {
        pid,
        pidfd,
        in_cgroup: before.in_cgroup,
    })
}

/// What takes back a launch that failed: the init and with it the job, then the group.
#[derive(Default)]
pub(super) struct Guard {
    pub spark: Option<Spark>,
    pub group: Option<Group>,
}

impl Guard {
    fn keep(mut self) -> (Option<Spark>, Option<Group>) {
        (self.spark.take(), self.group.take())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(spark) = &self.spark {
            let _ = pidfd::send_signal(spark.pidfd.as_fd(), libc::SIGKILL);
            let _ = process::wait_pidfd(spark.pidfd.as_raw_fd(), false);
        }
        if let Some(group) = &self.group {
            let _ = group.kill();
            let _ = group.remove();
        }
    }
}

/// Moves the init into the group's v2 directory where it could not be born there. It costs a grace
/// period of the kernel (some 10 ms), on Linux before 5.7 only.
fn adopt(group: &Group, pid: i32) -> Result<()> {
    let fds = group.join_fds(true)?;
    let Some(procs) = fds.last() else {
        return Ok(());
    };
    fd::write(procs.as_raw_fd(), pid.to_string().as_bytes())
        .map(drop)
        .map_err(|errno| {
            Error::from_errno(errno, Stage::Cgroup, format!("cgroup.procs: \"{pid}\""))
        })
}

fn clone_error(errno: Errno, plan: &Plan) -> Error {
    let names = plan::namespace_names(plan.clone_flags);
    let error = Error::from_errno(errno, Stage::Clone, names);
    match errno {
        Errno::ENOSPC => error.with_kind(ErrorKind::Limit).with_hint(
            "a limit of namespaces is reached: see sysctl user.max_user_namespaces and its \
             siblings, and the depth of 32 nested user or pid namespaces",
        ),
        Errno::EPERM => error.with_hint(
            "namespaces need CAP_SYS_ADMIN, or user namespaces that are allowed and not restricted \
             (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, \
             kernel.apparmor_restrict_unprivileged_userns)",
        ),
        Errno::EAGAIN => error.with_kind(ErrorKind::Limit).with_hint(
            "the caller may have no more processes: see ulimit -u and pids.max of its cgroup",
        ),
        Errno::EACCES => {
            error.with_hint("the init may not be executed: see sysctl vm.memfd_noexec")
        }
        _ => error,
    }
}

fn early_death(first: &First, spark: &Spark) -> Error {
    let detail = match first {
        First::Ended(ended) if ended.status & 0x7F != 0 => {
            format!(
                "was killed by signal {} before it could start",
                ended.status & 0x7F
            )
        }
        First::Ended(ended) => {
            format!(
                "ended with status {} before it could start",
                ended.status >> 8 & 0xFF
            )
        }
        _ => match process::wait_pidfd(spark.pidfd.as_raw_fd(), false) {
            Ok(Some(exit)) if exit.code != 1 => {
                return Error::new(
                    ErrorKind::Child,
                    Stage::Clone,
                    "init",
                    format!("was killed by signal {}", exit.status),
                );
            }
            Ok(Some(exit)) => {
                return Error::new(
                    ErrorKind::Child,
                    Stage::Clone,
                    "init",
                    format!("ended with status {} and no report", exit.status),
                );
            }
            _ => "ended without a report".to_owned(),
        },
    };
    Error::new(ErrorKind::Child, Stage::Clone, "job", detail)
}

/// How a launch began.
#[derive(Clone, Copy)]
enum First {
    Started,
    Ended(Ended),
    Vanished,
}

struct Watcher<'a> {
    control: &'a Control,
    plan: &'a Plan,
    pid: i32,
    born: bool,
    namespaces: BTreeMap<String, u64>,
}

impl Watcher<'_> {
    fn until_started(&mut self) -> Result<First> {
        loop {
            let heard = self
                .control
                .hear(true)
                .map_err(|errno| Error::from_errno(errno, Stage::Clone, "init"))?;
            match heard {
                Heard::Report(Report::Born { namespaces }, pid) => {
                    self.born = true;
                    self.pid = pid;
                    self.namespaces = Kind::ALL
                        .into_iter()
                        .zip(namespaces)
                        .filter(|(_, number)| *number != 0)
                        .map(|(kind, number)| (kind.name().to_owned(), u64::from(number)))
                        .collect();
                    if self.namespaces.is_empty() {
                        self.namespaces = namespace_ids(pid);
                    }
                }
                Heard::Report(Report::Started, _) => return Ok(First::Started),
                Heard::Report(Report::Failed { op, errno }, _) => {
                    return Err(self.plan.failure(op, Errno::from_raw(errno as i32)));
                }
                Heard::Report(Report::Ended(ended), _) => return Ok(First::Ended(ended)),
                Heard::Report(..) => {}
                // Without an init the line closes with the exec.
                Heard::End if !self.plan.init && self.born => {
                    return Ok(First::Started);
                }
                Heard::End | Heard::Nothing | Heard::Descriptor(_) => return Ok(First::Vanished),
            }
        }
    }
}

/// Inode numbers of a process's namespaces.
pub(super) fn namespace_ids(pid: i32) -> BTreeMap<String, u64> {
    let mut ids = BTreeMap::new();
    for kind in Kind::ALL {
        let Ok(link) = std::fs::read_link(format!("/proc/{pid}/ns/{kind}")) else {
            continue;
        };
        // "user:[4026531837]"
        let text = link.to_string_lossy();
        let number = text
            .split_once('[')
            .and_then(|(_, rest)| rest.strip_suffix(']'));
        if let Some(number) = number.and_then(|n| n.parse().ok()) {
            ids.insert(kind.name().to_owned(), number);
        }
    }
    ids
}
