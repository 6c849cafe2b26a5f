//! What limits mean as values of cgroup files, one file for each controller, v1 and v2 side by side.
//!
//! All of it is pure. Each controller has a `check` of what is wrong on every host, and `writes`, whose
//! order is right for a new group and, after [`order`], for one that lives.

pub(super) mod cpu;
pub(super) mod cpuset;
pub(super) mod devices;
mod files;
mod hugetlb;
mod io;
pub(super) mod memory;
mod net;
mod order;
pub(super) mod pids;
mod rdma;

use std::fmt::Display;

pub(super) use cpuset::parse_list;
pub(super) use files::{PREFIXES, home as home_of_file};
pub(super) use net::spread as spread_priorities;
pub(super) use order::order;

use super::Version;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::spec::{Limits, Seconds};

/// A value for a file, and the limit that asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub limit: &'static str,
    /// Another limit that the same value holds.
    pub also: Option<&'static str>,
    pub file: String,
    pub value: String,
    /// Another file for the same, with its value: of the two those are written that the group has.
    pub or: Option<(String, String)>,
    /// The file that tells what is in force, where `file` may not. It may be that all the same, and then
    /// nothing is lost where it does not.
    pub told_by: Option<String>,
}

impl Setting {
    fn new(limit: &'static str, file: impl Into<String>, value: impl ToString) -> Setting {
        Setting {
            limit,
            also: None,
            file: file.into(),
            value: value.to_string(),
            or: None,
            told_by: None,
        }
    }

    /// The same limit in another file, which a group may have as well or instead.
    fn or(mut self, file: impl Into<String>, value: impl ToString) -> Setting {
        self.or = Some((file.into(), value.to_string()));
        self
    }
}

/// What holds limits, in the order in which it is written: the controllers, then what every v2 group has
/// (a program for devices, one for sockets), then the files that the caller names.
///
/// Whether a process may be in a cpuset at all comes first; the files that can stop a process last.
pub(super) const HOMES: [&str; 14] = [
    "cpuset",
    "cpu",
    "memory",
    "io",
    "blkio",
    "hugetlb",
    "rdma",
    "misc",
    "pids",
    "net_cls",
    "net_prio",
    "devices",
    "bpf.sockets",
    "bpf.devices",
];

/// What may hold a limit, the first one that the host has being the one that does. Not for `cpu_time`,
/// which the library watches, nor for `files`, each of which is where its name says.
pub(super) fn homes(limit: &str) -> &'static [&'static str] {
    match limit {
        "memory" | "memory_high" | "memory_low" | "memory_min" | "swap" | "swappiness"
        | "oom_group" | "oom_pause" => &["memory"],
        "pids" => &["pids"],
        "cpus" | "cpu_period" | "cpu_burst" | "cpu_weight" | "cpu_idle" | "cpu_rt_runtime"
        | "cpu_rt_period" => &["cpu"],
        "cpuset" | "cpuset_mems" | "cpuset_exclusive" | "cpuset_partition" => &["cpuset"],
        "io" | "io_weight" => &["io", "blkio"],
        "devices" => &["devices", "bpf.devices"],
        "net_class" => &["net_cls", "bpf.sockets"],
        "net_priorities" => &["net_prio", "bpf.sockets"],
        "hugetlb" => &["hugetlb"],
        "rdma" => &["rdma"],
        "misc" => &["misc"],
        _ => &[],
    }
}

/// Whether what is in force for the limit is told by all of its files together, not by the last one.
pub(super) fn gathers(limit: &str) -> bool {
    ["io", "net_priorities", "hugetlb", "rdma", "misc"].contains(&limit)
}

/// Refuses what is wrong on every host, whatever holds it.
pub(crate) fn check(limits: &Limits) -> Result<()> {
    memory::check(limits)?;
    pids::check(limits)?;
    cpu::check(limits)?;
    cpuset::check(limits)?;
    io::check(limits)?;
    devices::check(limits)?;
    net::check(limits)?;
    hugetlb::check(limits)?;
    rdma::check(limits)?;
    files::check(limits)
}

/// The values for the limits that `home`, one of [`HOMES`], holds in a hierarchy of that version. Paths of
/// devices are numbers by then ([`super::device`]).
///
/// # Errors
/// As [`check`], and `Unsupported` with the limit as the subject for what this version has not.
pub(super) fn settings(
    home: &str,
    limits: &Limits,
    version: Version,
    with_init: bool,
) -> Result<Vec<Setting>> {
    match home {
        "cpu" => cpu::writes(limits, version),
        "cpuset" => cpuset::writes(limits, version),
        "memory" => memory::writes(limits, version),
        "io" | "blkio" => io::writes(limits, version),
        "hugetlb" => hugetlb::writes(limits, version),
        "rdma" => rdma::adapters(limits),
        "misc" => rdma::misc(limits),
        "pids" => pids::writes(limits, version, with_init),
        "net_cls" => net::class(limits),
        "net_prio" => net::priorities(limits),
        "bpf.sockets" => net::sockets(limits),
        "devices" => devices::lists(limits),
        "bpf.devices" => devices::program(limits),
        _ => Ok(Vec::new()),
    }
}

/// The values for those of `files` that belong to this home: a controller, or `cgroup`.
pub(super) fn raw_settings(home: &str, limits: &Limits) -> Vec<Setting> {
    files::writes(home, limits)
}

/// A number outside its range.
fn outside(
    field: impl Display,
    value: impl Display,
    first: impl Display,
    last: impl Display,
) -> Error {
    Error::invalid(
        format!("limits.{field}"),
        format!("{value} is not among {first} to {last}"),
    )
}

/// What this host's version of a controller has not.
fn unsupported(field: impl Display, detail: impl Into<String>) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        Stage::Cgroup,
        format!("limits.{field}"),
        detail,
    )
}

/// A time as the kernel's microseconds.
fn micros(time: Seconds) -> u64 {
    u64::try_from(time.0.as_micros()).unwrap_or(u64::MAX)
}

/// A time for people.
fn told(micros: u64) -> String {
    format!("{} s", micros as f64 / 1e6)
}

/// Refuses a name that is empty or would be read as more than one word.
fn word(field: impl Display, name: &str) -> Result<()> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid(
            format!("limits.{field}"),
            format!("{name:?} is not a name: it must not be empty or hold blanks"),
        ));
    }
    Ok(())
}
