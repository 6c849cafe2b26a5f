//! An ordinary user with subordinate ids: what /etc/subuid and /etc/subgid give, and jobs that use it.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use libisolate::ns::{
    IdMaps, Kind, Namespace, create, id_maps_of, subordinate_ids, translate_uid, write_id_maps,
};
use libisolate::spec::{Bind, IdMap, NamespaceMode, Profile, Stdio};
use libisolate::{ErrorKind, Spec, Stage};

use crate::common::{Alone, Snapshot, TempDir, is_root, ok, sh, skip};
use crate::{Waiting, line, name, own};

/// Runs the body as an ordinary user with subordinate ids: root becomes one, after `prepare`.
fn as_user(name: &str, prepare: &str, body: impl FnOnce(Ranges)) {
    let script = include_str!("as_user.sh");
    let prepare = format!("user_options=; {prepare}");
    let alone = Alone::new(name);
    let alone = if is_root() {
        alone.under(&["/bin/sh", "-c", script, "sh", &prepare])
    } else {
        alone
    };
    alone.run(|| {
        let ids = subordinate_ids().unwrap();
        let (Some(uid), Some(gid)) = (ids.uid.first(), ids.gid.first()) else {
            return skip(name, "the user has no subordinate ids");
        };
        if uid.1 < 100 || gid.1 < 100 {
            return skip(name, "the user has fewer than 100 subordinate ids");
        }
        body(Ranges {
            uid: uid.0,
            gid: gid.0,
        });
    });
}

/// The same, for what has to be prepared by root.
fn as_prepared_user(name: &str, prepare: &str, body: impl FnOnce(Ranges)) {
    let prepared = std::env::var_os("ISOLATE_TEST_PREPARED").is_some();
    if !prepared && !is_root() {
        return skip(name, "needs root");
    }
    as_user(
        name,
        &format!("export ISOLATE_TEST_PREPARED=1; {prepare}"),
        body,
    );
}

/// First ids of the user's ranges, which hold at least 100.
struct Ranges {
    uid: u32,
    gid: u32,
}

/// The caller's own id as 0, and ranges from 1 on.
fn usual(ranges: &Ranges) -> (Vec<IdMap>, Vec<IdMap>) {
    let (uid, gid) = own();
    (
        vec![line(0, uid, 1), line(1, ranges.uid, 100)],
        vec![line(0, gid, 1), line(1, ranges.gid, 100)],
    )
}

#[test]
fn ranges_by_name_and_by_number() {
    as_user(name!(), "", |_| {
        let ids = subordinate_ids().unwrap();
        for (file, ranges) in [("subuid", &ids.uid), ("subgid", &ids.gid)] {
            // The lines as another reader finds them.
            let script = format!(
                "awk -F: -v name=\"$(id -un 2>/dev/null)\" -v id=\"$(id -u)\" \
                 'NF == 3 && ($1 == name || $1 == id) {{ print $2, $3 }}' /etc/{file}"
            );
            let found = Command::new("sh").args(["-c", &script]).output().unwrap();
            let shown: String = ranges
                .iter()
                .map(|(first, count)| format!("{first} {count}\n"))
                .collect();
            assert_eq!(String::from_utf8_lossy(&found.stdout), shown, "{file}");
        }
        if own() == (65531, 65531) {
            assert_eq!(ids.uid, [(2_000_000, 1000), (2_001_000, 500)]);
            assert_eq!(ids.gid, ids.uid);
        }
    });
}

#[test]
fn maps_by_the_programs() {
    as_user(name!(), "", |ranges| {
        let process = Waiting::unmapped();
        let (uid, gid) = usual(&ranges);
        let mut maps = IdMaps {
            uid,
            gid,
            setgroups: true,
        };
        write_id_maps(process.pid(), &maps).unwrap();
        assert_eq!(id_maps_of(process.pid()).unwrap(), maps);
        let error = write_id_maps(process.pid(), &maps).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(error.message().contains("newuidmap"), "{error}");
        // Denied because it is asked for, not because the kernel wants it.
        let process = Waiting::unmapped();
        maps.setgroups = false;
        write_id_maps(process.pid(), &maps).unwrap();
        assert_eq!(id_maps_of(process.pid()).unwrap(), maps);
    });
}

#[test]
fn what_is_not_given_is_not_tried() {
    as_user(name!(), "", |ranges| {
        let process = Waiting::unmapped();
        let (uid, gid) = own();
        let (ids, groups) = usual(&ranges);
        for wrong in [
            vec![line(0, 0, 1)],
            vec![line(0, uid, 2)],
            vec![line(0, uid, 1), line(1, ranges.uid - 1, 2)],
            vec![line(0, ranges.uid, 100_000_000)],
        ] {
            let maps = IdMaps {
                uid: wrong.clone(),
                gid: groups.clone(),
                setgroups: true,
            };
            let error = write_id_maps(process.pid(), &maps).unwrap_err();
            assert_eq!(
                (error.kind(), error.stage()),
                (ErrorKind::Permission, Stage::Ids),
                "{error}"
            );
            let allowed = format!("its own id, {uid}, and by /etc/subuid {} to ", ranges.uid);
            assert!(error.message().contains(&allowed), "{error}");
            let mut spec = Spec::new(["true"]);
            (spec.uid_map, spec.gid_map) = (wrong, groups.clone());
            spec.uid = Some(spec.uid_map[0].inside);
            assert_eq!(libisolate::run(&spec).unwrap_err(), error);
        }
        let maps = IdMaps {
            uid: ids,
            gid: vec![line(0, gid, 1), line(1, 0, 1)],
            setgroups: true,
        };
        let error = write_id_maps(process.pid(), &maps).unwrap_err();
        assert_eq!(error.subject(), "gid_map[1]", "{error}");
        assert!(error.message().contains("by /etc/subgid"), "{error}");
        // Both maps are looked at before the first is written.
        assert_eq!(id_maps_of(process.pid()).unwrap().uid, []);
    });
}

#[test]
fn a_job_with_ranges_and_groups() {
    as_user(name!(), "", |ranges| {
        let words = "tr -s ' ' </proc/self/uid_map; tr -s ' ' </proc/self/gid_map; \
                     cat /proc/self/setgroups; id -u; id -g; id -G; echo again >/dev/stdout";
        let mut spec = sh(words);
        (spec.uid_map, spec.gid_map) = usual(&ranges);
        let (uid, gid) = own();
        let maps = format!(
            " 0 {uid} 1\n 1 {} 100\n 0 {gid} 1\n 1 {} 100\nallow\n",
            ranges.uid, ranges.gid
        );
        // By itself: the caller, by the number it has inside, without any of the caller's groups.
        assert_eq!(ok(&spec), format!("{maps}0\n0\n0\nagain\n"));
        // Somebody else.
        (spec.uid, spec.gid, spec.groups) = (Some(5), Some(6), Some(vec![7, 100]));
        assert_eq!(ok(&spec), format!("{maps}5\n6\n6 7 100\nagain\n"));
        // Who can be killed by the caller all the same.
        let mut spec = sh("sleep 1000");
        (spec.uid_map, spec.gid_map) = usual(&ranges);
        (spec.uid, spec.gid) = (Some(5), Some(6));
        let job = libisolate::spawn(&spec).unwrap();
        let status = std::fs::metadata(format!("/proc/{}", job.pid())).unwrap();
        assert_eq!(
            (status.uid(), status.gid()),
            (ranges.uid + 4, ranges.gid + 5)
        );
        job.kill().unwrap();
        assert_eq!(job.wait().unwrap().signal, Some(libc::SIGKILL));
    });
}

#[test]
fn a_job_with_one_of_the_maps() {
    as_user(name!(), "", |ranges| {
        let (uid, gid) = own();
        let mut spec = sh("id -u; id -g; cat /proc/self/setgroups");
        spec.uid_map = vec![line(0, ranges.uid, 100)];
        spec.uid = Some(50);
        assert_eq!(ok(&spec), format!("50\n{gid}\ndeny\n"));
        let mut spec = sh("id -u; id -g; id -G; cat /proc/self/setgroups");
        spec.gid_map = vec![line(0, ranges.gid, 100)];
        (spec.gid, spec.groups) = (Some(50), Some(vec![99]));
        assert_eq!(ok(&spec), format!("{uid}\n50\n50 99\nallow\n"));
        // Groups without a range for them.
        let mut spec = sh("true");
        spec.groups = Some(vec![gid]);
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.subject()),
            (ErrorKind::Permission, "groups"),
            "{error}"
        );
    });
}

#[test]
fn bare_jobs_and_programs_inside() {
    as_user(name!(), "", |ranges| {
        for init in [true, false] {
            let mut spec = sh("id -u; id -g; id -G; echo again >/dev/stderr");
            spec.profile = Profile::None;
            spec.namespaces.user = Some(NamespaceMode::New);
            spec.init = init;
            (spec.uid_map, spec.gid_map) = usual(&ranges);
            (spec.uid, spec.gid, spec.groups) = (Some(5), Some(6), Some(vec![7]));
            assert_eq!(ok(&spec), "5\n6\n6 7\n", "init {init}");
        }
        // A program that is started in a job later on has the same ids to choose from.
        let mut spec = sh("read line");
        spec.stdin = Stdio::Pipe;
        (spec.uid_map, spec.gid_map) = usual(&ranges);
        (spec.uid, spec.gid) = (Some(5), Some(6));
        let job = libisolate::spawn(&spec).unwrap();
        let mut inside = sh("id -u; id -g; id -G");
        (inside.uid, inside.gid, inside.groups) = (Some(8), Some(9), Some(vec![10]));
        let second = job.exec(&inside).unwrap();
        let outcome = second.wait().unwrap();
        assert_eq!(crate::common::text(&outcome), "8\n9\n9 10\n", "{outcome:?}");
        job.kill().unwrap();
        job.wait().unwrap();
    });
}

#[test]
fn a_namespace_without_a_process() {
    as_user(name!(), "", |ranges| {
        let mut settings = Spec::new([""; 0]);
        (settings.uid_map, settings.gid_map) = usual(&ranges);
        let mut set = create(&[Kind::User], &settings).unwrap();
        let made = set.take(Kind::User).unwrap();
        let maps = made.id_maps().unwrap();
        assert_eq!(maps.uid, settings.uid_map);
        assert_eq!(maps.gid, settings.gid_map);
        assert!(maps.setgroups);
        let here = Namespace::of_thread(Kind::User).unwrap();
        assert_eq!(translate_uid(100, &made, &here), Ok(ranges.uid + 99));
        assert_eq!(translate_uid(ranges.uid + 99, &here, &made), Ok(100));
    });
}

#[test]
fn files_of_a_job_with_ranges() {
    as_user(name!(), "", |ranges| {
        let dir = TempDir::new("data");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        std::fs::write(dir.join("private"), "mine").unwrap();
        std::fs::set_permissions(dir.join("private"), std::fs::Permissions::from_mode(0o600))
            .unwrap();
        let mut spec = sh("cat /data/private; echo new >/data/new");
        (spec.uid_map, spec.gid_map) = usual(&ranges);
        spec.binds.push(Bind::rw(dir.path()).at("/data"));
        assert_eq!(ok(&spec), "mine");
        let made = std::fs::metadata(dir.join("new")).unwrap();
        assert_eq!((made.uid(), made.gid()), own());
        // As somebody else it reads what everybody may read, and would write what is nobody's here.
        spec.uid = Some(5);
        let error = libisolate::run(&spec).unwrap_err();
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::Permission, Stage::Mount),
            "{error}"
        );
        let mut spec = sh("cat /data/new; cat /data/private 2>/dev/null || echo no");
        (spec.uid_map, spec.gid_map) = usual(&ranges);
        spec.uid = Some(5);
        spec.binds.push(Bind::ro(dir.path()).at("/data"));
        assert_eq!(ok(&spec), "new\nno\n");
    });
}

#[test]
fn a_host_that_ignores_its_children() {
    as_user(name!(), "", |ranges| {
        // SAFETY: changes this process only, which is this test's.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        let mut spec = sh("id -u; id -G");
        (spec.uid_map, spec.gid_map) = usual(&ranges);
        spec.groups = Some(vec![3]);
        assert_eq!(ok(&spec), "0\n0 3\n");
        // SAFETY: as above.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    });
}

/// In whose descriptor table the first three are free.
#[test]
fn a_host_without_standard_streams() {
    as_user(name!(), "", |ranges| {
        let saved: Vec<i32> = (0..3)
            .map(|fd| {
                // SAFETY: numbers only; nothing else runs in this process.
                unsafe {
                    let copy = libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 10);
                    assert!(copy >= 10);
                    libc::close(fd);
                    copy
                }
            })
            .collect();
        let mut spec = sh("id -u; id -G");
        (spec.uid_map, spec.gid_map) = usual(&ranges);
        spec.groups = Some(vec![3]);
        let outcome = libisolate::run(&spec);
        for (fd, copy) in saved.into_iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                libc::dup2(copy, fd as i32);
                libc::close(copy);
            }
        }
        assert_eq!(crate::common::text(&outcome.unwrap()), "0\n0 3\n");
    });
}

fn refused(ranges: &Ranges) -> libisolate::Error {
    let before = Snapshot::take();
    let mut spec = sh("true");
    (spec.uid_map, spec.gid_map) = usual(ranges);
    let error = libisolate::run(&spec).unwrap_err();
    before.assert_same();
    error
}

#[test]
fn the_programs_are_not_installed() {
    let hide = "for program in $(command -v newuidmap); do mount --bind /dev/null $program; done";
    as_prepared_user(name!(), hide, |ranges| {
        let error = refused(&ranges);
        assert_eq!(
            (error.kind(), error.stage(), error.subject()),
            (ErrorKind::Unsupported, Stage::Ids, "uid_map"),
            "{error}"
        );
        assert!(
            error.message().contains("install the package uidmap"),
            "{error}"
        );
        // The own id needs none.
        assert_eq!(ok(&sh("echo well")), "well\n");
    });
}

#[test]
fn the_program_refuses_in_its_own_words() {
    let replace = "printf '#!/bin/sh\\necho \"newuidmap: it is $1, $2 $3 $4, $(env | wc -l)\" >&2; \
                   exit 3\\n' >$dir/fake; chmod 755 $dir/fake; \
                   mount --bind $dir/fake $(command -v newuidmap)";
    as_prepared_user(name!(), replace, |ranges| {
        let error = refused(&ranges);
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::Permission, Stage::Ids),
            "{error}"
        );
        let message = error.message();
        let uid = own().0;
        assert!(
            message.starts_with(&format!(
                "ids: uid_map: \"0 {uid} 1\\n1 {} 100\": /usr/bin/newuidmap: it is ",
                ranges.uid
            )),
            "{message}"
        );
        // PWD is the shell's own.
        assert!(message.ends_with(&format!(", 0 {uid} 1, 1")), "{message}");
    });
}

#[test]
fn a_caller_with_no_new_privileges() {
    as_prepared_user(name!(), "user_options=--no-new-privs", |ranges| {
        let error = refused(&ranges);
        assert_eq!(
            (error.kind(), error.stage()),
            (ErrorKind::Permission, Stage::Ids),
            "{error}"
        );
        assert!(error.message().contains("no_new_privs"), "{error}");
    });
}
