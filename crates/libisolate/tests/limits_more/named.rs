//! What has a name: huge pages, adapters, further files.

use std::path::Path;

use crate::common::{Report, alone, controller_or_skip, probe, skip, text};
use crate::{in_force, name, run, version_of, with};
use libisolate::cgroup::Version;
use libisolate::job::EnforcementStatus;
use libisolate::spec::Size;
use libisolate::{ErrorKind, Spec};

#[test]
fn huge_pages_are_limited() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "hugetlb") {
            return;
        }
        if !Path::new("/sys/kernel/mm/hugepages/hugepages-2048kB").exists() {
            return skip(name!(), "this machine has no pages of 2 MB");
        }
        let outcome = run(&with("true", |l| {
            l.hugetlb.insert("2MB".into(), Size((4 << 20) + 1));
        }));
        let file = match version_of("hugetlb") {
            Some(Version::V1) => "hugetlb.2MB.limit_in_bytes",
            _ => "hugetlb.2MB.max",
        };
        // Whole pages only.
        assert_eq!(in_force(&outcome, "hugetlb"), format!("{file} 4194304"));
        let error = libisolate::run(&with("true", |l| {
            l.hugetlb.insert("3MB".into(), Size(3 << 20));
        }))
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(
            error.message().starts_with("cgroup: hugetlb.3MB.")
                && error.message().ends_with(
                    "\"3145728\": No such file or directory; this kernel's groups have no such file"
                ),
            "{error}"
        );
    });
}

/// What the host has not, with what to do.
#[test]
fn controllers_that_are_not_there() {
    alone(name!(), || {
        for (controller, spec) in [
            (
                "rdma",
                r#"{"argv": ["true"], "limits": {"rdma": [{"device": "mlx5_0", "handles": 1}]}}"#,
            ),
            (
                "misc",
                r#"{"argv": ["true"], "limits": {"misc": {"sev": 1}}}"#,
            ),
        ] {
            if version_of(controller).is_some() {
                continue;
            }
            let mut spec = Spec::from_json(spec).unwrap();
            let error = libisolate::run(&spec).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert_eq!(error.subject(), format!("limits.{controller}"));
            let end = format!("list {controller} in limits.best_effort to go without");
            assert!(error.message().ends_with(&end), "{error}");
            spec.limits.best_effort = vec![controller.into()];
            let outcome = run(&spec);
            let entry = outcome.enforcement.iter().find(|e| e.name == controller);
            assert_eq!(entry.unwrap().status, EnforcementStatus::Skipped);
        }
    });
}

#[test]
fn further_files_are_written_and_read_back() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "pids") {
            return;
        }
        // After all other limits: the last word. One more than on v1 where the init is in the group.
        let mut spec = probe(&["forks", "100"]);
        spec.limits.pids = Some(50);
        let processes = match version_of("pids") {
            Some(Version::V1) => 7,
            _ => 8,
        };
        spec.limits
            .files
            .insert("pids.max".into(), processes.to_string());
        let outcome = run(&spec);
        assert_eq!(Report::read(&text(&outcome)).get("processes"), "7");
        assert_eq!(in_force(&outcome, "files"), format!("pids.max {processes}"));
        // A file that can only be written has nothing to tell.
        if version_of("memory") == Some(Version::V1) {
            let outcome = run(&with("true", |l| {
                l.files.insert("memory.force_empty".into(), "0".into());
            }));
            assert_eq!(in_force(&outcome, "files"), "memory.force_empty ");
        }
        let error = libisolate::run(&with("true", |l| {
            l.files.insert("pids.nosuch".into(), "1".into());
        }))
        .unwrap_err();
        assert_eq!(
            error.message(),
            "cgroup: pids.nosuch: \"1\": No such file or directory; this kernel's groups have no such \
             file"
        );
    });
}
