//! `cargo xtask <verb>`: what the project makes from its own source, and checks against it.

// A development command talks to its user.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod audit;
mod codegen;
mod files;
mod header;
mod model;
mod parity;
#[cfg(test)]
mod reach;
mod schemas;
mod spark;

use std::process::ExitCode;

/// A failure as one line of text; nothing here is for programs to read.
type Result<T> = std::result::Result<T, String>;

const USAGE: &str = "usage: cargo xtask <verb>

verbs:
  codegen   write everything that is made from the spec and outcome types
  header    write include/isolate.h and the list of exported symbols
  audit LIB
            compare libisolate.so with the header and the list, look at its soname, at what it
            needs, and at the init program
  spark     check what the launch calls while it shares memory with its host
  parity    compare the operations of all four languages with tests/parity/surface.toml

codegen and header: --check compares with the files in the tree instead of writing them, and fails where they differ";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["codegen"] => codegen::run(files::Mode::Write),
        ["codegen", "--check"] => codegen::run(files::Mode::Check),
        ["header"] => header::run(files::Mode::Write),
        ["header", "--check"] => header::run(files::Mode::Check),
        ["audit", library] => audit::run(library),
        ["spark"] => spark::check(),
        ["parity"] => parity::run(),
        _ => Err(USAGE.to_owned()),
    }
}
