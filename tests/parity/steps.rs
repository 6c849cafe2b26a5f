//! Runs lists of small calls on namespaces and groups, and gives what each came to.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use libisolate::cgroup::{Cgroup, Events};
use libisolate::ns::{self, Inside, Kind, Namespace, NamespaceSet};
use libisolate::spec::NamespaceMode;
use libisolate::{Error, Job, Outcome, Result, Spec};
use nix::sys::socket::{Backlog, listen};
use serde_json::{Map, Value, json};

use crate::steps_cgroup;

/// What a call made and a later one can use.
pub enum Made {
    Namespace(Namespace),
    Set(NamespaceSet),
    Job(Box<Job>),
    /// Whether it was made by the list, and goes with it.
    Group(Cgroup, bool),
    Events(Events),
    Socket(#[expect(dead_code, reason = "it only stays open")] TcpListener),
    Plain(Value),
}

/// One list: what its calls have made so far, by name.
#[derive(Default)]
pub struct Steps {
    made: BTreeMap<String, Made>,
}

/// The arguments of a call.
pub struct Step<'a>(pub &'a Map<String, Value>);

impl Step<'_> {
    pub fn text(&self, key: &str) -> &str {
        self.0[key].as_str().expect(key)
    }

    fn kind(&self) -> Result<Kind> {
        self.text("kind").parse()
    }

    fn kinds(&self) -> Result<Vec<Kind>> {
        self.names("kinds").into_iter().map(str::parse).collect()
    }

    pub fn names(&self, key: &str) -> Vec<&str> {
        let list = self.0.get(key).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }
}

/// What a link points to, or a file holds.
fn look(path: &str) -> String {
    std::fs::read_link(path)
        .map(|target| target.to_string_lossy().into_owned())
        .or_else(|_| std::fs::read_to_string(path))
        .expect("what is to be read")
}

/// What a thread of its own sees once it has moved, or why it could not.
fn on_a_thread(path: &str, step: impl FnOnce() -> Result<()> + Send) -> Result<Value> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| step().map(|()| json!(look(path))));
        thread.join().expect("the thread ends")
    })
}

pub fn plain(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("plain data")
}

fn ended(outcome: &Outcome) -> Value {
    let text =
        |bytes: &Option<libisolate::spec::Bytes>| plain(bytes).as_str().unwrap_or("").to_owned();
    json!({
        "reason": outcome.reason.name(),
        "exit_code": outcome.exit_code,
        "stdout": text(&outcome.stdout),
        "stderr": text(&outcome.stderr),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..][..2], 16));
    pairs.collect::<std::result::Result<_, _>>().expect("hex")
}

fn facts() -> Value {
    let all = Kind::ALL.map(|kind| {
        json!({
            "name": kind.name(), "flag": kind.flag(), "isolates": kind.isolates(),
            "since": kind.since(), "nested": kind.is_nested(),
            "for_children": kind.is_for_children(), "supported": kind.supported(),
        })
    });
    json!(all)
}

fn failure(error: &Error) -> Value {
    json!({"error": {
        "kind": error.kind().name(), "errno": error.errno(),
        "stage": error.stage().name(), "message": error.message(),
    }})
}

impl Steps {
    fn made(&self, name: &str) -> &Made {
        self.made.get(name.trim_start_matches('$')).expect(name)
    }

    /// A handle; `a.uts` is a member of a set.
    fn namespace(&self, name: &str) -> &Namespace {
        match name.split_once('.') {
            Some((set, kind)) => self.set(set).get(kind.parse().expect(kind)).expect(name),
            None => match self.made(name) {
                Made::Namespace(namespace) => namespace,
                _ => panic!("{name} is no namespace"),
            },
        }
    }

    fn set(&self, name: &str) -> &NamespaceSet {
        match self.made(name) {
            Made::Set(set) => set,
            _ => panic!("{name} is no set"),
        }
    }

    pub fn job(&self, name: &str) -> &Job {
        match self.made(name) {
            Made::Job(job) => job,
            _ => panic!("{name} is no job"),
        }
    }

    pub fn group(&self, name: &str) -> &Cgroup {
        match self.made(name) {
            Made::Group(group, _) => group,
            _ => panic!("{name} is no group"),
        }
    }

    pub fn events(&self, name: &str) -> &Events {
        match self.made(name) {
            Made::Events(events) => events,
            _ => panic!("{name} are no events"),
        }
    }

    fn all(&self, step: &Step<'_>, key: &str) -> Vec<&Namespace> {
        step.names(key)
            .into_iter()
            .map(|name| self.namespace(name))
            .collect()
    }

    /// An argument, or what `$name` stands for.
    pub fn value<'a>(&'a self, step: &'a Step<'_>, key: &str) -> &'a Value {
        self.known(&step.0[key])
    }

    pub fn known<'a>(&'a self, given: &'a Value) -> &'a Value {
        match given.as_str() {
            Some(name) if name.starts_with('$') => match self.made(name) {
                Made::Plain(value) => value,
                _ => panic!("{name} is no value"),
            },
            _ => given,
        }
    }

    pub fn number(&self, step: &Step<'_>, key: &str) -> i32 {
        i32::try_from(self.value(step, key).as_i64().expect(key)).expect(key)
    }

    fn id(&self, step: &Step<'_>) -> u32 {
        u32::try_from(self.value(step, "number").as_u64().expect("number")).expect("number")
    }

    fn spec(&self, step: &Step<'_>, key: &str) -> Result<Spec> {
        let mut spec = step.0.get(key).cloned().unwrap_or_else(|| json!({}));
        if key == "settings" {
            spec["argv"] = json!([]);
        }
        let mut spec = Spec::from_json(&spec.to_string())?;
        for joined in self.all(step, "join") {
            let mode = NamespaceMode::Fd(joined.as_fd().as_raw_fd());
            spec.namespaces.set(joined.kind(), mode);
        }
        Ok(spec)
    }

    fn run(&mut self, step: &Step<'_>) -> Value {
        let made = match self.call(step) {
            Ok(made) => made,
            Err(error) => return failure(&error),
        };
        let shown = match &made {
            Made::Namespace(namespace) => json!(namespace.to_string()),
            Made::Set(set) => set.iter().map(ToString::to_string).collect(),
            Made::Plain(value) => value.clone(),
            Made::Group(group, _) => json!(group.path()),
            Made::Job(_) | Made::Events(_) | Made::Socket(_) => Value::Null,
        };
        if ["close", "cgroup_close", "cgroup_events_close"].contains(&step.text("call")) {
            self.made.remove(step.text("of"));
            return shown;
        }
        let name = match step.0.get("as") {
            Some(name) => name.as_str().expect("as").to_owned(),
            None => format!("#{}", self.made.len()),
        };
        self.made.insert(name, made);
        shown
    }

    fn call(&self, step: &Step<'_>) -> Result<Made> {
        if let Some(made) = steps_cgroup::call(self, step) {
            return made;
        }
        if let Some(made) = self.open(step) {
            return made;
        }
        let value = match step.text("call") {
            "run" => ended(&libisolate::run(&self.spec(step, "spec")?)?),
            "exec" => {
                let job = self.job(step.text("of")).exec(&self.spec(step, "spec")?)?;
                ended(&job.wait()?)
            }
            "wait" => ended(&self.job(step.text("of")).wait()?),
            "kill" => plain(self.job(step.text("of")).kill()?),
            "pid" => json!(self.job(step.text("of")).pid()),
            "enter" => {
                let path = step.text("read").to_owned();
                json!(Inside::enter(&self.all(step, "of"))?.call(move || look(&path))?)
            }
            "enter_thread" => on_a_thread(step.text("read"), || {
                ns::enter_thread(&self.all(step, "of"))
            })?,
            "enter_thread_pidfd" => on_a_thread(step.text("read"), || {
                ns::enter_thread_pidfd(borrow(self.number(step, "fd")), &step.kinds()?)
            })?,
            "unshare_thread" => {
                on_a_thread(step.text("read"), || ns::unshare_thread(&step.kinds()?))?
            }
            _ => return self.ask(step).map(Made::Plain),
        };
        Ok(Made::Plain(value))
    }

    /// What makes or opens something.
    fn open(&self, step: &Step<'_>) -> Option<Result<Made>> {
        let of = || self.namespace(step.text("of"));
        let kind = || step.kind();
        let opened = match step.text("call") {
            "create" => {
                let made = || ns::create(&step.kinds()?, &self.spec(step, "settings")?);
                return Some(made().map(Made::Set));
            }
            "spawn" => {
                let made = || libisolate::spawn(&self.spec(step, "spec")?);
                return Some(made().map(|job| Made::Job(Box::new(job))));
            }
            "socket" => {
                let family = step.0.get("family").and_then(Value::as_i64).unwrap_or(2);
                let socket = of().socket(family as i32, libc::SOCK_STREAM, 0);
                return Some(socket.map(|socket: OwnedFd| {
                    listen(&socket, Backlog::MAXCONN).expect("a socket that listens");
                    Made::Socket(TcpListener::from(socket))
                }));
            }
            "of_thread" => kind().and_then(Namespace::of_thread),
            "of_process" => {
                kind().and_then(|kind| Namespace::of_process(self.number(step, "pid"), kind))
            }
            "of_children" => {
                kind().and_then(|kind| Namespace::of_children(self.number(step, "pid"), kind))
            }
            "of_pidfd" => {
                kind().and_then(|kind| Namespace::of_pidfd(borrow(self.number(step, "fd")), kind))
            }
            "open" => Namespace::open(step.text("path")),
            "of_fd" => Namespace::of_fd(self.number(step, "fd")),
            "of_file_handle" => {
                let bytes = self.value(step, "bytes").as_str().expect("bytes");
                Namespace::of_file_handle(&unhex(bytes))
            }
            "of_kernel_id" => Namespace::of_kernel_id(self.value(step, "id").as_u64().expect("id")),
            "named" => ns::named(step.text("name")),
            "copy" => of().try_clone(),
            "parent" => of().parent(),
            "owner" => of().owner(),
            "next_mount_namespace" => of().next_mount_namespace(),
            "previous_mount_namespace" => of().previous_mount_namespace(),
            "namespace" => kind().and_then(|kind| self.job(step.text("of")).namespace(kind)),
            _ => return None,
        };
        Some(opened.map(Made::Namespace))
    }

    /// What tells or changes something.
    fn ask(&self, step: &Step<'_>) -> Result<Value> {
        let of = || self.namespace(step.text("of"));
        let (from, to) = (
            || self.namespace(step.text("from")),
            || self.namespace(step.text("to")),
        );
        Ok(match step.text("call") {
            "kinds" => facts(),
            "close" => Value::Null,
            "equal" => json!(of() == to()),
            "kind" => json!(of().kind()),
            "inode" => json!(of().id().inode),
            "fd" => json!(of().as_fd().as_raw_fd()),
            "is_initial" => json!(of().is_initial()),
            "kernel_id" => json!(of().kernel_id()?),
            "file_handle" => json!(hex(&of().file_handle()?)),
            "owner_uid" => json!(of().owner_uid()?),
            "mount_info" => plain(of().mount_info()?),
            "mount_namespace_id" => json!(of().mount_namespace_id()?),
            "holder_pid" => json!(self.set(step.text("of")).holder_pid()),
            "hostname" => json!(of().hostname()?),
            "set_hostname" => plain(of().set_hostname(step.text("to"))?),
            "domainname" => json!(of().domainname()?),
            "set_domainname" => plain(of().set_domainname(step.text("to"))?),
            "sysctl" => json!(of().sysctl(step.text("name"))?),
            "set_sysctl" => plain(of().set_sysctl(step.text("name"), step.text("to"))?),
            "time_offsets" => plain(of().time_offsets()?),
            "time_offsets_of" => plain(ns::time_offsets_of(self.number(step, "pid"))?),
            "set_time_offsets" => {
                let offsets = serde_json::from_value(step.0["offsets"].clone()).expect("offsets");
                plain(ns::set_time_offsets(self.number(step, "pid"), offsets)?)
            }
            "cgroup_paths" => plain(of().cgroup_paths(self.number(step, "pid"))?),
            "cgroup_paths_of" => plain(ns::cgroup_paths(self.number(step, "pid"))?),
            "id_maps" => plain(of().id_maps()?),
            "id_maps_of" => plain(ns::id_maps_of(self.number(step, "pid"))?),
            "write_id_maps" => {
                let maps = serde_json::from_value(step.0["maps"].clone()).expect("maps");
                plain(ns::write_id_maps(self.number(step, "pid"), &maps)?)
            }
            "doctor" => plain(libisolate::Doctor::examine()?),
            "subordinate_ids" => plain(ns::subordinate_ids()?),
            "translate_pid" => json!(ns::translate_pid(
                self.number(step, "number"),
                from(),
                to()
            )?),
            "translate_uid" => json!(ns::translate_uid(self.id(step), from(), to())?),
            "translate_gid" => json!(ns::translate_gid(self.id(step), from(), to())?),
            "persist" => plain(of().persist(Path::new(step.text("path")))?),
            "unpersist" => plain(ns::unpersist(Path::new(step.text("path")))?),
            "persist_name" => plain(of().persist_name(step.text("name")).map(drop)?),
            "unpersist_name" => plain(ns::unpersist_name(step.text("name"))?),
            "persisted" => plain(ns::persisted()?),
            "processes" => match step.text("of") {
                name if name.contains('.') => plain(ns::processes_in(of())?),
                name => match self.made(name) {
                    Made::Job(job) => plain(job.processes()?),
                    _ => plain(ns::processes_in(of())?),
                },
            },
            "list" => plain(ns::list()?),
            "tree" => plain(ns::tree(&ns::list()?)),
            other => panic!("no call is called {other}"),
        })
    }
}

/// A descriptor that the list names.
fn borrow<'a>(fd: i32) -> BorrowedFd<'a> {
    // SAFETY: it is not -1, and used for one call alone; one that is not open is an error of the call's.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// What every call of a list came to; nothing of it is left.
pub fn results(steps: &str) -> serde_json::Result<String> {
    let steps: Vec<Map<String, Value>> = serde_json::from_str(steps)?;
    let mut run = Steps::default();
    let found: Vec<Value> = steps.iter().map(|step| run.run(&Step(step))).collect();
    for made in run.made.values() {
        if let Made::Group(group, true) = made {
            let _ = group.kill();
            let _ = group.remove();
        }
    }
    serde_json::to_string(&found)
}
