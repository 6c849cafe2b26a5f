//! A group in a scope of its own, for callers that put in processes of their own.

use super::{Asked, SystemdHost, UnitPlan, unit_name};
use crate::cgroup::choice::{choose, may_hold};
use crate::cgroup::{Cgroup, CgroupHost, CreateOptions, Group, GroupPlan, Version};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::spec::{Driver, Limits};

/// Has systemd make a scope of that name, and makes a group in it.
///
/// # Errors
/// As [`Cgroup::create`].
pub(in crate::cgroup) fn create(
    name: &str,
    options: &CreateOptions,
    systemd: &SystemdHost,
    host: &CgroupHost,
) -> Result<Cgroup> {
    // A group's name, and told as one.
    if let Err(detail) = unit_name::scope(name) {
        let (kind, subject) = (ErrorKind::InvalidSpec, format!("{name:?}"));
        return Err(Error::new(kind, Stage::Cgroup, subject, detail));
    }
    if options.parent.is_some() {
        return Err(Error::invalid(
            "parent",
            "is for groups that this library makes: name a slice for systemd",
        ));
    }
    let seen = host.through(systemd);
    let asked = options.controllers.as_deref();
    let chosen = choose(&seen, asked)?;
    let mut plan = GroupPlan::default();
    for (index, hierarchy) in seen.hierarchies.iter().enumerate() {
        let holds = hierarchy.version == Version::V2 || may_hold(&hierarchy.controllers, asked);
        if !holds || !chosen.contains(&hierarchy) {
            continue;
        }
        plan.hierarchies.push(index);
        if hierarchy.version == Version::V2 {
            let wanted = |c: &&String| asked.is_none_or(|asked| asked.contains(c));
            plan.enable = hierarchy
                .controllers
                .iter()
                .filter(wanted)
                .cloned()
                .collect();
        }
    }
    let asked = Asked {
        driver: Driver::Systemd,
        slice: options.slice.as_deref(),
        unit: Some(name),
    };
    asked.check(None)?;
    let mut unit = UnitPlan::new(&asked, systemd, &Limits::default(), &Vec::new())?;
    unit.alone = true;
    plan.in_unit(unit, &seen);
    let mut group = Group::create(host, &plan)?.handle()?;
    group.name_it(name);
    let has = group.controllers();
    if let Some(lost) = options
        .controllers
        .iter()
        .flatten()
        .find(|c| !has.contains(c))
    {
        let _ = group.remove();
        return Err(Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            format!("controller {lost}"),
            "systemd does not give it to units: driver \"cgroupfs\" may",
        ));
    }
    Ok(group)
}
