//! Bytes to values, of either byte order.

use super::value::Value;
use super::{Malformed, aligned, signature};

/// How deep values may be nested, variants included, by the protocol.
const DEEPEST: u32 = 64;
/// How many values one message may hold. Each takes some fifty bytes here for as little as one there.
const MOST: u32 = 1 << 16;

/// A place in a message, or in its body, which begins on a multiple of eight as a message does.
pub(super) struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    big: bool,
    left: u32,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, big: bool) -> Decoder<'a> {
        Decoder {
            bytes,
            at,
            big,
            left: MOST,
        }
    }

    /// Where it stands.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn align(&mut self, to: usize) -> Result<(), Malformed> {
        let padding = aligned(self.at, to) - self.at;
        match self.take(padding)?.iter().all(|byte| *byte == 0) {
            true => Ok(()),
            false => Err(Malformed("padding that is not zero")),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        self.at += taken.map_or(0, <[u8]>::len);
        taken.ok_or(Malformed("a value that is cut off"))
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.align(N)?;
        let mut number = [0; N];
        number.copy_from_slice(self.take(N)?);
        if self.big {
            number.reverse();
        }
        Ok(number)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.number()?))
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    fn length(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.u32()?).map_err(|_| Malformed("a value that is too large"))
    }

    fn text(&mut self, length: usize) -> Result<String, Malformed> {
        let bytes = self.take(length)?;
        if self.byte()? != 0 {
            return Err(Malformed("a text without a NUL at its end"));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Ok(text.to_owned()),
            Ok(_) => Err(Malformed("a text with a NUL in it")),
            Err(_) => Err(Malformed("a text that is not UTF-8")),
        }
    }

    pub(super) fn signature(&mut self) -> Result<String, Malformed> {
        let length = usize::from(self.byte()?);
        let text = self.text(length)?;
        signature::check(&text)?;
        Ok(text)
    }

    /// All values of a signature, which is a right one.
    pub(super) fn values(&mut self, signature: &str) -> Result<Vec<Value>, Malformed> {
        self.several(signature.as_bytes(), 0)
    }

    fn several(&mut self, mut signature: &[u8], depth: u32) -> Result<Vec<Value>, Malformed> {
        let mut values = Vec::new();
        while !signature.is_empty() {
            let (first, rest) = signature.split_at(signature::one(signature)?);
            values.push(self.value(first, depth)?);
            signature = rest;
        }
        Ok(values)
    }

    /// The one value in a variant.
    pub(super) fn variant(&mut self, depth: u32) -> Result<Value, Malformed> {
        let signature = self.signature()?;
        if signature::one(signature.as_bytes())? != signature.len() {
            return Err(Malformed("a variant of more than one type"));
        }
        self.value(signature.as_bytes(), depth)
    }

    /// One value of a complete type.
    fn value(&mut self, kind: &[u8], depth: u32) -> Result<Value, Malformed> {
        if depth > DEEPEST {
            return Err(Malformed("values nested more than 64 deep"));
        }
        self.left = self
            .left
            .checked_sub(1)
            .ok_or(Malformed("too many values"))?;
        Ok(match kind {
            b"y" => Value::Byte(self.byte()?),
            b"b" => match self.u32()? {
                0 => Value::Bool(false),
                1 => Value::Bool(true),
                _ => return Err(Malformed("a truth value that is neither 0 nor 1")),
            },
            b"n" => Value::I16(i16::from_le_bytes(self.number()?)),
            b"q" => Value::U16(u16::from_le_bytes(self.number()?)),
            b"i" => Value::I32(i32::from_le_bytes(self.number()?)),
            b"u" => Value::U32(self.u32()?),
            b"h" => Value::Fd(self.u32()?),
            b"x" => Value::I64(i64::from_le_bytes(self.number()?)),
            b"t" => Value::U64(u64::from_le_bytes(self.number()?)),
            b"d" => Value::F64(f64::from_le_bytes(self.number()?)),
            b"s" | b"o" => {
                let length = self.length()?;
                let text = self.text(length)?;
                match kind {
                    b"s" => Value::Str(text),
                    _ => Value::Path(text),
                }
            }
            b"g" => Value::Signature(self.signature()?),
            b"v" => Value::Variant(Box::new(self.variant(depth + 1)?)),
            b"ay" => {
                let length = self.length()?;
                Value::Bytes(self.take(length)?.to_vec())
            }
            [b'a', element @ ..] => self.array(element, depth)?,
            [b'(', fields @ .., b')'] => {
                self.align(8)?;
                Value::Struct(self.several(fields, depth + 1)?)
            }
            [b'{', key, value @ .., b'}'] => {
                self.align(8)?;
                let key = self.value(&[*key], depth + 1)?;
                Value::Entry(Box::new((key, self.value(value, depth + 1)?)))
            }
            _ => return Err(Malformed("a type that does not exist")),
        })
    }

    fn array(&mut self, element: &[u8], depth: u32) -> Result<Value, Malformed> {
        let length = self.length()?;
        self.align(signature::alignment(element))?;
        let end = self
            .at
            .checked_add(length)
            .filter(|end| *end <= self.bytes.len())
            .ok_or(Malformed("an array that is cut off"))?;
        let mut items = Vec::new();
        while self.at < end {
            items.push(self.value(element, depth + 1)?);
        }
        if self.at != end {
            return Err(Malformed("an array whose last element is cut off"));
        }
        let element = String::from_utf8_lossy(element).into_owned();
        Ok(Value::Array(element.into(), items))
    }
}
