//! The default system call filter: a short deny-list, since each instruction costs 0.8 us to load.
//!
//! Closed is what reaches kernel code that a job without capabilities has no use for and that has let
//! sandboxes down before: nested namespaces, keyrings (which no namespace covers), bpf, perf,
//! userfaultfd, io_uring, file handles, terminal injection, socket families other than the usual four.

use isolate_sys::arch::{AUDIT_ARCH, nr};

const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const JUMP_ANY_BIT: u16 = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

const ALLOW: u32 = 0x7FFF_0000;
const KILL: u32 = 0x8000_0000; // SECCOMP_RET_KILL_PROCESS
const fn errno(errno: i32) -> u32 {
    0x0005_0000 | errno as u32
}

/// Offsets into struct seccomp_data (seccomp(2)), low halves of the arguments.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

/// The bit that marks the x32 ABI, which has numbers of its own.
const X32: u32 = 0x4000_0000;
/// Every CLONE_NEW* flag that clone(2) takes.
const CLONE_NEW: u32 = 0x7E02_0000;
const CLONE_NEWTIME: u32 = 0x80;
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541C;

const AF_UNIX: u32 = 1;
const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;
const AF_NETLINK: u32 = 16;
const NETLINK_ROUTE: u32 = 0;
const NETLINK_KOBJECT_UEVENT: u32 = 15;
const NETLINK_GENERIC: u32 = 16;

/// Calls that are refused with EPERM whatever their arguments, as ranges of numbers.
const DENIED: [(usize, usize); 9] = [
    (nr::SYSLOG, nr::SYSLOG),
    (nr::ADD_KEY, nr::KEYCTL),
    (nr::PERF_EVENT_OPEN, nr::PERF_EVENT_OPEN),
    (nr::OPEN_BY_HANDLE_AT, nr::OPEN_BY_HANDLE_AT),
    (nr::SETNS, nr::SETNS),
    (nr::BPF, nr::BPF),
    (nr::USERFAULTFD, nr::USERFAULTFD),
    (nr::IO_URING_SETUP, nr::IO_URING_REGISTER),
    (nr::PIVOT_ROOT, nr::PIVOT_ROOT),
];

#[derive(Default)]
struct Assembler(Vec<u8>);

impl Assembler {
    fn emit(&mut self, code: u16, if_true: u8, if_false: u8, value: u32) {
        self.0.extend_from_slice(&code.to_ne_bytes());
        self.0.extend_from_slice(&[if_true, if_false]);
        self.0.extend_from_slice(&value.to_ne_bytes());
    }
    fn load(&mut self, offset: u32) {
        self.emit(LOAD, 0, 0, offset);
    }
    fn ret(&mut self, action: u32) {
        self.emit(RETURN, 0, 0, action);
    }
    /// Returns `action` when the loaded word is `value`.
    fn ret_if_equal(&mut self, value: u32, action: u32) {
        self.emit(JUMP_EQUAL, 0, 1, value);
        self.ret(action);
    }
    /// Runs the next `len` instructions only when the loaded word is `value`.
    fn only_if_equal(&mut self, value: usize, len: u8) {
        self.emit(JUMP_EQUAL, 0, len, value as u32);
    }
}

/// The default filter, eight bytes an instruction.
pub fn default_filter() -> Vec<u8> {
    let mut asm = Assembler::default();
    asm.load(ARCH);
    asm.emit(JUMP_EQUAL, 1, 0, AUDIT_ARCH);
    // 32-bit calls have other numbers: nothing below would hold for them.
    asm.ret(KILL);
    asm.load(NUMBER);
    asm.emit(JUMP_AT_LEAST, 0, 1, X32);
    asm.ret(KILL);

    // clone3 keeps its flags in memory, where a filter cannot look: libc falls back to clone.
    asm.ret_if_equal(nr::CLONE3 as u32, errno(libc::ENOSYS));
    for (first, last) in DENIED {
        if first == last {
            asm.ret_if_equal(first as u32, errno(libc::EPERM));
        } else {
            asm.emit(JUMP_AT_LEAST, 0, 2, first as u32);
            asm.emit(JUMP_AT_LEAST, 1, 0, last as u32 + 1);
            asm.ret(errno(libc::EPERM));
        }
    }
    for (number, flags) in [
        (nr::CLONE, CLONE_NEW),
        (nr::UNSHARE, CLONE_NEW | CLONE_NEWTIME),
    ] {
        asm.only_if_equal(number, 4);
        asm.load(argument(0));
        asm.emit(JUMP_ANY_BIT, 0, 1, flags);
        asm.ret(errno(libc::EPERM));
        asm.ret(ALLOW);
    }
    // The kernel looks at the low 32 bits of an ioctl's command only, and so does this.
    asm.only_if_equal(nr::IOCTL, 6);
    asm.load(argument(1));
    asm.ret_if_equal(TIOCSTI, errno(libc::EPERM));
    asm.ret_if_equal(TIOCLINUX, errno(libc::EPERM));
    asm.ret(ALLOW);

    asm.only_if_equal(nr::SOCKET, 14);
    asm.load(argument(0));
    for family in [AF_UNIX, AF_INET, AF_INET6] {
        asm.ret_if_equal(family, ALLOW);
    }
    asm.emit(JUMP_EQUAL, 1, 0, AF_NETLINK);
    asm.ret(errno(libc::EAFNOSUPPORT));
    asm.load(argument(2));
    asm.emit(JUMP_EQUAL, 3, 0, NETLINK_ROUTE);
    asm.emit(JUMP_EQUAL, 2, 0, NETLINK_KOBJECT_UEVENT);
    asm.emit(JUMP_EQUAL, 1, 0, NETLINK_GENERIC);
    asm.ret(errno(libc::EPROTONOSUPPORT));
    asm.ret(ALLOW);
    asm.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel's interpreter would do with the instructions used here.
    fn decide(filter: &[u8], arch: u32, number: usize, arguments: [u64; 6]) -> u32 {
        let mut data = [0u8; 64];
        data[..4].copy_from_slice(&(number as u32).to_ne_bytes());
        data[4..8].copy_from_slice(&arch.to_ne_bytes());
        for (at, argument) in arguments.iter().enumerate() {
            data[16 + 8 * at..24 + 8 * at].copy_from_slice(&argument.to_ne_bytes());
        }
        let program: Vec<(u16, u8, u8, u32)> = filter
            .chunks_exact(8)
            .map(|i| {
                (
                    u16::from_ne_bytes([i[0], i[1]]),
                    i[2],
                    i[3],
                    u32::from_ne_bytes([i[4], i[5], i[6], i[7]]),
                )
            })
            .collect();
        let (mut at, mut word) = (0usize, 0u32);
        loop {
            let (code, if_true, if_false, value) = program[at];
            at += 1;
            let taken = match code {
                LOAD => {
                    let from = value as usize;
                    word = u32::from_ne_bytes([
                        data[from],
                        data[from + 1],
                        data[from + 2],
                        data[from + 3],
                    ]);
                    continue;
                }
                RETURN => return value,
                JUMP_EQUAL => word == value,
                JUMP_AT_LEAST => word >= value,
                JUMP_ANY_BIT => word & value != 0,
                other => panic!("unknown instruction {other:#x}"),
            };
            at += usize::from(if taken { if_true } else { if_false });
        }
    }

    fn call(number: usize, arguments: &[u64]) -> u32 {
        let mut all = [0; 6];
        all[..arguments.len()].copy_from_slice(arguments);
        decide(&default_filter(), AUDIT_ARCH, number, all)
    }

    #[test]
    fn is_short() {
        let instructions = default_filter().len() / 8;
        assert!(instructions <= 64, "{instructions} instructions");
    }

    #[test]
    fn closes_the_classes() {
        let eperm = errno(libc::EPERM);
        for number in [
            103, 248, 249, 250, 298, 304, 308, 321, 323, 425, 426, 427, 155,
        ] {
            assert_eq!(call(number, &[]), eperm, "call {number}");
        }
        assert_eq!(call(nr::CLONE3, &[]), errno(libc::ENOSYS));
        for flag in [
            0x1000_0000u64,
            0x2_0000,
            0x0200_0000,
            0x4000_0000,
            0x2000_0000,
        ] {
            assert_eq!(call(nr::CLONE, &[flag | 17]), eperm, "clone {flag:#x}");
            assert_eq!(call(nr::UNSHARE, &[flag]), eperm, "unshare {flag:#x}");
        }
        assert_eq!(call(nr::UNSHARE, &[0x80]), eperm);
        // A thread, and a fork whose exit signal has the bit that unshare knows as a namespace.
        assert_eq!(call(nr::CLONE, &[0x003D_0F00]), ALLOW);
        assert_eq!(call(nr::CLONE, &[17 | 0x80]), ALLOW);
        assert_eq!(call(nr::UNSHARE, &[0x400]), ALLOW);
        for high in [0u64, 1 << 32, 0xFFFF_FFFF_0000_0000] {
            assert_eq!(call(nr::IOCTL, &[0, u64::from(TIOCSTI) | high]), eperm);
            assert_eq!(call(nr::IOCTL, &[0, u64::from(TIOCLINUX) | high]), eperm);
        }
        assert_eq!(call(nr::IOCTL, &[0, 0x5401]), ALLOW);
        for family in [1, 2, 10] {
            assert_eq!(call(nr::SOCKET, &[family, 1, 6]), ALLOW, "family {family}");
        }
        for family in [0, 3, 15, 17, 21, 38, 40, 44] {
            assert_eq!(
                call(nr::SOCKET, &[family]),
                errno(libc::EAFNOSUPPORT),
                "family {family}"
            );
        }
        for protocol in [0, 15, 16] {
            assert_eq!(call(nr::SOCKET, &[16, 3, protocol]), ALLOW);
        }
        for protocol in [4, 6, 12] {
            assert_eq!(
                call(nr::SOCKET, &[16, 3, protocol]),
                errno(libc::EPROTONOSUPPORT)
            );
        }
    }

    #[test]
    fn allows_the_rest() {
        for number in (0..470).filter(|n| {
            !DENIED
                .iter()
                .any(|(first, last)| (first..=last).contains(&n))
                && ![nr::CLONE3, nr::SOCKET].contains(n)
        }) {
            assert_eq!(call(number, &[]), ALLOW, "call {number}");
        }
    }

    #[test]
    fn kills_other_abis() {
        const AUDIT_ARCH_I386: u32 = 0x4000_0003;
        assert_eq!(decide(&default_filter(), AUDIT_ARCH_I386, 1, [0; 6]), KILL);
        assert_eq!(call(0x4000_0000 | 1, &[]), KILL);
    }
}
