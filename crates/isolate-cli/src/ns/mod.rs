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
pub mod target;
mod tell;
pub mod words;

use self::args::{Command, Ns};
use crate::run;

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
