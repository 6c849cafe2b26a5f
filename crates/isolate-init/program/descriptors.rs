//! Descriptors: closing what the host leaked, and giving the job's their numbers.

use isolate_sys::abi::{AT_FDCWD, F_DUPFD_CLOEXEC, O_CLOEXEC, O_DIRECTORY};
use isolate_sys::calls::{fd, path};
use isolate_sys::{Errno, Result};

use crate::state::Init;

/// Closes every descriptor but one: the host's libraries open some without close-on-exec, and at any
/// moment.
pub fn close_all_but(keep: i32) -> Result<()> {
    let keep = keep as u32;
    let below = if keep > 0 { fd::close_range(0, keep - 1) } else { Ok(()) };
    match below.and_then(|()| fd::close_range(keep + 1, u32::MAX)) {
        Err(Errno::ENOSYS) => close_listed_but(keep),
        other => other,
    }
}

/// The same before Linux 5.9: closes what /proc/self/fd lists, until it lists nothing more.
fn close_listed_but(keep: u32) -> Result<()> {
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
            if digits > 0 && number != keep && number != dir as u32 {
                let _ = fd::close(number as i32);
            }
            at += record.max(1);
        }
    }
    fd::close(dir)
}

/// Gives descriptors their numbers, not close-on-exec. All others are close-on-exec.
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
    Ok(())
}
