//! Errands: writing and reading files of the kernel's that differ from namespace to namespace, and
//! opening what the host cannot open from where it is.

use core::ffi::CStr;

use isolate_plan::Report;
use isolate_sys::abi::{AT_FDCWD, O_CLOEXEC, O_RDONLY, O_WRONLY};
use isolate_sys::calls::{fd, path, socket as net};
use isolate_sys::{Errno, Result};

use crate::host;
use crate::state::Init;

/// What one message may carry: /proc/PID/cgroup and a full id map fit.
const MOST: usize = 64 << 10;

/// Writes a text in one go, as the kernel's files want it.
pub fn write(path: &CStr, text: &[u8]) -> Result<()> {
    let file = path::openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0)?;
    let written = fd::write(file, text);
    fd::close(file)?;
    if written? == text.len() { Ok(()) } else { Err(Errno::EIO) }
}

/// Sends what is in a file.
pub fn tell(init: &Init, path: &CStr) -> Result<()> {
    let file = path::openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0)?;
    let memory = fd::map(-1, MOST)?;
    // SAFETY: fresh zeroed memory of exactly this size, used by nobody else, never unmapped.
    let buffer = unsafe { core::slice::from_raw_parts_mut(memory, MOST) };
    let mut len = 0;
    loop {
        match fd::read(file, &mut buffer[len..])? {
            0 if len == MOST => return Err(Errno::EOVERFLOW),
            0 => break,
            more => len += more,
        }
    }
    fd::close(file)?;
    host::send(init.control, &Report::Data { len: len as u32 }.encode())?;
    if len == 0 {
        return Ok(());
    }
    host::send(init.control, &buffer[..len])
}

/// Opens a file for reading and sends the descriptor.
pub fn send(init: &Init, path: &CStr) -> Result<()> {
    let file = path::openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0)?;
    host::send_descriptor(init.control, &Report::Descriptor.encode(), file)?;
    fd::close(file)
}

/// Opens a socket and sends it. It stays in this process's network namespace wherever it goes.
pub fn socket(init: &Init, domain: u32, kind: u32, protocol: u32) -> Result<()> {
    let socket = net::socket(domain as i32, kind as i32 | O_CLOEXEC as i32, protocol as i32)?;
    host::send_descriptor(init.control, &Report::Descriptor.encode(), socket)?;
    fd::close(socket)
}
