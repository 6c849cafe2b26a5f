//! cpuset: the CPUs and memory nodes a job may use, in the kernel's list format.

use std::collections::BTreeSet;

use super::Setting;
use crate::cgroup::Version;
use crate::error::{Error, Result};
use crate::spec::Limits;

/// More than any kernel is built for (NR_CPUS, MAX_NUMNODES): keeps a range from filling memory.
const HIGHEST: u32 = 65_535;

/// The files for `cpuset` and `cpuset_mems`: the same in both versions.
pub(crate) fn writes(limits: &Limits, _version: Version) -> Result<Vec<Setting>> {
    let mut settings = Vec::new();
    for (limit, file, list) in [
        ("cpuset", "cpuset.cpus", &limits.cpuset),
        ("cpuset_mems", "cpuset.mems", &limits.cpuset_mems),
    ] {
        if let Some(list) = list {
            let set = parse_list(list)
                .map_err(|detail| Error::invalid(format!("limits.{limit}"), detail))?;
            settings.push(Setting::new(limit, file, format_list(&set)));
        }
    }
    Ok(settings)
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
}
