//! Loads a program, and looks into a loaded one.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use isolate_sys::Errno;
use isolate_sys::calls::bpf;

use super::insn::{self, Insn};
use super::{NEEDED, Purpose};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::sysfd::own;

/// Room for the verifier's words.
const LOG: usize = 64 << 10;

/// Loads a program; it lives as long as the descriptor, or as long as it is attached. `value` is what it
/// was made of, for the error.
pub(crate) fn load(purpose: &Purpose, insns: &[Insn], value: &str) -> Result<OwnedFd> {
    let errno = match attempt(purpose, insns, &mut []) {
        Ok(program) => return Ok(program),
        Err(errno) => errno,
    };
    let subject = format!("{}: {value:?}", purpose.file);
    let error = Error::from_errno(errno, Stage::Cgroup, subject);
    if errno == Errno::EPERM {
        return Err(error.with_hint(NEEDED));
    }
    if errno == Errno::ENOSYS {
        return Err(error.with_hint("this kernel has no bpf(2) (CONFIG_BPF_SYSCALL)"));
    }
    // The verifier tells its reasons only where it is given room for them, which costs it time.
    let mut log = vec![0; LOG];
    let again = attempt(purpose, insns, &mut log);
    match (again, verdict(&log)) {
        (Ok(program), _) => Ok(program),
        (Err(_), Some(said)) => Err(error.with_hint(format!("the kernel's verifier: {said}"))),
        (Err(Errno::E2BIG), None) => Err(error.with_hint("too many rules for one program")),
        (Err(Errno::EINVAL), None) => Err(error.with_kind(ErrorKind::Unsupported).with_hint(
            "this kernel has no such programs of cgroups (Linux 4.15, CONFIG_CGROUP_BPF)",
        )),
        (Err(_), None) => Err(error),
    }
}

/// Whether a program that guards devices can be loaded: the smallest, which allows them all, and which
/// nobody ever asks.
///
/// # Errors
/// As [`load`].
pub(crate) fn try_for_devices() -> Result<()> {
    let all = [insn::set(0, 1), insn::exit()];
    load(&super::DEVICES, &all, "allow a").map(drop)
}

fn attempt(purpose: &Purpose, insns: &[Insn], log: &mut [u8]) -> isolate_sys::Result<OwnedFd> {
    let mut name = [0; 16];
    name[..purpose.name.len()].copy_from_slice(purpose.name.as_bytes());
    let program = bpf::Program {
        kind: purpose.kind,
        attach: purpose.attach,
        name,
        insns,
        license: c"Apache-2.0",
    };
    // The verifier gives up when a signal comes.
    for _ in 0..16 {
        match own(bpf::load(&program, log)) {
            Err(Errno::EAGAIN) => {}
            done => return done,
        }
    }
    own(bpf::load(&program, log))
}

/// The verifier's last line that is no statistics.
fn verdict(log: &[u8]) -> Option<String> {
    let text = log.split(|b| *b == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let line = text
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with("processed "))?;
    Some(line.to_owned())
}

/// Who a loaded program is.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub id: u32,
    pub name: String,
    /// Bytes of its instructions; 0 where the caller may not see them.
    len: usize,
}

/// Asks for a program's id and name.
pub(crate) fn facts(program: &impl AsFd) -> isolate_sys::Result<Facts> {
    let info = bpf::info(program.as_fd().as_raw_fd(), &mut [])?;
    let name = info.name.split(|b| *b == 0).next().unwrap_or_default();
    Ok(Facts {
        id: info.id,
        name: String::from_utf8_lossy(name).into_owned(),
        len: info.xlated_len as usize,
    })
}

/// The instructions as the kernel keeps them; `None` where the caller may not see them: for want of
/// CAP_BPF, or because constants are hidden (net.core.bpf_jit_harden).
pub(crate) fn instructions(program: &impl AsFd) -> Option<Vec<Insn>> {
    let count = facts(program).ok()?.len / size_of::<Insn>();
    let mut insns = vec![Insn::default(); count];
    let info = bpf::info(program.as_fd().as_raw_fd(), &mut insns).ok()?;
    // Where they are kept from the caller, the address is taken back and the length may stay.
    let seen =
        count > 0 && info.xlated != 0 && info.xlated_len as usize == count * size_of::<Insn>();
    seen.then_some(insns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifiers_last_word() {
        let log = b"0: (95) exit\nR0 !read_ok\nprocessed 1 insns (limit 1000000)\n\n\0\0";
        assert_eq!(verdict(log).as_deref(), Some("R0 !read_ok"));
        assert_eq!(verdict(b"\0\0"), None);
        assert_eq!(verdict(b"processed 0 insns\n\0"), None);
    }
}
