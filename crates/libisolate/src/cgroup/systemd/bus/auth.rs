//! The lines before the first message: SASL with the EXTERNAL mechanism, which means the user id that the
//! kernel tells the peer.

use std::fmt::Write as _;
use std::time::Instant;

use super::error::BusError;
use super::stream::Stream;

/// The longest line that is listened to.
const LONGEST: usize = 4096;

/// Says who we are; when it comes back, messages may follow. `socket` is for the error.
pub(super) fn authenticate(
    stream: &mut Stream,
    socket: &str,
    deadline: Instant,
) -> Result<(), BusError> {
    let mut id = String::new();
    for digit in nix::unistd::geteuid().to_string().bytes() {
        // Writing to a String does not fail.
        let _ = write!(id, "{digit:02x}");
    }
    // The NUL is a relic: BSD sends credentials along with it.
    stream.send(format!("\0AUTH EXTERNAL {id}\r\n").as_bytes(), deadline)?;
    let mut answer = line(stream, deadline)?;
    if answer.starts_with("REJECTED") {
        // Where the peer lives in another user namespace, our id is another one there: with none
        // named, it goes by the kernel's word alone.
        stream.send(b"AUTH EXTERNAL\r\n", deadline)?;
        answer = line(stream, deadline)?;
        if answer.split(' ').next() == Some("DATA") {
            stream.send(b"DATA\r\n", deadline)?;
            answer = line(stream, deadline)?;
        }
    }
    match answer.split(' ').next() {
        Some("OK") => stream.send(b"BEGIN\r\n", deadline),
        Some("REJECTED") => Err(BusError::Refused {
            socket: socket.to_owned(),
            reason: format!("user id {} is not let in: {answer}", nix::unistd::geteuid()),
        }),
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
