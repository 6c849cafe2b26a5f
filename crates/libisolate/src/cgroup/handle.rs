//! A group as one thing across all hierarchies: made, opened, found, and its files by name.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dir::{Dir, check_name};
use super::path::GroupPath;
use super::systemd::Unit;
use super::tree::Tree;
use super::{Hierarchy, Version, end, parse, probe};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;
use crate::spec::Bytes;

/// A group of processes with limits: one directory in each hierarchy that it spans (cgroups(7)).
///
/// Its directories are held open: the handle stays with the group that it was made for, also when
/// another takes its name. Dropping the handle leaves the group; [`Cgroup::remove`] takes it away.
/// Every method may be called from any thread.
#[derive(Debug)]
pub struct Cgroup {
    path: String,
    pub(super) trees: Vec<Tree>,
    /// v2: what a reset of the peak is bound to (`memory.peak`, Linux 6.12).
    pub(super) peak: Mutex<Option<File>>,
    /// The unit of systemd's that it is in, where this process made that.
    pub(super) unit: Option<Arc<Unit>>,
}

/// One directory of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CgroupPlace")]
pub struct Place {
    /// v1 or v2.
    pub version: Version,
    /// v1: the controllers of the hierarchy. v2: those that the group has (`cgroup.controllers`).
    pub controllers: Vec<String>,
    /// The name of a v1 hierarchy without controllers.
    pub name: Option<String>,
    /// The directory.
    pub path: Bytes,
}

impl Cgroup {
    pub(super) fn of_trees(path: String, mut trees: Vec<Tree>) -> Cgroup {
        for tree in trees.iter_mut().filter(|t| t.version == Version::V2) {
            tree.controllers = words(&tree.dir, "cgroup.controllers");
        }
        Cgroup {
            path,
            trees,
            peak: Mutex::new(None),
            unit: None,
        }
    }

    pub(super) fn name_it(&mut self, path: &str) {
        path.clone_into(&mut self.path);
    }

    /// Opens a group that is there: `a/b` below the caller's own, `/a/b` from the root of each hierarchy
    /// as the caller sees it, `/` that itself. The handle spans the hierarchies that have it.
    ///
    /// # Errors
    /// `InvalidSpec` for a path that leads upward, `NotFound` when no hierarchy has it.
    pub fn open(path: &str) -> Result<Cgroup> {
        let parsed = GroupPath::parse(path)?;
        let host = probe::outline(|_| false)?;
        let trees = host
            .hierarchies
            .iter()
            .filter(|h| !h.dir.is_empty())
            .filter_map(|h| tree(h, &parsed.in_hierarchy(h)).transpose())
            .collect::<Result<Vec<Tree>>>()?;
        if trees.is_empty() {
            return Err(missing(path));
        }
        Ok(Cgroup::of_trees(path.to_owned(), trees))
    }

    /// The group that the caller is in, in every hierarchy.
    ///
    /// # Errors
    /// `Host` stage when /proc cannot be read, `NotFound` where no tree is mounted.
    pub fn own() -> Result<Cgroup> {
        Cgroup::of("/proc/self/cgroup", ".".to_owned())
    }

    /// The group that a process is in, in every hierarchy that the caller sees it in.
    ///
    /// # Errors
    /// `NotFound` when there is no such process, or no tree shows its group.
    pub fn of_process(pid: i32) -> Result<Cgroup> {
        if pid <= 0 {
            return Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Cgroup,
                pid.to_string(),
                "is no process id",
            ));
        }
        Cgroup::of(&format!("/proc/{pid}/cgroup"), format!("process {pid}"))
    }

    fn of(proc_file: &str, path: String) -> Result<Cgroup> {
        let text = kernfile::read(Path::new(proc_file))
            .map_err(|e| Error::from_io(&e, Stage::Cgroup, proc_file))?;
        let mounts = parse::mountinfo(&probe::read_proc("/proc/self/mountinfo")?);
        let views = parse::best_views(parse::arrange(&mounts, &parse::memberships(&text)));
        let trees = views
            .iter()
            .filter(|view| !view.dir.is_empty())
            .filter_map(|view| {
                let mut dir = view.dir.as_path().to_owned();
                if view
                    .own
                    .as_bytes()
                    .ends_with(format!("/{}", parse::LEAF).as_bytes())
                {
                    dir.push(parse::LEAF);
                }
                tree(view, &dir).transpose()
            })
            .collect::<Result<Vec<Tree>>>()?;
        if trees.is_empty() {
            return Err(missing(&path));
        }
        Ok(Cgroup::of_trees(path, trees))
    }

    /// The path by which the handle was made: see [`Cgroup::open`]. `.` for the caller's own group,
    /// `process N` for that of a process.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The scope of systemd's that the group is in, with `.scope`, where this handle's process made it.
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref().map(Unit::name)
    }

    /// The group's directories, one for each hierarchy.
    pub fn places(&self) -> Vec<Place> {
        self.trees
            .iter()
            .map(|tree| Place {
                version: tree.version,
                controllers: tree.controllers.clone(),
                name: tree.name.clone(),
                path: Bytes::from(tree.dir.path()),
            })
            .collect()
    }

    /// The controllers that the group has, of whatever version, by name.
    pub fn controllers(&self) -> Vec<String> {
        let all = self.trees.iter().flat_map(|tree| &tree.controllers);
        let mut names: Vec<String> = all.cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of the groups directly below, in whatever hierarchy. None once the group is removed.
    pub fn children(&self) -> Vec<String> {
        let all = self.trees.iter().flat_map(|tree| tree.dir.children());
        let mut names: Vec<String> = all.collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Opens a group directly below.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name.
    pub fn child(&self, name: &str) -> Result<Cgroup> {
        check_name(name)?;
        let path = format!("{}/{name}", self.path.trim_end_matches('/'));
        let mut trees = Vec::new();
        for tree in &self.trees {
            match tree.dir.child(name) {
                Ok(dir) => trees.push(Tree {
                    version: tree.version,
                    controllers: tree.controllers.clone(),
                    name: tree.name.clone(),
                    dir,
                }),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if trees.is_empty() {
            return Err(missing(&path));
        }
        Ok(Cgroup::of_trees(path, trees))
    }

    /// Reads a file of the group's, such as `memory.stat`, from whichever hierarchy has it.
    ///
    /// # Errors
    /// `InvalidSpec` for what is no file name, `Unsupported` when the group has no such file,
    /// `NotFound` when the group is gone.
    pub fn get(&self, file: &str) -> Result<String> {
        self.with_file(file)?.dir.read(file)
    }

    /// Writes a file of the group's as it is, and gives what it holds then; of a file that cannot be
    /// read, nothing.
    ///
    /// # Errors
    /// As [`Cgroup::get`], and what the kernel says, with file and value.
    pub fn set(&self, file: &str, value: &str) -> Result<String> {
        let dir = &self.with_file(file)?.dir;
        match dir.put(file, value) {
            // Some are for writing alone: cgroup.kill, memory.reclaim, devices.allow.
            Err(error) if error.errno() == libc::EACCES || error.errno() == libc::EINVAL => dir
                .write(file, value)
                .map(|()| dir.read(file).unwrap_or_default()),
            put => put,
        }
    }

    /// The tree that has a file; where several do, the v2 tree.
    pub(super) fn with_file(&self, file: &str) -> Result<&Tree> {
        check_name(file)?;
        let having = |version| {
            let of = move |tree: &&Tree| tree.version == version && tree.dir.has(file);
            self.trees.iter().find(of)
        };
        having(Version::V2)
            .or_else(|| having(Version::V1))
            .ok_or_else(|| {
                if self.is_gone() {
                    return self.gone();
                }
                let places: Vec<String> = self
                    .trees
                    .iter()
                    .map(|tree| {
                        format!(
                            "{} ({})",
                            tree.dir.path().display(),
                            tree.controllers.join(" ")
                        )
                    })
                    .collect();
                Error::new(
                    ErrorKind::Unsupported,
                    Stage::Cgroup,
                    format!("{}: {file}", self.path),
                    format!("the group has no such file; it has {}", places.join(", ")),
                )
            })
    }

    /// The tree that has a controller.
    pub(super) fn tree(&self, controller: &str) -> Result<&Tree> {
        self.trees
            .iter()
            .find(|tree| tree.has(controller))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Unsupported,
                    Stage::Cgroup,
                    self.path.as_str(),
                    format!(
                        "the group has no {controller} controller; it has {}",
                        self.controllers().join(", ")
                    ),
                )
            })
    }

    pub(super) fn unified(&self) -> Option<&Tree> {
        self.trees.iter().find(|tree| tree.version == Version::V2)
    }

    /// Whether the directories are removed.
    pub(super) fn is_gone(&self) -> bool {
        self.trees.iter().all(|tree| !tree.dir.has("cgroup.procs"))
    }

    /// A failure, told as the removal where that is the cause: a v1 file that is not there could be one
    /// that this kernel does not have.
    pub(super) fn unless_gone<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| match self.is_gone() {
            true => self.gone(),
            false => error,
        })
    }

    pub(super) fn gone(&self) -> Error {
        Error::from_errno(
            isolate_sys::Errno::ENOENT,
            Stage::Cgroup,
            self.path.as_str(),
        )
        .with_hint("the group has been removed")
    }

    /// Removes the group and those below it, with bounded retries (half a second) while the last
    /// processes go. Fine when it is removed already.
    ///
    /// # Errors
    /// `Busy` with the path that would not go and how many processes are in it; the other hierarchies'
    /// directories are gone. `InvalidSpec` for a group that the caller is in.
    pub fn remove(&self) -> Result<()> {
        let standing: Vec<&Path> = self
            .trees
            .iter()
            .filter(|tree| tree.dir.stands())
            .map(|tree| tree.dir.path())
            .collect();
        // Mostly they are empty. What is not may be the caller's own, or the root of them all, and then
        // nobody has meant the groups below it.
        if !standing.iter().all(|dir| std::fs::remove_dir(dir).is_ok()) {
            self.refuse_own("would lose every group that is empty below it")?;
            end::remove(standing.into_iter())?;
        }
        self.unit.as_ref().map_or(Ok(()), |unit| unit.end())
    }

    /// Kills every process of the group and of those below it, forked ones included, frozen ones too.
    ///
    /// With a v2 directory (Linux 5.14) the processes are then as good as dead. Of v1 directories none is
    /// left when it returns, after 10 seconds at most.
    ///
    /// # Errors
    /// `Cgroup` stage with the path; `Busy` when processes stay; `InvalidSpec` for a group that the caller
    /// is in.
    pub fn kill(&self) -> Result<()> {
        self.refuse_own("would be killed with it")?;
        end::kill(&self.trees)
    }
}

/// The tree of a hierarchy where it has such a directory.
fn tree(hierarchy: &Hierarchy, path: &Path) -> Result<Option<Tree>> {
    match Dir::open(path) {
        Ok(dir) => Ok(Some(Tree {
            version: hierarchy.version,
            controllers: hierarchy.controllers.clone(),
            name: hierarchy.name.clone(),
            dir,
        })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn words(dir: &Dir, file: &str) -> Vec<String> {
    let text = dir.read(file).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

pub(super) fn missing(path: &str) -> Error {
    Error::from_errno(isolate_sys::Errno::ENOENT, Stage::Cgroup, path)
        .with_hint("no hierarchy has such a group")
}
