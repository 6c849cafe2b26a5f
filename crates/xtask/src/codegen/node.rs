//! `node/spec.d.ts` and `node/spec-keys.js`: the spec's and the outcome's types, and those that tell of
//! namespaces and cgroups, in camelCase, with every length of time in milliseconds.

use std::fmt::Write as _;

use super::text::{camel, doc_paragraphs, named, wrap};
use crate::Result;
use crate::model::{Field, Kind, Model, Shape, Type};

const TYPES_HEAD: &str = "\
// The types of a spec, of an outcome, and of what is told of namespaces and cgroups.
// Made by `cargo xtask codegen` from the Rust types; not to be edited.

/** What Linux takes for paths, arguments and environment; bytes where it is not text; never with a NUL. */
export type Bytes = string | Uint8Array | URL;
/** A number of bytes, or text with a suffix: `'64K'`, `'512M'`, `'1.5G'` (powers of 1024). */
export type Size = number | bigint | string;
/** A number of milliseconds, or text with a unit: `'500ms'`, `'1.5s'`, `'2m'`, `'1h'`. */
export type Duration = number | string;
";

const KEYS_HEAD: &str = "\
// The keys of a spec, of an outcome, and of what is told of namespaces and cgroups: in JavaScript, on the
// wire, and what a value is made of.
// Made by `cargo xtask codegen` from the Rust types; not to be edited.

'use strict';

// name: [wire name, 'ms' for a length of time in milliseconds (seconds on the wire), 'map' for an object whose
// keys are data, 'bytes' for text that need not be UTF-8, or the value's type; 'map', the type of its values]
// A type that is one of several: { $tag: the key with the word that tells which, word: its type }
";

/// Whether it is a length of time. Floats are where their doc gives seconds as the unit.
fn is_time(field: &Field) -> bool {
    match field.kind.bare() {
        Kind::Seconds => true,
        Kind::Float => field.doc.contains(", seconds"),
        _ => false,
    }
}

/// The field's name in JavaScript.
fn name(field: &Field) -> String {
    let suffix = if is_time(field) { "Ms" } else { "" };
    format!("{}{suffix}", camel(&field.name))
}

/// `node/spec-keys.js`.
pub fn keys(model: &Model) -> Result<String> {
    let mut page = KEYS_HEAD.to_owned();
    for kind in model.types() {
        let mut entries = Vec::new();
        match &kind.shape {
            Shape::Struct(fields) => {
                for field in fields {
                    let mut made_of = value(field, model)?;
                    // An outcome's bytes go another way than JSON.
                    if model.is_told(kind) && *field.kind.bare() == Kind::Bytes {
                        made_of = ", 'bytes'".to_owned();
                    }
                    entries.push((name(field), field.name.clone(), made_of));
                }
            }
            Shape::Choice(variants) => {
                for variant in variants {
                    if let Some(Kind::Named(payload)) = &variant.payload {
                        let key = camel(&variant.name);
                        entries.push((key, variant.name.clone(), format!(", '{payload}'")));
                    }
                }
                if entries.is_empty() {
                    continue;
                }
            }
            Shape::Tagged { tag, arms } => {
                let _ = write!(page, "\nexports.{} = {{\n  $tag: '{tag}',\n", kind.name);
                for (word, name) in arms {
                    let _ = writeln!(page, "  {word}: '{name}',");
                }
                page.push_str("};\n");
                continue;
            }
        }
        let _ = write!(page, "\nexports.{} = {{\n", kind.name);
        for (key, wire, value) in entries {
            let _ = writeln!(page, "  {key}: ['{wire}'{value}],");
        }
        page.push_str("};\n");
    }
    Ok(page)
}

fn value(field: &Field, model: &Model) -> Result<String> {
    if is_time(field) {
        return Ok(", 'ms'".to_owned());
    }
    if let Kind::Map(inner) = field.kind.bare() {
        return match named(inner) {
            None => Ok(", 'map'".to_owned()),
            Some(inner) => Ok(format!(", 'map', '{inner}'")),
        };
    }
    let Some(inner) = named(&field.kind) else {
        return Ok(String::new());
    };
    let plain = model.find(inner)?.is_string_enum();
    Ok(if plain {
        String::new()
    } else {
        format!(", '{inner}'")
    })
}

/// `node/spec.d.ts`.
pub fn types(model: &Model) -> Result<String> {
    let mut page = TYPES_HEAD.to_owned();
    for kind in &model.spec {
        one(&mut page, kind, true, model);
    }
    for kind in &model.outcome {
        if model.spec.iter().all(|known| known.name != kind.name) {
            one(&mut page, kind, false, model);
        }
    }
    for (types, given) in [
        (&model.exchanged, true),
        (&model.told, false),
        (&model.group_given, true),
        (&model.group_told, false),
        (&model.examined, false),
    ] {
        for kind in types {
            one(&mut page, kind, given, model);
        }
    }
    Ok(page)
}

fn one(page: &mut String, kind: &Type, given: bool, model: &Model) {
    page.push('\n');
    match &kind.shape {
        Shape::Struct(fields) => {
            comment(page, &kind.doc, "", model);
            let generic = if kind.name == "Outcome" {
                "<Output = Buffer>"
            } else {
                ""
            };
            let _ = writeln!(page, "export interface {}{generic} {{", kind.name);
            for field in fields {
                comment(page, &field.doc, "  ", model);
                let optional = if given && !field.required { "?" } else { "" };
                let annotation = if given {
                    annotation(&field.kind, true)
                } else if model.is_told(kind) && *field.kind.bare() == Kind::Bytes {
                    // A path is text nearly always, and then usable as it is.
                    "string | Buffer".to_owned()
                } else {
                    outcome_annotation(kind, field)
                };
                let _ = writeln!(page, "  readonly {}{optional}: {annotation};", name(field));
            }
            page.push_str("}\n");
        }
        Shape::Choice(variants) => {
            let mut doc = kind.doc.clone();
            let mut arms = Vec::new();
            for variant in variants {
                let arm = match &variant.payload {
                    None => format!("'{}'", variant.name),
                    Some(payload) => {
                        format!(
                            "{{ {}: {} }}",
                            camel(&variant.name),
                            annotation(payload, given)
                        )
                    }
                };
                let _ = write!(doc, "\n\n- `{arm}`: {}", variant.doc);
                arms.push(arm);
            }
            comment(page, &doc, "", model);
            let _ = writeln!(page, "export type {} = {};", kind.name, arms.join(" | "));
        }
        Shape::Tagged { arms, .. } => {
            comment(page, &kind.doc, "", model);
            let arms: Vec<_> = arms.iter().map(|(_, name)| name.as_str()).collect();
            let _ = writeln!(page, "export type {} = {};", kind.name, arms.join(" | "));
        }
    }
}

fn annotation(kind: &Kind, given: bool) -> String {
    match kind {
        Kind::String => "string".to_owned(),
        Kind::Bytes => if given { "Bytes" } else { "Buffer" }.to_owned(),
        Kind::Integer(_) | Kind::Float => "number".to_owned(),
        Kind::Bool => "boolean".to_owned(),
        Kind::Size => if given { "Size" } else { "number" }.to_owned(),
        Kind::Seconds => if given { "Duration" } else { "number" }.to_owned(),
        Kind::Word(word) => format!("'{word}'"),
        Kind::Tuple(items) => {
            let items: Vec<_> = items.iter().map(|item| annotation(item, given)).collect();
            format!("readonly [{}]", items.join(", "))
        }
        Kind::Named(name) => name.clone(),
        Kind::List(inner) if matches!(**inner, Kind::Tuple(_)) => {
            format!("readonly ({})[]", annotation(inner, given))
        }
        Kind::List(inner) => format!("readonly {}[]", annotation(inner, given)),
        Kind::Map(inner) => format!("Readonly<Record<string, {}>>", annotation(inner, given)),
        Kind::Optional(inner) if given => annotation(inner, given),
        Kind::Optional(inner) => format!("{} | null", annotation(inner, given)),
    }
}

/// As the wire has it, but what was captured is bytes or text as the caller chose, and the enforcement is
/// looked up by name.
fn outcome_annotation(owner: &Type, field: &Field) -> String {
    match field.kind.bare() {
        Kind::Bytes if owner.name == "Outcome" => "Output | null".to_owned(),
        Kind::List(inner) if **inner == Kind::Named("Enforced".to_owned()) => {
            "Readonly<Record<string, Enforced>>".to_owned()
        }
        // An empty map may be left out, and is one all the same.
        bare if !field.required && !matches!(field.kind, Kind::Map(_)) => {
            format!("{} | null", annotation(bare, false))
        }
        _ => annotation(&field.kind, false),
    }
}

/// The doc with the names and units that JavaScript has.
fn comment(page: &mut String, doc: &str, indent: &str, model: &Model) {
    let mut doc = doc
        .replace(", seconds", ", milliseconds")
        .replace(" in seconds", " in milliseconds");
    for field in model.types().flat_map(Type::fields) {
        let name = name(field);
        if name != field.name {
            doc = doc.replace(&format!("`{}`", field.name), &format!("`{name}`"));
            doc = doc.replace(
                &format!("`limits.{}`", field.name),
                &format!("`limits.{name}`"),
            );
        }
    }
    let paragraphs = doc_paragraphs(&doc);
    if let [only] = paragraphs.as_slice()
        && indent.len() + only.len() + 7 <= 100
    {
        let _ = writeln!(page, "{indent}/** {only} */");
        return;
    }
    let _ = writeln!(page, "{indent}/**");
    for (n, paragraph) in paragraphs.iter().enumerate() {
        if n > 0 && !paragraph.starts_with("- ") {
            let _ = writeln!(page, "{indent} *");
        }
        for line in wrap(paragraph, 96 - indent.len()) {
            let _ = writeln!(page, "{indent} * {line}");
        }
    }
    let _ = writeln!(page, "{indent} */");
}
