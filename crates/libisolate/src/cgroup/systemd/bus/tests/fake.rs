//! The fake manager of the test programs, asked by the client: that it is like the real one where it is
//! asked the same, and that it does what tests of the driver will say.

use std::process::Command;

use super::listener::{long, short};
use super::real::{self, JOB_REMOVED, MANAGER, PATH};
use crate::cgroup::systemd::bus::{Address, Bus, BusError, Place, Value, wire};
use crate::cgroup::testing::{TestGroup, skip};

#[path = "../../../../../tests/common/fake_manager/mod.rs"]
mod fake_manager;
use fake_manager::{Answer, FakeManager, Options};

fn bus(manager: &FakeManager) -> Address {
    Address::Bus(vec![Place::Path(manager.bus())])
}

/// A connection to its bus that hears of jobs.
fn connect(manager: &FakeManager) -> Bus {
    let mut bus = Bus::connect(&bus(manager), long()).expect("it lets us in");
    bus.watch(JOB_REMOVED, long()).expect("a rule");
    bus
}

fn start(bus: &mut Bus, unit: &str) -> Result<Vec<Value>, BusError> {
    // Nothing is done to the process: it is only named.
    real::call(bus, "StartTransientUnit", &real::scope(unit, 4711))
}

fn name(error: Result<Vec<Value>, BusError>) -> String {
    match error {
        Err(BusError::Reply { name, .. }) => name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_conversation_as_with_the_real_one() {
    let test = "the_same_conversation_as_with_the_real_one";
    let Some(group) = TestGroup::unified(test) else {
        return;
    };
    let said = group.shell("cat /proc/self/cgroup");
    let line = said.lines().find_map(|line| line.strip_prefix("0::"));
    let control_group = line.expect("the group's path").to_owned();
    let path = group.dir.path().to_str().expect("text");
    let root = path.strip_suffix(&control_group).expect("the tree's root");
    let manager = FakeManager::with(Options {
        trees: vec![root.into()],
        control_group,
        ..Options::default()
    });
    real::conversation(&bus(&manager), "bus");
    real::conversation(&Address::Peer(manager.private()), "private");
    assert_eq!(manager.units(), [""; 0]);
    let left = std::fs::read_dir(group.dir.path().join("system.slice")).expect("the slice");
    let left = left.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_dir()));
    assert_eq!(left.count(), 0);

    // A scope whose process ends goes by itself, and one that vanishes takes its process with it.
    let mut bus = connect(&manager);
    for vanishes in [false, true] {
        let mut child = real::process();
        let args = real::scope("ends.scope", child.id());
        let job = real::call(&mut bus, "StartTransientUnit", &args).expect("a scope");
        assert_eq!(real::over(&mut bus, &job), "done");
        let pid = Value::U32(child.id());
        let unit = real::call(&mut bus, "GetUnitByPID", &[pid]).expect("it is in one");
        assert_eq!(
            unit[0].text(),
            Some("/org/freedesktop/systemd1/unit/ends_2escope")
        );
        let inner = group.dir.path().join("system.slice/ends.scope/inner");
        std::fs::create_dir(&inner).expect("a group below the scope's");
        for (below, right) in [("inner", false), ("/none", false), ("/inner", true)] {
            let pids = Value::Array("u".into(), vec![child.id().into()]);
            let args = ["ends.scope".into(), below.into(), pids];
            let answer = real::call(&mut bus, "AttachProcessesToUnit", &args);
            assert_eq!(answer.is_ok(), right, "{answer:?}");
        }
        let inside = std::fs::read_to_string(inner.join("cgroup.procs")).expect("it is there");
        assert_eq!(inside.trim(), child.id().to_string());
        match vanishes {
            true => manager.vanish("ends.scope"),
            false => child.kill().expect("our child"),
        }
        child.wait().expect("our child");
        while !manager.units().is_empty() {
            std::thread::yield_now();
        }
    }
    drop(manager);
    assert!(!group.dir.path().join("system.slice").exists());
}

#[test]
fn calls_are_kept() {
    let manager = FakeManager::start();
    let mut bus = connect(&manager);
    let job = start(&mut bus, "a.scope").expect("a job");
    assert_eq!(real::over(&mut bus, &job), "done");
    let args = [
        "a.scope".into(),
        true.into(),
        Value::Array(
            "(sv)".into(),
            vec![Value::Struct(vec![
                "MemoryMax".into(),
                Value::U64(7).in_variant(),
            ])],
        ),
    ];
    real::call(&mut bus, "SetUnitProperties", &args).expect("it is there");
    let unit = real::call(&mut bus, "GetUnit", &["a.scope".into()]).expect("it is there");
    let path = unit[0].text().expect("a path");
    let limit = real::property(
        &mut bus,
        path,
        "org.freedesktop.systemd1.Scope",
        "MemoryMax",
    );
    assert_eq!(limit.number(), Some(7));
    let version = real::property(&mut bus, PATH, MANAGER, "Version");
    assert_eq!(version.text(), Some("252 (252.38-1~deb12u1)"));

    let asked = manager.asked_for("StartTransientUnit");
    let [asked] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!((asked.unit(), asked.private), ("a.scope", false));
    let names: Vec<_> = asked.properties().iter().map(|one| one.0).collect();
    assert_eq!(
        names,
        [
            "Description",
            "PIDs",
            "Delegate",
            "MemoryMax",
            "CollectMode"
        ]
    );
    let memory = asked.property("MemoryMax").and_then(Value::number);
    assert_eq!(memory, Some(64 << 20));
    let set = &manager.asked_for("SetUnitProperties")[0];
    assert_eq!(set.property("MemoryMax"), Some(&Value::U64(7)));
    assert_eq!(manager.asked().len(), 5);
}

#[test]
fn errors_and_results() {
    let manager = FakeManager::start();
    let mut bus = connect(&manager);
    for error in [
        "org.freedesktop.DBus.Error.AccessDenied",
        "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
        "org.freedesktop.DBus.Error.LimitsExceeded",
        "org.freedesktop.systemd1.NoSuchUnit",
    ] {
        manager.answer("StartTransientUnit", Answer::error(error));
        assert_eq!(name(start(&mut bus, "a.scope")), error);
    }
    assert_eq!(manager.units(), [""; 0]);
    for result in ["failed", "timeout", "canceled", "dependency"] {
        manager.answer("StartTransientUnit", Answer::job(result));
        let job = start(&mut bus, "a.scope").expect("a job");
        assert_eq!(real::over(&mut bus, &job), result);
        // These units want to be forgotten.
        assert_eq!(manager.units(), [""; 0]);
    }

    manager.put_unit("old.scope", true);
    let exists = "org.freedesktop.systemd1.UnitExists";
    assert_eq!(name(start(&mut bus, "old.scope")), exists);
    real::call(&mut bus, "ResetFailedUnit", &["old.scope".into()]).expect("it had failed");
    start(&mut bus, "old.scope").expect("it is forgotten");
    assert_eq!(name(start(&mut bus, "old.scope")), exists);
    real::call(&mut bus, "ResetFailedUnit", &["old.scope".into()]).expect("nothing to forget");
    assert_eq!(name(start(&mut bus, "old.scope")), exists);
    let missing = real::call(&mut bus, "ResetFailedUnit", &["no.scope".into()]);
    assert_eq!(name(missing), "org.freedesktop.systemd1.NoSuchUnit");

    let unknown = real::call(&mut bus, "NoMethod", &[]);
    assert_eq!(name(unknown), "org.freedesktop.DBus.Error.UnknownMethod");
    let wrong_types = real::call(&mut bus, "StopUnit", &["a.scope".into()]);
    assert_eq!(
        name(wrong_types),
        "org.freedesktop.DBus.Error.UnknownMethod"
    );
    real::call(&mut bus, "Subscribe", &[]).expect("the first time");
    let again = real::call(&mut bus, "Subscribe", &[]);
    assert_eq!(name(again), "org.freedesktop.systemd1.AlreadySubscribed");
}

#[test]
fn signals_out_of_order() {
    let manager = FakeManager::start();
    let mut bus = connect(&manager);
    let answers = [
        Answer::well().after_others(3),
        Answer::well().signal_first(),
        Answer::well().signal_first().after_others(2).in_bytes(),
        Answer::job("failed").in_bytes(),
    ];
    for (at, answer) in answers.into_iter().enumerate() {
        manager.answer("StartTransientUnit", answer);
        let job = start(&mut bus, &format!("{at}.scope")).expect("a job");
        let result = real::over(&mut bus, &job);
        assert_eq!(result, if at == 3 { "failed" } else { "done" });
    }
    manager.answer("StartTransientUnit", Answer::well().no_signal());
    start(&mut bus, "never.scope").expect("a job");
    assert_eq!(bus.signal(|_| true, short()), Err(BusError::TimedOut));
    manager.foreign_job("other.service", "done");
    let other = bus.signal(|_| true, long()).expect("it comes");
    assert_eq!(other.args[2].text(), Some("other.service"));
    // Not watched for.
    manager.reloading(true);
    assert_eq!(bus.signal(|_| true, short()), Err(BusError::TimedOut));
}

#[test]
fn connections_that_end() {
    let manager = FakeManager::start();
    for (answer, units) in [
        (Answer::closed_before_reply(), 0),
        (Answer::closed_in_reply(), 1),
    ] {
        let mut bus = connect(&manager);
        manager.answer("StartTransientUnit", answer);
        assert_eq!(start(&mut bus, "a.scope"), Err(BusError::Closed));
        assert_eq!(manager.units().len(), units);
    }
    let mut bus = connect(&manager);
    manager.answer("StartTransientUnit", Answer::closed_after_reply());
    start(&mut bus, "b.scope").expect("a job");
    assert_eq!(bus.signal(|_| true, long()), Err(BusError::Closed));

    let mut bus = connect(&manager);
    manager.close_connections();
    assert_eq!(start(&mut bus, "c.scope"), Err(BusError::Closed));
    // It is still there.
    let mut bus = connect(&manager);
    assert_eq!(
        name(start(&mut bus, "b.scope")),
        "org.freedesktop.systemd1.UnitExists"
    );

    manager.answer("StartTransientUnit", Answer::garbage());
    let garbage = start(&mut bus, "d.scope").expect_err("no message");
    assert!(matches!(garbage, BusError::Protocol(_)), "{garbage:?}");
}

#[test]
fn answers_that_are_late() {
    let manager = FakeManager::start();
    let mut bus = connect(&manager);
    manager.answer("StartTransientUnit", Answer::well().held());
    let args = real::scope("late.scope", 4711);
    let call = crate::cgroup::systemd::bus::Call {
        destination: "org.freedesktop.systemd1",
        path: PATH,
        interface: MANAGER,
        member: "StartTransientUnit",
        args: &args,
    };
    assert_eq!(bus.call(&call, short()), Err(BusError::TimedOut));
    // It is done all the same, sooner or later.
    while manager.units().is_empty() {
        std::thread::yield_now();
    }
    manager.release();
    let stop = ["late.scope".into(), "fail".into()];
    let job = real::call(&mut bus, "StopUnit", &stop).expect("the next answer");
    assert_eq!(real::over(&mut bus, &job), "done");
    assert_eq!(manager.units(), [""; 0]);
}

#[test]
fn nobody_gets_in() {
    let manager = FakeManager::start();
    let crowd = manager.crowd();
    for address in [bus(&manager), Address::Peer(manager.private())] {
        let busy = Bus::connect(&address, long()).expect_err("too many wait");
        assert!(matches!(busy, BusError::Busy { .. }), "{busy:?}");
    }
    drop(crowd);
    connect(&manager);
    manager.reject(true);
    let refused = Bus::connect(&bus(&manager), long()).expect_err("nobody is let in");
    assert!(matches!(refused, BusError::Refused { .. }), "{refused:?}");
}

#[test]
fn properties_that_a_version_does_not_know() {
    let manager = FakeManager::with(Options {
        version: "219".to_owned(),
        unknown_properties: vec!["CollectMode".to_owned()],
        ..Options::default()
    });
    let mut bus = connect(&manager);
    let refused = "org.freedesktop.DBus.Error.PropertyReadOnly";
    assert_eq!(name(start(&mut bus, "a.scope")), refused);
    let version = real::property(&mut bus, PATH, MANAGER, "Version");
    assert_eq!(version.text(), Some("219"));
}

/// systemd's own client, whose codec is none of ours.
#[test]
fn another_client_understands_it() {
    let test = "another_client_understands_it";
    let manager = FakeManager::start();
    manager.put_unit("there.scope", false);
    let busctl = |args: &[&str]| {
        let mut command = Command::new("busctl");
        command.arg(format!("--address={}", manager.address()));
        let service = "org.freedesktop.systemd1";
        command.args(["call", service, PATH]).args(args).output()
    };
    let said = match busctl(&[MANAGER, "GetUnit", "s", "there.scope"]) {
        Ok(said) => said,
        Err(error) => return skip(test, &format!("busctl: {error}")),
    };
    let text = String::from_utf8_lossy(&said.stdout);
    let path = "o \"/org/freedesktop/systemd1/unit/there_2escope\"\n";
    assert_eq!(text, path, "{}", String::from_utf8_lossy(&said.stderr));
    let scope = [
        MANAGER,
        "StartTransientUnit",
        "ssa(sv)a(sa(sv))",
        "new.scope",
        "fail",
        "3",
        "PIDs",
        "au",
        "1",
        "4711",
        "MemoryMax",
        "t",
        "67108864",
        "Delegate",
        "b",
        "true",
        "0",
    ];
    let said = busctl(&scope).expect("it has just run");
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(
        text.starts_with("o \"/org/freedesktop/systemd1/job/"),
        "{said:?}"
    );
    let asked = &manager.asked_for("StartTransientUnit")[0];
    let memory = asked.property("MemoryMax").and_then(Value::number);
    assert_eq!(memory, Some(64 << 20));
    let said = busctl(&scope).expect("it has just run");
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(
        text.contains("Unit new.scope was already loaded"),
        "{said:?}"
    );
}
