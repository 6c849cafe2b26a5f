//! Jobs in scopes.

use std::path::Path;

use libisolate::cgroup::Version;
use libisolate::spec::{Bytes, Driver, Limits, Size};
use libisolate::{ErrorKind, Host, Reason, job};

use crate::common::{alone, probe_path, skip, text};
use crate::name;
use crate::{
    assert_clean, in_scope, scope_of, scope_of_group, systemctl, systemd_or_skip, unit_has_or_skip,
    until, value, version_of,
};

/// The job's tracked group, as it sees that itself.
fn own_group(outcome: &libisolate::Outcome) -> String {
    let text = text(outcome);
    let line = text.lines().find(|line| line.starts_with("0::"));
    let line = line.or_else(|| text.lines().find(|line| line.contains(":name=systemd:")));
    let line = line.unwrap_or_else(|| panic!("{outcome:?}"));
    line.splitn(3, ':').nth(2).unwrap().to_owned()
}

#[test]
fn a_job_is_in_a_scope_of_its_own() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        let mut spec = in_scope("cat /proc/self/cgroup; cat /proc/self/cgroup >&2");
        spec.unit = Some(format!("isolate-mine-{}", std::process::id()));
        let outcome = libisolate::run(&spec).unwrap();
        assert!(outcome.success(), "{outcome:?}");
        let unit = value(&outcome, "unit");
        assert_eq!(
            Some(&unit),
            spec.unit.as_ref().map(|u| format!("{u}.scope")).as_ref()
        );
        assert!(
            own_group(&outcome).contains(&format!("/{unit}/isolate-")),
            "{outcome:?}"
        );
        for dir in value(&outcome, "cgroup").split(' ') {
            assert!(!Path::new(dir).exists(), "{dir} is left");
        }
        // What systemd made is gone when the job's end is told, so that the name is free.
        let again = libisolate::run(&spec).unwrap();
        assert!(again.success(), "{again:?}");
        assert_clean(&systemd);
    });
}

#[test]
fn slices_are_made_on_the_way() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        let top = format!("isolatetest{}", std::process::id());
        let mut spec = in_scope("cat /proc/self/cgroup");
        spec.slice = Some(format!("{top}-a.slice"));
        spec.driver = None;
        if !systemd.manages_caller {
            let error = libisolate::run(&spec).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(
                error.message().contains("use driver: \"systemd\""),
                "{error}"
            );
        }
        spec.driver = Some(Driver::Systemd);
        let outcome = libisolate::run(&spec).unwrap();
        let path = own_group(&outcome);
        assert!(
            path.contains(&format!("/{top}.slice/{top}-a.slice/isolate-")),
            "{path}"
        );
        // A slice is systemd's, and may be wanted again: whoever named it ends it.
        systemctl(&systemd, &["stop", &format!("{top}.slice")]);
        assert_clean(&systemd);
    });
}

#[test]
fn limits_hold_on_the_job_and_are_known_to_systemd() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        if !unit_has_or_skip(name!(), &systemd, "memory")
            || !unit_has_or_skip(name!(), &systemd, "pids")
        {
            return;
        }
        let mut spec = in_scope("sleep 60");
        spec.limits.memory = Some(Size(48 << 20));
        spec.limits.pids = Some(20);
        spec.limits.cpus = Some(0.5);
        let job = job::spawn(&spec).unwrap();
        let unit = job.cgroup().unwrap().unit().unwrap().to_owned();
        let told =
            |property: &str| systemctl(&systemd, &["show", "--value", "-p", property, &unit]);
        assert_eq!(
            told("MemoryMax"),
            (49 << 20).to_string(),
            "room for the anchor"
        );
        assert_eq!(told("TasksMax"), "22");
        assert_eq!(told("CPUQuotaPerSecUSec"), "500ms");
        assert_eq!(told("Delegate"), "yes");
        let group = job.cgroup().unwrap();
        let (file, scope_file) = match version_of("memory") {
            Some(Version::V1) => ("memory.limit_in_bytes", "memory.limit_in_bytes"),
            _ => ("memory.max", "memory.max"),
        };
        assert_eq!(group.get(file).unwrap().trim(), (48 << 20).to_string());
        let places = group.places();
        let place = places
            .iter()
            .find(|p| p.controllers.iter().any(|c| c == "memory"))
            .unwrap();
        let scope = scope_of(&place.path.to_string());
        let at_scope = || std::fs::read_to_string(scope.join(scope_file)).unwrap();
        assert_eq!(at_scope().trim(), (49 << 20).to_string());

        // Other limits while it runs: both know of them.
        let mut limits = Limits::default();
        limits.memory = Some(Size(96 << 20));
        limits.pids = Some(40);
        job.update(&limits).unwrap();
        assert_eq!(group.get(file).unwrap().trim(), (96 << 20).to_string());
        assert_eq!(at_scope().trim(), (97 << 20).to_string());
        assert_eq!(told("MemoryMax"), (97 << 20).to_string());
        assert_eq!(told("TasksMax"), "42");
        job.kill().unwrap();
        job.wait().unwrap();
        assert!(!scope.exists());
        assert_clean(&systemd);
    });
}

#[test]
fn out_of_memory_is_told_and_no_unit_has_failed() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        if !unit_has_or_skip(name!(), &systemd, "memory") {
            return;
        }
        let mut spec = in_scope("");
        spec.argv = vec![Bytes::from(probe_path()), "eat".into(), "100".into()];
        spec.limits.memory = Some(Size(32 << 20));
        spec.limits.swap = Some(Size(0));
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(outcome.reason, Reason::OutOfMemory, "{outcome:?}");
        assert!(
            outcome.usage.oom_kills.is_some_and(|n| n >= 1),
            "{outcome:?}"
        );
        let failed = systemctl(
            &systemd,
            &[
                "list-units",
                "--failed",
                "--no-legend",
                "--plain",
                "isolate-*",
            ],
        );
        assert_eq!(failed, "");
        assert_clean(&systemd);
    });
}

/// A weight counts among siblings, and those of a job's group are the anchor's alone.
#[test]
fn weights_are_the_scopes() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        if version_of("cpu") != Some(Version::V2) {
            return skip(name!(), "cpu.weight is of cgroup v2");
        }
        if !unit_has_or_skip(name!(), &systemd, "cpu") {
            return;
        }
        let mut spec = in_scope("sleep 60");
        spec.limits.cpu_weight = Some(42);
        let job = job::spawn(&spec).unwrap();
        let group = job.cgroup().unwrap();
        let scope = scope_of_group(&group);
        assert_eq!(
            std::fs::read_to_string(scope.join("cpu.weight"))
                .unwrap()
                .trim(),
            "42"
        );
        job.kill().unwrap();
        job.wait().unwrap();
        assert_clean(&systemd);
    });
}

#[test]
fn another_program_runs_inside() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        let job = job::spawn(&in_scope("cat /proc/self/cgroup; sleep 60")).unwrap();
        let group = job.cgroup().unwrap();
        let unit = group.unit().unwrap().to_owned();
        let mut inner = in_scope("cat /proc/self/cgroup");
        inner.driver = None;
        let outcome = job.exec(&inner).unwrap().wait().unwrap();
        let path = own_group(&outcome);
        assert!(path.contains(&format!("/{unit}/isolate-")), "{path}");
        assert_eq!(job.processes().unwrap().len(), 2, "the shell and its sleep");
        job.kill().unwrap();
        job.wait().unwrap();
        assert_clean(&systemd);
    });
}

#[test]
fn many_at_once() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        let threads: Vec<_> = (0..8)
            .map(|_| {
                std::thread::spawn(|| {
                    for _ in 0..3 {
                        let outcome = libisolate::run(&in_scope("cat /proc/self/cgroup")).unwrap();
                        let unit = value(&outcome, "unit");
                        assert!(
                            own_group(&outcome).contains(&format!("/{unit}/")),
                            "{outcome:?}"
                        );
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_clean(&systemd);
    });
}

/// Without a word systemd is taken where the caller's group is its own business, and not where it was
/// given to the caller.
#[test]
fn who_makes_it_without_a_word() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        let mut spec = in_scope("cat /proc/self/cgroup");
        spec.driver = None;
        spec.cgroup = Some(libisolate::spec::CgroupMode::Try);
        let outcome = libisolate::run(&spec).unwrap();
        let unit = outcome.enforcement.iter().any(|e| e.name == "unit");
        assert_eq!(unit, systemd.manages_caller, "{outcome:?}\n{systemd:?}");
        spec.driver = Some(Driver::Cgroupfs);
        let outcome = libisolate::run(&spec).unwrap();
        assert!(
            outcome.enforcement.iter().all(|e| e.name != "unit"),
            "{outcome:?}"
        );
        assert_clean(&systemd);
    });
}

/// A process that is killed takes its jobs' scopes along.
#[test]
fn a_killed_host_leaves_no_scope() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        let (reader, writer) = nix::unistd::pipe().unwrap();
        // SAFETY: the child calls the library, which is allowed here: this process has one thread.
        #[allow(unsafe_code)]
        let child = unsafe { nix::unistd::fork() }.unwrap();
        let nix::unistd::ForkResult::Parent { child } = child else {
            let job = job::spawn(&in_scope("sleep 60")).unwrap();
            let scope = scope_of_group(&job.cgroup().unwrap());
            nix::unistd::write(&writer, scope.to_string_lossy().as_bytes()).unwrap();
            let _ = job.wait();
            std::process::exit(0);
        };
        drop(writer);
        let mut buffer = [0u8; 4096];
        let len = nix::unistd::read(&reader, &mut buffer).unwrap();
        let scope = std::path::PathBuf::from(String::from_utf8_lossy(&buffer[..len]).into_owned());
        assert!(scope.exists());
        nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL).unwrap();
        nix::sys::wait::waitpid(child, None).unwrap();
        until("the scope is gone", || !scope.exists());
        // What is not systemd's the next one takes away.
        assert!(libisolate::run(&in_scope("true")).unwrap().success());
        assert_clean(&systemd);
    });
}

/// The host tells what it is, and a plan for it says what systemd will be asked.
#[test]
fn the_host_says_who_makes_groups() {
    alone(name!(), || {
        let Some(systemd) = systemd_or_skip(name!()) else {
            return;
        };
        if !unit_has_or_skip(name!(), &systemd, "pids") {
            return;
        }
        let host = Host::probe().unwrap();
        let read = Host::from_json(&host.to_json()).unwrap();
        assert_eq!(read.cgroup.systemd.as_ref(), Some(&systemd));
        let mut spec = in_scope("true");
        spec.limits.pids = Some(7);
        let plan = libisolate::plan::plan(&spec, &read).unwrap();
        let unit = plan.group.unwrap().unit.unwrap();
        assert_eq!(unit.manager, systemd.manager);
        let tasks = unit
            .properties
            .iter()
            .find(|p| p.name == "TasksMax")
            .unwrap();
        assert_eq!(tasks.value, libisolate::cgroup::PropertyValue::Number(9));
    });
}
