//! Hosts that make a launch hard: other threads hold every lock, descriptors come and go, children are
//! reaped by somebody else. No launch hangs, and no job or outcome is other than it should be.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::os::fd::IntoRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use common::{Alone, alone, ok, probe, sh, text, without_init};
use libisolate::spec::{NamespaceMode, Seconds, Stdio};
use libisolate::{ErrorKind, Reason};

const LAUNCHES: usize = 500;

/// Keeps a thread busy until the flag is set.
fn hammer(stop: &Arc<AtomicBool>, work: fn(usize)) -> std::thread::JoinHandle<()> {
    let stop = stop.clone();
    std::thread::spawn(move || {
        let mut round = 0;
        while !stop.load(Ordering::Relaxed) {
            work(round);
            round += 1;
            if round % 200 == 0 {
                // Two processors must be enough for the rest of the suite too.
                std::thread::sleep(Duration::from_micros(500));
            }
        }
    })
}

fn allocate(round: usize) {
    let blocks: Vec<Vec<u8>> = (0..64)
        .map(|n| vec![1; (n * 131 + round) % 9000 + 1])
        .collect();
    std::hint::black_box(blocks);
}

fn start_threads(_: usize) {
    let _ = std::thread::spawn(|| {}).join();
}

fn set_environment(round: usize) {
    let value = std::ffi::CString::new("x".repeat(round % 300)).unwrap();
    // SAFETY: C's own function, as a C host would call it; nothing in this test reads the environment.
    unsafe { libc::setenv(c"ISOLATE_HAMMER".as_ptr(), value.as_ptr(), 1) };
}

/// Descriptors that a careless library opens without close-on-exec.
fn leak_descriptors(_: usize) {
    let mut open = [0; 16];
    for fd in &mut open {
        // SAFETY: opens, and closes below.
        *fd = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY) };
    }
    for fd in open {
        // SAFETY: opened above.
        unsafe { libc::close(fd) };
    }
}

/// 500 launches from eight threads, among six that hold locks most of the time. With one arena every
/// malloc of a child that shared this memory or was forked from it would find the lock taken: see
/// SECURITY.md.
#[test]
fn no_launch_hangs_among_busy_threads() {
    let host = Alone::new(name!())
        .env("MALLOC_ARENA_MAX", "1")
        .deadline(Duration::from_secs(150));
    host.run(|| {
        let spec = Arc::new(probe(&["fds"]));
        assert_eq!(ok(&spec).trim(), "0 1 2");
        let stop = Arc::new(AtomicBool::new(false));
        let works = [
            allocate,
            allocate,
            start_threads,
            start_threads,
            set_environment,
            leak_descriptors,
        ];
        let busy: Vec<_> = works.map(|work| hammer(&stop, work)).into_iter().collect();
        let left = Arc::new(AtomicUsize::new(LAUNCHES));
        let launchers: Vec<_> = (0..8)
            .map(|_| {
                let (left, spec) = (left.clone(), spec.clone());
                std::thread::spawn(move || {
                    while left
                        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
                        .is_ok()
                    {
                        assert_eq!(ok(&spec).trim(), "0 1 2");
                    }
                })
            })
            .collect();
        let ends: Vec<_> = launchers.into_iter().map(|l| l.join()).collect();
        stop.store(true, Ordering::Relaxed);
        for thread in busy {
            thread.join().unwrap();
        }
        assert!(ends.iter().all(Result::is_ok), "a launch went wrong");
    });
}

/// The control: a child made by the raw call that allocates, as many a launcher's does, finds the lock
/// taken for ever. glibc's own fork would have taken care of it; namespaces need the raw call.
#[test]
fn a_raw_child_that_allocates_hangs_in_such_a_host() {
    let host = Alone::new(name!()).env("MALLOC_ARENA_MAX", "1");
    host.run(|| {
        let stop = Arc::new(AtomicBool::new(false));
        let busy = [allocate, allocate, allocate, start_threads].map(|work| hammer(&stop, work));
        let mut hung = 0;
        for _ in 0..2000 {
            // SAFETY: the child makes two calls of the allocator, which is the point, and ends.
            let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } as i32;
            if child == 0 {
                // SAFETY: as above.
                unsafe {
                    libc::free(std::hint::black_box(libc::malloc(std::hint::black_box(
                        5000,
                    ))));
                    libc::_exit(0);
                }
            }
            assert!(child > 0);
            let end = std::time::Instant::now() + Duration::from_secs(2);
            let mut status = 0;
            // SAFETY: a child of this process.
            while unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } == 0 {
                if std::time::Instant::now() > end {
                    hung += 1;
                    // SAFETY: as above.
                    unsafe {
                        libc::kill(child, libc::SIGKILL);
                        libc::waitpid(child, &raw mut status, 0);
                    }
                    break;
                }
                std::thread::sleep(Duration::from_micros(100));
            }
            if hung > 0 {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
        for thread in busy {
            thread.join().unwrap();
        }
        assert!(hung > 0, "none of 2000 hung: the tests above prove nothing");
    });
}

/// The launches without an init, where the spark's program becomes the job itself.
#[test]
fn no_bare_launch_hangs_either() {
    let host = Alone::new(name!())
        .env("MALLOC_ARENA_MAX", "1")
        .deadline(Duration::from_secs(100));
    host.run(|| {
        let mut spec = probe(&["fds"]);
        without_init(&mut spec);
        let stop = Arc::new(AtomicBool::new(false));
        let busy = [allocate, start_threads, leak_descriptors].map(|work| hammer(&stop, work));
        for _ in 0..100 {
            assert_eq!(ok(&spec).trim(), "0 1 2");
        }
        stop.store(true, Ordering::Relaxed);
        for thread in busy {
            thread.join().unwrap();
        }
    });
}

/// Every kind of end is told right, though the library cannot wait for its own child.
fn ends_are_right() {
    for _ in 0..5 {
        for pid in [NamespaceMode::New, NamespaceMode::Host] {
            let job = |script: &str| {
                let mut spec = sh(script);
                spec.namespaces.pid = Some(pid.clone());
                spec
            };
            let outcome = libisolate::run(&job("echo out; exit 7")).unwrap();
            assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, Some(7)));
            assert_eq!(text(&outcome), "out\n");
            let outcome = libisolate::run(&job("kill -SEGV $$")).unwrap();
            assert_eq!(
                (outcome.reason, outcome.signal),
                (Reason::Signal, Some(libc::SIGSEGV))
            );
            let mut slow = job("sleep 1000");
            slow.timeout = Some(Seconds(Duration::from_millis(30)));
            assert_eq!(libisolate::run(&slow).unwrap().reason, Reason::Timeout);
            let running = libisolate::spawn(&job("sleep 1000")).unwrap();
            running.kill().unwrap();
            assert_eq!(running.wait().unwrap().reason, Reason::Killed);
            drop(libisolate::spawn(&job("sleep 1000")).unwrap());
            let mut missing = job("");
            missing.argv = vec!["/no/such/program".into()];
            assert_eq!(
                libisolate::run(&missing).unwrap_err().kind(),
                ErrorKind::NotFound
            );
        }
        // Without an init nobody is left who knows: an error that says so, or the truth.
        let mut bare = sh("exit 7");
        without_init(&mut bare);
        match libisolate::run(&bare) {
            Ok(outcome) => assert_eq!(outcome.exit_code, Some(7)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Child, "{error}"),
        }
    }
}

#[test]
fn a_host_that_ignores_sigchld() {
    alone(name!(), || {
        // SAFETY: this process is the test's own.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        ends_are_right();
    });
}

#[test]
fn a_host_that_reaps_every_child() {
    alone(name!(), || {
        let stop = Arc::new(AtomicBool::new(false));
        let reaper = hammer(&stop, |_| {
            let mut status = 0;
            // SAFETY: any child of this process, as a careless host does.
            if unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL) } < 0 {
                std::thread::sleep(Duration::from_micros(50));
            }
        });
        ends_are_right();
        stop.store(true, Ordering::Relaxed);
        reaper.join().unwrap();
    });
}

/// The limit of descriptors is nearly reached: an error or a job, and nothing left.
#[test]
fn a_host_without_descriptors() {
    alone(name!(), || {
        let mut spec = sh("exit 0");
        spec.binds
            .push(libisolate::spec::Bind::ro("/usr").at("/again"));
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: local memory; this process is the test's own.
        unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
        let full = limit;
        limit.rlim_cur = 64;
        // SAFETY: as above.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
        let mut taken = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            taken.push(file.into_raw_fd());
        }
        let (mut worked, mut failed) = (0, 0);
        while let Some(fd) = taken.pop() {
            // SAFETY: opened above.
            unsafe { libc::close(fd) };
            match libisolate::run(&spec) {
                Ok(outcome) => {
                    assert!(outcome.success(), "{outcome:?}");
                    worked += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
                    failed += 1;
                }
            }
        }
        // SAFETY: as above.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const full) };
        assert!(
            worked > 10 && failed > 3,
            "{worked} worked, {failed} failed"
        );
    });
}

/// Signals that the host handles arrive while it launches: no launch is cut short by them.
#[test]
fn a_host_with_a_storm_of_signals() {
    alone(name!(), || {
        extern "C" fn nothing(_: i32) {}
        // SAFETY: a handler that does nothing, without SA_RESTART, so that calls are interrupted.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = nothing as *const () as usize;
            libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut());
            let every = libc::timeval {
                tv_sec: 0,
                tv_usec: 300,
            };
            let timer = libc::itimerval {
                it_interval: every,
                it_value: every,
            };
            libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut());
        }
        let mut spec = sh("echo fine; sleep 0.01; exit 3");
        spec.stdin = Stdio::Null;
        for _ in 0..50 {
            let outcome = libisolate::run(&spec).unwrap();
            assert_eq!(
                (outcome.exit_code, text(&outcome).as_str()),
                (Some(3), "fine\n")
            );
        }
        // SAFETY: stops the timer.
        unsafe {
            let timer: libc::itimerval = std::mem::zeroed();
            libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut());
        }
    });
}
