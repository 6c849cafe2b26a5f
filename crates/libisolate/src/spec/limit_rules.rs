//! What a limit is made of where it is more than a number: rules for devices, disks and adapters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Seconds, Size};

/// How fast the job may read and write one block device, and its share of it. What is not set is not
/// limited; at least one must be.
///
/// v1 throttles what a process reads and writes by itself; what the kernel writes back later from the
/// page cache is limited on v2 only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IoLimit {
    /// The whole disk, not a partition: the path of its block device, such as `"/dev/sda"`, or its
    /// numbers, such as `"8:0"`.
    pub device: String,
    /// Bytes read each second, at least 1. cgroup: `io.max` rbps, v1
    /// `blkio.throttle.read_bps_device`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_bps: Option<Size>,
    /// Bytes written each second, at least 1. cgroup: `io.max` wbps, v1
    /// `blkio.throttle.write_bps_device`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_bps: Option<Size>,
    /// Read operations each second, 1 to 4294967294. cgroup: `io.max` riops, v1
    /// `blkio.throttle.read_iops_device`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_iops: Option<u64>,
    /// Write operations each second, 1 to 4294967294. cgroup: `io.max` wiops, v1
    /// `blkio.throttle.write_iops_device`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_iops: Option<u64>,
    /// Share of the device under contention, 1 to 10000, instead of `io_weight`. cgroup: `io.weight`
    /// or `io.bfq.weight`, v1 `blkio.weight_device` or `blkio.bfq.weight_device` (10 to 1000, converted).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u64>,
    /// The latency that the kernel is to protect by slowing others down, 1 microsecond to 1000 seconds.
    /// cgroup: `io.latency` (a kernel with CONFIG_BLK_CGROUP_IOLATENCY); v1 has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Seconds>,
}

/// One rule of the list that decides which devices a job may use. Rules are taken in order, on top of
/// what the caller's own group may use; the last one that speaks of a device decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceRule {
    /// Whether the rule allows or denies.
    pub allow: bool,
    /// Which devices: `"a"` for all, the notation of the devices controller such as `"c 1:3"`,
    /// `"b 8:*"` or `"c *:*"`, or the path of a device such as `"/dev/null"`.
    pub device: String,
    /// What may be done, letters of `"rwm"`: read, write, make a device node; default all three.
    #[serde(default = "every_access")]
    pub access: String,
}

fn every_access() -> String {
    "rwm".to_owned()
}

/// What the job may hold of one RDMA adapter. At least one must be set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RdmaLimit {
    /// The adapter's name, such as `"mlx5_0"`.
    pub device: String,
    /// Handles, 0 to 2147483647. cgroup: `rdma.max` hca_handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handles: Option<u64>,
    /// Objects, 0 to 2147483647. cgroup: `rdma.max` hca_object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
}

/// What the CPUs of `cpuset` are to the job's group (cgroups(7), `cpuset.cpus.partition`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CpusetPartition {
    /// CPUs shared with other groups, as every new group has.
    #[default]
    Member,
    /// CPUs of its own, over which the scheduler balances the job.
    Root,
    /// CPUs of its own, over which nothing is balanced.
    Isolated,
}

impl CpusetPartition {
    /// The word of the file.
    pub fn name(self) -> &'static str {
        match self {
            CpusetPartition::Member => "member",
            CpusetPartition::Root => "root",
            CpusetPartition::Isolated => "isolated",
        }
    }
}
