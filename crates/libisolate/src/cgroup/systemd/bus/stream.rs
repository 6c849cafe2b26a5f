//! A Unix socket with deadlines. Never blocking in itself: waiting is done in poll(2), so that a peer
//! that stops in the middle of anything holds nobody beyond the deadline.

use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use isolate_sys::Errno;
use nix::errno::Errno as NixErrno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, recv, send, socket,
};

use super::address::Place;
use super::error::BusError;

/// The connected socket and what has come from it and was not taken yet.
#[derive(Debug)]
pub(super) struct Stream {
    fd: OwnedFd,
    pub(super) inbox: Vec<u8>,
}

impl Stream {
    pub(super) fn connect(place: &Place) -> Result<Stream, BusError> {
        let name = place.to_string();
        let address = match place {
            Place::Path(path) => UnixAddr::new(path),
            Place::Abstract(bytes) => UnixAddr::new_abstract(bytes),
        }
        .map_err(|errno| BusError::Absent {
            socket: name.clone(),
            errno: ours(errno),
        })?;
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None);
        let fd = fd.map_err(|errno| system("socket", errno))?;
        loop {
            // Of a Unix socket it is done at once or fails.
            return match connect(fd.as_raw_fd(), &address) {
                Ok(()) => Ok(Stream {
                    fd,
                    inbox: Vec::new(),
                }),
                Err(NixErrno::EINTR) => continue,
                Err(NixErrno::EAGAIN) => Err(BusError::Busy { socket: name }),
                Err(errno @ (NixErrno::EACCES | NixErrno::EPERM)) => Err(BusError::Refused {
                    socket: name,
                    reason: crate::error::describe(ours(errno)),
                }),
                Err(
                    errno @ (NixErrno::ENOENT
                    | NixErrno::ENOTDIR
                    | NixErrno::ELOOP
                    | NixErrno::ECONNREFUSED
                    | NixErrno::EPROTOTYPE),
                ) => Err(BusError::Absent {
                    socket: name,
                    errno: ours(errno),
                }),
                Err(errno) => Err(system("connect", errno)),
            };
        }
    }

    #[cfg(test)]
    pub(super) fn descriptor(&self) -> std::os::fd::BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Sends all of it. After an error part of it may have gone.
    pub(super) fn send(&mut self, mut bytes: &[u8], deadline: Instant) -> Result<(), BusError> {
        while !bytes.is_empty() {
            // A peer that has gone must not raise SIGPIPE in the host program.
            match send(self.fd.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(NixErrno::EINTR) => {}
                Err(NixErrno::EAGAIN) => self.wait(PollFlags::POLLOUT, deadline)?,
                Err(errno) => return Err(lost("send", errno)),
            }
        }
        Ok(())
    }

    /// Waits until more has come, and adds it to the inbox.
    pub(super) fn receive(&mut self, deadline: Instant) -> Result<(), BusError> {
        let mut piece = [0; 4096];
        loop {
            // Also where there is always something: a peer that never stops talking gets no longer.
            if Instant::now() >= deadline {
                return Err(BusError::TimedOut);
            }
            // Without room for control messages: the kernel closes the descriptors that come along.
            match recv(self.fd.as_raw_fd(), &mut piece, MsgFlags::empty()) {
                Ok(0) => return Err(BusError::Closed),
                Ok(length) => {
                    self.inbox.extend_from_slice(&piece[..length]);
                    return Ok(());
                }
                Err(NixErrno::EINTR) => {}
                Err(NixErrno::EAGAIN) => self.wait(PollFlags::POLLIN, deadline)?,
                Err(errno) => return Err(lost("recv", errno)),
            }
        }
    }

    /// Takes the first `length` bytes, which have come.
    pub(super) fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.inbox.split_off(length);
        std::mem::replace(&mut self.inbox, rest)
    }

    /// Waits until the socket is ready or the peer gone. May come back early.
    fn wait(&self, events: PollFlags, deadline: Instant) -> Result<(), BusError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(BusError::TimedOut);
        }
        // Rounded up: the last part of a millisecond would be spent in circles.
        let millis = (left + Duration::from_nanos(999_999)).as_millis();
        let timeout = PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(self.fd.as_fd(), events)], timeout) {
            Ok(_) | Err(NixErrno::EINTR) => Ok(()),
            Err(errno) => Err(system("poll", errno)),
        }
    }
}

fn lost(call: &'static str, errno: NixErrno) -> BusError {
    match errno {
        NixErrno::EPIPE | NixErrno::ECONNRESET | NixErrno::ENOTCONN => BusError::Closed,
        other => system(call, other),
    }
}

fn system(call: &'static str, errno: NixErrno) -> BusError {
    BusError::System {
        call,
        errno: ours(errno),
    }
}

fn ours(errno: NixErrno) -> Errno {
    Errno::from_raw(errno as i32)
}
