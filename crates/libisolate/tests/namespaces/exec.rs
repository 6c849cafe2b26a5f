//! Another program inside a running job.

use libisolate::ns::Kind;
use libisolate::spec::{Bind, NamespaceMode, Root};
use libisolate::{ErrorKind, Reason, Spec, spawn};

use super::common::{Snapshot, TempDir, alone, controller_or_skip, sh, text};
use super::{bare, refused, sleeper, unmoved};
use crate::name;

#[test]
fn it_sees_what_the_job_sees() {
    alone(name!(), || {
        let mut spec = sh("echo secret > /tmp/file; exec sleep 100");
        spec.hostname = Some("inner".into());
        spec.uid = Some(1000);
        spec.gid = Some(1000);
        let job = spawn(&spec).unwrap();
        while job
            .exec(&sh("cat /tmp/file"))
            .and_then(|run| run.wait())
            .map(|o| text(&o))
            .unwrap()
            != "secret\n"
        {
            std::thread::yield_now();
        }
        let look = sh(
            "uname -n; id -u; id -g; for k in cgroup ipc net mnt pid time user uts; do readlink \
             /proc/self/ns/$k; done; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; \
             cat /proc/1/comm; pwd",
        );
        let outcome = unmoved(|| job.exec(&look)).unwrap().wait().unwrap();
        assert!(outcome.success(), "{outcome:?}");
        let said = text(&outcome);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[..3], ["inner", "1000", "1000"]);
        for (line, kind) in lines[3..11].iter().zip(Kind::ALL) {
            assert_eq!(*line, job.namespace(kind).unwrap().to_string());
        }
        let status: Vec<&str> = lines[11..14]
            .iter()
            .filter_map(|l| l.split('\t').nth(1))
            .collect();
        assert_eq!(status, ["0000000000000000", "1", "2"]);
        assert_eq!(lines[14..], ["isolate-init", "/"]);
    });
}

#[test]
fn the_jobs_limits_hold_for_it() {
    let test = name!();
    if !controller_or_skip(test, "memory") {
        return;
    }
    alone(test, || {
        let mut spec = Spec::new(["sleep", "100"]);
        spec.limits.memory = Some(libisolate::spec::Size::parse("32M").unwrap());
        // Where there is swap, the hog would have all of that first.
        spec.limits.swap = Some(libisolate::spec::Size(0));
        spec.limits.best_effort = vec!["swap".into()];
        let job = spawn(&spec).unwrap();
        let hog = sh("x=x; while :; do x=$x$x$x; done");
        let outcome = job.exec(&hog).unwrap().wait().unwrap();
        assert_eq!(outcome.signal, Some(libc::SIGKILL), "{outcome:?}");
        job.kill().unwrap();
        let outcome = job.wait().unwrap();
        assert!(outcome.usage.oom_kills.unwrap_or(0) > 0, "{outcome:?}");
    });
}

#[test]
fn it_is_reaped_killed_and_timed() {
    alone(name!(), || {
        let job = sleeper();
        let mut spec = Spec::new(["sleep", "100"]);
        spec.timeout = Some(libisolate::spec::Seconds::parse("100ms").unwrap());
        let outcome = job.exec(&spec).unwrap().wait().unwrap();
        assert_eq!(outcome.reason, Reason::Timeout);
        let run = job.exec(&sh("sleep 1000 & sleep 1000")).unwrap();
        run.kill().unwrap();
        assert_eq!(run.wait().unwrap().reason, Reason::Killed);
        assert!(job.try_wait().unwrap().is_none(), "the job itself goes on");
        // The end of the job is the end of everything in it.
        let run = job.exec(&sh("sleep 1000")).unwrap();
        job.kill().unwrap();
        job.wait().unwrap();
        assert_eq!(run.wait().unwrap().signal, Some(libc::SIGKILL));
        let error = refused(job.exec(&sh("true")));
        assert_eq!(
            (error.kind(), error.errno()),
            (ErrorKind::NotFound, libc::ESRCH),
            "{error}"
        );
        assert!(error.message().contains("the job has ended"), "{error}");
    });
}

#[test]
fn a_job_with_few_namespaces() {
    alone(name!(), || {
        let job = spawn(&bare("exec sleep 100", &[Kind::User, Kind::Uts])).unwrap();
        let outcome = job
            .exec(&sh("readlink /proc/self/ns/uts /proc/self/ns/net"))
            .unwrap();
        let said = text(&outcome.wait().unwrap());
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], job.namespace(Kind::Uts).unwrap().to_string());
        assert_eq!(lines[1], job.namespace(Kind::Net).unwrap().to_string());
    });
}

#[test]
fn what_the_job_has_decided() {
    alone(name!(), || {
        let job = sleeper();
        let dir = TempDir::new("exec");
        let with = |change: &dyn Fn(&mut Spec)| {
            let mut spec = Spec::new(["true"]);
            change(&mut spec);
            job.exec(&spec).map(drop)
        };
        let cases = [
            (
                "namespaces",
                with(&|s| s.namespaces.net = Some(NamespaceMode::Host)),
            ),
            ("root", with(&|s| s.root = Some(Root::Host))),
            ("binds", with(&|s| s.binds.push(Bind::ro(dir.path())))),
            ("hostname", with(&|s| s.hostname = Some("x".into()))),
            ("limits", with(&|s| s.limits.pids = Some(5))),
            (
                "limits.cpu_time",
                with(&|s| s.limits.cpu_time = Some(libisolate::spec::Seconds::parse("1").unwrap())),
            ),
            (
                "sysctls",
                with(&|s| drop(s.sysctls.insert("net.ipv4.ip_forward".into(), "1".into()))),
            ),
        ];
        for (field, result) in cases {
            let error = refused(result);
            assert_eq!(
                (error.kind(), error.subject()),
                (ErrorKind::InvalidSpec, field),
                "{error}"
            );
        }
        let error = refused(job.exec(&Spec::new(["/none/such"])).map(drop));
        assert_eq!(error.stage(), libisolate::Stage::Exec, "{error}");
    });
}

/// Whoever ends in a pid namespace must be reaped, or the namespace does not end; and where the nearest
/// reaper is one that does not reap, that is for the host's side of the failed start to see to.
#[test]
fn a_failed_start_leaves_nobody_to_others() {
    alone(name!(), || {
        // SAFETY: no memory is passed.
        let done = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
        assert_eq!(done, 0);
        for _ in 0..40 {
            let job = sleeper();
            let before = Snapshot::take();
            let error = refused(job.exec(&Spec::new(["/none/such"])).map(drop));
            assert_eq!(error.stage(), libisolate::Stage::Exec, "{error}");
            before.assert_same();
        }
    });
}

/// Without an init of its own it is signalled and ends as any program does, although the process that
/// the caller waits for is another.
#[test]
fn without_an_init() {
    alone(name!(), || {
        // SAFETY: no memory is passed.
        let done = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
        assert_eq!(done, 0);
        let job = sleeper();
        let bare = |script: &str| {
            let mut spec = sh(script);
            spec.init = false;
            job.exec(&spec).unwrap()
        };
        for signal in [libc::SIGTERM, libc::SIGUSR1, libc::SIGKILL] {
            let run = bare("exec sleep 100");
            run.signal(signal).unwrap();
            assert_eq!(run.wait().unwrap().signal, Some(signal));
        }
        let run = bare("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done");
        run.signal(libc::SIGTERM).unwrap();
        let outcome = run.wait().unwrap();
        assert!(
            outcome.exit_code == Some(7) || outcome.signal == Some(libc::SIGTERM),
            "{outcome:?}"
        );
        let run = bare("exec sleep 100");
        run.kill().unwrap();
        assert_eq!(run.wait().unwrap().reason, Reason::Killed);
        drop(bare("exec sleep 100"));
        assert_eq!(bare("exit 3").wait().unwrap().exit_code, Some(3));
    });
}
