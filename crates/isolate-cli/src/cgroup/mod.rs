//! `isolatectl cgroup`: the groups of this machine, across all of its hierarchies.

pub mod args;
mod convert;
mod device;
mod events;
mod files;
mod group;
mod info;
mod list;
mod memory;
mod processes;
mod stat;
mod target;
mod top;
mod words;

use self::args::{Cgroup, Command};
use crate::run;

pub fn cgroup(options: &Cgroup) -> i32 {
    let done = match &options.command {
        Command::Rm(options) => return group::rm(options),
        Command::Info(options) => info::info(options),
        Command::Ls(options) => list::ls(options),
        Command::Tree(options) => list::tree(options),
        Command::Create(options) => group::create(options),
        Command::Get(options) => files::get(options),
        Command::Set(options) => files::set(options),
        Command::Limit(options) => files::limit(options),
        Command::Stat(options) => stat::stat(options),
        Command::Top(options) => top::top(options),
        Command::Attach(options) => processes::attach(options),
        Command::Procs(options) => processes::procs(options),
        Command::Freeze(options) => processes::freeze(options),
        Command::Thaw(options) => processes::thaw(options),
        Command::Kill(options) => processes::kill(options),
        Command::Delegate(options) => group::delegate(options),
        Command::Events(options) => events::events(options),
        Command::Explain(options) => device::explain(options),
        Command::Memory(options) => memory::memory(options),
        Command::Reclaim(options) => memory::reclaim(options),
        Command::Convert(options) => convert::convert(options),
    };
    match done {
        Ok(()) => 0,
        Err(error) => run::fail(&error),
    }
}
