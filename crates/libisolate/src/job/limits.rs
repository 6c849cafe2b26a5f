//! The group of a running job: as a handle, and its limits while it runs.

use super::outcome::{Enforcement, EnforcementStatus};
use super::state::State;
use crate::cgroup::{Cgroup, Group};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::spec::Limits;

impl State {
    pub fn cgroup(&self, pid: i32) -> Result<Cgroup> {
        self.living_group(pid)?.handle()
    }

    pub fn update(&mut self, pid: i32, limits: &Limits) -> Result<Enforcement> {
        self.living_group(pid)?;
        let Some(group) = &mut self.group else {
            return Ok(Enforcement::new());
        };
        let done = group.update(limits)?;
        for entry in &done {
            match self.enforcement.iter_mut().find(|e| e.name == entry.name) {
                // What could not be changed is in force as it was.
                Some(_) if entry.status == EnforcementStatus::Skipped => {}
                Some(known) => *known = entry.clone(),
                None => self.enforcement.push(entry.clone()),
            }
        }
        Ok(done)
    }

    fn living_group(&self, pid: i32) -> Result<&Group> {
        self.group.as_ref().ok_or_else(|| {
            let detail = match self.outcome {
                Some(_) => "the job has ended",
                None => "the job has no cgroup of its own",
            };
            Error::new(
                ErrorKind::NotFound,
                Stage::Cgroup,
                format!("job {pid}"),
                detail,
            )
        })
    }
}
