//! The spark: the one moment in which another process shares this one's memory.
//!
//! The child raises its capabilities where it is in a new user namespace, clears close-on-exec on its
//! line to the host, and execs the init. Nothing else may ever be added: no allocation, no libc, no id
//! change, no mount, no write to memory that the host reads but the one errno. The host may have any
//! number of threads, each with any lock in hand; and were this child in a memory cgroup that runs
//! out, the kernel would kill every process that shares its memory, the host first.

#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use isolate_sys::abi::{
    CLONE_INTO_CGROUP, CLONE_PIDFD, CLONE_VFORK, CLONE_VM, CloneArgs, F_SETFD, PR_CAP_AMBIENT,
    PR_CAP_AMBIENT_RAISE, SIGCHLD,
};
use isolate_sys::arch::{clone_onto, nr};
use isolate_sys::calls::{fd, privilege, process, signal};
use isolate_sys::{Errno, Result};

/// A child that has become the init, and waits for its plan.
#[derive(Debug)]
pub(crate) struct Spark {
    pub pid: i32,
    pub pidfd: OwnedFd,
    /// Whether it was born in the cgroup that was asked for.
    pub in_cgroup: bool,
}

/// What the child is to do.
pub(crate) struct Wish<'a> {
    /// `CLONE_NEW*`
    pub namespaces: u64,
    /// v2 directory to be born in.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// The sealed program.
    pub program: BorrowedFd<'a>,
    /// The init's end of the line to the host.
    pub control: BorrowedFd<'a>,
    /// Capabilities to carry through the exec, bit by number; 0 without a new user namespace.
    pub capabilities: u64,
}

/// What the child reads, and the one word it writes.
struct Shared<'a> {
    program: i32,
    /// The program by way of /proc, for where execveat(2) is refused.
    program_path: &'a CStr,
    control: i32,
    capabilities: u64,
    argv: [*const c_char; 3],
    envp: [*const c_char; 1],
    errno: i32,
}

/// Makes the child; comes back when it has become the init, or failed to.
pub(crate) fn light(wish: &Wish<'_>) -> Result<Spark> {
    let name = c"isolate-init";
    let control = CString::new(wish.control.as_raw_fd().to_string()).map_err(|_| Errno::EINVAL)?;
    let path = CString::new(format!("/proc/self/fd/{}", wish.program.as_raw_fd()))
        .map_err(|_| Errno::EINVAL)?;
    let mut shared = Shared {
        program: wish.program.as_raw_fd(),
        program_path: &path,
        control: wish.control.as_raw_fd(),
        capabilities: wish.capabilities,
        argv: [name.as_ptr(), control.as_ptr(), std::ptr::null()],
        envp: [std::ptr::null()],
        errno: 0,
    };
    let stack = Stack::new()?;
    let argument = &raw mut shared as usize;
    // No handler of the host's may run in the child, which has the host's memory but is not the host.
    // The init starts with every signal blocked, too, and gives the job a clear mask.
    let mask = signal::set_mask(signal::ALL)?;
    let made = clone(wish, &stack, argument);
    // The old mask was valid a moment ago.
    let _ = signal::set_mask(mask);
    let spark = made?;
    // SAFETY: the child wrote it, if at all, before it ended, and with it the sharing.
    let errno = unsafe { (&raw const shared.errno).read_volatile() };
    if errno != 0 {
        let _ = process::wait_pidfd(spark.pidfd.as_raw_fd(), false);
        return Err(Errno::from_raw(errno));
    }
    Ok(spark)
}

fn clone(wish: &Wish<'_>, stack: &Stack, argument: usize) -> Result<Spark> {
    let mut pidfd = -1i32;
    let flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | wish.namespaces;
    let args = CloneArgs {
        flags: flags
            | if wish.cgroup.is_some() {
                CLONE_INTO_CGROUP
            } else {
                0
            },
        pidfd: &raw mut pidfd as u64,
        exit_signal: SIGCHLD,
        stack: stack.bottom() as u64,
        stack_size: Stack::SIZE as u64,
        cgroup: wish.cgroup.map_or(0, |dir| dir.as_raw_fd() as u64),
        ..CloneArgs::default()
    };
    let clone3 = [&raw const args as usize, size_of::<CloneArgs>(), 0, 0, 0];
    // SAFETY: the arguments match clone3(2); the child runs `child` on a stack of its own, and
    // CLONE_VFORK keeps `shared`, `args` and the stack alive until it has left this memory.
    let made = unsafe { clone_onto(nr::CLONE3, clone3, stack.top(), child, argument) };
    match made {
        Ok(pid) => finish(pid as i32, pidfd, wish.cgroup.is_some()),
        // Old kernels, container filters (which say EPERM), valgrind; and Linux 5.3 to 5.6, which do
        // not know CLONE_INTO_CGROUP.
        Err(Errno::ENOSYS | Errno::EPERM | Errno::EINVAL | Errno::E2BIG) => {
            let clone2 = [
                (flags | SIGCHLD) as usize,
                stack.top(),
                &raw mut pidfd as usize,
                0,
                0,
            ];
            // SAFETY: as above, for clone(2), which stores the pidfd where the parent's tid would go.
            let pid = unsafe { clone_onto(nr::CLONE, clone2, stack.top(), child, argument) }?;
            finish(pid as i32, pidfd, false)
        }
        Err(errno) => Err(errno),
    }
}

fn finish(pid: i32, pidfd: i32, in_cgroup: bool) -> Result<Spark> {
    let pidfd = if pidfd >= 0 {
        pidfd
    } else {
        process::pidfd_open(pid)?
    };
    // SAFETY: the kernel has just given it to this process.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Spark {
        pid,
        pidfd,
        in_cgroup,
    })
}

/// The child's whole life in the host's memory.
///
/// # Safety
/// `argument` is the address of a `Shared` that outlives the child.
unsafe extern "C" fn child(argument: usize) -> ! {
    let shared = argument as *mut Shared<'_>;
    // SAFETY: the parent is suspended, so that nobody else touches `shared`; every pointer in it is
    // into memory that the parent keeps until it goes on.
    unsafe {
        // An exec by an unmapped user drops every capability that is not ambient.
        let mut left = (*shared).capabilities;
        if left != 0 && privilege::capset(left, left).is_ok() {
            while left != 0 {
                let capability = left.trailing_zeros() as usize;
                let _ = privilege::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE as usize, capability);
                left &= left - 1;
            }
        }
        // In the child's own table of descriptors: the host's stays close-on-exec.
        let failure = match fd::fcntl((*shared).control, F_SETFD, 0) {
            Ok(_) => {
                let argv = (&raw const (*shared).argv).cast();
                let envp = (&raw const (*shared).envp).cast();
                let failure = process::execveat((*shared).program, argv, envp);
                // Filters that do not know execveat(2), and valgrind 3.19, which turns the descriptor
                // into a path that a memory file has not.
                if matches!(failure, Errno::ENOSYS | Errno::ENOENT | Errno::EPERM) {
                    process::execve((*shared).program_path, argv, envp);
                }
                failure
            }
            Err(errno) => errno,
        };
        (&raw mut (*shared).errno).write_volatile(failure.raw());
    }
    process::exit_group(127)
}

/// The child's stack, with a page below it that stops an overflow.
struct Stack(*mut libc::c_void);

impl Stack {
    /// The child needs a few hundred bytes; debug builds some more.
    const SIZE: usize = 64 << 10;
    const GUARD: usize = 4 << 10;

    fn new() -> Result<Stack> {
        // SAFETY: a new private mapping at an address of the kernel's choice.
        let memory = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                Stack::SIZE + Stack::GUARD,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(Errno::ENOMEM);
        }
        let stack = Stack(memory);
        // SAFETY: the first page of the mapping just made.
        if unsafe { libc::mprotect(memory, Stack::GUARD, libc::PROT_NONE) } != 0 {
            return Err(Errno::ENOMEM);
        }
        Ok(stack)
    }

    fn bottom(&self) -> usize {
        self.0 as usize + Stack::GUARD
    }

    fn top(&self) -> usize {
        self.bottom() + Stack::SIZE
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `new`; the child has left it.
        unsafe { libc::munmap(self.0, Stack::SIZE + Stack::GUARD) };
    }
}
