//! Passes signals of this process on: handlers write to a pipe, which the waiting command reads.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};

use libisolate::{Error, ErrorKind, Result, Stage};
use nix::fcntl::OFlag;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::pipe2;

/// The signals that people and supervisors steer programs with.
const PASSED_ON: [Signal; 6] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// Where the handlers write; -1 while there is nobody to read.
static PIPE: AtomicI32 = AtomicI32::new(-1);
/// How many handlers are at work in this moment, on any thread.
static WRITING: AtomicUsize = AtomicUsize::new(0);
/// Handlers belong to the whole process: one command at a time has them.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A signal that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// Its number.
    pub signal: i32,
    /// Whether the kernel sent it, as a terminal does for Ctrl-C: then to the whole process group.
    pub by_kernel: bool,
}

/// The handlers, while a command waits. Dropping it brings those of before back.
pub struct Signals {
    read: OwnedFd,
    _write: OwnedFd,
    before: Vec<(Signal, SigAction)>,
}

impl Signals {
    /// Takes over the signals, except those that this process ignores (as under nohup(1)).
    pub fn take() -> Result<Signals> {
        if TAKEN.swap(true, Ordering::AcqRel) {
            return Err(Error::new(
                ErrorKind::Busy,
                Stage::Signal,
                "handlers",
                "another run in this process passes the signals on",
            ));
        }
        let pipe = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(|errno| {
            TAKEN.store(false, Ordering::Release);
            failed(errno, "pipe")
        })?;
        PIPE.store(pipe.1.as_raw_fd(), Ordering::SeqCst);
        let mut signals = Signals {
            read: pipe.0,
            _write: pipe.1,
            before: Vec::new(),
        };
        for signal in PASSED_ON {
            if let Some(before) = signals.handle(signal)? {
                signals.before.push((signal, before));
            }
        }
        Ok(signals)
    }

    fn handle(&self, signal: Signal) -> Result<Option<SigAction>> {
        let flags = SaFlags::SA_RESTART | SaFlags::SA_SIGINFO;
        let action = SigAction::new(SigHandler::SigAction(note), flags, SigSet::empty());
        // SAFETY: `note` calls nothing but write(2), which a handler may.
        let before =
            unsafe { sigaction(signal, &action) }.map_err(|e| failed(e, signal.as_str()))?;
        if matches!(before.handler(), SigHandler::SigIgn) {
            restore(signal, &before);
            return Ok(None);
        }
        Ok(Some(before))
    }

    /// Readable when a signal has come.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }

    /// The signals that have come since the last call.
    pub fn came(&self) -> Vec<Came> {
        let mut all = Vec::new();
        let mut bytes = [0u8; 128];
        // A note is two bytes, and a pipe hands them out whole as they were written.
        while let Ok(count @ 1..) = nix::unistd::read(&self.read, &mut bytes) {
            for note in bytes[..count].chunks_exact(2) {
                all.push(Came {
                    signal: i32::from(note[0]),
                    by_kernel: note[1] != 0,
                });
            }
        }
        all
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for (signal, before) in &self.before {
            restore(*signal, before);
        }
        // No handler of ours begins any more. One that another thread is in may still write, and the
        // number of a closed pipe may be another file's.
        PIPE.store(-1, Ordering::SeqCst);
        while WRITING.load(Ordering::SeqCst) > 0 {
            std::thread::yield_now();
        }
        TAKEN.store(false, Ordering::Release);
    }
}

fn restore(signal: Signal, before: &SigAction) {
    // SAFETY: the action is the one that was in force before.
    let _ = unsafe { sigaction(signal, before) };
}

/// The handler. A full pipe (64 KiB of unread signals) drops the note.
extern "C" fn note(signal: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    const SI_KERNEL: i32 = 0x80;
    WRITING.fetch_add(1, Ordering::SeqCst);
    let fd = PIPE.load(Ordering::SeqCst);
    // SAFETY: with SA_SIGINFO the kernel passes a siginfo; a null is looked for all the same. errno
    // belongs to the code that was interrupted and is put back; write(2) reads the two bytes.
    unsafe {
        let by_kernel = !info.is_null() && (*info).si_code == SI_KERNEL;
        let errno = libc::__errno_location();
        let kept = *errno;
        let note = [signal as u8, u8::from(by_kernel)];
        if fd >= 0 {
            libc::write(fd, note.as_ptr().cast(), note.len());
        }
        *errno = kept;
    }
    WRITING.fetch_sub(1, Ordering::SeqCst);
}

fn failed(errno: nix::errno::Errno, subject: &str) -> Error {
    Error::from_io(
        &std::io::Error::from_raw_os_error(errno as i32),
        Stage::Signal,
        subject,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::raise;

    fn handler(signal: Signal) -> String {
        let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
        // SAFETY: ignoring for a moment and putting back what was there.
        let before = unsafe { sigaction(signal, &ignore) }.expect("a signal");
        restore(signal, &before);
        format!("{:?}", before.handler())
    }

    /// One test, because the handlers are the process's.
    #[test]
    fn signals_come_through_the_pipe_and_the_handlers_go_back() {
        let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
        // SAFETY: a disposition without code.
        unsafe { sigaction(Signal::SIGHUP, &ignore) }.expect("a signal");
        let before = handler(Signal::SIGUSR1);
        {
            let signals = Signals::take().expect("the signals");
            assert_ne!(handler(Signal::SIGUSR1), before);
            assert_eq!(handler(Signal::SIGHUP), "SigIgn", "as under nohup");
            let second = Signals::take().map(drop).map_err(|e| e.kind());
            assert_eq!(second, Err(ErrorKind::Busy));
            raise(Signal::SIGUSR1).expect("a signal");
            raise(Signal::SIGTERM).expect("a signal");
            let usr1 = Came {
                signal: libc::SIGUSR1,
                by_kernel: false,
            };
            let term = Came {
                signal: libc::SIGTERM,
                by_kernel: false,
            };
            assert_eq!(signals.came(), [usr1, term]);
            assert_eq!(signals.came(), []);
        }
        assert_eq!(handler(Signal::SIGUSR1), before);
        drop(Signals::take().expect("free again"));
    }
}
