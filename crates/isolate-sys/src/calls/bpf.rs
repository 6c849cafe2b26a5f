//! [bpf(2)](https://man7.org/linux/man-pages/man2/bpf.2.html): programs of cgroups.

use core::ffi::CStr;

use crate::Result;
use crate::abi::bpf::{BpfInsn, BpfProgInfo, FdById, InfoByFd, ProgAttach, ProgLoad, ProgQuery};
use crate::arch::{nr, syscall6};

const PROG_LOAD: usize = 5;
const PROG_ATTACH: usize = 8;
const PROG_DETACH: usize = 9;
const PROG_GET_FD_BY_ID: usize = 13;
const OBJ_GET_INFO_BY_FD: usize = 15;
const PROG_QUERY: usize = 16;

/// The most programs that one group has at one place (`BPF_CGROUP_MAX_PROGS`).
pub const MOST_PROGRAMS: usize = 64;

/// Makes the call with one of the attribute structures.
///
/// # Safety
/// Every address in `attributes` is valid for what the command reads and writes there.
unsafe fn bpf<T>(command: usize, attributes: &mut T) -> Result<usize> {
    // SAFETY: the kernel reads and writes at most `size_of::<T>()` bytes of the exclusive borrow; the
    // caller vouches for what is behind it.
    unsafe {
        syscall6(
            nr::BPF,
            command,
            core::ptr::from_mut(attributes) as usize,
            size_of::<T>(),
            0,
            0,
            0,
        )
    }
}

/// A program to load.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// `BPF_PROG_TYPE_*`
    pub kind: u32,
    /// `BPF_CGROUP_*`, what it is to be attached to.
    pub attach: u32,
    /// NUL-terminated; letters, digits, `_` and `.`.
    pub name: [u8; 16],
    /// The instructions.
    pub insns: &'a [BpfInsn],
    /// The license, which some helpers of the kernel ask for.
    pub license: &'a CStr,
}

/// `BPF_PROG_LOAD`: a new close-on-exec descriptor. The verifier writes its words, NUL-terminated, into
/// a `log` that is not empty.
pub fn load(program: &Program<'_>, log: &mut [u8]) -> Result<i32> {
    let mut attributes = ProgLoad {
        kind: program.kind,
        count: program.insns.len() as u32,
        insns: program.insns.as_ptr() as u64,
        license: program.license.as_ptr() as u64,
        name: program.name,
        attach: program.attach,
        ..ProgLoad::default()
    };
    if !log.is_empty() {
        attributes.log_level = 1;
        attributes.log_size = log.len() as u32;
        attributes.log = log.as_mut_ptr() as u64;
    }
    // SAFETY: the instructions and the license are borrowed, the log exclusively, for the whole call.
    unsafe { bpf(PROG_LOAD, &mut attributes) }.map(|fd| fd as i32)
}

/// `BPF_PROG_ATTACH` to a group's directory; `replace` is looked at with `BPF_F_REPLACE` alone.
pub fn attach(group: i32, program: i32, attach: u32, flags: u32, replace: i32) -> Result<()> {
    let mut attributes = ProgAttach {
        target: group as u32,
        program: program as u32,
        attach,
        flags,
        replace: replace as u32,
        ..ProgAttach::default()
    };
    // SAFETY: numbers only.
    unsafe { bpf(PROG_ATTACH, &mut attributes) }.map(drop)
}

/// `BPF_PROG_DETACH` from a group's directory
pub fn detach(group: i32, program: i32, attach: u32) -> Result<()> {
    let mut attributes = ProgAttach {
        target: group as u32,
        program: program as u32,
        attach,
        ..ProgAttach::default()
    };
    // SAFETY: numbers only.
    unsafe { bpf(PROG_DETACH, &mut attributes) }.map(drop)
}

/// `BPF_PROG_QUERY`: how many programs a group itself has, their ids, and the flags with which they
/// were attached. `ids` that are too few are `ENOSPC`.
pub fn query(group: i32, attach: u32, ids: &mut [u32]) -> Result<(usize, u32)> {
    let mut attributes = ProgQuery {
        target: group as u32,
        attach,
        ids: ids.as_mut_ptr() as u64,
        count: ids.len() as u32,
        ..ProgQuery::default()
    };
    // SAFETY: the kernel writes at most `count` numbers into the exclusive borrow.
    unsafe { bpf(PROG_QUERY, &mut attributes) }?;
    Ok((
        (attributes.count as usize).min(ids.len()),
        attributes.attach_flags,
    ))
}

/// `BPF_PROG_GET_FD_BY_ID`: a new close-on-exec descriptor
pub fn open(id: u32) -> Result<i32> {
    let mut attributes = FdById {
        id,
        ..FdById::default()
    };
    // SAFETY: numbers only.
    unsafe { bpf(PROG_GET_FD_BY_ID, &mut attributes) }.map(|fd| fd as i32)
}

/// `BPF_OBJ_GET_INFO_BY_FD` of a program. As many of its instructions as there is room for are written
/// to `insns`; `xlated_len` says how many bytes there are, 0 where the caller may not see them.
pub fn info(program: i32, insns: &mut [BpfInsn]) -> Result<BpfProgInfo> {
    let mut info = BpfProgInfo {
        xlated: insns.as_mut_ptr() as u64,
        xlated_len: size_of_val(insns) as u32,
        ..BpfProgInfo::default()
    };
    let mut attributes = InfoByFd {
        fd: program as u32,
        len: size_of::<BpfProgInfo>() as u32,
        info: &raw mut info as u64,
        ..InfoByFd::default()
    };
    // SAFETY: the kernel writes at most `len` bytes into `info`, and at most `xlated_len` bytes into the
    // exclusive borrow, which takes any bytes.
    unsafe { bpf(OBJ_GET_INFO_BY_FD, &mut attributes) }?;
    Ok(info)
}
