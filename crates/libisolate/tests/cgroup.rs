//! Real groups on this host: limits that bite, the kill that reaches everything, and nothing left.

#![allow(clippy::print_stderr, reason = "a skipped test says why")]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use libisolate::Host;
use libisolate::cgroup::{CgroupHost, Group, Version, plan_group};
use libisolate::job::{Enforced, Enforcement, EnforcementStatus, Usage};
use libisolate::spec::{Bytes, CgroupMode, Limits, Size};

/// A group of this host with these limits, or the reason why this host cannot make one.
fn group(limits: &Limits) -> Result<(Group, Enforcement, CgroupHost), String> {
    let host = Host::probe().map_err(|e| e.message())?.cgroup;
    let (plan, mut enforcement) =
        plan_group(limits, CgroupMode::New, &host, false).map_err(|e| e.message())?;
    let group = Group::create(&host, &plan.ok_or("no plan")?).map_err(|e| e.message())?;
    if let Err(error) = group.write_limits(&mut enforcement) {
        let _ = group.remove();
        return Err(error.message());
    }
    Ok((group, enforcement, host))
}

/// Runs the rest of the test with a group, or skips it with the reason. `ISOLATE_MUST_WORK` in the
/// environment turns the skip into a failure.
macro_rules! group_or_skip {
    ($limits:expr) => {
        match group(&$limits) {
            Ok(made) => made,
            Err(reason) if std::env::var_os("ISOLATE_MUST_WORK").is_none() => {
                eprintln!("skipped: {reason}");
                return;
            }
            Err(reason) => panic!("{reason}"),
        }
    };
}

/// A shell that joins the group, all its trees, and then runs `script`.
fn shell(group: &Group, script: &str) -> Child {
    let mut joins = String::new();
    for dir in group.dirs() {
        let dir = dir.to_string();
        let file = match Path::new(&dir).join("tasks").exists() {
            true => "tasks",
            false => "cgroup.procs",
        };
        joins.push_str(&format!("echo 0 > {dir}/{file} || exit 97\n"));
    }
    Command::new("/bin/bash")
        .args(["-c", &format!("{joins}{script}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash")
}

fn dirs(group: &Group) -> Vec<PathBuf> {
    group
        .dirs()
        .iter()
        .map(|d: &Bytes| d.as_path().to_owned())
        .collect()
}

fn removed(group: &Group) {
    group.remove().expect("the group goes");
    for dir in dirs(group) {
        assert!(!dir.exists(), "{} is left", dir.display());
    }
}

fn entry<'a>(enforcement: &'a Enforcement, name: &str) -> &'a Enforced {
    enforcement
        .iter()
        .find(|e| e.name == name)
        .expect("an entry")
}

/// Waits for a line of the child: from then on it is where it says.
fn first_line(child: &mut Child) -> String {
    use std::io::{BufRead, BufReader};
    let mut line = String::new();
    let out = child.stdout.as_mut().expect("a pipe");
    BufReader::new(out).read_line(&mut line).expect("a line");
    line.trim().to_owned()
}

#[test]
fn a_process_that_takes_more_memory_is_killed_and_counted() {
    let mut limits = Limits::default();
    limits.memory = Some(Size(20_000_001));
    limits.swap = Some(Size(0));
    let (group, told, host) = group_or_skip!(limits);
    let memory = entry(&told, "memory");
    assert_eq!(memory.status, EnforcementStatus::Enforced);
    // Rounded down to a page of 4 KiB by the kernel, and told so.
    assert_eq!(memory.value.as_deref(), Some("19996672"));
    assert_eq!(group.oom_kills(), Some(0));

    let mut child = shell(&group, "exec tail /dev/zero");
    let status = child.wait().expect("the child");
    assert_eq!(status.signal(), Some(9));
    assert_eq!(group.oom_kills(), Some(1));
    let mut usage = Usage::default();
    group.measure(&mut usage);
    assert_eq!(usage.oom_kills, Some(1));
    assert!(usage.cpu_time > 0.0);
    if host
        .controller("memory")
        .is_some_and(|h| h.version == Version::V1)
    {
        assert_eq!(usage.memory_peak, Some(19_996_672));
    }
    removed(&group);
}

#[test]
fn one_process_too_many_is_refused_and_counted() {
    // timeout(1) is one process that makes a second, and ends with 125 where it cannot.
    for (pids, code, denied) in [(2, 0, 0), (1, 125, 1)] {
        let mut limits = Limits::default();
        limits.pids = Some(pids);
        let (group, told, _) = group_or_skip!(limits);
        assert_eq!(entry(&told, "pids").value, Some(pids.to_string()));
        let mut child = shell(&group, "exec timeout 60 true");
        assert_eq!(child.wait().expect("the child").code(), Some(code));
        let mut usage = Usage::default();
        group.measure(&mut usage);
        assert_eq!(usage.pids_denied, Some(denied));
        // Linux 6.1; older kernels do not tell.
        assert!(usage.pids_peak.is_none_or(|peak| peak == pids), "{usage:?}");
        removed(&group);
    }
}

#[test]
fn kill_reaches_what_was_forked_and_orphaned() {
    let mut limits = Limits::default();
    limits.pids = Some(50);
    let (group, _, _) = group_or_skip!(limits);
    let mut child = shell(
        &group,
        "trap '' TERM INT; for i in 1 2 3 4 5; do (sleep 600 & sleep 600 & wait) & done; \
         setsid sleep 600 & echo ready; wait",
    );
    assert_eq!(first_line(&mut child), "ready");
    let in_group = |dir: &PathBuf| {
        fs::read_to_string(dir.join("cgroup.procs")).map_or(0, |text| text.lines().count())
    };
    assert!(dirs(&group).iter().all(|dir| in_group(dir) > 3));
    let busy = group.remove().expect_err("processes are in it");
    assert_eq!(busy.kind(), libisolate::ErrorKind::Busy, "{busy}");
    assert!(busy.message().contains("processes are in it"), "{busy}");

    group.kill().expect("the kill");
    assert_eq!(child.wait().expect("the child").signal(), Some(9));
    removed(&group);
    // Nothing in it and nothing there: fine, both.
    group
        .kill()
        .expect("a group that is gone has nobody to kill");
    removed(&group);
}

/// The way of hosts without `cgroup.kill`: here by a group that only its v1 directories know.
#[test]
fn kill_by_the_lists_of_v1() {
    let mut limits = Limits::default();
    limits.pids = Some(200);
    let mut host = match Host::probe() {
        Ok(host) => host.cgroup,
        Err(error) => panic!("{error}"),
    };
    // As on a pure v1 host: no v2 tree, so the freezer is taken.
    host.hierarchies.retain(|h| h.version == Version::V1);
    let made = plan_group(&limits, CgroupMode::New, &host, false)
        .and_then(|(plan, _)| Group::create(&host, &plan.unwrap_or_default()));
    let group = match made {
        Ok(group) => group,
        Err(reason) if std::env::var_os("ISOLATE_MUST_WORK").is_none() => {
            eprintln!("skipped: {reason}");
            return;
        }
        Err(reason) => panic!("{reason}"),
    };
    assert!(
        group
            .dirs()
            .iter()
            .any(|d| d.to_string().contains("freezer"))
    );
    // It forks as fast as it can, from many processes.
    let mut child = shell(
        &group,
        "f() { while :; do (exec sleep 600) & sleep 0.01; done; }; f & f & f & f & echo ready; wait",
    );
    assert_eq!(first_line(&mut child), "ready");
    group.kill().expect("the kill");
    assert_eq!(child.wait().expect("the child").signal(), Some(9));
    for dir in dirs(&group) {
        assert_eq!(
            fs::read_to_string(dir.join("cgroup.procs")).expect("the list"),
            ""
        );
    }
    removed(&group);
}

#[test]
fn kill_reaches_frozen_processes_in_groups_below() {
    let (group, _, _) = group_or_skip!(Limits::default());
    let mut child = shell(&group, "echo ready; exec sleep 600");
    assert_eq!(first_line(&mut child), "ready");
    let Some(unified) = dirs(&group)
        .into_iter()
        .find(|d| d.join("cgroup.freeze").exists())
    else {
        eprintln!("skipped: no v2 tree on this host");
        group.kill().expect("the kill");
        child.wait().expect("the child");
        return removed(&group);
    };
    let below = unified.join("below");
    fs::create_dir(&below).expect("a group below");
    fs::write(below.join("cgroup.procs"), child.id().to_string()).expect("the move");
    fs::write(below.join("cgroup.freeze"), "1").expect("the freeze");
    group.kill().expect("the kill");
    assert_eq!(child.wait().expect("the child").signal(), Some(9));
    removed(&group);
}

#[test]
fn cpu_limits_are_read_back_and_bite() {
    let mut limits = Limits::default();
    limits.cpus = Some(0.1);
    limits.cpu_weight = Some(50);
    let (group, told, host) = group_or_skip!(limits);
    match host.controller("cpu").map(|h| h.version) {
        Some(Version::V1) => {
            assert_eq!(entry(&told, "cpus").value.as_deref(), Some("10000"));
            assert_eq!(entry(&told, "cpu_weight").value.as_deref(), Some("421"));
        }
        _ => {
            assert_eq!(entry(&told, "cpus").value.as_deref(), Some("10000 100000"));
            assert_eq!(entry(&told, "cpu_weight").value.as_deref(), Some("50"));
        }
    }
    let mut child = shell(&group, "echo ready; while :; do :; done");
    assert_eq!(first_line(&mut child), "ready");
    let mut usage = Usage::default();
    // Ten times as fast as it may: however slow the machine, it is made to wait soon.
    while usage.throttled_time.is_none_or(|waited| waited == 0.0) {
        std::thread::sleep(std::time::Duration::from_millis(50));
        group.measure(&mut usage);
        assert_eq!(
            child.try_wait().expect("the child"),
            None,
            "it ended by itself"
        );
    }
    group.kill().expect("the kill");
    child.wait().expect("the child");
    group.measure(&mut usage);
    let (fd, unified) = group.cpu_usage_fd().expect("a file");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut fs::File::from(fd), &mut text).expect("its text");
    let seconds = match unified {
        false => text.trim().parse::<f64>().expect("nanoseconds") / 1e9,
        true => {
            let line = text
                .lines()
                .find_map(|l| l.strip_prefix("usage_usec "))
                .expect("a line");
            line.parse::<f64>().expect("microseconds") / 1e6
        }
    };
    assert!(
        seconds >= usage.cpu_time && usage.cpu_time > 0.0,
        "{seconds} {usage:?}"
    );
    removed(&group);
}

#[test]
fn cpus_and_memory_nodes() {
    let mut limits = Limits::default();
    limits.cpuset = Some("0".into());
    limits.cpuset_mems = Some("0".into());
    let (group, told, _) = group_or_skip!(limits);
    assert_eq!(entry(&told, "cpuset").value.as_deref(), Some("0"));
    let mut child = shell(&group, "grep Cpus_allowed_list /proc/self/status");
    assert_eq!(first_line(&mut child), "Cpus_allowed_list:\t0");
    child.wait().expect("the child");
    removed(&group);

    limits.cpuset = Some("0,4000".into());
    limits.cpuset_mems = None;
    match group_of(&limits) {
        Err(error) => {
            assert!(error.contains("cpuset.cpus: \"0,4000\": "), "{error}");
            assert!(
                error.contains("the caller's own cgroup does not have all of them"),
                "{error}"
            );
        }
        Ok((group, ..)) => {
            let _ = group.remove();
            panic!("CPU 4000 was taken");
        }
    }
}

fn group_of(limits: &Limits) -> Result<(Group, Enforcement, CgroupHost), String> {
    group(limits)
}

#[test]
fn a_refused_best_effort_limit_is_recorded() {
    let mut limits = Limits::default();
    limits.cpuset = Some("0".into());
    let (possible, ..) = group_or_skip!(limits);
    removed(&possible);
    limits.cpuset = Some("4000".into());
    limits.best_effort = vec!["cpuset".into()];
    let (group, told, _) = group_or_skip!(limits);
    let cpuset = entry(&told, "cpuset");
    assert_eq!(cpuset.status, EnforcementStatus::Skipped);
    assert!(
        cpuset
            .reason
            .as_deref()
            .is_some_and(|r| r.starts_with("cpuset.cpus: \"4000\": "))
    );
    removed(&group);
}

#[test]
fn a_failure_in_the_middle_leaves_nothing() {
    let mut host = match Host::probe() {
        Ok(host) => host.cgroup,
        Err(error) => panic!("{error}"),
    };
    let planned = plan_group(&Limits::default(), CgroupMode::New, &host, false);
    let Ok((Some(mut plan), _)) = planned else {
        eprintln!("skipped: {planned:?}");
        return;
    };
    let Some(last) = plan.hierarchies.last().copied() else {
        panic!("a plan without a directory")
    };
    let parents: Vec<PathBuf> = plan
        .hierarchies
        .iter()
        .map(|i| host.hierarchies[*i].dir.as_path().to_owned())
        .collect();
    host.hierarchies[last].dir = "/proc/no-such-place".into();
    plan.enable.clear();
    let error = Group::create(&host, &plan).expect_err("no directory can be made there");
    assert!(
        error.subject().starts_with("/proc/no-such-place/isolate-"),
        "{error}"
    );
    let prefix = format!("isolate-{}-", std::process::id());
    let number = error
        .subject()
        .rsplit('-')
        .next()
        .expect("a number")
        .to_owned();
    for parent in &parents[..parents.len() - 1] {
        let left = fs::read_dir(parent)
            .expect("the parent")
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .find(|n| n.starts_with(&prefix) && n.ends_with(&format!("-{number}")));
        assert_eq!(left, None, "in {}", parent.display());
    }
}
