//! The lines before the first message: SASL with the EXTERNAL mechanism, which means the user id that the
//! kernel tells the peer.

use std::fmt::Write as _;
use std::time::Instant;

use super::error::BusError;
use super::stream::Stream;

/// The longest line that is listened to.
const LONGEST: usize = 4096;

/// How we name ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// By our user id, which peers before systemd 246 want.
    Own,
    /// Not at all: the peer goes by the kernel's word alone. In another user namespace than ours it
    /// sees another id than the one that we would name.
    None,
}

/// Says who we are, and comes back with whether that is believed; then messages may follow. `Err` is for
/// what cannot be helped by another [`Identity`].
pub(super) fn authenticate(
    stream: &mut Stream,
    identity: Identity,
    deadline: Instant,
) -> Result<Result<(), String>, BusError> {
    // The NUL is a relic: BSD sends credentials along with it. BEGIN goes in the same piece, before the
    // answer is known: systemd's private socket never looks at a message that it has read together with
    // BEGIN until another one comes.
    let lines = match identity {
        Identity::Own => {
            let mut id = String::new();
            for digit in nix::unistd::geteuid().to_string().bytes() {
                // Writing to a String does not fail.
                let _ = write!(id, "{digit:02x}");
            }
            format!("\0AUTH EXTERNAL {id}\r\nBEGIN\r\n")
        }
        Identity::None => "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n".to_owned(),
    };
    stream.send(lines.as_bytes(), deadline)?;
    let mut answer = line(stream, deadline)?;
    if identity == Identity::None && answer.split(' ').next() == Some("DATA") {
        answer = line(stream, deadline)?;
    }
    match answer.split(' ').next() {
        Some("OK") => Ok(Ok(())),
        Some("REJECTED") => Ok(Err(answer)),
        _ => Err(BusError::Protocol(format!(
            "the answer to AUTH EXTERNAL is {answer:?}"
        ))),
    }
}

/// The next line, without its end.
fn line(stream: &mut Stream, deadline: Instant) -> Result<String, BusError> {
    loop {
        if let Some(length) = stream.inbox.windows(2).position(|two| two == b"\r\n") {
            let mut line = stream.take(length + 2);
            line.truncate(length);
            return match line.is_ascii() {
                true => Ok(String::from_utf8_lossy(&line).into_owned()),
                false => Err(BusError::Protocol("a line that is not ASCII".to_owned())),
            };
        }
        if stream.inbox.len() > LONGEST {
            return Err(BusError::Protocol("a line without an end".to_owned()));
        }
        stream.receive(deadline)?;
    }
}
