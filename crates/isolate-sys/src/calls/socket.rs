//! Sockets: the init's line to the host, and the one ioctl that brings up loopback.

use crate::Result;
use crate::abi::MsgHdr;
use crate::arch::{nr, syscall6};

/// [socket(2)](https://man7.org/linux/man-pages/man2/socket.2.html)
pub fn socket(family: i32, kind: i32, protocol: i32) -> Result<i32> {
    // SAFETY: no memory is passed.
    let fd = unsafe {
        syscall6(
            nr::SOCKET,
            family as usize,
            kind as usize,
            protocol as usize,
            0,
            0,
            0,
        )
    }?;
    Ok(fd as i32)
}

/// [sendmsg(2)](https://man7.org/linux/man-pages/man2/send.2.html)
///
/// # Safety
/// The header's pointers are valid for their lengths.
pub unsafe fn sendmsg(fd: i32, message: &MsgHdr, flags: u32) -> Result<usize> {
    // SAFETY: the caller vouches for what the header points to.
    unsafe {
        syscall6(
            nr::SENDMSG,
            fd as usize,
            core::ptr::from_ref(message) as usize,
            flags as usize,
            0,
            0,
            0,
        )
    }
}

/// [recvmsg(2)](https://man7.org/linux/man-pages/man2/recv.2.html)
///
/// # Safety
/// As [`sendmsg`], and the memory is the caller's to write.
pub unsafe fn recvmsg(fd: i32, message: &mut MsgHdr, flags: u32) -> Result<usize> {
    // SAFETY: the caller vouches for what the header points to.
    unsafe {
        syscall6(
            nr::RECVMSG,
            fd as usize,
            core::ptr::from_mut(message) as usize,
            flags as usize,
            0,
            0,
            0,
        )
    }
}

/// Sets an interface up by name
/// ([netdevice(7)](https://man7.org/linux/man-pages/man7/netdevice.7.html)).
pub fn interface_up(socket: i32, name: &[u8]) -> Result<()> {
    const SIOCGIFFLAGS: usize = 0x8913;
    const SIOCSIFFLAGS: usize = 0x8914;
    const IFF_UP: u8 = 1;
    /// `struct ifreq`: the name, then 24 bytes of union, whose first two are the flags.
    #[repr(C, align(8))]
    struct Request([u8; 40]);
    let mut request = Request([0; 40]);
    for (to, from) in request.0[..15].iter_mut().zip(name) {
        *to = *from;
    }
    // SAFETY: both requests read and write one `ifreq`.
    unsafe {
        syscall6(
            nr::IOCTL,
            socket as usize,
            SIOCGIFFLAGS,
            &raw mut request as usize,
            0,
            0,
            0,
        )?;
        request.0[16] |= IFF_UP;
        syscall6(
            nr::IOCTL,
            socket as usize,
            SIOCSIFFLAGS,
            &raw mut request as usize,
            0,
            0,
            0,
        )?;
    }
    Ok(())
}
