//! The spec and outcome types, and those that tell of namespaces and cgroups, as a plain model that every
//! generator reads.
//!
//! It is taken from the JSON schema that schemars derives from the Rust types, so there is one
//! definition only. A schema construct that this file does not know is an error, never a guess.

use std::fmt;

use serde_json::{Map, Value};

use crate::Result;
use crate::codegen::camel;
use crate::schemas::{
    examined_schemas, exchanged_schemas, group_given_schemas, group_told_schemas, kind_schema,
    outcome_schema, spec_schema, stage_schema, told_schemas,
};

/// Every type that a spec, an outcome or an error is made of.
#[derive(Debug)]
pub struct Model {
    /// `Spec` and all types below it, `Spec` first.
    pub spec: Vec<Type>,
    /// `Outcome` and all types below it, `Outcome` first.
    pub outcome: Vec<Type>,
    /// `ErrorKind` and `Stage`: what an error is described with.
    pub error: Vec<Type>,
    /// What the library tells of namespaces, without the types above.
    pub told: Vec<Type>,
    /// What it tells and is given as well, without the types above.
    pub exchanged: Vec<Type>,
    /// What the library is told to do with cgroups, without the types above.
    pub group_given: Vec<Type>,
    /// What it tells of cgroups, without the types above.
    pub group_told: Vec<Type>,
    /// What the doctor finds, without the types above.
    pub examined: Vec<Type>,
}

/// A named type.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// The Rust name, such as `Limits`.
    pub name: String,
    /// The doc comment: paragraphs separated by empty lines.
    pub doc: String,
    /// Struct or choice.
    pub shape: Shape,
}

/// What a named type is.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// An object with these fields, in declaration order.
    Struct(Vec<Field>),
    /// One of several. Where no variant has a payload it is a plain enum of strings.
    Choice(Vec<Variant>),
    /// One of several structs, told apart by the word in a field that they all have.
    Tagged {
        /// The field.
        tag: String,
        /// The words, each with its struct's name.
        arms: Vec<(String, String)>,
    },
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The snake_case name, as in JSON.
    pub name: String,
    /// The doc comment.
    pub doc: String,
    /// What it holds; `Optional` where null or nothing may stand there.
    pub kind: Kind,
    /// In a spec: whether it must be given. In an outcome: whether it is always there.
    pub required: bool,
    /// The value when left out, where that is not null, an empty list or an empty map.
    pub default: Option<Value>,
}

/// A variant of a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// The snake_case name, as in JSON.
    pub name: String,
    /// The doc comment.
    pub doc: String,
    /// In JSON, a variant without a payload is the string `name`, one with it `{name: payload}`.
    pub payload: Option<Kind>,
}

/// What a field or payload holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// UTF-8 text.
    String,
    /// Text that need not be UTF-8: a string or `{"base64": "..."}` in JSON.
    Bytes,
    /// An integer of the named Rust width.
    Integer(Width),
    /// A 64-bit floating point number.
    Float,
    /// True or false.
    Bool,
    /// A number of bytes, or a string such as `"512M"`.
    Size,
    /// A number of seconds, or a string such as `"500ms"`.
    Seconds,
    /// This one word: a struct's field that tells it from others.
    Word(String),
    /// A named struct or choice of the model.
    Named(String),
    /// So many of these, in this order.
    Tuple(Vec<Kind>),
    /// A list.
    List(Box<Kind>),
    /// A map with string keys.
    Map(Box<Kind>),
    /// The kind inside, or nothing.
    Optional(Box<Kind>),
}

/// The width of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 32 bits with sign.
    I32,
    /// 32 bits without sign.
    U32,
    /// 64 bits without sign.
    U64,
}

impl Type {
    /// The fields of a struct, none for a choice.
    pub fn fields(&self) -> &[Field] {
        match &self.shape {
            Shape::Struct(fields) => fields,
            Shape::Choice(_) | Shape::Tagged { .. } => &[],
        }
    }

    /// Whether it is a choice of plain strings.
    pub fn is_string_enum(&self) -> bool {
        match &self.shape {
            Shape::Choice(variants) => variants.iter().all(|v| v.payload.is_none()),
            Shape::Struct(_) | Shape::Tagged { .. } => false,
        }
    }
}

impl Kind {
    /// The kind without an outer `Optional`.
    pub fn bare(&self) -> &Kind {
        match self {
            Kind::Optional(inner) => inner,
            other => other,
        }
    }
}

impl Model {
    /// Reads the model from the Rust types.
    ///
    /// # Errors
    /// A schema construct that has no place in the model, with where it is.
    pub fn read() -> Result<Model> {
        let mut model = Model {
            spec: types(&spec_schema())?,
            outcome: types(&outcome_schema())?,
            error: [types(&kind_schema())?, types(&stage_schema())?].concat(),
            told: Vec::new(),
            exchanged: Vec::new(),
            group_given: Vec::new(),
            group_told: Vec::new(),
            examined: Vec::new(),
        };
        model.exchanged = model.further(&exchanged_schemas())?;
        model.told = model.further(&told_schemas())?;
        model.group_given = model.further(&group_given_schemas())?;
        model.group_told = model.further(&group_told_schemas())?;
        model.examined = model.further(&examined_schemas())?;
        Ok(model)
    }

    /// The types among these schemas that the model has not yet.
    fn further(&self, schemas: &Map<String, Value>) -> Result<Vec<Type>> {
        let mut found = Vec::new();
        for (name, schema) in schemas {
            if scalar(name).is_none() && self.find(name).is_err() {
                found.extend(read_type(name, schema)?);
            }
        }
        Ok(found)
    }

    /// All types once each: the spec's, the outcome's, the error's, those of namespaces and
    /// cgroups, and what the doctor finds.
    pub fn types(&self) -> impl Iterator<Item = &Type> {
        let more = self
            .outcome
            .iter()
            .filter(|t| self.spec.iter().all(|s| s.name != t.name));
        let namespaces = self.exchanged.iter().chain(&self.told);
        let cgroups = self.group_given.iter().chain(&self.group_told);
        self.spec
            .iter()
            .chain(more)
            .chain(&self.error)
            .chain(namespaces)
            .chain(cgroups)
            .chain(&self.examined)
    }

    /// Whether nobody but the library makes values of a type of namespaces or cgroups.
    pub fn is_told(&self, kind: &Type) -> bool {
        let told = |types: &[Type]| types.iter().any(|told| told.name == kind.name);
        told(&self.told) || told(&self.group_told) || told(&self.examined)
    }

    /// The named type.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &str) -> Result<&Type> {
        self.types()
            .find(|t| t.name == name)
            .ok_or_else(|| format!("the model has no type {name}"))
    }
}

/// The root type of a schema and all its definitions.
fn types(schema: &Value) -> Result<Vec<Type>> {
    let name = text(schema, "title").ok_or("the root schema has no title")?;
    let mut found = read_type(name, schema)?;
    if let Some(definitions) = schema.get("$defs").and_then(Value::as_object) {
        for (name, definition) in definitions {
            if scalar(name).is_none() {
                found.extend(read_type(name, definition)?);
            }
        }
    }
    Ok(found)
}

/// The types that are scalars of the model instead of structs or choices.
fn scalar(name: &str) -> Option<Kind> {
    match name {
        "Bytes" => Some(Kind::Bytes),
        "Size" => Some(Kind::Size),
        "Seconds" => Some(Kind::Seconds),
        _ => None,
    }
}

/// A type, after the structs that it is one of.
fn read_type(name: &str, schema: &Value) -> Result<Vec<Type>> {
    let mut found = Vec::new();
    let shape = if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        Shape::Struct(fields(name, schema, properties)?)
    } else if let Some(tag) = tag(schema) {
        let mut arms = Vec::new();
        for arm in schema
            .get("oneOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let (word, arm) = tagged(name, tag, arm)?;
            arms.push((word, arm.name.clone()));
            found.push(arm);
        }
        Shape::Tagged {
            tag: tag.to_owned(),
            arms,
        }
    } else if let Some(variants) = schema.get("oneOf").and_then(Value::as_array) {
        let read = variants.iter().map(|v| variant(name, v, &mut found));
        Shape::Choice(read.collect::<Result<Vec<_>>>()?)
    } else {
        return Err(format!("{name}: neither a struct nor a choice: {schema}"));
    };
    found.push(Type {
        name: name.to_owned(),
        doc: doc(schema),
        shape,
    });
    Ok(found)
}

/// The field with a word in each of several structs.
fn tag(schema: &Value) -> Option<&str> {
    let first = schema
        .get("oneOf")?
        .get(0)?
        .get("properties")?
        .as_object()?;
    first
        .iter()
        .find(|(_, property)| property.get("const").is_some())
        .map(|(name, _)| name.as_str())
}

/// One struct of several, named after its word: `FdPin` for "fd" of `Pin`; the field with the word first.
fn tagged(owner: &str, tag: &str, schema: &Value) -> Result<(String, Type)> {
    let lost = || format!("{owner}: no {tag} in {schema}");
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties = properties.ok_or_else(lost)?;
    let word = properties
        .get(tag)
        .and_then(|property| text(property, "const"));
    let word = word.ok_or_else(lost)?;
    let name = named_after(word, owner);
    let mut fields = fields(&name, schema, properties)?;
    fields.sort_by_key(|field| field.name != tag);
    for field in fields.iter_mut().filter(|field| field.name == tag) {
        field.doc = "What it is.".to_owned();
    }
    let arm = Type {
        name,
        doc: doc(schema),
        shape: Shape::Struct(fields),
    };
    Ok((word.to_owned(), arm))
}

/// `FdPin` for "fd" of `Pin`.
fn named_after(word: &str, owner: &str) -> String {
    camel(&format!("_{word}")) + owner
}

fn fields(owner: &str, schema: &Value, properties: &Map<String, Value>) -> Result<Vec<Field>> {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|list| list.iter().any(|v| v == name));
    let mut fields = Vec::new();
    for (name, property) in properties {
        let default = property.get("default").filter(|value| !is_empty(value));
        fields.push(Field {
            name: name.clone(),
            doc: doc(property),
            kind: kind(property).map_err(|e| format!("{owner}.{name}: {e}"))?,
            required: is_required(name),
            default: default.cloned(),
        });
    }
    Ok(fields)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// A variant; where its payload is a struct without a name, that is found, too, named after both.
fn variant(owner: &str, schema: &Value, found: &mut Vec<Type>) -> Result<Variant> {
    let (name, payload) = if let Some(name) = text(schema, "const") {
        (name.to_owned(), None)
    } else {
        let properties = schema.get("properties").and_then(Value::as_object);
        let only = properties
            .filter(|p| p.len() == 1)
            .and_then(|p| p.iter().next());
        let (name, payload) = only.ok_or_else(|| format!("{owner}: unknown variant {schema}"))?;
        let payload = match payload.get("properties").and_then(Value::as_object) {
            Some(properties) => {
                let named = named_after(name, owner);
                found.push(Type {
                    shape: Shape::Struct(fields(&named, payload, properties)?),
                    doc: doc(schema),
                    name: named.clone(),
                });
                Kind::Named(named)
            }
            None => kind(payload).map_err(|e| format!("{owner}.{name}: {e}"))?,
        };
        (name.clone(), Some(payload))
    };
    Ok(Variant {
        name,
        doc: doc(schema),
        payload,
    })
}

fn kind(schema: &Value) -> Result<Kind> {
    if let Some(reference) = text(schema, "$ref") {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        return Ok(scalar(name).unwrap_or_else(|| Kind::Named(name.to_owned())));
    }
    if let Some([inner, Value::Object(null)]) = schema
        .get("anyOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        && null.get("type").is_some_and(|t| t == "null")
    {
        return Ok(Kind::Optional(Box::new(kind(inner)?)));
    }
    match schema.get("type") {
        Some(Value::String(name)) => plain_kind(name, schema),
        Some(Value::Array(names)) => match names.as_slice() {
            [Value::String(name), null] if null == "null" => {
                Ok(Kind::Optional(Box::new(plain_kind(name, schema)?)))
            }
            _ => Err(format!("unknown types {names:?}")),
        },
        _ => Err(format!("unknown schema {schema}")),
    }
}

fn plain_kind(name: &str, schema: &Value) -> Result<Kind> {
    let inner = |key: &str| {
        let inner = schema
            .get(key)
            .ok_or_else(|| format!("no {key} in {schema}"))?;
        kind(inner).map(Box::new)
    };
    match name {
        "string" => Ok(match text(schema, "const") {
            Some(word) => Kind::Word(word.to_owned()),
            None => Kind::String,
        }),
        "boolean" => Ok(Kind::Bool),
        "number" => Ok(Kind::Float),
        "array" => match schema.get("prefixItems").and_then(Value::as_array) {
            Some(items) => Ok(Kind::Tuple(items.iter().map(kind).collect::<Result<_>>()?)),
            None => Ok(Kind::List(inner("items")?)),
        },
        "object" => Ok(Kind::Map(inner("additionalProperties")?)),
        "integer" => match text(schema, "format") {
            Some("int32") => Ok(Kind::Integer(Width::I32)),
            Some("uint32") => Ok(Kind::Integer(Width::U32)),
            Some("uint64") => Ok(Kind::Integer(Width::U64)),
            other => Err(format!("unknown integer format {other:?}")),
        },
        _ => Err(format!("unknown type {name}")),
    }
}

fn text<'a>(schema: &'a Value, key: &str) -> Option<&'a str> {
    schema.get(key).and_then(Value::as_str)
}

/// The doc comment without rustdoc's link brackets: "see [`Profile::Strict`]" means nothing in C.
fn doc(schema: &Value) -> String {
    let doc = text(schema, "description").unwrap_or_default();
    doc.replace("[`", "`").replace("`]", "`")
}

impl fmt::Display for Kind {
    /// The kind in words, as the documentation has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::String => f.write_str("string"),
            Kind::Bytes => f.write_str("bytes"),
            Kind::Integer(_) => f.write_str("integer"),
            Kind::Float => f.write_str("number"),
            Kind::Bool => f.write_str("bool"),
            Kind::Size => f.write_str("size"),
            Kind::Seconds => f.write_str("seconds"),
            Kind::Word(word) => write!(f, "\"{word}\""),
            Kind::Named(name) => f.write_str(name),
            Kind::Tuple(items) => {
                let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                f.write_str(&items.join(" and "))
            }
            Kind::List(inner) => write!(f, "list of {inner}"),
            Kind::Map(inner) => write!(f, "map of string to {inner}"),
            Kind::Optional(inner) => write!(f, "{inner} or nothing"),
        }
    }
}
