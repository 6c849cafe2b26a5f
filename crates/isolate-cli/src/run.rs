//! `isolatectl run`: starts the job, passes signals on while it runs, and ends as it ended.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;

use libisolate::cgroup::{Version, move_to_leaf};
use libisolate::spec::{Driver, Profile};
use libisolate::{Error, ErrorKind, Host, Outcome, Result, Spec, Stage, spawn};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::args::Run;
use crate::ns::target::join;
use crate::signals::Signals;
use crate::{FAILED, complain, driver, spec};

pub fn run(options: &Run) -> i32 {
    // First of all: a job whose outcome cannot be told should not run.
    let mut report = match options
        .json
        .as_deref()
        .map(|path| (path, File::create(path)))
    {
        None => None,
        Some((_, Ok(file))) => Some(file),
        Some((path, Err(error))) => {
            let subject = path.display().to_string();
            return fail(&Error::from_io(&error, Stage::Spec, subject));
        }
    };
    let (status, text) = match job(options) {
        Ok(outcome) => (outcome.shell_status(), outcome.to_json()),
        Err(error) => (fail(&error), as_json(&error)),
    };
    if let Some(file) = &mut report
        && let Err(error) = writeln!(file, "{text}")
    {
        complain(&format!("the outcome could not be written: {error}"));
        return FAILED;
    }
    status
}

fn job(options: &Run) -> Result<Outcome> {
    let mut spec = spec::build(options)?;
    let _joined = join(&mut spec, &options.join)?;
    make_room(&spec);
    supervise(&spec)
}

/// Runs a job to its end, and passes signals on to it.
pub fn supervise(spec: &Spec) -> Result<Outcome> {
    // Before the job: a signal that comes while it starts is passed on as soon as there is somebody.
    let signals = Signals::take()?;
    let job = spawn(spec)?;
    let own_session = new_session(spec);
    loop {
        if let Some(outcome) = job.try_wait()? {
            return Ok(outcome);
        }
        let mut ready = [
            PollFd::new(job.as_fd(), PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut ready, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => {
                let error = std::io::Error::from_raw_os_error(errno as i32);
                return Err(Error::from_io(&error, Stage::Wait, "poll"));
            }
        }
        for came in signals.came() {
            // The terminal has told every process of its foreground group already; a job in a
            // session of its own is not in it.
            if came.by_kernel && !own_session {
                continue;
            }
            // It may have ended in this very moment.
            if let Err(error) = job.signal(came.signal)
                && error.kind() != ErrorKind::NotFound
            {
                return Err(error);
            }
        }
    }
}

fn new_session(spec: &Spec) -> bool {
    spec.new_session.unwrap_or(spec.profile == Profile::Strict)
}

/// A process that is alone in a v2 cgroup keeps controllers from being enabled below it. This one is
/// its own master, so it steps aside. Where it cannot, the limits say why they fail. Where systemd makes
/// the job's group, the command stays where systemd has put it.
pub fn make_room(spec: &Spec) {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    // No v2 tree, or at its root, where nothing is to be done: not worth a look at the host.
    if !own
        .lines()
        .any(|line| line.starts_with("0::/") && line.len() > "0::/".len())
    {
        return;
    }
    let Ok(host) = Host::probe() else { return };
    let by_systemd = match spec.driver.unwrap_or_default() {
        Driver::Systemd => true,
        Driver::Auto => driver::made_by_systemd(&host.cgroup).is_some(),
        _ => false,
    };
    if by_systemd {
        return;
    }
    let stuck = host.cgroup.hierarchies.iter().any(|tree| {
        tree.version == Version::V2
            && tree.writable
            && !tree.can_enable
            && !tree.controllers.is_empty()
    });
    if stuck {
        let _ = move_to_leaf();
    }
}

/// Tells the error and gives the status for it: as a shell's where the program is the matter.
pub fn fail(error: &Error) -> i32 {
    complain(&error.message());
    match (error.stage(), error.kind()) {
        (Stage::Exec, ErrorKind::NotFound) => 127,
        (Stage::Exec, _) => 126,
        _ => FAILED,
    }
}

fn as_json(error: &Error) -> String {
    serde_json::json!({
        "error": {
            "kind": error.kind().name(),
            "errno": error.errno(),
            "stage": error.stage().name(),
            "subject": error.subject(),
            "message": error.message(),
        }
    })
    .to_string()
}
