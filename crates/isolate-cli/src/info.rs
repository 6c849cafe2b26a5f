//! `isolatectl info`: what this host can do, and what it cannot and why.

use std::fmt::Write as _;
use std::io::Write as _;

use libisolate::cgroup::{Hierarchy, Layout, Version};
use libisolate::ns::Kind;
use libisolate::{Host, VERSION};
use serde_json::{Value, json};

use crate::args::Info;
use crate::driver::{driver, made_by_systemd, systemd};
use crate::{FAILED, complain};

/// The controllers that a spec's limits need.
const WANTED: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];

pub fn info(options: &Info) -> i32 {
    let host = match Host::probe() {
        Ok(host) => host,
        Err(error) => {
            complain(&error.message());
            return FAILED;
        }
    };
    let text = if options.json {
        as_json(&host)
    } else {
        as_text(&host)
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("stdout: {error}"));
            FAILED
        }
    }
}

fn as_json(host: &Host) -> String {
    let mut value: Value = serde_json::from_str(&host.to_json()).unwrap_or_default();
    if let Some(caller) = value.get_mut("caller").and_then(Value::as_object_mut) {
        // Variables hold secrets, and this text is made to be pasted into reports.
        caller.remove("env");
        caller.insert(
            "capability_names".into(),
            json!(host.caller.capability_names()),
        );
    }
    value["version"] = json!(VERSION);
    value["cgroup"]["driver"] = json!(driver(&host.cgroup));
    value["missing"] = json!(missing(host));
    format!("{value:#}\n")
}

fn as_text(host: &Host) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<18} {value}");
    };
    line("libisolate", VERSION);
    line("kernel", &format!("{} {}", host.kernel, host.machine));
    line("cpus", &host.cpus.to_string());
    line("page size", &host.page_size.to_string());
    let (have, _): (Vec<_>, Vec<_>) = features(host).into_iter().partition(|(_, on, _)| *on);
    let have: Vec<&str> = have.iter().map(|(name, _, _)| *name).collect();
    line("features", &have.join(" "));
    line("namespaces", "");
    for (kind, support) in &host.namespaces {
        let inode = support
            .inode
            .map_or(String::new(), |inode| format!("own {kind}:[{inode}]"));
        let can = if support.creatable {
            "creatable"
        } else {
            "not creatable"
        };
        line(&format!("  {kind}"), format!("{can:<15}{inode}").trim_end());
        if let Some(reason) = &support.reason {
            line("", reason);
        }
    }
    line("user namespaces", &user_namespaces(host));
    line("cgroup layout", layout(host.cgroup.layout));
    line("cgroup driver", driver(&host.cgroup));
    for (at, told) in systemd(&host.cgroup).iter().enumerate() {
        line(if at == 0 { "systemd" } else { "" }, told);
    }
    line(
        "cgroup.kill",
        if host.cgroup.has_kill { "yes" } else { "no" },
    );
    line(
        "swap limits",
        if host.cgroup.swap_accounting {
            "yes"
        } else {
            "no"
        },
    );
    line(
        "swap device",
        if host.cgroup.swap_device { "yes" } else { "no" },
    );
    line("hierarchies", "");
    for tree in &host.cgroup.hierarchies {
        let dir = if tree.dir.is_empty() {
            &tree.mount
        } else {
            &tree.dir
        };
        let writable = if tree.writable {
            "writable"
        } else {
            "not writable"
        };
        line(
            &format!("  {} {}", version(tree.version), name(tree)),
            &format!("{dir}  {writable}"),
        );
        if tree.version == Version::V2 {
            line("", &format!("enabled below it: {}", list(&tree.enabled)));
            line(
                "",
                if tree.can_enable {
                    "more can be enabled"
                } else {
                    "no more can be enabled"
                },
            );
        }
        if let Some(reason) = &tree.reason {
            line("", reason);
        }
    }
    let caller = &host.caller;
    let groups: Vec<String> = caller.groups.iter().map(u32::to_string).collect();
    line(
        "caller",
        &format!(
            "uid {} gid {} groups {}",
            caller.uid,
            caller.gid,
            list(&groups)
        ),
    );
    line("capabilities", &capabilities(host));
    line(
        "id ranges",
        &format!(
            "uids {} gids {}",
            ranges(&caller.mapped_uids),
            ranges(&caller.mapped_gids)
        ),
    );
    line("working directory", &caller.cwd.to_string());
    let missing = missing(host);
    line("missing", if missing.is_empty() { "nothing" } else { "" });
    for what in missing {
        let _ = writeln!(text, "  {what}");
    }
    text
}

pub fn list(words: &[String]) -> String {
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(" ")
    }
}

fn ranges(ranges: &[(u32, u32)]) -> String {
    let words: Vec<String> = ranges
        .iter()
        .map(|(first, count)| format!("{first}+{count}"))
        .collect();
    words.join(",")
}

fn version(version: Version) -> &'static str {
    match version {
        Version::V1 => "v1",
        Version::V2 => "v2",
    }
}

pub fn layout(layout: Layout) -> &'static str {
    match layout {
        Layout::None => "none",
        Layout::Legacy => "legacy (v1)",
        Layout::Hybrid => "hybrid (v1 with a v2 tree)",
        Layout::Unified => "unified (v2)",
    }
}

/// A hierarchy by its controllers.
fn name(tree: &Hierarchy) -> String {
    match (&tree.name, tree.controllers.is_empty()) {
        (Some(name), _) => format!("name={name}"),
        (None, true) => "no controllers".to_owned(),
        (None, false) => tree.controllers.join(","),
    }
}

fn user_namespaces(host: &Host) -> String {
    match host.namespaces.get(&Kind::User) {
        Some(user) if user.creatable => "yes".to_owned(),
        Some(user) => format!("no: {}", user.reason.as_deref().unwrap_or("unknown")),
        None => "no".to_owned(),
    }
}

fn capabilities(host: &Host) -> String {
    let names = host.caller.capability_names();
    let all = host.last_capability as usize + 1;
    if names.len() == all {
        return format!("all {all}");
    }
    // What a root caller lacks says more than the forty it has.
    if names.len() > all / 2 {
        let full = libisolate::host::Caller {
            capabilities: (1u64 << all) - 1,
            ..libisolate::host::Caller::default()
        };
        let lacks: Vec<String> = full
            .capability_names()
            .into_iter()
            .filter(|n| !names.contains(n))
            .collect();
        return format!("all {all} but {}", lacks.join(" "));
    }
    list(&names)
}

/// What the kernel can do: name, whether it can, and what follows where it cannot.
fn features(host: &Host) -> [(&'static str, bool, &'static str); 8] {
    let f = &host.features;
    [
        (
            "clone3",
            f.clone3,
            "jobs are started with clone(2) and join their cgroup instead of being born in it",
        ),
        (
            "pidfd",
            f.pidfd,
            "Linux 5.3 or a filter that allows pidfd_open(2) is needed to wait for jobs",
        ),
        (
            "openat2",
            f.openat2,
            "paths inside a root cannot be opened safely",
        ),
        (
            "mount_api",
            f.mount_api,
            "mount trees cannot be prepared as descriptors",
        ),
        (
            "mount_setattr",
            f.mount_setattr,
            "binds cannot be made read-only as a whole or id-mapped",
        ),
        (
            "close_range",
            f.close_range,
            "descriptors are closed one by one",
        ),
        (
            "memfd_exec",
            f.memfd_exec,
            "sysctl vm.memfd_noexec is 2: the init cannot be started from memory",
        ),
        (
            "seccomp_filter",
            f.seccomp_filter,
            "there can be no system call filter: say seccomp \"off\"",
        ),
    ]
}

/// Everything that a spec could ask for and this host does not give, each with its reason.
fn missing(host: &Host) -> Vec<String> {
    let mut all = Vec::new();
    for (name, on, consequence) in features(host) {
        if !on {
            all.push(format!("{name}: {consequence}"));
        }
    }
    for (kind, support) in &host.namespaces {
        if let Some(reason) = &support.reason {
            all.push(format!("{kind} namespace: {reason}"));
        }
    }
    // Where systemd makes a job's group, what units can have counts, and not what the caller may.
    let by = made_by_systemd(&host.cgroup);
    let through = by.map(|systemd| host.cgroup.through(systemd));
    let cgroup = through.as_ref().unwrap_or(&host.cgroup);
    let unreachable = by.and_then(|systemd| systemd.reason.as_ref());
    if cgroup.layout == Layout::None {
        all.push(
            "cgroups: no cgroup file system is mounted here, so no limit of a whole job holds"
                .into(),
        );
        return all;
    }
    if let Some(reason) = unreachable {
        all.push(format!("groups by systemd: {reason}"));
    }
    // That one said once.
    let told = |tree: &&Hierarchy| unreachable.is_none() || tree.reason.as_ref() != unreachable;
    for tree in cgroup.hierarchies.iter().filter(told) {
        // A named v1 hierarchy is systemd's own book: no job goes there.
        if let (Some(reason), true) = (&tree.reason, tree.name.is_none()) {
            let what = if tree.writable {
                "more controllers"
            } else {
                "groups"
            };
            all.push(format!(
                "{what} in cgroup {} {}: {reason}",
                version(tree.version),
                name(tree)
            ));
        }
    }
    for controller in WANTED {
        if cgroup.controller(controller).is_none() {
            let reason = cgroup.absence(controller);
            all.push(format!("cgroup controller {controller}: {reason}"));
        }
    }
    if cgroup.unified().is_none() {
        all.push("cgroup v2: not mounted, so jobs join their cgroups after their start and are killed one by one".into());
    } else if !cgroup.has_kill {
        all.push("cgroup.kill: Linux 5.14; jobs are killed process by process".into());
    }
    if !cgroup.swap_accounting && cgroup.controller("memory").is_some() {
        all.push(
            "swap limits: swap is not accounted for each cgroup; boot with swapaccount=1".into(),
        );
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(name: &str) -> Host {
        let path = format!(
            "{}/../../tests/plans/hosts/{name}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(&path).expect("a saved host");
        Host::from_json(&text).expect("a saved host that can be read")
    }

    #[test]
    fn a_host_that_has_everything_misses_nothing() {
        for name in [
            "v2",
            "v2-user",
            "v2-systemd-root",
            "hybrid",
            "hybrid-systemd",
        ] {
            assert_eq!(missing(&saved(name)), Vec::<String>::new(), "{name}");
            assert!(
                as_text(&saved(name)).ends_with("missing            nothing\n"),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_missing_has_its_reason() {
        let told = missing(&saved("no-userns"));
        let user = "user namespace: user namespaces are switched off: sysctl user.max_user_namespaces is 0";
        assert!(told.iter().any(|t| t == user), "{told:?}");
        assert!(
            told.iter()
                .any(|t| t.starts_with("groups in cgroup v2 cpu,memory,pids: ")
                    && t.contains("Delegate=yes")),
            "{told:?}"
        );
        assert!(
            told.iter()
                .any(|t| t.starts_with("cgroup controller cpuset: ")),
            "{told:?}"
        );
        assert_eq!(told.len(), 10, "{told:?}");

        let told = missing(&saved("no-cgroup"));
        assert_eq!(told.len(), 1);
        assert!(
            told[0].starts_with("cgroups: no cgroup file system is mounted"),
            "{told:?}"
        );

        let told = missing(&saved("v1"));
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("cgroup v2: not mounted"), "{told:?}");
    }

    #[test]
    fn who_makes_the_groups() {
        for (name, made_by, told) in [
            ("hybrid", "cgroupfs", &["systemd            no"] as &[&str]),
            (
                "v2-systemd-root",
                "systemd",
                &[
                    "systemd            yes; units are made by the system manager",
                    "the caller's own group is its business",
                    "a unit can have: cpuset cpu io memory pids",
                ],
            ),
            (
                "v2-systemd-user",
                "systemd",
                &[
                    "systemd            yes; units are made by the user's own manager",
                    "a unit can have: cpu memory pids",
                    "  cgroup controller cpuset: the cpuset controller is not handed down to the user's manager",
                ],
            ),
            ("hybrid-systemd", "systemd", &["its business"]),
        ] {
            let text = as_text(&saved(name));
            assert!(
                text.contains(&format!("cgroup driver      {made_by}\n")),
                "{text}"
            );
            for part in told {
                assert!(text.contains(part), "{part:?} is not in\n{text}");
            }
            let value: Value = serde_json::from_str(&as_json(&saved(name))).expect("JSON");
            assert_eq!(value["cgroup"]["driver"], made_by);
        }
        // v1 has the controllers, and nothing is said of the v2 tree.
        assert!(!as_text(&saved("hybrid-systemd")).contains("a unit can have"));

        let mut lost = saved("v2-systemd-root");
        lost.cgroup.systemd.as_mut().expect("it is there").reason = Some("no socket".into());
        assert_eq!(missing(&lost), ["groups by systemd: no socket"]);
        assert!(as_text(&lost).contains("\n                   no socket\n"));
        // As to a caller that has been given its group.
        lost.cgroup
            .systemd
            .as_mut()
            .expect("it is there")
            .manages_caller = false;
        let text = as_text(&lost);
        assert!(
            text.contains("cgroup driver      cgroupfs\n")
                && text.contains("systemd            yes; ")
                && text.contains("its business: no unit's, or given to the caller"),
            "{text}"
        );
    }

    #[test]
    fn text_names_each_hierarchy_with_version_directory_and_controllers() {
        let text = as_text(&saved("hybrid"));
        for part in [
            "kernel             6.18.44 x86_64",
            "cgroup layout      hybrid (v1 with a v2 tree)",
            "cgroup driver      cgroupfs",
            "  v1 memory        /sys/fs/cgroup/memory/service/app  writable",
            "  v1 name=systemd  /sys/fs/cgroup/systemd  writable",
            "  v2 hugetlb       /sys/fs/cgroup/unified  writable",
            "enabled below it: none",
            "capabilities       all 41 but sys_resource",
            "uids 0+4294967295",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
    }

    #[test]
    fn json_has_all_and_no_environment() {
        let mut host = saved("hybrid");
        host.caller.env.insert("TOKEN".into(), "secret".into());
        let text = as_json(&host);
        assert!(!text.contains("secret"), "{text}");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value["cgroup"]["layout"], "hybrid");
        assert_eq!(value["cgroup"]["driver"], "cgroupfs");
        assert_eq!(value["namespaces"]["user"]["creatable"], true);
        assert_eq!(value["missing"], json!([]));
    }
}
