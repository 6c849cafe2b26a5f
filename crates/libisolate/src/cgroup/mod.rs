//! Cgroups: which trees this host has, what a spec's limits mean on them, and a job's own group.
//!
//! [`plan_group`] is pure: it turns limits and a [`CgroupHost`] into a [`GroupPlan`]; [`Group`] makes
//! it, writes it, reads it back, and takes it away.

mod absent;
mod apply;
mod attach;
mod bpf;
mod choice;
mod controller;
pub mod convert;
mod create;
mod delegate;
mod device;
pub mod devices;
mod dir;
mod driver;
mod end;
mod events;
mod explain;
mod freeze;
mod group;
mod grow;
mod handle;
mod layout;
mod leaf;
mod measure;
mod memory;
mod parse;
mod path;
mod place;
mod plan;
mod probe;
mod pseudo;
mod put;
mod release;
pub mod stat;
mod systemd;
#[cfg(test)]
mod testing;
mod told;
mod tree;
mod write;

pub(crate) use bpf::program::try_for_devices as try_device_program;
pub(crate) use controller::check as check_limits;
pub use create::CreateOptions;
pub use device::DeviceFact;
pub(crate) use device::{look as look_at_device, named as named_devices, with_numbers};
pub use events::{Event, EventKind, Events, Level, LevelMode, Resource, Watch};
pub use group::{Group, GroupPlan, Write};
pub use handle::{Cgroup, Place};
pub use layout::{CgroupHost, Hierarchy, Layout, Version};
pub use leaf::move_to_leaf;
pub use memory::{MemoryValue, OomControl};
pub(crate) use parse::has_root_mount;
pub use plan::plan_group;
#[cfg(test)]
pub(crate) use probe::own_group_for;
pub(crate) use probe::probe;
pub use stat::{Stat, StatKind};
pub(crate) use systemd::{
    Asked, choose as choose_driver, is_delegated, told as told_of_unit, tracked as systemd_tree,
    version as systemd_version,
};
pub use systemd::{Manager, Property, PropertyValue, SystemdHost, UnitPlan};
