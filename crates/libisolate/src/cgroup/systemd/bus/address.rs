//! Where a bus or a single peer listens: addresses as the D-Bus specification writes them, and the
//! well-known places.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use super::error::BusError;

const SYSTEM_BUS: &str = "/run/dbus/system_bus_socket";

/// Who is to be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A bus, at the first of these places where one listens: it wants a Hello, and passes signals on
    /// that match a rule.
    Bus(Vec<Place>),
    /// One peer, such as a manager's private socket: it has no names, and sends all its signals.
    Peer(PathBuf),
}

/// One socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path(PathBuf),
    /// A name without a file, in the network namespace.
    Abstract(Vec<u8>),
}

impl Address {
    /// The system bus: `DBUS_SYSTEM_BUS_ADDRESS`, else where it always is.
    pub(crate) fn system() -> Result<Address, BusError> {
        match variable("DBUS_SYSTEM_BUS_ADDRESS") {
            Some(list) => Address::parse("DBUS_SYSTEM_BUS_ADDRESS", &list),
            None => Ok(Address::Bus(vec![Place::Path(SYSTEM_BUS.into())])),
        }
    }

    /// The caller's own bus: `DBUS_SESSION_BUS_ADDRESS`, else `bus` in the [`runtime_dir`].
    pub(crate) fn session() -> Result<Address, BusError> {
        match variable("DBUS_SESSION_BUS_ADDRESS") {
            Some(list) => Address::parse("DBUS_SESSION_BUS_ADDRESS", &list),
            None => Ok(Address::Bus(vec![Place::Path(runtime_dir().join("bus"))])),
        }
    }

    /// Reads a list of addresses. Transports other than Unix sockets are skipped, as a client may; where
    /// nothing is left, that is an error. `source` is where the list is from, for that.
    pub(crate) fn parse(source: &str, list: &OsStr) -> Result<Address, BusError> {
        let wrong = |reason: &str| {
            let list = list.to_string_lossy();
            BusError::Protocol(format!("{source}={list}: {reason}"))
        };
        let mut places = Vec::new();
        for one in list.as_bytes().split(|byte| *byte == b';') {
            // A separator at the end is allowed.
            if !one.is_empty() {
                places.extend(place(one).map_err(wrong)?);
            }
        }
        match places.is_empty() {
            true => Err(wrong("no address of a unix socket to connect to")),
            false => Ok(Address::Bus(places)),
        }
    }

    /// The sockets to try, in order.
    pub(super) fn places(&self) -> Vec<Place> {
        match self {
            Address::Bus(places) => places.clone(),
            Address::Peer(path) => vec![Place::Path(path.clone())],
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Path(path) => path.display().fmt(f),
            Place::Abstract(name) => write!(f, "@{}", String::from_utf8_lossy(name)),
        }
    }
}

/// The caller's own runtime directory: `XDG_RUNTIME_DIR`, else where systemd makes it. Programs started
/// by cron or su(1) have no variable, but the same manager.
pub(crate) fn runtime_dir() -> PathBuf {
    match variable("XDG_RUNTIME_DIR") {
        Some(dir) if dir.as_bytes().starts_with(b"/") => dir.into(),
        _ => format!("/run/user/{}", nix::unistd::geteuid()).into(),
    }
}

/// A variable of the environment. A program with more rights than who started it has none: it would ask
/// a manager of that one's choice.
#[allow(unsafe_code)]
fn variable(name: &str) -> Option<OsString> {
    // SAFETY: reads what the kernel has handed over at exec.
    let secure = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    match secure {
        true => None,
        false => std::env::var_os(name).filter(|value| !value.is_empty()),
    }
}

/// The socket of one address, `transport:key=value,key=value`; none for other transports.
fn place(address: &[u8]) -> Result<Option<Place>, &'static str> {
    let colon = address.iter().position(|byte| *byte == b':');
    let (transport, keys) = address.split_at(colon.ok_or("an address without a colon")?);
    if transport != b"unix" {
        return Ok(None);
    }
    let mut found = None;
    for pair in keys[1..].split(|byte| *byte == b',') {
        let Some(equals) = pair.iter().position(|byte| *byte == b'=') else {
            return Err("a key without a value");
        };
        let value = unescaped(&pair[equals + 1..])?;
        let place = match &pair[..equals] {
            b"path" => Place::Path(OsString::from_vec(value).into()),
            b"abstract" => Place::Abstract(value),
            b"runtime" if value == b"yes" => Place::Path(runtime_dir().join("bus")),
            // `guid` and whatever else: does not change where.
            _ => continue,
        };
        if found.replace(place).is_some() {
            return Err("more than one place in an address");
        }
    }
    // `dir` and `tmpdir` are for who listens.
    Ok(found)
}

/// Replaces %XX by the byte.
fn unescaped(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    let digit = |at: usize| {
        let letter = char::from(*text.get(at)?);
        letter.to_digit(16).and_then(|d| u8::try_from(d).ok())
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'%' {
            let byte = digit(at + 1).zip(digit(at + 2));
            let (high, low) = byte.ok_or("a % without two digits of base 16")?;
            bytes.push(high * 16 + low);
            at += 3;
        } else {
            bytes.push(text[at]);
            at += 1;
        }
    }
    match bytes.contains(&0) {
        true => Err("a place with a NUL in it"),
        false => Ok(bytes),
    }
}
