//! rdma: handles and objects by device. The files are the same on v1 and v2 (Linux 4.11).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reader::Reader;
use super::text::{limit, lines, number, pairs};
use crate::cgroup::tree::Tree;
use crate::error::Result;

/// What a group and those below it hold of one RDMA device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct RdmaStat {
    /// HCA handles in use.
    pub handles: u64,
    /// HCA objects in use.
    pub objects: u64,
    /// The limit of handles, absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handles_limit: Option<u64>,
    /// The limit of objects, absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects_limit: Option<u64>,
}

pub(super) fn read(reader: &mut Reader, tree: &Tree) -> Result<BTreeMap<String, RdmaStat>> {
    let mut stats = BTreeMap::new();
    if let Some(text) = reader.text(&tree.dir, "rdma.current")? {
        parse_current(text, &mut stats);
    }
    if let Some(text) = reader.text(&tree.dir, "rdma.max")? {
        parse_max(text, &mut stats);
    }
    Ok(stats)
}

/// `rdma.current`: lines `mlx4_0 hca_handle=2 hca_object=2000`.
fn parse_current(text: &str, stats: &mut BTreeMap<String, RdmaStat>) {
    for line in lines(text) {
        let mut words = line.split_whitespace();
        let Some(device) = words.next() else {
            continue;
        };
        let stat = stats.entry(device.to_owned()).or_default();
        for (key, value) in pairs(words) {
            match (key, number(value)) {
                ("hca_handle", Some(number)) => stat.handles = number,
                ("hca_object", Some(number)) => stat.objects = number,
                _ => {}
            }
        }
    }
}

/// `rdma.max`: the same, with `max` for no limit.
fn parse_max(text: &str, stats: &mut BTreeMap<String, RdmaStat>) {
    for line in lines(text) {
        let mut words = line.split_whitespace();
        // A device that came between the two readings is left to the next snapshot.
        let Some(stat) = words.next().and_then(|device| stats.get_mut(device)) else {
            continue;
        };
        for (key, value) in pairs(words) {
            match key {
                "hca_handle" => stat.handles_limit = limit(value),
                "hca_object" => stat.objects_limit = limit(value),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in the kernel's documentation of the files.
    #[test]
    fn devices() {
        let mut stats = BTreeMap::new();
        parse_current(
            "mlx4_0 hca_handle=1 hca_object=20\nocrdma1 hca_handle=1 hca_object=23\n\nmlx5_0 hca_handle=1",
            &mut stats,
        );
        parse_max(
            "mlx4_0 hca_handle=2 hca_object=2000\nocrdma1 hca_handle=3 hca_object=max\nnew_0 hca_handle=1\n",
            &mut stats,
        );
        let first = RdmaStat {
            handles: 1,
            objects: 20,
            handles_limit: Some(2),
            objects_limit: Some(2000),
        };
        assert_eq!(stats.get("mlx4_0"), Some(&first));
        let second = stats.get("ocrdma1").expect("it is in the text");
        assert_eq!(
            (second.handles_limit, second.objects_limit),
            (Some(3), None)
        );
        assert_eq!(stats.len(), 2);
    }
}
