//! misc: further resources that the kernel counts by name. The files are the same on v1 and v2.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reader::Reader;
use super::text::{keyed, limit, lines};
use crate::cgroup::tree::Tree;
use crate::error::Result;

/// What a group and those below it hold of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct MiscStat {
    /// Now in use.
    pub current: u64,
    /// The most that was in use at once (Linux 6.11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak: Option<u64>,
    /// The limit, absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How often the limit stood in the way (Linux 5.16).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<u64>,
}

pub(super) fn read(reader: &mut Reader, tree: &Tree) -> Result<BTreeMap<String, MiscStat>> {
    let mut stats = BTreeMap::new();
    for (file, parse) in [
        ("misc.current", parse_current as Parser),
        ("misc.max", parse_max),
        ("misc.peak", parse_peak),
        ("misc.events", parse_events),
    ] {
        if let Some(text) = reader.text(&tree.dir, file)? {
            parse(text, &mut stats);
        }
        if stats.is_empty() {
            break;
        }
    }
    Ok(stats)
}

type Parser = fn(&str, &mut BTreeMap<String, MiscStat>);

fn parse_current(text: &str, stats: &mut BTreeMap<String, MiscStat>) {
    for (name, current) in keyed(text) {
        stats.entry(name.to_owned()).or_default().current = current;
    }
}

fn parse_max(text: &str, stats: &mut BTreeMap<String, MiscStat>) {
    for (name, value) in lines(text).filter_map(|line| line.split_once(' ')) {
        if let Some(stat) = stats.get_mut(name) {
            stat.limit = limit(value.trim());
        }
    }
}

fn parse_peak(text: &str, stats: &mut BTreeMap<String, MiscStat>) {
    for (name, peak) in keyed(text) {
        if let Some(stat) = stats.get_mut(name) {
            stat.peak = Some(peak);
        }
    }
}

/// Lines `sev.max 3`.
fn parse_events(text: &str, stats: &mut BTreeMap<String, MiscStat>) {
    for (key, denied) in keyed(text) {
        let name = key.strip_suffix(".max").unwrap_or_default();
        if let Some(stat) = stats.get_mut(name) {
            stat.denied = Some(denied);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in the kernel's documentation of the files.
    #[test]
    fn resources() {
        let mut stats = BTreeMap::new();
        parse_current("res_a 3\nres_b 0\nres_c", &mut stats);
        parse_max("res_a max\nres_b 4\nres_d 5\n", &mut stats);
        parse_peak("res_a 10\nres_b 2\n", &mut stats);
        parse_events("res_a.max 7\nres_b.other 3\nmax 3\n", &mut stats);
        let expected = BTreeMap::from([
            (
                "res_a".to_owned(),
                MiscStat {
                    current: 3,
                    peak: Some(10),
                    limit: None,
                    denied: Some(7),
                },
            ),
            (
                "res_b".to_owned(),
                MiscStat {
                    current: 0,
                    peak: Some(2),
                    limit: Some(4),
                    denied: None,
                },
            ),
        ]);
        assert_eq!(stats, expected);
    }
}
