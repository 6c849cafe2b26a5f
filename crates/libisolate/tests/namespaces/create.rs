//! Namespaces that no process needs to live in.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd};

use libisolate::ns::{Kind, Namespace, NamespaceSet, create};
use libisolate::spec::{IdMap, NamespaceMode, Profile, TimeOffsets};
use libisolate::{ErrorKind, Spec, run};

use super::common::{alone, is_root, root_or_skip};
use super::{bare, refused, unmoved};
use crate::name;

fn settings() -> Spec {
    Spec::new(Vec::<&str>::new())
}

/// Whoever is in a namespace, by a look at every process.
fn inhabitants(namespace: &Namespace) -> usize {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            let link = entry.path().join("ns").join(namespace.kind().name());
            std::fs::read_link(link).is_ok_and(|text| text.to_str() == Some(&namespace.to_string()))
        })
        .count()
}

/// The kinds an ordinary user makes with a user namespace, and root without.
fn kinds(rest: &[Kind]) -> Vec<Kind> {
    let user = (!is_root()).then_some(Kind::User);
    user.into_iter().chain(rest.iter().copied()).collect()
}

/// What a job says that enters them all.
fn inside(set: &NamespaceSet, script: &str) -> String {
    let mut spec = bare(script, &[]);
    for namespace in set.iter() {
        let fd = namespace.as_fd().as_raw_fd();
        spec.namespaces.set(namespace.kind(), NamespaceMode::Fd(fd));
    }
    spec.stdout = libisolate::spec::Stdio::Capture;
    let outcome = run(&spec).unwrap();
    assert_eq!(outcome.exit_code, Some(0), "{outcome:?}");
    String::from_utf8(outcome.stdout.unwrap().as_bytes().to_vec()).unwrap()
}

#[test]
fn each_kind_alone() {
    alone(name!(), || {
        for kind in Kind::ALL {
            let kinds = kinds(&[kind]);
            let kinds: Vec<Kind> = kinds
                .iter()
                .copied()
                .take(if kind == Kind::User { 1 } else { 2 })
                .collect();
            let set = unmoved(|| create(&kinds, &settings())).unwrap();
            let made = set.get(kind).unwrap();
            assert_ne!(*made, Namespace::of_thread(kind).unwrap());
            let expected = usize::from(kind == Kind::Pid);
            assert_eq!(inhabitants(made), expected, "{kind}");
            assert_eq!(set.holder_pid().is_some(), kind == Kind::Pid);
        }
    });
}

#[test]
fn all_together_belong_to_the_user_namespace() {
    alone(name!(), || {
        let set = unmoved(|| create(&Kind::ALL, &settings())).unwrap();
        assert_eq!(set.kinds(), Kind::ALL);
        let user = set.get(Kind::User).unwrap();
        for namespace in set.iter().filter(|n| n.kind() != Kind::User) {
            assert_eq!(namespace.owner().unwrap(), *user, "{namespace}");
        }
        let said = inside(
            &set,
            "for kind in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$kind; done",
        );
        let expected: Vec<String> = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"]
            .iter()
            .map(|name| set.get(Kind::from_name(name).unwrap()).unwrap().to_string())
            .collect();
        assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    });
}

#[test]
fn settings_are_in_force() {
    alone(name!(), || {
        let mut settings = settings();
        settings.hostname = Some("box".into());
        settings.domainname = Some("example".into());
        settings.time_offsets = Some(TimeOffsets {
            monotonic: 5000.0,
            boottime: 7000.5,
        });
        settings.sysctls = BTreeMap::from([
            ("net.ipv4.ip_default_ttl".to_owned(), "33".to_owned()),
            ("kernel.shmmni".to_owned(), "77".to_owned()),
            ("fs.mqueue.msg_max".to_owned(), "5".to_owned()),
            ("user.max_net_namespaces".to_owned(), "3".to_owned()),
        ]);
        let kinds = [Kind::User, Kind::Uts, Kind::Time, Kind::Net, Kind::Ipc];
        let set = unmoved(|| create(&kinds, &settings)).unwrap();
        assert_eq!(set.get(Kind::Uts).unwrap().hostname().unwrap(), "box");
        assert_eq!(set.get(Kind::Uts).unwrap().domainname().unwrap(), "example");
        let offsets = set.get(Kind::Time).unwrap().time_offsets().unwrap();
        assert_eq!((offsets.monotonic, offsets.boottime), (5000.0, 7000.5));
        let said = inside(
            &set,
            "uname -n; cd /proc/sys; cat net/ipv4/ip_default_ttl kernel/shmmni fs/mqueue/msg_max \
             user/max_net_namespaces; cat /sys/class/net/lo/flags 2>/dev/null || true",
        );
        assert_eq!(
            said.lines().take(5).collect::<Vec<_>>(),
            ["box", "33", "77", "5", "3"]
        );
        for (kind, name, value) in [
            (Kind::Net, "net.ipv4.ip_default_ttl", "33"),
            (Kind::Ipc, "kernel.shmmni", "77"),
            (Kind::User, "user.max_net_namespaces", "3"),
        ] {
            assert_eq!(set.get(kind).unwrap().sysctl(name).unwrap(), value);
        }
    });
}

#[test]
fn a_pid_namespace_has_a_holder() {
    alone(name!(), || {
        let set = create(&kinds(&[Kind::Pid]), &settings()).unwrap();
        let holder = set.holder_pid().unwrap();
        let pid = set.get(Kind::Pid).unwrap();
        assert_eq!(*pid, Namespace::of_process(holder, Kind::Pid).unwrap());
        let status = std::fs::read_to_string(format!("/proc/{holder}/status")).unwrap();
        let ids = status
            .lines()
            .find_map(|line| line.strip_prefix("NSpid:"))
            .unwrap();
        assert_eq!(ids.split_whitespace().last(), Some("1"));
        // The second job finds what the first has left, as a child of pid 1 that is reaped.
        inside(
            &set,
            "setsid sh -c 'exec sleep 1000' >/dev/null 2>&1 & exit 0",
        );
        let kept = pid.try_clone().unwrap();
        drop(set);
        assert!(!std::path::Path::new(&format!("/proc/{holder}")).exists());
        let mut spec = bare("exit 0", &[]);
        spec.namespaces.pid = Some(NamespaceMode::Fd(kept.as_fd().as_raw_fd()));
        // Nothing can be born where pid 1 has ended.
        assert!(run(&spec).is_err());
    });
}

#[test]
fn in_a_user_namespace_that_is_there() {
    alone(name!(), || {
        let outer = create(&[Kind::User], &settings()).unwrap();
        let user = outer.get(Kind::User).unwrap();
        let mut settings = settings();
        settings.namespaces.user = Some(NamespaceMode::Fd(user.as_fd().as_raw_fd()));
        settings.hostname = Some("inner".into());
        let set = unmoved(|| create(&[Kind::Uts, Kind::Net, Kind::Time], &settings)).unwrap();
        for namespace in set.iter() {
            assert_eq!(namespace.owner().unwrap(), *user, "{namespace}");
        }
        assert_eq!(set.get(Kind::Uts).unwrap().hostname().unwrap(), "inner");
    });
}

#[test]
fn id_maps_are_written() {
    if !root_or_skip(name!()) {
        return;
    }
    alone(name!(), || {
        let mut settings = settings();
        let line = |inside, outside, count| IdMap {
            inside,
            outside,
            count,
        };
        settings.uid_map = vec![line(0, 70_000, 10), line(10, 90_000, 5)];
        settings.gid_map = vec![line(0, 80_000, 10)];
        let set = create(&[Kind::User], &settings).unwrap();
        let said = inside(&set, "cat /proc/self/uid_map /proc/self/gid_map");
        let words: Vec<&str> = said.split_whitespace().collect();
        assert_eq!(
            words,
            ["0", "70000", "10", "10", "90000", "5", "0", "80000", "10"]
        );
    });
}

#[test]
fn what_is_refused() {
    alone(name!(), || {
        let with = |change: &dyn Fn(&mut Spec)| {
            let mut settings = settings();
            change(&mut settings);
            settings
        };
        let plain = settings();
        let cases = [
            (create(&[], &plain), "no namespace is named"),
            (
                create(&[Kind::Net, Kind::Net], &plain),
                "net: is named twice",
            ),
            (
                create(&[Kind::Net], &with(&|s| s.hostname = Some("x".into()))),
                "needs namespaces.uts",
            ),
            (
                create(
                    &[Kind::Net],
                    &with(&|s| s.time_offsets = Some(TimeOffsets::default())),
                ),
                "needs namespaces.time",
            ),
            (
                create(
                    &[Kind::Uts],
                    &with(&|s| {
                        s.sysctls.insert("net.ipv4.ip_forward".into(), "1".into());
                    }),
                ),
                "needs namespaces.net to be new",
            ),
            (
                create(
                    &[Kind::Net],
                    &with(&|s| {
                        s.sysctls.insert("kernel.panic".into(), "1".into());
                    }),
                ),
                "the whole machine's",
            ),
            (
                create(
                    &[Kind::Net],
                    &with(&|s| s.timeout = Some(libisolate::spec::Seconds::parse("1").unwrap())),
                ),
                "for a job",
            ),
            (create(&[Kind::Net], &Spec::new(["true"])), "for a job"),
            (
                create(
                    &[Kind::Net],
                    &with(&|s| s.namespaces.uts = Some(NamespaceMode::New)),
                ),
                "for a job",
            ),
            (
                create(
                    &[Kind::User],
                    &with(&|s| {
                        s.namespaces.user = Some(NamespaceMode::Path("/proc/1/ns/user".into()))
                    }),
                ),
                "is to be new",
            ),
        ];
        for (result, words) in cases {
            let error = refused(result);
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
            assert!(error.message().contains(words), "{error}");
        }
        // The profile is a word for jobs and says nothing here.
        assert!(create(&kinds(&[Kind::Uts]), &with(&|s| s.profile = Profile::None)).is_ok());
        let mapped = with(&|s| {
            s.uid_map = vec![IdMap {
                inside: 0,
                outside: 0,
                count: 1,
            }];
        });
        let error = refused(create(&[Kind::Uts], &mapped));
        if is_root() {
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
            assert!(error.message().contains("new user namespace"), "{error}");
        } else {
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        }
        // A value the kernel does not take: nothing is left, which the frame of this test sees.
        let mut wrong = settings();
        wrong
            .sysctls
            .insert("net.ipv4.ip_default_ttl".into(), "many".into());
        let error = refused(create(&kinds(&[Kind::Net]), &wrong));
        assert!(
            error
                .message()
                .contains("sysctl net.ipv4.ip_default_ttl: \"many\""),
            "{error}"
        );
    });
}
