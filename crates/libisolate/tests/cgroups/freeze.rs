//! Standing still, seen from a process that counts.

use std::fs;
use std::time::Duration;

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, CreateOptions, Version};

use super::common::{TempDir, alone, skip};
use super::{Own, PATIENCE, Running, fresh_name, group_or_skip, has, refused, until};
use crate::name;

/// A process that counts in a file as fast as it can.
fn counter(file: &std::path::Path) -> Running {
    Running::shell(&format!(
        "i=0; while :; do i=$((i+1)); echo $i > {}; done",
        file.display()
    ))
}

fn count(file: &std::path::Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// Whether it still counts, by what it does meanwhile and not by the clock alone.
fn moves(file: &std::path::Path) -> bool {
    let before = count(file);
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(1));
        if count(file) != before && !count(file).is_empty() {
            return true;
        }
    }
    false
}

#[test]
fn it_stands_and_goes_on() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "stand") else {
            return;
        };
        let dir = TempDir::new("freeze");
        let file = dir.join("count");
        let child = counter(&file);
        group.attach(&[child.pid()]).unwrap();
        until("it counts", || moves(&file));
        assert!(!group.is_frozen().unwrap());
        group.freeze(PATIENCE).unwrap();
        assert!(group.is_frozen().unwrap());
        let _ = moves(&file);
        assert!(!moves(&file), "it counts on");
        // Whoever comes in stands, too.
        let late = dir.join("late");
        let second = counter(&late);
        until("the second counts", || moves(&late));
        group.attach(&[second.pid()]).unwrap();
        until("the second stands", || !moves(&late));
        group.thaw(PATIENCE).unwrap();
        assert!(!group.is_frozen().unwrap());
        until("it goes on", || moves(&file) && moves(&late));
    });
}

#[test]
fn the_frozen_die_in_groups_below_too() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "die") else {
            return;
        };
        let inner = group.create_child("inner", Some(&[])).unwrap();
        let mut children: Vec<Running> = (0..3).map(|_| Running::shell("exec sleep 100")).collect();
        let pids: Vec<i32> = children.iter().map(Running::pid).collect();
        inner.attach(&pids).unwrap();
        inner.freeze(PATIENCE).unwrap();
        group.freeze(PATIENCE).unwrap();
        if has(Version::V1) {
            // Also those that stand by the v1 freezer, which SIGKILL alone does not reach.
            inner.set("freezer.state", "FROZEN").unwrap();
            until("they stand", || {
                inner.get("freezer.state").unwrap() == "FROZEN\n"
            });
        }
        group.kill().unwrap();
        for child in &mut children {
            use std::os::unix::process::ExitStatusExt;
            assert_eq!(child.0.wait().unwrap().signal(), Some(libc::SIGKILL));
        }
        group.remove().unwrap();
    });
}

#[test]
fn held_by_a_group_above() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "above") else {
            return;
        };
        let inner = group.create_child("inner", Some(&[])).unwrap();
        let child = Running::shell("exec sleep 100");
        inner.attach(&[child.pid()]).unwrap();
        group.freeze(PATIENCE).unwrap();
        assert!(inner.is_frozen().unwrap());
        let error = refused(inner.thaw(PATIENCE));
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(error.message().contains("above"), "{error}");
        group.thaw(PATIENCE).unwrap();
        assert!(!inner.is_frozen().unwrap());
    });
}

/// In a group of the test's own: without the guard it is this process alone that pays.
#[test]
fn never_the_caller_itself() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "self") else {
            return;
        };
        let own = Cgroup::own().unwrap();
        let pid = std::process::id() as i32;
        // Who has not been given the own group of every tree could not come back.
        if let Err(error) = own.attach(&[pid]) {
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
            return skip(test, &error.message());
        }
        let inner = group.create_child("inner", Some(&[])).unwrap();
        inner.attach(&[pid]).unwrap();
        for group in [&inner, &*group] {
            for refusal in [group.freeze(PATIENCE), group.kill(), group.remove()] {
                let error = refused(refusal);
                assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
                assert!(error.message().contains("calling process"), "{error}");
            }
        }
        own.attach(&[pid]).unwrap();
        assert!(inner.processes(false).is_empty());
        inner.remove().unwrap();
    });
}

#[test]
fn by_the_v1_freezer_alone() {
    let test = name!();
    alone(test, || {
        if !has(Version::V1) || group_or_skip(test, "probe").is_none() {
            return skip(test, "there is no v1 freezer");
        }
        let options = CreateOptions {
            controllers: Some(vec!["freezer".to_owned()]),
            ..CreateOptions::default()
        };
        let group = Own(Cgroup::create(&fresh_name("v1"), &options).unwrap());
        let dir = TempDir::new("freeze");
        let file = dir.join("count");
        let child = counter(&file);
        // Only the v1 directory: as where there is no v2 tree.
        let v1 = group
            .places()
            .into_iter()
            .find(|p| p.version == Version::V1)
            .unwrap();
        fs::write(
            v1.path.as_path().join("cgroup.procs"),
            child.pid().to_string(),
        )
        .unwrap();
        until("it counts", || moves(&file));
        group.set("freezer.state", "FROZEN").unwrap();
        until("it stands", || !moves(&file));
        assert!(group.is_frozen().unwrap(), "by whatever froze it");
        group.thaw(PATIENCE).unwrap();
        until("it goes on", || moves(&file));
        group.set("freezer.state", "FROZEN").unwrap();
        group.kill().unwrap();
        until("it has died", || group.processes(true).is_empty());
    });
}
