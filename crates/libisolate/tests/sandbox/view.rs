//! What the job sees: namespaces, processes, network, names, clocks.

use std::collections::BTreeMap;

use libisolate::spec::{NamespaceMode, Net, Profile, TimeOffsets};
use libisolate::{ErrorKind, Spec};

use crate::common::{Report, alone, is_root, ok, probe, sh, without_init};
use crate::name;

#[test]
fn the_job_is_a_child_of_pid_1() {
    alone(name!(), || {
        let out = ok(&sh(
            "echo pid $$; grep PPid /proc/self/status; cat /proc/1/comm; \
                          ls /proc | grep -c '^[0-9]'",
        ));
        let lines: Vec<&str> = out.lines().collect();
        assert_ne!(lines[0], "pid 1");
        assert_eq!(lines[2], "isolate-init");
        let spec = sh("grep PPid /proc/$$/status");
        assert_eq!(Report::of(&spec).get("PPid"), "1");
    });
}

#[test]
fn without_an_init_the_job_is_pid_1() {
    alone(name!(), || {
        let mut spec = sh("echo pid $$; readlink /proc/1/exe");
        without_init(&mut spec);
        let out = ok(&spec);
        assert!(out.starts_with("pid 1\n"), "{out}");
        assert!(!out.contains("isolate-init"), "{out}");
    });
}

#[test]
fn all_eight_namespaces_are_new() {
    alone(name!(), || {
        let script = "for n in cgroup ipc net mnt pid time user uts; do echo $n $(readlink /proc/self/ns/$n); done";
        let outcome = libisolate::run(&sh(script)).unwrap();
        assert!(outcome.success(), "{outcome:?}");
        let inside = Report::read(&crate::common::text(&outcome));
        for kind in ["cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"] {
            let outside = std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap();
            assert_ne!(inside.get(kind), outside.to_str().unwrap(), "{kind}");
            let told = outcome
                .namespaces
                .get(kind)
                .unwrap_or_else(|| panic!("{kind} is not told"));
            assert_eq!(inside.get(kind), format!("{kind}:[{told}]"));
        }
    });
}

#[test]
fn a_namespace_that_is_not_asked_for_is_the_callers() {
    alone(name!(), || {
        let mut spec =
            sh("for n in ipc net uts time; do echo $n $(readlink /proc/self/ns/$n); done");
        spec.namespaces.ipc = Some(NamespaceMode::Host);
        spec.namespaces.uts = Some(NamespaceMode::Host);
        spec.namespaces.time = Some(NamespaceMode::Host);
        spec.net = Some(Net::Host);
        let inside = Report::of(&spec);
        for kind in ["ipc", "net", "uts", "time"] {
            let outside = std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap();
            assert_eq!(inside.get(kind), outside.to_str().unwrap(), "{kind}");
        }
    });
}

#[test]
fn profile_none_changes_nothing_that_is_not_named() {
    alone(name!(), || {
        let mut spec = sh(
            "for n in cgroup ipc net mnt pid time user uts; do echo $n $(readlink /proc/self/ns/$n); done; \
                           echo parent $PPID; echo cwd $(pwd); echo umask $(umask); echo home $HOME; grep -E 'Seccomp:|NoNewPrivs|CapEff' /proc/self/status",
        );
        spec.profile = Profile::None;
        let inside = Report::of(&spec);
        for kind in ["cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"] {
            let outside = std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap();
            assert_eq!(inside.get(kind), outside.to_str().unwrap(), "{kind}");
        }
        assert_eq!(
            inside.get("cwd"),
            std::env::current_dir().unwrap().to_str().unwrap()
        );
        let own = Report::read(&std::fs::read_to_string("/proc/self/status").unwrap());
        for field in ["Seccomp", "NoNewPrivs", "CapEff"] {
            assert_eq!(inside.get(field), own.get(field), "{field}");
        }
        if let Ok(home) = std::env::var("HOME") {
            assert_eq!(inside.get("home"), home);
        }
    });
}

#[test]
fn each_namespace_alone() {
    alone(name!(), || {
        for kind in ["cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"] {
            let json = format!(
                r#"{{"argv": ["/bin/sh", "-c", "readlink /proc/self/ns/{kind}; sleep 0"], "profile": "none",
                    "namespaces": {{"{kind}": "new"}}, "stdout": "capture", "stdin": "null"}}"#
            );
            let spec = Spec::from_json(&json).unwrap();
            if kind != "user" && !is_root() {
                // It takes a user namespace, which nobody asked for.
                let error = libisolate::run(&spec).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
                assert!(
                    error.message().contains("set namespaces.user to new"),
                    "{error}"
                );
                continue;
            }
            let outside = std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap();
            let outcome = libisolate::run(&spec).unwrap_or_else(|e| panic!("{kind}: {e}"));
            let inside = crate::common::text(&outcome);
            // In a pid namespace with the caller's /proc, "self" is nobody.
            if kind != "pid" {
                assert!(outcome.success(), "{kind}: {outcome:?}");
                assert_ne!(inside.trim(), outside.to_str().unwrap(), "{kind}");
            }
            let told = outcome
                .namespaces
                .get(kind)
                .unwrap_or_else(|| panic!("{kind} is not told"));
            assert_ne!(outside.to_str().unwrap(), format!("{kind}:[{told}]"));
        }
    });
}

#[test]
fn the_network_is_a_loopback_that_is_up() {
    alone(name!(), || {
        let inside = ok(&probe(&["net"]));
        let lines: Vec<&str> = inside.lines().collect();
        assert_eq!(
            lines,
            ["interface_lo up", "connect ENETUNREACH", "loopback ok"]
        );
    });
}

#[test]
fn names_are_the_jobs_own() {
    alone(name!(), || {
        let mut spec = sh("uname -n; cat /proc/sys/kernel/domainname");
        spec.hostname = Some("workbench".into());
        spec.domainname = Some("example".into());
        let before = nix::sys::utsname::uname().unwrap();
        assert_eq!(ok(&spec), "workbench\nexample\n");
        let after = nix::sys::utsname::uname().unwrap();
        assert_eq!(before.nodename(), after.nodename());
    });
}

#[test]
fn clocks_are_offset() {
    alone(name!(), || {
        let clocks = |offsets: Option<TimeOffsets>| -> BTreeMap<&str, i64> {
            let mut spec = probe(&["clocks"]);
            spec.time_offsets = offsets;
            let report = Report::of(&spec);
            ["monotonic", "boottime"]
                .map(|c| (c, report.get(c).parse().unwrap()))
                .into()
        };
        let plain = clocks(None);
        let moved = clocks(Some(TimeOffsets {
            monotonic: 1_000_000.0,
            boottime: 5_000_000.5,
        }));
        // A minute is room enough for the slowest machine, and far from the offsets.
        let off = |clock: &str, by: i64| (0..60).contains(&(moved[clock] - plain[clock] - by));
        assert!(off("monotonic", 1_000_000), "{plain:?} {moved:?}");
        assert!(off("boottime", 5_000_000), "{plain:?} {moved:?}");
    });
}

#[test]
fn a_clock_can_go_back() {
    alone(name!(), || {
        let now: i64 = Report::of(&probe(&["clocks"]))
            .get("boottime")
            .parse()
            .unwrap();
        let mut spec = probe(&["clocks"]);
        let back = (now / 2) as f64;
        spec.time_offsets = Some(TimeOffsets {
            monotonic: 0.0,
            boottime: -back - 0.25,
        });
        let then: i64 = Report::of(&spec).get("boottime").parse().unwrap();
        assert!(then < now, "{then} after {now}");
    });
}

#[test]
fn the_job_sees_its_cgroup_as_the_root() {
    alone(name!(), || {
        let mut spec = sh("cat /proc/self/cgroup");
        spec.cgroup = None;
        let outcome = libisolate::run(&spec).unwrap();
        let entry = outcome
            .enforcement
            .iter()
            .find(|e| e.name == "cgroup")
            .unwrap();
        if entry.status == libisolate::job::EnforcementStatus::Skipped {
            crate::common::skip(name!(), entry.reason.as_deref().unwrap_or("no cgroup"));
            return;
        }
        for line in crate::common::text(&outcome).lines() {
            assert!(line.ends_with(":/"), "{line}");
        }
    });
}
