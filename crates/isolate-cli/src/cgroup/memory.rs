//! `isolatectl cgroup memory` and `reclaim`: the memory controller's numbers by name.

use libisolate::cgroup::{Cgroup, MemoryValue};
use libisolate::spec::Size;
use libisolate::{Error, ErrorKind, Result, Stage};
use serde_json::{Map, Value, json};

use super::args::{Memory, Reclaim};
use super::target::open;
use crate::out::{print, print_json};

/// What the list shows, and what the value on its own is.
fn told(value: Option<u64>) -> String {
    value.map_or("max".to_owned(), |number| number.to_string())
}

pub fn memory(options: &Memory) -> Result<()> {
    let group = open(&options.path)?;
    let Some(word) = &options.value else {
        return all(&group, options.json);
    };
    let (name, new) = match word.split_once('=') {
        Some((name, new)) => (name, Some(new)),
        None => (word.as_str(), None),
    };
    let value = MemoryValue::parse(name)?;
    let now = match new {
        None => group.memory(value)?,
        Some(text) => set(&group, value, text)?,
    };
    match options.json {
        true => print_json(&json!({ "value": value.name(), "number": now })),
        false => print(&format!("{}\n", told(now))),
    }
}

fn set(group: &Cgroup, value: MemoryValue, text: &str) -> Result<Option<u64>> {
    let is_limit = matches!(value, MemoryValue::Limit | MemoryValue::MemswLimit);
    if !is_limit && text == "0" {
        group.reset_memory(value)?;
        return group.memory(value);
    }
    let limit = match text {
        "max" | "-1" => None,
        _ => {
            let wrong = |detail| {
                let subject = format!("{}={text}", value.name());
                Error::new(ErrorKind::InvalidSpec, Stage::Cgroup, subject, detail)
            };
            Some(Size::parse(text).map_err(wrong)?.0)
        }
    };
    group.set_memory(value, limit)
}

/// Each that this host has; what it has not is left out.
fn all(group: &Cgroup, as_json: bool) -> Result<()> {
    let mut found = Vec::new();
    let mut refused = None;
    for value in MemoryValue::ALL {
        match group.memory(value) {
            Ok(number) => found.push((value.name(), number)),
            Err(error) if error.kind() == ErrorKind::Unsupported => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    if let (true, Some(error)) = (found.is_empty(), refused) {
        return Err(error);
    }
    if as_json {
        let fields: Map<String, Value> = found
            .into_iter()
            .map(|(name, number)| (name.to_owned(), json!(number)))
            .collect();
        return print_json(&fields);
    }
    let lines: Vec<String> = found
        .iter()
        .map(|(name, number)| format!("{name:<15} {}\n", told(*number)))
        .collect();
    print(&lines.concat())
}

pub fn reclaim(options: &Reclaim) -> Result<()> {
    let size = options.size.map(|size| size.0);
    let freed = open(&options.path)?.reclaim(size)?;
    match options.json {
        true => print_json(&json!({ "bytes": freed })),
        false => print(&format!("{freed}\n")),
    }
}
