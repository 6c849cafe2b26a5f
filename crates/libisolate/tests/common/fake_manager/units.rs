//! The units that the manager knows, from their start until they are forgotten.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use super::wire::Value;
use super::{Options, Shared, manager, trees};

/// How long a unit that is to stop may take before its processes are killed: systemd gives 90 s.
const PATIENCE: Duration = Duration::from_secs(1);

/// An error of D-Bus: name and text.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) String, pub(super) String);

impl Refusal {
    fn new(name: &str, text: String) -> Refusal {
        let stem = match name.starts_with("UnitExists") || name.starts_with("NoSuchUnit") {
            true => "org.freedesktop.systemd1",
            false => "org.freedesktop.DBus.Error",
        };
        Refusal(format!("{stem}.{name}"), text)
    }

    pub(super) fn args(text: &str) -> Refusal {
        Refusal::new("InvalidArgs", text.to_owned())
    }

    pub(super) fn property(name: &str) -> Refusal {
        let text = format!("Cannot set property {name}, or unknown property.");
        Refusal::new("PropertyReadOnly", text)
    }

    pub(super) fn no_unit(name: &str, what: &str) -> Refusal {
        Refusal::new("NoSuchUnit", format!("Unit {name} not {what}."))
    }

    fn exists(name: &str) -> Refusal {
        let text = format!("Unit {name} was already loaded or has a fragment file.");
        Refusal::new("UnitExists", text)
    }
}

/// A unit.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    name: String,
    /// Below the root, as `/proc/PID/cgroup` shows it.
    group: String,
    properties: Vec<(String, Value)>,
    failed: bool,
    /// The job that stops it, its result, and since when.
    stopping: Option<(u32, String, Instant)>,
}

impl Unit {
    pub(super) fn new(name: &str, properties: Vec<(String, Value)>) -> Result<Unit, Refusal> {
        let unit = Unit {
            name: name.to_owned(),
            group: String::new(),
            properties,
            failed: false,
            stopping: None,
        };
        let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte);
        let right = !stem.is_empty() && name.len() <= 255 && stem.bytes().all(letters);
        match kind {
            "scope" if right && unit.pids().is_empty() => Err(Refusal::new(
                "FileNotFound",
                format!(
                    "Unit {name} failed to load properly, please adjust/correct and reload \
                     service manager: No such file or directory"
                ),
            )),
            "scope" if right => Ok(unit),
            // So says systemd 252 of a name that its slices cannot have.
            "slice" if right && trees::slice_path(name).is_none() => Err(Refusal::exists(name)),
            "slice" if right && unit.get("Delegate").is_some() => {
                Err(Refusal::args("Delegation not available for unit type"))
            }
            "slice" | "service" if right && unit.get("PIDs").is_some() => {
                Err(Refusal::property("PIDs"))
            }
            "slice" if right => Ok(unit),
            _ => Err(Refusal::args("Invalid unit name or type.")),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let found = self.properties.iter().find(|one| one.0 == name);
        found.map(|one| &one.1)
    }

    pub(super) fn set(&mut self, name: String, value: Value) {
        self.properties.retain(|one| one.0 != name);
        self.properties.push((name, value));
    }

    fn pids(&self) -> Vec<u32> {
        let list = self.get("PIDs").and_then(Value::items).unwrap_or(&[]);
        let numbers = list.iter().filter_map(Value::number);
        numbers.filter_map(|pid| u32::try_from(pid).ok()).collect()
    }

    /// Moves processes into a group below its own, which is there.
    pub(super) fn attach(
        &self,
        below: &str,
        pids: &[u64],
        options: &Options,
    ) -> Result<(), Refusal> {
        if !below.is_empty() && (!below.starts_with('/') || below.contains("..")) {
            let text = format!("Control group path is not absolute: {below}");
            return Err(Refusal::args(&text));
        }
        let moved = trees::attach(options, &format!("{}{below}", self.group), pids);
        moved.map_err(|error| Refusal::new("Failed", format!("Failed to attach: {error}")))
    }

    /// The path of its object.
    pub(super) fn path(&self) -> String {
        let mut path = "/org/freedesktop/systemd1/unit/".to_owned();
        for byte in self.name.bytes() {
            match byte.is_ascii_alphanumeric() {
                true => path.push(char::from(byte)),
                false => path.push_str(&format!("_{byte:02x}")),
            }
        }
        path
    }

    /// A property: its own state, or what was set.
    pub(super) fn property(&self, face: &str, name: &str) -> Option<Value> {
        let unit_face = face == "org.freedesktop.systemd1.Unit";
        match name {
            "Id" if unit_face => Some(self.name.as_str().into()),
            "ActiveState" if unit_face => Some(match (&self.stopping, self.failed) {
                (_, true) => "failed".into(),
                (Some(_), _) => "deactivating".into(),
                (None, false) => "active".into(),
            }),
            "ControlGroup" if !unit_face => Some(self.group.as_str().into()),
            "Result" if !unit_face => Some(match self.failed {
                true => "resources".into(),
                false => "success".into(),
            }),
            "Description" | "CollectMode" | "DefaultDependencies" if unit_face => {
                self.get(name).cloned()
            }
            _ if unit_face => None,
            name => self.get(name).cloned(),
        }
    }

    /// Whether it is forgotten although it has failed.
    fn collected(&self) -> bool {
        self.get("CollectMode").and_then(Value::text) == Some("inactive-or-failed")
    }

    fn is_scope(&self) -> bool {
        self.name.ends_with(".scope")
    }
}

/// All of them.
#[derive(Default)]
pub(super) struct Units {
    units: Vec<Unit>,
    jobs: u32,
}

impl Units {
    /// The number of a new job.
    pub(super) fn job(&mut self) -> u32 {
        self.jobs += 1;
        self.jobs
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.units.iter().map(|unit| unit.name.clone()).collect()
    }

    pub(super) fn get(&mut self, name: &str) -> Result<&mut Unit, Refusal> {
        let found = self.units.iter_mut().find(|unit| unit.name == name);
        found.ok_or_else(|| Refusal::no_unit(name, "loaded"))
    }

    /// By the path of its object.
    pub(super) fn at(&mut self, path: &str) -> Option<&mut Unit> {
        self.units.iter_mut().find(|unit| unit.path() == path)
    }

    pub(super) fn put(&mut self, name: &str, failed: bool) {
        self.units.push(Unit {
            name: name.to_owned(),
            group: String::new(),
            properties: Vec::new(),
            failed,
            stopping: None,
        });
    }

    /// Forgets a unit that has failed.
    pub(super) fn reset(&mut self, name: &str) -> Result<(), Refusal> {
        self.get(name)?;
        self.units.retain(|unit| unit.name != name || !unit.failed);
        Ok(())
    }

    /// Starts a unit and gives the job's result.
    pub(super) fn start(
        &mut self,
        mut unit: Unit,
        result: Option<&str>,
        options: &Options,
        directories: &mut Vec<PathBuf>,
    ) -> Result<String, Refusal> {
        if self.units.iter().any(|one| one.name == unit.name) {
            return Err(Refusal::exists(&unit.name));
        }
        let alive = |pid: &u32| Path::new(&format!("/proc/{pid}")).exists();
        let dead = unit.pids().into_iter().find(|pid| !alive(pid));
        if let Some(pid) = dead.filter(|_| !options.trees.is_empty()) {
            let text = format!("Process with ID {pid} does not exist.");
            return Err(Refusal::new("UnixProcessIdUnknown", text));
        }
        let slice = unit.get("Slice").and_then(Value::text);
        let slice = slice.unwrap_or("system.slice").to_owned();
        let own = match unit.is_scope() {
            true => trees::slice_path(&slice).map(|path| format!("{path}/{}", unit.name)),
            false => trees::slice_path(&unit.name),
        };
        let own = own.ok_or_else(|| Refusal::args(&format!("Slice {slice} is not valid.")))?;
        unit.group = format!("{}{own}", options.control_group);
        let made = match result {
            None => trees::make(options, &unit.group, &unit.pids(), directories),
            Some(_) => Ok(()),
        };
        let result = match (result, made) {
            (Some(result), _) => result,
            (None, Ok(())) => "done",
            (None, Err(_)) => "failed",
        };
        unit.failed = result != "done";
        if unit.failed {
            trees::remove(options, &unit.group);
        }
        if !unit.failed || !unit.collected() {
            self.units.push(unit);
        }
        Ok(result.to_owned())
    }

    /// Stops a unit. The job's result, where it is over at once.
    pub(super) fn stop(
        &mut self,
        name: &str,
        job: u32,
        result: Option<&str>,
        options: &Options,
    ) -> Result<Option<String>, Refusal> {
        let unit = self.get(name)?;
        let group = unit.group.clone();
        let done = result.unwrap_or("done").to_owned();
        if result.is_none() && !options.trees.is_empty() && unit.is_scope() && !unit.failed {
            trees::signal(options, &group, nix::sys::signal::Signal::SIGTERM);
            unit.stopping = Some((job, done, Instant::now()));
            return Ok(None);
        }
        if result.is_none() {
            trees::remove(options, &group);
            self.units.retain(|unit| unit.name != name);
        }
        Ok(Some(done))
    }
}

/// The path of the unit that a process is in.
pub(super) fn of_process(shared: &Shared, pid: u32) -> Option<String> {
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let state = shared.lock();
    let inside = |unit: &&Unit| {
        groups.lines().any(|line| {
            let path = line.splitn(3, ':').nth(2).unwrap_or("");
            let rest = path.strip_prefix(unit.group.as_str());
            !unit.group.is_empty() && rest.is_some_and(|r| r.is_empty() || r.starts_with('/'))
        })
    };
    let deepest = state.units.units.iter().filter(inside);
    let deepest = deepest.max_by_key(|unit| unit.group.len());
    deepest.map(Unit::path)
}

/// Ends what is in a unit and forgets it.
pub(super) fn vanish(shared: &Shared, name: &str) {
    let mut state = shared.lock();
    let group = state.units.get(name).map(|unit| unit.group.clone());
    trees::kill(&shared.options, &group.unwrap());
    state.units.units.retain(|unit| unit.name != name);
}

/// Looks for scopes that have become empty, until the manager stops; then takes away what is left.
pub(super) fn watch(shared: &Arc<Shared>) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    spawn(move || {
        while !shared.options.trees.is_empty() {
            let mut over = Vec::new();
            {
                let mut state = shared.lock();
                if state.stopping {
                    break;
                }
                state.units.units.retain(|unit| {
                    let acts = unit.is_scope() && !unit.group.is_empty() && !unit.failed;
                    if !acts || trees::populated(&shared.options, &unit.group) {
                        return true;
                    }
                    trees::remove(&shared.options, &unit.group);
                    if let Some((job, result, _)) = &unit.stopping {
                        over.push((*job, unit.name.clone(), result.clone()));
                    }
                    false
                });
                for unit in &state.units.units {
                    if let Some((_, _, since)) = &unit.stopping
                        && since.elapsed() > PATIENCE
                    {
                        trees::kill(&shared.options, &unit.group);
                    }
                }
            }
            for (job, unit, result) in over {
                manager::job_removed(&shared, Some(job), &unit, &result);
            }
            sleep(Duration::from_millis(3));
        }
        trees::remove_made(&shared.lock().made);
    })
}
