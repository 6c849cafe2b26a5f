//! `docs/spec.md`: every field of a spec and of an outcome with type, default and meaning.

use std::fmt::Write as _;

use serde_json::Value;

use crate::Result;
use crate::model::{Field, Kind, Model, Shape, Type, Variant};

const INTRO: &str = "\
# The spec and the outcome

<!-- Made by `cargo xtask codegen` from the doc comments of the Rust types. -->

A spec says what to run and how isolated. It is the same in every language: a JSON object with the
keys below (Node writes them in camelCase), a dataclass in Python, setters in C. A key that is not
known is an error. `include/isolate.schema.json` is the same as a JSON schema; it also has what the
library tells of namespaces (their list, processes, id maps), which [namespaces.md](namespaces.md) is about.

Scalar types:

| type | in JSON |
| --- | --- |
| string | text |
| bytes | text, or `{\"base64\": \"...\"}` where it is not UTF-8; never with a NUL |
| size | a number of bytes, or text with a suffix: `\"64K\"`, `\"512M\"`, `\"1.5G\"` (powers of 1024) |
| seconds | a number of seconds, or text with a unit: `\"500ms\"`, `\"1.5s\"`, `\"2m\"`, `\"1h\"` |
| integer, number, bool | as JSON has them |
";

/// The page.
pub fn markdown(model: &Model) -> Result<String> {
    let mut page = INTRO.to_owned();
    for kind in &model.spec {
        section(&mut page, kind, true);
    }
    for kind in &model.outcome {
        if model.spec.iter().all(|known| known.name != kind.name) {
            section(&mut page, kind, false);
        }
    }
    Ok(page)
}

fn section(page: &mut String, kind: &Type, given: bool) {
    let _ = write!(page, "\n## {}\n\n{}\n\n", kind.name, kind.doc);
    match &kind.shape {
        Shape::Struct(fields) if given => {
            page.push_str("| field | type | default | meaning |\n| --- | --- | --- | --- |\n");
            for field in fields {
                let (name, kind, doc) = (&field.name, bare(&field.kind), one_line(&field.doc));
                let _ = writeln!(page, "| `{name}` | {kind} | {} | {doc} |", default(field));
            }
        }
        Shape::Struct(fields) => {
            page.push_str("| field | type | meaning |\n| --- | --- | --- |\n");
            for field in fields {
                let doc = one_line(&field.doc);
                let _ = writeln!(
                    page,
                    "| `{}` | {} | {doc} |",
                    field.name,
                    linked(&field.kind)
                );
            }
        }
        Shape::Choice(variants) => {
            page.push_str(if kind.is_string_enum() {
                "One of these words:\n\n"
            } else {
                "A word, or an object with one key:\n\n"
            });
            page.push_str("| value | meaning |\n| --- | --- |\n");
            for variant in variants {
                let _ = writeln!(page, "| {} | {} |", value(variant), one_line(&variant.doc));
            }
        }
        Shape::Tagged { tag, arms } => {
            let _ = write!(page, "One of these, by its `{tag}`:\n\n");
            for (word, name) in arms {
                let _ = writeln!(page, "- `\"{word}\"`: [{name}](#{})", name.to_lowercase());
            }
        }
    }
}

fn value(variant: &Variant) -> String {
    match &variant.payload {
        None => format!("`\"{}\"`", variant.name),
        Some(payload) => format!("`{{\"{}\": ...}}` with {}", variant.name, linked(payload)),
    }
}

/// Nothing, in a spec, is leaving the field out, so "or nothing" would say nothing.
fn bare(kind: &Kind) -> String {
    linked(kind.bare())
}

fn linked(kind: &Kind) -> String {
    match kind {
        Kind::Named(name) => format!("[{name}](#{})", name.to_lowercase()),
        Kind::List(inner) => format!("list of {}", linked(inner)),
        Kind::Map(inner) => format!("map of string to {}", linked(inner)),
        Kind::Optional(inner) => format!("{} or nothing", linked(inner)),
        scalar => scalar.to_string(),
    }
}

fn default(field: &Field) -> String {
    match (&field.default, field.required, &field.kind) {
        (_, true, _) => "required".to_owned(),
        (Some(Value::String(text)), ..) => format!("`{text}`"),
        (Some(value), ..) => format!("`{value}`"),
        (None, false, Kind::List(_) | Kind::Map(_)) => "empty".to_owned(),
        (None, false, _) => "not set".to_owned(),
    }
}

/// A table cell holds one line, and a bar would end it.
fn one_line(doc: &str) -> String {
    doc.replace('\n', " ").replace('|', "\\|")
}
