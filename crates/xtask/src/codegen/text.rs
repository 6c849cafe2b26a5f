//! What the generators share: the order of types, paragraphs, line breaks, camelCase.

use crate::Result;
use crate::model::{Kind, Model, Shape, Type};

/// The types, each after those it uses.
pub fn ordered<'a>(types: &'a [Type], model: &'a Model) -> Result<Vec<&'a Type>> {
    let mut done = Vec::new();
    for kind in types {
        visit(kind, model, &mut done)?;
    }
    Ok(done)
}

fn visit<'a>(kind: &'a Type, model: &'a Model, done: &mut Vec<&'a Type>) -> Result<()> {
    if done.iter().any(|d| d.name == kind.name) {
        return Ok(());
    }
    let used: Vec<&str> = match &kind.shape {
        Shape::Struct(fields) => fields.iter().filter_map(|f| named(&f.kind)).collect(),
        Shape::Choice(variants) => {
            let payloads = variants.iter().filter_map(|v| v.payload.as_ref());
            payloads.filter_map(named).collect()
        }
        Shape::Tagged { arms, .. } => arms.iter().map(|(_, name)| name.as_str()).collect(),
    };
    // A tree's node has nodes in it.
    for name in used.into_iter().filter(|name| *name != kind.name) {
        visit(model.find(name)?, model, done)?;
    }
    done.push(kind);
    Ok(())
}

/// The named type inside a kind.
pub fn named(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Named(name) => Some(name),
        Kind::List(inner) | Kind::Map(inner) | Kind::Optional(inner) => named(inner),
        _ => None,
    }
}

/// The paragraphs of a doc comment, each on one line.
pub fn doc_paragraphs(doc: &str) -> Vec<String> {
    doc.split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// Lines of at most `width` characters, where the words allow it.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// `memory_peak` as `memoryPeak`.
pub fn camel(snake: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in snake.chars() {
        if c == '_' {
            upper = true;
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn camel_case() {
        assert_eq!(camel("memory_peak"), "memoryPeak");
        assert_eq!(camel("argv"), "argv");
        assert_eq!(camel("cpuset_mems"), "cpusetMems");
    }

    #[test]
    fn lines_are_no_longer_than_asked() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 4), ["unbreakable"]);
    }
}
