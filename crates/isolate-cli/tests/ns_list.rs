//! `isolatectl ns ls` and `ns show` against lsns(8) and what is known to exist.

mod common;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use common::{Sleeper, inode, link, ns_prints, told, works};
use serde_json::Value;

/// Inode and kind.
type Set = BTreeSet<(u64, String)>;

fn json(words: &[&str]) -> Value {
    serde_json::from_str(&ns_prints(words)).expect("JSON")
}

/// Those that processes live in, and all.
fn listed() -> (Set, Set) {
    let told = json(&["ls", "--json"]);
    let entries = told.as_array().expect("a list");
    let key = |entry: &Value| {
        let inode = entry["id"]["inode"].as_u64().expect("a number");
        (inode, entry["kind"].as_str().expect("a name").to_owned())
    };
    let lived_in = |entry: &&Value| entry["processes"].as_u64() > Some(0);
    (
        entries.iter().filter(lived_in).map(key).collect(),
        entries.iter().map(key).collect(),
    )
}

/// Nothing where it gave up over a process that ended meanwhile.
fn lsns() -> Option<Set> {
    let done = Command::new("lsns")
        .args(["-n", "--raw", "-o", "NS,TYPE"])
        .output()
        .expect("util-linux is needed");
    let (code, stdout, _) = told(&done);
    let rows = stdout
        .lines()
        .map(|line| {
            let (inode, kind) = line.split_once(' ').expect("two words");
            (inode.parse().expect("a number"), kind.to_owned())
        })
        .collect();
    (code == Some(0)).then_some(rows)
}

/// The machine lives, so what counts is what is there before and after, and it may take some attempts.
#[test]
fn json_has_what_lsns_has() {
    if !works(&[]) {
        return;
    }
    let job = Sleeper::new(&[], "");
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let (before, all_before) = listed();
        let Some(theirs) = lsns() else {
            assert!(Instant::now() < end, "lsns fails");
            continue;
        };
        let (after, all_after) = listed();
        let missing: Vec<_> = before
            .intersection(&after)
            .filter(|key| !theirs.contains(key))
            .collect();
        let unknown: Vec<_> = theirs
            .iter()
            .filter(|key| !all_before.contains(key) && !all_after.contains(key))
            .collect();
        if missing.is_empty() && unknown.is_empty() {
            for kind in ["cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"] {
                let key = (inode(&job.link(kind)), kind.to_owned());
                assert!(before.contains(&key) && theirs.contains(&key), "{key:?}");
            }
            return;
        }
        assert!(Instant::now() < end, "{missing:?} {unknown:?}");
    }
}

/// The line of the table that begins with these words.
fn line(text: &str, first: &[&str]) -> Vec<String> {
    let found = text.lines().map(|line| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    let mut found = found.filter(|words| words.iter().zip(first).all(|(a, b)| a == b));
    found.next().unwrap_or_else(|| panic!("{first:?}: {text}"))
}

#[test]
fn the_table() {
    if !works(&[]) {
        return;
    }
    let job = Sleeper::new(&[], "");
    let number = inode(&job.link("net")).to_string();
    let text = ns_prints(&["ls", "--kind", "net", "--kind", "uts"]);
    let head = text.lines().next().expect("a line");
    let head: Vec<&str> = head.split_whitespace().collect();
    assert_eq!(head, ["KIND", "ID", "PROCS", "PID", "OWNER", "COMMAND"]);
    for line in text.lines().skip(1) {
        assert!(
            line.starts_with("net ") || line.starts_with("uts "),
            "{line}"
        );
    }
    // The init and the program; the lower number is the init's.
    let words = line(&text, &["net", &number]);
    assert_eq!(words[2], "2");
    assert_eq!(words[4], nix::unistd::geteuid().to_string());
    // Of the time namespace, which the init is not in, the program is the only one.
    let text = ns_prints(&["ls", "--kind", "time"]);
    let number = inode(&job.link("time")).to_string();
    let words = line(&text, &["time", &number]);
    assert_eq!(words[2..4], ["1".to_owned(), job.pid.clone()]);
    assert_eq!(words[5..], ["sleep", "1000"]);
}

/// Of one that no process is in the last column says what keeps it.
#[test]
fn who_keeps_it() {
    if !works(&[]) {
        return;
    }
    let job = Sleeper::new(&[], "");
    let number = inode(&job.link("ipc")).to_string();
    let path = format!("/proc/{}/ns/ipc", job.pid);
    let kept = std::fs::File::open(path).expect("a namespace");
    drop(job);
    let text = ns_prints(&["ls", "--kind", "ipc"]);
    let words = line(&text, &["ipc", &number]);
    assert_eq!(words[2..4], ["0", "-"]);
    let fd = std::os::fd::AsRawFd::as_raw_fd(&kept);
    let told = words[5..].join(" ");
    let told = told.trim_matches(['(', ')']);
    let pin = format!("descriptor {fd} of {}", std::process::id());
    assert!(told.split(", ").any(|one| one == pin), "{words:?}");
    // And it is found by its number.
    let name = format!("ipc:[{number}]");
    assert_eq!(line(&ns_prints(&["show", &name]), &["namespace"])[1], name);
}

#[test]
fn the_tree() {
    if !works(&[]) {
        return;
    }
    let job = Sleeper::new(&[], "");
    let (user, net) = (job.link("user"), job.link("net"));
    // The program's user namespace may be nested in one of its init's: each branch has its own depth.
    let tree = |locale: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_isolatectl"));
        command.args(["ns", "ls", "--tree", "--kind", "net"]);
        let output = command.env("LC_ALL", locale).output();
        told(&output.expect("the command")).1
    };
    for (locale, sign) in [("C.UTF-8", "─ "), ("C", "- ")] {
        let text = tree(locale);
        assert_eq!(text.is_ascii(), locale == "C", "{text}");
        let depth = |link: &str| {
            let line = text.lines().find(|line| line.contains(link));
            let line = line.unwrap_or_else(|| panic!("{link}: {text}"));
            let (branch, _) = line.split_once(link).expect("the name");
            assert!(branch.is_empty() || branch.ends_with(sign), "{line}");
            branch.chars().count()
        };
        let owner = owner_of(&job, "net");
        assert_eq!(depth(&net), depth(&owner) + 3, "{text}");
        assert!(!text.contains("uts:["), "{text}");
    }
    let told = json(&["ls", "--tree", "--json"]);
    let node = find(&told, inode(&user)).expect("the user namespace");
    assert_eq!(node["entry"]["kind"], "user");
    let node = find(&told, inode(&owner_of(&job, "uts"))).expect("the owner");
    let below = find(&node["children"], inode(&job.link("uts"))).expect("what it owns");
    assert_eq!(below["entry"]["kind"], "uts");
}

/// The user namespace that owns one, by `ns show`.
fn owner_of(job: &Sleeper, kind: &str) -> String {
    let target = format!("{kind}:{}", job.pid);
    let text = ns_prints(&["show", &target]);
    line(&text, &["owner"])[1].clone()
}

fn find(nodes: &Value, inode: u64) -> Option<&Value> {
    nodes.as_array().expect("a list").iter().find_map(|node| {
        match node["entry"]["id"]["inode"] == inode {
            true => Some(node),
            false => find(&node["children"], inode),
        }
    })
}

/// On a terminal no line is wider than it; elsewhere they are whole.
#[test]
fn cut_at_the_width_of_a_terminal() {
    if !works(&[]) || Command::new("script").arg("--version").output().is_err() {
        return;
    }
    let long = "x".repeat(200);
    let _job = Sleeper::new(
        &[],
        &format!("exec sh -c 'echo ready; sleep 1000; :' {long}"),
    );
    assert!(ns_prints(&["ls"]).lines().any(|line| line.contains(&long)));
    let command = format!("stty cols 60 && {} ns ls", env!("CARGO_BIN_EXE_isolatectl"));
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .stdin(std::process::Stdio::null())
        .output()
        .expect("script");
    let (code, stdout, _) = told(&output);
    assert_eq!(code, Some(0), "{stdout}");
    let widths = stdout.lines().map(|line| line.trim_end().chars().count());
    assert_eq!(widths.max(), Some(60), "{stdout}");
}

#[test]
fn everything_about_a_process() {
    if !works(&["--hostname", "shown"]) {
        return;
    }
    let scratch = common::Scratch::new("show");
    let spec = r#"{"time_offsets": {"monotonic": 3600, "boottime": -0.5}}"#;
    std::fs::write(scratch.0.join("spec.json"), spec).expect("a file");
    let spec = scratch.path("spec.json");
    let job = Sleeper::new(&["--hostname", "shown", "--spec", &spec], "");
    let told = json(&["show", &job.pid, "--json"]);
    let all = told.as_array().expect("a list");
    assert_eq!(all.len(), 8);
    let of = |kind: &str| {
        let found = all.iter().find(|facts| facts["kind"] == kind);
        found.unwrap_or_else(|| panic!("{kind}: {told:#}"))
    };
    for kind in ["cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"] {
        assert_eq!(of(kind)["id"]["inode"], inode(&job.link(kind)));
        assert_eq!(of(kind)["initial"], false);
        // An older kernel has no numbers of namespaces; nothing else may be missing there.
        for what in of(kind)["untold"].as_array().into_iter().flatten() {
            let numbers = what
                .as_str()
                .is_some_and(|w| w.ends_with("from Linux 6.18 on"));
            assert!(
                numbers && of(kind).get("kernel_id").is_none(),
                "{}",
                of(kind)
            );
        }
        let pins = of(kind)["pins"].as_array().expect("a list");
        let pid: i32 = job.pid.parse().expect("a number");
        let pin = serde_json::json!({"type": "process", "pid": pid});
        assert!(pins.contains(&pin), "{pins:?}");
    }
    assert_eq!(of("uts")["hostname"], "shown");
    let offsets = serde_json::json!({"monotonic": 3600.0, "boottime": -0.5});
    assert_eq!(of("time")["time_offsets"], offsets);
    let own = inode(&link("self", "pid"));
    assert_eq!(of("pid")["parent"], own);
    let map = &of("user")["id_maps"]["uid"][0];
    let text = std::fs::read_to_string(format!("/proc/{}/uid_map", job.pid)).expect("the map");
    let first: Vec<u64> = text
        .lines()
        .next()
        .expect("a line")
        .split_whitespace()
        .map(|word| word.parse().expect("a number"))
        .collect();
    assert_eq!(
        (&map["inside"], &map["outside"], &map["count"]),
        (&first[0].into(), &first[1].into(), &first[2].into())
    );
    let text = ns_prints(&["show", &format!("uts:{}", job.pid)]);
    assert_eq!(line(&text, &["host"])[2], "shown");
    assert_eq!(line(&text, &["namespace"])[1], job.link("uts"));
}
