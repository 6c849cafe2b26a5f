//! Where on this host a limit is held, or why it cannot be.

use super::controller::{self, home_of_file, homes, memory};
use super::pseudo::is_pseudo;
use super::{CgroupHost, Hierarchy, Layout, Version};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::spec::Limits;

/// Where a limit is held.
pub(super) enum Where {
    /// In hierarchies, by their indices, each with what holds it there: a controller, or nothing.
    In(Vec<(usize, &'static str)>),
    /// It holds already, or somebody else sees to it.
    Given {
        file: &'static str,
        value: &'static str,
    },
}

/// Finds the place of a limit that is set. More pids than the caller may have are cut to those where the
/// limit is a best effort.
pub(super) fn place(
    limit: &str,
    held: &mut Limits,
    best_effort: bool,
    host: &CgroupHost,
    with_init: bool,
) -> Result<Where> {
    match limit {
        "cpu_time" => usage_place(host).map(|index| Where::In(vec![(index, "")])),
        "swap" => swap_place(held, host),
        "files" => file_places(held, host),
        "pids" => {
            let (index, home) = usable(host, "pids", limit)?;
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
            Ok(Where::In(vec![(index, home)]))
        }
        _ => {
            let (index, home) = usable(host, home(host, limit), limit)?;
            let version = host.hierarchies[index].version;
            // The controller knows what its version has not.
            controller::settings(home, &alone(held, limit), version, false)?;
            match (limit, version, held.oom_group) {
                // No file of v1 says so: the init sees the event and kills the rest.
                ("oom_group", Version::V1, Some(true)) if !with_init => Err(Error::new(
                    ErrorKind::Unsupported,
                    Stage::Cgroup,
                    "limits.oom_group",
                    "this host's memory controller is on cgroup v1, where the init does it, which \
                     init: false leaves out",
                )),
                ("oom_group", Version::V1, Some(true)) => Ok(Where::Given {
                    file: "memory.oom_control",
                    value: "the init kills all",
                }),
                ("oom_group", Version::V1, _) => Ok(Where::Given {
                    file: "memory.oom_control",
                    value: "the kernel kills one",
                }),
                _ => Ok(Where::In(vec![(index, home)])),
            }
        }
    }
}

/// The limit without all others but those it may need.
fn alone(limits: &Limits, limit: &str) -> Limits {
    let mut alone = limits.clone();
    for other in limits.names() {
        if other != limit && !["memory", "cpus", "cpuset"].contains(&other) {
            alone.forget(other);
        }
    }
    alone
}

/// What holds a limit here: the first that this host has.
fn home(host: &CgroupHost, limit: &str) -> &'static str {
    let all = homes(limit);
    let found = all.iter().find(|home| index_of(host, home).is_some());
    // Where there is none, the one that would be looked for.
    let absent = match (limit, host.layout) {
        ("io" | "io_weight", Layout::Legacy | Layout::Hybrid) => all.last(),
        _ => all.first(),
    };
    found.or(absent).copied().unwrap_or_default()
}

/// Each file is where its name says.
fn file_places(held: &Limits, host: &CgroupHost) -> Result<Where> {
    let mut places = Vec::new();
    for file in held.files.keys() {
        let home = home_of_file(file).unwrap_or_default();
        let limit = format!("files.{file}");
        let place = match (home, unified_index(host)) {
            ("cgroup", Some(index)) if host.hierarchies[index].writable => (index, "cgroup"),
            ("cgroup", Some(index)) => return Err(unwritable(&host.hierarchies[index], &limit)),
            ("cgroup", None) => {
                let tree = match host.layout {
                    Layout::None => "cgroup file system",
                    _ => "v2 cgroup tree",
                };
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    Stage::Cgroup,
                    format!("limits.{limit}"),
                    format!("no {tree} is mounted here"),
                ));
            }
            _ => usable(host, home, &limit)?,
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    Ok(Where::In(places))
}

fn swap_place(held: &Limits, host: &CgroupHost) -> Result<Where> {
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
        Ok((index, _)) => {
            memory::writes(&alone(held, "swap"), host.hierarchies[*index].version).err()
        }
    };
    match (refusal, memory) {
        (None, memory) => memory.map(|place| Where::In(vec![place])),
        // There is nothing to swap to. A device that is added while the job runs would be used.
        (Some(_), _) if held.swap.is_some_and(|s| s.0 == 0) && !host.swap_device => {
            Ok(Where::Given {
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

/// The hierarchy with a controller, or of what every v2 group has.
pub(super) fn index_of(host: &CgroupHost, controller: &str) -> Option<usize> {
    if is_pseudo(controller) {
        return unified_index(host);
    }
    host.hierarchies
        .iter()
        .position(|h| h.controllers.iter().any(|c| c == controller))
}

pub(super) fn unified_index(host: &CgroupHost) -> Option<usize> {
    host.hierarchies
        .iter()
        .position(|h| h.version == Version::V2)
}

/// Whether groups in this hierarchy have the controller's files, or can get them.
pub(super) fn hands_out(hierarchy: &Hierarchy, controller: &str) -> bool {
    hierarchy.writable
        && (hierarchy.version == Version::V1
            || hierarchy.can_enable
            || hierarchy.enabled.iter().any(|c| c == controller))
}

/// The hierarchy of a home, and the home.
fn usable(host: &CgroupHost, home: &'static str, limit: &str) -> Result<(usize, &'static str)> {
    let Some(index) = index_of(host, home) else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            format!("limits.{limit}"),
            host.absence(home),
        ));
    };
    let hierarchy = &host.hierarchies[index];
    if hands_out(hierarchy, home) || is_pseudo(home) && hierarchy.writable {
        return Ok((index, home));
    }
    Err(unwritable(hierarchy, limit))
}

fn unwritable(hierarchy: &Hierarchy, limit: &str) -> Error {
    let kind = match hierarchy.writable {
        true => ErrorKind::Unsupported,
        false => ErrorKind::Permission,
    };
    let reason = hierarchy.reason.clone();
    Error::new(
        kind,
        Stage::Cgroup,
        format!("limits.{limit}"),
        reason.unwrap_or_else(|| format!("{} is not writable", hierarchy.dir)),
    )
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
