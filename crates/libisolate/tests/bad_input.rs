//! Everything that can be wrong with a spec, from the table tests/parity/bad.json: each is one clear
//! error, and nothing is left. The other faces run the same table.
//!
//! A case has a spec, the error's kind and its text; `...` at the end of a text stands for the rest.
//! `needs` is `root` or `user` where only they meet the error. `ISOLATE_BLESS=1` writes what the errors
//! are now into the table; read the difference before it is committed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Snapshot, TempDir, alone, is_root, skip};
use libisolate::Spec;
use serde_json::Value;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/parity/bad.json");

/// Puts the runner's own paths, and what cannot be written out, in place.
fn resolve(value: &mut Value, tmp: &str) {
    match value {
        Value::String(text) => {
            *text = text.replace("$TMP", tmp);
            // "$REPEAT(x,5)" is x five times.
            if let Some(inner) = text
                .strip_prefix("$REPEAT(")
                .and_then(|t| t.strip_suffix(')'))
            {
                let (unit, count) = inner.split_once(',').unwrap();
                *text = unit.repeat(count.parse().unwrap());
            }
        }
        Value::Array(all) => {
            for one in all.iter_mut() {
                resolve(one, tmp);
            }
            // ["$TIMES", 5, x] is a list of x five times, added to the words before it.
            if let Some(at) = all.iter().position(|v| v == "$TIMES") {
                let (count, unit) = (all[at + 1].as_u64().unwrap(), all[at + 2].clone());
                all.truncate(at);
                all.extend((0..count).map(|_| unit.clone()));
            }
        }
        Value::Object(all) => all.values_mut().for_each(|one| resolve(one, tmp)),
        _ => {}
    }
}

#[test]
fn every_case_is_one_clear_error() {
    alone(name!(), || {
        let tmp = TempDir::new("bad");
        std::fs::write(tmp.join("plain"), "no program").unwrap();
        std::fs::write(tmp.join("text"), "no interpreter").unwrap();
        std::fs::create_dir(tmp.join("dir")).unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(tmp.join("text"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(tmp.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let bless = std::env::var_os("ISOLATE_BLESS").is_some();
        let mut table: Value =
            serde_json::from_str(&std::fs::read_to_string(TABLE).unwrap()).unwrap();
        let (mut wrong, mut ran) = (Vec::new(), 0);
        for case in table.as_array_mut().unwrap() {
            let name = case["name"].as_str().unwrap().to_owned();
            let root_only = case["needs"] == "root";
            if root_only && !is_root() {
                skip(
                    &format!("bad_input::{}", name.replace(' ', "_")),
                    "needs root",
                );
                continue;
            }
            if case["needs"] == "user" && is_root() {
                continue;
            }
            let mut spec = case["spec"].clone();
            resolve(&mut spec, tmp.path().to_str().unwrap());
            let before = Snapshot::take();
            let result = Spec::from_json(&spec.to_string()).and_then(|spec| libisolate::run(&spec));
            let told = match result {
                Ok(outcome) => ("ran".to_owned(), outcome.to_json()),
                Err(error) => {
                    let text = error
                        .message()
                        .replace(tmp.path().to_str().unwrap(), "$TMP");
                    (error.kind().name().to_owned(), text)
                }
            };
            before.assert_same();
            let expected = (
                case["error_kind"].as_str().unwrap().to_owned(),
                case["error"].as_str().unwrap().to_owned(),
            );
            // "..." at the end of the expected text stands for the rest.
            let same = told.0 == expected.0
                && match expected.1.strip_suffix("...") {
                    Some(start) => told.1.starts_with(start),
                    None => told.1 == expected.1,
                };
            if bless && !same {
                case["error"] = told.1.as_str().into();
                case["error_kind"] = told.0.as_str().into();
            } else if !same {
                wrong.push(format!(
                    "{name}\n  now:      {told:?}\n  expected: {expected:?}"
                ));
            }
            // One line, whatever went in.
            if told.1.contains('\n') {
                wrong.push(format!("{name}: more than one line: {:?}", told.1));
            }
            ran += 1;
        }
        if bless {
            std::fs::write(TABLE, serde_json::to_string_pretty(&table).unwrap() + "\n").unwrap();
        }
        assert!(
            wrong.is_empty(),
            "{} of {ran} cases differ\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert!(ran > 60, "{ran} cases");
    });
}
