//! D-Bus, as little of it as asking a manager needs: calls with a deadline, and signals. Of systemd's
//! meaning there is nothing here.
//!
//! Our own client, since none of the kept ones can live in somebody else's process under the rules of
//! this library: zbus starts threads that stay when the connection has gone; rustbus leaves descriptors
//! open across exec, sends without MSG_NOSIGNAL (SIGPIPE ends the host program), turns in circles when
//! the peer hangs up early and panics on its text; libsystemd waits for authentication without regard to
//! the deadline, maps compression and cryptography into the host, and is not there for static programs.

mod address;
mod auth;
mod connection;
mod error;
mod stream;
#[cfg(test)]
mod tests;
mod wire;

pub(crate) use address::{Address, Place, runtime_dir};
pub(crate) use connection::{Bus, Call, Watch};
pub(crate) use error::BusError;
pub(crate) use wire::Value;
