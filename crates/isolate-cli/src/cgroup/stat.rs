//! `isolatectl cgroup stat`: what a group uses and has used.

use libisolate::cgroup::StatKind;
use libisolate::{Error, ErrorKind, Result, Stage};
use serde_json::Value;

use super::args::Stat;
use super::target::open;
use crate::out::{print, print_json};
use crate::table::plain;

pub fn stat(options: &Stat) -> Result<()> {
    let kinds = match options.kinds.is_empty() {
        true => &StatKind::ALL[..],
        false => &options.kinds,
    };
    let stat = open(&options.path)?.stat(kinds)?;
    if options.json {
        return print_json(&stat);
    }
    let value = serde_json::to_value(&stat)
        .map_err(|e| Error::new(ErrorKind::Internal, Stage::Cgroup, "stat", e.to_string()))?;
    let mut text = String::new();
    lines("", &value, &mut text);
    print(&text)
}

/// A line for each number, by the names that lead to it; of a list of disks, by the disk.
fn lines(name: &str, value: &Value, text: &mut String) {
    let below = |part: &str| match name.is_empty() {
        true => part.to_owned(),
        false => format!("{name}.{part}"),
    };
    match value {
        Value::Object(fields) => {
            // By name, whatever order the map keeps.
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by_key(|(part, _)| *part);
            for (part, value) in fields.into_iter().filter(|(part, _)| *part != "device") {
                lines(&below(part), value, text);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                let device = value.get("device").and_then(Value::as_str);
                lines(&below(device.unwrap_or(&at.to_string())), value, text);
            }
        }
        Value::String(word) => text.push_str(&format!("{} {}\n", plain(name), plain(word))),
        Value::Null => {}
        number => text.push_str(&format!("{} {number}\n", plain(name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_number_on_each_line() {
        let value = json!({
            "cpu": {"usage_usec": 5, "per_cpu_usec": [2, 3]},
            "memory": {"current": 1, "under_oom": false, "stat": {"anon": 7}},
            "io": [{"device": "8:0", "rbytes": 4}],
            "pids": {"limit": null},
        });
        let mut text = String::new();
        lines("", &value, &mut text);
        let expected = "cpu.per_cpu_usec.0 2\ncpu.per_cpu_usec.1 3\ncpu.usage_usec 5\n\
                        io.8:0.rbytes 4\nmemory.current 1\nmemory.stat.anon 7\n\
                        memory.under_oom false\n";
        assert_eq!(text, expected);
    }
}
