//! `isolatectl cgroup info`: where each controller is, and whether groups can be made there.

use std::fmt::Write as _;

use libisolate::cgroup::{CgroupHost, Hierarchy, Layout, Version};
use libisolate::spec::Bytes;
use libisolate::{Host, Result};
use serde::Serialize;
use serde_json::json;

use super::args::Info;
use super::group::version;
use crate::driver::{driver, systemd};
use crate::info::layout;
use crate::out::{print, print_json};
use crate::table::{self, Row};

/// What a v2 tree has in another way, so that nobody misses the controller there.
const NOT_ON_V2: [&str; 5] = ["cpuacct", "devices", "freezer", "net_cls", "net_prio"];

/// A controller, and where it is on this host.
#[derive(Debug, PartialEq, Serialize)]
struct Controller {
    /// Its name; of a hierarchy without controllers `name=NAME`, or empty.
    name: String,
    version: Option<Version>,
    /// The other controllers of a v1 hierarchy.
    shares_with: Vec<String>,
    mount: Option<Bytes>,
    /// The caller's own group, as /proc/self/cgroup tells.
    own: Option<Bytes>,
    /// Where the caller's groups are made.
    dir: Option<Bytes>,
    /// Whether groups that the caller makes have it.
    usable: bool,
    /// Why not, with what to do.
    reason: Option<String>,
}

pub fn info(options: &Info) -> Result<()> {
    let host = Host::probe()?.cgroup;
    let kernel = std::fs::read_to_string("/proc/cgroups").unwrap_or_default();
    let root = host.unified().map_or(String::new(), |tree| {
        let file = tree.mount.as_path().join("cgroup.controllers");
        std::fs::read_to_string(file).unwrap_or_default()
    });
    let controllers = controllers(&host, &kernel, &root);
    if options.json {
        let mut value = json!({ "controllers": controllers, "driver": driver(&host) });
        if let (Some(fields), Ok(serde_json::Value::Object(more))) =
            (value.as_object_mut(), serde_json::to_value(&host))
        {
            fields.extend(more);
        }
        return print_json(&value);
    }
    print(&text(&host, &controllers))
}

/// Every controller of the host's hierarchies, and those that the kernel has besides: `kernel` is
/// /proc/cgroups, `root` what the mount of the v2 tree has.
fn controllers(host: &CgroupHost, kernel: &str, root: &str) -> Vec<Controller> {
    let mut all = Vec::new();
    for tree in &host.hierarchies {
        let name = tree.name.as_ref().map(|name| format!("name={name}"));
        let alone = || vec![name.clone().unwrap_or_default()];
        let names = match tree.controllers.is_empty() {
            true => alone(),
            false => tree.controllers.clone(),
        };
        all.extend(names.into_iter().map(|name| of_tree(tree, name)));
    }
    let known = |name: &str, all: &[Controller]| {
        let v2 = if name == "blkio" { "io" } else { name };
        all.iter().any(|c| c.name == name || c.name == v2)
    };
    let handed_down = root.split_whitespace().map(|name| (name, None));
    let in_kernel = kernel.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, hierarchy, _, "1"] = fields[..] else {
            return None;
        };
        Some((name, Some(hierarchy != "0")))
    });
    for (name, mounted) in handed_down.chain(in_kernel) {
        // The v2 tree has perf_event in every group without a word.
        let not_missed = host.layout == Layout::Unified && NOT_ON_V2.contains(&name)
            || host.unified().is_some() && name == "perf_event";
        if name.starts_with('#') || known(name, &all) || not_missed {
            continue;
        }
        let reason = match (mounted, host.unified()) {
            (None, Some(_)) => host.absence(name),
            (Some(true), _) => "is mounted where the caller cannot see it".to_owned(),
            _ => format!(
                "is mounted nowhere: root can, with mount -t cgroup -o {name} cgroup DIRECTORY"
            ),
        };
        all.push(Controller {
            name: name.to_owned(),
            version: None,
            shares_with: Vec::new(),
            mount: None,
            own: None,
            dir: None,
            usable: false,
            reason: Some(reason),
        });
    }
    all
}

fn of_tree(tree: &Hierarchy, name: String) -> Controller {
    let enabled = tree.enabled.contains(&name);
    let none = tree.controllers.is_empty();
    let usable = match tree.version {
        Version::V1 => tree.writable,
        Version::V2 => tree.writable && (tree.can_enable || enabled || none),
    };
    let others = tree.controllers.iter().filter(|other| **other != name);
    let known = |path: &Bytes| (!path.is_empty()).then(|| path.clone());
    Controller {
        version: Some(tree.version),
        shares_with: match tree.version {
            Version::V1 => others.cloned().collect(),
            Version::V2 => Vec::new(),
        },
        mount: known(&tree.mount),
        own: known(&tree.own),
        dir: known(&tree.dir),
        usable,
        // Of a tree that can enable no more, what is enabled is to be had.
        reason: tree.reason.clone().filter(|_| !usable),
        name,
    }
}

fn text(host: &CgroupHost, controllers: &[Controller]) -> String {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let mut text = format!("layout       {}\n", layout(host.layout));
    let _ = writeln!(text, "driver       {}", driver(host));
    for (at, told) in systemd(host).iter().enumerate() {
        let head = if at == 0 { "systemd" } else { "" };
        let _ = writeln!(text, "{head:<12} {told}");
    }
    let _ = writeln!(text, "cgroup.kill  {}", yes(host.has_kill));
    let _ = writeln!(text, "swap limits  {}", yes(host.swap_accounting));
    let rows: Vec<Row<6>> = controllers.iter().map(row).collect();
    if rows.is_empty() {
        return text;
    }
    let head = [
        "CONTROLLER",
        "VERSION",
        "WITH",
        "USABLE",
        "OWN GROUP",
        "DIRECTORY",
    ];
    let _ = write!(text, "\n{}", table::text(head, &rows, table::width()));
    // Once for all controllers that have the same.
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for one in controllers {
        let Some(reason) = &one.reason else { continue };
        let name = if one.name.is_empty() { "v2" } else { &one.name };
        match told.iter_mut().find(|(known, _)| known == reason) {
            Some((_, names)) => names.push(name),
            None => told.push((reason, vec![name])),
        }
    }
    if !told.is_empty() {
        text.push('\n');
    }
    for (reason, names) in told {
        let _ = writeln!(text, "{}: {reason}", names.join(", "));
    }
    text
}

fn row(one: &Controller) -> Row<6> {
    let path = |path: &Option<Bytes>| path.as_ref().map_or("-".to_owned(), ToString::to_string);
    let or_none = |text: String| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text
        }
    };
    [
        or_none(one.name.clone()),
        one.version.map_or("-", version).to_owned(),
        or_none(one.shares_with.join(",")),
        if one.usable { "yes" } else { "no" }.to_owned(),
        path(&one.own),
        match (&one.dir, &one.mount) {
            (None, Some(mount)) => mount.to_string(),
            (dir, _) => path(dir),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(name: &str) -> CgroupHost {
        let path = format!(
            "{}/../../tests/plans/hosts/{name}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(&path).expect("a saved host");
        Host::from_json(&text).expect("a saved host").cgroup
    }

    fn names(all: &[Controller], usable: bool) -> Vec<&str> {
        let fits = |one: &&Controller| one.usable == usable;
        all.iter()
            .filter(fits)
            .map(|one| one.name.as_str())
            .collect()
    }

    #[test]
    fn a_hybrid_host() {
        let host = saved("hybrid");
        let kernel = "#subsys_name hierarchy num_cgroups enabled\n\
                      memory 4 10 1\nnet_cls 0 1 1\nrdma 9 1 1\ndebug 0 1 0\n";
        let all = controllers(&host, kernel, "hugetlb");
        assert!(names(&all, true).contains(&"memory") && names(&all, true).contains(&"hugetlb"));
        assert_eq!(names(&all, false), ["net_cls", "rdma"]);
        let told = text(&host, &all);
        for part in [
            "layout       hybrid",
            "\nmemory",
            "\nname=systemd",
            "/sys/fs/cgroup/memory/service/app\n",
            "\nnet_cls: is mounted nowhere: root can, with mount -t cgroup -o net_cls cgroup DIRECTORY\n",
            "\nrdma: is mounted where the caller cannot see it\n",
        ] {
            assert!(told.contains(part), "{part:?} is not in\n{told}");
        }
    }

    #[test]
    fn a_host_where_nothing_can_be_made() {
        let host = saved("no-userns");
        let all = controllers(&host, "freezer 0 1 1\nblkio 0 1 1\n", "cpu io memory pids");
        assert_eq!(names(&all, true), Vec::<&str>::new());
        assert_eq!(names(&all, false), ["cpu", "memory", "pids", "io"]);
        let told = text(&host, &all);
        assert!(
            told.contains("\ncpu, memory, pids: ") && told.contains("Delegate=yes"),
            "{told}"
        );
        assert!(
            told.contains("\nio: the io controller is not handed down to /sys/fs/cgroup"),
            "{told}"
        );
    }

    #[test]
    fn a_host_without_cgroups() {
        let host = saved("no-cgroup");
        let all = controllers(&host, "", "");
        assert_eq!(all, []);
        assert_eq!(
            text(&host, &all),
            "layout       none\ndriver       cgroupfs\nsystemd      no\ncgroup.kill  no\nswap limits  no\n"
        );
    }
}
