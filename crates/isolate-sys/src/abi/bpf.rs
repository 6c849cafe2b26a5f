//! Structures of bpf(2) (linux/bpf.h).
//!
//! Each command's attributes are padded with zeros to one size: some kernels write behind the fields of
//! a command, whatever size they are told, and all of them take zeros that they do not know.

use core::mem::{offset_of, size_of};

/// `BPF_PROG_TYPE_CGROUP_SOCK`
pub const BPF_PROG_TYPE_CGROUP_SOCK: u32 = 9;
/// `BPF_PROG_TYPE_CGROUP_DEVICE`, Linux 4.15
pub const BPF_PROG_TYPE_CGROUP_DEVICE: u32 = 15;
/// `BPF_CGROUP_INET_SOCK_CREATE`
pub const BPF_CGROUP_INET_SOCK_CREATE: u32 = 2;
/// `BPF_CGROUP_DEVICE`, Linux 4.15
pub const BPF_CGROUP_DEVICE: u32 = 6;
/// `BPF_F_ALLOW_MULTI`: beside the programs of others, Linux 4.15
pub const BPF_F_ALLOW_MULTI: u32 = 2;
/// `BPF_F_REPLACE`: in the place of one program, Linux 5.6
pub const BPF_F_REPLACE: u32 = 4;

/// One instruction (`struct bpf_insn`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BpfInsn {
    /// Class, operation and operand kind.
    pub code: u8,
    /// Destination register in the low half, source register in the high one.
    pub registers: u8,
    /// Of a jump or of a memory access.
    pub offset: i16,
    /// The constant operand.
    pub value: i32,
}

/// What there is to know of a loaded program: the head of `struct bpf_prog_info`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct BpfProgInfo {
    pub kind: u32,
    pub id: u32,
    pub tag: [u8; 8],
    pub jited_len: u32,
    /// Bytes.
    pub xlated_len: u32,
    pub jited: u64,
    pub xlated: u64,
    pub load_time: u64,
    pub uid: u32,
    pub maps: u32,
    pub map_ids: u64,
    pub name: [u8; 16],
}

/// `BPF_PROG_LOAD`
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProgLoad {
    pub kind: u32,
    pub count: u32,
    pub insns: u64,
    pub license: u64,
    pub log_level: u32,
    pub log_size: u32,
    pub log: u64,
    pub kernel: u32,
    pub flags: u32,
    pub name: [u8; 16],
    pub ifindex: u32,
    pub attach: u32,
    pub rest: [u64; 7],
}

/// `BPF_PROG_ATTACH`, `BPF_PROG_DETACH`
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProgAttach {
    pub target: u32,
    pub program: u32,
    pub attach: u32,
    pub flags: u32,
    pub replace: u32,
    pub pad: u32,
    pub rest: [u64; 13],
}

/// `BPF_PROG_QUERY`
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProgQuery {
    pub target: u32,
    pub attach: u32,
    pub query_flags: u32,
    pub attach_flags: u32,
    pub ids: u64,
    pub count: u32,
    pub pad: u32,
    pub prog_flags: u64,
    pub link_ids: u64,
    pub link_flags: u64,
    pub revision: u64,
    pub rest: [u64; 8],
}

/// `BPF_PROG_GET_FD_BY_ID`
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FdById {
    pub id: u32,
    pub next: u32,
    pub flags: u32,
    pub pad: u32,
    pub rest: [u64; 14],
}

/// `BPF_OBJ_GET_INFO_BY_FD`
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InfoByFd {
    pub fd: u32,
    pub len: u32,
    pub info: u64,
    pub rest: [u64; 14],
}

const _: () = {
    assert!(size_of::<BpfInsn>() == 8);
    assert!(size_of::<BpfProgInfo>() == 80);
    assert!(offset_of!(BpfProgInfo, xlated) == 32);
    assert!(offset_of!(BpfProgInfo, name) == 64);
    assert!(size_of::<ProgLoad>() == 128);
    assert!(offset_of!(ProgLoad, name) == 48);
    assert!(offset_of!(ProgLoad, attach) == 68);
    assert!(size_of::<ProgAttach>() == 128);
    assert!(size_of::<ProgQuery>() == 128);
    assert!(offset_of!(ProgQuery, revision) == 56);
    assert!(size_of::<FdById>() == 128);
    assert!(size_of::<InfoByFd>() == 128);
};
