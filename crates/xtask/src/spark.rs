//! The launch rule, enforced: what the spark's child calls while it shares the host's memory.
//!
//! The child is one function in one file. Everything it calls must be on the list below, which grows
//! only when the rule itself changes.

use std::collections::BTreeSet;

use crate::Result;
use crate::files;

const SOURCE: &str = "crates/libisolate/src/init/spark.rs";

/// Raw system calls without memory of their own, and accesses to the one structure the child is given.
const ALLOWED: [&str; 9] = [
    "privilege::capset",
    "privilege::prctl",
    "fd::fcntl",
    "process::execveat",
    "process::execve",
    "process::exit_group",
    "Ok",
    "Err",
    "matches",
];

/// Methods that are arithmetic or one memory access.
const METHODS: [&str; 5] = ["is_ok", "raw", "cast", "trailing_zeros", "write_volatile"];

/// Checks the child of the spark.
pub fn check() -> Result<()> {
    let source = files::read(SOURCE)?;
    let calls = calls(body(&source)?);
    let stray: Vec<&String> = calls
        .iter()
        .filter(|call| {
            !ALLOWED.contains(&call.as_str())
                && !METHODS.contains(&call.rsplit('.').next().unwrap_or(call))
        })
        .collect();
    if !stray.is_empty() {
        return Err(format!(
            "{SOURCE}: the spark's child calls {stray:?} while it shares the host's memory"
        ));
    }
    if !calls.contains("process::execveat") {
        return Err(format!(
            "{SOURCE}: the spark's child does not exec the init"
        ));
    }
    Ok(())
}

/// The text of `fn child`, without comments.
fn body(source: &str) -> Result<String> {
    let start = source
        .find("unsafe extern \"C\" fn child(")
        .ok_or_else(|| format!("{SOURCE}: there is no fn child"))?;
    let rest = &source[start..];
    let end = rest
        .find("\n}\n")
        .ok_or_else(|| format!("{SOURCE}: fn child does not end"))?;
    let open = rest
        .find('{')
        .ok_or_else(|| format!("{SOURCE}: fn child has no body"))?;
    Ok(rest[open..end]
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n"))
}

/// Every name, with its path or receiver, that an opening parenthesis or a macro's mark follows.
fn calls(body: String) -> BTreeSet<String> {
    const KEYWORDS: [&str; 7] = ["if", "match", "for", "while", "in", "unsafe", "return"];
    let mut calls = BTreeSet::new();
    for (at, letter) in body.char_indices() {
        if letter != '(' && letter != '!' {
            continue;
        }
        let before = &body[..at];
        let start = before
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '.'))
            .map_or(0, |at| at + 1);
        let name = before[start..].trim_start_matches(':');
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '.');
        if is_name && !KEYWORDS.contains(&name) {
            calls.insert(name.to_owned());
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_called() {
        let found = calls("{ if x(1) { a::b(2); c.d(3) } vec![4]; println!(\"5\"); (6) }".into());
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, ["a::b", "c.d", "println", "vec", "x"]);
    }

    #[test]
    fn the_rule_holds() {
        check().expect("the launch rule");
    }
}
