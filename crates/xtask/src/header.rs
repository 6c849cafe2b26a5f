//! `include/isolate.h`, made by cbindgen from crates/isolate-capi, and the version map beside it.

use std::fmt::Write as _;

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};

use crate::Result;
use crate::files::{self, Mode};

/// The header's place in the tree.
pub const HEADER: &str = "include/isolate.h";
/// The version map's place: the list of exported symbols.
pub const MAP: &str = "crates/isolate-capi/isolate.map";

/// Which file's items follow which in the header.
const SOURCES: &[&str] = &[
    "version",
    "constants",
    "error",
    "string",
    "usage",
    "ns_kind",
    "ns",
    "ns_facts",
    "spec",
    "spec_setters",
    "spec_limits",
    "job",
    "outcome",
    "nsset",
    "ns_thread",
    "inside",
    "ns_settings",
    "ns_persist",
    "ns_list",
    "ns_pids",
    "ns_ids",
    "host",
    "doctor",
    "cgroup",
    "cgroup_members",
    "cgroup_files",
    "cgroup_memory",
    "applied",
    "stat",
    "watches",
    "events",
    "convert",
    "cgroup_leaf",
];

/// The version node a function came with; those not named came with the first.
const NODES: &[(&str, &[&str])] = &[("LIBISOLATE_0.1", &[])];

/// Writes or compares both files.
pub fn run(mode: Mode) -> Result<()> {
    let header = header()?;
    let map = map(&functions(&header))?;
    files::settle(mode, &[(HEADER, header), (MAP, map)])
}

fn header() -> Result<String> {
    let mut config = Config {
        language: Language::C,
        style: Style::Both,
        cpp_compat: true,
        documentation_style: DocumentationStyle::Doxy,
        usize_is_size_t: true,
        include_guard: Some("ISOLATE_H".to_owned()),
        no_includes: true,
        sys_includes: vec!["stddef.h".to_owned(), "stdint.h".to_owned()],
        header: Some(essay()?),
        after_includes: Some(version_macros()),
        line_length: 100,
        ..Config::default()
    };
    config.function.args = cbindgen::Layout::Auto;
    let mut builder = Builder::new().with_config(config);
    for source in SOURCES {
        let path = format!("crates/isolate-capi/src/{source}.rs");
        builder = builder.with_src(files::root().join(path));
    }
    let bindings = builder.generate().map_err(|e| format!("cbindgen: {e}"))?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).map_err(|e| format!("cbindgen: {e}"))?;
    Ok(pedantic(&text))
}

/// What `-pedantic` of the older standards refuses in cbindgen's output: `//` comments.
fn pedantic(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for line in text.lines() {
        match line.split_once("//") {
            Some((code, comment)) if code.starts_with('#') || code.starts_with('}') => {
                let _ = writeln!(clean, "{} /* {} */", code.trim_end(), comment.trim());
            }
            _ => {
                clean.push_str(line.trim_end());
                clean.push('\n');
            }
        }
    }
    clean
}

fn essay() -> Result<String> {
    let text = files::read("crates/isolate-capi/header.txt")?;
    let mut comment = String::from("/*\n");
    for line in text.lines() {
        let _ = writeln!(comment, "{}", format!(" * {line}").trim_end());
    }
    comment.push_str(" */");
    Ok(comment)
}

fn version_macros() -> String {
    let mut text = String::from(
        "\n/* The version of this header; isolate_version() is that of the library. */\n",
    );
    let parts = libisolate::VERSION.split('.');
    for (name, part) in ["MAJOR", "MINOR", "PATCH"].iter().zip(parts) {
        let _ = writeln!(text, "#define ISOLATE_VERSION_{name} {part}");
    }
    let _ = write!(text, "#define ISOLATE_VERSION \"{}\"", libisolate::VERSION);
    text
}

/// The names of the functions that a header declares, sorted.
pub fn functions(header: &str) -> Vec<String> {
    let code = without_comments(header);
    let mut names: Vec<String> = code
        .match_indices("isolate_")
        .filter_map(|(start, _)| {
            let before = code[..start].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                return None;
            }
            let rest = &code[start..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
            rest[end..].starts_with('(').then(|| rest[..end].to_owned())
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// C source without its `/* */` comments.
pub fn without_comments(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code + rest
}

fn map(functions: &[String]) -> Result<String> {
    let named: Vec<&str> = NODES
        .iter()
        .flat_map(|(_, names)| names.iter().copied())
        .collect();
    if let Some(gone) = named
        .iter()
        .find(|name| functions.iter().all(|f| f != *name))
    {
        return Err(format!(
            "{gone} has a version node but is not in the header"
        ));
    }
    let mut text = String::from(
        "# Made by `cargo xtask header`: every function that libisolate.so exports, by the version it came with.\n",
    );
    let mut before = None;
    for (node, names) in NODES {
        let _ = writeln!(text, "{node} {{\n  global:");
        for function in functions {
            let here = if before.is_none() {
                !named.contains(&function.as_str())
            } else {
                names.contains(&function.as_str())
            };
            if here {
                let _ = writeln!(text, "    {function};");
            }
        }
        match before {
            None => text.push_str("  local:\n    *;\n};\n"),
            Some(older) => {
                let _ = writeln!(text, "}} {older};");
            }
        }
        before = Some(node);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_declared_functions_only() {
        let header = "/* isolate_in_comment(x) */\ntypedef struct isolate_spec isolate_spec;\n\
                      int isolate_run(const isolate_spec *spec,\n  isolate_error **err);\n\
                      const char *isolate_version(void);\nint not_isolate_this(void);\n";
        assert_eq!(functions(header), ["isolate_run", "isolate_version"]);
    }

    #[test]
    fn line_comments_become_block_comments() {
        let text = "#endif  // __cplusplus\n}  // extern \"C\"\n/* see http://x */\n";
        let clean = "#endif /* __cplusplus */\n} /* extern \"C\" */\n/* see http://x */\n";
        assert_eq!(pedantic(text), clean);
    }
}
