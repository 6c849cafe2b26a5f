//! io.max on a disk: by requests past the page cache, and by what the kernel writes later in a group's name. A
//! limited group cannot be quicker than its limit; a busy machine makes it slower only.

use libisolate::ErrorKind;
use libisolate::cgroup::{EventKind, Resource, StatKind, Watch};
use libisolate::spec::{Bind, IoLimit, Limits, Seconds, Size};

use crate::common::{skip, text};
use crate::disk::Disk;
use crate::{
    Own, PATIENCE, Worker, alone, group_or_skip, in_force, job, name, refused, v2_or_skip,
};

const MIB: u64 = crate::MIB;

fn limit(group: &Own, disk: &Disk, set: impl FnOnce(&mut IoLimit)) {
    group.limit(|l| l.io.push(io(disk, set)));
}

fn io(disk: &Disk, set: impl FnOnce(&mut IoLimit)) -> IoLimit {
    let mut limit = IoLimit {
        device: disk.device.clone(),
        ..IoLimit::default()
    };
    set(&mut limit);
    limit
}

/// Seconds for so many blocks: `read`, `write` and `buffered`.
#[track_caller]
fn seconds(worker: &mut Worker, disk: &Disk, how: &str, block: u64, count: u64) -> f64 {
    let told = worker.does(&format!(
        "disk {} {how} {block} {count}",
        disk.file.display()
    ));
    told.parse().unwrap_or_else(|_| panic!("{how}: {told}"))
}

/// Bytes read and written on the disk by a group.
fn moved(group: &Own, disk: &Disk) -> (u64, u64) {
    let stat = group.stat(&[StatKind::Io]).unwrap().io.unwrap();
    let line = stat.iter().find(|line| line.device == disk.device);
    line.map_or((0, 0), |line| (line.rbytes, line.wbytes))
}

#[test]
fn bytes_and_requests_in_both_directions() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "io", &["io"]) else {
            return;
        };
        let Some(disk) = Disk::or_skip(test) else {
            return;
        };
        let mut worker = Worker::within(&group);
        // 2 MiB at 1 MiB each second, less the part of a second that is given in advance.
        let bytes: [fn(&mut IoLimit); 2] = [
            |l| l.read_bps = Some(Size(MIB)),
            |l| l.write_bps = Some(Size(MIB)),
        ];
        for (how, set) in ["read", "write"].into_iter().zip(bytes) {
            let free = seconds(&mut worker, &disk, how, 64 << 10, 32);
            let before = moved(&group, &disk);
            limit(&group, &disk, set);
            let held = seconds(&mut worker, &disk, how, 64 << 10, 32);
            assert!(held > 1.2, "{how}: {held} s, and {free} s before");
            let after = moved(&group, &disk);
            let moved = match how {
                "read" => after.0 - before.0,
                _ => after.1 - before.1,
            };
            assert!(moved >= 2 * MIB, "{moved}");
            group
                .set("io.max", &format!("{} rbps=max wbps=max", disk.device))
                .unwrap();
            let again = seconds(&mut worker, &disk, how, 64 << 10, 32);
            assert!(
                again < held,
                "{again} s without the limit, {held} s with it"
            );
        }
        // 40 requests at 20 each second.
        let requests: [fn(&mut IoLimit); 2] =
            [|l| l.read_iops = Some(20), |l| l.write_iops = Some(20)];
        for (how, set) in ["read", "write"].into_iter().zip(requests) {
            limit(&group, &disk, set);
            let held = seconds(&mut worker, &disk, how, 4096, 40);
            assert!(held > 1.2, "{how}: {held} s");
            // The other direction is free: nine times as many in less than nine times the time.
            let other = if how == "read" { "write" } else { "read" };
            let free = seconds(&mut worker, &disk, other, 4096, 360);
            assert!(free < 9.0 * held, "{other}: {free} s, {held} s");
            group
                .set("io.max", &format!("{} riops=max wiops=max", disk.device))
                .unwrap();
        }
    });
}

/// What is written into the page cache is put down to the group when it goes to the disk, by whomever.
#[test]
fn what_is_written_later_is_limited_too() {
    let test = name!();
    alone(test, || {
        // Both controllers: who has dirtied a page, the memory controller knows.
        let Some(group) = group_or_skip(test, "later", &["io", "memory"]) else {
            return;
        };
        let Some(disk) = Disk::or_skip(test) else {
            return;
        };
        // A new file each time: the kernel remembers for a while whose a file's pages were.
        let write = |group: &Own, name: &str| {
            let path = disk.dir().join(name);
            let told =
                Worker::within(group).does(&format!("disk {} buffered 65536 32", path.display()));
            told.parse::<f64>().unwrap_or_else(|_| panic!("{told}"))
        };
        let free = write(&group, "free");
        limit(&group, &disk, |l| l.write_bps = Some(Size(MIB)));
        let before = moved(&group, &disk).1;
        let held = write(&group, "held");
        assert!(held > 1.2, "{held} s, and {free} s before");
        assert!(moved(&group, &disk).1 - before >= 2 * MIB);
        // A group beside it is not held.
        let beside = group_or_skip(test, "beside", &["io", "memory"]).unwrap();
        let free = write(&beside, "beside");
        assert!(free < held, "{free} s, {held} s");
    });
}

#[test]
fn a_job_reads_as_slowly_as_asked() {
    let test = name!();
    alone(test, || {
        if !v2_or_skip(test, &["io"]) {
            return;
        }
        let Some(disk) = Disk::or_skip(test) else {
            return;
        };
        let line = format!("disk {} read 65536 32", disk.file.display());
        let with = |limited: Option<IoLimit>| {
            let mut spec = job(&[&line], |l| l.io.extend(limited));
            spec.binds.push(Bind::ro(disk.dir()).at(disk.dir()));
            let outcome = libisolate::run(&spec).unwrap();
            let seconds = text(&outcome).trim().parse::<f64>();
            (seconds.unwrap_or_else(|_| panic!("{outcome:?}")), outcome)
        };
        let (held, outcome) = with(Some(io(&disk, |l| l.read_bps = Some(Size(MIB)))));
        assert!(held > 1.2, "{held}");
        assert_eq!(
            in_force(&outcome, "io"),
            format!(
                "io.max {} rbps=1048576 wbps=max riops=max wiops=max",
                disk.device
            )
        );
        assert!(
            outcome.usage.io_read >= Some(2 * MIB),
            "{:?}",
            outcome.usage
        );
        let (free, _) = with(None);
        assert!(free < held, "{free} s without, {held} s with");
    });
}

/// Who waits for the disk stalls, and whoever watches is told.
#[test]
fn stalls_at_the_disk_are_told() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "stall", &["io"]) else {
            return;
        };
        let watch = Watch::Pressure {
            resource: Resource::Io,
            full: false,
            // Nearly all the time: more than a disk that is only busy comes to.
            stall_usec: 1_800_000,
            window_usec: 2_000_000,
        };
        let events = match group.events(&[watch]) {
            Ok(events) => events,
            Err(error) => return skip(test, &error.to_string()),
        };
        let Some(disk) = Disk::or_skip(test) else {
            return;
        };
        limit(&group, &disk, |l| l.read_bps = Some(Size(256 << 10)));
        let mut worker = Worker::within(&group);
        worker.begin(&format!("hammer {} 65536 32", disk.file.display()));
        let event = events.wait(Some(PATIENCE)).unwrap().unwrap();
        assert_eq!(
            (event.kind, event.file.as_str()),
            (EventKind::Pressure, "io.pressure")
        );
        assert!(event.value > Some(0), "{event:?}");
        group
            .set("io.max", &format!("{} rbps=max", disk.device))
            .unwrap();
    });
}

/// A latency takes a kernel that protects it; a disk that there is not is told as such.
#[test]
fn what_cannot_be_limited() {
    let test = name!();
    alone(test, || {
        let Some(group) = group_or_skip(test, "io", &["io"]) else {
            return;
        };
        let Some(disk) = Disk::or_skip(test) else {
            return;
        };
        let limits = |limit: IoLimit| {
            let mut limits = Limits::default();
            limits.io.push(limit);
            limits
        };
        let latency = limits(io(&disk, |l| {
            l.latency = Some(Seconds::parse("20ms").unwrap())
        }));
        let mut spec = job(&["give"], |_| {});
        spec.limits.io.clone_from(&latency.io);
        if group.get("io.latency").is_ok() {
            group.apply(&latency).unwrap();
            assert!(group.read("io.latency").contains("target=20000"));
        } else {
            for error in [
                refused(group.apply(&latency)),
                refused(libisolate::run(&spec)),
            ] {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                assert!(
                    error.message().starts_with(&format!(
                        "cgroup: io.latency: \"{} target=20000\": ",
                        disk.device
                    )) && error
                        .message()
                        .ends_with("this kernel's groups have no such file"),
                    "{error}"
                );
            }
        }
        let mut none = io(&disk, |l| l.read_iops = Some(9));
        none.device = "249:12345".into();
        let error = refused(group.apply(&limits(none)));
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.message().contains("249:12345"), "{error}");
        assert_eq!(group.read("io.max"), "");
    });
}
