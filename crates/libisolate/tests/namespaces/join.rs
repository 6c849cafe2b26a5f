//! Jobs in namespaces that are there, all or some, and the proof that each kind isolates.

use std::os::fd::{AsFd, AsRawFd};

use libisolate::ns::{Kind, Namespace, create};
use libisolate::spec::{NamespaceMode, Net, Profile, Root};
use libisolate::{ErrorKind, Spec, run, spawn};

use super::common::{Alone, alone, is_root, ok, root_or_skip, sh};
use super::{bare, refused, sleeper};
use crate::name;

fn fd(namespace: &Namespace) -> NamespaceMode {
    NamespaceMode::Fd(namespace.as_fd().as_raw_fd())
}

/// The kinds an ordinary user enters with their user namespace, and root without.
fn kinds(kind: Kind) -> Vec<Kind> {
    let user = (!is_root() && kind != Kind::User).then_some(Kind::User);
    user.into_iter().chain([kind]).collect()
}

#[test]
fn one_kind_at_a_time() {
    alone(name!(), || {
        for kind in Kind::ALL {
            let set = create(&kinds(kind), &Spec::new(Vec::<&str>::new())).unwrap();
            let script = format!("readlink /proc/self/ns/{kind}");
            let mut spec = bare(&script, &[]);
            spec.stdout = libisolate::spec::Stdio::Capture;
            for namespace in set.iter() {
                spec.namespaces.set(namespace.kind(), fd(namespace));
            }
            let said = ok(&spec);
            assert_eq!(said.trim(), set.get(kind).unwrap().to_string());
        }
    });
}

#[test]
fn the_strict_profile_in_a_given_network() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let set = create(&[Kind::Net], &Spec::new(Vec::<&str>::new())).unwrap();
        let net = set.get(Kind::Net).unwrap();
        let mut spec = sh(
            "readlink /proc/self/ns/net; echo pid $$; id -u; grep CapEff /proc/self/status; \
             cat /proc/1/comm; ls /proc | grep -c '^[0-9]'",
        );
        spec.namespaces.net = Some(fd(net));
        let said = ok(&spec);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], net.to_string());
        // All the rest is as ever: an init as pid 1, its own ids, nothing to be seen of others.
        assert_eq!(lines[1], "pid 2");
        assert_eq!(lines[2], "0");
        assert!(lines[3].ends_with("0000000000000000"), "{said}");
        assert_eq!(lines[4], "isolate-init");
        assert!(lines[5].parse::<u32>().unwrap() <= 6, "{said}");
    });
}

#[test]
fn two_jobs_meet_in_one_network() {
    alone(name!(), || {
        let job = sleeper();
        let server = Namespace::of_process(job.pid(), Kind::Net).unwrap();
        let listener = server.socket(libc::AF_INET, libc::SOCK_DGRAM, 0).unwrap();
        nix::sys::socket::bind(
            listener.as_raw_fd(),
            &nix::sys::socket::SockaddrIn::new(127, 0, 0, 1, 5555),
        )
        .unwrap();
        let mut spec = bare("exec 3<>/dev/udp/127.0.0.1/5555; echo hello >&3", &[]);
        spec.argv[0] = "/bin/bash".into();
        for kind in [Kind::User, Kind::Net] {
            let path = format!("/proc/{}/ns/{kind}", job.pid());
            spec.namespaces
                .set(kind, NamespaceMode::Path(path.as_str().into()));
        }
        assert!(run(&spec).unwrap().success());
        let mut buffer = [0u8; 16];
        let len = nix::sys::socket::recv(
            listener.as_raw_fd(),
            &mut buffer,
            nix::sys::socket::MsgFlags::MSG_DONTWAIT,
        )
        .unwrap();
        assert_eq!(&buffer[..len], b"hello\n");
    });
}

#[test]
fn a_joined_pid_namespace_ends_its_guests() {
    alone(name!(), || {
        let host = sleeper();
        let mut spec = Spec::new(["sleep", "1000"]);
        spec.profile = Profile::None;
        for kind in [Kind::User, Kind::Pid] {
            spec.namespaces
                .set(kind, fd(&host.namespace(kind).unwrap()));
        }
        let namespaces = [
            host.namespace(Kind::User).unwrap(),
            host.namespace(Kind::Pid).unwrap(),
        ];
        for namespace in &namespaces {
            spec.namespaces.set(namespace.kind(), fd(namespace));
        }
        let guest = spawn(&spec).unwrap();
        assert_eq!(guest.namespace(Kind::Pid).unwrap(), namespaces[1]);
        host.kill().unwrap();
        host.wait().unwrap();
        let outcome = guest.wait().unwrap();
        assert_eq!(outcome.signal, Some(libc::SIGKILL), "{outcome:?}");
    });
}

#[test]
fn a_killed_guest_takes_its_children() {
    alone(name!(), || {
        let host = sleeper();
        let namespaces = [
            host.namespace(Kind::User).unwrap(),
            host.namespace(Kind::Pid).unwrap(),
        ];
        // /proc is the caller's, with other numbers than the guest's.
        let mut spec = bare("sleep 1000 & sleep 1001 & wait", &[]);
        for namespace in &namespaces {
            spec.namespaces.set(namespace.kind(), fd(namespace));
        }
        let before = members(&namespaces[1]);
        let guest = spawn(&spec).unwrap();
        // The guest's init lets none but root look into it.
        let more = if is_root() { 4 } else { 3 };
        while members(&namespaces[1]).len() < before.len() + more {
            std::thread::yield_now();
        }
        guest.kill().unwrap();
        guest.wait().unwrap();
        assert_eq!(members(&namespaces[1]), before);
        assert!(
            host.try_wait().unwrap().is_none(),
            "the host was not touched"
        );
    });
}

fn members(namespace: &Namespace) -> Vec<String> {
    let mut found: Vec<String> = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            std::fs::read_link(entry.path().join("ns/pid"))
                .is_ok_and(|text| text.to_str() == Some(&namespace.to_string()))
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    found
}

#[test]
fn what_is_refused() {
    alone(name!(), || {
        let own = Namespace::of_thread(Kind::User).unwrap();
        let net = Namespace::of_thread(Kind::Net).unwrap();
        let job = sleeper();
        let pid = job.namespace(Kind::Pid).unwrap();
        let mnt = job.namespace(Kind::Mnt).unwrap();
        let with = |change: &dyn Fn(&mut Spec)| {
            let mut spec = Spec::new(["true"]);
            change(&mut spec);
            run(&spec)
        };
        let cases = [
            (
                with(&|s| s.namespaces.user = Some(fd(&own))),
                ErrorKind::InvalidSpec,
                "cannot be entered twice",
            ),
            (
                with(&|s| s.namespaces.uts = Some(fd(&net))),
                ErrorKind::InvalidSpec,
                "a uts namespace is asked for",
            ),
            (
                with(&|s| s.namespaces.uts = Some(NamespaceMode::Fd(9999))),
                ErrorKind::InvalidSpec,
                "Bad file descriptor",
            ),
            (
                with(&|s| s.namespaces.uts = Some(NamespaceMode::Fd(-1))),
                ErrorKind::InvalidSpec,
                "namespaces.uts.fd: -1",
            ),
            (
                with(&|s| {
                    s.namespaces.net = Some(NamespaceMode::Path("/run/netns/isolate-none".into()))
                }),
                ErrorKind::NotFound,
                "/run/netns/isolate-none",
            ),
            (
                with(&|s| s.namespaces.net = Some(NamespaceMode::Path("".into()))),
                ErrorKind::InvalidSpec,
                "is empty",
            ),
            (
                with(&|s| s.namespaces.net = Some(NamespaceMode::Path("/etc/passwd".into()))),
                ErrorKind::InvalidSpec,
                "is not a namespace",
            ),
            (
                with(&|s| s.namespaces.pid = Some(fd(&pid))),
                ErrorKind::InvalidSpec,
                "does not mount its /proc",
            ),
            (
                with(&|s| {
                    s.net = Some(Net::None);
                    s.namespaces.net = Some(fd(&net));
                }),
                ErrorKind::InvalidSpec,
                "something else",
            ),
            (
                with(&|s| {
                    s.namespaces.mnt = Some(fd(&mnt));
                    s.root = Some(Root::System);
                }),
                ErrorKind::InvalidSpec,
                "needs a new mount namespace",
            ),
            (
                with(&|s| {
                    s.namespaces.uts = Some(fd(&job.namespace(Kind::Uts).unwrap()));
                    s.hostname = Some("x".into());
                }),
                ErrorKind::InvalidSpec,
                "needs namespaces.uts to be new",
            ),
        ];
        for (result, kind, words) in cases {
            let error = refused(result);
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.message().contains(words), "{error}");
        }
        if !is_root() {
            // Without its user namespace there is no right to it.
            let net = job.namespace(Kind::Net).unwrap();
            let mut spec = bare("true", &[]);
            spec.namespaces.net = Some(fd(&net));
            let error = refused(run(&spec));
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
            assert!(
                error
                    .message()
                    .contains("enter the user namespace that owns it"),
                "{error}"
            );
        }
    });
}

#[test]
fn under_a_proc_of_other_numbers() {
    if !root_or_skip(name!()) {
        return;
    }
    // In a pid namespace of its own, where /proc is still that of the one above.
    let mark = format!("31{}.5", std::process::id());
    Alone::new(name!())
        .under(&["unshare", "-pf", "--kill-child"])
        .env("ISOLATE_TEST_MARK", &mark)
        .unchecked()
        .run(|| {
            let mark = std::env::var("ISOLATE_TEST_MARK").unwrap();
            let alive = || {
                std::fs::read_dir("/proc")
                    .unwrap()
                    .flatten()
                    .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
                    .filter(|line| line.starts_with(format!("sleep\0{mark}").as_bytes()))
                    .count()
            };
            let job = spawn(&bare(&format!("sleep {mark} & sleep {mark}"), &[])).unwrap();
            while alive() < 2 {
                std::thread::yield_now();
            }
            job.kill().unwrap();
            job.wait().unwrap();
            assert_eq!(alive(), 0);
        });
}

#[test]
fn ids_are_what_the_namespace_has() {
    alone(name!(), || {
        let mut other = std::process::Command::new("unshare")
            .args(["-Ur", "sleep", "1000"])
            .spawn()
            .unwrap();
        let path = format!("/proc/{}/ns/user", other.id());
        let own = Namespace::of_thread(Kind::User).unwrap();
        let setgroups = format!("/proc/{}/uid_map", other.id());
        while Namespace::open(&path).unwrap() == own
            || std::fs::read_to_string(&setgroups).unwrap().is_empty()
        {
            std::thread::yield_now();
        }
        let spec = |script: &str| {
            let mut spec = bare(script, &[]);
            spec.namespaces.user = Some(NamespaceMode::Path(path.as_str().into()));
            spec.stdout = libisolate::spec::Stdio::Capture;
            spec
        };
        while std::fs::read(format!("/proc/{}/comm", other.id())).unwrap() != b"sleep\n" {
            std::thread::yield_now();
        }
        assert_eq!(ok(&spec("id -u; cat /proc/self/setgroups")), "0\ndeny\n");
        let mut wrong = spec("true");
        wrong.groups = Some(vec![0]);
        let error = refused(run(&wrong));
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        assert!(
            error
                .message()
                .contains("is denied in the user namespace that is entered")
        );
        let mut wrong = spec("true");
        wrong.uid = Some(5);
        let error = refused(run(&wrong));
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        assert!(error.message().contains("uid: 5 is not mapped"), "{error}");
        let _ = other.kill();
        let _ = other.wait();
    });
}
