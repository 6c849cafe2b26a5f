//! `isolatectl cgroup` on what groups hold and use: limits, files, numbers and devices, with the effect seen
//! from the processes in them.

mod common;

use common::{Group, Shell, cgroup, cgroup_json, cgroup_prints, is_root, refused, skip};
use serde_json::{Value, json};

#[test]
fn limits_hold_or_nothing_changes() {
    let Some(group) = Group::new("limit", &[]) else {
        return;
    };
    let name = group.0.as_str();
    if !group.has("pids") || !group.has("cpu") {
        return;
    }
    let in_force = cgroup_json(&["limit", name, "--pids", "3", "--limit", "cpus=0.5"]);
    assert_eq!(in_force[0]["name"], "pids");
    assert_eq!(in_force[0]["status"], "enforced");
    assert_eq!(in_force[0]["file"], "pids.max");
    assert_eq!(in_force[0]["value"], "3");
    assert_eq!(in_force[1]["name"], "cpus");
    let table = cgroup_prints(&[
        "limit",
        name,
        "--pids=3",
        "--swappiness=1",
        "--memory-high=1G",
        "--best-effort=swappiness,memory_high",
    ]);
    assert!(table.starts_with("LIMIT "), "{table}");
    // v1 has the one, v2 the other.
    assert!(table.contains("skipped: limits."), "{table}");

    let mut shell = Shell::new("for one in 1 2 3 4 5; do sleep 100 & done");
    cgroup_prints(&["attach", name, &shell.pid()]);
    shell.go();
    let status = shell.0.wait().expect("it ends");
    assert!(!status.success(), "five more processes in a group of three");
    let stat = cgroup_json(&["stat", name, "pids"]);
    assert_eq!(
        (&stat["pids"]["limit"], &stat["cpu"]),
        (&json!(3), &Value::Null)
    );
    assert!(
        stat["pids"]["peak"].as_u64().is_none_or(|peak| peak <= 3),
        "{stat}"
    );

    let wrong = refused(&["limit", name, "--pids", "9", "--cpu-weight", "10001"]);
    assert!(wrong.contains("cpu_weight"), "{wrong}");
    let unknown = refused(&[
        "limit",
        name,
        "--pids",
        "9",
        "--cgroup-file",
        "pids.nothing=1",
    ]);
    assert!(unknown.contains("pids.nothing"), "{unknown}");
    assert_eq!(cgroup_prints(&["get", name, "pids.max"]), "3\n");
    let none = refused(&["limit", name]);
    assert!(none.contains("no limit is given"), "{none}");
}

#[test]
fn files_as_they_are() {
    let Some(group) = Group::new("files", &[]) else {
        return;
    };
    let name = group.0.as_str();
    if !group.has("pids") {
        return;
    }
    assert_eq!(cgroup_prints(&["set", name, "pids.max=7"]), "7\n");
    assert_eq!(
        cgroup_json(&["get", name, "pids.max"]),
        json!({"file": "pids.max", "value": "7"})
    );
    for (words, text) in [
        (
            ["set", "pids.max=many"],
            "pids.max: \"many\": Invalid argument",
        ),
        (
            ["set", "no.such=1"],
            "no.such: the group has no such file; it has /",
        ),
        (["get", "../pids.max"], "pids.max"),
        (["get", ""], "\"\""),
    ] {
        let error = refused(&[words[0], name, words[1]]);
        assert!(
            error.starts_with("cgroup: ") && error.contains(text),
            "{error}"
        );
    }
    assert_eq!(cgroup_prints(&["get", name, "pids.max"]), "7\n");
    let wrong = refused(&["set", name, "pids.max"]);
    assert!(wrong.contains("it is NAME=VALUE"), "{wrong}");
}

#[test]
fn numbers_as_text_and_as_json() {
    let Some(group) = Group::new("stat", &[]) else {
        return;
    };
    let name = group.0.as_str();
    if !group.has("memory") {
        return;
    }
    let mut shell = Shell::new("head -c 8M /dev/zero | tail -c 8M | wc -c; read line");
    cgroup_prints(&["attach", name, &shell.pid()]);
    shell.go();
    let used = loop {
        let stat = cgroup_json(&["stat", name, "memory,pids"]);
        let peak = stat["memory"]["peak"].as_u64().expect("a peak");
        if peak > 8 << 20 {
            break peak;
        }
    };
    let text = cgroup_prints(&["stat", name]);
    let peak = text
        .lines()
        .find_map(|line| line.strip_prefix("memory.peak "));
    assert!(
        peak.and_then(|peak| peak.parse::<u64>().ok()) >= Some(used),
        "{text}"
    );
    for word in ["memory.current ", "memory.stat.", "cpu.usage_usec "] {
        assert!(
            text.lines().any(|line| line.starts_with(word)),
            "{word}: {text}"
        );
    }
    let wrong = refused(&["stat", name, "disk"]);
    assert!(
        wrong.contains("\"disk\" is not one of cpu, memory"),
        "{wrong}"
    );
}

#[test]
fn memory_by_name() {
    let Some(group) = Group::new("memory", &[]) else {
        return;
    };
    let name = group.0.as_str();
    if !group.has("memory") {
        return;
    }
    assert_eq!(cgroup_prints(&["memory", name, "limit"]), "max\n");
    assert_eq!(cgroup_prints(&["memory", name, "limit=32M"]), "33554432\n");
    assert_eq!(
        cgroup_json(&["memory", name, "memory.limit_in_bytes"]),
        json!({"value": "limit", "number": 33_554_432})
    );
    let all = cgroup_json(&["memory", name]);
    assert_eq!(all["limit"], 33_554_432);
    assert!(all["usage"].is_u64(), "{all}");
    let text = cgroup_prints(&["memory", name]);
    assert!(
        text.lines().any(|line| line == "limit           33554432"),
        "{text}"
    );
    assert_eq!(cgroup_prints(&["memory", name, "limit=max"]), "max\n");
    let freed = cgroup_prints(&["reclaim", name]);
    assert!(freed.trim_end().parse::<u64>().is_ok(), "{freed}");
    for (words, text) in [
        (
            ["memory", "limit=12Q"],
            "cgroup: limit=12Q: \"12Q\" has the unknown suffix",
        ),
        (
            ["memory", "size"],
            "cgroup: \"size\": is none of usage, max_usage",
        ),
        (
            ["memory", "usage=0"],
            "cgroup: usage: is neither a peak nor a count",
        ),
        (["memory", "usage=1M"], "cgroup: usage: is no limit"),
    ] {
        let error = refused(&[words[0], name, words[1]]);
        assert!(error.starts_with(text), "{error}");
    }
}

#[test]
fn devices_and_why_not() {
    let Some(group) = Group::new("device", &[]) else {
        return;
    };
    let name = group.0.as_str();
    let (code, before, stderr) = cgroup(&["explain", name, "/dev/zero"]);
    if code != Some(0) {
        // What programs a group has is told to root alone.
        assert!(!is_root(), "{stderr}");
        skip(stderr.trim());
        return;
    }
    assert!(before.starts_with("allowed: "), "{before}");
    let (code, _, stderr) = cgroup(&["limit", name, "--device", "deny c 1:5 r"]);
    if code != Some(0) {
        skip(stderr.trim());
        return;
    }
    let mut shell = Shell::new("head -c 1 /dev/full | wc -c; head -c 1 /dev/zero | wc -c");
    cgroup_prints(&["attach", name, &shell.pid()]);
    shell.go();
    let (_, _, out, err) = shell.end();
    assert_eq!(
        out.split_whitespace().collect::<Vec<_>>(),
        ["1", "0"],
        "{err}"
    );
    assert!(err.contains("Operation not permitted"), "{err}");
    let told = cgroup_json(&["explain", name, "/dev/zero", "r"]);
    assert_eq!(
        (&told["allowed"], &told["rule"]),
        (&json!(false), &json!("deny c 1:5 r"))
    );
    assert!(
        told["reason"]
            .as_str()
            .is_some_and(|text| !text.contains('{')),
        "{told}"
    );
    let text = cgroup_prints(&["explain", name, "c 1:5"]);
    assert!(
        text.starts_with("denied: /") && text.ends_with("\nrule: deny c 1:5 r\n"),
        "{text}"
    );
    assert!(cgroup_prints(&["explain", name, "c 1:5", "w"]).starts_with("allowed: "));
    for (words, text) in [
        (
            ["/dev/nothing", "r"],
            "/dev/nothing: No such file or directory",
        ),
        (["/etc/passwd", "r"], "is no device"),
        (["c 1:5", "x"], "x"),
    ] {
        let error = refused(&["explain", name, words[0], words[1]]);
        assert!(error.contains(text), "{error}");
    }
}
