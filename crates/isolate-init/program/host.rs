//! The init's line to the host: descriptors and the plan come in, reports go out.

use isolate_plan::{Command, FDS_PER_MESSAGE};
use isolate_sys::abi::{
    CmsgHdr, IoVec, MSG_CMSG_CLOEXEC, MSG_CTRUNC, MSG_NOSIGNAL, MsgHdr, SCM_RIGHTS, SOL_SOCKET,
};
use isolate_sys::calls::{fd, socket};
use isolate_sys::{Errno, Result};

use crate::state::Init;

const HEAD: usize = size_of::<CmsgHdr>();
const CONTROL: usize = HEAD + FDS_PER_MESSAGE.next_multiple_of(2) * 4;

#[repr(C, align(8))]
struct Control([u8; CONTROL]);

impl Control {
    fn descriptor(&self, at: usize) -> i32 {
        let bytes = &self.0[HEAD + at * 4..][..4];
        i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    /// Puts the first descriptors of the message into the next slots.
    fn fill(&self, init: &mut Init, count: usize) -> Result<()> {
        for at in 0..count {
            init.fill(self.descriptor(at))?;
        }
        Ok(())
    }
}

/// Receives messages with descriptors until this one, which may carry the last of them.
pub fn wait_for(init: &mut Init, awaited: Command) -> Result<()> {
    loop {
        let mut control = Control([0; CONTROL]);
        let (command, count) = receive_one(init.control, &mut control)?;
        if command != Command::Slots && command != awaited {
            return Err(Errno::EPROTO);
        }
        control.fill(init, count)?;
        if command == awaited {
            return Ok(());
        }
    }
}

/// Receives messages until the one that starts, and maps the plan it carries.
pub fn receive(init: &mut Init) -> Result<&'static [u8]> {
    loop {
        let mut control = Control([0; CONTROL]);
        let (command, count) = receive_one(init.control, &mut control)?;
        match command {
            Command::Slots => control.fill(init, count)?,
            Command::Start(len) if count > 0 => {
                // The plan is the last one, after the rest of the slots.
                control.fill(init, count - 1)?;
                let plan = control.descriptor(count - 1);
                let memory = fd::map(plan, len as usize)?;
                fd::close(plan)?;
                // SAFETY: the host sealed the file, so that neither its length nor its bytes change.
                return Ok(unsafe { core::slice::from_raw_parts(memory, len as usize) });
            }
            _ => return Err(Errno::EPROTO),
        }
    }
}

/// One message: the command, and how many descriptors are in `control`.
fn receive_one(socket: i32, control: &mut Control) -> Result<(Command, usize)> {
    let mut bytes = [0u8; Command::LEN];
    let mut iov = IoVec { base: bytes.as_mut_ptr(), len: bytes.len() };
    let mut message = MsgHdr {
        name: core::ptr::null_mut(),
        name_len: 0,
        pad: 0,
        iov: &raw mut iov,
        iov_len: 1,
        control: control.0.as_mut_ptr(),
        control_len: CONTROL,
        flags: 0,
        pad2: 0,
    };
    // SAFETY: the header points to local memory with its true lengths.
    let len = unsafe { socket::recvmsg(socket, &mut message, MSG_CMSG_CLOEXEC) }?;
    if message.flags & MSG_CTRUNC != 0 {
        return Err(Errno::EMFILE);
    }
    let command = Command::decode(&bytes[..len]).ok_or(Errno::EPIPE)?;
    if message.control_len < HEAD {
        return Ok((command, 0));
    }
    let read = |at: usize| {
        let mut word = [0u8; 4];
        word.copy_from_slice(&control.0[at..at + 4]);
        u32::from_ne_bytes(word)
    };
    // The length is the first word; its upper half is zero for anything that fits here.
    let cmsg_len = read(0) as usize;
    if read(8) as i32 != SOL_SOCKET || read(12) as i32 != SCM_RIGHTS || cmsg_len > CONTROL {
        return Err(Errno::EPROTO);
    }
    Ok((command, (cmsg_len - HEAD) / 4))
}

/// A command that came while the job runs, or `None` when there is nothing to read; an error when the
/// host is gone.
pub fn command(socket: i32) -> Result<Option<Command>> {
    let mut bytes = [0u8; Command::LEN];
    match fd::read(socket, &mut bytes) {
        Ok(0) => Err(Errno::EPIPE),
        Ok(len) => Ok(Command::decode(&bytes[..len])),
        Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Sends a report. A host that is gone does not read it.
pub fn send(socket: i32, report: &[u8]) -> Result<()> {
    send_one(socket, report, &mut [])
}

/// Sends a report with a descriptor.
pub fn send_descriptor(socket: i32, report: &[u8], descriptor: i32) -> Result<()> {
    #[repr(C, align(8))]
    struct One(CmsgHdr, [u8; 8]);
    const LEN: usize = HEAD + 4;
    let head = CmsgHdr { len: LEN, level: SOL_SOCKET, kind: SCM_RIGHTS };
    let mut one = One(head, [0; 8]);
    one.1[..4].copy_from_slice(&descriptor.to_ne_bytes());
    // SAFETY: plain numbers without padding, and the slice ends with them.
    let control = unsafe { core::slice::from_raw_parts_mut((&raw mut one).cast(), LEN) };
    send_one(socket, report, control)
}

fn send_one(socket: i32, report: &[u8], control: &mut [u8]) -> Result<()> {
    let mut iov = IoVec { base: report.as_ptr().cast_mut(), len: report.len() };
    let message = MsgHdr {
        name: core::ptr::null_mut(),
        name_len: 0,
        pad: 0,
        iov: &raw mut iov,
        iov_len: 1,
        control: if control.is_empty() { core::ptr::null_mut() } else { control.as_mut_ptr() },
        control_len: control.len(),
        flags: 0,
        pad2: 0,
    };
    // SAFETY: the kernel reads the report and what goes with it, and nothing else.
    unsafe { socket::sendmsg(socket, &message, MSG_NOSIGNAL) }.map(drop)
}
