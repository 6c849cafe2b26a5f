//! A rule for devices, as text and as data: the notation of v1, `c 1:3 rwm`, with `allow` or `deny`
//! before it.

use std::fmt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::{Access, bad};
use crate::error::{Error, Result, Stage};

/// Device numbers have 12 bits for the driver and 20 for the device (linux/kdev_t.h).
pub(crate) const HIGHEST_MAJOR: u32 = (1 << 12) - 1;
pub(crate) const HIGHEST_MINOR: u32 = (1 << 20) - 1;

/// Which devices: all, or those of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Every device, `a`.
    All,
    /// Block devices, `b`.
    Block,
    /// Character devices, `c`.
    Char,
}

impl Kind {
    /// `a`, `b` or `c`.
    pub fn letter(self) -> char {
        match self {
            Kind::All => 'a',
            Kind::Block => 'b',
            Kind::Char => 'c',
        }
    }
}

/// One device, by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Device {
    /// Block or character; never [`Kind::All`].
    pub kind: Kind,
    /// The driver's number.
    pub major: u32,
    /// The device's number of that driver.
    pub minor: u32,
}

impl Device {
    /// Reads `c 1:3`, or asks the file system for the numbers of a path such as `/dev/null`.
    ///
    /// # Errors
    /// `InvalidSpec` for another text or a path that is no device, `NotFound` for one that is not there.
    pub fn parse(text: &str) -> Result<Device> {
        let rule = Rule::new(true, text, "rwm")?;
        match (rule.kind, rule.major, rule.minor) {
            (Kind::All, ..) | (_, None, _) | (_, _, None) => Err(bad(
                text,
                "is not one device: give a path, or its kind and numbers as in `c 1:3`",
            )),
            (kind, Some(major), Some(minor)) => Ok(Device { kind, major, minor }),
        }
    }

    fn at(path: &str) -> Result<Device> {
        let found = std::fs::metadata(Path::new(path))
            .map_err(|e| Error::from_io(&e, Stage::Cgroup, path))?;
        let kind = match found.file_type() {
            kind if kind.is_block_device() => Kind::Block,
            kind if kind.is_char_device() => Kind::Char,
            _ => return Err(bad(path, "is no device")),
        };
        Ok(Device {
            kind,
            major: libc::major(found.rdev()),
            minor: libc::minor(found.rdev()),
        })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}:{}", self.kind.letter(), self.major, self.minor)
    }
}

/// One rule: what may, or may not, be done with some devices.
///
/// Rules of a list are read in order, from a group that may use nothing: `a` forgets what came before,
/// and a later rule changes what an earlier one said of the same devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Whether it allows or denies.
    pub allow: bool,
    /// Of [`Kind::All`] a rule is for every number and every access, whatever else is in it.
    pub kind: Kind,
    /// The driver's number, 0 to 4095; `None` is every one.
    pub major: Option<u32>,
    /// The device's number, 0 to 1048575; `None` is every one.
    pub minor: Option<u32>,
    /// What is allowed or denied.
    pub access: Access,
}

impl Rule {
    /// The rule for all devices.
    pub fn all(allow: bool) -> Rule {
        Rule {
            allow,
            kind: Kind::All,
            major: None,
            minor: None,
            access: Access::ALL,
        }
    }

    /// A rule from its parts: the device is `a`, `c 1:3`, `b 8:*` or a path, the access letters of
    /// `rwm`.
    ///
    /// # Errors
    /// `InvalidSpec` with the text that is wrong; `NotFound` for a path that is not there.
    pub fn new(allow: bool, device: &str, access: &str) -> Result<Rule> {
        let device = device.trim();
        let access = Access::parse(access)?;
        if device.starts_with('/') {
            let Device { kind, major, minor } = Device::at(device)?;
            return Ok(Rule {
                allow,
                kind,
                major: Some(major),
                minor: Some(minor),
                access,
            });
        }
        let (kind, numbers) = match device.split_once(char::is_whitespace) {
            Some((kind, numbers)) => (kind, Some(numbers.trim_start())),
            None => (device, None),
        };
        let kind = match (kind, numbers) {
            ("a", None | Some("*:*")) => {
                // The kernel takes `a 1:3 r` and does with it what `a` does.
                if access != Access::ALL {
                    return Err(bad(
                        device,
                        "is every access of all devices: for less, give a rule for c and one for b",
                    ));
                }
                return Ok(Rule::all(allow));
            }
            ("b", Some(_)) => Kind::Block,
            ("c", Some(_)) => Kind::Char,
            _ => return Err(wrong(device)),
        };
        let numbers = numbers.and_then(|numbers| numbers.split_once(':'));
        let (major, minor) = numbers.ok_or_else(|| wrong(device))?;
        Ok(Rule {
            allow,
            kind,
            major: number(major, HIGHEST_MAJOR).map_err(|detail| bad(device, detail))?,
            minor: number(minor, HIGHEST_MINOR).map_err(|detail| bad(device, detail))?,
            access,
        })
    }

    /// Reads one rule: `allow` or `deny`, then the notation of v1.
    ///
    /// # Errors
    /// As [`Rule::new`].
    pub fn parse(text: &str) -> Result<Rule> {
        let text = text.trim();
        match text.split_once(char::is_whitespace) {
            Some(("allow", rest)) => Rule::parse_v1(true, rest),
            Some(("deny", rest)) => Rule::parse_v1(false, rest),
            _ => Err(bad(text, "does not begin with allow or deny")),
        }
    }

    /// Reads what `devices.allow`, `devices.deny` and `devices.list` of v1 hold: `c 1:3 rwm`, `a`,
    /// `a *:* rwm`.
    ///
    /// # Errors
    /// As [`Rule::new`].
    pub fn parse_v1(allow: bool, text: &str) -> Result<Rule> {
        let text = text.trim();
        if text == "a" {
            return Ok(Rule::all(allow));
        }
        let (device, access) = text
            .rsplit_once(char::is_whitespace)
            .ok_or_else(|| wrong(text))?;
        Rule::new(allow, device, access)
    }

    /// What v1's files take: `c 1:3 rwm` or `a`.
    pub fn notation(&self) -> String {
        let number = |n: Option<u32>| n.map_or_else(|| "*".to_owned(), |n| n.to_string());
        match self.kind {
            Kind::All => "a".to_owned(),
            kind => format!(
                "{} {}:{} {}",
                kind.letter(),
                number(self.major),
                number(self.minor),
                self.access
            ),
        }
    }

    /// Whether the rule is for this device.
    pub fn covers(&self, device: &Device) -> bool {
        let within = |of: Option<u32>, number| of.is_none_or(|n| n == number);
        self.kind == Kind::All
            || (self.kind == device.kind
                && within(self.major, device.major)
                && within(self.minor, device.minor))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.allow { "allow" } else { "deny" };
        write!(f, "{verb} {}", self.notation())
    }
}

fn wrong(device: &str) -> Error {
    bad(
        device,
        "is no rule for devices: `a`, `c MAJOR:MINOR`, `b MAJOR:MINOR` (`*` for any number) or a path, \
         then letters out of rwm",
    )
}

fn number(text: &str, highest: u32) -> Result<Option<u32>, String> {
    if text == "*" {
        return Ok(None);
    }
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && number <= highest => Ok(Some(number)),
        _ => Err(format!("{text:?} is not * and not among 0 to {highest}")),
    }
}

/// Reads a list of rules, separated by `;`: `deny a; allow c 1:3 rwm`.
///
/// # Errors
/// As [`Rule::new`]; `InvalidSpec` for a text without any rule.
pub fn parse(text: &str) -> Result<Vec<Rule>> {
    let rules: Vec<Rule> = text
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(Rule::parse)
        .collect::<Result<_>>()?;
    if rules.is_empty() {
        return Err(bad(text, "has no rule: to deny everything, write `deny a`"));
    }
    Ok(rules)
}

/// Rules as text, which [`parse`] reads again.
pub fn format(rules: &[Rule]) -> String {
    rules
        .iter()
        .map(Rule::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cgroup::devices::random::Random;
    use crate::error::ErrorKind;

    #[test]
    fn what_is_written_is_read_again() {
        let mut random = Random::new(1);
        for _ in 0..2000 {
            let count = 1 + random.below(6) as usize;
            let rules = random.rules(count);
            assert_eq!(parse(&format(&rules)), Ok(rules));
        }
    }

    #[test]
    fn the_notations() {
        let text = |text: &str| Rule::parse(text).map(|rule| rule.to_string());
        assert_eq!(text("allow c 1:3 mrw"), Ok("allow c 1:3 rwm".into()));
        assert_eq!(text("  deny  b  8:*  r "), Ok("deny b 8:* r".into()));
        assert_eq!(text("deny a"), Ok("deny a".into()));
        assert_eq!(text("allow a *:* rwm"), Ok("allow a".into()));
        assert_eq!(text("allow /dev/null rw"), Ok("allow c 1:3 rw".into()));
        assert_eq!(
            parse("deny a;allow c *:* m;").map(|rules| format(&rules)),
            Ok("deny a; allow c *:* m".into())
        );
        assert_eq!(
            Device::parse("/dev/zero").map(|d| d.to_string()),
            Ok("c 1:5".into())
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let told = |text: &str| parse(text).map_err(|e| (e.kind(), e.message()));
        for (text, part) in [
            ("", "has no rule"),
            (" ; ", "has no rule"),
            ("c 1:3 rwm", "does not begin with allow or deny"),
            ("allow", "does not begin with allow or deny"),
            ("allow x 1:3 rwm", "is no rule for devices"),
            ("allow c 1:3", "letters out of rwm"),
            ("allow c 1 rwm", "is no rule for devices"),
            ("allow c rwm", "is no rule for devices"),
            ("allow c 1:3 rx", "letters out of rwm"),
            (
                "allow c 4096:3 r",
                "\"4096\" is not * and not among 0 to 4095",
            ),
            ("allow c 1:1048576 r", "not among 0 to 1048575"),
            ("allow c +1:3 r", "not among"),
            ("allow c :3 r", "not among"),
            ("allow a 1:3 rwm", "is no rule for devices"),
            ("allow a *:* r", "give a rule for c and one for b"),
            ("allow /dev r", "\"/dev\": is no device"),
        ] {
            match told(text) {
                Err((ErrorKind::InvalidSpec, message)) => {
                    assert!(message.contains(part), "{text:?}: {message}");
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        let gone = told("allow /dev/no-such-device r");
        assert!(matches!(&gone, Err((ErrorKind::NotFound, _))), "{gone:?}");
        for several in ["a", "c 1:*", "b *:0"] {
            let told = Device::parse(several).map_err(|e| e.message());
            assert!(
                told.is_err_and(|m| m.contains("is not one device")),
                "{several:?}"
            );
        }
    }
}
