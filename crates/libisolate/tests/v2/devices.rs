//! devices on v2: a program at the group, tried from inside; what a group above refuses none below can give.

use libisolate::ErrorKind;
use libisolate::spec::{DeviceRule, Limits, Profile};

use crate::common::{TempDir, is_root, root_or_skip, skip, text};
use crate::{Worker, alone, group_or_skip, in_force, job, name, refused, v2_or_skip};

fn rules(limits: &mut Limits, rules: &[(bool, &str, &str)]) {
    for (allow, device, access) in rules {
        limits.devices.push(DeviceRule {
            allow: *allow,
            device: (*device).into(),
            access: (*access).into(),
        });
    }
}

#[test]
fn what_is_refused_above_is_refused_below() {
    let test = name!();
    alone(test, || {
        if !root_or_skip(test) {
            return;
        }
        let Some(above) = group_or_skip(test, "devices", &["pids"]) else {
            return;
        };
        let inner = above.below("inner", &["pids"]);
        let mut worker = Worker::within(&inner);
        let dir = TempDir::new("nodes");
        let node = |number: u32| {
            format!(
                "mknod {} 1 {number}",
                dir.join(&number.to_string()).display()
            )
        };
        assert_eq!(worker.does("open /dev/zero r"), "ok");
        above.limit(|l| {
            rules(
                l,
                &[
                    (false, "a", "rwm"),
                    (true, "/dev/null", "rwm"),
                    (true, "/dev/zero", "r"),
                ],
            );
        });
        for (line, told) in [
            ("open /dev/null w", "ok"),
            ("open /dev/zero r", "ok"),
            ("open /dev/zero w", "EPERM"),
            ("open /dev/full r", "EPERM"),
            (&node(3), "ok"),
            (&node(5), "EPERM"),
        ] {
            assert_eq!(worker.does(line), told, "{line}");
        }
        // Allowed below, and refused all the same.
        inner.limit(|l| {
            rules(
                l,
                &[
                    (false, "a", "rwm"),
                    (true, "c 1:7", "rwm"),
                    (true, "/dev/zero", "rw"),
                ],
            )
        });
        assert_eq!(worker.does("open /dev/full r"), "EPERM");
        assert_eq!(worker.does("open /dev/zero w"), "EPERM");
        assert_eq!(worker.does("open /dev/zero r"), "ok");
        assert_eq!(worker.does("open /dev/null w"), "EPERM", "by the inner one");
        let told = inner.explain_device("/dev/full", "r").unwrap();
        assert!(!told.allowed && !told.reason.is_empty(), "{told:?}");
        // With all allowed above it is the inner one's to say.
        above.limit(|l| rules(l, &[(true, "a", "rwm")]));
        assert_eq!(worker.does("open /dev/full r"), "ok");
        assert_eq!(worker.does("open /dev/null w"), "EPERM");
        assert!(inner.explain_device("/dev/full", "r").unwrap().allowed);
    });
}

/// A job of root's with all that root may, but for what the rules say.
#[test]
fn a_job_of_root_is_held_too() {
    let test = name!();
    alone(test, || {
        if !root_or_skip(test) || !v2_or_skip(test, &["pids"]) {
            return;
        }
        let dir = TempDir::new("nodes");
        let made = dir.join("zero");
        let line = format!("mknod {} 1 5", made.display());
        let lines = [
            "open /dev/null w",
            "open /dev/zero r",
            "open /dev/mem r",
            line.as_str(),
        ];
        let with = |held: bool| {
            let mut spec = job(&[], |l| {
                if held {
                    rules(l, &[(false, "a", "rwm"), (true, "c 1:3", "rw")]);
                }
            });
            let argv = std::iter::once(crate::worker_path().display().to_string());
            spec.argv = argv
                .chain(lines.iter().map(|line| (*line).to_owned()))
                .map(|word| word.as_str().into())
                .collect();
            spec.binds.clear();
            spec.profile = Profile::None;
            libisolate::run(&spec).unwrap()
        };
        let outcome = with(true);
        assert_eq!(text(&outcome), "ok\nEPERM\nEPERM\nEPERM\n", "{outcome:?}");
        assert_eq!(
            in_force(&outcome, "devices"),
            "bpf.devices deny a; allow c 1:3 rw"
        );
        let told = text(&with(false));
        let told: Vec<&str> = told.lines().collect();
        assert_eq!((told[0], told[1], told[3]), ("ok", "ok", "ok"));
    });
}

/// Programs are loaded by root alone; whoever may not is told why, and no group is left.
#[test]
fn an_ordinary_user_is_refused_with_the_reason() {
    let test = name!();
    alone(test, || {
        if is_root() {
            return skip(test, "it is about an ordinary user");
        }
        if !v2_or_skip(test, &["pids"]) {
            return;
        }
        let group = group_or_skip(test, "devices", &["pids"]).unwrap();
        let mut limits = Limits::default();
        rules(&mut limits, &[(false, "a", "rwm")]);
        let spec = job(&["give"], |l| l.devices.clone_from(&limits.devices));
        for error in [
            refused(group.apply(&limits)),
            refused(libisolate::run(&spec)),
        ] {
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
            assert!(error.message().contains("CAP_BPF"), "{error}");
            assert!(error.subject().contains("bpf.devices"), "{error}");
        }
        let mut worker = Worker::within(&group);
        assert_eq!(worker.does("open /dev/zero r"), "ok");
        // A limit before it in the same request has been taken back.
        let before = group.read("pids.max");
        let mut both = limits.clone();
        both.pids = Some(5);
        refused(group.apply(&both));
        assert_eq!(group.read("pids.max"), before);
        let mut spec = spec;
        spec.limits.best_effort = vec!["devices".into()];
        assert!(libisolate::run(&spec).unwrap().success());
    });
}
