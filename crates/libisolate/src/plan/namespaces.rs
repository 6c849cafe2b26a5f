//! Which namespaces the job gets, and setting up those that need it.

use std::ffi::CString;

use isolate_plan::Op;
use isolate_sys::abi::{CLONE_NEWTIME, MS_PRIVATE, MS_REC};

use super::builder::Builder;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host::Host;
use crate::job::{Enforced, Enforcement, EnforcementStatus};
use crate::ns::Kind;
use crate::spec::{NamespaceMode, Net, Profile, Spec};

const CAP_SYS_ADMIN: u32 = 21;

/// The namespaces that are new.
#[derive(Debug)]
pub(super) struct Decided(Vec<Kind>);

impl Decided {
    pub fn has(&self, kind: Kind) -> bool {
        self.0.contains(&kind)
    }

    /// The flags of the init's clone.
    pub fn clone_flags(&self) -> u64 {
        self.0
            .iter()
            .filter(|kind| !matches!(kind, Kind::Cgroup | Kind::Time))
            .fold(0, |flags, kind| flags | kind.flag())
    }
}

/// What the spec says of a kind, the profile's word where it says nothing.
pub(crate) fn mode(spec: &Spec, kind: Kind) -> NamespaceMode {
    let n = &spec.namespaces;
    let named = match kind {
        Kind::Cgroup => n.cgroup,
        Kind::Ipc => n.ipc,
        Kind::Net => n.net.or(spec.net.map(|net| match net {
            Net::None => NamespaceMode::New,
            Net::Host => NamespaceMode::Host,
        })),
        Kind::Mnt => n.mnt,
        Kind::Pid => n.pid,
        Kind::Time => n.time,
        Kind::User => n.user,
        Kind::Uts => n.uts,
    };
    named.unwrap_or(match spec.profile {
        Profile::Strict => NamespaceMode::New,
        Profile::None => NamespaceMode::Host,
    })
}

pub(super) fn decide(spec: &Spec, host: &Host, enforcement: &mut Enforcement) -> Result<Decided> {
    let mut new = Vec::new();
    // The user namespace first: with it the others need no privilege.
    let order =
        std::iter::once(Kind::User).chain(Kind::ALL.into_iter().filter(|k| *k != Kind::User));
    for kind in order {
        let mode = mode(spec, kind);
        if mode == NamespaceMode::Host {
            continue;
        }
        let mut obstacle = obstacle(host, kind, new.contains(&Kind::User));
        if kind == Kind::Time && !spec.init && !exec_enters_time(&host.kernel) {
            obstacle = obstacle.or_else(|| {
                Some((
                    ErrorKind::Unsupported,
                    "without an init it needs Linux 6.2: set namespaces.time to host".into(),
                ))
            });
        }
        let (status, reason) = match (mode, obstacle) {
            (_, None) => {
                new.push(kind);
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
    Ok(Decided(new))
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
    let Some(support) = host.namespaces.get(&kind) else {
        return Some((
            ErrorKind::Unsupported,
            format!("the kernel has no {kind} namespaces"),
        ));
    };
    if !support.known {
        return Some((
            ErrorKind::Unsupported,
            format!("the kernel has no {kind} namespaces"),
        ));
    }
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
    let line = |clock: &str, seconds: f64| {
        let whole = seconds.floor();
        let nanos = ((seconds - whole) * 1e9).round().min(999_999_999.0);
        format!("{clock} {} {}\n", whole as i64, nanos as u32)
    };
    let text = line("monotonic", offsets.monotonic) + &line("boottime", offsets.boottime);
    let wire = CString::new(text).map_err(|_| Error::invalid("time_offsets", "contains NUL"))?;
    build.push(
        Stage::Time,
        format!(
            "/proc/self/timens_offsets: {:?}",
            wire.to_string_lossy().trim_end()
        ),
        &Op::TimeOffsets { text: &wire },
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
