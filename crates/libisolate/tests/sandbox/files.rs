//! The root that the job sees, and what it may write.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use libisolate::spec::{Bind, NamespaceMode, Profile, Root, RootDir, Size, Stdio, Tmpfs};
use libisolate::{ErrorKind, Stage};

use crate::common::{Report, TempDir, alone, is_root, ok, probe, sh};
use crate::name;

#[test]
fn the_root_has_the_system_directories_only() {
    alone(name!(), || {
        let listed = ok(&sh("ls -A /"));
        let found: Vec<&str> = listed.lines().collect();
        let mut expected: Vec<&str> = [
            "bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "tmp",
            "usr", "var",
        ]
        .into_iter()
        .filter(|name| {
            ["dev", "proc", "run", "tmp", "var"].contains(name)
                || Path::new("/").join(name).exists()
        })
        .collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
        for path in ["/run", "/tmp", "/dev/shm"] {
            assert_eq!(ok(&sh(&format!("ls -A {path}"))), "", "{path}");
        }
        assert_eq!(ok(&sh("ls -A /var")), "tmp\n");
        let dev = ok(&sh("ls -A /dev | tr '\\n' ' '"));
        assert_eq!(
            dev.trim(),
            "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"
        );
    });
}

#[test]
fn nothing_but_private_memory_can_be_written() {
    alone(name!(), || {
        let report = Report::of(&probe(&[
            "writable",
            "/",
            "/usr",
            "/usr/bin",
            "/etc",
            "/bin",
            "/lib",
            "/dev",
            "/run",
            "/var",
            "/proc",
            "/proc/sys/kernel",
            "/tmp",
            "/dev/shm",
            "/var/tmp",
        ]));
        for path in [
            "/", "/usr", "/usr/bin", "/etc", "/bin", "/lib", "/dev", "/run", "/var",
        ] {
            assert_eq!(report.get(path), "EROFS", "{path}");
        }
        for path in ["/tmp", "/dev/shm", "/var/tmp"] {
            assert_eq!(report.get(path), "ok", "{path}");
        }
        assert_ne!(report.get("/proc/sys/kernel"), "ok");
        // Every mount says so, those of the host below /usr and /etc too.
        let mounts = ok(&sh("cat /proc/self/mountinfo"));
        for line in mounts.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            let (point, options) = (fields[4], fields[5]);
            let writable = options.split(',').any(|word| word == "rw");
            let may = ["/tmp", "/dev/shm", "/proc", "/dev/pts"].contains(&point)
                || ["null", "zero", "full", "random", "urandom", "tty"]
                    .iter()
                    .any(|name| point == format!("/dev/{name}"))
                || point.starts_with("/proc/");
            assert!(!writable || may, "{line}");
            assert!(options.contains("nosuid"), "{line}");
        }
    });
}

#[test]
fn mounts_below_a_system_directory_are_read_only_too() {
    alone(name!(), || {
        if !crate::common::root_or_skip(name!()) {
            return;
        }
        // In this process's own mount namespace (it was started in one).
        let dir = "/usr/local/share";
        if !Path::new(dir).is_dir() {
            return crate::common::skip(name!(), "no /usr/local/share");
        }
        let mount = nix_mount(dir);
        let report = Report::of(&probe(&["writable", dir]));
        let listed = ok(&sh(&format!("ls -A {dir}")));
        mount.undo();
        assert_eq!(report.get(dir), "EROFS");
        assert_eq!(listed, "mark\n");
    });
}

struct Mounted(std::ffi::CString);

fn nix_mount(dir: &str) -> Mounted {
    let path = std::ffi::CString::new(dir).unwrap();
    // SAFETY: strings with NUL.
    let done = unsafe {
        libc::mount(
            c"tmpfs".as_ptr(),
            path.as_ptr(),
            c"tmpfs".as_ptr(),
            0,
            std::ptr::null(),
        )
    };
    assert_eq!(done, 0, "mount {dir}");
    std::fs::write(Path::new(dir).join("mark"), "").unwrap();
    Mounted(path)
}

impl Mounted {
    fn undo(self) {
        // SAFETY: a string with NUL.
        assert_eq!(unsafe { libc::umount2(self.0.as_ptr(), 0) }, 0);
    }
}

#[test]
fn private_memory_is_bounded() {
    alone(name!(), || {
        for (path, most) in [("/dev/shm/x", 64i64 << 20), ("/tmp/x", 256 << 20)] {
            let report = Report::of(&probe(&["fill", path]));
            assert_eq!(report.get("last"), "ENOSPC", "{path}");
            let size: i64 = report.get("size").parse().unwrap();
            assert!(size <= most && size > most / 2, "{path}: {size}");
        }
    });
}

#[test]
fn a_tmpfs_has_the_size_and_the_inodes_asked_for() {
    alone(name!(), || {
        let mut spec = probe(&["fill", "/scratch/x"]);
        let mut tmpfs = Tmpfs::new("/scratch");
        tmpfs.size = Some(Size(1 << 20));
        tmpfs.mode = Some(0o1777);
        spec.tmpfs.push(tmpfs.clone());
        let report = Report::of(&spec);
        assert_eq!(report.get("last"), "ENOSPC");
        assert_eq!(report.get("size"), (1 << 20).to_string());
        tmpfs.inodes = Some(20);
        let mut spec = probe(&["files", "/scratch"]);
        spec.tmpfs.push(tmpfs);
        let report = Report::of(&spec);
        assert_eq!(report.get("last"), "ENOSPC");
        // The root directory is one of them.
        assert_eq!(report.get("count"), "19");
    });
}

#[test]
fn a_read_only_bind_cannot_be_written() {
    alone(name!(), || {
        let dir = TempDir::new("ro");
        std::fs::write(dir.join("data"), "from outside").unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let mut spec = sh("cat /data/data; touch /data/new 2>&1; echo x >/data/data");
        spec.binds.push(Bind::ro(dir.path()).at("/data"));
        let outcome = libisolate::run(&spec).unwrap();
        let out = crate::common::text(&outcome);
        assert!(out.starts_with("from outside"), "{out}");
        assert!(out.contains("Read-only file system"), "{out}");
        assert!(!outcome.success());
        assert_eq!(
            std::fs::read_to_string(dir.join("data")).unwrap(),
            "from outside"
        );
    });
}

#[test]
fn files_made_in_a_writable_bind_are_the_callers() {
    alone(name!(), || {
        let own = (
            nix::unistd::geteuid().as_raw(),
            nix::unistd::getegid().as_raw(),
        );
        for id in [None, Some(1000)] {
            let dir = TempDir::new("rw");
            let mut spec = sh(
                "id -u; stat -c %u /work; echo made >/work/file && mkdir /work/sub && stat -c %u /work/file",
            );
            spec.binds.push(Bind::rw(dir.path()).at("/work"));
            (spec.uid, spec.gid) = (id, id);
            let out = ok(&spec);
            // Inside, what is there and what is made is the job's own.
            let ids: Vec<&str> = out.lines().collect();
            assert!(ids.iter().all(|line| *line == ids[0]), "uid {id:?}: {out}");
            for file in ["file", "sub"] {
                let meta = std::fs::metadata(dir.join(file)).unwrap();
                assert_eq!((meta.uid(), meta.gid()), own, "{file} with uid {id:?}");
            }
        }
    });
}

#[test]
fn a_bind_of_one_file() {
    alone(name!(), || {
        let dir = TempDir::new("file");
        std::fs::write(dir.join("one"), "1\n").unwrap();
        let mut spec =
            sh("cat /etc/hostname-for-the-test 2>/dev/null; cat /new/place; echo 2 >>/new/place");
        spec.binds.push(Bind::rw(dir.join("one")).at("/new/place"));
        assert_eq!(ok(&spec), "1\n");
        assert_eq!(std::fs::read_to_string(dir.join("one")).unwrap(), "1\n2\n");
    });
}

#[test]
fn a_missing_source_is_an_error_or_skipped() {
    alone(name!(), || {
        let mut spec = sh("ls -d /gone");
        spec.binds.push(Bind::ro("/no/such/thing").at("/gone"));
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::NotFound, Stage::Mount)
        );
        spec.binds[0].best_effort = true;
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(outcome.exit_code, Some(2));
        let entry = outcome
            .enforcement
            .iter()
            .find(|e| e.name == "binds[0]")
            .unwrap();
        assert_eq!(entry.status, libisolate::job::EnforcementStatus::Skipped);
    });
}

#[test]
fn the_hosts_root_is_read_only() {
    alone(name!(), || {
        let dir = TempDir::new("host");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let mut spec = probe(&[
            "writable", "/", "/usr", "/etc", "/var", "/tmp", "/dev", "/dev/shm",
        ]);
        // The place to mount on must be there: the root is read-only.
        spec.binds[0] = Bind::ro(crate::common::probe_path()).at("/usr/bin/env");
        spec.argv[0] = "/usr/bin/env".into();
        spec.root = Some(Root::Host);
        let report = Report::of(&spec);
        for path in ["/", "/usr", "/etc", "/var", "/dev"] {
            assert!(
                ["EROFS", "EACCES"].contains(&report.get(path)),
                "{path} {}",
                report.get(path)
            );
        }
        assert_eq!(
            report.get("/"),
            if is_root() { "EROFS" } else { report.get("/") }
        );
        assert_eq!(report.get("/tmp"), "ok");
        let mut spec = sh("ls -A /tmp; ls / | tr '\\n' ' '");
        spec.root = Some(Root::Host);
        let out = ok(&spec);
        assert!(!out.contains("isolate-test"), "{out}");
        assert!(out.contains("home"), "{out}");
    });
}

#[test]
fn a_directory_can_be_the_root() {
    alone(name!(), || {
        for rw in [false, true] {
            let dir = TempDir::new("root");
            std::fs::copy(crate::common::probe_path(), dir.join("probe")).unwrap();
            for name in ["proc", "dev", "tmp", "data"] {
                std::fs::create_dir(dir.join(name)).unwrap();
            }
            let mut spec = probe(&["writable", "/", "/data", "/tmp"]);
            spec.binds.clear();
            spec.root = Some(Root::Dir(RootDir {
                path: dir.path().into(),
                rw,
            }));
            let report = Report::of(&spec);
            let expected = if rw { "ok" } else { "EROFS" };
            assert_eq!(report.get("/data"), expected, "rw {rw}");
            assert_eq!(report.get("/tmp"), "ok");
            spec.argv = vec!["/probe".into(), "fill".into(), "/data/kept".into()];
            if rw {
                spec.limits.rlimits.insert("fsize".into(), Size(65536));
                let _ = libisolate::run(&spec).unwrap();
                let meta = std::fs::metadata(dir.join("data/kept")).unwrap();
                assert_eq!(meta.uid(), nix::unistd::geteuid().as_raw());
            }
        }
    });
}

/// CVE-2019-19921 and its like: what a tree holds must not lead the mounts out of it.
#[test]
fn links_in_a_root_stay_inside() {
    alone(name!(), || {
        let outside = TempDir::new("outside");
        std::fs::set_permissions(outside.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let before = std::fs::read_dir(outside.path()).unwrap().count();
        for name in ["proc", "dev", "tmp"] {
            let dir = TempDir::new("linked");
            std::fs::copy(crate::common::probe_path(), dir.join("probe")).unwrap();
            symlink(outside.path(), dir.join(name)).unwrap();
            let mut spec = probe(&["true"]);
            spec.binds.clear();
            spec.root = Some(Root::Dir(RootDir {
                path: dir.path().into(),
                rw: true,
            }));
            let result = libisolate::run(&spec);
            if let Ok(outcome) = &result {
                assert!(outcome.success(), "{name}: {outcome:?}");
            }
            assert_eq!(
                std::fs::read_dir(outside.path()).unwrap().count(),
                before,
                "{name}: {result:?}"
            );
        }
    });
}

#[test]
fn the_directory_is_where_the_job_begins() {
    alone(name!(), || {
        assert_eq!(ok(&sh("pwd")), "/\n");
        let mut spec = sh("pwd");
        spec.cwd = Some("/usr/bin".into());
        assert_eq!(ok(&spec), "/usr/bin\n");
        spec.cwd = Some("/no/such".into());
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::NotFound, Stage::Cwd),
            "{error}"
        );
    });
}

#[test]
fn the_mask_is_what_the_spec_says() {
    alone(name!(), || {
        assert_eq!(ok(&sh("umask")), "0022\n");
        let mut spec = sh("umask");
        spec.umask = Some(0o077);
        assert_eq!(ok(&spec), "0077\n");
    });
}

#[test]
fn binds_over_the_callers_own_mounts() {
    alone(name!(), || {
        let dir = TempDir::new("over");
        std::fs::write(dir.join("data"), "seen").unwrap();
        let before = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let target = TempDir::new("target");
        let mut spec = probe(&["writable", target.path().to_str().unwrap(), "/dev/shm"]);
        spec.profile = Profile::None;
        spec.namespaces.mnt = Some(NamespaceMode::New);
        if !is_root() {
            spec.namespaces.user = Some(NamespaceMode::New);
        }
        spec.argv[0] = crate::common::probe_path().into();
        spec.binds = vec![Bind::ro(dir.path()).at(target.path())];
        spec.tmpfs = vec![Tmpfs::new("/dev/shm")];
        let report = Report::of(&spec);
        assert_eq!(report.get(target.path().to_str().unwrap()), "EROFS");
        assert_eq!(report.get("/dev/shm"), "ok");
        spec.argv = ["/bin/sh", "-c", "cat \"$1/data\"; ls -A /dev/shm", "sh"]
            .map(Into::into)
            .to_vec();
        spec.argv.push(target.path().into());
        assert_eq!(ok(&spec), "seen");
        assert_eq!(
            std::fs::read_to_string("/proc/self/mountinfo").unwrap(),
            before
        );
    });
}

/// What the host mounts while a job runs does not appear in the job.
#[test]
fn mounts_of_the_host_do_not_come_in() {
    alone(name!(), || {
        if !crate::common::root_or_skip(name!()) {
            return;
        }
        let dir = TempDir::new("late");
        std::fs::create_dir(dir.join("point")).unwrap();
        for user in [NamespaceMode::New, NamespaceMode::Host] {
            let mut spec = sh("read line; ls -A /data/point");
            spec.namespaces.user = Some(user.clone());
            spec.stdin = Stdio::Pipe;
            spec.binds.push(Bind::ro(dir.path()).at("/data"));
            let job = libisolate::spawn(&spec).unwrap();
            let mounted = nix_mount(dir.join("point").to_str().unwrap());
            drop(job.take_stdin());
            let outcome = job.wait().unwrap();
            mounted.undo();
            assert_eq!(crate::common::text(&outcome), "", "user namespace {user:?}");
        }
    });
}

#[test]
fn a_file_system_that_cannot_map_ids_is_named() {
    alone(name!(), || {
        if !crate::common::root_or_skip(name!()) {
            return;
        }
        let mut spec = sh("true");
        spec.binds.push(Bind::rw("/sys/kernel").at("/work"));
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::Unsupported, Stage::Mount),
            "{error}"
        );
        assert!(error.message().contains("sysfs"), "{error}");
        assert!(error.message().contains("uid_map"), "{error}");
    });
}

/// CVE-2021-30465: another process swaps a directory of the root for a link all the while.
#[test]
fn a_root_that_changes_meanwhile_leads_nowhere() {
    alone(name!(), || {
        let (dir, outside) = (TempDir::new("race"), TempDir::new("outside"));
        std::fs::set_permissions(outside.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        std::fs::copy(crate::common::probe_path(), dir.join("probe")).unwrap();
        for name in ["proc", "dev", "tmp", "work"] {
            std::fs::create_dir(dir.join(name)).unwrap();
        }
        symlink(outside.path(), dir.join("link")).unwrap();
        let path = |name: &str| std::ffi::CString::new(dir.join(name).to_str().unwrap()).unwrap();
        let (work, link) = (path("work"), path("link"));
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let swapper = std::thread::spawn({
            let stop = stop.clone();
            move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    // SAFETY: two strings with NUL.
                    unsafe {
                        libc::syscall(
                            libc::SYS_renameat2,
                            libc::AT_FDCWD,
                            work.as_ptr(),
                            libc::AT_FDCWD,
                            link.as_ptr(),
                            libc::RENAME_EXCHANGE,
                        )
                    };
                }
            }
        });
        let before = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mut ran = 0;
        for _ in 0..60 {
            let mut spec = probe(&["true"]);
            spec.root = Some(Root::Dir(RootDir {
                path: dir.path().into(),
                rw: true,
            }));
            spec.binds = vec![Bind::ro("/etc").at("/work/deep/below")];
            spec.tmpfs = vec![Tmpfs::new("/work/memory")];
            ran += u32::from(libisolate::run(&spec).is_ok_and(|outcome| outcome.success()));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        swapper.join().unwrap();
        assert_eq!(
            std::fs::read_dir(outside.path()).unwrap().count(),
            0,
            "made outside"
        );
        assert_eq!(
            std::fs::read_to_string("/proc/self/mountinfo").unwrap(),
            before
        );
        assert!(ran > 0);
    });
}
