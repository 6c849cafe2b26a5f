//! How callers name groups: a name of one, or a path from the caller's own group or from a root.

use super::controller::PREFIXES;
use super::dir::check_name;
use crate::error::{Error, ErrorKind, Result, Stage};

/// First words of further files: a group cannot have the name of a file, for the kernel puts its own there.
const FURTHER: [&str; 2] = ["irq", "perf_event"];

/// The kernel's files without such a word.
const FILES: [&str; 3] = ["tasks", "notify_on_release", "release_agent"];

/// Refuses what cannot be the name of a new group.
pub(super) fn check_group(name: &str) -> Result<()> {
    check_name(name)?;
    let prefixed = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    if FILES.contains(&name)
        || PREFIXES
            .iter()
            .chain(&FURTHER)
            .any(|prefix| prefixed(prefix))
    {
        return Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Cgroup,
            format!("{name:?}"),
            "is the name of a file of the kernel's: put an underscore before it",
        ));
    }
    Ok(())
}

/// A path to a group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GroupPath {
    /// From the root of each hierarchy as the caller sees it, not from the caller's own group.
    pub absolute: bool,
    pub names: Vec<String>,
}

impl GroupPath {
    /// Takes `/a/b` and `a/b`. Nothing leads upward.
    pub fn parse(text: &str) -> Result<GroupPath> {
        let absolute = text.starts_with('/');
        let mut names = Vec::new();
        for part in text.split('/').filter(|part| !part.is_empty()) {
            if part == "." {
                continue;
            }
            check_name(part).map_err(|error| {
                Error::new(
                    error.kind(),
                    Stage::Cgroup,
                    format!("{text:?}"),
                    format!("{part:?} {}", error.detail()),
                )
            })?;
            names.push(part.to_owned());
        }
        if names.is_empty() && !absolute && !text.starts_with('.') {
            return Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Cgroup,
                format!("{text:?}"),
                "is empty: \".\" is the caller's own group",
            ));
        }
        Ok(GroupPath { absolute, names })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let parsed = |text: &str| GroupPath::parse(text).map(|p| (p.absolute, p.names.join(" ")));
        assert_eq!(parsed("a/b"), Ok((false, "a b".into())));
        assert_eq!(parsed("/a//b/"), Ok((true, "a b".into())));
        assert_eq!(parsed("/"), Ok((true, String::new())));
        assert_eq!(parsed("."), Ok((false, String::new())));
        for text in ["", "..", "a/../b", "/..", "a\0b", "a/b\n"] {
            assert!(parsed(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn names_of_kernel_files_are_refused() {
        for name in [
            "tasks",
            "cgroup.procs",
            "memory.max",
            "cpu.weight",
            "notify_on_release",
            "..",
            "a/b",
            "",
        ] {
            assert!(check_group(name).is_err(), "{name:?} was taken");
        }
        for name in [
            "memory",
            "cpuset",
            "my.job",
            "_tasks",
            "tasks2",
            "memoryx.max",
        ] {
            assert_eq!(check_group(name), Ok(()), "{name:?}");
        }
    }
}
