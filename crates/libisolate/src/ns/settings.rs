//! What a namespace holds besides processes: names, kernel parameters, clock offsets, paths, sockets.
//! Read and changed by a visitor, so that no thread of this process moves.

use std::ffi::CString;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;

use isolate_plan::Op;
use schemars::JsonSchema;
use serde::Serialize;

use super::visit::{Visit, nul};
use super::{Kind, Namespace, proc, sysctl};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;
use crate::spec::TimeOffsets;

/// HOST_NAME_MAX, and the kernel's limit for the domain name.
const NAME_MAX: usize = 64;

/// A process's place in one cgroup hierarchy, as somebody sees it (cgroups(7), /proc/PID/cgroup).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CgroupPath {
    /// The hierarchy's number; 0 for the v2 tree.
    pub hierarchy: u32,
    /// The v1 controllers of the hierarchy, or `name=NAME`; none for the v2 tree.
    pub controllers: Vec<String>,
    /// The path below the root that is seen; it begins with `/..` for what is above that.
    pub path: String,
}

impl Namespace {
    /// The host name in a uts namespace.
    ///
    /// # Errors
    /// `InvalidSpec` for another kind, `Permission` without CAP_SYS_ADMIN over it.
    pub fn hostname(&self) -> Result<String> {
        self.name_of("hostname")
    }

    /// Sets the host name in a uts namespace, for everyone in it: at most 64 bytes (sethostname(2)).
    ///
    /// # Errors
    /// As [`Namespace::hostname`], and `InvalidSpec` for a name that is too long or has a NUL in it.
    pub fn set_hostname(&self, name: &str) -> Result<()> {
        self.set_name("hostname", name, |name| Op::Hostname { name })
    }

    /// The NIS domain name in a uts namespace, empty or "(none)" where none was set.
    ///
    /// # Errors
    /// As [`Namespace::hostname`].
    pub fn domainname(&self) -> Result<String> {
        self.name_of("domainname")
    }

    /// Sets the NIS domain name in a uts namespace: at most 64 bytes (setdomainname(2)).
    ///
    /// # Errors
    /// As [`Namespace::set_hostname`].
    pub fn set_domainname(&self, name: &str) -> Result<()> {
        self.set_name("domainname", name, |name| Op::Domainname { name })
    }

    fn name_of(&self, which: &str) -> Result<String> {
        self.only(Kind::Uts)?;
        let text = self.read(&format!("/proc/sys/kernel/{which}"), which)?;
        Ok(text.trim_end_matches('\n').to_owned())
    }

    fn set_name<'a>(
        &self,
        which: &str,
        name: &'a str,
        op: impl Fn(&'a [u8]) -> Op<'a>,
    ) -> Result<()> {
        self.only(Kind::Uts)?;
        let subject = format!("{self}: {which} {name:?}");
        if name.len() > NAME_MAX || name.contains('\0') {
            return Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                subject,
                format!("is not a name of at most {NAME_MAX} bytes"),
            ));
        }
        let mut visit = Visit::to(self)?;
        visit.push(Stage::Namespace, subject, &op(name.as_bytes()));
        visit.go().map(drop)
    }

    /// A kernel parameter of the namespace's own, such as `net.ipv4.ip_forward` of a net namespace, as
    /// sysctl(8) names and shows it, without the newline at the end.
    ///
    /// # Errors
    /// `InvalidSpec` for a name that is not one of this kind's, `NotFound` for one that the namespace has
    /// not, `Permission`.
    pub fn sysctl(&self, name: &str) -> Result<String> {
        let file = self.parameter(name)?;
        let text = self.read(&file, &format!("sysctl {name}"))?;
        Ok(text.trim_end_matches('\n').to_owned())
    }

    /// Sets a kernel parameter of the namespace's own, for everyone in it.
    ///
    /// # Errors
    /// As [`Namespace::sysctl`]; EINVAL for a value that the kernel does not take.
    pub fn set_sysctl(&self, name: &str, value: &str) -> Result<()> {
        let file = self.parameter(name)?;
        let path = CString::new(file.as_str()).map_err(|_| nul(name))?;
        let mut visit = Visit::as_root_of(self)?;
        let op = Op::WriteFile {
            path: &path,
            text: value.as_bytes(),
        };
        visit.push(
            Stage::Namespace,
            format!("{self}: sysctl {name}: {value:?}"),
            &op,
        );
        visit.go().map(drop)
    }

    fn parameter(&self, name: &str) -> Result<String> {
        let wrong = |detail: String| {
            Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                format!("{self}: sysctl"),
                detail,
            )
        };
        let (file, kind) = sysctl::find(name).map_err(wrong)?;
        if kind != self.kind() {
            return Err(wrong(format!(
                "{name} is a {kind} namespace's, not a {}'s",
                self.kind()
            )));
        }
        Ok(file)
    }

    /// The clock offsets of a time namespace (time_namespaces(7)).
    ///
    /// # Errors
    /// As [`Namespace::hostname`].
    pub fn time_offsets(&self) -> Result<TimeOffsets> {
        self.only(Kind::Time)?;
        let text = self.read("/proc/self/timens_offsets", "clock offsets")?;
        Ok(parse_offsets(&text))
    }

    /// Opens a socket in a net namespace, to be used from here: it stays in its namespace wherever its
    /// descriptor goes. Family, type and protocol as in socket(2); always close-on-exec.
    ///
    /// # Errors
    /// As [`Namespace::hostname`]; whatever socket(2) says.
    pub fn socket(&self, family: i32, kind: i32, protocol: i32) -> Result<OwnedFd> {
        self.only(Kind::Net)?;
        let subject = format!("{self}: socket {family}, {kind}, {protocol}");
        let mut visit = Visit::to(self)?;
        let op = Op::Socket {
            domain: family as u32,
            kind: kind as u32,
            protocol: protocol as u32,
        };
        visit.push(Stage::Namespace, subject, &op);
        visit.go()?.descriptors.pop().ok_or_else(nothing)
    }

    /// Where a process is in the cgroup trees, as seen from a cgroup namespace. [`cgroup_paths`] tells
    /// how the caller sees it.
    ///
    /// # Errors
    /// As [`Namespace::hostname`]; `NotFound` for a process that is gone.
    pub fn cgroup_paths(&self, pid: i32) -> Result<Vec<CgroupPath>> {
        self.only(Kind::Cgroup)?;
        proc::check_pid(pid)?;
        let path = format!("/proc/{pid}/cgroup");
        Ok(parse_cgroups(&self.read(&path, &path)?))
    }

    fn read(&self, path: &str, what: &str) -> Result<String> {
        let mut visit = Visit::to(self)?;
        visit.tell(path, format!("{self}: {what}"))?;
        let text = visit.go()?.texts.pop().ok_or_else(nothing)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn only(&self, kind: Kind) -> Result<()> {
        if self.kind() == kind {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Namespace,
            self.to_string(),
            format!("is not a {kind} namespace"),
        ))
    }
}

/// Where a process is in the cgroup trees, as the caller sees it.
///
/// # Errors
/// `NotFound` for a process that is gone.
pub fn cgroup_paths(pid: i32) -> Result<Vec<CgroupPath>> {
    Ok(parse_cgroups(&of_process(pid, "cgroup")?))
}

/// The clock offsets that the children of a process begin with (/proc/PID/timens_offsets).
///
/// # Errors
/// `NotFound` for a process that is gone, `Unsupported` before Linux 5.6.
pub fn time_offsets_of(pid: i32) -> Result<TimeOffsets> {
    Ok(parse_offsets(&of_process(pid, "timens_offsets")?))
}

/// Sets the clock offsets of the time namespace that a process has made for its children
/// (time_namespaces(7)), while none is born yet. It takes CAP_SYS_TIME over the namespace.
///
/// # Errors
/// `Busy` (EACCES) once a process lives in the namespace; `InvalidSpec` (ERANGE) for an offset that takes
/// a clock below 0; `Permission`, `NotFound`.
pub fn set_time_offsets(pid: i32, offsets: TimeOffsets) -> Result<()> {
    proc::check_pid(pid)?;
    offsets
        .check()
        .map_err(|(clock, why)| Error::new(ErrorKind::InvalidSpec, Stage::Namespace, clock, why))?;
    let text = offsets_text(offsets);
    let path = format!("/proc/{pid}/timens_offsets");
    let failed = |error: std::io::Error| {
        let subject = format!("{path}: {:?}", text.trim_end());
        let failure = Error::from_io(&error, Stage::Namespace, subject);
        match error.raw_os_error() {
            Some(libc::EACCES) => failure.with_kind(ErrorKind::Busy).with_hint(
                "a process lives in the time namespace already: its clocks are set before the first",
            ),
            Some(libc::ERANGE) => failure.with_kind(ErrorKind::InvalidSpec).with_hint(
                "a clock must stay at 0 or more, and below half of what the kernel can count",
            ),
            _ => gone(failure, pid),
        }
    };
    let mut file = File::options().write(true).open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// The lines that the kernel takes.
pub(crate) fn offsets_text(offsets: TimeOffsets) -> String {
    let line = |clock: &str, seconds: f64| {
        let whole = seconds.floor();
        let nanos = ((seconds - whole) * 1e9).round().min(999_999_999.0);
        format!("{clock} {} {}\n", whole as i64, nanos as u32)
    };
    line("monotonic", offsets.monotonic) + &line("boottime", offsets.boottime)
}

fn of_process(pid: i32, file: &str) -> Result<String> {
    proc::check_pid(pid)?;
    let path = format!("/proc/{pid}/{file}");
    let text = kernfile::read(path.as_ref())
        .map_err(|error| gone(Error::from_io(&error, Stage::Namespace, &path), pid))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// A file of a process that is not there: the process is gone, or the kernel has no such file.
fn gone(error: Error, pid: i32) -> Error {
    let there = std::path::Path::new("/proc").join(pid.to_string()).exists();
    match error.errno() {
        libc::ENOENT if there => error
            .with_kind(ErrorKind::Unsupported)
            .with_hint("this kernel has no such file"),
        libc::ENOENT | libc::ESRCH => error.with_hint("there is no such process"),
        _ => error,
    }
}

fn nothing() -> Error {
    Error::new(
        ErrorKind::Internal,
        Stage::Namespace,
        "visit",
        "nothing was found",
    )
}

/// "monotonic 86400 0" and "boottime -1 500000000" (before Linux 5.7, clocks by number).
fn parse_offsets(text: &str) -> TimeOffsets {
    let mut offsets = TimeOffsets::default();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let clock = words.next();
        let mut number = || {
            words
                .next()
                .and_then(|word| word.parse::<i64>().ok())
                .unwrap_or(0)
        };
        let seconds = number() as f64 + number() as f64 / 1e9;
        match clock {
            Some("monotonic" | "1") => offsets.monotonic = seconds,
            Some("boottime" | "7") => offsets.boottime = seconds,
            _ => {}
        }
    }
    offsets
}

/// "4:memory:/a/b", "1:name=systemd:/", "0::/a".
fn parse_cgroups(text: &str) -> Vec<CgroupPath> {
    text.lines()
        .filter_map(|line| {
            let mut parts = line.splitn(3, ':');
            let hierarchy = parts.next()?.parse().ok()?;
            let controllers = parts.next()?;
            let path = parts.next()?.to_owned();
            let controllers = controllers.split(',').filter(|name| !name.is_empty());
            Some(CgroupPath {
                hierarchy,
                controllers: controllers.map(str::to_owned).collect(),
                path,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_lead_back() {
        let offsets = TimeOffsets {
            monotonic: 86400.0,
            boottime: -0.5,
        };
        let text = offsets_text(offsets);
        assert_eq!(text, "monotonic 86400 0\nboottime -1 500000000\n");
        assert_eq!(parse_offsets(&text), offsets);
        assert_eq!(
            parse_offsets("monotonic         5         0\nboottime         0         0\n")
                .monotonic,
            5.0
        );
    }

    #[test]
    fn cgroup_lines() {
        let found = parse_cgroups("4:cpu,cpuacct:/a:b\n1:name=systemd:/\n0::/../c\nx\n");
        let one = |hierarchy, controllers: &[&str], path: &str| CgroupPath {
            hierarchy,
            controllers: controllers.iter().map(|c| (*c).to_owned()).collect(),
            path: path.to_owned(),
        };
        assert_eq!(
            found,
            [
                one(4, &["cpu", "cpuacct"], "/a:b"),
                one(1, &["name=systemd"], "/"),
                one(0, &[], "/../c"),
            ]
        );
    }
}
