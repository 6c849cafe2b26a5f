//! The one error type: what kind of failure, at which stage, on which subject, and what to do.
//!
//! A job that ran and failed is an [`Outcome`](crate::Outcome), never an error.

use std::fmt;

use isolate_sys::Errno;

/// The kind of failure, the same closed list in C, Python, Node and Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, schemars::JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The spec is wrong in itself; no host could run it.
    InvalidSpec,
    /// A file, program, user or object that the caller named does not exist.
    NotFound,
    /// The kernel or the file system refused the caller.
    Permission,
    /// This kernel, file system or cgroup layout cannot do what was asked.
    Unsupported,
    /// The object is in use.
    Busy,
    /// A limit of the host or of the caller stands in the way (descriptors, memory, namespaces).
    Limit,
    /// The time that the caller gave for an operation has passed.
    Timeout,
    /// The job's init ended without a report.
    Child,
    /// A defect of this library.
    Internal,
    /// Any other errno.
    Other,
}

impl ErrorKind {
    /// Every kind, in declaration order.
    pub const ALL: [ErrorKind; 10] = [
        ErrorKind::InvalidSpec,
        ErrorKind::NotFound,
        ErrorKind::Permission,
        ErrorKind::Unsupported,
        ErrorKind::Busy,
        ErrorKind::Limit,
        ErrorKind::Timeout,
        ErrorKind::Child,
        ErrorKind::Internal,
        ErrorKind::Other,
    ];

    /// The kind's name in snake_case, as every language shows it.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::InvalidSpec => "invalid_spec",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Permission => "permission",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Busy => "busy",
            ErrorKind::Limit => "limit",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Child => "child",
            ErrorKind::Internal => "internal",
            ErrorKind::Other => "other",
        }
    }

    /// The kind an errno stands for when nothing more is known.
    pub fn of_errno(errno: Errno) -> ErrorKind {
        match errno.raw() {
            libc::ENOENT | libc::ENOTDIR | libc::ESRCH => ErrorKind::NotFound,
            libc::EPERM | libc::EACCES | libc::EROFS => ErrorKind::Permission,
            libc::ENOSYS | libc::EOPNOTSUPP => ErrorKind::Unsupported,
            libc::EBUSY | libc::ETXTBSY => ErrorKind::Busy,
            libc::EMFILE
            | libc::ENFILE
            | libc::ENOMEM
            | libc::ENOSPC
            | libc::EAGAIN
            | libc::EUSERS
            | libc::E2BIG
            | libc::EDQUOT => ErrorKind::Limit,
            libc::ETIMEDOUT => ErrorKind::Timeout,
            _ => ErrorKind::Other,
        }
    }

    /// The errno that stands for this kind where no system call failed.
    fn default_errno(self) -> i32 {
        match self {
            ErrorKind::InvalidSpec => libc::EINVAL,
            ErrorKind::NotFound => libc::ENOENT,
            ErrorKind::Permission => libc::EPERM,
            ErrorKind::Unsupported => libc::EOPNOTSUPP,
            ErrorKind::Busy => libc::EBUSY,
            ErrorKind::Limit => libc::ENOSPC,
            ErrorKind::Timeout => libc::ETIMEDOUT,
            ErrorKind::Child => libc::ECHILD,
            ErrorKind::Internal => libc::ENOTRECOVERABLE,
            ErrorKind::Other => libc::EIO,
        }
    }
}

/// Where an error happened: a step of the library's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, schemars::JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// Reading and checking the spec.
    Spec,
    /// Looking at the host.
    Host,
    /// Creating, writing, joining or removing a cgroup.
    Cgroup,
    /// Creating the init and its namespaces.
    Clone,
    /// Writing or applying user and group id maps.
    Ids,
    /// Setting time namespace offsets.
    Time,
    /// Setting host or domain name.
    Uts,
    /// Building the root and its mounts.
    Mount,
    /// Bringing up the network.
    Net,
    /// Connecting standard streams and kept descriptors.
    Stdio,
    /// Setting resource limits.
    Rlimit,
    /// Dropping capabilities and privileges.
    Privileges,
    /// Loading the system call filter.
    Seccomp,
    /// Changing to the working directory.
    Cwd,
    /// Starting the program.
    Exec,
    /// Waiting for the job.
    Wait,
    /// Sending a signal to the job.
    Signal,
    /// Opening, asking, entering or keeping a namespace.
    Namespace,
}

impl Stage {
    /// The stage's name, as it opens the error text.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Spec => "spec",
            Stage::Host => "host",
            Stage::Cgroup => "cgroup",
            Stage::Clone => "clone",
            Stage::Ids => "ids",
            Stage::Time => "time",
            Stage::Uts => "uts",
            Stage::Mount => "mount",
            Stage::Net => "net",
            Stage::Stdio => "stdio",
            Stage::Rlimit => "rlimit",
            Stage::Privileges => "privileges",
            Stage::Seccomp => "seccomp",
            Stage::Cwd => "cwd",
            Stage::Exec => "exec",
            Stage::Wait => "wait",
            Stage::Signal => "signal",
            Stage::Namespace => "namespace",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failure of the library: one line, `stage: subject: what went wrong`.
///
/// The text is the same in every language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct Error {
    kind: ErrorKind,
    errno: Option<i32>,
    stage: Stage,
    subject: String,
    detail: String,
}

/// The library's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that no system call reported.
    pub fn new(
        kind: ErrorKind,
        stage: Stage,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) -> Error {
        Error {
            kind,
            errno: None,
            stage,
            subject: subject.into(),
            detail: detail.into(),
        }
    }

    /// A wrong spec; `field` is the path of the field, such as `limits.memory`.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Error {
        Error::new(ErrorKind::InvalidSpec, Stage::Spec, field, detail)
    }

    /// A failed system call on `subject`, a path (with the value where one was written).
    pub fn from_errno(errno: Errno, stage: Stage, subject: impl Into<String>) -> Error {
        Error {
            kind: ErrorKind::of_errno(errno),
            errno: Some(errno.raw()),
            stage,
            subject: subject.into(),
            detail: describe(errno),
        }
    }

    /// The same for an error of the standard library.
    pub fn from_io(error: &std::io::Error, stage: Stage, subject: impl Into<String>) -> Error {
        match error.raw_os_error() {
            Some(raw) => Error::from_errno(Errno::from_raw(raw), stage, subject),
            None => Error::new(ErrorKind::Other, stage, subject, error.to_string()),
        }
    }

    /// Adds what the user can do about it, after the cause.
    #[must_use]
    pub fn with_hint(mut self, hint: impl fmt::Display) -> Error {
        self.detail = format!("{}; {hint}", self.detail);
        self
    }

    /// Replaces the kind where the errno alone would name a wrong one.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Error {
        self.kind = kind;
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The errno of the failed system call, or the one that stands for the kind. Positive.
    pub fn errno(&self) -> i32 {
        self.errno.unwrap_or_else(|| self.kind.default_errno())
    }

    /// Where it happened.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// What it happened to: a path, a field of the spec, a program. May be empty.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What went wrong, without stage and subject.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The whole text. Always one line: control characters, which names and specs may bring in, are
    /// escaped.
    pub fn message(&self) -> String {
        let text = if self.subject.is_empty() {
            format!("{}: {}", self.stage, self.detail)
        } else {
            format!("{}: {}: {}", self.stage, self.subject, self.detail)
        };
        if !text.contains(char::is_control) {
            return text;
        }
        let mut line = String::with_capacity(text.len() + 8);
        for letter in text.chars() {
            if letter.is_control() {
                line.extend(letter.escape_debug());
            } else {
                line.push(letter);
            }
        }
        line
    }
}

/// The C library's words for an errno, as strerror(3) has them in the C locale: the text must not depend
/// on the host's.
pub(crate) fn describe(errno: Errno) -> String {
    match nix::errno::Errno::from_raw(errno.raw()) {
        // Where nix has words of its own.
        nix::errno::Errno::EBADF => "Bad file descriptor".to_owned(),
        nix::errno::Errno::ELOOP => "Too many levels of symbolic links".to_owned(),
        nix::errno::Errno::ERANGE => "Numerical result out of range".to_owned(),
        nix::errno::Errno::UnknownErrno => format!("errno {}", errno.raw()),
        known => known.desc().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        let error = Error::invalid("a\nb", "no \0, no \u{1b}, but \u{e9}");
        assert_eq!(
            error.message(),
            "spec: a\\nb: no \\0, no \\u{1b}, but \u{e9}"
        );
    }
}
