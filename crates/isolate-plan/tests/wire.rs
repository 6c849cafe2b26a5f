//! The wire form: what is encoded is decoded, and nothing else is taken.
#![cfg(feature = "alloc")]
#![allow(missing_docs, clippy::unwrap_used)]

use isolate_plan::{Cause, Command, Encoder, Ended, Malformed, Op, Ops, Report, TextsBuf};

fn sample() -> Vec<u8> {
    let argv: TextsBuf = [c"cc", c"-c", c""].into_iter().collect();
    let envp = TextsBuf::default();
    let mut encoder = Encoder::default();
    encoder.push(&Op::LoopbackUp {});
    encoder.push(&Op::SetIds {
        uid: 0,
        gid: 7,
        set_groups: 1,
        groups: &[1, 0, 0, 0],
    });
    encoder.push(&Op::Attach {
        slot: 3,
        attributes: 9,
        target: c"/usr",
    });
    encoder.push(&Op::Exec {
        paths: argv.as_texts(),
        argv: argv.as_texts(),
        envp: envp.as_texts(),
    });
    encoder.finish()
}

fn decode(plan: &[u8]) -> Result<usize, Malformed> {
    let mut ops = Ops::open(plan)?;
    let mut count = 0;
    while let Some(op) = ops.next_op()? {
        if let Op::Exec { argv, .. } = op {
            assert_eq!(argv.iter().count(), argv.len());
        }
        count += 1;
    }
    Ok(count)
}

#[test]
fn what_is_encoded_is_decoded() {
    let plan = sample();
    let mut ops = Ops::open(&plan).unwrap();
    assert_eq!(ops.next_op(), Ok(Some(Op::LoopbackUp {})));
    assert_eq!(
        ops.next_op(),
        Ok(Some(Op::SetIds {
            uid: 0,
            gid: 7,
            set_groups: 1,
            groups: &[1, 0, 0, 0]
        }))
    );
    assert_eq!(
        ops.next_op(),
        Ok(Some(Op::Attach {
            slot: 3,
            attributes: 9,
            target: c"/usr"
        }))
    );
    let Ok(Some(Op::Exec { argv, envp, .. })) = ops.next_op() else {
        panic!("no exec");
    };
    assert_eq!(argv.iter().collect::<Vec<_>>(), [c"cc", c"-c", c""]);
    assert!(envp.is_empty());
    assert_eq!(ops.next_op(), Ok(None));
}

#[test]
fn a_plan_cut_short_is_refused_everywhere() {
    let plan = sample();
    for len in 0..plan.len() {
        assert_eq!(decode(&plan[..len]), Err(Malformed), "{len} bytes");
    }
}

/// A cheap deterministic fuzzer: whatever bytes are changed, the decoder ends, and never panics or
/// reads outside. (Overflow checks are on in tests.)
#[test]
fn a_plan_with_changed_bytes_never_harms_the_decoder() {
    let plan = sample();
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut refused = 0;
    for _ in 0..200_000 {
        let mut bent = plan.clone();
        for _ in 0..=next() % 4 {
            let at = next() as usize % bent.len();
            bent[at] = match next() % 3 {
                0 => next() as u8,
                1 => 0xFF,
                _ => bent[at] ^ 1 << (next() % 8),
            };
        }
        refused += usize::from(decode(&bent).is_err());
    }
    assert!(refused > 50_000, "only {refused} of 200000 refused");
}

#[test]
fn messages_round_trip() {
    for command in [
        Command::Slots,
        Command::Start(77),
        Command::Signal(15),
        Command::Kill,
    ] {
        assert_eq!(Command::decode(&command.encode()), Some(command));
    }
    let ended = Ended {
        status: 9,
        cause: Cause::CpuLimit,
        before_exec: true,
        wall: u64::MAX,
        user: 1 << 40,
        system: 2,
        max_rss: 3,
    };
    for report in [
        Report::Born {
            namespaces: [1, 2, 3, 4, 5, 6, 7, u32::MAX],
        },
        Report::Started,
        Report::Failed { op: 4, errno: 2 },
        Report::Ended(ended),
    ] {
        assert_eq!(Report::decode(&report.encode()), Some(report));
    }
    assert_eq!(Report::decode(&[0; Report::LEN]), None);
    assert_eq!(Report::decode(&[1; 3]), None);
}
