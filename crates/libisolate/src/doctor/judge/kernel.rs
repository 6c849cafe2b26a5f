//! The kernel: its release and calls, the filter that may be in front of it, its programs of cgroups.

use super::super::facts::Facts;
use super::super::{Area, Check};
use super::{Why, is_wsl, release};
use crate::host::Features;
use crate::remedy;

/// The first release that the library is made for.
const OLDEST: (u32, u32) = (5, 4);

/// A call that came with some release.
struct Call {
    name: &'static str,
    since: (u32, u32),
    there: fn(&Features) -> bool,
    /// What is lost without it; `None` where another way does the same.
    lost: Option<&'static str>,
}

const CALLS: [Call; 6] = [
    Call {
        name: "clone3",
        since: (5, 3),
        there: |has| has.clone3,
        lost: Some("jobs join their v2 group after their start, which takes some 10 ms"),
    },
    Call {
        name: "pidfd_open",
        since: (5, 3),
        there: |has| has.pidfd,
        lost: Some("jobs cannot enter a pid namespace that is there"),
    },
    Call {
        name: "openat2",
        since: (5, 6),
        there: |has| has.openat2,
        lost: None,
    },
    Call {
        name: "open_tree, move_mount, fsopen",
        since: (5, 2),
        there: |has| has.mount_api,
        lost: Some("jobs with shifted ids have no writable binds"),
    },
    Call {
        name: "mount_setattr",
        since: (5, 12),
        there: |has| has.mount_setattr,
        lost: Some("jobs with shifted ids have no writable binds"),
    },
    Call {
        name: "close_range",
        since: (5, 9),
        there: |has| has.close_range,
        lost: None,
    },
];

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let mut all = vec![release_check(facts), filter(facts)];
    if let Ok(host) = &facts.host {
        all.extend(CALLS.iter().map(|one| call(one, &host.features, facts)));
        all.push(seccomp(&host.features));
    }
    all.push(devices(facts));
    all
}

fn release_check(facts: &Facts) -> Check {
    let found = format!("Linux {} {}", facts.kernel, facts.machine);
    let check = Check::of(Area::Kernel, "release", found);
    // WSL 1 is no Linux: it has neither namespaces nor cgroups, and calls itself 4.4.
    if is_wsl(facts) && release(&facts.kernel) < (4, 19) {
        let why = Why::new("WSL 1 has neither namespaces nor cgroups");
        return check
            .needed()
            .fails(why.and("in Windows: wsl --set-version DISTRIBUTION 2"));
    }
    match release(&facts.kernel) < OLDEST {
        true => check.limited(
            Why::new("the library is made for Linux 5.4 and later").and("boot a later kernel"),
        ),
        false => check,
    }
}

fn filter(facts: &Facts) -> Check {
    let name = "system call filter";
    let refused = &facts.guards.refused;
    if !refused.is_empty() {
        let why = format!(
            "a system call filter (seccomp) refuses {}",
            refused.join(" and ")
        );
        return Check::of(Area::Kernel, name, "in the way")
            .needed()
            .fails(Why::new(why).and(remedy::FILTER));
    }
    let found = match facts.guards.filter {
        true => "there is one, and it lets mount and unshare pass",
        false => "none",
    };
    Check::of(Area::Kernel, name, found)
}

fn call(call: &Call, has: &Features, facts: &Facts) -> Check {
    if (call.there)(has) {
        return Check::of(Area::Kernel, call.name, "there");
    }
    let check = Check::of(Area::Kernel, call.name, "not there");
    let (major, minor) = call.since;
    let why = match release(&facts.kernel) < call.since {
        true => Why::new(format!("it came with Linux {major}.{minor}")).and("boot a later kernel"),
        false if facts.guards.filter => {
            Why::new("a system call filter (seccomp) refuses it").and(format!(
                "have the container's or the service's filter allow it, such as by a later {}",
                facts
                    .groups
                    .container
                    .as_deref()
                    .unwrap_or("container engine")
            ))
        }
        false => Why::new("this kernel is built without it, or something refuses it"),
    };
    match call.lost {
        Some(lost) => check.limited(Why {
            reason: format!("{}: {lost}", why.reason),
            ..why
        }),
        None => check.absent(Why::new(format!(
            "{}; another way does the same",
            why.reason
        ))),
    }
}

fn seccomp(has: &Features) -> Check {
    let name = "filters for jobs";
    if has.seccomp_filter {
        return Check::of(Area::Kernel, name, "seccomp").needed();
    }
    let why = Why::new("this kernel has no seccomp filters")
        .and("boot a kernel with CONFIG_SECCOMP_FILTER");
    Check::of(Area::Kernel, name, "none").needed().fails(why)
}

/// v2 asks programs which devices a group may use; v1 has a controller.
fn devices(facts: &Facts) -> Check {
    let name = "device programs";
    let error = match &facts.tries.devices {
        Ok(()) => return Check::of(Area::Kernel, name, "one was loaded"),
        Err(error) => error,
    };
    let check = Check::of(Area::Kernel, name, "none can be loaded");
    let host = facts.host.as_ref().ok();
    let on_v1 = host
        .and_then(|host| host.cgroup.controller("devices"))
        .is_some_and(|tree| tree.writable);
    match on_v1 {
        true => check.absent(Why::new("a v1 hierarchy has the devices controller")),
        false => check.fails(Why {
            reason: format!(
                "bpf(2): {}: a job's devices cannot be limited",
                Why::from(error.detail()).reason
            ),
            ..Why::from(error.detail())
        }),
    }
}
