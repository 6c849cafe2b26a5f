//! A peer that does, byte by byte, what a test says.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use crate::cgroup::systemd::bus::wire::{FIXED, Kind, Message, Value, length};
use crate::cgroup::systemd::bus::{Address, Bus, BusError, Call, Place, Watch};

/// A time that no test comes near unless it fails.
pub(super) fn long() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// A time that tests wait for.
pub(super) fn short() -> Instant {
    Instant::now() + Duration::from_millis(60)
}

pub(super) const WATCH: Watch = Watch {
    sender: "org.example.Name",
    path: "/org/example",
    interface: "org.example.Face",
    member: "Changed",
};

/// Calls `org.example.Face.Ask` with a number.
pub(super) fn ask(bus: &mut Bus, number: u32, deadline: Instant) -> Result<Vec<Value>, BusError> {
    let call = Call {
        destination: "org.example.Name",
        path: "/org/example",
        interface: "org.example.Face",
        member: "Ask",
        args: &[number.into()],
    };
    bus.call(&call, deadline)
}

/// Where it listens. Dropped, it waits for the script's end, which must be a good one.
pub(super) struct Listener {
    path: PathBuf,
    script: Option<JoinHandle<()>>,
}

impl Listener {
    /// Takes one connection and runs the script on it.
    pub(super) fn new(script: impl FnOnce(Conversation) + Send + 'static) -> Listener {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("isolate-bus-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&path).expect("a socket in the temporary directory");
        let script = spawn(move || {
            script(Conversation::accept(listener));
        });
        Listener {
            path,
            script: Some(script),
        }
    }

    pub(super) fn bus(&self) -> Address {
        Address::Bus(vec![Place::Path(self.path.clone())])
    }

    pub(super) fn peer(&self) -> Address {
        Address::Peer(self.path.clone())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        let ended = self.script.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the peer's script");
        }
    }
}

/// The peer's end.
pub(super) struct Conversation {
    pub(super) stream: UnixStream,
    listener: UnixListener,
}

impl Conversation {
    fn accept(listener: UnixListener) -> Conversation {
        let (stream, _) = listener.accept().expect("a connection");
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).expect("a socket");
        Conversation { stream, listener }
    }

    /// Closes this connection and takes another one.
    pub(super) fn again(self) -> Conversation {
        drop(self.stream);
        Conversation::accept(self.listener)
    }

    /// A line of the authentication, without its end.
    pub(super) fn line(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).expect("a line");
            line.push(byte[0]);
        }
        line.truncate(line.len() - 2);
        String::from_utf8(line).expect("text")
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("somebody reads");
    }

    /// Waits until the other side has closed, without a further word.
    pub(super) fn wait_for_end(&mut self) {
        // An error where it had not read all that was sent.
        let rest = self.stream.read(&mut [0]).unwrap_or(0);
        assert_eq!(rest, 0);
    }

    /// Lets anybody in.
    pub(super) fn welcome(&mut self) {
        assert!(self.line().starts_with("\0AUTH EXTERNAL "));
        assert_eq!(self.line(), "BEGIN");
        self.send(b"OK 0123456789abcdef0123456789abcdef\r\n");
    }

    /// The same as a bus does.
    pub(super) fn welcome_on_bus(&mut self) {
        self.welcome();
        let hello = self.call();
        assert_eq!(hello.member.as_deref(), Some("Hello"));
        self.reply(&hello, &[":1.7".into()]);
    }

    /// The next call.
    pub(super) fn call(&mut self) -> Message {
        let mut bytes = vec![0; FIXED];
        self.stream.read_exact(&mut bytes).expect("a message");
        bytes.resize(length(&bytes).expect("a message"), 0);
        self.stream
            .read_exact(&mut bytes[FIXED..])
            .expect("its rest");
        let message = Message::decode(&bytes).expect("a message");
        assert_eq!(message.kind, Kind::Call);
        message
    }

    pub(super) fn reply(&mut self, call: &Message, values: &[Value]) {
        self.send(&reply(call, values));
    }
}

/// The bytes of an answer.
pub(super) fn reply(call: &Message, values: &[Value]) -> Vec<u8> {
    let mut message = Message::new(Kind::Reply, values).expect("values");
    message.serial = 1;
    message.reply_to = Some(call.serial);
    message.encode().expect("a message")
}

/// The bytes of the signal of [`WATCH`].
pub(super) fn signal(number: u32, to: Option<&str>) -> Vec<u8> {
    let mut message = Message::new(Kind::Signal, &[number.into()]).expect("values");
    message.serial = 1;
    message.path = Some(WATCH.path.to_owned());
    message.interface = Some(WATCH.interface.to_owned());
    message.member = Some(WATCH.member.to_owned());
    message.destination = to.map(str::to_owned);
    message.encode().expect("a message")
}
