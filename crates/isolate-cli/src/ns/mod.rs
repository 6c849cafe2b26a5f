//! `isolatectl ns`: the namespaces of this machine, one subcommand in each file.

pub mod args;
mod create;
mod enter;
mod ls;
mod numbers;
mod rm;
mod show;
mod shown;
mod sysctl;
mod table;
pub mod target;
mod tell;
pub mod words;

use std::io::Write as _;

use libisolate::{Error, Result, Stage};

use self::args::{Command, Ns};
use crate::{complain, run};

pub fn ns(options: &Ns) -> i32 {
    let done = match &options.command {
        Command::Enter(options) => return enter::enter(options),
        Command::Rm(options) => return rm::rm(options),
        Command::Ls(options) => ls::ls(options),
        Command::Create(options) => create::create(options),
        Command::Show(options) => show::show(options),
        Command::Pid(options) => numbers::pid(options),
        Command::Ids(options) => numbers::ids(options),
        Command::Sysctl(options) => sysctl::sysctl(options),
    };
    match done {
        Ok(()) => 0,
        Err(error) => run::fail(&error),
    }
}

/// Writes a result. A reader that has gone, such as head(1), has all that it wanted.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::from_io(&error, Stage::Namespace, "stdout"))
        }
        _ => Ok(()),
    }
}

/// Writes a result as JSON.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Error::new(
            libisolate::ErrorKind::Internal,
            Stage::Namespace,
            "json",
            error.to_string(),
        )
    })?;
    print(&format!("{text}\n"))
}

/// Tells an error that does not keep the rest from being done.
fn tell_error(error: &Error) {
    complain(&error.message());
}
