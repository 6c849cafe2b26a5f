//! The C interface's generated half: `constants.rs` (numbers for every plain enum) and
//! `spec_setters.rs` (one setter for every plain field of the spec).
//!
//! The functions are written out, because cbindgen does not see functions that macros make.

use std::fmt::Write as _;

use crate::Result;
use crate::files;
use crate::model::{Field, Kind, Model, Shape, Type, Variant, Width};

/// C prefix and numbers of every plain enum: the first name is 1, and so on. Numbers are part of the
/// ABI, so a new name goes to the end of its row, whatever its place in the Rust enum. 0 is never
/// used: memory that was only zeroed means nothing.
const NUMBERS: &[(&str, &str, &[&str])] = &[
    ("Profile", "PROFILE", &["strict", "none"]),
    ("NamespaceMode", "NS_MODE", &["new", "try", "host"]),
    (
        "Namespaces",
        "NS",
        &["cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"],
    ),
    ("Net", "NET", &["none", "host"]),
    ("Root", "ROOT", &["system", "host", "keep"]),
    ("Stdio", "STDIO", &["inherit", "null", "pipe", "capture"]),
    ("CgroupMode", "CGROUP", &["new", "try", "none"]),
    ("Driver", "DRIVER", &["auto", "cgroupfs", "systemd"]),
    ("Seccomp", "SECCOMP", &["default", "off"]),
    ("CpusetPartition", "CPUSET", &["member", "root", "isolated"]),
    (
        "Reason",
        "REASON",
        &[
            "exit",
            "signal",
            "timeout",
            "cpu_limit",
            "out_of_memory",
            "output_limit",
            "seccomp",
            "killed",
        ],
    ),
    ("EnforcementStatus", "ENFORCEMENT", &["enforced", "skipped"]),
    (
        "ErrorKind",
        "ERROR",
        &[
            "invalid_spec",
            "not_found",
            "permission",
            "unsupported",
            "busy",
            "limit",
            "timeout",
            "child",
            "internal",
            "other",
        ],
    ),
];

/// Lists and maps of plain values, with the name of one element.
const ELEMENTS: &[(&str, &str)] = &[
    ("argv", "arg"),
    ("env", "env"),
    ("keep_env", "keep_env"),
    ("keep_fds", "keep_fd"),
    ("rlimits", "rlimit"),
    ("sysctls", "sysctl"),
    ("best_effort", "best_effort"),
    ("net_priorities", "net_priority"),
    ("hugetlb", "hugetlb"),
    ("misc", "misc"),
    ("files", "cgroup_file"),
];

/// Fields whose setters are written by hand in `spec.rs` and `spec_limits.rs`, because they take more than
/// one value. A test reaches each of them.
const BY_HAND: &[&str] = &[
    "groups",
    "namespaces",
    "uid_map",
    "gid_map",
    "time_offsets",
    "binds",
    "tmpfs",
    "stdin",
    "stdout",
    "stderr",
    "capabilities",
    "io",
    "devices",
    "rdma",
];

const NO_EDIT: &str = "//! Made by `cargo xtask codegen`.\n";

/// `constants.rs`.
pub fn constants(model: &Model) -> Result<String> {
    let mut text = format!(
        "//! Numbers for C of every plain enum, and the way from one to the other.\n{NO_EDIT}\n\
         use libisolate::job::EnforcementStatus;\n\
         use libisolate::spec::{{CgroupMode, CpusetPartition, Driver, NamespaceMode, Namespaces, Net, Profile, Root, Seccomp, Size, Stdio}};\n\
         use libisolate::{{Error, ErrorKind, Reason, Result}};\n\n\
         /// A number of bytes, in the range that the kernel takes.\n\
         pub(crate) fn size(bytes: u64) -> Result<Size> {{\n\
         if bytes > i64::MAX as u64 {{\n\
         return Err(Error::invalid(\"bytes\", format!(\"{{bytes}} is larger than 2^63-1 bytes\")));\n\
         }}\nOk(Size(bytes))\n}}\n\n\
         fn unknown(what: &str, number: u32) -> Error {{\n\
         Error::invalid(what, format!(\"{{number}} is no such constant\"))\n}}\n"
    );
    for (name, prefix, words) in NUMBERS {
        for (index, word) in words.iter().enumerate() {
            let doc = word_doc(model, name, word)?;
            let constant = constant(prefix, word);
            let _ = write!(
                text,
                "\n{}pub const {constant}: u32 = {};\n",
                comment(&doc),
                index + 1
            );
        }
        match *name {
            "ErrorKind" | "Reason" | "EnforcementStatus" => {
                to_number(&mut text, name, prefix, words)
            }
            "Namespaces" => namespaces(&mut text, prefix, words),
            _ => from_number(&mut text, name, prefix, words),
        }
    }
    all_numbered(model)?;
    files::rustfmt(&text)
}

/// `spec_setters.rs`.
pub fn setters(model: &Model) -> Result<String> {
    let mut text = format!(
        "//! A setter for every plain field of the spec; those that take more are in `spec.rs`.\n{NO_EDIT}\n\
         use std::ffi::{{c_char, c_int}};\nuse std::time::Duration;\n\n\
         use libisolate::Error;\nuse libisolate::spec::Seconds;\n\n\
         use crate::constants;\nuse crate::ffi;\nuse crate::spec::{{edit, isolate_spec}};\n\n\
         fn seconds(ms: u64) -> libisolate::Result<Seconds> {{\n\
         Seconds::from_f64(ms as f64 / 1e3).map_err(|e| Error::invalid(\"ms\", e))?;\n\
         Ok(Seconds(Duration::from_millis(ms)))\n}}\n\n\
         fn finite(value: f64) -> libisolate::Result<f64> {{\n\
         if value.is_finite() {{\nreturn Ok(value);\n}}\n\
         Err(Error::invalid(\"value\", \"must be a finite number\"))\n}}\n"
    );
    for field in model.find("Spec")?.fields() {
        let by_hand = |field: &Field| BY_HAND.contains(&field.name.as_str());
        if field.name == "limits" {
            let limits = model.find("Limits")?.fields();
            for limit in limits.iter().filter(|limit| !by_hand(limit)) {
                setter(model, &mut text, "limits.", limit)?;
            }
        } else if !by_hand(field) {
            setter(model, &mut text, "", field)?;
        }
    }
    files::rustfmt(&text)
}

/// One setter: what differs between kinds is the parameters, the body and what can be wrong.
struct Setter {
    name: String,
    sentence: String,
    parameters: Vec<(&'static str, &'static str, String)>,
    body: String,
    refused: String,
    copies: bool,
}

fn setter(model: &Model, text: &mut String, owner: &str, field: &Field) -> Result<()> {
    let path = format!("{owner}{}", field.name);
    let place = format!("spec.{path}");
    let mut made = Setter {
        name: format!("isolate_spec_set_{}", field.name),
        sentence: format!("Set `{path}`."),
        parameters: Vec::new(),
        body: String::new(),
        refused: String::new(),
        copies: false,
    };
    let element = ELEMENTS.iter().find(|(name, _)| *name == field.name);
    let element = || {
        let found = element.map(|(_, one)| *one);
        found.ok_or_else(|| format!("{path}: name one element of it in ELEMENTS"))
    };
    match field.kind.bare() {
        Kind::List(inner) => {
            let one = element()?;
            made.name = format!("isolate_spec_add_{one}");
            made.sentence = format!("Add one to `{path}`.");
            let value = made.value(model, &path, inner)?;
            made.body = format!("{place}.push({value});");
        }
        Kind::Map(inner) => {
            made.name = format!("isolate_spec_set_{}", element()?);
            made.sentence = format!("Set one of `{path}`.");
            made.parameter("name", "*const c_char", "its name, UTF-8");
            made.copies = true;
            let value = match **inner {
                // A size, or a number of what the name says: descriptors, processes, seconds.
                Kind::Size => {
                    made.parameter("value", "u64", "its value, at most 2^63-1");
                    "constants::size(value)?".to_owned()
                }
                ref inner => made.value(model, &path, inner)?,
            };
            made.body = format!(
                "let name = ffi::utf8(name, \"name\")?.to_owned();\n{place}.insert(name, {value});"
            );
        }
        plain => {
            let value = made.value(model, &path, plain)?;
            let value = match field.kind {
                Kind::Optional(_) => format!("Some({value})"),
                _ => value,
            };
            made.body = format!("{place} = {value};");
            if *plain == Kind::Seconds {
                made.name.push_str("_ms");
            }
        }
    }
    made.write(text, &field.doc);
    Ok(())
}

impl Setter {
    fn parameter(&mut self, name: &'static str, c_type: &'static str, doc: impl Into<String>) {
        self.parameters.push((name, c_type, doc.into()));
    }

    /// Adds the parameter of a plain value, and gives the Rust expression for it.
    fn value(&mut self, model: &Model, path: &str, kind: &Kind) -> Result<String> {
        let expression = match kind {
            Kind::Bytes => {
                self.parameter("value", "*const c_char", "the text");
                self.copies = true;
                "ffi::bytes(value, \"value\")?".to_owned()
            }
            Kind::String => {
                self.parameter("value", "*const c_char", "the text, UTF-8");
                self.copies = true;
                "ffi::utf8(value, \"value\")?.to_owned()".to_owned()
            }
            Kind::Integer(width) => {
                let c_type = match width {
                    Width::I32 => "c_int",
                    Width::U32 => "u32",
                    Width::U64 => "u64",
                };
                self.parameter("value", c_type, "the number");
                "value".to_owned()
            }
            Kind::Float => {
                self.parameter("value", "f64", "the number");
                self.refused = " or a number that is not finite".to_owned();
                "finite(value)?".to_owned()
            }
            Kind::Bool => {
                self.parameter("on", "c_int", "0 for no, anything else for yes");
                "on != 0".to_owned()
            }
            Kind::Size => {
                self.parameter("bytes", "u64", "at most 2^63-1");
                self.refused = " or too many bytes".to_owned();
                "constants::size(bytes)?".to_owned()
            }
            Kind::Seconds => {
                self.parameter("ms", "u64", "milliseconds, at most 10^13");
                self.refused = " or too long a time".to_owned();
                "seconds(ms)?".to_owned()
            }
            Kind::Named(name) => {
                let (_, prefix, _) = numbers(name).ok_or_else(|| {
                    format!("{path}: {name} has no numbers, and no setter by hand")
                })?;
                model.find(name)?;
                self.parameter("value", "u32", format!("an ISOLATE_{prefix}_ constant"));
                self.refused = " or an unknown constant".to_owned();
                format!("constants::{}(value)?", snake(name))
            }
            other => return Err(format!("{path}: no C parameter for {other}")),
        };
        Ok(expression)
    }

    fn write(&self, text: &mut String, doc: &str) {
        let mut lines = format!("{}\n\n{doc}\n\n", self.sentence);
        for (name, _, doc) in &self.parameters {
            let _ = writeln!(lines, "{name}: {doc}.");
        }
        let null = if self.copies {
            "a NULL argument"
        } else {
            "a NULL spec"
        };
        let utf8 = self
            .body
            .contains("ffi::utf8")
            .then_some(" or text that is not UTF-8");
        let refused = utf8.unwrap_or(&self.refused);
        let _ = writeln!(lines, "Returns 0, or -EINVAL for {null}{refused}.");
        if self.copies {
            lines.push_str("Ownership: copies the text. ");
        }
        lines.push_str("Threads: one at a time for one spec. Blocks: never. Since: 0.1");
        let parameters: String = self
            .parameters
            .iter()
            .map(|(name, c_type, _)| format!(", {name}: {c_type}"))
            .collect();
        let _ = write!(
            text,
            "\n{}#[unsafe(no_mangle)]\n\
             pub unsafe extern \"C\" fn {}(spec: *mut isolate_spec{parameters}) -> c_int {{\n\
             edit(spec, |spec| {{\n{}\nOk(())\n}})\n}}\n",
            comment(&lines),
            self.name,
            self.body
        );
    }
}

fn from_number(text: &mut String, name: &str, prefix: &str, words: &[&str]) {
    let _ = write!(
        text,
        "\n/// The value with an ISOLATE_{prefix}_ number.\n\
         pub(crate) fn {}(number: u32) -> Result<{name}> {{\nOk(match number {{\n",
        snake(name)
    );
    for word in words {
        let _ = writeln!(
            text,
            "{} => {name}::{},",
            constant(prefix, word),
            camel(word)
        );
    }
    let _ = write!(
        text,
        "_ => return Err(unknown(\"{}\", number)),\n}})\n}}\n",
        snake(name)
    );
}

fn to_number(text: &mut String, name: &str, prefix: &str, words: &[&str]) {
    let _ = write!(
        text,
        "\n/// The ISOLATE_{prefix}_ number of a value.\n\
         pub(crate) fn {}_number(value: {name}) -> u32 {{\nmatch value {{\n",
        snake(name)
    );
    for word in words {
        let _ = writeln!(
            text,
            "{name}::{} => {},",
            camel(word),
            constant(prefix, word)
        );
    }
    // Not every enum is open, and an arm that cannot be reached is a warning.
    if name != "EnforcementStatus" {
        text.push_str("_ => 0,\n");
    }
    text.push_str("}\n}\n");
}

fn namespaces(text: &mut String, prefix: &str, words: &[&str]) {
    text.push_str(
        "\n/// The namespace with an ISOLATE_NS_ number.\n\
         pub(crate) fn namespace(all: &mut Namespaces, number: u32) -> Result<&mut Option<NamespaceMode>> {\n\
         Ok(match number {\n",
    );
    for word in words {
        let _ = writeln!(text, "{} => &mut all.{word},", constant(prefix, word));
    }
    text.push_str(
        "_ => return Err(unknown(\"kind\", number)),\n})\n}\n\n\
         /// The name of the namespace with an ISOLATE_NS_ number.\n\
         pub(crate) fn namespace_name(number: u32) -> Result<&'static str> {\nOk(match number {\n",
    );
    for word in words {
        let _ = writeln!(text, "{} => \"{word}\",", constant(prefix, word));
    }
    text.push_str("_ => return Err(unknown(\"kind\", number)),\n})\n}\n");
}

fn numbers(name: &str) -> Option<&'static (&'static str, &'static str, &'static [&'static str])> {
    NUMBERS.iter().find(|(known, ..)| *known == name)
}

/// Fails where a word of a Rust enum has no number.
fn all_numbered(model: &Model) -> Result<()> {
    let without = |name: &str, word: &str| {
        let known = numbers(name).is_some_and(|(_, _, words)| words.contains(&word));
        if known {
            Ok(())
        } else {
            Err(format!("{name}: {word} has no number in NUMBERS"))
        }
    };
    // A stage is only ever a word: it says where to look, and nothing to decide on. What is told of
    // namespaces and by the doctor is JSON text in C. The numbers of cgroups' types stand with their functions.
    let words = [
        &model.told,
        &model.group_given,
        &model.group_told,
        &model.examined,
    ];
    let text = |t: &Type| {
        t.name == "Stage"
            || words
                .iter()
                .any(|types| types.iter().any(|w| w.name == t.name))
    };
    for found in model.types().filter(|t| !text(t)) {
        match &found.shape {
            Shape::Choice(variants) => {
                for variant in variants.iter().filter(|v| v.payload.is_none()) {
                    without(&found.name, &variant.name)?;
                }
            }
            Shape::Struct(fields) if found.name == "Namespaces" => {
                for field in fields {
                    without(&found.name, &field.name)?;
                }
            }
            Shape::Struct(_) | Shape::Tagged { .. } => {}
        }
    }
    Ok(())
}

/// What the Rust documentation says about one word.
fn word_doc(model: &Model, name: &str, word: &str) -> Result<String> {
    let found: &Type = model.find(name)?;
    let doc = match &found.shape {
        Shape::Choice(variants) => {
            let plain = |v: &&Variant| v.name == word && v.payload.is_none();
            variants.iter().find(plain).map(|v| &v.doc)
        }
        Shape::Struct(fields) => fields.iter().find(|f| f.name == word).map(|f| &f.doc),
        Shape::Tagged { .. } => None,
    };
    doc.cloned()
        .ok_or_else(|| format!("{name} has no plain {word}, but a number for it"))
}

fn constant(prefix: &str, word: &str) -> String {
    let upper = word.to_uppercase();
    // "ISOLATE_ENFORCEMENT_ENFORCED" says it twice, but a rule with exceptions is harder to guess.
    format!("ISOLATE_{prefix}_{upper}")
}

fn comment(text: &str) -> String {
    text.trim_end()
        .lines()
        .map(|line| format!("/// {line}").trim_end().to_owned() + "\n")
        .collect()
}

fn snake(camel: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in camel.char_indices() {
        if letter.is_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn camel(snake: &str) -> String {
    snake
        .split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}
