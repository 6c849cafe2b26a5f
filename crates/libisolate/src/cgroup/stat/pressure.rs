//! Pressure stall information: how much of the time processes waited for what there was too little of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reader::Reader;
use super::text::{lines, number, pairs};
use crate::cgroup::tree::Tree;
use crate::error::Result;

/// The pressure of a group and of those below it, by resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct PressureStat {
    /// Runnable processes that waited for a CPU, throttled ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Pressure>,
    /// Processes that waited for memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Pressure>,
    /// Processes that waited for a block device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io: Option<Pressure>,
}

/// The pressure of one resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Pressure {
    /// While at least one process waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub some: Option<Stalls>,
    /// While all of them waited. For the CPU: Linux 5.13.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full: Option<Stalls>,
}

/// How much of the time was lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Stalls {
    /// Percent of the last 10 seconds.
    pub avg10: f64,
    /// Percent of the last minute.
    pub avg60: f64,
    /// Percent of the last 5 minutes.
    pub avg300: f64,
    /// Microseconds since the group was made.
    pub total_usec: u64,
}

pub(super) fn read(reader: &mut Reader, tree: &Tree) -> Result<Option<PressureStat>> {
    let mut one =
        |file| -> Result<Option<Pressure>> { Ok(reader.text(&tree.dir, file)?.map(parse)) };
    let stat = PressureStat {
        cpu: one("cpu.pressure")?,
        memory: one("memory.pressure")?,
        io: one("io.pressure")?,
    };
    Ok((stat != PressureStat::default()).then_some(stat))
}

/// `cpu.pressure` and its like.
fn parse(text: &str) -> Pressure {
    let mut pressure = Pressure::default();
    for line in lines(text) {
        let mut words = line.split_whitespace();
        let side = match words.next() {
            Some("some") => &mut pressure.some,
            Some("full") => &mut pressure.full,
            _ => continue,
        };
        *side = stalls(words);
    }
    pressure
}

/// `None` unless the total is there: it comes last.
fn stalls<'t>(words: impl Iterator<Item = &'t str>) -> Option<Stalls> {
    let mut stalls = Stalls::default();
    let mut total = None;
    for (key, value) in pairs(words) {
        let average = match key {
            "avg10" => &mut stalls.avg10,
            "avg60" => &mut stalls.avg60,
            "avg300" => &mut stalls.avg300,
            "total" => {
                total = number(value);
                continue;
            }
            _ => continue,
        };
        *average = value.parse().ok().filter(|n: &f64| n.is_finite())?;
    }
    stalls.total_usec = total?;
    Some(stalls)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux 6.12.
    #[test]
    fn some_and_full() {
        let pressure = parse(
            "some avg10=65.28 avg60=24.25 avg300=5.83 total=17869308\n\
             full avg10=4.18 avg60=0.78 avg300=0.16 total=504011\n",
        );
        let stalls = |avg10, avg60, avg300, total_usec| {
            Some(Stalls {
                avg10,
                avg60,
                avg300,
                total_usec,
            })
        };
        assert_eq!(pressure.some, stalls(65.28, 24.25, 5.83, 17_869_308));
        assert_eq!(pressure.full, stalls(4.18, 0.78, 0.16, 504_011));
    }

    #[test]
    fn odd_texts() {
        // cpu.pressure before Linux 5.13.
        let pressure = parse("some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
        assert_eq!(pressure.full, None);
        assert_eq!(pressure.some.map(|s| s.total_usec), Some(1));
        for text in [
            "",
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=1",
            "some avg10=0.00\n",
            "some avg10=x total=1\n",
            "some avg10=nan total=1\n",
            "other avg10=0.00 total=1\n",
        ] {
            assert_eq!(parse(text), Pressure::default(), "{text:?}");
        }
    }
}
