//! `isolatectl cgroup create`, `rm` and `delegate`: groups as a whole.

use libisolate::cgroup::{Cgroup, CreateOptions, Place, Version};
use libisolate::{Result, spec::Bytes};
use serde::Serialize;

use super::args::{Create, Delegate, Rm};
use super::target::open;
use crate::FAILED;
use crate::out::{print, print_json, tell_error};
use crate::table::plain;

/// A group that was made.
#[derive(Serialize)]
struct Made<'a> {
    path: &'a str,
    places: Vec<Place>,
}

pub fn create(options: &Create) -> Result<()> {
    let wanted = CreateOptions {
        parent: options.parent.clone(),
        controllers: options.controllers.clone(),
    };
    let group = Cgroup::create(&options.name, &wanted)?;
    let places = group.places();
    let told = if options.json {
        print_json(&Made {
            path: group.path(),
            places,
        })
    } else {
        let lines: Vec<String> = places.iter().map(line).collect();
        print(&lines.concat())
    };
    // Of a group whose maker cannot be told of it nothing is left.
    told.inspect_err(|_| {
        let _ = group.remove();
    })
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
