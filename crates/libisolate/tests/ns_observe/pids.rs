//! Process ids across namespaces, and the processes of namespaces and jobs.

use libisolate::job::EnforcementStatus;
use libisolate::ns::{Kind, Namespace, Process, processes_in, translate_pid};
use libisolate::spec::NamespaceMode;
use libisolate::{ErrorKind, Job, Spec};

use crate::common::{Alone, alone, is_root, kernel, root_or_skip, sh, skip, without_init};
use crate::{first_line, name, plain, running, with_user};

fn own() -> Namespace {
    Namespace::of_thread(Kind::Pid).unwrap()
}

fn of(pid: i32) -> Namespace {
    Namespace::of_process(pid, Kind::Pid).unwrap()
}

fn number(text: &str) -> i32 {
    text.parse().unwrap_or_else(|_| panic!("{text:?}"))
}

/// The numbers of a process in /proc's pid namespace and in those down to its own, as the kernel
/// lists them.
fn listed(pid: i32) -> Vec<i32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|l| l.strip_prefix("NSpid:")).unwrap();
    line.split_whitespace().map(number).collect()
}

#[track_caller]
fn not_found(found: libisolate::Result<i32>, word: &str) {
    let error = found.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert_eq!(error.errno(), libc::ESRCH);
    assert!(error.message().contains(word), "{error}");
}

#[test]
fn between_the_caller_and_a_job() {
    alone(name!(), || {
        let (job, said) = running(sh("echo $$; exec sleep 100"));
        let (own, inside) = (own(), of(job.pid()));
        let within = number(&said);
        assert_ne!(within, job.pid());
        assert_eq!(translate_pid(job.pid(), &own, &inside).unwrap(), within);
        assert_eq!(translate_pid(within, &inside, &own).unwrap(), job.pid());
        assert_eq!(translate_pid(within, &inside, &inside).unwrap(), within);
        assert_eq!(translate_pid(job.pid(), &own, &own).unwrap(), job.pid());
        let init = translate_pid(1, &inside, &own).unwrap();
        assert_eq!(listed(init)[1..], [1]);
        let comm = std::fs::read_to_string(format!("/proc/{init}/comm")).unwrap();
        assert_eq!(comm, "isolate-init\n");
        // The caller is not in the job's namespace, and has no number there.
        let caller = std::process::id() as i32;
        not_found(translate_pid(caller, &own, &inside), "nor in one nested");
    });
}

#[test]
fn a_thread_keeps_a_number_of_its_own() {
    alone(name!(), || {
        let thread = nix::unistd::gettid().as_raw();
        assert_ne!(thread, std::process::id() as i32);
        assert_eq!(translate_pid(thread, &own(), &own()).unwrap(), thread);
        let here = processes_in(&own()).unwrap();
        assert!(here.iter().all(|process| process.pid != thread));
        let this = std::process::id() as i32;
        assert_eq!(here.iter().filter(|process| process.pid == this).count(), 1);
    });
}

#[test]
fn between_siblings_and_nested_ones() {
    alone(name!(), || {
        let (one, said) = running(sh("echo $$; exec sleep 100"));
        let (two, _) = running(sh("echo; exec sleep 100"));
        let (first, second) = (of(one.pid()), of(two.pid()));
        not_found(translate_pid(number(&said), &first, &second), "nor in one");
        // One in the job's: the shell is 1 there, and what it is outside its parent says.
        let script = "unshare -Urpf --kill-child sh -c 'echo $$; exec sleep 100'";
        let (outer, said) = running(plain(script, &with_user(&["pid"])));
        if said != "1" {
            return skip(name!(), "no pid namespace can be made in a job");
        }
        let outer_space = of(outer.pid());
        let members = processes_in(&outer_space).unwrap();
        let nested = |member: &&Process| of(member.pid) != outer_space;
        let innermost = members.iter().find(nested).unwrap();
        let inner_space = of(innermost.pid);
        assert_eq!(inner_space.parent().unwrap(), outer_space);
        let numbers = listed(innermost.pid);
        let numbers = &numbers[numbers.len() - 3..];
        assert_eq!((numbers[0], numbers[2]), (innermost.pid, 1));
        assert_eq!(innermost.inside, numbers[1]);
        let spaces = [own(), outer_space, inner_space];
        for (from, number) in spaces.iter().zip(numbers) {
            for (to, expected) in spaces.iter().zip(numbers) {
                assert_eq!(translate_pid(*number, from, to).unwrap(), *expected);
            }
        }
        // The job's program is outside of the inner one.
        let program = translate_pid(outer.pid(), &spaces[0], &spaces[1]).unwrap();
        not_found(translate_pid(program, &spaces[1], &spaces[2]), "nor in one");
        not_found(translate_pid(77, &spaces[2], &spaces[1]), "number there");
        let inner = processes_in(&spaces[2]).unwrap();
        assert_eq!(inner.len(), 1, "{inner:?}");
        assert_eq!((inner[0].pid, inner[0].inside), (numbers[0], 1));
    });
}

#[test]
fn what_is_gone_or_is_no_number() {
    alone(name!(), || {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id() as i32;
        child.wait().unwrap();
        not_found(translate_pid(pid, &own(), &own()), "number there");
        not_found(translate_pid(i32::MAX, &own(), &own()), "number there");
        for pid in [0, -1, i32::MIN] {
            let error = translate_pid(pid, &own(), &own()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        }
        let net = Namespace::of_thread(Kind::Net).unwrap();
        for (from, to) in [(&net, &own()), (&own(), &net)] {
            let error = translate_pid(1, from, to).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
            assert!(error.message().contains("net:["), "{error}");
        }
    });
}

/// A zombie still has its numbers.
#[test]
fn a_zombie() {
    alone(name!(), || {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id() as i32;
        let stat = format!("/proc/{pid}/stat");
        while !std::fs::read_to_string(&stat).unwrap().contains(") Z ") {
            std::thread::yield_now();
        }
        assert_eq!(translate_pid(pid, &own(), &own()).unwrap(), pid);
        assert!(processes_in(&own()).unwrap().iter().any(|p| p.pid == pid));
        let net = Namespace::of_thread(Kind::Net).unwrap();
        assert!(!processes_in(&net).unwrap().iter().any(|p| p.pid == pid));
        child.wait().unwrap();
    });
}

/// The caller is in a pid namespace of its own, and /proc is of the outer one.
#[test]
fn with_the_proc_of_an_outer_namespace() {
    if !root_or_skip(name!()) {
        return;
    }
    // The outer one comes along as descriptor 9: from within, its files are not open to anybody.
    let script = "exec 9</proc/self/ns/pid; exec unshare -pf --kill-child \"$@\"";
    let within = ["sh", "-c", script, "sh"];
    Alone::new(name!()).under(&within).run(|| {
        let this = std::process::id() as i32;
        let outside: i32 = number(std::fs::read_link("/proc/self").unwrap().to_str().unwrap());
        assert_ne!(this, outside);
        let outer = Namespace::of_fd(9).unwrap();
        assert_ne!(outer, own());
        match translate_pid(this, &own(), &outer) {
            // Which namespace is above its own nobody is told, and before Linux 6.11 there is no other way.
            Err(error) if kernel() < (6, 11) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                skip(
                    name!(),
                    "the kernel does not translate numbers (Linux 6.11)",
                );
            }
            number => {
                assert_eq!(number.unwrap(), outside);
                assert_eq!(translate_pid(outside, &outer, &own()).unwrap(), this);
                // The outer one's first process has no number here.
                not_found(translate_pid(1, &outer, &own()), "number there");
            }
        }
        let here = processes_in(&own()).unwrap();
        let me = here.iter().find(|process| process.pid == this).unwrap();
        assert_eq!(me.inside, this);
        let net = processes_in(&Namespace::of_thread(Kind::Net).unwrap()).unwrap();
        assert!(net.iter().any(|process| process.pid == this), "{net:?}");
        let (job, said) = running(plain("sleep 100 & echo $!; wait", &["pid"]));
        let found = job.processes().unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|process| process.pid == job.pid()));
        assert!(insides(&found).contains(&number(&said)), "{found:?} {said}");
        let (job, said) = running(plain("sleep 100 & echo $!; wait", &[]));
        let found: Vec<i32> = job.processes().unwrap().iter().map(|p| p.pid).collect();
        assert_eq!(found, sorted(vec![job.pid(), number(&said)]));
        let sleep = nix::unistd::Pid::from_raw(number(&said));
        nix::sys::signal::kill(sleep, nix::sys::signal::SIGKILL).unwrap();
        assert!(job.wait().unwrap().success());
    });
}

fn shown(job: &Job) -> Vec<Process> {
    let found = job.processes().unwrap();
    assert!(found.is_sorted_by_key(|process| process.pid));
    found
}

/// The numbers inside, ascending: those outside may have begun again at the lowest.
fn insides(processes: &[Process]) -> Vec<i32> {
    let mut inside: Vec<i32> = processes.iter().map(|process| process.inside).collect();
    inside.sort_unstable();
    inside
}

fn sorted(mut numbers: Vec<i32>) -> Vec<i32> {
    numbers.sort_unstable();
    numbers
}

/// The shell with the sleep that it has started, of which it tells the number; and the init nowhere.
fn assert_two(mut spec: Spec, inside: bool) {
    spec.argv = ["/bin/sh", "-c", "sleep 100 & echo $$ $!; wait"]
        .map(Into::into)
        .to_vec();
    let (job, said) = running(spec.clone());
    let told: Vec<i32> = said.split(' ').map(number).collect();
    let found = shown(&job);
    assert_eq!(insides(&found), sorted(told.clone()), "{found:?} {spec:?}");
    let program = found
        .iter()
        .find(|process| process.pid == job.pid())
        .unwrap();
    assert_eq!((program.name.as_str(), program.inside), ("sh", told[0]));
    assert_eq!(program.pid != program.inside, inside, "{found:?}");
    job.kill().unwrap();
    job.wait().unwrap();
    assert_eq!(shown(&job), []);
    if !spec.init && !inside {
        // With neither a namespace nor a group nor an init, nobody else ends what the program has started.
        let left = nix::unistd::Pid::from_raw(told[1]);
        let _ = nix::sys::signal::kill(left, nix::sys::signal::SIGKILL);
    }
}

#[test]
fn the_processes_of_a_job() {
    alone(name!(), || {
        // By its cgroup, where there is one.
        assert_two(sh(""), true);
        let mut spec = sh("");
        without_init(&mut spec);
        assert_two(spec, true);
        let mut spec = sh("");
        spec.namespaces.pid = Some(NamespaceMode::Host);
        assert_two(spec, false);
        // By its pid namespace.
        let mut spec = sh("");
        spec.cgroup = Some(libisolate::spec::CgroupMode::None);
        assert_two(spec.clone(), true);
        without_init(&mut spec);
        assert_two(spec, true);
        assert_two(plain("", &with_user(&["pid"])), true);
        // As descendants.
        assert_two(plain("", &[]), false);
        let mut spec = plain("", &[]);
        spec.init = false;
        assert_two(spec, false);
    });
}

/// What was left by its parent is still the job's.
#[test]
fn orphans_are_the_jobs() {
    alone(name!(), || {
        let script = "x=$(sleep 100 >/dev/null & echo $!); echo $x; exec sleep 100";
        for spec in [sh(script), plain(script, &[])] {
            let (job, said) = running(spec);
            let inside = insides(&shown(&job));
            assert_eq!(inside.len(), 2, "{inside:?}");
            assert!(inside.contains(&number(&said)), "{inside:?} {said}");
        }
    });
}

/// What is started inside a job later is one of its processes too.
#[test]
fn a_program_inside_a_job() {
    alone(name!(), || {
        let mut shared = sh("echo $$; exec sleep 100");
        shared.namespaces.pid = Some(NamespaceMode::Host);
        for spec in [sh("echo $$; exec sleep 100"), shared] {
            let beside = spec.namespaces.pid.is_some();
            let (job, said) = running(spec);
            let mut inner = Spec::new(["/bin/sh", "-c", "sleep 100 & echo $$ $!; wait"]);
            inner.stdin = libisolate::spec::Stdio::Null;
            inner.stdout = libisolate::spec::Stdio::Pipe;
            let inner = match job.exec(&inner) {
                Err(error) if !is_root() => return skip(name!(), &error.message()),
                started => started.unwrap(),
            };
            let mut told = vec![number(&said)];
            told.extend(first_line(&inner).split(' ').map(number));
            assert_eq!(insides(&shown(&inner)), sorted(told[1..].to_vec()));
            let mut all = shown(&job);
            // What an ordinary user may not look into might be anything.
            all.retain(|process| is_root() || process.name != "isolate-init");
            // With neither a cgroup nor a pid namespace, it stands beside the job's own.
            let cgroup = job.enforcement().into_iter().find(|e| e.name == "cgroup");
            if matches!(cgroup, Some(e) if e.status == EnforcementStatus::Skipped) && beside {
                told.truncate(1);
            }
            assert_eq!(insides(&all), sorted(told));
        }
    });
}

#[test]
fn members_of_other_kinds() {
    alone(name!(), || {
        let (job, said) = running(sh("sleep 100 & echo $$ $!; wait"));
        let told: Vec<i32> = said.split(' ').map(number).collect();
        for kind in [Kind::Net, Kind::Uts, Kind::User, Kind::Mnt] {
            let inside = Namespace::of_process(job.pid(), kind).unwrap();
            let members = processes_in(&inside).unwrap();
            assert_eq!(insides(&members)[1..], told, "{members:?}");
            let program = members.iter().find(|p| p.inside == told[0]).unwrap();
            assert_eq!(program.pid, job.pid());
            let this = std::process::id() as i32;
            assert!(members.iter().all(|p| p.pid != this), "{kind}");
        }
    });
}
