//! Words of the command line that clap takes apart by these functions.

use std::time::Duration;

use libisolate::cgroup::convert::Rule;
use libisolate::cgroup::{Level, LevelMode, Resource, StatKind, Watch};
use libisolate::spec::{Seconds, Size};

pub fn stat_kind(word: &str) -> Result<StatKind, String> {
    word.parse()
        .map_err(|error: libisolate::Error| error.detail().to_owned())
}

pub fn rule(word: &str) -> Result<Rule, String> {
    word.parse()
        .map_err(|error: libisolate::Error| error.detail().to_owned())
}

/// The time between two looks: one that a program does not spend on looking alone.
pub fn delay(word: &str) -> Result<Seconds, String> {
    const LEAST: Duration = Duration::from_millis(100);
    let delay = Seconds::parse(word)?;
    match delay.0 >= LEAST {
        true => Ok(delay),
        false => Err("it is at least 0.1 seconds".to_owned()),
    }
}

/// `UID`, `UID:GID` or `:GID`, as chown(1) has them.
pub fn ids(word: &str) -> Result<(Option<u32>, Option<u32>), String> {
    let wrong = || "it is UID, UID:GID or :GID, in numbers".to_owned();
    let id = |text: &str| match text {
        "" => Ok(None),
        // -1 leaves an id as it is (chown(2)).
        _ => match text.parse() {
            Ok(u32::MAX) | Err(_) => Err(wrong()),
            Ok(id) => Ok(Some(id)),
        },
    };
    let (uid, gid) = word.split_once(':').unwrap_or((word, ""));
    match (id(uid)?, id(gid)?) {
        (None, None) => Err(wrong()),
        both => Ok(both),
    }
}

/// A watch, with what it needs after `=`.
pub fn watch(word: &str) -> Result<Watch, String> {
    let (name, rest) = word
        .split_once('=')
        .map_or((word, None), |(n, r)| (n, Some(r)));
    let mut parts = rest.into_iter().flat_map(|rest| rest.split(','));
    let made = match name {
        "oom" => Watch::Oom,
        "memory_events" => Watch::MemoryEvents,
        "pids_events" => Watch::PidsEvents,
        "populated" => Watch::Populated,
        "frozen" => Watch::Frozen,
        "threshold" => Watch::Threshold {
            bytes: Size::parse(parts.next().unwrap_or_default())?,
            memsw: flag(&mut parts, "memsw")?,
        },
        "pressure" => pressure(&mut parts)?,
        "pressure_level" => level(&mut parts)?,
        _ => {
            return Err(
                "there are oom, memory_events, pids_events, populated, frozen, threshold=SIZE, \
                 pressure=RESOURCE,STALL,WINDOW and pressure_level=LEVEL"
                    .to_owned(),
            );
        }
    };
    match parts.next() {
        None => Ok(made),
        Some(more) => Err(format!("{name} takes no {more:?}")),
    }
}

fn flag<'a>(parts: &mut impl Iterator<Item = &'a str>, name: &str) -> Result<bool, String> {
    match parts.next() {
        None => Ok(false),
        Some(word) if word == name => Ok(true),
        Some(word) => Err(format!("{word:?} is not {name}")),
    }
}

fn pressure<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Result<Watch, String> {
    let form =
        || "it is pressure=cpu|memory|io[,full],STALL,WINDOW, such as memory,150ms,1s".to_owned();
    let resource = match parts.next() {
        Some("cpu") => Resource::Cpu,
        Some("memory") => Resource::Memory,
        Some("io") => Resource::Io,
        _ => return Err(form()),
    };
    let mut next = parts.next();
    let full = next == Some("full");
    if full || next == Some("some") {
        next = parts.next();
    }
    let time = |word: Option<&str>| {
        let seconds = Seconds::parse(word.ok_or_else(form)?)?;
        u64::try_from(seconds.0.as_micros()).map_err(|_| form())
    };
    Ok(Watch::Pressure {
        resource,
        full,
        stall_usec: time(next)?,
        window_usec: time(parts.next())?,
    })
}

fn level<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Result<Watch, String> {
    let form = "it is pressure_level=low|medium|critical[,hierarchy|local]";
    let level = match parts.next() {
        Some("low") => Level::Low,
        Some("medium") => Level::Medium,
        Some("critical") => Level::Critical,
        _ => return Err(form.to_owned()),
    };
    let mode = match parts.next() {
        None | Some("default") => LevelMode::Default,
        Some("hierarchy") => LevelMode::Hierarchy,
        Some("local") => LevelMode::Local,
        Some(_) => return Err(form.to_owned()),
    };
    Ok(Watch::PressureLevel { level, mode })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups() {
        assert_eq!(ids("7"), Ok((Some(7), None)));
        assert_eq!(ids("7:8"), Ok((Some(7), Some(8))));
        assert_eq!(ids(":8"), Ok((None, Some(8))));
        for wrong in ["", ":", "root", "1:2:3", "-1", "4294967295"] {
            assert!(ids(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn watches() {
        let threshold = |bytes, memsw| Watch::Threshold {
            bytes: Size(bytes),
            memsw,
        };
        let pressure = |full| Watch::Pressure {
            resource: Resource::Memory,
            full,
            stall_usec: 150_000,
            window_usec: 1_000_000,
        };
        let level = |level, mode| Watch::PressureLevel { level, mode };
        for (word, expected) in [
            ("oom", Watch::Oom),
            ("threshold=8M", threshold(8 << 20, false)),
            ("threshold=8M,memsw", threshold(8 << 20, true)),
            ("pressure=memory,150ms,1s", pressure(false)),
            ("pressure=memory,some,150ms,1", pressure(false)),
            ("pressure=memory,full,0.15,1", pressure(true)),
            ("pressure_level=low", level(Level::Low, LevelMode::Default)),
            (
                "pressure_level=critical,local",
                level(Level::Critical, LevelMode::Local),
            ),
        ] {
            assert_eq!(watch(word), Ok(expected), "{word}");
        }
        for (word, text) in [
            ("out_of_memory", "there are oom, memory_events"),
            ("oom=1", "oom takes no \"1\""),
            ("threshold", "is not a size"),
            ("threshold=1M,swap", "\"swap\" is not memsw"),
            ("pressure=disk,1,1", "it is pressure=cpu|memory|io"),
            ("pressure=io,1", "it is pressure=cpu|memory|io"),
            ("pressure=io,1,1,1", "pressure takes no \"1\""),
            ("pressure_level", "it is pressure_level=low"),
            ("pressure_level=low,all", "it is pressure_level=low"),
        ] {
            let told = watch(word).expect_err(word);
            assert!(told.contains(text), "{word}: {told}");
        }
    }

    #[test]
    fn parts_rules_and_delays() {
        assert_eq!(stat_kind("io"), Ok(StatKind::Io));
        assert!(stat_kind("disk").is_err_and(|told| told.contains("is not one of cpu, memory")));
        assert_eq!(rule("linear"), Ok(Rule::Linear));
        assert!(rule("runc").is_err());
        assert_eq!(delay("250ms").map(|d| d.0), Ok(Duration::from_millis(250)));
        assert!(delay("0").is_err());
    }
}
