//! What a group reports of its processes: coming, going, standing, stalling, too many of them; and the
//! one descriptor, under a poll and inside another epoll.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use libisolate::cgroup::{Event, EventKind, Events, Resource, Version, Watch};
use libisolate::{Error, ErrorKind};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::common::{alone, skip};
use super::{PATIENCE, Running, group_or_skip, has, refused};
use crate::name;

pub fn is_readable(events: &Events) -> bool {
    let mut fds = [PollFd::new(events.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).unwrap() == 1
}

/// The next event, of that kind.
pub fn expect(events: &Events, kind: EventKind) -> Event {
    let event = events.wait(Some(PATIENCE)).unwrap();
    let event = event.unwrap_or_else(|| panic!("never {}", kind.name()));
    assert_eq!(event.kind, kind, "{event:?}");
    event
}

/// That the group's removal is the last event.
pub fn expect_end(events: &Events) {
    let event = expect(events, EventKind::Removed);
    assert_eq!((event.watch, event.count), (None, 1));
    assert!(events.is_over());
    for _ in 0..2 {
        assert_eq!(events.next(), Ok(None));
        assert!(is_readable(events), "the end is told once only");
    }
    assert_eq!(events.wait(None), Ok(None));
}

#[test]
fn populated_frozen_thawed_empty_removed() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "life") else {
            return;
        };
        let inner = group.create_child("inner", Some(&[])).unwrap();
        let events = group.events(&[Watch::Frozen, Watch::Populated]).unwrap();
        assert_eq!(events.next(), Ok(None));
        if has(Version::V2) {
            assert!(!is_readable(&events));
        }
        let mut child = Running::shell("exec sleep 100");
        inner.attach(&[child.pid()]).unwrap();
        let event = expect(&events, EventKind::Populated);
        assert_eq!((event.watch, event.count, event.value), (Some(1), 1, None));
        if has(Version::V2) {
            assert_eq!(event.file, "cgroup.events");
        }
        group.freeze(PATIENCE).unwrap();
        assert_eq!(expect(&events, EventKind::Frozen).watch, Some(0));
        // Who comes later is told only what changes then.
        let late = group.events(&[Watch::Frozen, Watch::Populated]).unwrap();
        assert_eq!(late.next(), Ok(None));
        group.thaw(PATIENCE).unwrap();
        expect(&events, EventKind::Thawed);
        expect(&late, EventKind::Thawed);
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        expect(&events, EventKind::Empty);
        let places = group.places();
        group.remove().unwrap();
        expect_end(&events);
        // Nobody asked in between: that it was empty is said before the end.
        expect(&late, EventKind::Empty);
        assert!(is_readable(&late), "one more is waiting");
        expect_end(&late);
        let watches: [&[Watch]; 3] = [&[Watch::Populated], &[Watch::PidsEvents], &[]];
        for watches in watches {
            if watches == [Watch::PidsEvents] && !group.controllers().contains(&"pids".into()) {
                continue;
            }
            let error = refused(group.events(watches));
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            assert!(error.message().contains("removed"), "{error}");
            let named = |place: &libisolate::cgroup::Place| {
                error.subject() == place.path.as_path().display().to_string()
            };
            assert!(places.iter().any(named), "{error}");
        }
    });
}

#[test]
fn removal_alone() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "end") else {
            return;
        };
        let events = group.events(&[]).unwrap();
        assert_eq!(events.next(), Ok(None));
        group.remove().unwrap();
        expect_end(&events);
    });
}

#[test]
fn two_threads_take_each_event_once() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "two") else {
            return;
        };
        let events = group.events(&[Watch::Populated]).unwrap();
        let taken = std::thread::scope(|scope| {
            let waiters: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let mut kinds = Vec::new();
                        while let Some(event) = events.wait(Some(PATIENCE)).unwrap() {
                            kinds.push(event.kind);
                        }
                        kinds
                    })
                })
                .collect();
            let child = Running::shell("exec sleep 100");
            group.attach(&[child.pid()]).unwrap();
            drop(child);
            group.remove().unwrap();
            let taken = waiters.into_iter().map(|waiter| waiter.join().unwrap());
            taken.collect::<Vec<_>>().concat()
        });
        // Both changes may have happened before anybody looked.
        let ends = taken.iter().filter(|kind| **kind == EventKind::Removed);
        assert_eq!(ends.count(), 1, "{taken:?}");
        assert!(matches!(taken.len(), 1 | 3), "{taken:?}");
        assert!(events.is_over());
    });
}

#[test]
fn a_fork_too_many() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "forks") else {
            return;
        };
        if !group.controllers().contains(&"pids".to_owned()) {
            return skip(
                test,
                "the caller may make no cgroups with the pids controller",
            );
        }
        let events = group.events(&[Watch::PidsEvents]).unwrap();
        group.set("pids.max", "2").unwrap();
        // The shell, one more, and then none.
        let script = "read line; sleep 100 & sleep 100";
        let mut command = std::process::Command::new("/bin/sh");
        command
            .args(["-c", script])
            .stdin(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::null());
        let mut child = Running(command.spawn().unwrap());
        group.attach(&[child.pid()]).unwrap();
        assert_eq!(events.next(), Ok(None));
        std::io::Write::write_all(child.0.stdin.as_mut().unwrap(), b"\n").unwrap();
        let event = expect(&events, EventKind::PidsLimit);
        assert_eq!(event.file, "pids.events");
        assert!(
            event.count >= 1 && event.value >= Some(event.count),
            "{event:?}"
        );
        let total = group.get("pids.events").unwrap();
        assert!(total.starts_with("max "), "{total}");
        group.kill().unwrap();
        child.0.wait().unwrap();
        group.remove().unwrap();
        expect_end(&events);
    });
}

/// More processes than CPUs that do nothing but run.
fn burn(group: &libisolate::cgroup::Cgroup) -> Vec<Running> {
    let cpus = std::thread::available_parallelism().unwrap().get();
    let running: Vec<Running> = (0..cpus + 2)
        .map(|_| Running::shell("while :; do :; done"))
        .collect();
    let pids: Vec<i32> = running.iter().map(Running::pid).collect();
    group.attach(&pids).unwrap();
    running
}

fn pressure(stall_usec: u64, window_usec: u64) -> Watch {
    Watch::Pressure {
        resource: Resource::Cpu,
        full: false,
        stall_usec,
        window_usec,
    }
}

/// Why stalls cannot be watched: the layout has nothing that tells, or the kernel's is switched off.
pub fn no_pressure(test: &str, error: &Error) {
    match has(Version::V2) {
        true => skip(test, &error.to_string()),
        false => {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.message().contains("mount cgroup2"), "{error}");
        }
    }
}

#[test]
fn stalls_that_an_outer_poll_does_not_swallow() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "stall") else {
            return;
        };
        let events = match group.events(&[pressure(100_000, 2_000_000)]) {
            Ok(events) => events,
            Err(error) => return no_pressure(test, &error),
        };
        // As event loops do it: the descriptor inside another epoll, which polls it at every wait.
        let outer = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap();
        let ready = EpollEvent::new(EpollFlags::EPOLLIN, 0);
        outer.add(events.as_fd(), ready).unwrap();
        let running = burn(&group);
        let end = Instant::now() + PATIENCE;
        let mut told = Vec::new();
        while told.len() < 2 {
            assert!(Instant::now() < end, "only {told:?}");
            let wait = EpollTimeout::try_from(Duration::from_millis(200)).unwrap();
            for _ in 0..3 {
                outer.wait(&mut [EpollEvent::empty()], wait).unwrap();
            }
            while let Some(event) = events.next().unwrap() {
                told.push(event);
            }
        }
        for event in &told {
            assert_eq!(event.kind, EventKind::Pressure, "{event:?}");
            assert_eq!(event.file, "cpu.pressure");
            assert_eq!(event.detail.as_deref(), Some("some"));
            assert!(event.value >= Some(100_000), "{event:?}");
        }
        assert!(told[1].value > told[0].value, "{told:?}");
        drop(running);
        group.remove().unwrap();
        // One more may have come meanwhile.
        let mut last = events.wait(Some(PATIENCE)).unwrap().unwrap();
        while last.kind == EventKind::Pressure {
            last = events.wait(Some(PATIENCE)).unwrap().unwrap();
        }
        assert_eq!(last.kind, EventKind::Removed);
        assert!(events.is_over());
    });
}

#[test]
fn windows_of_stalls() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "window") else {
            return;
        };
        if let Err(error) = group.events(&[pressure(1, 2_000_000)]) {
            return no_pressure(test, &error);
        }
        for (stall, window) in [
            (0, 2_000_000),
            (2_000_001, 2_000_000),
            (1, 0),
            (1, 10_000_001),
        ] {
            let error = refused(group.events(&[pressure(stall, window)]));
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
            assert!(error.subject().contains("cpu.pressure"), "{error}");
        }
        // Whoever has the capability may, and the others are told.
        if let Err(error) = group.events(&[pressure(1000, 1_000_000)]) {
            assert_eq!(error.errno(), libc::EINVAL, "{error}");
            assert!(error.message().contains("CAP_SYS_RESOURCE"), "{error}");
        }
    });
}
