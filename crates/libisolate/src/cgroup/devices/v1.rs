//! Devices on v1: `devices.allow`, `devices.deny` and `devices.list`.
//!
//! A group that allows by default does not show what it denies (`devices.list` is `a *:* rwm`). What this
//! library has denied there it notes in an attribute of the directory, to explain it and to go back to
//! it; what others have denied stays unknown.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use isolate_sys::calls::xattr;

use super::{Rule, State, format, parse};
use crate::cgroup::dir::Dir;
use crate::error::{Error, ErrorKind, Result, Stage};

const LIST: &str = "devices.list";

/// Attributes of this class are for processes with CAP_SYS_ADMIN, which the files of v1 ask for, too.
const NOTE: &CStr = c"trusted.libisolate.devices";

/// The longest note: the kernel allows a directory of v1 128 KiB in all.
const NOTE_MAX: usize = 64 << 10;

/// How long the kernel may take to forget a group that has been removed: until then, the default of the
/// one above it cannot change.
const GONE_WITHIN_MS: u32 = 500;

/// What a group may use, as far as it can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub state: State,
    /// Whether the exceptions are known.
    pub complete: bool,
}

/// Looks at a group.
pub(super) fn look(dir: &Dir) -> Result<Seen> {
    let state = listed(dir)?;
    if !state.default_allow {
        return Ok(Seen {
            state,
            complete: true,
        });
    }
    match noted(dir) {
        Some(noted) if noted.default_allow => Ok(Seen {
            state: noted,
            complete: true,
        }),
        _ => Ok(Seen {
            state,
            complete: false,
        }),
    }
}

fn listed(dir: &Dir) -> Result<State> {
    let text = dir.read(LIST)?;
    read_list(&text).ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            dir.path().join(LIST).display().to_string(),
            format!("{:?} is no list of devices", text.trim()),
        )
    })
}

fn read_list(text: &str) -> Option<State> {
    let rules: Vec<Rule> = text
        .lines()
        .map(|line| Rule::parse_v1(true, line).ok())
        .collect::<Option<_>>()?;
    State::of(&rules).ok()
}

fn noted(dir: &Dir) -> Option<State> {
    let mut text = vec![0; NOTE_MAX];
    let len = xattr::get(dir.as_fd().as_raw_fd(), NOTE, &mut text).ok()?;
    let text = std::str::from_utf8(text.get(..len)?).ok()?;
    State::of(&parse(text).ok()?).ok()
}

/// Without the note, what is denied is in force all the same.
fn note(dir: &Dir, state: &State) {
    let fd = dir.as_fd().as_raw_fd();
    if state.default_allow {
        let _ = xattr::set(fd, NOTE, format(&state.rules()).as_bytes());
    } else {
        let _ = xattr::remove(fd, NOTE);
    }
}

/// Goes from what a group may use now to what the rules say, such as `deny a; allow c 1:3 rwm`, with as
/// few writes as can be, and looks whether the kernel has taken them. Gives the rules that are in force.
///
/// # Errors
/// `InvalidSpec` for a text that is no list of rules, `Unsupported` for rules that v1 cannot keep,
/// `Permission` for what the group above may not use; the group is as it was, as far as that could be
/// seen.
pub(crate) fn put(dir: &Dir, value: &str) -> Result<String> {
    let wanted = State::of(&parse(value)?).map_err(|hole| {
        Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            format!("devices.deny: {value:?}"),
            format!("{hole}; name what is allowed in narrower rules, or use cgroup v2"),
        )
    })?;
    let before = look(dir)?;
    if let Err(error) = go(dir, &before.state, &wanted) {
        if let Ok(now) = listed(dir)
            && now != before.state
        {
            // The first error is the one to tell.
            let _ = go(dir, &now, &before.state);
        }
        return Err(error);
    }
    Ok(format(&wanted.rules()))
}

fn go(dir: &Dir, from: &State, to: &State) -> Result<()> {
    for (file, value) in to.transition(from) {
        write(dir, file, &value)?;
    }
    let now = listed(dir)?;
    if now.default_allow != to.default_allow || (!to.default_allow && now != *to) {
        return Err(Error::new(
            ErrorKind::Other,
            Stage::Cgroup,
            format!("{LIST}: {:?}", format(&to.rules())),
            format!(
                "the kernel has not taken it: {} allows {:?}",
                dir.path().display(),
                format(&now.rules())
            ),
        ));
    }
    note(dir, to);
    Ok(())
}

fn write(dir: &Dir, file: &str, value: &str) -> Result<()> {
    for _ in 0..GONE_WITHIN_MS {
        match dir.write(file, value) {
            Err(error) if error.kind() == ErrorKind::Busy && dir.children().is_empty() => {}
            done => return done,
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    dir.write(file, value)
}

/// The rules that are in force, in their shortest form. Of a group that allows by default, what others
/// have denied is not among them.
///
/// # Errors
/// `Cgroup` stage with the path.
#[cfg(test)]
pub(crate) fn get(dir: &Dir) -> Result<String> {
    Ok(format(&look(dir)?.state.rules()))
}

/// Keeps what is in force now, for [`restore`].
pub(crate) fn snapshot(dir: &Dir) -> Result<Seen> {
    look(dir)
}

/// Makes it as it was. Of a group that allowed by default and denied what nobody can see, that is what a
/// new group has: what the group above denies.
pub(crate) fn restore(dir: &Dir, saved: &Seen) -> Result<()> {
    let now = look(dir)?;
    if now.state == saved.state && now.complete == saved.complete {
        return Ok(());
    }
    go(dir, &listed(dir)?, &saved.state)?;
    if !saved.complete {
        let _ = xattr::remove(dir.as_fd().as_raw_fd(), NOTE);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
