//! Making a group: by this library below another, or by systemd in a scope.

use super::choice::{available, choose, may_hold, refusal};
use super::driver::{self, Parent};
use super::handle::missing;
use super::path::{GroupPath, check_group};
use super::systemd::{Asked, choose as choose_driver, scope};
use super::{Cgroup, Hierarchy, Version, probe};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::spec::Driver;

/// Where a new group goes and what it can limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateOptions {
    /// The group below which it is made: `a/b` below the caller's own, `/a/b` from the root of each
    /// hierarchy as the caller sees it. Left out: the caller's own.
    pub parent: Option<String>,
    /// The controllers that it must have. Left out: all that can be had.
    pub controllers: Option<Vec<String>>,
    /// Who makes it: this library where it is left out, and with `auto` where systemd does not manage the
    /// caller's own group. With systemd the name is that of a scope (`NAME` or `NAME.scope`).
    pub driver: Option<Driver>,
    /// With systemd: the slice that the scope is in, such as `a-b.slice`.
    pub slice: Option<String>,
}

impl Cgroup {
    /// Makes a group of that name, which must not be there yet.
    ///
    /// On a host with v1 hierarchies and a v2 tree it gets a directory in the v2 tree too, also when no
    /// controller is there: that gives freezing, killing, events and pressure.
    ///
    /// By systemd it is a group in a transient scope, which is handed over whole. A scope lives by its
    /// processes, so one of this library's own waits in it (the anchor) until the group is removed or the
    /// handle dropped; then systemd takes the scope away as soon as it is empty.
    ///
    /// # Errors
    /// `InvalidSpec` for a name or path that leads elsewhere; `Busy` when the group or unit is there or
    /// the group above it holds processes; `NotFound` without the parent; `Unsupported` or `Permission`
    /// for a controller that cannot be had, with what to do. Nothing is left of what was made.
    pub fn create(name: &str, options: &CreateOptions) -> Result<Cgroup> {
        let asked = Asked {
            driver: options.driver.unwrap_or(Driver::Cgroupfs),
            slice: options.slice.as_deref(),
            unit: None,
        };
        asked.check(None)?;
        if asked.driver != Driver::Cgroupfs {
            let host = probe::probe()?;
            if let Some(systemd) = choose_driver(&asked, &host)? {
                return scope::create(name, options, systemd, &host);
            }
        }
        check_group(name)?;
        let above = GroupPath::parse(options.parent.as_deref().unwrap_or("."))?;
        let asked = options.controllers.as_deref();
        let host = probe::outline(|hierarchy| {
            hierarchy.version == Version::V2 || may_hold(&hierarchy.controllers, asked)
        })?;
        let chosen = match choose(&host, asked) {
            // A group that was given to the caller may be below one that was not.
            Err(_) if options.parent.is_some() => {
                let above = Cgroup::open(options.parent.as_deref().unwrap_or("."))?;
                return match above.create_child(name, asked) {
                    Err(error) if error.kind() == ErrorKind::Permission => Err(refusal(asked)),
                    made => made,
                };
            }
            // Why no group can be made, a tree may tell that was not asked.
            Err(_) => return Err(refusal(asked)),
            Ok(chosen) => chosen,
        };
        let read: Vec<(&Hierarchy, Vec<String>)> = chosen
            .into_iter()
            .filter(|hierarchy| above.in_hierarchy(hierarchy).is_dir())
            .map(|hierarchy| (hierarchy, available(hierarchy, &above)))
            .collect();
        let parents: Vec<Parent<'_>> = read
            .iter()
            .map(|(hierarchy, controllers)| Parent {
                version: hierarchy.version,
                controllers,
                enabled: &[],
                name: hierarchy.name.as_deref(),
                chain: above.chain(hierarchy),
            })
            .collect();
        if parents.is_empty() {
            return Err(missing(options.parent.as_deref().unwrap_or(".")));
        }
        let path = match &options.parent {
            Some(parent) => format!("{}/{name}", parent.trim_end_matches('/')),
            None => name.to_owned(),
        };
        Cgroup::make(path, &parents, asked, name)
    }

    /// Makes a group below this one, with the controllers that it must have, or all that this one has.
    ///
    /// # Errors
    /// As [`Cgroup::create`].
    pub fn create_child(&self, name: &str, controllers: Option<&[String]>) -> Result<Cgroup> {
        check_group(name)?;
        for asked in controllers.into_iter().flatten() {
            self.tree(asked)?;
        }
        let parents: Vec<Parent<'_>> = self
            .trees
            .iter()
            .map(|tree| Parent {
                version: tree.version,
                controllers: &tree.controllers,
                enabled: &[],
                name: tree.name.as_deref(),
                chain: vec![tree.dir.path().to_owned()],
            })
            .collect();
        let path = format!("{}/{name}", self.path().trim_end_matches('/'));
        Cgroup::make(path, &parents, controllers, name)
    }

    fn make(
        path: String,
        parents: &[Parent<'_>],
        asked: Option<&[String]>,
        name: &str,
    ) -> Result<Cgroup> {
        let v2 = parents.iter().find(|p| p.version == Version::V2);
        let enable: Vec<String> = v2.map_or(&[][..], |p| p.controllers).to_vec();
        let mut enable: Vec<String> = match asked {
            None => enable,
            Some(asked) => enable.into_iter().filter(|c| asked.contains(c)).collect(),
        };
        let made = match driver::make(parents, &enable, name) {
            // Nobody has asked for them: the group is worth having without.
            Err(error)
                if asked.is_none() && error.subject().starts_with("cgroup.subtree_control") =>
            {
                enable.clear();
                driver::make(parents, &enable, name)
            }
            made => made,
        };
        let group = Cgroup::of_trees(path, made?);
        let lacks = |c: &&String| enable.contains(c) && group.tree(c).is_err();
        if let Some(lost) = asked.into_iter().flatten().find(lacks) {
            let _ = group.remove();
            return Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Cgroup,
                group.path(),
                format!("the {lost} controller cannot be handed down to it"),
            ));
        }
        Ok(group)
    }
}
