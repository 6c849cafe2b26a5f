//! What a snapshot says is what the processes in the group did.

use std::fs;
use std::process::{Command, Stdio};

use libisolate::ErrorKind;
use libisolate::cgroup::{Cgroup, Stat, StatKind, Version};

use super::common::{TempDir, alone, root_or_skip, skip};
use super::{Own, Running, fresh_name, group_or_skip, refused, until};
use crate::name;

/// The version of a controller that the group has, or a skip.
fn version_or_skip(test: &str, group: &Cgroup, controller: &str) -> Option<Version> {
    let places = group.places();
    let place = places
        .iter()
        .find(|p| p.controllers.iter().any(|c| c == controller));
    if place.is_none() {
        skip(test, &format!("no group with the {controller} controller"));
    }
    place.map(|place| place.version)
}

/// A shell that waits until it is let go, in the group, and then runs the script to its end.
fn run_inside(group: &Own, script: &str) -> std::process::Output {
    use std::io::Write;
    let mut child = Command::new("/bin/bash")
        .args(["-c", &format!("read; {script}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    group.attach(&[child.id() as i32]).unwrap();
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn cpu_time_is_counted() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "cpu") else {
            return;
        };
        let cpu = |group: &Own| group.stat(&[StatKind::Cpu]).unwrap().cpu;
        let Some(before) = cpu(&group) else {
            return skip(test, "no tree counts CPU time");
        };
        assert_eq!(before.usage_usec, Some(0));
        let busy = Command::new("/bin/sh")
            .args(["-c", "while :; do :; done"])
            .spawn()
            .unwrap();
        let busy = Running(busy);
        group.attach(&[busy.pid()]).unwrap();
        until("0.3 s of CPU time", || {
            cpu(&group).unwrap().usage_usec > Some(300_000)
        });
        group.kill().unwrap();
        until("the killed are gone", || !group.is_populated().unwrap());
        let stat = cpu(&group).unwrap();
        let (usage, user) = (stat.usage_usec.unwrap(), stat.user_usec.unwrap());
        assert!(
            user + stat.system_usec.unwrap() <= usage + 50_000,
            "{stat:?}"
        );
        assert!(
            user >= usage / 10,
            "the loop is not all system time: {stat:?}"
        );
        let v1 = group
            .places()
            .iter()
            .any(|p| p.controllers.iter().any(|c| c == "cpuacct"));
        assert_eq!(stat.per_cpu_usec.is_some(), v1);
        if let Some(per_cpu) = &stat.per_cpu_usec {
            let sum: u64 = per_cpu.iter().sum();
            // Each is rounded down to a microsecond.
            assert!(sum <= usage && sum + 10_000 >= usage, "{stat:?}");
        }
    });
}

#[test]
fn throttling_is_counted() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "throttle") else {
            return;
        };
        match version_or_skip(test, &group, "cpu") {
            Some(Version::V1) => group.set("cpu.cfs_quota_us", "5000").unwrap(),
            Some(Version::V2) => group.set("cpu.max", "5000 100000").unwrap(),
            None => return,
        };
        let busy = Command::new("/bin/sh")
            .args(["-c", "while :; do :; done"])
            .spawn()
            .unwrap();
        let busy = Running(busy);
        group.attach(&[busy.pid()]).unwrap();
        let cpu = || group.stat(&[StatKind::Cpu]).unwrap().cpu.unwrap();
        // The time is added once the group may run again.
        until("throttled twice", || {
            cpu().nr_throttled >= Some(2) && cpu().throttled_usec >= Some(20_000)
        });
        assert!(cpu().nr_periods >= cpu().nr_throttled);
    });
}

#[test]
fn memory_its_limit_and_the_killed() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "memory") else {
            return;
        };
        let version = match version_or_skip(test, &group, "memory") {
            Some(version) => version,
            None => return,
        };
        let memory = || group.stat(&[StatKind::Memory]).unwrap().memory.unwrap();
        let before = memory();
        assert_eq!((before.limit, before.swap_limit), (None, None));
        assert_eq!(before.oom_kills, Some(0));
        let file = match version {
            Version::V1 => "memory.limit_in_bytes",
            Version::V2 => "memory.max",
        };
        group.set(file, "20000001").unwrap();
        if memory().swap_current.is_some() {
            let (file, value) = match version {
                Version::V1 => ("memory.memsw.limit_in_bytes", "20000001"),
                Version::V2 => ("memory.swap.max", "0"),
            };
            group.set(file, value).unwrap();
            assert_eq!(memory().swap_limit, Some(0));
            assert_eq!(memory().memsw_limit(), memory().limit);
        }
        assert_eq!(memory().limit, Some(20_000_001 - 20_000_001 % page()));
        let killed = run_inside(&group, "tail /dev/zero; echo $?");
        assert_eq!(String::from_utf8_lossy(&killed.stdout), "137\n");
        let after = memory();
        assert_eq!(after.oom_kills, Some(1));
        if let Some(peak) = after.peak {
            assert!(peak > 16_000_000, "{after:?}");
        }
        let key = match version {
            Version::V1 => "total_rss",
            Version::V2 => "anon",
        };
        assert!(after.stat.contains_key(key), "{after:?}");
        assert!(after.stat.get("pgfault") > Some(&1000), "{after:?}");
        assert_eq!(
            after.events.contains_key("oom_kill"),
            version == Version::V2
        );
        assert_eq!(after.under_oom, (version == Version::V1).then_some(false));
    });
}

fn page() -> u64 {
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE);
    page.unwrap().unwrap() as u64
}

#[test]
fn processes_and_refusals() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "pids") else {
            return;
        };
        if version_or_skip(test, &group, "pids").is_none() {
            return;
        }
        let pids = || group.stat(&[StatKind::Pids]).unwrap().pids.unwrap();
        assert_eq!(
            (pids().current, pids().limit, pids().denied),
            (Some(0), None, Some(0))
        );
        group.set("pids.max", "2").unwrap();
        let ran = run_inside(
            &group,
            "set +m; for i in 1 2 3; do sleep 0.2 & done; wait; echo $?",
        );
        assert!(!ran.status.success() || !ran.stderr.is_empty(), "{ran:?}");
        let stat = pids();
        assert_eq!((stat.current, stat.limit), (Some(0), Some(2)));
        assert!(stat.denied >= Some(1), "{stat:?}");
        assert!(stat.peak.is_none_or(|peak| peak == 2), "{stat:?}");
    });
}

/// A loop device on a file of nothing.
struct Loop {
    path: String,
    numbers: String,
    _dir: TempDir,
}

impl Loop {
    fn or_skip(test: &str) -> Option<Loop> {
        let dir = TempDir::new("loop");
        let image = dir.join("image");
        fs::write(&image, vec![0; 8 << 20]).unwrap();
        let made = Command::new("losetup")
            .args(["--find", "--show"])
            .arg(&image)
            .output();
        let Some(made) = made.ok().filter(|made| made.status.success()) else {
            skip(test, "no loop device can be made");
            return None;
        };
        let path = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        let name = path.trim_start_matches("/dev/");
        let numbers = fs::read_to_string(format!("/sys/block/{name}/dev")).unwrap();
        Some(Loop {
            numbers: numbers.trim().to_owned(),
            path,
            _dir: dir,
        })
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").args(["-d", &self.path]).status();
    }
}

#[test]
fn bytes_by_device_those_below_included() {
    let test = name!();
    if !root_or_skip(test) {
        return;
    }
    alone(test, || {
        let Some(group) = group_or_skip(test, "io") else {
            return;
        };
        let places = group.places();
        let has = |c: &str| places.iter().any(|p| p.controllers.iter().any(|x| x == c));
        if !has("io") && !has("blkio") {
            return skip(test, "no group with the io or blkio controller");
        }
        let Some(device) = Loop::or_skip(test) else {
            return;
        };
        if has("blkio") {
            // Later v1 kernels count only where a limit was set: one that nothing reaches.
            let limit = format!("{} 100000000000", device.numbers);
            group.set("blkio.throttle.read_bps_device", &limit).unwrap();
        }
        let below = Own(group.create_child(&fresh_name("below"), None).unwrap());
        let path = &device.path;
        let ran = run_inside(
            &below,
            &format!(
                "dd if=/dev/zero of={path} bs=1M count=2 oflag=direct && \
                 dd if={path} of=/dev/null bs=64k count=16 iflag=direct"
            ),
        );
        assert!(ran.status.success(), "{ran:?}");
        // Linux 6.1 was seen to count nothing of a loop device, with limits and without.
        let file = "blkio.throttle.io_service_bytes_recursive";
        if has("blkio")
            && below
                .get(file)
                .is_ok_and(|text| text.ends_with("Total 0\n"))
        {
            return skip(
                test,
                "this kernel does not count what a loop device reads and writes",
            );
        }
        for group in [&group, &below] {
            let io = group.stat(&[StatKind::Io]).unwrap().io.unwrap();
            let of = io.iter().find(|io| io.device == device.numbers);
            let of = of.unwrap_or_else(|| panic!("{} is not in {io:?}", device.numbers));
            assert_eq!((of.rbytes, of.wbytes), (1 << 20, 2 << 20), "{of:?}");
            assert!(of.rios >= 1 && of.wios >= 1, "{of:?}");
        }
    });
}

#[test]
fn every_part_and_nothing_else() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "parts") else {
            return;
        };
        let all = group.stat(&StatKind::ALL).unwrap();
        let has = |c: &str| group.controllers().iter().any(|x| x == c);
        assert_eq!(all.memory.is_some(), has("memory"));
        assert_eq!(all.io.is_some(), has("io") || has("blkio"));
        assert_eq!(all.pids.is_some(), has("pids"));
        assert_eq!(all.hugetlb.is_some(), has("hugetlb"));
        assert_eq!(all.rdma.is_some(), has("rdma"));
        assert_eq!(all.misc.is_some(), has("misc"));
        for (size, huge) in all.hugetlb.iter().flatten() {
            assert_eq!((huge.current, huge.limit), (Some(0), None), "{size}");
        }
        let v2 = group.places().iter().any(|p| p.version == Version::V2);
        let psi = fs::read("/proc/pressure/memory").is_ok();
        match &all.pressure {
            Some(pressure) if v2 => {
                let some = pressure.memory.as_ref().and_then(|p| p.some.as_ref());
                assert_eq!(some.map(|some| some.total_usec), Some(0));
            }
            told => assert!(told.is_none() && !(v2 && psi), "{told:?}"),
        }
        assert_eq!(group.stat(&[]).unwrap(), Stat::default());
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Stat>(&text).unwrap(), all);

        group.remove().unwrap();
        let error = refused(group.stat(&StatKind::ALL));
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            group
                .places()
                .iter()
                .any(|p| error.subject() == p.path.to_string()),
            "{error}"
        );
    });
}
