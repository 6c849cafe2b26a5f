//! What one write of a limit comes to in the enforcement, for a new group and for one that lives.

use super::Version;
use super::controller::gathers;
use super::tree::Tree;
use crate::error::Error;
use crate::job::{Enforced, EnforcementStatus};

/// A limit is in force by `file`, which says `value`; `with_init` tells that the group holds an init
/// besides the job.
pub(super) fn in_force(
    entry: &mut Enforced,
    tree: &Tree,
    (file, value): &(String, String),
    with_init: bool,
) {
    let one_more = with_init && tree.version == Version::V2 && entry.name == "pids";
    let value = match one_more && *value != entry.requested {
        true => format!("{value} (1 is the init)"),
        false => value.clone(),
    };
    entry.value = Some(match entry.value.take() {
        Some(before) if gathers(&entry.name) => format!("{before}; {value}"),
        _ => value,
    });
    entry.file = Some(file.clone());
}

/// A limit that may be left out was refused.
pub(super) fn skipped(entry: &mut Enforced, error: &Error) {
    entry.status = EnforcementStatus::Skipped;
    entry.value = None;
    entry.reason = Some(format!("{}: {}", error.subject(), error.detail()));
}
