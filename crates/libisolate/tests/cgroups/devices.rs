//! Devices by limits of a living group: refused from inside, put back by a failure, explained.

use std::process::Command;

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, CreateOptions, Version};
use libisolate::spec::{DeviceRule, Limits};

use super::common::{alone, root_or_skip, skip};
use super::{Own, fresh_name, has, refused};
use crate::name;

fn rules(rules: &[(bool, &str)]) -> Limits {
    let mut limits = Limits::default();
    for (allow, device) in rules {
        let text = format!(r#"{{"allow": {allow}, "device": "{device}"}}"#);
        let rule: DeviceRule = serde_json::from_str(&text).unwrap();
        limits.devices.push(rule);
    }
    limits
}

/// What a process in the group can open: `null`, `zero`, both or none.
fn opens(group: &Cgroup) -> String {
    let script = "read go; for d in null zero; do (: < /dev/$d) 2>&- && echo $d; done; true";
    let mut child = Command::new("/bin/sh")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    group.attach(&[child.id() as i32]).unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"\n").unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .replace('\n', " ")
        .trim()
        .to_owned()
}

fn on(test: &str, version: Version, controllers: &[&str]) {
    if !has(version) {
        return skip(test, "there is no such hierarchy");
    }
    let options = CreateOptions {
        controllers: Some(controllers.iter().map(|c| (*c).to_owned()).collect()),
        ..CreateOptions::default()
    };
    let group = match Cgroup::create(&fresh_name("devices"), &options) {
        Ok(group) => Own(group),
        Err(error) => return skip(test, &error.message()),
    };
    assert_eq!(opens(&group), "null zero");
    let done = match group.apply(&rules(&[(false, "c 1:5")])) {
        Ok(done) => done,
        Err(error) if error.kind() == ErrorKind::Permission => {
            return skip(test, &error.message());
        }
        Err(error) => panic!("{error}"),
    };
    assert!(done[0].value.is_some(), "{done:?}");
    assert_eq!(opens(&group), "null");
    let told = group.explain_device("/dev/zero", "r").unwrap();
    assert!(!told.allowed, "{told:?}");
    assert!(group.explain_device("c 1:3", "rw").unwrap().allowed);

    group
        .apply(&rules(&[(false, "a"), (true, "/dev/zero")]))
        .unwrap();
    assert_eq!(opens(&group), "zero");
    let told = group.explain_device("/dev/null", "w").unwrap();
    assert!(!told.allowed && !told.reason.is_empty(), "{told:?}");
    // A later limit that fails: the rules are as before.
    let mut both = rules(&[(true, "a")]);
    both.files
        .insert("cgroup.max.depth".to_owned(), "many".to_owned());
    if group.get("cgroup.max.depth").is_ok() {
        assert_eq!(refused(group.apply(&both)).errno(), libc::EINVAL);
        assert_eq!(opens(&group), "zero");
    }
    group.apply(&rules(&[(true, "a")])).unwrap();
    assert_eq!(opens(&group), "null zero");
    assert_eq!(
        refused(group.explain_device("/none", "r")).kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        refused(group.explain_device("c 1:3", "x")).kind(),
        ErrorKind::InvalidSpec
    );
}

#[test]
fn by_the_lists_of_v1() {
    let test = name!();
    if root_or_skip(test) {
        alone(test, || on(test, Version::V1, &["devices"]));
    }
}

#[test]
fn by_a_program_of_v2() {
    let test = name!();
    if root_or_skip(test) {
        alone(test, || on(test, Version::V2, &[]));
    }
}
