//! io: bytes and operations by block device. v1 calls the controller blkio.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reader::Reader;
use super::text::{lines, number, pairs};
use crate::cgroup::Version;
use crate::cgroup::dir::Dir;
use crate::cgroup::tree::Tree;
use crate::error::Result;

/// What a group and those below it have read and written on one block device.
///
/// v1 counts less than v2: of Linux 6.18 only devices on which some group has had a `blkio.throttle`
/// limit since the host started, or whose scheduler is bfq.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct IoStat {
    /// The device's numbers, `MAJOR:MINOR`.
    pub device: String,
    /// Bytes read.
    pub rbytes: u64,
    /// Bytes written.
    pub wbytes: u64,
    /// Read operations.
    pub rios: u64,
    /// Write operations.
    pub wios: u64,
    /// Bytes discarded.
    pub dbytes: u64,
    /// Discard operations.
    pub dios: u64,
    /// What else the kernel tells, by its own names (`cost.usage` and its like), v2 only.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<String, u64>,
}

/// The files of v1 from the best to the oldest: those that count the groups below, too, and at last
/// those of bfq, which counts for itself.
const V1_FILES: [(&str, &str); 3] = [
    (
        "blkio.throttle.io_service_bytes_recursive",
        "blkio.throttle.io_serviced_recursive",
    ),
    (
        "blkio.throttle.io_service_bytes",
        "blkio.throttle.io_serviced",
    ),
    (
        "blkio.bfq.io_service_bytes_recursive",
        "blkio.bfq.io_serviced_recursive",
    ),
];

pub(super) fn read(reader: &mut Reader, tree: &Tree) -> Result<Vec<IoStat>> {
    read_files(reader, tree, true)
}

/// Read and written bytes of all devices, for what a job used.
pub(in crate::cgroup) fn bytes(tree: &Tree) -> Result<(u64, u64)> {
    let devices = read_files(&mut Reader::new(), tree, false)?;
    let sum = |field: fn(&IoStat) -> u64| devices.iter().map(field).fold(0, u64::saturating_add);
    Ok((sum(|d| d.rbytes), sum(|d| d.wbytes)))
}

fn read_files(reader: &mut Reader, tree: &Tree, operations: bool) -> Result<Vec<IoStat>> {
    match tree.version {
        Version::V1 => v1(reader, &tree.dir, operations),
        Version::V2 => Ok(reader
            .text(&tree.dir, "io.stat")?
            .map(parse)
            .unwrap_or_default()),
    }
}

fn v1(reader: &mut Reader, dir: &Dir, operations: bool) -> Result<Vec<IoStat>> {
    let mut stats = Vec::new();
    let mut found = false;
    for (bytes, ios) in V1_FILES {
        if found && !bytes.contains("bfq") {
            continue;
        }
        let Some(text) = reader.text(dir, bytes)? else {
            continue;
        };
        found = true;
        parse_v1(text, Column::Bytes, &mut stats);
        if stats.is_empty() {
            continue;
        }
        if operations && let Some(text) = reader.text(dir, ios)? {
            parse_v1(text, Column::Operations, &mut stats);
        }
        break;
    }
    Ok(stats)
}

/// `io.stat`. Some kernels leave out the end of a line that has only a device: the next device follows
/// on the same line.
fn parse(text: &str) -> Vec<IoStat> {
    let mut stats: Vec<IoStat> = Vec::new();
    for line in lines(text) {
        let mut device = None;
        for word in line.split_whitespace() {
            if is_device(word) {
                device = Some(word);
                continue;
            }
            let (Some(device), Some((key, value))) = (device, pairs([word].into_iter()).next())
            else {
                continue;
            };
            let Some(value) = number(value) else {
                continue;
            };
            let at = at(&mut stats, device);
            let field = match key {
                "rbytes" => &mut at.rbytes,
                "wbytes" => &mut at.wbytes,
                "rios" => &mut at.rios,
                "wios" => &mut at.wios,
                "dbytes" => &mut at.dbytes,
                "dios" => &mut at.dios,
                _ => at.other.entry(key.to_owned()).or_default(),
            };
            *field = value;
        }
    }
    stats
}

#[derive(Clone, Copy)]
enum Column {
    Bytes,
    Operations,
}

/// `blkio.*.io_service_bytes` and `blkio.*.io_serviced`: lines `8:0 Read 4096`.
fn parse_v1(text: &str, column: Column, stats: &mut Vec<IoStat>) {
    for line in lines(text) {
        let mut words = line.split_whitespace();
        let (Some(device), Some(operation), Some(value)) = (
            words.next().filter(|word| is_device(word)),
            words.next(),
            words.next().and_then(number),
        ) else {
            continue;
        };
        let at = at(stats, device);
        let field = match (operation, column) {
            ("Read", Column::Bytes) => &mut at.rbytes,
            ("Write", Column::Bytes) => &mut at.wbytes,
            ("Discard", Column::Bytes) => &mut at.dbytes,
            ("Read", Column::Operations) => &mut at.rios,
            ("Write", Column::Operations) => &mut at.wios,
            ("Discard", Column::Operations) => &mut at.dios,
            // The same once more by other words.
            _ => continue,
        };
        *field = value;
    }
}

fn is_device(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    word.split_once(':')
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}

/// The entry of a device. Lines of the same device follow one another.
fn at<'s>(stats: &'s mut Vec<IoStat>, device: &str) -> &'s mut IoStat {
    let found = stats.iter().rposition(|stat| stat.device == device);
    let index = found.unwrap_or_else(|| {
        stats.push(IoStat {
            device: device.to_owned(),
            ..IoStat::default()
        });
        stats.len() - 1
    });
    &mut stats[index]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io(device: &str, numbers: [u64; 6]) -> IoStat {
        let [rbytes, wbytes, rios, wios, dbytes, dios] = numbers;
        IoStat {
            device: device.to_owned(),
            rbytes,
            wbytes,
            rios,
            wios,
            dbytes,
            dios,
            other: BTreeMap::new(),
        }
    }

    /// Linux 6.12.
    #[test]
    fn v2_devices() {
        let text = "254:0 rbytes=1073152 wbytes=0 rios=49 wios=0 dbytes=0 dios=0\n\
                    259:0 rbytes=34382848 wbytes=12541952 rios=909 wios=55 dbytes=4096 dios=1\n";
        assert_eq!(
            parse(text),
            [
                io("254:0", [1_073_152, 0, 49, 0, 0, 0]),
                io("259:0", [34_382_848, 12_541_952, 909, 55, 4096, 1]),
            ]
        );
    }

    #[test]
    fn v2_lines_without_an_end_and_further_words() {
        let mut with_cost = io("8:0", [4096, 1, 2, 3, 0, 0]);
        with_cost.other.insert("cost.usage".to_owned(), 17);
        assert_eq!(
            parse(
                "7:7 7:6 8:0 rbytes=4096 wbytes=1 rios=2 wios=3 dbytes=-1 dios=0 cost.usage=17 x=1.5\n"
            ),
            [with_cost]
        );
        assert_eq!(parse("8:0\n8:16 rbytes\nrbytes=5\n"), []);
        assert_eq!(parse("8:0 rbytes=40"), [], "it may have been 4096");
        assert_eq!(parse(""), []);
    }

    /// Linux 6.18, a loop device with a throttle limit.
    #[test]
    fn v1_devices() {
        let bytes = "7:0 Read 1048576\n7:0 Write 2097152\n7:0 Sync 3145728\n7:0 Async 0\n\
                     7:0 Discard 512\n7:0 Total 3145728\n8:16 Read 1\nTotal 3145729\n";
        let ios = "7:0 Read 16\n7:0 Write 4\n7:0 Sync 20\n7:0 Async 0\n7:0 Discard 1\n7:0 Total 20\n\
                   8:16 Read 1\nTotal 21\n";
        let mut stats = Vec::new();
        parse_v1(bytes, Column::Bytes, &mut stats);
        parse_v1(ios, Column::Operations, &mut stats);
        assert_eq!(
            stats,
            [
                io("7:0", [1_048_576, 2_097_152, 16, 4, 512, 1]),
                io("8:16", [1, 0, 1, 0, 0, 0]),
            ]
        );
        let mut stats = Vec::new();
        for text in ["Total 0\n", "", "8:0 Read\n", "8:0 Read x\n", "8:0 Read 40"] {
            parse_v1(text, Column::Bytes, &mut stats);
            assert_eq!(stats, [], "{text:?}");
        }
    }
}
