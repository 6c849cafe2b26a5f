//! Runs a filter in user space: what an attached program says, without asking it on a live device.
//! Only what filters by compares is known: no calls, no maps, no way back.

use super::insn::{ALU, ALU64, EXIT, Insn, JMP, JMP32, LDX, MEM_W, X, from, to};

#[derive(Clone, Copy)]
enum Value {
    Unknown,
    Number(u64),
    /// The address of the context.
    Context,
}

/// What a program returns for a context of 32-bit numbers; `None` where it does what is not known here.
pub(crate) fn run(program: &[Insn], context: &[u32]) -> Option<u64> {
    let mut registers = [Value::Unknown; 16];
    registers[1] = Value::Context;
    let mut next = 0usize;
    // Without a way back, no instruction comes twice.
    for _ in 0..program.len() {
        let insn = program.get(next)?;
        next += 1;
        let (to, from) = (usize::from(to(insn)), usize::from(from(insn)));
        let number = |register: usize| match registers[register] {
            Value::Number(number) => Some(number),
            _ => None,
        };
        let second = || match insn.code & X {
            0 => Some(i64::from(insn.value) as u64),
            _ => number(from),
        };
        match insn.code & 7 {
            LDX if insn.code == LDX | MEM_W => {
                let Value::Context = registers[from] else {
                    return None;
                };
                let offset = usize::try_from(insn.offset).ok()?;
                if offset % 4 != 0 {
                    return None;
                }
                registers[to] = Value::Number(u64::from(*context.get(offset / 4)?));
            }
            ALU64 if insn.code == 0xbf => registers[to] = registers[from],
            class @ (ALU | ALU64) => {
                // `mov` needs no first operand.
                let first = match insn.code & 0xf0 {
                    0xb0 => 0,
                    _ => number(to)?,
                };
                registers[to] = Value::Number(calculate(insn, first, second()?, class == ALU64)?);
            }
            JMP if insn.code == JMP | EXIT => return number(0),
            class @ (JMP | JMP32) => {
                let taken = match insn.code & 0xf0 {
                    0 if class == JMP => true,
                    _ => holds(insn, number(to)?, second()?, class == JMP)?,
                };
                if taken {
                    next += usize::try_from(insn.offset).ok()?;
                }
            }
            _ => return None,
        }
    }
    None
}

fn calculate(insn: &Insn, first: u64, second: u64, wide: bool) -> Option<u64> {
    // Of a 32-bit operation the upper halves do not count, and its result has none.
    let mask = if wide { u64::MAX } else { u64::from(u32::MAX) };
    let (first, second) = (first & mask, second & mask);
    let shift = (second & if wide { 63 } else { 31 }) as u32;
    let result = match insn.code & 0xf0 {
        0x00 => first.wrapping_add(second),
        0x10 => first.wrapping_sub(second),
        0x40 => first | second,
        0x50 => first & second,
        0x60 => first << shift,
        0x70 => first >> shift,
        0xa0 => first ^ second,
        // Newer `movsx` has an offset.
        0xb0 if insn.offset == 0 => second,
        _ => return None,
    };
    Some(result & mask)
}

fn holds(insn: &Insn, first: u64, second: u64, wide: bool) -> Option<bool> {
    let mask = if wide { u64::MAX } else { u64::from(u32::MAX) };
    let (first, second) = (first & mask, second & mask);
    Some(match insn.code & 0xf0 {
        0x10 => first == second,
        0x20 => first > second,
        0x30 => first >= second,
        0x40 => first & second != 0,
        0x50 => first != second,
        0xa0 => first < second,
        0xb0 => first <= second,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::insn::{and, copy, exit, load, set, shift_right, store, unless, when};
    use super::*;

    #[test]
    fn results() {
        assert_eq!(run(&[set(0, 7), exit()], &[]), Some(7));
        assert_eq!(run(&[load(0, 1, 4), exit()], &[1, 2]), Some(2));
        let second_half = [load(2, 1, 0), shift_right(2, 16), copy(0, 2), exit()];
        assert_eq!(run(&second_half, &[0x0006_0002]), Some(6));
        let low = [load(0, 1, 0), and(0, 0xffff), exit()];
        assert_eq!(run(&low, &[0x0006_0002]), Some(2));
        let choice = [load(2, 1, 0), set(0, 0), unless(2, 5, 1), set(0, 1), exit()];
        assert_eq!(run(&choice, &[5]), Some(1));
        assert_eq!(run(&choice, &[6]), Some(0));
        let choice = [load(2, 1, 0), set(0, 0), when(2, 5, 1), set(0, 1), exit()];
        assert_eq!(run(&choice, &[5]), Some(0));
        // A constant of a wide compare has its sign extended: -1 is no u32.
        let negative = [load(2, 1, 0), set(0, 0), when(2, -1, 1), set(0, 1), exit()];
        assert_eq!(run(&negative, &[u32::MAX]), Some(1));
    }

    #[test]
    fn what_is_not_known() {
        let call = Insn {
            code: 0x85,
            ..Insn::default()
        };
        for program in [
            &[][..],
            &[exit()],
            &[set(0, 1)],
            &[set(0, 1), call, exit()],
            &[load(0, 2, 0), exit()],
            &[load(0, 1, 8), exit()],
            &[load(0, 1, 2), exit()],
            &[set(0, 1), store(1, 0, 0), exit()],
            &[set(0, 1), when(0, 1, -2), exit()],
            &[set(0, 1), when(0, 1, 9), exit()],
        ] {
            assert_eq!(run(program, &[1]), None, "{program:?}");
        }
    }
}
