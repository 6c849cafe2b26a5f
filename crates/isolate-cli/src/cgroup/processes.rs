//! `isolatectl cgroup attach`, `procs`, `freeze`, `thaw` and `kill`: who is in a group.

use libisolate::Result;

use super::args::{Attach, Freeze, Kill, Procs, Thaw};
use super::target::open;
use crate::out::{print, print_json};

pub fn attach(options: &Attach) -> Result<()> {
    let group = open(&options.path)?;
    match options.threads {
        true => group.attach_threads(&options.pids),
        false => group.attach(&options.pids),
    }
}

pub fn procs(options: &Procs) -> Result<()> {
    let group = open(&options.path)?;
    let ids = match options.threads {
        true => group.threads(options.recursive),
        false => group.processes(options.recursive),
    };
    if options.json {
        return print_json(&ids);
    }
    let lines: Vec<String> = ids.iter().map(|id| format!("{id}\n")).collect();
    print(&lines.concat())
}

pub fn freeze(options: &Freeze) -> Result<()> {
    open(&options.path)?.freeze(options.timeout.0)
}

pub fn thaw(options: &Thaw) -> Result<()> {
    open(&options.path)?.thaw(options.timeout.0)
}

pub fn kill(options: &Kill) -> Result<()> {
    open(&options.path)?.kill()
}
