//! What one JavaScript thread has running, and the way its events take to it.

use std::collections::HashMap;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libisolate::{Error, ErrorKind, Job, Outcome, Spec, Stage, Usage};
use napi::bindgen_prelude::{Buffer, FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};

use crate::failure::{failure, guard, to_json};
use crate::task::no_thread;
use crate::{launcher, reactor};

/// Event, job, text, stdout, stderr.
pub type EventArgs = FnArgs<(&'static str, u32, String, Option<Buffer>, Option<Buffer>)>;

/// Weak: it does not keep the event loop alive unless asked to. Not error-first: it has no error.
type Dispatch = ThreadsafeFunction<EventArgs, (), EventArgs, Status, false, true>;

/// A job as JavaScript's number for it finds it.
struct Entry {
    /// `None` once it has ended: whoever hears of the end must find nothing of the job left.
    job: Option<Arc<Job>>,
    /// JSON of what does not change.
    facts: serde_json::Value,
    pipes: [Option<OwnedFd>; 3],
    /// What it had used when it ended.
    used: Option<Usage>,
}

#[derive(Default)]
struct Table {
    entries: HashMap<u32, Entry>,
    /// The thread is gone: nothing may be started or kept.
    closed: bool,
}

/// The jobs of one JavaScript thread.
pub struct Client {
    dispatch: Dispatch,
    table: Mutex<Table>,
}

impl Client {
    /// A client whose events go to `dispatch`.
    pub fn new(dispatch: Function<EventArgs, ()>) -> napi::Result<Arc<Client>> {
        let dispatch = dispatch
            .build_threadsafe_function::<EventArgs>()
            .callee_handled::<false>()
            .weak::<true>()
            .build()?;
        Ok(Arc::new(Client {
            dispatch,
            table: Mutex::default(),
        }))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(
        &self,
        event: &'static str,
        id: u32,
        text: String,
        out: Option<Buffer>,
        err: Option<Buffer>,
    ) {
        // A thread that has closed takes no events and needs none.
        let _ = self.dispatch.call(
            FnArgs::from((event, id, text, out, err)),
            ThreadsafeFunctionCallMode::NonBlocking,
        );
    }

    /// Starts a job on a launching thread, or a program inside the job `outer`.
    pub fn spawn(client: &Arc<Client>, id: u32, outer: Option<Arc<Job>>, spec: String) {
        let launching = Arc::clone(client);
        let submitted = launcher::submit(move || {
            let launched = guard(|| launching.launch(id, outer.as_deref(), &spec));
            // Before anybody hears of the end of either.
            drop(outer);
            match launched {
                Ok(job) => launching.started(id, job),
                Err(error) => launching.send("failed", id, to_json(&error), None, None),
            }
        });
        if !submitted {
            client.send("failed", id, to_json(&no_thread(Stage::Clone)), None, None);
        }
    }

    fn launch(&self, id: u32, outer: Option<&Job>, spec: &str) -> libisolate::Result<Arc<Job>> {
        let spec = Spec::from_json(spec)?;
        let job = Arc::new(match outer {
            Some(outer) => outer.exec(&spec)?,
            None => libisolate::spawn(&spec)?,
        });
        let entry = Entry {
            facts: serde_json::json!({
                "pid": job.pid(),
                "namespaces": job.namespaces(),
                "enforcement": job.enforcement(),
            }),
            pipes: [job.take_stdin(), job.take_stdout(), job.take_stderr()],
            job: Some(Arc::clone(&job)),
            used: None,
        };
        let mut table = self.table();
        if table.closed {
            drop(table);
            job.kill()?;
        } else {
            table.entries.insert(id, entry);
        }
        Ok(job)
    }

    fn started(self: &Arc<Self>, id: u32, job: Arc<Job>) {
        // `started` goes first, or the caller would hear of the end of a job it does not know.
        self.send("started", id, String::new(), None, None);
        let ended = Arc::clone(self);
        let watched = reactor::watch_job(job, Box::new(move |end| ended.ended(id, end)));
        if let Err(error) = watched {
            self.ended(id, Err(error));
        }
    }

    fn ended(&self, id: u32, end: Result<Outcome, Error>) {
        let job = self.table().entries.get_mut(&id).and_then(|entry| {
            entry.used = end.as_ref().ok().map(|outcome| outcome.usage.clone());
            entry.job.take()
        });
        // The last reference: with it go the cgroup and the descriptors, before anybody hears of the end.
        drop(job);
        match end {
            Ok(mut outcome) => {
                let out = outcome.stdout.take().map(|b| Buffer::from(b.as_bytes()));
                let err = outcome.stderr.take().map(|b| Buffer::from(b.as_bytes()));
                self.send("ended", id, outcome.to_json(), out, err);
            }
            Err(error) => self.send("lost", id, to_json(&error), None, None),
        }
    }

    /// A job that runs.
    pub fn job(&self, id: u32) -> napi::Result<Arc<Job>> {
        let table = self.table();
        let job = table.entries.get(&id).and_then(|entry| entry.job.clone());
        job.ok_or_else(|| failure(&gone()))
    }

    /// What a started job is, as JSON text. Its pipes' descriptors become the caller's.
    pub fn describe(&self, id: u32) -> napi::Result<String> {
        let mut table = self.table();
        let entry = table.entries.get_mut(&id).ok_or_else(|| failure(&gone()))?;
        let mut facts = entry.facts.clone();
        for (name, pipe) in ["stdin", "stdout", "stderr"].iter().zip(&mut entry.pipes) {
            facts[name] = pipe.take().map(IntoRawFd::into_raw_fd).into();
        }
        Ok(facts.to_string())
    }

    /// What a job has used so far, or had when it ended.
    pub fn usage(&self, id: u32) -> napi::Result<Usage> {
        let used = self
            .table()
            .entries
            .get(&id)
            .and_then(|entry| entry.used.clone());
        match used {
            Some(used) => Ok(used),
            None => self.job(id).map(|job| job.usage()),
        }
    }

    /// Forgets a job. The reactor holds one that still runs until it is reaped.
    pub fn release(&self, id: u32) {
        let entry = self.table().entries.remove(&id);
        if let Some(job) = entry.and_then(|entry| entry.job) {
            // One that has just ended takes the kill without complaint.
            let _ = job.kill();
        }
    }

    /// Kills all and takes no more; the reactor reaps.
    pub fn close(&self) -> Vec<Arc<Job>> {
        let jobs: Vec<_> = {
            let mut table = self.table();
            table.closed = true;
            table
                .entries
                .drain()
                .filter_map(|(_, entry)| entry.job)
                .collect()
        };
        for job in &jobs {
            let _ = job.kill();
        }
        jobs
    }

    /// Kills all and waits for their ends.
    pub fn close_and_wait(&self) {
        for job in self.close() {
            let _ = job.wait();
        }
    }

    /// Whether the threadsafe function keeps the event loop alive.
    pub fn keep_alive(&self, env: &Env, on: bool) -> napi::Result<()> {
        let raw = self.dispatch.raw();
        // SAFETY: called on the JavaScript thread that made the function, as both require, and the
        // function lives as long as `self`.
        let status = unsafe {
            if on {
                sys::napi_ref_threadsafe_function(env.raw(), raw)
            } else {
                sys::napi_unref_threadsafe_function(env.raw(), raw)
            }
        };
        match status {
            sys::Status::napi_ok => Ok(()),
            other => Err(napi::Error::from_status(Status::from(other))),
        }
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::NotFound, Stage::Signal, "", "the job has ended")
}
