//! What processes of a group can open, in the v1 hierarchy of devices.

use super::*;
use crate::cgroup::Version;
use crate::cgroup::devices::{Explanation, explain};
use crate::cgroup::testing::TestGroup;

fn explained(dir: &Dir, device: &str, access: &str) -> Explanation {
    explain(&[(dir, Version::V1)], device, access).expect("it can be explained")
}

#[test]
fn lists() {
    let text = |list: &str| read_list(list).map(|state| format(&state.rules()));
    assert_eq!(text("a *:* rwm\n").as_deref(), Some("allow a"));
    assert_eq!(text("").as_deref(), Some("deny a"));
    assert_eq!(
        text("c 136:* rwm\nc *:* m\nb 8:0 r\n").as_deref(),
        Some("deny a; allow c *:* m; allow b 8:0 r; allow c 136:* rwm")
    );
    for wrong in ["x 1:3 r\n", "c 1:3\n", "c 1:3 r w\n"] {
        assert_eq!(text(wrong), None, "{wrong:?}");
    }
}

#[test]
fn devices_are_denied_and_allowed_from_inside() {
    let Some(group) = TestGroup::v1("devices_are_denied_and_allowed_from_inside", "devices") else {
        return;
    };
    let dir = &group.dir;
    let both = || (group.opens("/dev/zero"), group.opens("/dev/null"));
    let eperm = || Err("EPERM".to_owned());
    assert_eq!(both(), (Ok(()), Ok(())), "before");

    assert_eq!(
        put(dir, "deny a; allow c 1:3 rw; allow /dev/null m").as_deref(),
        Ok("deny a; allow c 1:3 rwm")
    );
    assert_eq!(both(), (eperm(), Ok(())));
    assert_eq!(dir.read(LIST).as_deref(), Ok("c 1:3 rwm\n"));

    assert_eq!(
        put(dir, "allow c 1:5 rw; allow c 1:7 r").as_deref(),
        Ok("deny a; allow c 1:5 rw; allow c 1:7 r")
    );
    assert_eq!(both(), (Ok(()), eperm()));

    // A deny-list, which the kernel does not show.
    let denied = "allow a; deny c 1:5 r";
    assert_eq!(put(dir, denied).as_deref(), Ok(denied));
    assert_eq!(both(), (eperm(), Ok(())));
    let said = group.shell(": <> /dev/zero || :");
    assert!(said.contains("Operation not permitted"), "{said}");
    assert_eq!(get(dir).as_deref(), Ok(denied), "from the note");
    assert_eq!(put(dir, "allow a").as_deref(), Ok("allow a"));
    assert_eq!(both(), (Ok(()), Ok(())), "after");
}

#[test]
fn back_to_what_was() {
    let Some(group) = TestGroup::v1("back_to_what_was", "devices") else {
        return;
    };
    let dir = &group.dir;
    let new = snapshot(dir).expect("a list");
    let denied = "allow a; deny c 1:5 rwm";
    put(dir, denied).expect("rules");
    let kept = snapshot(dir).expect("a list");
    put(dir, "deny a; allow c 1:3 r").expect("rules");
    restore(dir, &kept).expect("the old rules");
    assert_eq!(get(dir).as_deref(), Ok(denied));
    assert_eq!(group.opens("/dev/zero"), Err("EPERM".into()));
    assert_eq!(group.opens("/dev/full"), Ok(()));
    restore(dir, &new).expect("as a new group");
    assert_eq!(group.opens("/dev/zero"), Ok(()));
    assert_eq!(look(dir), Ok(new));
}

#[test]
fn what_the_group_above_may_not_use_is_refused_and_nothing_stays() {
    let name = "what_the_group_above_may_not_use_is_refused_and_nothing_stays";
    let Some(above) = TestGroup::v1(name, "devices") else {
        return;
    };
    put(&above.dir, "deny a; allow c 1:3 rwm; allow c 1:5 r").expect("rules");
    let group = above.child();
    let held = get(&group.dir).expect("a list");
    assert_eq!(held, "deny a; allow c 1:3 rwm; allow c 1:5 r");
    for (rules, kind) in [
        (
            "deny a; allow c 1:5 r; allow c 1:7 r",
            ErrorKind::Permission,
        ),
        ("deny a; allow c 1:5 w", ErrorKind::Permission),
        ("allow a", ErrorKind::Permission),
        ("allow c 1:* r; deny c 1:5 r", ErrorKind::Unsupported),
        ("deny a; allow c 1:5 x", ErrorKind::InvalidSpec),
    ] {
        let error = put(&group.dir, rules).expect_err(rules);
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(get(&group.dir).as_ref(), Ok(&held), "after {error}");
    }
    let told = put(&group.dir, "allow c 1:7 r").map_err(|e| e.message());
    let message = "cgroup: devices.allow: \"c 1:7 r\": Operation not permitted; the group above may not \
                   use the device itself, or the caller lacks CAP_SYS_ADMIN";
    assert_eq!(told, Err(message.to_owned()));

    // With a group below it, only single rules change.
    let told = put(&above.dir, "allow a").map_err(|e| (e.kind(), e.message()));
    assert!(
        matches!(&told, Err((ErrorKind::Busy, text)) if text.contains("groups below it")),
        "{told:?}"
    );
    put(&above.dir, "deny a; allow c 1:3 rwm").expect("one rule less");
    assert_eq!(get(&group.dir).as_deref(), Ok("deny a; allow c 1:3 rwm"));
}

#[test]
fn the_rule_that_decides_is_named() {
    let Some(above) = TestGroup::v1("the_rule_that_decides_is_named", "devices") else {
        return;
    };
    let told = explained(&above.dir, "/dev/zero", "r");
    assert!(
        told.allowed && told.reason.contains("v1 does not show"),
        "{told:?}"
    );
    put(&above.dir, "allow a; deny c 1:5 w").expect("rules");
    let told = explained(&above.dir, "/dev/zero", "rw");
    assert_eq!(
        (told.allowed, told.rule.as_deref()),
        (false, Some("deny c 1:5 w"))
    );

    // A new group below does not show it, and is denied it all the same.
    let below = above.child();
    let told = explained(&below.dir, "/dev/zero", "w");
    assert_eq!(
        (told.allowed, told.rule.as_deref()),
        (false, Some("deny c 1:5 w"))
    );
    assert!(
        told.reason
            .starts_with(&above.dir.path().display().to_string())
    );
    let said = below.shell(": > /dev/zero");
    assert!(said.contains("Operation not permitted"), "{said}");
    drop(below);

    put(&above.dir, "deny a; allow c 1:3 rwm; allow c 1:5 r").expect("rules");
    let group = above.child();
    put(&group.dir, "deny a; allow c 1:3 rw").expect("rules");
    let told = explained(&group.dir, "/dev/null", "w");
    assert_eq!(
        (told.allowed, told.rule.as_deref()),
        (true, Some("allow c 1:3 rw"))
    );
    let path = above.dir.path().display().to_string();
    // Allowed above: one rule here is enough.
    let told = explained(&group.dir, "/dev/zero", "r");
    assert!(
        !told.allowed && !told.reason.contains("nor one of"),
        "{told:?}"
    );
    let told = explained(&group.dir, "/dev/zero", "rw");
    let text = format!("nor one of {path} above it");
    assert!(!told.allowed && told.reason.contains(&text), "{told:?}");
}
