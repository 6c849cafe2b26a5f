//! How jobs end: limits of time, kill, signals, wait from anywhere, drop, the end of the host.

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libisolate::spec::{NamespaceMode, Profile, Seconds, Stdio};
use libisolate::{ErrorKind, Job, Reason, Spec, Stage};

use crate::common::{Alone, alone, controller_or_skip, is_root, probe, sh, text, without_init};
use crate::name;

fn spin() -> Spec {
    probe(&["spin"])
}

/// Whether a process is there and no zombie.
fn lives(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit_once(')')
            .is_some_and(|(_, rest)| rest.starts_with(" Z"))
    })
}

fn gone(pid: i32) -> bool {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        if !lives(pid) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// Pids of processes with this name.
fn named(name: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    pids.filter(|pid: &i32| {
        lives(*pid)
            && std::fs::read_to_string(format!("/proc/{pid}/comm"))
                .is_ok_and(|comm| comm.trim_end() == name)
    })
    .collect()
}

#[test]
fn exit_codes_and_signals() {
    alone(name!(), || {
        for code in [0, 1, 77, 255] {
            let outcome = libisolate::run(&sh(&format!("exit {code}"))).unwrap();
            assert_eq!(
                (outcome.reason, outcome.exit_code, outcome.signal),
                (Reason::Exit, Some(code), None)
            );
        }
        for signal in [libc::SIGTERM, libc::SIGKILL, libc::SIGSEGV, 40] {
            let outcome = libisolate::run(&sh(&format!("ulimit -c 0; kill -{signal} $$"))).unwrap();
            assert_eq!(
                (outcome.reason, outcome.exit_code, outcome.signal),
                (Reason::Signal, None, Some(signal))
            );
            assert_eq!(outcome.shell_status(), 128 + signal);
        }
        // The same without an init, where the kernel spares pid 1 its own signals.
        let mut spec = sh("exit 77");
        without_init(&mut spec);
        assert_eq!(libisolate::run(&spec).unwrap().exit_code, Some(77));
        spec.namespaces.pid = Some(NamespaceMode::Host);
        spec.profile = Profile::None;
        assert_eq!(libisolate::run(&spec).unwrap().exit_code, Some(77));
        spec.argv[2] = "kill -TERM $$".into();
        assert_eq!(libisolate::run(&spec).unwrap().signal, Some(libc::SIGTERM));
    });
}

#[test]
fn a_timeout_ends_the_job() {
    alone(name!(), || {
        for mut spec in [
            sh("sleep 1000"),
            sh("trap '' TERM INT HUP; sleep 1000 & sleep 1000 & wait"),
            spin(),
        ] {
            spec.timeout = Some(Seconds(Duration::from_millis(150)));
            let outcome = libisolate::run(&spec).unwrap();
            assert_eq!(outcome.reason, Reason::Timeout);
            assert!(
                outcome.usage.wall_time >= 0.15,
                "{}",
                outcome.usage.wall_time
            );
            assert_eq!(outcome.shell_status(), 124);
        }
        let mut spec = sh("exit 3");
        spec.timeout = Some(Seconds(Duration::from_secs(100)));
        assert_eq!(libisolate::run(&spec).unwrap().exit_code, Some(3));
        // One that is over before the program can start.
        let mut spec = sh("exit 3");
        spec.timeout = Some(Seconds(Duration::from_nanos(1)));
        assert_eq!(libisolate::run(&spec).unwrap().reason, Reason::Timeout);
        // Without a pid namespace the job's children go with it.
        let mut spec = probe(&["orphan", "isolate-late"]);
        spec.argv = vec![
            "/bin/sh".into(),
            "-c".into(),
            "/probe orphan isolate-late; sleep 1000".into(),
        ];
        spec.namespaces.pid = Some(NamespaceMode::Host);
        spec.timeout = Some(Seconds(Duration::from_millis(300)));
        assert_eq!(libisolate::run(&spec).unwrap().reason, Reason::Timeout);
        assert_eq!(named("isolate-late"), [] as [i32; 0]);
    });
}

#[test]
fn cpu_time_ends_the_job() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "cpuacct|cpu") {
            return;
        }
        // Two that spin, so that no single one uses it up for itself.
        let mut spec = spin();
        spec.argv = vec![
            "/bin/sh".into(),
            "-c".into(),
            "/probe spin & /probe spin & wait".into(),
        ];
        spec.limits.cpu_time = Some(Seconds(Duration::from_millis(300)));
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(outcome.reason, Reason::CpuLimit);
        assert!(outcome.usage.cpu_time >= 0.3, "{}", outcome.usage.cpu_time);
    });
}

#[test]
fn signals_reach_the_program() {
    alone(name!(), || {
        let mut spec =
            sh("trap 'echo usr1; exit 5' USR1; echo ready; while :; do sleep 0.01; done");
        spec.stdout = Stdio::Pipe;
        let job = libisolate::spawn(&spec).unwrap();
        let mut out = std::fs::File::from(job.take_stdout().unwrap());
        let mut line = [0u8; 6];
        std::io::Read::read_exact(&mut out, &mut line).unwrap();
        job.signal(libc::SIGUSR1).unwrap();
        let outcome = job.wait().unwrap();
        assert_eq!(outcome.exit_code, Some(5));
        let error = job.signal(libc::SIGUSR1).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::NotFound, Stage::Signal),
            "{error}"
        );
        for bad in [0, 65, -1] {
            assert_eq!(job.signal(bad).unwrap_err().kind(), ErrorKind::InvalidSpec);
        }
        job.kill().unwrap();
        assert_eq!(job.wait().unwrap(), outcome, "a late kill changes nothing");
    });
}

#[test]
fn kill_from_one_thread_and_wait_from_many() {
    alone(name!(), || {
        let job = Arc::new(libisolate::spawn(&sh("trap '' TERM; sleep 1000 & wait")).unwrap());
        assert_eq!(job.wait_timeout(Duration::from_millis(20)).unwrap(), None);
        let waiters: Vec<_> = (0..8)
            .map(|_| {
                let job = job.clone();
                std::thread::spawn(move || job.wait().unwrap())
            })
            .collect();
        let killer = {
            let job = job.clone();
            std::thread::spawn(move || job.kill().unwrap())
        };
        killer.join().unwrap();
        let outcomes: Vec<_> = waiters.into_iter().map(|w| w.join().unwrap()).collect();
        assert!(outcomes.iter().all(|o| *o == outcomes[0]));
        assert_eq!(outcomes[0].reason, Reason::Killed);
        // An event loop sees the end for ever.
        let mut fds = [libc::pollfd {
            fd: job.as_fd().as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        }];
        // SAFETY: one entry.
        assert_eq!(unsafe { libc::poll(fds.as_mut_ptr(), 1, 0) }, 1);
    });
}

#[test]
fn dropping_a_job_kills_all_of_it() {
    alone(name!(), || {
        for (tag, pid_namespace, init) in [
            ("isolate-drop1", true, true),
            ("isolate-drop2", false, true),
            ("isolate-drop3", true, false),
        ] {
            let mut spec = probe(&["orphan", tag]);
            spec.argv = vec![
                "/bin/sh".into(),
                "-c".into(),
                format!("/probe orphan {tag}; echo ready; sleep 1000").into(),
            ];
            spec.stdout = Stdio::Pipe;
            if !init {
                without_init(&mut spec);
            }
            if !pid_namespace {
                spec.namespaces.pid = Some(NamespaceMode::Host);
            }
            let job = libisolate::spawn(&spec).unwrap();
            let mut out = std::fs::File::from(job.take_stdout().unwrap());
            let mut line = [0u8; 6];
            std::io::Read::read_exact(&mut out, &mut line).unwrap();
            let orphans = named(tag);
            assert_eq!(orphans.len(), 1, "{tag}");
            let pid = job.pid();
            drop(job);
            assert!(!lives(pid) && !lives(orphans[0]), "{tag}");
        }
    });
}

#[test]
fn what_outlives_the_program_is_ended_with_it() {
    alone(name!(), || {
        for pid_namespace in [true, false] {
            let mut spec = probe(&["orphan", "isolate-stay"]);
            if !pid_namespace {
                spec.namespaces.pid = Some(NamespaceMode::Host);
            }
            let outcome = libisolate::run(&spec).unwrap();
            assert!(outcome.success(), "{outcome:?}");
            assert_eq!(
                named("isolate-stay"),
                [] as [i32; 0],
                "pid namespace {pid_namespace}"
            );
        }
    });
}

/// A fork bomb without a pid namespace: the subreaper and the cgroup have to keep up with it.
#[test]
fn a_bomb_without_a_pid_namespace_goes() {
    alone(name!(), || {
        if !controller_or_skip(name!(), "pids") {
            return;
        }
        let mut spec = sh("exec 2>/dev/null; b() { b | b & b; }; b");
        spec.namespaces.pid = Some(NamespaceMode::Host);
        // Few and long enough for a machine that is emulated.
        spec.limits.pids = Some(12);
        spec.timeout = Some(Seconds(Duration::from_millis(1500)));
        let outcome = libisolate::run(&spec).unwrap();
        assert!(
            outcome.usage.pids_denied.is_some_and(|n| n > 0),
            "{:?}",
            outcome.usage
        );
    });
}

/// PR_SET_PDEATHSIG is a promise to a thread: a job must not be killed with the thread that spawned it.
#[test]
fn a_job_outlives_the_thread_that_spawned_it() {
    alone(name!(), || {
        for pid_namespace in [true, false] {
            let job: Job = std::thread::spawn(move || {
                let mut spec = sh("read line; echo got $line");
                spec.stdin = Stdio::Pipe;
                if !pid_namespace {
                    spec.namespaces.pid = Some(NamespaceMode::Host);
                }
                libisolate::spawn(&spec).unwrap()
            })
            .join()
            .unwrap();
            // The thread is gone for the kernel too when its task directory is.
            std::thread::sleep(Duration::from_millis(50));
            let mut stdin = std::fs::File::from(job.take_stdin().unwrap());
            std::io::Write::write_all(&mut stdin, b"word\n").unwrap();
            let outcome = job.wait().unwrap();
            assert_eq!(
                (outcome.reason, text(&outcome).as_str()),
                (Reason::Exit, "got word\n")
            );
        }
    });
}

/// The host is killed with SIGKILL: no word to anybody, and yet its job must end, in every form.
#[test]
fn a_killed_host_takes_its_jobs_along() {
    let ran = Alone::new(name!()).unchecked().attempt(|| {
        let mut jobs = Vec::new();
        for (pid_namespace, profile) in [
            (true, Profile::Strict),
            (false, Profile::Strict),
            (false, Profile::None),
        ] {
            let mut spec = sh("trap '' TERM HUP INT; setsid sleep 1000 & echo ready; wait");
            spec.profile = profile;
            if !pid_namespace {
                spec.namespaces.pid = Some(NamespaceMode::Host);
            }
            spec.stdout = Stdio::Pipe;
            let job = libisolate::spawn(&spec).unwrap();
            let mut out = std::fs::File::from(job.take_stdout().unwrap());
            let mut line = [0u8; 6];
            std::io::Read::read_exact(&mut out, &mut line).unwrap();
            let children =
                std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", job.pid())).unwrap();
            for pid in [job.pid().to_string()]
                .iter()
                .map(String::as_str)
                .chain(children.split_whitespace())
            {
                writeln_err(&format!("JOB {pid}"));
            }
            let group = job.enforcement().into_iter().find(|e| e.name == "cgroup");
            if let Some(dirs) = group.and_then(|entry| entry.value) {
                writeln_err(&format!("GROUP {dirs}"));
            }
            jobs.push((job, out));
        }
        // SAFETY: the end of this process.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    });
    let Some(ran) = ran else { return };
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(ran.status.signal(), Some(libc::SIGKILL), "{}", ran.output);
    let pids: Vec<i32> = ran
        .output
        .lines()
        .filter_map(|l| l.split_once("JOB ")?.1.parse().ok())
        .collect();
    assert_eq!(pids.len(), 6, "{}", ran.output);
    for pid in pids {
        assert!(gone(pid), "process {pid} outlives its host");
    }
    // Its cgroups stay until the next host makes one: here this process, whose first this is.
    let dirs: Vec<&str> = ran
        .output
        .lines()
        .filter_map(|l| l.split_once("GROUP "))
        .flat_map(|(_, dirs)| dirs.split(' '))
        .collect();
    std::thread::sleep(Duration::from_millis(2100));
    assert!(libisolate::run(&sh("true")).unwrap().success());
    for dir in dirs {
        assert!(
            !std::path::Path::new(dir).exists(),
            "{dir} outlives its host"
        );
    }
}

fn writeln_err(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// The init is killed by somebody: the job goes with it.
#[test]
fn a_killed_init_takes_the_job_along() {
    alone(name!(), || {
        for pid_namespace in [true, false] {
            // With neither a namespace nor a group, only the program itself ends with its init.
            let mut spec = if pid_namespace || is_root() {
                sh("sleep 1000 & wait")
            } else {
                sh("exec sleep 1000")
            };
            if !pid_namespace {
                spec.namespaces.pid = Some(NamespaceMode::Host);
            }
            let job = libisolate::spawn(&spec).unwrap();
            let status = std::fs::read_to_string(format!("/proc/{}/status", job.pid())).unwrap();
            let init = crate::common::Report::read(&status).get("PPid").to_owned();
            assert!(
                Command::new("/bin/sh")
                    .args(["-c", &format!("kill -9 {init}")])
                    .status()
                    .unwrap()
                    .success()
            );
            let outcome = job.wait().unwrap();
            assert_eq!(
                (outcome.reason, outcome.signal),
                (Reason::Signal, Some(libc::SIGKILL)),
                "{outcome:?}"
            );
            assert!(gone(job.pid()));
        }
    });
}

/// A fork of the host has the handle, not the job.
#[test]
fn a_fork_of_the_host_does_not_own_the_job() {
    alone(name!(), || {
        let job = libisolate::spawn(&sh("sleep 1000")).unwrap();
        // SAFETY: the child makes calls that need no lock of another thread.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let refused = job.kill().is_err();
            drop(job);
            // SAFETY: the end of the child.
            unsafe { libc::_exit(i32::from(!refused)) };
        }
        let mut status = 0;
        // SAFETY: a child of this process.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0, "the fork was not refused");
        assert!(lives(job.pid()), "the fork's drop ended the job");
        job.kill().unwrap();
        assert_eq!(job.wait().unwrap().reason, Reason::Killed);
    });
}

#[test]
fn an_ended_job_leaves_no_name_behind() {
    alone(name!(), || {
        for _ in 0..20 {
            assert!(libisolate::run(&sh("true")).unwrap().success());
        }
        // `alone` compares descriptors, children, cgroups and mounts.
    });
}
