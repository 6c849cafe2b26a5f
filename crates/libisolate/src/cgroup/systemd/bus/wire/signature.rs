//! Signatures: which texts are types, and where one complete type ends.

use super::Malformed;

/// How deep arrays, and apart from them structs, may be nested, by the protocol.
const DEEPEST: u32 = 32;
/// The longest signature, by the protocol: its length is one byte.
const LONGEST: usize = 255;

/// Checks a signature of any number of complete types.
pub(super) fn check(signature: &str) -> Result<(), Malformed> {
    if signature.len() > LONGEST {
        return Err(Malformed("a signature of more than 255 bytes"));
    }
    let mut rest = signature.as_bytes();
    while !rest.is_empty() {
        rest = &rest[one(rest)?..];
    }
    Ok(())
}

/// The length of the first complete type.
pub(super) fn one(signature: &[u8]) -> Result<usize, Malformed> {
    complete(signature, 0, 0)
}

fn complete(signature: &[u8], arrays: u32, structs: u32) -> Result<usize, Malformed> {
    if arrays > DEEPEST || structs > DEEPEST {
        return Err(Malformed("a type nested more than 32 deep"));
    }
    match signature.first() {
        Some(letter) if basic(*letter) || *letter == b'v' => Ok(1),
        Some(b'a') if signature.get(1) == Some(&b'{') => {
            let key = signature.get(2).copied().unwrap_or_default();
            if !basic(key) {
                return Err(Malformed("a dictionary whose key is no basic type"));
            }
            let value = complete(&signature[3..], arrays + 1, structs + 1)?;
            match signature.get(3 + value) {
                Some(b'}') => Ok(4 + value),
                _ => Err(Malformed("a dictionary entry of more than two types")),
            }
        }
        Some(b'a') => Ok(1 + complete(&signature[1..], arrays + 1, structs)?),
        Some(b'(') => {
            let mut at = 1;
            while signature.get(at) != Some(&b')') {
                at += complete(&signature[at..], arrays, structs + 1)?;
            }
            match at {
                1 => Err(Malformed("a struct of no types")),
                _ => Ok(at + 1),
            }
        }
        Some(_) => Err(Malformed("a type that does not exist")),
        None => Err(Malformed("a type that is cut off")),
    }
}

fn basic(letter: u8) -> bool {
    b"ybnqiuxtdsogh".contains(&letter)
}

/// On which multiple values of a type begin, counted from the start of the message.
pub(super) fn alignment(signature: &[u8]) -> usize {
    match signature.first() {
        Some(b'n' | b'q') => 2,
        Some(b'b' | b'i' | b'u' | b's' | b'o' | b'a' | b'h') => 4,
        Some(b'x' | b't' | b'd' | b'(' | b'{') => 8,
        _ => 1,
    }
}
