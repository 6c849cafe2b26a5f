//! Sizes and times as people write them: `"512M"`, `"1.5s"`, or plain numbers.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Visitor};

/// A number of bytes: an integer, or a string with a binary suffix (`"512M"` is 512 x 1024 x 1024).
///
/// Suffixes: K, M, G, T, P, each alone or followed by `iB` or `B`, in either case; all are powers
/// of 1024.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

impl Size {
    /// Reads `"4096"`, `"512M"`, `"1.5GiB"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what is taken.
    pub fn parse(text: &str) -> Result<Size, String> {
        let trimmed = text.trim();
        let split = trimmed
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(trimmed.len());
        let (number, suffix) = trimmed.split_at(split);
        if number.is_empty() {
            return Err(format!(
                "{text:?} is not a size; write bytes or a number with K, M, G, T or P"
            ));
        }
        let unit = match suffix.trim().to_ascii_uppercase().as_str() {
            "" | "B" => 1u64,
            "K" | "KB" | "KIB" => 1 << 10,
            "M" | "MB" | "MIB" => 1 << 20,
            "G" | "GB" | "GIB" => 1 << 30,
            "T" | "TB" | "TIB" => 1 << 40,
            "P" | "PB" | "PIB" => 1 << 50,
            _ => {
                return Err(format!(
                    "{text:?} has the unknown suffix {suffix:?}; use K, M, G, T or P (powers of 1024)"
                ));
            }
        };
        let too_large = || format!("{text:?} is larger than 2^63-1 bytes");
        let bytes = if let Ok(whole) = number.parse::<u64>() {
            whole.checked_mul(unit).ok_or_else(too_large)?
        } else {
            let fraction: f64 = number
                .parse()
                .map_err(|_| format!("{text:?} is not a size"))?;
            let bytes = fraction * unit as f64;
            if bytes >= i64::MAX as f64 {
                return Err(too_large());
            }
            bytes as u64
        };
        if bytes > i64::MAX as u64 {
            return Err(too_large());
        }
        Ok(Size(bytes))
    }
}

impl From<u64> for Size {
    fn from(bytes: u64) -> Size {
        Size(bytes)
    }
}

/// A length of time: a number of seconds, or a string with a unit (`"500ms"`, `"1.5s"`, `"2m"`, `"1h"`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub Duration);

/// The longest time taken, some 317 years: far from every overflow in the kernel's nanoseconds.
const MAX_SECONDS: f64 = 1e10;

impl Seconds {
    /// Reads `"60"`, `"1.5s"`, `"500ms"`, `"2m"`, `"1h"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what is taken.
    pub fn parse(text: &str) -> Result<Seconds, String> {
        let trimmed = text.trim();
        let split = trimmed
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
            .unwrap_or(trimmed.len());
        let (number, suffix) = trimmed.split_at(split);
        let value: f64 = number.parse().map_err(|_| {
            format!("{text:?} is not a time; write seconds or a number with ms, s, m or h")
        })?;
        let unit = match suffix.trim() {
            "" | "s" => 1.0,
            "us" => 1e-6,
            "ms" => 1e-3,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            _ => {
                return Err(format!(
                    "{text:?} has the unknown unit {suffix:?}; use us, ms, s, m or h"
                ));
            }
        };
        Seconds::from_f64(value * unit)
    }

    /// A number of seconds, checked.
    ///
    /// # Errors
    /// Negative, not a number, or more than 10^10 seconds.
    pub fn from_f64(value: f64) -> Result<Seconds, String> {
        if value.is_nan() || value < 0.0 {
            return Err(format!("{value} seconds: a time must be 0 or more"));
        }
        if value > MAX_SECONDS {
            return Err(format!(
                "{value} seconds: a time must be at most 1e10 seconds"
            ));
        }
        Ok(Seconds(Duration::from_secs_f64(value)))
    }
}

impl From<Duration> for Seconds {
    fn from(value: Duration) -> Seconds {
        Seconds(value)
    }
}

impl serde::Serialize for Size {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl serde::Serialize for Seconds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_secs_f64())
    }
}

impl<'de> serde::Deserialize<'de> for Size {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
        struct SizeVisitor;
        impl Visitor<'_> for SizeVisitor {
            type Value = Size;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes or a string such as \"512M\"")
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Size, E> {
                if value > i64::MAX as u64 {
                    return Err(E::custom(format!("{value} is larger than 2^63-1 bytes")));
                }
                Ok(Size(value))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Size, E> {
                u64::try_from(value)
                    .map(Size)
                    .map_err(|_| E::custom(format!("{value} bytes: a size must be 0 or more")))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Size, E> {
                // JSON writers of languages without integers may print 1e9 or 512.0.
                if value.fract() == 0.0 && (0.0..9.0e18).contains(&value) {
                    return Ok(Size(value as u64));
                }
                Err(E::custom(format!(
                    "{value} bytes: a size must be a whole number, 0 or more"
                )))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Size, E> {
                Size::parse(value).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(SizeVisitor)
    }
}

impl<'de> serde::Deserialize<'de> for Seconds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Seconds, D::Error> {
        struct SecondsVisitor;
        impl Visitor<'_> for SecondsVisitor {
            type Value = Seconds;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds or a string such as \"500ms\"")
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Seconds, E> {
                Seconds::from_f64(value as f64).map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Seconds, E> {
                Seconds::from_f64(value as f64).map_err(E::custom)
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Seconds, E> {
                Seconds::from_f64(value).map_err(E::custom)
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Seconds, E> {
                Seconds::parse(value).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(SecondsVisitor)
    }
}

impl schemars::JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A number of bytes, or a string with a binary suffix such as \"512M\" (powers of 1024).",
            "type": ["integer", "string"],
            "minimum": 0
        })
    }
}

impl schemars::JsonSchema for Seconds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seconds".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A number of seconds, or a string with a unit such as \"500ms\" (us, ms, s, m, h).",
            "type": ["number", "string"],
            "minimum": 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("64k", 64 << 10),
            ("512M", 512 << 20),
            ("1.5GiB", 3 << 29),
            ("2 TB", 2 << 40),
        ] {
            assert_eq!(Size::parse(text), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "M", "-1", "12Q", "1e3", "9999P", "1.2.3M"] {
            assert!(Size::parse(text).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn times_as_people_write_them() {
        for (text, millis) in [
            ("60", 60_000),
            ("1.5s", 1500),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(
                Seconds::parse(text),
                Ok(Seconds(Duration::from_millis(millis))),
                "{text}"
            );
        }
        for text in ["", "s", "-1", "5 fortnights", "1e30"] {
            assert!(Seconds::parse(text).is_err(), "{text} was taken");
        }
    }
}
