//! `Bytes`: what Linux takes for paths, arguments and environment, which need not be UTF-8.

use std::ffi::{CString, OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;

/// A byte string without NUL: in JSON a string, or `{"base64": "..."}` where it is not UTF-8.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as a path.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// Whether there is not a single byte.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes with a closing NUL, or `None` when there is a NUL among them.
    pub fn to_cstring(&self) -> Option<CString> {
        CString::new(self.0.clone()).ok()
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(&self.0), f)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl From<&str> for Bytes {
    fn from(value: &str) -> Bytes {
        Bytes(value.as_bytes().to_vec())
    }
}
impl From<String> for Bytes {
    fn from(value: String) -> Bytes {
        Bytes(value.into_bytes())
    }
}
impl From<&String> for Bytes {
    fn from(value: &String) -> Bytes {
        Bytes::from(value.as_str())
    }
}
impl From<Vec<u8>> for Bytes {
    fn from(value: Vec<u8>) -> Bytes {
        Bytes(value)
    }
}
impl From<&[u8]> for Bytes {
    fn from(value: &[u8]) -> Bytes {
        Bytes(value.to_vec())
    }
}
impl From<&OsStr> for Bytes {
    fn from(value: &OsStr) -> Bytes {
        Bytes(value.as_bytes().to_vec())
    }
}
impl From<OsString> for Bytes {
    fn from(value: OsString) -> Bytes {
        Bytes(value.into_vec())
    }
}
impl From<&Path> for Bytes {
    fn from(value: &Path) -> Bytes {
        Bytes::from(value.as_os_str())
    }
}
impl From<PathBuf> for Bytes {
    fn from(value: PathBuf) -> Bytes {
        Bytes::from(value.into_os_string())
    }
}

impl serde::Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &STANDARD.encode(&self.0))?;
                map.end()
            }
        }
    }
}

impl<'de> serde::Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        struct BytesVisitor;
        impl<'de> Visitor<'de> for BytesVisitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or {\"base64\": \"...\"}")
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Bytes, E> {
                Ok(Bytes::from(value))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bytes, A::Error> {
                let Some((key, value)) = map.next_entry::<String, String>()? else {
                    return Err(de::Error::missing_field("base64"));
                };
                if key != "base64" {
                    return Err(de::Error::unknown_field(&key, &["base64"]));
                }
                if let Some((key, _)) = map.next_entry::<String, de::IgnoredAny>()? {
                    return Err(de::Error::unknown_field(&key, &["base64"]));
                }
                STANDARD
                    .decode(&value)
                    .map(Bytes)
                    .map_err(|_| de::Error::custom(format!("{value:?} is not base64")))
            }
        }
        deserializer.deserialize_any(BytesVisitor)
    }
}

impl schemars::JsonSchema for Bytes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bytes".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A byte string without NUL: a string, or {\"base64\": \"...\"} where it is not UTF-8.",
            "oneOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "base64": { "type": "string" } },
                    "required": ["base64"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
