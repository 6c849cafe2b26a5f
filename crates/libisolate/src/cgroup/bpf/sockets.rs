//! What net_cls and net_prio are on v1: a program that marks each socket a group makes (`SO_MARK`, the
//! class) and gives it its priority (`SO_PRIORITY`, socket(7)). Linux 4.14.
//!
//! It is for IPv4 and IPv6 sockets made from then on by processes of the group and of groups below it;
//! where a group above has a program too, that one runs last and its values are the socket's. A process
//! with CAP_NET_ADMIN can change its own, the priority (0 to 6) can any process.

use std::fmt;
use std::os::fd::AsFd;

use super::attach::{self, Saved};
use super::insn::{Insn, exit, set, store};
use super::{SOCKETS, program};
use crate::cgroup::dir::Dir;
use crate::error::{Error, ErrorKind, Result, Stage};

/// `offsetof(struct bpf_sock, mark)`, `priority`
const MARK: i16 = 16;
const PRIORITY: i16 = 20;
// Offsets are no longer those when a program is read back; the registers are.
const CLASS_REGISTER: u8 = 2;
const PRIORITY_REGISTER: u8 = 3;

/// The text form is `class=0x00010010 priority=5`, either alone or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    pub class: Option<u32>,
    pub priority: Option<u32>,
}

impl Marks {
    /// Reads the text form; numbers are decimal or, after `0x`, hexadecimal.
    pub fn parse(text: &str) -> Result<Marks> {
        let wrong = |detail: &str| {
            let subject = format!("{}: {text:?}", SOCKETS.file);
            Error::new(ErrorKind::InvalidSpec, Stage::Cgroup, subject, detail)
        };
        let mut marks = Marks::default();
        for word in text.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let place = match name {
                "class" => &mut marks.class,
                "priority" => &mut marks.priority,
                _ => return Err(wrong("is not class=NUMBER, priority=NUMBER or both")),
            };
            let number = match value.strip_prefix("0x") {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => value.parse(),
            };
            match number {
                Ok(number) if place.is_none() && !value.contains('+') => *place = Some(number),
                Ok(_) if place.is_some() => return Err(wrong("says one thing twice")),
                _ => return Err(wrong("has a number that is not among 0 to 4294967295")),
            }
        }
        match marks == Marks::default() {
            true => Err(wrong("is not class=NUMBER, priority=NUMBER or both")),
            false => Ok(marks),
        }
    }

    fn program(self) -> Vec<Insn> {
        let mut program = Vec::new();
        for (register, offset, value) in [
            (CLASS_REGISTER, MARK, self.class),
            (PRIORITY_REGISTER, PRIORITY, self.priority),
        ] {
            if let Some(value) = value {
                program.extend([set(register, value as i32), store(1, offset, register)]);
            }
        }
        // A socket may be made.
        program.extend([set(0, 1), exit()]);
        program
    }

    fn decode(program: &[Insn]) -> Option<Marks> {
        let value = |register| {
            let wanted = set(register, 0);
            let found = program
                .iter()
                .find(|i| i.code == wanted.code && i.registers == wanted.registers);
            found.map(|i| i.value as u32)
        };
        let marks = Marks {
            class: value(CLASS_REGISTER),
            priority: value(PRIORITY_REGISTER),
        };
        let shape = |code: &[Insn]| -> Vec<(u8, u8, i32)> {
            code.iter()
                .map(|i| (i.code, i.registers, i.value))
                .collect()
        };
        (shape(&marks.program()) == shape(program)).then_some(marks)
    }
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.class, self.priority) {
            (Some(class), Some(priority)) => write!(f, "class={class:#010x} priority={priority}"),
            (Some(class), None) => write!(f, "class={class:#010x}"),
            (None, Some(priority)) => write!(f, "priority={priority}"),
            (None, None) => Ok(()),
        }
    }
}

/// Sets class, priority or both for the sockets of a v2 group; what is not named stays. Gives what is in
/// force then.
///
/// # Errors
/// `InvalidSpec` for another text, `Permission` and `Unsupported` with what is missing; the group is as
/// it was.
pub(crate) fn put(dir: &Dir, value: &str) -> Result<String> {
    let mut marks = Marks::parse(value)?;
    if marks.class.is_none() || marks.priority.is_none() {
        let before = present(dir)?.unwrap_or_default();
        marks.class = marks.class.or(before.class);
        marks.priority = marks.priority.or(before.priority);
    }
    let program = program::load(&SOCKETS, &marks.program(), value)?;
    attach::put(dir, &SOCKETS, program.as_fd(), value)?;
    // The kernel may hide what it keeps, but then it is still what was loaded.
    let kept = program::instructions(&program).and_then(|code| Marks::decode(&code));
    Ok(kept.unwrap_or(marks).to_string())
}

/// What [`put`] has set, in its text form; `None` where nothing is.
#[cfg(test)]
pub(crate) fn get(dir: &Dir) -> Result<Option<String>> {
    Ok(present(dir)?.map(|marks| marks.to_string()))
}

fn present(dir: &Dir) -> Result<Option<Marks>> {
    let Some(program) = attach::ours(dir, &SOCKETS)?.into_iter().next() else {
        return Ok(None);
    };
    let marks = program::instructions(&program).and_then(|code| Marks::decode(&code));
    match marks {
        Some(marks) => Ok(Some(marks)),
        None => Err(Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            dir.path().join(SOCKETS.file).display().to_string(),
            "the program cannot be read back: net.core.bpf_jit_harden hides it, or another version of \
             this library made it; set class and priority together",
        )),
    }
}

/// Takes the program away: new sockets have no mark and no priority.
#[cfg(test)]
pub(crate) fn clear(dir: &Dir) -> Result<()> {
    attach::clear(dir, &SOCKETS)
}

/// Keeps what is set now, for [`restore`].
pub(crate) fn snapshot(dir: &Dir) -> Result<Saved> {
    attach::snapshot(dir, &SOCKETS)
}

/// Makes it as it was.
pub(crate) fn restore(dir: &Dir, saved: &Saved) -> Result<()> {
    attach::restore(dir, &SOCKETS, saved)
}

#[cfg(test)]
mod tests;
