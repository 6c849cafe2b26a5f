//! Threads that enter, and all others, which never move.

use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use isolate_sys::calls::process;
use libisolate::ns::{
    Inside, Kind, Namespace, create, enter_thread, enter_thread_pidfd, unshare_thread,
};
use libisolate::{ErrorKind, Spec};

use super::common::{Snapshot, alone, is_root, root_or_skip};
use super::{own_namespaces, refused, sleeper, unmoved};
use crate::name;

fn set(kinds: &[Kind]) -> libisolate::ns::NamespaceSet {
    create(kinds, &Spec::new(Vec::<&str>::new())).unwrap()
}

/// On a thread of the test's own, which ends with it.
fn aside<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> R {
    thread::spawn(body).join().unwrap()
}

const ENTERABLE: [Kind; 5] = [Kind::Cgroup, Kind::Ipc, Kind::Net, Kind::Uts, Kind::Pid];

#[test]
fn a_thread_enters_and_no_other() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let job = sleeper();
        let wanted: Vec<Namespace> = ENTERABLE
            .iter()
            .map(|k| job.namespace(*k).unwrap())
            .collect();
        unmoved(|| {
            aside(move || {
                let all: Vec<&Namespace> = wanted.iter().collect();
                enter_thread(&all).unwrap();
                for namespace in &wanted {
                    let now = if namespace.kind() == Kind::Pid {
                        Namespace::of_children(process::gettid(), Kind::Pid)
                    } else {
                        Namespace::of_thread(namespace.kind())
                    };
                    assert_eq!(now.unwrap(), *namespace);
                }
                assert_ne!(
                    Namespace::of_thread(Kind::Pid).unwrap(),
                    wanted[4],
                    "a process stays in the pid namespace it was born in"
                );
            });
        });
    });
}

#[test]
fn by_pidfd_in_one_step() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let job = sleeper();
        let pidfd = process::pidfd_open(job.pid()).unwrap();
        // SAFETY: the kernel has just made it.
        let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
        let net = job.namespace(Kind::Net).unwrap();
        let uts = job.namespace(Kind::Uts).unwrap();
        unmoved(|| {
            aside(move || {
                enter_thread_pidfd(pidfd.as_fd(), &[Kind::Net, Kind::Uts]).unwrap();
                assert_eq!(Namespace::of_thread(Kind::Net).unwrap(), net);
                assert_eq!(Namespace::of_thread(Kind::Uts).unwrap(), uts);
                let file = std::fs::File::open("/dev/null").unwrap();
                let error = refused(enter_thread_pidfd(file.as_fd(), &[Kind::Net]));
                assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
            });
        });
        let dead = process::pidfd_open(job.pid()).unwrap();
        // SAFETY: as above.
        let dead = unsafe { OwnedFd::from_raw_fd(dead) };
        job.kill().unwrap();
        job.wait().unwrap();
        let error = refused(enter_thread_pidfd(dead.as_fd(), &[Kind::Net]));
        assert_eq!(
            (error.kind(), error.errno()),
            (ErrorKind::NotFound, libc::ESRCH),
            "{error}"
        );
    });
}

#[test]
fn a_thread_gets_new_ones() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        unmoved(|| {
            aside(|| {
                let kinds = [Kind::Net, Kind::Uts, Kind::Ipc, Kind::Mnt, Kind::Cgroup];
                let before = kinds.map(|kind| Namespace::of_thread(kind).unwrap());
                unshare_thread(&kinds).unwrap();
                for (kind, then) in kinds.iter().zip(before) {
                    assert_ne!(Namespace::of_thread(*kind).unwrap(), then);
                }
            });
        });
    });
}

#[test]
fn what_a_thread_may_not() {
    alone(name!(), || {
        let job = sleeper();
        // So that there is another thread, which the kernel's refusals are about.
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let other = thread::spawn(move || stopped.recv().is_ok());
        let handle = |kind| job.namespace(kind).unwrap();
        let (user, time, mnt, net) = (
            handle(Kind::User),
            handle(Kind::Time),
            handle(Kind::Mnt),
            handle(Kind::Net),
        );
        unmoved(|| {
            let own_user = Namespace::of_thread(Kind::User).unwrap();
            let mut cases = vec![
                (
                    enter_thread(&[&user]),
                    ErrorKind::Unsupported,
                    "only a process with one thread",
                ),
                (
                    enter_thread(&[&own_user]),
                    ErrorKind::Unsupported,
                    "only a process with one thread",
                ),
                (
                    enter_thread(&[&net, &time]),
                    ErrorKind::Unsupported,
                    "only a process with one thread",
                ),
                (
                    enter_thread(&[]),
                    ErrorKind::InvalidSpec,
                    "no namespace is named",
                ),
                (
                    enter_thread(&[&net, &net]),
                    ErrorKind::InvalidSpec,
                    "is named twice",
                ),
                (
                    unshare_thread(&[Kind::User]),
                    ErrorKind::Unsupported,
                    "only a process with one thread",
                ),
                (
                    unshare_thread(&[]),
                    ErrorKind::InvalidSpec,
                    "no namespace is named",
                ),
            ];
            if is_root() {
                cases.push((
                    enter_thread(&[&mnt]),
                    ErrorKind::Unsupported,
                    "shares its working directory",
                ));
                cases.push((
                    enter_thread(&[&net, &mnt]),
                    ErrorKind::Unsupported,
                    "shares its working directory",
                ));
            } else {
                cases.push((
                    enter_thread(&[&net]),
                    ErrorKind::Permission,
                    "CAP_SYS_ADMIN",
                ));
                cases.push((
                    unshare_thread(&[Kind::Net]),
                    ErrorKind::Permission,
                    "CAP_SYS_ADMIN",
                ));
            }
            for (result, kind, words) in cases {
                let error = refused(result);
                assert_eq!(error.kind(), kind, "{error}");
                assert!(error.message().contains(words), "{error}");
            }
        });
        drop(stop);
        other.join().unwrap();
    });
}

#[test]
fn inside_on_a_thread_of_its_own() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let made = set(&[Kind::Net, Kind::Uts, Kind::Mnt]);
        let (net, mnt) = (made.get(Kind::Net).unwrap(), made.get(Kind::Mnt).unwrap());
        let before = Snapshot::take();
        let threads = own_namespaces().len();
        unmoved(|| {
            let inside = Inside::enter(&[net, mnt]).unwrap();
            let there = inside
                .call(|| Namespace::of_thread(Kind::Net))
                .unwrap()
                .unwrap();
            assert_eq!(there, *net);
            let there = inside
                .call(|| Namespace::of_thread(Kind::Mnt))
                .unwrap()
                .unwrap();
            assert_eq!(there, *mnt);
            // What it mounts is there and not here.
            inside
                .call(|| {
                    nix::mount::mount(
                        Some("x"),
                        "/mnt",
                        Some("tmpfs"),
                        nix::mount::MsFlags::empty(),
                        None::<&str>,
                    )
                    .unwrap();
                    std::fs::write("/mnt/isolate-inside", "x").unwrap();
                })
                .unwrap();
            assert!(!std::path::Path::new("/mnt/isolate-inside").exists());
            assert!(
                inside
                    .call(|| std::path::Path::new("/mnt/isolate-inside").exists())
                    .unwrap()
            );
            let socket = inside
                .call(|| std::net::UdpSocket::bind("127.0.0.1:0").unwrap())
                .unwrap();
            // lo of a new network has only this socket: the port is free outside too.
            assert!(socket.local_addr().is_ok());
            let error = refused(inside.call(|| panic!("as planned")));
            assert_eq!(error.kind(), ErrorKind::Internal);
            assert!(error.message().contains("as planned"), "{error}");
            assert_eq!(inside.call(|| 7).unwrap(), 7, "the thread went on");
            drop(socket);
            drop(inside);
            // A thread that has been joined may still be listed for a moment.
            let end = Instant::now() + Duration::from_secs(60);
            while own_namespaces().len() > threads {
                assert!(Instant::now() < end, "its thread is still there");
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        before.assert_same();
        for kind in [Kind::User, Kind::Time] {
            let other = set(&[kind]);
            let error = refused(Inside::enter(&[other.get(kind).unwrap()]));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        }
    });
}

#[test]
fn eight_threads_and_nobody_is_moved() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let stop = AtomicBool::new(false);
        let busy = || {
            for round in 0..25 {
                let made = set(&[Kind::Net, Kind::Uts]);
                let (net, uts) = (made.get(Kind::Net).unwrap(), made.get(Kind::Uts).unwrap());
                let inside = Inside::enter(&[net, uts]).unwrap();
                let there = inside
                    .call(|| Namespace::of_thread(Kind::Net))
                    .unwrap()
                    .unwrap();
                assert_eq!(there, *net);
                let name = format!("n{round}");
                uts.set_hostname(&name).unwrap();
                assert_eq!(uts.hostname().unwrap(), name);
                assert_eq!(
                    net.owner().unwrap(),
                    Namespace::of_thread(Kind::User).unwrap()
                );
                // A refusal half way.
                let time = Namespace::of_thread(Kind::Time).unwrap();
                assert!(enter_thread(&[net, &time]).is_err());
            }
        };
        let watch = || {
            let own = Kind::ALL.map(|kind| Namespace::of_thread(kind).unwrap());
            while !stop.load(Ordering::Relaxed) {
                for mine in &own {
                    assert_eq!(Namespace::of_thread(mine.kind()).unwrap(), *mine);
                }
                thread::yield_now();
            }
        };
        thread::scope(|scope| {
            let watchers: Vec<_> = (0..4).map(|_| scope.spawn(watch)).collect();
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(busy)).collect();
            for worker in workers {
                worker.join().unwrap();
            }
            stop.store(true, Ordering::Relaxed);
            for watcher in watchers {
                watcher.join().unwrap();
            }
        });
    });
}
