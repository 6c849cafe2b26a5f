//! What a group measured: CPU time, memory, refused processes, throttling, block device bytes.

use super::{Group, Version, stat};
use crate::job::Usage;

pub(super) fn oom_kills(group: &Group) -> Option<u64> {
    let tree = group.trees.iter().find(|t| t.has("memory"))?;
    let file = match tree.version {
        Version::V1 => "memory.oom_control",
        Version::V2 => "memory.events",
    };
    tree.dir.keyed(file, "oom_kill")
}

pub(super) fn fill(group: &Group, usage: &mut Usage) {
    if let Some(seconds) = cpu_time(group) {
        usage.cpu_time = seconds;
    }
    usage.oom_kills = oom_kills(group);
    for tree in &group.trees {
        let dir = &tree.dir;
        if tree.has("memory") {
            usage.memory_peak = match tree.version {
                Version::V1 => dir.number("memory.max_usage_in_bytes"),
                Version::V2 => dir.number("memory.peak"),
            };
        }
        if tree.has("pids") {
            let init = u64::from(group.with_init && tree.version == Version::V2);
            usage.pids_peak = dir
                .number("pids.peak")
                .map(|peak| peak.saturating_sub(init));
            usage.pids_denied = dir.keyed("pids.events", "max");
        }
        if tree.has("cpu") {
            usage.throttled_time = match tree.version {
                Version::V1 => dir
                    .keyed("cpu.stat", "throttled_time")
                    .map(|ns| ns as f64 / 1e9),
                Version::V2 => dir
                    .keyed("cpu.stat", "throttled_usec")
                    .map(|us| us as f64 / 1e6),
            };
        }
        let io = match tree.version {
            Version::V1 => tree.has("blkio"),
            Version::V2 => tree.has("io"),
        };
        if let (true, Ok((read, written))) = (io, stat::io::bytes(tree)) {
            usage.io_read = Some(read);
            usage.io_written = Some(written);
        }
    }
}

fn cpu_time(group: &Group) -> Option<f64> {
    let tree = group.usage_tree()?;
    match tree.version {
        Version::V1 => tree.dir.number("cpuacct.usage").map(|ns| ns as f64 / 1e9),
        Version::V2 => tree
            .dir
            .keyed("cpu.stat", "usage_usec")
            .map(|us| us as f64 / 1e6),
    }
}
