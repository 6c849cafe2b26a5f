//! Keys of the terminal as they are pressed, without Enter and without being shown.

use std::io::IsTerminal as _;
use std::os::fd::BorrowedFd;

use nix::sys::termios::{
    LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
};

/// The terminal, whose settings are those of before again when this is dropped.
pub struct Keys {
    before: Termios,
}

impl Keys {
    /// Takes the terminal that stdin is; none where it is something else.
    pub fn take() -> Option<Keys> {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            return None;
        }
        let before = tcgetattr(&stdin).ok()?;
        let mut raw = before.clone();
        // Ctrl-C still makes a signal.
        raw.local_flags
            .remove(LocalFlags::ICANON | LocalFlags::ECHO);
        raw.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
        raw.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(&stdin, SetArg::TCSANOW, &raw).ok()?;
        Some(Keys { before })
    }

    /// Readable when a key was pressed.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: a program's stdin is open as long as it runs.
        unsafe { BorrowedFd::borrow_raw(libc::STDIN_FILENO) }
    }

    /// Whether one of the keys since the last call was q, or the terminal has gone.
    pub fn quit(&self) -> bool {
        let mut ready = [nix::poll::PollFd::new(
            self.as_fd(),
            nix::poll::PollFlags::POLLIN,
        )];
        if !matches!(nix::poll::poll(&mut ready, 0u8), Ok(1..)) {
            return false;
        }
        let mut bytes = [0u8; 64];
        match nix::unistd::read(self.as_fd(), &mut bytes) {
            Ok(0) | Err(nix::errno::Errno::EIO) => true,
            Ok(count) => bytes[..count].iter().any(|key| b"qQ\x04".contains(key)),
            Err(_) => false,
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = tcsetattr(self.as_fd(), SetArg::TCSANOW, &self.before);
    }
}
