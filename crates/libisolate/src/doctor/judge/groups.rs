//! cgroups: the trees, a group of the caller's own, each controller, and what v2 has beside them.

use super::super::facts::Facts;
use super::super::{Area, Check};
use super::Why;
use crate::cgroup::{CgroupHost, Hierarchy, Layout, Version};

/// A controller by its name on v2 and on v1.
struct Controller {
    name: &'static str,
    v1: &'static str,
    /// Whether most limits of most jobs are held by it.
    usual: bool,
}

const CONTROLLERS: [Controller; 8] = [
    Controller {
        name: "memory",
        v1: "memory",
        usual: true,
    },
    Controller {
        name: "pids",
        v1: "pids",
        usual: true,
    },
    Controller {
        name: "cpu",
        v1: "cpu",
        usual: true,
    },
    Controller {
        name: "cpuset",
        v1: "cpuset",
        usual: true,
    },
    Controller {
        name: "io",
        v1: "blkio",
        usual: true,
    },
    Controller {
        name: "hugetlb",
        v1: "hugetlb",
        usual: false,
    },
    Controller {
        name: "rdma",
        v1: "rdma",
        usual: false,
    },
    Controller {
        name: "misc",
        v1: "misc",
        usual: false,
    },
];

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let Ok(host) = &facts.host else {
        return vec![
            Check::of(Area::Cgroups, "layout", "cannot be told")
                .fails(Why::new("without /proc nothing can be told of it")),
        ];
    };
    // As jobs have them that name nobody.
    let shown = match &host.cgroup.systemd {
        Some(systemd) if systemd.manages_caller => Some(host.cgroup.through(systemd)),
        _ => None,
    };
    let cgroup = shown.as_ref().unwrap_or(&host.cgroup);
    let mut all = vec![layout(cgroup)];
    if cgroup.layout == Layout::None {
        return all;
    }
    all.push(own_group(cgroup));
    all.extend(CONTROLLERS.iter().map(|one| controller(one, cgroup, facts)));
    all.extend([swap(cgroup), kill(cgroup, facts), pressure(facts)]);
    all.extend(room(cgroup));
    all
}

fn layout(cgroup: &CgroupHost) -> Check {
    let found = match cgroup.layout {
        Layout::None => "none",
        Layout::Legacy => "legacy (v1)",
        Layout::Hybrid => "hybrid (v1 with a v2 tree)",
        Layout::Unified => "unified (v2)",
    };
    let check = Check::of(Area::Cgroups, "layout", found);
    match cgroup.layout {
        Layout::None => check.fails(
            Why::new("no cgroup file system is mounted here: jobs have no limits but rlimits")
                .and("as root: mount -t cgroup2 cgroup2 /sys/fs/cgroup"),
        ),
        Layout::Legacy => check.limited(
            Why::new("jobs join their groups after their start and are killed process by process")
                .and("as root: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified"),
        ),
        Layout::Hybrid | Layout::Unified => check,
    }
}

fn version(tree: &Hierarchy) -> &'static str {
    match tree.version {
        Version::V1 => "v1",
        Version::V2 => "v2",
    }
}

/// Why a group cannot be made, or not be given controllers.
fn why(tree: &Hierarchy) -> Why {
    match &tree.reason {
        Some(reason) => Why::from(reason.as_str()),
        None => Why::new(format!("{} is not writable", tree.dir)),
    }
}

fn own_group(cgroup: &CgroupHost) -> Check {
    let name = "group of one's own";
    // A named v1 hierarchy is the book of a manager: no job goes there.
    let trees = || cgroup.hierarchies.iter().filter(|tree| tree.name.is_none());
    let writable: Vec<&Hierarchy> = trees().filter(|tree| tree.writable).collect();
    if writable.is_empty() {
        let first = cgroup.unified().or_else(|| trees().next());
        let why = first.map_or_else(|| Why::new("no tree can be seen"), why);
        return Check::of(Area::Cgroups, name, "cannot be made").fails(why);
    }
    if cgroup.shown_for.is_some() {
        return Check::of(Area::Cgroups, name, "in a scope that systemd makes");
    }
    let found = match &writable[..] {
        [one] => format!("{} below {}", version(one), one.dir),
        several => {
            let v1 = several
                .iter()
                .filter(|tree| tree.version == Version::V1)
                .count();
            let v2 = several.iter().find(|tree| tree.version == Version::V2);
            let v1 = format!("v1 in {v1} hierarchies");
            v2.map_or(v1.clone(), |tree| format!("{v1}, v2 below {}", tree.dir))
        }
    };
    let check = Check::of(Area::Cgroups, name, found);
    let stuck = |tree: &&Hierarchy| {
        tree.version == Version::V2 && !tree.can_enable && tree.reason.is_some()
    };
    match (cgroup.layout, writable.iter().find(|tree| stuck(tree))) {
        (Layout::Unified, Some(tree)) => check.limited(why(tree)),
        _ => check,
    }
}

fn controller(one: &Controller, cgroup: &CgroupHost, facts: &Facts) -> Check {
    let tree = cgroup
        .controller(one.name)
        .or_else(|| cgroup.controller(one.v1));
    if let Some(tree) = tree {
        let enabled = tree.enabled.iter().any(|c| c == one.name);
        let found = match (tree.version, enabled) {
            (Version::V1, _) => format!("v1, {}", tree.dir),
            (Version::V2, _) if cgroup.shown_for.is_some() => "v2, by systemd".to_owned(),
            (Version::V2, true) => format!("v2, handed on by {}", tree.dir),
            (Version::V2, false) => format!("v2, can be handed on by {}", tree.dir),
        };
        let usable = tree.writable && (tree.version == Version::V1 || tree.can_enable || enabled);
        let check = Check::of(Area::Cgroups, one.name, found);
        return match usable {
            true => check,
            false => Check {
                found: format!("{}, {}", version(tree), tree.dir),
                ..check
            }
            .fails(why(tree)),
        };
    }
    let check = Check::of(Area::Cgroups, one.name, "not here");
    let why = missing(one, cgroup, facts);
    let why = why.unwrap_or_else(|| Why::new("this kernel has no such controller"));
    match one.usual {
        true => check.fails(why),
        false => check.absent(why),
    }
}

/// Why no tree has a controller; `None` where the kernel has none.
fn missing(one: &Controller, cgroup: &CgroupHost, facts: &Facts) -> Option<Why> {
    let row = facts
        .groups
        .kernel
        .iter()
        .find(|(name, ..)| name == one.v1 || name == one.name);
    let at_the_root = facts.groups.root.iter().any(|name| name == one.name);
    match row {
        Some((name, _, false)) => Some(
            Why::new(format!("the {name} controller is switched off at boot")).and(format!(
                "take cgroup_disable={name} from the kernel's command line, or put cgroup_enable={name} \
                 on it (Raspberry Pi: in /boot/firmware/cmdline.txt), and boot anew"
            )),
        ),
        // Not even above all of the caller's groups: the engine keeps it outside.
        Some((name, ..))
            if cgroup.layout == Layout::Unified
                && !at_the_root
                && facts.groups.container.is_some() =>
        {
            Some(
                Why::new(format!("the container's own group has no {name} controller")).and(
                    "have it handed down to the container where that is started: by its engine's \
                     options, or for an ordinary user's container by Delegate= of user@.service",
                ),
            )
        }
        _ if cgroup.layout == Layout::Unified && at_the_root => {
            Some(Why::from(cgroup.absence(one.name).as_str()))
        }
        Some((name, true, _)) => Some(Why::new(format!(
            "the {name} controller is in a v1 hierarchy that is not mounted where the caller can see it"
        ))),
        Some((name, false, true)) if cgroup.layout != Layout::Unified => Some(
            Why::new(format!("the {name} controller is mounted nowhere")).and(format!(
                "as root: mkdir -p /sys/fs/cgroup/{name} && mount -t cgroup -o {name} cgroup \
                 /sys/fs/cgroup/{name}"
            )),
        ),
        _ => None,
    }
}

fn swap(cgroup: &CgroupHost) -> Check {
    let found = match (cgroup.swap_accounting, cgroup.swap_device) {
        (true, true) => "accounted for each group",
        (true, false) => "accounted for each group, and there is no swap device",
        (false, true) => "not accounted",
        (false, false) => "not accounted, and there is no swap device",
    };
    let check = Check::of(Area::Cgroups, "swap", found);
    if cgroup.swap_accounting {
        return check;
    }
    let why = Why::new("limits of swap other than 0 cannot be held");
    let memory = cgroup.controller("memory").is_some();
    match (memory, cgroup.swap_device) {
        (false, _) => check.absent(Why::new("it takes the memory controller")),
        (true, true) => {
            check.limited(why.and("boot with swapaccount=1 on the kernel's command line"))
        }
        (true, false) => check.absent(Why::new("without a swap device no job can swap")),
    }
}

fn kill(cgroup: &CgroupHost, facts: &Facts) -> Check {
    let name = "killing at one stroke";
    if cgroup.has_kill {
        return Check::of(Area::Cgroups, name, "cgroup.kill");
    }
    let check = Check::of(Area::Cgroups, name, "no cgroup.kill");
    let what = "jobs are killed process by process";
    match (cgroup.unified(), super::release(&facts.kernel) < (5, 14)) {
        (_, true) => check.limited(
            Why::new(format!("it came with Linux 5.14: {what}")).and("boot a later kernel"),
        ),
        _ => check.limited(Why::new(format!(
            "it takes a v2 tree that can be seen: {what}"
        ))),
    }
}

fn pressure(facts: &Facts) -> Check {
    let name = "pressure (PSI)";
    let Some(errno) = facts.proc.pressure else {
        return Check::of(Area::Cgroups, name, "told");
    };
    let why = Why::new("what waiting for CPU, memory and disks costs is not told, nor watched");
    let check = Check::of(Area::Cgroups, name, "not told");
    match (errno, super::release(&facts.kernel) < (4, 20)) {
        (_, true) => check.limited(why.and("boot a later kernel: it came with Linux 4.20")),
        (libc::EACCES | libc::EPERM, _) => check.limited(Why::new(
            "this caller may not read /proc/pressure, as containers have it",
        )),
        _ => check.limited(
            why.and("boot with psi=1 on the kernel's command line, and a kernel with CONFIG_PSI"),
        ),
    }
}

/// Where the caller's own group is held tighter than a default job's.
fn room(cgroup: &CgroupHost) -> Option<Check> {
    const DEFAULT_PIDS: u64 = 1024;
    let allowed = cgroup.pids_allowed?;
    let check = Check::of(
        Area::Cgroups,
        "processes for all",
        format!("pids.max is {allowed}"),
    );
    Some(match allowed < DEFAULT_PIDS {
        true => check.limited(
            Why::new(format!(
                "the caller and all of its jobs may have {allowed} processes together, fewer than a \
                 default job alone"
            ))
            .and("raise it where the caller is started: TasksMax= (a unit of systemd), --pids-limit (docker, podman)"),
        ),
        false => check,
    })
}
