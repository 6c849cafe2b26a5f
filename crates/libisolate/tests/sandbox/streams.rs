//! Standard streams, descriptors, environment, arguments.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;

use libisolate::spec::{Bytes, Size, Stdio, StdioFile};
use libisolate::{ErrorKind, Reason, Spec, Stage};

use crate::common::{Report, TempDir, alone, ok, probe, sh, text, without_init};
use crate::name;

#[test]
fn only_the_three_streams_are_open() {
    alone(name!(), || {
        let mut leaked = Vec::new();
        for at in 0..200 {
            let file = File::open("/dev/null").unwrap();
            // SAFETY: a descriptor of this process, made inheritable at a scattered number.
            let raw = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_DUPFD, 3 + at * 7) };
            assert!(raw >= 0);
            leaked.push(raw);
        }
        let strict = ok(&probe(&["fds"]));
        let mut spec = probe(&["fds"]);
        without_init(&mut spec);
        let bare = ok(&spec);
        for raw in leaked {
            // SAFETY: opened above.
            unsafe { libc::close(raw) };
        }
        assert_eq!(strict.trim(), "0 1 2");
        assert_eq!(bare.trim(), "0 1 2");
    });
}

#[test]
fn kept_descriptors_have_their_numbers() {
    alone(name!(), || {
        let dir = TempDir::new("keep");
        std::fs::write(dir.join("a"), "A").unwrap();
        let file = File::open(dir.join("a")).unwrap();
        // SAFETY: as above.
        let raw = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 77) };
        let mut spec = probe(&["fds"]);
        spec.keep_fds = vec![raw];
        assert_eq!(ok(&spec).trim(), format!("0 1 2 {raw}"));
        let mut spec = sh(&format!("cat /proc/self/fd/{raw} <&-; cat <&{raw}"));
        spec.argv[0] = "/bin/bash".into();
        spec.keep_fds = vec![raw];
        let out = libisolate::run(&spec).unwrap();
        assert!(text(&out).ends_with('A'), "{out:?}");
        // SAFETY: opened above.
        unsafe { libc::close(raw) };
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::InvalidSpec, Stage::Stdio),
            "{error}"
        );
    });
}

#[test]
fn the_environment_is_clean() {
    crate::common::Alone::new(name!())
        .env("HOST_WORD", "host")
        .env("OTHER_WORD", "other")
        .run(|| {
            let mut spec = sh("env | sort");
            spec.argv = vec!["/usr/bin/env".into()];
            let lines = |spec: &Spec| {
                let mut lines: Vec<String> = ok(spec).lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
            assert_eq!(lines(&spec), ["HOME=/tmp", "LANG=C.UTF-8", path]);
            spec.keep_env = vec!["HOST_WORD".into()];
            spec.env.insert("HOME".into(), "/elsewhere".into());
            spec.env.insert("A".into(), "x=y\nz".into());
            assert_eq!(
                lines(&spec),
                [
                    "A=x=y",
                    "HOME=/elsewhere",
                    "HOST_WORD=host",
                    "LANG=C.UTF-8",
                    path,
                    "z"
                ]
            );
            spec.keep_env = vec!["*".into()];
            assert!(lines(&spec).contains(&"OTHER_WORD=other".to_owned()));
        });
}

#[test]
fn a_program_is_found_in_the_jobs_path() {
    alone(name!(), || {
        let mut spec = Spec::new(["echo", "found"]);
        spec.stdout = Stdio::Capture;
        assert_eq!(ok(&spec), "found\n");
        spec.env.insert("PATH".into(), "/nowhere".into());
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::NotFound, Stage::Exec),
            "{error}"
        );
        assert_eq!(error.subject(), "echo");
    });
}

#[test]
fn arguments_are_bytes() {
    alone(name!(), || {
        let mut spec = sh("printf '%s' \"$1\" | od -An -tx1");
        spec.argv
            .extend([Bytes::from("sh"), Bytes::from(&b"\xff\xfe a\n"[..])]);
        assert_eq!(ok(&spec).trim(), "ff fe 20 61 0a");
    });
}

#[test]
fn both_streams_at_once() {
    alone(name!(), || {
        let outcome = libisolate::run(&probe(&["both"])).unwrap();
        assert!(
            outcome.success(),
            "{:?} {}",
            outcome.reason,
            outcome.evidence
        );
        let (out, err) = (outcome.stdout.unwrap(), outcome.stderr.unwrap());
        assert_eq!(
            (out.as_bytes().len(), err.as_bytes().len()),
            (10 << 20, 10 << 20)
        );
        assert!(
            out.as_bytes().iter().all(|b| *b == b'o') && err.as_bytes().iter().all(|b| *b == b'e')
        );
        assert!(!outcome.stdout_cut && !outcome.stderr_cut);
    });
}

#[test]
fn output_is_limited() {
    alone(name!(), || {
        let mut spec = sh("yes");
        spec.limits.output = Some(Size(100_000));
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(outcome.reason, Reason::OutputLimit);
        assert!(outcome.stdout_cut && !outcome.stderr_cut);
        assert_eq!(outcome.stdout.unwrap().as_bytes().len(), 100_000);
        // To the byte: as much as the limit is no offence.
        let mut spec = sh("head -c 100000 /dev/zero");
        spec.limits.output = Some(Size(100_000));
        let outcome = libisolate::run(&spec).unwrap();
        assert!(
            outcome.success() && !outcome.stdout_cut,
            "{:?}",
            outcome.reason
        );
        let mut spec = sh("head -c 100001 /dev/zero; sleep 5");
        spec.limits.output = Some(Size(100_000));
        assert_eq!(libisolate::run(&spec).unwrap().reason, Reason::OutputLimit);
    });
}

#[test]
fn a_job_that_ended_before_its_overflow_was_read_is_told_too() {
    alone(name!(), || {
        let mut spec = sh("head -c 5000 /dev/zero");
        spec.limits.output = Some(Size(100));
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(outcome.reason, Reason::OutputLimit);
        assert!(outcome.stdout_cut);
    });
}

#[test]
fn pipes() {
    alone(name!(), || {
        let mut spec = sh("cat; echo end >&2");
        (spec.stdin, spec.stdout, spec.stderr) = (Stdio::Pipe, Stdio::Pipe, Stdio::Pipe);
        let job = libisolate::spawn(&spec).unwrap();
        let mut stdin = File::from(job.take_stdin().unwrap());
        let mut stdout = File::from(job.take_stdout().unwrap());
        let mut stderr = File::from(job.take_stderr().unwrap());
        assert!(job.take_stdin().is_none());
        let writer = std::thread::spawn(move || stdin.write_all(&[b'x'; 1 << 20]).unwrap());
        let (mut out, mut err) = (Vec::new(), String::new());
        stdout.read_to_end(&mut out).unwrap();
        stderr.read_to_string(&mut err).unwrap();
        writer.join().unwrap();
        assert_eq!((out.len(), err.as_str()), (1 << 20, "end\n"));
        assert!(job.wait().unwrap().success());
        // run has nobody to take the other end.
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec);
    });
}

#[test]
fn files_null_and_descriptors() {
    alone(name!(), || {
        let dir = TempDir::new("stdio");
        std::fs::write(dir.join("in"), "from a file").unwrap();
        let file = |name: &str, append| {
            Stdio::File(StdioFile {
                path: dir.join(name).into(),
                append,
            })
        };
        let mut spec = sh("cat; echo; echo problem >&2");
        (spec.stdin, spec.stdout, spec.stderr) =
            (file("in", false), file("out", false), file("out", true));
        assert!(libisolate::run(&spec).unwrap().success());
        spec.stdout = file("out", true);
        assert!(libisolate::run(&spec).unwrap().success());
        let written = std::fs::read_to_string(dir.join("out")).unwrap();
        assert_eq!(written, "from a file\nproblem\nfrom a file\nproblem\n");

        let mut spec = sh("cat; echo lost; readlink /proc/self/fd/0 >&2");
        (spec.stdin, spec.stdout) = (Stdio::Null, Stdio::Null);
        let outcome = libisolate::run(&spec).unwrap();
        assert_eq!(outcome.stderr.unwrap().as_bytes(), b"/dev/null\n");
        assert!(outcome.stdout.is_none());

        let own = File::create(dir.join("own")).unwrap();
        let mut spec = sh("echo one; echo two >&2");
        (spec.stdout, spec.stderr) = (Stdio::Fd(own.as_raw_fd()), Stdio::Fd(own.as_raw_fd()));
        assert!(libisolate::run(&spec).unwrap().success());
        assert_eq!(
            std::fs::read_to_string(dir.join("own")).unwrap(),
            "one\ntwo\n"
        );
        // SAFETY: only asks.
        let kept = unsafe { libc::fcntl(own.as_raw_fd(), libc::F_GETFD) };
        assert!(kept >= 0, "it stays the caller's");
    });
}

/// CVE-2017-5226: no way to type into the caller's terminal.
#[test]
fn the_job_leads_a_session_of_its_own() {
    alone(name!(), || {
        let session = |spec: &Spec| {
            let out = ok(spec);
            let stat = out.rsplit_once(')').unwrap().1.to_owned();
            stat.split_whitespace().nth(3).unwrap().to_owned()
        };
        let mut spec = Spec::new(["/bin/cat", "/proc/self/stat"]);
        spec.stdout = Stdio::Capture;
        let own = ok(&spec);
        let pid = own.split(' ').next().unwrap().to_owned();
        assert_eq!(session(&spec), pid);
        spec.new_session = Some(false);
        // The caller's session has no number inside.
        assert_eq!(session(&spec), "0");
    });
}

#[test]
fn many_big_arguments() {
    alone(name!(), || {
        let mut spec = probe(&["arguments"]);
        let piece = "a".repeat(120_000);
        for _ in 0..12 {
            spec.argv.push(piece.as_str().into());
        }
        let report = Report::of(&spec);
        assert_eq!(report.get("argc"), "14");
        assert_eq!(report.get("bytes"), (12 * 120_001 + 7 + 10).to_string());
    });
}

#[test]
fn streams_can_be_opened_again_by_name() {
    alone(name!(), || {
        for uid in [0, 1000] {
            let mut spec = sh("echo out > /dev/stdout; echo err > /dev/stderr; cat /dev/stdin");
            // Only root may choose ids that are not its own.
            if crate::common::is_root() {
                (spec.uid, spec.gid) = (Some(uid), Some(uid));
            }
            spec.stdin = Stdio::Pipe;
            (spec.stdout, spec.stderr) = (Stdio::Capture, Stdio::Capture);
            let job = libisolate::spawn(&spec).unwrap();
            File::from(job.take_stdin().unwrap())
                .write_all(b"in\n")
                .unwrap();
            let outcome = job.wait().unwrap();
            assert_eq!(text(&outcome), "out\nin\n", "{outcome:?}");
            assert_eq!(outcome.stderr, Some(Bytes::from("err\n")));
        }
    });
}
