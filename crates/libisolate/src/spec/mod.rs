//! The spec: what to run and how isolated, as plain data. JSON with the same keys is its wire form
//! in every language.

mod bytes;
mod check;
mod files;
mod isolation;
mod limit_names;
mod limit_rules;
mod limits;
mod quantity;
mod read;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bytes::Bytes;
pub use files::{Bind, Root, RootDir, Stdio, StdioFile, Tmpfs};
pub use isolation::{
    CgroupMode, Driver, IdMap, NamespaceMode, Namespaces, Net, Profile, Seccomp, TimeOffsets,
};
pub use limit_rules::{CpusetPartition, DeviceRule, IoLimit, RdmaLimit};
pub use limits::Limits;
pub use quantity::{Seconds, Size};

use crate::error::Result;

/// What to run and how isolated.
///
/// `Spec::new(argv)` with no other word is the strict profile: see [`Profile::Strict`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Spec {
    /// The program and its arguments, at least one. A program without a slash is looked up in the
    /// job's PATH, inside its root.
    pub argv: Vec<Bytes>,
    /// How much isolation to start from; default `strict`.
    #[serde(default)]
    pub profile: Profile,
    /// Environment variables of the job. Under `strict` nothing else is there but a PATH, HOME=/tmp
    /// and LANG=C.UTF-8, each of which this overrides.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Bytes>,
    /// Names of the caller's environment variables to pass on; `"*"` passes all. Under `none` all
    /// are passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep_env: Vec<String>,
    /// Working directory inside the job, an absolute path; default `/`, under root `keep` the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<Bytes>,
    /// User id inside the job; default 0 for a root caller, the caller's own otherwise, or the number
    /// that `uid_map` gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Group id inside the job; default 0 for a root caller, the caller's own otherwise, or the number
    /// that `gid_map` gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Supplementary group ids inside the job; default none under `strict`. An ordinary user can set
    /// them only with a `gid_map` of ids that /etc/subgid gives them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<u32>>,
    /// Host name inside; needs a new uts namespace. At most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// NIS domain name inside; needs a new uts namespace. At most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domainname: Option<String>,
    /// Which namespaces are new.
    #[serde(default)]
    pub namespaces: Namespaces,
    /// User ids of the job's user namespace, at most 340 lines; default: the caller's own id alone for
    /// an ordinary user, 65536 ids from an unprivileged range for root. An ordinary user may map their
    /// own id and what /etc/subuid gives them, by newuidmap(1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uid_map: Vec<IdMap>,
    /// Group ids of the job's user namespace, as `uid_map`, by /etc/subgid and newgidmap(1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gid_map: Vec<IdMap>,
    /// Clock offsets; needs a new time namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_offsets: Option<TimeOffsets>,
    /// Kernel parameters of the job's own namespaces, by name, such as `net.ipv4.ip_forward`: `net.*`
    /// needs a new net namespace, `kernel.shm*`, `kernel.msg*`, `kernel.sem*` and `fs.mqueue.*` a new ipc
    /// namespace, `user.max_*` a new user namespace. Others are the host's, and refused.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// The network in one word; default as `namespaces.net`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net: Option<Net>,
    /// The job's root directory; default `system` under `strict`, `keep` under `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Root>,
    /// The caller's files and directories that the job sees, mounted in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binds: Vec<Bind>,
    /// Private file systems in memory, mounted in this order, before `binds`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tmpfs: Vec<Tmpfs>,
    /// Where the job reads from; default the caller's stdin.
    #[serde(default)]
    pub stdin: Stdio,
    /// Where the job writes to; default the caller's stdout.
    #[serde(default)]
    pub stdout: Stdio,
    /// Where the job writes errors to; default the caller's stderr.
    #[serde(default)]
    pub stderr: Stdio,
    /// Descriptors of the caller's that the job has under the same numbers, 3 or more. No other
    /// descriptor is open in the job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep_fds: Vec<i32>,
    /// What the job may use.
    #[serde(default)]
    pub limits: Limits,
    /// Wall time after which the job is killed and ends as `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Seconds>,
    /// The job's cgroup; default `try` under `strict`, none under `none` unless a limit needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<CgroupMode>,
    /// Who makes the job's cgroup; default `auto`: systemd where it manages the caller's own cgroup,
    /// else this library. docs/systemd.md tells more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    /// The slice that the job's scope is in, such as `build-nightly.slice`, where systemd makes the
    /// cgroup; it is made where it is not there. Default `system.slice` for root, `app.slice` of the
    /// user's own manager for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
    /// The name of the job's scope where systemd makes the cgroup: `NAME` or `NAME.scope`, of ASCII
    /// letters, digits and `:-_.\\@`, at most 255 bytes. Default a name of the library's own,
    /// `isolate-PID-START-N.scope`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Capabilities the job has in its user namespace, such as `["net_admin"]`; `["all"]` keeps all.
    /// Default none under `strict`, unchanged under `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
    /// Whether execve can no longer grant privileges (no_new_privs); default yes under `strict`,
    /// no under `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_new_privs: Option<bool>,
    /// The system call filter; default `default` under `strict`, `off` under `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seccomp: Option<Seccomp>,
    /// Whether the job leads a new session, away from the caller's terminal; default yes under
    /// `strict`, no under `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_session: Option<bool>,
    /// File mode creation mask of the job; default 0o022 under `strict`, the caller's under `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub umask: Option<u32>,
    /// Whether an init reaps orphans and ends with the job (default yes). Without it the program
    /// itself is pid 1 of a new pid namespace, and `timeout` and `limits.cpu_time` are refused, as is a
    /// new time namespace before Linux 6.2.
    #[serde(default = "yes")]
    pub init: bool,
}

fn yes() -> bool {
    true
}

impl Spec {
    /// A strict spec for `argv`.
    pub fn new<I>(argv: I) -> Spec
    where
        I: IntoIterator,
        I::Item: Into<Bytes>,
    {
        Spec {
            argv: argv.into_iter().map(Into::into).collect(),
            init: true,
            ..Spec::default()
        }
    }

    /// Reads a spec from JSON text.
    ///
    /// # Errors
    /// `InvalidSpec` with the path of the field; unknown fields are named with the alternatives.
    pub fn from_json(text: &str) -> Result<Spec> {
        read::json(text)
    }

    /// The spec as JSON text on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Checks everything that can be checked without a host.
    ///
    /// # Errors
    /// `InvalidSpec` with the path of the first wrong field.
    pub fn check(&self) -> Result<()> {
        check::spec(self)
    }
}
