//! Every option of `isolatectl run`, by its effect inside the job.

mod common;

use common::{Scratch, isolatectl, run, told, works};
use serde_json::Value;

/// What a script prints inside a job with these options.
fn inside(options: &[&str], script: &str) -> String {
    let mut words = options.to_vec();
    words.extend(["--", "/bin/sh", "-c", script]);
    let (code, stdout, stderr) = told(&run(&words));
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{words:?}");
    stdout.trim_end().to_owned()
}

/// The outcome of a job with these options, as `--json` writes it.
fn outcome(scratch: &Scratch, options: &[&str], script: &str) -> Value {
    let file = scratch.path("outcome.json");
    let mut words = vec!["--json", file.as_str()];
    words.extend(options);
    words.extend(["--", "/bin/sh", "-c", script]);
    let (_, _, stderr) = told(&run(&words));
    let text = std::fs::read_to_string(&file).expect("the outcome");
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text:?} {stderr}"))
}

#[test]
fn names_and_places() {
    if !works(&[]) {
        return;
    }
    assert_eq!(
        inside(&["--hostname", "inner"], "cat /proc/sys/kernel/hostname"),
        "inner"
    );
    assert_eq!(inside(&["--cwd", "/usr"], "pwd"), "/usr");
    assert_eq!(
        inside(&["--env", "A=b=c", "--env", "E="], "echo \"$A|${E-unset}\""),
        "b=c|"
    );
    assert_eq!(
        inside(&[], "echo \"${HOME-unset} ${CARGO-unset}\""),
        "/tmp unset"
    );
    let output = isolatectl(&[
        "--keep-env",
        "MINE",
        "--",
        "/bin/sh",
        "-c",
        "echo $MINE $OTHER",
    ])
    .env("MINE", "kept")
    .env("OTHER", "dropped")
    .output()
    .expect("the command");
    assert_eq!(told(&output), (Some(0), "kept\n".into(), String::new()));
}

#[test]
fn ids() {
    let own = (
        nix::unistd::geteuid().as_raw(),
        nix::unistd::getegid().as_raw(),
    );
    if !works(&["--uid", "7", "--gid", "8"]) {
        return;
    }
    assert_eq!(
        inside(&["--uid", "7", "--gid", "8"], "id -u; id -g"),
        "7\n8"
    );
    assert_eq!(inside(&[], "id -u; id -g"), format!("{}\n{}", own.0, own.1));
}

#[test]
fn files() {
    if !works(&[]) {
        return;
    }
    let scratch = Scratch::new("files");
    std::fs::create_dir(scratch.0.join("in")).expect("a directory");
    std::fs::write(scratch.0.join("in/file"), "content").expect("a file");
    let dir = scratch.path("in");
    let try_write = "cat file; echo x 2>/dev/null > new && echo written || echo refused";

    assert_eq!(
        inside(&["--ro", &dir, "--cwd", &dir], try_write),
        "contentrefused"
    );
    let there = format!("{dir}:/work");
    assert_eq!(
        inside(&["--ro", &there, "--cwd", "/work"], try_write),
        "contentrefused"
    );
    assert!(!scratch.0.join("in/new").exists());
    assert_eq!(
        inside(&["--rw", &there, "--cwd", "/work"], try_write),
        "contentwritten"
    );
    assert!(scratch.0.join("in/new").exists());
    // The later one lies in the earlier one.
    std::fs::create_dir(scratch.0.join("in/sub")).expect("a directory");
    let sub = format!("{dir}/sub:/work/sub");
    let both = ["--rw", &there, "--ro", &sub];
    assert_eq!(
        inside(&both, "echo x 2>/dev/null > /work/sub/f || echo refused"),
        "refused"
    );

    let tmpfs = inside(
        &["--tmpfs", "/big:1M"],
        "head -c 2000000 /dev/zero > /big/f 2>/dev/null; \
                                                stat -c %s /big/f; stat -f -c %T /big",
    );
    assert_eq!(tmpfs, "1048576\ntmpfs");
}

#[test]
fn a_root_of_its_own() {
    if !works(&[]) {
        return;
    }
    let scratch = Scratch::new("root");
    let root = scratch.0.join("root");
    for dir in ["tmp", "proc", "dev", "usr", "marker"] {
        std::fs::create_dir_all(root.join(dir)).expect("a directory");
    }
    for name in ["bin", "sbin", "lib", "lib64"] {
        if let Ok(target) = std::fs::read_link(format!("/{name}")) {
            std::os::unix::fs::symlink(target, root.join(name)).expect("a link");
        }
    }
    let root = root.display().to_string();
    let words = ["--root", &root, "--ro", "/usr"];
    if !std::path::Path::new(&root).join("bin").exists() {
        return;
    }
    assert_eq!(
        inside(&words, "test -d /marker && test ! -e /etc && echo own"),
        "own"
    );
}

#[test]
fn network() {
    if !works(&[]) {
        return;
    }
    let listed = "sed -n 's/^ *\\([^ :]*\\):.*/\\1/p' /proc/net/dev | sort | tr '\\n' ' '";
    assert_eq!(inside(&["--net", "none"], listed), "lo");
    let host = inside(&["--net", "host"], "readlink /proc/self/ns/net");
    let own = std::fs::read_link("/proc/self/ns/net").expect("a link");
    assert_eq!(host, own.display().to_string());
}

#[test]
fn limits() {
    let all = [
        "--memory",
        "32M",
        "--swap",
        "0",
        "--pids",
        "20",
        "--cpus",
        "0.5",
        "--cpu-time",
        "30",
    ];
    if !works(&all) {
        return;
    }
    let scratch = Scratch::new("limits");
    let told = outcome(&scratch, &all, "true");
    assert_eq!(told["reason"], "exit");
    let entries = told["enforcement"].as_array().expect("a list");
    for (name, asked) in [
        ("memory", "33554432"),
        ("swap", "0"),
        ("pids", "20"),
        ("cpus", "0.5"),
        ("cpu_time", "30"),
    ] {
        let entry = entries
            .iter()
            .find(|e| e["name"] == name)
            .unwrap_or_else(|| panic!("{name}"));
        assert_eq!(entry["status"], "enforced", "{entry}");
        assert_eq!(entry["requested"], asked, "{entry}");
    }
    let told = outcome(&scratch, &["--memory", "32M"], "exec tail /dev/zero");
    assert_eq!(told["reason"], "out_of_memory");
    assert_eq!(told["signal"], 9);
    assert_eq!(told["usage"]["oom_kills"], 1);
    let told = outcome(&scratch, &["--pids", "1"], "exec timeout 60 true");
    assert_eq!(told["exit_code"], 125, "timeout(1) cannot fork");
    assert_eq!(told["usage"]["pids_denied"], 1);
    let told = outcome(&scratch, &["--cpu-time", "200ms"], "while :; do :; done");
    assert_eq!(told["reason"], "cpu_limit");
    assert!(
        told["usage"]["cpu_time"].as_f64().is_some_and(|t| t >= 0.2),
        "{told}"
    );
    let busy = ["--cpus", "0.1", "--timeout", "2"];
    let told = outcome(&scratch, &busy, "while :; do :; done");
    assert_eq!(told["reason"], "timeout");
    assert!(
        told["usage"]["throttled_time"]
            .as_f64()
            .is_some_and(|t| t > 0.0),
        "{told}"
    );
}

#[test]
fn the_first_process_and_its_init() {
    if !works(&[]) {
        return;
    }
    let alone = inside(&["--no-init"], "echo $$");
    assert_eq!(alone, "1");
    let with_init = inside(&[], "echo $$; read name < /proc/1/comm; echo $name");
    assert_ne!(with_init.lines().next(), Some("1"));
    assert_ne!(with_init.lines().nth(1), Some("sh"));
}

#[test]
fn profile_none_has_the_callers_namespaces() {
    if !works(&["--profile", "none"]) {
        return;
    }
    for kind in ["net", "mnt", "pid", "user", "uts", "ipc", "cgroup", "time"] {
        let link = std::fs::read_link(format!("/proc/self/ns/{kind}")).expect("a link");
        let seen = inside(
            &["--profile", "none"],
            &format!("readlink /proc/self/ns/{kind}"),
        );
        assert_eq!(seen, link.display().to_string());
        if works(&[]) {
            let seen = inside(
                &["--profile", "strict"],
                &format!("readlink /proc/self/ns/{kind}"),
            );
            assert_ne!(seen, link.display().to_string());
        }
    }
}

#[test]
fn kept_descriptors_and_no_others() {
    if !works(&[]) {
        return;
    }
    let scratch = Scratch::new("fds");
    let file = scratch.path("through");
    let script = |option: &str| {
        format!(
            "exec {} run {option} -- /bin/sh -c 'echo through >&7' 7>{file} 9>/dev/null",
            env!("CARGO_BIN_EXE_isolatectl")
        )
    };
    let shell = |script: &str| {
        told(
            &std::process::Command::new("/bin/sh")
                .args(["-c", script])
                .output()
                .expect("sh"),
        )
    };
    assert_eq!(
        shell(&script("--keep-fd 7")),
        (Some(0), String::new(), String::new())
    );
    assert_eq!(
        std::fs::read_to_string(&file).expect("the file"),
        "through\n"
    );
    let (code, ..) = shell(&script("--keep-fd 9"));
    assert_ne!(code, Some(0), "7 was open");
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "");
}

#[test]
fn a_spec_of_a_file_changed_by_options() {
    if !works(&[]) {
        return;
    }
    let scratch = Scratch::new("spec");
    let spec = r#"{"argv": ["/bin/sh", "-c", "cat /proc/sys/kernel/hostname; echo $A $B"],
                   "hostname": "file", "env": {"A": "1", "B": "2"}}"#;
    std::fs::write(scratch.0.join("spec.json"), spec).expect("a file");
    let spec = scratch.path("spec.json");
    let output = run(&["--spec", &spec]);
    assert_eq!(
        told(&output),
        (Some(0), "file\n1 2\n".into(), String::new())
    );
    let output = run(&["--spec", &spec, "--hostname", "option", "--env", "B=3"]);
    assert_eq!(
        told(&output),
        (Some(0), "option\n1 3\n".into(), String::new())
    );
    let output = run(&["--spec", &spec, "--", "/bin/sh", "-c", "echo $A; exit 4"]);
    assert_eq!(told(&output), (Some(4), "1\n".into(), String::new()));
}

#[test]
fn the_outcome_as_json() {
    let scratch = Scratch::new("json");
    let file = scratch.path("error.json");
    let (code, ..) = told(&run(&["--json", &file, "--timeout", "0", "--", "true"]));
    assert_eq!(code, Some(125));
    let error: Value =
        serde_json::from_str(&std::fs::read_to_string(&file).expect("a file")).expect("JSON");
    assert_eq!(error["error"]["kind"], "invalid_spec");
    assert_eq!(error["error"]["stage"], "spec");
    assert_eq!(error["error"]["subject"], "timeout");
    if !works(&[]) {
        return;
    }
    let told = outcome(&scratch, &[], "sleep 0.2; kill -TERM $$");
    assert_eq!(
        (&told["reason"], &told["signal"]),
        (&"signal".into(), &15.into())
    );
    assert_eq!(told["exit_code"], Value::Null);
    let own = std::fs::read_link("/proc/self/ns/pid")
        .expect("a link")
        .display()
        .to_string();
    let inner = told["namespaces"]["pid"].as_u64().expect("a number");
    assert!(
        inner > 0 && !own.contains(&inner.to_string()),
        "{own} {inner}"
    );
    let told = outcome(&scratch, &["--timeout", "300ms"], "sleep 600");
    assert_eq!(told["reason"], "timeout");
}

/// The limits that a group can hold, by their options: what holds is seen inside, what not is told.
#[test]
fn further_limits() {
    if !works(&["--cpuset", "0"]) {
        return;
    }
    assert_eq!(inside(&["--cpuset", "0"], "nproc"), "1");
    let scratch = Scratch::new("limits");
    let options = [
        "--cpu-weight=50",
        "--memory-low=1M",
        "--oom-group",
        "--device=deny c 1:5 r",
        "--limit=swappiness=5",
        "--best-effort=cpu_weight,memory_low,oom_group,devices,swappiness",
    ];
    let told = outcome(
        &scratch,
        &options,
        "test -c /dev/zero || exit 9; head -c 1 /dev/zero > /dev/null 2>&1 && exit 8; exit 0",
    );
    let all = told["enforcement"].as_array().expect("a list");
    let of = |name: &str| {
        let found = all.iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not in {told}"))
    };
    for (name, asked) in [
        ("cpu_weight", "50"),
        ("memory_low", "1048576"),
        ("oom_group", "true"),
        ("devices", "deny c 1:5 r"),
        ("swappiness", "5"),
    ] {
        assert_eq!(of(name)["requested"], asked, "{told}");
    }
    let denied = of("devices")["status"] == "enforced";
    assert_eq!(told["exit_code"], if denied { 0 } else { 8 }, "{told}");
}
