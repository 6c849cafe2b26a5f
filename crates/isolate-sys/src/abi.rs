//! Kernel structures and constants that this library passes to system calls, with their layout
//! asserted.

use core::mem::{offset_of, size_of};

pub mod bpf;

/// A new time namespace (clone3(2), unshare(2)); the value collides with clone(2)'s signal byte.
pub const CLONE_NEWTIME: u64 = 0x80;
/// Share memory with the child.
pub const CLONE_VM: u64 = 0x100;
/// `CLONE_FS`
pub const CLONE_FS: u64 = 0x200;
/// Store a pidfd.
pub const CLONE_PIDFD: u64 = 0x1000;
/// Suspend the caller until the child execs or exits.
pub const CLONE_VFORK: u64 = 0x4000;
/// `CLONE_PARENT`
pub const CLONE_PARENT: u64 = 0x8000;
/// `CLONE_THREAD`
pub const CLONE_THREAD: u64 = 0x0001_0000;
/// A new mount namespace.
pub const CLONE_NEWNS: u64 = 0x0002_0000;
/// A new cgroup namespace.
pub const CLONE_NEWCGROUP: u64 = 0x0200_0000;
/// A new user namespace.
pub const CLONE_NEWUSER: u64 = 0x1000_0000;
/// A new pid namespace.
pub const CLONE_NEWPID: u64 = 0x2000_0000;
/// Be born in the cgroup of `CloneArgs::cgroup` (clone3 only).
pub const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
/// The eight namespace flags.
pub const CLONE_NEW_ALL: u64 = 0x7E02_0080;

/// `SIGCHLD`.
pub const SIGCHLD: u64 = 17;
/// `SIGKILL`.
pub const SIGKILL: i32 = 9;
/// How many signals there are.
pub const SIGNALS: i32 = 64;

/// `AT_FDCWD`: relative to the working directory.
pub const AT_FDCWD: i32 = -100;
/// `AT_SYMLINK_NOFOLLOW`
pub const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
/// `AT_EMPTY_PATH`: the descriptor itself.
pub const AT_EMPTY_PATH: u32 = 0x1000;
/// `AT_RECURSIVE`: the whole mount tree.
pub const AT_RECURSIVE: u32 = 0x8000;

/// `O_RDONLY`
pub const O_RDONLY: u32 = 0;
/// `O_WRONLY`
pub const O_WRONLY: u32 = 1;
/// `O_RDWR`
pub const O_RDWR: u32 = 2;
/// `O_CREAT`
pub const O_CREAT: u32 = 0o100;
/// `O_EXCL`
pub const O_EXCL: u32 = 0o200;
/// `O_NONBLOCK`
pub const O_NONBLOCK: u32 = 0o4000;
/// `O_DIRECTORY`
pub const O_DIRECTORY: u32 = 0o200_000;
/// `O_NOFOLLOW`
pub const O_NOFOLLOW: u32 = 0o400_000;
/// `O_CLOEXEC`
pub const O_CLOEXEC: u32 = 0o2_000_000;
/// `O_PATH`
pub const O_PATH: u32 = 0o10_000_000;

/// `F_SETFD`
pub const F_SETFD: u32 = 2;
/// `F_DUPFD_CLOEXEC`
pub const F_DUPFD_CLOEXEC: u32 = 1030;

/// `F_ADD_SEALS`
pub const F_ADD_SEALS: u32 = 1033;
/// `F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE`
pub const F_SEAL_ALL: usize = 0xF;
/// `MFD_CLOEXEC`
pub const MFD_CLOEXEC: u32 = 1;
/// `MFD_ALLOW_SEALING`
pub const MFD_ALLOW_SEALING: u32 = 2;
/// `MFD_NOEXEC_SEAL`, Linux 6.3
pub const MFD_NOEXEC_SEAL: u32 = 8;
/// `MFD_EXEC`, Linux 6.3
pub const MFD_EXEC: u32 = 0x10;

/// Arguments of clone3(2), the first 88 bytes (`CLONE_ARGS_SIZE_VER2`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct CloneArgs {
    pub flags: u64,
    pub pidfd: u64,
    pub child_tid: u64,
    pub parent_tid: u64,
    pub exit_signal: u64,
    pub stack: u64,
    pub stack_size: u64,
    pub tls: u64,
    pub set_tid: u64,
    pub set_tid_size: u64,
    pub cgroup: u64,
}

/// Argument of openat2(2).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct OpenHow {
    pub flags: u64,
    pub mode: u64,
    pub resolve: u64,
}

/// `RESOLVE_NO_MAGICLINKS`: refuse links such as /proc/self/fd/3.
pub const RESOLVE_NO_MAGICLINKS: u64 = 0x02;
/// `RESOLVE_NO_SYMLINKS`
pub const RESOLVE_NO_SYMLINKS: u64 = 0x04;
/// `RESOLVE_BENEATH`
pub const RESOLVE_BENEATH: u64 = 0x08;
/// `RESOLVE_IN_ROOT`: the directory descriptor is the root for `..` and absolute links.
pub const RESOLVE_IN_ROOT: u64 = 0x10;

/// Argument of mount_setattr(2).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct MountAttr {
    pub attr_set: u64,
    pub attr_clr: u64,
    pub propagation: u64,
    pub userns_fd: u64,
}

/// `MOUNT_ATTR_RDONLY`
pub const MOUNT_ATTR_RDONLY: u64 = 0x1;
/// `MOUNT_ATTR_NOSUID`
pub const MOUNT_ATTR_NOSUID: u64 = 0x2;
/// `MOUNT_ATTR_NODEV`
pub const MOUNT_ATTR_NODEV: u64 = 0x4;
/// `MOUNT_ATTR_NOEXEC`
pub const MOUNT_ATTR_NOEXEC: u64 = 0x8;
/// `MOUNT_ATTR_IDMAP`
pub const MOUNT_ATTR_IDMAP: u64 = 0x10_0000;

/// `OPEN_TREE_CLONE`: a detached copy of the mount.
pub const OPEN_TREE_CLONE: u32 = 1;
/// `MOVE_MOUNT_F_EMPTY_PATH`
pub const MOVE_MOUNT_F_EMPTY_PATH: u32 = 0x04;
/// `MOVE_MOUNT_T_EMPTY_PATH`
pub const MOVE_MOUNT_T_EMPTY_PATH: u32 = 0x40;
/// `FSOPEN_CLOEXEC`
pub const FSOPEN_CLOEXEC: u32 = 1;
/// `FSMOUNT_CLOEXEC`
pub const FSMOUNT_CLOEXEC: u32 = 1;
/// `FSCONFIG_SET_FLAG`
pub const FSCONFIG_SET_FLAG: u32 = 0;
/// `FSCONFIG_SET_STRING`
pub const FSCONFIG_SET_STRING: u32 = 1;
/// `FSCONFIG_CMD_CREATE`
pub const FSCONFIG_CMD_CREATE: u32 = 6;

/// `MS_RDONLY`
pub const MS_RDONLY: u64 = 1;
/// `MS_NOSUID`
pub const MS_NOSUID: u64 = 2;
/// `MS_NODEV`
pub const MS_NODEV: u64 = 4;
/// `MS_NOEXEC`
pub const MS_NOEXEC: u64 = 8;
/// `MS_REMOUNT`
pub const MS_REMOUNT: u64 = 32;
/// `MS_BIND`
pub const MS_BIND: u64 = 4096;
/// `MS_REC`
pub const MS_REC: u64 = 16384;
/// `MS_PRIVATE`
pub const MS_PRIVATE: u64 = 1 << 18;
/// `MS_SLAVE`
pub const MS_SLAVE: u64 = 1 << 19;
/// `MS_SHARED`
pub const MS_SHARED: u64 = 1 << 20;
/// `MNT_DETACH`
pub const MNT_DETACH: u32 = 2;
/// `UMOUNT_NOFOLLOW`
pub const UMOUNT_NOFOLLOW: u32 = 8;

/// A file's metadata (stat(2)), x86-64.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Stat {
    pub dev: u64,
    pub ino: u64,
    pub nlink: u64,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub pad: u32,
    pub rdev: u64,
    pub size: i64,
    pub blksize: i64,
    pub blocks: i64,
    pub times: [i64; 6],
    pub unused: [i64; 3],
}

/// A file's metadata (statx(2)).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Statx {
    pub mask: u32,
    pub blksize: u32,
    pub attributes: u64,
    pub nlink: u32,
    pub uid: u32,
    pub gid: u32,
    pub mode: u16,
    pub pad: u16,
    pub ino: u64,
    pub size: u64,
    pub blocks: u64,
    pub attributes_mask: u64,
    pub times: [u64; 8],
    pub rdev_major: u32,
    pub rdev_minor: u32,
    pub dev_major: u32,
    pub dev_minor: u32,
    pub rest: [u64; 14],
}

/// `STATX_INO`
pub const STATX_INO: u32 = 0x100;
/// `AT_NO_AUTOMOUNT`
pub const AT_NO_AUTOMOUNT: u32 = 0x800;
/// `AT_STATX_DONT_SYNC`: whatever is known, without asking a server.
pub const AT_STATX_DONT_SYNC: u32 = 0x4000;

/// `S_IFMT`
pub const S_IFMT: u32 = 0o170_000;
/// `S_IFDIR`
pub const S_IFDIR: u32 = 0o040_000;
/// `S_IFCHR`
pub const S_IFCHR: u32 = 0o020_000;
/// `S_IFLNK`
pub const S_IFLNK: u32 = 0o120_000;

/// One descriptor of poll(2).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct PollFd {
    pub fd: i32,
    pub events: i16,
    pub revents: i16,
}

/// `POLLIN`
pub const POLLIN: i16 = 1;
/// `POLLERR`
pub const POLLERR: i16 = 8;
/// `POLLHUP`
pub const POLLHUP: i16 = 16;

/// Seconds and nanoseconds.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Timespec {
    pub sec: i64,
    pub nsec: i64,
}

/// What wait4(2) tells of a child's use.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Rusage {
    pub user_sec: i64,
    pub user_usec: i64,
    pub system_sec: i64,
    pub system_usec: i64,
    pub max_rss_kib: i64,
    pub rest: [i64; 13],
}

/// One piece of scattered memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct IoVec {
    pub base: *mut u8,
    pub len: usize,
}

/// A message with ancillary data (sendmsg(2)).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct MsgHdr {
    pub name: *mut u8,
    pub name_len: u32,
    pub pad: u32,
    pub iov: *mut IoVec,
    pub iov_len: usize,
    pub control: *mut u8,
    pub control_len: usize,
    pub flags: u32,
    pub pad2: u32,
}

/// The head of one piece of ancillary data.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct CmsgHdr {
    pub len: usize,
    pub level: i32,
    pub kind: i32,
}

/// `SOL_SOCKET`
pub const SOL_SOCKET: i32 = 1;
/// `SCM_RIGHTS`
pub const SCM_RIGHTS: i32 = 1;
/// `MSG_DONTWAIT`
pub const MSG_DONTWAIT: u32 = 0x40;
/// `MSG_NOSIGNAL`
pub const MSG_NOSIGNAL: u32 = 0x4000;
/// `MSG_CMSG_CLOEXEC`
pub const MSG_CMSG_CLOEXEC: u32 = 0x4000_0000;
/// `MSG_CTRUNC`
pub const MSG_CTRUNC: u32 = 8;

/// A limit of one process (prlimit(2)).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Rlimit {
    pub soft: u64,
    pub hard: u64,
}

/// What the kernel keeps for a signal (rt_sigaction(2)).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct SigAction {
    pub handler: usize,
    pub flags: u64,
    pub restorer: usize,
    pub mask: u64,
}

/// Head of capset(2).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct CapHeader {
    pub version: u32,
    pub pid: i32,
}

/// `_LINUX_CAPABILITY_VERSION_3`
pub const CAPABILITY_VERSION_3: u32 = 0x2008_0522;

/// One half (32 capabilities) of capset(2).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct CapData {
    pub effective: u32,
    pub permitted: u32,
    pub inheritable: u32,
}

/// `PR_SET_PDEATHSIG`
pub const PR_SET_PDEATHSIG: i32 = 1;
/// `PR_SET_DUMPABLE`
pub const PR_SET_DUMPABLE: i32 = 4;
/// `PR_SET_NAME`
pub const PR_SET_NAME: i32 = 15;
/// `PR_CAPBSET_DROP`
pub const PR_CAPBSET_DROP: i32 = 24;
/// `PR_SET_SECUREBITS`
pub const PR_SET_SECUREBITS: i32 = 28;
/// `PR_SET_CHILD_SUBREAPER`
pub const PR_SET_CHILD_SUBREAPER: i32 = 36;
/// `PR_SET_NO_NEW_PRIVS`
pub const PR_SET_NO_NEW_PRIVS: i32 = 38;
/// `PR_CAP_AMBIENT`
pub const PR_CAP_AMBIENT: i32 = 47;
/// `PR_CAP_AMBIENT_RAISE`
pub const PR_CAP_AMBIENT_RAISE: i32 = 2;
/// `PR_CAP_AMBIENT_CLEAR_ALL`
pub const PR_CAP_AMBIENT_CLEAR_ALL: i32 = 4;

/// A filter program for seccomp(2).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct SockFprog {
    pub len: u16,
    pub filter: *const u8,
}

/// What signalfd(2) gives for a signal; only the first fields are named.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct SignalInfo {
    pub signo: u32,
    pub errno: i32,
    pub code: i32,
    pub pid: u32,
    pub rest: [u8; 112],
}

/// `struct mnt_ns_info` (ioctl_nsfs(2)).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct MountNamespaceInfo {
    pub size: u32,
    pub mounts: u32,
    pub id: u64,
}

impl Default for MountNamespaceInfo {
    fn default() -> MountNamespaceInfo {
        MountNamespaceInfo {
            size: size_of::<MountNamespaceInfo>() as u32,
            mounts: 0,
            id: 0,
        }
    }
}

/// A `struct file_handle` with `struct nsfs_file_handle` in it (open_by_handle_at(2), linux/nsfs.h).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct NsFileHandle {
    pub bytes: u32,
    pub kind: i32,
    /// As of `NS_GET_ID`.
    pub id: u64,
    /// The `CLONE_NEW*` flag; 0, with the inode 0, for whatever kind it is.
    pub flag: u32,
    pub inode: u32,
}

impl NsFileHandle {
    /// `FILEID_NSFS`
    pub const KIND: i32 = 0xf1;
    /// For the kernel to fill.
    pub const EMPTY: NsFileHandle = NsFileHandle {
        bytes: 16,
        kind: NsFileHandle::KIND,
        id: 0,
        flag: 0,
        inode: 0,
    };
}

const _: () = {
    assert!(size_of::<MountNamespaceInfo>() == 16);
    assert!(size_of::<NsFileHandle>() == 24);
    assert!(size_of::<CloneArgs>() == 88);
    assert!(offset_of!(CloneArgs, cgroup) == 80);
    assert!(size_of::<OpenHow>() == 24);
    assert!(size_of::<MountAttr>() == 32);
    assert!(size_of::<Stat>() == 144);
    assert!(offset_of!(Stat, mode) == 24);
    assert!(offset_of!(Stat, rdev) == 40);
    assert!(size_of::<Statx>() == 256);
    assert!(offset_of!(Statx, dev_major) == 136);
    assert!(size_of::<PollFd>() == 8);
    assert!(size_of::<Rusage>() == 144);
    assert!(offset_of!(Rusage, max_rss_kib) == 32);
    assert!(size_of::<MsgHdr>() == 56);
    assert!(offset_of!(MsgHdr, flags) == 48);
    assert!(size_of::<CmsgHdr>() == 16);
    assert!(size_of::<SigAction>() == 32);
    assert!(size_of::<CapData>() == 12);
    assert!(size_of::<SockFprog>() == 16);
    assert!(size_of::<SignalInfo>() == 128);
};
