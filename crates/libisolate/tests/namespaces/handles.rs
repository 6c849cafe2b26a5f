//! Opening handles in every way there is, and what they tell.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, symlink};

use isolate_sys::calls::process;
use libisolate::ErrorKind;
use libisolate::ns::{Kind, Namespace};

use super::common::{Snapshot, TempDir, alone, is_root, root_or_skip, skip};
use super::{refused, sleeper, unmoved};
use crate::name;

fn pidfd(pid: i32) -> OwnedFd {
    let fd = process::pidfd_open(pid).unwrap();
    // SAFETY: the kernel has just made it.
    unsafe { std::os::fd::FromRawFd::from_raw_fd(fd) }
}

/// Whether the kernel knows 64-bit ids; where not, says that a part is skipped.
/// Whether this is the machine's own pid namespace: newer kernels tell nobody else of all there is.
fn initial_pid_namespace() -> bool {
    let own = std::fs::read_link("/proc/self/ns/pid").unwrap();
    own.to_str() == Some("pid:[4026531836]")
}

fn ids_or_skip(test: &str, namespace: &Namespace) -> bool {
    match namespace.kernel_id() {
        Ok(id) => {
            assert_ne!(id, 0);
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            skip(
                test,
                "the kernel has no 64-bit ids of namespaces (Linux 6.18)",
            );
            false
        }
    }
}

#[test]
fn every_way_leads_to_the_same_namespace() {
    alone(name!(), || {
        let test = name!();
        let job = sleeper();
        let pidfd = pidfd(job.pid());
        let ids = ids_or_skip(test, &Namespace::of_thread(Kind::Net).unwrap());
        for kind in Kind::ALL {
            let by_pid = Namespace::of_process(job.pid(), kind).unwrap();
            assert_eq!(by_pid.kind(), kind);
            let path = format!("/proc/{}/ns/{kind}", job.pid());
            let stat = std::fs::metadata(&path).unwrap();
            assert_eq!(
                (by_pid.id().device, by_pid.id().inode),
                (stat.dev(), stat.ino())
            );
            assert_eq!(
                by_pid.to_string(),
                std::fs::read_link(&path).unwrap().to_str().unwrap()
            );
            let number = by_pid.as_fd().as_raw_fd();
            let mut others = vec![
                job.namespace(kind).unwrap(),
                Namespace::of_pidfd(pidfd.as_fd(), kind).unwrap(),
                Namespace::open(&path).unwrap(),
                Namespace::open(format!("/proc/self/fd/{number}")).unwrap(),
                Namespace::of_fd(number).unwrap(),
                Namespace::from_fd(File::open(&path).unwrap().into()).unwrap(),
                by_pid.try_clone().unwrap(),
            ];
            if let Ok(handle) = by_pid.file_handle() {
                assert_eq!(handle.len(), 24);
                if is_root() && ids {
                    others.push(Namespace::of_file_handle(&handle).unwrap());
                    others.push(Namespace::of_kernel_id(by_pid.kernel_id().unwrap()).unwrap());
                }
            }
            for other in others {
                assert_eq!(other, by_pid);
                assert_eq!(other.kind(), kind);
                assert_eq!(other.kernel_id().ok(), by_pid.kernel_id().ok());
            }
            let own = Namespace::of_thread(kind).unwrap();
            assert_ne!(own, by_pid, "{kind} is not isolated");
            assert_eq!(
                own,
                Namespace::of_process(std::process::id() as i32, kind).unwrap()
            );
            if kind.is_for_children() {
                assert_eq!(Namespace::of_children(job.pid(), kind).unwrap(), by_pid);
            }
        }
    });
}

#[test]
fn family() {
    alone(name!(), || {
        let job = sleeper();
        let user = job.namespace(Kind::User).unwrap();
        let own = Namespace::of_thread(Kind::User).unwrap();
        assert_eq!(user.parent().unwrap(), own);
        assert_eq!(user.owner().unwrap(), own);
        assert_eq!(user.owner_uid().unwrap(), nix::unistd::geteuid().as_raw());
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::User) {
            let namespace = job.namespace(kind).unwrap();
            assert_eq!(namespace.owner().unwrap(), user, "{kind}");
            assert_eq!(
                namespace.owner_uid().unwrap(),
                nix::unistd::geteuid().as_raw()
            );
            if kind == Kind::Pid {
                assert_eq!(
                    namespace.parent().unwrap(),
                    Namespace::of_thread(kind).unwrap()
                );
            } else {
                let error = refused(namespace.parent());
                assert_eq!(
                    (error.kind(), error.errno()),
                    (ErrorKind::InvalidSpec, libc::EINVAL)
                );
            }
        }
        // The end of what can be seen, wherever the tests themselves run.
        let mut top = own;
        let error = loop {
            match top.parent() {
                Ok(parent) => top = parent,
                Err(error) => break error,
            }
        };
        assert_eq!(
            (error.kind(), error.errno()),
            (ErrorKind::NotFound, libc::EPERM),
            "{error}"
        );
        if top.is_initial() {
            assert!(
                error.message().contains("is the initial user namespace"),
                "{error}"
            );
        }
        let error = refused(Namespace::of_thread(Kind::Pid).unwrap().parent());
        assert_eq!(
            (error.kind(), error.errno()),
            (ErrorKind::NotFound, libc::EPERM),
            "{error}"
        );
    });
}

#[test]
fn the_mount_namespaces_in_a_row() {
    alone(name!(), || {
        let test = name!();
        let job = sleeper();
        let mounts = job.namespace(Kind::Mnt).unwrap();
        let info = match mounts.mount_info() {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                return skip(
                    test,
                    "the kernel does not tell of mount namespaces (Linux 6.12)",
                );
            }
            info => info.unwrap(),
        };
        assert_eq!(info.id, mounts.mount_namespace_id().unwrap());
        let table = std::fs::read_to_string(format!("/proc/{}/mountinfo", job.pid())).unwrap();
        // The kernel counts the root of all as well, which no process sees.
        let seen = table.lines().count() as u32;
        assert!(
            (seen..=seen + 1).contains(&info.mounts),
            "{} of {seen}",
            info.mounts
        );
        if is_root() && initial_pid_namespace() {
            // Back to the first, and from there to the last.
            let end = |error: libisolate::Error| {
                let facts = (error.kind(), error.errno());
                assert_eq!(facts, (ErrorKind::NotFound, libc::ENOENT), "{error}");
            };
            let mut here = Namespace::of_thread(Kind::Mnt).unwrap();
            loop {
                match here.previous_mount_namespace() {
                    Ok(before) => here = before,
                    Err(error) => break end(error),
                }
            }
            let mut met = vec![here];
            loop {
                match met[met.len() - 1].next_mount_namespace() {
                    Ok(next) => met.push(next),
                    Err(error) => break end(error),
                }
            }
            assert!(met.contains(&mounts), "the job's was passed over");
            assert!(met.contains(&Namespace::of_thread(Kind::Mnt).unwrap()));
        }
        let net = job.namespace(Kind::Net).unwrap();
        for error in [
            refused(net.mount_info().map(drop)),
            refused(net.mount_namespace_id().map(drop)),
            refused(net.next_mount_namespace().map(drop)),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        }
    });
}

#[test]
fn what_is_no_namespace() {
    alone(name!(), || {
        let dir = TempDir::new("ns");
        let file = dir.join("file");
        std::fs::write(&file, "x").unwrap();
        symlink(dir.join("b"), dir.join("a")).unwrap();
        symlink(dir.join("a"), dir.join("b")).unwrap();
        let fifo = dir.join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let open = File::open(&file).unwrap();
        let own = Namespace::of_thread(Kind::Uts).unwrap();
        unmoved(|| {
            let cases = [
                (
                    Namespace::open(dir.join("none")),
                    ErrorKind::NotFound,
                    "No such file",
                ),
                (
                    Namespace::open(&file),
                    ErrorKind::InvalidSpec,
                    "is not a namespace",
                ),
                // Would hang if it were opened.
                (
                    Namespace::open(&fifo),
                    ErrorKind::InvalidSpec,
                    "is not a namespace",
                ),
                (
                    Namespace::open("/dev/null"),
                    ErrorKind::InvalidSpec,
                    "is not a namespace",
                ),
                (
                    Namespace::open(dir.join("a")),
                    ErrorKind::InvalidSpec,
                    "Too many levels",
                ),
                (Namespace::open("a\0b"), ErrorKind::InvalidSpec, "NUL"),
                (
                    Namespace::of_fd(open.as_raw_fd()),
                    ErrorKind::InvalidSpec,
                    "is not a namespace",
                ),
                (
                    Namespace::of_fd(-1),
                    ErrorKind::InvalidSpec,
                    "Bad file descriptor",
                ),
                (
                    Namespace::of_fd(9999),
                    ErrorKind::InvalidSpec,
                    "Bad file descriptor",
                ),
                (
                    Namespace::of_process(0, Kind::Net),
                    ErrorKind::InvalidSpec,
                    "begin at 1",
                ),
                (
                    Namespace::of_process(-5, Kind::Net),
                    ErrorKind::InvalidSpec,
                    "begin at 1",
                ),
                (
                    Namespace::of_process(i32::MAX, Kind::Net),
                    ErrorKind::NotFound,
                    "No such process",
                ),
                (
                    Namespace::of_children(1, Kind::Net),
                    ErrorKind::InvalidSpec,
                    "only pid and time",
                ),
                (
                    Namespace::of_pidfd(open.as_fd(), Kind::Net),
                    ErrorKind::InvalidSpec,
                    "is not a pidfd",
                ),
                (
                    own.expect(Kind::Net),
                    ErrorKind::InvalidSpec,
                    "a net namespace is asked for",
                ),
                (
                    Namespace::of_file_handle(b"short"),
                    ErrorKind::InvalidSpec,
                    "24 bytes",
                ),
                (
                    Namespace::of_file_handle(&[0; 24]),
                    ErrorKind::InvalidSpec,
                    "24 bytes",
                ),
            ];
            for (result, kind, words) in cases {
                let error = refused(result);
                assert_eq!(error.kind(), kind, "{error}");
                assert!(error.message().contains(words), "{error}");
                assert_eq!(error.stage().name(), "namespace");
            }
        });
    });
}

#[test]
fn a_process_that_is_gone() {
    alone(name!(), || {
        let job = sleeper();
        let pid = job.pid();
        let pidfd = pidfd(pid);
        let net = job.namespace(Kind::Net).unwrap();
        job.kill().unwrap();
        job.wait().unwrap();
        let error = refused(Namespace::of_process(pid, Kind::Net));
        assert_eq!(
            (error.kind(), error.errno()),
            (ErrorKind::NotFound, libc::ESRCH),
            "{error}"
        );
        let error = refused(Namespace::of_pidfd(pidfd.as_fd(), Kind::Net));
        assert_eq!(
            (error.kind(), error.errno()),
            (ErrorKind::NotFound, libc::ESRCH),
            "{error}"
        );
        assert_eq!(
            refused(job.namespace(Kind::Net)).kind(),
            ErrorKind::NotFound
        );
        // The handle keeps the namespace, and it alone.
        assert_eq!(net.kind(), Kind::Net);
        assert!(net.owner().is_ok());
        let (handle, id) = match (net.file_handle(), net.kernel_id()) {
            (Ok(handle), Ok(id)) if is_root() => (handle, id),
            _ => return,
        };
        assert_eq!(Namespace::of_file_handle(&handle).unwrap(), net);
        drop(net);
        // The kernel takes a network apart in its own time.
        let gone = |open: &dyn Fn() -> libisolate::Result<Namespace>| {
            for _ in 0..1000 {
                match open() {
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                        return;
                    }
                    Ok(_) => std::thread::sleep(std::time::Duration::from_millis(5)),
                }
            }
            panic!("it is still there");
        };
        gone(&|| Namespace::of_file_handle(&handle));
        gone(&|| Namespace::of_kernel_id(id));
    });
}

#[test]
fn another_users_process() {
    if is_root() {
        return skip(name!(), "root may look into every process");
    }
    let error = refused(Namespace::of_process(1, Kind::Net));
    assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
    assert!(error.message().contains("CAP_SYS_PTRACE"), "{error}");
}

#[test]
fn ten_thousand_handles_leave_nothing() {
    alone(name!(), || {
        let before = Snapshot::take();
        for _ in 0..1250 {
            for kind in Kind::ALL {
                let handle = Namespace::of_thread(kind).unwrap();
                if kind != Kind::User {
                    drop(handle.owner());
                }
                drop(handle.parent());
                drop(handle.try_clone().unwrap());
            }
        }
        before.assert_same();
    });
}

#[test]
fn the_root_of_the_machine() {
    if !root_or_skip(name!()) {
        return;
    }
    for kind in Kind::ALL {
        let first = match Namespace::of_process(1, kind) {
            Err(error) if error.kind() == ErrorKind::Permission => {
                return skip(name!(), "process 1 lets nobody look into it");
            }
            first => first.unwrap(),
        };
        // In a container pid 1 is not in the machine's own.
        if first.is_initial() {
            assert_eq!(first.owner_uid().unwrap(), 0, "{kind}");
        }
    }
}
