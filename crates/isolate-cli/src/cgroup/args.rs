//! The command line of `isolatectl cgroup`.

use clap::{Args, Subcommand};
use libisolate::cgroup::convert::Rule;
use libisolate::cgroup::{StatKind, Watch};
use libisolate::spec::{Seconds, Size};

use super::words::{ids, rule, stat_kind, watch};
use crate::args::Driver;
use crate::limits::{LimitOptions, assignment};

/// Make, limit, watch and end groups of processes, on cgroup v1, v2 and both.
///
/// A PATH names one group across all hierarchies: a/b lies below the caller's own group, /a/b below the
/// root of each hierarchy as the caller sees it, and pid:N is the group of process N (pid:self the
/// caller's).
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct Cgroup {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Info(Info),
    Ls(Ls),
    Tree(Tree),
    Create(Create),
    Rm(Rm),
    Get(Get),
    Set(Set),
    Limit(Box<Limit>),
    Stat(Stat),
    Top(Top),
    Attach(Attach),
    Procs(Procs),
    Freeze(Freeze),
    Thaw(Thaw),
    Kill(Kill),
    Delegate(Delegate),
    Events(Events),
    Explain(Explain),
    Memory(Memory),
    Reclaim(Reclaim),
    Convert(Convert),
}

/// Tell where each controller is: hierarchy, version, mount, the caller's own group, and whether groups
/// can be made there; where not, why and what to do.
#[derive(Debug, Args)]
pub struct Info {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// List the groups directly below one.
#[derive(Debug, Args)]
pub struct Ls {
    /// The group whose children are listed
    #[arg(value_name = "PATH", default_value = "/")]
    pub path: String,
    /// As JSON, with the directory in each hierarchy
    #[arg(long)]
    pub json: bool,
}

/// Draw the groups below one as a tree, with how many processes are in each.
#[derive(Debug, Args)]
pub struct Tree {
    /// The group at the top
    #[arg(value_name = "PATH", default_value = "/")]
    pub path: String,
    /// With the processes
    #[arg(long)]
    pub pids: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Make a group, in every hierarchy that has one of its controllers, and in the v2 tree.
///
/// Prints its directories. After an error nothing is left.
///
/// By systemd it is a group in a transient scope, which lives by its processes: isolatectl stays until
/// Ctrl-C or another signal, or until the group is removed. The scope then goes with the last process
/// that was moved in.
#[derive(Debug, Args)]
pub struct Create {
    /// Its name, without slashes; by systemd that of the scope, with .scope or without
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The group to make it in [default: the caller's own]
    #[arg(long, value_name = "PATH")]
    pub parent: Option<String>,
    /// The controllers that it must have [default: all that can be had]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub controllers: Option<Vec<String>>,
    /// Who makes it [default: cgroupfs]
    #[arg(long, value_enum)]
    pub driver: Option<Driver>,
    /// By systemd: the slice that the scope is in, such as build-nightly.slice
    #[arg(long, value_name = "NAME.slice")]
    pub slice: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Remove groups, with all that are below them. None may hold a process.
#[derive(Debug, Args)]
pub struct Rm {
    /// The groups
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<String>,
    /// Kill the processes in them first
    #[arg(long, short)]
    pub kill: bool,
}

/// Print a file of a group's, from whichever hierarchy has it.
#[derive(Debug, Args)]
pub struct Get {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// Its name, such as memory.stat
    #[arg(value_name = "FILE")]
    pub file: String,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Write a file of a group's as it is, and print what it holds then.
#[derive(Debug, Args)]
pub struct Set {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// Such as memory.max=64M or 'io.max=8:0 rbps=1048576'
    #[arg(value_name = "FILE=VALUE", value_parser = assignment)]
    pub setting: (String, String),
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Limit a group: all that is asked for, or nothing. Prints what is in force.
///
/// What is not named stays as it is. A limit is lifted by writing its file, such as
/// isolatectl cgroup set PATH memory.max=max.
#[derive(Debug, Args)]
pub struct Limit {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    // Last: what follows would be under the heading of the limits.
    #[command(flatten)]
    pub limits: LimitOptions,
}

/// Tell what a group uses and has used, a number on each line.
#[derive(Debug, Args)]
pub struct Stat {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// Only these parts: cpu, memory, io, pids, pressure, hugetlb, rdma, misc
    #[arg(value_name = "KIND", value_parser = stat_kind, value_delimiter = ',')]
    pub kinds: Vec<StatKind>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Show which groups use the most, again and again, until q or Ctrl-C.
///
/// Sorted by CPU time, where 100 is one CPU; each group's numbers hold those below it, too. On a terminal
/// the table is drawn in place, elsewhere one after another.
#[derive(Debug, Args)]
pub struct Top {
    /// The group at the top
    #[arg(value_name = "PATH", default_value = "/")]
    pub path: String,
    /// So many tables and then end
    #[arg(long, short = 'n', value_name = "COUNT",
          value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Seconds between two tables
    #[arg(long, short = 'd', value_name = "SECONDS", default_value = "1", value_parser = super::words::delay)]
    pub delay: Seconds,
    /// As JSON, a table on each line
    #[arg(long)]
    pub json: bool,
}

/// Move processes into a group, in every hierarchy: all of them or none.
#[derive(Debug, Args)]
pub struct Attach {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// The processes
    #[arg(value_name = "PID", required = true)]
    pub pids: Vec<i32>,
    /// They are single threads (v1 hierarchies, and threaded groups of v2)
    #[arg(long)]
    pub threads: bool,
}

/// List the processes in a group.
#[derive(Debug, Args)]
pub struct Procs {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// And those in the groups below it
    #[arg(long, short)]
    pub recursive: bool,
    /// Threads instead of processes
    #[arg(long)]
    pub threads: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Stop every process in a group and below it; returns when all stand.
#[derive(Debug, Args)]
pub struct Freeze {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// How long to wait; then all go on
    #[arg(long, value_name = "S", default_value = "10", value_parser = Seconds::parse)]
    pub timeout: Seconds,
}

/// Let every process in a group go on.
#[derive(Debug, Args)]
pub struct Thaw {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// How long to wait
    #[arg(long, value_name = "S", default_value = "10", value_parser = Seconds::parse)]
    pub timeout: Seconds,
}

/// Kill every process in a group and below it, frozen ones too.
#[derive(Debug, Args)]
pub struct Kill {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
}

/// Give a group to another user, who may then divide it further: its directory and the files for that, but
/// not those of its limits. Only for groups with v2 controllers alone.
#[derive(Debug, Args)]
pub struct Delegate {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// Numbers; the part that is left out stays as it is
    #[arg(value_name = "UID[:GID]", value_parser = ids)]
    pub to: (Option<u32>, Option<u32>),
}

/// Print what happens to a group, an event on each line, until it is removed.
///
/// Each line has the event, the file that tells it, how often it has happened since it was last told, and
/// what more is known.
#[derive(Debug, Args)]
pub struct Events {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// What to watch: oom, memory_events, pids_events, populated, frozen, threshold=SIZE[,memsw],
    /// pressure=cpu|memory|io[,full],STALL,WINDOW (such as pressure=memory,150ms,1s),
    /// pressure_level=low|medium|critical[,hierarchy|local] [default: all of the first five that the
    /// group has]
    #[arg(value_name = "WATCH", value_parser = watch)]
    pub watches: Vec<Watch>,
    /// End after so many
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// As JSON, an event on each line
    #[arg(long)]
    pub json: bool,
}

/// Tell whether the processes of a group may use a device, and which rule of which group says so.
#[derive(Debug, Args)]
pub struct Explain {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// A path such as /dev/sda, or 'c 1:3', 'b 8:0'
    #[arg(value_name = "DEVICE")]
    pub device: String,
    /// Letters of rwm: read, write, make a node
    #[arg(value_name = "ACCESS", default_value = "rw")]
    pub access: String,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Print or set what the memory controller keeps of a group; max is no limit.
///
/// VALUE is usage, max_usage, limit, failcnt, memsw_usage, memsw_max_usage, memsw_limit or memsw_failcnt,
/// or the name of a file of v1. A limit is set to a size or to max; a peak or a count is started again by
/// VALUE=0.
#[derive(Debug, Args)]
pub struct Memory {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// Which [default: all]
    #[arg(value_name = "VALUE[=N]")]
    pub value: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Ask the kernel to take memory back from a group; prints how many bytes went.
#[derive(Debug, Args)]
pub struct Reclaim {
    /// The group
    #[arg(value_name = "PATH")]
    pub path: String,
    /// How much (cgroup v2) [default: all that goes]
    #[arg(value_name = "SIZE", value_parser = Size::parse)]
    pub size: Option<Size>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Convert a value of one version of cgroups into that of the other.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct Convert {
    #[command(subcommand)]
    pub what: Conversion,
    /// As JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// A weight, and the rule to go by.
#[derive(Debug, Args)]
pub struct Weight {
    /// The value
    #[arg(value_name = "N")]
    pub value: u64,
    /// runc-2025, systemd or linear
    #[arg(long, value_name = "RULE", default_value = "runc-2025", value_parser = rule)]
    pub rule: Rule,
}

#[derive(Debug, Subcommand)]
pub enum Conversion {
    /// cpu.shares of v1 to cpu.weight of v2
    SharesToWeight(Weight),
    /// cpu.weight of v2 to cpu.shares of v1
    WeightToShares(Weight),
    /// blkio.weight of v1 to io.weight of v2
    BlkioToIoWeight(Weight),
    /// io.weight of v2 to blkio.weight of v1
    IoToBlkioWeight(Weight),
    /// memory.memsw.limit_in_bytes and the memory limit of v1 to memory.swap.max of v2; -1 is no limit
    #[command(allow_negative_numbers = true)]
    SwapMax {
        /// Bytes of memory and swap together
        #[arg(value_name = "MEMSW")]
        memsw: i64,
        /// Bytes of memory
        #[arg(value_name = "LIMIT")]
        limit: i64,
    },
    /// memory.swap.max of v2 and the memory limit to memory.memsw.limit_in_bytes of v1; -1 is no limit
    #[command(allow_negative_numbers = true)]
    MemswLimit {
        /// Bytes of swap alone
        #[arg(value_name = "SWAP")]
        swap: i64,
        /// Bytes of memory
        #[arg(value_name = "LIMIT")]
        limit: i64,
    },
    /// cpu.cfs_quota_us and cpu.cfs_period_us of v1 to cpu.max of v2; a quota of -1 is no limit
    #[command(allow_negative_numbers = true)]
    CpuMax {
        /// Microseconds of CPU time in each period
        #[arg(value_name = "QUOTA")]
        quota: i64,
        /// Microseconds [default: 100000]
        #[arg(value_name = "PERIOD", default_value = "0", hide_default_value = true)]
        period: u64,
    },
    /// A number of CPUs over a period in microseconds to the quota
    QuotaOf {
        /// Such as 0.5
        #[arg(value_name = "CPUS")]
        cpus: f64,
        /// Microseconds [default: 100000]
        #[arg(value_name = "PERIOD", default_value = "0", hide_default_value = true)]
        period: u64,
    },
}
