//! Maps as the caller sees them, and one id in two namespaces.

use libisolate::ns::{
    IdMaps, Kind, Namespace, create, id_maps_of, translate_gid, translate_uid, write_id_maps,
};
use libisolate::spec::{IdMap, Stdio};
use libisolate::{ErrorKind, Spec, Stage};

use crate::common::{Alone, alone, is_root, root_or_skip};
use crate::{Waiting, line, name, nest_path, own, own_map};

fn user(process: &Waiting) -> Namespace {
    Namespace::of_process(process.pid(), Kind::User).unwrap()
}

/// First inside and count of each line of /proc/self/uid_map.
fn mapped_here(file: &str) -> Vec<IdMap> {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).unwrap();
    text.lines()
        .map(|text| {
            let words: Vec<u32> = text
                .split_whitespace()
                .map(|word| word.parse().unwrap())
                .collect();
            line(words[0], words[0], words[2])
        })
        .collect()
}

fn assert_own_is_identity() {
    let maps = id_maps_of(std::process::id() as i32).unwrap();
    assert_eq!(maps.uid, mapped_here("uid_map"));
    assert_eq!(maps.gid, mapped_here("gid_map"));
    let here = Namespace::of_thread(Kind::User).unwrap();
    assert_eq!(here.id_maps().unwrap(), maps);
    let (uid, gid) = own();
    assert_eq!(translate_uid(uid, &here, &here), Ok(uid));
    assert_eq!(translate_gid(gid, &here, &here), Ok(gid));
}

#[test]
fn the_own_namespace_is_as_it_is() {
    alone(name!(), assert_own_is_identity);
}

/// Where the kernel shows the own map as the namespace above has it.
#[test]
fn also_below_the_first() {
    let nest = nest_path();
    let map = if is_root() {
        // The first keeps the caller's files in reach.
        "0 0 1,1 1000001 65535".to_owned()
    } else {
        own_map(0)
    };
    Alone::new(name!())
        .under(&[nest.to_str().unwrap(), &map, "--"])
        .run(|| {
            let count: u32 = mapped_here("uid_map").iter().map(|line| line.count).sum();
            assert!(count == 1 || count == 65536, "{count}");
            assert_own_is_identity();
            let here = Namespace::of_thread(Kind::User).unwrap();
            assert!(!here.is_initial());
            let error = translate_uid(count, &here, &here).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            // A namespace above, by a descriptor that was open before.
            let above = Namespace::of_fd(50).unwrap();
            for error in [
                above.id_maps().unwrap_err(),
                translate_uid(0, &above, &here).unwrap_err(),
                translate_uid(0, &here, &above).unwrap_err(),
            ] {
                assert_eq!(
                    (error.kind(), error.stage()),
                    (ErrorKind::NotFound, Stage::Namespace),
                    "{error}"
                );
                assert!(error.message().contains("not nested"), "{error}");
            }
            // One more below this one, seen from here.
            let process = Waiting::unmapped();
            let maps = IdMaps {
                uid: vec![line(3, 0, 1)],
                gid: vec![line(4, 0, 1)],
                setgroups: false,
            };
            write_id_maps(process.pid(), &maps).unwrap();
            assert_eq!(id_maps_of(process.pid()).unwrap(), maps);
            assert_eq!(translate_uid(0, &here, &user(&process)), Ok(3));
            assert_eq!(translate_gid(4, &user(&process), &here), Ok(0));
        });
}

#[test]
fn three_deep() {
    alone(name!(), || {
        if !root_or_skip(name!()) {
            return;
        }
        let here = Namespace::of_thread(Kind::User).unwrap();
        // 300 in the third is 130 in the second, 10030 in the first, 1010030 here.
        let process = Waiting::nested(&[
            "-k",
            "0 1000000 65536",
            "0 5000 10,100 10000 1000",
            "0 0 1,300 130 200",
        ]);
        let third = user(&process);
        let second = third.parent().unwrap();
        let first = second.parent().unwrap();
        assert_eq!(first.parent().unwrap(), here);
        assert!(lived_in(&first) && lived_in(&second) && lived_in(&third));
        assert_eq!(first.id_maps().unwrap().uid, [line(0, 1_000_000, 65_536)]);
        assert_eq!(
            second.id_maps().unwrap().uid,
            [line(0, 1_005_000, 10), line(100, 1_010_000, 1000)]
        );
        let chain = [
            (&third, 300),
            (&second, 130),
            (&first, 10_030),
            (&here, 1_010_030),
        ];
        for (from, id) in chain {
            for (to, other) in chain {
                assert_eq!(translate_uid(id, from, to), Ok(other), "{id} {from} {to}");
                assert_eq!(translate_gid(id, from, to), Ok(other), "{id} {from} {to}");
            }
        }
        // (from, id, to): unmapped where it is, or where it is looked for.
        for (from, id, to) in [
            (&third, 1, &here),
            (&third, 500, &second),
            (&second, 10, &first),
            (&second, 329, &third),
            (&first, 9999, &second),
            (&here, 999_999, &first),
            (&here, 1_065_536, &third),
        ] {
            let found = translate_uid(id, from, to);
            if (from, id) == (&second, 329) {
                assert_eq!(found, Ok(499), "the last of its line");
                continue;
            }
            let error = found.unwrap_err();
            assert_eq!(
                (error.kind(), error.stage()),
                (ErrorKind::NotFound, Stage::Namespace),
                "{id} {from} {to}: {error}"
            );
        }
        let error = translate_uid(330, &second, &third).unwrap_err();
        assert_eq!(
            error.message(),
            format!(
                "namespace: uid 330: of {second} is 1010230 to the caller, which has no number in {third}"
            )
        );
    });
}

/// Whether any process that can be looked into is in it.
fn lived_in(namespace: &Namespace) -> bool {
    let link = namespace.to_string();
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        std::fs::read_link(entry.path().join("ns/user"))
            .is_ok_and(|text| text.to_string_lossy() == link)
    })
}

#[test]
fn where_nobody_lives() {
    alone(name!(), || {
        let (uid, gid) = own();
        let here = Namespace::of_thread(Kind::User).unwrap();
        // Without a map yet.
        let empty = user(&Waiting::unmapped());
        assert!(!lived_in(&empty));
        let none = IdMaps {
            setgroups: true,
            ..IdMaps::default()
        };
        assert_eq!(empty.id_maps().unwrap(), none);
        let error = translate_uid(uid, &here, &empty).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        // Three deep, of which only the last is lived in, and then not even that.
        let maps = if is_root() {
            [
                "0 1000000 65536",
                "0 5000 10,100 10000 1000",
                "0 0 1,300 130 200",
            ]
        } else {
            [own_map(0).leak(), "0 0 1", "0 0 1"].map(|text: &str| text)
        };
        let third = user(&Waiting::nested(&maps));
        let second = third.parent().unwrap();
        let first = second.parent().unwrap();
        for namespace in [&first, &second, &third] {
            assert!(!lived_in(namespace));
        }
        if is_root() {
            let third_maps = vec![line(0, 1_005_000, 1), line(300, 1_010_030, 200)];
            let expected = IdMaps {
                uid: third_maps.clone(),
                gid: third_maps,
                setgroups: false,
            };
            assert_eq!(third.id_maps().unwrap(), expected);
            assert_eq!(translate_uid(300, &third, &first), Ok(10_030));
            assert_eq!(translate_gid(1_010_030, &here, &second), Ok(130));
        } else {
            for namespace in [&first, &second, &third] {
                let maps = namespace.id_maps().unwrap();
                assert_eq!(maps.uid, [line(0, uid, 1)]);
                assert_eq!(maps.gid, [line(0, gid, 1)]);
                assert!(!maps.setgroups);
            }
            assert_eq!(translate_uid(0, &third, &here), Ok(uid));
        }
    });
}

#[test]
fn of_a_namespace_made_alone() {
    alone(name!(), || {
        let (uid, gid) = own();
        let mut settings = Spec::new([""; 0]);
        settings.uid_map = vec![line(0, uid, 1)];
        settings.gid_map = vec![line(0, gid, 1)];
        let mut set = create(&[Kind::User], &settings).unwrap();
        let made = set.take(Kind::User).unwrap();
        let maps = made.id_maps().unwrap();
        assert_eq!((maps.uid, maps.gid), (settings.uid_map, settings.gid_map));
        assert_eq!(maps.setgroups, is_root());
        let here = Namespace::of_thread(Kind::User).unwrap();
        assert_eq!(translate_gid(gid, &here, &made), Ok(0));
    });
}

#[test]
fn between_siblings() {
    alone(name!(), || {
        let (uid, gid) = own();
        let (one, other) = (Waiting::unmapped(), Waiting::unmapped());
        let maps = |inside, more: Option<IdMap>| IdMaps {
            uid: std::iter::once(line(inside, uid, 1)).chain(more).collect(),
            gid: std::iter::once(line(inside + 1, gid, 1))
                .chain(more)
                .collect(),
            setgroups: is_root(),
        };
        let more = |inside| is_root().then(|| line(inside, 2_000_000, 100));
        write_id_maps(one.pid(), &maps(10, more(1000))).unwrap();
        write_id_maps(other.pid(), &maps(20, more(5000))).unwrap();
        let (one, other) = (user(&one), user(&other));
        assert_eq!(translate_uid(10, &one, &other), Ok(20));
        assert_eq!(translate_gid(21, &other, &one), Ok(11));
        let error = translate_uid(11, &one, &other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        if is_root() {
            assert_eq!(translate_uid(1099, &one, &other), Ok(5099));
            assert_eq!(translate_gid(5000, &other, &one), Ok(1000));
        }
    });
}

#[test]
fn of_a_running_job() {
    alone(name!(), || {
        let mut spec = Spec::new(["cat"]);
        (spec.stdin, spec.stdout) = (Stdio::Pipe, Stdio::Null);
        if is_root() {
            spec.uid_map = vec![line(0, 300_000, 1000), line(1000, 400_000, 1)];
            spec.gid_map = vec![line(0, 600_000, 10)];
        }
        let job = libisolate::spawn(&spec).unwrap();
        let maps = id_maps_of(job.pid()).unwrap();
        let (uid, gid) = own();
        if is_root() {
            assert_eq!((&maps.uid, &maps.gid), (&spec.uid_map, &spec.gid_map));
        } else {
            assert_eq!(maps.uid, [line(uid, uid, 1)]);
            assert_eq!(maps.gid, [line(gid, gid, 1)]);
        }
        assert_eq!(maps.setgroups, is_root());
        let inside = Namespace::of_process(job.pid(), Kind::User).unwrap();
        assert_eq!(inside.id_maps().unwrap(), maps);
        let here = Namespace::of_thread(Kind::User).unwrap();
        let (id, other) = if is_root() {
            (1000, 400_000)
        } else {
            (uid, uid)
        };
        assert_eq!(translate_uid(id, &inside, &here), Ok(other));
        assert_eq!(translate_uid(other, &here, &inside), Ok(id));
        job.kill().unwrap();
        job.wait().unwrap();
    });
}

#[test]
fn nonsense() {
    alone(name!(), || {
        let here = Namespace::of_thread(Kind::User).unwrap();
        let net = Namespace::of_thread(Kind::Net).unwrap();
        for error in [
            net.id_maps().unwrap_err(),
            translate_uid(0, &net, &here).unwrap_err(),
            translate_gid(own().1, &here, &net).unwrap_err(),
            translate_uid(u32::MAX, &here, &here).unwrap_err(),
        ] {
            assert_eq!(
                (error.kind(), error.stage()),
                (ErrorKind::InvalidSpec, Stage::Namespace),
                "{error}"
            );
        }
    });
}
