//! A value as D-Bus types it.

use std::borrow::Cow;

/// One value. What the caller writes is checked when it is encoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Byte(u8),
    Bool(bool),
    I16(i16),
    U16(u16),
    I32(i32),
    U32(u32),
    I64(i64),
    U64(u64),
    F64(f64),
    Str(String),
    Path(String),
    Signature(String),
    /// The place of a descriptor among those sent along. None is ever accepted, so it leads nowhere.
    Fd(u32),
    /// `ay`: always read as this, never as an array of bytes.
    Bytes(Vec<u8>),
    /// The signature of the elements, which an empty array does not show, and the elements.
    Array(Cow<'static, str>, Vec<Value>),
    Struct(Vec<Value>),
    /// An element of a dictionary, which is an array of these.
    Entry(Box<(Value, Value)>),
    Variant(Box<Value>),
}

impl Value {
    /// The value in a variant, as properties travel.
    pub(crate) fn in_variant(self) -> Value {
        Value::Variant(Box::new(self))
    }

    /// An array of texts.
    #[cfg(test)]
    pub(crate) fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
        Value::Array("s".into(), texts.into_iter().map(Value::from).collect())
    }

    /// What is in the variant, and in that one's; the value itself where it is none.
    pub(crate) fn bare(&self) -> &Value {
        match self {
            Value::Variant(inner) => inner.bare(),
            other => other,
        }
    }

    /// The text of a string, an object path or a signature, also in a variant.
    pub(crate) fn text(&self) -> Option<&str> {
        match self.bare() {
            Value::Str(text) | Value::Path(text) | Value::Signature(text) => Some(text),
            _ => None,
        }
    }

    /// The number of any unsigned type, also in a variant.
    #[cfg(test)]
    pub(crate) fn number(&self) -> Option<u64> {
        match self.bare() {
            Value::Byte(n) => Some(u64::from(*n)),
            Value::U16(n) => Some(u64::from(*n)),
            Value::U32(n) => Some(u64::from(*n)),
            Value::U64(n) => Some(*n),
            _ => None,
        }
    }

    /// The elements of an array or the fields of a struct, also in a variant.
    #[cfg(test)]
    pub(crate) fn items(&self) -> Option<&[Value]> {
        match self.bare() {
            Value::Array(_, items) | Value::Struct(items) => Some(items),
            _ => None,
        }
    }

    /// The signature of the value's type.
    pub(crate) fn signature(&self) -> String {
        let mut text = String::new();
        self.add_signature(&mut text);
        text
    }

    pub(super) fn add_signature(&self, text: &mut String) {
        match self {
            Value::Byte(_) => text.push('y'),
            Value::Bool(_) => text.push('b'),
            Value::I16(_) => text.push('n'),
            Value::U16(_) => text.push('q'),
            Value::I32(_) => text.push('i'),
            Value::U32(_) => text.push('u'),
            Value::I64(_) => text.push('x'),
            Value::U64(_) => text.push('t'),
            Value::F64(_) => text.push('d'),
            Value::Str(_) => text.push('s'),
            Value::Path(_) => text.push('o'),
            Value::Signature(_) => text.push('g'),
            Value::Fd(_) => text.push('h'),
            Value::Bytes(_) => text.push_str("ay"),
            Value::Variant(_) => text.push('v'),
            Value::Array(element, _) => {
                text.push('a');
                text.push_str(element);
            }
            Value::Struct(fields) => {
                text.push('(');
                for field in fields {
                    field.add_signature(text);
                }
                text.push(')');
            }
            Value::Entry(pair) => {
                text.push('{');
                pair.0.add_signature(text);
                pair.1.add_signature(text);
                text.push('}');
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Str(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Value {
        Value::Bool(yes)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Value {
        Value::U32(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::U64(number)
    }
}
