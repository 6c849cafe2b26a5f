//! How a job ended and what it used.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::Bytes;

/// Why a job ended. Decided from evidence in this order: the library's own kill, the kernel's out of
/// memory kill, the filter's SIGSYS, any other signal, the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The program exited by itself; see `exit_code`.
    Exit,
    /// A signal that nobody below accounts for ended the program; see `signal`.
    Signal,
    /// `timeout` passed.
    Timeout,
    /// `limits.cpu_time` was used up.
    CpuLimit,
    /// The memory limit was reached and the kernel killed a process of the job, or the program died of it.
    OutOfMemory,
    /// `limits.output` was passed.
    OutputLimit,
    /// The system call filter killed the program.
    Seccomp,
    /// The caller killed the job.
    Killed,
}

impl Reason {
    /// Every reason, in declaration order.
    pub const ALL: [Reason; 8] = [
        Reason::Exit,
        Reason::Signal,
        Reason::Timeout,
        Reason::CpuLimit,
        Reason::OutOfMemory,
        Reason::OutputLimit,
        Reason::Seccomp,
        Reason::Killed,
    ];

    /// The name in snake_case, as every language shows it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Exit => "exit",
            Reason::Signal => "signal",
            Reason::Timeout => "timeout",
            Reason::CpuLimit => "cpu_limit",
            Reason::OutOfMemory => "out_of_memory",
            Reason::OutputLimit => "output_limit",
            Reason::Seccomp => "seccomp",
            Reason::Killed => "killed",
        }
    }
}

/// What a job used. `None` where this host does not measure it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Usage {
    /// From the start of the program to its end, seconds.
    pub wall_time: f64,
    /// CPU time of the whole job, seconds: from the cgroup where there is one, else from wait4(2),
    /// which does not count processes that outlived their parents' wait.
    pub cpu_time: f64,
    /// User part of the main process and the children it waited for, seconds.
    pub user_time: f64,
    /// System part of the same, seconds.
    pub system_time: f64,
    /// Largest resident set of a single process, bytes. `None` when the program was its own init or
    /// was killed with it: the kernel then counts the caller's memory in.
    pub max_rss: Option<u64>,
    /// Peak memory of the whole job, bytes (cgroup).
    pub memory_peak: Option<u64>,
    /// Processes that the kernel's out of memory killer ended (cgroup).
    pub oom_kills: Option<u64>,
    /// Peak number of processes and threads (cgroup, kernel 6.1 or later).
    pub pids_peak: Option<u64>,
    /// How often the pids limit refused a new process or thread (cgroup).
    pub pids_denied: Option<u64>,
    /// Time that the CPU limit made the job wait, seconds (cgroup).
    pub throttled_time: Option<f64>,
    /// Bytes read from block devices (cgroup v2).
    pub io_read: Option<u64>,
    /// Bytes written to block devices (cgroup v2).
    pub io_written: Option<u64>,
}

/// Whether a request was put in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnforcementStatus {
    /// In force; for a limit, `value` was read back from `file`.
    Enforced,
    /// Not in force, because it was `try` and the host could not; `reason` says why.
    Skipped,
}

/// What became of one request of the spec.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Enforced {
    /// What was asked for: a limit's name (`memory`), or `namespace.user`, `root`, `seccomp` ...
    pub name: String,
    /// The requested value as text.
    pub requested: String,
    /// Whether it is in force.
    pub status: EnforcementStatus,
    /// The file or call that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The value read back after writing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Everything that was asked for and what became of it, in the order of the plan.
pub type Enforcement = Vec<Enforced>;

/// How a job ended, what it used and what was in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Outcome {
    /// Why it ended.
    pub reason: Reason,
    /// The program's exit code when it exited, 0 to 255.
    pub exit_code: Option<i32>,
    /// The signal that ended the program, 1 to 64.
    pub signal: Option<i32>,
    /// What `reason` was decided from, in one line.
    pub evidence: String,
    /// What it used.
    pub usage: Usage,
    /// What was captured of stdout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<Bytes>,
    /// What was captured of stderr.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<Bytes>,
    /// Whether stdout had more than was captured.
    pub stdout_cut: bool,
    /// Whether stderr had more than was captured.
    pub stderr_cut: bool,
    /// Process id of the program as the caller sees it.
    pub pid: i32,
    /// The inode numbers of the job's namespaces by kind, as in /proc/PID/ns.
    pub namespaces: BTreeMap<String, u64>,
    /// What was in force.
    pub enforcement: Enforcement,
}

impl Outcome {
    /// Whether the program exited by itself with code 0.
    pub fn success(&self) -> bool {
        self.reason == Reason::Exit && self.exit_code == Some(0)
    }

    /// The exit status a shell would show: the code, 128 + signal, 124 for a timeout.
    pub fn shell_status(&self) -> i32 {
        match (self.reason, self.exit_code, self.signal) {
            (Reason::Timeout, _, _) => 124,
            (_, Some(code), _) => code,
            (_, None, Some(signal)) => 128 + signal,
            (_, None, None) => 128 + libc::SIGKILL,
        }
    }

    /// The outcome as JSON text on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
