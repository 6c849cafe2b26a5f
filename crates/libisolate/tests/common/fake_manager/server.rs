//! The sockets: who connects, says who they are, and is listened to, each in a thread of its own.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen as start_listening,
    socket,
};

use super::answer::Delivery;
use super::routing::Rule;
use super::wire::{FIXED, Kind, Message, length};
use super::{Shared, State};
use super::{manager, routing};

/// One connection, for whoever has something to send.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) number: u32,
    pub(super) private: bool,
    /// Of a bus: whether it has said Hello.
    pub(super) registered: bool,
    pub(super) rules: Vec<Rule>,
    pub(super) subscribed: bool,
    stream: Arc<UnixStream>,
    /// Held for a whole message, or two threads would mix theirs.
    sending: Arc<Mutex<()>>,
}

impl Link {
    /// The unique name on the bus.
    pub(super) fn name(&self) -> String {
        format!(":1.{}", self.number + 100)
    }

    /// Whoever does not read any more, misses it.
    pub(super) fn send(&self, bytes: &[u8], delivery: Delivery) {
        let _held = self.sending.lock().unwrap();
        let mut stream = &*self.stream;
        let _ = match delivery {
            Delivery::Whole => stream.write_all(bytes),
            Delivery::Bytes => bytes.iter().try_for_each(|byte| stream.write_all(&[*byte])),
            Delivery::Garbage => stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        };
    }

    pub(super) fn close(&self) {
        // Whoever waits in the middle of a message is to fail.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Listens at `path` until the manager stops.
pub(super) fn listen(shared: &Arc<Shared>, path: &Path, private: bool) -> JoinHandle<()> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None).unwrap();
    bind(fd.as_raw_fd(), &UnixAddr::new(path).unwrap()).unwrap();
    // As few as possible: a crowd is to be small.
    start_listening(&fd, Backlog::new(8).unwrap()).unwrap();
    let listener = UnixListener::from(fd);
    let shared = Arc::clone(shared);
    spawn(move || {
        let mut talks = Vec::new();
        loop {
            {
                let mut state = shared.lock();
                if state.crowded {
                    state.aside += 1;
                    shared.changed.notify_all();
                    let waits = |state: &mut State| state.crowded && !state.stopping;
                    state = shared.changed.wait_while(state, waits).unwrap();
                    state.aside -= 1;
                }
                if state.stopping {
                    break;
                }
            }
            match listener.accept() {
                Ok((stream, _)) => talks.push(talk(&shared, stream, private)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    sleep(Duration::from_millis(1));
                }
                Err(error) => panic!("accept: {error}"),
            }
        }
        for talk in talks {
            talk.join().unwrap();
        }
    })
}

/// Has as many waiting at each socket as may wait.
pub(super) fn fill(paths: &[PathBuf]) -> Vec<OwnedFd> {
    let mut waiting = Vec::new();
    for path in paths {
        let address = UnixAddr::new(path).unwrap();
        loop {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None).unwrap();
            match connect(fd.as_raw_fd(), &address) {
                Ok(()) => waiting.push(fd),
                Err(nix::errno::Errno::EAGAIN) => break,
                Err(errno) => panic!("connect: {errno}"),
            }
        }
    }
    waiting
}

/// Listens to one connection until one of both ends it.
fn talk(shared: &Arc<Shared>, stream: UnixStream, private: bool) -> JoinHandle<()> {
    stream.set_nonblocking(false).unwrap();
    // Who never reads must not hold the manager for ever.
    let patience = Some(Duration::from_secs(5));
    stream.set_write_timeout(patience).unwrap();
    let reader = stream.try_clone().unwrap();
    let number = {
        let mut state = shared.lock();
        state.connections += 1;
        shared.changed.notify_all();
        let number = state.connections;
        state.links.push(Link {
            number,
            private,
            registered: false,
            rules: Vec::new(),
            subscribed: false,
            stream: Arc::new(stream),
            sending: Arc::default(),
        });
        number
    };
    let shared = Arc::clone(shared);
    spawn(move || {
        let mut inbox = Inbox {
            stream: reader,
            bytes: Vec::new(),
        };
        if let Some(link) = link(&shared, number)
            && authenticate(&shared, &mut inbox, &link).is_some()
        {
            while let Some(message) = inbox.message() {
                let Some(link) = self::link(&shared, number) else {
                    break;
                };
                let goes_on = match message.kind {
                    Kind::Call => answer(&shared, &link, &message),
                    _ => true,
                };
                if !goes_on {
                    break;
                }
            }
        }
        let mut state = shared.lock();
        let gone = state.links.iter().position(|link| link.number == number);
        if let Some(at) = gone {
            state.links.remove(at).close();
        }
    })
}

/// The connection as it is now.
fn link(shared: &Shared, number: u32) -> Option<Link> {
    let state = shared.lock();
    let link = state.links.iter().find(|link| link.number == number);
    link.cloned()
}

/// Answers a call. False: the connection is to end.
fn answer(shared: &Shared, link: &Link, call: &Message) -> bool {
    if link.private {
        return manager::answer(shared, link, call);
    }
    match call.destination.as_deref() {
        Some(routing::BUS) => routing::answer(shared, link, call),
        _ if !link.registered => {
            // What a bus says to a stranger.
            let name = "org.freedesktop.DBus.Error.AccessDenied";
            routing::refuse(link, call, name, "Client has not said Hello");
            false
        }
        Some(manager::NAME) => manager::answer(shared, link, call),
        other => {
            let name = "org.freedesktop.DBus.Error.ServiceUnknown";
            routing::refuse(link, call, name, &format!("{other:?} is nobody's name"));
            true
        }
    }
}

/// What has come and was not looked at yet.
struct Inbox {
    stream: UnixStream,
    bytes: Vec<u8>,
}

impl Inbox {
    /// More of it; nothing at the end.
    fn more(&mut self) -> Option<()> {
        let mut piece = [0; 4096];
        let length = self.stream.read(&mut piece).unwrap_or(0);
        self.bytes.extend_from_slice(&piece[..length]);
        (length > 0).then_some(())
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.bytes.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            self.more()?;
        }
    }

    /// The next message; nothing where the other side is gone or speaks no D-Bus.
    fn message(&mut self) -> Option<Message> {
        while self.bytes.len() < FIXED {
            self.more()?;
        }
        let length = length(&self.bytes[..FIXED]).expect("a message of the library's own");
        while self.bytes.len() < length {
            self.more()?;
        }
        let bytes: Vec<u8> = self.bytes.drain(..length).collect();
        Some(Message::decode(&bytes).expect("a message of the library's own"))
    }
}

/// The server's side of SASL, as strict as libdbus: BEGIN is right only once somebody is let in.
fn authenticate(shared: &Shared, inbox: &mut Inbox, link: &Link) -> Option<()> {
    let say = |line: &str| link.send(format!("{line}\r\n").as_bytes(), Delivery::Whole);
    let own: String = nix::unistd::geteuid()
        .to_string()
        .bytes()
        .map(|digit| format!("{digit:02x}"))
        .collect();
    let mut line = inbox.line()?;
    assert_eq!(line.remove(0), '\0', "a client begins with a NUL");
    let (mut asked, mut let_in) = (false, false);
    loop {
        let rejects = shared.lock().rejects;
        let words: Vec<&str> = line.split(' ').collect();
        let right = match words[..] {
            ["AUTH", "EXTERNAL", id] => id == own,
            ["DATA"] => asked,
            _ => false,
        };
        match words[0] {
            _ if right && !rejects => {
                let_in = true;
                say("OK 0123456789abcdef0123456789abcdef");
            }
            "AUTH" if words == ["AUTH", "EXTERNAL"] => {
                asked = true;
                say("DATA");
            }
            "AUTH" | "DATA" => say("REJECTED EXTERNAL"),
            "BEGIN" => return let_in.then_some(()),
            // Descriptors are not passed on.
            _ => say("ERROR"),
        }
        line = inbox.line()?;
    }
}
