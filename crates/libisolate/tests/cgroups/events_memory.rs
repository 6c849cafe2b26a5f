//! What a group reports of its memory: run out, killed, past a threshold, reclaimed, at a limit.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, Event, EventKind, Level, LevelMode, Resource, Version, Watch};
use libisolate::spec::Size;
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use nix::sys::statfs::{TMPFS_MAGIC, statfs};

use super::common::alone;
use super::events::{expect, expect_end, is_readable, no_pressure};
use super::memory::{go, memory_or_skip, said, taker};
use super::{Own, PATIENCE, Running, refused};
use crate::name;

const MIB: u64 = 1 << 20;

fn limit(group: &Cgroup, version: Version, bytes: u64) {
    let (file, swap, value) = match version {
        Version::V1 => (
            "memory.limit_in_bytes",
            "memory.memsw.limit_in_bytes",
            bytes,
        ),
        Version::V2 => ("memory.max", "memory.swap.max", 0),
    };
    group.set(file, &bytes.to_string()).unwrap();
    // Where there is no swap accounting there is nothing to close.
    let _ = group.set(swap, &value.to_string());
}

fn threshold(bytes: u64) -> Watch {
    Watch::Threshold {
        bytes: Size(bytes),
        memsw: false,
    }
}

/// A group with memory on v1. On v2 the watch is refused, with what to watch instead.
fn v1_or_refused(test: &str, tag: &str, watch: &Watch) -> Option<Own> {
    let (group, version) = memory_or_skip(test, tag)?;
    if version == Version::V2 {
        let error = refused(group.events(std::slice::from_ref(watch)));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains("pressure of memory"), "{error}");
        return None;
    }
    Some(group)
}

#[test]
fn out_of_memory_and_killed() {
    let test = name!();
    alone(test, || {
        let Some((group, version)) = memory_or_skip(test, "oom") else {
            return;
        };
        limit(&group, version, 32 * MIB);
        let events = group.events(&[Watch::Oom]).unwrap();
        for round in 1..=2 {
            assert_eq!(events.next(), Ok(None));
            let mut hog = taker(96);
            group.attach(&[hog.pid()]).unwrap();
            go(&mut hog);
            assert_eq!(hog.0.wait().unwrap().signal(), Some(libc::SIGKILL));
            let (mut oom, mut killed) = (0, 0);
            let end = Instant::now() + PATIENCE;
            while killed == 0 || oom == 0 {
                assert!(Instant::now() < end, "{oom} oom, {killed} killed");
                let Some(event) = events.wait(Some(PATIENCE)).unwrap() else {
                    continue;
                };
                match event.kind {
                    EventKind::Oom => oom += event.count,
                    EventKind::OomKill => {
                        killed += event.count;
                        assert_eq!(event.value, Some(round), "{event:?}");
                    }
                    _ => panic!("{event:?}"),
                }
            }
            assert_eq!(killed, 1);
        }
        group.remove().unwrap();
        let mut last = events.wait(Some(PATIENCE)).unwrap().unwrap();
        // The kernel may have tried once more while the killed one went.
        while last.kind == EventKind::Oom {
            last = events.wait(Some(PATIENCE)).unwrap().unwrap();
        }
        assert_eq!(last.kind, EventKind::Removed);
        assert!(events.is_over());
    });
}

#[test]
fn paused_instead_of_killed() {
    let test = name!();
    alone(test, || {
        let Some((group, Version::V1)) = memory_or_skip(test, "paused") else {
            // v2 cannot pause.
            return;
        };
        limit(&group, Version::V1, 32 * MIB);
        group.set("memory.oom_control", "1").unwrap();
        let events = group.events(&[Watch::Oom]).unwrap();
        let mut hog = taker(96);
        group.attach(&[hog.pid()]).unwrap();
        go(&mut hog);
        let event = expect(&events, EventKind::Oom);
        assert_eq!(event.detail.as_deref(), Some("paused"), "{event:?}");
        let _ = group.set("memory.memsw.limit_in_bytes", "-1");
        group.set("memory.limit_in_bytes", "-1").unwrap();
        assert_eq!(said(&mut hog).trim(), "taken");
    });
}

#[test]
fn past_a_threshold_and_back() {
    let test = name!();
    alone(test, || {
        let Some(group) = v1_or_refused(test, "threshold", &threshold(MIB)) else {
            return;
        };
        let watches = [threshold(400 * MIB), threshold(48 * MIB)];
        let events = group.events(&watches).unwrap();
        let mut child = taker(96);
        group.attach(&[child.pid()]).unwrap();
        assert_eq!(events.next(), Ok(None));
        assert!(!is_readable(&events), "v1 tells all by itself");
        go(&mut child);
        assert_eq!(said(&mut child).trim(), "taken");
        let until = |side: &str| {
            let end = Instant::now() + PATIENCE;
            loop {
                assert!(Instant::now() < end, "never {side}");
                let event = expect(&events, EventKind::Threshold);
                assert_eq!(event.watch, Some(1), "{event:?}");
                assert_eq!(event.file, "memory.usage_in_bytes");
                if event.detail.as_deref() == Some(side) {
                    return event;
                }
            }
        };
        assert!(until("above").value >= Some(48 * MIB));
        drop(child);
        assert!(until("below").value < Some(48 * MIB));
        group.remove().unwrap();
        let mut last = events.wait(Some(PATIENCE)).unwrap().unwrap();
        while last.kind == EventKind::Threshold {
            last = events.wait(Some(PATIENCE)).unwrap().unwrap();
        }
        assert_eq!(last.kind, EventKind::Removed);
    });
}

/// A file that goes with the test, however that ends.
struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A new file whose pages can be taken back: not on a tmpfs.
fn file_on_a_disk() -> (Gone, fs::File) {
    let beside = std::env::current_exe().unwrap();
    let places = [
        beside.parent().unwrap().to_owned(),
        PathBuf::from("/var/tmp"),
        std::env::temp_dir(),
    ];
    let on_disk = |place: &PathBuf| {
        statfs(place.as_path()).is_ok_and(|found| found.filesystem_type() != TMPFS_MAGIC)
    };
    let made = places.into_iter().filter(on_disk).find_map(|place| {
        let path = Gone(place.join(super::fresh_name("pages")));
        let file = fs::File::create(&path.0).ok()?;
        Some((path, file))
    });
    made.expect("a directory on a disk")
}

/// A process in the group that reads a file of so many MiB, whose pages are charged to it.
fn read_a_file(group: &Cgroup, mib: u64) {
    let (path, mut file) = file_on_a_disk();
    for _ in 0..mib {
        file.write_all(&vec![1; MIB as usize]).unwrap();
    }
    file.sync_all().unwrap();
    // Not in the writer's name.
    posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED).unwrap();
    let script = "read line; exec dd if=\"$0\" of=/dev/null bs=1M";
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).arg(&path.0);
    command.stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = Running(command.spawn().unwrap());
    group.attach(&[child.pid()]).unwrap();
    go(&mut child);
    let status = child.0.wait().unwrap();
    assert!(status.success(), "{status}");
}

#[test]
fn pages_are_reclaimed() {
    let test = name!();
    alone(test, || {
        let low = Watch::PressureLevel {
            level: Level::Low,
            mode: LevelMode::Local,
        };
        let Some(group) = v1_or_refused(test, "level", &low) else {
            return;
        };
        limit(&group, Version::V1, 32 * MIB);
        let events = group.events(&[low]).unwrap();
        assert_eq!(events.next(), Ok(None));
        read_a_file(&group, 128);
        let event = expect(&events, EventKind::PressureLevel);
        assert_eq!(event.detail.as_deref(), Some("low"));
        assert_eq!(event.file, "memory.pressure_level");
        while let Some(more) = events.next().unwrap() {
            assert_eq!(more.kind, EventKind::PressureLevel);
        }
        group.remove().unwrap();
        expect_end(&events);
    });
}

#[test]
fn limits_met_on_v2() {
    let test = name!();
    alone(test, || {
        let Some((group, version)) = memory_or_skip(test, "limits") else {
            return;
        };
        if version == Version::V1 {
            let error = refused(group.events(&[Watch::MemoryEvents]));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.message().contains("watch oom"), "{error}");
            return;
        }
        limit(&group, version, 64 * MIB);
        group.set("memory.high", &(32 * MIB).to_string()).unwrap();
        let events = group.events(&[Watch::MemoryEvents, Watch::Oom]).unwrap();
        assert_eq!(events.next(), Ok(None));
        let mut slowed = taker(48);
        group.attach(&[slowed.pid()]).unwrap();
        go(&mut slowed);
        let event = expect(&events, EventKind::Limit);
        assert_eq!(event.detail.as_deref(), Some("high"), "{event:?}");
        drop(slowed);
        group.set("memory.high", "max").unwrap();
        let mut hog = taker(128);
        group.attach(&[hog.pid()]).unwrap();
        go(&mut hog);
        assert_eq!(hog.0.wait().unwrap().signal(), Some(libc::SIGKILL));
        let mut told: Vec<Event> = Vec::new();
        let end = Instant::now() + PATIENCE;
        let has = |told: &[Event], watch, kind, detail: Option<&str>| {
            let same = |e: &&Event| {
                e.watch == Some(watch) && e.kind == kind && e.detail.as_deref() == detail
            };
            told.iter().any(|e| same(&e))
        };
        while !(has(&told, 0, EventKind::OomKill, None) && has(&told, 1, EventKind::OomKill, None))
        {
            assert!(Instant::now() < end, "{told:?}");
            told.extend(events.wait(Some(PATIENCE)).unwrap());
        }
        assert!(has(&told, 0, EventKind::Limit, Some("max")), "{told:?}");
        assert!(has(&told, 0, EventKind::Oom, None), "{told:?}");
        let second = told.iter().filter(|e| e.watch == Some(1));
        let known = [EventKind::Oom, EventKind::OomKill];
        assert!(second.clone().all(|e| known.contains(&e.kind)), "{told:?}");
    });
}

#[test]
fn stalls_for_want_of_memory() {
    let test = name!();
    alone(test, || {
        let Some((group, version)) = memory_or_skip(test, "thrash") else {
            return;
        };
        let stalls = Watch::Pressure {
            resource: Resource::Memory,
            full: false,
            stall_usec: 1000,
            window_usec: 2_000_000,
        };
        let events = match group.events(&[stalls]) {
            Ok(events) => events,
            Err(error) => return no_pressure(test, &error),
        };
        let event = match version {
            Version::V1 => {
                limit(&group, version, 16 * MIB);
                let end = Instant::now() + PATIENCE;
                loop {
                    read_a_file(&group, 64);
                    if let Some(event) = events.next().unwrap() {
                        break event;
                    }
                    assert!(Instant::now() < end, "{:?}", group.get("memory.pressure"));
                }
            }
            // Above this it is made to wait.
            Version::V2 => {
                group.set("memory.high", &(16 * MIB).to_string()).unwrap();
                let mut slowed = taker(96);
                group.attach(&[slowed.pid()]).unwrap();
                go(&mut slowed);
                expect(&events, EventKind::Pressure)
            }
        };
        assert_eq!(event.kind, EventKind::Pressure, "{event:?}");
        assert_eq!(event.file, "memory.pressure");
        assert!(event.value >= Some(1000), "{event:?}");
    });
}
