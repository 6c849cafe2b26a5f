//! The names of huge page sizes in hugetlb file names: `2MB`, `1GB`.

use crate::error::{Error, Result};

const UNITS: [(&str, u64); 3] = [("GB", 1 << 20), ("MB", 1 << 10), ("KB", 1)];

/// The size in a hugetlb file's name for a huge page of so many KiB, as /sys/kernel/mm/hugepages has
/// them: `hugepages-1048576kB` is `1GB`.
pub fn hugepage_name(kib: u64) -> String {
    let (unit, size) = UNITS
        .into_iter()
        .find(|(_, size)| kib >= *size)
        .unwrap_or(("KB", 1));
    format!("{}{unit}", kib / size)
}

/// The bytes of a huge page by that name.
///
/// # Errors
/// `InvalidSpec` for what is no such name.
pub fn hugepage_bytes(name: &str) -> Result<u64> {
    UNITS
        .into_iter()
        .find_map(|(unit, kib)| {
            let number: u64 = name.strip_suffix(unit)?.parse().ok()?;
            number.checked_mul(kib)?.checked_mul(1024)
        })
        // Only as the kernel writes it: not 02MB, not 1024KB.
        .filter(|bytes| *bytes > 0 && hugepage_name(bytes / 1024) == name)
        .ok_or_else(|| {
            Error::invalid(
                "hugetlb",
                format!("{name:?} is not a huge page size such as \"2MB\" or \"1GB\""),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_published() {
        for (kib, name) in [
            (1_048_576, "1GB"),
            (2048, "2MB"),
            (32_768, "32MB"),
            (64, "64KB"),
            (4_194_304, "4GB"),
        ] {
            assert_eq!(hugepage_name(kib), name);
            assert_eq!(hugepage_bytes(name), Ok(kib * 1024));
        }
        for shift in 2..40 {
            assert_eq!(
                hugepage_bytes(&hugepage_name(1 << shift)),
                Ok(1024 << shift)
            );
        }
        for name in [
            "",
            "2M",
            "MB",
            "-2MB",
            "+2MB",
            "02MB",
            "2 MB",
            "0MB",
            "0KB",
            "1024KB",
            "99999999999999999GB",
        ] {
            assert!(hugepage_bytes(name).is_err(), "{name:?}");
        }
    }
}
