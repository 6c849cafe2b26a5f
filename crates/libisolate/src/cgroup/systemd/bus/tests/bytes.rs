//! Messages byte by byte: those of the reference implementation, libdbus 1.14, and the examples of the
//! D-Bus specification.

use crate::cgroup::systemd::bus::wire::{Kind, Message, Value, length};

/// Hello, its serial 1.
const HELLO: &str = "\
    6c01000100000000010000006e00000001016f00150000002f6f72672f667265656465736b746f70\
    2f4442757300000006017300140000006f72672e667265656465736b746f702e4442757300000000\
    02017300140000006f72672e667265656465736b746f702e44427573000000000301730005000000\
    48656c6c6f000000";

/// StartTransientUnit with six properties, its serial 7.
const START: &str = "\
    6c010001f000000007000000b600000001016f00190000002f6f72672f667265656465736b746f70\
    2f73797374656d64310000000000000006017300180000006f72672e667265656465736b746f702e\
    73797374656d6431000000000000000002017300200000006f72672e667265656465736b746f702e\
    73797374656d64312e4d616e61676572000000000000000003017300120000005374617274547261\
    6e7369656e74556e6974000000000000080167001073736128737629612873612873762929000000\
    0b0000006275696c642e73636f706500040000006661696c00000000c80000000b00000044657363\
    72697074696f6e00017300000500000061206a6f6200000004000000504944730002617500000000\
    04000000671200000800000044656c6567617465000162000100000000000000090000004d656d6f\
    72794d61780001740000000000000000ffffffffffffffff0b000000416c6c6f7765644350557300\
    026179000100000003000000000000000b000000446576696365416c6c6f77000561287373290000\
    1800000000000000090000002f6465762f6e756c6c0000000300000072776d000000000000000000";

/// The signal JobRemoved, its serial 300.
const REMOVED: &str = "\
    6c040101450000002c0100008a00000001016f00190000002f6f72672f667265656465736b746f70\
    2f73797374656d64310000000000000002017300200000006f72672e667265656465736b746f702e\
    73797374656d64312e4d616e616765720000000000000000030173000a0000004a6f6252656d6f76\
    656400000000000007017300040000003a312e32000000000801670004756f737300000000000000\
    0c000000200000002f6f72672f667265656465736b746f702f73797374656d64312f6a6f622f3132\
    000000000b0000006275696c642e73636f70650004000000646f6e6500";

/// The error AccessDenied for serial 7.
const DENIED: &str = "\
    6c030001160000002d0100004f00000004017300270000006f72672e667265656465736b746f702e\
    444275732e4572726f722e41636365737344656e6965640005017500070000000601730004000000\
    3a312e39000000000801670001730000110000005065726d697373696f6e2064656e69656400";

/// A reply with a value of every type, arrays of them and arrays of nothing.
const EVERY: &str = "\
    6c020001a4000000020000002a0000000501750008000000080167001c79626e716975787464736f\
    6776617b73767d2869287929296161617900000000000000ff00000001000000fefffffffdffffff\
    0400000000000000fbffffffffffffff0600000000000000000000000000e03f02000000c3a90000\
    040000002f612f620005617b73767d0001760001750000000100000028000000010000006b000178\
    0000000000000000ffffffffffffffff010000006c00026173000000000000000900000000000000\
    07000000140000000c00000002000000010200000000000000000000";

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |letter: u8| char::from(letter).to_digit(16).expect("a digit") as u8;
    let pairs = hex.as_bytes().chunks_exact(2);
    pairs
        .map(|two| digit(two[0]) * 16 + digit(two[1]))
        .collect()
}

fn call(destination: &str, path: &str, interface: &str, member: &str, args: &[Value]) -> Message {
    let mut message = Message::new(Kind::Call, args).expect("right values");
    message.destination = Some(destination.to_owned());
    message.path = Some(path.to_owned());
    message.interface = Some(interface.to_owned());
    message.member = Some(member.to_owned());
    message
}

fn property(name: &str, value: Value) -> Value {
    Value::Struct(vec![name.into(), value.in_variant()])
}

fn start() -> Message {
    let devices = Value::Struct(vec!["/dev/null".into(), "rwm".into()]);
    let properties = vec![
        property("Description", "a job".into()),
        property("PIDs", Value::Array("u".into(), vec![4711_u32.into()])),
        property("Delegate", true.into()),
        property("MemoryMax", u64::MAX.into()),
        property("AllowedCPUs", Value::Bytes(vec![3])),
        property("DeviceAllow", Value::Array("(ss)".into(), vec![devices])),
    ];
    let args = [
        "build.scope".into(),
        "fail".into(),
        Value::Array("(sv)".into(), properties),
        Value::Array("(sa(sv))".into(), Vec::new()),
    ];
    let manager = "org.freedesktop.systemd1.Manager";
    let path = "/org/freedesktop/systemd1";
    let mut message = call(
        "org.freedesktop.systemd1",
        path,
        manager,
        "StartTransientUnit",
        &args,
    );
    message.serial = 7;
    message
}

#[test]
fn calls_as_the_reference_writes_them() {
    let bus = "org.freedesktop.DBus";
    let mut hello = call(bus, "/org/freedesktop/DBus", bus, "Hello", &[]);
    hello.serial = 1;
    assert_eq!(hello.encode().expect("right"), bytes(HELLO));
    assert_eq!(start().encode().expect("right"), bytes(START));
}

#[test]
fn what_the_reference_wrote_is_read() {
    let read = |hex| Message::decode(&bytes(hex)).expect("right bytes");
    assert_eq!(read(START), start());
    let removed = read(REMOVED);
    assert_eq!((removed.kind, removed.serial), (Kind::Signal, 300));
    assert_eq!(removed.member.as_deref(), Some("JobRemoved"));
    assert_eq!(removed.sender.as_deref(), Some(":1.2"));
    assert_eq!(
        removed.values().expect("right"),
        [
            12_u32.into(),
            Value::Path("/org/freedesktop/systemd1/job/12".to_owned()),
            "build.scope".into(),
            "done".into(),
        ]
    );
    let denied = read(DENIED);
    assert_eq!((denied.kind, denied.reply_to), (Kind::Error, Some(7)));
    assert_eq!(
        denied.error.as_deref(),
        Some("org.freedesktop.DBus.Error.AccessDenied")
    );
    assert_eq!(
        denied.values().expect("right"),
        ["Permission denied".into()]
    );
}

#[test]
fn every_type() {
    let entry = |key: &str, value: Value| Value::Entry(Box::new((key.into(), value.in_variant())));
    let pairs = vec![entry("k", Value::I64(-1)), entry("l", Value::strings([]))];
    let inner = |lists: Vec<Vec<u8>>| {
        Value::Array("ay".into(), lists.into_iter().map(Value::Bytes).collect())
    };
    let values = [
        Value::Byte(255),
        Value::Bool(true),
        Value::I16(-2),
        Value::U16(65535),
        Value::I32(-3),
        Value::U32(4),
        Value::I64(-5),
        Value::U64(6),
        Value::F64(0.5),
        Value::Str("\u{e9}".to_owned()),
        Value::Path("/a/b".to_owned()),
        Value::Signature("a{sv}".to_owned()),
        Value::U32(1).in_variant().in_variant(),
        Value::Array("{sv}".into(), pairs),
        Value::Struct(vec![Value::I32(9), Value::Struct(vec![Value::Byte(7)])]),
        Value::Array(
            "aay".into(),
            vec![inner(vec![vec![1, 2], vec![]]), inner(vec![])],
        ),
    ];
    let mut message = Message::new(Kind::Reply, &values).expect("right values");
    message.serial = 2;
    message.reply_to = Some(8);
    assert_eq!(message.encode().expect("right"), bytes(EVERY));
    let read = Message::decode(&bytes(EVERY)).expect("right bytes");
    assert_eq!(read.values().expect("right"), values);
}

/// A big-endian message around a body.
fn big(signature: &str, body: &[u8]) -> Vec<u8> {
    let mut fields = vec![
        5,
        1,
        b'u',
        0,
        0,
        0,
        0,
        9,
        8,
        1,
        b'g',
        0,
        signature.len() as u8,
    ];
    fields.extend(signature.bytes().chain([0]));
    let mut message = vec![b'B', 2, 0, 1];
    for number in [body.len() as u32, 0x0102_0304, fields.len() as u32] {
        message.extend(number.to_be_bytes());
    }
    message.extend(&fields);
    message.resize(message.len().next_multiple_of(8), 0);
    message.extend(body);
    message
}

#[test]
fn big_endian_examples_of_the_specification() {
    let read = |signature, body: &[u8]| {
        let bytes = big(signature, body);
        assert_eq!(length(&bytes[..16]).expect("right"), bytes.len());
        let message = Message::decode(&bytes).expect("right bytes");
        assert_eq!((message.serial, message.reply_to), (0x0102_0304, Some(9)));
        message.values().expect("right values")
    };
    let texts = [
        0, 0, 0, 3, b'f', b'o', b'o', 0, 0, 0, 0, 1, b'+', 0, 0, 0, 0, 0, 0, 3, b'b', b'a', b'r', 0,
    ];
    assert_eq!(
        read("sss", &texts),
        ["foo".into(), "+".into(), "bar".into()]
    );
    // The padding between an array's length and its first element is not counted in the length.
    let array = [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5];
    let five = Value::Array("x".into(), vec![Value::I64(5)]);
    assert_eq!(read("ax", &array), [five]);
    // Nor is it left out before an array of no elements.
    let empty = [0, 0, 0, 0, 0, 0, 0, 0, 1];
    let none = Value::Array("x".into(), Vec::new());
    assert_eq!(read("axy", &empty), [none, Value::Byte(1)]);
    let rest = [
        0xff, 0xfe, 0, 0, 0xff, 0xff, 0xff, 0xfd, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0,
    ];
    let values = [Value::I16(-2), Value::I32(-3), Value::F64(0.5)];
    assert_eq!(read("nid", &rest), values);
}

#[test]
fn wrong_values_are_not_sent() {
    let refused = |value: Value| Message::new(Kind::Call, &[value]).expect_err("wrong").0;
    assert_eq!(refused("a\0b".into()), "a text with a NUL in it");
    for path in ["", "a", "/a/", "//", "/a//b", "/a-b", "/\u{e9}"] {
        assert_eq!(
            refused(Value::Path(path.to_owned())),
            "no object path",
            "{path}"
        );
    }
    let mixed = Value::Array("s".into(), vec!["a".into(), true.into()]);
    assert_eq!(refused(mixed), "an array with an element of another type");
    let nothing = Value::Struct(Vec::new()).in_variant();
    assert_eq!(refused(nothing), "a variant of no type");
    let large = Value::Str("x".repeat((1 << 20) + 1));
    assert_eq!(refused(large), "a value that is too large");
    let many = vec![Value::Str("x".repeat(1 << 10)); 1 << 10];
    assert_eq!(
        refused(Value::Array("s".into(), many)),
        "an array that is too large"
    );
    let halves = [vec![0; 1 << 19], vec![0; 1 << 19]].map(Value::Bytes);
    let message = Message::new(Kind::Call, &halves).expect("each is small enough");
    assert_eq!(
        message.encode().expect_err("large").0,
        "a message of more than 1 MiB"
    );
    for right in ["/", "/a", "/org/freedesktop/systemd1/job/12", "/_"] {
        Message::new(Kind::Call, &[Value::Path(right.to_owned())]).expect(right);
    }
}

#[test]
fn readers_of_values() {
    let text = Value::from("x").in_variant().in_variant();
    assert_eq!((text.text(), text.number()), (Some("x"), None));
    assert_eq!(Value::U16(5).in_variant().number(), Some(5));
    let list = Value::strings(["a", "b"]);
    assert_eq!(list.items().map(<[Value]>::len), Some(2));
    assert_eq!(Value::Bool(true).items(), None);
}
