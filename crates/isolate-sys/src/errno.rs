//! An errno, as the kernel returns it.

use core::fmt;

/// An error number of the kernel, 1 to 4095 (errno(3)).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(i32);

macro_rules! errnos {
    ($($name:ident = $value:literal),* $(,)?) => {
        impl Errno {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                pub const $name: Errno = Errno($value);
            )*
        }
    };
}

errnos! {
    EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, E2BIG = 7, ENOEXEC = 8, EBADF = 9, ECHILD = 10,
    EAGAIN = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17, EXDEV = 18, ENODEV = 19,
    ENOTDIR = 20, EISDIR = 21, EINVAL = 22, EMFILE = 24, ETXTBSY = 26, ENOSPC = 28, EROFS = 30,
    EPIPE = 32, ENAMETOOLONG = 36, ENOSYS = 38, ELOOP = 40, EOVERFLOW = 75, ESRCH = 3,
    EPROTO = 71, EOPNOTSUPP = 95, ETIMEDOUT = 110, ECONNRESET = 104, ENXIO = 6, ERANGE = 34, ESTALE = 116,
    ENOTTY = 25, EUSERS = 87,
}

impl Errno {
    /// From a positive number.
    pub const fn from_raw(raw: i32) -> Errno {
        Errno(raw)
    }

    /// The positive number.
    pub const fn raw(self) -> i32 {
        self.0
    }

    /// Splits what a system call returned.
    pub(crate) const fn check(returned: isize) -> Result<usize, Errno> {
        if returned < 0 && returned >= -4095 {
            Err(Errno(-returned as i32))
        } else {
            Ok(returned as usize)
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errno({})", self.0)
    }
}
