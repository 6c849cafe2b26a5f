//! In which hierarchies a new group gets a directory, and where in each.

use std::path::PathBuf;

use super::dir::Dir;
use super::handle::{missing, words};
use super::path::GroupPath;
use super::{CgroupHost, Hierarchy, Version, place, probe};
use crate::error::{Error, ErrorKind, Result, Stage};

impl GroupPath {
    fn base(&self, hierarchy: &Hierarchy) -> PathBuf {
        match self.absolute {
            true => hierarchy.mount.as_path().to_owned(),
            false => hierarchy.dir.as_path().to_owned(),
        }
    }

    pub(super) fn in_hierarchy(&self, hierarchy: &Hierarchy) -> PathBuf {
        let mut path = self.base(hierarchy);
        path.extend(&self.names);
        path
    }

    /// The groups in which controllers are enabled for one below: from the caller's own, or that alone
    /// which was named from the root.
    pub(super) fn chain(&self, hierarchy: &Hierarchy) -> Vec<PathBuf> {
        if self.absolute {
            return vec![self.in_hierarchy(hierarchy)];
        }
        let mut path = self.base(hierarchy);
        let mut chain = vec![path.clone()];
        for name in &self.names {
            path.push(name);
            chain.push(path.clone());
        }
        chain
    }
}

/// The hierarchies in which a new group gets a directory.
pub(super) fn choose<'a>(
    host: &'a CgroupHost,
    asked: Option<&[String]>,
) -> Result<Vec<&'a Hierarchy>> {
    for name in asked.into_iter().flatten() {
        let subject = format!("controller {name}");
        let Some(hierarchy) = host.controller(name) else {
            let reason = host.absence(name);
            return Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Cgroup,
                subject,
                reason,
            ));
        };
        if !hierarchy.writable {
            let reason = hierarchy.reason.clone().unwrap_or_default();
            return Err(Error::new(
                ErrorKind::Permission,
                Stage::Cgroup,
                subject,
                reason,
            ));
        }
    }
    let wanted = |hierarchy: &&Hierarchy| {
        let fits = hierarchy.version == Version::V2 || may_hold(&hierarchy.controllers, asked);
        hierarchy.writable && fits
    };
    let chosen: Vec<&Hierarchy> = host.hierarchies.iter().filter(wanted).collect();
    if chosen.is_empty() {
        let (kind, reason) = place::no_group(host);
        return Err(Error::new(kind, Stage::Cgroup, "cgroup", reason));
    }
    Ok(chosen)
}

/// Whether a hierarchy with these controllers has one that was asked for, or any.
pub(super) fn may_hold(controllers: &[String], asked: Option<&[String]>) -> bool {
    match asked {
        None => !controllers.is_empty(),
        Some(asked) => controllers.iter().any(|c| asked.contains(c)),
    }
}

/// Why nothing can be chosen, by everything that can be known of the host.
pub(super) fn refusal(asked: Option<&[String]>) -> Error {
    let told = probe::probe().and_then(|host| choose(&host, asked).map(|_| ()));
    told.err().unwrap_or_else(|| missing("."))
}

/// The controllers that a group below the parent can have in this hierarchy.
pub(super) fn available(hierarchy: &Hierarchy, above: &GroupPath) -> Vec<String> {
    if hierarchy.version == Version::V1 {
        return hierarchy.controllers.clone();
    }
    match Dir::open(&above.in_hierarchy(hierarchy)) {
        // Below the caller's own group what that has can be handed on.
        Ok(_) if !above.absolute => hierarchy.controllers.clone(),
        Ok(dir) => words(&dir, "cgroup.controllers"),
        Err(_) => Vec::new(),
    }
}
