//! From JSON text to a spec, with errors that name the field and speak of JSON.

use serde_json::Value;

use super::Spec;
use crate::error::{Error, Result};

pub(super) fn json(text: &str) -> Result<Spec> {
    let mut json = serde_json::Deserializer::from_str(text);
    let spec: Spec = serde_path_to_error::deserialize(&mut json).map_err(|e| {
        let path = e.path().to_string();
        // The path's own marks for "the root" and "not known" say nothing to a person.
        let field = path.trim_end_matches(['.', '?']);
        Error::invalid(field, plain(&e.inner().to_string(), text))
    })?;
    json.end()
        .map_err(|e| Error::invalid("", plain(&e.to_string(), text)))?;
    // serde takes a list of values for an object, in the order of declaration: nothing that a person
    // should come to rely on.
    let given = serde_json::from_str(text).unwrap_or(Value::Null);
    let meant = serde_json::to_value(&spec).unwrap_or(Value::Null);
    match list_for_object(&given, &meant, "") {
        None => Ok(spec),
        Some(field) => Err(Error::invalid(
            field,
            "invalid type: list, expected an object",
        )),
    }
}

/// The path of the first list in `given` that is an object in `meant`.
fn list_for_object(given: &Value, meant: &Value, path: &str) -> Option<String> {
    match (given, meant) {
        (Value::Array(_), Value::Object(_)) => Some(path.to_owned()),
        (Value::Array(given), Value::Array(meant)) => {
            given
                .iter()
                .zip(meant)
                .enumerate()
                .find_map(|(at, (given, meant))| {
                    // Most of all lists are of words.
                    if given.is_string() {
                        return None;
                    }
                    list_for_object(given, meant, &format!("{path}[{at}]"))
                })
        }
        (Value::Object(given), Value::Object(meant)) => given.iter().find_map(|(key, given)| {
            let dot = if path.is_empty() { "" } else { "." };
            list_for_object(given, meant.get(key)?, &format!("{path}{dot}{key}"))
        }),
        _ => None,
    }
}

/// The reader's message for a person of any language: without serde_json's " at line 1 column 17" (the
/// field's path says more, and the faces that build the JSON themselves have no lines) and without the
/// names of Rust's types.
fn plain(message: &str, text: &str) -> String {
    const ENDS: [(&str, &str); 6] = [
        ("expected u32", "expected a whole number, 0 to 4294967295"),
        ("expected u64", "expected a whole number, 0 or more"),
        ("expected i32", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
    ];
    let message = match message.rfind(" at line ") {
        Some(at) => &message[..at],
        None => message,
    };
    // serde_json says so of text that is no JSON, and of a value where a word or an object has to be.
    if message == "expected value" && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return "invalid type: expected a word, or an object with one key".to_owned();
    }
    const STARTS: [(&str, &str); 4] = [
        ("unknown variant", "unknown word"),
        ("invalid type: sequence", "invalid type: list"),
        ("invalid type: map", "invalid type: object"),
        ("invalid type: floating point", "invalid type: number"),
    ];
    let start = STARTS
        .iter()
        .find_map(|(theirs, ours)| Some((message.strip_prefix(theirs)?, *ours)));
    let (rest, start) = start.unwrap_or((message, ""));
    let end = ENDS
        .iter()
        .find_map(|(theirs, ours)| Some((rest.strip_suffix(theirs)?, *ours)));
    let (middle, end) = end.unwrap_or((rest, ""));
    format!("{start}{middle}{end}")
}
