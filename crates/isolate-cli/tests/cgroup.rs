//! `isolatectl cgroup` on groups of the tests' own: made, found, filled, stopped, given away and ended.

mod common;

use std::path::Path;
use std::process::Command;

use common::{
    Group, Scratch, Shell, cgroup, cgroup_json, cgroup_prints, is_root, refused, skip, told,
};
use serde_json::{Value, json};

fn named<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|one| one["name"] == name)
}

#[test]
fn made_listed_drawn_and_removed() {
    let Some(group) = Group::new("life", &[]) else {
        return;
    };
    let name = group.0.as_str();
    let again = refused(&["create", name]);
    assert!(again.contains("there is a group of that name"), "{again}");
    let nowhere = refused(&["create", "x", "--parent", &format!("{name}/none")]);
    assert!(nowhere.contains("/none: No such file"), "{nowhere}");
    let inner = cgroup_json(&["create", "inner", "--parent", name]);
    let path = format!("{name}/inner");
    assert_eq!(inner["path"], path.as_str());
    let places: Vec<&str> = inner["places"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|place| place["path"].as_str().expect("a path"))
        .collect();
    assert!(!places.is_empty());
    for place in &places {
        assert!(
            place.ends_with(&path) && Path::new(place).is_dir(),
            "{place}"
        );
    }
    let text = cgroup_prints(&["create", "second", "--parent", name]);
    assert_eq!(text.lines().count(), places.len(), "{text}");
    assert!(
        text.lines()
            .all(|line| line.contains(&format!("{name}/second  "))),
        "{text}"
    );

    let mut shell = Shell::new("");
    cgroup_prints(&["attach", &path, &shell.pid()]);
    let listed = cgroup_json(&["ls", "."]);
    let own = named(&listed, name).expect("it is listed");
    assert_eq!((&own["processes"], &own["groups"]), (&json!(1), &json!(2)));
    let head = cgroup_prints(&["ls", name]);
    assert!(
        head.starts_with("GROUP   PROCS  GROUPS  CONTROLLERS\n"),
        "{head}"
    );
    assert_eq!(head.lines().count(), 3, "{head}");

    let drawn = Command::new(env!("CARGO_BIN_EXE_isolatectl"))
        .args(["cgroup", "tree", name, "--pids"])
        .env("LC_ALL", "C")
        .output()
        .expect("the command");
    let (_, drawn, _) = told(&drawn);
    let lines: Vec<String> = drawn
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        lines[1..3],
        [format!("{name} 0 1"), "|- inner 1 1".to_owned()],
        "{drawn}"
    );
    assert!(
        lines[3].starts_with(&format!("| `- {} /bin/sh -c", shell.pid())),
        "{drawn}"
    );
    assert_eq!(
        lines.last().map(String::as_str),
        Some("`- second 0 0"),
        "{drawn}"
    );
    let tree = cgroup_json(&["tree", name]);
    let inner = named(&tree["groups"], "inner").expect("it is below");
    assert_eq!(inner["processes"], json!([shell.0.id()]));

    let busy = refused(&["rm", name]);
    assert!(busy.contains("a process is in it"), "{busy}");
    assert!(Path::new(places[0]).is_dir());
    shell.go();
    assert_eq!(shell.end().0, Some(0));
    cgroup_prints(&["rm", name]);
    assert!(places.iter().all(|place| !Path::new(place).exists()));
    let gone = refused(&["ls", name]);
    assert!(gone.contains("no hierarchy has such a group"), "{gone}");
}

#[test]
fn processes_are_moved_and_listed() {
    let Some(group) = Group::new("procs", &[]) else {
        return;
    };
    let name = group.0.as_str();
    let inner = format!("{name}/inner");
    cgroup_prints(&["create", "inner", "--parent", name]);
    let shells = [Shell::new(""), Shell::new("")];
    let mut pids: Vec<u32> = shells.iter().map(|shell| shell.0.id()).collect();
    pids.sort_unstable();
    cgroup_prints(&["attach", &inner, &pids[0].to_string(), &pids[1].to_string()]);
    assert_eq!(cgroup_prints(&["procs", name]), "");
    assert_eq!(
        cgroup_prints(&["procs", name, "-r"]),
        format!("{}\n{}\n", pids[0], pids[1])
    );
    assert_eq!(cgroup_json(&["procs", &inner]), json!(pids));
    assert_eq!(cgroup_json(&["procs", &inner, "--threads"]), json!(pids));
    // In hierarchies where the group is not, such as named ones, it is with others.
    let around = cgroup_json(&["procs", &format!("pid:{}", pids[0])]);
    let around = around.as_array().expect("a list");
    assert!(pids.iter().all(|pid| around.contains(&json!(pid))));
    // One that is not there keeps the others where they are.
    let other = cgroup(&["attach", name, &pids[0].to_string(), "999999999"]);
    assert_eq!(other.0, Some(125));
    assert_eq!(cgroup_json(&["procs", &inner]), json!(pids));
}

/// The time a process has had on a CPU, in ticks.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .expect("fields")
        .split_whitespace()
        .collect();
    fields[11].parse::<u64>().expect("ticks") + fields[12].parse::<u64>().expect("ticks")
}

#[test]
fn stopped_going_on_and_killed() {
    let Some(group) = Group::new("freeze", &[]) else {
        return;
    };
    let name = group.0.as_str();
    let mut shell = Shell::new("while :; do :; done");
    cgroup_prints(&["attach", name, &shell.pid()]);
    shell.go();
    let grows = |from: u64| {
        while ticks(shell.0.id()) <= from {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    };
    grows(0);
    let (code, _, stderr) = cgroup(&["freeze", name]);
    if code != Some(0) {
        skip(stderr.trim());
        return;
    }
    let stood = ticks(shell.0.id());
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(ticks(shell.0.id()), stood);
    cgroup_prints(&["thaw", name, "--timeout", "20"]);
    grows(stood);
    cgroup_prints(&["freeze", name]);
    cgroup_prints(&["kill", name]);
    assert_eq!(shell.end().1, Some(libc::SIGKILL));
    let own = refused(&["freeze", "pid:self"]);
    assert!(own.contains("the calling process is in it"), "{own}");
    // That nobody kills or removes it either is the library's to test, in a group of the test's own.
}

#[test]
fn given_to_another_user() {
    use std::os::unix::fs::MetadataExt as _;
    let host = cgroup_json(&["info"]);
    let all = host["controllers"].as_array().expect("a list");
    let v2 = all
        .iter()
        .find(|one| one["version"] == "v2" && one["usable"] == true);
    let v2 = v2
        .and_then(|one| one["name"].as_str())
        .filter(|name| !name.is_empty());
    let (Some(v2), true) = (v2, is_root()) else {
        skip("no controller of a v2 tree is the caller's to give away");
        return;
    };
    let Some(group) = Group::new("delegate", &["--controllers", v2]) else {
        return;
    };
    let name = group.0.as_str();
    cgroup_prints(&["delegate", name, "12345:12346"]);
    cgroup_prints(&["delegate", name, ":12347"]);
    let listed = cgroup_json(&["ls", "."]);
    let place = &named(&listed, name).expect("it is listed")["places"][0]["path"];
    let facts = std::fs::metadata(place.as_str().expect("a path")).expect("a directory");
    assert_eq!((facts.uid(), facts.gid()), (12345, 12347));
    let wrong = refused(&["delegate", name, "root"]);
    assert!(wrong.contains("it is UID, UID:GID or :GID"), "{wrong}");
}

#[test]
fn where_the_controllers_are() {
    let host = cgroup_json(&["info"]);
    let text = cgroup_prints(&["info"]);
    for one in host["controllers"].as_array().expect("a list") {
        // A v2 tree without controllers has a row, too.
        let name = match one["name"].as_str().expect("a name") {
            "" => "-",
            name => name,
        };
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap_or_else(|| panic!("{name} is not in {text}"));
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[3] == "yes", one["usable"] == true, "{line}");
        if let Some(dir) = one["dir"].as_str() {
            assert_eq!(words[5], dir, "{line}");
            // What is said to be usable is.
            let writable = Command::new("test")
                .args(["-w", dir])
                .status()
                .expect("test(1)");
            assert!(writable.success() || one["usable"] == false, "{line}");
        }
        assert_eq!(one["usable"] == false, one["reason"].is_string(), "{one}");
    }
    let probed = Command::new(env!("CARGO_BIN_EXE_isolatectl"))
        .args(["info", "--json"])
        .output()
        .expect("the command");
    let probed: Value = serde_json::from_slice(&probed.stdout).expect("JSON");
    assert_eq!(probed["cgroup"]["layout"], host["layout"]);
    assert_eq!(probed["cgroup"]["hierarchies"], host["hierarchies"]);
}

#[test]
fn conversions() {
    for (words, text) in [
        (&["shares-to-weight", "1024"][..], "100\n"),
        (&["shares-to-weight", "1024", "--rule", "linear"], "39\n"),
        (&["weight-to-shares", "100"], "1024\n"),
        (&["blkio-to-io-weight", "100", "--rule=systemd"], "100\n"),
        (&["io-to-blkio-weight", "10000"], "1000\n"),
        (&["swap-max", "500", "400"], "100\n"),
        (&["swap-max", "-1", "-1"], "-1\n"),
        (&["memsw-limit", "100", "400"], "500\n"),
        (&["cpu-max", "50000", "20000"], "50000 20000\n"),
        (&["cpu-max", "-1"], "max 100000\n"),
        (&["quota-of", "0.5"], "50000\n"),
        (&["quota-of", "0.5", "--json"], "{\n  \"value\": 50000\n}\n"),
    ] {
        let mut all = vec!["convert"];
        all.extend(words);
        assert_eq!(cgroup_prints(&all), text, "{words:?}");
    }
    let low = refused(&["convert", "swap-max", "100", "400"]);
    assert!(low.contains("100 is below the memory limit, 400"), "{low}");
    let rule = refused(&["convert", "shares-to-weight", "1", "--rule", "runc"]);
    assert!(
        rule.contains("is not one of runc-2025, systemd, linear"),
        "{rule}"
    );
}

#[test]
fn wrong_words() {
    for (words, text) in [
        (&[][..], "no command of isolatectl cgroup is given; try"),
        (
            &["convert"],
            "no command of isolatectl cgroup convert is given; try",
        ),
        (&["create", "a/b"], "cgroup: "),
        (&["create", ".."], "cgroup: "),
        (
            &["create", "memory.max"],
            "cgroup: \"memory.max\": is the name of a file of the kernel's",
        ),
        (&["create", "x", "--parent", "/no/such"], "cgroup: "),
        (
            &["create", "x", "--controllers", "nothing"],
            "cgroup: controller nothing: ",
        ),
        (&["ls", "/../etc"], "cgroup: "),
        (
            &["ls", "/no/such"],
            "cgroup: /no/such: No such file or directory",
        ),
        (&["procs", "pid:x"], "cgroup: pid:x: is no process id"),
        (&["procs", "pid:999999999"], "cgroup: "),
        (
            &["attach", "/"],
            "the following required arguments were not provided: <PID>...; try",
        ),
        (&["attach", "/", "0"], "cgroup: 0: is no process id"),
        (
            &["top", "-d", "0"],
            "invalid value '0' for '--delay <SECONDS>'",
        ),
        (
            &["top", "-n", "0"],
            "invalid value '0' for '--count <COUNT>'",
        ),
        (&["top", "/no/such"], "cgroup: /no/such: "),
        (
            &["events", "/", "oom=5"],
            "invalid value 'oom=5' for '[WATCH]...'",
        ),
    ] {
        let error = refused(words);
        assert!(error.starts_with(text), "{words:?}: {error}");
    }
}

/// Who may not make groups is told why, and what to do.
#[test]
fn as_an_ordinary_user() {
    if !is_root() {
        skip("only root can be another user");
        return;
    }
    let scratch = Scratch::new("cgroup");
    let program = scratch.path("isolatectl");
    // By a program of its own: what this one has open to write, children of other tests would keep open,
    // and then it cannot be executed (ETXTBSY).
    let mut copy = Command::new("cp");
    let copied = copy
        .args([env!("CARGO_BIN_EXE_isolatectl"), &program])
        .status();
    assert!(copied.is_ok_and(|status| status.success()));
    let as_user = |words: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid=12345",
            "--regid=12345",
            "--clear-groups",
            &program,
            "cgroup",
        ]);
        told(&command.args(words).output().expect("util-linux is needed"))
    };
    let (code, stdout, stderr) = as_user(&["create", "isolatectl-test-user"]);
    assert_eq!((code, stdout.as_str()), (Some(125), ""), "{stderr}");
    assert!(
        stderr.starts_with("isolatectl: cgroup: ") && stderr.lines().count() == 1,
        "{stderr}"
    );
    let (code, stdout, stderr) = as_user(&["info"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let unusable = |line: &&str| line.split_whitespace().nth(3) == Some("no");
    let reasons = stdout
        .lines()
        .filter(|line| line.contains(": /") || line.contains(": is "));
    match stdout.lines().any(|line| line.contains("/sys/fs/cgroup")) {
        true => assert!(
            stdout.lines().any(|line| unusable(&line)) && reasons.count() > 0,
            "{stdout}"
        ),
        false => skip("no cgroup tree is mounted"),
    }
    // What everybody may see is shown.
    assert_eq!(as_user(&["ls"]).0, Some(0));
    assert_eq!(as_user(&["top", "-n", "1", "-d", "0.1"]).0, Some(0));
}
