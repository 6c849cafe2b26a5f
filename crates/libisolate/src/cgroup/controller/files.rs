//! Files that the caller names: written as they are, after everything else.

use super::Setting;
use crate::cgroup::dir::check_name;
use crate::error::{Error, Result};
use crate::spec::Limits;

/// What a file's name may begin with, and what has to be there for it: a controller, or any v2 group.
pub(in crate::cgroup) const PREFIXES: [&str; 16] = [
    "blkio", "cgroup", "cpu", "cpuacct", "cpuset", "devices", "dmem", "freezer", "hugetlb", "io",
    "memory", "misc", "net_cls", "net_prio", "pids", "rdma",
];

/// Files that do something to the group's processes instead of limiting them.
const DEEDS: [&str; 8] = [
    "cgroup.event_control",
    "cgroup.freeze",
    "cgroup.kill",
    "cgroup.procs",
    "cgroup.subtree_control",
    "cgroup.threads",
    "cgroup.type",
    "freezer.state",
];

/// The longest text: a page, as the kernel takes it.
const LONGEST: usize = 4095;

/// Refuses names that are no cgroup file's, and texts that no file takes.
pub(super) fn check(limits: &Limits) -> Result<()> {
    for (file, text) in &limits.files {
        let wrong = |detail: String| Err(Error::invalid("limits.files", detail));
        if let Err(error) = check_name(file) {
            return wrong(format!("{file:?} {}", error.detail()));
        }
        if home(file).is_none() {
            return wrong(format!(
                "{file:?} is no cgroup file: its name begins with one of {} and a dot",
                PREFIXES.join(", ")
            ));
        }
        if DEEDS.contains(&file.as_str()) {
            return wrong(format!(
                "{file:?} limits nothing, but does something to the group's processes: use the call \
                 for it"
            ));
        }
        if text.is_empty() || text.len() > LONGEST || text.contains('\0') {
            return Err(Error::invalid(
                format!("limits.files.{file}"),
                format!("must be text of 1 to {LONGEST} bytes without NUL"),
            ));
        }
    }
    Ok(())
}

/// What has to be there for a file: a controller, or `cgroup` for any v2 group.
pub(in crate::cgroup) fn home(file: &str) -> Option<&'static str> {
    let (prefix, rest) = file.split_once('.')?;
    let home = PREFIXES.iter().find(|known| **known == prefix)?;
    (!rest.is_empty()).then_some(*home)
}

/// The files of this home.
pub(super) fn writes(of: &str, limits: &Limits) -> Vec<Setting> {
    let all = limits.files.iter();
    all.filter(|(file, _)| home(file) == Some(of))
        .map(|(file, text)| Setting {
            told_by: Some(file.clone()),
            ..Setting::new("files", file, text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(file: &str, text: &str) -> Limits {
        Limits {
            files: [(file.to_owned(), text.to_owned())].into(),
            ..Limits::default()
        }
    }

    fn told(file: &str, text: &str) -> String {
        check(&one(file, text))
            .err()
            .map_or(String::new(), |e| e.message())
    }

    #[test]
    fn each_file_has_a_home() {
        for (file, of) in [
            ("memory.swap.high", Some("memory")),
            ("cgroup.max.depth", Some("cgroup")),
            ("cpu.uclamp.max", Some("cpu")),
            ("tasks", None),
            ("memory.", None),
            ("x.y", None),
        ] {
            assert_eq!(home(file), of, "{file}");
        }
        let limits = one("memory.swap.high", "max");
        assert_eq!(
            writes("memory", &limits),
            [Setting {
                told_by: Some("memory.swap.high".to_owned()),
                ..Setting::new("files", "memory.swap.high", "max")
            }]
        );
        assert_eq!(writes("cpu", &limits), []);
    }

    #[test]
    fn names_and_texts_that_are_refused() {
        assert_eq!(
            told("../memory.max", "1"),
            "spec: limits.files: \"../memory.max\" has a slash, a NUL or a line's end"
        );
        assert_eq!(told("", "1"), "spec: limits.files: \"\" is empty");
        assert!(told("notify_on_release", "1").starts_with(
            "spec: limits.files: \"notify_on_release\" is no cgroup file: its name begins with one of \
             blkio, cgroup, cpu,"
        ));
        for file in DEEDS {
            assert_eq!(
                told(file, "1"),
                format!(
                    "spec: limits.files: {file:?} limits nothing, but does something to the group's \
                     processes: use the call for it"
                )
            );
        }
        for text in ["", "\0", &"x".repeat(4096)] {
            assert_eq!(
                told("cpu.weight", text),
                "spec: limits.files.cpu.weight: must be text of 1 to 4095 bytes without NUL"
            );
        }
        assert_eq!(told("cpu.weight", "100"), "");
    }
}
