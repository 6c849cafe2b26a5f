//! Golden plans: what is done for a spec on a saved host, without that host and without privilege.
//!
//! `ISOLATE_BLESS=1` writes the golden files anew; read the difference before it is committed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use libisolate::cgroup::DeviceFact;
use libisolate::host::PathFact;
use libisolate::plan::plan;
use libisolate::{ErrorKind, Host, Spec, Stage};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/plans")
        .join(name)
}

/// The JSON files of a folder by name, in order.
fn texts(name: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| {
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (stem, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    all.sort();
    all
}

/// A saved host on which the paths that the specs name are there, but for /gone.
fn host(text: &str) -> Host {
    let mut host = Host::from_json(text).unwrap();
    for path in ["/src/zlib", "/opt/tool", "/srv/root"] {
        host.paths.insert(path.into(), PathFact::Dir);
    }
    for (path, fact) in [
        ("/dev/sda", DeviceFact::Block(8, 0)),
        ("/dev/sda1", DeviceFact::Partition(8, 1, "sda".into())),
        ("/dev/null", DeviceFact::Char(1, 3)),
    ] {
        host.devices.insert(path.into(), fact);
    }
    host
}

fn golden(spec: &Spec, host: &Host) -> String {
    match plan(spec, host) {
        Ok(plan) => plan.text(),
        Err(error) => format!("error {} {error}\n", error.kind().name()),
    }
}

#[test]
fn plans_are_as_they_were() {
    let bless = std::env::var_os("ISOLATE_BLESS").is_some();
    let (mut wrong, mut seen) = (Vec::new(), Vec::new());
    for (spec_name, spec) in texts("specs") {
        let spec = Spec::from_json(&spec).unwrap_or_else(|e| panic!("{spec_name}: {e}"));
        for (host_name, saved) in texts("hosts") {
            let host = host(&saved);
            let now = golden(&spec, &host);
            assert_eq!(
                golden(&spec, &host),
                now,
                "planned twice, {spec_name} on {host_name}"
            );
            let name = format!("{spec_name}.{host_name}.txt");
            let path = folder("golden").join(&name);
            if bless {
                std::fs::write(&path, &now).unwrap();
            } else if std::fs::read_to_string(&path).unwrap_or_default() != now {
                wrong.push(format!("{name} is now:\n{now}"));
            }
            seen.push(name);
        }
    }
    assert!(seen.len() >= 50, "{seen:?}");
    assert!(
        wrong.is_empty(),
        "{} plans differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    for entry in std::fs::read_dir(folder("golden")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(seen.contains(&name), "{name} is of no spec and host");
    }
}

fn saved(name: &str) -> Host {
    host(&std::fs::read_to_string(folder("hosts").join(format!("{name}.json"))).unwrap())
}

#[test]
fn a_limit_that_must_hold_is_an_error_without_cgroups() {
    let mut spec = Spec::new(["true"]);
    spec.limits.memory = Some(libisolate::spec::Size(64 << 20));
    let error = plan(&spec, &saved("no-cgroup")).unwrap_err();
    assert_eq!(
        (error.kind(), error.stage()),
        (ErrorKind::Unsupported, Stage::Cgroup),
        "{error}"
    );
    assert_eq!(error.subject(), "limits.memory");
    assert_eq!(
        error.message(),
        "cgroup: limits.memory: no cgroup file system is mounted here; list memory in \
         limits.best_effort to go without"
    );
    // The same as best effort: a plan, and a word about it.
    spec.limits.best_effort = vec!["memory".into()];
    let plan = plan(&spec, &saved("no-cgroup")).unwrap();
    let entry = plan
        .enforcement
        .iter()
        .find(|e| e.name == "memory")
        .unwrap();
    assert_eq!(entry.status, libisolate::job::EnforcementStatus::Skipped);
    assert!(entry.reason.is_some());
    assert!(plan.group.is_none());
}

#[test]
fn a_strict_job_without_user_namespaces_is_an_error_that_names_the_switch() {
    let error = plan(&Spec::new(["true"]), &saved("no-userns")).unwrap_err();
    assert_eq!(
        (error.kind(), error.stage()),
        (ErrorKind::Unsupported, Stage::Clone),
        "{error}"
    );
    assert!(error.message().contains("sysctl"), "{error}");
}

/// Nothing in a plan depends on what this process is or has.
#[test]
fn a_plan_does_not_read_this_host() {
    let spec = Spec::from_json(r#"{"argv": ["x"], "profile": "none", "keep_env": ["*"]}"#).unwrap();
    let mut host = saved("v2");
    host.caller.env.insert("ONLY".into(), "this".into());
    let text = plan(&spec, &host).unwrap().text();
    assert!(
        text.contains("ONLY=this") && !text.contains("CARGO_"),
        "{text}"
    );
}
