//! memory: what is used, the peak, the limits, and what they have done.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reader::Reader;
use super::text::keyed;
use crate::cgroup::Version;
use crate::cgroup::dir::Dir;
use crate::cgroup::tree::Tree;
use crate::error::Result;

/// Memory of a group and of those below it, page cache and kernel memory included. Bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct MemoryStat {
    /// Now in use. Of the root of the v2 tree, which does not count it: anonymous memory and page cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    /// The most that was in use at once. v2: Linux 5.19.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak: Option<u64>,
    /// The limit, absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Swap in use. v1 tells only the sum with memory: the difference of two numbers that are read one
    /// after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_current: Option<u64>,
    /// The most swap that was in use at once, v2 only (Linux 6.5): the peak of a sum is not a sum of
    /// peaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_peak: Option<u64>,
    /// The swap limit, absent where there is none. v1: what the sum may be beyond the memory limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_limit: Option<u64>,
    /// How often the limit stood in the way. v1: `memory.failcnt`, which stays 0 while the limit of the
    /// sum is no higher; v2: `max` of `memory.events`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failcnt: Option<u64>,
    /// Processes that the out of memory killer ended. v1: in this group alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_kills: Option<u64>,
    /// Whether processes wait for memory right now, v1 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under_oom: Option<bool>,
    /// `memory.events`, v2 only.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub events: BTreeMap<String, u64>,
    /// `memory.stat` by the kernel's names, which are other ones on v1; what begins with `total_` there
    /// includes the groups below, the rest does not.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stat: BTreeMap<String, u64>,
}

impl MemoryStat {
    /// What v1 calls `memory.memsw.usage_in_bytes`: memory and swap in use.
    pub fn memsw_current(&self) -> Option<u64> {
        Some(self.current?.saturating_add(self.swap_current?))
    }

    /// What v1 calls `memory.memsw.limit_in_bytes`; `None` where memory or swap has no limit.
    ///
    /// There is no such peak: it cannot be had from those of memory and of swap.
    pub fn memsw_limit(&self) -> Option<u64> {
        Some(self.limit?.saturating_add(self.swap_limit?))
    }
}

pub(super) fn read(reader: &mut Reader, tree: &Tree) -> Result<MemoryStat> {
    match tree.version {
        Version::V1 => v1(reader, &tree.dir),
        Version::V2 => v2(reader, &tree.dir),
    }
}

fn v1(reader: &mut Reader, dir: &Dir) -> Result<MemoryStat> {
    let mut stat = MemoryStat::default();
    // The sum first: memory that is taken between the two then counts against swap, not as swap.
    let sum = reader.number(dir, "memory.memsw.usage_in_bytes")?;
    stat.current = reader.number(dir, "memory.usage_in_bytes")?;
    stat.swap_current = difference(sum, stat.current);
    stat.peak = reader.number(dir, "memory.max_usage_in_bytes")?;
    stat.limit = reader.limit(dir, "memory.limit_in_bytes")?;
    let sum_limit = match sum {
        Some(_) => reader.limit(dir, "memory.memsw.limit_in_bytes")?,
        None => None,
    };
    stat.swap_limit = difference(sum_limit, stat.limit);
    stat.failcnt = reader.number(dir, "memory.failcnt")?;
    if let Some(text) = reader.text(dir, "memory.oom_control")? {
        for (key, value) in keyed(text) {
            match key {
                "oom_kill" => stat.oom_kills = Some(value),
                "under_oom" => stat.under_oom = Some(value != 0),
                _ => {}
            }
        }
    }
    if let Some(text) = reader.text(dir, "memory.stat")? {
        stat.stat = parse(text);
    }
    Ok(stat)
}

fn v2(reader: &mut Reader, dir: &Dir) -> Result<MemoryStat> {
    let mut stat = MemoryStat::default();
    if let Some(text) = reader.text(dir, "memory.stat")? {
        stat.stat = parse(text);
    }
    stat.current = match reader.number(dir, "memory.current")? {
        Some(current) => Some(current),
        // The root of the tree has neither that nor what follows.
        None => {
            stat.current = in_use(&stat.stat);
            return Ok(stat);
        }
    };
    stat.peak = reader.number(dir, "memory.peak")?;
    stat.limit = reader.limit(dir, "memory.max")?;
    stat.swap_current = reader.number(dir, "memory.swap.current")?;
    if stat.swap_current.is_some() {
        stat.swap_peak = reader.number(dir, "memory.swap.peak")?;
        stat.swap_limit = reader.limit(dir, "memory.swap.max")?;
    }
    if let Some(text) = reader.text(dir, "memory.events")? {
        stat.events = parse(text);
        stat.failcnt = stat.events.get("max").copied();
        stat.oom_kills = stat.events.get("oom_kill").copied();
    }
    Ok(stat)
}

/// `memory.stat` and `memory.events`.
fn parse(text: &str) -> BTreeMap<String, u64> {
    keyed(text).map(|(key, n)| (key.to_owned(), n)).collect()
}

fn in_use(stat: &BTreeMap<String, u64>) -> Option<u64> {
    Some(stat.get("anon")?.saturating_add(*stat.get("file")?))
}

fn difference(sum: Option<u64>, part: Option<u64>) -> Option<u64> {
    Some(sum?.saturating_sub(part?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_v1() {
        assert_eq!(difference(Some(500), Some(200)), Some(300));
        // Read while memory was given back.
        assert_eq!(difference(Some(200), Some(500)), Some(0));
        assert_eq!(difference(None, Some(5)), None);
        assert_eq!(difference(Some(5), None), None);
        let mut stat = MemoryStat {
            current: Some(4096),
            swap_current: Some(100),
            limit: Some(u64::MAX),
            ..MemoryStat::default()
        };
        assert_eq!(stat.memsw_current(), Some(4196));
        assert_eq!(stat.memsw_limit(), None, "swap is not limited");
        stat.swap_limit = Some(5);
        assert_eq!(stat.memsw_limit(), Some(u64::MAX));
    }

    #[test]
    fn the_root_of_v2() {
        let stat = parse("anon 8953856\nfile 32210944\nkernel 3584000\nslab -1\nshm");
        assert_eq!(in_use(&stat), Some(41_164_800));
        assert_eq!(stat.get("slab"), Some(&0));
        assert_eq!(stat.len(), 4);
        assert_eq!(in_use(&parse("cache 5\n")), None);
    }
}
