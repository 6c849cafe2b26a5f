//! The job's process: session, descriptors, limits, privileges, and the program.

use std::collections::BTreeMap;
use std::ffi::CString;

use isolate_plan::{Op, TextsBuf};

use super::builder::Builder;
use super::files::root;
use super::identity::Identity;
use super::mounts::cstring;
use super::namespaces::Decided;
use super::{Slot, seccomp, stream};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host::Host;
use crate::ns::Kind;
use crate::spec::{Bytes, Profile, Root, Seccomp, Spec, Stdio};

const CAP_SETPCAP: u32 = 8;
const CAP_SYS_RESOURCE: u32 = 24;

/// The names of the capabilities by number (linux/capability.h).
pub(crate) const CAPABILITIES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// The names of setrlimit(2)'s resources with their numbers.
pub(crate) const RLIMITS: [(&str, u32); 16] = [
    ("cpu", 0),
    ("fsize", 1),
    ("data", 2),
    ("stack", 3),
    ("core", 4),
    ("rss", 5),
    ("nproc", 6),
    ("nofile", 7),
    ("memlock", 8),
    ("as", 9),
    ("locks", 10),
    ("sigpending", 11),
    ("msgqueue", 12),
    ("nice", 13),
    ("rtprio", 14),
    ("rttime", 15),
];

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) fn describe(
    spec: &Spec,
    host: &Host,
    strict: bool,
    new: &Decided,
    ids: &Identity,
    build: &mut Builder,
) -> Result<()> {
    if spec.new_session.unwrap_or(strict) {
        build.push(Stage::Exec, "session", &Op::NewSession {});
        build.enforced("new_session", "yes", "setsid(2)");
    }
    descriptors(spec, build);
    rlimits(spec, build);
    if let Some(mask) = spec.umask.or(strict.then_some(0o022)) {
        build.push(Stage::Exec, "umask", &Op::Umask { mask });
    }
    privileges(spec, host, strict, new, ids, build)?;
    program(spec, host, strict, build)
}

fn descriptors(spec: &Spec, build: &mut Builder) {
    let mut pairs = Vec::new();
    let mut add = |slot: u32, number: u32| {
        pairs.extend_from_slice(&slot.to_le_bytes());
        pairs.extend_from_slice(&number.to_le_bytes());
    };
    for number in 0..3usize {
        // The same stream twice is one descriptor of the caller's, opened once.
        let slot = match stream(spec, number) {
            Stdio::Fd(fd) => Slot::Caller(*fd),
            _ => Slot::Stdio(number),
        };
        add(build.slot(slot), number as u32);
    }
    for fd in &spec.keep_fds {
        add(build.slot(Slot::Caller(*fd)), *fd as u32);
    }
    build.push(
        Stage::Stdio,
        "descriptors",
        &Op::Descriptors { pairs: &pairs },
    );
}

fn rlimits(spec: &Spec, build: &mut Builder) {
    for (name, value) in &spec.limits.rlimits {
        let Some((_, resource)) = RLIMITS.iter().find(|(known, _)| known == name) else {
            continue;
        };
        build.push(
            Stage::Rlimit,
            format!("{name}: {:?}", value.0.to_string()),
            &Op::Rlimit {
                resource: *resource,
                soft: value.0,
                hard: value.0,
            },
        );
        build.enforced(
            format!("rlimits.{name}"),
            value.0.to_string(),
            "setrlimit(2)",
        );
    }
    if let Some(time) = spec.limits.cpu_time {
        // A second line of defence behind the init's watch: no single process outlives the limit.
        let seconds = time.0.as_secs() + 2;
        build.push(
            Stage::Rlimit,
            format!("cpu: \"{seconds}\""),
            &Op::Rlimit {
                resource: 0,
                soft: seconds,
                hard: seconds,
            },
        );
    }
    if let Some(timeout) = spec.timeout {
        build.enforced("timeout", format!("{}", timeout.0.as_secs_f64()), "init");
    }
}

fn privileges(
    spec: &Spec,
    host: &Host,
    strict: bool,
    new: &Decided,
    ids: &Identity,
    build: &mut Builder,
) -> Result<()> {
    let full = full(host);
    let keep = kept(spec, host)?;
    let no_new_privs = spec.no_new_privs.unwrap_or(strict);
    let filter = match spec.seccomp.unwrap_or(if strict {
        Seccomp::Default
    } else {
        Seccomp::Off
    }) {
        Seccomp::Default => Some(seccomp::default_filter()),
        Seccomp::Off => None,
    };
    if filter.is_some() && !host.features.seccomp_filter {
        return Err(Error::new(
            ErrorKind::Unsupported,
            Stage::Seccomp,
            "seccomp",
            "the kernel has no system call filters (CONFIG_SECCOMP_FILTER)",
        ));
    }
    let user = new.has(Kind::User);
    let own = user || new.joins(Kind::User);
    if let Some(keep) = keep.filter(|_| own || host.caller.capable(CAP_SETPCAP)) {
        build.push(
            Stage::Privileges,
            "bounding set",
            &Op::DropBounding {
                keep,
                last: host.last_capability,
            },
        );
    }
    // Without no_new_privs only CAP_SYS_ADMIN may load a filter, so then it comes before that goes.
    if let Some(filter) = filter.as_ref().filter(|_| !no_new_privs) {
        build.push(Stage::Seccomp, "filter", &Op::Seccomp { filter });
    }
    if let Some(job) = ids.job.as_ref().filter(|_| ids.job != ids.init) {
        job.push(build);
    }
    if no_new_privs {
        build.push(Stage::Privileges, "no_new_privs", &Op::NoNewPrivs {});
        build.enforced("no_new_privs", "yes", "prctl(2)");
    }
    match keep {
        Some(keep) => {
            build.push(
                Stage::Privileges,
                "capabilities",
                &Op::Capabilities { keep },
            );
            let names = names(keep, full);
            build.enforced("capabilities", names, "capset(2)");
        }
        // The launch raised them to carry them through the init's exec; the job gets what unshare(1)
        // would give it.
        None if user => {
            build.push(
                Stage::Privileges,
                "capabilities",
                &Op::ClearAmbient { permitted: full },
            );
        }
        None => {}
    }
    // With the job's own ids: it must be able to come here by itself.
    let cwd = match (&spec.cwd, root(spec)) {
        (Some(cwd), _) => Some(cwd.clone()),
        // The init came here by exec, in the caller's directory.
        (None, Root::Keep) => None,
        (None, _) => Some(Bytes::from("/")),
    };
    if let Some(cwd) = cwd {
        let path = cstring("cwd", &cwd)?;
        build.push(Stage::Cwd, cwd.to_string(), &Op::Chdir { path: &path });
    }
    if let Some(filter) = &filter {
        if no_new_privs {
            build.push(Stage::Seccomp, "filter", &Op::Seccomp { filter });
        }
        build.enforced("seccomp", "default", "seccomp(2)");
    }
    Ok(())
}

/// Every capability that the kernel knows.
fn full(host: &Host) -> u64 {
    (1u64 << (host.last_capability + 1)) - 1
}

/// The capabilities that the program keeps; `None` leaves them as they are.
fn kept(spec: &Spec, host: &Host) -> Result<Option<u64>> {
    Ok(match &spec.capabilities {
        Some(names) => Some(capabilities(names, full(host))?),
        None if spec.profile == Profile::Strict => Some(0),
        None => None,
    })
}

/// What the init's own ops take in its user namespace (capabilities(7)): mounts, names and filters
/// (sys_admin), ids (setuid, setgid), the bounding set (setpcap), lo (net_admin), clock offsets
/// (sys_time), mount points in directories of other ids (dac_override), the end of a job that has
/// other ids (kill).
const INIT_NEEDS: [u32; 8] = [1, 5, 6, 7, 8, 12, 21, 25];

pub(super) fn init_capabilities(spec: &Spec, host: &Host, new: &Decided) -> Result<u64> {
    if !new.has(Kind::User) {
        return Ok(0);
    }
    let mut needs = INIT_NEEDS.iter().fold(0, |all, number| all | 1 << number);
    if spec.sysctls.keys().any(|name| name.starts_with("user")) {
        needs |= 1 << CAP_SYS_RESOURCE;
    }
    Ok(kept(spec, host)?.map_or(full(host), |keep| keep | needs))
}

fn capabilities(names: &[String], full: u64) -> Result<u64> {
    let mut keep = 0;
    for (at, name) in names.iter().enumerate() {
        let plain = name.to_ascii_lowercase();
        let plain = plain.strip_prefix("cap_").unwrap_or(&plain);
        if plain == "all" {
            return Ok(full);
        }
        let Some(number) = CAPABILITIES.iter().position(|known| *known == plain) else {
            return Err(Error::invalid(
                format!("capabilities[{at}]"),
                format!("{name:?} is not a capability; see capabilities(7), such as net_admin"),
            ));
        };
        let bit = 1u64 << number;
        if bit & full == 0 {
            return Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Privileges,
                format!("capabilities[{at}]"),
                format!("this kernel does not know {name}"),
            ));
        }
        keep |= bit;
    }
    Ok(keep)
}

fn names(keep: u64, full: u64) -> String {
    if keep == 0 {
        return "none".into();
    }
    if keep == full {
        return "all".into();
    }
    let mut names = Vec::new();
    for (number, name) in CAPABILITIES.iter().enumerate() {
        if keep >> number & 1 == 1 {
            names.push(*name);
        }
    }
    names.join(",")
}

fn program(spec: &Spec, host: &Host, strict: bool, build: &mut Builder) -> Result<()> {
    let env = environment(spec, host, strict);
    let envp = env
        .iter()
        .map(|(name, value)| {
            let mut entry = name.clone().into_bytes();
            entry.push(b'=');
            entry.extend_from_slice(value.as_bytes());
            CString::new(entry)
                .map_err(|_| Error::invalid(format!("env.{name}"), "contains a NUL byte"))
        })
        .collect::<Result<Vec<CString>>>()?;
    let argv = spec
        .argv
        .iter()
        .enumerate()
        .map(|(at, argument)| cstring(&format!("argv[{at}]"), argument))
        .collect::<Result<Vec<CString>>>()?;
    let Some(program) = spec.argv.first() else {
        return Err(Error::invalid("argv", "is empty: name a program"));
    };
    let paths = if program.as_bytes().contains(&b'/') {
        vec![cstring("argv[0]", program)?]
    } else {
        let path = env
            .get("PATH")
            .cloned()
            .unwrap_or_else(|| DEFAULT_PATH.into());
        path.as_bytes()
            .split(|byte| *byte == b':')
            .map(|dir| {
                let mut candidate = dir.to_vec();
                if !candidate.is_empty() && !candidate.ends_with(b"/") {
                    candidate.push(b'/');
                }
                candidate.extend_from_slice(program.as_bytes());
                cstring("argv[0]", &candidate.into())
            })
            .collect::<Result<Vec<CString>>>()?
    };
    let paths: TextsBuf = paths.iter().collect();
    let argv: TextsBuf = argv.iter().collect();
    let envp: TextsBuf = envp.iter().collect();
    build.push(
        Stage::Exec,
        program.to_string(),
        &Op::Exec {
            paths: paths.as_texts(),
            argv: argv.as_texts(),
            envp: envp.as_texts(),
        },
    );
    Ok(())
}

fn environment(spec: &Spec, host: &Host, strict: bool) -> BTreeMap<String, Bytes> {
    let mut env = BTreeMap::new();
    if strict {
        env.insert("PATH".into(), DEFAULT_PATH.into());
        env.insert("HOME".into(), "/tmp".into());
        env.insert("LANG".into(), "C.UTF-8".into());
    }
    let all = spec.profile == Profile::None || spec.keep_env.iter().any(|name| name == "*");
    for (name, value) in &host.caller.env {
        if all || spec.keep_env.contains(name) {
            env.insert(name.clone(), value.clone());
        }
    }
    env.extend(
        spec.env
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    env
}
