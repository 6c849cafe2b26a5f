//! The events of a group. A wait is a promise that the reactor settles: neither JavaScript nor a thread of a
//! pool waits meanwhile.

use std::cell::RefCell;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use libisolate::cgroup::{Cgroup, Events, Watch};
use libisolate::{Error, ErrorKind, Stage};
use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use crate::failure::{failure, guard, text};
use crate::reactor::{self, Afterwards, Source};
use crate::task::{Settle, promise};

/// The events of a group; its descriptors are closed with it, or when it is collected.
#[napi]
pub struct EventsHandle {
    shared: Arc<Shared>,
}

struct Shared {
    /// `None` once closed.
    events: Mutex<Option<Arc<Events>>>,
    /// The wait under way.
    wait: Mutex<Option<Arc<Wait>>>,
}

/// One wait for the next event, which it takes when it is there.
struct Wait {
    events: Arc<Events>,
    settle: Mutex<Option<Settle<Option<String>>>>,
}

/// What a JavaScript thread has open: a worker that is terminated closes nothing itself.
type Open = Arc<Mutex<Vec<Weak<Shared>>>>;

thread_local! {
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

/// Begins to watch a group; the watches are JSON text that the package made.
pub fn begin(group: &Cgroup, watches: &str) -> libisolate::Result<Events> {
    let watches: Vec<Watch> = serde_json::from_str(watches).map_err(|error| {
        let message = error.to_string();
        // Where in the text says nothing to a person.
        let message = message.split(" at line ").next().unwrap_or_default();
        Error::new(ErrorKind::InvalidSpec, Stage::Cgroup, "watch", message)
    })?;
    group.events(&watches)
}

impl EventsHandle {
    /// The handle, for the JavaScript thread of `env`.
    pub fn new(env: Env, events: Events) -> Result<EventsHandle> {
        let shared = Arc::new(Shared {
            events: Mutex::new(Some(Arc::new(events))),
            wait: Mutex::new(None),
        });
        let open = OPEN.with_borrow_mut(|open| match open {
            Some(open) => Ok(Arc::clone(open)),
            None => hook(env).inspect(|made| *open = Some(Arc::clone(made))),
        })?;
        let mut open = locked(&open);
        open.retain(|shared| shared.strong_count() > 0);
        open.push(Arc::downgrade(&shared));
        Ok(EventsHandle { shared })
    }
}

/// Closes at the end of this thread's JavaScript what is open then.
fn hook(env: Env) -> Result<Open> {
    let open = Open::default();
    let closing = Arc::clone(&open);
    env.add_env_cleanup_hook((), move |()| {
        for shared in locked(&closing).iter().filter_map(Weak::upgrade) {
            // Nobody can be told any more.
            std::mem::forget(shared.close());
        }
    })?;
    Ok(open)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Ends the wait under way, whose promise is then the caller's to settle.
    fn close(&self) -> Option<Settle<Option<String>>> {
        locked(&self.events).take();
        let wait = locked(&self.wait).take()?;
        let settle = locked(&wait.settle).take();
        // Also one that has just come to its end: the reactor has forgotten it then.
        reactor::forget(&(wait as Arc<dyn Source>));
        settle
    }
}

impl Source for Wait {
    fn fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }

    fn turn(&self) -> Option<Afterwards> {
        let found = guard(|| match self.events.next()? {
            Some(event) => Ok(Some(Some(text(&event)?))),
            None => Ok(self.events.is_over().then_some(None)),
        });
        let result = match found {
            Ok(None) => return None,
            Ok(Some(event)) => Ok(event),
            Err(error) => Err(error),
        };
        // Taken already: it is being closed, and with it what nobody asks for any more.
        let settle = locked(&self.settle).take();
        Some(Box::new(move || {
            if let Some(settle) = settle {
                settle(result);
            }
        }))
    }
}

#[napi]
impl EventsHandle {
    /// Whether it is closed.
    #[napi(getter, catch_unwind)]
    pub fn closed(&self) -> bool {
        locked(&self.shared.events).is_none()
    }

    /// A promise of the next event as JSON text; of nothing when there will be none any more, or it is
    /// closed meanwhile. One at a time.
    #[napi(catch_unwind)]
    pub fn wait<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let events = locked(&self.shared.events).clone();
        let (settle, promise) = promise(env)?;
        let Some(events) = events else {
            settle(Ok(None));
            return Ok(promise);
        };
        let wait = Arc::new(Wait {
            events,
            settle: Mutex::new(Some(settle)),
        });
        *locked(&self.shared.wait) = Some(Arc::clone(&wait));
        let watched = reactor::watch(Arc::clone(&wait) as Arc<dyn Source>);
        if let Err(error) = watched
            && let Some(settle) = locked(&wait.settle).take()
        {
            settle(Err(error));
        }
        Ok(promise)
    }

    /// Closes its descriptors. A wait under way ends with nothing.
    #[napi(catch_unwind)]
    pub fn close(&self) -> Result<()> {
        if let Some(settle) = guard(|| Ok(self.shared.close())).map_err(|e| failure(&e))? {
            settle(Ok(None));
        }
        Ok(())
    }
}

impl Drop for EventsHandle {
    fn drop(&mut self) {
        // Collected with a wait under way: nobody holds its promise either.
        if let Some(settle) = self.shared.close() {
            settle(Ok(None));
        }
    }
}
