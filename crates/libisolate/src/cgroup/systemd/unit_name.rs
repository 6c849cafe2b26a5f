//! Names of units and slices, and the directories that systemd makes for them (systemd.unit(5),
//! systemd.slice(5)). Text in, text out.

/// What is wrong with a name that is none at all.
pub(super) const EMPTY: &str = "is empty";

/// The most bytes of a unit's name.
const NAME_MAX: usize = 255;

/// Controllers whose files' names begin with theirs and a dot, as systemd knows them.
const CONTROLLERS: [&str; 8] = [
    "cpu", "cpuacct", "cpuset", "io", "blkio", "memory", "devices", "pids",
];

/// The scope that `NAME` or `NAME.scope` means, or why that is no name of one.
pub(crate) fn scope(name: &str) -> Result<String, String> {
    let full = match name.ends_with(".scope") {
        true => name.to_owned(),
        false => format!("{name}.scope"),
    };
    let prefix = full.strip_suffix(".scope").unwrap_or_default();
    if prefix.is_empty() {
        return Err(EMPTY.to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    if let Some(other) = prefix.chars().find(|c| !allowed(*c)) {
        return Err(format!(
            "holds {other:?}: the name of a unit has ASCII letters, digits and :-_.\\@ alone"
        ));
    }
    if prefix.starts_with('@') || prefix.ends_with('@') {
        return Err("has an @ at an end, which makes it no unit but a template".to_owned());
    }
    let other = [
        "service",
        "slice",
        "socket",
        "target",
        "mount",
        "automount",
        "timer",
        "path",
        "device",
        "swap",
    ];
    if let Some((_, suffix)) = prefix.rsplit_once('.')
        && name == prefix
        && other.contains(&suffix)
    {
        return Err(format!("names a {suffix}: what is made is a scope"));
    }
    if full.len() > NAME_MAX {
        return Err(format!("has more than {NAME_MAX} bytes with its .scope"));
    }
    Ok(full)
}

/// The directory of a slice below its manager's: `a-b.slice` is in `/a.slice/a-b.slice`; or why that is
/// no slice's name.
pub(crate) fn slice_path(name: &str) -> Result<String, String> {
    let Some(prefix) = name.strip_suffix(".slice") else {
        return Err("is no slice: its name ends in .slice".to_owned());
    };
    if prefix == "-" {
        return Ok(String::new());
    }
    if name.len() > NAME_MAX {
        return Err(format!("has more than {NAME_MAX} bytes"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || ":-_.\\".contains(c);
    if let Some(other) = prefix.chars().find(|c| !allowed(*c)) {
        return Err(format!(
            "holds {other:?}: the name of a slice has ASCII letters, digits and :-_.\\ alone"
        ));
    }
    if prefix.split('-').any(str::is_empty) {
        return Err(
            "has an empty part: dashes stand between the names of the slices above it, as in a-b.slice"
                .to_owned(),
        );
    }
    let mut path = String::new();
    let ends = prefix.match_indices('-').map(|(at, _)| at);
    for end in ends.chain([prefix.len()]) {
        path.push('/');
        path.push_str(&escape(&format!("{}.slice", &prefix[..end])));
    }
    Ok(path)
}

/// The name of a unit's directory: an underscore before what could be a file of the kernel's.
pub(crate) fn escape(name: &str) -> String {
    let of_kernel = |prefix: &str| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with('.'))
    };
    let needed = name.is_empty()
        || name.starts_with(['_', '.'])
        || ["notify_on_release", "release_agent", "tasks"].contains(&name)
        || CONTROLLERS
            .iter()
            .chain(&["cgroup"])
            .any(|prefix| of_kernel(prefix));
    match needed {
        true => format!("_{name}"),
        false => name.to_owned(),
    }
}

/// Whether a directory is one of a unit's, by its name.
pub(crate) fn is_unit_dir(name: &str) -> bool {
    let name = name.strip_prefix('_').unwrap_or(name);
    [".scope", ".service", ".slice", ".mount", ".socket", ".swap"]
        .iter()
        .any(|suffix| name.len() > suffix.len() && name.ends_with(suffix))
}

/// The number of systemd's version in what it says of itself: `252.39-1~deb12u1`, `v245.4-1.fc32`.
pub(crate) fn version(text: &str) -> Option<u32> {
    let text = text.trim().trim_matches('"');
    let digits = text.strip_prefix('v').unwrap_or(text);
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices() {
        for (name, path) in [
            ("test.slice", "/test.slice"),
            ("test-a-b.slice", "/test.slice/test-a.slice/test-a-b.slice"),
            ("-.slice", ""),
            (
                "a-b-c-d-e.slice",
                "/a.slice/a-b.slice/a-b-c.slice/a-b-c-d.slice/a-b-c-d-e.slice",
            ),
            ("cpu.slice", "/_cpu.slice"),
        ] {
            assert_eq!(slice_path(name).as_deref(), Ok(path), "{name}");
        }
        for name in [
            "foobar-waldo.service",
            "--.slice",
            "-",
            "",
            ".slice",
            "-foo-.slice",
            "-foo.slice",
            "foo-.slice",
            "foo--bar.slice",
            "foo.slice/foo--bar.slice",
            "foobar@.slice",
            "foobar@waldo.slice",
            "foo/bar.slice",
            "/foo.slice",
            "foo bar.slice",
            "f\u{f6}.slice",
        ] {
            assert!(slice_path(name).is_err(), "{name:?} was taken");
        }
    }

    #[test]
    fn scopes() {
        for (name, full) in [
            ("build", "build.scope"),
            ("build.scope", "build.scope"),
            ("a-b_c.d:e@f", "a-b_c.d:e@f.scope"),
            ("x.service.scope", "x.service.scope"),
        ] {
            assert_eq!(scope(name).as_deref(), Ok(full), "{name}");
        }
        let long = "x".repeat(250);
        for name in [
            "",
            ".scope",
            "a b",
            "a/b",
            "a\0",
            "x@",
            "@x",
            "x.service",
            "x.slice",
            &long,
        ] {
            assert!(scope(name).is_err(), "{name:?} was taken");
        }
        assert!(scope(&"x".repeat(249)).is_ok());
    }

    #[test]
    fn escapes() {
        for (name, escaped) in [
            ("foobar", "foobar"),
            (".foobar", "_.foobar"),
            ("foobar.service", "foobar.service"),
            ("cgroup.service", "_cgroup.service"),
            ("tasks", "_tasks"),
            ("_foobar", "__foobar"),
            ("", "_"),
            ("memory.scope", "_memory.scope"),
            ("memoryx.scope", "memoryx.scope"),
        ] {
            assert_eq!(escape(name), escaped);
        }
    }

    #[test]
    fn directories_of_units() {
        for name in ["a.scope", "user@1000.service", "system.slice", "_cpu.scope"] {
            assert!(is_unit_dir(name), "{name}");
        }
        for name in ["isolate-leaf", ".scope", "job", "a.scope.d", ""] {
            assert!(!is_unit_dir(name), "{name}");
        }
    }

    #[test]
    fn versions() {
        for (text, number) in [
            ("v245.4-1.fc32", Some(245)),
            ("\"v245.4-1.fc32\"", Some(245)),
            ("252.39-1~deb12u1", Some(252)),
            ("\"219\"", Some(219)),
            ("v245", Some(245)),
            ("258~rc1", Some(258)),
            ("NaN", None),
            ("", None),
            ("v", None),
        ] {
            assert_eq!(version(text), number, "{text:?}");
        }
    }
}
