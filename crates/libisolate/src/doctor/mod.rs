//! The doctor: what of this library works on this host for this caller, what does not, why, and what to do.
//!
//! Facts are looked up by [`look`], real tries among them; what they mean is a pure function of them,
//! [`judge`], so that a test can feed it hosts that nobody has at hand.

mod facts;
mod judge;
mod look;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// What a check is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CheckArea")]
#[non_exhaustive]
pub enum Area {
    /// The kernel's release, its calls, filters and programs.
    Kernel,
    /// /proc and what it holds.
    Proc,
    /// The eight kinds of namespaces, and mounts in them.
    Namespaces,
    /// Maps of user and group ids.
    Ids,
    /// The cgroup trees and their controllers.
    Cgroups,
    /// systemd as the manager of the cgroup tree.
    Systemd,
    /// Jobs, tried for real.
    Jobs,
}

impl Area {
    /// Every area, in the order in which they are examined.
    pub const ALL: [Area; 7] = [
        Area::Kernel,
        Area::Proc,
        Area::Namespaces,
        Area::Ids,
        Area::Cgroups,
        Area::Systemd,
        Area::Jobs,
    ];

    /// The name in snake_case, as every language shows it.
    pub fn name(self) -> &'static str {
        match self {
            Area::Kernel => "kernel",
            Area::Proc => "proc",
            Area::Namespaces => "namespaces",
            Area::Ids => "ids",
            Area::Cgroups => "cgroups",
            Area::Systemd => "systemd",
            Area::Jobs => "jobs",
        }
    }
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CheckStatus")]
#[non_exhaustive]
pub enum Status {
    /// It works.
    Works,
    /// It works with less than it could; the reason says what is lost.
    Limited,
    /// What needs it cannot be had.
    Fails,
    /// It is not there, and nothing here misses it.
    Absent,
}

impl Status {
    /// Every status, in declaration order.
    pub const ALL: [Status; 4] = [
        Status::Works,
        Status::Limited,
        Status::Fails,
        Status::Absent,
    ];

    /// The name in snake_case, as every language shows it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Works => "works",
            Status::Limited => "limited",
            Status::Fails => "fails",
            Status::Absent => "absent",
        }
    }
}

/// One thing that was examined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Check {
    /// What it is about.
    pub area: Area,
    /// What was examined, in a few words; unique in its area.
    pub name: String,
    /// What it came to.
    pub status: Status,
    /// Whether a default job, a strict one without limits, does not start without it.
    pub needed: bool,
    /// What was found, in a few words.
    pub found: String,
    /// Why it does not work in full, in one line.
    pub reason: Option<String>,
    /// What to do about it, in one line: a command or a file with its content where there is one.
    pub remedy: Option<String>,
}

/// What was found wrong and right with this host for this caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Whether everything works that a default job needs.
    pub ready: bool,
    /// All that was examined, area by area.
    pub checks: Vec<Check>,
}

impl Diagnosis {
    /// The check of this name.
    pub fn get(&self, area: Area, name: &str) -> Option<&Check> {
        self.checks
            .iter()
            .find(|check| check.area == area && check.name == name)
    }

    /// What does not work, or not in full.
    pub fn problems(&self) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(|check| matches!(check.status, Status::Limited | Status::Fails))
    }

    /// The diagnosis as JSON text on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Who examines a host.
#[derive(Debug)]
pub struct Doctor;

impl Doctor {
    /// Examines this host for this caller: asks the kernel, reads files, makes each kind of namespace,
    /// and runs two small jobs, all of which are gone when it returns. It takes some ten milliseconds.
    ///
    /// Nothing of the calling process changes. In a v2 group that was handed to the caller the
    /// controllers are enabled that a job enables (`cgroup.subtree_control`), and stay so as after any
    /// job.
    ///
    /// # Errors
    /// `Host` stage, where not even uname(2) answers. What a host lacks is no error but a check that
    /// says so.
    pub fn examine() -> Result<Diagnosis> {
        Ok(judge::diagnosis(&look::facts()?))
    }
}
