//! What is asked of systemd's manager, and what its answers mean (org.freedesktop.systemd1(5)).
//!
//! One connection for one errand: nothing stays open in the caller's process, and a fork of it shares
//! none.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Manager;
use super::address;
use super::bus::{Address, Bus, BusError, Call, Value, Watch};
use super::unit_name;
use crate::error::{Error, ErrorKind, Result, Stage};

const SERVICE: &str = "org.freedesktop.systemd1";
const OBJECT: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";

/// How often a bus that has no room for a caller is tried, and how long to wait first: twice as long each
/// time.
const TRIES: u32 = 7;
const PAUSE: Duration = Duration::from_millis(100);

/// A conversation with a manager.
pub(super) struct Talk {
    bus: Bus,
    manager: Manager,
    deadline: Instant,
}

/// What the caller's manager says of its version.
///
/// # Errors
/// Why it cannot be asked.
pub(crate) fn version() -> Result<u32> {
    let manager = match nix::unistd::geteuid().is_root() {
        true => Manager::System,
        false => Manager::User,
    };
    let mut talk = Talk::open(manager, Instant::now() + ANSWER)?;
    Ok(talk.version()?)
}

/// How long who only wants to know waits.
const ANSWER: Duration = Duration::from_secs(5);

/// Why a unit was not started.
pub(super) enum Fault {
    /// There is one of that name.
    Exists(Error),
    /// The connection was lost, or no answer came: the unit may be there or not.
    Lost(Error),
    /// It is not there.
    Refused(Error),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        match fault {
            Fault::Exists(error) | Fault::Lost(error) | Fault::Refused(error) => error,
        }
    }
}

impl Talk {
    /// Connects to the caller's manager, by its bus or else by its private socket.
    pub fn open(manager: Manager, deadline: Instant) -> Result<Talk, Fault> {
        let told = |error: &BusError| fault("systemd", error, manager);
        let mut refused = None;
        for place in address::candidates(manager).map_err(|e| told(&e))? {
            match connect(&place, deadline) {
                Ok(bus) => {
                    return Ok(Talk {
                        bus,
                        manager,
                        deadline,
                    });
                }
                // What the bus says tells more than that there is no private socket.
                Err(error) => drop(refused.get_or_insert(error)),
            }
        }
        Err(told(&refused.unwrap_or(BusError::Closed)))
    }

    fn call(&mut self, member: &str, args: &[Value]) -> Result<Vec<Value>, BusError> {
        self.call_of(MANAGER, member, args)
    }

    fn call_of(
        &mut self,
        interface: &str,
        member: &str,
        args: &[Value],
    ) -> Result<Vec<Value>, BusError> {
        let call = Call {
            destination: SERVICE,
            path: OBJECT,
            interface,
            member,
            args,
        };
        self.bus.call(&call, self.deadline)
    }

    /// The number of systemd's version, asked for once in a process.
    pub fn version(&mut self) -> Result<u32, Fault> {
        static KNOWN: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
        let known = &KNOWN[usize::from(self.manager == Manager::User)];
        match known.load(Ordering::Relaxed) {
            0 => {}
            version => return Ok(version),
        }
        let args = [MANAGER.into(), "Version".into()];
        let told = self
            .call_of("org.freedesktop.DBus.Properties", "Get", &args)
            .map_err(|error| fault("systemd", &error, self.manager))?;
        let text = told.first().and_then(Value::text).unwrap_or_default();
        let Some(version) = unit_name::version(text) else {
            let detail = format!("its version {text:?} is no number");
            let error = Error::new(ErrorKind::Unsupported, Stage::Cgroup, "systemd", detail);
            return Err(Fault::Refused(error));
        };
        known.store(version, Ordering::Relaxed);
        Ok(version)
    }

    /// Starts a transient scope, and waits until it runs.
    pub fn start(&mut self, name: &str, properties: Vec<(String, Value)>) -> Result<(), Fault> {
        let watch = Watch {
            sender: SERVICE,
            path: OBJECT,
            interface: MANAGER,
            member: "JobRemoved",
        };
        let watched = self.bus.watch(watch, self.deadline);
        watched.map_err(|error| self.fault(name, &error))?;
        // Without Subscribe: who has asked for a job is told of its end, and all others of nothing.
        let args = [
            name.into(),
            "fail".into(),
            listed(properties),
            Value::Array("(sa(sv))".into(), Vec::new()),
        ];
        let told = self.call("StartTransientUnit", &args);
        let told = told.map_err(|error| self.fault(name, &error))?;
        let job = told.first().and_then(Value::text).map(str::to_owned);
        let removed = self.bus.signal(
            |signal| job.is_some() && signal.args.get(1).and_then(Value::text) == job.as_deref(),
            self.deadline,
        );
        let removed = removed.map_err(|error| self.fault(name, &error))?;
        let subject = format!("unit {name}");
        match removed.args.get(3).and_then(Value::text) {
            Some("done") => Ok(()),
            Some(result) => {
                let detail = format!("systemd could not start it: its job was {result:?}");
                let error = Error::new(ErrorKind::Other, Stage::Cgroup, subject, detail);
                Err(Fault::Refused(
                    error.with_hint(format!("see: journalctl -u {name}")),
                ))
            }
            None => {
                let detail = "systemd does not say what became of its job";
                let error = Error::new(ErrorKind::Other, Stage::Cgroup, subject, detail);
                Err(Fault::Lost(error))
            }
        }
    }

    /// Sets properties of a unit until it ends.
    pub fn set_properties(&mut self, name: &str, properties: Vec<(String, Value)>) -> Result<()> {
        let args = [name.into(), Value::Bool(true), listed(properties)];
        self.ask("SetUnitProperties", name, &args)
    }

    /// Moves processes into a group below a unit's own, which the caller may not.
    pub fn attach(&mut self, name: &str, below: &str, pids: &[i32]) -> Result<()> {
        let pids = pids.iter().map(|pid| Value::U32(*pid as u32)).collect();
        let args = [name.into(), below.into(), Value::Array("u".into(), pids)];
        self.ask("AttachProcessesToUnit", name, &args)
    }

    /// Has a unit stopped; does not wait for its end.
    pub fn stop(&mut self, name: &str) -> Result<()> {
        let args = [name.into(), "replace".into()];
        self.ask("StopUnit", name, &args)
    }

    /// Has a unit forgotten that failed.
    pub fn reset_failed(&mut self, name: &str) -> Result<()> {
        self.ask("ResetFailedUnit", name, &[name.into()])
    }

    fn ask(&mut self, member: &str, unit: &str, args: &[Value]) -> Result<()> {
        match self.call(member, args) {
            Ok(_) => Ok(()),
            Err(error) => Err(of_bus(
                &format!("unit {unit}: {member}"),
                &error,
                self.manager,
            )),
        }
    }

    fn fault(&self, name: &str, error: &BusError) -> Fault {
        fault(&format!("unit {name}"), error, self.manager)
    }
}

fn fault(subject: &str, error: &BusError, manager: Manager) -> Fault {
    let told = of_bus(subject, error, manager);
    match error {
        BusError::Reply { name, .. } => match name.rsplit('.').next() {
            Some("UnitExists") => Fault::Exists(told),
            // What the bus says of a manager that has gone while it had to answer, or is not back yet: to
            // be executed anew takes it a moment.
            Some("NoReply" | "Disconnected" | "ServiceUnknown" | "NameHasNoOwner") => {
                Fault::Lost(told)
            }
            _ => Fault::Refused(told),
        },
        // Whatever was asked for last may have been done.
        BusError::Closed | BusError::TimedOut | BusError::Protocol(_) | BusError::System { .. } => {
            Fault::Lost(told)
        }
        _ => Fault::Refused(told),
    }
}

/// Properties as the manager takes them.
fn listed(properties: Vec<(String, Value)>) -> Value {
    let pair =
        |(name, value): (String, Value)| Value::Struct(vec![Value::Str(name), value.in_variant()]);
    Value::Array("(sv)".into(), properties.into_iter().map(pair).collect())
}

fn connect(place: &Address, deadline: Instant) -> Result<Bus, BusError> {
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match Bus::connect(place, deadline) {
            // Many start at once: the socket's queue is full.
            Err(BusError::Busy { .. }) if Instant::now() + pause < deadline => sleep(pause),
            done => return done,
        }
        // Not all at the same moment again.
        pause = pause * 2 + pause / 32 * (std::process::id() % 4);
    }
    Bus::connect(place, deadline)
}

/// What a failure means to who wanted a unit.
fn of_bus(subject: &str, error: &BusError, manager: Manager) -> Error {
    let (kind, hint) = match error {
        BusError::Reply { name, message } => return of_reply(subject, name, message, manager),
        BusError::Absent { .. } => (ErrorKind::Unsupported, absent(manager)),
        BusError::Refused { .. } => (
            ErrorKind::Permission,
            "the socket or who listens there does not take this caller".to_owned(),
        ),
        BusError::Busy { .. } => (ErrorKind::Limit, "start fewer jobs at once".to_owned()),
        BusError::Closed => (
            ErrorKind::Other,
            "systemd or its bus was restarted, or takes no more from this caller".to_owned(),
        ),
        BusError::TimedOut => (
            ErrorKind::Timeout,
            "systemd is busy or stuck: see systemctl list-jobs".to_owned(),
        ),
        BusError::Protocol(_) => (ErrorKind::Other, String::new()),
        BusError::System { errno, .. } => (ErrorKind::of_errno(*errno), String::new()),
    };
    let told = Error::new(kind, Stage::Cgroup, subject, error.to_string());
    match hint.is_empty() {
        true => told,
        false => told.with_hint(hint),
    }
}

/// What to do where nobody listens.
pub(super) fn absent(manager: Manager) -> String {
    let uid = nix::unistd::geteuid();
    match manager {
        Manager::System => "no socket of systemd's is here: give the container \
             /run/dbus/system_bus_socket or /run/systemd/private, or use driver: \"cgroupfs\""
            .to_owned(),
        Manager::User => format!(
            "no manager of systemd's runs for user {uid}: log in by a session of its own (ssh, \
             machinectl shell), or let root run: loginctl enable-linger {uid}"
        ),
    }
}

/// What an error that systemd or the bus sent means.
fn of_reply(subject: &str, name: &str, message: &str, manager: Manager) -> Error {
    let short = name
        .strip_prefix("org.freedesktop.DBus.Error.")
        .or_else(|| name.strip_prefix("org.freedesktop.systemd1."))
        .unwrap_or(name);
    let (kind, hint) = match short {
        "AccessDenied" | "InteractiveAuthorizationRequired" | "AuthFailed" => (
            ErrorKind::Permission,
            match manager {
                Manager::System => "systemd does not let this caller make units: run as root",
                Manager::User => {
                    "the user's manager of systemd does not let this caller make units"
                }
            },
        ),
        "UnitExists" => (
            ErrorKind::Busy,
            "choose another name for unit, or stop that one: systemctl stop",
        ),
        "NoSuchUnit" | "UnknownObject" => (ErrorKind::NotFound, "the unit has ended"),
        "ServiceUnknown" | "NameHasNoOwner" => (
            ErrorKind::Unsupported,
            "no systemd is on this bus: use driver: \"cgroupfs\"",
        ),
        "UnknownMethod" | "UnknownInterface" | "PropertyReadOnly" | "UnknownProperty" => (
            ErrorKind::Unsupported,
            "this version of systemd cannot do it",
        ),
        "LimitsExceeded" | "NoMemory" => {
            (ErrorKind::Limit, "a limit of systemd or its bus is reached")
        }
        "InvalidArgs" => (ErrorKind::Other, ""),
        "Timeout" | "TimedOut" | "NoReply" => {
            (ErrorKind::Timeout, "systemd did not answer in time")
        }
        _ => (ErrorKind::Other, ""),
    };
    let error = Error::new(kind, Stage::Cgroup, subject, format!("{message} ({short})"));
    match hint {
        "" => error,
        hint => error.with_hint(hint),
    }
}
