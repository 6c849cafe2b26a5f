//! Making, opening and removing by name, and what names may not do.

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, CreateOptions, Version};

use super::common::alone;
use super::{Own, Running, fresh_name, group_or_skip, group_with_or_skip, refused};
use crate::name;

#[test]
fn made_opened_and_removed() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "made") else {
            return;
        };
        let places = group.places();
        assert!(!places.is_empty());
        for place in &places {
            assert!(place.path.as_path().is_dir(), "{place:?}");
            assert!(place.path.to_string().ends_with(group.path()), "{place:?}");
        }
        let again = Cgroup::open(group.path()).unwrap();
        assert_eq!(again.places(), places);
        let twice = refused(Cgroup::create(group.path(), &CreateOptions::default()));
        assert_eq!(
            (twice.kind(), twice.errno()),
            (ErrorKind::Busy, libc::EEXIST),
            "{twice}"
        );
        assert_eq!(again.places(), places, "the one that was there still is");

        let inner = group.create_child("inner", None).unwrap();
        assert_eq!(group.children(), ["inner"]);
        let found = group.child("inner").unwrap();
        assert_eq!(found.places(), inner.places());
        assert_eq!(refused(group.child("none")).kind(), ErrorKind::NotFound);
        let deep = CreateOptions {
            parent: Some(format!("{}/inner", group.path())),
            ..CreateOptions::default()
        };
        let deep = Cgroup::create("deep", &deep).unwrap();
        assert_eq!(inner.children(), ["deep"]);
        assert!(deep.path().ends_with("inner/deep"), "{}", deep.path());

        group.remove().unwrap();
        for place in places {
            assert!(!place.path.as_path().exists(), "{place:?}");
        }
        group.remove().unwrap();
        let error = refused(group.get("cgroup.procs"));
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert_eq!(
            refused(Cgroup::open(group.path())).kind(),
            ErrorKind::NotFound
        );
        assert_eq!(group.children(), Vec::<String>::new());
    });
}

/// A host with v1 controllers and some on v2: all of them in one group, each by its own files.
#[test]
fn all_controllers_of_the_host_in_one_group() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "every") else {
            return;
        };
        let host = libisolate::Host::probe().unwrap().cgroup;
        let mut wanted: Vec<String> = host
            .hierarchies
            .iter()
            .filter(|h| h.writable)
            .flat_map(|h| match h.version {
                Version::V1 => h.controllers.clone(),
                Version::V2 if h.can_enable => h.controllers.clone(),
                Version::V2 => h.enabled.clone(),
            })
            .collect();
        wanted.sort();
        assert_eq!(group.controllers(), wanted);
        for (controller, file) in [
            ("blkio", "blkio.throttle.read_bps_device"),
            ("cpuacct", "cpuacct.usage"),
            ("cpuset", "cpuset.cpus"),
            ("devices", "devices.list"),
            ("freezer", "freezer.state"),
            ("io", "io.stat"),
            ("memory", "memory.stat"),
            ("pids", "pids.max"),
        ] {
            let has = wanted.iter().any(|w| w == controller);
            assert_eq!(group.get(file).is_ok(), has, "{file}");
        }
        if wanted.iter().any(|w| w == "hugetlb") {
            let places = group.places();
            let place = places
                .iter()
                .find(|p| p.controllers.iter().any(|c| c == "hugetlb"));
            let file = match place.unwrap().version {
                Version::V1 => "hugetlb.2MB.limit_in_bytes",
                Version::V2 => "hugetlb.2MB.max",
            };
            assert!(group.set(file, "4194304").is_ok(), "{file}");
        }
        // The v2 tree gives what needs no controller.
        if places_of(&group, Version::V2) > 0 {
            assert!(group.get("cgroup.events").unwrap().contains("populated 0"));
        }
    });
}

fn places_of(group: &Cgroup, version: Version) -> usize {
    group
        .places()
        .iter()
        .filter(|p| p.version == version)
        .count()
}

#[test]
fn a_handle_stays_with_its_group() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "stays") else {
            return;
        };
        group.remove().unwrap();
        let other = Own(Cgroup::create(group.path(), &CreateOptions::default()).unwrap());
        // Another of the same name is another.
        assert_eq!(
            refused(group.get("cgroup.procs")).kind(),
            ErrorKind::NotFound
        );
        assert_eq!(other.get("cgroup.procs").unwrap(), "");
        let child = Running::shell("exec sleep 100");
        other.attach(&[child.pid()]).unwrap();
        assert_eq!(group.processes(true), Vec::<i32>::new());
        group.kill().unwrap();
        group.remove().unwrap();
        assert_eq!(other.processes(false), [child.pid()], "it lives");
    });
}

#[test]
fn names_that_escape_or_collide() {
    alone(name!(), || {
        let long = "n".repeat(256);
        for name in [
            "",
            ".",
            "..",
            "/",
            "a/b",
            "../a",
            "a\0b",
            "a\nb",
            "tasks",
            "cgroup.procs",
            "memory.max",
            "release_agent",
            &long,
        ] {
            let error = refused(Cgroup::create(name, &CreateOptions::default()));
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{name:?}: {error}");
        }
        for path in ["", "..", "a/../..", "/..", "/../x"] {
            let error = refused(Cgroup::open(path));
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{path:?}: {error}");
            let options = CreateOptions {
                parent: Some(path.to_owned()),
                ..CreateOptions::default()
            };
            let error = refused(Cgroup::create(&fresh_name("x"), &options));
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{path:?}: {error}");
        }
    });
}

#[test]
fn parents_and_controllers_that_are_not_there() {
    let test = name!();
    alone(test, || {
        let options = |parent: Option<&str>, controllers: Option<&[&str]>| CreateOptions {
            parent: parent.map(str::to_owned),
            controllers: controllers.map(|all| all.iter().map(|c| (*c).to_owned()).collect()),
            ..CreateOptions::default()
        };
        if group_with_or_skip(test, "probe", "pids").is_none() {
            return;
        }
        let name = fresh_name("none");
        let error = refused(Cgroup::create(
            &name,
            &options(Some("isolate-none/such"), None),
        ));
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let error = refused(Cgroup::create(
            &name,
            &options(None, Some(&["memory", "nonsense"])),
        ));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.subject().contains("nonsense"), "{error}");
        assert_eq!(
            refused(Cgroup::open(&name)).kind(),
            ErrorKind::NotFound,
            "nothing is left"
        );
        // One controller alone: its hierarchy, and the v2 tree's.
        let group = Own(Cgroup::create(&name, &options(None, Some(&["pids"]))).unwrap());
        assert!(group.controllers().contains(&"pids".to_owned()));
        assert!(group.places().len() <= 2, "{:?}", group.places());
        // What the groups beside it have on v2, it has too.
        if group.controllers().contains(&"memory".to_owned()) {
            return;
        }
        let error = refused(group.get("memory.stat"));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(
            error.message().contains("pids"),
            "it says what there is: {error}"
        );
    });
}

#[test]
fn files_by_name() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_with_or_skip(test, "files", "pids") else {
            return;
        };
        assert_eq!(group.set("pids.max", "7").unwrap(), "7");
        assert_eq!(group.get("pids.max").unwrap(), "7\n");
        for file in ["", "..", "../pids.max", "a/b", "pids.max\0"] {
            assert_eq!(
                refused(group.get(file)).kind(),
                ErrorKind::InvalidSpec,
                "{file:?}"
            );
            assert_eq!(
                refused(group.set(file, "1")).kind(),
                ErrorKind::InvalidSpec,
                "{file:?}"
            );
        }
        let error = refused(group.set("pids.max", "many"));
        assert_eq!(error.errno(), libc::EINVAL, "{error}");
        assert!(error.message().contains("pids.max: \"many\""), "{error}");
        assert_eq!(group.get("pids.max").unwrap(), "7\n", "as before");
        assert_eq!(
            refused(group.get("pids.none")).kind(),
            ErrorKind::Unsupported
        );
    });
}

#[test]
fn where_processes_are() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "where") else {
            return;
        };
        let own = Cgroup::own().unwrap();
        let of_self = Cgroup::of_process(std::process::id() as i32).unwrap();
        assert_eq!(own.places(), of_self.places());
        assert!(own.processes(false).contains(&(std::process::id() as i32)));
        let child = Running::shell("exec sleep 100");
        group.attach(&[child.pid()]).unwrap();
        let found = Cgroup::of_process(child.pid()).unwrap();
        for place in group.places() {
            assert!(
                found.places().iter().any(|p| p.path == place.path),
                "{place:?} is not among {:?}",
                found.places()
            );
        }
        for pid in [0, -1] {
            assert_eq!(
                refused(Cgroup::of_process(pid)).kind(),
                ErrorKind::InvalidSpec
            );
        }
        assert_eq!(
            refused(Cgroup::of_process(i32::MAX)).kind(),
            ErrorKind::NotFound
        );
        // With processes in it, it stays, and says how many there are.
        let error = refused(group.remove());
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(error.message().contains("a process is in it"), "{error}");
    });
}
