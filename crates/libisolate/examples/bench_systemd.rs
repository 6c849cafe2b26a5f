//! What a scope of systemd's costs a job: medians of one program's start, wait and end, each way in turn.
//!
//! Run on a host that was booted with systemd: `make bench-systemd`.

#![allow(clippy::print_stdout)]

use std::process::{Command, Stdio};
use std::time::Instant;

use libisolate::Spec;
use libisolate::spec::{CgroupMode, Driver, Profile};

type Run = Box<dyn Fn() -> Result<(), Box<dyn std::error::Error>>>;

fn job(driver: Driver) -> Run {
    Box::new(move || {
        let mut spec = Spec::new(["/bin/true"]);
        spec.profile = Profile::None;
        spec.cgroup = Some(CgroupMode::New);
        spec.driver = Some(driver);
        spec.limits.pids = Some(32);
        match libisolate::run(&spec)?.success() {
            true => Ok(()),
            false => Err("the job failed".into()),
        }
    })
}

fn command(words: &'static [&'static str]) -> Run {
    Box::new(move || {
        let (program, arguments) = words.split_first().ok_or("no command")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        match command.status()?.success() {
            true => Ok(()),
            false => Err("the command failed".into()),
        }
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let turns: usize = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => 100,
    };
    let scope = [
        "systemd-run",
        "--scope",
        "--quiet",
        "--collect",
        "-p",
        "TasksMax=32",
        "/bin/true",
    ];
    let ways: [(&str, Run); 4] = [
        ("the program alone", command(&["/bin/true"])),
        ("job, cgroupfs", job(Driver::Cgroupfs)),
        ("job, systemd", job(Driver::Systemd)),
        ("systemd-run --scope", command(Box::leak(Box::new(scope)))),
    ];
    let mut taken: Vec<Vec<u128>> = vec![Vec::new(); ways.len()];
    for turn in 0..=turns {
        for ((_, run), taken) in ways.iter().zip(&mut taken) {
            let start = Instant::now();
            run()?;
            // The first is for caches.
            if turn > 0 {
                taken.push(start.elapsed().as_micros());
            }
        }
    }
    let median = |taken: &mut Vec<u128>| {
        taken.sort_unstable();
        taken[taken.len() / 2]
    };
    let base = median(&mut taken[3]);
    println!(
        "{:<22} {:>9} {:>9}   to systemd-run",
        "microseconds", "median", "best"
    );
    for ((name, _), taken) in ways.iter().zip(&mut taken) {
        let middle = median(taken);
        println!(
            "{name:<22} {middle:>9} {:>9}   {:.2}x",
            taken[0],
            middle as f64 / base as f64
        );
    }
    Ok(())
}
