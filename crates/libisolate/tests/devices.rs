//! Rules for devices as a user of the library writes, reads and looks at them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use libisolate::ErrorKind;
use libisolate::cgroup::devices::{Access, Device, Kind, Rule, format, listing, parse};

#[test]
fn a_list_by_hand_and_by_text() {
    let rules = [
        Rule::all(false),
        Rule::new(true, "/dev/null", "rwm").unwrap(),
        Rule::new(true, "c 136:*", "wr").unwrap(),
        Rule {
            allow: true,
            kind: Kind::Block,
            major: None,
            minor: None,
            access: Access::MKNOD,
        },
    ];
    let text = "deny a; allow c 1:3 rwm; allow c 136:* rw; allow b *:* m";
    assert_eq!(format(&rules), text);
    assert_eq!(parse(text).unwrap(), rules);
    let null = Device::parse("/dev/null").unwrap();
    assert_eq!((null.major, null.minor), (1, 3));
    let covers: Vec<bool> = rules.iter().map(|rule| rule.covers(&null)).collect();
    assert_eq!(covers, [true, true, false, false]);
}

#[test]
fn the_program_of_a_list() {
    let rules = parse("allow a; deny b 8:0 rwm").unwrap();
    let expected = "\
0: r2 = *(u32 *)(r1 +0)
1: w2 &= 65535
2: r3 = *(u32 *)(r1 +0)
3: w3 >>= 16
4: r4 = *(u32 *)(r1 +4)
5: r5 = *(u32 *)(r1 +8)
6: if r2 != 1 goto 11
7: if r4 != 8 goto 11
8: if r5 != 0 goto 11
9: w0 = 0
10: exit
11: w0 = 1
12: exit
";
    assert_eq!(listing(&rules), expected);
}

#[test]
fn errors_are_of_the_group_and_name_the_text() {
    let told = Rule::new(true, "/etc/passwd", "r").unwrap_err();
    assert_eq!(told.kind(), ErrorKind::InvalidSpec);
    assert_eq!(told.message(), "cgroup: \"/etc/passwd\": is no device");
    let gone = Rule::new(true, "/dev/none-such", "r").unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    let wrong = parse("deny a; allow c 1:3 q").unwrap_err();
    assert_eq!(
        wrong.message(),
        "cgroup: \"q\": the access is letters out of rwm, each at most once"
    );
}
