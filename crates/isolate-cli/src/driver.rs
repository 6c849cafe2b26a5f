//! Who makes the groups of this caller's jobs, told to people.

use libisolate::cgroup::{CgroupHost, Layout, Manager, SystemdHost};

use crate::info::list;

/// The systemd that makes the groups of jobs that say nothing else, if any.
pub fn made_by_systemd(host: &CgroupHost) -> Option<&SystemdHost> {
    host.systemd
        .as_ref()
        .filter(|systemd| systemd.manages_caller)
}

/// Who makes the groups of jobs that say nothing else.
pub fn driver(host: &CgroupHost) -> &'static str {
    match made_by_systemd(host) {
        Some(_) => "systemd",
        None => "cgroupfs",
    }
}

/// What systemd is on this host and to the caller, a line each.
pub fn systemd(host: &CgroupHost) -> Vec<String> {
    let Some(systemd) = &host.systemd else {
        return vec!["no".to_owned()];
    };
    let booted = match systemd.booted {
        true => "yes",
        false => "not booted with it, but named in the environment",
    };
    let manager = match systemd.manager {
        Manager::System => "the system manager",
        Manager::User => "the user's own manager",
    };
    let own = match systemd.manages_caller {
        true => "the caller's own group is its business",
        false => "the caller's own group is not its business: no unit's, or given to the caller",
    };
    let mut lines = vec![
        format!("{booted}; units are made by {manager}"),
        own.to_owned(),
    ];
    // Where v1 has the controllers, the v2 tree has none to give.
    if host.layout == Layout::Unified || !systemd.controllers.is_empty() {
        lines.push(format!("a unit can have: {}", list(&systemd.controllers)));
    }
    lines.extend(systemd.reason.clone());
    lines
}
