//! `cargo xtask parity`: every operation has a name in C, Python, Node and Rust, or a reason.
//!
//! `tests/parity/surface.toml` is held against what each language really offers, both ways: a name in
//! the table that is not there, and a name that is there but not in the table, are faults. Setters in
//! C and the types of specs and outcomes are left out: they are made from the one definition.

mod surface;

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::Result;
use crate::files;
use crate::model::Model;

const TABLE: &str = "tests/parity/surface.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    operation: Vec<Operation>,
}

/// One row: what it does, its names, and why a language has none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    what: String,
    c: Option<Names>,
    python: Option<Names>,
    node: Option<Names>,
    rust: Option<Names>,
    because: Option<String>,
}

/// Some operations have several names, such as a word and a number for one thing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl Operation {
    /// The columns in the order of the faults.
    fn columns(&self) -> [(&'static str, &Option<Names>); 4] {
        [
            ("C", &self.c),
            ("Python", &self.python),
            ("Node", &self.node),
            ("Rust", &self.rust),
        ]
    }
}

fn list(names: &Option<Names>) -> &[String] {
    match names {
        None => &[],
        Some(Names::One(name)) => std::slice::from_ref(name),
        Some(Names::Several(names)) => names,
    }
}

/// Compares the table with all four languages.
pub fn run() -> Result<()> {
    let text = files::read(TABLE)?;
    let table: Table = toml::from_str(&text).map_err(|e| format!("{TABLE}: {e}"))?;
    let model = Model::read()?;
    let mut faults = Vec::new();
    reasons(&table, &mut faults);
    let there = [
        surface::c()?,
        surface::python(&model)?,
        surface::node(&model)?,
        surface::rust()?,
    ];
    for (column, there) in there.iter().enumerate() {
        compare(&table, &model, column, there, &mut faults);
    }
    outcome_fields(&table, &model, &mut faults)?;
    if faults.is_empty() {
        println!(
            "parity: {} operations, the same in four languages",
            table.operation.len()
        );
        return Ok(());
    }
    Err(format!("parity:\n  {}", faults.join("\n  ")))
}

/// A row without a name in some language gives its reason, and only such a row.
fn reasons(table: &Table, faults: &mut Vec<String>) {
    for row in &table.operation {
        let missing: Vec<_> = row
            .columns()
            .iter()
            .filter(|(_, names)| list(names).is_empty())
            .map(|(name, _)| *name)
            .collect();
        match (&row.because, missing.is_empty()) {
            (None, false) => {
                faults.push(format!(
                    "{:?} has no name in {}, and no reason",
                    row.what,
                    missing.join(", ")
                ));
            }
            (Some(_), true) => {
                faults.push(format!(
                    "{:?} has a reason, but a name in every language",
                    row.what
                ));
            }
            _ => {}
        }
    }
}

fn compare(
    table: &Table,
    model: &Model,
    column: usize,
    there: &surface::Surface,
    faults: &mut Vec<String>,
) {
    let mut named = BTreeSet::new();
    for row in &table.operation {
        let (language, names) = row.columns()[column];
        for name in list(names) {
            let known = there.names.contains(name) || is_field(model, name);
            if !known {
                faults.push(format!("{:?}: {language} has no {name}", row.what));
            }
            if there.names.contains(name) && !named.insert(name.clone()) {
                faults.push(format!(
                    "{:?}: {language}'s {name} stands in two rows",
                    row.what
                ));
            }
        }
    }
    // Rust's public functions are also the parts that the other faces are made of.
    if there.complete {
        for name in there.names.difference(&named) {
            faults.push(format!("{}: {name} is in no row of {TABLE}", there.place));
        }
    }
}

/// Whether a name is `Type.field` of the model, in snake_case or camelCase.
fn is_field(model: &Model, name: &str) -> bool {
    let Some((owner, field)) = name.split_once('.') else {
        return false;
    };
    let snake: String = field
        .chars()
        .flat_map(|c| {
            c.is_uppercase()
                .then_some('_')
                .into_iter()
                .chain(c.to_lowercase())
        })
        .collect();
    model.find(owner).is_ok_and(|t| {
        t.fields()
            .iter()
            .any(|f| f.name == field || f.name == snake)
    })
}

/// Every field of an outcome is in a row, so that C has a getter for it.
fn outcome_fields(table: &Table, model: &Model, faults: &mut Vec<String>) -> Result<()> {
    for field in model.find("Outcome")?.fields() {
        let name = format!("Outcome.{}", field.name);
        if !table
            .operation
            .iter()
            .any(|row| list(&row.rust).contains(&name) && row.c.is_some())
        {
            faults.push(format!("{name} is in no row with a C function"));
        }
    }
    Ok(())
}
