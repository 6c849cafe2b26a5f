//! Moving processes and threads, all or none, listing and killing them.

use std::fs;
use std::io::{BufRead, BufReader};

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, CreateOptions, Version};

use super::common::{alone, is_root, root_or_skip, skip};
use super::{Own, Running, fresh_name, group_or_skip, group_with_or_skip, has, refused, until};
use crate::name;

#[test]
fn many_processes_in_one_call() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "many") else {
            return;
        };
        let children: Vec<Running> = (0..5).map(|_| Running::shell("exec sleep 100")).collect();
        let mut pids: Vec<i32> = children.iter().map(Running::pid).collect();
        pids.sort_unstable();
        group.attach(&pids).unwrap();
        assert_eq!(group.processes(false), pids);
        assert_eq!(group.threads(false), pids);
        for pid in &pids {
            let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
            let inside = text
                .lines()
                .filter(|line| line.ends_with(group.path()))
                .count();
            assert_eq!(inside, group.places().len(), "{text}");
        }
        let inner = group.create_child("inner", Some(&[])).unwrap();
        inner.attach(&pids[..2]).unwrap();
        assert_eq!(group.processes(false), pids[2..]);
        assert_eq!(group.processes(true), pids);
        group.kill().unwrap();
        until("all have died", || group.processes(true).is_empty());
        assert!(!group.is_populated().unwrap());
    });
}

#[test]
fn all_or_none() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "all") else {
            return;
        };
        let child = Running::shell("exec sleep 100");
        let path = format!("/proc/{}/cgroup", child.pid());
        let before = fs::read_to_string(&path).unwrap();
        let mut gone = Running::shell("exit 0");
        gone.0.wait().unwrap();
        let error = refused(group.attach(&[child.pid(), gone.pid()]));
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
        assert_eq!(refused(group.attach(&[0])).kind(), ErrorKind::InvalidSpec);
        assert_eq!(refused(group.attach(&[-5])).kind(), ErrorKind::InvalidSpec);
        // One hierarchy that refuses: nobody is left in the others.
        if has(Version::V1) && group.controllers().contains(&"cpuset".to_owned()) {
            let dir = group
                .places()
                .into_iter()
                .find(|p| p.controllers.iter().any(|c| c == "cpuset"))
                .unwrap()
                .path;
            fs::write(dir.as_path().join("cpuset.cpus"), "\n").unwrap();
            let error = refused(group.attach(&[child.pid()]));
            assert!(error.message().contains("cpuset.cpus"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), before);
            assert_eq!(group.processes(true), Vec::<i32>::new());
        }
        group.remove().unwrap();
        let error = refused(group.attach(&[child.pid()]));
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.message().contains("removed"), "{error}");
    });
}

#[test]
fn single_threads() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "threads") else {
            return;
        };
        let (tell, told) = std::sync::mpsc::channel();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            tell.send(nix::unistd::gettid().as_raw()).unwrap();
            let _ = stopped.recv();
        });
        let tid = told.recv().unwrap();
        if has(Version::V1) {
            group.attach_threads(&[tid]).unwrap();
            assert_eq!(group.threads(false), [tid]);
            let of = |id: i32| fs::read_to_string(format!("/proc/self/task/{id}/cgroup")).unwrap();
            assert!(of(tid).contains(group.path()), "{}", of(tid));
            assert!(!of(std::process::id() as i32).contains(group.path()));
        } else {
            let error = refused(group.attach_threads(&[tid]));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.message().contains("cgroup.type"), "{error}");
        }
        drop(stop);
        thread.join().unwrap();
        until("the thread has left", || group.threads(false).is_empty());
    });
}

#[test]
fn forks_do_not_outrun_the_kill() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_with_or_skip(test, "forks", "pids") else {
            return;
        };
        group.set("pids.max", "60").unwrap();
        let mut child = Running::shell(
            "read go < /dev/null; echo ready; f() { f & f & sleep 0.01; }; sleep 0.2; f; exec sleep 100",
        );
        let mut line = String::new();
        BufReader::new(child.0.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        group.attach(&[child.pid()]).unwrap();
        until("it has forked", || group.processes(true).len() > 5);
        group.kill().unwrap();
        let _ = child.0.wait();
        until("all have died", || group.processes(true).is_empty());
    });
}

#[test]
fn delegated_to_another_user() {
    let test = name!();
    if !root_or_skip(test) {
        return;
    }
    alone(test, || {
        assert!(is_root());
        if has(Version::V1)
            && let Some(group) = group_or_skip(test, "v1")
        {
            let error = refused(group.delegate(Some(65533), None));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        }
        if !has(Version::V2) {
            return skip(test, "there is no v2 tree to delegate");
        }
        let options = CreateOptions {
            controllers: Some(Vec::new()),
            ..CreateOptions::default()
        };
        let group = Own(Cgroup::create(&fresh_name("given"), &options).unwrap());
        let dir = group.places()[0].path.as_path().to_owned();
        group.delegate(Some(65533), Some(65532)).unwrap();
        use std::os::unix::fs::MetadataExt;
        for (file, owner) in [
            (".", (65533, 65532)),
            ("cgroup.procs", (65533, 65532)),
            ("cgroup.subtree_control", (65533, 65532)),
            ("cgroup.max.depth", (0, 0)),
        ] {
            let meta = fs::metadata(dir.join(file)).unwrap();
            assert_eq!((meta.uid(), meta.gid()), owner, "{file}");
        }
        // The new owner divides it further; the old one takes it all away.
        let made = std::process::Command::new("setpriv")
            .args([
                "--reuid",
                "65533",
                "--regid",
                "65532",
                "--clear-groups",
                "mkdir",
            ])
            .arg(dir.join("theirs"))
            .status()
            .unwrap();
        assert!(made.success());
        assert_eq!(group.children(), ["theirs"]);
    });
}
