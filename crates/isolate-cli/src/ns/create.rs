//! `isolatectl ns create`: namespaces that are kept by bind mounts.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use libisolate::ns::{self, Kind, NamespaceSet, unpersist, unpersist_name};
use libisolate::spec::{Bytes, TimeOffsets};
use libisolate::{Error, ErrorKind, Result, Spec, Stage};

use super::args::Create;
use crate::out::{print, tell_error};

/// Where one is to be kept.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Path(PathBuf),
    Name(String),
}

pub fn create(options: &Create) -> Result<()> {
    let places = places(options)?;
    let set = ns::create(&options.kinds, &settings(options))?;
    let mut kept = Vec::new();
    let done = keep(&set, places, &mut kept).and_then(|text| print(&text));
    if done.is_err() {
        for place in kept.iter().rev() {
            let undone = match place {
                Place::Path(path) => unpersist(path),
                Place::Name(name) => unpersist_name(name),
            };
            if let Err(error) = undone {
                tell_error(&error);
            }
        }
    }
    done
}

/// Keeps each, and tells where.
fn keep(set: &NamespaceSet, places: Vec<(Kind, Place)>, kept: &mut Vec<Place>) -> Result<String> {
    let mut text = String::new();
    for (kind, place) in places {
        let Some(namespace) = set.get(kind) else {
            continue;
        };
        let path = match &place {
            Place::Path(path) => namespace.persist(path).map(|()| path.clone()),
            Place::Name(name) => namespace.persist_name(name),
        }?;
        kept.push(place);
        let _ = writeln!(text, "{namespace} {}", path.display());
    }
    Ok(text)
}

fn settings(options: &Create) -> Spec {
    let mut settings = Spec::new(Vec::<Bytes>::new());
    settings.hostname.clone_from(&options.hostname);
    settings.domainname.clone_from(&options.domainname);
    settings.uid_map.clone_from(&options.uid_map);
    settings.gid_map.clone_from(&options.gid_map);
    settings.sysctls = options.sysctl.iter().cloned().collect();
    if options.monotonic.is_some() || options.boottime.is_some() {
        settings.time_offsets = Some(TimeOffsets {
            monotonic: options.monotonic.unwrap_or(0.0),
            boottime: options.boottime.unwrap_or(0.0),
        });
    }
    settings
}

fn wrong(subject: impl Into<String>, detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidSpec, Stage::Namespace, subject, detail)
}

/// Where each kind is to be kept: every one has exactly one place.
fn places(options: &Create) -> Result<Vec<(Kind, Place)>> {
    if options.kinds.contains(&Kind::Pid) {
        return Err(wrong(
            "pid",
            "cannot be kept by a path alone: a pid namespace ends with its pid 1, and this command \
             leaves no process; start one there, such as with isolatectl run",
        ));
    }
    let mut said: Vec<(Kind, Place)> = Vec::new();
    for text in &options.path {
        let (kind, path) = split(text, &options.kinds)?;
        said.push((kind, Place::Path(path)));
    }
    // The name last: what it makes, /run/netns itself, is not taken away again.
    said.extend(
        options
            .name
            .clone()
            .map(|name| (Kind::Net, Place::Name(name))),
    );
    for (at, (kind, _)) in said.iter().enumerate() {
        if !options.kinds.contains(kind) {
            return Err(wrong(kind.name(), "has a place and is not to be made"));
        }
        if said[..at].iter().any(|(other, _)| other == kind) {
            return Err(wrong(kind.name(), "has two places"));
        }
    }
    for kind in &options.kinds {
        if said.iter().any(|(other, _)| other == kind) {
            continue;
        }
        let Some(dir) = &options.dir else {
            let name = match kind {
                Kind::Net => "--name NAME, ",
                _ => "",
            };
            return Err(wrong(
                kind.name(),
                format!("has no place to be kept at: {name}--path {kind}=PATH or --dir DIR"),
            ));
        };
        said.insert(0, (*kind, Place::Path(dir.join(kind.name()))));
    }
    Ok(said)
}

/// `KIND=PATH`, or a path alone where there is one kind.
fn split(text: &OsStr, kinds: &[Kind]) -> Result<(Kind, PathBuf)> {
    let bytes = text.as_bytes();
    if let Some(at) = bytes.iter().position(|byte| *byte == b'=')
        && let Some(kind) = std::str::from_utf8(&bytes[..at])
            .ok()
            .and_then(Kind::from_name)
    {
        return Ok((kind, Path::new(OsStr::from_bytes(&bytes[at + 1..])).into()));
    }
    match kinds {
        [only] => Ok((*only, text.into())),
        _ => Err(wrong(
            "--path",
            format!("{text:?} is not of the form KIND=PATH"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &str) -> Result<String, String> {
        let all = ["isolatectl", "ns", "create"]
            .into_iter()
            .chain(words.split_whitespace());
        let read = crate::args::Isolatectl::read(all).map_err(|error| error.to_string())?;
        let crate::args::Command::Ns(ns) = read.command else {
            return Err("another command".into());
        };
        let super::super::args::Command::Create(create) = ns.command else {
            return Err("another subcommand".into());
        };
        places(&create)
            .map(|places| format!("{places:?}"))
            .map_err(|error| error.message())
    }

    #[test]
    fn everything_has_one_place() {
        for (words, expected) in [
            ("net --name blue", r#"[(Net, Name("blue"))]"#),
            ("uts --path /x=y", r#"[(Uts, Path("/x=y"))]"#),
            (
                "net uts --name blue --path uts=u",
                r#"[(Uts, Path("u")), (Net, Name("blue"))]"#,
            ),
            (
                "uts net --name blue --dir d",
                r#"[(Uts, Path("d/uts")), (Net, Name("blue"))]"#,
            ),
        ] {
            assert_eq!(told(words).as_deref(), Ok(expected), "{words}");
        }
        for (words, expected) in [
            (
                "net",
                "net: has no place to be kept at: --name NAME, --path",
            ),
            ("uts --name blue", "net: has a place and is not to be made"),
            ("net --name blue --path /x", "net: has two places"),
            ("net uts --path /x", "--path: \"/x\" is not of the form"),
            ("net pid --dir d", "pid: cannot be kept by a path alone"),
        ] {
            let error = told(words).expect_err(words);
            assert!(
                error.starts_with(&format!("namespace: {expected}")),
                "{error}"
            );
        }
    }
}
