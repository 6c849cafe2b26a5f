//! Values to bytes, little endian.

use super::value::Value;
use super::{LARGEST, Malformed, aligned, signature};

/// Bytes of a message, or of its body, which begins on a multiple of eight as a message does.
#[derive(Default)]
pub(super) struct Encoder {
    pub(super) bytes: Vec<u8>,
}

impl Encoder {
    pub(super) fn align(&mut self, to: usize) {
        self.bytes.resize(aligned(self.bytes.len(), to), 0);
    }

    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.align(N);
        self.bytes.extend_from_slice(&bytes);
    }

    pub(super) fn u32(&mut self, number: u32) {
        self.put(number.to_le_bytes());
    }

    /// A length, once it is known that a message of it is allowed.
    fn length(&mut self, length: usize) -> Result<(), Malformed> {
        match u32::try_from(length) {
            Ok(number) if length <= LARGEST => {
                self.u32(number);
                Ok(())
            }
            _ => Err(Malformed("a value that is too large")),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Malformed> {
        if text.contains('\0') {
            return Err(Malformed("a text with a NUL in it"));
        }
        self.length(text.len())?;
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
        Ok(())
    }

    pub(super) fn path(&mut self, path: &str) -> Result<(), Malformed> {
        // A bus ends the connection of whoever sends a wrong one.
        let right = path == "/"
            || path.strip_prefix('/').is_some_and(|rest| {
                rest.split('/').all(|part| {
                    !part.is_empty()
                        && part
                            .bytes()
                            .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
                })
            });
        match right {
            true => self.text(path),
            false => Err(Malformed("no object path")),
        }
    }

    pub(super) fn signature(&mut self, text: &str) -> Result<(), Malformed> {
        signature::check(text)?;
        let length = u8::try_from(text.len()).map_err(|_| Malformed("a long signature"))?;
        self.bytes.push(length);
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
        Ok(())
    }

    /// What follows a length and the padding that is not counted in it.
    pub(super) fn array(
        &mut self,
        element: &str,
        fill: impl FnOnce(&mut Encoder) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.u32(0);
        let length_at = self.bytes.len() - 4;
        self.align(signature::alignment(element.as_bytes()));
        let start = self.bytes.len();
        fill(self)?;
        let length = self.bytes.len() - start;
        let number = match u32::try_from(length) {
            Ok(number) if length <= LARGEST => number,
            _ => return Err(Malformed("an array that is too large")),
        };
        self.bytes[length_at..length_at + 4].copy_from_slice(&number.to_le_bytes());
        Ok(())
    }

    pub(super) fn value(&mut self, value: &Value) -> Result<(), Malformed> {
        match value {
            Value::Byte(n) => self.bytes.push(*n),
            Value::Bool(yes) => self.u32(u32::from(*yes)),
            Value::I16(n) => self.put(n.to_le_bytes()),
            Value::U16(n) => self.put(n.to_le_bytes()),
            Value::I32(n) => self.put(n.to_le_bytes()),
            Value::U32(n) | Value::Fd(n) => self.u32(*n),
            Value::I64(n) => self.put(n.to_le_bytes()),
            Value::U64(n) => self.put(n.to_le_bytes()),
            Value::F64(n) => self.put(n.to_le_bytes()),
            Value::Str(text) => self.text(text)?,
            Value::Path(path) => self.path(path)?,
            Value::Signature(text) => self.signature(text)?,
            Value::Bytes(bytes) => {
                self.length(bytes.len())?;
                self.bytes.extend_from_slice(bytes);
            }
            Value::Array(element, items) => self.array(element, |encoder| {
                for item in items {
                    if item.signature() != **element {
                        return Err(Malformed("an array with an element of another type"));
                    }
                    encoder.value(item)?;
                }
                Ok(())
            })?,
            Value::Struct(fields) => {
                self.align(8);
                for field in fields {
                    self.value(field)?;
                }
            }
            Value::Entry(pair) => {
                self.align(8);
                self.value(&pair.0)?;
                self.value(&pair.1)?;
            }
            Value::Variant(inner) => {
                let text = inner.signature();
                if signature::one(text.as_bytes()) != Ok(text.len()) {
                    return Err(Malformed("a variant of no type"));
                }
                self.signature(&text)?;
                self.value(inner)?;
            }
        }
        Ok(())
    }
}
