//! `python/libisolate/_spec.py`, `_ns_types.py`, `_cgroup_types.py` and `_doctor_types.py`: the spec's and the
//! outcome's types, and those that tell of namespaces, cgroups and hosts, as frozen dataclasses.

use std::fmt::Write as _;

use serde_json::Value;

use super::text::{doc_paragraphs, ordered, wrap};
use crate::Result;
use crate::model::{Field, Kind, Model, Shape, Type, Variant};

const HEAD: &str = r#""""The types of a spec and of an outcome.

Made by `cargo xtask codegen` from the Rust types; not to be edited.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, field
from typing import AnyStr, Generic, Literal, Mapping, Optional, Protocol, Sequence, TypedDict, Union

from ._methods import OutcomeMethods, SpecMethods

Text = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
"""What Linux takes for paths and arguments: text, bytes, or a path object; never with a NUL."""

Size = Union[int, str]
"""A number of bytes, or text with a suffix: "64K", "512M", "1.5G" (powers of 1024)."""

Seconds = Union[float, str, datetime.timedelta]
"""A number of seconds, text with a unit ("500ms", "1.5s", "2m", "1h"), or a timedelta."""


class HasFileno(Protocol):
    """Anything with a descriptor: an open file, a socket, a `Namespace`."""

    def fileno(self) -> int:
        """The descriptor's number."""
"#;

const NAMESPACES_HEAD: &str = r#""""What the library tells of namespaces.

Made by `cargo xtask codegen` from the Rust types; not to be edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Optional, Sequence, Tuple, Union

from ._spec import IdMap
"#;

const CGROUPS_HEAD: &str = r#""""What the library tells of cgroups, and is told to do with them.

Made by `cargo xtask codegen` from the Rust types; not to be edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Mapping, Optional, Sequence, Union

from ._spec import Size
"#;

const DOCTOR_HEAD: &str = r#""""What the doctor finds.

Made by `cargo xtask codegen` from the Rust types; not to be edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Optional, Sequence
"#;

/// The module.
pub fn module(model: &Model) -> Result<String> {
    let mut page = HEAD.to_owned();
    let mut names = ["Text", "Size", "Seconds", "HasFileno"]
        .map(str::to_owned)
        .to_vec();
    for kind in ordered(&model.spec, model)? {
        one(&mut page, kind, true, model)?;
        names.push(kind.name.clone());
    }
    options(&mut page, model.find("Spec")?)?;
    names.push("SpecOptions".to_owned());
    for kind in ordered(&model.outcome, model)? {
        if !names.contains(&kind.name) {
            one(&mut page, kind, false, model)?;
            names.push(kind.name.clone());
        }
    }
    all(&mut page, names);
    Ok(page)
}

/// The module of what is told of namespaces.
pub fn namespaces(model: &Model) -> Result<String> {
    of(NAMESPACES_HEAD, &model.exchanged, &model.told, model)
}

/// The module of what is told of cgroups.
pub fn cgroups(model: &Model) -> Result<String> {
    of(CGROUPS_HEAD, &model.group_given, &model.group_told, model)
}

/// The module of what the doctor finds.
pub fn doctor(model: &Model) -> Result<String> {
    of(DOCTOR_HEAD, &[], &model.examined, model)
}

fn of(head: &str, given: &[Type], told: &[Type], model: &Model) -> Result<String> {
    let mut page = head.to_owned();
    let mut names: Vec<String> = Vec::new();
    for (types, given) in [(given, true), (told, false)] {
        let own = |kind: &&Type| types.iter().any(|own| own.name == kind.name);
        for kind in ordered(types, model)?.into_iter().filter(own) {
            one(&mut page, kind, given, model)?;
            names.push(kind.name.clone());
        }
    }
    all(&mut page, names);
    Ok(page)
}

fn all(page: &mut String, mut names: Vec<String>) {
    names.sort();
    page.push_str("\n\n__all__ = [\n");
    for name in names {
        let _ = writeln!(page, "    \"{name}\",");
    }
    page.push_str("]\n");
}

fn one(page: &mut String, kind: &Type, given: bool, model: &Model) -> Result<()> {
    match &kind.shape {
        Shape::Struct(fields) => dataclass(page, kind, fields, given, model),
        Shape::Choice(variants) => {
            choice(page, kind, variants);
            Ok(())
        }
        Shape::Tagged { arms, .. } => {
            let arms: Vec<_> = arms.iter().map(|(_, name)| name.as_str()).collect();
            let _ = write!(page, "\n{} = Union[{}]\n", kind.name, arms.join(", "));
            docstring(page, &kind.doc, "");
            Ok(())
        }
    }
}

/// A choice is the union of its plain values and of its payloads' types.
fn choice(page: &mut String, kind: &Type, variants: &[Variant]) {
    let plain: Vec<_> = variants
        .iter()
        .filter(|v| v.payload.is_none())
        .map(|v| format!("\"{}\"", v.name))
        .collect();
    let mut arms = vec![format!("Literal[{}]", plain.join(", "))];
    for payload in variants.iter().filter_map(|v| v.payload.as_ref()) {
        match payload {
            Kind::Integer(_) => arms.extend(["int".to_owned(), "HasFileno".to_owned()]),
            other => arms.push(format!("\"{}\"", annotation(other, true))),
        }
    }
    let value = match arms.as_slice() {
        [only] => only.clone(),
        _ => format!("Union[{}]", arms.join(", ")),
    };
    let _ = write!(page, "\n{} = {value}\n", kind.name);
    let mut doc = kind.doc.clone();
    for variant in variants {
        let name = match &variant.payload {
            None => format!("\"{}\"", variant.name),
            Some(Kind::Integer(_)) if kind.name == "NamespaceMode" => {
                "a `Namespace`, an integer or an open file".to_owned()
            }
            Some(Kind::Integer(_)) => "an integer or an open file".to_owned(),
            // The wire's word for it is left out, so that it must be told from the plain ones.
            Some(Kind::Bytes) => "a path object, or text with a slash".to_owned(),
            Some(other) => other.to_string(),
        };
        let _ = write!(doc, "\n\n{name}: {}", variant.doc);
    }
    docstring(page, &doc, "");
}

fn dataclass(
    page: &mut String,
    kind: &Type,
    fields: &[Field],
    given: bool,
    model: &Model,
) -> Result<()> {
    let bases = match kind.name.as_str() {
        "Spec" => "(SpecMethods)",
        "Outcome" => "(OutcomeMethods[AnyStr], Generic[AnyStr])",
        _ => "",
    };
    let _ = write!(
        page,
        "\n\n@dataclass(frozen=True)\nclass {}{bases}:\n",
        kind.name
    );
    docstring(page, &kind.doc, "    ");
    if let Some(tag) = tag(&kind.name, model) {
        let _ = write!(page, "\n    _tag = \"{tag}\"\n");
    }
    // A dataclass takes no field without a default after one that has one. An outcome is always whole.
    let is_whole = !given && !model.is_told(kind);
    let (required, optional): (Vec<_>, Vec<_>) =
        fields.iter().partition(|f| is_whole || f.required);
    for field in required.into_iter().chain(optional) {
        let annotation = if given {
            annotation(&field.kind, true)
        } else {
            outcome_annotation(kind, field)
        };
        let default = match (given, is_whole, field.kind.bare()) {
            (true, ..) => default(field, model)?,
            (_, false, Kind::Map(_)) if !field.required && field.kind == *field.kind.bare() => {
                " = field(default_factory=dict)".to_owned()
            }
            (_, false, _) if !field.required => " = None".to_owned(),
            _ => String::new(),
        };
        let _ = write!(page, "\n    {}: {annotation}{default}\n", field.name);
        docstring(page, &field.doc, "    ");
    }
    Ok(())
}

/// The word that a struct is wrapped in where it is a variant's payload.
fn tag<'a>(name: &str, model: &'a Model) -> Option<&'a str> {
    model.types().find_map(|t| match &t.shape {
        Shape::Struct(_) | Shape::Tagged { .. } => None,
        Shape::Choice(variants) => variants
            .iter()
            .find(|v| v.payload == Some(Kind::Named(name.to_owned())))
            .map(|v| v.name.as_str()),
    })
}

/// The keyword arguments of run() and spawn(): a spec without its argv.
fn options(page: &mut String, spec: &Type) -> Result<()> {
    page.push_str("\n\nclass SpecOptions(TypedDict, total=False):\n");
    docstring(
        page,
        "The fields of a `Spec` other than `argv`, as keyword arguments.",
        "    ",
    );
    page.push('\n');
    for field in spec.fields().iter().filter(|f| f.name != "argv") {
        let _ = writeln!(
            page,
            "    {}: {}",
            field.name,
            annotation(&field.kind, true)
        );
    }
    Ok(())
}

fn annotation(kind: &Kind, given: bool) -> String {
    match kind {
        Kind::String => "str".to_owned(),
        Kind::Bytes => if given { "Text" } else { "str" }.to_owned(),
        Kind::Integer(_) => "int".to_owned(),
        Kind::Float => "float".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Size => if given { "Size" } else { "int" }.to_owned(),
        Kind::Seconds => if given { "Seconds" } else { "float" }.to_owned(),
        Kind::Word(word) => format!("Literal[\"{word}\"]"),
        Kind::Tuple(items) => {
            let items: Vec<_> = items.iter().map(|item| annotation(item, given)).collect();
            format!("Tuple[{}]", items.join(", "))
        }
        Kind::Named(name) => name.clone(),
        Kind::List(inner) => format!("Sequence[{}]", annotation(inner, given)),
        Kind::Map(inner) => format!("Mapping[str, {}]", annotation(inner, given)),
        Kind::Optional(inner) => format!("Optional[{}]", annotation(inner, given)),
    }
}

/// As the wire has it, but what was captured is bytes or text as the caller chose, and the enforcement is
/// looked up by name.
fn outcome_annotation(owner: &Type, field: &Field) -> String {
    match field.kind.bare() {
        Kind::Bytes if owner.name == "Outcome" => "Optional[AnyStr]".to_owned(),
        Kind::List(inner) if **inner == Kind::Named("Enforced".to_owned()) => {
            "Mapping[str, Enforced]".to_owned()
        }
        // An empty map may be left out.
        _ if !field.required && !matches!(field.kind, Kind::Map(_)) => {
            format!("Optional[{}]", annotation(field.kind.bare(), false))
        }
        _ => annotation(&field.kind, false),
    }
}

fn default(field: &Field, model: &Model) -> Result<String> {
    if field.required {
        return Ok(String::new());
    }
    Ok(match (&field.default, &field.kind) {
        (Some(Value::Bool(true)), _) => " = True".to_owned(),
        (Some(Value::Bool(false)), _) => " = False".to_owned(),
        (Some(value @ (Value::String(_) | Value::Number(_))), _) => format!(" = {value}"),
        (Some(_), Kind::Named(name)) | (None, Kind::Named(name)) => match model.find(name)?.shape {
            Shape::Struct(_) => format!(" = field(default_factory={name})"),
            Shape::Choice(_) | Shape::Tagged { .. } => {
                return Err(format!("{}: no default", field.name));
            }
        },
        (None, Kind::List(_)) => " = ()".to_owned(),
        (None, Kind::Map(_)) => " = field(default_factory=dict)".to_owned(),
        (None, Kind::Optional(_)) => " = None".to_owned(),
        (default, _) => return Err(format!("{}: no default: {default:?}", field.name)),
    })
}

fn docstring(page: &mut String, doc: &str, indent: &str) {
    let paragraphs = doc_paragraphs(doc);
    let one_line = paragraphs.len() == 1 && indent.len() + paragraphs[0].len() + 6 <= 100;
    if one_line {
        let _ = writeln!(page, "{indent}\"\"\"{}\"\"\"", paragraphs[0]);
        return;
    }
    let mut lines = Vec::new();
    for (n, paragraph) in paragraphs.iter().enumerate() {
        if n > 0 {
            lines.push(String::new());
        }
        // The first line also holds the opening quotes.
        let text = if n == 0 {
            format!("\"\"\"{paragraph}")
        } else {
            paragraph.clone()
        };
        lines.extend(wrap(&text, 96 - indent.len()));
    }
    lines.push("\"\"\"".to_owned());
    for line in lines {
        let _ = writeln!(page, "{}", format!("{indent}{line}").trim_end());
    }
}
