//! One value of one limit, put in force in a group's directory and read back.

use super::Version;
use super::controller::{cpuset, spread_priorities};
use super::dir::Dir;
use super::pseudo;
use super::tree::Tree;
use crate::error::{Error, ErrorKind, Result, Stage};

/// Writes `value` to `file`, and the other value to the other file: to whichever of the two the group has.
/// Gives the file that was written, and what is in force then, which `told_by` tells where the file itself
/// cannot.
///
/// # Errors
/// `Cgroup` stage, `file: "value"` as the subject.
pub(super) fn put(
    tree: &Tree,
    file: &str,
    value: &str,
    or: Option<(&str, &str)>,
    told_by: Option<&str>,
) -> Result<(String, String)> {
    let one = |file, value| put_one(tree, file, value, told_by);
    let Some((other, its)) = or.filter(|(other, _)| tree.dir.has(other)) else {
        return one(file, value);
    };
    if !tree.dir.has(file) {
        return one(other, its);
    }
    // Two ways to share disks out, iocost and bfq: which of them is at work is each disk's own.
    let not_here = |error: &Error| error.errno() == libc::EOPNOTSUPP;
    match (one(file, value), one(other, its)) {
        (Ok((file, told)), Ok((other, its))) => Ok((file, format!("{told}; {other} {its}"))),
        (Ok(done), Err(error)) if not_here(&error) => Ok(done),
        (Err(error), Ok(done)) if not_here(&error) => Ok(done),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

fn put_one(
    tree: &Tree,
    file: &str,
    value: &str,
    told_by: Option<&str>,
) -> Result<(String, String)> {
    let dir = &tree.dir;
    let told = match (file, told_by) {
        _ if pseudo::puts(file) => pseudo::put_pseudo(tree, file, value)?,
        (_, Some(told_by)) => {
            dir.write(file, value)?;
            match dir.read(told_by) {
                Ok(text) if told_by == file => in_force(value, &text),
                Ok(text) => lines(&text),
                // Some files can only be written.
                Err(_) if told_by == file => String::new(),
                Err(error) => return Err(error),
            }
        }
        ("net_prio.ifpriomap", None) => {
            for line in spread_priorities(value, &dir.read(file)?) {
                dir.write(file, &line)?;
            }
            in_force(value, &dir.read(file)?)
        }
        ("memory.oom_control", None) => {
            dir.write(file, value)?;
            let told = dir.keyed(file, "oom_kill_disable");
            told.map(|n| n.to_string()).unwrap_or_default()
        }
        _ => in_force(value, &dir.put(file, value)?),
    };
    match (tree.version, file) {
        (Version::V2, "cpuset.cpus" | "cpuset.mems") => {
            Ok((file.to_owned(), cpuset_in_force(dir, file, value)?))
        }
        (Version::V2, "cpuset.cpus.partition") => match cpuset::refused_partition(value, &told) {
            None => Ok((file.to_owned(), told)),
            Some(reason) => Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Cgroup,
                format!("{file}: {value:?}"),
                reason,
            )),
        },
        _ => Ok((file.to_owned(), told)),
    }
}

/// What a file says of the thing that `value` is about: its line where there is one for each disk,
/// interface or adapter (`8:0 rbps=1048576`), else all of it.
fn in_force(value: &str, text: &str) -> String {
    let mut words = value.split_whitespace();
    let key = match (words.next(), words.next()) {
        (Some(key), Some(_)) => key,
        // A number alone is what everything without a line of its own has.
        _ => "default",
    };
    let of_key = |line: &&str| line.split_whitespace().next() == Some(key);
    match text.lines().find(of_key) {
        Some(line) => line.trim().to_owned(),
        None => lines(text),
    }
}

/// A text of some lines on one.
fn lines(text: &str) -> String {
    let all: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    all.join("; ")
}

/// v2 takes any list and uses what it can of it: what it uses has to be the list.
fn cpuset_in_force(dir: &Dir, file: &str, value: &str) -> Result<String> {
    let effective = dir.read(&format!("{file}.effective"))?;
    let effective = effective.trim();
    if cpuset::parse_list(effective).ok() == cpuset::parse_list(value).ok() {
        return Ok(effective.to_owned());
    }
    Err(Error::new(
        ErrorKind::Limit,
        Stage::Cgroup,
        format!("{file}: {value:?}"),
        format!(
            "the caller's own cgroup does not have all of them; in force would be {effective:?}"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_is_meant() {
        let disks = "8:16 rbps=max wbps=1\n8:0 rbps=1048576 wbps=max riops=max wiops=max\n";
        for (value, text, told) in [
            (
                "8:0 rbps=1048576",
                disks,
                "8:0 rbps=1048576 wbps=max riops=max wiops=max",
            ),
            ("200", "default 200\n8:0 100\n", "default 200"),
            ("8:0 100", "default 200\n8:0 100\n", "8:0 100"),
            ("50000 100000", "50000 100000\n", "50000 100000"),
            ("4096", "4096\n", "4096"),
            ("sev 2", "sev 2\ntdx max\n", "sev 2"),
            ("* 5", "lo 5\neth0 5\n", "lo 5; eth0 5"),
            ("\n", "\n", ""),
        ] {
            assert_eq!(in_force(value, text), told, "{value}");
        }
    }

    fn tree(dir: &std::path::Path) -> Tree {
        Tree {
            version: Version::V1,
            controllers: Vec::new(),
            name: None,
            dir: Dir::open(dir).expect("it is there"),
        }
    }

    /// On files of an ordinary file system, which keep what is written.
    #[test]
    fn the_file_that_there_is() {
        let base = std::env::temp_dir().join(format!("isolate-put-{}", std::process::id()));
        std::fs::create_dir_all(&base).expect("temporary directory");
        std::fs::write(base.join("b"), "").expect("temporary file");
        let tree = tree(&base);
        let or = Some(("b", "20"));
        let wrote = |file: &str, value: &str| Ok((file.to_owned(), value.to_owned()));
        assert_eq!(put(&tree, "a", "200", or, None), wrote("b", "20"));
        std::fs::write(base.join("a"), "").expect("temporary file");
        assert_eq!(put(&tree, "a", "200", None, None), wrote("a", "200"));
        assert_eq!(put(&tree, "a", "210", or, None), wrote("a", "210; b 20"));
        assert_eq!(put(&tree, "a", "300", None, Some("b")), wrote("a", "20"));
        let gone = put(&tree, "c", "1", Some(("d", "2")), None).map_err(|e| e.message());
        assert_eq!(
            gone,
            Err(
                "cgroup: c: \"1\": No such file or directory; this kernel's groups have no such file"
                    .into()
            )
        );
        std::fs::remove_dir_all(&base).expect("temporary directory");
    }
}
