//! The host's end of the line to the init.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use isolate_plan::{Command, FDS_PER_MESSAGE, Report};
use isolate_sys::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg,
    sendmsg, setsockopt, socketpair, sockopt,
};

/// What came in.
pub(crate) enum Heard {
    /// A report, with the sender's pid as this process sees it.
    Report(Report, i32),
    /// A descriptor, for a report that says so.
    Descriptor(OwnedFd),
    /// Nothing yet (only without waiting).
    Nothing,
    /// The other end is closed.
    End,
}

/// The host's end.
#[derive(Debug)]
pub(crate) struct Control {
    socket: OwnedFd,
}

impl Control {
    /// A line: the host's end and the init's.
    pub fn pair() -> Result<(Control, OwnedFd), Errno> {
        let (host, init) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        )
        .map_err(raw)?;
        // The kernel adds the sender's pid to each message, translated into this pid namespace: the
        // only way to learn the job's without a race.
        setsockopt(&host, sockopt::PassCred, &true).map_err(raw)?;
        Ok((Control { socket: host }, init))
    }

    /// Sends descriptors and a command; as many messages as the kernel's limit asks for.
    pub fn send_with(&self, command: Command, fds: &[RawFd]) -> Result<(), Errno> {
        let mut rest = fds;
        while rest.len() > FDS_PER_MESSAGE {
            let (now, later) = rest.split_at(FDS_PER_MESSAGE);
            self.send_one(Command::Slots, now)?;
            rest = later;
        }
        self.send_one(command, rest)
    }

    /// Sends a command.
    pub fn send(&self, command: Command) -> Result<(), Errno> {
        self.send_one(command, &[])
    }

    fn send_one(&self, command: Command, fds: &[RawFd]) -> Result<(), Errno> {
        let bytes = command.encode();
        let rights = [ControlMessage::ScmRights(fds)];
        let rights = if fds.is_empty() {
            &rights[..0]
        } else {
            &rights[..]
        };
        sendmsg::<()>(
            self.socket.as_raw_fd(),
            &[IoSlice::new(&bytes)],
            rights,
            MsgFlags::MSG_NOSIGNAL,
            None,
        )
        .map(drop)
        .map_err(raw)
    }

    /// Receives the message that follows `Report::Data`.
    pub fn hear_data(&self, len: usize) -> Result<Vec<u8>, Errno> {
        let mut bytes = vec![0; len];
        loop {
            return match nix::sys::socket::recv(
                self.socket.as_raw_fd(),
                &mut bytes,
                MsgFlags::empty(),
            ) {
                Ok(got) if got == len => Ok(bytes),
                Ok(_) => Err(Errno::EPROTO),
                Err(nix::errno::Errno::EINTR) => continue,
                Err(errno) => Err(raw(errno)),
            };
        }
    }

    /// Receives a report.
    pub fn hear(&self, wait: bool) -> Result<Heard, Errno> {
        let mut bytes = [0u8; Report::LEN];
        let mut iov = [IoSliceMut::new(&mut bytes)];
        let mut space = nix::cmsg_space!(nix::libc::ucred, RawFd);
        let flags = if wait {
            MsgFlags::empty()
        } else {
            MsgFlags::MSG_DONTWAIT
        };
        let flags = flags | MsgFlags::MSG_CMSG_CLOEXEC;
        loop {
            match recvmsg::<()>(self.socket.as_raw_fd(), &mut iov, Some(&mut space), flags) {
                Ok(message) => {
                    let len = message.bytes;
                    let (mut sender, mut descriptor) = (0, None);
                    for part in message.cmsgs().map_err(raw)? {
                        match part {
                            ControlMessageOwned::ScmCredentials(who) => sender = who.pid(),
                            ControlMessageOwned::ScmRights(fds) => descriptor = received(&fds),
                            _ => {}
                        }
                    }
                    if len == 0 {
                        return Ok(Heard::End);
                    }
                    return match (Report::decode(&bytes[..len]), descriptor) {
                        (Some(Report::Descriptor), Some(descriptor)) => {
                            Ok(Heard::Descriptor(descriptor))
                        }
                        // The process can have no more descriptors, and the kernel dropped it.
                        (Some(Report::Descriptor), None) => Err(Errno::EMFILE),
                        (Some(report), _) => Ok(Heard::Report(report, sender)),
                        (None, _) => Err(Errno::EPROTO),
                    };
                }
                Err(nix::errno::Errno::EINTR) => {}
                Err(nix::errno::Errno::EAGAIN) => return Ok(Heard::Nothing),
                // What was sent to the init and not read is thrown away with it.
                Err(nix::errno::Errno::ECONNRESET) => return Ok(Heard::End),
                Err(errno) => return Err(raw(errno)),
            }
        }
    }
}

/// The one descriptor of a message.
#[allow(unsafe_code)]
fn received(fds: &[RawFd]) -> Option<OwnedFd> {
    // SAFETY: the kernel has just put them into this process's table for this message alone. The init
    // never sends two.
    fds.first().map(|fd| unsafe { OwnedFd::from_raw_fd(*fd) })
}

fn raw(errno: nix::errno::Errno) -> Errno {
    Errno::from_raw(errno as i32)
}
