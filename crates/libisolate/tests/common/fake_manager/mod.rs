//! A manager such as systemd's, in the test's own process: it listens on sockets of its own, speaks D-Bus,
//! as a bus and as a single peer, does what the test says, and keeps what it was asked.
//!
//! Where the test names cgroup trees it acts, too: it makes the directories of scopes and slices there,
//! moves processes in, and takes a scope away once it is empty, so that the whole driver can be tried on a
//! host without systemd. Limits it only keeps; what a real manager makes of them is not its business.

#![allow(dead_code, unused_imports, reason = "each test program uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answer;
mod manager;
mod routing;
mod server;
mod trees;
mod units;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

pub(crate) use answer::Answer;
// The library's own, declared beside this module: in a test program by `#[path = ...] mod wire`.
use super::wire::{self, Value};

use server::Link;
use units::Units;

/// One call of a method of the manager or its units, decoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    /// Whether it came over the private socket.
    pub(crate) private: bool,
    pub(crate) path: String,
    pub(crate) interface: String,
    pub(crate) member: String,
    pub(crate) args: Vec<Value>,
}

impl Asked {
    /// The unit that a call is about, its first argument.
    pub(crate) fn unit(&self) -> &str {
        self.args.first().and_then(Value::text).unwrap_or("")
    }

    /// The properties of StartTransientUnit or SetUnitProperties, in the order of the call.
    pub(crate) fn properties(&self) -> Vec<(&str, &Value)> {
        let list = self.args.get(2).and_then(Value::items).unwrap_or(&[]);
        list.iter()
            .filter_map(|one| match one.items()? {
                [name, value] => Some((name.text()?, value.bare())),
                _ => None,
            })
            .collect()
    }

    /// One of them.
    pub(crate) fn property(&self, name: &str) -> Option<&Value> {
        let all = self.properties();
        all.iter().find(|one| one.0 == name).map(|one| one.1)
    }
}

/// What a manager is like before it starts.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The directory for its sockets, `bus` and `private`, which exists; else one of its own.
    pub(crate) at: Option<PathBuf>,
    /// What the property Version says.
    pub(crate) version: String,
    /// What the property ControlGroup says: below it are all slices, as `/proc/PID/cgroup` shows it; the
    /// root is the empty text.
    pub(crate) control_group: String,
    /// Roots of the cgroup trees, as mounted, in which it acts; none: it only says that it does. Then the
    /// control group must be one of the test's own.
    pub(crate) trees: Vec<PathBuf>,
    /// Properties that this version does not know.
    pub(crate) unknown_properties: Vec<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            at: None,
            version: "252 (252.38-1~deb12u1)".to_owned(),
            control_group: String::new(),
            trees: Vec::new(),
            unknown_properties: vec!["NoSuchProperty".to_owned()],
        }
    }
}

/// What its threads share.
struct Shared {
    options: Options,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    asked: Vec<Asked>,
    /// What to do at the next calls of a member, in order.
    answers: Vec<(String, Answer)>,
    units: Units,
    links: Vec<Link>,
    /// How many connections there have been, for their names.
    connections: u32,
    /// Lets in answers that are held.
    released: bool,
    rejects: bool,
    /// No connection is taken; and how many of the two who listen know.
    crowded: bool,
    aside: u32,
    /// Directories that it has made, in order.
    made: Vec<PathBuf>,
    stopping: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// A manager at work. Dropped, it ends; a panic of one of its threads is the test's.
pub(crate) struct FakeManager {
    shared: Arc<Shared>,
    dir: PathBuf,
    own_dir: bool,
    threads: Vec<JoinHandle<()>>,
}

impl FakeManager {
    /// One that does as it is asked.
    pub(crate) fn start() -> FakeManager {
        FakeManager::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> FakeManager {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Never among the slices of a real manager.
        assert!(options.trees.is_empty() || options.control_group.len() > 1);
        let own_dir = options.at.is_none();
        let dir = options.at.clone().unwrap_or_else(|| {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("isolate-manager-{}-{number}", std::process::id());
            let dir = std::env::temp_dir().join(name);
            std::fs::create_dir(&dir).unwrap();
            dir
        });
        let shared = Arc::new(Shared {
            options,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let threads = vec![
            server::listen(&shared, &dir.join("bus"), false),
            server::listen(&shared, &dir.join("private"), true),
            units::watch(&shared),
        ];
        FakeManager {
            shared,
            dir,
            own_dir,
            threads,
        }
    }

    /// The socket at which it is a bus.
    pub(crate) fn bus(&self) -> PathBuf {
        self.dir.join("bus")
    }

    /// The socket at which it is a single peer.
    pub(crate) fn private(&self) -> PathBuf {
        self.dir.join("private")
    }

    /// The same for the variables DBUS_SYSTEM_BUS_ADDRESS and DBUS_SESSION_BUS_ADDRESS.
    pub(crate) fn address(&self) -> String {
        address(&self.dir)
    }

    /// All calls so far, but those of the bus itself.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.lock().asked.clone()
    }

    /// Those of one method.
    pub(crate) fn asked_for(&self, member: &str) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|one| one.member == member);
        asked
    }

    /// Says what to do at the next call of a method that nothing is said about yet. Without a word it
    /// does as it is asked.
    pub(crate) fn answer(&self, member: &str, answer: Answer) {
        let mut state = self.shared.lock();
        state.answers.push((member.to_owned(), answer));
    }

    /// Gives the answers that are held, and holds none any more.
    pub(crate) fn release(&self) {
        self.shared.lock().released = true;
        self.shared.changed.notify_all();
    }

    /// Whether it lets nobody in from now on.
    pub(crate) fn reject(&self, everybody: bool) {
        self.shared.lock().rejects = everybody;
    }

    /// Takes no connections from now on, and has as many waiting as it may: connect(2) says EAGAIN.
    pub(crate) fn crowd(&self) -> Crowd<'_> {
        let mut state = self.shared.lock();
        state.crowded = true;
        let waits = |state: &mut State| state.aside < 2;
        state = self.shared.changed.wait_while(state, waits).unwrap();
        let before = state.connections;
        drop(state);
        Crowd {
            manager: self,
            before,
            waiting: server::fill(&[self.bus(), self.private()]),
        }
    }

    /// Closes all connections, as a manager does that starts anew; its units stay.
    pub(crate) fn close_connections(&self) {
        let links = std::mem::take(&mut self.shared.lock().links);
        for link in links {
            link.close();
        }
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> usize {
        self.shared.lock().links.len()
    }

    /// The units that it knows, by name.
    pub(crate) fn units(&self) -> Vec<String> {
        self.shared.lock().units.names()
    }

    /// Makes a unit that is there already, or one that has failed and was not forgotten yet.
    pub(crate) fn put_unit(&self, name: &str, failed: bool) {
        self.shared.lock().units.put(name, failed);
    }

    /// Forgets a unit and, where it acts, kills what is in it and removes its directories: a scope that
    /// vanishes under its job.
    pub(crate) fn vanish(&self, name: &str) {
        units::vanish(&self.shared, name);
    }

    /// Sends JobRemoved of a job that nobody here has started.
    pub(crate) fn foreign_job(&self, unit: &str, result: &str) {
        manager::job_removed(&self.shared, None, unit, result);
    }

    /// Sends Reloading, as a manager does before (`true`) and after it reads its files again.
    pub(crate) fn reloading(&self, active: bool) {
        manager::signal(&self.shared, "Reloading", &[active.into()]);
    }
}

/// The address of a bus whose sockets are in `dir`.
pub(crate) fn address(dir: &Path) -> String {
    format!("unix:path={}", dir.join("bus").display())
}

impl Drop for FakeManager {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        self.close_connections();
        let mut well = true;
        for thread in self.threads.drain(..) {
            well &= thread.join().is_ok();
        }
        for socket in [self.bus(), self.private()] {
            let _ = std::fs::remove_file(socket);
        }
        if self.own_dir {
            let _ = std::fs::remove_dir(&self.dir);
        }
        if !std::thread::panicking() {
            assert!(well, "a thread of the fake manager has panicked: see above");
        }
    }
}

/// As long as it is there, nobody gets in.
pub(crate) struct Crowd<'a> {
    manager: &'a FakeManager,
    before: u32,
    waiting: Vec<std::os::fd::OwnedFd>,
}

impl Drop for Crowd<'_> {
    fn drop(&mut self) {
        let all = self.before + u32::try_from(self.waiting.len()).unwrap();
        self.waiting.clear();
        let mut state = self.manager.shared.lock();
        state.crowded = false;
        self.manager.shared.changed.notify_all();
        // Until the queues are empty again.
        let waits = |state: &mut State| state.connections < all;
        drop(
            self.manager
                .shared
                .changed
                .wait_while(state, waits)
                .unwrap(),
        );
    }
}
