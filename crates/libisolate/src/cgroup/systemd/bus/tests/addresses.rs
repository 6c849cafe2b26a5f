//! Lists of addresses.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::cgroup::systemd::bus::{Address, BusError, Place};

fn path(path: &str) -> Place {
    Place::Path(path.into())
}

fn parse(list: &[u8]) -> Result<Vec<Place>, String> {
    match Address::parse("BUS", OsStr::from_bytes(list)) {
        Ok(Address::Bus(places)) => Ok(places),
        Ok(Address::Peer(_)) => panic!("a list of addresses is of a bus"),
        Err(BusError::Protocol(text)) => Err(text),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn places() {
    let right: [(&[u8], Vec<Place>); 9] = [
        (
            b"unix:path=/run/dbus/system_bus_socket",
            vec![path("/run/dbus/system_bus_socket")],
        ),
        (b"unix:path=/a,guid=0123456789abcdef", vec![path("/a")]),
        (b"unix:guid=0123456789abcdef,path=/a", vec![path("/a")]),
        (
            b"unix:path=/a;unix:abstract=b c;",
            vec![path("/a"), Place::Abstract(b"b c".to_vec())],
        ),
        (
            b"unix:path=/with%2ccomma%3Band%25",
            vec![path("/with,comma;and%")],
        ),
        (b"unix:abstract=%ff%00x", vec![]),
        (b"tcp:host=localhost,port=1;unix:path=/a", vec![path("/a")]),
        (
            b"unixexec:path=/bin/x;autolaunch:;unix:path=/a",
            vec![path("/a")],
        ),
        // Unknown keys do not change where.
        (b"unix:path=/a,later=b", vec![path("/a")]),
    ];
    for (list, places) in right {
        let found = parse(list);
        match places.is_empty() {
            false => assert_eq!(found, Ok(places)),
            true => assert!(found.is_err_and(|text| text.contains("NUL"))),
        }
    }
    assert_eq!(
        parse(b"unix:path=/\xff"),
        Ok(vec![Place::Path(OsStr::from_bytes(b"/\xff").into())])
    );
}

#[test]
fn wrong_lists() {
    let nowhere = "no address of a unix socket to connect to";
    for (list, reason) in [
        ("", nowhere),
        (";", nowhere),
        ("tcp:host=localhost,port=1", nowhere),
        ("autolaunch:", nowhere),
        ("unix:dir=/tmp", nowhere),
        ("unix:runtime=no", nowhere),
        ("/run/dbus/system_bus_socket", "an address without a colon"),
        ("unix:path=/a;b", "an address without a colon"),
        ("unix:", "a key without a value"),
        ("unix:path", "a key without a value"),
        (
            "unix:path=/a,abstract=b",
            "more than one place in an address",
        ),
        ("unix:path=/a%", "a % without two digits of base 16"),
        ("unix:path=/a%2", "a % without two digits of base 16"),
        ("unix:path=/a%+1", "a % without two digits of base 16"),
    ] {
        assert_eq!(parse(list.as_bytes()), Err(format!("BUS={list}: {reason}")));
    }
}

#[test]
fn as_shown() {
    assert_eq!(path("/a").to_string(), "/a");
    assert_eq!(Place::Abstract(b"a\xff".to_vec()).to_string(), "@a\u{fffd}");
}
