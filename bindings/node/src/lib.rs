//! The native addon of the npm package: specs go in as JSON text, events come back to one function of
//! each JavaScript thread. Promises, streams and classes are the package's own JavaScript.
//!
//! Every exported function has `catch_unwind`: without it a panic aborts Node.

pub mod cgroup;
mod client;
mod failure;
mod launcher;
pub mod ns;
mod reactor;
mod task;

use std::sync::Arc;

use client::Client;
use failure::{failure, guard};
use napi::bindgen_prelude::{Function, Object};
use napi::{Env, Result};
use napi_derive::napi;

/// Runs when the addon is loaded.
#[napi_derive::module_init]
fn init() {
    failure::keep_panics_quiet();
}

/// The library's version, `major.minor.patch`.
#[napi(catch_unwind)]
pub fn version() -> &'static str {
    libisolate::VERSION
}

/// What this host can do, as JSON text.
#[napi(catch_unwind)]
pub fn host() -> Result<String> {
    let host = guard(libisolate::Host::probe).map_err(|e| failure(&e))?;
    serde_json::to_string(&host).map_err(|e| napi::Error::from_reason(e.to_string()))
}

/// What works on this host and what does not, as JSON text. A promise.
#[napi(catch_unwind)]
pub fn doctor(env: &Env) -> Result<Object<'_>> {
    task::task(env, || failure::text(&libisolate::Doctor::examine()?))
}

/// Runs the command isolatectl in this process, on this thread; gives its exit status. Arguments that are
/// not UTF-8 come as Node has them.
#[napi(catch_unwind)]
pub fn cli_main(args: Vec<String>) -> i32 {
    isolate_cli::main_from(args.into_iter().map(Into::into))
}

/// Moves the calling process into a leaf below its own v2 cgroup.
#[napi(catch_unwind)]
pub fn move_to_leaf() -> Result<()> {
    guard(libisolate::cgroup::move_to_leaf).map_err(|e| failure(&e))
}

/// A spec as JSON text in its normal form.
#[napi(catch_unwind)]
pub fn normalize(spec: String) -> Result<String> {
    let read = guard(|| libisolate::Spec::from_json(&spec)).map_err(|e| failure(&e))?;
    Ok(read.to_json())
}

/// The jobs of one JavaScript thread.
#[napi]
pub struct Jobs {
    client: Arc<Client>,
}

#[napi]
impl Jobs {
    /// `dispatch(event, id, text, stdout, stderr)` is called for each event of a job, where `event` is
    /// `started`, `failed` (text: the error) or `ended` (text: the outcome).
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, dispatch: Function<client::EventArgs, ()>) -> Result<Jobs> {
        let client = Client::new(dispatch)?;
        // A worker thread that is terminated runs no JavaScript any more, so its jobs are killed here.
        let closing = Arc::clone(&client);
        env.add_env_cleanup_hook((), move |()| drop(closing.close()))?;
        Ok(Jobs { client })
    }

    /// Starts a job under a number that the caller chose; `started` or `failed` follows.
    #[napi(catch_unwind)]
    pub fn spawn(&self, id: u32, spec: String) {
        Client::spawn(&self.client, id, None, spec);
    }

    /// Starts a program inside a running job, as `spawn` starts a job.
    #[napi(catch_unwind)]
    pub fn exec(&self, outer: u32, id: u32, spec: String) -> Result<()> {
        let outer = self.client.job(outer)?;
        Client::spawn(&self.client, id, Some(outer), spec);
        Ok(())
    }

    /// The job's processes, as JSON text. A promise.
    #[napi(catch_unwind)]
    pub fn processes<'env>(&self, env: &'env Env, id: u32) -> Result<Object<'env>> {
        let job = self.client.job(id)?;
        task::task(env, move || failure::text(&job.processes()?))
    }

    /// A handle of one of a running job's namespaces.
    #[napi(catch_unwind)]
    pub fn namespace(&self, id: u32, kind: String) -> Result<ns::Handle> {
        let job = self.client.job(id)?;
        ns::of_job(&job, &kind)
    }

    /// A handle of a running job's group.
    #[napi(catch_unwind)]
    pub fn cgroup(&self, id: u32) -> Result<cgroup::GroupHandle> {
        let job = self.client.job(id)?;
        cgroup::of_job(&job)
    }

    /// Puts other limits in force, given as the JSON text of a spec; the enforcement as JSON text, that of
    /// the call and all of it. A promise.
    #[napi(catch_unwind)]
    pub fn update<'env>(&self, env: &'env Env, id: u32, settings: String) -> Result<Object<'env>> {
        let job = self.client.job(id)?;
        task::task(env, move || {
            let changed = job.update(&cgroup::limits(&settings)?)?;
            failure::text(&(changed, job.enforcement()))
        })
    }

    /// What a started job is, as JSON text: pid, namespaces, enforcement, and the descriptors of its
    /// pipes, which become the caller's. Once.
    #[napi(catch_unwind)]
    pub fn describe(&self, id: u32) -> Result<String> {
        self.client.describe(id)
    }

    /// What the job has used so far, as JSON text.
    #[napi(catch_unwind)]
    pub fn usage(&self, id: u32) -> Result<String> {
        let usage = self.client.usage(id)?;
        serde_json::to_string(&usage).map_err(|e| napi::Error::from_reason(e.to_string()))
    }

    /// Sends a signal to the job's program.
    #[napi(catch_unwind)]
    pub fn signal(&self, id: u32, signal: i32) -> Result<()> {
        let job = self.client.job(id)?;
        guard(|| job.signal(signal)).map_err(|e| failure(&e))
    }

    /// Kills every process of the job; `ended` follows.
    #[napi(catch_unwind)]
    pub fn kill(&self, id: u32) -> Result<()> {
        let job = self.client.job(id)?;
        guard(|| job.kill()).map_err(|e| failure(&e))
    }

    /// Forgets a job; one that still runs is killed, and reaped by the reactor.
    #[napi(catch_unwind)]
    pub fn release(&self, id: u32) {
        self.client.release(id);
    }

    /// Kills every job and waits until nothing of them is left. For the end of the process, when no
    /// event can be delivered any more.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.client.close_and_wait();
    }

    /// Whether events yet to come keep the event loop alive.
    #[napi(catch_unwind)]
    pub fn keep_alive(&self, env: Env, on: bool) -> Result<()> {
        self.client.keep_alive(&env, on)
    }
}
