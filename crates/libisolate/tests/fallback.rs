//! Older kernels and containers' filters, each played by a wrapper that refuses calls: the sandbox is the
//! same, or a typed error says why not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use common::{Alone, Report, TempDir, binary, is_root, ok, probe, sh, text, without_init};
use libisolate::ns::{Kind, create};
use libisolate::spec::{Bind, IdMap, NamespaceMode, Root, RootDir};
use libisolate::{ErrorKind, Stage};

const NEW_MOUNTS: &str = "open_tree,move_mount,fsopen,fsconfig,fsmount,mount_setattr";

fn under(name: &str, calls: &str, body: impl FnOnce()) {
    let wrapper = binary("refuse", include_str!("common/refuse.c"));
    // What is refused below would keep a compiler from running.
    common::probe_path();
    Alone::new(name)
        .under(&[wrapper.to_str().unwrap(), calls])
        .run(body);
}

/// Everything of the sandbox that an older way of making it could lose.
fn the_sandbox_holds() {
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
        "/proc/sys/kernel",
        "/tmp",
        "/dev/shm",
    ]));
    for path in [
        "/", "/usr", "/usr/bin", "/etc", "/bin", "/lib", "/dev", "/run", "/var",
    ] {
        assert_eq!(report.get(path), "EROFS", "{path}");
    }
    assert_ne!(report.get("/proc/sys/kernel"), "ok");
    for path in ["/tmp", "/dev/shm"] {
        assert_eq!(report.get(path), "ok", "{path}");
    }
    let mounts = ok(&sh("cat /proc/self/mountinfo"));
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let options: Vec<&str> = fields[5].split(',').collect();
        assert!(options.contains(&"nosuid"), "{line}");
        if ["/", "/usr", "/etc", "/dev", "/proc/sys"].contains(&fields[4]) {
            assert!(options.contains(&"ro"), "{line}");
        }
        // Nothing is shared with the host, in either direction.
        assert!(
            !line.contains("shared:") && !line.contains("master:"),
            "{line}"
        );
    }
    assert_eq!(
        ok(&sh("ls -A /run; ls -d /root /home 2>/dev/null; true")),
        ""
    );
    let status = Report::of(&sh("exec cat /proc/self/status"));
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(status.get(set), "0000000000000000", "{set}");
    }
    assert_eq!(
        (
            status.get("NoNewPrivs"),
            status.get("Seccomp"),
            status.get("PPid")
        ),
        ("1", "2", "1")
    );
    assert_eq!(ok(&probe(&["fds"])).trim(), "0 1 2");
    let kinds = "for n in cgroup ipc net mnt pid time user uts; do echo $n $(readlink /proc/self/ns/$n); done";
    let inside = Report::of(&sh(kinds));
    for kind in ["cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"] {
        let outside = std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap();
        assert_ne!(inside.get(kind), outside.to_str().unwrap(), "{kind}");
    }
    let net = ok(&probe(&["net"]));
    assert_eq!(net, "interface_lo up\nconnect ENETUNREACH\nloopback ok\n");
    namespaces_hold();
}

/// Namespaces without a job, a job that enters one, and a program inside a job.
fn namespaces_hold() {
    let settings = libisolate::Spec::new(Vec::<&str>::new());
    let kinds = if is_root() {
        vec![Kind::Net]
    } else {
        vec![Kind::User, Kind::Net]
    };
    let made = create(&kinds, &settings).unwrap();
    let net = made.get(Kind::Net).unwrap();
    assert_eq!(net.sysctl("net.ipv4.ip_forward").unwrap(), "0");
    let mut spec = sh("readlink /proc/self/ns/net");
    for namespace in made.iter() {
        let fd = namespace.as_fd().as_raw_fd();
        spec.namespaces.set(namespace.kind(), NamespaceMode::Fd(fd));
    }
    match libisolate::run(&spec) {
        // A new process for the init cannot be waited for.
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            assert!(error.message().contains("pidfd_open"), "{error}");
        }
        outcome => assert_eq!(text(&outcome.unwrap()), format!("{net}\n")),
    }
    let job = libisolate::spawn(&sh("exec sleep 100")).unwrap();
    let outcome = job
        .exec(&sh("readlink /proc/self/ns/pid"))
        .unwrap()
        .wait()
        .unwrap();
    let pid = job.namespace(Kind::Pid).unwrap();
    assert_eq!(text(&outcome), format!("{pid}\n"));
}

/// Binds, their submounts, roots: by whichever call they are made.
fn mounts_hold() {
    let dir = TempDir::new("tree");
    let below = dir.join("below");
    std::fs::create_dir(&below).unwrap();
    let _mounted = is_root().then(|| Mounted::on(&below));
    // Read-only, with what is mounted below, in every profile of ids.
    let mut spec = probe(&["writable", "/data", "/data/below", "/data/below/deep"]);
    if is_root() {
        std::fs::create_dir(below.join("deep")).unwrap();
    } else {
        std::fs::create_dir_all(below.join("deep")).unwrap();
    }
    spec.binds.push(Bind::ro(dir.path()).at("/data"));
    let report = Report::of(&spec);
    for path in ["/data", "/data/below", "/data/below/deep"] {
        assert_eq!(report.get(path), "EROFS", "{path}");
    }
    let mut spec = probe(&["writable", "/usr/share", "/tmp", "/var", "/"]);
    spec.root = Some(Root::Host);
    spec.binds[0] = Bind::ro(common::probe_path()).at("/usr/bin/env");
    spec.argv[0] = "/usr/bin/env".into();
    let report = Report::of(&spec);
    for path in ["/usr/share", "/var", "/"] {
        assert!(
            ["EROFS", "EACCES"].contains(&report.get(path)),
            "{path}: {}",
            report.get(path)
        );
    }
    let root = TempDir::new("root");
    for name in ["proc", "dev", "tmp", "data"] {
        std::fs::create_dir(root.join(name)).unwrap();
    }
    std::fs::copy(common::probe_path(), root.join("probe")).unwrap();
    let mut spec = probe(&["writable", "/data", "/tmp"]);
    spec.binds.clear();
    spec.root = Some(Root::Dir(RootDir {
        path: root.path().into(),
        rw: false,
    }));
    let report = Report::of(&spec);
    assert_eq!((report.get("/data"), report.get("/tmp")), ("EROFS", "ok"));

    // A writable bind is the caller's on disk, or refused with the reason.
    let work = TempDir::new("work");
    let mut spec = sh("echo x >/work/file");
    spec.binds.push(Bind::rw(work.path()).at("/work"));
    match libisolate::run(&spec) {
        Ok(outcome) => {
            assert!(outcome.success(), "{outcome:?}");
            let meta = std::fs::metadata(work.join("file")).unwrap();
            assert_eq!(meta.uid(), nix::unistd::geteuid().as_raw());
        }
        Err(error) => {
            assert!(is_root(), "{error}");
            assert_eq!(
                (error.kind(), error.stage()),
                (ErrorKind::Unsupported, Stage::Mount),
                "{error}"
            );
            assert!(error.message().contains("id-mapped mounts"), "{error}");
            // The way out that the message names.
            let own = IdMap {
                inside: 0,
                outside: 0,
                count: 1,
            };
            (spec.uid_map, spec.gid_map) = (vec![own], vec![own]);
            assert!(libisolate::run(&spec).unwrap().success());
            assert!(work.join("file").exists());
        }
    }
}

struct Mounted(std::ffi::CString);

impl Mounted {
    fn on(dir: &Path) -> Mounted {
        let path = std::ffi::CString::new(dir.to_str().unwrap()).unwrap();
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
        assert_eq!(done, 0);
        Mounted(path)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // SAFETY: a string with NUL.
        unsafe { libc::umount2(self.0.as_ptr(), libc::MNT_DETACH) };
    }
}

/// Life and death without the newer calls.
fn jobs_end() {
    let outcome = libisolate::run(&sh("echo out; exit 9")).unwrap();
    assert_eq!(
        (outcome.exit_code, text(&outcome).as_str()),
        (Some(9), "out\n")
    );
    let job = libisolate::spawn(&sh("sleep 1000")).unwrap();
    job.kill().unwrap();
    assert_eq!(job.wait().unwrap().reason, libisolate::Reason::Killed);
    drop(libisolate::spawn(&sh("sleep 1000")).unwrap());
    let mut spec = sh("sleep 1000");
    spec.namespaces.pid = Some(NamespaceMode::Host);
    spec.timeout = Some(libisolate::spec::Seconds(std::time::Duration::from_millis(
        50,
    )));
    assert_eq!(
        libisolate::run(&spec).unwrap().reason,
        libisolate::Reason::Timeout
    );
    let mut spec = sh("exit 6");
    without_init(&mut spec);
    assert_eq!(libisolate::run(&spec).unwrap().exit_code, Some(6));
}

/// CVE-2024-21626: a working directory by way of a descriptor that the launch still has open.
fn no_descriptor_leads_out() {
    for number in 3..40 {
        let mut spec = sh(
            "readlink /proc/self/cwd; stat -c %d:%i .; stat -c %d:%i \"$(readlink /proc/self/cwd)\"",
        );
        spec.cwd = Some(format!("/proc/self/fd/{number}").into());
        spec.binds.push(Bind::ro("/usr").at("/again"));
        let Ok(outcome) = libisolate::run(&spec) else {
            continue;
        };
        let out = text(&outcome);
        let lines: Vec<&str> = out.lines().collect();
        let inside = lines.len() == 3 && lines[0].starts_with('/') && lines[1] == lines[2];
        assert!(inside, "descriptor {number}: {out}");
    }
}

fn everything() {
    the_sandbox_holds();
    no_descriptor_leads_out();
    mounts_hold();
    jobs_end();
}

/// The control: with nothing refused all of it holds too.
#[test]
fn nothing_refused() {
    common::alone(name!(), everything);
}

#[test]
fn without_clone3() {
    under(name!(), "clone3", everything);
}

/// Docker before 20.10 said EPERM where the kernel says ENOSYS.
#[test]
fn with_clone3_forbidden() {
    common::alone(name!(), || {
        clone3_fails_here_with(libc::EPERM);
        everything();
    });
}

/// Linux 5.3 to 5.6 have clone3, but do not know CLONE_INTO_CGROUP: the host moves the init in.
#[test]
fn with_a_clone3_that_knows_no_cgroups() {
    common::alone(name!(), || {
        clone3_fails_here_with(libc::EINVAL);
        everything();
        let job = libisolate::spawn(&sh("sleep 1000")).unwrap();
        let grouped = job.enforcement().iter().any(|e| {
            e.name == "cgroup" && e.status == libisolate::job::EnforcementStatus::Enforced
        });
        if grouped {
            let own = std::fs::read_to_string(format!("/proc/{}/cgroup", job.pid())).unwrap();
            let unified = own.lines().find_map(|line| line.strip_prefix("0::"));
            assert!(
                unified.is_none_or(|path| path.contains("/isolate-")),
                "{own}"
            );
        }
    });
}

/// Only on this thread: glibc starts no thread and no process with such a filter.
fn clone3_fails_here_with(errno: i32) {
    // So no compiler either.
    common::probe_path();
    const CLONE3: u32 = 435;
    let load = libc::sock_filter {
        code: 0x20,
        jt: 0,
        jf: 0,
        k: 0,
    };
    let test = libc::sock_filter {
        code: 0x15,
        jt: 0,
        jf: 1,
        k: CLONE3,
    };
    let end = |k| libc::sock_filter {
        code: 0x06,
        jt: 0,
        jf: 0,
        k,
    };
    let mut code = [
        load,
        test,
        end(libc::SECCOMP_RET_ERRNO | errno as u32),
        end(libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: code.len() as u16,
        filter: code.as_mut_ptr(),
    };
    // SAFETY: the program is valid for the time of the call.
    unsafe {
        if !is_root() {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        }
        let done = libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const program,
        );
        assert_eq!(done, 0);
    }
}

#[test]
fn without_openat2() {
    under(name!(), "openat2", everything);
}

#[test]
fn without_close_range() {
    under(name!(), "close_range", everything);
}

#[test]
fn without_mount_setattr() {
    under(name!(), "mount_setattr", everything);
}

#[test]
fn without_the_new_mount_calls() {
    under(name!(), NEW_MOUNTS, everything);
}

#[test]
fn without_pidfd_open() {
    under(name!(), "pidfd_open", everything);
}

#[test]
fn without_pidfd_send_signal() {
    under(name!(), "pidfd_send_signal", everything);
}

/// The init is then executed by its path under /proc/self/fd.
#[test]
fn without_execveat() {
    under(name!(), "execveat", everything);
}

#[test]
fn without_flags_of_memory_files() {
    under(name!(), "memfd_flags", everything);
}

#[test]
fn without_any_of_them() {
    let all = format!(
        "clone3,execveat,memfd_flags,openat2,close_range,pidfd_open,pidfd_send_signal,{NEW_MOUNTS}"
    );
    under(name!(), &all, everything);
}

/// Calls that come alone with others missing, as between 5.2 and 5.12.
#[test]
fn without_single_mount_calls() {
    under(name!(), "fsopen,fsconfig,fsmount", everything);
}
