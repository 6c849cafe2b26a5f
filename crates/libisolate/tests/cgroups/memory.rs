//! The memory files by typed calls, the pause at out of memory, and giving memory back.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, MemoryValue, Version};

use super::common::{TempDir, alone, skip};
use super::{Own, Running, group_or_skip, refused, until};
use crate::name;

const MIB: u64 = 1 << 20;

/// A group with the memory controller and its version.
pub fn memory_or_skip(test: &str, tag: &str) -> Option<(Own, Version)> {
    let group = group_or_skip(test, tag)?;
    let places = group.places();
    let place = places
        .iter()
        .find(|p| p.controllers.iter().any(|c| c == "memory"));
    match place {
        Some(place) => Some((group, place.version)),
        None => {
            skip(
                test,
                "the caller may make no cgroups with the memory controller",
            );
            None
        }
    }
}

/// A process that waits for a line, then takes so many MiB of memory, says so, and waits again.
pub fn taker(mib: u64) -> Running {
    let script = format!(
        "import sys\nsys.stdin.readline()\nkept=bytearray({mib}<<20)\nfor i in range(0,len(kept),4096): kept[i]=1\n\
         print('taken',flush=True)\nsys.stdin.readline()"
    );
    let mut command = Command::new("python3");
    command
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    Running(command.spawn().unwrap())
}

pub fn go(running: &mut Running) {
    running.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
}

pub fn said(running: &mut Running) -> String {
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    line
}

#[test]
fn every_value_by_name() {
    let test = name!();
    alone(test, || {
        let Some((group, version)) = memory_or_skip(test, "values") else {
            return;
        };
        for value in MemoryValue::ALL {
            assert_eq!(MemoryValue::parse(value.name()), Ok(value));
            assert_eq!(MemoryValue::parse(value.v1_file()), Ok(value));
            match group.memory(value) {
                Ok(read) if matches!(value, MemoryValue::Limit | MemoryValue::MemswLimit) => {
                    assert_eq!(read, None, "{value:?}");
                }
                Ok(read) => assert!(read.is_some(), "{value:?}"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{value:?}: {error}");
                    assert!(
                        version == Version::V2 || value.name().starts_with("memsw"),
                        "{error}"
                    );
                }
            }
        }
        assert_eq!(
            refused(MemoryValue::parse("rss")).kind(),
            ErrorKind::InvalidSpec
        );
        let mut taker = taker(8);
        group.attach(&[taker.pid()]).unwrap();
        go(&mut taker);
        assert_eq!(said(&mut taker), "taken\n");
        let used = group.memory(MemoryValue::Usage).unwrap().unwrap();
        assert!(used >= 8 * MIB, "{used}");
        assert!(group.memory(MemoryValue::MaxUsage).unwrap().unwrap() >= used / 2);
    });
}

#[test]
fn limits_are_pages_and_are_kept_in_order() {
    let test = name!();
    alone(test, || {
        let Some((group, _)) = memory_or_skip(test, "limits") else {
            return;
        };
        let limit = |value, bytes| group.set_memory(value, bytes);
        assert_eq!(
            limit(MemoryValue::Limit, Some(10_000_001)).unwrap(),
            Some(9_998_336)
        );
        assert_eq!(limit(MemoryValue::Limit, None).unwrap(), None);
        for value in [
            MemoryValue::Usage,
            MemoryValue::Failcnt,
            MemoryValue::MaxUsage,
        ] {
            assert_eq!(
                refused(limit(value, Some(1))).kind(),
                ErrorKind::InvalidSpec
            );
        }
        if group.memory(MemoryValue::MemswLimit).is_err() {
            return skip(test, "swap is not accounted here");
        }
        let error = refused(limit(MemoryValue::MemswLimit, Some(64 * MIB)));
        assert!(error.message().contains("limit that first"), "{error}");
        limit(MemoryValue::Limit, Some(64 * MIB)).unwrap();
        assert_eq!(
            limit(MemoryValue::MemswLimit, Some(64 * MIB)).unwrap(),
            Some(64 * MIB)
        );
        let error = refused(limit(MemoryValue::MemswLimit, Some(63 * MIB)));
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        assert!(error.message().contains(&(64 * MIB).to_string()), "{error}");
        assert_eq!(
            group.memory(MemoryValue::MemswLimit).unwrap(),
            Some(64 * MIB),
            "as before"
        );
    });
}

#[test]
fn a_limit_below_the_use_is_refused_and_nobody_dies() {
    let test = name!();
    alone(test, || {
        let Some((group, version)) = memory_or_skip(test, "below") else {
            return;
        };
        if version == Version::V2 && fs::read_to_string("/proc/swaps").unwrap().lines().count() > 1
        {
            return skip(test, "there is swap to make room by");
        }
        let mut taker = taker(32);
        group.attach(&[taker.pid()]).unwrap();
        go(&mut taker);
        assert_eq!(said(&mut taker), "taken\n");
        let error = refused(group.set_memory(MemoryValue::Limit, Some(4 * MIB)));
        assert_eq!(
            (error.kind(), error.errno()),
            (ErrorKind::Busy, libc::EBUSY),
            "{error}"
        );
        assert!(error.message().contains("the group uses "), "{error}");
        assert_eq!(group.memory(MemoryValue::Limit).unwrap(), None, "as before");
        assert!(taker.0.try_wait().unwrap().is_none(), "it lives");
        assert_eq!(group.oom_control().unwrap().kills, 0);
    });
}

/// With the pause the process waits in the kernel until there is memory; then it goes on.
#[test]
fn out_of_memory_is_waited_out() {
    let test = name!();
    alone(test, || {
        let Some((group, version)) = memory_or_skip(test, "pause") else {
            return;
        };
        if version == Version::V2 {
            let error = refused(group.set_oom_pause(true));
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            return;
        }
        group
            .set_memory(MemoryValue::Limit, Some(24 * MIB))
            .unwrap();
        group.set_oom_pause(true).unwrap();
        assert!(group.oom_control().unwrap().paused);
        let mut taker = taker(48);
        group.attach(&[taker.pid()]).unwrap();
        go(&mut taker);
        until("it waits for memory", || {
            group.oom_control().unwrap().under_oom
        });
        assert!(taker.0.try_wait().unwrap().is_none(), "it lives");
        group
            .set_memory(MemoryValue::Limit, Some(200 * MIB))
            .unwrap();
        assert_eq!(said(&mut taker), "taken\n", "it has gone on");
        let control = group.oom_control().unwrap();
        assert!(!control.under_oom && control.kills == 0, "{control:?}");
        group.set_oom_pause(false).unwrap();
        assert!(!group.oom_control().unwrap().paused);
    });
}

#[test]
fn counts_start_again_and_memory_comes_back() {
    let test = name!();
    alone(test, || {
        let Some((group, version)) = memory_or_skip(test, "reset") else {
            return;
        };
        let dir = TempDir::new("reclaim");
        let file = dir.join("file");
        let mut writer = Running(
            Command::new("/bin/sh")
                .args([
                    "-c",
                    &format!(
                        "read go; head -c 16M /dev/zero > {0}; sync {0}; echo done",
                        file.display()
                    ),
                ])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        group.attach(&[writer.pid()]).unwrap();
        go(&mut writer);
        assert_eq!(said(&mut writer), "done\n");
        let _ = writer.0.wait();
        let peak = group.memory(MemoryValue::MaxUsage).unwrap().unwrap();
        let used = group.memory(MemoryValue::Usage).unwrap().unwrap();
        if used < 8 * MIB {
            return skip(
                test,
                "files in the temporary directory leave nothing in the page cache",
            );
        }
        let freed = group.reclaim(None).unwrap();
        assert!(freed >= 4 * MIB, "{freed} of {used}");
        match group.reset_memory(MemoryValue::MaxUsage) {
            Ok(()) => {
                let now = group.memory(MemoryValue::MaxUsage).unwrap().unwrap();
                assert!(now < peak, "{now} after a peak of {peak}");
            }
            Err(error) => {
                assert_eq!(
                    (version, error.kind()),
                    (Version::V2, ErrorKind::Unsupported),
                    "{error}"
                );
            }
        }
        assert_eq!(
            refused(group.reset_memory(MemoryValue::Limit)).kind(),
            ErrorKind::InvalidSpec
        );
        match version {
            Version::V1 => {
                group.reset_memory(MemoryValue::Failcnt).unwrap();
                assert_eq!(group.memory(MemoryValue::Failcnt).unwrap(), Some(0));
                assert_eq!(
                    refused(group.reclaim(Some(1))).kind(),
                    ErrorKind::Unsupported
                );
            }
            Version::V2 => {
                let error = refused(group.reset_memory(MemoryValue::Failcnt));
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            }
        }
    });
}

#[test]
fn the_kernel_tells_of_empty_groups() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "release") else {
            return;
        };
        if group
            .places()
            .iter()
            .all(|place| place.version == Version::V2)
        {
            let error = refused(group.notify_on_release());
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            return;
        }
        assert!(!group.notify_on_release().unwrap());
        group.set_notify_on_release(true).unwrap();
        assert!(group.notify_on_release().unwrap());
        group.set_notify_on_release(false).unwrap();
        let error = refused(group.release_agent("memory"));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains("root group"), "{error}");

        // A hierarchy of the test's own, in its own mount namespace.
        let dir = TempDir::new("release");
        let (mount, ran) = (dir.join("mount"), dir.join("ran"));
        fs::create_dir(&mount).unwrap();
        let name = format!("isolate-test-{}", std::process::id());
        let mounted = Command::new("mount")
            .args(["-t", "cgroup", "-o", &format!("none,name={name}"), "none"])
            .arg(&mount)
            .output()
            .unwrap();
        if !mounted.status.success() {
            let why = String::from_utf8_lossy(&mounted.stderr).into_owned();
            return skip(
                test,
                &format!("no hierarchy can be mounted: {}", why.trim()),
            );
        }
        let agent = dir.join("agent");
        fs::write(
            &agent,
            format!("#!/bin/sh\necho \"$1\" > {}\n", ran.display()),
        )
        .unwrap();
        Command::new("chmod")
            .arg("755")
            .arg(&agent)
            .status()
            .unwrap();
        let root = Cgroup::open("/").unwrap();
        let hierarchy = format!("name={name}");
        for program in ["relative", "/a\nb"] {
            let error = refused(root.set_release_agent(&hierarchy, program));
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        }
        root.set_release_agent(&hierarchy, agent.to_str().unwrap())
            .unwrap();
        assert_eq!(
            root.release_agent(&hierarchy).unwrap(),
            agent.to_str().unwrap()
        );
        fs::create_dir(mount.join("job")).unwrap();
        fs::write(mount.join("job/notify_on_release"), "1").unwrap();
        let child = Running::shell("exec sleep 100");
        fs::write(mount.join("job/cgroup.procs"), child.pid().to_string()).unwrap();
        drop(child);
        until("the agent has run", || ran.exists());
        until("with the group's path", || {
            fs::read_to_string(&ran).unwrap() == "/job\n"
        });
        root.set_release_agent(&hierarchy, "").unwrap();
        assert_eq!(root.release_agent(&hierarchy).unwrap(), "");
        fs::remove_dir(mount.join("job")).unwrap();
        drop(root);
        // A hierarchy with a group that is not quite gone outlives its mount.
        until("the hierarchy is gone", || {
            assert!(
                Command::new("umount")
                    .arg(&mount)
                    .status()
                    .unwrap()
                    .success()
            );
            std::thread::sleep(std::time::Duration::from_millis(100));
            let gone = !fs::read_to_string("/proc/self/cgroup")
                .unwrap()
                .contains(&hierarchy);
            let mounted = gone
                || Command::new("mount")
                    .args(["-t", "cgroup", "-o", &format!("none,{hierarchy}"), "none"])
                    .arg(&mount)
                    .status()
                    .unwrap()
                    .success();
            assert!(mounted);
            gone
        });
    });
}
