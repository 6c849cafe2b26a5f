//! What one JavaScript thread has running, and the way its events take to it.

use std::collections::HashMap;
use std::os::fd::IntoRawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libisolate::{Error, ErrorKind, Job, Outcome, Spec, Stage};
use napi::bindgen_prelude::{Buffer, FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};

use crate::failure::{failure, guard, to_json};
use crate::{launcher, reactor};

/// Event, job, text, stdout, stderr.
pub type EventArgs = FnArgs<(&'static str, u32, String, Option<Buffer>, Option<Buffer>)>;

/// Weak: it does not keep the event loop alive unless asked to. Not error-first: it has no error.
type Dispatch = ThreadsafeFunction<EventArgs, (), EventArgs, Status, false, true>;

#[derive(Default)]
struct Table {
    jobs: HashMap<u32, Arc<Job>>,
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

    /// Starts a job on a launching thread.
    pub fn spawn(client: &Arc<Client>, id: u32, spec: String) {
        let launching = Arc::clone(client);
        let submitted = launcher::submit(move || match guard(|| launching.launch(id, &spec)) {
            Ok(job) => launching.started(id, job),
            Err(error) => launching.send("failed", id, to_json(&error), None, None),
        });
        if !submitted {
            let error = Error::new(
                ErrorKind::Limit,
                Stage::Clone,
                "launching thread",
                "cannot be started; the limit on threads of this process or user is reached",
            );
            client.send("failed", id, to_json(&error), None, None);
        }
    }

    fn launch(&self, id: u32, spec: &str) -> libisolate::Result<Arc<Job>> {
        let job = Arc::new(libisolate::spawn(&Spec::from_json(spec)?)?);
        let mut table = self.table();
        if table.closed {
            drop(table);
            job.kill()?;
        } else {
            table.jobs.insert(id, Arc::clone(&job));
        }
        Ok(job)
    }

    fn started(self: &Arc<Self>, id: u32, job: Arc<Job>) {
        // `started` goes first, or the caller would hear of the end of a job it does not know.
        self.send("started", id, String::new(), None, None);
        let ended = Arc::clone(self);
        let watched = reactor::watch(job, Box::new(move |end| ended.ended(id, end)));
        if let Err(error) = watched {
            self.ended(id, Err(error));
        }
    }

    fn ended(&self, id: u32, end: Result<Outcome, Error>) {
        match end {
            Ok(mut outcome) => {
                let out = outcome.stdout.take().map(|b| Buffer::from(b.as_bytes()));
                let err = outcome.stderr.take().map(|b| Buffer::from(b.as_bytes()));
                self.send("ended", id, outcome.to_json(), out, err);
            }
            Err(error) => self.send("lost", id, to_json(&error), None, None),
        }
    }

    /// A job that has started and has not been released.
    pub fn job(&self, id: u32) -> napi::Result<Arc<Job>> {
        self.table().jobs.get(&id).cloned().ok_or_else(|| {
            failure(&Error::new(
                ErrorKind::NotFound,
                Stage::Signal,
                "",
                "the job has ended",
            ))
        })
    }

    /// Forgets a job. The reactor holds one that still runs until it is reaped.
    pub fn release(&self, id: u32) {
        let job = self.table().jobs.remove(&id);
        if let Some(job) = job {
            // One that has ended takes the kill without complaint.
            let _ = job.kill();
        }
    }

    /// Kills all and takes no more; the reactor reaps.
    pub fn close(&self) -> Vec<Arc<Job>> {
        let jobs: Vec<_> = {
            let mut table = self.table();
            table.closed = true;
            table.jobs.drain().map(|(_, job)| job).collect()
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

/// What a started job is, as JSON text. Its pipes' descriptors become the caller's.
pub fn describe(job: &Job) -> String {
    serde_json::json!({
        "pid": job.pid(),
        "namespaces": job.namespaces(),
        "enforcement": job.enforcement(),
        "stdin": job.take_stdin().map(IntoRawFd::into_raw_fd),
        "stdout": job.take_stdout().map(IntoRawFd::into_raw_fd),
        "stderr": job.take_stderr().map(IntoRawFd::into_raw_fd),
    })
    .to_string()
}
