//! Keeping namespaces at paths and by name, together with `ip netns`, each test in a mount namespace of
//! its own with an empty /run.

use std::ffi::CString;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use isolate_sys::abi::{MS_BIND, MS_SHARED};
use isolate_sys::calls::mount;
use libisolate::ErrorKind;
use libisolate::ns::{
    Kind, Namespace, list, named, persisted, processes_in, translate_pid, unpersist, unpersist_name,
};

use crate::common::{Alone, TempDir, is_root, root_or_skip, skip};
use crate::keeping::{Copy, c, fresh, ip, kept_now, private, propagation, shape, tmpfs, unmount};
use crate::name;

#[test]
fn ip_netns_uses_what_is_kept_here() {
    private(name!(), || {
        let net = fresh(Kind::Net);
        let path = net.persist_name("kept-a").unwrap();
        assert_eq!(path, Path::new("/run/netns/kept-a"));
        let id = net.to_string();
        drop(net);
        assert!(ip(&["list"]).starts_with("kept-a"), "{}", ip(&["list"]));
        let inside = ip(&["exec", "kept-a", "readlink", "/proc/self/ns/net"]);
        assert_eq!(inside, id);
        assert_ne!(id, Namespace::of_thread(Kind::Net).unwrap().to_string());
        ip(&["exec", "kept-a", "ip", "link", "set", "lo", "up"]);
        assert_eq!(named("kept-a").unwrap().to_string(), id);
        ip(&["del", "kept-a"]);
        assert!(!path.exists());
        let gone = named("kept-a").unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound, "{gone}");
        let none = kept_now();
        assert!(none.is_empty(), "{none:?}");
    });
}

#[test]
fn what_ip_netns_keeps_is_used_here() {
    private(name!(), || {
        ip(&["add", "kept-b"]);
        let inside = ip(&["exec", "kept-b", "readlink", "/proc/self/ns/net"]);
        let net = named("kept-b").unwrap();
        assert_eq!(net.to_string(), inside);
        let kept = kept_now();
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(kept[0].path.as_path(), Path::new("/run/netns/kept-b"));
        assert_eq!((kept[0].kind, kept[0].id), (Kind::Net, net.id()));
        let error = net.persist_name("kept-b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(error.message().contains(&inside), "{error}");
        unpersist_name("kept-b").unwrap();
        assert!(!Path::new("/run/netns/kept-b").exists());
        assert_eq!(ip(&["list"]), "");
        // And its name is free again for it.
        ip(&["add", "kept-b"]);
        ip(&["del", "kept-b"]);
    });
}

/// Where /run is shared, as systemd has it, an older `ip` mounts all twice.
#[test]
fn what_is_mounted_twice_goes_at_once() {
    private(name!(), || {
        propagation(Path::new("/run"), MS_SHARED);
        ip(&["add", "kept-a"]);
        fresh(Kind::Net).persist_name("kept-b").unwrap();
        unpersist_name("kept-a").unwrap();
        unpersist_name("kept-b").unwrap();
        assert_eq!(kept_now(), []);
        // Kept here first, all is there once.
        unmount(Path::new("/run"));
        tmpfs(Path::new("/run"), "");
        propagation(Path::new("/run"), MS_SHARED);
        fresh(Kind::Net).persist_name("kept-c").unwrap();
        assert_eq!(kept_now().len(), 1);
        ip(&["del", "kept-c"]);
        assert_eq!(kept_now(), []);
    });
}

/// The directory is what `ip` makes it: kept by either first, the mounts look the same.
#[test]
fn the_directory_is_as_ip_makes_it() {
    private(name!(), || {
        let look = || {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &std::fs::metadata("/run/netns").unwrap().permissions(),
            );
            (shape(), mode)
        };
        ip(&["add", "kept-c"]);
        let theirs = look();
        unmount(Path::new("/run"));
        tmpfs(Path::new("/run"), "");
        fresh(Kind::Net).persist_name("kept-c").unwrap();
        assert_eq!(look(), theirs);
        assert!(
            theirs.0[0].starts_with("/run/netns shared true"),
            "{theirs:?}"
        );
        // Once more leaves the directory as it is.
        fresh(Kind::Net).persist_name("kept-d").unwrap();
        assert_eq!(shape().len(), 3);
        // What is copied from here later sees it come and go.
        let copy = Copy::new();
        let count = || {
            copy.mounts()
                .iter()
                .filter(|m| m.contains(" nsfs "))
                .count()
        };
        assert_eq!(count(), 2);
        unpersist_name("kept-c").unwrap();
        assert_eq!(count(), 1);
        fresh(Kind::Net).persist_name("kept-e").unwrap();
        assert_eq!(count(), 2);
    });
}

#[test]
fn every_kind_is_kept_without_a_process() {
    private(name!(), || {
        let dir = TempDir::new("kept");
        for kind in Kind::ALL {
            let namespace = match kind {
                // In an older one only, and only where nothing is shared.
                Kind::Mnt => continue,
                kind => fresh(kind),
            };
            // Blanks and more: what the kernel escapes.
            let path = dir.join(&format!("a {kind}\\\n\t#"));
            namespace.persist(&path).unwrap();
            let told = namespace.to_string();
            let kernel_id = namespace.kernel_id().ok();
            drop(namespace);
            let again = Namespace::open(&path).unwrap();
            assert_eq!(again.to_string(), told);
            assert_eq!(again.kernel_id().ok(), kernel_id, "another one");
            let kept = kept_now();
            assert_eq!(kept.len(), 1, "{kept:?}");
            assert_eq!(kept[0].path.as_path(), path);
            assert_eq!((kept[0].kind, kept[0].id), (kind, again.id()));
            // An open handle is in nobody's way, and goes on.
            unpersist(&path).unwrap();
            assert!(!path.exists());
            assert_eq!(again.kind(), kind);
            assert!(again.owner().is_ok());
            assert!(kept_now().is_empty());
        }
    });
}

#[test]
fn a_mount_namespace_is_kept_in_an_older_one() {
    private(name!(), || {
        let dir = TempDir::new("kept");
        let place = dir.join("private");
        std::fs::create_dir(&place).unwrap();
        tmpfs(&place, "");
        let (young, younger) = Copy::younger();
        let path = place.join("mnt");
        younger.persist(&path).unwrap();
        drop(young);
        assert_eq!(Namespace::open(&path).unwrap(), younger);
        unpersist(&path).unwrap();

        let own = Namespace::of_thread(Kind::Mnt).unwrap();
        let error = own.persist(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        assert!(error.message().contains("older than itself"), "{error}");
        assert!(!path.exists());

        unmount(&place);

        // A mount that another mount namespace has too.
        let shared = dir.join("shared");
        std::fs::create_dir(&shared).unwrap();
        tmpfs(&shared, "");
        propagation(&shared, MS_SHARED);
        let peer = Copy::new();
        let (young, younger) = Copy::younger();
        let path = shared.join("mnt");
        let error = younger.persist(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        assert!(error.message().contains("--make-private"), "{error}");
        assert!(!path.exists());
        // One of another kind may.
        fresh(Kind::Uts).persist(&path).unwrap();
        assert!(peer.mounts().iter().any(|m| m.contains(" uts:[")));
        unpersist(&path).unwrap();
        drop((peer, young));
        unmount(&shared);
    });
}

#[test]
fn what_is_there_already_stays() {
    private(name!(), || {
        let dir = TempDir::new("kept");
        let uts = fresh(Kind::Uts);
        let content = dir.join("content");
        std::fs::write(&content, "precious").unwrap();
        std::fs::write(dir.join("empty"), "").unwrap();
        std::fs::create_dir(dir.join("dir")).unwrap();
        std::os::unix::fs::symlink("content", dir.join("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", dir.join("dangling")).unwrap();
        for (name, word) in [
            ("content", "a file with content"),
            ("empty", "an empty file"),
            ("dir", "a directory"),
            ("link", "a symbolic link"),
            ("dangling", "a symbolic link"),
        ] {
            let path = dir.join(name);
            let error = uts.persist(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
            assert!(error.message().contains(word), "{error}");
            let error = unpersist(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
            assert!(error.message().contains(word), "{error}");
            assert!(path.symlink_metadata().is_ok(), "{name}");
        }
        assert_eq!(std::fs::read(&content).unwrap(), b"precious");
        assert!(!dir.join("nowhere").exists());
        // A namespace that someone mounted on a file with content.
        let source = format!(
            "/proc/self/fd/{}",
            std::os::fd::AsFd::as_fd(&uts).as_raw_fd()
        );
        let bind = |to: &Path| {
            let source = CString::new(source.as_str()).unwrap();
            mount::mount(Some(&source), &c(to), None, MS_BIND, None).unwrap();
        };
        bind(&content);
        unpersist(&content).unwrap();
        assert_eq!(std::fs::read(&content).unwrap(), b"precious");
        // A link to a namespace is none.
        let path = dir.join("uts");
        uts.persist(&path).unwrap();
        std::os::unix::fs::symlink("uts", dir.join("to")).unwrap();
        let error = unpersist(dir.join("to")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        let error = unpersist("/proc/self/ns/uts").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        // Two, one on the other.
        bind(&path);
        let error = unpersist(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(error.message().contains(&uts.to_string()), "{error}");
        assert_eq!(kept_now().len(), 2);
        unmount(&path);
        unpersist(&path).unwrap();
        assert!(!path.exists());
    });
}

#[test]
fn paths_that_lead_nowhere() {
    private(name!(), || {
        let dir = TempDir::new("kept");
        let uts = fresh(Kind::Uts);
        std::os::unix::fs::symlink("ring", dir.join("ring")).unwrap();
        std::fs::write(dir.join("file"), "x").unwrap();
        let long = "x".repeat(300);
        for (path, kind) in [
            ("ring/a", ErrorKind::InvalidSpec),
            ("none/a", ErrorKind::NotFound),
            ("file/a", ErrorKind::NotFound),
            (long.as_str(), ErrorKind::InvalidSpec),
            ("a\0b", ErrorKind::InvalidSpec),
        ] {
            let path = dir.join(path);
            for error in [
                uts.persist(&path).unwrap_err(),
                unpersist(&path).unwrap_err(),
            ] {
                assert_eq!(error.kind(), kind, "{error}");
                assert_eq!(error.stage().name(), "namespace");
            }
        }
        let error = unpersist(dir.join("none")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let error = uts.persist("").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let net = Namespace::of_thread(Kind::Net).unwrap();
        for name in ["", ".", "..", "a/b", "../../tmp/a", "a\0", long.as_str()] {
            for error in [
                net.persist_name(name).unwrap_err(),
                unpersist_name(name).unwrap_err(),
                named(name).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
            }
        }
        let error = uts.persist_name("a").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        assert!(!Path::new("/run/netns").exists());
        let error = unpersist_name("a").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    });
}

/// A directory that could be made, but not the file in it.
#[test]
fn a_failure_leaves_no_directory() {
    private(name!(), || {
        unmount(Path::new("/run"));
        tmpfs(Path::new("/run"), "nr_inodes=2");
        let net = Namespace::of_thread(Kind::Net).unwrap();
        let error = net.persist_name("kept").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        assert!(!Path::new("/run/netns").exists());
        assert_eq!(shape(), Vec::<String>::new());
        // What was there before stays.
        std::fs::create_dir("/run/netns").unwrap();
        net.persist_name("kept").unwrap_err();
        assert!(Path::new("/run/netns").exists());
        assert_eq!(shape(), Vec::<String>::new());
    });
}

/// Whoever changes the directory waits for whoever is at it.
#[test]
fn the_directorys_lock_is_waited_for() {
    private(name!(), || {
        std::fs::create_dir("/run/netns").unwrap();
        let dir = std::fs::File::open("/run/netns").unwrap();
        let lock = nix::fcntl::Flock::lock(dir, nix::fcntl::FlockArg::LockExclusive).unwrap();
        let net = fresh(Kind::Net);
        let kept = std::thread::spawn(move || net.persist_name("kept").map(|_| net));
        while !waits_for_lock() {
            std::thread::yield_now();
        }
        assert!(!Path::new("/run/netns/kept").exists());
        drop(lock);
        let net = kept.join().unwrap().unwrap();
        assert_eq!(named("kept").unwrap(), net);
        // Many at once: one directory, one mount of it.
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let net = net.try_clone().unwrap();
                std::thread::spawn(move || net.persist_name(&format!("kept-{n}")).unwrap())
            })
            .collect();
        let paths: Vec<PathBuf> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert_eq!(shape().len(), 10, "{:?}", shape());
        for path in paths {
            unpersist(path).unwrap();
        }
    });
}

/// Whether a second descriptor of the directory is open: someone else has come to the lock.
fn waits_for_lock() -> bool {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let links = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    links.filter(|link| link == Path::new("/run/netns")).count() > 1
}

#[test]
fn without_the_right_to_mount() {
    // An ordinary user as he is; root becomes nobody.
    let mut test = Alone::new(name!());
    if is_root() {
        let program = std::env::current_exe().unwrap();
        let nobody = [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ];
        let reachable = Command::new(nobody[0])
            .args(&nobody[1..])
            .arg("test")
            .arg("-x")
            .arg(&program)
            .status();
        if !reachable.is_ok_and(|status| status.success()) {
            return skip(name!(), "nobody may not run the test program");
        }
        test = test.under(&nobody);
    }
    test.run(|| {
        let dir = TempDir::new("kept");
        let net = Namespace::of_thread(Kind::Net).unwrap();
        let path = dir.join("net");
        let error = net.persist(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        assert!(error.message().contains("CAP_SYS_ADMIN"), "{error}");
        assert!(!path.exists());
        let error = net.persist(Path::new("/kept-net")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        let before = Path::new("/run/netns").exists();
        let error = net.persist_name("kept-x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        assert_eq!(Path::new("/run/netns").exists(), before);
        assert!(persisted().is_ok());
    });
}

/// Who may make the directory, but no mount.
#[test]
fn without_the_right_to_share() {
    if !root_or_skip(name!()) {
        return;
    }
    let script = "mount -t tmpfs test /run && \
                  exec setpriv --bounding-set=-sys_admin --inh-caps=-all \"$@\"";
    Alone::new(name!())
        .under(&["sh", "-c", script, "sh"])
        .run(|| {
            let net = Namespace::of_thread(Kind::Net).unwrap();
            let error = net.persist_name("kept").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
            assert!(error.message().contains("CAP_SYS_ADMIN"), "{error}");
            assert!(!Path::new("/run/netns").exists());
        });
}

/// What needs /proc says so, and leaves nothing either; the numbers of processes do not need it.
#[test]
fn without_proc() {
    private(name!(), || {
        let dir = TempDir::new("kept");
        let path = dir.join("uts");
        let uts = fresh(Kind::Uts);
        let pid = Namespace::of_thread(Kind::Pid).unwrap();
        tmpfs(Path::new("/proc"), "");
        let kept = uts.persist(&path).unwrap_err();
        let (all, kept_here) = (list().unwrap_err(), persisted().unwrap_err());
        let members = processes_in(&pid).unwrap_err();
        let own = translate_pid(std::process::id() as i32, &pid, &pid);
        unmount(Path::new("/proc"));
        for error in [&kept, &all, &members, &kept_here] {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            assert!(error.message().contains("/proc"), "{error}");
        }
        for error in [kept, all, members] {
            assert!(error.message().ends_with("mount /proc"), "{error}");
        }
        assert!(!path.exists());
        // Linux 6.11.
        if uts.kernel_id().is_ok() {
            assert_eq!(own.unwrap(), std::process::id() as i32);
        }
    });
}

/// Paths are bytes.
#[test]
fn a_path_that_is_not_utf_8() {
    private(name!(), || {
        let dir = TempDir::new("kept");
        let path = dir.path().join(std::ffi::OsStr::from_bytes(b"a\xff"));
        fresh(Kind::Ipc).persist(&path).unwrap();
        let kept = kept_now();
        assert_eq!(kept[0].path.as_path(), path);
        unpersist(&path).unwrap();
    });
}
