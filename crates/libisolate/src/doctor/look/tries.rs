//! Tries for real: each kind of namespace, an overlay in a user namespace, a program that guards devices,
//! and jobs. Nothing of them is left.

use std::path::Path;
use std::time::Duration;

use super::super::facts::{Ran, Tries};
use super::text;
use crate::cgroup;
use crate::error::{Error, Result};
use crate::host::{Caller, Host};
use crate::job::{self, Enforcement};
use crate::ns::{self, Kind};
use crate::spec::{DeviceRule, Limits, Seconds, Size, Spec, Stdio};

const CAP_SYS_ADMIN: u32 = 21;

pub(super) fn facts(host: Result<&Host, &Error>) -> Tries {
    let host = match host {
        Ok(host) => host,
        Err(error) => return without_a_host(error),
    };
    Tries {
        namespaces: Kind::ALL
            .into_iter()
            .map(|kind| (kind, namespace(kind, &host.caller)))
            .collect(),
        overlay: ns::try_overlay(),
        devices: cgroup::try_device_program(),
        job: job(),
        limits: limits(host),
    }
}

/// Everything begins with a look at the host.
fn without_a_host(error: &Error) -> Tries {
    Tries {
        namespaces: Kind::ALL
            .into_iter()
            .map(|kind| (kind, Err(error.clone())))
            .collect(),
        overlay: Err(error.clone()),
        devices: cgroup::try_device_program(),
        job: Err(error.clone()),
        limits: Err(error.clone()),
    }
}

/// An ordinary user has the others only within a user namespace.
fn namespace(kind: Kind, caller: &Caller) -> Result<()> {
    let alone = kind == Kind::User || caller.capable(CAP_SYS_ADMIN);
    let kinds = match alone {
        true => &[kind][..],
        false => &[Kind::User, kind][..],
    };
    ns::create(kinds, &Spec::new(Vec::<&str>::new())).map(drop)
}

/// The smallest job. Its program need not be there: what fails then is the last step of all.
pub(in super::super) fn small() -> (Spec, String) {
    let program = ["/bin/true", "/usr/bin/true"]
        .into_iter()
        .find(|path| Path::new(path).exists())
        .unwrap_or("/bin/true");
    let mut spec = Spec::new([program]);
    (spec.stdin, spec.stdout, spec.stderr) = (Stdio::Null, Stdio::Null, Stdio::Null);
    spec.timeout = Some(Seconds(Duration::from_secs(10)));
    (spec, program.to_owned())
}

fn job() -> Result<Ran> {
    let (spec, program) = small();
    let outcome = job::run(&spec)?;
    Ok(Ran {
        program,
        well: outcome.success(),
        evidence: outcome.evidence,
    })
}

fn limits(host: &Host) -> Result<Enforcement> {
    Ok(job::run(&limited(host, allowed_cpus()))?.enforcement)
}

/// A small job with limits, none of which must hold, so that it runs and tells of each. What would have to
/// be enabled in the caller's own group first is left out, but for what any job enables there.
pub(in super::super) fn limited(host: &Host, cpus: Option<String>) -> Spec {
    let (mut spec, _) = small();
    let wanted = &mut spec.limits;
    wanted.memory = Some(Size(64 << 20));
    wanted.pids = Some(16);
    wanted.devices = vec![DeviceRule {
        allow: true,
        device: "a".into(),
        access: "rwm".into(),
    }];
    if at_hand(host, "cpu") {
        wanted.cpus = Some(1.0);
    }
    if at_hand(host, "cpuset") {
        wanted.cpuset = cpus;
    }
    wanted.best_effort = Limits::CGROUP_NAMES.map(str::to_owned).to_vec();
    spec
}

/// Whether groups have a controller, as things are.
fn at_hand(host: &Host, controller: &str) -> bool {
    host.cgroup.controller(controller).is_some_and(|tree| {
        tree.version == cgroup::Version::V1 || tree.enabled.iter().any(|c| c == controller)
    })
}

fn allowed_cpus() -> Option<String> {
    let status = text("/proc/thread-self/status")?;
    let line = |line: &str| Some(line.strip_prefix("Cpus_allowed_list:")?.trim().to_owned());
    status.lines().find_map(line)
}
