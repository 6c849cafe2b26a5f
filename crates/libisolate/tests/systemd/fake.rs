//! A manager that refuses, is slow, goes away or does something else than was asked, played by the test:
//! one clear error each time, and nothing left.

use libisolate::cgroup::{Cgroup, CreateOptions};
use libisolate::job::EnforcementStatus;
use libisolate::spec::{CgroupMode, Driver, IoLimit, Limits, Size, Stdio};
use libisolate::{Error, ErrorKind, Host, Spec, Stage, job};

use crate::common::{alone, skip, text};
use crate::fake_manager::{Answer, Asked, FakeManager, Options};
use crate::ground::{Ground, fake, limits_pids_or_skip};
use crate::wire::Value;
use crate::{in_scope, name, until, value};

fn number(asked: &Asked, name: &str) -> Option<u64> {
    asked.property(name).and_then(Value::number)
}

#[test]
fn what_is_asked_for() {
    alone(name!(), || {
        let Some(ground) = Ground::or_skip(name!()) else {
            return;
        };
        let manager = fake(ground.options.clone());
        if !limits_pids_or_skip(name!()) {
            return;
        }
        let mut spec = in_scope("cat /proc/self/cgroup");
        spec.unit = Some("isolate-mine".into());
        spec.slice = Some("a-b.slice".into());
        spec.limits.pids = Some(10);
        let outcome = libisolate::run(&spec).unwrap();
        assert!(outcome.success(), "{outcome:?}");
        assert_eq!(value(&outcome, "unit"), "isolate-mine.scope");
        let inside = "/a.slice/a-b.slice/isolate-mine.scope/isolate-";
        assert!(text(&outcome).contains(inside), "{outcome:?}");
        let asked = manager.asked_for("StartTransientUnit");
        let [start] = &asked[..] else {
            panic!("{asked:?}")
        };
        assert_eq!(start.unit(), "isolate-mine.scope");
        assert_eq!(start.args[1].text(), Some("fail"));
        assert_eq!(number(start, "TasksMax"), Some(12));
        assert_eq!(
            start.property("Slice").and_then(Value::text),
            Some("a-b.slice")
        );
        assert_eq!(start.property("Delegate"), Some(&Value::Bool(true)));
        assert_eq!(
            start.property("CollectMode").and_then(Value::text),
            Some("inactive-or-failed")
        );
        assert_eq!(
            start.property("OOMPolicy"),
            None,
            "systemd 252 has none for scopes"
        );
        assert_eq!(
            start
                .property("PIDs")
                .and_then(Value::items)
                .map(<[Value]>::len),
            Some(1)
        );
        until("the manager forgets the unit", || {
            manager.units().is_empty()
        });
        assert_eq!(manager.connections(), 0);
    });
}

#[test]
fn versions_are_asked_what_they_know() {
    alone(name!(), || {
        // The manager only says that it does: what it was asked is what matters here.
        let mut spec = in_scope("true");
        spec.limits.cpuset = Some("0".into());
        spec.limits.memory_min = Some(Size(4096));
        spec.limits.cpus = Some(0.25);
        spec.limits.cpu_period = Some(libisolate::spec::Seconds::parse("50ms").unwrap());
        spec.limits.io = vec![IoLimit {
            device: "1:0".into(),
            read_bps: Some(Size(1 << 20)),
            ..IoLimit::default()
        }];
        let plan = {
            let text = include_str!("../../../../tests/plans/hosts/v2.json");
            let mut host = Host::from_json(text).unwrap();
            host.cgroup.systemd = Some(libisolate::cgroup::SystemdHost {
                booted: true,
                manager: libisolate::cgroup::Manager::System,
                manages_caller: true,
                controllers: ["cpuset", "cpu", "io", "memory", "pids"]
                    .map(String::from)
                    .to_vec(),
                reason: None,
            });
            libisolate::plan::plan(&spec, &host).unwrap()
        };
        let unit = plan.group.unwrap().unit.unwrap();
        let since = |name: &str| {
            unit.properties
                .iter()
                .find(|p| p.name == name)
                .map(|p| p.since)
        };
        assert_eq!(since("AllowedCPUs"), Some(244));
        assert_eq!(since("MemoryMin"), Some(240));
        assert_eq!(since("CPUQuotaPeriodUSec"), Some(242));
        assert_eq!(since("IOReadBandwidthMax"), Some(230));
        for (version, policy) in [("252", false), ("v255.4-1.fc40", true)] {
            // Asked for once in a process: each version in one of its own.
            let manager = fake(Options {
                version: version.into(),
                ..Options::default()
            });
            // SAFETY: this process has one thread but the manager's, which a child does not have.
            #[allow(unsafe_code)]
            match unsafe { nix::unistd::fork() }.unwrap() {
                nix::unistd::ForkResult::Child => {
                    let _ = libisolate::run(&in_scope("true"));
                    std::process::exit(0);
                }
                nix::unistd::ForkResult::Parent { child } => {
                    nix::sys::wait::waitpid(child, None).unwrap();
                }
            }
            let asked = manager.asked_for("StartTransientUnit");
            assert_eq!(
                asked[0].property("OOMPolicy").is_some(),
                policy,
                "{version}"
            );
        }
        let manager = fake(Options {
            version: "NaN".into(),
            ..Options::default()
        });
        let error = libisolate::run(&in_scope("true")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(manager.asked_for("StartTransientUnit").is_empty());
    });
}

/// What the job's start says when the manager answers so.
fn refusal(manager: &FakeManager, answer: Answer) -> Error {
    manager.answer("StartTransientUnit", answer);
    libisolate::run(&in_scope("true")).unwrap_err()
}

#[test]
fn refusals() {
    alone(name!(), || {
        let manager = fake(Options::default());
        for (name, kind, hint) in [
            (
                "org.freedesktop.DBus.Error.AccessDenied",
                ErrorKind::Permission,
                "does not let",
            ),
            (
                "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
                ErrorKind::Permission,
                "does not let",
            ),
            (
                "org.freedesktop.DBus.Error.LimitsExceeded",
                ErrorKind::Limit,
                "a limit of systemd",
            ),
            (
                "org.freedesktop.DBus.Error.PropertyReadOnly",
                ErrorKind::Unsupported,
                "this version",
            ),
            (
                "org.freedesktop.DBus.Error.InvalidArgs",
                ErrorKind::Other,
                "InvalidArgs",
            ),
            (
                "org.freedesktop.systemd1.UnitMasked",
                ErrorKind::Other,
                "UnitMasked",
            ),
        ] {
            let error = refusal(&manager, Answer::error(name));
            assert_eq!(
                (error.kind(), error.stage()),
                (kind, Stage::Cgroup),
                "{error}"
            );
            assert!(error.message().contains(hint), "{error}");
            assert!(error.subject().starts_with("unit isolate-"), "{error}");
        }
        for result in ["failed", "timeout", "canceled", "dependency", "skipped"] {
            let error = refusal(&manager, Answer::job(result));
            assert_eq!(error.kind(), ErrorKind::Other, "{error}");
            assert!(
                error.message().contains(&format!("its job was {result:?}")),
                "{error}"
            );
        }
        manager.reject(true);
        let error = libisolate::run(&in_scope("true")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        manager.reject(false);
        // It says that it did, and did nothing: the process is in no such group.
        let error = libisolate::run(&in_scope("true")).unwrap_err();
        assert!(
            error
                .message()
                .contains("its process is in no group of that name"),
            "{error}"
        );
        assert_eq!(manager.connections(), 0);
    });
}

#[test]
fn nobody_there() {
    alone(name!(), || {
        let manager = fake(Options::default());
        drop(manager);
        let error = libisolate::run(&in_scope("true")).unwrap_err();
        assert_eq!(error.stage(), Stage::Cgroup, "{error}");
        assert!(
            ["cgroup", "driver: \"systemd\""].contains(&error.subject()),
            "{error}"
        );
    });
}

#[test]
fn a_bus_that_is_crowded() {
    alone(name!(), || {
        let manager = fake(Options::default());
        let crowd = manager.crowd();
        let error = libisolate::run(&in_scope("true")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        drop(crowd);
    });
}

/// One that cannot be had is gone without where the spec says so, and the outcome tells why.
#[test]
fn without_where_that_will_do() {
    alone(name!(), || {
        let manager = fake(Options::default());
        let mut spec = in_scope("echo ran");
        spec.cgroup = Some(CgroupMode::Try);
        spec.limits.pids = Some(5);
        spec.limits.best_effort = vec!["pids".into()];
        if Host::probe()
            .unwrap()
            .cgroup
            .hierarchies
            .iter()
            .all(|h| h.dir.is_empty())
        {
            return skip(name!(), "no cgroup tree is to be seen");
        }
        manager.answer(
            "StartTransientUnit",
            Answer::error("org.freedesktop.DBus.Error.AccessDenied"),
        );
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(text(&outcome), "ran\n", "{outcome:?}");
        let group = outcome
            .enforcement
            .iter()
            .find(|e| e.name == "cgroup")
            .unwrap();
        assert_eq!(group.status, EnforcementStatus::Skipped, "{outcome:?}");
        let reason = group.reason.as_deref().unwrap_or_default();
        assert!(reason.contains("AccessDenied"), "{reason}");
        // Not where it has to hold.
        spec.limits.best_effort.clear();
        manager.answer(
            "StartTransientUnit",
            Answer::error("org.freedesktop.DBus.Error.AccessDenied"),
        );
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
    });
}

fn succeeds(spec: &Spec) {
    let outcome = libisolate::run(spec).unwrap();
    assert!(outcome.success(), "{outcome:?}");
}

#[test]
fn a_unit_of_that_name() {
    alone(name!(), || {
        let Some(ground) = Ground::or_skip(name!()) else {
            return;
        };
        let manager = fake(ground.options.clone());
        let mut spec = in_scope("true");
        spec.unit = Some("isolate-there".into());
        // One that has failed is only remembered.
        manager.put_unit("isolate-there.scope", true);
        succeeds(&spec);
        assert_eq!(manager.asked_for("ResetFailedUnit").len(), 1);
        until("the manager forgets the unit", || {
            manager.units().is_empty()
        });
        manager.put_unit("isolate-there.scope", false);
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.subject()),
            (ErrorKind::Busy, "unit isolate-there.scope"),
            "{error}"
        );
        // Of the library's own names the next one is taken.
        manager.answer(
            "StartTransientUnit",
            Answer::error("org.freedesktop.systemd1.UnitExists"),
        );
        manager.answer(
            "StartTransientUnit",
            Answer::error("org.freedesktop.systemd1.UnitExists"),
        );
        succeeds(&in_scope("true"));
    });
}

#[test]
fn answers_in_any_order_and_shape() {
    alone(name!(), || {
        let Some(ground) = Ground::or_skip(name!()) else {
            return;
        };
        let manager = fake(ground.options.clone());
        for answer in [
            Answer::well().signal_first(),
            Answer::well().after_others(20),
            Answer::well().in_bytes(),
        ] {
            manager.answer("StartTransientUnit", answer);
            succeeds(&in_scope("true"));
        }
    });
}

/// A manager that goes away in the middle: what it has done is found, what it has not is asked again.
#[test]
fn a_connection_that_ends() {
    alone(name!(), || {
        let Some(ground) = Ground::or_skip(name!()) else {
            return;
        };
        let manager = fake(ground.options.clone());
        for (answer, starts) in [
            (Answer::closed_before_reply(), 2),
            (Answer::garbage(), 2),
            (Answer::closed_in_reply(), 1),
            (Answer::closed_after_reply(), 1),
            (Answer::error("org.freedesktop.DBus.Error.NoReply"), 2),
            (
                Answer::error("org.freedesktop.DBus.Error.ServiceUnknown"),
                2,
            ),
        ] {
            let before = manager.asked_for("StartTransientUnit").len();
            manager.answer("StartTransientUnit", answer.clone());
            succeeds(&in_scope("true"));
            let asked = manager.asked_for("StartTransientUnit").len() - before;
            assert_eq!(asked, starts, "{answer:?}");
        }
        until("the manager forgets its units", || {
            manager.units().is_empty()
        });
    });
}

/// The signal is lost: the unit runs all the same, as the process's own group tells.
#[test]
fn a_signal_that_never_comes() {
    alone(name!(), || {
        let Some(ground) = Ground::or_skip(name!()) else {
            return;
        };
        let manager = fake(ground.options.clone());
        manager.answer("StartTransientUnit", Answer::well().no_signal());
        succeeds(&in_scope("true"));
        assert_eq!(manager.asked_for("StartTransientUnit").len(), 1);
    });
}

#[test]
fn a_scope_that_vanishes() {
    alone(name!(), || {
        let Some(ground) = Ground::or_skip(name!()) else {
            return;
        };
        let manager = fake(ground.options.clone());
        let mut spec = in_scope("sleep 60");
        spec.unit = Some("isolate-vanishes".into());
        let job = job::spawn(&spec).unwrap();
        manager.vanish("isolate-vanishes.scope");
        let outcome = job.wait().unwrap();
        assert_eq!(outcome.signal, Some(libc::SIGKILL), "{outcome:?}");
    });
}

/// Limits that systemd refuses while a job runs are as before in the job's own group as well.
#[test]
fn all_or_nothing_while_it_runs() {
    alone(name!(), || {
        let Some(ground) = Ground::or_skip(name!()) else {
            return;
        };
        let manager = fake(ground.options.clone());
        if !limits_pids_or_skip(name!()) {
            return;
        }
        let mut spec = in_scope("sleep 60");
        spec.limits.pids = Some(10);
        let job = job::spawn(&spec).unwrap();
        let group = job.cgroup().unwrap();
        let before = group.get("pids.max").unwrap();
        let mut limits = Limits::default();
        limits.pids = Some(20);
        manager.answer(
            "SetUnitProperties",
            Answer::error("org.freedesktop.DBus.Error.AccessDenied"),
        );
        let error = job.update(&limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        assert_eq!(group.get("pids.max").unwrap(), before);
        job.update(&limits).unwrap();
        assert_ne!(group.get("pids.max").unwrap(), before);
        let asked = manager.asked_for("SetUnitProperties");
        assert_eq!(number(&asked[1], "TasksMax"), Some(22));
        job.kill().unwrap();
        job.wait().unwrap();
    });
}

#[test]
fn groups_for_the_callers_own() {
    alone(name!(), || {
        let Some(ground) = Ground::or_skip(name!()) else {
            return;
        };
        let manager = fake(ground.options.clone());
        let options = CreateOptions {
            driver: Some(Driver::Systemd),
            ..CreateOptions::default()
        };
        let group = Cgroup::create("isolate-own", &options).unwrap();
        assert_eq!(group.unit(), Some("isolate-own.scope"));
        assert!(
            group
                .places()
                .iter()
                .all(|p| p.path.to_string().contains("/isolate-own.scope/isolate-"))
        );
        group.remove().unwrap();
        until("the manager forgets the unit", || {
            manager.units().is_empty()
        });
        manager.answer(
            "StartTransientUnit",
            Answer::error("org.freedesktop.DBus.Error.AccessDenied"),
        );
        let error = Cgroup::create("isolate-own", &options).unwrap_err();
        assert_eq!(
            (error.kind(), error.subject()),
            (ErrorKind::Permission, "unit isolate-own.scope"),
            "{error}"
        );
    });
}

/// What can be seen to be wrong before costs systemd nothing.
#[test]
fn who_cannot_start_asks_nobody() {
    alone(name!(), || {
        let manager = fake(Options::default());
        let mut no_input = in_scope("true");
        no_input.stdin = Stdio::Fd(1 << 20);
        let mut no_slice = in_scope("true");
        no_slice.slice = Some("a--b.slice".into());
        let mut no_unit = in_scope("true");
        no_unit.unit = Some("a/b".into());
        for (spec, kind) in [
            (no_input, ErrorKind::InvalidSpec),
            (no_slice, ErrorKind::InvalidSpec),
            (no_unit, ErrorKind::InvalidSpec),
        ] {
            let error = libisolate::run(&spec).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
        }
        assert!(manager.asked().is_empty(), "{:?}", manager.asked());
    });
}
