//! Shares of a disk: by the cost model of the kernel (iocost), whose model makes the disk as slow as it says, and
//! by the scheduler bfq.

use std::fs;
use std::path::Path;
use std::process::Command;

use libisolate::cgroup::StatKind;
use libisolate::spec::{IoLimit, Limits};

use crate::common::{root_or_skip, skip};
use crate::disk::Disk;
use crate::{Own, Worker, alone, group_or_skip, name, until};

const ROOT: &str = "/sys/fs/cgroup";

fn bytes_read(group: &Own, disk: &Disk) -> u64 {
    let stat = group.stat(&[StatKind::Io]).unwrap().io.unwrap();
    let line = stat.iter().find(|line| line.device == disk.device);
    line.map_or(0, |line| line.rbytes)
}

/// What two groups get of a disk that both want whole, as a ratio.
fn ratio(groups: &[Own; 2], disk: &Disk) -> f64 {
    let files = ["first", "second"].map(|name| {
        let path = disk.dir().join(name);
        fs::copy(&disk.file, &path).unwrap();
        fs::File::open(&path).unwrap().sync_all().unwrap();
        path
    });
    // Two in each: one request at a time would leave its share to the other whenever it is late.
    let mut workers: Vec<Worker> = (0..4).map(|at| Worker::within(&groups[at % 2])).collect();
    for (at, worker) in workers.iter_mut().enumerate() {
        worker.begin(&format!("hammer {} 65536 128", files[at % 2].display()));
    }
    let read = || [0, 1].map(|at| bytes_read(&groups[at], disk) as f64);
    until("both have begun", || read().iter().all(|b| *b > 0.0));
    let before = read();
    until("32 MB", || {
        read()[0] + read()[1] - before[0] - before[1] > 32e6
    });
    let after = read();
    (after[1] - before[1]) / (after[0] - before[0]).max(1.0)
}

/// The ratios of some rounds, up to the first that is as it should be: bfq shares out exactly only among those that
/// are always there again in time, which processes of a busy machine are not.
fn shares(groups: &[Own; 2], disk: &Disk, fits: impl Fn(f64) -> bool) -> Vec<f64> {
    let mut told = Vec::new();
    while told.len() < 6 && !told.last().copied().is_some_and(&fits) {
        told.push(ratio(groups, disk));
    }
    told
}

fn family(above: &Own, set: [&dyn Fn(&mut Limits); 2]) -> [Own; 2] {
    let groups = ["first", "second"].map(|name| above.below(name, &["io"]));
    for (group, set) in groups.iter().zip(set) {
        group.limit(set);
    }
    groups
}

/// The cost model of one disk; dropped, it is off again.
struct Model(String);

impl Model {
    fn or_skip(test: &str, disk: &Disk) -> Option<Model> {
        let write = |file: &str, text: &str| {
            let path = Path::new(ROOT).join(file);
            fs::write(&path, format!("{} {text}", disk.device)).map_err(|e| format!("{file}: {e}"))
        };
        // Of a disk that does 8 MiB each second, at that speed whatever it could do.
        let done = write(
            "io.cost.model",
            "ctrl=user model=linear rbps=8388608 rseqiops=128 rrandiops=128 wbps=8388608 wseqiops=128 wrandiops=128",
        )
        .and_then(|()| {
            write(
                "io.cost.qos",
                "enable=1 ctrl=user rpct=0.00 rlat=5000 wpct=0.00 wlat=5000 min=100.00 max=100.00",
            )
        });
        match done {
            Ok(()) => Some(Model(disk.device.clone())),
            Err(why) => {
                skip(test, &why);
                None
            }
        }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        for (file, text) in [
            ("io.cost.qos", "enable=0 ctrl=auto"),
            ("io.cost.model", "ctrl=auto"),
        ] {
            let _ = fs::write(Path::new(ROOT).join(file), format!("{} {text}", self.0));
        }
    }
}

#[test]
fn by_the_cost_of_each_request() {
    let test = name!();
    alone(test, || {
        if !root_or_skip(test) {
            return;
        }
        let Some(above) = group_or_skip(test, "cost", &["io"]) else {
            return;
        };
        let Some(disk) = Disk::scratch_or_skip(test) else {
            return;
        };
        let Some(_model) = Model::or_skip(test, &disk) else {
            return;
        };
        let weight = |weight| move |l: &mut Limits| l.io_weight = Some(weight);
        {
            let groups = family(&above, [&weight(100), &weight(400)]);
            assert_eq!(groups[1].read("io.weight"), "default 400");
            let share = ratio(&groups, &disk);
            assert!((2.0..8.0).contains(&share), "{share} instead of 4");
        }
        // Of this disk alone.
        let of_disk = |l: &mut Limits| {
            l.io.push(IoLimit {
                device: disk.device.clone(),
                weight: Some(800),
                ..IoLimit::default()
            });
        };
        let groups = family(&above, [&of_disk, &weight(200)]);
        let share = ratio(&groups, &disk);
        assert!((0.125..0.5).contains(&share), "{share} instead of 0.25");
    });
}

/// The scheduler of one disk; dropped, it is the one before.
struct Scheduler {
    file: String,
    before: String,
}

impl Scheduler {
    fn or_skip(test: &str, disk: &Disk) -> Option<Scheduler> {
        let _ = Command::new("modprobe").args(["-q", "bfq"]).status();
        let file = format!("/sys/block/{}/queue/scheduler", disk.name);
        let text = fs::read_to_string(&file).unwrap_or_default();
        let before = text.split(['[', ']']).nth(1).unwrap_or("none").to_owned();
        match fs::write(&file, "bfq") {
            Ok(()) => {
                // It favours whoever has only just begun, and does not wait long for the next request of a
                // busy machine's process: the others have the disk meanwhile.
                for (knob, value) in [
                    ("low_latency", "0"),
                    ("strict_guarantees", "1"),
                    ("slice_idle", "200"),
                ] {
                    let knob = file.replace("scheduler", &format!("iosched/{knob}"));
                    fs::write(knob, value).unwrap();
                }
                Some(Scheduler { file, before })
            }
            Err(error) => {
                skip(test, &format!("this kernel has no bfq: {error}"));
                None
            }
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        let _ = fs::write(&self.file, &self.before);
    }
}

#[test]
fn by_the_scheduler() {
    let test = name!();
    alone(test, || {
        if !root_or_skip(test) {
            return;
        }
        let Some(above) = group_or_skip(test, "bfq", &["io"]) else {
            return;
        };
        let Some(disk) = Disk::scratch_or_skip(test) else {
            return;
        };
        let Some(_scheduler) = Scheduler::or_skip(test, &disk) else {
            return;
        };
        let weight = |weight| move |l: &mut Limits| l.io_weight = Some(weight);
        {
            let groups = family(&above, [&weight(1), &weight(10_000)]);
            assert_eq!(groups[0].read("io.bfq.weight"), "default 10");
            assert_eq!(groups[1].read("io.bfq.weight"), "default 1000");
            let told = shares(&groups, &disk, |share| share > 2.0);
            assert!(told.last() > Some(&2.0), "{told:?} instead of 100");
        }
        // Of this disk alone, which iocost has nothing to do with.
        let of_disk = |l: &mut Limits| {
            l.io.push(IoLimit {
                device: disk.device.clone(),
                weight: Some(10_000),
                ..IoLimit::default()
            });
        };
        let groups = family(&above, [&of_disk, &|_| {}]);
        assert_eq!(
            groups[0].read("io.bfq.weight"),
            format!("default 100\n{} 1000", disk.device)
        );
        let told = shares(&groups, &disk, |share| share < 0.5);
        assert!(told.last() < Some(&0.5), "{told:?} instead of 0.1");
    });
}
