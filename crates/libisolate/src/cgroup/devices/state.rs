//! What a group may do with devices as v1's kernel keeps it: a default, and the exceptions from it.

use std::collections::BTreeMap;
use std::fmt;

use super::{Access, Device, Kind, Rule};

/// The devices of an exception. The order is that of the published lists: numbers first, `*` before any.
type Key = (Option<u32>, Option<u32>, Kind);

/// A default and the exceptions from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Whether the exceptions are what is denied.
    pub default_allow: bool,
    exceptions: BTreeMap<Key, Access>,
}

/// A rule takes a part of what a wider exception holds, which v1 cannot keep, and whose kernel ignores
/// such a rule without a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    /// The rule.
    pub rule: Rule,
    /// The exception, as the rule that made it.
    pub wider: Rule,
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} takes a part of {:?} away again, which v1 cannot keep",
            self.rule.to_string(),
            self.wider.to_string()
        )
    }
}

impl State {
    /// What rules come to, from a group that may use nothing.
    pub fn of(rules: &[Rule]) -> Result<State, Hole> {
        let mut state = State::default();
        for rule in &rules[last_reset(rules)..] {
            state.apply(rule)?;
        }
        Ok(state)
    }

    /// Adds a rule.
    pub fn apply(&mut self, rule: &Rule) -> Result<(), Hole> {
        if rule.kind == Kind::All {
            *self = State {
                default_allow: rule.allow,
                exceptions: BTreeMap::new(),
            };
            return Ok(());
        }
        let key = (rule.major, rule.minor, rule.kind);
        if rule.allow != self.default_allow {
            let held = self.exceptions.entry(key).or_default();
            *held = held.union(rule.access);
            if held.is_empty() {
                self.exceptions.remove(&key);
            }
            return Ok(());
        }
        let hole = self.exceptions.iter().find(|(held, access)| {
            access.intersects(rule.access) && overlaps(held, &key) && !within(held, &key)
        });
        if let Some((held, access)) = hole {
            return Err(Hole {
                rule: *rule,
                wider: self.rule(held, *access),
            });
        }
        // The kernel takes from the exception of the same numbers alone; whoever denies `c *:*` means
        // `c 1:3`, too.
        self.exceptions.retain(|held, access| {
            if within(held, &key) {
                *access = access.difference(rule.access);
            }
            !access.is_empty()
        });
        Ok(())
    }

    /// The exceptions as rules, sorted.
    pub fn exceptions(&self) -> Vec<Rule> {
        self.exceptions
            .iter()
            .map(|(key, access)| self.rule(key, *access))
            .collect()
    }

    /// The shortest rules that come to this.
    pub fn rules(&self) -> Vec<Rule> {
        let mut rules = vec![Rule::all(self.default_allow)];
        rules.extend(self.exceptions());
        rules
    }

    fn rule(&self, key: &Key, access: Access) -> Rule {
        let (major, minor, kind) = *key;
        Rule {
            allow: !self.default_allow,
            kind,
            major,
            minor,
            access,
        }
    }

    /// Whether the kernel allows it, and the exception that decides. What is allowed must be in one
    /// exception as a whole; of what is denied, any part is enough.
    pub fn decide(&self, device: &Device, access: Access) -> (bool, Option<Rule>) {
        let deciding = self.exceptions().into_iter().find(|rule| {
            rule.covers(device)
                && match rule.allow {
                    true => rule.access.contains(access),
                    false => rule.access.intersects(access),
                }
        });
        (self.default_allow != deciding.is_some(), deciding)
    }

    /// What to write to make `self` of `from`: file and value, in order.
    ///
    /// What is dropped goes first, then what is gained, each sorted. A group that allows by default does
    /// not show its exceptions, so that they can only be forgotten as a whole, by `a`.
    pub fn transition(&self, from: &State) -> Vec<(&'static str, String)> {
        let mut rules = Vec::new();
        let nothing = BTreeMap::new();
        let mut held = &from.exceptions;
        if from.default_allow || from.default_allow != self.default_allow {
            rules.push(Rule::all(self.default_allow));
            held = &nothing;
        }
        let rest = |all: &BTreeMap<Key, Access>, without: &BTreeMap<Key, Access>, allow: bool| {
            let mut rules = Vec::new();
            for (key, access) in all {
                let access = access.difference(without.get(key).copied().unwrap_or_default());
                if !access.is_empty() {
                    let rule = self.rule(key, access);
                    rules.push(Rule { allow, ..rule });
                }
            }
            rules
        };
        rules.extend(rest(held, &self.exceptions, self.default_allow));
        rules.extend(rest(&self.exceptions, held, !self.default_allow));
        rules
            .iter()
            .map(|rule| (file(rule.allow), rule.notation()))
            .collect()
    }
}

/// Where the last rule for all devices is: what comes before is forgotten, with its holes.
pub(super) fn last_reset(rules: &[Rule]) -> usize {
    let reset = rules.iter().rposition(|rule| rule.kind == Kind::All);
    reset.unwrap_or_default()
}

fn file(allow: bool) -> &'static str {
    match allow {
        true => "devices.allow",
        false => "devices.deny",
    }
}

fn overlaps(a: &Key, b: &Key) -> bool {
    let meet = |a: Option<u32>, b: Option<u32>| a == b || a.is_none() || b.is_none();
    a.2 == b.2 && meet(a.0, b.0) && meet(a.1, b.1)
}

fn within(inner: &Key, outer: &Key) -> bool {
    let in_it = |inner: Option<u32>, outer: Option<u32>| outer.is_none() || inner == outer;
    inner.2 == outer.2 && in_it(inner.0, outer.0) && in_it(inner.1, outer.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cgroup::devices::random::Random;
    use crate::cgroup::devices::{format, parse};

    fn state(text: &str) -> State {
        let rules = parse(text).expect("a list of rules");
        State::of(&rules).unwrap_or_else(|hole| panic!("{text}: {hole}"))
    }

    fn hole(text: &str) -> String {
        let rules = parse(text).expect("a list of rules");
        State::of(&rules).expect_err(text).to_string()
    }

    fn steps(from: &str, to: &str) -> String {
        let writes = state(to).transition(&state(from));
        let lines: Vec<String> = writes
            .iter()
            .map(|(file, value)| format!("{} {value}", &file["devices.".len()..]))
            .collect();
        lines.join("; ")
    }

    #[test]
    fn rules_come_to_exceptions() {
        for (rules, shortest) in [
            ("allow c 1:3 r; allow c 1:3 w", "deny a; allow c 1:3 rw"),
            (
                "deny a; allow c 1:3 rwm; deny c 1:3 w",
                "deny a; allow c 1:3 rm",
            ),
            ("allow a; deny b 8:0 rwm; allow b 8:0 rwm", "allow a"),
            (
                "deny b 8:1 rwm; allow a; deny b 8:2 rwm",
                "allow a; deny b 8:2 rwm",
            ),
            (
                "allow c 136:* rw; allow c 5:2 rw; allow b *:* m; allow c *:* m; allow c 5:0 r",
                "deny a; allow b *:* m; allow c *:* m; allow c 5:0 r; allow c 5:2 rw; allow c 136:* rw",
            ),
            // A wider rule takes from narrower exceptions.
            (
                "allow c 1:3 rw; allow c 1:5 rw; allow b 1:3 r; deny c 1:* w",
                "deny a; allow b 1:3 r; allow c 1:3 r; allow c 1:5 r",
            ),
            ("allow c 1:3 rw; deny c *:* rwm", "deny a"),
            ("deny c 1:3 rwm", "deny a"),
        ] {
            assert_eq!(format(&state(rules).rules()), shortest, "{rules}");
        }
    }

    #[test]
    fn holes_are_refused() {
        for text in [
            "allow c *:* rwm; deny c 1:3 w",
            "allow c 1:* rwm; deny c 1:3 rwm",
            "allow c *:3 r; deny c 1:3 r",
            "allow c *:3 r; deny c 1:* r",
            "allow a; deny c *:* rwm; allow c 1:3 r",
        ] {
            assert!(hole(text).contains("which v1 cannot keep"), "{text}");
        }
        // Forgotten by an `a`.
        state("allow c *:* rwm; deny c 1:3 w; deny a; allow c 1:5 r");
        // Other kinds, other numbers, another access: no hole.
        state("allow c *:* rm; deny c 1:3 w; deny b 1:3 rwm");
        state("allow c 1:* rwm; deny c 2:3 rwm");
        assert_eq!(
            hole("allow c 1:* rw; deny c 1:3 w"),
            "\"deny c 1:3 w\" takes a part of \"allow c 1:* rw\" away again, which v1 cannot keep"
        );
    }

    #[test]
    fn transitions_are_as_short_as_can_be() {
        for (from, to, steps_wanted) in [
            ("deny a", "deny a", ""),
            ("deny a; allow c 1:3 rwm", "deny a; allow c 1:3 rwm", ""),
            (
                "deny a; allow c 1:3 rwm",
                "deny a; allow c 1:3 r; allow b 8:0 r",
                "deny c 1:3 wm; allow b 8:0 r",
            ),
            (
                "deny a; allow c 1:5 rw; allow c 1:3 rw; allow b 1:3 r",
                "deny a; allow c 2:0 m; allow c 1:3 rwm",
                "deny b 1:3 r; deny c 1:5 rw; allow c 1:3 m; allow c 2:0 m",
            ),
            // Exceptions of a group that allows by default cannot be seen.
            ("allow a", "allow a", "allow a"),
            (
                "allow a; deny b 8:0 r",
                "allow a; deny b 8:0 r",
                "allow a; deny b 8:0 r",
            ),
            ("allow a", "deny a; allow c 1:3 r", "deny a; allow c 1:3 r"),
            (
                "deny a; allow c 1:3 r",
                "allow a; deny c 1:3 w",
                "allow a; deny c 1:3 w",
            ),
        ] {
            assert_eq!(steps(from, to), steps_wanted, "{from} -> {to}");
        }
    }

    /// The kernel's own way with devices.allow and devices.deny (security/device_cgroup.c).
    fn kernel(state: &mut State, file: &str, value: &str) {
        let allow = file == "devices.allow";
        let rule = Rule::parse_v1(allow, value).expect("a rule");
        if rule.kind == Kind::All {
            *state = State {
                default_allow: allow,
                ..State::default()
            };
            return;
        }
        let key = (rule.major, rule.minor, rule.kind);
        let held = state.exceptions.entry(key).or_default();
        *held = match allow == state.default_allow {
            true => held.difference(rule.access),
            false => held.union(rule.access),
        };
        if held.is_empty() {
            state.exceptions.remove(&key);
        }
    }

    #[test]
    fn the_kernel_arrives_where_the_transition_leads() {
        let mut random = Random::new(2);
        let mut next = |count| {
            loop {
                let rules = random.rules(count);
                if let Ok(state) = State::of(&rules) {
                    return state;
                }
            }
        };
        for round in 0..3000 {
            let (from, to) = (next(1 + round % 7), next(1 + round % 5));
            let mut reached = from.clone();
            for (file, value) in to.transition(&from) {
                kernel(&mut reached, file, &value);
            }
            assert_eq!(reached, to, "from {from:?}");
            assert_eq!(State::of(&to.rules()), Ok(to));
        }
    }
}
