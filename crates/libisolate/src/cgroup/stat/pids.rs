//! pids: processes and threads. The files are the same on v1 and v2.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reader::Reader;
use super::text::keyed;
use crate::cgroup::tree::Tree;
use crate::error::Result;

/// Processes and threads of a group and of those below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct PidsStat {
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    /// The most that there were at once (Linux 6.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak: Option<u64>,
    /// The limit, absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How often a new one was refused. v1, and v2 before Linux 6.11: to a process of this group, by its
    /// limit or one above; v2 since: by the limit of this group or one below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<u64>,
}

pub(super) fn read(reader: &mut Reader, tree: &Tree) -> Result<PidsStat> {
    let dir = &tree.dir;
    Ok(PidsStat {
        current: reader.number(dir, "pids.current")?,
        peak: reader.number(dir, "pids.peak")?,
        limit: reader.limit(dir, "pids.max")?,
        denied: reader.text(dir, "pids.events")?.and_then(denied),
    })
}

/// `pids.events`.
fn denied(text: &str) -> Option<u64> {
    keyed(text).find(|(key, _)| *key == "max").map(|(_, n)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals() {
        assert_eq!(denied("max 3\n"), Some(3));
        assert_eq!(denied("other 1\nmax 0\n"), Some(0));
        assert_eq!(denied("max"), None);
        assert_eq!(denied(""), None);
    }
}
