//! Scopes that are stopped by others, and a systemd that is away for a moment.

use libisolate::spec::{Limits, Size};
use libisolate::{ErrorKind, Reason, job};

use crate::common::{alone, skip};
use crate::{
    assert_clean, in_scope, name, scope_of_group, systemctl, systemd_or_skip, unit_has_or_skip,
};

/// An administrator stops the unit: the job ends by the signal that was sent, and says so.
#[test]
fn a_scope_that_is_stopped() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        let job = job::spawn(&in_scope("sleep 60")).unwrap();
        let group = job.cgroup().unwrap();
        let unit = group.unit().unwrap().to_owned();
        let scope = scope_of_group(&group);
        systemctl(&systemd, &["stop", &unit]);
        let outcome = job.wait().unwrap();
        assert_eq!(outcome.reason, Reason::Signal, "{outcome:?}");
        assert_eq!(outcome.signal, Some(libc::SIGTERM), "{outcome:?}");
        assert!(!scope.exists());
        let late = job.update(&Limits::default()).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::NotFound, "{late}");
        let gone = group.get("cgroup.procs").unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound, "{gone}");
        assert_clean(&systemd);
    });
}

/// The same, of a job that does not listen.
#[test]
fn a_scope_that_is_killed() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        let job = job::spawn(&in_scope("trap '' TERM; sleep 60")).unwrap();
        let unit = job.cgroup().unwrap().unit().unwrap().to_owned();
        systemctl(&systemd, &["kill", "--signal=KILL", &unit]);
        let outcome = job.wait().unwrap();
        assert_eq!(outcome.signal, Some(libc::SIGKILL), "{outcome:?}");
        assert_clean(&systemd);
    });
}

/// systemd reads its files anew, and is executed anew: the job and its limits stay.
#[test]
fn a_systemd_that_is_made_anew() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        if !unit_has_or_skip(name!(), &systemd, "memory") {
            return;
        }
        if std::env::var("container").is_ok() {
            return skip(name!(), "this systemd does not survive in a container");
        }
        let mut spec = in_scope("read line; echo went on");
        spec.stdin = libisolate::spec::Stdio::Pipe;
        spec.limits.memory = Some(Size(64 << 20));
        let job = job::spawn(&spec).unwrap();
        let group = job.cgroup().unwrap();
        let scope = scope_of_group(&group);
        for word in ["daemon-reload", "daemon-reexec"] {
            systemctl(&systemd, &[word]);
            // While it is away, and when it is back.
            let mut limits = Limits::default();
            limits.memory = Some(Size(80 << 20));
            job.update(&limits).unwrap();
            assert!(scope.exists());
            // One more starts in the same moment.
            systemctl(&systemd, &["--no-block", word]);
            let other = libisolate::run(&in_scope("echo other")).unwrap();
            assert!(other.success(), "{other:?}");
        }
        assert!(!group.processes(false).is_empty());
        drop(job.take_stdin());
        let outcome = job.wait().unwrap();
        assert_eq!(crate::common::text(&outcome), "went on\n", "{outcome:?}");
        assert_clean(&systemd);
    });
}
