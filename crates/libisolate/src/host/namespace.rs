//! Decides from the kernel's switches whether a caller can have each kind of namespace. Pure.

use std::collections::BTreeMap;

use super::NamespaceSupport;
use crate::ns::Kind;

/// What was found out about one kind.
pub(super) struct Found {
    pub kind: Kind,
    /// The caller's own, from /proc/self/ns; `None` where the kernel does not know the kind.
    pub inode: Option<u64>,
    /// user.max_KIND_namespaces.
    pub max: Option<u64>,
}

/// What decides over user namespaces besides.
#[derive(Default)]
pub(super) struct Switches {
    /// Whether the caller has CAP_SYS_ADMIN.
    pub capable: bool,
    /// kernel.unprivileged_userns_clone, a switch of Debian's kernels.
    pub unprivileged: Option<bool>,
    /// kernel.apparmor_restrict_unprivileged_userns, a switch of Ubuntu's.
    pub apparmor: bool,
    /// Whether the caller's root is not the root of a mount.
    pub chroot: bool,
}

pub(super) fn support(found: &[Found], switches: &Switches) -> BTreeMap<Kind, NamespaceSupport> {
    let user = match found.iter().find(|f| f.kind == Kind::User) {
        Some(user) => own_refusal(user).or_else(|| user_refusal(switches)),
        None => Some("this kernel has no user namespaces".to_owned()),
    };
    found
        .iter()
        .map(|f| {
            let reason = match f.kind {
                Kind::User => user.clone(),
                _ => own_refusal(f).or_else(|| match (switches.capable, &user) {
                    (true, _) | (false, None) => None,
                    (false, Some(why)) => Some(format!(
                        "it takes CAP_SYS_ADMIN or a user namespace of one's own, and {why}"
                    )),
                }),
            };
            let support = NamespaceSupport {
                known: f.inode.is_some(),
                creatable: reason.is_none(),
                reason,
                inode: f.inode,
            };
            (f.kind, support)
        })
        .collect()
}

fn own_refusal(found: &Found) -> Option<String> {
    if found.inode.is_none() {
        return Some(format!("this kernel has no {} namespaces", found.kind));
    }
    match found.max {
        Some(0) => Some(format!(
            "{kind} namespaces are switched off: sysctl user.max_{kind}_namespaces is 0",
            kind = found.kind
        )),
        _ => None,
    }
}

fn user_refusal(switches: &Switches) -> Option<String> {
    if switches.chroot {
        return Some(
            "a process in a chroot cannot make user namespaces: use a mount namespace and \
             pivot_root instead of the chroot"
                .to_owned(),
        );
    }
    if switches.capable {
        return None;
    }
    if switches.unprivileged == Some(false) {
        return Some(
            "user namespaces are switched off for ordinary users: sysctl \
             kernel.unprivileged_userns_clone is 0"
                .to_owned(),
        );
    }
    if switches.apparmor {
        return Some(
            "user namespaces of ordinary users have no privileges: sysctl \
             kernel.apparmor_restrict_unprivileged_userns is 1; set it to 0 or give the program an \
             AppArmor profile with `userns`"
                .to_owned(),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(max: impl Fn(Kind) -> Option<u64>) -> Vec<Found> {
        Kind::ALL
            .iter()
            .map(|k| Found {
                kind: *k,
                inode: Some(1),
                max: max(*k),
            })
            .collect()
    }

    fn reason(map: &BTreeMap<Kind, NamespaceSupport>, kind: Kind) -> &str {
        map[&kind].reason.as_deref().unwrap_or_default()
    }

    #[test]
    fn an_ordinary_user_needs_user_namespaces_for_all_others() {
        let on = support(&all(|_| Some(100)), &Switches::default());
        assert!(on.values().all(|s| s.creatable && s.reason.is_none()));

        let off = support(
            &all(|k| Some(u64::from(k != Kind::User))),
            &Switches::default(),
        );
        assert!(off.values().all(|s| s.known && !s.creatable));
        assert_eq!(
            reason(&off, Kind::User),
            "user namespaces are switched off: sysctl user.max_user_namespaces is 0"
        );
        assert_eq!(
            reason(&off, Kind::Net),
            "it takes CAP_SYS_ADMIN or a user namespace of one's own, and user namespaces are \
             switched off: sysctl user.max_user_namespaces is 0"
        );
    }

    #[test]
    fn root_does_without() {
        let switches = Switches {
            capable: true,
            unprivileged: Some(false),
            apparmor: true,
            chroot: false,
        };
        assert!(
            support(&all(|_| None), &switches)
                .values()
                .all(|s| s.creatable)
        );
        let off = support(&all(|k| Some(u64::from(k != Kind::User))), &switches);
        assert!(!off[&Kind::User].creatable && off[&Kind::Net].creatable);
    }

    #[test]
    fn each_switch_is_named() {
        let told = |switches: Switches| {
            let map = support(&all(|_| None), &switches);
            assert!(map.values().all(|s| !s.creatable));
            reason(&map, Kind::User).to_owned()
        };
        let debian = told(Switches {
            unprivileged: Some(false),
            ..Switches::default()
        });
        assert!(
            debian.ends_with("kernel.unprivileged_userns_clone is 0"),
            "{debian}"
        );
        let ubuntu = told(Switches {
            apparmor: true,
            ..Switches::default()
        });
        assert!(
            ubuntu.contains("kernel.apparmor_restrict_unprivileged_userns is 1"),
            "{ubuntu}"
        );
        let chroot = told(Switches {
            chroot: true,
            ..Switches::default()
        });
        assert!(chroot.starts_with("a process in a chroot"), "{chroot}");
    }

    #[test]
    fn a_kind_the_kernel_does_not_know_or_allow() {
        let mut found = all(|k| Some(u64::from(k != Kind::Net)));
        found.retain(|f| f.kind != Kind::Time);
        found.push(Found {
            kind: Kind::Time,
            inode: None,
            max: None,
        });
        let map = support(
            &found,
            &Switches {
                capable: true,
                ..Switches::default()
            },
        );
        assert_eq!(
            reason(&map, Kind::Time),
            "this kernel has no time namespaces"
        );
        assert!(!map[&Kind::Time].known);
        assert_eq!(
            reason(&map, Kind::Net),
            "net namespaces are switched off: sysctl user.max_net_namespaces is 0"
        );
        assert!(map[&Kind::Pid].creatable);
    }
}
