//! The few instructions of eBPF that the programs here are made of, and a listing of them
//! ([instruction set](https://docs.kernel.org/bpf/standardization/instruction-set.html)).

use std::fmt::Write as _;

use isolate_sys::abi::bpf::BpfInsn;

pub(crate) type Insn = BpfInsn;

// Classes.
pub(super) const LDX: u8 = 0x01;
pub(super) const STX: u8 = 0x03;
pub(super) const ALU: u8 = 0x04;
pub(super) const JMP: u8 = 0x05;
pub(super) const JMP32: u8 = 0x06;
pub(super) const ALU64: u8 = 0x07;
/// The second operand is a register.
pub(super) const X: u8 = 0x08;
/// Memory access by an address, four bytes.
pub(super) const MEM_W: u8 = 0x60;
// Operations of arithmetic.
pub(super) const AND: u8 = 0x50;
pub(super) const RSH: u8 = 0x70;
pub(super) const MOV: u8 = 0xb0;
// Operations of jumps.
pub(super) const JEQ: u8 = 0x10;
pub(super) const JNE: u8 = 0x50;
pub(super) const EXIT: u8 = 0x90;

fn insn(code: u8, to: u8, from: u8, offset: i16, value: i32) -> Insn {
    Insn {
        code,
        registers: from << 4 | to,
        offset,
        value,
    }
}

/// `to = *(u32 *)(from + offset)`
pub(crate) fn load(to: u8, from: u8, offset: i16) -> Insn {
    insn(LDX | MEM_W, to, from, offset, 0)
}

/// `*(u32 *)(to + offset) = from`
pub(crate) fn store(to: u8, offset: i16, from: u8) -> Insn {
    insn(STX | MEM_W, to, from, offset, 0)
}

/// `to = value`, 32 bits
pub(crate) fn set(to: u8, value: i32) -> Insn {
    insn(ALU | MOV, to, 0, 0, value)
}

/// `to = from`, 32 bits
pub(crate) fn copy(to: u8, from: u8) -> Insn {
    insn(ALU | MOV | X, to, from, 0, 0)
}

/// `to &= value`, 32 bits
pub(crate) fn and(to: u8, value: i32) -> Insn {
    insn(ALU | AND, to, 0, 0, value)
}

/// `to >>= value`, 32 bits
pub(crate) fn shift_right(to: u8, value: i32) -> Insn {
    insn(ALU | RSH, to, 0, 0, value)
}

/// Skips `offset` instructions where a register is not `value`.
pub(crate) fn unless(register: u8, value: i32, offset: i16) -> Insn {
    insn(JMP | JNE, register, 0, offset, value)
}

/// Skips `offset` instructions where two registers are not the same.
pub(crate) fn unless_same(register: u8, other: u8, offset: i16) -> Insn {
    insn(JMP | JNE | X, register, other, offset, 0)
}

/// Skips `offset` instructions where a register is `value`.
pub(crate) fn when(register: u8, value: i32, offset: i16) -> Insn {
    insn(JMP | JEQ, register, 0, offset, value)
}

/// Ends the program with what is in register 0.
pub(crate) fn exit() -> Insn {
    insn(JMP | EXIT, 0, 0, 0, 0)
}

/// Whether it jumps somewhere.
pub(crate) fn jumps(insn: &Insn) -> bool {
    matches!(insn.code & 7, JMP | JMP32) && insn.code != JMP | EXIT
}

/// The destination register.
pub(super) fn to(insn: &Insn) -> u8 {
    insn.registers & 15
}

/// The source register.
pub(super) fn from(insn: &Insn) -> u8 {
    insn.registers >> 4
}

/// A program as text, one numbered instruction a line, jumps with the number that they lead to.
pub(crate) fn listing(program: &[Insn]) -> String {
    let mut text = String::new();
    for (number, insn) in program.iter().enumerate() {
        let target = number as i64 + 1 + i64::from(insn.offset);
        // A write into a String cannot fail.
        let _ = writeln!(text, "{number}: {}", line(insn, target));
    }
    text
}

fn line(insn: &Insn, target: i64) -> String {
    let (to, from) = (to(insn), from(insn));
    let (offset, value) = (insn.offset, insn.value);
    const LOAD: u8 = LDX | MEM_W;
    const STORE: u8 = STX | MEM_W;
    match insn.code {
        LOAD => format!("r{to} = *(u32 *)(r{from} +{offset})"),
        STORE => format!("*(u32 *)(r{to} +{offset}) = r{from}"),
        code if code == ALU | MOV => format!("w{to} = {value}"),
        code if code == ALU | MOV | X => format!("w{to} = w{from}"),
        code if code == ALU | AND => format!("w{to} &= {value}"),
        code if code == ALU | RSH => format!("w{to} >>= {value}"),
        code if code == JMP | JNE => format!("if r{to} != {value} goto {target}"),
        code if code == JMP | JNE | X => format!("if r{to} != r{from} goto {target}"),
        code if code == JMP | JEQ => format!("if r{to} == {value} goto {target}"),
        code if code == JMP | EXIT => "exit".to_owned(),
        code => format!("{code:#04x} r{to} r{from} {offset} {value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_the_kernels() {
        // As a C compiler makes them of the macros in linux/filter.h.
        let bytes = |i: Insn| (i.code, i.registers, i.offset, i.value);
        assert_eq!(bytes(load(2, 1, 4)), (0x61, 0x12, 4, 0));
        assert_eq!(bytes(store(1, 16, 2)), (0x63, 0x21, 16, 0));
        assert_eq!(bytes(set(0, 1)), (0xb4, 0, 0, 1));
        assert_eq!(bytes(copy(1, 3)), (0xbc, 0x31, 0, 0));
        assert_eq!(bytes(and(1, 6)), (0x54, 1, 0, 6));
        assert_eq!(bytes(shift_right(3, 16)), (0x74, 3, 0, 16));
        assert_eq!(bytes(unless(2, 1, 3)), (0x55, 2, 3, 1));
        assert_eq!(bytes(unless_same(1, 3, 3)), (0x5d, 0x31, 3, 0));
        assert_eq!(bytes(when(1, 0, 3)), (0x15, 1, 3, 0));
        assert_eq!(bytes(exit()), (0x95, 0, 0, 0));
    }

    #[test]
    fn a_listing() {
        assert_eq!(
            listing(&[unless(2, 1, 1), exit(), Insn::default()]),
            "0: if r2 != 1 goto 2\n1: exit\n2: 0x00 r0 r0 0 0\n"
        );
    }
}
