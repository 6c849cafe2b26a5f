//! The list of all namespaces, compared with lsns(8) and with what is known to exist.

use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use isolate_sys::abi::{MNT_DETACH, MS_BIND, MS_PRIVATE, MS_REC};
use isolate_sys::calls::{mount, process};
use libisolate::ns::{Kind, Namespace, NamespaceEntry, Pin, TreeNode, list, tree};
use libisolate::spec::Bytes;

use crate::common::{Alone, TempDir, alone, is_root, root_or_skip, sh};
use crate::{name, plain, running, with_user};

fn find(entries: &[NamespaceEntry], kind: Kind, inode: u64) -> Option<&NamespaceEntry> {
    let is = |entry: &&NamespaceEntry| (entry.kind, entry.id.inode) == (kind, inode);
    entries.iter().find(is)
}

#[track_caller]
fn entry_of(namespace: &Namespace) -> NamespaceEntry {
    let entries = list().unwrap();
    let found = find(&entries, namespace.kind(), namespace.id().inode);
    found
        .unwrap_or_else(|| panic!("no {namespace} in {entries:#?}"))
        .clone()
}

/// What keeps a namespace, but for descriptors of other processes: a list that is made elsewhere at the
/// same time opens everything for a moment.
fn pins(entry: &NamespaceEntry) -> Vec<Pin> {
    let lasting = |pin: &&Pin| !matches!(pin, Pin::Fd { pid, .. } if *pid != this());
    entry.pins.iter().filter(lasting).cloned().collect()
}

#[track_caller]
fn assert_gone(kind: Kind, inode: u64) {
    let end = Instant::now() + Duration::from_secs(10);
    while let Some(entry) = find(&list().unwrap(), kind, inode) {
        assert!(Instant::now() < end, "{entry:?}");
    }
}

fn this() -> i32 {
    std::process::id() as i32
}

/// Inode and kind, with the count and lowest number of processes.
type Row = BTreeMap<(u64, String), (u32, i32)>;

fn by_lsns() -> Row {
    let done = Command::new("lsns")
        .args(["-n", "--raw", "-o", "NS,TYPE,NPROCS,PID"])
        .output()
        .unwrap_or_else(|e| panic!("util-linux is needed: {e}"));
    let text = String::from_utf8(done.stdout).unwrap();
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| words[at].parse::<u64>().unwrap();
        let (count, pid) = (number(2) as u32, number(3) as i32);
        ((number(0), words[1].to_owned()), (count, pid))
    };
    // Later ones show those without a process too, as owners of others.
    text.lines().map(row).filter(|(_, (n, _))| *n > 0).collect()
}

fn by_list() -> Row {
    let row = |entry: NamespaceEntry| {
        let key = (entry.id.inode, entry.kind.name().to_owned());
        Some((key, (entry.processes, entry.pid?)))
    };
    list().unwrap().into_iter().filter_map(row).collect()
}

/// What is there before and after is in the list of lsns, and what that has is there before or after;
/// the machine lives, so more than one attempt may be needed.
#[test]
fn the_same_set_as_lsns() {
    alone(name!(), || {
        let (job, _) = running(sh("sleep 100 & echo; wait"));
        let (other, _) = running(plain("echo; exec sleep 100", &with_user(&["net", "uts"])));
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let before = by_list();
            let lsns = by_lsns();
            let after = by_list();
            let mut wrong = Vec::new();
            for (key, row) in &before {
                let theirs = lsns.get(key);
                let here = Kind::from_name(&key.1).and_then(|k| Namespace::of_thread(k).ok());
                // In this process's own lsns counts itself too.
                let own = here.is_some_and(|namespace| namespace.id().inode == key.0);
                let same = theirs == Some(row) || own && theirs.is_some();
                if after.get(key) == Some(row) && !same {
                    wrong.push(format!("{key:?}: {row:?}, lsns {theirs:?}"));
                }
            }
            let unknown =
                |key: &&(u64, String)| !before.contains_key(key) && !after.contains_key(key);
            wrong.extend(
                lsns.keys()
                    .filter(unknown)
                    .map(|key| format!("{key:?}: lsns alone")),
            );
            if wrong.is_empty() {
                for (kind, inode) in job.namespaces().into_iter().chain(other.namespaces()) {
                    assert!(lsns.contains_key(&(inode, kind)), "{inode} {lsns:?}");
                }
                return;
            }
            assert!(Instant::now() < end, "{wrong:#?}");
        }
    });
}

#[test]
fn a_job_with_all_eight() {
    alone(name!(), || {
        let (job, _) = running(sh("echo; exec sleep 100"));
        let entries = list().unwrap();
        let told = job.namespaces();
        assert_eq!(told.len(), 8);
        let user = told["user"];
        for (kind, inode) in &told {
            let kind = Kind::from_name(kind).unwrap();
            let entry = find(&entries, kind, *inode).unwrap_or_else(|| panic!("no {kind}"));
            let namespace = Namespace::of_process(job.pid(), kind).unwrap();
            assert_eq!(entry.id, namespace.id());
            assert_eq!(entry.kernel_id, namespace.kernel_id().ok());
            assert_eq!(entry.owner_uid, Some(namespace.owner_uid().unwrap()));
            let owner = namespace.owner().unwrap().id().inode;
            assert_eq!(entry.owner, Some(owner), "{kind}");
            assert!(!entry.initial);
            // The program, and the init, which stays out of the cgroup and time namespaces.
            let both = !matches!(kind, Kind::Cgroup | Kind::Time);
            assert!(
                entry.processes == 2 || !both && entry.processes == 1,
                "{entry:?}"
            );
            assert!(entry.pins.contains(&Pin::Process { pid: job.pid() }));
            match kind {
                Kind::User | Kind::Pid => {
                    let parent = namespace.parent().unwrap().id().inode;
                    assert_eq!(entry.parent, Some(parent));
                    let outer = find(&entries, kind, parent).unwrap();
                    assert!(outer.pins.contains(&Pin::Child { inode: *inode }));
                }
                _ => {
                    assert_eq!(entry.parent, None);
                    assert_eq!(owner, user);
                }
            }
        }
        let own = Namespace::of_thread(Kind::User).unwrap();
        let own = find(&entries, Kind::User, own.id().inode).unwrap();
        assert!(own.pins.contains(&Pin::Process { pid: this() }));
        assert!(entries.is_sorted_by_key(|entry| (entry.kind, entry.id.inode)));
        // In the tree, the seven are below the one that owns them, and everything is there once.
        let tree = tree(&entries);
        let mut below = Vec::new();
        let mut count = 0;
        walk(&tree, &mut |node| {
            count += 1;
            if node.entry.kind == Kind::User && node.entry.id.inode == user {
                below = node.children.iter().map(|n| n.entry.kind).collect();
            }
        });
        assert_eq!(count, entries.len());
        let seven = Kind::ALL.into_iter().filter(|kind| *kind != Kind::User);
        assert_eq!(below, seven.collect::<Vec<_>>());
    });
}

fn walk(nodes: &[TreeNode], visit: &mut impl FnMut(&TreeNode)) {
    for node in nodes {
        visit(node);
        walk(&node.children, visit);
    }
}

#[test]
fn what_only_a_descriptor_keeps() {
    alone(name!(), || {
        let (job, _) = running(plain("echo; exec sleep 100", &with_user(&["uts"])));
        let uts = Namespace::of_process(job.pid(), Kind::Uts).unwrap();
        let owner = uts.owner().unwrap();
        job.kill().unwrap();
        job.wait().unwrap();
        drop(job);
        let entry = entry_of(&uts);
        let fd = uts.as_fd().as_raw_fd();
        assert_eq!(pins(&entry), [Pin::Fd { pid: this(), fd }]);
        assert_eq!((entry.processes, entry.pid), (0, None));
        assert_eq!(entry.command, None);
        assert_eq!(entry.owner, Some(owner.id().inode));
        let inode = uts.id().inode;
        drop(uts);
        if !is_root() {
            // Its user namespace is kept by a descriptor as well, and no longer by what it owned.
            let entry = entry_of(&owner);
            let fd = owner.as_fd().as_raw_fd();
            assert_eq!(pins(&entry), [Pin::Fd { pid: this(), fd }]);
        }
        assert_gone(Kind::Uts, inode);
    });
}

/// By a mount, in this mount namespace and in another; and by a descriptor that was opened there, which
/// has no namespace's name but a path, and no path once the mount is gone.
#[test]
fn what_only_a_mount_keeps() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let dir = TempDir::new("kept");
        let path = dir.join("a b");
        let (job, _) = running(plain("echo; exec sleep 100", &["uts"]));
        let uts = Namespace::of_process(job.pid(), Kind::Uts).unwrap();
        uts.persist(&path).unwrap();
        let (id, kernel_id) = (uts.id(), uts.kernel_id().ok());
        drop((uts, job));
        let entries = list().unwrap();
        let entry = find(&entries, Kind::Uts, id.inode).unwrap();
        // The same mount may have been copied into other mount namespaces meanwhile.
        let mine = Pin::Mount {
            path: Bytes::from(path.as_path()),
            pid: this(),
        };
        assert!(entry.pins.contains(&mine), "{entry:?}");
        let mount = |pin: &Pin| matches!(pin, Pin::Mount { .. });
        assert!(pins(entry).iter().all(mount), "{entry:?}");
        assert_eq!((entry.processes, entry.pid), (0, None));
        assert_eq!(entry.kernel_id, kernel_id);
        assert_eq!(entry.owner_uid, Some(0));

        let open = std::fs::File::open(&path).unwrap();
        let held = Pin::Fd {
            pid: this(),
            fd: open.as_raw_fd(),
        };
        let link = std::fs::read_link(format!("/proc/self/fd/{}", open.as_raw_fd())).unwrap();
        assert_eq!(link, path);
        let both = find(&list().unwrap(), Kind::Uts, id.inode).unwrap().clone();
        assert!(both.pins.contains(&held) && both.pins.contains(&mine));
        libisolate::ns::unpersist(&path).unwrap();
        let one = find(&list().unwrap(), Kind::Uts, id.inode).unwrap().clone();
        assert_eq!(pins(&one), [held]);
        drop(open);
        assert_gone(Kind::Uts, id.inode);

        // In a mount namespace where this process is not, and at a path that is not here.
        let script = "mkdir /tmp/x-$$ && mount -t tmpfs x /tmp/x-$$ && touch /tmp/x-$$/f && \
             unshare --uts=/tmp/x-$$/f true && echo $$ && exec sleep 100";
        let (job, said) = running(plain(script, &["mnt"]));
        let file = format!("/tmp/x-{said}/f");
        let there = format!("/proc/{}/root{file}", job.pid());
        let uts = Namespace::open(&there).unwrap().id();
        let entry = find(&list().unwrap(), Kind::Uts, uts.inode)
            .unwrap()
            .clone();
        let pin = Pin::Mount {
            path: Bytes::from(file.as_str()),
            pid: entry_pid(&entry),
        };
        assert_eq!(pins(&entry), [pin]);
        assert_eq!(entry.owner_uid, Some(0));
        let mounts = Namespace::of_process(entry_pid(&entry), Kind::Mnt).unwrap();
        let of_job = Namespace::of_process(job.pid(), Kind::Mnt).unwrap();
        assert_eq!(mounts, of_job);
        drop(job);
        std::fs::remove_dir(Path::new(&file).parent().unwrap()).unwrap();
    });
}

/// Whose mount it is.
fn entry_pid(entry: &NamespaceEntry) -> i32 {
    let pid = entry.pins.iter().find_map(|pin| match pin {
        Pin::Mount { pid, .. } => Some(*pid),
        _ => None,
    });
    pid.unwrap_or_else(|| panic!("{entry:?}"))
}

/// Of two namespaces mounted at one place only the upper one opens there.
#[test]
fn what_is_hidden_below_another_mount() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let dir = TempDir::new("kept");
        let path = dir.join("f");
        let (one, _) = running(plain("echo; exec sleep 100", &["uts"]));
        let (two, _) = running(plain("echo; exec sleep 100", &["ipc"]));
        let uts = Namespace::of_process(one.pid(), Kind::Uts).unwrap();
        uts.persist(&path).unwrap();
        let inode = uts.id().inode;
        let to = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
        let ipc = format!("/proc/{}/ns/ipc", two.pid());
        let from = std::ffi::CString::new(ipc).unwrap();
        mount::mount(Some(&from), &to, None, MS_BIND, None).unwrap();
        drop((uts, one, two));
        let entries = list().unwrap();
        let lower = find(&entries, Kind::Uts, inode).unwrap();
        let mount = |pin: &Pin| matches!(pin, Pin::Mount { .. });
        assert!(lower.pins.iter().any(mount));
        let upper = Namespace::open(&path).unwrap();
        let upper = find(&entries, Kind::Ipc, upper.id().inode).unwrap();
        assert!(pins(upper).iter().all(mount) && upper.owner_uid == Some(0));
        mount::umount(&to, MNT_DETACH).unwrap();
        libisolate::ns::unpersist(&path).unwrap();
    });
}

#[test]
fn a_thread_elsewhere_and_children_to_come() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let (tell, told) = mpsc::channel();
        let (end, wait) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            process::unshare(Kind::Uts.flag()).unwrap();
            process::unshare(Kind::Time.flag()).unwrap();
            let tid = nix::unistd::gettid().as_raw();
            let link = |file: &str| std::fs::read_link(format!("/proc/thread-self/ns/{file}"));
            let inode = |file: &str| {
                let link = link(file).unwrap().to_str().unwrap().to_owned();
                let digits = link.trim_matches(|c: char| !c.is_ascii_digit());
                digits.parse::<u64>().unwrap()
            };
            tell.send((tid, inode("uts"), inode("time_for_children")))
                .unwrap();
            let _ = wait.recv();
        });
        let (tid, uts, time) = told.recv().unwrap();
        let entries = list().unwrap();
        let uts = find(&entries, Kind::Uts, uts).unwrap();
        assert_eq!(pins(uts), [Pin::Thread { pid: this(), tid }]);
        assert_eq!((uts.processes, uts.owner_uid), (0, Some(0)));
        assert!(uts.owner.is_some());
        let time = find(&entries, Kind::Time, time).unwrap();
        assert_eq!(pins(time), [Pin::ForChildren { pid: this() }]);
        assert_eq!(time.processes, 0);
        drop(end);
        thread.join().unwrap();
    });
}

/// A mount in the mount namespace of one thread.
#[test]
fn what_a_thread_has_mounted() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let dir = TempDir::new("kept");
        let path = dir.join("uts");
        let (job, _) = running(plain("echo; exec sleep 100", &["uts"]));
        let uts = job.namespace(Kind::Uts).unwrap();
        let (tell, told) = mpsc::channel();
        let (end, wait) = mpsc::channel::<()>();
        let place = path.clone();
        let thread = std::thread::spawn(move || {
            process::unshare(Kind::Mnt.flag()).unwrap();
            mount::mount(None, c"/", None, MS_REC | MS_PRIVATE, None).unwrap();
            uts.persist(&place).unwrap();
            tell.send((nix::unistd::gettid().as_raw(), uts.id().inode))
                .unwrap();
            drop(uts);
            let _ = wait.recv();
        });
        let (pid, inode) = told.recv().unwrap();
        drop(job);
        let entries = list().unwrap();
        let entry = find(&entries, Kind::Uts, inode).unwrap();
        let path = Bytes::from(path.as_path());
        assert!(entry.pins.contains(&Pin::Mount { path, pid }), "{entry:?}");
        assert_eq!(entry.owner_uid, Some(0));
        drop(end);
        thread.join().unwrap();
        assert_gone(Kind::Uts, inode);
    });
}

/// A user namespace in which no process is any more, between two in which there are some.
#[test]
fn what_only_what_it_owns_keeps() {
    alone(name!(), || {
        let script = "exec unshare -Ur unshare -Ur sh -c 'echo; exec sleep 100'";
        let (job, _) = running(plain(script, &[]));
        let inner = Namespace::of_process(job.pid(), Kind::User).unwrap();
        let outer = inner.parent().unwrap();
        assert_ne!(outer, Namespace::of_thread(Kind::User).unwrap());
        let inode = inner.id().inode;
        drop(inner);
        let (_, place) = (outer.kind(), outer.id());
        drop(outer);
        let entries = list().unwrap();
        let outer = find(&entries, Kind::User, place.inode).unwrap();
        assert_eq!(pins(outer), [Pin::Child { inode }]);
        assert_eq!(outer.processes, 0);
        let uid = nix::unistd::geteuid().as_raw();
        assert_eq!(outer.owner_uid, Some(uid));
    });
}

/// A process whose main thread has ended while another goes on.
#[test]
fn a_process_without_its_main_thread() {
    alone(name!(), || {
        let source = "#define _GNU_SOURCE\n#include <pthread.h>\n#include <sched.h>\n#include <stdio.h>\n\
             #include <unistd.h>\nstatic void *on(void *a) { pthread_join(*(pthread_t *)a, 0); puts(\"\"); \
             fflush(stdout); sleep(100); return a; }\n\
             int main(void) { static pthread_t first; pthread_t t; first = pthread_self(); \
             pthread_create(&t, 0, on, &first); pthread_exit(0); }\n";
        let program = crate::common::binary("leaderless", source);
        let script = format!("exec {}", program.display());
        let (job, _) = running(plain(&script, &with_user(&["uts"])));
        let uts = job.namespaces()["uts"];
        let entries = list().unwrap();
        let entry = find(&entries, Kind::Uts, uts).unwrap();
        assert!(entry.pins.contains(&Pin::Process { pid: job.pid() }));
        assert!(entry.owner.is_some(), "{entry:?}");
    });
}

/// An ordinary user sees what is his own, and nothing fails for what is not.
#[test]
fn as_an_ordinary_user() {
    let mut test = Alone::new(name!());
    if is_root() {
        let nobody = [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ];
        let program = std::env::current_exe().unwrap();
        let reachable = Command::new(nobody[0])
            .args(&nobody[1..])
            .args(["test", "-x"])
            .arg(&program)
            .status();
        if !reachable.is_ok_and(|status| status.success()) {
            return crate::common::skip(name!(), "nobody may not run the test program");
        }
        test = test.under(&nobody);
    }
    test.run(|| {
        let entries = list().unwrap();
        for kind in Kind::ALL.into_iter().filter(|kind| kind.supported()) {
            let own = Namespace::of_thread(kind).unwrap();
            let entry = find(&entries, kind, own.id().inode).unwrap();
            assert!(entry.pins.contains(&Pin::Process { pid: this() }));
            assert!(entry.processes >= 1 && entry.command.is_some());
        }
        assert!(!tree(&entries).is_empty());
    });
}

#[test]
fn as_json() {
    alone(name!(), || {
        let own = Namespace::of_thread(Kind::Pid).unwrap();
        let json = serde_json::to_value(entry_of(&own)).unwrap();
        assert_eq!(json["kind"], "pid");
        assert_eq!(json["id"]["inode"], own.id().inode);
        assert!(json["processes"].as_u64().unwrap() >= 1);
        let pins = json["pins"].as_array().unwrap();
        let this = serde_json::json!({"type": "process", "pid": this()});
        assert!(pins.contains(&this), "{pins:?}");
        let own = own.as_fd().as_raw_fd();
        let held = serde_json::json!({"type": "fd", "pid": std::process::id(), "fd": own});
        assert!(pins.contains(&held), "{pins:?}");
        let schema = schemars::schema_for!(Vec<NamespaceEntry>);
        assert!(
            serde_json::to_string(&schema)
                .unwrap()
                .contains("for_children")
        );
    });
}
