//! What a process does with a device: read, write, make its node.

use std::fmt;

use super::bad;
use crate::error::{Error, Result};

/// A set of the three ways to use a device: `r` read, `w` write, `m` make its node (mknod(2)).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Access(u8);

impl Access {
    /// Nothing.
    pub const NONE: Access = Access(0);
    // The bits are those of BPF_DEVCG_ACC_*, as the kernel hands them to a filter.
    /// Making its node.
    pub const MKNOD: Access = Access(1);
    /// Reading.
    pub const READ: Access = Access(2);
    /// Writing.
    pub const WRITE: Access = Access(4);
    /// All three.
    pub const ALL: Access = Access(7);

    /// The letters in the order in which the kernel shows them.
    const LETTERS: [(char, Access); 3] = [
        ('r', Access::READ),
        ('w', Access::WRITE),
        ('m', Access::MKNOD),
    ];

    /// Reads letters out of `rwm`, in any order, each at most once.
    ///
    /// # Errors
    /// `InvalidSpec`: no letter, another letter, or one twice.
    pub fn parse(text: &str) -> Result<Access> {
        let mut access = Access::NONE;
        for letter in text.chars() {
            let known = Access::LETTERS.iter().find(|(l, _)| *l == letter);
            match known {
                Some((_, bit)) if !access.intersects(*bit) => access = access.union(*bit),
                _ => return Err(Access::wrong(text)),
            }
        }
        match access {
            Access::NONE => Err(Access::wrong(text)),
            access => Ok(access),
        }
    }

    fn wrong(text: &str) -> Error {
        bad(text, "the access is letters out of rwm, each at most once")
    }

    /// The bits of the kernel's `BPF_DEVCG_ACC_*`: make a node 1, read 2, write 4.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The set of these bits; others are dropped.
    pub fn from_bits(bits: u8) -> Access {
        Access(bits & Access::ALL.0)
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` is in it.
    pub fn contains(self, other: Access) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in it.
    pub fn intersects(self, other: Access) -> bool {
        self.0 & other.0 != 0
    }

    /// What is in either.
    #[must_use]
    pub fn union(self, other: Access) -> Access {
        Access(self.0 | other.0)
    }

    /// What is in this one alone.
    #[must_use]
    pub fn difference(self, other: Access) -> Access {
        Access(self.0 & !other.0)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, bit) in Access::LETTERS {
            if self.contains(bit) {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters() {
        for bits in 1..8 {
            let access = Access::from_bits(bits);
            assert_eq!(Access::parse(&access.to_string()), Ok(access));
        }
        assert_eq!(Access::parse("mwr"), Ok(Access::ALL));
        assert_eq!(Access::ALL.to_string(), "rwm");
        for wrong in ["", "x", "rr", "r w", "R", "rwmr"] {
            assert!(Access::parse(wrong).is_err(), "{wrong:?} was taken");
        }
    }
}
