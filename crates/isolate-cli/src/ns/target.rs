//! What a namespace is called on the command line, and finding it.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use libisolate::ns::{Kind, Namespace, named};
use libisolate::spec::NamespaceMode;
use libisolate::{Error, ErrorKind, Result, Spec, Stage};

use super::words::kinds;

/// A TARGET, taken apart.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Of(Kind, i32),
    Own(Kind),
    Shown(Kind, u64),
    Path(Option<Kind>, PathBuf),
    Name(String),
    Process(i32),
}

/// What is wrong with a TARGET.
fn wrong(word: &OsStr, detail: impl Into<String>) -> Error {
    let subject = word.display().to_string();
    Error::new(ErrorKind::InvalidSpec, Stage::Namespace, subject, detail)
}

fn parse(word: &OsStr) -> Result<Target> {
    let bytes = word.as_bytes();
    let colon = bytes.iter().position(|byte| *byte == b':');
    let (kind, rest) = match colon {
        Some(at) => (
            std::str::from_utf8(&bytes[..at])
                .ok()
                .and_then(Kind::from_name),
            &bytes[at + 1..],
        ),
        None => (None, bytes),
    };
    if let Some(kind) = kind {
        if rest.contains(&b'/') {
            return Ok(Target::Path(Some(kind), OsStr::from_bytes(rest).into()));
        }
        if let Some(inode) = std::str::from_utf8(rest).ok().and_then(shown) {
            return Ok(Target::Shown(kind, inode));
        }
        return match std::str::from_utf8(rest) {
            Ok("self") => Ok(Target::Own(kind)),
            Ok(text) if is_number(text) => Ok(Target::Of(kind, pid(word, text)?)),
            Ok(text) if kind == Kind::Net && !text.is_empty() => Ok(Target::Name(text.to_owned())),
            _ => Err(wrong(
                word,
                "after the colon comes a process id, self, [NUMBER] as in the list, or a path with a slash",
            )),
        };
    }
    if bytes.contains(&b'/') {
        return Ok(Target::Path(None, word.into()));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if is_number(text) => Ok(Target::Process(pid(word, text)?)),
        Ok(text) if colon.is_some() && text.ends_with(":self") => Err(unknown_kind(word)),
        Ok(text)
            if text
                .rsplit_once(':')
                .is_some_and(|(_, last)| is_number(last)) =>
        {
            Err(unknown_kind(word))
        }
        Ok("self") => Err(wrong(word, "say of which kind, such as net:self")),
        Ok(text) => Ok(Target::Name(text.to_owned())),
        Err(_) => Err(wrong(word, "is not a name")),
    }
}

fn unknown_kind(word: &OsStr) -> Error {
    wrong(
        word,
        format!("does not begin with a kind: there are {}", kinds()),
    )
}

/// The number in `[4026531833]`.
fn shown(text: &str) -> Option<u64> {
    text.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn pid(word: &OsStr, text: &str) -> Result<i32> {
    text.parse()
        .map_err(|_| wrong(word, "is beyond every process id"))
}

/// The one namespace of a TARGET, which has to be of this kind where one is said.
pub fn one(word: &OsStr, kind: Option<Kind>) -> Result<Namespace> {
    let found = match (parse(word)?, kind) {
        (Target::Of(kind, pid), _) => Namespace::of_process(pid, kind),
        (Target::Own(kind), _) => Namespace::of_thread(kind),
        (Target::Shown(kind, inode), _) => super::shown::find(kind, inode),
        (Target::Path(said, path), _) => match (Namespace::open(path)?, said) {
            (found, Some(said)) => found.expect(said),
            (found, None) => Ok(found),
        },
        (Target::Name(name), _) => by_name(&name),
        (Target::Process(pid), Some(kind)) => Namespace::of_process(pid, kind),
        (Target::Process(_), None) => Err(wrong(
            word,
            format!(
                "say which of its namespaces, such as net:{}",
                word.display()
            ),
        )),
    }?;
    match kind {
        Some(kind) => found.expect(kind),
        None => Ok(found),
    }
}

/// The same, or the caller's own where nothing is said.
pub fn one_or_own(word: Option<&OsStr>, kind: Kind) -> Result<Namespace> {
    match word {
        Some(word) => one(word, Some(kind)),
        None => Namespace::of_thread(kind),
    }
}

/// All namespaces of a TARGET: those of a process, or one.
pub fn all(word: &OsStr) -> Result<Vec<Namespace>> {
    match parse(word)? {
        Target::Process(pid) => of_process(pid),
        _ => Ok(vec![one(word, None)?]),
    }
}

fn of_process(pid: i32) -> Result<Vec<Namespace>> {
    Kind::ALL
        .into_iter()
        .filter(|kind| kind.supported())
        .map(|kind| Namespace::of_process(pid, kind))
        .collect()
}

fn by_name(name: &str) -> Result<Namespace> {
    named(name).map_err(|error| match error.kind() {
        ErrorKind::NotFound => error.with_hint(
            "a namespace is KIND:PID, KIND:self, a path with a slash in it, or a name under /run/netns",
        ),
        _ => error,
    })
}

/// Makes a spec enter namespaces. What it gives back has to live until the job is started.
pub fn join(spec: &mut Spec, words: &[OsString]) -> Result<Vec<Namespace>> {
    let mut joined = Vec::new();
    let mut said: Vec<Kind> = Vec::new();
    for word in words {
        for namespace in all(word)? {
            let kind = namespace.kind();
            if said.contains(&kind) {
                return Err(wrong(
                    word,
                    format!("names a second {kind} namespace: a process is in one of a kind"),
                ));
            }
            said.push(kind);
            // The kernel refuses to enter the own user namespace; of the others it comes to the same.
            let mode = match Namespace::of_thread(kind)? == namespace {
                true => NamespaceMode::Host,
                false => NamespaceMode::Fd(namespace.as_fd().as_raw_fd()),
            };
            spec.namespaces.set(kind, mode);
            joined.push(namespace);
        }
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(word: &str) -> Result<Target, String> {
        parse(OsStr::new(word)).map_err(|error| error.message())
    }

    #[test]
    fn targets() {
        for (word, target) in [
            ("net:12", Target::Of(Kind::Net, 12)),
            ("user:self", Target::Own(Kind::User)),
            ("pid:[12]", Target::Shown(Kind::Pid, 12)),
            ("uts:/a:b", Target::Path(Some(Kind::Uts), "/a:b".into())),
            ("net:./x", Target::Path(Some(Kind::Net), "./x".into())),
            ("/run/x", Target::Path(None, "/run/x".into())),
            ("./net:12", Target::Path(None, "./net:12".into())),
            ("12", Target::Process(12)),
            ("blue", Target::Name("blue".into())),
            ("net:blue", Target::Name("blue".into())),
            ("blue:green", Target::Name("blue:green".into())),
        ] {
            assert_eq!(told(word), Ok(target), "{word}");
        }
        for (word, text) in [
            ("uts:blue", "after the colon comes"),
            ("uts:[x]", "after the colon comes"),
            ("net:", "after the colon comes"),
            ("network:12", "does not begin with a kind"),
            ("all:self", "does not begin with a kind"),
            ("self", "net:self"),
            ("net:99999999999", "beyond every process id"),
        ] {
            let error = told(word).expect_err(word);
            assert!(
                error.starts_with(&format!("namespace: {word}: ")) && error.contains(text),
                "{error}"
            );
        }
        assert_eq!(told(""), Ok(Target::Name(String::new())));
    }

    #[test]
    fn the_own_is_not_entered() {
        let mut spec = Spec::new(["true"]);
        let words = ["user:self", "net:self"].map(OsString::from);
        assert_eq!(join(&mut spec, &words).map(|all| all.len()).ok(), Some(2));
        assert_eq!(spec.namespaces.user, Some(NamespaceMode::Host));
        let again = join(&mut spec, &["net:self", "net:self"].map(OsString::from));
        let error = again.expect_err("twice").message();
        assert!(
            error.starts_with("namespace: net:self: names a second"),
            "{error}"
        );
    }
}
