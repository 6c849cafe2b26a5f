//! How deep user namespaces go: to the kernel's limit, and a clear word there.

use libisolate::ns::{Kind, Namespace};
use libisolate::spec::{NamespaceMode, Profile, Stdio};
use libisolate::{Error, ErrorKind, Spec, Stage};

use crate::common::{Alone, alone, text};
use crate::{line, name, nest_path, own, own_map};

fn assert_too_deep(error: &Error) {
    assert_eq!(
        (error.kind(), error.stage()),
        (ErrorKind::Limit, Stage::Clone),
        "{error}"
    );
    let message = error.message();
    assert!(
        message.contains("depth of 32 nested user or pid namespaces"),
        "{error}"
    );
}

#[test]
fn where_the_kernel_allows_no_more() {
    let nest = nest_path();
    Alone::new(name!())
        .under(&[nest.to_str().unwrap(), &own_map(0), "+0 0 1", "--"])
        .run(|| {
            let depth: u32 = std::env::var("NEST_DEPTH").unwrap().parse().unwrap();
            if Namespace::of_fd(50).unwrap().is_initial() {
                assert!((32..=33).contains(&depth), "{depth}");
            }
            assert_too_deep(&libisolate::run(&Spec::new(["true"])).unwrap_err());
            // Without one more user namespace it goes on working.
            let mut spec = Spec::new(["true"]);
            spec.namespaces.user = Some(NamespaceMode::Host);
            spec.stdout = Stdio::Null;
            let outcome = libisolate::run(&spec).unwrap();
            assert!(outcome.success(), "{outcome:?}");
        });
}

const LEVEL: &str = "ISOLATE_TEST_LEVEL";

/// Jobs in jobs, each in a user namespace of its own, until there can be no more.
#[test]
fn jobs_in_jobs() {
    if let Ok(level) = std::env::var(LEVEL) {
        return next_job(name!(), level.parse().unwrap());
    }
    alone(name!(), || {
        let mut spec = job(name!(), 1);
        spec.stdout = Stdio::Capture;
        let outcome = libisolate::run(&spec).unwrap();
        let output = text(&outcome);
        assert!(outcome.success(), "{outcome:?}\n{output}");
        let deepest = output
            .lines()
            .filter_map(|line| line.split_once("NESTED "))
            .map(|(_, level)| level.parse::<u32>().unwrap())
            .max()
            .unwrap();
        if Namespace::of_thread(Kind::User).unwrap().is_initial() {
            assert!((32..=33).contains(&deepest), "{deepest}\n{output}");
        }
        assert_eq!(output.matches("TOO DEEP").count(), 1, "{output}");
    });
}

/// This test again, as a job.
fn job(test: &str, level: u32) -> Spec {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", test, "--nocapture", "--test-threads=1"];
    let mut spec = Spec::new(
        std::iter::once(program.to_str().unwrap().to_owned()).chain(arguments.map(str::to_owned)),
    );
    spec.profile = Profile::None;
    spec.namespaces.user = Some(NamespaceMode::New);
    let (uid, gid) = own();
    spec.uid_map = vec![line(0, uid, 1)];
    spec.gid_map = vec![line(0, gid, 1)];
    (spec.uid, spec.gid) = (Some(0), Some(0));
    spec.env.insert(LEVEL.to_owned(), level.to_string().into());
    spec
}

fn next_job(test: &str, level: u32) {
    use std::io::Write as _;
    let mut out = std::io::stdout();
    assert_eq!(own(), (0, 0));
    writeln!(out, "NESTED {level}").unwrap();
    match libisolate::run(&job(test, level + 1)) {
        Ok(outcome) => assert!(outcome.success(), "{outcome:?}"),
        Err(error) => {
            assert_too_deep(&error);
            writeln!(out, "TOO DEEP").unwrap();
        }
    }
}
