//! A connection to a peer that does its worst.

use std::time::Instant;

use super::listener::{Conversation, Listener, WATCH, ask, long, reply, short, signal};
use crate::cgroup::systemd::bus::connection::Signal;
use crate::cgroup::systemd::bus::wire::{Kind, Message};
use crate::cgroup::systemd::bus::{Bus, BusError, Call, Value};

fn connect(listener: &Listener) -> Bus {
    Bus::connect(&listener.bus(), long()).expect("the peer lets us in")
}

/// A bus that lets us in, and then the script.
fn bus(script: impl FnOnce(Conversation) + Send + 'static) -> (Listener, Bus) {
    let listener = Listener::new(|mut peer| {
        peer.welcome_on_bus();
        script(peer);
    });
    let bus = connect(&listener);
    (listener, bus)
}

fn refused(script: impl FnOnce(Conversation) + Send + 'static, deadline: Instant) -> BusError {
    let listener = Listener::new(script);
    Bus::connect(&listener.bus(), deadline).expect_err("the peer does not let us in")
}

#[test]
fn a_call_and_its_answer() {
    let (_listener, mut bus) = bus(|mut peer| {
        let call = peer.call();
        // Neither without starting who has the name, nor with asking for a password.
        assert_eq!(call.flags, 0);
        assert_eq!(call.destination.as_deref(), Some("org.example.Name"));
        assert_eq!(call.path.as_deref(), Some("/org/example"));
        assert_eq!(call.interface.as_deref(), Some("org.example.Face"));
        assert_eq!(call.member.as_deref(), Some("Ask"));
        assert_eq!(call.values().expect("values"), [5_u32.into()]);
        peer.reply(&call, &["five".into(), true.into()]);
    });
    assert_eq!(
        ask(&mut bus, 5, long()),
        Ok(vec!["five".into(), true.into()])
    );
}

#[test]
fn a_peer_is_told_no_name() {
    let listener = Listener::new(|mut peer| {
        peer.welcome();
        let call = peer.call();
        assert_eq!(call.destination, None);
        peer.reply(&call, &[]);
    });
    let mut bus = Bus::connect(&listener.peer(), long()).expect("the peer lets us in");
    assert_eq!(ask(&mut bus, 1, long()), Ok(Vec::new()));
}

#[test]
fn an_answer_byte_by_byte_and_a_large_one() {
    let text = "x".repeat(1_000_000);
    let large = Value::Str(text);
    let (_listener, mut bus) = bus({
        let large = large.clone();
        move |mut peer| {
            let call = peer.call();
            for byte in reply(&call, &["slow".into()]) {
                peer.send(&[byte]);
            }
            let call = peer.call();
            peer.reply(&call, &[large]);
        }
    });
    assert_eq!(ask(&mut bus, 1, long()), Ok(vec!["slow".into()]));
    assert_eq!(ask(&mut bus, 2, long()), Ok(vec![large]));
}

#[test]
fn an_error_as_the_answer() {
    let (_listener, mut bus) = bus(|mut peer| {
        for values in [&["no".into(), 1_u32.into()][..], &[]] {
            let call = peer.call();
            let mut error = Message::new(Kind::Error, values).expect("values");
            error.serial = 1;
            error.reply_to = Some(call.serial);
            error.error = Some("org.example.No".to_owned());
            peer.send(&error.encode().expect("a message"));
        }
    });
    let no = |text: &str| BusError::Reply {
        name: "org.example.No".to_owned(),
        message: text.to_owned(),
    };
    assert_eq!(ask(&mut bus, 1, long()), Err(no("no")));
    assert_eq!(ask(&mut bus, 2, long()), Err(no("")));
    assert_eq!(no("no").to_string(), "no (org.example.No)");
    assert_eq!(no("").to_string(), "org.example.No");
}

#[test]
fn signals_before_the_answer_are_kept() {
    let (_listener, mut bus) = bus(|mut peer| {
        let add = peer.call();
        assert_eq!(
            add.values().expect("values"),
            [
                "type='signal',sender='org.example.Name',path='/org/example',\
              interface='org.example.Face',member='Changed'"
                    .into()
            ]
        );
        // Not yet asked for.
        peer.send(&signal(0, None));
        peer.reply(&add, &[]);
        let call = peer.call();
        peer.send(&signal(1, None));
        // From somebody who knows our name.
        peer.send(&signal(2, Some(":1.7")));
        peer.send(&signal(3, None));
        peer.reply(&call, &[]);
        peer.send(&signal(4, None));
    });
    bus.watch(WATCH, long()).expect("a rule");
    ask(&mut bus, 1, long()).expect("an answer");
    let mut seen = Vec::new();
    let found = bus.signal(
        |signal| {
            seen.push(signal.args[0].clone());
            signal.args[0] == 4_u32.into()
        },
        long(),
    );
    let found = found.expect("it comes");
    assert_eq!(
        (found.path, found.member),
        ("/org/example".to_owned(), "Changed".to_owned())
    );
    assert_eq!(seen, [1_u32.into(), 3_u32.into(), 4_u32.into()]);
}

#[test]
fn of_a_peer_all_signals_are_its_own() {
    let listener = Listener::new(|mut peer| {
        peer.welcome();
        peer.send(&signal(1, Some(":1.7")));
    });
    let mut bus = Bus::connect(&listener.peer(), long()).expect("the peer lets us in");
    bus.watch(WATCH, long()).expect("nobody is asked");
    let found = bus.signal(|_| true, long()).expect("it comes");
    assert_eq!(found.args, [1_u32.into()]);
}

#[test]
fn what_is_unknown_is_skipped() {
    let (_listener, mut bus) = bus(|mut peer| {
        let call = peer.call();
        // A type of message of later, a call to us, an answer to nothing, a header field of later.
        for kind in [Kind::Other(9), Kind::Call, Kind::Reply] {
            let mut message = Message::new(kind, &["x".into()]).expect("values");
            message.serial = 1;
            message.reply_to = (kind == Kind::Reply).then_some(call.serial + 100);
            peer.send(&message.encode().expect("a message"));
        }
        let mut later = vec![b'l', 2, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0];
        later.extend([99, 1, b'u', 0, 7, 0, 0, 0, 5, 1, b'u', 0]);
        later.extend(call.serial.to_le_bytes());
        peer.send(&later);
    });
    assert_eq!(ask(&mut bus, 1, long()), Ok(Vec::new()));
}

#[test]
fn a_late_answer_is_not_taken_for_the_next() {
    let (_listener, mut bus) = bus(|mut peer| {
        let first = peer.call();
        let late = reply(&first, &["first".into()]);
        // In the middle of which the deadline passes.
        peer.send(&late[..late.len() / 2]);
        let second = peer.call();
        peer.send(&late[late.len() / 2..]);
        peer.reply(&second, &["second".into()]);
    });
    assert_eq!(ask(&mut bus, 1, short()), Err(BusError::TimedOut));
    assert_eq!(ask(&mut bus, 2, long()), Ok(vec!["second".into()]));
}

#[test]
fn who_never_stops_talking_is_not_listened_to_for_ever() {
    let (_listener, mut bus) = bus(|mut peer| {
        let add = peer.call();
        peer.reply(&add, &[]);
        let flood = signal(1, None).repeat(100);
        // Until the other side has had enough.
        while std::io::Write::write_all(&mut peer.stream, &flood).is_ok() {}
    });
    bus.watch(WATCH, long()).expect("a rule");
    assert_eq!(ask(&mut bus, 1, short()), Err(BusError::TimedOut));
    let none = bus.signal(|_| false, short());
    assert_eq!(none, Err(BusError::TimedOut));
}

#[test]
fn after_the_deadline_nothing_is_read() {
    let (told, done) = std::sync::mpsc::channel();
    let (_listener, mut bus) = bus(move |mut peer| {
        let add = peer.call();
        peer.reply(&add, &[]);
        let call = peer.call();
        peer.reply(&call, &[]);
        peer.call();
        peer.send(&signal(1, None));
        told.send(()).expect("the test waits");
        peer.wait_for_end();
    });
    bus.watch(WATCH, long()).expect("a rule");
    ask(&mut bus, 1, long()).expect("an answer");
    let past = Instant::now();
    assert_eq!(ask(&mut bus, 2, past), Err(BusError::TimedOut));
    done.recv().expect("the script's word");
    // It is there to be read, or a peer with always something to say would never be left.
    let never = |signal: &Signal| panic!("{signal:?}");
    assert_eq!(bus.signal(never, past), Err(BusError::TimedOut));
    bus.signal(|_| true, long()).expect("it is still there");
}

#[test]
fn who_never_reads_is_not_written_to_for_ever() {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let (_listener, mut bus) = bus(move |peer| {
        let _ = receiver.recv();
        drop(peer);
    });
    let args = [Value::Bytes(vec![0; 900_000])];
    let call = Call {
        destination: "org.example.Name",
        path: "/org/example",
        interface: "org.example.Face",
        member: "Ask",
        args: &args,
    };
    // Until what the kernel holds for the peer is full, and half a call has gone: nothing can follow it.
    let last = (0..1000)
        .map(|_| bus.call(&call, short()))
        .find(|said| *said != Err(BusError::TimedOut));
    assert_eq!(last, Some(Err(BusError::Closed)));
    drop(sender);
}

#[test]
fn a_peer_that_goes() {
    // Before the call, after it, and in the middle of the answer.
    for part in 0..3 {
        let (_listener, mut bus) = bus(move |mut peer| {
            if part > 0 {
                let call = peer.call();
                let answer = reply(&call, &["x".into()]);
                peer.send(&answer[..[0, 0, 20][part]]);
            }
        });
        assert_eq!(ask(&mut bus, 1, long()), Err(BusError::Closed), "{part}");
        assert_eq!(ask(&mut bus, 1, long()), Err(BusError::Closed), "{part}");
        assert_eq!(
            bus.signal(|_| true, long()),
            Err(BusError::Closed),
            "{part}"
        );
    }
}

#[test]
fn bytes_that_are_no_message() {
    let mut huge = vec![b'l', 2, 0, 1];
    huge.extend((1_u32 << 20).to_le_bytes());
    huge.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    let garbage: [(&[u8], &str); 3] = [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "a message of no known byte order",
        ),
        (
            b"l\x02\0\x02............",
            "a message of another version of the protocol",
        ),
        (&huge, "a message of more than 1 MiB"),
    ];
    for (bytes, reason) in garbage {
        let bytes = bytes.to_vec();
        let (_listener, mut bus) = bus(move |mut peer| {
            peer.call();
            peer.send(&bytes);
        });
        let wrong = BusError::Protocol(reason.to_owned());
        assert_eq!(ask(&mut bus, 1, long()), Err(wrong));
        assert_eq!(ask(&mut bus, 1, long()), Err(BusError::Closed));
    }
}

#[test]
fn a_wrong_call_is_not_sent_and_ends_nothing() {
    let (_listener, mut bus) = bus(|mut peer| {
        let call = peer.call();
        peer.reply(&call, &call.values().expect("values"));
    });
    let call = Call {
        destination: "org.example.Name",
        path: "no path",
        interface: "org.example.Face",
        member: "Ask",
        args: &[],
    };
    let wrong = BusError::Protocol("no object path".to_owned());
    assert_eq!(bus.call(&call, long()), Err(wrong));
    assert_eq!(ask(&mut bus, 3, long()), Ok(vec![3_u32.into()]));
}

#[test]
fn authentication_refused() {
    let error = refused(
        |mut peer| {
            let id = nix::unistd::geteuid().to_string();
            let hex: String = id.bytes().map(|digit| format!("{digit:02x}")).collect();
            assert_eq!(peer.line(), format!("\0AUTH EXTERNAL {hex}"));
            assert_eq!(peer.line(), "BEGIN");
            peer.send(b"REJECTED EXTERNAL\r\n");
            let mut peer = peer.again();
            assert_eq!(peer.line(), "\0AUTH EXTERNAL");
            assert_eq!(peer.line(), "DATA");
            assert_eq!(peer.line(), "BEGIN");
            peer.send(b"DATA\r\nREJECTED EXTERNAL\r\n");
        },
        long(),
    );
    let BusError::Refused { reason, .. } = error else {
        panic!("{error:?}");
    };
    assert!(
        reason.ends_with(" is not let in: REJECTED EXTERNAL"),
        "{reason}"
    );
}

#[test]
fn authentication_by_the_kernels_word_alone() {
    let listener = Listener::new(|mut peer| {
        peer.line();
        peer.send(b"REJECTED\r\n");
        let mut peer = peer.again();
        assert_eq!(peer.line(), "\0AUTH EXTERNAL");
        assert_eq!(peer.line(), "DATA");
        assert_eq!(peer.line(), "BEGIN");
        peer.send(b"DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n");
        let hello = peer.call();
        peer.reply(&hello, &[":1.7".into()]);
    });
    connect(&listener);
}

#[test]
fn authentication_that_comes_to_nothing() {
    let heard = |peer: &mut Conversation| {
        peer.line();
        assert_eq!(peer.line(), "BEGIN");
    };
    let silent = move |mut peer: Conversation| {
        heard(&mut peer);
        peer.wait_for_end();
    };
    assert_eq!(refused(silent, short()), BusError::TimedOut);
    let gone = move |mut peer: Conversation| heard(&mut peer);
    assert_eq!(refused(gone, long()), BusError::Closed);
    let half = move |mut peer: Conversation| {
        heard(&mut peer);
        peer.send(b"OK 01234");
    };
    assert_eq!(refused(half, long()), BusError::Closed);
    for (answer, reason) in [
        (
            &b"ERROR \"no\"\r\n"[..],
            "the answer to AUTH EXTERNAL is \"ERROR \\\"no\\\"\"",
        ),
        (b"OK \xff\r\n", "a line that is not ASCII"),
        (&[b'x'; 5000], "a line without an end"),
    ] {
        let answers = move |mut peer: Conversation| {
            heard(&mut peer);
            peer.send(answer);
            peer.wait_for_end();
        };
        assert_eq!(
            refused(answers, long()),
            BusError::Protocol(reason.to_owned())
        );
    }
    let no_hello = |mut peer: Conversation| {
        peer.welcome();
        peer.call();
    };
    assert_eq!(refused(no_hello, long()), BusError::Closed);
}
