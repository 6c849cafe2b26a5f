//! hugetlb: huge pages by size.

use std::collections::BTreeMap;
use std::sync::Mutex;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reader::Reader;
use super::text::keyed;
use crate::cgroup::Version;
use crate::cgroup::convert::hugepage_bytes;
use crate::cgroup::tree::Tree;
use crate::error::Result;

/// Huge pages of one size of a group and of those below it. Bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct HugetlbStat {
    /// Now in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    /// The most that was in use at once, v1 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak: Option<u64>,
    /// The limit, absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How often the limit refused a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failcnt: Option<u64>,
}

pub(super) fn read(reader: &mut Reader, tree: &Tree) -> Result<BTreeMap<String, HugetlbStat>> {
    let dir = &tree.dir;
    let mut stats = BTreeMap::new();
    for size in sizes(tree) {
        let file = |name: &str| format!("hugetlb.{size}.{name}");
        let stat = match tree.version {
            Version::V1 => HugetlbStat {
                current: reader.number(dir, &file("usage_in_bytes"))?,
                peak: reader.number(dir, &file("max_usage_in_bytes"))?,
                limit: limited(reader.limit(dir, &file("limit_in_bytes"))?, &size),
                failcnt: reader.number(dir, &file("failcnt"))?,
            },
            Version::V2 => HugetlbStat {
                current: reader.number(dir, &file("current"))?,
                peak: None,
                limit: limited(reader.limit(dir, &file("max"))?, &size),
                failcnt: reader.text(dir, &file("events"))?.and_then(refused),
            },
        };
        if stat.current.is_some() {
            stats.insert(size, stat);
        }
    }
    Ok(stats)
}

/// "No limit" is rounded down to whole huge pages here: 2^63 - 2^30 with those of 1GB.
fn limited(limit: Option<u64>, size: &str) -> Option<u64> {
    let page = hugepage_bytes(size).unwrap_or(0);
    limit.filter(|limit| *limit < (1u64 << 63).saturating_sub(page))
}

/// `hugetlb.2MB.events`.
fn refused(text: &str) -> Option<u64> {
    keyed(text).find(|(key, _)| *key == "max").map(|(_, n)| n)
}

/// The sizes that the group's files are named by. They are the same in every group until the next boot,
/// so that a directory is listed once, not with every snapshot.
fn sizes(tree: &Tree) -> Vec<String> {
    static SIZES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut known = SIZES.lock().unwrap_or_else(|p| p.into_inner());
    // The root has no such files.
    if known.is_empty() {
        let mut found: Vec<String> = tree
            .dir
            .files()
            .iter()
            .filter_map(|name| size(name))
            .map(str::to_owned)
            .collect();
        found.sort_unstable();
        found.dedup();
        *known = found;
    }
    known.clone()
}

/// `2MB` of `hugetlb.2MB.current` or `hugetlb.2MB.usage_in_bytes`.
fn size(name: &str) -> Option<&str> {
    let (size, rest) = name.strip_prefix("hugetlb.")?.split_once('.')?;
    matches!(rest, "current" | "usage_in_bytes").then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_refusals() {
        assert_eq!(size("hugetlb.2MB.current"), Some("2MB"));
        assert_eq!(size("hugetlb.1GB.usage_in_bytes"), Some("1GB"));
        for name in [
            "hugetlb.2MB.max",
            "hugetlb.2MB.rsvd.current",
            "memory.current",
            "hugetlb.",
        ] {
            assert_eq!(size(name), None, "{name}");
        }
        // Linux 6.1.
        assert_eq!(limited(Some(9_223_372_035_781_033_984), "1GB"), None);
        assert_eq!(
            limited(Some(9_223_372_035_781_033_984), "2MB"),
            Some(9_223_372_035_781_033_984)
        );
        assert_eq!(limited(Some(1 << 31), "1GB"), Some(1 << 31));
        assert_eq!(refused("max 2\n"), Some(2));
        assert_eq!(refused(""), None);
    }
}
