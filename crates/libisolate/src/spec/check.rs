//! What can be said against a spec without looking at a host.

use super::{Bytes, Limits, NamespaceMode, Root, Spec, Stdio};
use crate::cgroup::Asked;
use crate::error::{Error, Result};
use crate::ns::{Kind, check_id_map, find_sysctl};
use crate::plan::{RLIMITS, namespace_mode, stream};
use crate::spec::{Net, Profile};

/// HOST_NAME_MAX, and the kernel's limit for the domain name.
const NAME_MAX: usize = 64;
/// NGROUPS that the init has room for.
const GROUPS: usize = 64;
const PATH_MAX: usize = 4096;
/// MAX_ARG_STRLEN: one argument or variable with its NUL (execve(2)).
const ARGUMENT_MAX: usize = 128 << 10;
/// The whole of them, as the kernel allows at most (execve(2): 3/4 of _STK_LIM).
const ARGUMENTS_MAX: usize = 6 << 20;

pub(super) fn spec(spec: &Spec) -> Result<()> {
    arguments(spec)?;
    files(spec)?;
    streams(spec)?;
    identity(spec)?;
    namespaces(spec)?;
    names(spec)?;
    limits(&spec.limits)?;
    Asked::of(spec).check(spec.cgroup)?;
    if !spec.init {
        for (field, set) in [
            ("timeout", spec.timeout.is_some()),
            ("limits.cpu_time", spec.limits.cpu_time.is_some()),
        ] {
            if set {
                return Err(Error::invalid(
                    field,
                    "needs the init, which init: false leaves out",
                ));
            }
        }
    }
    if spec.timeout.is_some_and(|time| time.0.is_zero()) {
        return Err(Error::invalid(
            "timeout",
            "is 0: leave it out for no timeout",
        ));
    }
    Ok(())
}

fn arguments(spec: &Spec) -> Result<()> {
    let Some(program) = spec.argv.first() else {
        return Err(Error::invalid("argv", "is empty: name a program"));
    };
    if program.is_empty() {
        return Err(Error::invalid("argv[0]", "is empty: name a program"));
    }
    let mut total = 0;
    for (at, argument) in spec.argv.iter().enumerate() {
        total += text(&format!("argv[{at}]"), argument)?;
    }
    for (name, value) in &spec.env {
        let field = format!("env.{name}");
        if name.is_empty() || name.contains('=') || name.contains('\0') {
            return Err(Error::invalid(
                "env",
                format!("{name:?} is not a variable name: it must not be empty or hold '=' or NUL"),
            ));
        }
        total += text(&field, value)? + name.len() + 1;
    }
    if total > ARGUMENTS_MAX {
        return Err(Error::invalid(
            "argv",
            format!(
                "arguments and environment take {total} bytes; the kernel takes at most {ARGUMENTS_MAX}"
            ),
        ));
    }
    Ok(())
}

/// A text without NUL; gives what it takes with its own.
fn text(field: &str, bytes: &Bytes) -> Result<usize> {
    no_nul(field, bytes)?;
    let len = bytes.as_bytes().len() + 1;
    if len > ARGUMENT_MAX {
        return Err(Error::invalid(
            field,
            format!("takes {len} bytes; the kernel takes at most {ARGUMENT_MAX} for one"),
        ));
    }
    Ok(len)
}

fn no_nul(field: &str, bytes: &Bytes) -> Result<()> {
    if bytes.as_bytes().contains(&0) {
        return Err(Error::invalid(
            field,
            format!("{bytes:?} contains a NUL byte"),
        ));
    }
    Ok(())
}

/// A path of the caller's.
fn outside(field: &str, path: &Bytes) -> Result<()> {
    no_nul(field, path)?;
    if path.is_empty() {
        return Err(Error::invalid(field, "is empty: name a path"));
    }
    if path.as_bytes().len() >= PATH_MAX {
        return Err(Error::invalid(
            field,
            format!("is longer than {PATH_MAX} bytes"),
        ));
    }
    Ok(())
}

/// A path of the caller's that is looked up when the working directory may be another one.
fn absolute(field: &str, path: &Bytes) -> Result<()> {
    outside(field, path)?;
    if !path.as_bytes().starts_with(b"/") {
        return Err(Error::invalid(
            field,
            format!("{path:?} is not an absolute path"),
        ));
    }
    Ok(())
}

/// A path of the caller's that the init may be the one to open: it must mean the same there.
fn shared(field: &str, path: &Bytes) -> Result<()> {
    absolute(field, path)?;
    let own = [
        "/proc/self",
        "/proc/thread-self",
        "/dev/fd",
        "/dev/stdin",
        "/dev/stdout",
        "/dev/stderr",
    ];
    if own.iter().any(|own| path.as_path().starts_with(own)) {
        return Err(Error::invalid(
            field,
            format!("{path:?} is another process's in the init: name the path that it leads to"),
        ));
    }
    Ok(())
}

/// A path of the job's.
fn inside(field: &str, path: &Bytes) -> Result<()> {
    absolute(field, path)?;
    if path
        .as_bytes()
        .split(|byte| *byte == b'/')
        .any(|name| name == b"..")
    {
        return Err(Error::invalid(
            field,
            format!("{path:?} must not contain \"..\""),
        ));
    }
    Ok(())
}

/// A place to mount on, which must not be the root itself.
fn mount_point(field: &str, path: &Bytes) -> Result<()> {
    inside(field, path)?;
    if path
        .as_bytes()
        .split(|byte| *byte == b'/')
        .all(|name| name.is_empty() || name == b".")
    {
        return Err(Error::invalid(field, "is the root: use the root field"));
    }
    Ok(())
}

fn files(spec: &Spec) -> Result<()> {
    if let Some(cwd) = &spec.cwd {
        absolute("cwd", cwd)?;
    }
    if let Some(Root::Dir(dir)) = &spec.root {
        shared("root.dir.path", &dir.path)?;
    }
    for (at, bind) in spec.binds.iter().enumerate() {
        shared(&format!("binds[{at}].source"), &bind.source)?;
        let dest = bind.dest.as_ref();
        let field = if dest.is_some() { "dest" } else { "source" };
        mount_point(
            &format!("binds[{at}].{field}"),
            dest.unwrap_or(&bind.source),
        )?;
    }
    for (at, tmpfs) in spec.tmpfs.iter().enumerate() {
        mount_point(&format!("tmpfs[{at}].dest"), &tmpfs.dest)?;
        if tmpfs.size.is_some_and(|size| size.0 == 0) {
            return Err(Error::invalid(
                format!("tmpfs[{at}].size"),
                "is 0, which the kernel takes for no limit",
            ));
        }
        if tmpfs.inodes == Some(0) {
            return Err(Error::invalid(
                format!("tmpfs[{at}].inodes"),
                "is 0, which the kernel takes for no limit",
            ));
        }
        if tmpfs.mode.is_some_and(|mode| mode > 0o7777) {
            return Err(Error::invalid(
                format!("tmpfs[{at}].mode"),
                "is more than 0o7777",
            ));
        }
    }
    if spec.umask.is_some_and(|mask| mask > 0o777) {
        return Err(Error::invalid("umask", "is more than 0o777"));
    }
    Ok(())
}

fn streams(spec: &Spec) -> Result<()> {
    for (number, field) in ["stdin", "stdout", "stderr"].into_iter().enumerate() {
        match stream(spec, number) {
            Stdio::Capture if number == 0 => {
                return Err(Error::invalid(field, "cannot be captured: use pipe"));
            }
            Stdio::File(file) => outside(&format!("{field}.file.path"), &file.path)?,
            Stdio::Fd(fd) if *fd < 0 => {
                return Err(Error::invalid(field, format!("{fd} is not a descriptor")));
            }
            _ => {}
        }
    }
    for (at, fd) in spec.keep_fds.iter().enumerate() {
        let field = format!("keep_fds[{at}]");
        if *fd < 3 {
            return Err(Error::invalid(
                field,
                format!("{fd} is not 3 or more; use stdin, stdout and stderr for the first three"),
            ));
        }
        if *fd >= 1 << 20 {
            return Err(Error::invalid(
                field,
                format!("{fd} is larger than any descriptor"),
            ));
        }
        if spec.keep_fds[..at].contains(fd) {
            return Err(Error::invalid(field, format!("{fd} is named twice")));
        }
    }
    Ok(())
}

fn identity(spec: &Spec) -> Result<()> {
    // (uid_t)-1 means "unchanged" to the kernel.
    for (field, id) in [("uid", spec.uid), ("gid", spec.gid)] {
        if id == Some(u32::MAX) {
            return Err(Error::invalid(field, format!("{} is not an id", u32::MAX)));
        }
    }
    if let Some(groups) = &spec.groups {
        if groups.len() > GROUPS {
            return Err(Error::invalid(
                "groups",
                format!("has more than {GROUPS} ids"),
            ));
        }
        if groups.contains(&u32::MAX) {
            return Err(Error::invalid(
                "groups",
                format!("{} is not an id", u32::MAX),
            ));
        }
    }
    check_id_map("uid_map", &spec.uid_map)?;
    check_id_map("gid_map", &spec.gid_map)
}

/// The namespaces that are entered.
fn namespaces(spec: &Spec) -> Result<()> {
    for kind in Kind::ALL {
        let field = format!("namespaces.{kind}");
        match spec.namespaces.get(kind) {
            Some(NamespaceMode::Fd(fd)) if *fd < 0 => {
                return Err(Error::invalid(
                    format!("{field}.fd"),
                    format!("{fd} is not a descriptor"),
                ));
            }
            Some(NamespaceMode::Path(path)) => outside(&format!("{field}.path"), path)?,
            _ => {}
        }
    }
    let new_user = namespace_mode(spec, Kind::User) == NamespaceMode::New;
    let joins = |kind| namespace_mode(spec, kind).is_joined();
    if joins(Kind::Pid) && new_user && !joins(Kind::Mnt) {
        return Err(Error::invalid(
            "namespaces.pid",
            "is entered from a new user namespace, in which the kernel does not mount its /proc: set \
             namespaces.user to host, or enter the user namespace that owns it",
        ));
    }
    Ok(())
}

fn names(spec: &Spec) -> Result<()> {
    for (field, name) in [
        ("hostname", &spec.hostname),
        ("domainname", &spec.domainname),
    ] {
        let Some(name) = name else { continue };
        if name.len() > NAME_MAX || name.contains('\0') {
            return Err(Error::invalid(
                field,
                format!("{name:?} is not a name of at most {NAME_MAX} bytes"),
            ));
        }
        needs(spec, field, Kind::Uts)?;
    }
    for (name, value) in &spec.sysctls {
        let (_, kind) = find_sysctl(name).map_err(|why| Error::invalid("sysctls", why))?;
        let field = format!("sysctls.{name}");
        if value.contains('\0') || value.len() >= PATH_MAX {
            return Err(Error::invalid(
                field,
                format!("has a NUL byte, or is longer than {} bytes", PATH_MAX - 1),
            ));
        }
        needs(spec, &field, kind)?;
    }
    if let Some(offsets) = spec.time_offsets {
        let wrong = |(clock, why)| Error::invalid(format!("time_offsets.{clock}"), why);
        offsets.check().map_err(wrong)?;
        needs(spec, "time_offsets", Kind::Time)?;
    }
    if let (Some(net), Some(mode)) = (spec.net, spec.namespaces.get(Kind::Net))
        && (mode.is_joined() || (net == Net::Host) != (*mode == NamespaceMode::Host))
    {
        return Err(Error::invalid(
            "net",
            "says something else than namespaces.net",
        ));
    }
    Ok(())
}

/// A field that means nothing without a namespace of the job's own, where that may be missing.
fn needs(spec: &Spec, field: &str, kind: Kind) -> Result<()> {
    if namespace_mode(spec, kind) == NamespaceMode::New {
        return Ok(());
    }
    let other = match (spec.namespaces.get(kind), spec.profile) {
        (Some(mode), _) if mode.is_joined() => "and the job is to enter one that is there",
        (None, Profile::None) => "which profile none leaves out",
        (Some(_), _) | (None, Profile::Strict) => "which namespaces leaves out",
    };
    Err(Error::invalid(
        field,
        format!("needs namespaces.{kind} to be new, {other}"),
    ))
}

fn limits(limits: &Limits) -> Result<()> {
    limits.check_memory()?;
    if limits.pids == Some(0) {
        return Err(Error::invalid(
            "limits.pids",
            "is 0: the program itself is one",
        ));
    }
    if let Some(cpus) = limits.cpus
        && (!cpus.is_finite() || !(0.01..=1e6).contains(&cpus))
    {
        return Err(Error::invalid(
            "limits.cpus",
            format!("{cpus} is not a number of CPUs, 0.01 or more"),
        ));
    }
    if limits
        .cpu_weight
        .is_some_and(|weight| !(1..=10_000).contains(&weight))
    {
        return Err(Error::invalid(
            "limits.cpu_weight",
            "is not within 1 to 10000",
        ));
    }
    for (field, list) in [
        ("cpuset", &limits.cpuset),
        ("cpuset_mems", &limits.cpuset_mems),
    ] {
        if let Some(list) = list {
            number_list(list).map_err(|why| {
                Error::invalid(format!("limits.{field}"), format!("{list:?} {why}"))
            })?;
        }
    }
    if limits.cpu_time.is_some_and(|time| time.0.is_zero()) {
        return Err(Error::invalid(
            "limits.cpu_time",
            "is 0: no program runs without CPU time",
        ));
    }
    if limits.output.is_some_and(|size| size.0 == 0) {
        return Err(Error::invalid(
            "limits.output",
            "is 0: use null to discard output",
        ));
    }
    for name in limits.rlimits.keys() {
        if !RLIMITS.iter().any(|(known, _)| known == name) || name == "cpu" {
            let known: Vec<&str> = RLIMITS
                .iter()
                .map(|(known, _)| *known)
                .filter(|known| *known != "cpu")
                .collect();
            return Err(Error::invalid(
                format!("limits.rlimits.{name}"),
                format!(
                    "is not a limit; use one of {} (for cpu: limits.cpu_time)",
                    known.join(", ")
                ),
            ));
        }
    }
    crate::cgroup::check_limits(limits)?;
    limits.check_best_effort()
}

/// A list such as "0-3,6" (cpuset(7), "List format").
fn number_list(text: &str) -> Result<(), &'static str> {
    const WRONG: &str = "is not a list such as \"0-3,6\"";
    if text.is_empty() {
        return Err(WRONG);
    }
    let number = |text: &str| -> Result<u32, &'static str> {
        if text.is_empty() || text.len() > 5 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(WRONG);
        }
        text.parse().map_err(|_| WRONG)
    };
    for part in text.split(',') {
        match part.split_once('-') {
            None => drop(number(part)?),
            Some((first, last)) => {
                if number(first)? > number(last)? {
                    return Err("has a range that runs backwards");
                }
            }
        }
    }
    Ok(())
}
