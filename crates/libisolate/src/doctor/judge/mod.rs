//! Judging: what the facts mean, and what to do. Pure: the same facts give the same diagnosis anywhere.

mod groups;
mod ids;
mod jobs;
mod kernel;
mod namespaces;
mod proc;
mod systemd;

use super::facts::Facts;
use super::{Area, Check, Diagnosis, Status};
use crate::error::Error;
use crate::remedy;

pub(super) fn diagnosis(facts: &Facts) -> Diagnosis {
    let checks: Vec<Check> = [
        kernel::checks,
        proc::checks,
        namespaces::checks,
        ids::checks,
        groups::checks,
        systemd::checks,
        jobs::checks,
    ]
    .iter()
    .flat_map(|area| area(facts))
    .collect();
    let stands_in_the_way = |check: &Check| check.needed && check.status == Status::Fails;
    Diagnosis {
        ready: !checks.iter().any(stands_in_the_way),
        checks,
    }
}

/// Why something does not work, and what to do about it.
struct Why {
    reason: String,
    remedy: Option<String>,
}

impl Why {
    fn new(reason: impl Into<String>) -> Why {
        Why {
            reason: reason.into(),
            remedy: None,
        }
    }

    fn and(mut self, remedy: impl Into<String>) -> Why {
        self.remedy = Some(remedy.into());
        self
    }
}

/// A text of this library's: the reason, and after a semicolon what to do.
impl From<&str> for Why {
    fn from(text: &str) -> Why {
        let (reason, remedy) = remedy::split(text);
        Why { reason, remedy }
    }
}

/// With what it is about, unless that says nothing.
impl From<&Error> for Why {
    fn from(error: &Error) -> Why {
        let (reason, remedy) = remedy::split(error.detail());
        let reason = match error.subject() {
            "" => format!("{}: {reason}", error.stage()),
            subject => format!("{}: {subject}: {reason}", error.stage()),
        };
        Why { reason, remedy }
    }
}

impl Check {
    /// One that is well until it is told otherwise.
    fn of(area: Area, name: impl Into<String>, found: impl Into<String>) -> Check {
        Check {
            area,
            name: name.into(),
            status: Status::Works,
            needed: false,
            found: found.into(),
            reason: None,
            remedy: None,
        }
    }

    fn needed(mut self) -> Check {
        self.needed = true;
        self
    }

    fn limited(self, why: impl Into<Why>) -> Check {
        self.is(Status::Limited, why.into())
    }

    fn fails(self, why: impl Into<Why>) -> Check {
        self.is(Status::Fails, why.into())
    }

    fn absent(self, why: impl Into<Why>) -> Check {
        self.is(Status::Absent, why.into())
    }

    fn is(mut self, status: Status, why: Why) -> Check {
        self.status = status;
        self.reason = Some(why.reason);
        self.remedy = why.remedy;
        self
    }
}

/// Major and minor number of a kernel release.
fn release(text: &str) -> (u32, u32) {
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Whether the kernel is that of the Windows Subsystem for Linux.
fn is_wsl(facts: &Facts) -> bool {
    facts.kernel.to_lowercase().contains("microsoft")
}
