//! What can go wrong between here and the answer.

use std::fmt;

use isolate_sys::Errno;

use super::wire::Malformed;
use crate::error::describe;

/// Why there is no answer, or which error the answer is. One line, lower case, without a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BusError {
    /// Nobody listens there.
    Absent { socket: String, errno: Errno },
    /// The socket, or who listens there, refuses the caller.
    Refused { socket: String, reason: String },
    /// Who listens there has too many callers waiting: to be tried again later.
    Busy { socket: String },
    /// The peer has closed the connection; whether it has still seen the last call is not known.
    Closed,
    /// The deadline passed. The connection can still be used: a late answer is skipped.
    TimedOut,
    /// The answer is an error: a D-Bus name such as `org.freedesktop.DBus.Error.AccessDenied`, and text.
    Reply { name: String, message: String },
    /// Bytes that D-Bus does not allow, or an address or a call that it does not. What the peer sent so
    /// ends the connection.
    Protocol(String),
    /// A system call failed: descriptors or memory are short.
    System { call: &'static str, errno: Errno },
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BusError::Absent { socket, errno } => write!(f, "{socket}: {}", describe(*errno)),
            BusError::Refused { socket, reason } => write!(f, "{socket}: {reason}"),
            BusError::Busy { socket } => write!(f, "{socket}: too many callers are waiting"),
            BusError::Closed => f.write_str("the connection was closed by the other side"),
            BusError::TimedOut => f.write_str("no answer in time"),
            BusError::Reply { name, message } if message.is_empty() => f.write_str(name),
            BusError::Reply { name, message } => write!(f, "{message} ({name})"),
            BusError::Protocol(what) => write!(f, "not as d-bus has it: {what}"),
            BusError::System { call, errno } => write!(f, "{call}: {}", describe(*errno)),
        }
    }
}

impl From<Malformed> for BusError {
    fn from(malformed: Malformed) -> BusError {
        BusError::Protocol(malformed.0.to_owned())
    }
}
