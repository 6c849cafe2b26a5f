//! What each kind keeps apart, seen from inside and outside. Names, clocks and parameters are in
//! `settings`, sockets and jobs that meet in `join`.

use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use libisolate::ns::{Kind, create};
use libisolate::spec::{Bind, NamespaceMode, Profile, Stdio};
use libisolate::{Spec, spawn};

use super::bare;
use super::common::{TempDir, alone, binary, is_root, ok, root_or_skip, sh, text};
use crate::name;

/// The queues' key and name, of this test alone.
fn marks() -> (String, String) {
    let pid = std::process::id();
    (
        format!("{}", 0x1507_0000 + pid),
        format!("/isolate-test-{pid}"),
    )
}

fn queues(words: &[&str]) -> Spec {
    let mut spec = sh("");
    spec.argv = std::iter::once("/queues")
        .chain(words.iter().copied())
        .map(Into::into)
        .collect();
    spec.binds
        .push(Bind::ro(binary("queues", include_str!("queues.c"))).at("/queues"));
    spec
}

#[test]
fn queues_of_both_kinds() {
    alone(name!(), || {
        let (key, mark) = marks();
        let look = ["look", &key, &mark];
        // Made inside: not there outside, nor in another job; there in a job that enters.
        let mut maker = queues(&["make", &key, &mark]);
        maker.stdin = Stdio::Pipe;
        maker.stdout = Stdio::Pipe;
        let job = spawn(&maker).unwrap();
        let mut out = std::fs::File::from(job.take_stdout().unwrap());
        let mut said = [0u8; 23];
        std::io::Read::read_exact(&mut out, &mut said).unwrap();
        assert_eq!(&said, b"sysv there\nposix there\n");
        assert_eq!(ok(&queues(&look)), "sysv none\nposix none\n");
        let mut outside = queues(&look);
        outside.namespaces.ipc = Some(NamespaceMode::Host);
        assert_eq!(ok(&outside), "sysv none\nposix none\n");
        let program = binary("queues", include_str!("queues.c"));
        let mut guest = bare("", &[]);
        guest.argv = [program.to_str().unwrap(), "look", &key, &mark]
            .map(Into::into)
            .to_vec();
        guest.stdout = Stdio::Capture;
        for kind in [Kind::User, Kind::Ipc] {
            let path = format!("/proc/{}/ns/{kind}", job.pid());
            guest
                .namespaces
                .set(kind, NamespaceMode::Path(path.as_str().into()));
        }
        assert_eq!(ok(&guest), "sysv there\nposix there\n");
        drop(job.take_stdin());
        assert!(job.wait().unwrap().success());
    });
}

#[test]
fn pid_1_inside() {
    alone(name!(), || {
        // It cannot be killed from inside, and its end is the end of whoever hides from the job.
        let mut spec = sh(
            "kill -9 1; kill -STOP 1; echo $?; (setsid sleep 1000 >/dev/null 2>&1 &); read line; \
             pgrep -x sleep | wc -l",
        );
        spec.stdin = Stdio::Pipe;
        let job = spawn(&spec).unwrap();
        let namespace = job.namespace(Kind::Pid).unwrap();
        let hidden = || {
            let members = libisolate::ns::processes_in(&namespace).unwrap();
            members.iter().any(|member| member.name == "sleep")
        };
        while !hidden() {
            std::thread::yield_now();
        }
        drop(job.take_stdin());
        assert_eq!(text(&job.wait().unwrap()), "0\n1\n");
        assert!(libisolate::ns::processes_in(&namespace).unwrap().is_empty());
    });
}

#[test]
fn pid_1_reaps() {
    alone(name!(), || {
        let spec = sh(
            "for i in 1 2 3 4 5; do (setsid sh -c 'exit 7' &); done; while pgrep -x sh | grep -qv \
             \"^$$\\$\"; do :; done; ps -e -o stat= | grep -c Z",
        );
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(text(&outcome), "0\n", "{outcome:?}");
    });
}

#[test]
fn sockets_without_a_path() {
    alone(name!(), || {
        let name = format!("isolate-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let _listener = UnixListener::bind_addr(&address).unwrap();
        let script = format!("grep -c '@{name}$' /proc/self/net/unix");
        let mut spec = sh(&script);
        assert_eq!(text(&libisolate::run(&spec).unwrap()), "0\n");
        spec.namespaces.net = Some(NamespaceMode::Host);
        assert_eq!(text(&libisolate::run(&spec).unwrap()), "1\n");
    });
}

#[test]
fn mounts_stay_inside() {
    alone(name!(), || {
        let dir = TempDir::new("mounts");
        let point = dir.path().to_str().unwrap();
        let mut spec = bare(
            &format!("mount -t tmpfs x {point} && touch {point}/file && ls {point}"),
            &[Kind::User, Kind::Mnt],
        );
        spec.uid = Some(0);
        spec.gid = Some(0);
        spec.stdout = Stdio::Capture;
        assert_eq!(ok(&spec), "file\n");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!table.contains(point));
    });
}

#[test]
fn root_inside_is_nobody_outside() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let dir = TempDir::new("secret");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let secret = dir.join("secret");
        std::fs::write(&secret, "secret").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let path = secret.to_str().unwrap();
        let script = format!(
            "id -u; grep -c 'CapEff:.*000001ffffffffff' /proc/self/status; cat {path} && echo read; chown \
             5 {path} && echo chown; hostname x 2>/dev/null && echo hostname; exit 0"
        );
        let mut spec = bare(&script, &[Kind::User]);
        spec.stdout = Stdio::Capture;
        spec.stderr = Stdio::Null;
        assert_eq!(ok(&spec), "0\n1\n");
    });
}

#[test]
fn the_same_profile_without_namespaces_isolates_nothing() {
    // The control of all of the above: they see what there is to see.
    alone(name!(), || {
        let (key, mark) = marks();
        let set = create(
            &if is_root() {
                vec![Kind::Ipc]
            } else {
                vec![Kind::User, Kind::Ipc]
            },
            &Spec::new(Vec::<&str>::new()),
        )
        .unwrap();
        let mut pair = Vec::new();
        for word in ["make", "look"] {
            let program = binary("queues", include_str!("queues.c"));
            let mut spec = bare("", &[]);
            spec.argv = [program.to_str().unwrap(), word, &key, &mark]
                .map(Into::into)
                .to_vec();
            spec.profile = Profile::None;
            for namespace in set.iter() {
                let fd = std::os::fd::AsFd::as_fd(namespace).as_raw_fd();
                spec.namespaces.set(namespace.kind(), NamespaceMode::Fd(fd));
            }
            spec.stdin = Stdio::Null;
            spec.stdout = Stdio::Capture;
            pair.push(ok(&spec));
        }
        assert_eq!(pair, ["sysv there\nposix there\n"; 2]);
    });
}
