//! Descriptors: closing what the host leaked, and giving the job's their numbers.

use isolate_sys::abi::{AT_FDCWD, F_DUPFD_CLOEXEC, O_CLOEXEC, O_DIRECTORY};
use isolate_sys::calls::{fd, path};
use isolate_sys::{Errno, Result};

use crate::state::Init;

/// Closes every descriptor but those that are wanted: the host's libraries open some without
/// close-on-exec, and at any moment.
///
/// `next` gives the lowest wanted number that is not below its argument.
pub fn close_all_but(next: impl Fn(u32) -> Option<u32>) -> Result<()> {
    let mut from = 0;
    loop {
        let wanted = next(from);
        let last = wanted.map_or(Some(u32::MAX), |number| number.checked_sub(1));
        if let Some(last) = last.filter(|last| *last >= from) {
            match fd::close_range(from, last) {
                Err(Errno::ENOSYS) => return close_listed_but(next),
                other => other?,
            }
        }
        match wanted {
            Some(number) => from = number + 1,
            None => return Ok(()),
        }
    }
}

/// The same before Linux 5.9: closes what /proc/self/fd lists, until it lists nothing more.
fn close_listed_but(next: impl Fn(u32) -> Option<u32>) -> Result<()> {
    let dir = path::openat(AT_FDCWD, c"/proc/self/fd", O_DIRECTORY | O_CLOEXEC, 0)?;
    let mut buffer = [0u8; 4096];
    loop {
        let len = fd::getdents(dir, &mut buffer)?;
        if len == 0 {
            break;
        }
        let mut at = 0;
        while at + 19 <= len {
            // struct linux_dirent64: 8 bytes inode, 8 offset, 2 length of the record, 1 type, name.
            let record = usize::from(u16::from_ne_bytes([buffer[at + 16], buffer[at + 17]]));
            let mut number = 0u32;
            let mut digits = 0;
            for byte in &buffer[at + 19..len] {
                if !byte.is_ascii_digit() {
                    break;
                }
                number = number.wrapping_mul(10).wrapping_add(u32::from(byte - b'0'));
                digits += 1;
            }
            if digits > 0 && next(number) != Some(number) && number != dir as u32 {
                let _ = fd::close(number as i32);
            }
            at += record.max(1);
        }
    }
    fd::close(dir)
}

/// Gives descriptors their numbers, not close-on-exec, and closes all others but the init's lines.
///
/// Close-on-exec would not be enough: a working directory such as /proc/self/fd/7 would lead out of the
/// root by way of what the launch had open.
///
/// In two passes, since a slot's descriptor may have a number that another one is to get.
pub fn install(init: &mut Init, pairs: &[u8]) -> Result<()> {
    let pair = |chunk: &[u8]| {
        let word = |at: usize| {
            u32::from_le_bytes([chunk[at], chunk[at + 1], chunk[at + 2], chunk[at + 3]])
        };
        (word(0), word(4))
    };
    let mut above = 0;
    for chunk in pairs.chunks_exact(8) {
        above = above.max(pair(chunk).1 as usize + 1);
    }
    let lift = |descriptor: i32| {
        fd::fcntl(descriptor, F_DUPFD_CLOEXEC, above).map(|raised| raised as i32)
    };
    if let Some(pipe) = init.failure {
        init.failure = Some(lift(pipe)?);
    }
    init.control = lift(init.control)?;
    for chunk in pairs.chunks_exact(8) {
        let slot = pair(chunk).0;
        let raised = lift(init.slot(slot)?)?;
        init.set_slot(slot, raised)?;
    }
    for chunk in pairs.chunks_exact(8) {
        let (slot, number) = pair(chunk);
        fd::dup3(init.slot(slot)?, number as i32, 0)?;
    }
    init.root = None;
    let lines = [Some(init.control as u32), init.failure.map(|pipe| pipe as u32)];
    close_all_but(|from| {
        let numbers = pairs.chunks_exact(8).map(|chunk| pair(chunk).1);
        numbers.chain(lines.into_iter().flatten()).filter(|number| *number >= from).min()
    })
}
