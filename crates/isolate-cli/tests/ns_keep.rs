//! `isolatectl ns create` and `ns rm`, in a mount namespace of the test's own, together with `ip netns`.

mod common;

use std::process::Command;

use common::{is_root, ns, private, told};

/// What a script prints, all of which has to work.
#[track_caller]
fn prints(script: &str, expected: &str) {
    let Some((code, stdout, stderr)) = private(&format!("set -eu\n{script}")) else {
        return;
    };
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert_eq!(stdout, expected);
}

#[test]
fn a_name_that_ip_netns_knows() {
    prints(
        "$I ns create net --name blue > made
         ip netns list
         inside=$(ip netns exec blue readlink /proc/self/ns/net)
         test \"$inside\" != \"$(readlink /proc/self/ns/net)\"
         test \"$inside /run/netns/blue\" = \"$(cat made)\" && echo told
         ip netns exec blue cat /sys/class/net/lo/operstate
         ip netns add green
         $I ns enter green -- readlink /proc/self/ns/net | grep -c net:
         $I ns rm blue green
         ip netns list
         ls /run/netns
         $I ns ls --kind net | grep -c -F \"$(echo $inside | tr -dc 0-9)\" || echo gone",
        "blue\ntold\nunknown\n1\n0\ngone\n",
    );
}

#[test]
fn several_at_paths_with_their_settings() {
    prints(
        "mkdir kept
         $I ns create user uts net time ipc --dir kept --path uts=$D/names --name blue \
             --hostname inner --domainname realm --sysctl net.ipv4.ip_forward=1 \
             --sysctl kernel.shmmni=77 --monotonic 1h --boottime -5 > made
         cut -d ' ' -f 2 made | sort | sed \"s,$D,D,\"
         $I ns enter kept/user ./names blue kept/time ipc:kept/ipc -- sh -c '
             cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward \
                 /proc/sys/kernel/shmmni
             awk \"{print \\$1, \\$2}\" /proc/self/timens_offsets
             readlink /proc/self/ns/* | sort' > inside
         head -n 6 inside
         # What was told is what was entered.
         for one in $(cut -d ' ' -f 1 made); do grep -q -F \"$one\" inside || echo not in $one; done
         $I ns rm ./kept/user ./kept/time ./kept/ipc names/ 2>/dev/null || echo refused
         $I ns rm ./names blue
         find . -mindepth 1 | sort",
        "/run/netns/blue\nD/names\nkept/ipc\nkept/time\nkept/user\n\
         inner\nrealm\n1\n77\nmonotonic 3600\nboottime -5\n\
         refused\n./inside\n./kept\n./made\n",
    );
}

#[test]
fn a_mount_namespace() {
    // The kernel tells which is older by numbers of which each processor has a stock of its own: on the
    // one that this namespace was made on the next is higher.
    prints(
        "mkdir place
         for at in $(seq 0 $(($(getconf _NPROCESSORS_CONF) - 1))); do
             taskset -c $at $I ns create mnt --path mounts > made 2> error && break
             test ! -e mounts
         done
         $I ns enter ./mounts -- sh -c 'mount -t tmpfs only $D/place && touch $D/place/there'
         $I ns enter mnt:./mounts -- sh -c 'ls $D/place; pwd'
         ls place
         $I ns rm ./mounts
         test ! -e mounts",
        "there\n/\n",
    );
}

/// After a failure there is what was there before: files and mounts.
#[test]
fn nothing_is_left_of_a_failure() {
    prints(
        "touch busy; before=$(cat /proc/self/mountinfo | wc -l)
         fails() { $I ns create \"$@\" 2>&1 > printed && echo worked || sed \"s,$D,D,\" printed; }
         fails uts ipc net --path uts=./a --path ipc=./b --path net=./busy 2>&1 | sed 's/namespace: //'
         fails uts net --path uts=./a --name a/b > /dev/null
         fails uts net --path uts=./a --path net=no/such/dir > /dev/null
         fails uts net --path uts=./a --path net=./a > /dev/null
         fails net --name blue --sysctl net.ipv4.no_such=1 > /dev/null
         fails uts --path ./a --sysctl net.ipv4.ip_forward=1 > /dev/null
         $I ns create uts --path ./a > /dev/full 2>&1 || echo full
         test \"$before\" = \"$(cat /proc/self/mountinfo | wc -l)\"
         test ! -e /run/netns; rm printed; ls",
        "isolatectl: ./busy: File exists; it is an empty file, such as is left where a namespace is kept \
         in another mount namespace\nfull\nbusy\n",
    );
}

#[test]
fn what_cannot_be_taken_away_is_left_and_the_rest_is_not() {
    let script = "$I ns create uts --path good > /dev/null
         echo text > file; ln -s loop loop
         $I ns rm ./file ./none ./loop ./good . nobody a/../b x/; echo $?
         cat file; ls";
    let Some((_, stdout, stderr)) = private(script) else {
        return;
    };
    assert_eq!(stdout, "125\ntext\nfile\nloop\n");
    let told: Vec<&str> = stderr.lines().collect();
    let expected = [
        "./file: no namespace is mounted there: it is a file with content",
        "./none: No such file or directory",
        "./loop: no namespace is mounted there: it is a symbolic link",
        "name \".\": is a directory",
        "/run/netns/nobody: No such file or directory",
        "a/../b: No such file or directory",
        "x/: No such file or directory",
    ];
    assert_eq!(told.len(), expected.len(), "{stderr}");
    for (line, text) in told.iter().zip(expected) {
        assert!(
            line.starts_with(&format!("isolatectl: namespace: {text}")),
            "{line}"
        );
    }
}

#[test]
fn wrong_words() {
    for (words, text) in [
        (
            &["create", "pid", "net", "--dir", "/tmp"][..],
            "namespace: pid: cannot be kept by a path alone",
        ),
        (
            &["create", "net"],
            "namespace: net: has no place to be kept",
        ),
        (
            &["create", "net", "net", "--dir", "/no"],
            "namespace: net: is named twice",
        ),
        (
            &["create", "network", "--name", "x"],
            "invalid value 'network' for '<KIND>...': there are cgroup, ipc",
        ),
        (
            &["create", "--name", "x"],
            "the following required arguments were not provided: <KIND>...; try isolatectl ns create",
        ),
        (
            &["create", "uts", "--path", "/x", "--uid-map", "0:1"],
            "invalid value '0:1' for '--uid-map",
        ),
        (
            &[
                "create",
                "uts",
                "--path",
                "/x",
                "--hostname",
                &"x".repeat(65),
            ],
            "spec: hostname: ",
        ),
        (
            &["rm"],
            "the following required arguments were not provided",
        ),
        (&["rm", ""], "namespace: name \"\": is empty"),
        (&[], "no command of isolatectl ns is given; try"),
    ] {
        let (code, stdout, stderr) = ns(words);
        assert_eq!((code, stdout.as_str()), (Some(125), ""), "{words:?}");
        assert!(
            stderr.starts_with(&format!("isolatectl: {text}")) && stderr.lines().count() == 1,
            "{words:?}: {stderr}"
        );
    }
}

/// Who may mount nothing is told, and nothing is left: an ordinary user outside a user namespace, and a root
/// without that right.
#[test]
fn without_the_right_to_mount() {
    let scratch = common::Scratch::new("keep");
    let program = env!("CARGO_BIN_EXE_isolatectl");
    let mut command = Command::new("setpriv");
    match is_root() {
        true => command.args([
            "--bounding-set=-sys_admin",
            "--inh-caps=-sys_admin",
            program,
        ]),
        false => command.args(["--inh-caps=-all", program]),
    };
    command.args(["ns", "create", "user", "--path", &scratch.path("user")]);
    let (code, stdout, stderr) = told(&command.output().expect("util-linux is needed"));
    assert_eq!((code, stdout.as_str()), (Some(125), ""), "{stderr}");
    let told = "mounting needs CAP_SYS_ADMIN over the caller's mount namespace";
    assert!(
        stderr.contains(told) && stderr.lines().count() == 1,
        "{stderr}"
    );
    assert!(!scratch.0.join("user").exists());
}
