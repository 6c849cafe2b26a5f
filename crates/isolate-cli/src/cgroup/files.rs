//! `isolatectl cgroup get`, `set` and `limit`: what a group's files hold.

use libisolate::job::{Enforced, EnforcementStatus};
use libisolate::spec::Limits;
use libisolate::{Error, ErrorKind, Result, Stage};
use serde_json::json;

use super::args::{Get, Limit, Set};
use super::target::open;
use crate::out::{print, print_json};
use crate::table::{self, Row};

pub fn get(options: &Get) -> Result<()> {
    let text = open(&options.path)?.get(&options.file)?;
    tell(&options.file, &text, options.json)
}

pub fn set(options: &Set) -> Result<()> {
    let (file, value) = &options.setting;
    let text = open(&options.path)?.set(file, value)?;
    tell(file, &text, options.json)
}

fn tell(file: &str, text: &str, as_json: bool) -> Result<()> {
    if as_json {
        return print_json(&json!({ "file": file, "value": text.trim_end_matches('\n') }));
    }
    match text.is_empty() || text.ends_with('\n') {
        true => print(text),
        false => print(&format!("{text}\n")),
    }
}

pub fn limit(options: &Limit) -> Result<()> {
    let mut limits = Limits::default();
    options.limits.put(&mut limits)?;
    if limits.names().next().is_none() {
        return Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Cgroup,
            options.path.as_str(),
            "no limit is given; isolatectl cgroup limit --help lists them",
        ));
    }
    let enforcement = open(&options.path)?.apply(&limits)?;
    if options.json {
        return print_json(&enforcement);
    }
    let rows: Vec<Row<4>> = enforcement.iter().map(row).collect();
    let head = ["LIMIT", "REQUESTED", "FILE", "IN FORCE"];
    print(&table::text(head, &rows, table::width()))
}

fn row(one: &Enforced) -> Row<4> {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let in_force = match one.status {
        EnforcementStatus::Skipped => format!("skipped: {}", or_none(&one.reason)),
        _ => or_none(&one.value),
    };
    [
        one.name.clone(),
        one.requested.clone(),
        or_none(&one.file),
        in_force,
    ]
}
