//! Fields: how numbers, texts and lists are laid out inside a record.
//!
//! Little-endian and unaligned. A text is its length, its bytes and a NUL; a list is its count and its
//! texts.

use core::ffi::CStr;
use core::fmt;

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

/// The bytes are not a plan of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Reads fields one after the other.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

/// One field of a record.
pub(crate) trait Field<'a>: Sized {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed>;
    #[cfg(feature = "alloc")]
    fn write(&self, out: &mut Vec<u8>);
}

macro_rules! number_field {
    ($($type:ty),*) => {$(
        impl<'a> Field<'a> for $type {
            fn read(reader: &mut Reader<'a>) -> Result<$type, Malformed> {
                let bytes = reader.take(size_of::<$type>())?;
                Ok(<$type>::from_le_bytes(bytes.try_into().map_err(|_| Malformed)?))
            }
            #[cfg(feature = "alloc")]
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}
number_field!(u32, u64);

impl<'a> Field<'a> for &'a CStr {
    fn read(reader: &mut Reader<'a>) -> Result<&'a CStr, Malformed> {
        let len = u32::read(reader)? as usize;
        let bytes = reader.take(len.checked_add(1).ok_or(Malformed)?)?;
        CStr::from_bytes_with_nul(bytes).map_err(|_| Malformed)
    }
    #[cfg(feature = "alloc")]
    fn write(&self, out: &mut Vec<u8>) {
        (self.to_bytes().len() as u32).write(out);
        out.extend_from_slice(self.to_bytes_with_nul());
    }
}

impl<'a> Field<'a> for &'a [u8] {
    fn read(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
        let len = u32::read(reader)? as usize;
        reader.take(len)
    }
    #[cfg(feature = "alloc")]
    fn write(&self, out: &mut Vec<u8>) {
        (self.len() as u32).write(out);
        out.extend_from_slice(self);
    }
}

/// A list of texts, read in place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Texts<'a> {
    count: u32,
    raw: &'a [u8],
}

impl<'a> Texts<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The texts. Reading checked them, so that none is lost here.
    pub fn iter(&self) -> impl Iterator<Item = &'a CStr> + use<'a> {
        let mut reader = Reader::new(self.raw);
        core::iter::from_fn(move || <&CStr>::read(&mut reader).ok())
    }
}

impl fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> Field<'a> for Texts<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Texts<'a>, Malformed> {
        let count = u32::read(reader)?;
        let raw = <&[u8]>::read(reader)?;
        let mut check = Reader::new(raw);
        for _ in 0..count {
            <&CStr>::read(&mut check)?;
        }
        if check.is_empty() {
            Ok(Texts { count, raw })
        } else {
            Err(Malformed)
        }
    }
    #[cfg(feature = "alloc")]
    fn write(&self, out: &mut Vec<u8>) {
        self.count.write(out);
        self.raw.write(out);
    }
}

/// A list of texts to encode.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, Default)]
pub struct TextsBuf {
    count: u32,
    raw: Vec<u8>,
}

#[cfg(feature = "alloc")]
impl TextsBuf {
    /// Adds a text at the end.
    pub fn push(&mut self, text: &CStr) {
        text.write(&mut self.raw);
        self.count += 1;
    }

    /// The list as a field of an op.
    pub fn as_texts(&self) -> Texts<'_> {
        Texts {
            count: self.count,
            raw: &self.raw,
        }
    }
}

#[cfg(feature = "alloc")]
impl<T: AsRef<CStr>> FromIterator<T> for TextsBuf {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> TextsBuf {
        let mut list = TextsBuf::default();
        for text in texts {
            list.push(text.as_ref());
        }
        list
    }
}
