//! Who makes a job's group, by its spec and the host. Pure.

use serde::{Deserialize, Serialize};

use super::properties::{self, Property};
use super::{Manager, SystemdHost, tracked, unit_name};
use crate::cgroup::{CgroupHost, GroupPlan, Version};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::job::{Enforced, Enforcement, EnforcementStatus};
use crate::spec::{CgroupMode, Driver, Limits, Spec};

/// The unit that a job's group is in, as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPlan {
    /// Which systemd makes it.
    pub manager: Manager,
    /// Its name, with `.scope`; left out: one of the library's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The slice that it is in; left out: as systemd sees fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
    /// What systemd is to hold.
    pub properties: Vec<Property>,
    /// Whether the group is in the unit's hierarchies alone: v1 has some that systemd leaves to others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
}

/// What a spec asks of systemd.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub driver: Driver,
    pub slice: Option<&'a str>,
    pub unit: Option<&'a str>,
}

impl<'a> Asked<'a> {
    pub fn of(spec: &'a Spec) -> Asked<'a> {
        Asked {
            driver: spec.driver.unwrap_or_default(),
            slice: spec.slice.as_deref(),
            unit: spec.unit.as_deref(),
        }
    }

    /// Whether only systemd will do.
    pub fn names_systemd(&self) -> bool {
        self.driver == Driver::Systemd || self.slice.is_some() || self.unit.is_some()
    }

    /// Refuses what no host could do.
    ///
    /// # Errors
    /// `InvalidSpec` with the field.
    pub fn check(&self, mode: Option<CgroupMode>) -> Result<()> {
        if let Some(name) = self.slice {
            unit_name::slice_path(name).map_err(|e| wrong("slice", name, &e))?;
        }
        if let Some(name) = self.unit {
            unit_name::scope(name).map_err(|e| wrong_unit(name, &e))?;
        }
        let said = [("slice", self.slice), ("unit", self.unit)];
        let Some((field, _)) = said.iter().find(|(_, said)| said.is_some()) else {
            return Ok(());
        };
        if self.driver == Driver::Cgroupfs {
            return Err(Error::invalid(
                *field,
                "is for systemd, and driver is \"cgroupfs\"",
            ));
        }
        if mode == Some(CgroupMode::None) {
            return Err(Error::invalid(
                *field,
                "is for the job's cgroup, and cgroup is \"none\"",
            ));
        }
        Ok(())
    }
}

fn wrong(field: &str, name: &str, detail: &str) -> Error {
    Error::invalid(format!("{field}: {name:?}"), detail)
}

fn wrong_unit(name: &str, detail: &str) -> Error {
    let error = wrong("unit", name, detail);
    match detail {
        unit_name::EMPTY => error.with_hint("leave it out for a name of the library's own"),
        _ => error,
    }
}

/// The systemd that is to make the group, if any.
///
/// # Errors
/// `Unsupported` where systemd is asked for, or what only systemd has, and it is not the host's.
pub(crate) fn choose<'h>(
    asked: &Asked<'_>,
    host: &'h CgroupHost,
) -> Result<Option<&'h SystemdHost>> {
    let needed = [("slice", asked.slice), ("unit", asked.unit)];
    let needed = needed.iter().find(|(_, said)| said.is_some());
    let absent = |subject: &str| {
        Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            subject,
            "this host was not booted with systemd",
        )
    };
    match (asked.driver, &host.systemd) {
        (Driver::Cgroupfs, _) => Ok(None),
        (Driver::Systemd, None) => Err(absent("driver: \"systemd\"")
            .with_hint("use driver: \"auto\", which takes it where it is")),
        (Driver::Systemd, Some(systemd)) => Ok(Some(systemd)),
        (Driver::Auto, Some(systemd)) if systemd.manages_caller => Ok(Some(systemd)),
        (Driver::Auto, found) => match (needed, found) {
            (None, _) => Ok(None),
            (Some((field, _)), None) => Err(absent(field).with_hint(format!("leave {field} out"))),
            (Some((field, _)), Some(_)) => Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Cgroup,
                *field,
                "systemd has delegated the caller's own cgroup, so that driver: \"auto\" makes no unit",
            )
            .with_hint("use driver: \"systemd\" to have one anyway")),
        },
    }
}

impl UnitPlan {
    /// What a scope has to be for a group with these limits, of which those that the enforcement tells to
    /// be skipped are left out.
    ///
    /// # Errors
    /// `InvalidSpec` for names that are none.
    pub(crate) fn new(
        asked: &Asked<'_>,
        systemd: &SystemdHost,
        limits: &Limits,
        enforcement: &Enforcement,
    ) -> Result<UnitPlan> {
        let mut held = limits.clone();
        let skipped = |e: &&Enforced| e.status == EnforcementStatus::Skipped;
        for entry in enforcement.iter().filter(skipped) {
            held.forget(&entry.name);
        }
        let name = match asked.unit {
            Some(name) => Some(unit_name::scope(name).map_err(|e| wrong_unit(name, &e))?),
            None => None,
        };
        Ok(UnitPlan {
            manager: systemd.manager,
            name,
            slice: asked.slice.map(str::to_owned),
            properties: properties::of_limits(&held)?,
            alone: false,
        })
    }
}

impl GroupPlan {
    /// Has systemd make the group.
    pub(crate) fn in_unit(&mut self, unit: UnitPlan, host: &CgroupHost) {
        // Where systemd keeps account of a unit by a v1 hierarchy, the job has to be in that too, or the
        // unit would be taken for dead.
        if let Some(tree) = tracked(host)
            && let Some(index) = host.hierarchies.iter().position(|h| h == tree)
            && let Err(at) = self.hierarchies.binary_search(&index)
        {
            debug_assert!(tree.version == Version::V1 || tree.writable);
            self.hierarchies.insert(at, index);
        }
        self.unit = Some(unit);
    }
}

/// The entry of the enforcement that tells of the unit.
pub(crate) fn told(asked: &Asked<'_>) -> Enforced {
    let requested = match (asked.unit, asked.slice) {
        (Some(unit), _) => unit.to_owned(),
        (None, Some(slice)) => slice.to_owned(),
        (None, None) => match asked.driver {
            Driver::Systemd => "systemd".to_owned(),
            _ => "auto".to_owned(),
        },
    };
    Enforced {
        name: "unit".to_owned(),
        requested,
        status: EnforcementStatus::Enforced,
        file: None,
        value: None,
        reason: None,
    }
}
