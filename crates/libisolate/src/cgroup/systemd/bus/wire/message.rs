//! Messages: a header of fixed bytes and of fields by number, and a body of values.

use super::decode::Decoder;
use super::encode::Encoder;
use super::value::Value;
use super::{LARGEST, Malformed};

/// The bytes by which the length of the whole message is known.
pub(crate) const FIXED: usize = 16;

const VERSION: u8 = 1;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Call,
    Reply,
    Error,
    Signal,
    /// Of a later version of the protocol: to be ignored.
    Other(u8),
}

/// One message; its body is decoded when asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) serial: u32,
    /// The serial of the call that this answers.
    pub(crate) reply_to: Option<u32>,
    pub(crate) path: Option<String>,
    pub(crate) interface: Option<String>,
    pub(crate) member: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) destination: Option<String>,
    pub(crate) sender: Option<String>,
    signature: String,
    body: Vec<u8>,
    big: bool,
}

/// The length of the whole message that begins with these [`FIXED`] bytes.
pub(crate) fn length(start: &[u8]) -> Result<usize, Malformed> {
    let big = match start.first() {
        Some(b'l') => false,
        Some(b'B') => true,
        _ => return Err(Malformed("a message of no known byte order")),
    };
    if start.get(3) != Some(&VERSION) {
        return Err(Malformed("a message of another version of the protocol"));
    }
    let body = Decoder::new(start, 4, big).u32()?;
    let fields = Decoder::new(start, 12, big).u32()?;
    // Of 32 bits each: in 64 nothing runs over.
    let header = (FIXED as u64 + u64::from(fields)).next_multiple_of(8);
    match usize::try_from(header + u64::from(body)) {
        Ok(whole) if whole <= LARGEST => Ok(whole),
        _ => Err(Malformed("a message of more than 1 MiB")),
    }
}

impl Message {
    /// A message with nothing but its values.
    pub(crate) fn new(kind: Kind, values: &[Value]) -> Result<Message, Malformed> {
        let mut body = Encoder::default();
        let mut signature = String::new();
        for value in values {
            value.add_signature(&mut signature);
            body.value(value)?;
        }
        Ok(Message {
            kind,
            flags: 0,
            serial: 0,
            reply_to: None,
            path: None,
            interface: None,
            member: None,
            error: None,
            destination: None,
            sender: None,
            signature,
            body: body.bytes,
            big: false,
        })
    }

    /// The values of its body.
    pub(crate) fn values(&self) -> Result<Vec<Value>, Malformed> {
        let mut decoder = Decoder::new(&self.body, 0, self.big);
        let values = decoder.values(&self.signature)?;
        match decoder.at() == self.body.len() {
            true => Ok(values),
            false => Err(Malformed("a body that is longer than its values")),
        }
    }

    /// The bytes of its body.
    pub(crate) fn size(&self) -> usize {
        self.body.len()
    }

    /// Reads the message that all of `bytes` are.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Message, Malformed> {
        if length(bytes)? != bytes.len() {
            return Err(Malformed("a message of another length than it says"));
        }
        let big = bytes[0] == b'B';
        let mut decoder = Decoder::new(bytes, 8, big);
        let mut message = Message {
            kind: match bytes[1] {
                0 => return Err(Malformed("a message of no type")),
                1 => Kind::Call,
                2 => Kind::Reply,
                3 => Kind::Error,
                4 => Kind::Signal,
                other => Kind::Other(other),
            },
            flags: bytes[2],
            serial: decoder.u32()?,
            reply_to: None,
            path: None,
            interface: None,
            member: None,
            error: None,
            destination: None,
            sender: None,
            signature: String::new(),
            body: Vec::new(),
            big,
        };
        if message.serial == 0 {
            return Err(Malformed("a message whose serial is 0"));
        }
        let end = FIXED + decoder.u32()? as usize;
        while decoder.at() < end {
            decoder.align(8)?;
            let code = decoder.byte()?;
            let value = decoder.variant(1)?;
            message.take_field(code, value)?;
        }
        if decoder.at() != end {
            return Err(Malformed("header fields of another length than they say"));
        }
        decoder.align(8)?;
        message.body = bytes[decoder.at()..].to_vec();
        Ok(message)
    }

    fn take_field(&mut self, code: u8, value: Value) -> Result<(), Malformed> {
        match (code, value) {
            (1, Value::Path(path)) => self.path = Some(path),
            (2, Value::Str(name)) => self.interface = Some(name),
            (3, Value::Str(name)) => self.member = Some(name),
            (4, Value::Str(name)) => self.error = Some(name),
            (5, Value::U32(serial)) => self.reply_to = Some(serial),
            (6, Value::Str(name)) => self.destination = Some(name),
            (7, Value::Str(name)) => self.sender = Some(name),
            (8, Value::Signature(text)) => self.signature = text,
            (1..=8, _) => return Err(Malformed("a header field of another type")),
            // How many descriptors come along, or a field of a later version: none of ours.
            _ => {}
        }
        Ok(())
    }

    /// The bytes of the message.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Malformed> {
        let mut encoder = Encoder::default();
        let kind = match self.kind {
            Kind::Call => 1,
            Kind::Reply => 2,
            Kind::Error => 3,
            Kind::Signal => 4,
            Kind::Other(other) => other,
        };
        encoder.bytes.extend([b'l', kind, self.flags, VERSION]);
        let body = u32::try_from(self.body.len());
        encoder.u32(body.map_err(|_| Malformed("a body that is too large"))?);
        encoder.u32(self.serial);
        let signature = Some(&self.signature).filter(|text| !text.is_empty());
        let signature = signature.cloned().map(Value::Signature);
        encoder.array("(yv)", |fields| {
            let name = |name: &Option<String>| name.clone().map(Value::Str);
            // In the order of the reference implementation, so that the bytes can be compared.
            let values = [
                (1, self.path.clone().map(Value::Path)),
                (6, name(&self.destination)),
                (2, name(&self.interface)),
                (3, name(&self.member)),
                (4, name(&self.error)),
                (5, self.reply_to.map(Value::U32)),
                (7, name(&self.sender)),
                (8, signature),
            ];
            for (code, value) in values {
                if let Some(value) = value {
                    fields.align(8);
                    fields.bytes.push(code);
                    fields.value(&value.in_variant())?;
                }
            }
            Ok(())
        })?;
        encoder.align(8);
        encoder.bytes.extend_from_slice(&self.body);
        match encoder.bytes.len() <= LARGEST {
            true => Ok(encoder.bytes),
            false => Err(Malformed("a message of more than 1 MiB")),
        }
    }
}
