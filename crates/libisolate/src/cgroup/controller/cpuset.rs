//! cpuset: the CPUs and memory nodes a job may use, in the kernel's list format, and whether it has the
//! CPUs for itself.

use std::collections::BTreeSet;

use super::{Setting, unsupported};
use crate::cgroup::Version;
use crate::error::{Error, Result};
use crate::spec::Limits;

/// More than any kernel is built for (NR_CPUS, MAX_NUMNODES): keeps a range from filling memory.
const HIGHEST: u32 = 65_535;

/// Refuses lists that are none.
pub(super) fn check(limits: &Limits) -> Result<()> {
    for (limit, text) in [
        ("cpuset", &limits.cpuset),
        ("cpuset_mems", &limits.cpuset_mems),
    ] {
        if let Some(text) = text {
            list(limit, text)?;
        }
    }
    if limits.cpuset_exclusive == Some(true) && limits.cpuset.is_none() {
        return Err(Error::invalid(
            "limits.cpuset_exclusive",
            "needs limits.cpuset: name the CPUs",
        ));
    }
    Ok(())
}

fn list(limit: &str, text: &str) -> Result<String> {
    parse_list(text)
        .map(|set| format_list(&set))
        .map_err(|detail| Error::invalid(format!("limits.{limit}"), detail))
}

/// The files for the cpuset controller.
pub(crate) fn writes(limits: &Limits, version: Version) -> Result<Vec<Setting>> {
    check(limits)?;
    let mut settings = Vec::new();
    for (limit, file, text) in [
        ("cpuset", "cpuset.cpus", &limits.cpuset),
        ("cpuset_mems", "cpuset.mems", &limits.cpuset_mems),
    ] {
        if let Some(text) = text {
            settings.push(Setting::new(limit, file, list(limit, text)?));
        }
    }
    if let Some(exclusive) = limits.cpuset_exclusive {
        settings.push(match (version, &limits.cpuset) {
            (Version::V1, _) => Setting::new(
                "cpuset_exclusive",
                "cpuset.cpu_exclusive",
                u8::from(exclusive),
            ),
            (Version::V2, Some(text)) if exclusive => Setting::new(
                "cpuset_exclusive",
                "cpuset.cpus.exclusive",
                list("cpuset", text)?,
            ),
            // A line's end and nothing before it: no CPUs.
            (Version::V2, _) => Setting::new("cpuset_exclusive", "cpuset.cpus.exclusive", "\n"),
        });
    }
    match (limits.cpuset_partition, version) {
        (None, _) => {}
        // Last: what the CPUs are told to be has to be true of them already.
        (Some(partition), Version::V2) => settings.push(Setting::new(
            "cpuset_partition",
            "cpuset.cpus.partition",
            partition.name(),
        )),
        (Some(_), Version::V1) => {
            return Err(unsupported(
                "cpuset_partition",
                "this host's cpuset controller is on cgroup v1, which has no partitions: \
                 cpuset_exclusive is what it has",
            ));
        }
    }
    Ok(settings)
}

/// What the kernel says of a partition in force, such as `root invalid (Parent is not a partition root)`,
/// where that is not what was asked for.
pub(crate) fn refused_partition(asked: &str, told: &str) -> Option<String> {
    if told == asked {
        return None;
    }
    let reason = told
        .split_once('(')
        .map(|(_, rest)| rest.trim_end_matches(')'));
    Some(match reason {
        Some(reason) => format!("the kernel does not make it one: {reason}"),
        None => format!("it is {told:?} instead"),
    })
}

/// Reads `"0-3,6"`: numbers and ranges, spaces around them allowed, at least one number.
pub(crate) fn parse_list(text: &str) -> Result<BTreeSet<u32>, String> {
    let wrong = || format!("{text:?} is not a list of numbers and ranges such as \"0-3,6\"");
    let number = |word: &str| -> Result<u32, String> {
        // `u32::from_str` also takes a plus sign.
        if word.is_empty() || !word.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        match word.parse() {
            Ok(value) if value <= HIGHEST => Ok(value),
            _ => Err(format!("{text:?} has a number above {HIGHEST}")),
        }
    };
    let mut set = BTreeSet::new();
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        match part.split_once('-') {
            None => {
                set.insert(number(part)?);
            }
            Some((first, last)) => {
                let (first, last) = (number(first)?, number(last)?);
                if first > last {
                    return Err(format!("{text:?} has a range that ends before it begins"));
                }
                set.extend(first..=last);
            }
        }
    }
    if set.is_empty() {
        return Err(wrong());
    }
    Ok(set)
}

/// Writes a set as the kernel does: ranges where numbers follow each other.
pub(crate) fn format_list(set: &BTreeSet<u32>) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in set {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => ranges.push((*number, *number)),
        }
    }
    let words: Vec<String> = ranges
        .into_iter()
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        })
        .collect();
    words.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::CpusetPartition;

    #[test]
    fn lists_as_people_write_them() {
        for (text, kernel) in [
            ("0", "0"),
            ("0-15", "0-15"),
            ("0-3,32-33", "0-3,32-33"),
            ("128-130,1", "1,128-130"),
            (",0,1,", "0-1"),
            (" , 1 , 3 , 5-7,", "1,3,5-7"),
            ("2,0,1", "0-2"),
            ("4-4", "4"),
        ] {
            assert_eq!(
                parse_list(text).map(|s| format_list(&s)),
                Ok(kernel.to_owned()),
                "{text}"
            );
        }
        for text in [
            "",
            "-",
            "1-",
            "-3",
            "54-53",
            "1 - 2",
            "a",
            "0x1",
            "+1",
            "1;2",
            "99999999999",
            ",",
        ] {
            assert!(parse_list(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_wrong_list_names_its_field() {
        let limits = Limits {
            cpuset_mems: Some("1-".into()),
            ..Limits::default()
        };
        let error = writes(&limits, Version::V2).map_err(|e| e.message());
        assert_eq!(
            error,
            Err(
                "spec: limits.cpuset_mems: \"1-\" is not a list of numbers and ranges such as \
                 \"0-3,6\""
                    .to_owned()
            )
        );
    }

    #[test]
    fn both_files() {
        let limits = Limits {
            cpuset: Some("1,0".into()),
            cpuset_mems: Some("0".into()),
            ..Limits::default()
        };
        for version in [Version::V1, Version::V2] {
            assert_eq!(
                writes(&limits, version),
                Ok(vec![
                    Setting::new("cpuset", "cpuset.cpus", "0-1"),
                    Setting::new("cpuset_mems", "cpuset.mems", "0"),
                ])
            );
        }
    }

    #[test]
    fn cpus_for_itself() {
        let mut limits = Limits {
            cpuset: Some("1,0".into()),
            cpuset_exclusive: Some(true),
            ..Limits::default()
        };
        let last = |limits: &Limits, version| {
            writes(limits, version)
                .map(|settings| {
                    let last = settings.last().expect("a setting");
                    format!("{} {} {}", last.limit, last.file, last.value)
                })
                .map_err(|e| e.message())
        };
        assert_eq!(
            last(&limits, Version::V1),
            Ok("cpuset_exclusive cpuset.cpu_exclusive 1".into())
        );
        assert_eq!(
            last(&limits, Version::V2),
            Ok("cpuset_exclusive cpuset.cpus.exclusive 0-1".into())
        );
        limits.cpuset_exclusive = Some(false);
        assert_eq!(
            last(&limits, Version::V2),
            Ok("cpuset_exclusive cpuset.cpus.exclusive \n".into())
        );
        limits.cpuset_partition = Some(CpusetPartition::Isolated);
        assert_eq!(
            last(&limits, Version::V2),
            Ok("cpuset_partition cpuset.cpus.partition isolated".into())
        );
        assert_eq!(
            last(&limits, Version::V1),
            Err(
                "cgroup: limits.cpuset_partition: this host's cpuset controller is on cgroup v1, \
                 which has no partitions: cpuset_exclusive is what it has"
                    .into()
            )
        );
        limits.cpuset = None;
        limits.cpuset_exclusive = Some(true);
        assert_eq!(
            last(&limits, Version::V2),
            Err("spec: limits.cpuset_exclusive: needs limits.cpuset: name the CPUs".into())
        );
    }

    #[test]
    fn a_partition_that_is_none() {
        assert_eq!(refused_partition("root", "root"), None);
        assert_eq!(
            refused_partition("root", "root invalid (Parent is not a partition root)").as_deref(),
            Some("the kernel does not make it one: Parent is not a partition root")
        );
        assert_eq!(
            refused_partition("isolated", "member").as_deref(),
            Some("it is \"member\" instead")
        );
    }
}
