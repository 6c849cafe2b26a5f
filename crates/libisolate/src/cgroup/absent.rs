//! Why a controller is not there, and how to have it: which unit of systemd keeps it back is in the group's
//! path.

use super::systemd::CONTROLLERS as DELEGATED;
use super::{CgroupHost, Hierarchy, Layout, Manager};

/// How to be started in a group of one's own, with what the unit above hands down.
const SCOPE: &str = "systemd-run --user --scope -p Delegate=yes COMMAND";

impl CgroupHost {
    /// Why a controller that no hierarchy here has is not there, with what to do.
    pub fn absence(&self, controller: &str) -> String {
        match (self.layout, self.unified()) {
            (Layout::Unified, Some(_))
                if self.shown_for.is_some() && !DELEGATED.contains(&controller) =>
            {
                format!(
                    "systemd hands {controller} to no unit: use driver \"cgroupfs\" in a cgroup that has it"
                )
            }
            (Layout::Unified, Some(tree))
                if self.shown_for == Some(Manager::User) && tree.writable =>
            {
                format!(
                    "the {controller} controller is not handed down to the user's manager of systemd; as \
                     root: {} && systemctl daemon-reload, then log in anew",
                    drop_in("user@.service", &DELEGATED.join(" "))
                )
            }
            (Layout::None, _) => "no cgroup file system is mounted here".to_owned(),
            (Layout::Unified, Some(tree)) if !tree.dir.is_empty() => format!(
                "the {controller} controller is not handed down to {}; {}",
                tree.dir,
                handing_down(tree, controller)
            ),
            (Layout::Unified, Some(tree)) => tree.reason.clone().unwrap_or_default(),
            _ => format!(
                "no hierarchy with the {controller} controller is mounted, or this kernel has none"
            ),
        }
    }
}

/// How a controller comes down to the caller's own group.
pub(super) fn handing_down(tree: &Hierarchy, controller: &str) -> String {
    let own = tree.own.to_string();
    match unit(&own) {
        Unit::User if DELEGATED.contains(&controller) => format!(
            "as root: {} && systemctl daemon-reload, then log in anew and start the program with: {SCOPE}",
            drop_in("user@.service", &DELEGATED.join(" "))
        ),
        Unit::Scope if DELEGATED.contains(&controller) => {
            "start the program with: systemd-run --scope -p Delegate=yes COMMAND".to_owned()
        }
        Unit::Service(name) if DELEGATED.contains(&controller) => format!(
            "as root: {} && systemctl daemon-reload && systemctl restart {name}",
            drop_in(&name, "yes")
        ),
        Unit::None => by_hand(tree, controller),
        _ => format!("systemd hands it to no unit: {}", by_hand(tree, controller)),
    }
}

fn by_hand(tree: &Hierarchy, controller: &str) -> String {
    format!(
        "as root write +{controller} to cgroup.subtree_control of {} and of each group from there down to \
         the one above {}",
        tree.mount, tree.dir
    )
}

/// Gives a unit of systemd's more to hand on.
fn drop_in(unit: &str, controllers: &str) -> String {
    let dir = format!("/etc/systemd/system/{unit}.d");
    format!("mkdir -p {dir} && printf '[Service]\\nDelegate={controllers}\\n' > {dir}/isolate.conf")
}

/// The unit of systemd's that a group is in.
#[derive(Debug, PartialEq)]
enum Unit {
    /// A unit of a user: what it has, user@.service has handed down.
    User,
    /// A service of the system's.
    Service(String),
    /// A scope of the system's.
    Scope,
    /// None: systemd is not the manager here, or hides it.
    None,
}

/// By the path of the group, which has the units' names in it.
fn unit(own: &str) -> Unit {
    let names: Vec<&str> = own.split('/').collect();
    let has = |start: &str, end: &str| {
        names
            .iter()
            .any(|name| name.starts_with(start) && name.ends_with(end))
    };
    // A session's scope as well, which a user starts from and has no say in.
    if has("user@", ".service") || has("user-", ".slice") && has("session-", ".scope") {
        return Unit::User;
    }
    let innermost = names.iter().rev().find_map(|name| {
        if name.ends_with(".service") {
            return Some(Unit::Service((*name).to_owned()));
        }
        name.ends_with(".scope").then_some(Unit::Scope)
    });
    innermost.unwrap_or(Unit::None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(own: &str) -> Hierarchy {
        let text = include_str!("../../../../tests/plans/hosts/v2-user.json");
        let host = crate::Host::from_json(text).expect("a saved host");
        let tree = host.cgroup.unified().expect("a v2 tree").clone();
        Hierarchy {
            own: own.into(),
            dir: format!("/sys/fs/cgroup{own}").as_str().into(),
            ..tree
        }
    }

    #[test]
    fn units_by_path() {
        let service = |name: &str| Unit::Service(name.to_owned());
        for (own, wanted) in [
            ("/", Unit::None),
            ("/isolate/job-1", Unit::None),
            ("/init.scope", Unit::Scope),
            ("/system.slice/app.service", service("app.service")),
            (
                "/system.slice/app@7.service/isolate-leaf",
                service("app@7.service"),
            ),
            ("/system.slice/run-r1.scope/isolate-leaf", Unit::Scope),
            ("/user.slice/user-1000.slice/session-2.scope", Unit::User),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope",
                Unit::User,
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/init.scope",
                Unit::User,
            ),
        ] {
            assert_eq!(unit(own), wanted, "{own}");
        }
    }

    #[test]
    fn each_has_its_way() {
        let user = "/user.slice/user-1000.slice/session-2.scope";
        assert_eq!(
            handing_down(&tree(user), "io"),
            "as root: mkdir -p /etc/systemd/system/user@.service.d && printf \
             '[Service]\\nDelegate=cpuset cpu io memory pids\\n' > \
             /etc/systemd/system/user@.service.d/isolate.conf && systemctl daemon-reload, then log in \
             anew and start the program with: systemd-run --user --scope -p Delegate=yes COMMAND"
        );
        assert_eq!(
            handing_down(&tree("/system.slice/app.service"), "cpu"),
            "as root: mkdir -p /etc/systemd/system/app.service.d && printf '[Service]\\nDelegate=yes\\n' > \
             /etc/systemd/system/app.service.d/isolate.conf && systemctl daemon-reload && systemctl restart \
             app.service"
        );
        let by_hand = "as root write +rdma to cgroup.subtree_control of /sys/fs/cgroup and of each group \
                       from there down to the one above /sys/fs/cgroup/a/b";
        assert_eq!(handing_down(&tree("/a/b"), "rdma"), by_hand);
        assert!(
            handing_down(&tree(user), "hugetlb")
                .starts_with("systemd hands it to no unit: as root")
        );
    }
}
