//! Jobs: what came of the real ones.

use super::super::facts::Facts;
use super::super::{Area, Check};
use super::Why;
use crate::error::Stage;
use crate::job::{Enforced, EnforcementStatus};

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let mut all = vec![default_job(facts)];
    match &facts.tries.limits {
        Ok(told) => all.extend(told.iter().filter_map(limit)),
        // The default job has told why.
        Err(_) if facts.tries.job.is_err() => {}
        Err(error) => {
            all.push(Check::of(Area::Jobs, "limits", "the job did not start").fails(error));
        }
    }
    all
}

fn default_job(facts: &Facts) -> Check {
    let name = "default job";
    match &facts.tries.job {
        Ok(ran) if ran.well => Check::of(
            Area::Jobs,
            name,
            format!("{} ran: {}", ran.program, ran.evidence),
        )
        .needed(),
        Ok(ran) => Check::of(Area::Jobs, name, format!("{} ran", ran.program))
            .needed()
            .fails(Why::new(ran.evidence.clone())),
        // The last step of all: what is missing is the program that was to be run.
        Err(error) if error.stage() == Stage::Exec && error.errno() == libc::ENOENT => Check::of(
            Area::Jobs,
            name,
            "the sandbox stands, but has no /bin/true to run",
        )
        .needed(),
        Err(error) => Check::of(Area::Jobs, name, "did not start")
            .needed()
            .fails(error),
    }
}

/// What became of one limit of the second job; of what is no limit nothing need be said.
fn limit(told: &Enforced) -> Option<Check> {
    if !crate::spec::Limits::CGROUP_NAMES.contains(&told.name.as_str()) {
        return None;
    }
    let name = format!("limit {}", told.name);
    let requested = &told.requested;
    Some(match told.status {
        EnforcementStatus::Enforced => {
            let file = told.file.as_deref().unwrap_or("the kernel");
            let value = told.value.as_deref().unwrap_or(requested);
            let value = value.trim();
            let found = match value == requested {
                true => format!("{value} in {file}"),
                false => format!("{requested} is {value} in {file}"),
            };
            Check::of(Area::Jobs, name, found)
        }
        EnforcementStatus::Skipped => {
            let reason = told.reason.as_deref().unwrap_or("no reason was told");
            Check::of(Area::Jobs, name, "not held").fails(reason)
        }
    })
}
