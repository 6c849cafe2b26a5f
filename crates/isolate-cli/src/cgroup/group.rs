//! `isolatectl cgroup create`, `rm` and `delegate`: groups as a whole.

use std::os::fd::AsFd;

use libisolate::cgroup::{Cgroup, CreateOptions, Place, Version};
use libisolate::spec::{Bytes, Driver};
use libisolate::{Error, Result, Stage};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Serialize;

use super::args::{Create, Delegate, Rm};
use super::target::open;
use crate::FAILED;
use crate::out::{print, print_json, tell_error};
use crate::signals::Signals;
use crate::table::plain;

/// A group that was made.
#[derive(Serialize)]
struct Made<'a> {
    path: &'a str,
    unit: Option<&'a str>,
    places: Vec<Place>,
}

pub fn create(options: &Create) -> Result<()> {
    let wanted = CreateOptions {
        parent: options.parent.clone(),
        controllers: options.controllers.clone(),
        driver: options.driver.map(Into::into),
        slice: options.slice.clone(),
    };
    let may_stay = wanted.driver.is_some_and(|by| by != Driver::Cgroupfs);
    // Before the scope, so that a signal that comes meanwhile ends it as any other.
    let signals = may_stay.then(Signals::take).transpose()?;
    let group = Cgroup::create(&options.name, &wanted)?;
    let told = tell(&group, options.json);
    // Of a group whose maker cannot be told of it nothing is left.
    told.inspect_err(|_| {
        let _ = group.remove();
    })?;
    match (group.unit(), signals) {
        (Some(_), Some(signals)) => hold(&group, &signals),
        _ => Ok(()),
    }
}

fn tell(group: &Cgroup, json: bool) -> Result<()> {
    let places = group.places();
    let (path, unit) = (group.path(), group.unit());
    if json {
        return print_json(&Made { path, unit, places });
    }
    let mut text = unit.map_or(String::new(), |unit| format!("unit {unit}\n"));
    text.extend(places.iter().map(line));
    print(&text)
}

/// Keeps the scope until a signal comes or the group is removed; processes that are in it by then stay.
fn hold(group: &Cgroup, signals: &Signals) -> Result<()> {
    let removal = group.events(&[])?;
    loop {
        let mut ready = [
            PollFd::new(removal.as_fd(), PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut ready, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => {
                let error = std::io::Error::from(errno);
                return Err(Error::from_io(&error, Stage::Wait, "poll"));
            }
        }
        if !signals.came().is_empty() {
            return match group.is_populated()? {
                true => Ok(()),
                false => group.remove(),
            };
        }
        while removal.next()?.is_some() {}
        if removal.is_over() {
            // What is left of it is the scope.
            return group.remove();
        }
    }
}

fn line(place: &Place) -> String {
    let Place { path, .. } = place;
    format!(
        "{:<4}{}  {}\n",
        version(place.version),
        shown(path),
        what(place)
    )
}

fn shown(path: &Bytes) -> String {
    plain(&path.to_string())
}

/// What a directory is for.
fn what(place: &Place) -> String {
    match (&place.name, place.controllers.is_empty()) {
        (Some(name), _) => format!("name={name}"),
        (None, true) => "no controllers".to_owned(),
        (None, false) => place.controllers.join(","),
    }
}

pub fn version(version: Version) -> &'static str {
    match version {
        Version::V1 => "v1",
        Version::V2 => "v2",
    }
}

/// Removes as many as it can, as rm(1) does, and tells each that it cannot.
pub fn rm(options: &Rm) -> i32 {
    let mut status = 0;
    for path in &options.paths {
        let gone = open(path).and_then(|group| {
            if options.kill {
                group.kill()?;
            }
            group.remove()
        });
        if let Err(error) = gone {
            tell_error(&error);
            status = FAILED;
        }
    }
    status
}

pub fn delegate(options: &Delegate) -> Result<()> {
    let (uid, gid) = options.to;
    open(&options.path)?.delegate(uid, gid)
}
