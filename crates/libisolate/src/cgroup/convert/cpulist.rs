//! Lists of CPUs or memory nodes (`0-3,6`) as bits, which is how systemd takes `AllowedCPUs` and
//! `AllowedMemoryNodes`.

use crate::error::{Error, Result};

/// Far beyond NR_CPUS of every kernel; a number by mistake must not take gigabytes.
const END: usize = 1 << 16;

/// The bits of a list, the lowest CPU in the lowest bit of the first byte. Empty parts and blanks around
/// a part are taken.
///
/// # Errors
/// `InvalidSpec` for a part that is neither a number nor a range upwards, a number above 65535, or no
/// CPU at all.
pub fn cpu_list_to_bytes(list: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for part in list.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (first, last) = range(part).ok_or_else(|| {
            Error::invalid(
                "cpu list",
                format!("{list:?}: {part:?} is neither a number nor a range upwards"),
            )
        })?;
        if bytes.len() <= last / 8 {
            bytes.resize(last / 8 + 1, 0);
        }
        for cpu in first..=last {
            bytes[cpu / 8] |= 1 << (cpu % 8);
        }
    }
    if bytes.is_empty() {
        let detail = format!("{list:?} has no number");
        return Err(Error::invalid("cpu list", detail));
    }
    Ok(bytes)
}

/// The shortest list for such bits; empty where none is set.
pub fn cpu_list_of_bytes(bytes: &[u8]) -> String {
    let has = |cpu: usize| {
        bytes
            .get(cpu / 8)
            .is_some_and(|byte| byte >> (cpu % 8) & 1 == 1)
    };
    let mut parts = Vec::new();
    let mut cpu = 0;
    while cpu < bytes.len() * 8 {
        let first = cpu;
        while has(cpu) {
            cpu += 1;
        }
        match cpu - first {
            0 => {}
            1 => parts.push(first.to_string()),
            _ => parts.push(format!("{first}-{}", cpu - 1)),
        }
        cpu += 1;
    }
    parts.join(",")
}

fn range(part: &str) -> Option<(usize, usize)> {
    let number = |text: &str| {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    let (first, last) = match part.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(part)?, number(part)?),
    };
    (first <= last && last < END).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_as_published() {
        let mut high = vec![0u8; 17];
        high[0] = 2;
        high[16] = 7;
        for (list, bytes, shortest) in [
            ("0", vec![1], "0"),
            ("0-15", vec![0xff, 0xff], "0-15"),
            ("16", vec![0, 0, 1], "16"),
            ("0-3,32-33", vec![0x0f, 0, 0, 0, 3], "0-3,32-33"),
            ("128-130,1", high, "1,128-130"),
            (",0,1,", vec![3], "0-1"),
            (" , 1 , 3 , 5-7,", vec![0xea], "1,3,5-7"),
        ] {
            assert_eq!(cpu_list_to_bytes(list), Ok(bytes.clone()), "{list:?}");
            assert_eq!(cpu_list_of_bytes(&bytes), shortest);
        }
        for list in [
            "", ",", "-", "1-", "-3", "54-53", "1 - 2", "+1", "1-2-3", "65536", "x",
        ] {
            assert!(cpu_list_to_bytes(list).is_err(), "{list:?}");
        }
        assert_eq!(cpu_list_of_bytes(&[]), "");
        assert_eq!(cpu_list_of_bytes(&[0, 0]), "");
    }

    #[test]
    fn bits_survive_their_list() {
        for bits in 1..=u16::MAX {
            let bytes = bits.to_le_bytes();
            let list = cpu_list_of_bytes(&bytes);
            let mut again = cpu_list_to_bytes(&list).expect("some bit is set");
            again.resize(2, 0);
            assert_eq!(again, bytes, "{list}");
        }
    }
}
