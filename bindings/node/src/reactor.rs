//! One thread that waits for the jobs, and the events of cgroups, of the whole process: an epoll instance over
//! their descriptors.
//!
//! It owns nothing of a JavaScript thread but what settles a promise or calls a weak threadsafe function, so
//! it keeps no event loop alive, and it ends with the process.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use libisolate::{Error, Job, Outcome, Stage};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::failure::guard;

type Done = Box<dyn FnOnce(Result<Outcome, Error>) + Send>;

/// What is done once the reactor has forgotten a source, and with it the last that it held of it.
pub type Afterwards = Box<dyn FnOnce() + Send>;

/// Something to wait for.
pub trait Source: Send + Sync {
    /// Readable when there is something to do.
    fn fd(&self) -> BorrowedFd<'_>;

    /// Does what can be done without blocking; gives what is left when that was all.
    fn turn(&self) -> Option<Afterwards>;
}

/// What is waited for, by numbers that are never used again; and the last of these.
#[derive(Default)]
struct Watched {
    last: u64,
    sources: HashMap<u64, Arc<dyn Source>>,
}

struct Reactor {
    epoll: Epoll,
    watched: Mutex<Watched>,
}

static REACTOR: OnceLock<Result<Arc<Reactor>, Error>> = OnceLock::new();

fn io_error(errno: Errno, subject: &str) -> Error {
    let error = std::io::Error::from_raw_os_error(errno as i32);
    Error::from_io(&error, Stage::Wait, subject)
}

fn reactor() -> Result<Arc<Reactor>, Error> {
    REACTOR.get_or_init(Reactor::start).clone()
}

/// Waits for a source until its turn gives something.
///
/// # Errors
/// `Limit`, when there is no descriptor or thread to be had.
pub fn watch(source: Arc<dyn Source>) -> Result<(), Error> {
    reactor()?.add(source)
}

/// Calls `done` on the reactor's thread once the job has ended.
///
/// # Errors
/// As [`watch`].
pub fn watch_job(job: Arc<Job>, done: Done) -> Result<(), Error> {
    let done = Mutex::new(Some(done));
    watch(Arc::new(Running { job, done }))
}

/// Waits for a source no more.
pub fn forget(source: &Arc<dyn Source>) {
    if let Ok(reactor) = reactor() {
        reactor.remove(source);
    }
}

/// Starts the thread, if it does not run yet: a thread that is about to move into other namespaces must
/// not be the one that starts it there.
pub fn ready() -> Result<(), Error> {
    reactor().map(drop)
}

struct Running {
    job: Arc<Job>,
    done: Mutex<Option<Done>>,
}

impl Source for Running {
    fn fd(&self) -> BorrowedFd<'_> {
        self.job.as_fd()
    }

    fn turn(&self) -> Option<Afterwards> {
        let end = match guard(|| self.job.try_wait()) {
            Ok(None) => return None,
            Ok(Some(outcome)) => Ok(outcome),
            Err(error) => Err(error),
        };
        let done = self
            .done
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // The job itself is gone before the end is told: see `Client::ended`.
        Some(Box::new(move || {
            if let Some(done) = done {
                done(end);
            }
        }))
    }
}

impl Reactor {
    fn start() -> Result<Arc<Reactor>, Error> {
        let epoll =
            Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|e| io_error(e, "epoll"))?;
        let reactor = Arc::new(Reactor {
            epoll,
            watched: Mutex::default(),
        });
        let looping = Arc::clone(&reactor);
        std::thread::Builder::new()
            .name("isolate-reactor".into())
            .spawn(move || looping.run())
            .map_err(|e| Error::from_io(&e, Stage::Wait, "reactor thread"))?;
        Ok(reactor)
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, source: Arc<dyn Source>) -> Result<(), Error> {
        let mut watched = self.watched();
        watched.last += 1;
        let token = watched.last;
        self.epoll
            .add(source.fd(), EpollEvent::new(EpollFlags::EPOLLIN, token))
            .map_err(|e| io_error(e, "epoll"))?;
        watched.sources.insert(token, source);
        Ok(())
    }

    fn remove(&self, source: &Arc<dyn Source>) {
        let mut watched = self.watched();
        let found = watched
            .sources
            .iter()
            .find(|(_, one)| Arc::ptr_eq(one, source));
        let Some(token) = found.map(|(token, _)| *token) else {
            return;
        };
        let _ = self.epoll.delete(source.fd());
        watched.sources.remove(&token);
    }

    fn run(&self) {
        let mut events = [EpollEvent::empty(); 64];
        loop {
            let ready = match self.epoll.wait(&mut events, EpollTimeout::NONE) {
                Ok(ready) => ready,
                Err(Errno::EINTR) => continue,
                // Nothing but a closed epoll descriptor leads here: a defect of the process around us.
                Err(_) => return,
            };
            for event in &events[..ready] {
                self.turn(event.data());
            }
        }
    }

    /// Lets one source do what it can.
    fn turn(&self, token: u64) {
        let Some(source) = self.watched().sources.get(&token).map(Arc::clone) else {
            return;
        };
        let Some(afterwards) = source.turn() else {
            return;
        };
        let mut watched = self.watched();
        // Unless it was forgotten meanwhile, and another waits for the same descriptor by now.
        let removed = watched.sources.remove(&token);
        if removed.is_some() {
            let _ = self.epoll.delete(source.fd());
        }
        drop(watched);
        drop(removed);
        drop(source);
        afterwards();
    }
}
