//! What each language offers, read from the file that its users read.
//!
//! No parser of each language: the files are formatted by tools or by the project's own hand, so
//! that what begins a line at a certain depth is enough. A class that is not found is an error.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::files;
use crate::header;
use crate::model::Model;

/// The names of one language.
pub struct Surface {
    /// The file to look at for a name that is in no row.
    pub place: &'static str,
    /// Every name: `function`, `Class`, `Class.member`.
    pub names: BTreeSet<String>,
    /// Whether every one of them must be in the table.
    pub complete: bool,
}

/// The functions of the header, without the setters: those are the spec's fields.
pub fn c() -> Result<Surface> {
    let place = header::HEADER;
    let mut names = header::functions(&files::read(place)?);
    names.retain(|n| !n.starts_with("isolate_spec_set_") && !n.starts_with("isolate_spec_add_"));
    Ok(Surface {
        place,
        names: names.into_iter().collect(),
        complete: true,
    })
}

/// `__all__` of the package and of its asyncio module, and the members of the classes that are
/// written by hand.
pub fn python(model: &Model) -> Result<Surface> {
    let place = "python/libisolate/__init__.py";
    let mut names = all_of(&files::read(place)?, place)?;
    for name in all_of(&files::read("python/libisolate/aio.py")?, "aio")? {
        names.insert(format!("aio.{name}"));
    }
    for name in all_of(&files::read("python/libisolate/convert.py")?, "convert")? {
        names.insert(format!("convert.{name}"));
    }
    names.remove("convert");
    names.retain(|name| model.find(name).is_err());
    for (file, class, shown) in [
        ("_job", "Job", "Job"),
        ("_methods", "SpecMethods", "Spec"),
        ("_methods", "OutcomeMethods", "Outcome"),
        ("errors", "IsolateError", "IsolateError"),
        ("aio", "Job", "aio.Job"),
        ("_namespace", "Namespace", "Namespace"),
        ("_ns_create", "NamespaceSet", "NamespaceSet"),
        ("_ns_threads", "Inside", "Inside"),
        ("_cgroup", "Cgroup", "Cgroup"),
        ("_cgroup_events", "Events", "Events"),
        ("_aio_events", "Events", "aio.Events"),
    ] {
        let file = format!("python/libisolate/{file}.py");
        for member in python_members(&files::read(&file)?, class, &file)? {
            names.insert(format!("{shown}.{member}"));
        }
    }
    Ok(Surface {
        place,
        names,
        complete: true,
    })
}

fn all_of(source: &str, place: &str) -> Result<BTreeSet<String>> {
    let list = source
        .split_once("\n__all__ = [")
        .and_then(|(_, rest)| rest.split_once(']'))
        .ok_or_else(|| format!("{place}: no __all__"))?;
    Ok(list
        .0
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect())
}

/// Methods and annotated attributes at the first depth of a class.
fn python_members(source: &str, class: &str, place: &str) -> Result<BTreeSet<String>> {
    let mut members = BTreeSet::new();
    for line in block(source, &format!("class {class}"), place)? {
        let Some(line) = line
            .strip_prefix("    ")
            .filter(|l| !l.starts_with([' ', '@', '"', ')']))
        else {
            continue;
        };
        let line = line.strip_prefix("async ").unwrap_or(line);
        let name = match line.strip_prefix("def ") {
            Some(rest) => rest.split('(').next(),
            None => line.split_once(": ").map(|(name, _)| name),
        };
        members.extend(
            name.filter(|n| is_name(n) && !n.starts_with('_'))
                .map(str::to_owned),
        );
    }
    Ok(members)
}

/// The lines of the block that a line with this beginning opens, up to the next line at its depth.
fn block<'a>(source: &'a str, opening: &str, place: &str) -> Result<Vec<&'a str>> {
    let opens = |line: &str| {
        let rest = line.strip_prefix(opening);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let mut lines = source.lines().skip_while(|line| !opens(line));
    lines
        .next()
        .ok_or_else(|| format!("{place}: no {opening}"))?;
    Ok(lines
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .collect())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// What index.d.ts exports, and the members of its classes.
pub fn node(model: &Model) -> Result<Surface> {
    let place = "node/index.d.ts";
    let source = files::read(place)?;
    let mut names = BTreeSet::new();
    for line in source.lines() {
        let Some(rest) = line.strip_prefix("export ") else {
            continue;
        };
        let mut words = rest.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        let (what, name) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        match what {
            "function" | "const" | "type" => {
                names.insert(name.to_owned());
            }
            // An interface of the model's name adds members to a generated one.
            "interface" if model.find(name).is_err() => {
                names.insert(name.to_owned());
            }
            "namespace" => {
                for line in block(&source, &format!("export namespace {name}"), place)? {
                    let function = line.strip_prefix("  function ");
                    let function = function.and_then(|rest| rest.split('(').next());
                    names.extend(function.map(|function| format!("{name}.{function}")));
                }
            }
            "class" | "interface" => {
                names.insert(name.to_owned());
                for member in node_members(&source, what, name, place)? {
                    names.insert(format!("{name}.{member}"));
                }
            }
            "" => {} // export * from './spec': the types of the model
            _ => return Err(format!("{place}: unknown export: {line}")),
        }
    }
    names.retain(|name| model.find(name).is_err());
    Ok(Surface {
        place,
        names,
        complete: true,
    })
}

fn node_members(source: &str, what: &str, name: &str, place: &str) -> Result<BTreeSet<String>> {
    let mut members = BTreeSet::new();
    for line in block(source, &format!("export {what} {name}"), place)? {
        let Some(line) = line
            .strip_prefix("  ")
            .filter(|l| !l.starts_with([' ', '/', '*']))
        else {
            continue;
        };
        if line.starts_with("private ") {
            continue;
        }
        let line = line
            .strip_prefix("readonly ")
            .or(line.strip_prefix("get "))
            .or(line.strip_prefix("static "))
            .unwrap_or(line);
        let end = line
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(line.len());
        let name = &line[..end];
        if is_name(name) && name != "constructor" && line[end..].starts_with([':', '(', '?', '<']) {
            members.insert(name.to_owned());
        }
    }
    Ok(members)
}

/// Public functions and constants of libisolate, free or of a type.
pub fn rust() -> Result<Surface> {
    let mut names = BTreeSet::new();
    rust_sources(&files::root().join("crates/libisolate/src"), &mut names)?;
    Ok(Surface {
        place: "crates/libisolate",
        names,
        complete: false,
    })
}

fn rust_sources(dir: &Path, names: &mut BTreeSet<String>) -> Result<()> {
    let problem = |e| format!("{}: {e}", dir.display());
    for entry in fs::read_dir(dir).map_err(problem)? {
        let path = entry.map_err(problem)?.path();
        if path.is_dir() {
            rust_sources(&path, names)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            rust_names(&fs::read_to_string(&path).map_err(problem)?, names);
        }
    }
    Ok(())
}

fn rust_names(source: &str, names: &mut BTreeSet<String>) {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let (mut owner, mut of_trait) = (String::new(), false);
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix("impl ") {
            let implementor = rest.split_once(" for ").map(|(_, implementor)| implementor);
            of_trait = implementor.is_some();
            owner = word(implementor.unwrap_or(rest));
        }
        let (prefix, line) = match line.strip_prefix("    ") {
            Some(inner) => (format!("{owner}."), inner),
            None => (String::new(), line),
        };
        // What a trait asks for is public without the word.
        let item = match line.strip_prefix("pub ") {
            None if of_trait && !prefix.is_empty() => line,
            None => continue,
            Some(item) => item
                .strip_prefix("const fn ")
                .map_or(item, |_| &item["const ".len()..]),
        };
        if let Some((keyword, rest)) = item.split_once(' ')
            && ["fn", "const", "struct", "enum"].contains(&keyword)
        {
            names.insert(prefix + &word(rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn members_of_python_classes() {
        let source = "class Jobs:\n    def no(self): ...\n\nclass Job(Generic[A]):\n    \"\"\"Doc: text\"\"\"\n\n    stdin: int\n    def __init__(self) -> None:\n        self.hidden: int = 1\n    async def wait(self): ...\n    def _inner(self): ...\n\nx = 1\n";
        assert_eq!(
            python_members(source, "Job", "x").expect("a class"),
            set(&["stdin", "wait"])
        );
        assert!(python_members(source, "Jo", "x").is_err());
    }

    #[test]
    fn members_of_typescript_classes() {
        let source = "export class Job<O = B> extends E {\n  private constructor();\n  /** Doc: text */\n  readonly pid: number;\n  get outcome(): O | null;\n  wait(): Promise<O>;\n  [Symbol.asyncDispose](): Promise<void>;\n}\nexport function f(): void;\n";
        assert_eq!(
            node_members(source, "class", "Job", "x").expect("a class"),
            set(&["outcome", "pid", "wait"])
        );
    }

    #[test]
    fn names_of_rust() {
        let mut names = BTreeSet::new();
        rust_names(
            "pub fn run() {}\nfn hidden() {}\nimpl Job {\n    pub fn pid(&self) {}\n    fn no(&self) {}\n}\nimpl AsFd for Job {\n    fn as_fd(&self) {}\n}\npub const VERSION: &str = \"\";\n",
            &mut names,
        );
        assert_eq!(names, set(&["Job.as_fd", "Job.pid", "VERSION", "run"]));
    }
}
