//! What a group measured: CPU time, memory, refused processes, throttling, block device bytes.

use super::{Group, Version};
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
            Version::V1 if tree.has("blkio") => dir
                .read("blkio.throttle.io_service_bytes")
                .ok()
                .map(|text| blkio_bytes(&text)),
            Version::V2 if tree.has("io") => dir.read("io.stat").ok().map(|text| io_bytes(&text)),
            _ => None,
        };
        if let Some((read, written)) = io {
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

/// Read and written bytes of all devices: lines `8:0 Read 4096`.
fn blkio_bytes(text: &str) -> (u64, u64) {
    let sum = |operation: &str| {
        text.lines()
            .filter_map(|line| {
                let mut words = line.split(' ').skip(1);
                (words.next() == Some(operation)).then(|| words.next()?.parse::<u64>().ok())?
            })
            .sum()
    };
    (sum("Read"), sum("Write"))
}

/// Read and written bytes of all devices: lines `8:0 rbytes=4096 wbytes=0 rios=1 ...`.
fn io_bytes(text: &str) -> (u64, u64) {
    let sum = |key: &str| {
        text.split_whitespace()
            .filter_map(|word| word.strip_prefix(key)?.parse::<u64>().ok())
            .sum()
    };
    (sum("rbytes="), sum("wbytes="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_all_devices() {
        let v1 =
            "8:0 Read 4096\n8:0 Write 512\n8:0 Sync 0\n8:0 Total 4608\n8:16 Read 1\nTotal 4609\n";
        assert_eq!(blkio_bytes(v1), (4097, 512));
        let v2 =
            "8:0 rbytes=4096 wbytes=512 rios=1 wios=1 dbytes=9 dios=0\n254:0 rbytes=1 wbytes=2\n";
        assert_eq!(io_bytes(v2), (4097, 514));
        assert_eq!(blkio_bytes(""), (0, 0));
        assert_eq!(io_bytes("8:0\n"), (0, 0));
    }
}
