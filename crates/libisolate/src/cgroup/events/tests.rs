//! Which file tells what on which layout, and v1 alone, which a hybrid host gives by leaving the v2
//! directory out.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::cgroup::CreateOptions;
use crate::spec::Size;

const PATIENCE: Duration = Duration::from_secs(20);

/// A group of the test's own, which goes with the test.
struct Own(Cgroup);

impl Own {
    /// With directories on v1 hierarchies; none on a host without, a skip where the caller may make none.
    fn on_v1(test: &str) -> Option<Own> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("isolate-test-{}-events-{number}", std::process::id());
        let made = Cgroup::create(&name, &CreateOptions::default()).map(Own);
        let reason = match made {
            // A host without v1 has nothing to be tested here.
            Ok(own) => return Some(own).filter(|own| !own.v1().is_empty()),
            Err(error) => error.to_string(),
        };
        assert!(
            std::env::var_os("ISOLATE_MUST_WORK").is_none_or(|v| v == "0"),
            "{test} must work here: {reason}"
        );
        // Straight to the stream: libtest keeps what goes through print.
        let _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("SKIPPED {test}: {reason}\n"),
        );
        None
    }

    fn v1(&self) -> Vec<Tree> {
        let old = self.0.trees.iter().filter(|t| t.version == Version::V1);
        old.map(|tree| Tree {
            version: tree.version,
            controllers: tree.controllers.clone(),
            name: tree.name.clone(),
            dir: tree.dir.try_clone().expect("an open directory"),
        })
        .collect()
    }

    /// A process in the group that does nothing.
    fn sleeper(&self) -> Child {
        let mut command = Command::new("sleep");
        let child = command.arg("100").stdin(Stdio::null()).spawn();
        let child = child.expect("sleep");
        self.0.attach(&[child.id() as i32]).expect("attach");
        child
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.remove();
    }
}

fn kinds(events: &Events, wanted: &[EventKind]) {
    for kind in wanted {
        let event = events.wait(Some(PATIENCE)).expect("readable");
        assert_eq!(event.as_ref().map(|e| e.kind), Some(*kind), "{event:?}");
    }
    assert_eq!(events.next(), Ok(None));
}

#[test]
fn v1_alone_is_looked_at() {
    let Some(own) = Own::on_v1("cgroup::events::tests::v1_alone_is_looked_at") else {
        return;
    };
    let trees = own.v1();
    let events = watch(&trees, &[Watch::Populated, Watch::Frozen]).expect("v1");
    assert_eq!(events.next(), Ok(None));
    let mut child = own.sleeper();
    kinds(&events, &[EventKind::Populated]);
    let freezer = trees.iter().find(|t| t.has("freezer")).expect("freezer");
    freezer.dir.write("freezer.state", "FROZEN").expect("write");
    kinds(&events, &[EventKind::Frozen]);
    freezer.dir.write("freezer.state", "THAWED").expect("write");
    kinds(&events, &[EventKind::Thawed]);
    // Its state when the watch begins is not news.
    let later = watch(&trees, &[Watch::Populated]).expect("v1");
    assert_eq!(later.wait(Some(Duration::from_millis(250))), Ok(None));
    child.kill().expect("it runs");
    child.wait().expect("it has ended");
    kinds(&events, &[EventKind::Empty]);
    own.0.remove().expect("it is empty");
    // The first says how it became empty, the second never looked in between.
    kinds(&events, &[EventKind::Removed]);
    kinds(&later, &[EventKind::Empty, EventKind::Removed]);
    assert!(events.is_over() && later.is_over());
    let error = watch(&trees, &[Watch::Frozen]).expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[test]
fn an_eventfd_for_the_oom_of_v1() {
    let test = "cgroup::events::tests::an_eventfd_for_the_oom_of_v1";
    let Some(own) = Own::on_v1(test) else { return };
    let trees = own.v1();
    let Some(memory) = trees.iter().find(|t| t.has("memory")) else {
        return;
    };
    memory
        .dir
        .write("memory.limit_in_bytes", "16M")
        .expect("write");
    let bell = oom_eventfd(memory).expect("v1");
    let mut empty = [0u8; 8];
    assert_eq!(nix::unistd::read(&bell, &mut empty), Err(Errno::EAGAIN));
    let path = memory.dir.path().join("cgroup.procs");
    let script = "echo 0 > \"$0\"; exec dd if=/dev/zero of=/dev/null bs=64M count=1";
    let mut dd = Command::new("sh");
    dd.args(["-c", script]).arg(path).stderr(Stdio::null());
    let killed = dd.status().expect("sh");
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&killed),
        Some(libc::SIGKILL)
    );
    let mut count = [0u8; 8];
    assert_eq!(nix::unistd::read(&bell, &mut count), Ok(8));
    assert!(u64::from_ne_bytes(count) > 0);
}

#[test]
fn what_no_file_tells() {
    let tree = |version, controllers: &[&str]| Tree {
        version,
        controllers: controllers.iter().map(|c| (*c).to_owned()).collect(),
        name: None,
        dir: Dir::open(&std::env::temp_dir()).expect("a directory"),
    };
    let old = [tree(Version::V1, &["memory"])];
    let new = [tree(Version::V2, &["memory"])];
    let threshold = |bytes| Watch::Threshold {
        bytes: Size(bytes),
        memsw: false,
    };
    let level = Watch::PressureLevel {
        level: Level::Low,
        mode: LevelMode::Default,
    };
    let pressure = Watch::Pressure {
        resource: Resource::Memory,
        full: false,
        stall_usec: 1,
        window_usec: 2_000_000,
    };
    use ErrorKind::{InvalidSpec, NotFound, Unsupported};
    for (trees, watched, kind, words) in [
        (&new, threshold(1 << 20), Unsupported, "memory_high"),
        (&new, level, Unsupported, "watch pressure of memory"),
        (&old, pressure, Unsupported, "mount cgroup2"),
        (&old, Watch::MemoryEvents, Unsupported, "watch oom"),
        (&old, Watch::PidsEvents, Unsupported, "no pids controller"),
        (&old, Watch::Frozen, Unsupported, "no freezer controller"),
        (&old, threshold(1), InvalidSpec, "less than a page"),
        // A directory that is no group.
        (&old, Watch::Oom, NotFound, "the group has been removed"),
    ] {
        let error = watch(trees, std::slice::from_ref(&watched)).expect_err(words);
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.stage(), Stage::Cgroup, "{error}");
        assert!(error.message().contains(words), "{error}");
    }
    assert!(watch(&[], &[Watch::Populated]).is_err());
    let error = oom_eventfd(&new[0]).expect_err("v2");
    assert_eq!(error.kind(), Unsupported, "{error}");
}

#[test]
fn watches_and_events_as_json() {
    let text = r#"["oom", {"threshold": {"bytes": "8M"}}, "pids_events",
        {"pressure": {"resource": "cpu", "full": true, "stall_usec": 5, "window_usec": 9}},
        {"pressure_level": {"level": "critical", "mode": "local"}}, "frozen"]"#;
    let read: Vec<Watch> = serde_json::from_str(text).expect("watches");
    assert_eq!(read.len(), 6);
    assert_eq!(
        read[1],
        Watch::Threshold {
            bytes: Size(8 << 20),
            memsw: false
        }
    );
    let written = serde_json::to_string(&read).expect("json");
    assert_eq!(
        serde_json::from_str::<Vec<Watch>>(&written).expect("json"),
        read
    );
    for (watch, part) in read.iter().zip(
        serde_json::to_value(&read)
            .expect("json")
            .as_array()
            .expect("a list"),
    ) {
        let word = part.as_str().or_else(|| {
            let object = part.as_object()?;
            object.keys().next().map(String::as_str)
        });
        assert_eq!(word, Some(watch.name()));
    }
    for wrong in [
        r#"["swap"]"#,
        r#"[{"threshold": {}}]"#,
        r#"[{"pressure_level": {"level": "low", "x": 1}}]"#,
    ] {
        assert!(
            serde_json::from_str::<Vec<Watch>>(wrong).is_err(),
            "{wrong}"
        );
    }
    for kind in EventKind::ALL {
        assert_eq!(
            serde_json::to_value(kind).expect("json"),
            serde_json::Value::from(kind.name())
        );
    }
}
