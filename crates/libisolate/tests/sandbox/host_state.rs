//! What the host's own signal state and descriptors do to a job: nothing.

use libisolate::Spec;
use libisolate::spec::Stdio;

use crate::common::{Alone, Report, alone, ok, sh, without_init};
use crate::name;

#[test]
fn signals_are_as_in_a_fresh_process() {
    alone(name!(), || {
        // SAFETY: changes this process only, which is the test's own.
        unsafe {
            for signal in [libc::SIGPIPE, libc::SIGHUP, libc::SIGINT, libc::SIGUSR1, 40] {
                libc::signal(signal, libc::SIG_IGN);
            }
            let mut all = std::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_BLOCK, &all, std::ptr::null_mut());
        }
        for init in [true, false] {
            let mut spec = Spec::new(["/bin/cat", "/proc/self/status"]);
            spec.stdout = Stdio::Capture;
            if !init {
                without_init(&mut spec);
            }
            let report = Report::of(&spec);
            for set in ["SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd"] {
                assert_eq!(report.get(set), "0000000000000000", "{set}, init {init}");
            }
        }
    });
}

/// A service that was started without standard streams.
#[test]
fn a_host_without_standard_streams() {
    alone(name!(), || {
        // SAFETY: the descriptors are put back below.
        let saved = unsafe { [libc::dup(0), libc::dup(1), libc::dup(2)] };
        for fd in 0..3 {
            // SAFETY: as above.
            unsafe { libc::close(fd) };
        }
        let mut spec = sh("ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0");
        spec.stdin = Stdio::Inherit;
        let outcome = libisolate::run(&spec);
        let mut spec = sh("echo into nowhere; echo more >&2; read x; exit 4");
        (spec.stdin, spec.stdout, spec.stderr) = (Stdio::Inherit, Stdio::Inherit, Stdio::Inherit);
        let silent = libisolate::run(&spec);
        for (to, from) in saved.iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                libc::dup2(*from, to as i32);
                libc::close(*from);
            }
        }
        let out = crate::common::text(&outcome.unwrap());
        assert!(
            out.starts_with("0 1 2 3") && out.ends_with("/dev/null\n"),
            "{out}"
        );
        assert_eq!(silent.unwrap().exit_code, Some(4));
    });
}

/// A host that closes every descriptor, as daemons do: the library's kept ones with them.
#[test]
fn a_host_that_closes_everything_between_jobs() {
    // What libtest has open goes too, so there is nothing to compare.
    Alone::new(name!()).unchecked().run(|| {
        assert_eq!(ok(&sh("echo 1")), "1\n");
        // SAFETY: nothing in this process but the library has descriptors up there that it still uses.
        unsafe { libc::syscall(libc::SYS_close_range, 3, 1 << 20, 0) };
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(ok(&sh("echo 2")), "2\n");
        assert!(file.metadata().is_ok());
    });
}
