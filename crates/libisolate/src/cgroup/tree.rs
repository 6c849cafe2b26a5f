//! A group's place in one hierarchy.

use super::Version;
use super::dir::Dir;

/// The group's directory in one hierarchy, and what that is for.
#[derive(Debug)]
pub(crate) struct Tree {
    pub version: Version,
    /// v1: the controllers of the hierarchy. v2: those that the group has.
    pub controllers: Vec<String>,
    /// The name of a v1 hierarchy without controllers.
    pub name: Option<String>,
    pub dir: Dir,
}

impl Tree {
    /// Whether a controller's files are here.
    pub fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|c| c == controller)
    }
}
