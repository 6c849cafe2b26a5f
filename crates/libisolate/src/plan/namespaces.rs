//! Which namespaces the job gets, and setting up those that need it.

use std::ffi::CString;

use isolate_plan::{JOIN_NOW, JOIN_TRY, Op};
use isolate_sys::abi::{CLONE_NEWTIME, MS_PRIVATE, MS_REC};

use super::Slot;
use super::builder::Builder;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host::{self, Host};
use crate::job::{Enforced, Enforcement, EnforcementStatus};
use crate::ns::{Kind, find_sysctl, offsets_text};
use crate::spec::{NamespaceMode, Net, Profile, Spec};

const CAP_SYS_ADMIN: u32 = 21;

/// The namespaces that are not the caller's.
#[derive(Debug, Default)]
pub(super) struct Decided {
    new: Vec<Kind>,
    /// With where they are found; the user namespace, where it is among them, is the last.
    joined: Vec<(Kind, NamespaceMode)>,
}

impl Decided {
    /// Whether the job has a new one.
    pub fn has(&self, kind: Kind) -> bool {
        self.new.contains(&kind)
    }

    /// Whether the job enters one that is there.
    pub fn joins(&self, kind: Kind) -> bool {
        self.joined.iter().any(|(joined, _)| *joined == kind)
    }

    /// The flags of the new ones that a process is born in. The time namespace takes its offsets before
    /// a process lives in it, and the cgroup namespace is left only after the job has joined its group.
    fn birth_flags(&self) -> u64 {
        self.new
            .iter()
            .filter(|kind| !matches!(kind, Kind::Cgroup | Kind::Time))
            .fold(0, |flags, kind| flags | kind.flag())
    }

    /// The flags of the init's clone: none where others are to be entered first, by a process that is
    /// still the caller's own.
    pub fn clone_flags(&self) -> u64 {
        if self.joined.is_empty() {
            self.birth_flags()
        } else {
            0
        }
    }

    /// Whether the init goes on in a process of its own after entering: to be in the new ones, and in a
    /// pid namespace, which only children enter.
    pub fn is_reborn(&self) -> bool {
        !self.joined.is_empty() && (self.birth_flags() != 0 || self.joins(Kind::Pid))
    }
}

/// What is joined, and by which of its slots.
pub(super) fn join(new: &Decided, build: &mut Builder) {
    let slots: Vec<(Kind, u32)> = new
        .joined
        .iter()
        .map(|(kind, place)| (*kind, build.slot(Slot::Namespace(*kind, place.clone()))))
        .collect();
    let user = new.joins(Kind::User);
    let mut enter = |only_user: bool, when: u32| {
        for (kind, slot) in &slots {
            if (*kind == Kind::User) == only_user {
                let flags = kind.flag();
                let op = Op::Join {
                    slot: *slot,
                    flags,
                    when,
                };
                build.push(Stage::Namespace, format!("namespaces.{kind}"), &op);
            }
        }
    };
    if user {
        enter(false, JOIN_TRY);
        enter(true, JOIN_NOW);
    }
    enter(false, JOIN_NOW);
    if new.is_reborn() {
        let flags = new.birth_flags();
        let stay = u32::from(new.joins(Kind::Pid));
        let made = names(flags);
        let subject = match (new.joins(Kind::Pid), made.as_str()) {
            (false, _) => made,
            (true, "") => "namespaces.pid".into(),
            (true, made) => format!("namespaces.pid, {made}"),
        };
        build.push(Stage::Clone, subject, &Op::Rebirth { flags, stay });
    }
}

/// The names of the kinds in a set of flags.
pub(crate) fn names(flags: u64) -> String {
    let names: Vec<&str> = Kind::ALL
        .into_iter()
        .filter(|kind| flags & kind.flag() != 0)
        .map(Kind::name)
        .collect();
    names.join(" ")
}

/// What the spec says of a kind, the profile's word where it says nothing.
pub(crate) fn mode(spec: &Spec, kind: Kind) -> NamespaceMode {
    let by_word = || match (kind, spec.net) {
        (Kind::Net, Some(Net::None)) => Some(NamespaceMode::New),
        (Kind::Net, Some(Net::Host)) => Some(NamespaceMode::Host),
        _ => None,
    };
    let named = spec.namespaces.get(kind).cloned().or_else(by_word);
    named.unwrap_or(match spec.profile {
        Profile::Strict => NamespaceMode::New,
        Profile::None => NamespaceMode::Host,
    })
}

pub(super) fn decide(spec: &Spec, host: &Host, enforcement: &mut Enforcement) -> Result<Decided> {
    let mut decided = Decided::default();
    // The user namespace first: with it the others need no privilege.
    let order =
        std::iter::once(Kind::User).chain(Kind::ALL.into_iter().filter(|k| *k != Kind::User));
    for kind in order {
        let mode = mode(spec, kind);
        if mode == NamespaceMode::Host {
            continue;
        }
        if mode.is_joined() {
            enforcement.push(joined(kind, &mode));
            decided.joined.push((kind, mode));
            continue;
        }
        let in_user = decided.has(Kind::User) || decided.joins(Kind::User);
        let mut obstacle = obstacle(host, kind, in_user);
        if kind == Kind::Time && !spec.init && !exec_enters_time(&host.kernel) {
            obstacle = obstacle.or_else(|| {
                Some((
                    ErrorKind::Unsupported,
                    "without an init it needs Linux 6.2: set namespaces.time to host".into(),
                ))
            });
        }
        let (status, reason) = match (&mode, obstacle) {
            (_, None) => {
                decided.new.push(kind);
                (EnforcementStatus::Enforced, None)
            }
            (NamespaceMode::Try, Some((_, reason))) => (EnforcementStatus::Skipped, Some(reason)),
            (_, Some((error, reason))) => {
                return Err(Error::new(
                    error,
                    Stage::Clone,
                    format!("namespaces.{kind}"),
                    reason,
                ));
            }
        };
        enforcement.push(Enforced {
            name: format!("namespace.{kind}"),
            requested: if mode == NamespaceMode::Try {
                "try"
            } else {
                "new"
            }
            .into(),
            status,
            file: Some(format!("/proc/PID/ns/{kind}")),
            value: None,
            reason,
        });
    }
    // Found first, entered last.
    decided
        .joined
        .sort_by_key(|(kind, _)| (*kind == Kind::User, *kind));
    Ok(decided)
}

fn joined(kind: Kind, place: &NamespaceMode) -> Enforced {
    let place = match place {
        NamespaceMode::Path(path) => path.to_string(),
        NamespaceMode::Fd(fd) => format!("descriptor {fd}"),
        NamespaceMode::New | NamespaceMode::Try | NamespaceMode::Host => String::new(),
    };
    Enforced {
        name: format!("namespace.{kind}"),
        requested: "join".into(),
        status: EnforcementStatus::Enforced,
        file: Some(place),
        value: None,
        reason: None,
    }
}

/// Whether exec enters the time namespace that its caller has made for its children. Before, a program
/// without an init would stay outside and could not vfork (EINVAL).
fn exec_enters_time(release: &str) -> bool {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    version >= (6, 2)
}

/// Why a namespace cannot be made here.
fn obstacle(host: &Host, kind: Kind, in_user: bool) -> Option<(ErrorKind, String)> {
    let known = host.namespaces.get(&kind).filter(|support| support.known);
    let Some(support) = known else {
        return Some((ErrorKind::Unsupported, host::unknown(kind)));
    };
    if !support.creatable {
        let reason = support
            .reason
            .clone()
            .unwrap_or_else(|| "it cannot be made here".into());
        return Some((ErrorKind::Unsupported, reason));
    }
    if kind != Kind::User && !in_user && !host.caller.capable(CAP_SYS_ADMIN) {
        return Some((
            ErrorKind::Permission,
            "it needs CAP_SYS_ADMIN or a user namespace: set namespaces.user to new".into(),
        ));
    }
    None
}

pub(super) fn unshare_time(spec: &Spec, new: &Decided, build: &mut Builder) -> Result<()> {
    if !new.has(Kind::Time) {
        return Ok(());
    }
    // The caller of unshare does not enter; the job's process, made later, is born in it.
    build.push(
        Stage::Time,
        "time namespace",
        &Op::Unshare {
            flags: CLONE_NEWTIME,
        },
    );
    let Some(offsets) = spec.time_offsets else {
        return Ok(());
    };
    let text = offsets_text(offsets);
    build.push(
        Stage::Time,
        format!("/proc/self/timens_offsets: {:?}", text.trim_end()),
        &Op::WriteFile {
            path: c"/proc/self/timens_offsets",
            text: text.as_bytes(),
        },
    );
    Ok(())
}

pub(super) fn configure(spec: &Spec, new: &Decided, build: &mut Builder) -> Result<()> {
    if let Some(name) = &spec.hostname {
        build.push(
            Stage::Uts,
            format!("hostname {name}"),
            &Op::Hostname {
                name: name.as_bytes(),
            },
        );
    }
    if let Some(name) = &spec.domainname {
        build.push(
            Stage::Uts,
            format!("domainname {name}"),
            &Op::Domainname {
                name: name.as_bytes(),
            },
        );
    }
    if new.has(Kind::Net) {
        build.push(Stage::Net, "lo", &Op::LoopbackUp {});
    }
    for (name, value) in &spec.sysctls {
        let (file, _) = find_sysctl(name).map_err(|why| Error::invalid("sysctls", why))?;
        let path = CString::new(file.as_str())
            .map_err(|_| Error::invalid(format!("sysctls.{name}"), "contains a NUL byte"))?;
        build.push(
            Stage::Namespace,
            format!("sysctl {name}: {value:?}"),
            &Op::WriteFile {
                path: &path,
                text: value.as_bytes(),
            },
        );
        build.enforced(format!("sysctls.{name}"), value, &file);
    }
    Ok(())
}

/// Whatever the job mounts stays with the job, and what the host mounts later stays outside. Before any
/// tree is copied: a copy of a shared mount is shared with the host.
pub(super) fn keep_mounts_apart(new: &Decided, build: &mut Builder) {
    if new.has(Kind::Mnt) {
        build.push(
            Stage::Mount,
            "/",
            &Op::Propagation {
                flags: MS_PRIVATE | MS_REC,
            },
        );
    }
}

pub(super) fn unshare_cgroup(new: &Decided, build: &mut Builder) {
    if new.has(Kind::Cgroup) {
        // After joining: the root that the job sees is the group it is in at this moment.
        build.push(
            Stage::Cgroup,
            "cgroup namespace",
            &Op::Unshare {
                flags: Kind::Cgroup.flag(),
            },
        );
    }
}

/// Hands the new ones to the host. A pid namespace is nothing without its pid 1, which stays.
pub(super) fn send(new: &Decided, build: &mut Builder) -> Result<()> {
    for kind in &new.new {
        // This process is in the time namespace of before: the new one is for its children.
        let children = if *kind == Kind::Time {
            "_for_children"
        } else {
            ""
        };
        let path = format!("/proc/self/ns/{kind}{children}");
        let wire = CString::new(path.as_str()).map_err(|_| {
            Error::new(ErrorKind::Internal, Stage::Namespace, &path, "contains NUL")
        })?;
        build.push(Stage::Namespace, path, &Op::Send { path: &wire });
    }
    let last = if new.has(Kind::Pid) {
        Op::Hold { ended_by: 0 }
    } else {
        Op::Leave {}
    };
    build.push(Stage::Namespace, "init", &last);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::exec_enters_time;

    #[test]
    fn kernel_releases() {
        for new in [
            "6.2.0",
            "6.18.44-fc-v595",
            "7.3.4+deb13-cloud-amd64",
            "10.0",
        ] {
            assert!(exec_enters_time(new), "{new}");
        }
        for old in ["6.1.0-50-cloud-amd64", "5.15.0", "", "x"] {
            assert!(!exec_enters_time(old), "{old}");
        }
    }
}
