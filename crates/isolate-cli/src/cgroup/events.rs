//! `isolatectl cgroup events`: a line for each thing that happens to a group.

use libisolate::cgroup::{Cgroup, Event, Watch};
use libisolate::{ErrorKind, Result};

use super::args::Events;
use super::target::open;
use crate::out::{json_line, print_on};
use crate::table::plain;

pub fn events(options: &Events) -> Result<()> {
    let group = open(&options.path)?;
    let watches = match options.watches.is_empty() {
        true => whatever_works(&group)?,
        false => options.watches.clone(),
    };
    let events = group.events(&watches)?;
    let mut left = options.count.unwrap_or(u64::MAX);
    while left > 0 {
        let Some(event) = events.wait(None)? else {
            break;
        };
        let text = match options.json {
            true => json_line(&event)?,
            false => line(&event),
        };
        // Nobody reads any more: nothing keeps on waiting for what nobody will see.
        if !print_on(&text)? {
            break;
        }
        left -= 1;
    }
    Ok(())
}

/// All that this group can tell of without more being said.
fn whatever_works(group: &Cgroup) -> Result<Vec<Watch>> {
    let mut watches = Vec::new();
    for watch in [
        Watch::Oom,
        Watch::MemoryEvents,
        Watch::PidsEvents,
        Watch::Populated,
        Watch::Frozen,
    ] {
        match group.events(std::slice::from_ref(&watch)) {
            Ok(_) => watches.push(watch),
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            Err(error) => return Err(error),
        }
    }
    Ok(watches)
}

fn line(event: &Event) -> String {
    let mut text = format!(
        "{} {} count={}",
        event.kind.name(),
        plain(&event.file),
        event.count
    );
    if let Some(value) = event.value {
        text.push_str(&format!(" value={value}"));
    }
    if let Some(detail) = &event.detail {
        text.push_str(&format!(" {}", plain(detail)));
    }
    text.push('\n');
    text
}
