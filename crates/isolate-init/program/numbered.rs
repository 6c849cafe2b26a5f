//! Texts with a number at the end, such as `/proc/self/fd/7` and `size=4096`.

use core::ffi::CStr;

/// Room for a short prefix, the 20 digits of the largest number, and a NUL.
const ROOM: usize = 40;

/// A prefix and a number in decimal digits.
pub struct Numbered([u8; ROOM]);

impl Numbered {
    /// The prefix may have 19 bytes.
    pub fn new(prefix: &str, number: u64) -> Numbered {
        let mut text = [0u8; ROOM];
        let mut len = prefix.len();
        text[..len].copy_from_slice(prefix.as_bytes());
        let mut unit = 1;
        while number / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            text[len] = b'0' + (number / unit % 10) as u8;
            unit /= 10;
            len += 1;
        }
        Numbered(text)
    }

    /// `/proc/self/fd/N`: a path for the calls that take no descriptor.
    pub fn descriptor(descriptor: i32) -> Numbered {
        Numbered::new("/proc/self/fd/", u64::from(descriptor as u32))
    }

    /// The text.
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or(c"")
    }
}
