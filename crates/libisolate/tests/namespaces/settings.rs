//! What a namespace holds, read and changed from outside.

use std::os::fd::{AsRawFd, FromRawFd};

use isolate_sys::calls::process;
use libisolate::ns::{Kind, Namespace, cgroup_paths, create, set_time_offsets, time_offsets_of};
use libisolate::spec::{Stdio, TimeOffsets};
use libisolate::{ErrorKind, Spec, spawn};

use super::common::{alone, is_root, sh, text};
use super::{refused, sleeper, unmoved};
use crate::name;

#[test]
fn names_of_a_running_job() {
    alone(name!(), || {
        let mut spec = sh("read line; uname -n; cat /proc/sys/kernel/domainname");
        spec.hostname = Some("before".into());
        spec.stdin = Stdio::Pipe;
        let job = spawn(&spec).unwrap();
        let uts = job.namespace(Kind::Uts).unwrap();
        let own = Namespace::of_thread(Kind::Uts).unwrap();
        let host = own.hostname().unwrap();
        unmoved(|| {
            assert_eq!(uts.hostname().unwrap(), "before");
            uts.set_hostname("after").unwrap();
            uts.set_domainname("realm").unwrap();
            assert_eq!(uts.hostname().unwrap(), "after");
            assert_eq!(uts.domainname().unwrap(), "realm");
        });
        assert_eq!(
            own.hostname().unwrap(),
            host,
            "the caller's own name was changed"
        );
        drop(job.take_stdin());
        assert_eq!(text(&job.wait().unwrap()), "after\nrealm\n");
    });
}

#[test]
fn parameters_of_a_running_job() {
    alone(name!(), || {
        let mut spec = Spec::new(["sleep", "100"]);
        // Those of IPC are for the user namespace's root, who may be an ordinary user outside.
        spec.uid = Some(0);
        spec.gid = Some(0);
        let job = spawn(&spec).unwrap();
        unmoved(|| {
            for (kind, name) in [
                (Kind::Net, "net.ipv4.ip_default_ttl"),
                (Kind::Ipc, "kernel.shmmni"),
                (Kind::Ipc, "fs.mqueue.queues_max"),
                (Kind::User, "user.max_uts_namespaces"),
            ] {
                let theirs = job.namespace(kind).unwrap();
                let ours = Namespace::of_thread(kind).unwrap().sysctl(name).unwrap();
                theirs.set_sysctl(name, "41").unwrap();
                assert_eq!(theirs.sysctl(name).unwrap(), "41", "{name}");
                assert_eq!(
                    Namespace::of_thread(kind).unwrap().sysctl(name).unwrap(),
                    ours
                );
                let wrong = refused(theirs.set_sysctl(name, "x y"));
                assert!(
                    wrong.message().contains(&format!("sysctl {name}: \"x y\"")),
                    "{wrong}"
                );
            }
            let net = job.namespace(Kind::Net).unwrap();
            for (name, kind, words) in [
                (
                    "kernel.shmmni",
                    ErrorKind::InvalidSpec,
                    "is a ipc namespace's, not a net's",
                ),
                (
                    "vm.swappiness",
                    ErrorKind::InvalidSpec,
                    "the whole machine's",
                ),
                (
                    "net/../vm/swappiness",
                    ErrorKind::InvalidSpec,
                    "is not a parameter",
                ),
                (
                    "net.ipv4.none_such",
                    ErrorKind::NotFound,
                    "has no such parameter",
                ),
            ] {
                let error = refused(net.sysctl(name));
                assert_eq!(error.kind(), kind, "{error}");
                assert!(error.message().contains(words), "{error}");
            }
        });
    });
}

#[test]
fn clocks() {
    alone(name!(), || {
        let mut spec = Spec::new(["sleep", "100"]);
        spec.time_offsets = Some(TimeOffsets {
            monotonic: 86400.0,
            boottime: 1e6,
        });
        let job = spawn(&spec).unwrap();
        let time = job.namespace(Kind::Time).unwrap();
        let offsets = time.time_offsets().unwrap();
        assert_eq!((offsets.monotonic, offsets.boottime), (86400.0, 1e6));
        assert_eq!(time_offsets_of(job.pid()).unwrap(), offsets);
        let error = refused(set_time_offsets(job.pid(), TimeOffsets::default()));
        if is_root() {
            assert_eq!(
                (error.kind(), error.errno()),
                (ErrorKind::Busy, libc::EACCES),
                "{error}"
            );
            assert!(error.message().contains("before the first"), "{error}");
        }
        let error = refused(set_time_offsets(i32::MAX, TimeOffsets::default()));
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert_eq!(
            refused(time_offsets_of(i32::MAX)).kind(),
            ErrorKind::NotFound
        );
        assert_eq!(refused(time.hostname()).kind(), ErrorKind::InvalidSpec);
    });
}

#[test]
fn clocks_of_a_namespace_without_a_process() {
    alone(name!(), || {
        if !is_root() {
            return super::common::skip(name!(), "needs root");
        }
        // A thread that has made one for its children, and no child yet.
        std::thread::spawn(|| {
            let thread = process::gettid();
            libisolate::ns::unshare_thread(&[Kind::Time]).unwrap();
            let offsets = TimeOffsets {
                monotonic: 100.5,
                boottime: 200.0,
            };
            set_time_offsets(thread, offsets).unwrap();
            assert_eq!(time_offsets_of(thread).unwrap(), offsets);
            let below = TimeOffsets {
                monotonic: -1e9,
                boottime: 0.0,
            };
            let error = refused(set_time_offsets(thread, below));
            assert_eq!(
                (error.kind(), error.errno()),
                (ErrorKind::InvalidSpec, libc::ERANGE)
            );
        })
        .join()
        .unwrap();
    });
}

#[test]
fn a_socket_from_inside() {
    alone(name!(), || {
        let user = (!is_root()).then_some(Kind::User);
        let kinds: Vec<Kind> = user.into_iter().chain([Kind::Net]).collect();
        let set = create(&kinds, &Spec::new(Vec::<&str>::new())).unwrap();
        let net = set.get(Kind::Net).unwrap();
        let listener = unmoved(|| net.socket(libc::AF_INET, libc::SOCK_STREAM, 0)).unwrap();
        // The kernel tells a socket's namespace (SIOCGSKNS needs CAP_NET_ADMIN over it).
        const SIOCGSKNS: libc::c_ulong = 0x894C;
        if is_root() {
            // SAFETY: no memory is passed; the descriptor is new.
            let fd = unsafe { libc::ioctl(listener.as_raw_fd(), SIOCGSKNS) };
            assert!(fd >= 0);
            // SAFETY: as above.
            let of_socket = unsafe { std::os::fd::OwnedFd::from_raw_fd(fd) };
            assert_eq!(Namespace::from_fd(of_socket).unwrap(), *net);
        }
        // A server inside, met by a client inside and by nobody outside.
        let listener = std::net::TcpListener::from(bind(listener));
        let port = listener.local_addr().unwrap().port();
        let client = net.socket(libc::AF_INET, libc::SOCK_STREAM, 0).unwrap();
        connect(&client, port).unwrap();
        assert!(listener.accept().is_ok());
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
        let error = refused(net.socket(9999, 1, 0));
        assert!(error.message().contains("socket 9999, 1, 0"), "{error}");
        // SAFETY: asks for the flags.
        let flags = unsafe { libc::fcntl(client.as_raw_fd(), libc::F_GETFD) };
        assert_eq!(flags, libc::FD_CLOEXEC);
    });
}

fn bind(socket: std::os::fd::OwnedFd) -> std::os::fd::OwnedFd {
    use nix::sys::socket::{Backlog, SockaddrIn, bind, listen};
    bind(socket.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    listen(&socket, Backlog::new(1).unwrap()).unwrap();
    socket
}

fn connect(socket: &std::os::fd::OwnedFd, port: u16) -> nix::Result<()> {
    use nix::sys::socket::{SockaddrIn, connect};
    connect(socket.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, port))
}

#[test]
fn cgroups_from_inside_and_outside() {
    alone(name!(), || {
        let job = sleeper();
        let outside = cgroup_paths(job.pid()).unwrap();
        let inside = job
            .namespace(Kind::Cgroup)
            .unwrap()
            .cgroup_paths(job.pid())
            .unwrap();
        assert_eq!(outside.len(), inside.len());
        for (outer, inner) in outside.iter().zip(&inside) {
            assert_eq!(
                (outer.hierarchy, &outer.controllers),
                (inner.hierarchy, &inner.controllers)
            );
            // Where it was at its birth is its root, wherever that is outside.
            assert_eq!(inner.path, "/", "{outer:?}");
        }
        let own = Namespace::of_thread(Kind::Cgroup).unwrap();
        assert_eq!(own.cgroup_paths(job.pid()).unwrap(), outside);
        // The caller's own place, from inside the job, lies above its root.
        let caller = std::process::id() as i32;
        let above = job
            .namespace(Kind::Cgroup)
            .unwrap()
            .cgroup_paths(caller)
            .unwrap();
        if outside.iter().any(|place| place.path.contains("isolate-")) {
            assert!(
                above.iter().any(|place| place.path.starts_with("/..")),
                "{above:?}"
            );
        }
        let error = refused(own.cgroup_paths(i32::MAX));
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    });
}
