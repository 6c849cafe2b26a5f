//! The command line of `isolatectl ns`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use libisolate::ns::Kind;
use libisolate::spec::{IdMap, Seconds};

use super::words::{id_map, kind, offset, parameter};

/// List, make, keep, enter and examine namespaces.
///
/// A TARGET is KIND:PID, KIND:self, KIND:PATH, KIND:[ID] as in the list, a path (with a slash in it), the
/// name of a network namespace under /run/netns, or a PID alone, which means all of that process's. KIND is cgroup, ipc,
/// mnt, net, pid, time, user or uts.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct Ns {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Ls(Ls),
    Create(Create),
    Rm(Rm),
    Enter(Enter),
    Show(Show),
    Pid(Pid),
    Ids(Ids),
    Sysctl(Sysctl),
}

/// List every namespace that the caller can see, and who keeps it alive.
#[derive(Debug, Args)]
pub struct Ls {
    /// As a tree: user namespaces by parent, and below each what it owns
    #[arg(long)]
    pub tree: bool,
    /// As JSON, with everything that keeps each alive
    #[arg(long)]
    pub json: bool,
    /// Only this kind; of a tree, with what is above it
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub kind: Vec<Kind>,
}

/// Make namespaces and keep them by bind mounts, without a process.
///
/// Prints each with its path. After an error nothing is left. A pid namespace cannot be kept so: it
/// ends with its pid 1.
#[derive(Debug, Args)]
pub struct Create {
    /// What to make
    #[arg(value_name = "KIND", required = true, value_parser = kind)]
    pub kinds: Vec<Kind>,
    /// Name of the network namespace, as of ip-netns(8): at /run/netns/NAME
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Where to keep the one of a kind: a file that is not there yet. Where one kind alone is made, PATH
    /// is enough
    #[arg(long, value_name = "KIND=PATH")]
    pub path: Vec<OsString>,
    /// A directory in which each other one is kept, in a file with the name of its kind
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Host name in the uts namespace
    #[arg(long, value_name = "NAME")]
    pub hostname: Option<String>,
    /// NIS domain name in the uts namespace
    #[arg(long, value_name = "NAME")]
    pub domainname: Option<String>,
    /// Line of the user namespace's uid map
    #[arg(long, value_name = "INSIDE:OUTSIDE:COUNT", value_parser = id_map)]
    pub uid_map: Vec<IdMap>,
    /// Line of the user namespace's gid map
    #[arg(long, value_name = "INSIDE:OUTSIDE:COUNT", value_parser = id_map)]
    pub gid_map: Vec<IdMap>,
    /// Kernel parameter of the namespaces' own, such as net.ipv4.ip_forward=1
    #[arg(long, value_name = "K=V", value_parser = parameter)]
    pub sysctl: Vec<(String, String)>,
    /// Offset of the time namespace's CLOCK_MONOTONIC, such as 3600, 2m or -0.5
    #[arg(long, value_name = "S", value_parser = offset, allow_hyphen_values = true)]
    pub monotonic: Option<f64>,
    /// Offset of its CLOCK_BOOTTIME
    #[arg(long, value_name = "S", value_parser = offset, allow_hyphen_values = true)]
    pub boottime: Option<f64>,
}

/// No longer keep namespaces by a name or path: whatever lives in them goes on.
#[derive(Debug, Args)]
pub struct Rm {
    /// A name under /run/netns, or a path (with a slash in it)
    #[arg(value_name = "NAME|PATH", required = true)]
    pub places: Vec<OsString>,
}

/// Run a command in namespaces that are there, and with the caller's environment, ids and limits.
///
/// With a PID as the TARGET: in all of that process's that are not the caller's own. Where a mount
/// namespace is entered, root and working directory are its root. Signals and exit status are as of
/// isolatectl run.
#[derive(Debug, Args)]
pub struct Enter {
    /// KIND:PID, KIND:PATH, a path, a name under /run/netns, or PID
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<OsString>,
    /// User id inside
    #[arg(long, value_name = "N")]
    pub uid: Option<u32>,
    /// Group id inside
    #[arg(long, value_name = "N")]
    pub gid: Option<u32>,
    /// Working directory inside
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// An environment variable, besides the caller's
    #[arg(long, value_name = "K=V")]
    pub env: Vec<OsString>,
    /// Wall time, such as 60, 500ms or 2m
    #[arg(long, value_name = "S", value_parser = Seconds::parse)]
    pub timeout: Option<Seconds>,
    /// Run the command without an init that reaps orphans
    #[arg(long)]
    pub no_init: bool,
    /// A descriptor, 3 or more, that the command keeps
    #[arg(long, value_name = "N")]
    pub keep_fd: Vec<i32>,
    /// The command and its arguments
    #[arg(value_name = "CMD", last = true)]
    pub argv: Vec<OsString>,
}

/// Tell everything that can be told of a namespace, or of all of a process.
#[derive(Debug, Args)]
pub struct Show {
    /// KIND:PID, KIND:self, KIND:PATH, a path, a name under /run/netns, or PID
    #[arg(value_name = "TARGET")]
    pub target: OsString,
    /// As JSON: a list
    #[arg(long)]
    pub json: bool,
}

/// Tell a process's number in another pid namespace.
#[derive(Debug, Args)]
pub struct Pid {
    /// Its number in --from
    #[arg(value_name = "PID")]
    pub pid: i32,
    /// The pid namespace in which it has that number [default: the caller's own]
    #[arg(long, value_name = "TARGET")]
    pub from: Option<OsString>,
    /// The pid namespace whose number is asked for [default: the caller's own]
    #[arg(long, value_name = "TARGET")]
    pub to: Option<OsString>,
}

/// Tell a user's or group's number in another user namespace.
#[derive(Debug, Args)]
pub struct Ids {
    /// Which of the two
    #[arg(value_enum)]
    pub which: Which,
    /// Its number in --from
    #[arg(value_name = "ID")]
    pub id: u32,
    /// The user namespace in which it has that number [default: the caller's own]
    #[arg(long, value_name = "TARGET")]
    pub from: Option<OsString>,
    /// The user namespace whose number is asked for [default: the caller's own]
    #[arg(long, value_name = "TARGET")]
    pub to: Option<OsString>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Which {
    /// A user
    Uid,
    /// A group
    Gid,
}

/// Print or set a kernel parameter of a namespace's own.
#[derive(Debug, Args)]
pub struct Sysctl {
    /// KIND:PID, KIND:self, KIND:PATH, a path, or a name under /run/netns
    #[arg(value_name = "TARGET")]
    pub target: OsString,
    /// Such as net.ipv4.ip_forward, or net.ipv4.ip_forward=1 to set it
    #[arg(value_name = "NAME[=VALUE]")]
    pub parameter: String,
}
