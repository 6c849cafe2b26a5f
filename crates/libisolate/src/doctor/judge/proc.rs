//! /proc: there, whole enough for a fresh one in a user namespace, and its parameters.

use super::super::facts::{Facts, ProcMount};
use super::super::{Area, Check};
use super::Why;
use crate::remedy;

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let here = Check::of(Area::Proc, "/proc", "mounted").needed();
    if let Err(error) = &facts.host {
        let why = Why {
            remedy: Some("as root: mount -t proc proc /proc".to_owned()),
            ..Why::from(error)
        };
        return vec![
            Check {
                found: "cannot be read".to_owned(),
                ..here
            }
            .fails(why),
        ];
    }
    vec![here, sys(facts), fresh(facts), memory_files(facts)]
}

fn sys(facts: &Facts) -> Check {
    match facts.proc.sys {
        true => Check::of(Area::Proc, "/proc/sys", "there"),
        false => Check::of(Area::Proc, "/proc/sys", "not there").limited(
            Why::new("kernel parameters cannot be looked at, nor set for jobs")
                .and("mount /proc without subset=pid"),
        ),
    }
}

/// A fresh one must not show more than one that is there (mount_too_revealing() of the kernel).
fn fresh(facts: &Facts) -> Check {
    let name = "fresh /proc";
    let whole = |proc: &&ProcMount| proc.covered.is_empty() && !proc.read_only;
    if facts.proc.mounts.iter().any(|proc| whole(&proc)) {
        return Check::of(Area::Proc, name, "a whole /proc is mounted").needed();
    }
    let found = match facts.proc.mounts.first() {
        None => "no /proc is mounted from its root".to_owned(),
        Some(proc) if proc.covered.is_empty() => format!("{} is read-only", proc.point),
        Some(proc) => format!("covered: {}", proc.covered.join(", ")),
    };
    Check::of(Area::Proc, name, found)
        .needed()
        .fails(remedy::PROC)
}

fn memory_files(facts: &Facts) -> Check {
    let name = "programs in memory files";
    let found = match facts.proc.memfd_noexec {
        None => "this kernel allows them".to_owned(),
        Some(mode) => format!("vm.memfd_noexec is {mode}"),
    };
    let check = Check::of(Area::Proc, name, found).needed();
    match facts.proc.memfd_noexec {
        Some(2..) => check.fails(
            Why::new("executable memory files, which the init is one of, are switched off")
                .and(remedy::sysctl("vm.memfd_noexec", "1")),
        ),
        _ => check,
    }
}
