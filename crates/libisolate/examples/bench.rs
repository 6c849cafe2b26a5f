//! Times runs of a spec, for `make bench`: see benches/run.py.
//!
//! `bench SPEC.json`; for each line "COUNT GAP_US" on stdin, COUNT runs that far apart, and a line with the
//! microseconds of each.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use libisolate::Spec;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: bench SPEC.json")?;
    let spec = Spec::from_json(&std::fs::read_to_string(path)?)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (count, gap) = line.split_once(' ').ok_or("COUNT GAP_US")?;
        let gap = Duration::from_micros(gap.parse()?);
        for _ in 0..count.parse::<u32>()? {
            if !gap.is_zero() {
                std::thread::sleep(gap);
            }
            let start = Instant::now();
            let outcome = libisolate::run(&spec)?;
            let took = start.elapsed();
            if outcome.exit_code != Some(0) {
                return Err(outcome.evidence.into());
            }
            print!("{:.1} ", took.as_secs_f64() * 1e6);
        }
        println!();
        std::io::stdout().flush()?;
    }
    Ok(())
}
