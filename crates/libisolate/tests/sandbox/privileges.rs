//! What the job may ask of the kernel: capabilities, the filter, the init's own files.

use libisolate::Reason;
use libisolate::spec::{Bind, NamespaceMode, Profile, Seccomp};

use crate::common::{Report, alone, is_root, ok, probe, root_or_skip, sh};
use crate::name;

#[test]
fn there_are_no_capabilities_and_no_new_ones() {
    alone(name!(), || {
        let report = Report::of(&sh("cat /proc/self/status"));
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(report.get(set), "0000000000000000", "{set}");
        }
        assert_eq!(report.get("NoNewPrivs"), "1");
        assert_eq!(report.get("Seccomp"), "2");
        assert_eq!(report.get("Seccomp_filters"), "1");
    });
}

#[test]
fn capabilities_that_are_asked_for_are_there_and_no_others() {
    alone(name!(), || {
        let mut spec = sh("cat /proc/self/status");
        spec.capabilities = Some(vec!["net_admin".into(), "CAP_KILL".into()]);
        let report = Report::of(&spec);
        let expected = format!("{:016x}", 1u64 << 12 | 1 << 5);
        for set in ["CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(report.get(set), expected, "{set}");
        }
    });
}

#[test]
fn a_bare_user_namespace_gives_what_unshare_gives() {
    alone(name!(), || {
        let mut spec = sh("cat /proc/self/status");
        spec.profile = Profile::None;
        spec.namespaces.user = Some(NamespaceMode::New);
        let report = Report::of(&spec);
        assert_eq!(report.get("CapAmb"), "0000000000000000");
        assert_eq!(report.get("CapInh"), "0000000000000000");
        let inside_root = report.get("Uid").starts_with('0');
        let effective = u64::from_str_radix(report.get("CapEff"), 16).unwrap();
        assert_eq!(effective != 0, inside_root, "{effective:x}");
    });
}

#[test]
fn the_filter_closes_what_it_says() {
    alone(name!(), || {
        let report = Report::of(&probe(&["calls"]));
        for call in [
            "unshare_user",
            "unshare_mnt",
            "unshare_time",
            "clone_user",
            "setns",
            "keyctl",
            "add_key",
            "request_key",
            "bpf",
            "perf_event_open",
            "userfaultfd",
            "io_uring_setup",
            "io_uring_enter",
            "io_uring_register",
            "open_by_handle_at",
            "syslog",
            "tiocsti",
            "tiocsti_high",
            "tioclinux",
            "mount",
            "umount",
            "pivot_root",
            "chroot",
            "sethostname",
            "mknod",
        ] {
            assert_eq!(report.get(call), "EPERM", "{call}");
        }
        assert_eq!(report.get("clone3"), "ENOSYS");
        for call in ["socket_vsock", "socket_alg", "socket_packet"] {
            assert_eq!(report.get(call), "EAFNOSUPPORT", "{call}");
        }
        assert_eq!(report.get("socket_xfrm"), "EPROTONOSUPPORT");
        for call in ["socket_unix", "socket_inet", "socket_route"] {
            assert_eq!(report.get(call), "ok", "{call}");
        }
        for call in ["setuid_root", "setgroups", "ptrace_init"] {
            assert_ne!(report.get(call), "ok", "{call}");
        }
    });
}

/// The control: without the filter some of them work, so that the test above proves something.
#[test]
fn without_the_filter_the_kernel_lets_them_through() {
    alone(name!(), || {
        let mut spec = probe(&["calls"]);
        spec.seccomp = Some(Seccomp::Off);
        let report = Report::of(&spec);
        assert_eq!(report.get("unshare_user"), "ok");
        assert_ne!(report.get("tiocsti"), "EPERM");
        assert_ne!(report.get("clone3"), "ENOSYS");
    });
}

#[test]
fn other_abis_are_killed() {
    alone(name!(), || {
        for abi in ["i386", "x32"] {
            let outcome = libisolate::run(&probe(&["abi", abi])).unwrap();
            assert_eq!(outcome.reason, Reason::Seccomp, "{abi}: {outcome:?}");
            assert_eq!(outcome.signal, Some(libc::SIGSYS));
            assert_eq!(crate::common::text(&outcome), "");
        }
    });
}

/// A secret of the host's, in its memory and in its environment, is nowhere to be found.
#[test]
fn the_init_shows_nothing_of_the_host() {
    crate::common::Alone::new(name!())
        .env("ISOLATE_TEST_SECRET", "xyzzy-plugh-27182818")
        .run(|| {
            let secret = std::env::var("ISOLATE_TEST_SECRET").unwrap();
            let planted = secret.repeat(1000).into_bytes().into_boxed_slice();
            // In two pieces, or the argument itself would be found.
            let out = ok(&probe(&["hunt", "xyzzy-plugh-27182818"]));
            drop(std::hint::black_box(planted));
            let report = Report::read(&out);
            assert_eq!(report.get("found"), "0", "{out}");
            for file in ["environ", "mem", "exe", "fd/0", "root"] {
                let answer = report.get(&format!("/proc/1/{file}"));
                assert!(
                    ["EACCES", "EPERM"].contains(&answer),
                    "/proc/1/{file}: {answer}"
                );
            }
        });
}

/// A job that keeps the caller's processes in sight may look at them as the caller's rights allow, and
/// still not at its own init.
#[test]
fn without_a_pid_namespace_the_init_is_closed_too() {
    alone(name!(), || {
        let mut spec = sh(
            "cat /proc/$PPID/comm; cat /proc/$PPID/environ >/dev/null 2>&1 && echo environ; \
                           readlink /proc/$PPID/exe && echo exe; true",
        );
        spec.namespaces.pid = Some(NamespaceMode::Host);
        let out = ok(&spec);
        assert_eq!(out, "isolate-init\n");
    });
}

#[test]
fn root_is_shifted_away() {
    alone(name!(), || {
        if !root_or_skip(name!()) {
            return;
        }
        let mut spec = sh("id -u; read line");
        spec.stdin = libisolate::spec::Stdio::Pipe;
        let job = libisolate::spawn(&spec).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", job.pid())).unwrap();
        drop(job.take_stdin());
        let outcome = job.wait().unwrap();
        assert_eq!(crate::common::text(&outcome), "0\n");
        for field in ["Uid", "Gid"] {
            let report = Report::read(&status);
            let ids: Vec<u32> = report
                .get(field)
                .split_whitespace()
                .map(|id| id.parse().unwrap())
                .collect();
            assert!(ids.iter().all(|id| *id >= 1 << 16), "{field} {ids:?}");
        }
    });
}

#[test]
fn settings_of_the_kernel_are_closed() {
    alone(name!(), || {
        let script = "for f in kernel/core_pattern kernel/hostname vm/drop_caches net/ipv4/ip_forward; do \
                      (echo x >/proc/sys/$f) 2>/dev/null && echo wrote $f; done; \
                      (echo h >/proc/sysrq-trigger) 2>/dev/null && echo wrote sysrq; \
                      cat /proc/kcore 2>/dev/null | head -c 1; cat /proc/keys 2>/dev/null; true";
        assert_eq!(ok(&sh(script)), "");
    });
}

#[test]
fn set_user_id_programs_gain_nothing() {
    alone(name!(), || {
        if !is_root() {
            return crate::common::skip(name!(), "needs root to make a set-user-id file");
        }
        let dir = crate::common::TempDir::new("suid");
        let copy = dir.join("id");
        std::fs::copy("/usr/bin/id", &copy).unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o4755)).unwrap();
        let mut spec = sh("/x/id -u");
        spec.binds.push(Bind::ro(dir.path()).at("/x"));
        (spec.uid, spec.gid) = (Some(1000), Some(1000));
        assert_eq!(ok(&spec), "1000\n");
    });
}
