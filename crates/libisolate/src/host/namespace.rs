//! Decides from the kernel's switches whether a caller can have each kind of namespace. Pure.

use std::collections::BTreeMap;

use super::NamespaceSupport;
use crate::ns::Kind;
use crate::remedy;

/// What was found out about one kind.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub kind: Kind,
    /// The caller's own, from /proc/self/ns; `None` where the kernel does not know the kind.
    pub inode: Option<u64>,
    /// user.max_KIND_namespaces.
    pub max: Option<u64>,
    /// Whether a system call filter refuses it.
    pub filtered: bool,
}

/// What decides over user namespaces besides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switches {
    /// Whether the caller has CAP_SYS_ADMIN.
    pub capable: bool,
    /// kernel.unprivileged_userns_clone, a switch of Debian's kernels.
    pub unprivileged: Option<bool>,
    /// kernel.apparmor_restrict_unprivileged_userns, a switch of Ubuntu's, where the caller is one of
    /// those that it restricts.
    pub apparmor: bool,
    /// Whether the caller's root is not the root of a mount.
    pub chroot: bool,
    /// The caller's ids, where its own user namespace does not map them.
    pub unmapped: Option<(u32, u32)>,
    /// The caller's program, by path.
    pub program: Option<String>,
}

pub(crate) fn support(found: &[Found], switches: &Switches) -> BTreeMap<Kind, NamespaceSupport> {
    let user = match found.iter().find(|f| f.kind == Kind::User) {
        Some(user) => own_refusal(user).or_else(|| user_refusal(switches)),
        None => Some(unknown(Kind::User)),
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

/// What is said of a kind that the kernel does not know.
pub(crate) fn unknown(kind: Kind) -> String {
    format!(
        "this kernel has no {kind} namespaces; they take Linux {} and a kernel that is built with them, or \
         namespaces.{kind} as \"host\" or \"try\" in the spec",
        kind.since()
    )
}

/// Each is the reason and, after a semicolon, what to do.
fn own_refusal(found: &Found) -> Option<String> {
    let kind = found.kind;
    if found.inode.is_none() {
        return Some(unknown(kind));
    }
    if found.filtered {
        return Some(format!(
            "a system call filter (seccomp) of the container or the service that this process is in \
             refuses {kind} namespaces; {}",
            remedy::FILTER
        ));
    }
    match found.max {
        Some(0) => {
            let name = format!("user.max_{kind}_namespaces");
            Some(format!(
                "{kind} namespaces are switched off: sysctl {name} is 0; {}",
                remedy::sysctl(&name, remedy::NAMESPACES)
            ))
        }
        _ => None,
    }
}

fn user_refusal(switches: &Switches) -> Option<String> {
    if switches.chroot {
        return Some(
            "a process in a chroot cannot make user namespaces; use a mount namespace and \
             pivot_root(2) instead of the chroot"
                .to_owned(),
        );
    }
    if let Some((uid, gid)) = switches.unmapped {
        return Some(format!(
            "the caller's ids {uid}:{gid} are not mapped in its own user namespace, and the kernel makes \
             no other for such; map them, or become a user that is mapped"
        ));
    }
    if switches.capable {
        return None;
    }
    if switches.unprivileged == Some(false) {
        let name = "kernel.unprivileged_userns_clone";
        return Some(format!(
            "user namespaces are switched off for ordinary users: sysctl {name} is 0; {}",
            remedy::sysctl(name, "1")
        ));
    }
    if switches.apparmor {
        let name = "kernel.apparmor_restrict_unprivileged_userns";
        return Some(format!(
            "user namespaces of ordinary users have no privileges: sysctl {name} is 1; {}, or for all \
             programs {}",
            remedy::apparmor_profile(switches.program.as_deref()),
            remedy::sysctl(name, "0")
        ));
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
                filtered: false,
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
        let why = "user namespaces are switched off: sysctl user.max_user_namespaces is 0; as root: \
             sysctl -w user.max_user_namespaces=15000, and to keep it the line \
             user.max_user_namespaces=15000 in /etc/sysctl.d/99-isolate.conf";
        assert_eq!(reason(&off, Kind::User), why);
        assert_eq!(
            reason(&off, Kind::Net),
            format!("it takes CAP_SYS_ADMIN or a user namespace of one's own, and {why}")
        );
    }

    #[test]
    fn root_does_without() {
        let switches = Switches {
            capable: true,
            unprivileged: Some(false),
            apparmor: true,
            ..Switches::default()
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
        assert_eq!(
            debian,
            "user namespaces are switched off for ordinary users: sysctl \
             kernel.unprivileged_userns_clone is 0; as root: sysctl -w \
             kernel.unprivileged_userns_clone=1, and to keep it the line \
             kernel.unprivileged_userns_clone=1 in /etc/sysctl.d/99-isolate.conf"
        );
        let ubuntu = told(Switches {
            apparmor: true,
            program: Some("/usr/bin/isolatectl".into()),
            ..Switches::default()
        });
        assert_eq!(
            ubuntu,
            "user namespaces of ordinary users have no privileges: sysctl \
             kernel.apparmor_restrict_unprivileged_userns is 1; as root, give /usr/bin/isolatectl an \
             AppArmor profile: printf 'abi <abi/4.0>,\\nprofile isolate-isolatectl \
             /usr/bin/isolatectl flags=(unconfined) {\\n  userns,\\n}\\n' > \
             /etc/apparmor.d/isolate-isolatectl && apparmor_parser -r \
             /etc/apparmor.d/isolate-isolatectl, or for all programs as root: sysctl -w \
             kernel.apparmor_restrict_unprivileged_userns=0, and to keep it the line \
             kernel.apparmor_restrict_unprivileged_userns=0 in /etc/sysctl.d/99-isolate.conf"
        );
        let nobody = told(Switches {
            unmapped: Some((1000, 100)),
            ..Switches::default()
        });
        assert!(
            nobody.starts_with("the caller's ids 1000:100 are not mapped"),
            "{nobody}"
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
            filtered: false,
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
            "this kernel has no time namespaces; they take Linux 5.6 and a kernel that is built with \
             them, or namespaces.time as \"host\" or \"try\" in the spec"
        );
        assert!(!map[&Kind::Time].known);
        let net = reason(&map, Kind::Net);
        let why =
            "net namespaces are switched off: sysctl user.max_net_namespaces is 0; as root: sysctl";
        assert!(net.starts_with(why), "{net}");
        assert!(map[&Kind::Pid].creatable);
    }

    /// Root as well, and each kind for itself: a service can be refused some.
    #[test]
    fn a_filter_refuses() {
        let mut found = all(|_| None);
        for one in &mut found {
            one.filtered = matches!(one.kind, Kind::User | Kind::Net);
        }
        let root = Switches {
            capable: true,
            ..Switches::default()
        };
        let map = support(&found, &root);
        assert_eq!(
            reason(&map, Kind::Net),
            "a system call filter (seccomp) of the container or the service that this process is in \
             refuses net namespaces; allow clone, unshare, setns and mount there: \
             --security-opt seccomp=unconfined or a profile of one's own, and where AppArmor is \
             --security-opt apparmor=unconfined (docker, podman), no RestrictNamespaces= and a \
             SystemCallFilter= with @mount (a unit of systemd)"
        );
        assert!(!map[&Kind::User].creatable && map[&Kind::Pid].creatable);
        assert!(
            support(&found, &Switches::default())
                .values()
                .all(|s| !s.creatable)
        );
    }
}
