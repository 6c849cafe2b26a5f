//! The life of a group and the reading of many by libisolate, for `make bench-cgroups`: see
//! benches/cgroups.py, and benches/cgroups.c for the orders.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::{BufRead, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use libisolate::cgroup::{Cgroup, CreateOptions, StatKind, Version};
use libisolate::spec::{Limits, Size};

const KINDS: [StatKind; 3] = [StatKind::Cpu, StatKind::Memory, StatKind::Pids];

type Answer<T> = Result<T, Box<dyn Error>>;

fn main() -> Answer<()> {
    let prefix = std::env::args()
        .nth(1)
        .ok_or("usage: bench_cgroups PREFIX")?;
    let mut kept = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["life", count, gap] => life(&prefix, count.parse()?, gap.parse()?)?,
            ["stat", groups, count] => stats(&prefix, &mut kept, groups.parse()?, count.parse()?)?,
            _ => return Err(line.into()),
        }
        println!();
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn life(prefix: &str, count: u32, gap: u64) -> Answer<()> {
    let name = format!("{prefix}-life");
    let controllers = ["cpu", "cpuacct", "memory", "pids"];
    let v2 = Cgroup::open("/")?
        .places()
        .iter()
        .all(|place| place.version == Version::V2);
    let wanted = controllers.into_iter().filter(|c| !v2 || *c != "cpuacct");
    let options = CreateOptions {
        parent: Some("/".to_owned()),
        controllers: Some(wanted.map(str::to_owned).collect()),
        ..CreateOptions::default()
    };
    let mut limits = Limits::default();
    limits.cpus = Some(0.5);
    limits.memory = Some(Size(64 << 20));
    limits.pids = Some(32);
    for _ in 0..count {
        std::thread::sleep(Duration::from_micros(gap));
        let mut child = Command::new("sleep").arg("1000").spawn()?;
        let start = Instant::now();
        let group = Cgroup::create(&name, &options)?;
        group.apply(&limits)?;
        let made = start.elapsed();
        let start = Instant::now();
        let joined = group.attach(&[child.id() as i32]);
        let joining = start.elapsed();
        child.kill()?;
        child.wait()?;
        let start = Instant::now();
        group.remove()?;
        let removing = start.elapsed();
        joined?;
        for took in [made, joining, removing] {
            print!("{:.1} ", took.as_secs_f64() * 1e6);
        }
    }
    Ok(())
}

fn stats(prefix: &str, kept: &mut Vec<Cgroup>, groups: usize, count: u32) -> Answer<()> {
    while kept.len() < groups {
        kept.push(Cgroup::open(&format!("/{prefix}-{}", kept.len()))?);
    }
    let mut sum = 0;
    for _ in 0..count {
        let start = Instant::now();
        for group in &kept[..groups] {
            let stat = group.stat(&KINDS)?;
            sum += stat.memory.and_then(|memory| memory.current).unwrap_or(0);
        }
        print!("{:.1} ", start.elapsed().as_secs_f64() * 1e6);
    }
    std::hint::black_box(sum);
    Ok(())
}
