//! Which programs a group has, and how one of this library gets there: beside those of others, in the
//! place of the one before it, never twice.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;

use isolate_sys::Errno;
use isolate_sys::abi::bpf::{BPF_F_ALLOW_MULTI, BPF_F_REPLACE};
use isolate_sys::calls::bpf;

use super::program::facts;
use super::{NEEDED, Purpose};
use crate::cgroup::dir::Dir;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::sysfd::own;

/// Between looking which program is there and replacing it, no other thread may do the same. Of other
/// processes the rule of cgroups is that a group has one writer.
static ONE_WRITER: Mutex<()> = Mutex::new(());

/// A program that a group itself has.
#[derive(Debug)]
pub(crate) struct Attached {
    pub id: u32,
    pub name: String,
    /// `None` where the caller may not open it.
    pub program: Option<OwnedFd>,
}

/// The programs of one purpose that a group itself has, in the order in which they are asked.
pub(crate) fn attached(dir: &Dir, purpose: &Purpose) -> Result<Vec<Attached>> {
    let mut ids = [0; bpf::MOST_PROGRAMS];
    let (count, _) = bpf::query(dir.as_fd().as_raw_fd(), purpose.attach, &mut ids)
        .map_err(|errno| failed(dir, purpose, errno))?;
    let mut found = Vec::with_capacity(count);
    for id in &ids[..count] {
        match own(bpf::open(*id)) {
            Ok(program) => {
                let facts = facts(&program).map_err(|errno| failed(dir, purpose, errno))?;
                found.push(Attached {
                    id: *id,
                    name: facts.name,
                    program: Some(program),
                });
            }
            // Gone meanwhile.
            Err(Errno::ENOENT) => {}
            Err(Errno::EPERM | Errno::EACCES) => found.push(Attached {
                id: *id,
                name: String::new(),
                program: None,
            }),
            Err(errno) => return Err(failed(dir, purpose, errno)),
        }
    }
    Ok(found)
}

fn failed(dir: &Dir, purpose: &Purpose, errno: Errno) -> Error {
    let subject = dir.path().join(purpose.file).display().to_string();
    let error = Error::from_errno(errno, Stage::Cgroup, subject);
    match errno {
        Errno::EPERM => error.with_hint(NEEDED),
        Errno::ENOSYS => error.with_hint("this kernel has no bpf(2) (CONFIG_BPF_SYSCALL)"),
        Errno::EINVAL => error
            .with_kind(ErrorKind::Unsupported)
            .with_hint("this kernel has no programs of cgroups (Linux 4.15, CONFIG_CGROUP_BPF)"),
        Errno::EBADF => error.with_hint("only groups of cgroup v2 have programs"),
        _ => error,
    }
}

/// The programs of this library, by their name. One that the caller may not open could be one of them.
pub(crate) fn ours(dir: &Dir, purpose: &Purpose) -> Result<Vec<OwnedFd>> {
    let mut ours = Vec::new();
    for Attached { id, name, program } in attached(dir, purpose)? {
        match program {
            Some(program) if name == purpose.name => ours.push(program),
            Some(_) => {}
            None => {
                let subject = dir.path().join(purpose.file).display().to_string();
                return Err(Error::from_errno(Errno::EPERM, Stage::Cgroup, subject)
                    .with_hint(format!("cannot tell whose program {id} is; {NEEDED}")));
            }
        }
    }
    Ok(ours)
}

/// Makes `program` the one of this library, in one step where there is one already: at no time is the
/// group without.
pub(crate) fn put(
    dir: &Dir,
    purpose: &Purpose,
    program: BorrowedFd<'_>,
    value: &str,
) -> Result<()> {
    let _held = ONE_WRITER.lock();
    let refused = |errno| refused(purpose, value, errno);
    let wanted = facts(&program).map_err(refused)?.id;
    // Who may load and attach, but not open by number, could not tell afterwards what it has done.
    own(bpf::open(wanted)).map_err(|errno| failed(dir, purpose, errno))?;
    // The old program can go while it is looked at.
    for last in [false, false, true] {
        let mut old = ours(dir, purpose)?.into_iter();
        match exchange(dir, purpose, program, old.next().as_ref()) {
            Ok(()) => {}
            Err(Errno::ENOENT) if !last => continue,
            Err(errno) => return Err(refused(errno)),
        }
        for left in old {
            detach(dir, purpose, &left).map_err(refused)?;
        }
        break;
    }
    let ours = ours(dir, purpose)?;
    match ours.as_slice() {
        [one] if facts(one).is_ok_and(|facts| facts.id == wanted) => Ok(()),
        _ => Err(Error::new(
            ErrorKind::Busy,
            Stage::Cgroup,
            format!("{}: {value:?}", purpose.file),
            format!(
                "another process has changed the programs of {} meanwhile",
                dir.path().display()
            ),
        )),
    }
}

fn exchange(
    dir: &Dir,
    purpose: &Purpose,
    program: BorrowedFd<'_>,
    old: Option<&OwnedFd>,
) -> isolate_sys::Result<()> {
    let (group, new) = (dir.as_fd().as_raw_fd(), program.as_raw_fd());
    let Some(old) = old else {
        return bpf::attach(group, new, purpose.attach, BPF_F_ALLOW_MULTI, 0);
    };
    // The kernel refuses to put a program in its own place.
    if facts(old)?.id == facts(&program)?.id {
        return Ok(());
    }
    let flags = BPF_F_ALLOW_MULTI | BPF_F_REPLACE;
    match bpf::attach(group, new, purpose.attach, flags, old.as_raw_fd()) {
        // Before Linux 5.6 both are there for a moment, which denies more, not less.
        Err(Errno::EINVAL) => {
            bpf::attach(group, new, purpose.attach, BPF_F_ALLOW_MULTI, 0)?;
            detach(dir, purpose, old)
        }
        done => done,
    }
}

/// Takes all programs of this library away. Others stay.
pub(crate) fn clear(dir: &Dir, purpose: &Purpose) -> Result<()> {
    let _held = ONE_WRITER.lock();
    for program in ours(dir, purpose)? {
        detach(dir, purpose, &program).map_err(|errno| failed(dir, purpose, errno))?;
    }
    Ok(())
}

fn detach(dir: &Dir, purpose: &Purpose, program: &OwnedFd) -> isolate_sys::Result<()> {
    let (group, old) = (dir.as_fd().as_raw_fd(), program.as_raw_fd());
    match bpf::detach(group, old, purpose.attach) {
        Err(Errno::ENOENT) => Ok(()),
        done => done,
    }
}

fn refused(purpose: &Purpose, value: &str, errno: Errno) -> Error {
    let subject = format!("{}: {value:?}", purpose.file);
    let error = Error::from_errno(errno, Stage::Cgroup, subject);
    match errno {
        Errno::EPERM => error.with_hint(
            "the caller lacks CAP_NET_ADMIN, or this group or one above it has a program that was \
             attached without BPF_F_ALLOW_MULTI",
        ),
        Errno::E2BIG => error.with_hint("the group has 64 programs of others already"),
        _ => error,
    }
}

/// What [`put`] has changed, for the way back.
#[derive(Debug)]
pub(crate) struct Saved {
    // A descriptor keeps the program, whose instructions could not always be read.
    program: Option<OwnedFd>,
}

/// Keeps the program of this library that the group has now, or that it has none.
pub(crate) fn snapshot(dir: &Dir, purpose: &Purpose) -> Result<Saved> {
    Ok(Saved {
        program: ours(dir, purpose)?.into_iter().next(),
    })
}

/// Makes it as it was.
pub(crate) fn restore(dir: &Dir, purpose: &Purpose, saved: &Saved) -> Result<()> {
    match &saved.program {
        Some(program) => put(dir, purpose, program.as_fd(), "as before"),
        None => clear(dir, purpose),
    }
}

#[cfg(test)]
mod tests;
