//! Telling when a v1 group has become empty: `notify_on_release` and the program that is run then.

use super::tree::Tree;
use super::{Cgroup, Version};
use crate::error::{Error, ErrorKind, Result, Stage};

impl Cgroup {
    /// Whether the hierarchy's release agent is run when the group has become empty, in all of its v1
    /// hierarchies (cgroups(7)).
    ///
    /// # Errors
    /// `Unsupported` without v1 directories: watch for `populated` events instead.
    pub fn notify_on_release(&self) -> Result<bool> {
        let mut all = true;
        for tree in self.v1()? {
            all &= tree.dir.read("notify_on_release")?.trim() == "1";
        }
        Ok(all)
    }

    /// Sets [`Cgroup::notify_on_release`] in every v1 hierarchy of the group.
    ///
    /// # Errors
    /// As there. After a failure it is as before.
    pub fn set_notify_on_release(&self, notify: bool) -> Result<()> {
        let mut done: Vec<(&Tree, String)> = Vec::new();
        for tree in self.v1()? {
            let before = tree.dir.read("notify_on_release")?;
            let value = if notify { "1" } else { "0" };
            if let Err(error) = tree.dir.write("notify_on_release", value) {
                for (tree, before) in done {
                    let _ = tree.dir.write("notify_on_release", before.trim());
                }
                return Err(error);
            }
            done.push((tree, before));
        }
        Ok(())
    }

    /// The program that the kernel runs for a v1 hierarchy when a group with `notify_on_release` has
    /// become empty; empty for none. The hierarchy is named by a controller of it, or as `name=NAME`.
    /// Only the group at the root of the hierarchy has it.
    ///
    /// # Errors
    /// `Unsupported` for a group that is not the root of a v1 hierarchy.
    pub fn release_agent(&self, hierarchy: &str) -> Result<String> {
        let text = self.root_of(hierarchy)?.dir.read("release_agent")?;
        Ok(text.trim_end_matches('\n').to_owned())
    }

    /// Sets [`Cgroup::release_agent`] for the whole hierarchy: an absolute path, or nothing. It is run
    /// as root outside of every namespace and limit: only root of the initial user namespace may.
    ///
    /// # Errors
    /// As there; `InvalidSpec` for a path that is relative or longer than 4095 bytes; `Permission`.
    pub fn set_release_agent(&self, hierarchy: &str, program: &str) -> Result<()> {
        const PATH_MAX: usize = 4096;
        let absolute = program.is_empty() || program.starts_with('/');
        if !absolute || program.len() >= PATH_MAX || program.contains(['\n', '\0']) {
            return Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Cgroup,
                format!("release_agent: {program:?}"),
                "is no absolute path of one line and at most 4095 bytes",
            ));
        }
        // The kernel takes no empty write.
        let text = if program.is_empty() { "\n" } else { program };
        self.root_of(hierarchy)?.dir.write("release_agent", text)
    }

    fn v1(&self) -> Result<Vec<&Tree>> {
        let v1 = |tree: &&Tree| tree.version == Version::V1;
        let trees: Vec<&Tree> = self.trees.iter().filter(v1).collect();
        match (trees.is_empty(), self.is_gone()) {
            (_, true) => Err(self.gone()),
            (false, _) => Ok(trees),
            (true, _) => Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Cgroup,
                format!("{}: notify_on_release", self.path()),
                "v2 groups run no program when they become empty: watch for populated events",
            )),
        }
    }

    fn root_of(&self, hierarchy: &str) -> Result<&Tree> {
        let fits = |tree: &&Tree| match hierarchy.strip_prefix("name=") {
            Some(name) => tree.name.as_deref() == Some(name),
            None => tree.has(hierarchy),
        };
        let tree = self.trees.iter().find(fits);
        tree.filter(|tree| tree.dir.has("release_agent")).ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                Stage::Cgroup,
                format!("{}: release_agent", self.path()),
                format!("only the root group of a v1 hierarchy has one, and this is none of {hierarchy}"),
            )
        })
    }
}
