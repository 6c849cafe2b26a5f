//! The JSON schemas of everything that the faces share, as schemars derives them from the Rust types.

use libisolate::cgroup::convert::Rule;
use libisolate::cgroup::devices::Explanation;
use libisolate::cgroup::{Event, MemoryValue, OomControl, Place, Stat, StatKind, Watch};
use libisolate::doctor::Diagnosis;
use libisolate::ns::{
    CgroupPath, IdMaps, Kind as NamespaceKind, MountInfo, NamespaceEntry, NamespaceId, Persisted,
    Process, SubordinateIds, TreeNode,
};
use libisolate::{ErrorKind, Outcome, Spec, Stage};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

/// The JSON schema of what a spec may be (reading).
pub fn spec_schema() -> Value {
    schema_of::<Spec>(SchemaSettings::draft2020_12())
}

/// The JSON schema of what an outcome is (writing): every field that is always there is required.
pub fn outcome_schema() -> Value {
    schema_of::<Outcome>(SchemaSettings::draft2020_12().for_serialize())
}

/// The JSON schema of the kinds of errors.
pub fn kind_schema() -> Value {
    schema_of::<ErrorKind>(SchemaSettings::draft2020_12())
}

/// The JSON schema of the stages of errors.
pub fn stage_schema() -> Value {
    schema_of::<Stage>(SchemaSettings::draft2020_12())
}

/// The JSON schemas of what the library tells of namespaces (writing), by name, with all they are made of.
pub fn told_schemas() -> Map<String, Value> {
    let mut made = SchemaGenerator::new(SchemaSettings::draft2020_12().for_serialize());
    made.subschema_for::<NamespaceKind>();
    made.subschema_for::<NamespaceId>();
    made.subschema_for::<MountInfo>();
    made.subschema_for::<CgroupPath>();
    made.subschema_for::<NamespaceEntry>();
    made.subschema_for::<TreeNode>();
    made.subschema_for::<Persisted>();
    made.subschema_for::<Process>();
    made.subschema_for::<SubordinateIds>();
    made.take_definitions(true)
}

/// As [`told_schemas`], of what is also given to the library (reading).
pub fn exchanged_schemas() -> Map<String, Value> {
    let mut made = SchemaGenerator::new(SchemaSettings::draft2020_12());
    made.subschema_for::<IdMaps>();
    made.take_definitions(true)
}

/// As [`exchanged_schemas`], of cgroups.
pub fn group_given_schemas() -> Map<String, Value> {
    let mut made = SchemaGenerator::new(SchemaSettings::draft2020_12());
    made.subschema_for::<Watch>();
    made.subschema_for::<StatKind>();
    made.subschema_for::<MemoryValue>();
    made.subschema_for::<Rule>();
    made.take_definitions(true)
}

/// As [`told_schemas`], of cgroups.
pub fn group_told_schemas() -> Map<String, Value> {
    let mut made = SchemaGenerator::new(SchemaSettings::draft2020_12().for_serialize());
    made.subschema_for::<Place>();
    made.subschema_for::<Stat>();
    made.subschema_for::<Event>();
    made.subschema_for::<OomControl>();
    made.subschema_for::<Explanation>();
    made.take_definitions(true)
}

/// As [`told_schemas`], of what the doctor finds.
pub fn examined_schemas() -> Map<String, Value> {
    let mut made = SchemaGenerator::new(SchemaSettings::draft2020_12().for_serialize());
    made.subschema_for::<Diagnosis>();
    made.take_definitions(true)
}

fn schema_of<T: JsonSchema>(settings: SchemaSettings) -> Value {
    SchemaGenerator::new(settings)
        .into_root_schema_for::<T>()
        .to_value()
}
