//! Runs a command in the default sandbox, or a spec given as JSON, and prints the outcome.
//!
//! `cargo run --example run -- ls /` or `cargo run --example run -- '{"argv": ["ls"], "net": "host"}'`

#![allow(clippy::print_stdout, clippy::print_stderr)]

use libisolate::Spec;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let spec = match arguments.first() {
        Some(json) if json.starts_with('{') => Spec::from_json(json),
        _ => Ok(Spec::new(arguments)),
    };
    match spec.and_then(|spec| libisolate::run(&spec)) {
        Ok(outcome) => println!("{}", outcome.to_json()),
        Err(error) => eprintln!("{error}"),
    }
}
