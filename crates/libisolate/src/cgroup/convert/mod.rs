//! Conversions between the values of cgroup v1 and v2, as pure functions under named rules.
//!
//! Nothing here looks at the host. Numbers of v1 keep their meaning: -1 is "no limit", 0 is "not set".
//! Peers disagree on weights, so that each such conversion takes the [`Rule`] to go by.

mod cpu;
mod cpulist;
mod memory;
mod size;
mod weight;

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

pub use cpu::{
    CPU_PERIOD, SystemdQuota, cpu_max, cpu_max_parts, cpu_max_update, pids_max, quota_of,
    systemd_quota,
};
pub use cpulist::{cpu_list_of_bytes, cpu_list_to_bytes};
pub use memory::{
    is_unlimited, max_to_v1_limit, memsw_limit, page_floor, swap_max, v1_limit_to_max, v1_unlimited,
};
pub use size::{hugepage_bytes, hugepage_name};
pub use weight::{blkio_to_io_weight, io_to_blkio_weight, shares_to_weight, weight_to_shares};

/// How weights of one version become those of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ConversionRule")]
#[non_exhaustive]
pub enum Rule {
    /// The rule of runc 1.3.2, crun 1.23 and youki 0.6 (2025): 1024 shares are the weight 100, and both
    /// ends meet. What this library goes by.
    #[default]
    #[serde(rename = "runc-2025")]
    Runc2025,
    /// The rule of systemd for CPU weights: 1024 to 100 in proportion, cut at 1 and 10000. For block
    /// devices that of crun under systemd: 100 is 100.
    #[serde(rename = "systemd")]
    Systemd,
    /// One straight line from end to end: runc before 1.3.2, where 1024 shares are the weight 39.
    #[serde(rename = "linear")]
    Linear,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 3] = [Rule::Runc2025, Rule::Systemd, Rule::Linear];

    /// The rule's name, the same in every language.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Runc2025 => "runc-2025",
            Rule::Systemd => "systemd",
            Rule::Linear => "linear",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Rule {
    type Err = Error;

    fn from_str(name: &str) -> Result<Rule> {
        Rule::ALL
            .into_iter()
            .find(|rule| rule.name() == name)
            .ok_or_else(|| {
                Error::invalid(
                    "rule",
                    format!("{name:?} is not one of runc-2025, systemd, linear"),
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rules() {
        for rule in Rule::ALL {
            assert_eq!(rule.to_string().parse(), Ok(rule));
            let json = format!("\"{rule}\"");
            assert_eq!(serde_json::to_string(&rule).ok(), Some(json.clone()));
            assert_eq!(serde_json::from_str(&json).ok(), Some(rule));
        }
        let told = "runc".parse::<Rule>().map_err(|e| e.message());
        let text = "spec: rule: \"runc\" is not one of runc-2025, systemd, linear";
        assert_eq!(told, Err(text.to_owned()));
    }
}
