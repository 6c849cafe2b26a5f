//! Devices on v2: the rules of a group are a program that is attached to it.

use std::os::fd::AsFd;

use super::{filter, format, parse};
use crate::cgroup::bpf::attach::{self, Saved};
use crate::cgroup::bpf::{DEVICES, program};
use crate::cgroup::dir::Dir;
use crate::error::{Error, ErrorKind, Result, Stage};

/// Puts rules in force, such as `deny a; allow c 1:3 rwm`, in the place of those before, in one step.
/// Gives them back in their shortest form.
///
/// A group cannot use what a group above it may not use, whatever its own rules say.
///
/// # Errors
/// `InvalidSpec` for a text that is no list of rules, `Permission` and `Unsupported` with what is
/// missing; the group is as it was.
pub(crate) fn put(dir: &Dir, value: &str) -> Result<String> {
    let code = filter::program(&parse(value)?);
    let program = program::load(&DEVICES, &code, value)?;
    attach::put(dir, &DEVICES, program.as_fd(), value)?;
    // The kernel may hide what it keeps, but then it is still what was loaded.
    let kept = program::instructions(&program).and_then(|code| filter::decode(&code));
    let rules = kept.or_else(|| filter::decode(&code));
    rules
        .map(|rules| format(&rules))
        .ok_or_else(|| unreadable(dir))
}

/// The rules that [`put`] has put there, in their shortest form; `None` where there are none.
///
/// # Errors
/// `Permission` without the right to look, `Unsupported` where the kernel hides the program.
#[cfg(test)]
pub(crate) fn get(dir: &Dir) -> Result<Option<String>> {
    let Some(program) = attach::ours(dir, &DEVICES)?.into_iter().next() else {
        return Ok(None);
    };
    program::instructions(&program)
        .and_then(|code| filter::decode(&code))
        .map(|rules| Some(format(&rules)))
        .ok_or_else(|| unreadable(dir))
}

fn unreadable(dir: &Dir) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        Stage::Cgroup,
        dir.path().join(DEVICES.file).display().to_string(),
        "the program cannot be read back: net.core.bpf_jit_harden hides it, or another version of this \
         library made it",
    )
}

/// Takes the rules away: what the groups above allow is allowed.
#[cfg(test)]
pub(crate) fn clear(dir: &Dir) -> Result<()> {
    attach::clear(dir, &DEVICES)
}

/// Keeps what is in force now, for [`restore`].
pub(crate) fn snapshot(dir: &Dir) -> Result<Saved> {
    attach::snapshot(dir, &DEVICES)
}

/// Makes it as it was.
pub(crate) fn restore(dir: &Dir, saved: &Saved) -> Result<()> {
    attach::restore(dir, &DEVICES, saved)
}

#[cfg(test)]
mod tests;
