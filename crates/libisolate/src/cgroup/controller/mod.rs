//! What limits mean as values of cgroup files, one file for each controller, v1 and v2 side by side.

pub(super) mod cpu;
pub(super) mod cpuset;
pub(super) mod memory;
pub(super) mod pids;

/// A value for a file, and the limit that asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub limit: &'static str,
    pub file: &'static str,
    pub value: String,
}

impl Setting {
    fn new(limit: &'static str, file: &'static str, value: impl ToString) -> Setting {
        Setting {
            limit,
            file,
            value: value.to_string(),
        }
    }
}
