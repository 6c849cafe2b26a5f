//! What /proc tells of processes and threads: which there are, the namespaces they are in, and their
//! numbers. Whatever vanishes meanwhile, or may not be read, is left out.

use std::io;
use std::path::Path;

use super::Kind;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;

/// What is asked of /proc/PID/status (proc_pid_status(5)).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// The parent's number as /proc shows it.
    pub parent: i32,
    /// Its numbers in the pid namespace of /proc, and in each one below that down to its own. Before
    /// Linux 4.1 only the first.
    pub numbers: Vec<i32>,
}

impl Status {
    pub fn parse(text: &[u8]) -> Option<Status> {
        let text = String::from_utf8_lossy(text);
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"))
        };
        let numbers = field("NSpid").or_else(|| field("Pid"))?;
        Some(Status {
            parent: field("PPid")?.parse().ok()?,
            numbers: numbers
                .split_whitespace()
                .map(|number| number.parse().ok())
                .collect::<Option<_>>()?,
        })
    }

    /// That of a process or a thread.
    pub fn of(id: i32) -> Option<Status> {
        Status::read(&format!("/proc/{id}/status"))
    }

    fn read(path: &str) -> Option<Status> {
        Status::parse(&kernfile::read(Path::new(path)).ok()?)
    }

    /// The number in the innermost pid namespace.
    pub fn innermost(&self) -> Option<i32> {
        self.numbers.last().copied()
    }
}

/// How many pid namespaces lie between that of the mounted /proc and the caller's own: 0 in most
/// places, and more where /proc was mounted before the caller's namespace was made.
///
/// # Errors
/// `NotFound` where there is no /proc, or one in which the caller does not appear.
pub(super) fn depth() -> Result<usize> {
    const OWN: &str = "/proc/thread-self/status";
    let text = kernfile::read(Path::new(OWN)).map_err(|error| {
        let hint = if Path::new("/proc/version").exists() {
            "the /proc that is mounted is of a pid namespace in which the caller has no number"
        } else {
            "mount /proc"
        };
        Error::from_io(&error, Stage::Namespace, OWN).with_hint(hint)
    })?;
    let status = Status::parse(&text).filter(|status| !status.numbers.is_empty());
    let status = status.ok_or_else(|| {
        Error::new(
            ErrorKind::Other,
            Stage::Namespace,
            OWN,
            "has no process ids in it",
        )
    })?;
    Ok(status.numbers.len() - 1)
}

/// The processes that /proc shows, in ascending order; threads are not among them.
pub(super) fn processes() -> Result<Vec<i32>> {
    numbers_in("/proc").map_err(|error| Error::from_io(&error, Stage::Namespace, "/proc"))
}

/// The threads of a process, in ascending order.
pub(super) fn threads(pid: i32) -> Vec<i32> {
    numbers_in(&format!("/proc/{pid}/task")).unwrap_or_default()
}

/// The descriptors of a process.
pub(super) fn descriptors(pid: i32) -> Vec<i32> {
    numbers_in(&format!("/proc/{pid}/fd")).unwrap_or_default()
}

fn numbers_in(dir: &str) -> io::Result<Vec<i32>> {
    let mut numbers: Vec<i32> = std::fs::read_dir(dir)?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The inode number of the namespace that a link under /proc/PID/ns leads to.
pub(super) fn link(path: &str) -> io::Result<u64> {
    let text = std::fs::read_link(path)?;
    let found = text.to_str().and_then(parse_link);
    found
        .map(|(_, inode)| inode)
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Kind and inode number of a link's text, such as `net:[4026531833]`.
pub(super) fn parse_link(text: &str) -> Option<(Kind, u64)> {
    let (name, rest) = text.split_once(":[")?;
    let inode = rest.strip_suffix(']')?.parse().ok()?;
    Some((Kind::from_name(name)?, inode))
}

/// The inode number of a process's namespace: that of its main thread, or of the first other thread
/// where the main one has ended before them.
pub(super) fn namespace_of(pid: i32, kind: Kind) -> Option<u64> {
    match link(&format!("/proc/{pid}/ns/{kind}")) {
        Ok(inode) => Some(inode),
        // What has ended has left all its namespaces but pid and user.
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => threads(pid)
            .into_iter()
            .filter(|thread| *thread != pid)
            .find_map(|thread| link(&format!("/proc/{pid}/task/{thread}/ns/{kind}")).ok()),
        Err(_) => None,
    }
}

/// The name of a process or thread, at most 15 bytes (63 of a kernel thread).
pub(super) fn name(pid: i32) -> Option<String> {
    let bytes = kernfile::read(Path::new(&format!("/proc/{pid}/comm"))).ok()?;
    let name = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    Some(String::from_utf8_lossy(name).into_owned())
}

/// The command line of a process, its words with blanks between, at most 4096 bytes; the name in
/// brackets where it has none.
pub(super) fn command(pid: i32) -> Option<String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(format!("/proc/{pid}/cmdline"))
        .and_then(|file| file.take(4096).read_to_end(&mut bytes))
        .ok()?;
    let words = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    if words.is_empty() {
        return name(pid).map(|name| format!("[{name}]"));
    }
    let line = String::from_utf8_lossy(words).replace('\0', " ");
    Some(line)
}

/// All processes below one, by their parents' numbers. What was given to another parent on the way is
/// missed.
pub(super) fn descendants(of: i32) -> Result<Vec<i32>> {
    let parents: Vec<(i32, i32)> = processes()?
        .into_iter()
        .filter_map(|pid| Some((pid, Status::of(pid)?.parent)))
        .collect();
    let mut found = vec![of];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(
            parents
                .iter()
                .filter(|(_, above)| *above == parent)
                .map(|(pid, _)| *pid),
        );
        at += 1;
    }
    found.remove(0);
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_texts() {
        let text =
            b"Name:\ta\\nPid:\t9\nTgid:\t10\nPid:\t12\nPPid:\t3\nTracerPid:\t0\nNSpid:\t12\t5\t1\n";
        let status = Status::parse(text).expect("a status");
        assert_eq!((status.parent, &status.numbers[..]), (3, &[12, 5, 1][..]));
        assert_eq!(status.innermost(), Some(1));
        let old = Status::parse(b"Name:\tx\nPid:\t12\nPPid:\t0\n").expect("a status");
        assert_eq!(old.numbers, [12]);
        for odd in [&b""[..], b"Pid:\t12\n", b"Pid:\tx\nPPid:\t1\n"] {
            assert_eq!(Status::parse(odd), None);
        }
    }

    #[test]
    fn link_texts() {
        assert_eq!(
            parse_link("net:[4026531833]"),
            Some((Kind::Net, 4026531833))
        );
        for odd in [
            "net:4026531833",
            "net:[]",
            "netz:[1]",
            "/run/netns/a",
            "pipe:[7]",
        ] {
            assert_eq!(parse_link(odd), None, "{odd}");
        }
    }

    #[test]
    fn this_process() {
        let depth = depth().expect("/proc");
        let own = std::fs::read_link("/proc/self").expect("/proc");
        let own: i32 = own.to_str().expect("a number").parse().expect("a number");
        assert!(processes().expect("/proc").contains(&own));
        let thread = nix::unistd::gettid().as_raw();
        if depth == 0 {
            assert!(threads(own).contains(&thread));
            assert_ne!(thread, own, "a test runs on a thread of its own");
            assert!(!processes().expect("/proc").contains(&thread));
        }
        let status = Status::of(own).expect("alive");
        assert_eq!(status.numbers[0], own);
        assert!(command(own).is_some_and(|line| !line.contains('\0')));
        assert!(name(own).is_some_and(|name| !name.is_empty()));
        assert_eq!(namespace_of(own, Kind::Mnt), link("/proc/self/ns/mnt").ok(),);
    }

    #[test]
    fn what_a_process_has_started() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", "sleep 60 & echo $!; read x; kill $!"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("sh");
        let mut line = String::new();
        let out = child.stdout.take().expect("a pipe");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("a line");
        let grandchild: i32 = line.trim().parse().expect("a pid");
        let below = descendants(std::process::id() as i32).expect("/proc");
        let (pid, found) = (child.id() as i32, below.clone());
        drop(child.stdin.take());
        let _ = child.wait();
        assert!(
            found.contains(&pid) && found.contains(&grandchild),
            "{found:?}"
        );
        assert!(!found.contains(&(std::process::id() as i32)));
        assert!(descendants(pid).expect("/proc").is_empty());
    }
}
