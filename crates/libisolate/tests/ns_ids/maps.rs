//! What the kernel takes as a map is what the library takes.

use libisolate::ns::{IdMaps, Kind, Namespace, check_id_map, id_maps_of, write_id_maps};
use libisolate::spec::IdMap;
use libisolate::{ErrorKind, Stage};

use crate::common::{alone, is_root, root_or_skip};
use crate::{Waiting, line, name, own};

/// What the kernel says to a map that nobody has checked.
fn kernel(pid: i32, file: &str, lines: &[IdMap]) -> Result<(), i32> {
    let text: String = lines
        .iter()
        .map(|line| format!("{} {} {}\n", line.inside, line.outside, line.count))
        .collect();
    std::fs::write(format!("/proc/{pid}/{file}"), text)
        .map_err(|error| error.raw_os_error().unwrap())
}

fn single(count: u32) -> Vec<IdMap> {
    (0..count).map(|n| line(n, n, 1)).collect()
}

/// 256 lines of `len` bytes in all.
fn page(len: usize) -> Vec<IdMap> {
    let mut lines: Vec<IdMap> = (0..255)
        .map(|n| line(100_000 + n, 100_000 + n, 1))
        .collect();
    lines.push(line(if len == 4095 { 10_000 } else { 300_000 }, 200_000, 1));
    lines
}

#[test]
fn refused_maps_are_refused_by_the_kernel_too() {
    alone(name!(), || {
        let wrong = [
            single(341),
            page(4096),
            vec![line(0, 0, 0)],
            vec![line(0, 0, 1), line(5, 5, 0)],
            vec![line(1, 0, u32::MAX)],
            vec![line(0, 1, u32::MAX)],
            vec![line(u32::MAX, 0, 1)],
            vec![line(0, u32::MAX, 1)],
            vec![line(10, u32::MAX - 1, 2)],
            vec![line(0, 1000, 10), line(9, 5000, 10)],
            vec![line(0, 1000, 10), line(50, 1009, 1)],
            vec![line(9, 5000, 10), line(0, 1000, 10)],
            vec![line(0, 0, 1), line(1, 1, 1), line(2, 2, 1), line(1, 9, 1)],
        ];
        let process = Waiting::unmapped();
        for lines in &wrong {
            let error = check_id_map("uid_map", lines).unwrap_err();
            assert_eq!(
                (error.kind(), error.stage()),
                (ErrorKind::InvalidSpec, Stage::Spec),
                "{error}"
            );
            for file in ["uid_map", "gid_map"] {
                let shown = &lines[..lines.len().min(4)];
                assert_eq!(
                    kernel(process.pid(), file, lines),
                    Err(libc::EINVAL),
                    "{file} {shown:?}: {error}"
                );
            }
            let maps = IdMaps {
                uid: lines.clone(),
                ..IdMaps::default()
            };
            assert_eq!(write_id_maps(process.pid(), &maps), Err(error));
        }
        // After all of this the process has no map.
        assert_eq!(id_maps_of(process.pid()).unwrap().uid, []);
    });
}

#[test]
fn maps_at_the_edge_are_taken() {
    alone(name!(), || {
        if !root_or_skip(name!()) {
            return;
        }
        let all = [line(0, 0, u32::MAX)];
        if id_maps_of(std::process::id() as i32).unwrap().uid != all {
            return crate::common::skip(name!(), "needs a caller to whom every id is mapped");
        }
        let right = [
            single(340),
            page(4095),
            all.to_vec(),
            vec![line(u32::MAX - 1, u32::MAX - 1, 1)],
            vec![line(0, 1, u32::MAX - 1)],
            vec![line(1, 0, u32::MAX - 1)],
            vec![line(0, 1000, 10), line(10, 1010, 10)],
            vec![line(10, 1010, 10), line(0, 1000, 10)],
        ];
        let sorted = |lines: &[IdMap]| {
            let mut lines = lines.to_vec();
            lines.sort_by_key(|line| line.inside);
            lines
        };
        for lines in &right {
            check_id_map("uid_map", lines).unwrap();
            let process = Waiting::unmapped();
            assert_eq!(kernel(process.pid(), "uid_map", lines), Ok(()));
            // The same by the library, and read back.
            let process = Waiting::unmapped();
            let maps = IdMaps {
                uid: lines.clone(),
                gid: lines.clone(),
                setgroups: true,
            };
            write_id_maps(process.pid(), &maps).unwrap();
            let read = id_maps_of(process.pid()).unwrap();
            assert_eq!(sorted(&read.uid), sorted(lines));
            assert_eq!(sorted(&read.gid), sorted(lines));
            assert!(read.setgroups);
        }
    });
}

#[test]
fn the_own_id_and_nothing_twice() {
    alone(name!(), || {
        let (uid, gid) = own();
        let process = Waiting::unmapped();
        let maps = IdMaps {
            uid: vec![line(7, uid, 1)],
            gid: vec![line(8, gid, 1)],
            setgroups: false,
        };
        write_id_maps(process.pid(), &maps).unwrap();
        assert_eq!(id_maps_of(process.pid()).unwrap(), maps);
        let status = std::fs::read_to_string(format!("/proc/{}/setgroups", process.pid()));
        assert_eq!(status.unwrap(), "deny\n");
        let error = write_id_maps(process.pid(), &maps).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage(), error.subject()),
            (ErrorKind::Busy, Stage::Ids, "setgroups: \"deny\""),
            "{error}"
        );
        let only_users = IdMaps {
            gid: Vec::new(),
            ..maps.clone()
        };
        let error = write_id_maps(process.pid(), &only_users).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        // One after the other.
        let process = Waiting::unmapped();
        write_id_maps(process.pid(), &only_users).unwrap();
        assert_eq!(id_maps_of(process.pid()).unwrap().gid, []);
        let only_groups = IdMaps {
            uid: Vec::new(),
            ..maps
        };
        write_id_maps(process.pid(), &only_groups).unwrap();
        assert_eq!(id_maps_of(process.pid()).unwrap().gid, only_groups.gid);
    });
}

#[test]
fn setgroups_is_not_given_back() {
    alone(name!(), || {
        let (uid, gid) = own();
        let process = Waiting::unmapped();
        std::fs::write(format!("/proc/{}/setgroups", process.pid()), "deny").unwrap();
        let maps = IdMaps {
            uid: vec![line(0, uid, 1)],
            gid: vec![line(0, gid, 1)],
            setgroups: true,
        };
        let error = write_id_maps(process.pid(), &maps).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::Permission, Stage::Ids),
            "{error}"
        );
        assert!(error.message().contains("denied"), "{error}");
        // Refused before anything was written.
        assert_eq!(id_maps_of(process.pid()).unwrap(), IdMaps::default());
        if !is_root() {
            let process = Waiting::unmapped();
            let error = write_id_maps(process.pid(), &maps).unwrap_err();
            assert_eq!(error.subject(), "gid_map", "{error}");
        }
    });
}

#[test]
fn no_process_and_the_callers_own_namespace() {
    alone(name!(), || {
        let maps = IdMaps {
            uid: vec![line(0, own().0, 1)],
            ..IdMaps::default()
        };
        for pid in [0, -1] {
            let error = write_id_maps(pid, &maps).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
            let error = id_maps_of(pid).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSpec, "{error}");
        }
        let gone = {
            let process = Waiting::unmapped();
            process.pid()
        };
        let error = write_id_maps(gone, &maps).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let error = id_maps_of(gone).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let this = std::process::id() as i32;
        let error = write_id_maps(this, &maps).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Busy | ErrorKind::Permission),
            "{error}"
        );
        // Nothing has changed here.
        let before = Namespace::of_thread(Kind::User).unwrap();
        assert_eq!(before, Namespace::of_process(this, Kind::User).unwrap());
    });
}
