//! One thread that waits for the jobs of the whole process: an epoll instance over their descriptors.
//!
//! It owns nothing of a JavaScript thread but a weak threadsafe function, so it keeps no event loop alive,
//! and it ends with the process.

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use libisolate::{Error, Job, Outcome, Stage};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::failure::guard;

type Done = Box<dyn FnOnce(Result<Outcome, Error>) + Send>;

struct Watched {
    job: Arc<Job>,
    done: Done,
}

struct Reactor {
    epoll: Epoll,
    watched: Mutex<(u64, HashMap<u64, Watched>)>,
}

static REACTOR: OnceLock<Result<Arc<Reactor>, Error>> = OnceLock::new();

fn io_error(errno: Errno, subject: &str) -> Error {
    let error = std::io::Error::from_raw_os_error(errno as i32);
    Error::from_io(&error, Stage::Wait, subject)
}

/// Calls `done` on the reactor's thread once the job has ended.
///
/// # Errors
/// `Limit`, when there is no descriptor or thread to be had.
pub fn watch(job: Arc<Job>, done: Done) -> Result<(), Error> {
    REACTOR.get_or_init(Reactor::start).clone()?.add(job, done)
}

/// Starts the thread, if it does not run yet: a thread that is about to move into other namespaces must
/// not be the one that starts it there.
pub fn ready() -> Result<(), Error> {
    REACTOR.get_or_init(Reactor::start).clone().map(drop)
}

impl Reactor {
    fn start() -> Result<Arc<Reactor>, Error> {
        let epoll =
            Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|e| io_error(e, "epoll"))?;
        let reactor = Arc::new(Reactor {
            epoll,
            watched: Mutex::new((0, HashMap::new())),
        });
        let looping = Arc::clone(&reactor);
        std::thread::Builder::new()
            .name("isolate-reactor".into())
            .spawn(move || looping.run())
            .map_err(|e| Error::from_io(&e, Stage::Wait, "reactor thread"))?;
        Ok(reactor)
    }

    fn watched(&self) -> MutexGuard<'_, (u64, HashMap<u64, Watched>)> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, job: Arc<Job>, done: Done) -> Result<(), Error> {
        let mut watched = self.watched();
        watched.0 += 1;
        let token = watched.0;
        self.epoll
            .add(job.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, token))
            .map_err(|e| io_error(e, "epoll"))?;
        watched.1.insert(token, Watched { job, done });
        Ok(())
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

    /// Lets one job do what it can; delivers its end.
    fn turn(&self, token: u64) {
        let Some(job) = self.watched().1.get(&token).map(|w| Arc::clone(&w.job)) else {
            return;
        };
        let end = match guard(|| job.try_wait()) {
            Ok(None) => return,
            Ok(Some(outcome)) => Ok(outcome),
            Err(error) => Err(error),
        };
        let _ = self.epoll.delete(job.as_fd());
        let removed = self.watched().1.remove(&token);
        // Before the end is told: see `Client::ended`.
        drop(job);
        if let Some(Watched { job, done }) = removed {
            drop(job);
            done(end);
        }
    }
}
