//! A conversation with the real manager, over the bus and over its private socket, where there is one.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::listener::long;
use crate::cgroup::systemd::bus::address::runtime_dir;
use crate::cgroup::systemd::bus::connection::Signal;
use crate::cgroup::systemd::bus::{Address, Bus, BusError, Call, Value, Watch};
use crate::cgroup::testing::skip;

/// As the driver will.
pub(super) const JOB_REMOVED: Watch = Watch {
    sender: NAME,
    path: PATH,
    interface: MANAGER,
    member: "JobRemoved",
};

const NAME: &str = "org.freedesktop.systemd1";
pub(super) const PATH: &str = "/org/freedesktop/systemd1";
pub(super) const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The caller's own manager, by its bus and by its private socket; where there is none, says so.
fn manager_or_skip(test: &str) -> Option<(Address, Address)> {
    let root = nix::unistd::geteuid().is_root();
    let private = match root {
        true => "/run/systemd/private".into(),
        false => runtime_dir().join("systemd/private"),
    };
    if !Path::new("/run/systemd/system").is_dir() || !private.exists() {
        skip(test, "systemd is not the caller's manager here");
        return None;
    }
    let bus = match root {
        true => Address::system(),
        false => Address::session(),
    };
    Some((bus.expect("an address"), Address::Peer(private)))
}

pub(super) fn call(bus: &mut Bus, member: &str, args: &[Value]) -> Result<Vec<Value>, BusError> {
    let call = Call {
        destination: NAME,
        path: PATH,
        interface: MANAGER,
        member,
        args,
    };
    bus.call(&call, long())
}

pub(super) fn property(bus: &mut Bus, path: &str, interface: &str, name: &str) -> Value {
    let call = Call {
        destination: NAME,
        path,
        interface: PROPERTIES,
        member: "Get",
        args: &[interface.into(), name.into()],
    };
    let values = bus.call(&call, long()).expect(name);
    values.into_iter().next().expect("one value")
}

/// The result of a job, once it is over.
pub(super) fn over(bus: &mut Bus, job: &[Value]) -> String {
    let mine = |signal: &Signal| signal.args.get(1) == job.first();
    let removed = bus.signal(mine, long()).expect("the job ends");
    let result = removed.args.get(3).and_then(Value::text);
    result.expect("it has a result").to_owned()
}

pub(super) fn process() -> Child {
    let mut sleep = Command::new("sleep");
    sleep.arg("60").stdin(Stdio::null());
    sleep.spawn().expect("sleep(1)")
}

pub(super) fn scope(unit: &str, pid: u32) -> [Value; 4] {
    let property = |name: &str, value: Value| Value::Struct(vec![name.into(), value.in_variant()]);
    let properties = vec![
        property("Description", "a test of libisolate".into()),
        property("PIDs", Value::Array("u".into(), vec![pid.into()])),
        property("Delegate", true.into()),
        property("MemoryMax", (64_u64 << 20).into()),
        property("CollectMode", "inactive-or-failed".into()),
    ];
    [
        unit.into(),
        "fail".into(),
        Value::Array("(sv)".into(), properties),
        Value::Array("(sa(sv))".into(), Vec::new()),
    ]
}

fn error(answer: Result<Vec<Value>, BusError>) -> String {
    match answer {
        Err(BusError::Reply { name, .. }) => name,
        other => panic!("{other:?}"),
    }
}

/// What cannot be done, and by which name the manager refuses it.
fn refusals(bus: &mut Bus) {
    let own = std::process::id();
    for (unit, pid, refusal) in [
        // More than any process has.
        (
            "isolate-bus.scope",
            4_194_305,
            "DBus.Error.UnixProcessIdUnknown",
        ),
        ("isolate/bus.scope", own, "DBus.Error.InvalidArgs"),
        (".scope", own, "DBus.Error.InvalidArgs"),
        ("isolate-bus", own, "DBus.Error.InvalidArgs"),
        ("isolate-bus.service", own, "DBus.Error.PropertyReadOnly"),
        // Not what one would think, and nothing that ResetFailedUnit could help.
        ("isolate-.slice", own, "systemd1.UnitExists"),
    ] {
        let answer = call(bus, "StartTransientUnit", &scope(unit, pid));
        assert_eq!(
            error(answer),
            format!("org.freedesktop.{refusal}"),
            "{unit}"
        );
    }
    let mut unknown = scope("isolate-bus.scope", own);
    for (property, refusal) in [
        ("NoSuchProperty", "DBus.Error.PropertyReadOnly"),
        // A scope without processes.
        ("Delegate", "DBus.Error.FileNotFound"),
    ] {
        let one = Value::Struct(vec![property.into(), Value::Bool(true).in_variant()]);
        unknown[2] = Value::Array("(sv)".into(), vec![one]);
        let answer = call(bus, "StartTransientUnit", &unknown);
        assert_eq!(
            error(answer),
            format!("org.freedesktop.{refusal}"),
            "{property}"
        );
    }
    let none = "isolate-bus-none.scope";
    let properties = Value::Array("(sv)".into(), Vec::new());
    for (member, args) in [
        ("GetUnit", vec![none.into()]),
        ("ResetFailedUnit", vec![none.into()]),
        ("StopUnit", vec![none.into(), "fail".into()]),
        (
            "SetUnitProperties",
            vec![none.into(), true.into(), properties],
        ),
    ] {
        let answer = call(bus, member, &args);
        assert_eq!(
            error(answer),
            "org.freedesktop.systemd1.NoSuchUnit",
            "{member}"
        );
    }
}

/// A scope around a process, from its start to its stop.
pub(super) fn conversation(address: &Address, tag: &str) {
    let mut bus = Bus::connect(address, long()).expect("the manager lets its user in");
    let version = property(&mut bus, PATH, MANAGER, "Version");
    let digits = |letter: char| letter.is_ascii_digit();
    assert!(
        version.text().is_some_and(|text| text.contains(digits)),
        "{version:?}"
    );
    // Nobody has called Subscribe: who starts a job is told of its end.
    bus.watch(JOB_REMOVED, long()).expect("a rule");

    let mut child = process();
    let unit = format!("isolate-bus-{}-{tag}.scope", std::process::id());
    let args = scope(&unit, child.id());
    let job = call(&mut bus, "StartTransientUnit", &args).expect("a scope");
    assert_eq!(over(&mut bus, &job), "done");

    let again = call(&mut bus, "StartTransientUnit", &args);
    assert_eq!(error(again), "org.freedesktop.systemd1.UnitExists");

    let found = call(&mut bus, "GetUnit", &[unit.as_str().into()]).expect("it is there");
    let path = found[0].text().expect("a path").to_owned();
    let face = "org.freedesktop.systemd1.Scope";
    let group = property(&mut bus, &path, face, "ControlGroup");
    let group = group.text().expect("a path").to_owned();
    assert!(group.ends_with(&unit), "{group}");
    let groups = std::fs::read_to_string(format!("/proc/{}/cgroup", child.id()));
    let groups = groups.expect("/proc");
    // Of v1 hierarchies and of the one tree of v2: the process is where the manager says.
    assert!(groups.lines().any(|line| line.ends_with(&unit)), "{groups}");
    let limit = property(&mut bus, &path, face, "MemoryMax");
    assert_eq!(limit.number(), Some(64 << 20));

    let job = call(&mut bus, "StopUnit", &[unit.as_str().into(), "fail".into()]);
    assert_eq!(over(&mut bus, &job.expect("a job")), "done");
    let status = child.wait().expect("our child");
    assert_eq!(status.signal(), Some(libc::SIGTERM), "{status}");
    // Other versions have other words for some of these.
    if version.text().is_some_and(|text| text.starts_with("252")) {
        refusals(&mut bus);
    }
}

#[test]
fn over_the_bus() {
    if let Some((bus, _)) = manager_or_skip("over_the_bus") {
        conversation(&bus, "bus");
    }
}

#[test]
fn over_the_private_socket() {
    if let Some((_, private)) = manager_or_skip("over_the_private_socket") {
        conversation(&private, "private");
    }
}
