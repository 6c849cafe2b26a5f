//! Random rules and devices for the tests of this directory, from few numbers, so that they meet.

use super::{Access, Device, Kind, Rule};

/// xorshift64*, the same numbers for the same seed.
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    fn kind(&mut self) -> Kind {
        match self.below(2) {
            0 => Kind::Block,
            _ => Kind::Char,
        }
    }

    pub fn access(&mut self) -> Access {
        Access::from_bits(1 + self.below(7) as u8)
    }

    pub fn device(&mut self) -> Device {
        Device {
            kind: self.kind(),
            major: self.below(3) as u32,
            minor: self.below(3) as u32,
        }
    }

    pub fn rule(&mut self) -> Rule {
        let allow = self.below(2) == 0;
        if self.below(12) == 0 {
            return Rule::all(allow);
        }
        let Device { kind, major, minor } = self.device();
        let (any_major, any_minor) = (self.below(5) == 0, self.below(4) == 0);
        Rule {
            allow,
            kind,
            major: (!any_major).then_some(major),
            minor: (!any_minor).then_some(minor),
            access: self.access(),
        }
    }

    pub fn rules(&mut self, count: usize) -> Vec<Rule> {
        (0..count).map(|_| self.rule()).collect()
    }
}
