//! Threads and namespaces: entering with the calling thread, on purpose, and with a thread of its own,
//! which no caller's code outside ever runs on.

use std::any::Any;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle, current};

use isolate_sys::Errno;
use isolate_sys::abi::CLONE_FS;
use isolate_sys::calls::process;

use super::{Kind, Namespace};
use crate::error::{Error, ErrorKind, Result, Stage};

/// Moves the calling thread into namespaces: into all of them, or, on an error, into none.
///
/// Of a pid namespace it enters the one for its children. Every other thread stays where it is, and so
/// do threads that run already; a thread that this one starts begins where it is. Programs that share
/// threads between tasks (async runtimes, Go, Node) want [`Inside`] instead.
///
/// # Errors
/// `Unsupported` for what the kernel does not let one thread of several do: user namespaces and time
/// namespaces, and mount namespaces while the thread shares its working directory with others.
/// `Permission` without CAP_SYS_ADMIN over each (setns(2)).
pub fn enter_thread(namespaces: &[&Namespace]) -> Result<()> {
    check_kinds(&kinds_of(namespaces))?;
    if let [only] = namespaces {
        return set(only);
    }
    // The kernel takes one descriptor at a time. So that a refusal of the last does not leave the
    // thread half way, all is tried before by a thread that nobody needs.
    rehearse(namespaces)?;
    // Mounts last: there is no way back to the working directory.
    let mut namespaces = namespaces.to_vec();
    namespaces.sort_by_key(|namespace| namespace.kind() == Kind::Mnt);
    let mut before = Vec::with_capacity(namespaces.len());
    for namespace in &namespaces {
        before.push(match namespace.kind() {
            Kind::Pid => Namespace::of_children(process::gettid(), Kind::Pid)?,
            kind => Namespace::of_thread(kind)?,
        });
    }
    for (at, namespace) in namespaces.iter().enumerate() {
        if let Err(error) = set(namespace) {
            for entered in &before[..at] {
                set(entered)?;
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Moves the calling thread into namespaces of the process of a pidfd, several kinds in one step
/// (setns(2), Linux 5.8).
///
/// # Errors
/// As [`enter_thread`]; `NotFound` when the process has ended.
pub fn enter_thread_pidfd(pidfd: BorrowedFd<'_>, kinds: &[Kind]) -> Result<()> {
    check_kinds(kinds)?;
    super::proc::pid_of(pidfd)?;
    let subject = format!("pidfd {}: {}", pidfd.as_raw_fd(), list(kinds));
    process::setns(pidfd.as_raw_fd(), flags(kinds)).map_err(|errno| match errno {
        Errno::EINVAL if kinds.contains(&Kind::Mnt) => shares_directory(subject),
        Errno::EINVAL => Error::from_errno(errno, Stage::Namespace, subject)
            .with_kind(ErrorKind::Unsupported)
            .with_hint("entering by pidfd needs Linux 5.8, and a kind that the kernel has"),
        _ => refused(errno, subject),
    })
}

/// Gives the calling thread new namespaces (unshare(2)): all of them, or none.
///
/// New pid and time namespaces are for its children; after either of them the kernel lets this thread
/// start no further thread. A new mount namespace is a copy, with a working directory and umask of the
/// thread's own from then on; its mounts stay shared with the old one as they were (mount(8),
/// "--make-rprivate").
///
/// # Errors
/// `Unsupported` for a user namespace, which the kernel gives only to a process with one thread: make
/// one with [`create`](super::create), or for a job. `Permission` without CAP_SYS_ADMIN; `Limit` where
/// user.max_KIND_namespaces is reached.
pub fn unshare_thread(kinds: &[Kind]) -> Result<()> {
    some(kinds)?;
    if kinds.contains(&Kind::User) {
        return Err(one_thread(Kind::User, "a new user namespace"));
    }
    let subject = list(kinds);
    process::unshare(flags(kinds)).map_err(|errno| match errno {
        Errno::EINVAL => Error::from_errno(errno, Stage::Namespace, subject)
            .with_kind(ErrorKind::Unsupported)
            .with_hint("the kernel lacks a kind, or the thread has a new pid namespace already"),
        Errno::ENOSPC => Error::from_errno(errno, Stage::Namespace, subject)
            .with_hint("see sysctl user.max_KIND_namespaces, and the depth of 32"),
        _ => refused(errno, subject),
    })
}

/// A thread of its own in namespaces, for code that works where its thread is: opening a socket in a
/// network namespace, reading a file in a mount namespace. The caller's threads never move.
///
/// It ends when this is dropped. Descriptors that the code opens are the whole process's.
#[derive(Debug)]
pub struct Inside {
    /// The process that has the thread: a fork of it has not.
    owner: i32,
    work: Mutex<Option<Sender<Task>>>,
    thread: Option<JoinHandle<()>>,
}

type Task = Box<dyn FnOnce() + Send>;

impl Inside {
    /// Starts the thread.
    ///
    /// # Errors
    /// As [`enter_thread`], but that a mount namespace can be entered: the thread shares no directory.
    pub fn enter(namespaces: &[&Namespace]) -> Result<Inside> {
        check_kinds(&kinds_of(namespaces))?;
        let copies = copies(namespaces)?;
        let (work, tasks) = channel::<Task>();
        let (entered, result) = channel();
        let thread = start(move || {
            let entering = enter_new_thread(&copies);
            let ready = entering.is_ok();
            let told = entered.send(entering);
            drop(copies);
            if ready && told.is_ok() {
                tasks.into_iter().for_each(|task| task());
            }
        })?;
        let inside = Inside {
            owner: process::getpid(),
            work: Mutex::new(Some(work)),
            thread: Some(thread),
        };
        result.recv().unwrap_or_else(|_| Err(lost()))?;
        Ok(inside)
    }

    /// Runs `body` there, and waits for it. One call at a time; others wait their turn.
    ///
    /// # Errors
    /// `Internal` when `body` panics; the thread goes on.
    pub fn call<R, F>(&self, body: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnOnce() -> R + Send + 'static,
    {
        if self.owner != process::getpid() {
            return Err(lost());
        }
        if self
            .thread
            .as_ref()
            .is_some_and(|own| own.thread().id() == current().id())
        {
            // Called from inside, which would wait for itself.
            return catch_unwind(AssertUnwindSafe(body)).map_err(|panic| panicked(panic.as_ref()));
        }
        let (answer, result) = channel();
        self.post(move || {
            let _ = answer.send(catch_unwind(AssertUnwindSafe(body)));
        })?;
        match result.recv() {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(panic)) => Err(panicked(panic.as_ref())),
            Err(_) => Err(lost()),
        }
    }

    /// Has `body` run there, after what was asked for before it, and does not wait for it. Should it
    /// panic, nobody is told; the thread goes on.
    ///
    /// # Errors
    /// `Internal` in a fork of the process, which has no such thread.
    pub fn post(&self, body: impl FnOnce() + Send + 'static) -> Result<()> {
        if self.owner != process::getpid() {
            return Err(lost());
        }
        let task = Box::new(move || drop(catch_unwind(AssertUnwindSafe(body))));
        let work = self
            .work
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match work.as_ref().map(|work| work.send(task)) {
            Some(Ok(())) => Ok(()),
            _ => Err(lost()),
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.work
            .get_mut()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        match self.thread.take() {
            Some(thread) if self.owner == process::getpid() => drop(thread.join()),
            // There is nobody to wait for in a fork.
            thread => std::mem::forget(thread),
        }
    }
}

fn start(body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    Builder::new()
        .name("isolate-inside".into())
        .spawn(body)
        .map_err(|error| Error::from_io(&error, Stage::Namespace, "thread"))
}

fn copies(namespaces: &[&Namespace]) -> Result<Vec<Namespace>> {
    namespaces
        .iter()
        .map(|namespace| namespace.try_clone())
        .collect()
}

/// Enters with a thread that may end at any point: it is nobody's.
fn enter_new_thread(namespaces: &[Namespace]) -> Result<()> {
    if namespaces
        .iter()
        .any(|namespace| namespace.kind() == Kind::Mnt)
    {
        process::unshare(CLONE_FS)
            .map_err(|errno| Error::from_errno(errno, Stage::Namespace, "unshare"))?;
    }
    namespaces.iter().try_for_each(set)
}

/// Enters all with a thread that ends then.
fn rehearse(namespaces: &[&Namespace]) -> Result<()> {
    let copies = copies(namespaces)?;
    let (done, result) = channel();
    let thread = start(move || drop(done.send(enter_new_thread(&copies))))?;
    let entered = result.recv().unwrap_or_else(|_| Err(lost()));
    let _ = thread.join();
    entered
}

fn set(namespace: &Namespace) -> Result<()> {
    process::setns(namespace.as_fd().as_raw_fd(), namespace.kind().flag()).map_err(|errno| {
        match (errno, namespace.kind()) {
            (Errno::EINVAL, Kind::Pid) => {
                Error::from_errno(errno, Stage::Namespace, namespace.to_string())
                    .with_kind(ErrorKind::InvalidSpec)
                    .with_hint("only a pid namespace below the caller's own can be entered")
            }
            (Errno::EINVAL, Kind::Mnt) => shares_directory(namespace.to_string()),
            _ => refused(errno, namespace.to_string()),
        }
    })
}

fn shares_directory(subject: String) -> Error {
    Error::from_errno(Errno::EINVAL, Stage::Namespace, subject)
        .with_kind(ErrorKind::Unsupported)
        .with_hint(
            "the thread shares its working directory with the process's other threads, and so cannot \
             enter a mount namespace: use a thread of its own (Inside), or a job",
        )
}

fn refused(errno: Errno, subject: String) -> Error {
    let error = Error::from_errno(errno, Stage::Namespace, subject);
    match errno {
        Errno::EPERM => error.with_hint(
            "it takes CAP_SYS_ADMIN over the namespace and in the caller's own user namespace, and \
             CAP_SYS_CHROOT for mounts; a job can enter the user namespace that owns it",
        ),
        Errno::ESRCH => error.with_hint("the process has ended"),
        _ => error,
    }
}

/// What one thread of several may enter.
fn check_kinds(kinds: &[Kind]) -> Result<()> {
    some(kinds)?;
    for (at, kind) in kinds.iter().enumerate() {
        match kind {
            Kind::User | Kind::Time => {
                return Err(one_thread(*kind, &format!("a {kind} namespace")));
            }
            _ if kinds[..at].contains(kind) => {
                return Err(Error::new(
                    ErrorKind::InvalidSpec,
                    Stage::Namespace,
                    kind.name(),
                    "is named twice: a thread is in one namespace of a kind",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn some(kinds: &[Kind]) -> Result<()> {
    if kinds.is_empty() {
        return Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Namespace,
            "",
            "no namespace is named",
        ));
    }
    Ok(())
}

fn one_thread(kind: Kind, what: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        Stage::Namespace,
        kind.name(),
        format!(
            "the kernel lets only a process with one thread enter {what}: start a job there \
             (namespaces.{kind} of its spec)"
        ),
    )
}

fn kinds_of(namespaces: &[&Namespace]) -> Vec<Kind> {
    namespaces
        .iter()
        .map(|namespace| namespace.kind())
        .collect()
}

fn flags(kinds: &[Kind]) -> u64 {
    kinds.iter().fold(0, |flags, kind| flags | kind.flag())
}

fn list(kinds: &[Kind]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    names.join(" ")
}

fn lost() -> Error {
    Error::new(
        ErrorKind::Internal,
        Stage::Namespace,
        "thread",
        "the thread inside has ended",
    )
}

fn panicked(payload: &(dyn Any + Send)) -> Error {
    let words = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    Error::new(
        ErrorKind::Internal,
        Stage::Namespace,
        "thread",
        format!(
            "what was called panicked: {}",
            words.unwrap_or_else(|| "no text".into())
        ),
    )
}
