//! The launch: from a spec to a running program.
//!
//! Everything that can fail without a process comes first; from the spark on, a guard takes back
//! whatever there is.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Instant;

use isolate_plan::{Cause, Ended, Report};
use isolate_sys::Errno;
use isolate_sys::calls::fd;

use super::slots::Slots;
use super::stdio::Streams;
use super::{idmap, stdio};
use crate::cgroup::Group;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host;
use crate::init::{Control, Cradle, Heard, Newborn, Spark};
use crate::job::Enforcement;
use crate::ns::{Kind, joined};
use crate::plan::{self, Plan};
use crate::spec::Spec;

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

/// Where a program is put that runs inside another job.
pub(super) struct Place {
    /// The files by which a process joins the job's groups.
    pub groups: Vec<OwnedFd>,
}

pub(super) fn launch(spec: &Spec, place: Option<Place>) -> Result<Launched> {
    spec.check()?;
    let open = stdio::open_streams();
    let host = host::current(spec)?;
    let groups = place.map_or_else(Vec::new, |place| place.groups);
    let plan = plan::plan_inside(spec, &host, groups.len())?;
    let streams = Streams::open(spec, open, plan.outside)?;
    let cradle = Cradle::new(&plan, joined(&plan)?)?;
    let program = cradle.program.clone();

    // Before the init, so that it is dropped after it.
    let mut guard = Guard::default();
    guard.0 = match &plan.group {
        Some(wanted) => Some(Group::create(&host.cgroup, wanted)?),
        None => None,
    };
    // Only in the v2 tree can a process be born, and only while its limits are open.
    let cgroup = guard
        .0
        .as_ref()
        .and_then(Group::birth_fd)
        .filter(|_| host.features.clone3);
    let expected_birth = cgroup.is_some();
    let newborn = cradle.light(&plan, cgroup)?;
    if plan.new_user {
        idmap::write_plan(newborn.pid(), &plan)?;
    }
    let mut enforcement = plan.enforcement.clone();
    if let Some(group) = &guard.0 {
        if expected_birth && !newborn.in_cgroup() {
            adopt(group, newborn.pid())?;
        }
        group.write_limits(&mut enforcement)?;
    }
    let group = guard.0.as_ref();
    let slots = Slots::open(
        &plan,
        &streams,
        group,
        groups,
        newborn.pid(),
        &program,
        &host,
    )?;
    let sent = newborn.send(&plan, &slots.numbers);
    drop(slots.opened);

    let mut watcher = Watcher {
        control: &newborn.control,
        plan: &plan,
        pid: newborn.pid(),
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
    let out_of_memory = || guard.0.as_ref().and_then(Group::oom_kills).unwrap_or(0) > 0;
    if died_early && !out_of_memory() {
        return Err(early_death(&first, &newborn));
    }
    let Some((spark, control)) = newborn.keep() else {
        return Err(Error::new(
            ErrorKind::Internal,
            Stage::Clone,
            "init",
            "lost",
        ));
    };
    let group = guard.0.take();
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

/// What takes back the group of a launch that failed, once its init is gone.
#[derive(Default)]
struct Guard(Option<Group>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(group) = &self.0 {
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

fn early_death(first: &First, newborn: &Newborn) -> Error {
    let First::Ended(ended) = first else {
        return newborn.vanished();
    };
    let how = match ended.status & 0x7F {
        0 => format!("ended with status {}", ended.status >> 8 & 0xFF),
        signal => format!("was killed by signal {signal}"),
    };
    Error::new(
        ErrorKind::Child,
        Stage::Clone,
        "job",
        format!("{how} before it could start"),
    )
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
