//! `isolatectl cgroup explain`: why a group's processes may use a device, or may not.

use libisolate::Result;

use super::args::Explain;
use super::target::open;
use crate::out::{print, print_json};
use crate::table::plain;

pub fn explain(options: &Explain) -> Result<()> {
    let group = open(&options.path)?;
    let told = group.explain_device(&options.device, &options.access)?;
    if options.json {
        return print_json(&told);
    }
    let word = if told.allowed { "allowed" } else { "denied" };
    let mut text = format!("{word}: {}\n", plain(&told.reason));
    if let Some(rule) = &told.rule {
        text.push_str(&format!("rule: {}\n", plain(rule)));
    }
    print(&text)
}
