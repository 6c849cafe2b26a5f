//! What a spec's limits mean on a host: which directories a job's group has and what is written
//! there. Pure: a saved host gives the same plan anywhere.

use super::controller::{Setting, cpu, cpuset, memory, pids};
use super::{CgroupHost, GroupPlan, Hierarchy, Layout, Version, Write};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::job::{Enforced, Enforcement, EnforcementStatus};
use crate::spec::{CgroupMode, Limits};

/// What the limits mean on this host.
///
/// `mode` is the spec's: `New` fails where no group can be made, `Try` then gives none, and `None`
/// never makes one. A limit that must hold and cannot is an error under each. `with_init` tells
/// that the init will share the job's v2 group: it must not use up one of the job's pids.
///
/// The enforcement has an entry `cgroup` for the group, unless the mode is `None`, and one for each
/// limit that a cgroup holds; [`Group::write_limits`](super::Group::write_limits) adds the values
/// read back.
///
/// # Errors
/// `InvalidSpec` for values out of range and for limits without a cgroup to hold them, `Limit` for
/// more pids than the caller may have itself, `Unsupported` or `Permission` for what must hold and
/// cannot on this host.
pub fn plan_group(
    limits: &Limits,
    mode: CgroupMode,
    host: &CgroupHost,
    with_init: bool,
) -> Result<(Option<GroupPlan>, Enforcement)> {
    // A wrong value is wrong on every host, also where the limit would be skipped.
    settings("cpu", limits, Version::V2, with_init)?;
    settings("cpuset", limits, Version::V2, with_init)?;
    settings("pids", limits, Version::V2, with_init)?;

    let mut plan = GroupPlan {
        with_init,
        ..GroupPlan::default()
    };
    let mut enforcement = Enforcement::new();
    let mut held = limits.clone();
    for (limit, requested) in requests(limits) {
        let best_effort = limits.is_best_effort(limit);
        let place = match mode {
            CgroupMode::None => Err(Error::invalid(
                format!("limits.{limit}"),
                "it takes a cgroup to hold it, and cgroup is \"none\"",
            )),
            _ => place(limit, &mut held, best_effort, host),
        };
        let mut entry = Enforced {
            name: limit.to_owned(),
            requested,
            status: EnforcementStatus::Enforced,
            file: None,
            value: None,
            reason: None,
        };
        match place {
            Ok(Place::In(index)) => {
                plan.add(host, index, controller_of(limit));
                if limit == "cpu_time" {
                    entry.file = Some(usage_file(host.hierarchies[index].version).to_owned());
                }
            }
            Ok(Place::Given { file, value }) => {
                entry.file = Some(file.to_owned());
                entry.value = Some(value.to_owned());
                forget(&mut held, limit);
            }
            Err(error) if best_effort => {
                entry.status = EnforcementStatus::Skipped;
                entry.reason = Some(error.detail().to_owned());
                forget(&mut held, limit);
            }
            Err(error) => {
                return Err(match error.kind() {
                    ErrorKind::Permission | ErrorKind::Unsupported => {
                        error.with_hint(format!("list {limit} in limits.best_effort to go without"))
                    }
                    _ => error,
                });
            }
        }
        enforcement.push(entry);
    }
    if mode == CgroupMode::None {
        return Ok((None, enforcement));
    }

    plan.add_companions(host);
    let (status, reason) = match plan.hierarchies.is_empty() {
        false => (EnforcementStatus::Enforced, None),
        true if mode == CgroupMode::Try => (EnforcementStatus::Skipped, Some(no_group(host).1)),
        true => {
            let (kind, reason) = no_group(host);
            return Err(Error::new(kind, Stage::Cgroup, "cgroup", reason));
        }
    };
    let skipped = status == EnforcementStatus::Skipped;
    enforcement.insert(
        0,
        Enforced {
            name: "cgroup".to_owned(),
            requested: if mode == CgroupMode::New {
                "new"
            } else {
                "try"
            }
            .to_owned(),
            status,
            file: None,
            value: None,
            reason,
        },
    );
    if skipped {
        return Ok((None, enforcement));
    }

    for controller in ["cpuset", "cpu", "memory", "pids"] {
        let Some(index) = index_of(host, controller) else {
            continue;
        };
        for setting in settings(
            controller,
            &held,
            host.hierarchies[index].version,
            with_init,
        )? {
            // The last file of a limit is the one that holds it.
            if let Some(entry) = enforcement.iter_mut().find(|e| e.name == setting.limit) {
                entry.file = Some(setting.file.to_owned());
            }
            plan.writes.push(Write {
                hierarchy: index,
                file: setting.file.to_owned(),
                value: setting.value,
                limit: setting.limit.to_owned(),
                best_effort: limits.is_best_effort(setting.limit),
            });
        }
    }
    Ok((Some(plan), enforcement))
}

/// The limits that a cgroup holds, with the requested values as text.
fn requests(limits: &Limits) -> Vec<(&'static str, String)> {
    let all = [
        ("memory", limits.memory.map(|v| v.0.to_string())),
        ("swap", limits.swap.map(|v| v.0.to_string())),
        ("pids", limits.pids.map(|v| v.to_string())),
        ("cpus", limits.cpus.map(|v| v.to_string())),
        ("cpu_weight", limits.cpu_weight.map(|v| v.to_string())),
        ("cpuset", limits.cpuset.clone()),
        ("cpuset_mems", limits.cpuset_mems.clone()),
        (
            "cpu_time",
            limits.cpu_time.map(|v| v.0.as_secs_f64().to_string()),
        ),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn forget(limits: &mut Limits, name: &str) {
    match name {
        "memory" => limits.memory = None,
        "swap" => limits.swap = None,
        "pids" => limits.pids = None,
        "cpus" => limits.cpus = None,
        "cpu_weight" => limits.cpu_weight = None,
        "cpuset" => limits.cpuset = None,
        "cpuset_mems" => limits.cpuset_mems = None,
        _ => {}
    }
}

fn controller_of(limit: &str) -> &'static str {
    match limit {
        "memory" | "swap" => "memory",
        "pids" => "pids",
        "cpus" | "cpu_weight" => "cpu",
        "cpuset" | "cpuset_mems" => "cpuset",
        _ => "",
    }
}

fn settings(
    controller: &str,
    limits: &Limits,
    version: Version,
    with_init: bool,
) -> Result<Vec<Setting>> {
    match controller {
        "cpu" => cpu::writes(limits, version),
        "cpuset" => cpuset::writes(limits, version),
        "memory" => memory::writes(limits, version),
        "pids" => pids::writes(limits, version, with_init),
        _ => Ok(Vec::new()),
    }
}

/// Where a limit is held.
enum Place {
    /// In a hierarchy.
    In(usize),
    /// It holds already.
    Given {
        file: &'static str,
        value: &'static str,
    },
}

fn place(limit: &str, held: &mut Limits, best_effort: bool, host: &CgroupHost) -> Result<Place> {
    match limit {
        "cpu_time" => usage_place(host).map(Place::In),
        "swap" => swap_place(held, host),
        "pids" => {
            let index = usable(host, "pids", limit)?;
            if let (Some(asked), Some(allowed)) = (held.pids, host.pids_allowed)
                && asked > allowed
            {
                if !best_effort {
                    return Err(Error::new(
                        ErrorKind::Limit,
                        Stage::Cgroup,
                        "limits.pids",
                        format!("{asked} is more than the {allowed} of the caller's own cgroup"),
                    ));
                }
                held.pids = Some(allowed);
            }
            Ok(Place::In(index))
        }
        _ => usable(host, controller_of(limit), limit).map(Place::In),
    }
}

fn swap_place(held: &Limits, host: &CgroupHost) -> Result<Place> {
    let memory = usable(host, "memory", "swap");
    let refusal = match &memory {
        Err(error) => Some(error.clone()),
        Ok(_) if !host.swap_accounting => Some(Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            "limits.swap",
            "this kernel does not account swap for each cgroup: boot it with swapaccount=1",
        )),
        // The controller knows what its version needs besides.
        Ok(index) => memory::writes(held, host.hierarchies[*index].version).err(),
    };
    match (refusal, memory) {
        (None, memory) => memory.map(Place::In),
        // There is nothing to swap to. A device that is added while the job runs would be used.
        (Some(_), _) if held.swap.is_some_and(|s| s.0 == 0) && !host.swap_device => {
            Ok(Place::Given {
                file: "/proc/swaps",
                value: "no swap device",
            })
        }
        (Some(refusal), _) => Err(refusal),
    }
}

/// Where the CPU time of a whole group can be read: v1 cpuacct, or any v2 group.
fn usage_place(host: &CgroupHost) -> Result<usize> {
    let cpuacct = index_of(host, "cpuacct").filter(|i| host.hierarchies[*i].writable);
    let unified = || unified_index(host).filter(|i| host.hierarchies[*i].writable);
    cpuacct.or_else(unified).ok_or_else(|| {
        let (kind, reason) = no_group(host);
        Error::new(kind, Stage::Cgroup, "limits.cpu_time", reason)
    })
}

/// The file of the group that tells its CPU time.
pub(super) fn usage_file(version: Version) -> &'static str {
    match version {
        Version::V1 => "cpuacct.usage",
        Version::V2 => "cpu.stat",
    }
}

fn index_of(host: &CgroupHost, controller: &str) -> Option<usize> {
    host.hierarchies
        .iter()
        .position(|h| h.controllers.iter().any(|c| c == controller))
}

fn unified_index(host: &CgroupHost) -> Option<usize> {
    host.hierarchies
        .iter()
        .position(|h| h.version == Version::V2)
}

/// Whether groups in this hierarchy have the controller's files, or can get them.
fn hands_out(hierarchy: &Hierarchy, controller: &str) -> bool {
    hierarchy.writable
        && (hierarchy.version == Version::V1
            || hierarchy.can_enable
            || hierarchy.enabled.iter().any(|c| c == controller))
}

fn usable(host: &CgroupHost, controller: &str, limit: &str) -> Result<usize> {
    let refused = |kind, reason: String| {
        Err(Error::new(
            kind,
            Stage::Cgroup,
            format!("limits.{limit}"),
            reason,
        ))
    };
    let Some(index) = index_of(host, controller) else {
        return refused(ErrorKind::Unsupported, absent(host, controller));
    };
    let hierarchy = &host.hierarchies[index];
    if hands_out(hierarchy, controller) {
        return Ok(index);
    }
    let kind = match hierarchy.writable {
        true => ErrorKind::Unsupported,
        false => ErrorKind::Permission,
    };
    refused(
        kind,
        hierarchy
            .reason
            .clone()
            .unwrap_or_else(|| format!("{} is not writable", hierarchy.dir)),
    )
}

pub(super) fn absent(host: &CgroupHost, controller: &str) -> String {
    match (host.layout, host.unified()) {
        (Layout::None, _) => "no cgroup file system is mounted here".to_owned(),
        (Layout::Unified, Some(tree)) if !tree.dir.is_empty() => format!(
            "the {controller} controller is not handed down to {}: an administrator can, with \
             Delegate={controller} in the unit (user@.service for users) that it is in",
            tree.dir
        ),
        (Layout::Unified, Some(tree)) => tree.reason.clone().unwrap_or_default(),
        _ => format!(
            "no hierarchy with the {controller} controller is mounted, or this kernel has none"
        ),
    }
}

/// Why no group can be made at all.
pub(super) fn no_group(host: &CgroupHost) -> (ErrorKind, String) {
    let told = host
        .unified()
        .into_iter()
        .chain(&host.hierarchies)
        .find_map(|h| h.reason.clone());
    match (host.layout, told) {
        (Layout::None, _) => (
            ErrorKind::Unsupported,
            "no cgroup file system is mounted here".to_owned(),
        ),
        (_, Some(reason)) => (ErrorKind::Permission, reason),
        (_, None) => (
            ErrorKind::Unsupported,
            "no hierarchy has a controller to use".to_owned(),
        ),
    }
}

impl GroupPlan {
    /// Gives the group a directory in a hierarchy, with a controller in it.
    fn add(&mut self, host: &CgroupHost, index: usize, controller: &str) {
        if let Err(at) = self.hierarchies.binary_search(&index) {
            self.hierarchies.insert(at, index);
        }
        let hierarchy = &host.hierarchies[index];
        let has = |list: &[String]| list.iter().any(|c| c == controller);
        if hierarchy.version == Version::V2
            && !controller.is_empty()
            && !has(&hierarchy.enabled)
            && !has(&self.enable)
        {
            self.enable.push(controller.to_owned());
        }
    }

    /// What no limit asks for and every job is better for: a v2 directory to be born in and killed
    /// by, and the truth about CPU time, memory, refused processes and, on v2, blocks read and written.
    fn add_companions(&mut self, host: &CgroupHost) {
        let unified = unified_index(host).filter(|i| host.hierarchies[*i].writable);
        if let Some(index) = unified {
            self.add(host, index, "");
        }
        for controller in ["cpuacct", "memory", "pids", "io"] {
            // Not blkio of v1: one more directory for each job would be the price of two numbers.
            if let Some(index) = index_of(host, controller)
                && hands_out(&host.hierarchies[index], controller)
            {
                self.add(host, index, controller);
            }
        }
        if unified.is_none()
            && let Some(index) = index_of(host, "freezer")
            && host.hierarchies[index].writable
        {
            // Without cgroup.kill a group that forks has to stand still to be killed.
            self.add(host, index, "freezer");
        }
    }
}
