//! The plan: what the host and the init have to do for a spec, as data.
//!
//! [`plan`] is pure: it reads the spec and the [`Host`] and nothing else, so that a saved host gives the
//! same plan anywhere and a test needs no privileges.

mod builder;
mod files;
mod identity;
mod kernelfs;
mod mounts;
mod namespaces;
mod process;
pub mod seccomp;

use serde::Serialize;

use isolate_plan::{NO_SLOT, Op};

use crate::cgroup::{
    Asked, GroupPlan, UnitPlan, choose_driver, plan_group, told_of_unit, with_numbers,
};
use crate::error::{Error, Result, Stage};
use crate::host::Host;
use crate::job::Enforcement;
use crate::ns::Kind;
use crate::spec::{Bytes, CgroupMode, IdMap, NamespaceMode, Profile, Spec, Stdio};

use builder::Builder;
pub use builder::describe;
pub(crate) use builder::failure;
pub(crate) use files::SYSTEM_DIRECTORIES;
pub(crate) use namespaces::{mode as namespace_mode, names as namespace_names};
pub(crate) use process::{CAPABILITIES, RLIMITS};

/// A descriptor that the host opens and sends to the init.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// A namespace to enter, by where it is.
    Namespace(Kind, NamespaceMode),
    /// A detached copy of the mount tree at a path, opened with the caller's own rights.
    Tree(Tree),
    /// The file by which the job joins its group in the n-th place of `Group::join_fds`.
    Join(usize),
    /// The file that tells the group's CPU time.
    CpuUsage,
    /// An eventfd that tells when a v1 group is out of memory.
    OomEvents,
    /// A pidfd of the host process.
    HostPidfd,
    /// One of the job's standard streams: 0, 1, 2.
    Stdio(usize),
    /// A descriptor of the caller's.
    Caller(i32),
}

/// A mount tree that the host opens for a root caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tree {
    /// The caller's path.
    pub path: Bytes,
    /// Which mount attributes every mount in it gets (`MOUNT_ATTR_*`).
    pub attributes: u64,
    /// Whether its ids are mapped, so that the caller's files are the job's.
    pub idmap: Idmap,
}

/// Whether a tree's ids are mapped to the job's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Idmap {
    /// No: ids are as on disk.
    No,
    /// Where the file system can do it.
    Try,
    /// Or the job does not start.
    Must,
}

/// Where an op's failure happened, for the error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub stage: Stage,
    pub subject: String,
}

/// What the host and the init have to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `CLONE_NEW*` flags of the init's clone. The cgroup and time namespaces are not among them: the
    /// job's process leaves the first only after it has joined its group, and the second takes its
    /// offsets before a process lives in it.
    pub clone_flags: u64,
    /// Whether the init goes on in another process once it has entered the namespaces of the first
    /// slots; the host sends the other slots to that one.
    pub reborn: bool,
    /// Whether the process before it stays, as the host's child, to reap it.
    pub reaped: bool,
    /// Whether the job has a new user namespace, whose maps the host writes.
    pub new_user: bool,
    /// Capabilities of a new user namespace that the init needs, for its ops and for the program's own.
    pub init_capabilities: u64,
    /// The user namespace's uid map; empty without one.
    pub uid_map: Vec<IdMap>,
    /// The user namespace's gid map; empty without one.
    pub gid_map: Vec<IdMap>,
    /// The newuidmap(1) that writes the uid map, where the caller may not.
    pub uid_helper: Option<Bytes>,
    /// The newgidmap(1) that writes the gid map, where the caller may not.
    pub gid_helper: Option<Bytes>,
    /// Whether setgroups(2) must be switched off before the gid map (user_namespaces(7)).
    pub deny_setgroups: bool,
    /// The maps of the user namespace by which trees are id-mapped where that is not the job's own:
    /// when the program's ids inside are not 0.
    pub tree_map: Option<(Vec<IdMap>, Vec<IdMap>)>,
    /// The program's ids outside, where they are not the caller's: its pipes are given to them, or it
    /// could not open them again by /dev/stdout.
    pub outside: Option<(u32, u32)>,
    /// The program's ids inside, where they are set.
    pub ids: Option<(u32, u32)>,
    /// The job's cgroup.
    pub group: Option<GroupPlan>,
    /// What the host opens, in slot order.
    pub slots: Vec<Slot>,
    /// Whether the init stays; without it the init's process becomes the program.
    pub init: bool,
    /// Whether the job is in a new pid namespace.
    pub pid_namespace: bool,
    /// What is asked for, and what is already known to be skipped.
    pub enforcement: Enforcement,
    /// The encoded ops.
    pub(crate) ops: Vec<u8>,
    /// One label for each op.
    pub(crate) labels: Vec<Label>,
}

impl Plan {
    /// The ops, one line each, for people and golden tests.
    pub fn text(&self) -> String {
        builder::text(self)
    }

    /// Turns what the init reported into an error.
    pub(crate) fn failure(&self, op: u32, errno: isolate_sys::Errno) -> Error {
        builder::failure(&self.labels, op, errno)
    }

    /// One label for each op.
    pub(crate) fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// How many slots an init that is to be reborn needs before.
    pub(crate) fn early_slots(&self) -> usize {
        let namespace = |slot: &&Slot| matches!(slot, Slot::Namespace(..));
        self.slots.iter().take_while(namespace).count()
    }
}

/// Decides what has to be done for `spec` on `host`.
///
/// # Errors
/// `InvalidSpec` for a spec that no host could run, `NotFound` for a path that is missing,
/// `Unsupported` and `Permission` for what this host cannot do.
pub fn plan(spec: &Spec, host: &Host) -> Result<Plan> {
    plan_inside(spec, host, 0)
}

/// The same for a program that joins the groups of a job that runs, by this many files.
pub(crate) fn plan_inside(spec: &Spec, host: &Host, groups: usize) -> Result<Plan> {
    spec.check()?;
    let strict = spec.profile == Profile::Strict;
    let mut build = Builder::default();

    let namespaces = namespaces::decide(spec, host, &mut build.enforcement)?;
    let ids = identity::decide(spec, host, &namespaces)?;
    let group = decide_group(spec, host, &mut build)?;

    namespaces::join(&namespaces, &mut build);
    // The init's part, in an order that matters: sources are opened while the old root is in sight and
    // the ids are still the caller's; clocks are set before the process stops owning its /proc files.
    namespaces::unshare_time(spec, &namespaces, &mut build)?;
    namespaces::keep_mounts_apart(&namespaces, &mut build);
    files::open_sources(spec, host, &namespaces, &ids, &mut build)?;
    identity::become_root(&ids, &mut build);
    namespaces::configure(spec, &namespaces, &mut build)?;
    files::build_root(spec, host, &namespaces, &mut build)?;

    if spec.init && spec.new_session.unwrap_or(strict) {
        // The init as well leaves the caller's process group: what is sent to that must not reach the
        // job a second time, through the init.
        build.push(Stage::Exec, "session", &Op::NewSession {});
    }
    if spec.init {
        let host_slot = build.slot(Slot::HostPidfd);
        let cpu_slot = match (&group, spec.limits.cpu_time) {
            (Some(_), Some(_)) => build.slot(Slot::CpuUsage),
            _ => NO_SLOT,
        };
        let oom_slot = match group.as_ref().is_some_and(|group| group.oom_by_init) {
            true => build.slot(Slot::OomEvents),
            false => NO_SLOT,
        };
        let nanos = |time: Option<crate::spec::Seconds>| {
            time.map_or(0, |t| {
                u64::try_from(t.0.as_nanos()).unwrap_or(u64::MAX).max(1)
            })
        };
        build.push(
            Stage::Clone,
            "job",
            &Op::Spawn {
                timeout: nanos(spec.timeout),
                cpu_limit: if cpu_slot == NO_SLOT {
                    0
                } else {
                    nanos(spec.limits.cpu_time)
                },
                cpu_slot,
                cpus: host.cpus,
                oom_slot,
                host_slot,
                pid_namespace: u32::from(namespaces.has(Kind::Pid)),
            },
        );
    }

    // The job's part, in its own process.
    if let Some(group) = &group {
        join_group(group, host, &mut build);
    }
    for place in 0..groups {
        let slot = build.slot(Slot::Join(place));
        build.push(Stage::Cgroup, "the job's group", &Op::JoinCgroup { slot });
    }
    namespaces::unshare_cgroup(&namespaces, &mut build);
    build.push(Stage::Clone, "job", &Op::Born {});
    process::describe(spec, host, strict, &namespaces, &ids, &mut build)?;

    finish(spec, host, &namespaces, ids, group, build)
}

/// Decides what has to be done to make the namespaces of `spec`, and no job: the init sends the host a
/// descriptor of each.
pub(crate) fn plan_namespaces(spec: &Spec, host: &Host) -> Result<Plan> {
    let mut build = Builder::default();
    let namespaces = namespaces::decide(spec, host, &mut build.enforcement)?;
    let ids = identity::decide(spec, host, &namespaces)?;
    namespaces::join(&namespaces, &mut build);
    namespaces::unshare_time(spec, &namespaces, &mut build)?;
    namespaces::keep_mounts_apart(&namespaces, &mut build);
    identity::become_root(&ids, &mut build);
    namespaces::configure(spec, &namespaces, &mut build)?;
    namespaces::unshare_cgroup(&namespaces, &mut build);
    namespaces::send(&namespaces, &mut build)?;
    finish(spec, host, &namespaces, ids, None, build)
}

fn finish(
    spec: &Spec,
    host: &Host,
    namespaces: &namespaces::Decided,
    ids: identity::Identity,
    group: Option<GroupPlan>,
    build: Builder,
) -> Result<Plan> {
    Ok(Plan {
        ids: ids.job.as_ref().map(|ids| (ids.uid, ids.gid)),
        clone_flags: namespaces.clone_flags(),
        reborn: namespaces.is_reborn(),
        reaped: namespaces.joins(Kind::Pid),
        new_user: namespaces.has(Kind::User),
        init_capabilities: process::init_capabilities(spec, host, namespaces)?,
        uid_map: ids.uid_map,
        gid_map: ids.gid_map,
        uid_helper: ids.uid_helper,
        gid_helper: ids.gid_helper,
        deny_setgroups: ids.deny_setgroups,
        tree_map: ids.tree_map,
        outside: ids.outside,
        group,
        slots: build.slots,
        init: spec.init,
        pid_namespace: namespaces.has(Kind::Pid),
        enforcement: build.enforcement,
        ops: build.encoder.finish(),
        labels: build.labels,
    })
}

/// A strict job is held to this many processes where nothing else is said: enough for a build, too few
/// to bring a host down.
const DEFAULT_PIDS: u64 = 1024;

fn decide_group(spec: &Spec, host: &Host, build: &mut Builder) -> Result<Option<GroupPlan>> {
    let strict = spec.profile == Profile::Strict;
    let mut limits = with_numbers(&spec.limits, |path| host.device(path))?;
    let limited = limits.names().next().is_some();
    let asked = Asked::of(spec);
    let mode = match spec.cgroup {
        Some(mode) => mode,
        // Who names systemd does not mean to go without.
        None if asked.names_systemd() => CgroupMode::New,
        // Limits that must hold are errors of their own; the group itself is wanted, not demanded.
        None if strict || limited => CgroupMode::Try,
        None => CgroupMode::None,
    };
    if strict && limits.pids.is_none() && mode != CgroupMode::None {
        limits.pids = Some(DEFAULT_PIDS);
        limits.best_effort.push("pids".into());
    }
    let systemd = match mode {
        CgroupMode::None => None,
        _ => choose_driver(&asked, &host.cgroup)?,
    };
    let Some(systemd) = systemd else {
        let (group, enforcement) = plan_group(&limits, mode, &host.cgroup, spec.init)?;
        build.enforcement.extend(enforcement);
        return Ok(group);
    };
    let seen = host.cgroup.through(systemd);
    let (mut group, enforcement) = plan_group(&limits, mode, &seen, spec.init)?;
    if let Some(group) = &mut group {
        let unit = UnitPlan::new(&asked, systemd, &limits, &enforcement)?;
        group.in_unit(unit, &seen);
    }
    build.enforcement.extend(enforcement);
    if group.is_some() {
        build.enforcement.push(told_of_unit(&asked));
    }
    Ok(group)
}

/// v1: the job's process writes "0" to `tasks` of each hierarchy, which costs microseconds where a pid
/// written by somebody else costs ten milliseconds. v2: it is born there, unless clone3 is refused.
fn join_group(group: &GroupPlan, host: &Host, build: &mut Builder) {
    let mut place = 0;
    for index in &group.hierarchies {
        let Some(hierarchy) = host.cgroup.hierarchies.get(*index) else {
            continue;
        };
        // Or, in a unit, moved there by who may.
        let born_there = hierarchy.version == crate::cgroup::Version::V2
            && (host.features.clone3 || group.unit.is_some());
        if !born_there {
            let slot = build.slot(Slot::Join(place));
            build.push(
                Stage::Cgroup,
                hierarchy.dir.to_string(),
                &Op::JoinCgroup { slot },
            );
            place += 1;
        }
    }
}

/// The number of the job's standard stream that is not inherited from the caller as it is.
pub(crate) fn stream(spec: &Spec, number: usize) -> &Stdio {
    match number {
        0 => &spec.stdin,
        1 => &spec.stdout,
        _ => &spec.stderr,
    }
}
