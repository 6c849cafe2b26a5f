//! What the job finds in its file system, and where its standard streams go.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bytes, Size};

/// The job's root directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Root {
    /// A new root that holds only the host's system directories (/usr /bin /sbin /lib* /etc),
    /// read-only, with private /tmp and /dev/shm, fresh /proc and minimal /dev.
    System,
    /// All of the host's files, read-only with every mount below, with private /tmp and /dev/shm,
    /// fresh /proc and minimal /dev.
    Host,
    /// A directory to pivot into, with private /tmp and /dev/shm, fresh /proc and minimal /dev.
    Dir(RootDir),
    /// The caller's mounts as they are; `binds` and `tmpfs` are mounted over them.
    Keep,
}

/// A directory that becomes the job's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RootDir {
    /// The directory.
    pub path: Bytes,
    /// Whether the job may write there; default no.
    #[serde(default)]
    pub rw: bool,
}

/// A file or directory of the caller's that the job sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Bind {
    /// The caller's file or directory, an absolute path.
    pub source: Bytes,
    /// Where the job sees it, an absolute path; the same path when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dest: Option<Bytes>,
    /// Whether the job may write there; default no. Files the job makes there belong to the caller.
    #[serde(default)]
    pub rw: bool,
    /// Whether a source that does not exist is skipped; default no.
    #[serde(default)]
    pub best_effort: bool,
}

impl Bind {
    /// A read-only bind of `source` to the same path.
    pub fn ro(source: impl Into<Bytes>) -> Bind {
        Bind {
            source: source.into(),
            ..Bind::default()
        }
    }

    /// A writable bind of `source` to the same path.
    pub fn rw(source: impl Into<Bytes>) -> Bind {
        Bind {
            source: source.into(),
            rw: true,
            ..Bind::default()
        }
    }

    /// The same bind, seen by the job at `dest`.
    #[must_use]
    pub fn at(mut self, dest: impl Into<Bytes>) -> Bind {
        self.dest = Some(dest.into());
        self
    }
}

/// A private file system in memory, empty at the start, gone with the job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tmpfs {
    /// Where it is mounted, an absolute path.
    pub dest: Bytes,
    /// Bytes it may hold; default 64 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Files and directories it may hold; default one for each 4 KiB of `size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inodes: Option<u64>,
    /// Permission bits of its root directory; default 0o755.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
}

impl Tmpfs {
    /// A tmpfs of the default size at `dest`.
    pub fn new(dest: impl Into<Bytes>) -> Tmpfs {
        Tmpfs {
            dest: dest.into(),
            ..Tmpfs::default()
        }
    }
}

/// Where a standard stream of the job goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stdio {
    /// The caller's own stream.
    #[default]
    Inherit,
    /// /dev/null.
    Null,
    /// A pipe whose other end the caller takes from the job.
    Pipe,
    /// Collected into the outcome, up to `limits.output` bytes (stdout and stderr only).
    Capture,
    /// A file: read for stdin; created, and truncated unless `append`, for stdout and stderr.
    File(StdioFile),
    /// A descriptor of the caller's, which stays the caller's.
    Fd(i32),
}

/// A file that a standard stream is connected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StdioFile {
    /// The path, as the caller sees it. Created with mode 0666 less the caller's umask.
    pub path: Bytes,
    /// Whether to write after what is there; default no.
    #[serde(default)]
    pub append: bool,
}
