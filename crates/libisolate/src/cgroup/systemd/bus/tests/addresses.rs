//! Lists of addresses.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use crate::cgroup::systemd::bus::address::runtime_dir;
use crate::cgroup::systemd::bus::{Address, BusError, Place};
use crate::cgroup::testing::skip;

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

/// In the process that [`in_surroundings`] starts: what is to come of them.
const EXPECTED: &str = "ISOLATE_TEST_ADDRESSES";

/// Runs the test in a process of its own, by a command and with variables.
fn in_surroundings(command: &[&str], variables: &[(&str, &str)], expected: &str) {
    let own = std::env::current_exe().expect("this program");
    let name = "cgroup::systemd::bus::tests::addresses::surroundings";
    let mut words = command.iter().map(OsStr::new).chain([own.as_os_str()]);
    let mut command = Command::new(words.next().expect("a command"));
    command
        .args(words)
        .args(["--exact", name, "--test-threads=1"]);
    for unset in [
        "DBUS_SYSTEM_BUS_ADDRESS",
        "DBUS_SESSION_BUS_ADDRESS",
        "XDG_RUNTIME_DIR",
    ] {
        command.env_remove(unset);
    }
    command
        .envs(variables.iter().copied())
        .env(EXPECTED, expected);
    let said = command.output().expect("it starts");
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(
        said.status.success() && text.contains("1 passed"),
        "{variables:?}: {text}"
    );
}

#[test]
fn surroundings() {
    if let Ok(expected) = std::env::var(EXPECTED) {
        let shown = |address: Result<Address, BusError>| match address {
            Ok(Address::Bus(places)) => places[0].to_string(),
            other => panic!("{other:?}"),
        };
        let found = [
            shown(Address::system()),
            shown(Address::session()),
            runtime_dir().display().to_string(),
        ];
        assert_eq!(found.join(" "), expected);
        return;
    }
    let id = nix::unistd::geteuid();
    let plain = format!("/run/dbus/system_bus_socket /run/user/{id}/bus /run/user/{id}");
    in_surroundings(&[], &[], &plain);
    let own = [("XDG_RUNTIME_DIR", "/own")];
    in_surroundings(&[], &own, "/run/dbus/system_bus_socket /own/bus /own");
    for wrong in ["", "own"] {
        in_surroundings(&[], &[("XDG_RUNTIME_DIR", wrong)], &plain);
    }
    let both = [
        ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/a"),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:runtime=yes;unix:path=/b"),
        ("XDG_RUNTIME_DIR", "/own"),
    ];
    in_surroundings(&[], &both, "/a /own/bus /own");
    // As a program with the setuid bit is: its real user has said what the variables are.
    if !id.is_root() {
        return skip(
            "surroundings",
            "needs root for a program with more rights than its user",
        );
    }
    in_surroundings(&["setpriv", "--ruid=65533"], &both, &plain);
}
