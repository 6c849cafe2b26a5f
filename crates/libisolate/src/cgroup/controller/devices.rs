//! devices: which devices a job may use, as one list of rules for both versions.

use super::Setting;
use crate::cgroup::device::is_path;
use crate::cgroup::devices::{HIGHEST_MAJOR, HIGHEST_MINOR, Kind, Rule, format};
use crate::error::{Error, Result};
use crate::spec::{DeviceRule, Limits};

/// Refuses what is no rule.
pub(super) fn check(limits: &Limits) -> Result<()> {
    for (at, rule) in limits.devices.iter().enumerate() {
        if !is_path(&rule.device) && Rule::new(rule.allow, &rule.device, "rwm").is_err() {
            return Err(Error::invalid(
                format!("limits.devices[{at}].device"),
                format!(
                    "{:?} is neither \"a\", nor such as \"c 1:3\" or \"b 8:*\" (majors to {HIGHEST_MAJOR}, \
                     minors to {HIGHEST_MINOR}), nor an absolute path",
                    rule.device
                ),
            ));
        }
        let letters = rule.access.as_str();
        let wrong = letters.is_empty()
            || letters.chars().any(|c| !"rwm".contains(c))
            || letters
                .chars()
                .enumerate()
                .any(|(n, c)| letters[..n].contains(c));
        if wrong {
            return Err(Error::invalid(
                format!("limits.devices[{at}].access"),
                format!("{letters:?} is not made of r, w and m, each once at most"),
            ));
        }
    }
    Ok(())
}

/// A rule as one or more of the kernel's: `a` means every access, so with fewer it is both kinds.
fn plain(at: usize, rule: &DeviceRule) -> Result<Vec<Rule>> {
    let field = |error: Error| {
        Error::invalid(
            format!("limits.devices[{at}]"),
            format!("{} {}", error.subject(), error.detail()),
        )
    };
    let one = |device: &str| Rule::new(rule.allow, device, &rule.access).map_err(field);
    let all = rule.device.trim() == "a" && "rwm".chars().any(|c| !rule.access.contains(c));
    match all {
        true => Ok(vec![one("b *:*")?, one("c *:*")?]),
        false => Ok(vec![one(&rule.device)?]),
    }
}

/// Whether some device is in both.
fn meets(one: &Rule, other: &Rule) -> bool {
    let same = |a: Option<u32>, b: Option<u32>| a.is_none() || b.is_none() || a == b;
    one.kind == other.kind && same(one.major, other.major) && same(one.minor, other.minor)
}

/// Whether both are about the same devices.
fn is_same(one: &Rule, other: &Rule) -> bool {
    (one.kind, one.major, one.minor) == (other.kind, other.major, other.minor)
}

/// The rules for the lists of v1, written as one (`devices.list`): the group's lists are brought from what
/// they hold to what they are to hold.
///
/// There a group has a list of what is denied, or of what is allowed after `deny a`. A rule that takes back
/// a part of a wider one is passed over by the kernel without a word, so it is refused here.
pub(super) fn lists(limits: &Limits) -> Result<Vec<Setting>> {
    check(limits)?;
    // What the group's list holds by these rules, and whether it is the list of what is allowed.
    let (mut listed, mut allowed): (Vec<Rule>, bool) = (Vec::new(), false);
    for (at, rule) in limits.devices.iter().enumerate() {
        for rule in plain(at, rule)? {
            let part_of = |wider: &&Rule| meets(wider, &rule) && !is_same(wider, &rule);
            if rule.kind == Kind::All {
                listed.clear();
                allowed = !rule.allow;
            } else if rule.allow == allowed {
                listed.push(rule);
            } else if let Some(wider) = listed.iter().find(part_of) {
                let (over, under) = match rule.allow {
                    true => ("allows", "denied"),
                    false => ("denies", "allowed"),
                };
                return Err(super::unsupported(
                    format!("devices[{at}]"),
                    format!(
                        "{over} a part of {:?}, which a rule before has {under}: cgroup v1 (devices) \
                         takes back a rule only whole",
                        wider.notation()
                    ),
                ));
            }
        }
    }
    rules("devices.list", limits)
}

/// The rules for the program of v2.
pub(super) fn program(limits: &Limits) -> Result<Vec<Setting>> {
    check(limits)?;
    rules("bpf.devices", limits)
}

/// The rules as one text: `deny a; allow c 1:3 rwm`. What they do not name stays allowed, as far as the
/// groups above allow it.
fn rules(file: &str, limits: &Limits) -> Result<Vec<Setting>> {
    let mut rules = Vec::new();
    for (at, rule) in limits.devices.iter().enumerate() {
        rules.extend(plain(at, rule)?);
    }
    match rules.first() {
        None => return Ok(Vec::new()),
        Some(first) if first.kind != Kind::All => rules.insert(0, Rule::all(true)),
        Some(_) => {}
    }
    Ok(vec![Setting::new("devices", file, format(&rules))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(rules: &[(bool, &str, &str)]) -> Limits {
        let rule = |(allow, device, access): &(bool, &str, &str)| DeviceRule {
            allow: *allow,
            device: (*device).to_owned(),
            access: (*access).to_owned(),
        };
        Limits {
            devices: rules.iter().map(rule).collect(),
            ..Limits::default()
        }
    }

    fn text(made: Result<Vec<Setting>>) -> Vec<String> {
        match made {
            Ok(settings) => settings
                .iter()
                .map(|s| format!("{} {}", s.file, s.value))
                .collect(),
            Err(e) => vec![e.message()],
        }
    }

    #[test]
    fn one_list_two_versions() {
        let list = limits(&[
            (false, "a", "rwm"),
            (true, "c 1:3", "wr"),
            (true, "b 8:*", "m"),
            (false, "b 8:*", "m"),
        ]);
        assert_eq!(
            text(lists(&list)),
            ["devices.list deny a; allow c 1:3 rw; allow b 8:* m; deny b 8:* m"]
        );
        assert_eq!(
            text(program(&list)),
            ["bpf.devices deny a; allow c 1:3 rw; allow b 8:* m; deny b 8:* m"]
        );
        assert_eq!(text(lists(&limits(&[]))), Vec::<String>::new());
        assert_eq!(text(program(&limits(&[]))), Vec::<String>::new());
    }

    /// The kernel does not look at the access of `a`.
    #[test]
    fn a_part_of_all_is_both_kinds() {
        let list = limits(&[(false, "a", "m")]);
        assert_eq!(
            text(lists(&list)),
            ["devices.list allow a; deny b *:* m; deny c *:* m"]
        );
        assert_eq!(
            text(program(&list)),
            ["bpf.devices allow a; deny b *:* m; deny c *:* m"]
        );
    }

    /// What the kernel of v1 would pass over without an error.
    #[test]
    fn v1_takes_back_only_whole_rules() {
        let list = limits(&[
            (false, "a", "rwm"),
            (true, "c 1:*", "rwm"),
            (false, "c 1:5", "w"),
        ]);
        assert_eq!(
            text(lists(&list)),
            [
                "cgroup: limits.devices[2]: denies a part of \"c 1:* rwm\", which a rule before has \
              allowed: cgroup v1 (devices) takes back a rule only whole"
            ]
        );
        assert_eq!(text(program(&list)).len(), 1);
        let list = limits(&[(false, "c 1:*", "w"), (true, "c 1:5", "w")]);
        assert!(
            text(lists(&list))[0].starts_with("cgroup: limits.devices[1]: allows a part of"),
            "{:?}",
            text(lists(&list))
        );
        // Another kind, another number, or everything anew.
        for last in [
            (false, "b 1:5", "w"),
            (false, "c 2:5", "w"),
            (false, "a", "rwm"),
        ] {
            let list = limits(&[(false, "a", "rwm"), (true, "c 1:*", "rwm"), last]);
            assert!(
                text(lists(&list))[0].starts_with("devices.list "),
                "{last:?}"
            );
        }
    }

    #[test]
    fn what_is_no_rule() {
        for device in [
            "", "c", "x 1:3", "c 1", "c 1:", "c +1:3", "c 1:3:4", "c 4096:1", "null", "A",
        ] {
            assert_eq!(
                text(lists(&limits(&[(true, device, "r")]))),
                [format!(
                    "spec: limits.devices[0].device: {device:?} is neither \"a\", nor such as \
                     \"c 1:3\" or \"b 8:*\" (majors to 4095, minors to 1048575), nor an absolute path"
                )]
            );
        }
        for access in ["", "rr", "x", "rwmr", "R"] {
            assert_eq!(
                text(program(&limits(&[(true, "a", access)]))),
                [format!(
                    "spec: limits.devices[0].access: {access:?} is not made of r, w and m, each once \
                     at most"
                )]
            );
        }
    }
}
