//! `include/isolate.schema.json`: the JSON schema of specs, with those of outcomes and of what is told of
//! namespaces and cgroups among its definitions.

use serde_json::{Map, Value, json};

use crate::Result;
use crate::model::Model;
use crate::schemas::{
    examined_schemas, exchanged_schemas, group_given_schemas, group_told_schemas, outcome_schema,
    spec_schema, told_schemas,
};

/// The schema's text. The root is the spec, so an editor can check spec files against it as it is.
pub fn json(_: &Model) -> Result<String> {
    let mut definitions = Map::new();
    for (name, root) in [("Spec", spec_schema()), ("Outcome", outcome_schema())] {
        collect(&mut definitions, name, root)?;
    }
    for more in [
        exchanged_schemas(),
        told_schemas(),
        group_given_schemas(),
        group_told_schemas(),
        examined_schemas(),
    ] {
        more.into_iter()
            .try_for_each(|(name, definition)| add(&mut definitions, name, definition))?;
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "libisolate: spec",
        "description": "What to run and how isolated. The outcome of a job is #/$defs/Outcome, \
                        a namespace in a list #/$defs/NamespaceEntry, what a cgroup uses #/$defs/Stat, what \
                        the doctor finds #/$defs/Diagnosis.",
        "$ref": "#/$defs/Spec",
        "$defs": definitions,
    });
    let text = serde_json::to_string_pretty(&schema).map_err(|e| e.to_string())?;
    Ok(text + "\n")
}

fn collect(definitions: &mut Map<String, Value>, name: &str, mut root: Value) -> Result<()> {
    let object = root.as_object_mut().ok_or("a root schema is no object")?;
    let nested = object.shift_remove("$defs");
    object.shift_remove("$schema");
    object.shift_remove("title");
    definitions.insert(name.to_owned(), root);
    let Some(Value::Object(nested)) = nested else {
        return Ok(());
    };
    nested
        .into_iter()
        .try_for_each(|(name, definition)| add(definitions, name, definition))
}

fn add(definitions: &mut Map<String, Value>, name: String, definition: Value) -> Result<()> {
    match definitions.get(&name) {
        Some(known) if *known != definition => {
            Err(format!("{name} is not the same wherever it is used"))
        }
        _ => {
            definitions.insert(name, definition);
            Ok(())
        }
    }
}
