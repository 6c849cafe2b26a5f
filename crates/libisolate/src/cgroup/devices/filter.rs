//! Rules as an eBPF program for `BPF_CGROUP_DEVICE`, in the layout that container runtimes share, and
//! back again.

use super::state::last_reset;
use super::{Access, Device, Kind, Rule, State};
use crate::cgroup::bpf::insn::{
    self, Insn, and, copy, exit, load, set, shift_right, unless, unless_same, when,
};
use crate::cgroup::bpf::run::run;

// The registers of the layout.
const RESULT: u8 = 0;
const SCRATCH: u8 = 1;
const TYPE: u8 = 2;
const ACCESS: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;

/// `BPF_DEVCG_DEV_*`
fn type_number(kind: Kind) -> i32 {
    match kind {
        Kind::Block => 1,
        Kind::Char | Kind::All => 2,
    }
}

/// The program for a list of rules. It returns 1 for what is allowed.
pub(crate) fn program(rules: &[Rule]) -> Vec<Insn> {
    let (default_allow, order) = order(rules);
    // The context is `struct bpf_cgroup_dev_ctx`: type and access in one number, major, minor.
    let mut program = vec![
        load(TYPE, 1, 0),
        and(TYPE, 0xffff),
        load(ACCESS, 1, 0),
        shift_right(ACCESS, 16),
        load(MAJOR, 1, 4),
        load(MINOR, 1, 8),
    ];
    for rule in order {
        program.extend(block(&rule));
    }
    program.extend([set(RESULT, i32::from(default_allow)), exit()]);
    program
}

/// The default, and the rules in the order in which they are asked: the first that matches decides.
fn order(rules: &[Rule]) -> (bool, Vec<Rule>) {
    if let Ok(state) = State::of(rules) {
        return (state.default_allow, state.exceptions());
    }
    // Rules with holes, which v1 does not have: the last one that matches decides.
    let (default_allow, rest) = match &rules[last_reset(rules)..] {
        [first, rest @ ..] if first.kind == Kind::All => (first.allow, rest),
        rest => (false, rest),
    };
    let asked = rest.iter().rev().filter(|rule| !rule.access.is_empty());
    (default_allow, asked.copied().collect())
}

fn block(rule: &Rule) -> Vec<Insn> {
    let mut block = vec![unless(TYPE, type_number(rule.kind), 0)];
    if rule.access != Access::ALL {
        let bits = i32::from(rule.access.bits());
        block.extend([copy(SCRATCH, ACCESS), and(SCRATCH, bits)]);
        block.push(match rule.allow {
            // To allow, a rule must have all that is asked for; to deny, any of it is enough, as v1
            // has it: or a denied write would pass with O_RDWR.
            true => unless_same(SCRATCH, ACCESS, 0),
            false => when(SCRATCH, 0, 0),
        });
    }
    for (register, number) in [(MAJOR, rule.major), (MINOR, rule.minor)] {
        // Device numbers are below 2^20, so that no constant's sign is extended.
        block.extend(number.map(|number| unless(register, number as i32, 0)));
    }
    block.extend([set(RESULT, i32::from(rule.allow)), exit()]);
    let end = block.len();
    for (at, insn) in block.iter_mut().enumerate() {
        if insn::jumps(insn) {
            insn.offset = (end - at - 1) as i16;
        }
    }
    block
}

/// The rules that a program was made of, in the shortest form; `None` for a program of another layout.
pub(crate) fn decode(code: &[Insn]) -> Option<Vec<Rule>> {
    let (mut rest, default_allow) = match code {
        [_, _, _, _, _, _, rest @ .., last, _] => (rest, last.value == 1),
        _ => return None,
    };
    let mut asked = Vec::new();
    while let Some(first) = rest.first() {
        let len = usize::try_from(first.offset).ok()? + 1;
        let (block, after) = rest.split_at_checked(len)?;
        asked.push(rule_of(block)?);
        rest = after;
    }
    let mixed = asked.iter().any(|rule| rule.allow == default_allow);
    if mixed {
        asked.reverse();
    }
    let mut rules = vec![Rule::all(default_allow)];
    rules.extend(asked);
    // The reading above looks at little; this looks at everything.
    (program(&rules) == code).then_some(rules)
}

fn rule_of(block: &[Insn]) -> Option<Rule> {
    let (kind, tests, verdict) = match block {
        [kind, tests @ .., verdict, _] => (kind, tests, verdict),
        _ => return None,
    };
    let value = |wanted: Insn| {
        let found = tests
            .iter()
            .find(|i| i.code == wanted.code && i.registers == wanted.registers);
        found.map(|i| i.value)
    };
    Some(Rule {
        allow: verdict.value == 1,
        kind: match kind.value {
            1 => Kind::Block,
            _ => Kind::Char,
        },
        major: value(unless(MAJOR, 0, 0)).map(|number| number as u32),
        minor: value(unless(MINOR, 0, 0)).map(|number| number as u32),
        access: value(and(SCRATCH, 0)).map_or(Access::ALL, |bits| Access::from_bits(bits as u8)),
    })
}

/// What a filter, whoever made it, says of a device; `None` where it cannot be told.
pub(crate) fn ask(program: &[Insn], device: &Device, access: Access) -> Option<bool> {
    let context = [
        u32::from(access.bits()) << 16 | type_number(device.kind) as u32,
        device.major,
        device.minor,
    ];
    run(program, &context).map(|result| result != 0)
}

/// The rule of a decoded list that decides; `None` where the default does.
pub(crate) fn deciding(rules: &[Rule], device: &Device, access: Access) -> Option<Rule> {
    let (_, asked) = order(rules);
    asked.into_iter().find(|rule| {
        rule.covers(device)
            && match rule.allow {
                true => rule.access.contains(access),
                false => rule.access == Access::ALL || rule.access.intersects(access),
            }
    })
}

/// The instructions of the filter that a group of cgroup v2 gets for a list of rules, as text.
pub fn listing(rules: &[Rule]) -> String {
    insn::listing(&program(rules))
}

#[cfg(test)]
mod tests;
