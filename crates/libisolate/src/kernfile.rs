//! Reading the files of /proc and of cgroup trees. Their size is not known before they are read, so that
//! `std::fs::read` asks for it in vain and then grows its buffer call by call.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Everything from where the file stands.
pub(crate) fn rest(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0u8; 4096];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(len) => bytes.extend_from_slice(&buffer[..len]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A whole file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    rest(&mut File::open(path)?)
}

/// Undoes the kernel's `\040` for space, tab, newline and backslash.
pub(crate) fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, tail)) = rest.split_first() {
        let octal = |b: u8| (b'0'..=b'7').contains(&b);
        match tail {
            [a, b, c, after @ ..] if *first == b'\\' && octal(*a) && octal(*b) && octal(*c) => {
                let value =
                    u32::from(a - b'0') * 64 + u32::from(b - b'0') * 8 + u32::from(c - b'0');
                bytes.push(value as u8);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_buffer() {
        let status = read(Path::new("/proc/self/status")).expect("/proc");
        assert!(status.starts_with(b"Name:") && status.ends_with(b"\n"));
        let own = std::env::current_exe().expect("a program");
        assert_eq!(read(&own).ok(), std::fs::read(&own).ok());
    }
}
