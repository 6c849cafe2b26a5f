//! What a spec's limits mean on a host: which directories a job's group has and what is written
//! there. Pure: a saved host gives the same plan anywhere.

use super::controller::{self, HOMES, Setting};
use super::place::{Where, hands_out, index_of, no_group, place, unified_index, usage_file};
use super::pseudo::is_pseudo;
use super::{CgroupHost, GroupPlan, Version, Write};
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
    controller::check(limits)?;

    let mut plan = GroupPlan {
        with_init,
        ..GroupPlan::default()
    };
    let mut enforcement = Enforcement::new();
    let mut held = limits.clone();
    let mut placed = Vec::new();
    for limit in limits.names() {
        let Some(requested) = limits.requested(limit) else {
            continue;
        };
        let best_effort = limits.is_best_effort(limit);
        let place = match mode {
            CgroupMode::None => Err(Error::invalid(
                format!("limits.{limit}"),
                "it takes a cgroup to hold it, and cgroup is \"none\"",
            )),
            _ if held.requested(limit).is_none() => Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Cgroup,
                format!("limits.{limit}"),
                "what it needs is left out",
            )),
            _ => place(limit, &mut held, best_effort, host, with_init),
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
            Ok(Where::In(places)) => {
                for (index, home) in places {
                    let controller = match home {
                        "cgroup" => "",
                        _ if is_pseudo(home) => "",
                        _ => home,
                    };
                    plan.add(host, index, controller);
                    if limit == "cpu_time" {
                        entry.file = Some(usage_file(host.hierarchies[index].version).to_owned());
                    }
                    placed.push((limit, index, home));
                }
            }
            Ok(Where::Given { file, value }) => {
                entry.file = Some(file.to_owned());
                entry.value = Some(value.to_owned());
                plan.oom_by_init |= limit == "oom_group" && held.oom_group == Some(true);
                held.forget(limit);
            }
            Err(error) if best_effort => {
                entry.status = EnforcementStatus::Skipped;
                entry.reason = Some(error.detail().to_owned());
                held.forget(limit);
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

    for home in HOMES {
        let Some((_, index, _)) = placed.iter().find(|(_, _, at)| *at == home) else {
            continue;
        };
        // One home does not write what another holds.
        let mut part = held.clone();
        for (limit, ..) in placed.iter().filter(|(_, _, at)| *at != home) {
            part.forget(limit);
        }
        let version = host.hierarchies[*index].version;
        for setting in controller::settings(home, &part, version, with_init)? {
            plan.write(*index, setting, limits, &mut enforcement);
        }
    }
    for (_, index, home) in placed.iter().filter(|(limit, ..)| *limit == "files") {
        for setting in controller::raw_settings(home, &held) {
            plan.write(*index, setting, limits, &mut enforcement);
        }
    }
    Ok((Some(plan), enforcement))
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

    /// Adds a write; the last file of a limit is the one that holds it.
    fn write(
        &mut self,
        hierarchy: usize,
        setting: Setting,
        limits: &Limits,
        enforcement: &mut Enforcement,
    ) {
        let of = |name: &str| name == setting.limit || Some(name) == setting.also;
        for entry in enforcement.iter_mut().filter(|e| of(&e.name)) {
            entry.file = Some(setting.file.clone());
        }
        let mut names = [Some(setting.limit), setting.also].into_iter().flatten();
        self.writes.push(Write {
            hierarchy,
            file: setting.file,
            value: setting.value,
            limit: setting.limit.to_owned(),
            also: setting.also.map(str::to_owned),
            or: setting.or,
            told_by: setting.told_by,
            best_effort: names.all(|name| limits.is_best_effort(name)),
        });
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
