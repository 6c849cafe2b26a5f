//! What processes of a group can open, in a v2 tree.

use super::*;
use crate::cgroup::Version;
use crate::cgroup::devices::{Explanation, explain};
use crate::cgroup::testing::{TestGroup, as_nobody, told, without_sys_admin};

const NAME: &str = "cgroup::devices::v2::tests";

fn count(dir: &Dir) -> usize {
    attach::attached(dir, &DEVICES)
        .expect("root may look")
        .len()
}

fn explained(dir: &Dir, device: &str, access: &str) -> Explanation {
    explain(&[(dir, Version::V2)], device, access).expect("it can be explained")
}

#[test]
fn devices_are_denied_and_allowed_from_inside() {
    let Some(group) = TestGroup::unified("devices_are_denied_and_allowed_from_inside") else {
        return;
    };
    let (zero, null) = ("/dev/zero", "/dev/null");
    let both = || (group.opens(zero), group.opens(null));
    let eperm = || Err("EPERM".to_owned());
    assert_eq!(both(), (Ok(()), Ok(())), "before");
    assert_eq!(get(&group.dir), Ok(None));

    let held = put(
        &group.dir,
        "allow c 1:3 r; deny a; allow c 1:3 w; allow /dev/null rm",
    );
    assert_eq!(held.as_deref(), Ok("deny a; allow c 1:3 rwm"));
    assert_eq!(both(), (eperm(), Ok(())));
    assert_eq!(get(&group.dir), held.map(Some));

    // The other way round, and the other kind of list.
    let held = put(&group.dir, "allow a; deny c 1:3 r");
    assert_eq!(held.as_deref(), Ok("allow a; deny c 1:3 r"));
    assert_eq!(both(), (Ok(()), eperm()));
    let said = group.shell("echo x > /dev/null && echo written; : <> /dev/null || :");
    assert!(
        said.starts_with("written") && said.contains("Operation not permitted"),
        "a denied read does not pass with a write: {said}"
    );
    assert_eq!(count(&group.dir), 1);

    clear(&group.dir).expect("it is ours");
    assert_eq!(both(), (Ok(()), Ok(())), "after");
    assert_eq!(count(&group.dir), 0);
    clear(&group.dir).expect("nothing to do");
}

#[test]
fn nodes_are_not_made() {
    let Some(group) = TestGroup::unified("nodes_are_not_made") else {
        return;
    };
    let dir = std::env::temp_dir().join(format!("isolate-nodes-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("temporary directory");
    let make = |minor| {
        group.shell(&format!(
            "mknod {0}/node c 1 {minor} && rm {0}/node && echo made",
            dir.display()
        ))
    };
    put(&group.dir, "deny a; allow c 1:3 m; allow c 1:5 rw").expect("two rules");
    let (null, zero) = (make(3), make(5));
    std::fs::remove_dir(&dir).expect("nothing is left in it");
    assert_eq!(null, "made\n");
    assert!(zero.contains("Operation not permitted"), "{zero}");
}

#[test]
fn holes_work_here() {
    let Some(group) = TestGroup::unified("holes_work_here") else {
        return;
    };
    let rules = "deny a; allow c 1:* rwm; deny c 1:5 rw";
    assert_eq!(put(&group.dir, rules).as_deref(), Ok(rules));
    assert_eq!(
        get(&group.dir),
        Ok(Some(rules.to_owned())),
        "as the kernel keeps it"
    );
    assert_eq!(group.opens("/dev/null"), Ok(()));
    assert_eq!(group.opens("/dev/zero"), Err("EPERM".into()));
    assert_eq!(group.opens("/dev/tty0"), Err("EPERM".into()));
}

#[test]
fn what_the_kernel_keeps_is_read_back() {
    use crate::cgroup::devices::random::Random;
    let Some(group) = TestGroup::unified("what_the_kernel_keeps_is_read_back") else {
        return;
    };
    let mut random = Random::new(4);
    for round in 0..60 {
        let rules = format(&random.rules(1 + round % 20));
        let held = put(&group.dir, &rules).unwrap_or_else(|e| panic!("{rules}: {e}"));
        assert_eq!(get(&group.dir), Ok(Some(held)), "{rules}");
    }
    assert_eq!(count(&group.dir), 1);
}

/// A group takes 64 programs: each that an update left behind would count.
#[test]
fn updates_leave_one_program() {
    let Some(group) = TestGroup::unified("updates_leave_one_program") else {
        return;
    };
    for round in 0..70 {
        put(&group.dir, &format!("deny a; allow c 1:{round} rw")).expect("an update");
        assert_eq!(count(&group.dir), 1, "round {round}");
    }
    assert_eq!(group.opens("/dev/zero"), Err("EPERM".into()));
    put(&group.dir, "deny a; allow c 1:5 rw").expect("one more");
    assert_eq!(group.opens("/dev/zero"), Ok(()));
}

#[test]
fn threads_that_update_at_once_leave_one_program() {
    let Some(group) = TestGroup::unified("threads_that_update_at_once_leave_one_program") else {
        return;
    };
    let dir = &group.dir;
    for round in 0..50 {
        // All find none there: the first look is where two could come to be.
        let together = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for number in 0..4 {
                let together = &together;
                scope.spawn(move || {
                    together.wait();
                    put(dir, &format!("deny a; allow c 1:{number} r")).expect("an update");
                });
            }
        });
        assert_eq!(count(dir), 1, "round {round}");
        clear(dir).expect("ours");
    }
}

#[test]
fn back_to_what_was() {
    let Some(group) = TestGroup::unified("back_to_what_was") else {
        return;
    };
    let nothing = snapshot(&group.dir).expect("none is there");
    put(&group.dir, "deny a").expect("a rule");
    let denied = snapshot(&group.dir).expect("ours");
    put(&group.dir, "allow a").expect("a rule");
    assert_eq!(group.opens("/dev/zero"), Ok(()));

    restore(&group.dir, &denied).expect("the old program");
    restore(&group.dir, &denied).expect("twice");
    assert_eq!(group.opens("/dev/zero"), Err("EPERM".into()));
    assert_eq!(get(&group.dir), Ok(Some("deny a".into())));
    assert_eq!(count(&group.dir), 1);

    restore(&group.dir, &nothing).expect("none");
    assert_eq!(count(&group.dir), 0);
}

#[test]
fn a_wrong_text_changes_nothing() {
    let Some(group) = TestGroup::unified("a_wrong_text_changes_nothing") else {
        return;
    };
    put(&group.dir, "deny a").expect("a rule");
    let told = put(&group.dir, "deny a; allow /dev r").map_err(|e| (e.kind(), e.message()));
    let message = "cgroup: \"/dev\": is no device".to_owned();
    assert_eq!(told, Err((ErrorKind::InvalidSpec, message)));
    assert_eq!(get(&group.dir), Ok(Some("deny a".into())));
}

#[test]
fn the_rule_that_decides_is_named() {
    let Some(above) = TestGroup::unified("the_rule_that_decides_is_named") else {
        return;
    };
    let group = above.child();
    let free = explained(&group.dir, "/dev/zero", "r");
    assert!(free.allowed && free.rule.is_none(), "{free:?}");
    assert_eq!(group.opens("/dev/zero"), Ok(()));

    put(&group.dir, "deny a; allow c 1:* rw").expect("rules");
    let told = explained(&group.dir, "/dev/zero", "rw");
    assert_eq!(
        (told.allowed, told.rule.as_deref()),
        (true, Some("allow c 1:* rw"))
    );
    let told = explained(&group.dir, "c 1:5", "rm");
    assert_eq!((told.allowed, told.rule), (false, None));
    let text = "allows all of rm for c 1:5";
    assert!(told.reason.contains(text), "{}", told.reason);

    // The group above counts, too.
    put(&above.dir, "allow a; deny c 1:5 w").expect("rules");
    let told = explained(&group.dir, "/dev/zero", "rw");
    assert_eq!(
        (told.allowed, told.rule.as_deref()),
        (false, Some("deny c 1:5 w"))
    );
    let path = above.dir.path().display().to_string();
    assert!(
        told.reason.starts_with(&format!("{path}: ")),
        "{}",
        told.reason
    );
    assert_eq!(group.opens("/dev/zero"), Ok(()));
    let said = group.shell(": > /dev/zero");
    assert!(said.contains("Operation not permitted"), "{said}");
}

#[test]
fn an_ordinary_user_is_told_what_is_missing() {
    let name = format!("{NAME}::an_ordinary_user_is_told_what_is_missing");
    if let Some(path) = told() {
        let dir = Dir::open(path.as_ref()).expect("anybody may look at a group");
        for told in [
            put(&dir, "deny a").map(drop),
            get(&dir).map(drop),
            clear(&dir),
            snapshot(&dir).map(drop),
        ] {
            let error = told.expect_err("an ordinary user may not");
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
            assert!(error.message().contains("CAP_BPF"), "{error}");
            assert!(error.subject().contains("bpf.devices"), "{error}");
        }
        return;
    }
    let Some(group) = TestGroup::unified("an_ordinary_user_is_told_what_is_missing") else {
        return;
    };
    as_nobody(&name, &group.dir.path().display().to_string());
    assert_eq!(count(&group.dir), 0);
}

#[test]
fn both_trees_must_allow() {
    let test = "both_trees_must_allow";
    let (Some(v1), Some(v2)) = (TestGroup::v1(test, "devices"), TestGroup::unified(test)) else {
        return;
    };
    let trees = [(&v1.dir, Version::V1), (&v2.dir, Version::V2)];
    let told = || explain(&trees, "/dev/zero", "r").expect("it can be explained");
    assert!(told().allowed, "{:?}", told());
    put(&v2.dir, "deny a").expect("a rule");
    assert!(!told().allowed, "{:?}", told());
    clear(&v2.dir).expect("ours");
    super::super::put_v1(&v1.dir, "deny a").expect("a rule");
    assert!(!told().allowed, "{:?}", told());
}

#[test]
fn of_two_trees_one_may_be_hidden() {
    let name = format!("{NAME}::of_two_trees_one_may_be_hidden");
    if let Some(paths) = told() {
        let (v1, v2) = paths.split_once(':').expect("two paths");
        let open = |path: &str| Dir::open(path.as_ref()).expect("anybody may look at a group");
        let (v1, v2) = (open(v1), open(v2));
        let told = explain(&[(&v1, Version::V1), (&v2, Version::V2)], "/dev/null", "r");
        let told = told.expect("v1 can be seen");
        let hidden = told.reason.contains("cannot be seen: cgroup: ");
        assert!(told.allowed && hidden, "{told:?}");
        let alone = explain(&[(&v2, Version::V2)], "/dev/null", "r").map_err(|e| e.kind());
        assert_eq!(alone, Err(ErrorKind::Permission));
        return;
    }
    let test = "of_two_trees_one_may_be_hidden";
    let (Some(v1), Some(v2)) = (TestGroup::v1(test, "devices"), TestGroup::unified(test)) else {
        return;
    };
    let (v1, v2) = (v1.dir.path().display(), v2.dir.path().display());
    as_nobody(&name, &format!("{v1}:{v2}"));
}

/// With CAP_BPF and CAP_NET_ADMIN alone, a program can be attached, but not be told from others.
#[test]
fn without_sys_admin_nothing_is_attached() {
    let name = format!("{NAME}::without_sys_admin_nothing_is_attached");
    if let Some(path) = told() {
        let dir = Dir::open(path.as_ref()).expect("a group");
        let error = put(&dir, "deny a").expect_err("it may not");
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        assert!(error.message().contains("CAP_SYS_ADMIN"), "{error}");
        return;
    }
    let Some(group) = TestGroup::unified("without_sys_admin_nothing_is_attached") else {
        return;
    };
    without_sys_admin(&name, &group.dir.path().display().to_string());
    assert_eq!(count(&group.dir), 0);
}
