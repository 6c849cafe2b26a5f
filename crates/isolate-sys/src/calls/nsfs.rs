//! What can be asked of a namespace by its descriptor
//! ([ioctl_nsfs(2)](https://man7.org/linux/man-pages/man2/ioctl_nsfs.2.html)) and of a process by its
//! pidfd ([pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html)), and by which of
//! its handles a namespace is found again.

use crate::abi::{MountNamespaceInfo, NsFileHandle};
use crate::arch::{nr, syscall6};
use crate::{Errno, Result};

/// `_IO(0xb7, n)`
const fn plain(number: usize) -> usize {
    0xb7 << 8 | number
}

/// `_IOR(0xb7, n, size)`
const fn reads(number: usize, size: usize) -> usize {
    2 << 30 | size << 16 | plain(number)
}

const NS_GET_USERNS: usize = plain(1);
const NS_GET_PARENT: usize = plain(2);
const NS_GET_NSTYPE: usize = plain(3);
const NS_GET_OWNER_UID: usize = plain(4);
// Headers before Linux 6.12 say `_IO`, which no kernel answers to.
const NS_GET_MNTNS_ID: usize = reads(5, 8);
const NS_MNT_GET_INFO: usize = reads(10, size_of::<MountNamespaceInfo>());
const NS_MNT_GET_NEXT: usize = reads(11, size_of::<MountNamespaceInfo>());
const NS_MNT_GET_PREV: usize = reads(12, size_of::<MountNamespaceInfo>());
const NS_GET_ID: usize = reads(13, 8);

/// Which number of a process to translate, and in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PidQuestion {
    /// The caller's number of the thread that has this number in the namespace.
    ThreadFrom,
    /// The caller's number of the process whose thread has this number in the namespace.
    ProcessFrom,
    /// The number in the namespace of the thread that has this number here.
    ThreadIn,
    /// The number in the namespace of the process whose thread has this number here.
    ProcessIn,
}

unsafe fn ioctl(fd: i32, request: usize, argument: usize) -> Result<usize> {
    // SAFETY: the caller vouches for what the argument points to.
    unsafe { syscall6(nr::IOCTL, fd as usize, request, argument, 0, 0, 0) }
}

/// `NS_GET_NSTYPE`: the `CLONE_NEW*` flag of the kind, Linux 4.11
pub fn kind(namespace: i32) -> Result<u64> {
    // SAFETY: no memory is passed.
    unsafe { ioctl(namespace, NS_GET_NSTYPE, 0) }.map(|flag| flag as u64)
}

/// `NS_GET_USERNS`: a new descriptor of the owning user namespace, Linux 4.9
pub fn owner(namespace: i32) -> Result<i32> {
    // SAFETY: no memory is passed.
    unsafe { ioctl(namespace, NS_GET_USERNS, 0) }.map(|fd| fd as i32)
}

/// `NS_GET_PARENT`: a new descriptor of the parent of a user or pid namespace, Linux 4.9
pub fn parent(namespace: i32) -> Result<i32> {
    // SAFETY: no memory is passed.
    unsafe { ioctl(namespace, NS_GET_PARENT, 0) }.map(|fd| fd as i32)
}

/// `NS_GET_OWNER_UID` of a user namespace, Linux 4.11
pub fn owner_uid(namespace: i32) -> Result<u32> {
    let mut uid = 0u32;
    // SAFETY: the kernel writes one uid_t.
    unsafe { ioctl(namespace, NS_GET_OWNER_UID, &raw mut uid as usize) }.map(|_| uid)
}

/// `NS_GET_MNTNS_ID` of a mount namespace, Linux 6.11
pub fn mount_namespace_id(namespace: i32) -> Result<u64> {
    let mut id = 0u64;
    // SAFETY: the kernel writes one u64.
    unsafe { ioctl(namespace, NS_GET_MNTNS_ID, &raw mut id as usize) }.map(|_| id)
}

/// `NS_GET_ID`: the number that no other namespace gets until the machine reboots, Linux 6.18
pub fn id(namespace: i32) -> Result<u64> {
    let mut id = 0u64;
    // SAFETY: the kernel writes one u64.
    unsafe { ioctl(namespace, NS_GET_ID, &raw mut id as usize) }.map(|_| id)
}

/// `NS_GET_PID_FROM_PIDNS` and its siblings, Linux 6.11
pub fn translate_pid(namespace: i32, question: PidQuestion, pid: i32) -> Result<i32> {
    let request = match question {
        PidQuestion::ThreadFrom => reads(6, 4),
        PidQuestion::ProcessFrom => reads(7, 4),
        PidQuestion::ThreadIn => reads(8, 4),
        PidQuestion::ProcessIn => reads(9, 4),
    };
    // SAFETY: the number is passed by value.
    unsafe { ioctl(namespace, request, pid as usize) }.map(|pid| pid as i32)
}

/// `NS_MNT_GET_INFO`, Linux 6.12
pub fn mount_info(namespace: i32) -> Result<MountNamespaceInfo> {
    let mut info = MountNamespaceInfo::default();
    // SAFETY: the kernel writes one `mnt_ns_info`.
    unsafe { ioctl(namespace, NS_MNT_GET_INFO, &raw mut info as usize) }.map(|_| info)
}

/// `NS_MNT_GET_NEXT`: a new descriptor of the mount namespace with the next number, Linux 6.12
pub fn next_mount_namespace(namespace: i32) -> Result<i32> {
    neighbour(namespace, NS_MNT_GET_NEXT)
}

/// `NS_MNT_GET_PREV`: a new descriptor of the mount namespace with the number before, Linux 6.12
pub fn previous_mount_namespace(namespace: i32) -> Result<i32> {
    neighbour(namespace, NS_MNT_GET_PREV)
}

fn neighbour(namespace: i32, request: usize) -> Result<i32> {
    let mut info = MountNamespaceInfo::default();
    // SAFETY: the kernel writes one `mnt_ns_info`.
    unsafe { ioctl(namespace, request, &raw mut info as usize) }.map(|fd| fd as i32)
}

/// `PIDFD_GET_*_NAMESPACE` by its number (`PIDFS_IOCTL_MAGIC` 0xff): a new descriptor, Linux 6.11
pub fn of_pidfd(pidfd: i32, number: usize) -> Result<i32> {
    // SAFETY: no memory is passed.
    unsafe { ioctl(pidfd, 0xff << 8 | number, 0) }.map(|fd| fd as i32)
}

/// [name_to_handle_at(2)](https://man7.org/linux/man-pages/man2/open_by_handle_at.2.html) of a
/// namespace's descriptor, Linux 6.18
pub fn file_handle(namespace: i32) -> Result<NsFileHandle> {
    let mut handle = NsFileHandle::EMPTY;
    let mut mount = 0i32;
    // SAFETY: the kernel writes at most `handle.bytes` bytes after the head, and one int.
    unsafe {
        syscall6(
            nr::NAME_TO_HANDLE_AT,
            namespace as usize,
            c"".as_ptr() as usize,
            &raw mut handle as usize,
            &raw mut mount as usize,
            crate::abi::AT_EMPTY_PATH as usize,
            0,
        )
    }?;
    if handle.kind != NsFileHandle::KIND {
        return Err(Errno::EOPNOTSUPP);
    }
    Ok(handle)
}

/// [open_by_handle_at(2)](https://man7.org/linux/man-pages/man2/open_by_handle_at.2.html) in the
/// kernel's own mount of namespaces (`FD_NSFS_ROOT`), Linux 6.18
pub fn open_file_handle(handle: &NsFileHandle) -> Result<i32> {
    const FD_NSFS_ROOT: isize = -10003;
    // SAFETY: the kernel reads one handle.
    let fd = unsafe {
        syscall6(
            nr::OPEN_BY_HANDLE_AT,
            FD_NSFS_ROOT as usize,
            core::ptr::from_ref(handle) as usize,
            crate::abi::O_CLOEXEC as usize,
            0,
            0,
            0,
        )
    }?;
    Ok(fd as i32)
}

/// listns(2), Linux 6.19: ids of namespaces after `after`, of the kinds in `kinds` (`CLONE_NEW*`; 0
/// for all); how many were written.
pub fn list(after: u64, kinds: u32, ids: &mut [u64]) -> Result<usize> {
    /// `struct ns_id_req`
    #[repr(C)]
    struct Request {
        size: u32,
        spare: u32,
        after: u64,
        kinds: u32,
        spare2: u32,
        user: u64,
    }
    let request = Request {
        size: size_of::<Request>() as u32,
        spare: 0,
        after,
        kinds,
        spare2: 0,
        user: 0,
    };
    // SAFETY: the kernel reads one request and writes at most `ids.len()` numbers.
    unsafe {
        syscall6(
            nr::LISTNS,
            &raw const request as usize,
            ids.as_mut_ptr() as usize,
            ids.len(),
            0,
            0,
            0,
        )
    }
}
