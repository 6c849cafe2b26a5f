//! From options to a spec.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use libisolate::spec::{Bind, Bytes, Net, Profile, Root, RootDir, Size, Tmpfs};
use libisolate::{Error, Result, Spec, Stage};

use crate::args::{self, Run};

/// The spec that the options ask for: that of `--spec`, or a strict one, changed by the others.
pub fn build(options: &Run) -> Result<Spec> {
    let mut spec = match &options.spec {
        Some(path) => read(path, !options.argv.is_empty())?,
        None => Spec::new(Vec::<Bytes>::new()),
    };
    if !options.argv.is_empty() {
        spec.argv = options
            .argv
            .iter()
            .map(|word| Bytes::from(word.as_os_str()))
            .collect();
    }
    scalars(&mut spec, options);
    options.limits.put(&mut spec.limits)?;
    for (rw, text) in &options.binds {
        spec.binds.push(bind(text, *rw)?);
    }
    for text in &options.tmpfs {
        spec.tmpfs.push(tmpfs(text)?);
    }
    for text in &options.env {
        let (name, value) = variable(text)?;
        spec.env.insert(name, value);
    }
    spec.sysctls.extend(options.sysctl.iter().cloned());
    spec.keep_env.extend(options.keep_env.iter().cloned());
    spec.keep_fds.extend(&options.keep_fd);
    Ok(spec)
}

/// What is there once: the option, where it is given, wins over the file.
fn scalars(spec: &mut Spec, options: &Run) {
    fn set<T>(field: &mut Option<T>, option: Option<T>) {
        if option.is_some() {
            *field = option;
        }
    }
    match options.profile {
        Some(args::Profile::Strict) => spec.profile = Profile::Strict,
        Some(args::Profile::None) => spec.profile = Profile::None,
        None => {}
    }
    let net = options.net.map(|net| match net {
        args::Net::None => Net::None,
        args::Net::Host => Net::Host,
    });
    let root = options.root.as_deref().map(|path| {
        Root::Dir(RootDir {
            path: absolute(path.as_os_str()),
            rw: false,
        })
    });
    set(&mut spec.limits.cpu_time, options.cpu_time);
    set(&mut spec.timeout, options.timeout);
    set(&mut spec.root, root);
    set(&mut spec.net, net);
    set(&mut spec.uid, options.uid);
    set(&mut spec.gid, options.gid);
    set(&mut spec.hostname, options.hostname.clone());
    set(&mut spec.driver, options.driver.map(Into::into));
    set(&mut spec.slice, options.slice.clone());
    set(&mut spec.unit, options.unit.clone());
    set(&mut spec.cwd, options.cwd.clone().map(Bytes::from));
    if options.no_init {
        spec.init = false;
    }
}

fn read(path: &Path, has_argv: bool) -> Result<Spec> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::from_io(&error, Stage::Spec, shown))?;
    if has_argv {
        // The file may leave the command to the command line.
        let json = serde_json::from_str::<serde_json::Value>(&text);
        if let Ok(serde_json::Value::Object(mut fields)) = json
            && !fields.contains_key("argv")
        {
            fields.insert("argv".into(), serde_json::Value::Array(Vec::new()));
            return Spec::from_json(&serde_json::Value::Object(fields).to_string());
        }
    }
    Spec::from_json(&text)
}

/// `PATH[:DEST]`. A path that is not absolute goes from the working directory on.
fn bind(text: &OsStr, rw: bool) -> Result<Bind> {
    let (source, dest) = split(text);
    if source.is_empty() {
        return Err(Error::invalid(
            if rw { "--rw" } else { "--ro" },
            format!("{text:?} has no path; write PATH or PATH:DEST"),
        ));
    }
    let source = absolute(&source);
    let mut bind = if rw {
        Bind::rw(source)
    } else {
        Bind::ro(source)
    };
    bind.dest = dest.map(Bytes::from);
    Ok(bind)
}

/// `DEST[:SIZE]`.
fn tmpfs(text: &OsStr) -> Result<Tmpfs> {
    let (dest, size) = split(text);
    let mut tmpfs = Tmpfs::new(dest);
    if let Some(size) = size {
        let size = Size::parse(&size.to_string_lossy());
        tmpfs.size = Some(size.map_err(|detail| Error::invalid("--tmpfs", detail))?);
    }
    Ok(tmpfs)
}

/// `K=V`.
pub fn variable(text: &OsStr) -> Result<(String, Bytes)> {
    let bytes = text.as_bytes();
    let wrong = || Error::invalid("--env", format!("{text:?} is not of the form NAME=VALUE"));
    let at = bytes.iter().position(|b| *b == b'=').ok_or_else(wrong)?;
    let name = std::str::from_utf8(&bytes[..at]).map_err(|_| wrong())?;
    Ok((name.to_owned(), Bytes::from(&bytes[at + 1..])))
}

/// Splits at the first colon that is not written `\:`.
fn split(text: &OsStr) -> (OsString, Option<OsString>) {
    let mut first = Vec::new();
    let mut bytes = text.as_bytes();
    while let Some((byte, rest)) = bytes.split_first() {
        match (byte, rest) {
            (b'\\', [b':', after @ ..]) => {
                first.push(b':');
                bytes = after;
            }
            (b':', after) => {
                let second = unescape(after);
                return (OsString::from_vec(first), Some(second));
            }
            _ => {
                first.push(*byte);
                bytes = rest;
            }
        }
    }
    (OsString::from_vec(first), None)
}

fn unescape(bytes: &[u8]) -> OsString {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        if !(*byte == b'\\' && after.first() == Some(&b':')) {
            plain.push(*byte);
        }
        rest = after;
    }
    OsString::from_vec(plain)
}

/// The path from the root on. `..` is resolved where the file system can: it may be a link's.
fn absolute(path: &OsStr) -> Bytes {
    let path = PathBuf::from(path);
    let made = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
    if made.components().any(|part| part == Component::ParentDir) {
        return Bytes::from(std::fs::canonicalize(&made).unwrap_or(made));
    }
    Bytes::from(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(words: &[&str]) -> Result<Spec, String> {
        let all = ["isolatectl", "run"].iter().chain(words);
        match args::Isolatectl::read(all) {
            Ok(args::Isolatectl {
                command: args::Command::Run(run),
            }) => build(&run).map_err(|e| e.message()),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn limits_by_name() {
        let words = [
            "--limit",
            "cpu_weight=50",
            "--limit",
            "cpuset=0",
            "--limit",
            "memory_low=1M",
            "--limit",
            "oom_group=true",
            "--limit",
            r#"devices=[{"allow": false, "device": "a"}]"#,
            "--pids",
            "5",
            "--",
            "x",
        ];
        let expected = Spec::from_json(
            r#"{"argv": ["x"], "limits": {"cpu_weight": 50, "cpuset": "0", "memory_low": "1M",
                "oom_group": true, "devices": [{"allow": false, "device": "a"}], "pids": 5}}"#,
        );
        assert_eq!(spec(&words), expected.map_err(|e| e.message()));
        assert_eq!(
            spec(&["--limit", "cpu_weight=most", "--", "x"]).map_err(|e| e.lines().count()),
            Err(1)
        );
    }

    #[test]
    fn every_option_has_its_field() {
        let words = "--profile none --memory 64M --swap 0 --pids 5 --cpus 0.5 --cpu-time 1.5 \
                     --timeout 500ms --ro /a --ro /b:/c --rw /d\\:e:/f --tmpfs /t --tmpfs /u:1M \
                     --root /r --net host --uid 7 --gid 8 --hostname h --cwd /w --env A=b=c \
                     --env E= --sysctl net.a=1 --sysctl net.b=2=3 --keep-env K --no-init --keep-fd 3 --keep-fd 5 \
                     --driver systemd --slice a-b.slice --unit u -- cmd --memory -x";
        let words: Vec<&str> = words.split_whitespace().collect();
        let asked = spec(&words).map(|s| s.to_json());
        let expected = Spec::from_json(
            r#"{"argv": ["cmd", "--memory", "-x"], "profile": "none", "env": {"A": "b=c", "E": ""},
                "keep_env": ["K"], "cwd": "/w", "uid": 7, "gid": 8, "hostname": "h", "net": "host",
                "sysctls": {"net.a": "1", "net.b": "2=3"},
                "root": {"dir": {"path": "/r"}}, "binds": [{"source": "/a"},
                {"source": "/b", "dest": "/c"}, {"source": "/d:e", "dest": "/f", "rw": true}],
                "tmpfs": [{"dest": "/t"}, {"dest": "/u", "size": "1M"}], "keep_fds": [3, 5],
                "limits": {"memory": "64M", "swap": 0, "pids": 5, "cpus": 0.5, "cpu_time": 1.5},
                "timeout": 0.5, "init": false, "driver": "systemd", "slice": "a-b.slice", "unit": "u"}"#,
        );
        assert_eq!(
            asked,
            expected.map(|s| s.to_json()).map_err(|e| e.message())
        );
    }

    #[test]
    fn without_options_it_is_the_strict_spec() {
        assert_eq!(spec(&["--", "true"]), Ok(Spec::new(["true"])));
        assert_eq!(
            spec(&["--", "--", "--json"]),
            Ok(Spec::new(["--", "--json"]))
        );
        // A mistyped option must not become the command.
        assert!(spec(&["true"]).is_err());
        assert!(spec(&["--tiemout", "5", "--", "true"]).is_err());
    }

    #[test]
    fn relative_paths_go_from_the_working_directory() {
        let here = std::env::current_dir().expect("a working directory");
        let made = spec(&["--rw", ".:/work", "--ro", "src", "--", "true"]).expect("a spec");
        assert_eq!(made.binds[0].source, Bytes::from(here.clone()));
        assert_eq!(made.binds[1].source, Bytes::from(here.join("src")));
        let above = spec(&["--ro", "..:/up", "--", "true"]).expect("a spec");
        assert_eq!(Some(above.binds[0].source.as_path()), here.parent());
    }

    #[test]
    fn binds_keep_their_order() {
        let words = ["--rw", "/a", "--ro", "/a/b", "--rw=/a/b/c", "--", "x"];
        let made = spec(&words).expect("a spec");
        let order: Vec<(bool, String)> = made
            .binds
            .iter()
            .map(|b| (b.rw, b.source.to_string()))
            .collect();
        assert_eq!(
            order,
            [
                (true, "/a".to_owned()),
                (false, "/a/b".to_owned()),
                (true, "/a/b/c".to_owned())
            ]
        );
    }

    #[test]
    fn a_file_is_changed_by_the_options() {
        let path = std::env::temp_dir().join(format!("isolatectl-spec-{}", std::process::id()));
        std::fs::write(
            &path,
            r#"{"limits": {"pids": 9, "memory": "1M"}, "env": {"A": "1"}}"#,
        )
        .expect("a temporary file");
        let name = path.display().to_string();
        let made =
            spec(&["--spec", &name, "--pids", "3", "--env", "B=2", "--", "x"]).expect("a spec");
        assert_eq!(
            made.to_json(),
            Spec::from_json(
                r#"{"argv": ["x"], "limits": {"pids": 3, "memory": "1M"}, "env": {"A": "1", "B": "2"}}"#
            )
            .expect("a spec")
            .to_json()
        );
        assert_eq!(
            spec(&["--spec", &name]),
            Err("spec: missing field `argv`".to_owned())
        );
        std::fs::remove_file(&path).expect("the temporary file");
        assert_eq!(
            spec(&["--spec", &name, "--", "x"]),
            Err(format!("spec: {name}: No such file or directory"))
        );
    }

    #[test]
    fn wrong_words_are_named() {
        for (words, text) in [
            (
                &["--env", "A", "--", "x"][..],
                "spec: --env: \"A\" is not of the form NAME=VALUE",
            ),
            (
                &["--ro", ":/x", "--", "x"],
                "spec: --ro: \":/x\" has no path; write PATH or PATH:DEST",
            ),
            (
                &["--tmpfs", "/t:12Q", "--", "x"],
                "spec: --tmpfs: \"12Q\" has the unknown suffix",
            ),
        ] {
            let told = spec(words).expect_err("a refusal");
            assert!(told.starts_with(text), "{told}");
        }
        for words in [
            &["--memory", "12Q", "--", "x"],
            &["--limit", "cpu_weight", "--", "x"],
            &["--limit", "no_such=1", "--", "x"],
            &["--limit", "io=8:0", "--", "x"],
            &["--limit", "cpu_weight=most", "--", "x"],
            &["--timeout", "-1", "--", "x"],
        ] {
            assert!(spec(words).is_err(), "{words:?} was taken");
        }
    }
}
