//! The doctor on this host, as it is and with something taken from it: what it says is held against what
//! jobs and other programs find, and it leaves nothing.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::process::Command;

use common::{Alone, alone, binary, is_root, kernel, ok, root_or_skip, sh, skip};
use libisolate::doctor::{Area, Check, Diagnosis, Doctor, Status};
use libisolate::{Host, Spec};

fn examine() -> Diagnosis {
    let diagnosis = Doctor::examine().unwrap();
    for check in &diagnosis.checks {
        assert_eq!(
            check.reason.is_some(),
            check.status != Status::Works,
            "{check:?}"
        );
    }
    diagnosis
}

#[track_caller]
fn get<'a>(diagnosis: &'a Diagnosis, area: Area, name: &str) -> &'a Check {
    let check = diagnosis.get(area, name);
    check.unwrap_or_else(|| panic!("no {name} in {diagnosis:?}"))
}

#[track_caller]
fn works(diagnosis: &Diagnosis, area: Area, name: &str) {
    let check = get(diagnosis, area, name);
    assert_eq!(check.status, Status::Works, "{check:?}");
}

/// It fails, for a reason and with a remedy in which these words are.
#[track_caller]
fn fails(diagnosis: &Diagnosis, area: Area, name: &str, reason: &str, remedy: &str) {
    let check = get(diagnosis, area, name);
    assert_eq!(check.status, Status::Fails, "{check:?}");
    let has = |text: &Option<String>, words: &str| text.as_deref().unwrap_or("").contains(words);
    assert!(has(&check.reason, reason), "{reason}: {check:?}");
    assert!(has(&check.remedy, remedy), "{remedy}: {check:?}");
}

/// Nobody can run a job, and whoever tries is told what the doctor says.
#[track_caller]
fn no_job_runs(diagnosis: &Diagnosis) {
    assert!(!diagnosis.ready, "{diagnosis:?}");
    let error = libisolate::run(&Spec::new(["/bin/true"])).unwrap_err();
    let job = get(diagnosis, Area::Jobs, "default job");
    let told = format!(
        "{}{}",
        job.reason.as_deref().unwrap(),
        job.remedy
            .as_ref()
            .map_or(String::new(), |r| format!("; {r}"))
    );
    assert_eq!(told, error.message());
}

/// A shell that does something first and then becomes the test.
fn after(name: &str, how: &[&str], script: &str) -> Alone {
    let script = format!("set -e; {script}; exec \"$@\"");
    let mut words = how.to_vec();
    words.extend(["sh", "-c", &script, "sh"]);
    Alone::new(name).under(&words)
}

/// As root, or as the root of a user namespace.
fn in_namespaces(flags: &str) -> Vec<&str> {
    match is_root() {
        true => vec!["unshare", flags],
        false => vec!["unshare", "-r", flags],
    }
}

fn namespaces_of_threads() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        // Threads come and go; this one and the harness stay.
        let Ok(kinds) = std::fs::read_dir(task.path().join("ns")) else {
            continue;
        };
        for kind in kinds.flatten() {
            let link = std::fs::read_link(kind.path()).unwrap();
            all.insert(
                kind.path().display().to_string(),
                link.display().to_string(),
            );
        }
    }
    all
}

#[test]
fn this_host() {
    alone(name!(), || {
        // The library keeps the init's program from the first launch on.
        ok(&sh("true"));
        let before = namespaces_of_threads();
        let diagnosis = examine();
        assert_eq!(namespaces_of_threads(), before);
        assert!(diagnosis.ready, "jobs run here: {diagnosis:?}");
        for area in Area::ALL {
            let some = diagnosis.checks.iter().any(|check| check.area == area);
            assert!(some, "{area:?}");
        }
        for kind in ["user", "cgroup", "ipc", "net", "mnt", "pid", "time", "uts"] {
            works(&diagnosis, Area::Namespaces, kind);
            let own = std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap();
            let found = &get(&diagnosis, Area::Namespaces, kind).found;
            assert!(found.contains(own.to_str().unwrap()), "{found}");
        }
        works(&diagnosis, Area::Jobs, "default job");
        let json: Diagnosis = serde_json::from_str(&diagnosis.to_json()).unwrap();
        assert_eq!(json, diagnosis);
    });
}

/// Limits that are said to work hold a job, and others are refused to one.
#[test]
fn limits_are_as_it_says() {
    alone(name!(), || {
        let diagnosis = examine();
        for (name, controller) in [("memory", "memory"), ("pids", "pids")] {
            let limit = get(&diagnosis, Area::Jobs, &format!("limit {name}"));
            let mut spec = sh("cat /proc/self/cgroup");
            match name {
                "memory" => spec.limits.memory = Some(libisolate::spec::Size(64 << 20)),
                _ => spec.limits.pids = Some(16),
            }
            let ran = libisolate::run(&spec);
            assert_eq!(
                limit.status == Status::Works,
                ran.is_ok(),
                "{limit:?}: {ran:?}"
            );
            let tree = get(&diagnosis, Area::Cgroups, controller);
            assert_eq!(tree.status, limit.status, "{tree:?} {limit:?}");
            match ran {
                Ok(outcome) => {
                    let told = outcome.enforcement.iter().find(|e| e.name == name).unwrap();
                    let value = told.value.as_deref().unwrap().trim();
                    let file = told.file.as_deref().unwrap();
                    let told = format!("{value} in {file}");
                    assert!(limit.found.ends_with(&told), "{told}: {limit:?}");
                }
                Err(error) => {
                    let reason = limit.reason.as_deref().unwrap();
                    assert!(error.message().contains(reason), "{error}: {reason}");
                }
            }
        }
    });
}

/// It says of controllers what the kernel's files say.
#[test]
fn controllers_are_where_it_says() {
    alone(name!(), || {
        let diagnosis = examine();
        let host = Host::probe().unwrap();
        for name in ["memory", "pids", "cpu", "cpuset"] {
            let check = get(&diagnosis, Area::Cgroups, name);
            let Some(tree) = host.cgroup.controller(name) else {
                assert_ne!(check.status, Status::Works, "{check:?}");
                continue;
            };
            // Where systemd makes the groups of jobs it is nobody's business where.
            if host
                .cgroup
                .systemd
                .as_ref()
                .is_some_and(|systemd| systemd.manages_caller)
            {
                let by_systemd = check.found == "v2, by systemd" || check.found.starts_with("v1, ");
                assert!(by_systemd, "{check:?}");
                continue;
            }
            let dir = tree.dir.to_string();
            assert!(check.found.ends_with(&dir), "{check:?} {dir}");
            // By another's eyes.
            let test = Command::new("test").args(["-w", &dir]).status().unwrap();
            if check.status == Status::Works {
                assert!(test.success(), "{check:?}");
            }
        }
    });
}

/// In a user namespace of the test's own, whose switch is its own too.
#[test]
fn user_namespaces_switched_off() {
    let script = "echo 0 >/proc/sys/user/max_user_namespaces";
    after(name!(), &["unshare", "-r"], script).run(|| {
        let diagnosis = examine();
        let remedy = "sysctl -w user.max_user_namespaces=15000";
        let why = "user namespaces are switched off: sysctl user.max_user_namespaces is 0";
        fails(&diagnosis, Area::Namespaces, "user", why, remedy);
        // This caller is the root of its own.
        works(&diagnosis, Area::Namespaces, "net");
        fails(
            &diagnosis,
            Area::Namespaces,
            "overlay in a user namespace",
            "fails here",
            "",
        );
        no_job_runs(&diagnosis);
    });
}

#[test]
fn user_namespaces_switched_off_for_an_ordinary_user() {
    let script = "echo 0 >/proc/sys/user/max_user_namespaces; \
                  set -- setpriv --bounding-set=-all --inh-caps=-all \"$@\"";
    after(name!(), &["unshare", "-r"], script).run(|| {
        let diagnosis = examine();
        let why = "sysctl user.max_user_namespaces is 0";
        fails(&diagnosis, Area::Namespaces, "user", why, "sysctl -w");
        for kind in ["net", "mnt", "pid", "uts"] {
            let why = "it takes CAP_SYS_ADMIN or a user namespace";
            fails(&diagnosis, Area::Namespaces, kind, why, "");
        }
        no_job_runs(&diagnosis);
    });
}

#[test]
fn one_kind_switched_off() {
    let script = "echo 0 >/proc/sys/user/max_net_namespaces";
    after(name!(), &["unshare", "-r"], script).run(|| {
        let diagnosis = examine();
        let why = "net namespaces are switched off: sysctl user.max_net_namespaces is 0";
        let remedy = "sysctl -w user.max_net_namespaces=15000";
        fails(&diagnosis, Area::Namespaces, "net", why, remedy);
        works(&diagnosis, Area::Namespaces, "user");
        works(&diagnosis, Area::Namespaces, "pid");
        no_job_runs(&diagnosis);
    });
}

/// As container engines do.
#[test]
fn a_filter_in_the_way() {
    let wrapper = binary("refuse", include_str!("common/refuse.c"));
    let wrapper = [wrapper.to_str().unwrap(), "namespaces"];
    Alone::new(name!()).under(&wrapper).run(|| {
        let diagnosis = examine();
        for kind in ["user", "cgroup", "net", "mnt", "pid", "time"] {
            let why = format!(
                "a system call filter (seccomp) of the container or the service that this process is in \
                 refuses {kind} namespaces"
            );
            let check = get(&diagnosis, Area::Namespaces, kind);
            assert_eq!(check.reason.as_ref(), Some(&why), "{check:?}");
            fails(&diagnosis, Area::Namespaces, kind, &why, "seccomp=unconfined");
        }
        let clone3 = get(&diagnosis, Area::Kernel, "clone3");
        assert_eq!(clone3.status, Status::Limited, "{clone3:?}");
        no_job_runs(&diagnosis);
    });
}

#[test]
fn a_filter_that_refuses_mounts() {
    let wrapper = binary("refuse", include_str!("common/refuse.c"));
    let wrapper = [wrapper.to_str().unwrap(), "mount=EPERM"];
    Alone::new(name!()).under(&wrapper).run(|| {
        let diagnosis = examine();
        let why = "a system call filter (seccomp) refuses mount";
        fails(
            &diagnosis,
            Area::Kernel,
            "system call filter",
            why,
            "@mount",
        );
        assert!(!diagnosis.ready);
        libisolate::run(&Spec::new(["/bin/true"])).unwrap_err();
    });
}

#[test]
fn without_proc() {
    let how = in_namespaces("-m");
    let alone = after(name!(), &how, "mount -t tmpfs none /proc").unchecked();
    alone.run(|| {
        let diagnosis = Doctor::examine().unwrap();
        let remedy = "mount -t proc proc /proc";
        fails(
            &diagnosis,
            Area::Proc,
            "/proc",
            "No such file or directory",
            remedy,
        );
        assert!(!diagnosis.ready);
        fails(&diagnosis, Area::Namespaces, "user", "without /proc", "");
        libisolate::run(&Spec::new(["/bin/true"])).unwrap_err();
    });
}

/// As containers have it; then the kernel gives no fresh one.
#[test]
fn a_covered_proc() {
    let how = in_namespaces("-m");
    let script = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys";
    after(name!(), &how, script).run(|| {
        let diagnosis = examine();
        let check = get(&diagnosis, Area::Proc, "fresh /proc");
        assert!(check.found.contains("/proc/sys"), "{check:?}");
        let why = "the kernel gives no fresh one";
        fails(
            &diagnosis,
            Area::Proc,
            "fresh /proc",
            why,
            "systempaths=unconfined",
        );
        let job = get(&diagnosis, Area::Jobs, "default job");
        assert!(
            job.reason.as_deref().unwrap().contains("mount: /proc: "),
            "{job:?}"
        );
        no_job_runs(&diagnosis);
    });
}

/// The kernel tells a chroot onto a mount from others, /proc does not: the try does.
#[test]
fn in_a_chroot() {
    if !root_or_skip(name!()) {
        return;
    }
    let script = "mount --rbind / /mnt; set -- chroot /mnt \"$@\"";
    let alone = after(name!(), &["unshare", "-m"], script).unchecked();
    alone.run(|| {
        let diagnosis = examine();
        fails(
            &diagnosis,
            Area::Namespaces,
            "user",
            "Operation not permitted",
            "chroot",
        );
        no_job_runs(&diagnosis);
    });
}

/// vm.memfd_noexec is a pid namespace's own.
#[test]
fn without_programs_in_memory_files() {
    if kernel() < (6, 3) {
        return skip(name!(), "vm.memfd_noexec came with Linux 6.3");
    }
    // The file belongs to root itself.
    if !root_or_skip(name!()) {
        return;
    }
    let how = ["unshare", "-mpf", "--mount-proc"];
    let script = "echo 2 >/proc/sys/vm/memfd_noexec";
    after(name!(), &how, script).run(|| {
        let diagnosis = examine();
        let remedy = "sysctl -w vm.memfd_noexec=1";
        let why = "executable memory files";
        fails(
            &diagnosis,
            Area::Proc,
            "programs in memory files",
            why,
            remedy,
        );
        no_job_runs(&diagnosis);
    });
}

/// newuidmap(1) gets no rights where nobody may.
#[test]
fn without_new_privileges() {
    let mut how = vec!["setpriv", "--no-new-privs"];
    if is_root() {
        how.extend([
            "--reuid=65531",
            "--regid=65531",
            "--clear-groups",
            "--inh-caps=-all",
        ]);
    }
    Alone::new(name!()).under(&how).run(|| {
        let diagnosis = examine();
        let name = "newuidmap";
        if get(&diagnosis, Area::Ids, name).found == "not installed" {
            return skip(name!(), "needs newuidmap(1)");
        }
        let why = "this process has no_new_privs";
        fails(&diagnosis, Area::Ids, name, why, "NoNewPrivileges=yes");
        assert!(
            diagnosis.ready,
            "a job needs no map of others' ids: {diagnosis:?}"
        );
    });
}
