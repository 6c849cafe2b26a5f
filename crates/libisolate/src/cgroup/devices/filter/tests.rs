//! The published listings of the layout, and random rules against what they mean.

use super::*;
use crate::cgroup::devices::random::Random;
use crate::cgroup::devices::{format, parse};

const HEAD: &str = "0: r2 = *(u32 *)(r1 +0)\n1: w2 &= 65535\n2: r3 = *(u32 *)(r1 +0)\n3: w3 >>= 16\n\
                    4: r4 = *(u32 *)(r1 +4)\n5: r5 = *(u32 *)(r1 +8)\n";

/// The listing without the loads that open every program.
fn body(rules: &str) -> Vec<String> {
    let rules = match rules {
        "" => Vec::new(),
        rules => parse(rules).expect("rules"),
    };
    let text = listing(&rules);
    let body = text.strip_prefix(HEAD).expect("every program opens so");
    body.lines().map(str::to_owned).collect()
}

#[test]
fn no_rules() {
    assert_eq!(body(""), ["6: w0 = 0", "7: exit"]);
}

#[test]
fn privileged() {
    assert_eq!(body("allow a"), ["6: w0 = 1", "7: exit"]);
}

#[test]
fn privileged_but_for_one_device() {
    let expected = [
        "6: if r2 != 1 goto 11",
        "7: if r4 != 8 goto 11",
        "8: if r5 != 0 goto 11",
        "9: w0 = 0",
        "10: exit",
        "11: w0 = 1",
        "12: exit",
    ];
    assert_eq!(body("allow a; deny b 8:0 rwm"), expected);
}

#[test]
fn rules_before_a_are_dropped() {
    assert_eq!(
        body("deny b 8:1 rwm; allow a; deny b 8:2 rwm"),
        body("allow a; deny b 8:2 rwm")
    );
    assert_eq!(body("deny b 8:1 rwm; allow a; deny b 8:2 rwm").len(), 7);
}

#[test]
fn the_list_of_container_runtimes() {
    let rules = "allow c *:* m; allow b *:* m; allow c 1:3 rwm; allow c 1:8 rwm; allow c 1:7 rwm; \
                 allow c 5:0 rwm; allow c 1:5 rwm; allow c 1:9 rwm; allow c 136:* rwm; \
                 allow c 5:2 rwm; allow c 10:200 rwm";
    let mut expected = Vec::new();
    for (kind, next) in [(1, 12), (2, 18)] {
        expected.extend([
            format!("if r2 != {kind} goto {next}"),
            "w1 = w3".to_owned(),
            "w1 &= 1".to_owned(),
            format!("if r1 != r3 goto {next}"),
            "w0 = 1".to_owned(),
            "exit".to_owned(),
        ]);
    }
    let mut next = 18;
    for (major, minor) in [
        (1, 3),
        (1, 5),
        (1, 7),
        (1, 8),
        (1, 9),
        (5, 0),
        (5, 2),
        (10, 200),
    ] {
        next += 5;
        expected.extend([
            format!("if r2 != 2 goto {next}"),
            format!("if r4 != {major} goto {next}"),
            format!("if r5 != {minor} goto {next}"),
            "w0 = 1".to_owned(),
            "exit".to_owned(),
        ]);
    }
    for line in [
        "if r2 != 2 goto 62",
        "if r4 != 136 goto 62",
        "w0 = 1",
        "exit",
        "w0 = 0",
        "exit",
    ] {
        expected.push(line.to_owned());
    }
    let numbered: Vec<String> = (6..)
        .zip(&expected)
        .map(|(n, l)| format!("{n}: {l}"))
        .collect();
    assert_eq!(body(rules), numbered);
    assert_eq!(numbered.len(), 64 - 6);
}

fn device(text: &str) -> Device {
    Device::parse(text).expect("a device")
}

fn asked(rules: &str, of: &str, access: &str) -> Option<bool> {
    let code = program(&parse(rules).expect("rules"));
    ask(
        &code,
        &device(of),
        Access::parse(access).expect("an access"),
    )
}

#[test]
fn a_denied_write_does_not_pass_with_a_read() {
    let rules = "allow a; deny b 8:0 w";
    for (access, allowed) in [("r", true), ("w", false), ("rw", false), ("m", true)] {
        assert_eq!(asked(rules, "b 8:0", access), Some(allowed), "{access}");
    }
    assert_eq!(asked(rules, "b 8:1", "w"), Some(true));
}

#[test]
fn holes_are_kept() {
    let rules = "deny a; allow c 1:* rwm; deny c 1:5 w; allow c 1:5 w; deny c 1:5 rw";
    for (of, access, allowed) in [
        ("c 1:3", "rw", true),
        ("c 1:5", "r", false),
        ("c 1:5", "rw", false),
        ("c 1:5", "m", true),
        ("c 2:5", "m", false),
    ] {
        assert_eq!(asked(rules, of, access), Some(allowed), "{of} {access}");
    }
    let code = program(&parse(rules).expect("rules"));
    assert_eq!(
        decode(&code).map(|rules| format(&rules)),
        Some(rules.to_owned())
    );
}

/// What a list means, said without programs: the default of the last `a`, then rule by rule from the end.
fn meaning(rules: &[Rule], device: &Device, access: Access) -> bool {
    if let Ok(state) = State::of(rules) {
        return state.decide(device, access).0;
    }
    for rule in rules.iter().rev() {
        let decides = match (rule.kind, rule.allow) {
            (Kind::All, allow) => return allow,
            (_, true) => rule.access.contains(access),
            (_, false) => rule.access.intersects(access),
        };
        if decides && rule.covers(device) {
            return rule.allow;
        }
    }
    false
}

#[test]
fn the_program_says_what_the_rules_mean_and_can_be_read_back() {
    let mut random = Random::new(3);
    let mut with_holes = 0;
    for round in 0..3000 {
        let rules = random.rules(1 + round % 8);
        with_holes += usize::from(State::of(&rules).is_err());
        let code = program(&rules);
        let back = decode(&code).expect("our own layout");
        assert_eq!(program(&back), code, "{}", format(&rules));
        for _ in 0..30 {
            let (device, access) = (random.device(), random.access());
            let allowed = meaning(&rules, &device, access);
            let text = format!("{}: {device} {access}", format(&rules));
            assert_eq!(ask(&code, &device, access), Some(allowed), "{text}");
            let decided = deciding(&back, &device, access).map_or(back[0].allow, |r| r.allow);
            assert_eq!(decided, allowed, "{text}");
        }
    }
    assert!(with_holes > 100, "{with_holes} of the lists have holes");
}

#[test]
fn other_layouts_are_not_read() {
    let code = program(&parse("deny a; allow c 1:3 r; allow c 1:* m").expect("rules"));
    assert!(decode(&code).is_some());
    for at in 0..code.len() {
        let mut other = code.clone();
        other[at].registers ^= 0x11;
        assert_eq!(decode(&other), None, "instruction {at}");
        let mut short = code.clone();
        short.remove(at);
        // A program that is shorter by a test is another program of ours.
        if let Some(rules) = decode(&short) {
            assert_eq!(program(&rules), short);
        }
    }
    assert_eq!(decode(&[]), None);
}
