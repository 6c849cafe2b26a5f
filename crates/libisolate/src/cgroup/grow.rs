//! Controllers for a group that was made without them, when a limit comes that needs one.

use super::controller;
use super::driver::{self, Parent};
use super::pseudo::is_pseudo;
use super::tree::Tree;
use super::{CgroupHost, Group, Hierarchy, Version, end, probe, write};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::job::Enforcement;
use crate::spec::Limits;

impl Group {
    /// Puts other limits in force ([`Cgroup::apply`](super::Cgroup::apply)). Where one needs a controller
    /// that the group does not have, it gets that first: on v1 a directory in one more hierarchy, into
    /// which its processes are moved; on v2 the controller is handed down.
    ///
    /// # Errors
    /// As there. After an error the group is as before, but for controllers of the v2 tree that are handed
    /// down now.
    pub fn update(&mut self, limits: &Limits) -> Result<Enforcement> {
        let before = self.trees.len();
        let done = self
            .grow(limits)
            .and_then(|()| super::apply::apply(&self.handle()?, limits, self.with_init));
        if done.is_err() {
            for tree in self.trees.drain(before..) {
                leave(&tree);
            }
        }
        done
    }

    fn grow(&mut self, limits: &Limits) -> Result<()> {
        let mut host = None;
        for limit in limits.names() {
            let homes = controller::homes(limit);
            let has = |home: &str| match is_pseudo(home) {
                true => self.trees.iter().any(|tree| tree.version == Version::V2),
                false => self.trees.iter().any(|tree| tree.has(home)),
            };
            if homes.is_empty() || homes.iter().any(|home| has(home)) {
                continue;
            }
            let host: &CgroupHost = match &mut host {
                Some(host) => host,
                none => none.insert(probe()?),
            };
            // What nobody has, the limit's own error will say.
            let found = homes
                .iter()
                .find_map(|home| Some((*home, host.controller(home)?)));
            let Some((home, hierarchy)) = found.filter(|(_, h)| h.writable) else {
                continue;
            };
            match hierarchy.version {
                Version::V1 => self.enter(hierarchy)?,
                Version::V2 => self.hand_down(home),
            }
        }
        Ok(())
    }

    /// Makes the group in one more v1 hierarchy and moves its processes in.
    fn enter(&mut self, hierarchy: &Hierarchy) -> Result<()> {
        let dir = self
            .trees
            .first()
            .and_then(|tree| tree.dir.path().file_name());
        let Some(name) = dir.map(|name| name.to_string_lossy().into_owned()) else {
            return Ok(());
        };
        let made = driver::make(&[Parent::own(hierarchy)], &[], &name)?;
        self.trees.extend(made);
        let (Some(tree), others) = (self.trees.last(), self.trees.len() - 1) else {
            return Ok(());
        };
        // The init is in the v2 tree alone, and stays out of the job's other groups.
        let v1: Vec<&Tree> = self.trees[..others]
            .iter()
            .filter(|tree| tree.version == Version::V1)
            .collect();
        let listed = || match v1.is_empty() {
            true => end::processes(&self.trees[..others]),
            false => v1
                .iter()
                .flat_map(|t| end::processes(std::slice::from_ref(*t)))
                .collect(),
        };
        // What is forked meanwhile is found in the next round: a fork of one that was moved is in already.
        for _ in 0..ROUNDS {
            let inside = end::processes(std::slice::from_ref(tree));
            let mut moved = false;
            for pid in listed().into_iter().filter(|pid| !inside.contains(pid)) {
                match tree.dir.write("cgroup.procs", &pid.to_string()) {
                    // It has ended.
                    Err(error) if error.errno() == libc::ESRCH => {}
                    done => done?,
                }
                moved = true;
            }
            if !moved {
                return Ok(());
            }
        }
        Err(Error::new(
            ErrorKind::Busy,
            Stage::Cgroup,
            tree.dir.path().display().to_string(),
            "the job starts processes faster than they can be moved: freeze its cgroup first",
        ))
    }

    /// Enables a controller of the v2 tree for the group, where that is allowed.
    fn hand_down(&mut self, controller: &str) {
        let Some(tree) = self.trees.iter_mut().find(|t| t.version == Version::V2) else {
            return;
        };
        if let Some(above) = tree.dir.path().parent()
            && write::write(above, "cgroup.subtree_control", &format!("+{controller}")).is_ok()
        {
            tree.controllers.push(controller.to_owned());
        }
    }
}

/// How often to look for processes that were not moved yet.
const ROUNDS: u32 = 100;

/// Moves who is in a v1 directory to the group above it and takes the directory away.
fn leave(tree: &Tree) {
    if let Some(above) = tree.dir.path().parent() {
        for _ in 0..ROUNDS {
            let pids = end::processes(std::slice::from_ref(tree));
            if pids.is_empty() {
                break;
            }
            for pid in pids {
                let _ = write::write(above, "cgroup.procs", &pid.to_string());
            }
        }
    }
    let _ = end::remove(std::iter::once(tree.dir.path()));
}
