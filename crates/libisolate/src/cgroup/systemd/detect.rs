//! Whether systemd makes the groups of this host, and whether the caller's own is its business: found out
//! by files alone, so that a host without systemd pays one stat(2).

use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use isolate_sys::calls::xattr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::unit_name::is_unit_dir;
use super::{address, manager};
use crate::cgroup::{CgroupHost, Hierarchy, Layout, Version, parse};
use crate::kernfile;

/// The controllers of v2 that systemd knows, in the kernel's order; a unit's Delegate= can name these alone.
pub(in crate::cgroup) const CONTROLLERS: [&str; 5] = ["cpuset", "cpu", "io", "memory", "pids"];

/// Which systemd makes the caller's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Manager {
    /// The one that is pid 1, for root.
    System,
    /// The one of the caller's user.
    User,
}

/// What systemd is on this host, and to this caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemdHost {
    /// Whether it is what the host was booted with (sd_booted(3)).
    pub booted: bool,
    /// Which one makes the caller's units.
    pub manager: Manager,
    /// Whether the caller's own group is managed by it: a unit's that was not delegated.
    pub manages_caller: bool,
    /// v2: the controllers that a unit can have.
    pub controllers: Vec<String>,
    /// Why it cannot be asked, with what to do.
    pub reason: Option<String>,
}

/// Looks at this host; nothing where systemd is neither running nor named in the environment.
pub(in crate::cgroup) fn look(host: &CgroupHost) -> Option<SystemdHost> {
    // A symbolic link there is no systemd's: sd_booted(3) uses lstat(2) as well.
    let booted = std::fs::symlink_metadata("/run/systemd/system").is_ok_and(|m| m.is_dir());
    let uid = nix::unistd::geteuid();
    let manager = match uid.is_root() {
        true => Manager::System,
        false => Manager::User,
    };
    if !booted && !address::is_named(manager) {
        return None;
    }
    let tree = tracked(host);
    Some(SystemdHost {
        booted,
        manager,
        manages_caller: booted && tree.is_some_and(manages),
        // In the hybrid layout systemd hands down none of those that the v2 tree has.
        controllers: host
            .unified()
            .filter(|_| host.layout == Layout::Unified)
            .map(|tree| controllers(tree, manager, uid.as_raw()))
            .unwrap_or_default(),
        reason: unreachable(manager),
    })
}

/// The tree in which systemd keeps account of its units.
pub(crate) fn tracked(host: &CgroupHost) -> Option<&Hierarchy> {
    let named = |h: &&Hierarchy| h.version == Version::V1 && h.name.as_deref() == Some("systemd");
    host.unified()
        .or_else(|| host.hierarchies.iter().find(named))
}

/// Whether the caller's group is a unit's own, and was not given to the caller.
fn manages(tree: &Hierarchy) -> bool {
    // Who has moved into a leaf has taken the unit over.
    let leaf = format!("/{}", parse::LEAF);
    if tree.dir.is_empty() || tree.own.as_bytes().ends_with(leaf.as_bytes()) {
        return false;
    }
    let (dir, mount) = (tree.dir.as_path(), tree.mount.as_path());
    let is_unit = dir
        .file_name()
        .is_some_and(|name| is_unit_dir(&name.to_string_lossy()));
    // What somebody made below a unit is not a unit: whoever may make it there manages it.
    if dir != mount && !is_unit {
        return false;
    }
    !(tree.writable && is_delegated(dir))
}

/// systemd marks what its system manager has given away: for everybody to see from version 251, for root
/// before. The managers of users mark nothing.
pub(crate) fn is_delegated(dir: &Path) -> bool {
    let Ok(file) = std::fs::File::open(dir) else {
        return false;
    };
    [c"user.delegate", c"trusted.delegate"].iter().any(|name| {
        let mut value = [0u8; 8];
        matches!(xattr::get(file.as_raw_fd(), name, &mut value), Ok(1) if value[0] == b'1')
    })
}

/// What a unit of the manager's can have in the v2 tree.
fn controllers(tree: &Hierarchy, manager: Manager, uid: u32) -> Vec<String> {
    let dir = match manager {
        Manager::System => tree.mount.as_path().to_owned(),
        Manager::User => user_service(tree, uid),
    };
    let told = kernfile::read(&dir.join("cgroup.controllers")).unwrap_or_default();
    String::from_utf8_lossy(&told)
        .split_whitespace()
        .filter(|name| CONTROLLERS.contains(name))
        .map(str::to_owned)
        .collect()
}

/// The group of a user's manager.
fn user_service(tree: &Hierarchy, uid: u32) -> PathBuf {
    let name = format!("user@{uid}.service");
    let dir = tree.dir.as_path();
    let around = dir
        .ancestors()
        .find(|dir| dir.file_name().is_some_and(|n| n.to_string_lossy() == name));
    match around {
        Some(dir) => dir.to_owned(),
        None => {
            let slices = format!("user.slice/user-{uid}.slice/{name}");
            tree.mount.as_path().join(slices)
        }
    }
}

fn unreachable(manager: Manager) -> Option<String> {
    (!address::may_be_there(manager)).then(|| manager::absent(manager))
}

impl CgroupHost {
    /// Looks once more whether systemd can be asked, where it could not.
    pub(crate) fn ask_again(&mut self) {
        if let Some(systemd) = &mut self.systemd
            && systemd.reason.is_some()
        {
            systemd.reason = unreachable(systemd.manager);
        }
    }

    /// The trees as they are to somebody for whom systemd makes groups: what units can have, whatever the
    /// caller's own group may.
    pub fn through(&self, systemd: &SystemdHost) -> CgroupHost {
        let mut host = self.clone();
        // A limit of the caller's own group does not hold for a unit elsewhere.
        host.pids_allowed = None;
        host.shown_for = Some(systemd.manager);
        for tree in &mut host.hierarchies {
            let made = tree.version == Version::V2 || systemd.manager == Manager::System;
            if let (Some(reason), true) = (&systemd.reason, made) {
                tree.writable = false;
                tree.can_enable = false;
                tree.reason = Some(reason.clone());
                continue;
            }
            if tree.version == Version::V2 && !tree.dir.is_empty() {
                tree.controllers.clone_from(&systemd.controllers);
                tree.enabled.clear();
                tree.writable = true;
                tree.can_enable = true;
                tree.reason = None;
            }
        }
        host
    }
}

/// The directories of a unit, one for each hierarchy in which systemd has put a process of it: by the
/// hierarchy's index, as /proc/PID/cgroup of that process tells.
pub(in crate::cgroup) fn scope_dirs(
    host: &CgroupHost,
    memberships: &[u8],
    directory: &str,
) -> Vec<(usize, PathBuf)> {
    let ends = format!("/{directory}");
    let theirs = parse::memberships(memberships);
    let mounts =
        parse::mountinfo(&kernfile::read(Path::new("/proc/self/mountinfo")).unwrap_or_default());
    let views = parse::best_views(parse::arrange(&mounts, &theirs));
    let mut found = Vec::new();
    for (index, tree) in host.hierarchies.iter().enumerate() {
        let view = views.iter().find(|view| parse::same_tree(view, tree));
        if let Some(view) = view
            && view.own.as_bytes().ends_with(ends.as_bytes())
            && !view.dir.is_empty()
        {
            found.push((index, view.dir.as_path().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Bytes;

    fn tree(mount: &Path, dir: &Path) -> Hierarchy {
        Hierarchy {
            version: Version::V2,
            controllers: vec!["pids".into()],
            name: None,
            mount: Bytes::from(mount),
            own: Bytes::from("/"),
            dir: Bytes::from(dir),
            writable: false,
            enabled: vec!["pids".into()],
            can_enable: false,
            reason: Some("no".into()),
        }
    }

    #[test]
    fn whose_group_it_is() {
        let base = std::env::temp_dir().join(format!("isolate-detect-{}", std::process::id()));
        for (path, managed) in [
            ("system.slice/ssh.service", true),
            ("user.slice/user-1.slice/session-3.scope", true),
            ("user.slice", true),
            ("system.slice/docker-1.scope/inner", false),
            ("mine", false),
        ] {
            let dir = base.join(path);
            std::fs::create_dir_all(&dir).expect("temporary directory");
            assert_eq!(manages(&tree(&base, &dir)), managed, "{path}");
        }
        assert!(
            manages(&tree(&base, &base)),
            "the root of the tree is pid 1's"
        );
        assert!(!manages(&tree(&base, Path::new(""))), "not to be seen");
        std::fs::remove_dir_all(&base).expect("temporary directory");
    }

    #[test]
    fn what_a_unit_can_have() {
        let host = CgroupHost {
            layout: Layout::Unified,
            hierarchies: vec![tree(Path::new("/c"), Path::new("/c/a.service"))],
            has_kill: true,
            swap_accounting: true,
            swap_device: false,
            pids_allowed: Some(3),
            systemd: None,
            shown_for: None,
        };
        let mut systemd = SystemdHost {
            booted: true,
            manager: Manager::System,
            manages_caller: true,
            controllers: vec!["cpu".into(), "memory".into()],
            reason: None,
        };
        let seen = host.through(&systemd);
        let tree = &seen.hierarchies[0];
        assert_eq!(
            (tree.writable, tree.can_enable, &tree.reason),
            (true, true, &None)
        );
        assert_eq!(tree.controllers, ["cpu", "memory"]);
        assert_eq!((tree.enabled.len(), seen.pids_allowed), (0, None));
        systemd.reason = Some("gone".into());
        let seen = host.through(&systemd);
        let tree = &seen.hierarchies[0];
        assert_eq!(
            (tree.writable, tree.reason.as_deref()),
            (false, Some("gone"))
        );
    }
}
