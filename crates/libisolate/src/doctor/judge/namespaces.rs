//! Namespaces: each kind by what the host says of it and by what came of making one.

use super::super::facts::Facts;
use super::super::{Area, Check, Status};
use super::{Why, release};
use crate::ns::Kind;

const CAP_SYS_ADMIN: u32 = 21;

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    // The user namespace first: with it the others need no privilege.
    let order =
        std::iter::once(Kind::User).chain(Kind::ALL.into_iter().filter(|k| *k != Kind::User));
    let mut all: Vec<Check> = order.map(|kind| one(kind, facts)).collect();
    let user_fails = all.first().is_some_and(|user| user.status == Status::Fails);
    let capable = facts
        .host
        .as_ref()
        .is_ok_and(|host| host.caller.capable(CAP_SYS_ADMIN));
    if user_fails && !capable && facts.host.is_ok() {
        // One cause is told once.
        for check in all.iter_mut().skip(1) {
            if !own_cause(facts, &check.name) {
                *check = check.clone().fails(Why::new(
                    "it takes CAP_SYS_ADMIN or a user namespace of one's own, and that fails here",
                ));
            }
        }
    }
    all.push(overlay(facts, user_fails));
    all
}

fn one(kind: Kind, facts: &Facts) -> Check {
    let Ok(host) = &facts.host else {
        let check = Check::of(Area::Namespaces, kind.name(), "cannot be told").needed();
        return check.fails(Why::new("without /proc nothing can be told of it"));
    };
    let support = host.namespaces.get(&kind);
    let found = match support.and_then(|support| support.inode) {
        None => "not in this kernel".to_owned(),
        Some(inode) => {
            let most = facts.most.get(&kind);
            let most = most.map_or(String::new(), |most| format!(", at most {most}"));
            format!("own {kind}:[{inode}]{most}")
        }
    };
    let check = Check::of(Area::Namespaces, kind.name(), found).needed();
    let reason = support.and_then(|support| support.reason.as_deref());
    let tried = facts.tries.namespaces.get(&kind);
    match (reason, tried) {
        (Some(reason), _) => check.fails(reason),
        (None, Some(Err(error))) => check.fails(error),
        (None, _) => check,
    }
}

/// Whether a kind fails for itself, and not for want of a user namespace.
fn own_cause(facts: &Facts, name: &str) -> bool {
    let Ok(host) = &facts.host else { return true };
    let support = host.namespaces.iter().find(|(kind, _)| kind.name() == name);
    let reason = support.and_then(|(_, support)| support.reason.as_deref());
    reason.is_some_and(|reason| !reason.starts_with("it takes CAP_SYS_ADMIN"))
}

fn overlay(facts: &Facts, user_fails: bool) -> Check {
    let check = Check::of(
        Area::Namespaces,
        "overlay in a user namespace",
        "one was mounted",
    );
    let error = match &facts.tries.overlay {
        Ok(()) => return check,
        Err(error) => error,
    };
    let check = Check {
        found: "none can be mounted".to_owned(),
        ..check
    };
    if user_fails {
        return check.fails(Why::new("it takes a user namespace, and that fails here"));
    }
    match (release(&facts.kernel) < (5, 11), error.subject()) {
        (true, "overlay") => {
            check.fails(Why::new("it came with Linux 5.11").and("boot a later kernel"))
        }
        (false, "overlay") if error.errno() == libc::ENODEV => check.fails(
            Why::new("this kernel has no overlay file system, or has not loaded it")
                .and("as root: modprobe overlay, and to keep it: echo overlay > /etc/modules-load.d/overlay.conf"),
        ),
        _ => check.fails(error),
    }
}
