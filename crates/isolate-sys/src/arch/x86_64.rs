//! System call stubs and numbers of x86-64 (syscall(2), arch/x86/entry/syscalls/syscall_64.tbl).

use core::arch::asm;

use crate::errno::Errno;

/// AUDIT_ARCH_X86_64, what seccomp filters see as the architecture.
pub const AUDIT_ARCH: u32 = 0xC000_003E;

/// Makes a system call with up to six arguments.
///
/// # Safety
/// The arguments must be what the call expects: pointers valid for what the kernel reads and writes.
#[inline(always)]
pub unsafe fn syscall6(
    nr: usize,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> Result<usize, Errno> {
    let returned: isize;
    // SAFETY: the kernel clobbers rcx and r11 only; the caller vouches for the arguments.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") nr as isize => returned,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    Errno::check(returned)
}

/// Ends the process by an illegal instruction.
pub fn trap() -> ! {
    // SAFETY: raises SIGILL; nothing after it is reached.
    unsafe { asm!("ud2", options(noreturn, nomem, nostack)) }
}

/// Clones with a stack of the child's own and calls `entry(argument)` there; `entry` never returns.
///
/// The child takes its stack from a register, not from the kernel: valgrind runs such a clone as a
/// fork and leaves the stack pointer where it was.
///
/// # Safety
/// `nr` is clone or clone3 with arguments that match; `stack_top` is 16-byte aligned and the memory
/// below it is the child's alone; `entry` is sound to run there.
#[inline(never)]
pub unsafe fn clone_onto(
    nr: usize,
    args: [usize; 5],
    stack_top: usize,
    entry: unsafe extern "C" fn(usize) -> !,
    argument: usize,
) -> Result<usize, Errno> {
    let returned: isize;
    // SAFETY: in the parent only rax, rcx and r11 change. The child never comes back here: it leaves
    // for `entry` on its own stack. Memory counts as clobbered because the child may share it.
    unsafe {
        asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rsp, r12",
            "mov rdi, r14",
            "call r13",
            "ud2",
            "2:",
            inlateout("rax") nr as isize => returned,
            in("rdi") args[0],
            in("rsi") args[1],
            in("rdx") args[2],
            in("r10") args[3],
            in("r8") args[4],
            in("r12") stack_top,
            in("r13") entry,
            in("r14") argument,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    Errno::check(returned)
}

macro_rules! numbers {
    ($($name:ident = $value:literal),* $(,)?) => {
        /// System call numbers.
        pub mod nr {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                pub const $name: usize = $value;
            )*
        }
    };
}

numbers! {
    READ = 0, WRITE = 1, CLOSE = 3, POLL = 7, MMAP = 9, MPROTECT = 10, MUNMAP = 11,
    RT_SIGACTION = 13, RT_SIGPROCMASK = 14, IOCTL = 16, PREAD64 = 17, GETPID = 39,
    SOCKET = 41, SENDMSG = 46, RECVMSG = 47, CLONE = 56, EXECVE = 59, EXIT = 60, WAIT4 = 61,
    KILL = 62, FCNTL = 72, CHDIR = 80, FCHDIR = 81, UMASK = 95, PTRACE = 101, GETUID = 102,
    SYSLOG = 103, GETPPID = 110, SETSID = 112, GETGROUPS = 115, SETGROUPS = 116, SETRESUID = 117, SETRESGID = 119, CAPGET = 125, CAPSET = 126,
    PIVOT_ROOT = 155, PRCTL = 157, MOUNT = 165, UMOUNT2 = 166, SETHOSTNAME = 170,
    SETDOMAINNAME = 171, GETTID = 186, FSETXATTR = 190, FGETXATTR = 193, FREMOVEXATTR = 199, GETDENTS64 = 217, EXIT_GROUP = 231, WAITID = 247,
    CLOCK_GETTIME = 228, ADD_KEY = 248, REQUEST_KEY = 249, KEYCTL = 250, OPENAT = 257,
    MKDIRAT = 258, NEWFSTATAT = 262, SYMLINKAT = 266, READLINKAT = 267, FCHMODAT = 268, PPOLL = 271,
    UNSHARE = 272, SIGNALFD4 = 289, DUP3 = 292, PIPE2 = 293, PRLIMIT64 = 302, PERF_EVENT_OPEN = 298,
    NAME_TO_HANDLE_AT = 303, OPEN_BY_HANDLE_AT = 304, SETNS = 308, SECCOMP = 317, GETRANDOM = 318, MEMFD_CREATE = 319, BPF = 321,
    EXECVEAT = 322, USERFAULTFD = 323, STATX = 332, IO_URING_SETUP = 425, IO_URING_ENTER = 426,
    IO_URING_REGISTER = 427, PIDFD_SEND_SIGNAL = 424, OPEN_TREE = 428, MOVE_MOUNT = 429,
    FSOPEN = 430, FSCONFIG = 431, FSMOUNT = 432, PIDFD_OPEN = 434, CLONE3 = 435,
    CLOSE_RANGE = 436, OPENAT2 = 437, MOUNT_SETATTR = 442, LISTNS = 470,
}
