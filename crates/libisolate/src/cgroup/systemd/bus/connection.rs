//! The connection: calls and their answers, and the signals that come meanwhile.

use std::collections::VecDeque;
use std::time::Instant;

use super::address::{Address, Place};
use super::auth::{Identity, authenticate};
use super::error::BusError;
use super::stream::Stream;
use super::wire::{FIXED, Kind, Message, Value, length};

/// How many signals are kept for [`Bus::signal`]; of more, the oldest go.
const MOST_SIGNALS: usize = 1024;
/// And how many bytes of their bodies.
const MOST_BYTES: usize = 1 << 20;

/// The name and the interface of the bus itself, and the path of its object.
const THE_BUS: (&str, &str) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");

/// A method call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// The name of who is to answer. A peer has none: it is not sent there.
    pub(crate) destination: &'a str,
    pub(crate) path: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) member: &'a str,
    pub(crate) args: &'a [Value],
}

/// Which signals are wanted. Constants, since they go into a match rule, which has its own quoting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    /// The name of who sends them: the bus lets no others through.
    pub(crate) sender: &'static str,
    pub(crate) path: &'static str,
    pub(crate) interface: &'static str,
    pub(crate) member: &'static str,
}

/// A signal that has come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Signal {
    pub(crate) path: String,
    pub(crate) interface: String,
    pub(crate) member: String,
    pub(crate) args: Vec<Value>,
}

/// A connection to a bus or a peer. One caller at a time; dropped, it is closed.
#[derive(Debug)]
pub(crate) struct Bus {
    stream: Stream,
    peer: bool,
    serial: u32,
    watches: Vec<Watch>,
    signals: VecDeque<Message>,
    /// Set when the two sides no longer agree where a message begins.
    broken: bool,
}

impl Bus {
    /// Connects, says who we are and, to a bus, Hello. Of several places the first where somebody
    /// listens counts.
    pub(crate) fn connect(address: &Address, deadline: Instant) -> Result<Bus, BusError> {
        let mut nowhere = None;
        for place in address.places() {
            let stream = match open(&place, deadline) {
                Ok(stream) => stream,
                Err(absent @ BusError::Absent { .. }) => {
                    nowhere.get_or_insert(absent);
                    continue;
                }
                Err(other) => return Err(other),
            };
            let mut bus = Bus {
                stream,
                peer: matches!(address, Address::Peer(_)),
                serial: 0,
                watches: Vec::new(),
                signals: VecDeque::new(),
                broken: false,
            };
            if !bus.peer {
                bus.ask_bus("Hello", &[], deadline)?;
            }
            return Ok(bus);
        }
        Err(nowhere.unwrap_or_else(|| BusError::Protocol("an address of no places".to_owned())))
    }

    /// Calls a method and waits for the values of its answer. Nobody is asked for a password for it.
    /// Signals that come meanwhile and are watched for are kept.
    pub(crate) fn call(
        &mut self,
        call: &Call<'_>,
        deadline: Instant,
    ) -> Result<Vec<Value>, BusError> {
        let serial = self.send(call, deadline)?;
        loop {
            let Some(message) = self.message(deadline)? else {
                continue;
            };
            match message.kind {
                Kind::Reply if message.reply_to == Some(serial) => {
                    return message.values().map_err(|wrong| self.breaks(wrong.into()));
                }
                Kind::Error if message.reply_to == Some(serial) => {
                    let values = message.values().unwrap_or_default();
                    return Err(BusError::Reply {
                        name: message.error.unwrap_or_default(),
                        message: values
                            .first()
                            .and_then(Value::text)
                            .unwrap_or("")
                            .to_owned(),
                    });
                }
                // The answer to a call whose deadline had passed, a call to us, or of a later protocol.
                _ => {}
            }
        }
    }

    /// Keeps signals of this kind from now on, for [`Bus::signal`].
    pub(crate) fn watch(&mut self, watch: Watch, deadline: Instant) -> Result<(), BusError> {
        if !self.peer {
            let rule = format!(
                "type='signal',sender='{}',path='{}',interface='{}',member='{}'",
                watch.sender, watch.path, watch.interface, watch.member
            );
            self.ask_bus("AddMatch", &[Value::Str(rule)], deadline)?;
        }
        self.watches.push(watch);
        Ok(())
    }

    /// The next signal that is watched for and for which `wanted` says true, of those kept and those
    /// to come. The others before it are dropped.
    pub(crate) fn signal(
        &mut self,
        mut wanted: impl FnMut(&Signal) -> bool,
        deadline: Instant,
    ) -> Result<Signal, BusError> {
        loop {
            while let Some(message) = self.signals.pop_front() {
                let args = message.values();
                let signal = Signal {
                    path: message.path.unwrap_or_default(),
                    interface: message.interface.unwrap_or_default(),
                    member: message.member.unwrap_or_default(),
                    args: args.map_err(|wrong| self.breaks(wrong.into()))?,
                };
                if wanted(&signal) {
                    return Ok(signal);
                }
            }
            // An answer that nobody waits for any more is dropped.
            let _ = self.message(deadline)?;
        }
    }

    fn ask_bus(
        &mut self,
        member: &str,
        args: &[Value],
        deadline: Instant,
    ) -> Result<Vec<Value>, BusError> {
        let call = Call {
            destination: THE_BUS.0,
            path: THE_BUS.1,
            interface: THE_BUS.0,
            member,
            args,
        };
        self.call(&call, deadline)
    }

    fn send(&mut self, call: &Call<'_>, deadline: Instant) -> Result<u32, BusError> {
        if self.broken {
            return Err(BusError::Closed);
        }
        // 0 is no serial.
        self.serial = self.serial.checked_add(1).unwrap_or(1);
        let mut message = Message::new(Kind::Call, call.args)?;
        message.serial = self.serial;
        message.path = Some(call.path.to_owned());
        message.interface = Some(call.interface.to_owned());
        message.member = Some(call.member.to_owned());
        message.destination = (!self.peer).then(|| call.destination.to_owned());
        let bytes = message.encode()?;
        let sent = self.stream.send(&bytes, deadline);
        sent.map_err(|error| self.breaks(error))?;
        Ok(self.serial)
    }

    /// The next message; none where it was a signal, which is kept if it is watched for.
    fn message(&mut self, deadline: Instant) -> Result<Option<Message>, BusError> {
        if self.broken {
            return Err(BusError::Closed);
        }
        match self.read(deadline) {
            Ok(message) if message.kind == Kind::Signal => {
                self.keep(message);
                Ok(None)
            }
            Ok(message) => Ok(Some(message)),
            // What has come of a message stays: the rest may follow.
            Err(BusError::TimedOut) => Err(BusError::TimedOut),
            Err(other) => Err(self.breaks(other)),
        }
    }

    fn read(&mut self, deadline: Instant) -> Result<Message, BusError> {
        while self.stream.inbox.len() < FIXED {
            self.stream.receive(deadline)?;
        }
        let length = length(&self.stream.inbox[..FIXED])?;
        while self.stream.inbox.len() < length {
            self.stream.receive(deadline)?;
        }
        Ok(Message::decode(&self.stream.take(length))?)
    }

    fn keep(&mut self, message: Message) {
        // A bus passes on what matches a rule, and a rule names who may have sent it. But whatever is
        // sent to us alone comes through without a rule, from anybody.
        if !self.peer && message.destination.is_some() {
            return;
        }
        let is = |field: &Option<String>, wanted: &str| field.as_deref() == Some(wanted);
        let watched = self.watches.iter().any(|watch| {
            is(&message.path, watch.path)
                && is(&message.interface, watch.interface)
                && is(&message.member, watch.member)
        });
        if !watched {
            return;
        }
        self.signals.push_back(message);
        while self.signals.len() > MOST_SIGNALS
            || self.signals.iter().map(Message::size).sum::<usize>() > MOST_BYTES
        {
            self.signals.pop_front();
        }
    }

    /// Notes that nothing more can be said over this connection.
    fn breaks(&mut self, error: BusError) -> BusError {
        self.broken = true;
        error
    }
}

/// A socket over which messages may go.
fn open(place: &Place, deadline: Instant) -> Result<Stream, BusError> {
    let mut answer = String::new();
    // On a connection of its own each, since what follows a refusal differs between peers.
    for identity in [Identity::Own, Identity::None] {
        let mut stream = Stream::connect(place)?;
        match authenticate(&mut stream, identity, deadline)? {
            Ok(()) => return Ok(stream),
            Err(refusal) => answer = refusal,
        }
    }
    let id = nix::unistd::geteuid();
    Err(BusError::Refused {
        socket: place.to_string(),
        reason: format!("user id {id} is not let in: {answer}"),
    })
}
