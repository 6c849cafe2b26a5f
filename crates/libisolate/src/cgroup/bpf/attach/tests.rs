//! Programs of this library beside those of others.

use super::*;
use crate::cgroup::Version;
use crate::cgroup::bpf::insn::{Insn, exit, set};
use crate::cgroup::bpf::{DEVICES, program};
use crate::cgroup::devices::{explain, put as put_rules};
use crate::cgroup::testing::TestGroup;

const FOREIGN: Purpose = Purpose {
    name: "someone_else",
    ..DEVICES
};

/// Allows everything, but asks a helper, so that nobody can tell that by reading.
fn foreign() -> OwnedFd {
    let call = Insn {
        code: 0x85,
        value: 7,
        ..Insn::default()
    };
    program::load(&FOREIGN, &[call, set(0, 1), exit()], "foreign").expect("a program")
}

fn names(dir: &Dir) -> Vec<String> {
    let found = attached(dir, &DEVICES).expect("root may look");
    found.into_iter().map(|one| one.name).collect()
}

#[test]
fn the_programs_of_others_stay() {
    let Some(group) = TestGroup::unified("the_programs_of_others_stay") else {
        return;
    };
    let dir = &group.dir;
    put(dir, &FOREIGN, foreign().as_fd(), "foreign").expect("it is the first");
    put_rules(dir, "deny a").expect("beside it");
    put_rules(dir, "deny a; allow c 1:3 rw").expect("in the place of ours");
    assert_eq!(names(dir), ["someone_else", "isolate_devices"]);

    let told = explain(&[(dir, Version::V2)], "/dev/null", "r").expect("rules");
    assert!(
        told.allowed
            && told.reason.contains("does not know")
            && told.reason.contains("someone_else"),
        "{told:?}"
    );
    let told = explain(&[(dir, Version::V2)], "/dev/zero", "r").expect("rules");
    assert!(!told.allowed, "{told:?}");
    assert_eq!(group.opens("/dev/zero"), Err("EPERM".into()));

    clear(dir, &DEVICES).expect("ours");
    assert_eq!(names(dir), ["someone_else"]);
    assert_eq!(group.opens("/dev/zero"), Ok(()));
}

#[test]
fn a_program_that_allows_no_other_is_named() {
    let Some(group) = TestGroup::unified("a_program_that_allows_no_other_is_named") else {
        return;
    };
    let fd = group.dir.as_fd().as_raw_fd();
    bpf::attach(fd, foreign().as_raw_fd(), DEVICES.attach, 0, 0).expect("it is the first");
    let error = put_rules(&group.dir, "deny a").expect_err("none may be beside it");
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(error.message().contains("BPF_F_ALLOW_MULTI"), "{error}");
    assert_eq!(names(&group.dir), ["someone_else"]);
}

/// What an older version, or two writers at once, could have left.
#[test]
fn of_two_of_ours_one_is_left() {
    let Some(group) = TestGroup::unified("of_two_of_ours_one_is_left") else {
        return;
    };
    let fd = group.dir.as_fd().as_raw_fd();
    for result in 0..3 {
        let one = program::load(&DEVICES, &[set(0, result % 2), exit()], "").expect("a program");
        bpf::attach(fd, one.as_raw_fd(), DEVICES.attach, BPF_F_ALLOW_MULTI, 0).expect("one more");
    }
    assert_eq!(names(&group.dir).len(), 3);
    put_rules(&group.dir, "allow a").expect("in the place of all");
    assert_eq!(names(&group.dir), ["isolate_devices"]);
    assert_eq!(group.opens("/dev/zero"), Ok(()));
}

#[test]
fn full_of_others() {
    let Some(group) = TestGroup::unified("full_of_others") else {
        return;
    };
    let fd = group.dir.as_fd().as_raw_fd();
    for _ in 0..64 {
        bpf::attach(
            fd,
            foreign().as_raw_fd(),
            DEVICES.attach,
            BPF_F_ALLOW_MULTI,
            0,
        )
        .expect("there is room");
    }
    let error = put_rules(&group.dir, "deny a").expect_err("there is none");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.message().contains("64 programs"), "{error}");
}

#[test]
fn the_verifier_is_quoted() {
    if TestGroup::unified("the_verifier_is_quoted").is_none() {
        return;
    }
    let error = program::load(&DEVICES, &[exit()], "nothing").expect_err("no result");
    let message = error.message();
    assert!(message.contains("the kernel's verifier: "), "{message}");
    assert!(message.contains("bpf.devices: \"nothing\""), "{message}");
}

#[test]
fn a_group_of_v1_has_no_programs() {
    let Some(group) = TestGroup::v1("a_group_of_v1_has_no_programs", "devices") else {
        return;
    };
    let error = put_rules(&group.dir, "deny a").expect_err("v1");
    assert!(
        error.message().contains("only groups of cgroup v2"),
        "{error}"
    );
}
