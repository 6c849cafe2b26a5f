//! Cgroups: which trees this host has, what a spec's limits mean on them, and a job's own group.
//!
//! [`plan_group`] is pure: it turns limits and a [`CgroupHost`] into a [`GroupPlan`]; [`Group`] makes
//! it, writes it, reads it back, and takes it away.

mod group;
mod layout;

pub use group::{Group, GroupPlan, Write, plan_group};
pub use layout::{CgroupHost, Hierarchy, Layout, Version};
