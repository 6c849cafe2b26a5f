//! Becoming the program.

use core::ffi::c_char;

use isolate_plan::{Report, Texts};
use isolate_sys::abi::{PR_SET_PDEATHSIG, SIGKILL};
use isolate_sys::calls::{fd, path, privilege, process, signal};
use isolate_sys::{Errno, Result};

use crate::state::Init;

/// Tries the paths in order, as execvp(3) does; comes back only with an error.
pub fn program(init: &Init, paths: Texts<'_>, argv: Texts<'_>, envp: Texts<'_>) -> Result<()> {
    let argv = pointers(argv)?;
    let envp = pointers(envp)?;
    path::umask(init.umask);
    if let Some(parent) = init.die_with {
        // Here and not earlier: a change of ids clears it. The init may have ended before.
        privilege::prctl(PR_SET_PDEATHSIG, SIGKILL as usize, 0)?;
        if process::getppid() != parent {
            process::exit_group(1);
        }
    }
    if let Some(pipe) = init.failure {
        // What ends this process from here on is the exec's own affair, not the sandbox's.
        fd::write(pipe, &Report::Started.encode())?;
    }
    signal::set_mask(0)?;
    let mut failure = Errno::ENOENT;
    for path in paths.iter() {
        // SAFETY: both arrays are null-terminated and point into the plan, which stays mapped.
        match unsafe { process::execve(path, argv, envp) } {
            Errno::EACCES => failure = Errno::EACCES,
            Errno::ENOENT | Errno::ENOTDIR | Errno::ENODEV | Errno::ESTALE | Errno::ETIMEDOUT => {}
            other => return Err(other),
        }
    }
    Err(failure)
}

/// A null-terminated array of pointers to the texts, in fresh memory.
fn pointers(texts: Texts<'_>) -> Result<*const *const c_char> {
    let memory = fd::map(-1, (texts.len() + 1) * size_of::<*const c_char>())?;
    let array = memory.cast::<*const c_char>();
    for (at, text) in texts.iter().enumerate() {
        // SAFETY: `at` is below the count that the memory was sized for; the last place stays null.
        unsafe { array.add(at).write(text.as_ptr()) };
    }
    Ok(array.cast_const())
}
