//! Sealed memory files: the init's program and the plan.

use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use isolate_sys::Errno;
use isolate_sys::abi::{
    AT_EMPTY_PATH, F_ADD_SEALS, F_DUPFD_CLOEXEC, F_SEAL_ALL, MFD_ALLOW_SEALING, MFD_CLOEXEC,
    MFD_EXEC, MFD_NOEXEC_SEAL,
};
use isolate_sys::calls::{fd, path};

use super::kept::Kept;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::remedy;
use crate::sysfd::own;

/// The init's program, kept for the next launch.
struct Program {
    file: ManuallyDrop<OwnedFd>,
    /// Device and inode: a host that closes all descriptors, as daemons do, closes this one too, and
    /// its number may be another file's by now.
    identity: (u64, u64),
}

static PROGRAM: Kept<Arc<Program>> = Kept::new();

impl Program {
    fn is_still_open(&self) -> bool {
        identity(self.file.as_fd()) == Some(self.identity)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Somebody else's descriptor by now must not be closed here.
        if self.is_still_open() {
            let _ = fd::close(self.file.as_raw_fd());
        }
    }
}

/// Keeps the program's descriptor open while it is used.
#[derive(Clone)]
pub(crate) struct ProgramFd(Arc<Program>);

impl AsFd for ProgramFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.file.as_fd()
    }
}

/// The init's program in a sealed file that can be executed.
pub(crate) fn program() -> Result<ProgramFd> {
    let kept = PROGRAM.get();
    if let Ok(Some(program)) = &kept
        && program.is_still_open()
    {
        return Ok(ProgramFd(program.clone()));
    }
    let file = sealed(c"isolate-init", isolate_init::PROGRAM, MFD_EXEC).and_then(above_streams);
    let file = file.map_err(|errno| {
        let error = Error::from_errno(errno, Stage::Clone, "init");
        if errno == Errno::EACCES {
            error.with_kind(ErrorKind::Unsupported).with_hint(format!(
                "executable memory files are switched off, sysctl vm.memfd_noexec is 2: {}",
                remedy::sysctl("vm.memfd_noexec", "1")
            ))
        } else {
            error
        }
    })?;
    let identity = identity(file.as_fd()).unwrap_or_default();
    let program = Arc::new(Program {
        file: ManuallyDrop::new(file),
        identity,
    });
    // Not in place of one that only could not be had just now.
    if kept.is_ok() {
        PROGRAM.set(program.clone());
    }
    Ok(ProgramFd(program))
}

/// Device and inode of the file that inits of this process run, once there has been one.
pub(crate) fn program_identity() -> Option<(u64, u64)> {
    let kept = PROGRAM.get().ok()??;
    Some(kept.identity)
}

/// It stays open: in a host that has closed its standard streams it must not become one of them.
fn above_streams(file: OwnedFd) -> isolate_sys::Result<OwnedFd> {
    if file.as_raw_fd() > 2 {
        return Ok(file);
    }
    own(fd::fcntl(file.as_raw_fd(), F_DUPFD_CLOEXEC, 3).map(|raised| raised as i32))
}

fn identity(file: BorrowedFd<'_>) -> Option<(u64, u64)> {
    let stat = path::fstatat(file.as_raw_fd(), c"", AT_EMPTY_PATH).ok()?;
    Some((stat.dev, stat.ino))
}

/// The encoded plan in a sealed file.
pub(crate) fn plan(ops: &[u8]) -> Result<OwnedFd> {
    sealed(c"isolate-plan", ops, MFD_NOEXEC_SEAL)
        .map_err(|errno| Error::from_errno(errno, Stage::Clone, "plan"))
}

/// A file with this content that nobody can change any more.
fn sealed(name: &std::ffi::CStr, content: &[u8], flag: u32) -> isolate_sys::Result<OwnedFd> {
    let flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    let file = match own(fd::memfd_create(name, flags | flag)) {
        // Before Linux 6.3 there is no such flag, and every memory file can be executed.
        Err(Errno::EINVAL) => own(fd::memfd_create(name, flags)),
        other => other,
    }?;
    let mut rest = content;
    while !rest.is_empty() {
        match fd::write(file.as_raw_fd(), rest) {
            Ok(len) => rest = &rest[len..],
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    fd::fcntl(file.as_raw_fd(), F_ADD_SEALS, F_SEAL_ALL)?;
    Ok(file)
}
