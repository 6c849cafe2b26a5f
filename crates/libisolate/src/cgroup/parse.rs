//! Reads /proc/self/mountinfo and /proc/self/cgroup: which trees are mounted where, and which
//! directory is the caller's own (proc_pid_mountinfo(5), cgroups(7)). Text in, data out.

use super::{Hierarchy, Layout, Version};
use crate::kernfile::unescape;
use crate::spec::Bytes;

/// The group below the caller's own that [`move_to_leaf`](super::move_to_leaf) moves into.
pub(super) const LEAF: &str = "isolate-leaf";

/// A mounted cgroup file system.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub version: Version,
    /// The directory of the tree that is seen at `point`.
    pub root: Vec<u8>,
    pub point: Vec<u8>,
    /// Options of the file system, among them a v1 hierarchy's controllers.
    pub options: Vec<String>,
}

/// The cgroup mounts of a mountinfo text; lines that are cut short or of other types are left out.
pub(super) fn mountinfo(text: &[u8]) -> Vec<Mount> {
    text.split(|b| *b == b'\n').filter_map(mount_line).collect()
}

/// Whether "/" is a mount of the caller's: it is not for a process in a chroot.
pub(crate) fn has_root_mount(text: &[u8]) -> bool {
    text.split(|b| *b == b'\n')
        .any(|line| line.split(|b| *b == b' ').nth(4) == Some(b"/"))
}

fn mount_line(line: &[u8]) -> Option<Mount> {
    let fields: Vec<&[u8]> = line.split(|b| *b == b' ').collect();
    // Six fixed fields, any number of optional ones, "-", type, source, options of the file system.
    let dash = fields.iter().skip(6).position(|f| *f == b"-")? + 6;
    let version = match *fields.get(dash + 1)? {
        b"cgroup" => Version::V1,
        b"cgroup2" => Version::V2,
        _ => return None,
    };
    let options = String::from_utf8_lossy(fields.get(dash + 3)?);
    Some(Mount {
        version,
        root: unescape(fields[3]),
        point: unescape(fields[4]),
        options: options.split(',').map(str::to_owned).collect(),
    })
}

/// One line of /proc/PID/cgroup.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Membership {
    pub version: Version,
    /// v1: controllers; empty for a named hierarchy and for v2.
    pub controllers: Vec<String>,
    pub name: Option<String>,
    pub path: Vec<u8>,
}

/// The lines of a /proc/PID/cgroup text; lines that are cut short are left out.
pub(super) fn memberships(text: &[u8]) -> Vec<Membership> {
    text.split(|b| *b == b'\n')
        .filter_map(membership_line)
        .collect()
}

fn membership_line(line: &[u8]) -> Option<Membership> {
    // The path is the rest of the line: it may hold colons itself.
    let mut fields = line.splitn(3, |b| *b == b':');
    let id = fields.next()?;
    let subsystems = std::str::from_utf8(fields.next()?).ok()?;
    let path = fields.next()?;
    if !path.starts_with(b"/") || id.is_empty() || !id.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut controllers = Vec::new();
    let mut name = None;
    for word in subsystems.split(',').filter(|w| !w.is_empty()) {
        match word.strip_prefix("name=") {
            Some(text) => name = Some(text.to_owned()),
            None => controllers.push(word.to_owned()),
        }
    }
    let version = if controllers.is_empty() && name.is_none() {
        Version::V2
    } else {
        Version::V1
    };
    Some(Membership {
        version,
        controllers,
        name,
        path: path.to_vec(),
    })
}

/// Every way in which the caller sees each of its trees, in the order of the mounts. What only the
/// file system can tell (`writable`, v2 controllers) is not filled in yet.
pub(super) fn arrange(mounts: &[Mount], memberships: &[Membership]) -> Vec<Hierarchy> {
    mounts
        .iter()
        .filter_map(|mount| {
            let own = memberships.iter().find(|m| belongs(m, mount));
            match (own, mount.version) {
                (Some(own), _) => Some(hierarchy(mount, own)),
                // The tree is there, but not for this process: worth a word.
                (None, Version::V2) => Some(Hierarchy {
                    reason: Some("/proc/self/cgroup has no line for the v2 tree".to_owned()),
                    ..blank(mount)
                }),
                // Without its line nothing tells a v1 mount's controllers from its other options.
                (None, Version::V1) => None,
            }
        })
        .collect()
}

fn belongs(membership: &Membership, mount: &Mount) -> bool {
    let has = |option: &str| mount.options.iter().any(|o| o == option);
    membership.version == mount.version
        && membership.controllers.iter().all(|c| has(c))
        && membership.name.iter().all(|n| has(&format!("name={n}")))
}

fn blank(mount: &Mount) -> Hierarchy {
    Hierarchy {
        version: mount.version,
        controllers: Vec::new(),
        name: None,
        mount: Bytes::from(mount.point.as_slice()),
        own: Bytes::default(),
        dir: Bytes::default(),
        writable: false,
        enabled: Vec::new(),
        can_enable: false,
        reason: None,
    }
}

fn hierarchy(mount: &Mount, own: &Membership) -> Hierarchy {
    let mut found = Hierarchy {
        controllers: own.controllers.clone(),
        name: own.name.clone(),
        own: Bytes::from(own.path.as_slice()),
        ..blank(mount)
    };
    if mount.options.iter().any(|o| o == "noprefix") {
        found.reason = Some("it is mounted with noprefix: its files have other names".to_owned());
        return found;
    }
    match below_root(&mount.root, &own.path) {
        Some(below) => {
            let below = match mount.version {
                Version::V2 => above_leaf(below),
                Version::V1 => below,
            };
            let mut dir = mount.point.clone();
            dir.extend_from_slice(below);
            found.dir = Bytes::from(dir);
        }
        None => {
            found.reason = Some(format!(
                "the caller's cgroup {} cannot be seen there: the mount shows only {}",
                found.own,
                String::from_utf8_lossy(&mount.root)
            ));
        }
    }
    found
}

/// The path of the caller's cgroup below the mount's root, empty or with a leading slash.
fn below_root<'a>(root: &[u8], own: &'a [u8]) -> Option<&'a [u8]> {
    // `/..` stands for groups outside of the reader's cgroup namespace, whose names nobody tells.
    let outside = |path: &[u8]| path.split(|b| *b == b'/').any(|part| part == b"..");
    if outside(root) || outside(own) {
        return None;
    }
    let below = if root == b"/" {
        own
    } else {
        own.strip_prefix(root)?
    };
    match below {
        b"" | b"/" => Some(b""),
        [b'/', ..] => Some(below),
        _ => None,
    }
}

/// The groups of a caller that moved itself into a leaf go beside the leaf: no controller can be
/// enabled below a group that holds processes.
fn above_leaf(below: &[u8]) -> &[u8] {
    match below.strip_suffix(LEAF.as_bytes()) {
        Some([above @ .., b'/']) => above,
        _ => below,
    }
}

/// Of several views of the same tree, the first that is writable, or whose directory is known.
pub(super) fn best_views(views: Vec<Hierarchy>) -> Vec<Hierarchy> {
    fn rank(view: &Hierarchy) -> u8 {
        u8::from(view.writable) * 2 + u8::from(!view.dir.is_empty())
    }
    let mut best: Vec<Hierarchy> = Vec::new();
    for view in views {
        let same = best.iter_mut().find(|known| same_tree(known, &view));
        match same {
            Some(known) if rank(&view) > rank(known) => *known = view,
            Some(_) => {}
            None => best.push(view),
        }
    }
    best
}

/// Whether two mounts show the same tree.
pub(super) fn same_tree(one: &Hierarchy, other: &Hierarchy) -> bool {
    one.version == other.version
        && one.name == other.name
        && (one.version == Version::V2 || one.controllers == other.controllers)
}

/// How the controllers are arranged.
pub(super) fn layout(hierarchies: &[Hierarchy]) -> Layout {
    let any = |version| hierarchies.iter().any(|h| h.version == version);
    match (any(Version::V1), any(Version::V2)) {
        (false, false) => Layout::None,
        (true, false) => Layout::Legacy,
        (true, true) => Layout::Hybrid,
        (false, true) => Layout::Unified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirs(mounts: &str, own: &str) -> Vec<(Vec<String>, String)> {
        arrange(&mountinfo(mounts.as_bytes()), &memberships(own.as_bytes()))
            .into_iter()
            .map(|h| (h.controllers, h.dir.to_string()))
            .collect()
    }

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    const HYBRID: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";
    const HYBRID_OWN: &str = "9:name=systemd:/\n4:memory:/api/9a26\n1:cpu:/\n0::/\n";

    #[test]
    fn hybrid_with_the_caller_at_different_places() {
        assert_eq!(
            dirs(HYBRID, HYBRID_OWN),
            [
                (strings(&["cpu"]), "/sys/fs/cgroup/cpu".into()),
                (
                    strings(&["memory"]),
                    "/sys/fs/cgroup/memory/api/9a26".into()
                ),
                (strings(&[]), "/sys/fs/cgroup/systemd".into()),
                (strings(&[]), "/sys/fs/cgroup/unified".into()),
            ]
        );
        let found = arrange(
            &mountinfo(HYBRID.as_bytes()),
            &memberships(HYBRID_OWN.as_bytes()),
        );
        assert_eq!(layout(&found), Layout::Hybrid);
        assert_eq!(found[2].name.as_deref(), Some("systemd"));
    }

    #[test]
    fn legacy_with_comounted_controllers() {
        let mounts = "\
30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:10 master:1 - cgroup cgroup rw,cpu,cpuacct
31 25 0:27 / /sys/fs/cgroup/net_cls,net_prio rw - cgroup cgroup rw,net_cls,net_prio
";
        let own = "5:net_cls,net_prio:/\n3:cpu,cpuacct:/user.slice\n1:name=systemd:/user.slice\n";
        assert_eq!(
            dirs(mounts, own),
            [
                (
                    strings(&["cpu", "cpuacct"]),
                    "/sys/fs/cgroup/cpu,cpuacct/user.slice".into()
                ),
                (
                    strings(&["net_cls", "net_prio"]),
                    "/sys/fs/cgroup/net_cls,net_prio".into()
                ),
            ]
        );
        let found = arrange(&mountinfo(mounts.as_bytes()), &memberships(own.as_bytes()));
        assert_eq!(layout(&found), Layout::Legacy);
    }

    #[test]
    fn unified_with_v1_lines_of_trees_that_are_not_mounted() {
        let mounts = "25 20 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
        let own = "4:memory:/x\n0::/user.slice/user-1000.slice/session-2.scope\n";
        assert_eq!(
            dirs(mounts, own),
            [(
                strings(&[]),
                "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope".into()
            )]
        );
    }

    #[test]
    fn a_container_sees_its_own_group_at_the_mount() {
        let mounts = "50 40 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        assert_eq!(
            dirs(mounts, "4:memory:/docker/abc\n")[0].1,
            "/sys/fs/cgroup/memory"
        );
        assert_eq!(
            dirs(mounts, "4:memory:/docker/abc/in/it\n")[0].1,
            "/sys/fs/cgroup/memory/in/it"
        );
        // A prefix that ends in the middle of a name is another group.
        assert_eq!(dirs(mounts, "4:memory:/docker/abcdef\n")[0].1, "");
    }

    #[test]
    fn groups_outside_of_the_namespace_have_no_directory() {
        let mounts = "50 40 0:30 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        let found = arrange(&mountinfo(mounts.as_bytes()), &memberships(b"0::/\n"));
        assert!(found[0].dir.is_empty());
        let reason = found[0].reason.as_deref().unwrap_or_default();
        assert!(reason.contains("shows only /../.."), "{reason}");
        let mounts = "50 40 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(dirs(mounts, "0::/../other\n")[0].1, "");
    }

    #[test]
    fn a_leaf_makes_groups_beside_itself() {
        let mounts = "50 40 0:30 / /c rw - cgroup2 cgroup2 rw\n";
        assert_eq!(
            dirs(mounts, "0::/a.scope/isolate-leaf\n")[0].1,
            "/c/a.scope"
        );
        assert_eq!(dirs(mounts, "0::/isolate-leaf\n")[0].1, "/c");
        assert_eq!(
            dirs(mounts, "0::/my-isolate-leaf\n")[0].1,
            "/c/my-isolate-leaf"
        );
    }

    #[test]
    fn mounts_elsewhere_and_escapes() {
        let mounts = "50 40 0:30 /a\\040b /mnt/c\\134d\\011e\\ rw - cgroup2 none rw\n";
        let found = mountinfo(mounts.as_bytes());
        assert_eq!(found[0].root, b"/a b");
        assert_eq!(found[0].point, b"/mnt/c\\d\te\\");
        assert_eq!(dirs(mounts, "0::/a b/c\n")[0].1, "/mnt/c\\d\te\\/c");
    }

    #[test]
    fn truncated_and_odd_lines_are_left_out() {
        for text in [
            "",
            "\n\n",
            "31 23 0:28",
            "31 23 0:28 / /x rw,relatime shared:1 cgroup cgroup rw,cpu",
            "31 23 0:28 / /x rw -",
            "31 23 0:28 / /x rw - cgroup",
            "31 23 0:28 / /x rw - cgroup cgroup",
            "31 23 0:28 / /x rw - ext4 cgroup rw,cpu",
        ] {
            assert_eq!(mountinfo(text.as_bytes()), [], "{text:?}");
        }
        for text in [
            "",
            "1",
            "1:cpu",
            "1:cpu:",
            "1:cpu:relative",
            ":cpu:/",
            "x:cpu:/",
        ] {
            assert_eq!(memberships(text.as_bytes()), [], "{text:?}");
        }
        // Hierarchies in v1 mounts without a line of their own cannot be named.
        assert_eq!(
            dirs("1 2 0:3 / /x rw - cgroup cgroup rw,cpu\n", "0::/\n"),
            []
        );
        // v2 mounts without a line can, and say so.
        let found = arrange(
            &mountinfo(b"1 2 0:3 / /x rw - cgroup2 cgroup2 rw\n"),
            &memberships(b"2:cpuset:/foo\n1:name=systemd:/\n"),
        );
        assert!(found[0].dir.is_empty() && found[0].reason.is_some());
    }

    #[test]
    fn paths_may_hold_colons() {
        assert_eq!(memberships(b"0::/a:b:c\n")[0].path, b"/a:b:c");
    }

    #[test]
    fn of_two_views_the_writable_one_counts() {
        let mounts = "\
1 9 0:3 / /ro ro - cgroup2 cgroup2 ro
2 9 0:3 / /rw rw - cgroup2 cgroup2 rw
3 9 0:3 /elsewhere /sub rw - cgroup2 cgroup2 rw
";
        let mut views = arrange(&mountinfo(mounts.as_bytes()), &memberships(b"0::/a\n"));
        assert_eq!(views.len(), 3);
        views[1].writable = true;
        let best = best_views(views);
        assert_eq!(best.len(), 1);
        assert_eq!(best[0].dir, Bytes::from("/rw/a"));
    }

    #[test]
    fn a_chroot_has_no_root_mount() {
        assert!(has_root_mount(b"23 1 8:1 / / rw - ext4 /dev/root rw\n"));
        assert!(!has_root_mount(b"24 1 0:5 / /proc rw - proc proc rw\n"));
    }
}
