//! The handle of a group. Work under way shares it, so that closing it never leaves that work without its
//! directories. Answers of more than a number are JSON text.

use std::sync::Arc;

use libisolate::cgroup::{Cgroup, CreateOptions, MemoryValue, StatKind};
use libisolate::{Error, ErrorKind, Stage};
use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, Result};
use napi_derive::napi;

use super::events::EventsHandle;
use super::{limits, made_by, patience, whole};
use crate::failure::{failure, guard, text};
use crate::task::task;

/// A handle; its descriptors are closed with it, or when it is collected.
#[napi]
pub struct GroupHandle {
    group: Option<Arc<Cgroup>>,
    path: String,
    unit: Option<String>,
}

impl From<Cgroup> for GroupHandle {
    fn from(group: Cgroup) -> GroupHandle {
        GroupHandle {
            path: group.path().to_owned(),
            unit: group.unit().map(str::to_owned),
            group: Some(Arc::new(group)),
        }
    }
}

impl GroupHandle {
    fn share(&self) -> Result<Arc<Cgroup>> {
        self.group.clone().ok_or_else(|| {
            let error = std::io::Error::from_raw_os_error(nix::libc::EBADF);
            let error = Error::from_io(&error, Stage::Cgroup, self.path.as_str());
            failure(
                &error
                    .with_kind(ErrorKind::InvalidSpec)
                    .with_hint("the handle is closed"),
            )
        })
    }

    fn ask<T>(&self, ask: impl FnOnce(&Cgroup) -> libisolate::Result<T>) -> Result<T> {
        let group = self.share()?;
        guard(|| ask(&group)).map_err(|e| failure(&e))
    }

    fn later<'env, T, F>(&self, env: &'env Env, work: F) -> Result<Object<'env>>
    where
        T: ToNapiValue + Send + 'static,
        F: FnOnce(&Cgroup) -> libisolate::Result<T> + Send + 'static,
    {
        let group = self.share()?;
        task(env, move || work(&group))
    }
}

fn opened(open: impl FnOnce() -> libisolate::Result<Cgroup>) -> Result<GroupHandle> {
    guard(open).map(GroupHandle::from).map_err(|e| failure(&e))
}

/// The group of a running job.
pub fn of_job(job: &libisolate::Job) -> Result<GroupHandle> {
    opened(|| job.cgroup())
}

/// Makes a group. A promise.
#[napi(catch_unwind)]
pub fn cgroup_create(
    env: &Env,
    name: String,
    parent: Option<String>,
    controllers: Option<Vec<String>>,
    settings: String,
) -> Result<Object<'_>> {
    task(env, move || {
        let options = CreateOptions {
            parent,
            controllers,
            ..made_by(&settings)?
        };
        Cgroup::create(&name, &options).map(GroupHandle::from)
    })
}

/// Opens a group by its path.
#[napi(catch_unwind)]
pub fn cgroup_open(path: String) -> Result<GroupHandle> {
    opened(|| Cgroup::open(&path))
}

/// The caller's own group.
#[napi(catch_unwind)]
pub fn cgroup_own() -> Result<GroupHandle> {
    opened(Cgroup::own)
}

/// The group of a process.
#[napi(catch_unwind)]
pub fn cgroup_of_process(pid: i32) -> Result<GroupHandle> {
    opened(|| Cgroup::of_process(pid))
}

#[napi]
impl GroupHandle {
    /// The path by which it was made.
    #[napi(getter, catch_unwind)]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The scope of systemd's that it is in.
    #[napi(getter, catch_unwind)]
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// Whether it is closed.
    #[napi(getter, catch_unwind)]
    pub fn closed(&self) -> bool {
        self.group.is_none()
    }

    /// Closes its descriptors, once no work needs them.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.group = None;
    }

    /// Its directories, as JSON text.
    #[napi(catch_unwind)]
    pub fn places(&self) -> Result<String> {
        self.ask(|group| text(&group.places()))
    }

    /// Its controllers.
    #[napi(catch_unwind)]
    pub fn controllers(&self) -> Result<Vec<String>> {
        self.ask(|group| Ok(group.controllers()))
    }

    /// The names of the groups directly below.
    #[napi(catch_unwind)]
    pub fn children(&self) -> Result<Vec<String>> {
        self.ask(|group| Ok(group.children()))
    }

    /// Opens a group directly below.
    #[napi(catch_unwind)]
    pub fn child(&self, name: String) -> Result<GroupHandle> {
        self.ask(|group| group.child(&name)).map(GroupHandle::from)
    }

    /// Begins to watch it; the watches are JSON text.
    #[napi(catch_unwind)]
    pub fn events(&self, env: Env, watches: String) -> Result<EventsHandle> {
        let events = self.ask(|group| super::events::begin(group, &watches))?;
        EventsHandle::new(env, events)
    }

    /// Makes a group below. A promise, as are all that follow.
    #[napi(catch_unwind)]
    pub fn create_child<'env>(
        &self,
        env: &'env Env,
        name: String,
        controllers: Option<Vec<String>>,
    ) -> Result<Object<'env>> {
        self.later(env, move |group| {
            group
                .create_child(&name, controllers.as_deref())
                .map(GroupHandle::from)
        })
    }

    /// Moves processes in.
    #[napi(catch_unwind)]
    pub fn attach<'env>(&self, env: &'env Env, pids: Vec<i32>) -> Result<Object<'env>> {
        self.later(env, move |group| group.attach(&pids))
    }

    /// Moves threads in.
    #[napi(catch_unwind)]
    pub fn attach_threads<'env>(&self, env: &'env Env, tids: Vec<i32>) -> Result<Object<'env>> {
        self.later(env, move |group| group.attach_threads(&tids))
    }

    /// Who is in it.
    #[napi(catch_unwind)]
    pub fn processes<'env>(&self, env: &'env Env, recursive: bool) -> Result<Object<'env>> {
        self.later(env, move |group| Ok(group.processes(recursive)))
    }

    /// Which threads are in it.
    #[napi(catch_unwind)]
    pub fn threads<'env>(&self, env: &'env Env, recursive: bool) -> Result<Object<'env>> {
        self.later(env, move |group| Ok(group.threads(recursive)))
    }

    /// Stops every process.
    #[napi(catch_unwind)]
    pub fn freeze<'env>(&self, env: &'env Env, timeout_ms: f64) -> Result<Object<'env>> {
        self.later(env, move |group| group.freeze(patience(timeout_ms)))
    }

    /// Lets every process go on.
    #[napi(catch_unwind)]
    pub fn thaw<'env>(&self, env: &'env Env, timeout_ms: f64) -> Result<Object<'env>> {
        self.later(env, move |group| group.thaw(patience(timeout_ms)))
    }

    /// Whether all processes stand.
    #[napi(catch_unwind)]
    pub fn is_frozen<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, Cgroup::is_frozen)
    }

    /// Whether a process is in it.
    #[napi(catch_unwind)]
    pub fn is_populated<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, Cgroup::is_populated)
    }

    /// Kills every process.
    #[napi(catch_unwind)]
    pub fn kill<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, Cgroup::kill)
    }

    /// Takes the group away.
    #[napi(catch_unwind)]
    pub fn remove<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, Cgroup::remove)
    }

    /// Gives it to a user.
    #[napi(catch_unwind)]
    pub fn delegate<'env>(
        &self,
        env: &'env Env,
        uid: Option<u32>,
        gid: Option<u32>,
    ) -> Result<Object<'env>> {
        self.later(env, move |group| group.delegate(uid, gid))
    }

    /// Reads a file.
    #[napi(catch_unwind)]
    pub fn get<'env>(&self, env: &'env Env, file: String) -> Result<Object<'env>> {
        self.later(env, move |group| group.get(&file))
    }

    /// Writes a file; gives what it holds then.
    #[napi(catch_unwind)]
    pub fn set<'env>(&self, env: &'env Env, file: String, value: String) -> Result<Object<'env>> {
        self.later(env, move |group| group.set(&file, &value))
    }

    /// Puts limits in force, given as the JSON text of a spec; the enforcement as JSON text.
    #[napi(catch_unwind)]
    pub fn apply<'env>(&self, env: &'env Env, settings: String) -> Result<Object<'env>> {
        self.later(env, move |group| text(&group.apply(&limits(&settings)?)?))
    }

    /// What it uses, as JSON text.
    #[napi(catch_unwind)]
    pub fn stat<'env>(&self, env: &'env Env, kinds: Vec<String>) -> Result<Object<'env>> {
        self.later(env, move |group| {
            let kinds: libisolate::Result<Vec<StatKind>> =
                kinds.iter().map(|kind| kind.parse()).collect();
            let kinds = kinds?;
            text(&match kinds.is_empty() {
                true => group.stat(&StatKind::ALL)?,
                false => group.stat(&kinds)?,
            })
        })
    }

    /// A number of the memory controller's.
    #[napi(catch_unwind)]
    pub fn memory<'env>(&self, env: &'env Env, value: String) -> Result<Object<'env>> {
        self.later(env, move |group| {
            let number = group.memory(MemoryValue::parse(&value)?)?;
            Ok(number.map(|number| number as f64))
        })
    }

    /// Sets a limit of the memory controller's; gives what is in force then.
    #[napi(catch_unwind)]
    pub fn set_memory<'env>(
        &self,
        env: &'env Env,
        value: String,
        limit: Option<f64>,
    ) -> Result<Object<'env>> {
        self.later(env, move |group| {
            let limit = limit.map(|limit| whole(limit, &value)).transpose()?;
            let number = group.set_memory(MemoryValue::parse(&value)?, limit)?;
            Ok(number.map(|number| number as f64))
        })
    }

    /// Starts a peak or a count again.
    #[napi(catch_unwind)]
    pub fn reset_memory<'env>(&self, env: &'env Env, value: String) -> Result<Object<'env>> {
        self.later(env, move |group| {
            group.reset_memory(MemoryValue::parse(&value)?)
        })
    }

    /// What happens when it is out of memory, as JSON text.
    #[napi(catch_unwind)]
    pub fn oom_control<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, |group| text(&group.oom_control()?))
    }

    /// Whether who needs memory that is not there waits.
    #[napi(catch_unwind)]
    pub fn set_oom_pause<'env>(&self, env: &'env Env, paused: bool) -> Result<Object<'env>> {
        self.later(env, move |group| group.set_oom_pause(paused))
    }

    /// Takes memory back; gives how much.
    #[napi(catch_unwind)]
    pub fn reclaim<'env>(&self, env: &'env Env, bytes: Option<f64>) -> Result<Object<'env>> {
        self.later(env, move |group| {
            let bytes = bytes.map(|bytes| whole(bytes, "bytes")).transpose()?;
            Ok(group.reclaim(bytes)? as f64)
        })
    }

    /// Whether its processes may use a device, as JSON text.
    #[napi(catch_unwind)]
    pub fn explain_device<'env>(
        &self,
        env: &'env Env,
        device: String,
        access: String,
    ) -> Result<Object<'env>> {
        self.later(env, move |group| {
            text(&group.explain_device(&device, &access)?)
        })
    }

    /// Whether the release agent is run.
    #[napi(catch_unwind)]
    pub fn notify_on_release<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.later(env, Cgroup::notify_on_release)
    }

    /// Sets whether the release agent is run.
    #[napi(catch_unwind)]
    pub fn set_notify_on_release<'env>(
        &self,
        env: &'env Env,
        notify: bool,
    ) -> Result<Object<'env>> {
        self.later(env, move |group| group.set_notify_on_release(notify))
    }

    /// The release agent of a hierarchy.
    #[napi(catch_unwind)]
    pub fn release_agent<'env>(&self, env: &'env Env, hierarchy: String) -> Result<Object<'env>> {
        self.later(env, move |group| group.release_agent(&hierarchy))
    }

    /// Sets the release agent of a hierarchy.
    #[napi(catch_unwind)]
    pub fn set_release_agent<'env>(
        &self,
        env: &'env Env,
        hierarchy: String,
        program: String,
    ) -> Result<Object<'env>> {
        self.later(env, move |group| {
            group.set_release_agent(&hierarchy, &program)
        })
    }
}
