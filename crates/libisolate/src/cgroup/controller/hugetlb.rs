//! hugetlb: huge pages by their size.

use super::Setting;
use crate::cgroup::Version;
use crate::cgroup::convert::hugepage_bytes;
use crate::error::{Error, Result};
use crate::spec::Limits;

/// Refuses what is no size of a page in the kernel's spelling.
pub(super) fn check(limits: &Limits) -> Result<()> {
    for page in limits.hugetlb.keys() {
        if hugepage_bytes(page).is_err() {
            return Err(Error::invalid(
                "limits.hugetlb",
                format!("{page:?} is no size of a page such as \"2MB\" or \"1GB\""),
            ));
        }
    }
    Ok(())
}

/// A file for each size.
pub(super) fn writes(limits: &Limits, version: Version) -> Result<Vec<Setting>> {
    check(limits)?;
    let end = match version {
        Version::V1 => "limit_in_bytes",
        Version::V2 => "max",
    };
    let all = limits.hugetlb.iter();
    Ok(all
        .map(|(page, size)| Setting::new("hugetlb", format!("hugetlb.{page}.{end}"), size.0))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Size;

    fn text(page: &str, version: Version) -> Vec<String> {
        let limits = Limits {
            hugetlb: [(page.to_owned(), Size(4 << 20))].into(),
            ..Limits::default()
        };
        match writes(&limits, version) {
            Ok(settings) => settings
                .iter()
                .map(|s| format!("{} {}", s.file, s.value))
                .collect(),
            Err(e) => vec![e.message()],
        }
    }

    #[test]
    fn a_file_for_each_size() {
        assert_eq!(text("2MB", Version::V2), ["hugetlb.2MB.max 4194304"]);
        assert_eq!(
            text("1GB", Version::V1),
            ["hugetlb.1GB.limit_in_bytes 4194304"]
        );
        assert_eq!(text("64KB", Version::V2), ["hugetlb.64KB.max 4194304"]);
    }

    #[test]
    fn what_is_no_size_of_a_page() {
        for page in [
            "", "MB", "2M", "2mb", "02MB", "2MB.rsvd", "../2MB", "+2MB", "12345MB",
        ] {
            assert_eq!(
                text(page, Version::V2),
                [format!(
                    "spec: limits.hugetlb: {page:?} is no size of a page such as \"2MB\" or \"1GB\""
                )]
            );
        }
    }
}
