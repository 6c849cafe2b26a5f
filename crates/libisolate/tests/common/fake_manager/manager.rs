//! The methods of the manager and of its units, and the signals.

use super::answer::{Answer, Delivery, End, When};
use super::routing::{self, MANAGER};
use super::server::Link;
use super::units::{self, Refusal, Unit};
use super::wire::{Kind, Message, Value};
use super::{Asked, Shared, State};

pub(super) const NAME: &str = "org.freedesktop.systemd1";
const PATH: &str = "/org/freedesktop/systemd1";
const FACE: &str = "org.freedesktop.systemd1.Manager";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// What a call leads to.
struct Done {
    values: Vec<Value>,
    /// The unit and the result of the job whose end is to be told at once.
    job: Option<(u32, String, String)>,
}

impl Done {
    fn with(values: Vec<Value>) -> Done {
        Done { values, job: None }
    }
}

/// Answers a call. False: the connection is to end.
pub(super) fn answer(shared: &Shared, link: &Link, call: &Message) -> bool {
    let asked = Asked {
        private: link.private,
        path: call.path.clone().unwrap_or_default(),
        interface: call.interface.clone().unwrap_or_default(),
        member: call.member.clone().unwrap_or_default(),
        args: call.values().unwrap(),
    };
    let answer = {
        let mut state = shared.lock();
        state.asked.push(asked.clone());
        let next = state.answers.iter().position(|one| one.0 == asked.member);
        next.map_or_else(Answer::well, |at| state.answers.remove(at).1)
    };
    if answer.end == End::BeforeReply {
        return false;
    }
    if answer.delivery == Delivery::Garbage {
        link.send(&[], Delivery::Garbage);
        return true;
    }
    let done = match &answer.error {
        Some((name, text)) => Err(Refusal(name.clone(), text.clone())),
        None => perform(shared, link, &asked, answer.result.as_deref()),
    };
    let (message, job) = match done {
        Ok(done) => {
            let message = Message::new(Kind::Reply, &done.values);
            (message.unwrap(), done.job)
        }
        Err(Refusal(name, text)) => (routing::error(&name, &text), None),
    };
    if answer.held && !wait_for_release(shared) {
        return false;
    }
    let bytes = routing::answer_bytes(link, call, message, MANAGER);
    let tell = || {
        for other in 0..answer.others {
            job_removed(shared, None, &format!("other-{other}.service"), "done");
        }
        if let Some((number, unit, result)) = &job {
            job_removed(shared, Some(*number), unit, result);
        }
    };
    if answer.signal == When::BeforeReply {
        tell();
    }
    if answer.end == End::InReply {
        link.send(&bytes[..bytes.len() / 2], Delivery::Whole);
        return false;
    }
    link.send(&bytes, answer.delivery);
    if answer.end == End::AfterReply {
        return false;
    }
    if answer.signal == When::AfterReply {
        tell();
    }
    true
}

/// False: the manager stops.
fn wait_for_release(shared: &Shared) -> bool {
    let waits = |state: &mut State| !state.released && !state.stopping;
    let state = shared.changed.wait_while(shared.lock(), waits).unwrap();
    !state.stopping
}

fn perform(
    shared: &Shared,
    link: &Link,
    asked: &Asked,
    result: Option<&str>,
) -> Result<Done, Refusal> {
    if asked.interface == PROPERTIES {
        return get(shared, asked);
    }
    let member = match (asked.path.as_str(), asked.interface.as_str()) {
        (PATH, FACE) => asked.member.as_str(),
        _ => "",
    };
    match (member, &asked.args[..]) {
        ("StartTransientUnit", [name, mode, _, aux]) => {
            check_mode(mode)?;
            if aux.items().is_none_or(|units| !units.is_empty()) {
                return Err(Refusal::args("no auxiliary units here"));
            }
            let properties = owned(asked);
            start(shared, name.text().unwrap_or(""), properties, result)
        }
        ("StopUnit", [name, mode]) => {
            check_mode(mode)?;
            stop(shared, name.text().unwrap_or(""), result)
        }
        ("ResetFailedUnit", [name]) => {
            let mut state = shared.lock();
            state.units.reset(name.text().unwrap_or(""))?;
            Ok(Done::with(Vec::new()))
        }
        ("SetUnitProperties", [name, Value::Bool(_), _]) => {
            let properties = owned(asked);
            known(shared, &properties)?;
            let mut state = shared.lock();
            let name = name.text().unwrap_or("");
            let unit = state.units.get(name);
            let unit = unit.map_err(|_| Refusal::no_unit(name, "found"))?;
            for (name, value) in properties {
                unit.set(name, value);
            }
            Ok(Done::with(Vec::new()))
        }
        ("GetUnit", [name]) => {
            let mut state = shared.lock();
            let unit = state.units.get(name.text().unwrap_or(""))?;
            Ok(Done::with(vec![Value::Path(unit.path())]))
        }
        ("GetUnitByPID", [Value::U32(pid)]) => {
            let found = units::of_process(shared, *pid);
            let path = found.ok_or_else(|| {
                let text = format!("PID {pid} does not belong to any loaded unit.");
                Refusal(format!("{NAME}.NoUnitForPID"), text)
            });
            Ok(Done::with(vec![Value::Path(path?)]))
        }
        ("AttachProcessesToUnit", [name, Value::Str(below), pids]) => {
            let pids = pids.items().unwrap_or(&[]).iter();
            let pids: Vec<u64> = pids.filter_map(Value::number).collect();
            let mut state = shared.lock();
            let unit = state.units.get(name.text().unwrap_or(""))?;
            unit.attach(below, &pids, &shared.options)?;
            Ok(Done::with(Vec::new()))
        }
        ("Subscribe", []) => {
            let mut state = shared.lock();
            for one in &mut state.links {
                if one.number == link.number {
                    // Of a peer that is not noticed.
                    if one.subscribed && !link.private {
                        let text = "Client is already subscribed.".to_owned();
                        return Err(Refusal(format!("{NAME}.AlreadySubscribed"), text));
                    }
                    one.subscribed = true;
                }
            }
            Ok(Done::with(Vec::new()))
        }
        _ => Err(Refusal(
            "org.freedesktop.DBus.Error.UnknownMethod".to_owned(),
            format!(
                "{}.{}, or with other arguments",
                asked.interface, asked.member
            ),
        )),
    }
}

fn owned(asked: &Asked) -> Vec<(String, Value)> {
    let all = asked.properties().into_iter();
    all.map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
}

fn check_mode(mode: &Value) -> Result<(), Refusal> {
    let modes = [
        "fail",
        "replace",
        "replace-irreversibly",
        "isolate",
        "ignore-dependencies",
    ];
    match mode.text() {
        Some(mode) if modes.contains(&mode) => Ok(()),
        _ => Err(Refusal::args("Job mode is invalid")),
    }
}

fn known(shared: &Shared, properties: &[(String, Value)]) -> Result<(), Refusal> {
    let unknown = &shared.options.unknown_properties;
    match properties.iter().find(|one| unknown.contains(&one.0)) {
        None => Ok(()),
        Some((name, _)) => Err(Refusal::property(name)),
    }
}

fn start(
    shared: &Shared,
    name: &str,
    properties: Vec<(String, Value)>,
    result: Option<&str>,
) -> Result<Done, Refusal> {
    known(shared, &properties)?;
    let unit = Unit::new(name, properties)?;
    let mut state = shared.lock();
    let job = state.units.job();
    let State { units, made, .. } = &mut *state;
    let result = units.start(unit, result, &shared.options, made)?;
    Ok(Done {
        values: vec![job_path(job)],
        job: Some((job, name.to_owned(), result)),
    })
}

fn stop(shared: &Shared, name: &str, result: Option<&str>) -> Result<Done, Refusal> {
    let mut state = shared.lock();
    let job = state.units.job();
    let at_once = state.units.stop(name, job, result, &shared.options)?;
    Ok(Done {
        values: vec![job_path(job)],
        // Else the end is told by who sees that the unit is empty.
        job: at_once.map(|result| (job, name.to_owned(), result)),
    })
}

fn get(shared: &Shared, asked: &Asked) -> Result<Done, Refusal> {
    let text = |at: usize| asked.args.get(at).and_then(Value::text).unwrap_or("");
    let (face, name) = (text(0), text(1));
    let unknown = || {
        Refusal(
            "org.freedesktop.DBus.Error.UnknownProperty".to_owned(),
            format!("Unknown interface {face} or property {name}."),
        )
    };
    if asked.member != "Get" {
        return Err(unknown());
    }
    let value = if asked.path == PATH && face == FACE {
        match name {
            "Version" => Value::Str(shared.options.version.clone()),
            "ControlGroup" => Value::Str(shared.options.control_group.clone()),
            _ => return Err(unknown()),
        }
    } else {
        let mut state = shared.lock();
        let unit = state.units.at(&asked.path).ok_or_else(|| {
            Refusal(
                "org.freedesktop.DBus.Error.UnknownObject".to_owned(),
                format!("Unknown object '{}'.", asked.path),
            )
        })?;
        unit.property(face, name).ok_or_else(unknown)?
    };
    Ok(Done::with(vec![value.in_variant()]))
}

fn job_path(job: u32) -> Value {
    Value::Path(format!("{PATH}/job/{job}"))
}

/// Tells that a job is over; without a number, one of somebody else's.
pub(super) fn job_removed(shared: &Shared, job: Option<u32>, unit: &str, result: &str) {
    let job = job.unwrap_or_else(|| shared.lock().units.job());
    let args = [job.into(), job_path(job), unit.into(), result.into()];
    signal(shared, "JobRemoved", &args);
}

/// Sends a signal of the manager's to whom it reaches.
pub(super) fn signal(shared: &Shared, member: &str, args: &[Value]) {
    let mut message = Message::new(Kind::Signal, args).unwrap();
    message.path = Some(PATH.to_owned());
    message.interface = Some(FACE.to_owned());
    message.member = Some(member.to_owned());
    let links = shared.lock().links.clone();
    for link in links.iter().filter(|link| routing::reaches(&message, link)) {
        routing::send_signal(link, &message);
    }
}
