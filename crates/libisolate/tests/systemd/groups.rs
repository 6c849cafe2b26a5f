//! Groups in scopes, for processes of the caller's own.

use std::process::{Command, Stdio};

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, CreateOptions};
use libisolate::spec::{Driver, Limits};

use crate::common::alone;
use crate::{
    assert_clean, name, scope_of_group, systemctl, systemd_or_skip, unit_has_or_skip, until,
};

fn options() -> CreateOptions {
    CreateOptions {
        driver: Some(Driver::Systemd),
        ..CreateOptions::default()
    }
}

fn own_name(tag: &str) -> String {
    format!("isolate-group-{}-{tag}", std::process::id())
}

#[test]
fn a_group_takes_the_callers_processes() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        let name = own_name("takes");
        let group = Cgroup::create(&name, &options()).unwrap();
        assert_eq!(group.unit(), Some(format!("{name}.scope").as_str()));
        assert_eq!(group.path(), name);
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let pid = child.id() as i32;
        group.attach(&[pid]).unwrap();
        assert_eq!(group.processes(false), [pid]);
        let inside = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
        assert!(
            inside.contains(&format!("/{name}.scope/isolate-")),
            "{inside}"
        );
        if unit_has_or_skip(name!(), &systemd, "pids") {
            let mut limits = Limits::default();
            limits.pids = Some(5);
            group.apply(&limits).unwrap();
            assert_eq!(group.get("pids.max").unwrap().trim(), "5");
            let unit = format!("{name}.scope");
            assert_eq!(
                systemctl(&systemd, &["show", "--value", "-p", "TasksMax", &unit]),
                "7"
            );
        }
        let scope = scope_of_group(&group);
        let busy = group.remove().unwrap_err();
        assert_eq!(busy.kind(), ErrorKind::Busy, "{busy}");
        assert!(scope.exists());
        group.kill().unwrap();
        child.wait().unwrap();
        group.remove().unwrap();
        assert!(!scope.exists());
        group.remove().unwrap();
        assert_clean(&systemd);
    });
}

#[test]
fn a_dropped_handle_leaves_what_has_processes() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        let name = own_name("drop");
        let group = Cgroup::create(&name, &options()).unwrap();
        let scope = scope_of_group(&group);
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        group.attach(&[child.id() as i32]).unwrap();
        drop(group);
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(scope.exists());
        drop(child.stdin.take());
        child.wait().unwrap();
        until("the scope is gone", || !scope.exists());
        // And one that has none goes with its handle.
        let group = Cgroup::create(&name, &options()).unwrap();
        let scope = scope_of_group(&group);
        drop(group);
        until("the scope is gone", || !scope.exists());
        assert_clean(&systemd);
    });
}

#[test]
fn names_and_options_that_are_wrong() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        for name in ["a/b", "", "x.slice", "x.service", "a b"] {
            let error = Cgroup::create(name, &options()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{name}: {error}");
        }
        let below = CreateOptions {
            parent: Some("a".into()),
            ..options()
        };
        let error = Cgroup::create("isolate-x", &below).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        let slice = CreateOptions {
            slice: Some("a--b.slice".into()),
            ..options()
        };
        let error = Cgroup::create("isolate-x", &slice).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        let none = CreateOptions {
            controllers: Some(vec!["nothing".into()]),
            ..options()
        };
        let error = Cgroup::create("isolate-x", &none).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        let name = own_name("twice");
        let first = Cgroup::create(&name, &options()).unwrap();
        let error = Cgroup::create(&name, &options()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(
            error.message().contains(&format!("unit {name}.scope")),
            "{error}"
        );
        first.remove().unwrap();
        assert_clean(&systemd);
    });
}
