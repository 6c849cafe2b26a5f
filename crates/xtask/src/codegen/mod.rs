//! Everything that is made from the types of the model, one module for each output language.

mod c;
mod docs;
mod node;
mod python;
mod schema;
mod text;

use crate::Result;
use crate::files::{self, Mode};
use crate::model::Model;

pub use text::camel;

/// A generated file: where it is, and what makes its text.
type Output = (&'static str, fn(&Model) -> Result<String>);

const OUTPUTS: &[Output] = &[
    ("include/isolate.schema.json", schema::json),
    ("docs/spec.md", docs::markdown),
    ("crates/isolate-capi/src/constants.rs", c::constants),
    ("crates/isolate-capi/src/spec_setters.rs", c::setters),
    ("python/libisolate/_spec.py", python::module),
    ("python/libisolate/_ns_types.py", python::namespaces),
    ("python/libisolate/_cgroup_types.py", python::cgroups),
    ("python/libisolate/_doctor_types.py", python::doctor),
    ("node/spec.d.ts", node::types),
    ("node/spec-keys.js", node::keys),
];

/// Writes or compares every output.
pub fn run(mode: Mode) -> Result<()> {
    let model = Model::read()?;
    let mut texts = Vec::new();
    for (path, make) in OUTPUTS {
        texts.push((*path, make(&model).map_err(|e| format!("{path}: {e}"))?));
    }
    files::settle(mode, &texts)
}
