//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use libisolate::spec::{self, Seconds};

use crate::cgroup::args::Cgroup;
use crate::limits::LimitOptions;
use crate::ns::args::Ns;
use crate::ns::words::parameter;

/// Runs commands in namespaces and cgroups of their own.
#[derive(Debug, Parser)]
#[command(name = "isolatectl", version, disable_help_subcommand = true)]
pub struct Isolatectl {
    #[command(subcommand)]
    pub command: Command,
}

impl Isolatectl {
    /// Reads a command line, the first word being the command's name.
    pub fn read<I>(words: I) -> Result<Isolatectl, clap::Error>
    where
        I: IntoIterator,
        I::Item: Into<OsString> + Clone,
    {
        let matches = Isolatectl::command().try_get_matches_from(words)?;
        let mut read = Isolatectl::from_arg_matches(&matches)?;
        if let (Command::Run(run), Some(matches)) =
            (&mut read.command, matches.subcommand_matches("run"))
        {
            run.binds = in_order(matches);
        }
        Ok(read)
    }
}

/// `--ro` and `--rw` as they follow each other: a later bind may lie in an earlier one.
fn in_order(matches: &ArgMatches) -> Vec<(bool, OsString)> {
    let mut all = Vec::new();
    for (option, rw) in [("ro", false), ("rw", true)] {
        let values = matches.get_many::<OsString>(option).into_iter().flatten();
        let places = matches.indices_of(option).into_iter().flatten();
        all.extend(
            places
                .zip(values)
                .map(|(place, value)| (place, rw, value.clone())),
        );
    }
    all.sort();
    all.into_iter().map(|(_, rw, value)| (rw, value)).collect()
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Run(Box<Run>),
    Ns(Box<Ns>),
    Cgroup(Box<Cgroup>),
    Info(Info),
    Doctor(Doctor),
}

/// Run a command, isolated and limited.
///
/// Without a word it has all eight namespaces, no network but loopback, a read-only root of the
/// system directories, no capabilities, a system call filter and a cgroup. It has the caller's
/// standard streams and gets the signals that isolatectl gets.
///
/// Exits with the command's exit code, 128+N when signal N ended it, 124 after a timeout, 125 when
/// the sandbox could not be set up, 126 when the command cannot be executed, 127 when there is none.
#[derive(Debug, Default, Args)]
pub struct Run {
    /// How much isolation to start from [default: strict]
    #[arg(long, value_enum)]
    pub profile: Option<Profile>,
    /// CPU time of the whole job, such as 10 or 500ms
    #[arg(long, value_name = "S", value_parser = Seconds::parse)]
    pub cpu_time: Option<Seconds>,
    /// Wall time, such as 60, 500ms or 2m
    #[arg(long, value_name = "S", value_parser = Seconds::parse)]
    pub timeout: Option<Seconds>,
    /// A file or directory that the job may read, at the same path or at DEST (a colon in a path is
    /// written `\:`)
    #[arg(long, value_name = "PATH[:DEST]")]
    pub ro: Vec<OsString>,
    /// A file or directory that the job may write
    #[arg(long, value_name = "PATH[:DEST]")]
    pub rw: Vec<OsString>,
    /// Both, in the order of the command line, with whether it is `--rw`
    #[arg(skip)]
    pub binds: Vec<(bool, OsString)>,
    /// An empty file system in memory
    #[arg(long, value_name = "DEST[:SIZE]")]
    pub tmpfs: Vec<OsString>,
    /// A directory to have as the root, read-only
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// The network: nothing but loopback, or the caller's
    #[arg(long, value_enum)]
    pub net: Option<Net>,
    /// A namespace to enter: KIND:PID, KIND:PATH, a path, a name under /run/netns, or PID for all of that
    /// process's
    #[arg(long, value_name = "TARGET")]
    pub join: Vec<OsString>,
    /// A kernel parameter of the job's own namespaces, such as net.ipv4.ip_forward=1
    #[arg(long, value_name = "K=V", value_parser = parameter)]
    pub sysctl: Vec<(String, String)>,
    /// User id inside
    #[arg(long, value_name = "N")]
    pub uid: Option<u32>,
    /// Group id inside
    #[arg(long, value_name = "N")]
    pub gid: Option<u32>,
    /// Host name inside
    #[arg(long, value_name = "NAME")]
    pub hostname: Option<String>,
    /// Working directory inside
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// An environment variable
    #[arg(long, value_name = "K=V")]
    pub env: Vec<OsString>,
    /// An environment variable of the caller's to pass on; '*' passes all
    #[arg(long, value_name = "K")]
    pub keep_env: Vec<String>,
    /// Who makes the job's cgroup [default: auto]
    #[arg(long, value_enum)]
    pub driver: Option<Driver>,
    /// By systemd: the slice that the job is in, such as build-nightly.slice
    #[arg(long, value_name = "NAME.slice")]
    pub slice: Option<String>,
    /// By systemd: the name of the job's scope
    #[arg(long, value_name = "NAME")]
    pub unit: Option<String>,
    /// A spec to start from; the other options change it or add to its lists
    #[arg(long, value_name = "FILE.json")]
    pub spec: Option<PathBuf>,
    /// Where to write the outcome, or the error, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Run the command as pid 1 itself, without an init that reaps orphans
    #[arg(long)]
    pub no_init: bool,
    /// A descriptor, 3 or more, that the job keeps
    #[arg(long, value_name = "N")]
    pub keep_fd: Vec<i32>,
    /// The command and its arguments
    #[arg(value_name = "CMD", last = true)]
    pub argv: Vec<OsString>,
    // Last: what follows would be under the heading of the limits.
    #[command(flatten)]
    pub limits: LimitOptions,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Profile {
    /// Everything closed
    Strict,
    /// Nothing but what is named
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Net {
    /// Nothing but loopback
    None,
    /// The caller's
    Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Driver {
    /// systemd where it manages the caller's own cgroup, else cgroupfs
    Auto,
    /// isolatectl itself, below the caller's own cgroup
    Cgroupfs,
    /// systemd, as a transient scope
    Systemd,
}

impl From<Driver> for spec::Driver {
    fn from(driver: Driver) -> spec::Driver {
        match driver {
            Driver::Auto => spec::Driver::Auto,
            Driver::Cgroupfs => spec::Driver::Cgroupfs,
            Driver::Systemd => spec::Driver::Systemd,
        }
    }
}

/// Tell what this host can do: kernel, namespaces, cgroups, and what is missing.
#[derive(Debug, Args)]
pub struct Info {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Examine this host: what works, what does not, why, and what to do about it.
///
/// Makes each kind of namespace and runs two small jobs; nothing of them is left. What does not work comes
/// last, with the remedy.
///
/// Exits with 0 when everything works that a job without options needs, else with 1; limits that cannot be
/// held are no reason for that. 125 when nothing could be examined.
#[derive(Debug, Args)]
pub struct Doctor {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
