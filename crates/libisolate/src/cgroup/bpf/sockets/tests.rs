//! Marks as text and as a program, and on sockets that a process of a group makes.

use std::os::fd::{AsFd as _, OwnedFd};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, getsockopt, socket, sockopt};

use super::*;
use crate::cgroup::testing::{TestGroup, as_nobody, told};

const NAME: &str = "cgroup::bpf::sockets::tests";

#[test]
fn text() {
    for text in [
        "class=0x00010010 priority=5",
        "class=0xffffffff",
        "priority=0",
        "class=0x00000000 priority=4294967295",
    ] {
        let marks = Marks::parse(text).expect(text);
        assert_eq!(marks.to_string(), text);
        assert_eq!(Marks::decode(&marks.program()), Some(marks), "{text}");
    }
    let parsed = Marks::parse("priority=0x10  class=16").map(|marks| marks.to_string());
    assert_eq!(parsed.as_deref(), Ok("class=0x00000010 priority=16"));
    for (text, detail) in [
        ("", "is not class=NUMBER, priority=NUMBER or both"),
        ("mark=1", "is not class=NUMBER, priority=NUMBER or both"),
        ("class=1 class=2", "says one thing twice"),
        ("class=", "has a number that is not among 0 to 4294967295"),
        ("class", "has a number that is not among 0 to 4294967295"),
        ("class=+1", "has a number that is not among 0 to 4294967295"),
        (
            "class=0x+1",
            "has a number that is not among 0 to 4294967295",
        ),
        (
            "priority=-1",
            "has a number that is not among 0 to 4294967295",
        ),
        (
            "priority=4294967296",
            "has a number that is not among 0 to 4294967295",
        ),
    ] {
        let told = Marks::parse(text).map_err(|e| e.message());
        let message = format!("cgroup: bpf.sockets: {text:?}: {detail}");
        assert_eq!(told, Err(message));
    }
}

fn new_socket(family: AddressFamily, kind: SockType) -> OwnedFd {
    socket(family, kind, SockFlag::SOCK_CLOEXEC, None).expect("a socket")
}

/// In the group: `SO_MARK SO_PRIORITY` of new sockets must be as the word says.
fn check_inside(word: &str) {
    for (family, kind) in [
        (AddressFamily::Inet, SockType::Stream),
        (AddressFamily::Inet, SockType::Datagram),
        (AddressFamily::Inet6, SockType::Stream),
    ] {
        let made = new_socket(family, kind);
        let mark = getsockopt(&made.as_fd(), sockopt::Mark).expect("SO_MARK");
        let priority = getsockopt(&made.as_fd(), sockopt::Priority).expect("SO_PRIORITY");
        assert_eq!(format!("{mark} {priority}"), word, "{family:?} {kind:?}");
    }
}

#[test]
fn sockets_are_born_with_class_and_priority() {
    let name = format!("{NAME}::sockets_are_born_with_class_and_priority");
    if let Some(word) = told() {
        return check_inside(&word);
    }
    let Some(group) = TestGroup::unified("sockets_are_born_with_class_and_priority") else {
        return;
    };
    let dir = &group.dir;
    let inside = |word: &str| group.again(&name, word);
    inside("0 0");
    let held = put(dir, "class=0x00010010 priority=5");
    assert_eq!(held.as_deref(), Ok("class=0x00010010 priority=5"));
    inside("65552 5");
    // What is not named stays.
    let held = put(dir, "priority=3");
    assert_eq!(held.as_deref(), Ok("class=0x00010010 priority=3"));
    inside("65552 3");
    assert_eq!(get(dir), held.map(Some), "as the kernel keeps it");
    assert_eq!(attach::attached(dir, &SOCKETS).map(|all| all.len()), Ok(1));

    let kept = snapshot(dir).expect("ours");
    assert_eq!(
        put(dir, "class=7").as_deref(),
        Ok("class=0x00000007 priority=3")
    );
    inside("7 3");
    restore(dir, &kept).expect("the old program");
    inside("65552 3");

    clear(dir).expect("it is ours");
    inside("0 0");
    assert_eq!(get(dir), Ok(None));
    assert_eq!(put(dir, "priority=6").as_deref(), Ok("priority=6"));
    inside("0 6");
}

#[test]
fn an_ordinary_user_is_told_what_is_missing() {
    let name = format!("{NAME}::an_ordinary_user_is_told_what_is_missing");
    if let Some(path) = told() {
        let dir = Dir::open(path.as_ref()).expect("anybody may look at a group");
        for value in ["class=1 priority=1", "class=1"] {
            let error = put(&dir, value).expect_err("an ordinary user may not");
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
            assert!(error.message().contains("CAP_BPF"), "{error}");
        }
        return;
    }
    let Some(group) = TestGroup::unified("an_ordinary_user_is_told_what_is_missing") else {
        return;
    };
    as_nobody(&name, &group.dir.path().display().to_string());
}
