//! Which devices the processes of a group may use: one list of rules for both versions.
//!
//! v1 has a controller for it (`devices.allow`, `devices.deny`), v2 asks an eBPF program ([`listing`]). A
//! [`Rule`] means the same on both. What v1 cannot keep, a part taken out of a wider rule (`allow c *:*
//! rwm; deny c 1:3 w`), is refused there and works on v2.

mod access;
mod explain;
mod filter;
#[cfg(test)]
mod random;
mod rule;
mod state;
mod v1;
mod v2;

pub(crate) use super::bpf::attach::Saved;
pub use access::Access;
pub use explain::Explanation;
pub(crate) use explain::explain;
pub use filter::listing;
pub use rule::{Device, Kind, Rule, format, parse};
pub(crate) use rule::{HIGHEST_MAJOR, HIGHEST_MINOR};
use state::State;
pub(crate) use v1::{
    Seen as SavedV1, put as put_v1, restore as restore_v1, snapshot as snapshot_v1,
};
pub(crate) use v2::{put, restore, snapshot};

use crate::error::{Error, ErrorKind, Stage};

fn bad(text: &str, detail: impl Into<String>) -> Error {
    Error::new(
        ErrorKind::InvalidSpec,
        Stage::Cgroup,
        format!("{text:?}"),
        detail,
    )
}
