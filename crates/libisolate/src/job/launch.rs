//! The launch: from a spec to a running program.
//!
//! Everything that can fail without a process comes first; from the spark on, a guard takes back
//! whatever there is.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::time::Instant;

use isolate_plan::{Cause, Ended, Report};
use isolate_sys::Errno;

use super::slots::Slots;
use super::stdio::Streams;
use super::{idmap, stdio};
use crate::cgroup::{Cgroup, Group};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host::{self, Host};
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
    /// The job's group, where the caller may not let a process join it by itself.
    pub inside: Option<Cgroup>,
}

pub(super) fn launch(spec: &Spec, place: Option<Place>) -> Result<Launched> {
    spec.check()?;
    let open = stdio::open_streams();
    let mut host = host::current(spec)?;
    let (groups, inside) =
        place.map_or_else(Default::default, |place| (place.groups, place.inside));
    let mut plan = plan::plan_inside(spec, &host, groups.len())?;
    let streams = Streams::open(spec, open, plan.outside)?;
    let mut cradle = Cradle::new(&plan, joined(&plan)?)?;

    // Before the init, so that it is dropped after it.
    let mut guard = Guard::default();
    guard.0 = match make_group(&host, &plan) {
        Ok(group) => group,
        Err(error) => {
            // Where systemd does not make it, a job that can go without its group does so.
            plan = without_unit(spec, &mut host, &plan, error)?;
            cradle = Cradle::new(&plan, joined(&plan)?)?;
            None
        }
    };
    let program = cradle.program.clone();
    let group = guard.0.as_ref();
    // Only in the v2 tree can a process be born, and only while its limits are open.
    let unified = group.and_then(Group::birth_fd);
    let in_unit = plan
        .group
        .as_ref()
        .is_some_and(|group| group.unit.is_some());
    let expected_birth = unified.is_some() && (host.features.clone3 || in_unit);
    let may_be_born =
        |group: &Group| host.features.clone3 && group.takes_processes_of(&host.cgroup);
    let cgroup = unified.filter(|_| group.is_some_and(may_be_born));
    let newborn = cradle.light(&plan, cgroup)?;
    if let Some(inside) = &inside {
        inside.attach(&[newborn.pid()])?;
    }
    if plan.new_user {
        idmap::write_plan(newborn.pid(), &plan)?;
    }
    let mut enforcement = plan.enforcement.clone();
    if let Some(group) = &guard.0 {
        if expected_birth && !newborn.in_cgroup() {
            group.adopt(newborn.pid())?;
        }
        group.write_limits(&mut enforcement)?;
    }
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

fn make_group(host: &Host, plan: &Plan) -> Result<Option<Group>> {
    let make = |wanted| Group::create(&host.cgroup, wanted);
    plan.group.as_ref().map(make).transpose()
}

/// The plan for a host whose systemd makes no unit, for the reason that the error gives; or the error, for
/// a job that has to have its group.
fn without_unit(spec: &Spec, host: &mut Host, plan: &Plan, error: Error) -> Result<Plan> {
    let in_unit = plan
        .group
        .as_ref()
        .is_some_and(|group| group.unit.is_some());
    let Some(systemd) = host.cgroup.systemd.as_mut().filter(|_| in_unit) else {
        return Err(error);
    };
    systemd.reason = Some(format!("{}: {}", error.subject(), error.detail()));
    match plan::plan_inside(spec, host, 0) {
        Ok(plan) if plan.group.is_none() => Ok(plan),
        _ => Err(error),
    }
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
