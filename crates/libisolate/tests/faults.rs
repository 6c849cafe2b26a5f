//! System calls that fail, one at a time: strace injects an error into each call of the host's and the
//! init's way to a running job. Whatever fails, the job does not run, or it runs exactly as isolated as
//! ever; nothing hangs and nothing is left.
//!
//! A quick set by default; `ISOLATE_FAULTS=full` takes every call, every error, every occurrence.
//! Run by itself with arguments it is the host under test: it launches one job that reports on itself.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program of its own"
)]

#[path = "common/fault_calls.rs"]
mod calls;
mod common;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use calls::{CALLS, ENTERING_CALLS, RARE};
use common::{Snapshot, TempDir, patience, probe, skip, text};
use libisolate::ns::{Kind, NamespaceSet, create};
use libisolate::spec::{Bind, NamespaceMode, Seconds, Tmpfs};

const ERRORS: [&str; 4] = ["error=EPERM", "error=ENOMEM", "error=EINTR", "error=EIO"];

/// The host or the init is killed on the spot, whichever comes to the call.
const KILL: &str = "signal=KILL";

const HOST: &str = "--host";

/// What the host does: a job with namespaces of its own, or one in a network that it has made and enters.
const PLAIN: &str = "plain";
const ENTERING: &str = "entering";
const BEGIN: &str = "BEGIN-OF-REPORT";
const END: &str = "END-OF-REPORT";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(HOST) {
        let (dir, way) = (arguments.next().unwrap(), arguments.next().unwrap());
        return host(&dir, &way);
    }
    if std::env::args().any(|a| a == "--list") {
        println!("faults: test");
        return ExitCode::SUCCESS;
    }
    if Command::new("strace")
        .arg("-V")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        skip("faults", "strace is not installed");
        return ExitCode::SUCCESS;
    }
    campaign()
}

/// The host under test: one strict job with a bit of everything, whose report is printed.
fn host(dir: &str, way: &str) -> ExitCode {
    let script = format!(
        "echo {BEGIN}; /probe fds; /probe writable / /usr /etc /dev /run /proc/sys/kernel /data /work /tmp /scratch; \
         grep -E '^(Uid|Gid|Groups|Cap|NoNew|Seccomp|Sig(Blk|Ign)|Umask)' /proc/self/status; \
         for n in cgroup ipc net mnt pid time user uts; do [ \"$(readlink /proc/self/ns/$n)\" = \
         \"$(eval echo \\$ns_$n)\" ] && echo shared $n; done; cut -d: -f3 /proc/self/cgroup | sort -u; \
         cat /proc/1/comm; pwd; uname -n; env | grep -v ^ns_ | sort; ulimit -n; ulimit -c; ls -A / /dev /run | tr '\\n' ' '; \
         cut -d' ' -f5,6 /proc/self/mountinfo; /probe net; /probe calls; cut -d' ' -f6 /proc/$$/stat; echo {END}"
    );
    let mut spec = probe(&[]);
    spec.argv = vec!["/bin/sh".into(), "-c".into(), script.into()];
    spec.hostname = Some("faults".into());
    spec.timeout = Some(Seconds(patience(Duration::from_secs(20))));
    spec.binds.push(Bind::ro(dir).at("/data"));
    spec.binds.push(Bind::rw(dir).at("/work"));
    spec.tmpfs.push(Tmpfs::new("/scratch"));
    spec.limits
        .rlimits
        .insert("nofile".into(), libisolate::spec::Size(300));
    spec.limits
        .rlimits
        .insert("core".into(), libisolate::spec::Size(0));
    for kind in ["cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"] {
        let link = std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap_or_default();
        spec.env.insert(format!("ns_{kind}"), link.into());
    }
    let made = match way {
        ENTERING => match network() {
            Ok(made) => Some(made),
            Err(error) => {
                println!("error {} {error}", error.kind().name());
                return ExitCode::from(3);
            }
        },
        _ => None,
    };
    for namespace in made.iter().flat_map(NamespaceSet::iter) {
        let fd = namespace.as_fd().as_raw_fd();
        spec.namespaces.set(namespace.kind(), NamespaceMode::Fd(fd));
    }
    match libisolate::run(&spec) {
        Ok(outcome) if outcome.success() => {
            println!("{}", text(&outcome));
            ExitCode::SUCCESS
        }
        Ok(outcome) => {
            println!(
                "{}\noutcome {}: {}",
                text(&outcome),
                outcome.reason.name(),
                outcome.evidence
            );
            ExitCode::from(4)
        }
        Err(error) => {
            println!("error {} {error}", error.kind().name());
            ExitCode::from(3)
        }
    }
}

/// A network to enter; an ordinary user's is owned by a user namespace that is entered too.
fn network() -> libisolate::Result<NamespaceSet> {
    let kinds: &[Kind] = if common::is_root() {
        &[Kind::Net]
    } else {
        &[Kind::User, Kind::Net]
    };
    create(kinds, &libisolate::Spec::new(Vec::<&str>::new()))
}

/// How one run of the host ended.
struct Run {
    hung: bool,
    good: bool,
    output: String,
    injected: bool,
}

impl Run {
    /// What the job said of itself, where it came to an end.
    fn report(&self) -> Option<&str> {
        let (_, rest) = self.output.split_once(BEGIN)?;
        rest.split_once(END).map(|(report, _)| report)
    }

    /// Whether the job's program ran at all.
    fn ran(&self) -> bool {
        self.output.contains(BEGIN)
    }
}

fn run(scratch: &TempDir, number: usize, way: &str, inject: Option<&str>) -> Run {
    let (out, log) = (
        scratch.join(&format!("out{number}")),
        scratch.join(&format!("log{number}")),
    );
    let file = std::fs::File::create(&out).unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-b", "execve", "-o"]).arg(&log);
    match inject {
        Some(inject) => {
            let call = inject.split(':').next().unwrap();
            command.args([
                "-e",
                &format!("trace={call}"),
                "-e",
                &format!("inject={inject}"),
            ]);
        }
        None => drop(command.args(["-e", "trace=none"])),
    }
    let mut child = command
        .arg(std::env::current_exe().unwrap())
        .args([HOST, scratch.path().to_str().unwrap(), way])
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap();
    let end = Instant::now() + patience(Duration::from_secs(15));
    let (status, hung) = loop {
        match child.try_wait().unwrap() {
            Some(status) => break (status, false),
            None if Instant::now() > end => {
                let tree = tree(child.id() as i32);
                eprintln_straight(&format!("a hang: {inject:?} {tree:?}"));
                for (pid, _) in tree.iter().rev() {
                    // SAFETY: descendants of this process only.
                    unsafe { libc::kill(*pid, libc::SIGKILL) };
                }
                let _ = child.kill();
                break (child.wait().unwrap(), true);
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let output = String::from_utf8_lossy(&std::fs::read(&out).unwrap()).into_owned();
    let log = std::fs::read_to_string(&log).unwrap_or_default();
    // A kill leaves no mark on the call, only on the process.
    let injected = log.contains("(INJECTED)")
        || inject.is_some_and(|i| i.contains(KILL)) && log.contains("killed by SIGKILL");
    Run {
        hung,
        good: status.success(),
        output: format!("{output}\n{status} {:?}", status.signal()),
        injected,
    }
}

/// The processes below one, with their names.
fn tree(pid: i32) -> Vec<(i32, String)> {
    let mut all = Vec::new();
    let mut next = vec![pid];
    while let Some(pid) = next.pop() {
        let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        all.push((pid, comm.trim_end().to_owned()));
        for task in std::fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let children =
                std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            next.extend(
                children
                    .split_whitespace()
                    .filter_map(|c| c.parse::<i32>().ok()),
            );
        }
    }
    all
}

fn eprintln_straight(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The directories of jobs of other processes than this one: all that any host here has left.
fn groups() -> Vec<String> {
    let mut found = Vec::new();
    for hierarchy in libisolate::Host::probe().unwrap().cgroup.hierarchies {
        for entry in std::fs::read_dir(hierarchy.dir.as_path())
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(rest) = name.strip_prefix("isolate-") {
                let pid: i32 = rest
                    .split('-')
                    .next()
                    .and_then(|p| p.parse().ok())
                    .unwrap_or(0);
                // Of a host that is gone: those of living ones belong to other tests.
                if pid > 0 && !std::path::Path::new(&format!("/proc/{pid}")).exists() {
                    found.push(entry.path().display().to_string());
                }
            }
        }
    }
    found.sort();
    found
}

/// Takes what a host that ended early has not waited for; those are dead, but nobody's yet.
fn reap() {
    let end = Instant::now() + patience(Duration::from_secs(2));
    while Instant::now() < end {
        let mut status = 0;
        // SAFETY: children of this process, which waits for none of them elsewhere by now.
        match unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) } {
            ..0 => return,
            0 => std::thread::sleep(Duration::from_millis(5)),
            _ => {}
        }
    }
}

fn campaign() -> ExitCode {
    let full = std::env::var("ISOLATE_FAULTS").is_ok_and(|v| v == "full");
    // What a host leaves behind becomes a child of this process, and is seen.
    // SAFETY: a flag of this process.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    common::probe_path();
    let scratch = TempDir::new("faults");
    let before = Snapshot::take();
    let baseline = run(&scratch, 0, PLAIN, None);
    let Some(plain) = baseline.report().map(str::to_owned) else {
        if !std::path::Path::new("/proc/self/ns").exists() || baseline.output.contains("ptrace") {
            skip("faults", "this process may not trace");
            return ExitCode::SUCCESS;
        }
        eprintln_straight(&format!(
            "faults: no report without faults:\n{}",
            baseline.output
        ));
        return ExitCode::FAILURE;
    };
    let entering = run(&scratch, 0, ENTERING, None);
    let expected = BTreeMap::from([
        (PLAIN, plain),
        (
            ENTERING,
            entering
                .report()
                .expect("a report without faults")
                .to_owned(),
        ),
    ]);
    let mut jobs = Vec::new();
    let ways: &[&str] = if full { &[PLAIN, ENTERING] } else { &[PLAIN] };
    for way in ways {
        let calls = CALLS.iter().chain(&RARE).enumerate();
        for (at, call) in calls {
            if full {
                jobs.extend(
                    ERRORS
                        .iter()
                        .map(|error| (*way, *call, error.to_string(), 1..=200)),
                );
                jobs.push((*way, *call, KILL.to_owned(), 1..=200));
            } else {
                jobs.push((*way, *call, ERRORS[at % ERRORS.len()].to_owned(), 1..=2));
            }
        }
    }
    if !full {
        for (at, call) in ENTERING_CALLS.iter().enumerate() {
            jobs.push((ENTERING, *call, ERRORS[at % ERRORS.len()].to_owned(), 1..=3));
        }
        for call in ["clone3", "recvmsg", "sendmsg", "setns"] {
            jobs.push((ENTERING, call, KILL.to_owned(), 1..=4));
        }
        // EINTR where the kernel really gives it, and the end of host or init at the turning points.
        let waits = [
            "read", "recvmsg", "ppoll", "poll", "wait4", "waitid", "write",
        ];
        jobs.extend(waits.map(|call| (PLAIN, call, "error=EINTR".to_owned(), 1..=3)));
        let turns = [
            "mkdir",
            "execveat",
            "close_range",
            "sendmsg",
            "recvmsg",
            "move_mount",
            "ppoll",
            "write",
        ];
        jobs.extend(turns.map(|call| (PLAIN, call, KILL.to_owned(), 1..=3)));
    }
    let (next, counts, bad) = (
        AtomicUsize::new(0),
        Mutex::new(BTreeMap::new()),
        Mutex::new(Vec::new()),
    );
    std::thread::scope(|scope| {
        for worker in 0..2usize {
            let (next, counts, bad, jobs, scratch, expected) =
                (&next, &counts, &bad, &jobs, &scratch, &expected);
            scope.spawn(move || {
                while let Some((way, call, error, occurrences)) =
                    jobs.get(next.fetch_add(1, Ordering::SeqCst))
                {
                    for when in occurrences.clone() {
                        let inject = format!("{call}:{error}:when={when}");
                        let run = run(scratch, worker + 1, way, Some(&inject));
                        let expected = &expected[way];
                        let verdict = judge(&run, expected);
                        *counts.lock().unwrap().entry(verdict).or_insert(0) += 1;
                        if verdict.chars().all(|c| c.is_uppercase() || c == '-') {
                            bad.lock().unwrap().push(format!(
                                "{verdict} {way} {inject}\n{}",
                                difference(&run, expected)
                            ));
                        }
                        if !run.injected {
                            break;
                        }
                    }
                }
            });
        }
    });
    let bad = bad.into_inner().unwrap();
    let counts: BTreeMap<&str, usize> = counts.into_inner().unwrap();
    let total: usize = counts.values().sum();
    eprintln_straight(&format!("faults: {counts:?}"));
    for one in &bad {
        eprintln_straight(one);
    }
    reap();
    let left = tree(std::process::id() as i32);
    assert_eq!(left.len(), 1, "processes are left: {left:?}");
    before.assert_same();
    // A host that the fault has killed removes nothing; the next one does, once they are old enough.
    // Several rounds, since hosts of other tests may just have been killed too.
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(2100));
        assert!(run(&scratch, 0, PLAIN, None).report().is_some());
        if groups().is_empty() {
            break;
        }
    }
    assert_eq!(groups(), [] as [String; 0], "cgroups are left");
    // In libtest's words, for whoever counts.
    println!(
        "test result: {}. {} passed; {} failed; 0 ignored",
        if bad.is_empty() { "ok" } else { "FAILED" },
        total - bad.len(),
        bad.len()
    );
    if bad.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Small letters are fine.
fn judge(run: &Run, expected: &str) -> &'static str {
    // A read-only bind whose file system cannot map ids shows them as they are on disk: EPERM says so too.
    let plain = |report: &str| report.replace(",idmapped", "");
    match (run.hung, run.good, run.report()) {
        (true, ..) => "HANG",
        (_, true, None) => "SILENT",
        (_, _, Some(report)) if plain(report) != plain(expected) => "FAIL-OPEN",
        _ if !run.injected => "not reached",
        (_, true, Some(_)) => "same",
        (_, false, Some(_)) => "same, but failed",
        (_, false, None) if run.ran() => "cut short",
        (_, false, None) => "clean failure",
    }
}

fn difference(run: &Run, expected: &str) -> String {
    let Some(report) = run.report() else {
        return run.output.clone();
    };
    let mut lines = Vec::new();
    let (a, b): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), report.lines().collect());
    lines.extend(
        a.iter()
            .filter(|l| !b.contains(l))
            .map(|l| format!("  - {l}")),
    );
    lines.extend(
        b.iter()
            .filter(|l| !a.contains(l))
            .map(|l| format!("  + {l}")),
    );
    lines.join("\n")
}
