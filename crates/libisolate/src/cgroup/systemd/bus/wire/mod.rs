//! D-Bus on the wire: values, their signatures, and messages. Pure: bytes in, bytes out.
//!
//! The reader trusts nobody: lengths are checked before memory is asked for, nesting and the number of
//! values are limited, and whatever is wrong is [`Malformed`], never a panic.

mod decode;
mod encode;
mod message;
mod signature;
mod value;

pub(crate) use message::{FIXED, Kind, Message, length};
pub(crate) use value::Value;

/// What a message may be long, in bytes. The protocol allows 128 MiB; nothing that this library asks
/// for comes near a hundredth of that, and the memory belongs to the host program.
pub(crate) const LARGEST: usize = 1 << 20;

/// Why bytes are no message, or values cannot become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// The next multiple of `to`, a power of two.
fn aligned(at: usize, to: usize) -> usize {
    (at + to - 1) & !(to - 1)
}
