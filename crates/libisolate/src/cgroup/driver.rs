//! The directories of a group: made below the caller's own group, or below a scope that systemd has made
//! and handed over. All else (limits, attaching, statistics, the end) is the same for both.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::dir::Dir;
use super::handle::words;
use super::tree::Tree;
use super::{Hierarchy, Version, write};
use crate::error::{Error, ErrorKind, Result, Stage};

/// Where a group is to be made in one hierarchy.
pub(super) struct Parent<'a> {
    pub version: Version,
    /// The controllers that can be had there.
    pub controllers: &'a [String],
    /// v2: those that groups below it have already.
    pub enabled: &'a [String],
    /// The name of a v1 hierarchy without controllers.
    pub name: Option<&'a str>,
    /// From the group below which the caller may make others down to the parent, which is the last.
    pub chain: Vec<PathBuf>,
}

impl<'a> Parent<'a> {
    /// The caller's own group.
    pub fn own(hierarchy: &'a Hierarchy) -> Parent<'a> {
        Parent {
            version: hierarchy.version,
            controllers: &hierarchy.controllers,
            enabled: &hierarchy.enabled,
            name: hierarchy.name.as_deref(),
            chain: vec![hierarchy.dir.as_path().to_owned()],
        }
    }

    /// The directory below which the group is made.
    pub fn dir(&self) -> &Path {
        self.chain.last().map_or(Path::new(""), PathBuf::as_path)
    }
}

/// A scope's directory in one hierarchy, as a parent.
pub(super) struct Scope {
    dir: PathBuf,
    /// What it has: v2 tells, v1 has what the hierarchy has.
    controllers: Vec<String>,
}

impl Scope {
    pub fn of(dir: &Path, hierarchy: &Hierarchy) -> Option<Scope> {
        let controllers = match hierarchy.version {
            Version::V1 => hierarchy.controllers.clone(),
            Version::V2 => words(&Dir::open(dir).ok()?, "cgroup.controllers"),
        };
        Some(Scope {
            dir: dir.to_owned(),
            controllers,
        })
    }

    pub fn parent<'a>(&'a self, hierarchy: &'a Hierarchy) -> Parent<'a> {
        Parent {
            controllers: &self.controllers,
            enabled: &[],
            chain: vec![self.dir.clone()],
            ..Parent::own(hierarchy)
        }
    }
}

/// Makes `name` below each of the parents, where it must not be yet, with the v2 controllers of `enable`;
/// the trees are in the order of the parents. After a failure nothing is left but controllers that were
/// enabled.
pub(super) fn make(parents: &[Parent<'_>], enable: &[String], name: &str) -> Result<Vec<Tree>> {
    enable_below(parents, enable)?;
    let mut trees = Vec::with_capacity(parents.len());
    for parent in parents {
        match tree(parent, enable, name) {
            Ok(made) => trees.push(made),
            Err(error) => {
                // The first failure is the one to tell; nothing has entered the directories yet.
                for made in &trees {
                    let _ = std::fs::remove_dir(made.dir.path());
                }
                return Err(error);
            }
        }
    }
    Ok(trees)
}

/// Hands controllers down to the groups below the v2 parent.
fn enable_below(parents: &[Parent<'_>], controllers: &[String]) -> Result<()> {
    let v2 = |parent: &&Parent<'_>| parent.version == Version::V2;
    let Some(parent) = parents.iter().find(v2) else {
        return Ok(());
    };
    if controllers.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = controllers.iter().map(|c| format!("+{c}")).collect();
    for dir in &parent.chain {
        let put = |value: &str| write::write(dir, "cgroup.subtree_control", value);
        let Err(refused) = put(&words.join(" ")) else {
            continue;
        };
        // The kernel takes all or none. One that cannot be had may be one that no limit needs; a limit
        // that does need it finds its file missing.
        if words.iter().filter(|word| put(word).is_ok()).count() == 0 {
            return Err(of_another(dir, refused));
        }
    }
    Ok(())
}

/// The same refusal where it is not the caller's own group that holds processes.
fn of_another(dir: &Path, refused: Error) -> Error {
    let own = std::process::id().to_string();
    let processes = write::read(dir, "cgroup.procs").unwrap_or_default();
    if refused.errno() != libc::EBUSY || processes.lines().any(|pid| pid == own) {
        return refused;
    }
    Error::from_errno(isolate_sys::Errno::EBUSY, Stage::Cgroup, refused.subject()).with_hint(
        format!(
            "{} holds processes, so controllers cannot be enabled below it: move them into a group below \
             it first",
            dir.display()
        ),
    )
}

fn tree(parent: &Parent<'_>, enable: &[String], name: &str) -> Result<Tree> {
    let path = parent.dir().join(name);
    DirBuilder::new().mode(0o755).create(&path).map_err(|e| {
        let error = Error::from_io(&e, Stage::Cgroup, path.display().to_string());
        match e.raw_os_error() {
            Some(libc::EAGAIN) => {
                error.with_hint("cgroup.max.descendants or cgroup.max.depth is reached")
            }
            Some(libc::ENOENT) => error.with_hint("the group above it is gone"),
            Some(libc::EEXIST) => error
                .with_kind(ErrorKind::Busy)
                .with_hint("there is a group of that name"),
            _ => error,
        }
    })?;
    fill(parent, enable, &path).inspect_err(|_| {
        let _ = std::fs::remove_dir(&path);
    })
}

fn fill(parent: &Parent<'_>, enable: &[String], path: &Path) -> Result<Tree> {
    let dir = Dir::open(path)?;
    let mut controllers = parent.controllers.to_owned();
    match parent.version {
        Version::V1 if controllers.iter().any(|c| c == "cpuset") => {
            inherit_cpuset(&Dir::open(parent.dir())?, &dir)?;
        }
        Version::V1 => {}
        Version::V2 => {
            controllers.retain(|c| parent.enabled.contains(c) || enable.contains(c));
            if dir
                .read("cgroup.type")
                .is_ok_and(|t| t.trim() == "domain invalid")
            {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    Stage::Cgroup,
                    path.display().to_string(),
                    "the group above it is threaded, or holds processes and gives threaded \
                     controllers, so no process can enter a group below it",
                ));
            }
        }
    }
    Ok(Tree {
        version: parent.version,
        controllers,
        name: parent.name.map(str::to_owned),
        dir,
    })
}

/// A new v1 cpuset is empty, and no process can enter it (ENOSPC).
fn inherit_cpuset(parent: &Dir, dir: &Dir) -> Result<()> {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        // cgroup.clone_children may have filled it.
        if dir.read(file)?.trim().is_empty() {
            dir.write(file, parent.read(file)?.trim())?;
        }
    }
    Ok(())
}
