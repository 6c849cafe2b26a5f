//! The reader of D-Bus messages and bytes of nobody's making: messages cut off, changed, made up. It must
//! neither panic nor ask for memory that the bytes do not justify, which is why this test program counts
//! what is asked for.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[allow(dead_code, reason = "the client uses the rest")]
#[path = "../src/cgroup/systemd/bus/wire/mod.rs"]
mod wire;

use wire::{FIXED, Kind, Message, Value, length};

thread_local! {
    /// What this thread has now, and the most that it had.
    static HELD: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

struct Counting;

fn count(change: isize) {
    // None while the thread ends.
    let _ = HELD.try_with(|held| {
        let (now, most) = held.get();
        held.set((now + change, most.max(now + change)));
    });
}

// SAFETY: what the system's allocator does, which keeps the rules.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Reads bytes as the client does, and gives the values and the most memory that it took.
fn read(bytes: &[u8]) -> (Option<Vec<Value>>, usize) {
    let before = HELD.get().0;
    HELD.set((before, before));
    let values = bytes
        .get(..FIXED)
        .and_then(|start| length(start).ok())
        .filter(|length| *length <= bytes.len())
        .and_then(|length| Message::decode(&bytes[..length]).ok())
        .and_then(|message| message.values().ok());
    let most = HELD.get().1 - before;
    (values, most.unsigned_abs())
}

/// More than any message of `length` bytes may take: a fixed part for the few values that every one may
/// hold, and a multiple. Each value is some fifty bytes, a vector may be twice as large as needed and
/// exists twice while it grows.
fn allowed(length: usize) -> usize {
    4096 + length * 400
}

/// And none may take more, whatever its length.
const ALLOWED: usize = 24 << 20;

/// A message with all that there is, of a few hundred bytes.
fn sample() -> Vec<u8> {
    let entry = |key: &str, value: Value| Value::Entry(Box::new((key.into(), value.in_variant())));
    let lists = vec![Value::Bytes(vec![1, 2]), Value::Bytes(Vec::new())];
    let values = [
        Value::Byte(1),
        Value::Bool(true),
        Value::I16(-2),
        Value::I32(-3),
        Value::U32(4),
        Value::I64(-5),
        Value::U64(6),
        Value::F64(0.5),
        "text".into(),
        Value::Path("/a/b".to_owned()),
        Value::Signature("a{sv}".to_owned()),
        Value::strings(["x", "yy"]).in_variant().in_variant(),
        Value::Array(
            "{sv}".into(),
            vec![entry("k", 1_u64.into()), entry("l", true.into())],
        ),
        Value::Struct(vec!["s".into(), Value::Struct(vec![Value::Byte(7)])]),
        Value::Array("ay".into(), lists),
        Value::Array(
            "(ss)".into(),
            vec![Value::Struct(vec!["a".into(), "b".into()])],
        ),
    ];
    let mut message = Message::new(Kind::Signal, &values).unwrap();
    message.serial = 7;
    message.path = Some("/org/example".to_owned());
    message.interface = Some("org.example.Face".to_owned());
    message.member = Some("Changed".to_owned());
    message.sender = Some(":1.1".to_owned());
    let bytes = message.encode().unwrap();
    assert_eq!(read(&bytes).0.unwrap(), values);
    bytes
}

/// xorshift64*, the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }
}

/// A reply with a body that the writer would not write.
fn raw(signature: &str, body: &[u8]) -> Vec<u8> {
    let mut fields = vec![5, 1, b'u', 0, 9, 0, 0, 0, 8, 1, b'g', 0];
    fields.push(signature.len() as u8);
    fields.extend(signature.bytes().chain([0]));
    let mut message = vec![b'l', 2, 0, 1];
    for number in [body.len() as u32, 1, fields.len() as u32] {
        message.extend(number.to_le_bytes());
    }
    message.extend(&fields);
    message.resize(message.len().next_multiple_of(8), 0);
    message.extend(body);
    message
}

#[test]
fn cut_off_anywhere() {
    let whole = sample();
    for end in 0..whole.len() {
        // What is left, and the same with lengths in the header that fit what is left.
        assert_eq!(read(&whole[..end]).0, None);
        let header = whole.len() - u32::from_le_bytes(whole[4..8].try_into().unwrap()) as usize;
        if end >= header {
            let mut short = whole[..end].to_vec();
            short[4..8].copy_from_slice(&((end - header) as u32).to_le_bytes());
            assert_eq!(length(&short).unwrap(), end);
            let (values, most) = read(&short);
            assert_eq!(values, None, "{end}");
            assert!(most <= allowed(end), "{most} bytes for {end}");
        }
    }
}

#[test]
fn changed_anywhere() {
    let whole = sample();
    let mut random = Random(0x15_0D_B5);
    let mut read_well = 0;
    for round in 0..200_000 {
        let mut changed = whole.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(changed.len());
            changed[at] = match random.below(4) {
                0 => random.below(256) as u8,
                1 => changed[at] ^ (1 << random.below(8)),
                2 => b"abdghinoqstuvxy(){}"[random.below(19)],
                _ => [0, 1, 0xff, 0x7f][random.below(4)],
            };
        }
        let (values, most) = read(&changed);
        assert!(
            most <= allowed(whole.len()),
            "{most} bytes in round {round}"
        );
        read_well += usize::from(values.is_some());
    }
    // Or the rounds would show nothing of what comes after the header.
    assert!(read_well > 10_000, "{read_well}");
}

#[test]
fn made_up() {
    let mut random = Random(7);
    for _ in 0..50_000 {
        // A right header around random types and a random body: else little comes beyond the header.
        let signature: String = (0..random.below(12))
            .map(|_| char::from(b"aaasvvyubdtgno({})(("[random.below(20)]))
            .collect();
        let body: Vec<u8> = (0..random.below(200))
            .map(|_| match random.below(3) {
                0 => random.below(256) as u8,
                _ => random.below(4) as u8,
            })
            .collect();
        let bytes = raw(&signature, &body);
        assert!(read(&bytes).1 <= allowed(bytes.len()));
        let bytes: Vec<u8> = (0..random.below(64))
            .map(|_| random.below(256) as u8)
            .collect();
        assert!(read(&bytes).1 <= allowed(bytes.len()));
    }
}

#[test]
fn lengths_that_lie() {
    for claimed in [1 << 20, 1 << 26, u32::MAX, u32::MAX - 7, 1 << 31] {
        let [a, b, c, d] = claimed.to_le_bytes();
        // An array, a text, bytes, and the header itself.
        for (signature, body) in [
            ("as", vec![a, b, c, d, 1, 0, 0, 0]),
            ("ax", vec![a, b, c, d, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
            ("s", vec![a, b, c, d, b'x', 0]),
            ("ay", vec![a, b, c, d, b'x']),
            ("a{sv}", vec![a, b, c, d, 0, 0, 0, 0]),
        ] {
            let bytes = raw(signature, &body);
            let (values, most) = read(&bytes);
            assert_eq!(values, None, "{signature}");
            assert!(most <= allowed(bytes.len()), "{most} bytes for {signature}");
        }
        for at in [4, 12] {
            let mut bytes = sample();
            bytes[at..at + 4].copy_from_slice(&[a, b, c, d]);
            assert!(length(&bytes).is_err(), "{claimed} at {at}");
        }
    }
    let limit = (1 << 20) - 32_u32;
    let mut start = [b'l', 2, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0];
    for (body, right) in [(limit, true), (limit + 1, false)] {
        start[4..8].copy_from_slice(&body.to_le_bytes());
        assert_eq!(length(&start).is_ok(), right, "{body}");
    }
}

#[test]
fn many_values_in_few_bytes() {
    // Each of the largest message: empty arrays, numbers of two bytes, a variant in each four bytes.
    let room = (1 << 20) - 128;
    let mut empty = (room as u32).to_le_bytes().to_vec();
    empty.resize(room + 4, 0);
    let mut variants = (room as u32).to_le_bytes().to_vec();
    variants.extend([1, b'y', 0, 7].repeat(room / 4));
    for (signature, body) in [
        ("aas", &empty),
        ("aaas", &empty),
        ("aq", &empty),
        ("aaay", &empty),
        ("aay", &empty),
        ("ab", &empty),
        ("av", &variants),
    ] {
        let (values, most) = read(&raw(signature, body));
        assert_eq!(values, None, "{signature}");
        assert!(most <= ALLOWED, "{most} bytes for {signature}");
    }
    // As bytes, it may be that many.
    let (values, most) = read(&raw("ay", &empty));
    assert_eq!(values, Some(vec![Value::Bytes(vec![0; room])]));
    assert!(most <= 3 << 20, "{most}");
}

#[test]
fn nested_deep() {
    let types = |signature: &str, body: &[u8]| read(&raw(signature, body)).0;
    for (signature, right) in [
        (format!("{}y", "a".repeat(32)), true),
        (format!("{}y", "a".repeat(33)), false),
        (format!("{}y{}", "(".repeat(32), ")".repeat(32)), true),
        (format!("{}y{}", "(".repeat(33), ")".repeat(33)), false),
    ] {
        let body = [0; 8];
        // As many bytes as the value has.
        let found = (0..=8).any(|length| types(&signature, &body[..length]).is_some());
        assert_eq!(found, right, "{signature}");
    }
    // Variants in variants need no long signature.
    for (depth, right) in [(60, true), (70, false), (1000, false), (100_000, false)] {
        let mut body = b"\x01v\0".repeat(depth);
        body.extend(b"\x01y\0\x07");
        assert_eq!(types("v", &body).is_some(), right, "{depth}");
    }
}

#[test]
fn wrong_in_small_things() {
    let right = [
        ("b", &[1, 0, 0, 0][..]),
        ("s", b"\x01\0\0\0x\0"),
        ("yu", &[1, 0, 0, 0, 2, 0, 0, 0]),
        ("g", b"\x01y\0"),
        ("v", b"\x01y\0\x07"),
        ("a{yy}", &[2, 0, 0, 0, 0, 0, 0, 0, 1, 2]),
    ];
    for (signature, body) in right {
        assert!(
            read(&raw(signature, body)).0.is_some(),
            "{signature} {body:?}"
        );
    }
    let wrong = [
        // Neither true nor false; no end; a NUL within; not UTF-8; padding; types that are none.
        ("b", &[2, 0, 0, 0][..]),
        ("s", b"\x01\0\0\0xy"),
        ("s", b"\x02\0\0\0x\0\0"),
        ("s", b"\x01\0\0\0\xff\0"),
        ("yu", &[1, 0, 1, 0, 2, 0, 0, 0]),
        ("g", b"\x01z\0"),
        ("g", b"\x01(\0"),
        ("v", b"\x00\0"),
        ("v", b"\x02yy\0\x07\x07"),
        ("a{vy}", &[0, 0, 0, 0, 0, 0, 0, 0]),
        ("a{yyy}", &[0, 0, 0, 0, 0, 0, 0, 0]),
        ("a{y}", &[0, 0, 0, 0, 0, 0, 0, 0]),
        ("{yy}", &[1, 2]),
        ("()", &[]),
        ("a", &[0, 0, 0, 0]),
        ("(y", &[1]),
        ("y)", &[1]),
        ("r", &[1]),
        // More bytes than values, and an array that ends within its last element.
        ("y", &[1, 2]),
        ("aq", &[3, 0, 0, 0, 1, 0, 2, 0]),
    ];
    for (signature, body) in wrong {
        assert_eq!(read(&raw(signature, body)).0, None, "{signature} {body:?}");
    }
}
