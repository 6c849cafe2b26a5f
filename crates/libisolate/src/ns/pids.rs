//! Process ids across pid namespaces: the number of one process in another namespace, and who lives in
//! a namespace (pid_namespaces(7)).

use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;

use isolate_sys::Errno;
use isolate_sys::calls::nsfs::{self, PidQuestion};
use schemars::JsonSchema;
use serde::Serialize;

use super::procfs::{self, Status};
use super::{Kind, Namespace};
use crate::error::{Error, ErrorKind, Result, Stage};

/// A process in a namespace or a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Process {
    /// Its number as the caller sees it.
    pub pid: i32,
    /// Its number in the pid namespace that was asked about, or, where none was, in its own.
    pub inside: i32,
    /// Its name (/proc/PID/comm), at most 15 bytes, 63 of a kernel thread.
    pub name: String,
}

/// The number in `to` of the process, or thread, that has the number `pid` in `from`.
///
/// Both are pid namespaces; the caller's own may be either. A process has a number in its own
/// namespace and in all that this is nested in. What is asked about must be visible to the caller, who
/// needs no rights over it (`NS_GET_PID_FROM_PIDNS`, Linux 6.11); on older kernels its namespaces must
/// be open to the caller, and /proc mounted.
///
/// # Errors
/// `NotFound` (ESRCH) when no process has the number, when it is outside the caller's own namespace,
/// and when it has no number in `to`; `InvalidSpec` for namespaces of another kind and for numbers
/// below 1.
pub fn translate_pid(pid: i32, from: &Namespace, to: &Namespace) -> Result<i32> {
    super::proc::check_pid(pid)?;
    only_pid(from)?;
    only_pid(to)?;
    let found = match by_ioctl(pid, from, to) {
        Err(Errno::ENOTTY) => by_proc(pid, from, to)?,
        Err(errno) => {
            let subject = format!("process {pid} of {from}");
            return Err(Error::from_errno(errno, Stage::Namespace, subject));
        }
        Ok(found) => found,
    };
    let hint = match found {
        Found::Number(number) => return Ok(number),
        Found::Nobody => "nothing that the caller sees has this number there".to_owned(),
        Found::Outside => format!("it is neither in {to} nor in one nested in it"),
    };
    let subject = format!("process {pid} of {from}");
    Err(Error::from_errno(Errno::ESRCH, Stage::Namespace, subject).with_hint(hint))
}

/// Who lives in a namespace, by ascending number.
///
/// In a pid namespace are its own processes and those of the namespaces nested in it, zombies too, and
/// [`Process::inside`] is their number in it. In one of another kind are the processes whose main thread
/// is in it, and `inside` is their number in their own pid namespace. Of threads that are elsewhere than
/// their process [`list`](super::list) tells. Processes that the caller may not look into are left out
/// (of a pid namespace, from Linux 6.11 on, none are).
///
/// # Errors
/// `NotFound` without a /proc in which the caller has a number.
pub fn processes_in(namespace: &Namespace) -> Result<Vec<Process>> {
    let mut numbers = Numbers::new()?;
    let mut found = Vec::new();
    for entry in procfs::processes()? {
        let member = match namespace.kind() {
            Kind::Pid => numbers.in_namespace(entry, namespace),
            kind if procfs::namespace_of(entry, kind) == Some(namespace.id().inode) => {
                Status::of(entry).and_then(|status| status.innermost())
            }
            _ => None,
        };
        found.extend(member.and_then(|inside| numbers.process(entry, inside)));
    }
    Ok(found)
}

/// Describes processes by the caller's numbers; `inside` is as in [`processes_in`] of `namespace`, where
/// one is given. Those that are gone are left out.
pub(crate) fn described(mut pids: Vec<i32>, namespace: Option<&Namespace>) -> Result<Vec<Process>> {
    pids.sort_unstable();
    pids.dedup();
    let mut numbers = Numbers::new()?;
    let entries = numbers.entries(&pids)?;
    let described = entries.into_iter().filter_map(|entry| {
        let inside = match namespace {
            Some(namespace) => numbers.in_namespace(entry, namespace)?,
            None => Status::of(entry)?.innermost()?,
        };
        numbers.process(entry, inside)
    });
    Ok(described.collect())
}

/// The processes that one has started, and what these have, by the caller's numbers.
pub(crate) fn descendants(pid: i32) -> Result<Vec<i32>> {
    let mut numbers = Numbers::new()?;
    let Some(entry) = numbers.entries(&[pid])?.pop() else {
        return Ok(Vec::new());
    };
    let below = procfs::descendants(entry)?;
    Ok(below
        .into_iter()
        .filter_map(|entry| numbers.callers(entry))
        .collect())
}

/// The caller's number of a child that lives; its pidfd tells that of /proc.
pub(crate) fn child_behind(pidfd: BorrowedFd<'_>) -> Option<i32> {
    let entry = super::proc::pid_of(pidfd).ok()?;
    match procfs::depth().ok()? {
        0 => Some(entry),
        depth => Status::of(entry)?.numbers.get(depth).copied(),
    }
}

/// Those that stand between a process and one above it, and that one itself; nothing where it is not
/// above it.
pub(crate) fn between(pid: i32, above: i32) -> Result<Vec<i32>> {
    let mut numbers = Numbers::new()?;
    let mut found = Vec::new();
    let mut entry = numbers.entries(&[pid])?.pop();
    while let Some(parent) = entry.and_then(Status::of).map(|status| status.parent) {
        let Some(number) = numbers.callers(parent) else {
            break;
        };
        found.push(number);
        if number == above {
            return Ok(found);
        }
        entry = Some(parent);
    }
    Ok(Vec::new())
}

/// Leaves out those that run a program, given by the device and inode of its file; where the caller may
/// not see what one runs, it stays.
pub(crate) fn without(program: (u64, u64), mut processes: Vec<Process>) -> Result<Vec<Process>> {
    let mut numbers = Numbers::new()?;
    let mut running = |pid: i32| -> Result<bool> {
        let Some(entry) = numbers.entries(&[pid])?.pop() else {
            return Ok(false);
        };
        let file = std::fs::metadata(format!("/proc/{entry}/exe"));
        Ok(file.is_ok_and(|file| (file.dev(), file.ino()) == program))
    };
    let mut error = None;
    processes.retain(|process| match running(process.pid) {
        Ok(running) => !running,
        Err(failed) => {
            error = Some(failed);
            true
        }
    });
    error.map_or(Ok(processes), Err)
}

fn only_pid(namespace: &Namespace) -> Result<()> {
    if namespace.kind() == Kind::Pid {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidSpec,
        Stage::Namespace,
        namespace.to_string(),
        "is not a pid namespace",
    ))
}

/// What became of a translation.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Number(i32),
    /// `from` has no such process.
    Nobody,
    /// `to` does not have it.
    Outside,
}

/// By way of the caller's own namespace.
fn by_ioctl(pid: i32, from: &Namespace, to: &Namespace) -> Result<Found, Errno> {
    let here = |pid| ask(from, PidQuestion::ThreadFrom, pid);
    let mut own = here(pid)?;
    // Between the two questions the number may go to another process.
    for _ in 0..8 {
        let Some(number) = own else {
            return Ok(Found::Nobody);
        };
        let there = ask(to, PidQuestion::ThreadIn, number)?;
        let again = here(pid)?;
        if again == own {
            return Ok(there.map_or(Found::Outside, Found::Number));
        }
        own = again;
    }
    Ok(Found::Nobody)
}

fn ask(namespace: &Namespace, question: PidQuestion, pid: i32) -> Result<Option<i32>, Errno> {
    match nsfs::translate_pid(namespace.as_fd().as_raw_fd(), question, pid) {
        Ok(number) => Ok(Some(number)),
        Err(Errno::ESRCH) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// By the lists of numbers in /proc: before Linux 6.11.
fn by_proc(pid: i32, from: &Namespace, to: &Namespace) -> Result<Found> {
    let mut numbers = Numbers::new()?;
    let mut find = |id: i32| {
        let status = Status::of(id)?;
        let asked = numbers.listed(id, &status, from.id().inode)?;
        (asked == pid).then(|| numbers.listed(id, &status, to.id().inode))
    };
    let answer = |there: Option<i32>| there.map_or(Found::Outside, Found::Number);
    // Most often it is the caller's own number.
    if let Some(there) = find(pid) {
        return Ok(answer(there));
    }
    let processes = procfs::processes()?;
    if let Some(there) = processes.iter().find_map(|id| find(*id)) {
        return Ok(answer(there));
    }
    let threads = processes.into_iter().flat_map(procfs::threads);
    let there = threads.into_iter().find_map(find);
    Ok(there.map_or(Found::Nobody, answer))
}

/// The numbers of processes, by the entries of /proc.
struct Numbers {
    /// As [`procfs::depth`].
    depth: usize,
    /// Inode number of the caller's own pid namespace.
    own: u64,
    /// A pid namespace and those it is nested in, as far as the caller sees, by the first one's inode.
    chains: HashMap<u64, Vec<u64>>,
}

impl Numbers {
    fn new() -> Result<Numbers> {
        const OWN: &str = "/proc/thread-self/ns/pid";
        let depth = procfs::depth()?;
        let own = procfs::link(OWN).map_err(|e| Error::from_io(&e, Stage::Namespace, OWN))?;
        Ok(Numbers {
            depth,
            own,
            chains: HashMap::new(),
        })
    }

    /// The number of an entry of /proc in a pid namespace, by the kernel's word where it gives it.
    fn in_namespace(&mut self, entry: i32, namespace: &Namespace) -> Option<i32> {
        if self.depth == 0 {
            match ask(namespace, PidQuestion::ProcessIn, entry) {
                Err(Errno::ENOTTY) => {}
                answer => return answer.ok().flatten(),
            }
        }
        self.listed(entry, &Status::of(entry)?, namespace.id().inode)
    }

    /// The number of an entry in a pid namespace, by the list of its numbers and by which namespaces
    /// its own is nested in.
    fn listed(&mut self, entry: i32, status: &Status, namespace: u64) -> Option<i32> {
        let innermost = match procfs::link(&format!("/proc/{entry}/ns/pid")) {
            Ok(inode) => inode,
            // Not the caller's to open; but with one number alone it is where /proc is.
            Err(_) if self.depth == 0 && status.numbers.len() == 1 => self.own,
            Err(_) => return None,
        };
        let chain = self.chains.entry(innermost).or_insert_with(|| {
            let mut chain = vec![innermost];
            let mut at = Namespace::of_process(entry, Kind::Pid).ok();
            // The number may have gone to another process meanwhile.
            at = at.filter(|namespace| namespace.id().inode == innermost);
            while let Some(outer) = at.and_then(|namespace| namespace.parent().ok()) {
                chain.push(outer.id().inode);
                at = Some(outer);
            }
            chain
        });
        let outwards = chain.iter().position(|inode| *inode == namespace)?;
        let at = status.numbers.len().checked_sub(outwards + 1)?;
        status.numbers.get(at).copied()
    }

    /// The caller's number of an entry.
    fn callers(&mut self, entry: i32) -> Option<i32> {
        if self.depth == 0 {
            return Some(entry);
        }
        self.listed(entry, &Status::of(entry)?, self.own)
    }

    /// The entries of the processes with these numbers.
    fn entries(&mut self, pids: &[i32]) -> Result<Vec<i32>> {
        if self.depth == 0 {
            return Ok(pids.to_vec());
        }
        let mut entries = procfs::processes()?;
        entries.retain(|entry| self.callers(*entry).is_some_and(|pid| pids.contains(&pid)));
        Ok(entries)
    }

    fn process(&mut self, entry: i32, inside: i32) -> Option<Process> {
        Some(Process {
            pid: self.callers(entry)?,
            inside,
            name: procfs::name(entry)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command, Stdio};

    /// Two pid namespaces, one in the other, with a shell and its child in the inner one.
    struct Nest {
        child: Child,
        outer: Namespace,
        inner: Namespace,
    }

    impl Nest {
        /// `None` where the caller may make none.
        fn new() -> Option<Nest> {
            let mut child = Command::new("unshare")
                .args(["-Urpf", "--kill-child", "unshare", "-pf", "--kill-child"])
                .args(["sh", "-c", "sleep 100 & echo; wait"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .process_group(0)
                .spawn()
                .expect("unshare");
            let mut line = String::new();
            let out = child.stdout.take().expect("a pipe");
            std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line)
                .expect("read");
            if line.is_empty() {
                let _ = child.wait();
                return None;
            }
            let below = descendants(child.id() as i32).expect("/proc");
            let depth = |pid: &&i32| Status::of(**pid).expect("alive").numbers.len();
            let innermost = below.iter().max_by_key(depth).expect("a process");
            let inner = Namespace::of_process(*innermost, Kind::Pid).expect("alive");
            let outer = inner.parent().expect("it is nested");
            assert_ne!(outer, own());
            Some(Nest {
                child,
                outer,
                inner,
            })
        }
    }

    impl Drop for Nest {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    fn own() -> Namespace {
        Namespace::of_thread(Kind::Pid).expect("/proc")
    }

    /// When a process or thread was born; another may have its number by now.
    fn birth(id: i32) -> Option<String> {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let rest = text.rsplit_once(')')?.1;
        rest.split_whitespace().nth(19).map(str::to_owned)
    }

    #[test]
    fn both_ways_give_the_same_for_everything_on_the_machine() {
        let nest = Nest::new();
        let mut spaces = vec![own()];
        if let Some(nest) = &nest {
            spaces.extend([&nest.outer, &nest.inner].map(|n| n.try_clone().expect("a handle")));
        }
        let all = procfs::processes().expect("/proc");
        let mut all: Vec<i32> = all.into_iter().flat_map(procfs::threads).collect();
        // Numbers that nobody has in the first, and that those of the inner ones have.
        all.extend([1, 2, 3, 4, i32::MAX]);
        let (mut compared, mut there) = (0, 0);
        for id in all {
            let born = birth(id);
            for from in &spaces {
                for to in &spaces {
                    let told = match by_ioctl(id, from, to) {
                        Err(Errno::ENOTTY) => return, // before Linux 6.11 there is one way only
                        told => told.expect("an answer"),
                    };
                    let listed = by_proc(id, from, to).expect("/proc");
                    if told != listed && birth(id) != born {
                        continue;
                    }
                    // Who is no one's to look into has no namespace in /proc.
                    if !nix::unistd::geteuid().is_root() && listed != told {
                        assert_eq!(listed, Found::Nobody);
                        continue;
                    }
                    assert_eq!(told, listed, "{id} of {from} in {to}");
                    compared += 1;
                    there += usize::from(matches!(told, Found::Number(_)));
                }
            }
        }
        assert!(compared > 20 && there > 5, "{compared} {there}");
        if nest.is_some() {
            assert!(there < compared);
        }
    }

    #[test]
    fn members_by_either_way() {
        let Some(nest) = Nest::new() else { return };
        for (space, count) in [(&nest.outer, 3), (&nest.inner, 2)] {
            let members = processes_in(space).expect("/proc");
            assert_eq!(members.len(), count, "{members:?}");
            let mut numbers = Numbers::new().expect("/proc");
            for member in &members {
                let status = Status::of(member.pid).expect("alive");
                let listed = numbers.listed(member.pid, &status, space.id().inode);
                assert_eq!(listed, Some(member.inside));
            }
            assert!(members.iter().any(|member| member.inside == 1));
        }
        let members = processes_in(&nest.inner).expect("/proc");
        let first = members.iter().find(|member| member.inside == 1);
        assert!(first.is_some_and(|first| first.name == "sh"));
    }
}
