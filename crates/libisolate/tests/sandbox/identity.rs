//! User and group ids: maps, who the job is, what an ordinary user may ask for.

use libisolate::spec::{IdMap, NamespaceMode, Profile};
use libisolate::{ErrorKind, Stage};

use crate::common::{Report, alone, is_root, ok, root_or_skip, sh};
use crate::name;

fn line(inside: u32, outside: u32, count: u32) -> IdMap {
    IdMap {
        inside,
        outside,
        count,
    }
}

#[test]
fn the_job_is_who_the_spec_says() {
    alone(name!(), || {
        let (uid, gid) = (
            nix::unistd::geteuid().as_raw(),
            nix::unistd::getegid().as_raw(),
        );
        let mut spec = sh("id -u; id -g; id -G");
        assert_eq!(ok(&spec), format!("{uid}\n{gid}\n{gid}\n"));
        (spec.uid, spec.gid) = (Some(1234), Some(4321));
        assert_eq!(ok(&spec), "1234\n4321\n4321\n");
        if is_root() {
            spec.groups = Some(vec![7, 8]);
            assert_eq!(ok(&spec), "1234\n4321\n4321 7 8\n");
        }
    });
}

#[test]
fn several_ranges() {
    alone(name!(), || {
        if !root_or_skip(name!()) {
            return;
        }
        let mut spec = sh("cat /proc/self/uid_map; echo; cat /proc/self/gid_map");
        spec.uid_map = vec![
            line(0, 300_000, 1000),
            line(1000, 400_000, 1),
            line(2000, 500_000, 500),
        ];
        spec.gid_map = vec![line(0, 600_000, 10), line(10, 700_000, 20)];
        let words = |text: &str| -> Vec<Vec<u32>> {
            text.lines()
                .map(|l| l.split_whitespace().map(|n| n.parse().unwrap()).collect())
                .collect()
        };
        let out = ok(&spec);
        let (uids, gids) = out.split_once("\n\n").unwrap();
        assert_eq!(
            words(uids),
            [[0, 300_000, 1000], [1000, 400_000, 1], [2000, 500_000, 500]]
        );
        assert_eq!(words(gids), [[0, 600_000, 10], [10, 700_000, 20]]);
    });
}

#[test]
fn as_many_lines_as_the_kernel_takes() {
    alone(name!(), || {
        if !root_or_skip(name!()) {
            return;
        }
        let mut spec = sh("wc -l </proc/self/uid_map");
        // Short enough that the count is what ends it, not the 4095 bytes.
        let lines = |count: u32| (0..count).map(|n| line(n * 2, 70_000 + n * 2, 1)).collect();
        spec.uid_map = lines(340);
        spec.gid_map = vec![line(0, 1_000_000, 100)];
        assert_eq!(ok(&spec), "340\n");
        spec.uid_map = lines(341);
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        spec.uid_map = (0..300)
            .map(|n| line(n * 10, 1_000_000 + n * 10, 5))
            .collect();
        let error = libisolate::run(&spec).unwrap_err();
        assert!(
            error.message().ends_with("the kernel takes at most 4095"),
            "{error}"
        );
    });
}

#[test]
fn an_ordinary_user_maps_its_own_id_and_cannot_set_groups() {
    alone(name!(), || {
        let script = "cat /proc/self/setgroups";
        if is_root() {
            assert_eq!(ok(&sh(script)), "allow\n");
            return;
        }
        assert_eq!(ok(&sh(script)), "deny\n");
        let own = nix::unistd::geteuid().as_raw();
        let mut spec = sh("cat /proc/self/uid_map");
        let map = ok(&spec);
        assert_eq!(
            map.split_whitespace().collect::<Vec<_>>(),
            [&own.to_string(), &own.to_string(), "1"]
        );
        spec.uid_map = vec![line(0, 0, 1)];
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::Permission, Stage::Ids),
            "{error}"
        );
        spec.uid_map.clear();
        spec.groups = Some(vec![1]);
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::Permission, Stage::Ids),
            "{error}"
        );
    });
}

#[test]
fn real_ids_without_a_user_namespace() {
    alone(name!(), || {
        let mut spec = sh("id -u; id -g; grep CapEff /proc/self/status");
        spec.profile = Profile::None;
        (spec.uid, spec.gid) = (Some(1234), Some(4321));
        if is_root() {
            // As setpriv(1): the capabilities go with the id.
            assert_eq!(ok(&spec), "1234\n4321\nCapEff:\t0000000000000000\n");
        } else {
            let error = libisolate::run(&spec).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        }
    });
}

#[test]
fn strict_without_a_user_namespace() {
    alone(name!(), || {
        if !root_or_skip(name!()) {
            return;
        }
        let mut spec = sh(
            "cat /proc/self/status; touch /usr/x 2>/dev/null && echo wrote; \
                           (echo x >/proc/sys/kernel/core_pattern) 2>/dev/null && echo wrote 2; true",
        );
        spec.namespaces.user = Some(NamespaceMode::Host);
        let report = Report::of(&spec);
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(report.get(set), "0000000000000000", "{set}");
        }
        assert!(!ok(&spec).contains("wrote"));
    });
}
