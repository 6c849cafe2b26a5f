//! The bus itself: names, match rules, and what becomes of a message on the way.

use super::Shared;
use super::answer::Delivery;
use super::manager;
use super::server::Link;
use super::wire::{Kind, Message, Value};

pub(super) const BUS: &str = "org.freedesktop.DBus";

/// The unique name of the manager.
pub(super) const MANAGER: &str = ":1.1";

/// A match rule: what must be equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule(Vec<(String, String)>);

impl Rule {
    /// Reads `key='value',key='value'`; no value here holds a comma or a quote.
    fn parse(text: &str) -> Option<Rule> {
        let mut pairs = Vec::new();
        for pair in text.split(',') {
            let (key, value) = pair.split_once('=')?;
            let value = value.strip_prefix('\'')?.strip_suffix('\'')?;
            pairs.push((key.to_owned(), value.to_owned()));
        }
        Some(Rule(pairs))
    }

    fn fits(&self, signal: &Message) -> bool {
        self.0.iter().all(|(key, value)| match key.as_str() {
            "type" => value == "signal",
            "sender" => value == manager::NAME || value == MANAGER,
            "path" => signal.path.as_ref() == Some(value),
            "interface" => signal.interface.as_ref() == Some(value),
            "member" => signal.member.as_ref() == Some(value),
            _ => false,
        })
    }
}

/// Whether a signal reaches a connection.
pub(super) fn reaches(signal: &Message, link: &Link) -> bool {
    link.private || link.rules.iter().any(|rule| rule.fits(signal))
}

/// Answers a call of the bus itself. False: the connection is to end.
pub(super) fn answer(shared: &Shared, link: &Link, call: &Message) -> bool {
    let values = call.values().unwrap();
    let text = |at: usize| values.get(at).and_then(Value::text).unwrap_or("");
    let member = call.member.as_deref().unwrap_or("");
    if !link.registered && member != "Hello" {
        let name = "org.freedesktop.DBus.Error.AccessDenied";
        refuse(link, call, name, "Client has not said Hello");
        return false;
    }
    let mut state = shared.lock();
    let this = state.links.iter_mut().find(|one| one.number == link.number);
    let Some(this) = this else {
        return false;
    };
    let known = |name: &str| name == manager::NAME || name == MANAGER;
    match member {
        "Hello" => {
            this.registered = true;
            let name = Value::Str(link.name());
            reply(link, call, BUS, std::slice::from_ref(&name));
            // What every client gets and none has asked for.
            let mut acquired = Message::new(Kind::Signal, &[name]).unwrap();
            acquired.path = Some("/org/freedesktop/DBus".to_owned());
            acquired.interface = Some(BUS.to_owned());
            acquired.member = Some("NameAcquired".to_owned());
            acquired.destination = Some(link.name());
            send(link, acquired, BUS, Delivery::Whole);
        }
        "AddMatch" => match Rule::parse(text(0)) {
            Some(rule) => {
                this.rules.push(rule);
                reply(link, call, BUS, &[]);
            }
            None => {
                let name = "org.freedesktop.DBus.Error.MatchRuleInvalid";
                refuse(link, call, name, text(0));
            }
        },
        "GetNameOwner" if known(text(0)) => reply(link, call, BUS, &[MANAGER.into()]),
        "NameHasOwner" => reply(link, call, BUS, &[known(text(0)).into()]),
        "GetNameOwner" => {
            let name = "org.freedesktop.DBus.Error.NameHasNoOwner";
            refuse(link, call, name, text(0));
        }
        other => {
            let name = "org.freedesktop.DBus.Error.UnknownMethod";
            refuse(link, call, name, other);
        }
    }
    true
}

/// Sends a message, from whom it says on a bus.
fn send(link: &Link, mut message: Message, sender: &str, delivery: Delivery) {
    message.serial = 1;
    if !link.private {
        message.sender = Some(sender.to_owned());
    }
    link.send(&message.encode().unwrap(), delivery);
}

/// Sends a signal, which names nobody.
pub(super) fn send_signal(link: &Link, signal: &Message) {
    send(link, signal.clone(), MANAGER, Delivery::Whole);
}

/// The bytes of an answer.
pub(super) fn answer_bytes(link: &Link, call: &Message, answer: Message, sender: &str) -> Vec<u8> {
    let mut message = answer;
    message.serial = 1;
    message.reply_to = Some(call.serial);
    if !link.private {
        message.destination = Some(link.name());
        message.sender = Some(sender.to_owned());
    }
    message.encode().unwrap()
}

/// An error.
pub(super) fn error(name: &str, text: &str) -> Message {
    let mut message = Message::new(Kind::Error, &[text.into()]).unwrap();
    message.error = Some(name.to_owned());
    message
}

fn reply(link: &Link, call: &Message, sender: &str, values: &[Value]) {
    let message = Message::new(Kind::Reply, values).unwrap();
    link.send(&answer_bytes(link, call, message, sender), Delivery::Whole);
}

pub(super) fn refuse(link: &Link, call: &Message, name: &str, text: &str) {
    let bytes = answer_bytes(link, call, error(name, text), BUS);
    link.send(&bytes, Delivery::Whole);
}
