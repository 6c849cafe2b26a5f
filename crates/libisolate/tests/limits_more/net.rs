//! net_cls and net_prio, in a hierarchy that is mounted for the test alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::common::{TempDir, alone, root_or_skip, skip, text};
use crate::{in_force, name, run, version_of, with};
use libisolate::spec::Seccomp;

/// A hierarchy that is mounted for the test alone.
struct Mounted(TempDir);

impl Mounted {
    fn or_skip(test: &str, controllers: &str) -> Option<Mounted> {
        let dir = TempDir::new("hierarchy");
        let made = Command::new("mount")
            .args(["-t", "cgroup", "-o", controllers, "none"])
            .arg(dir.path())
            .output();
        match made {
            Ok(made) if made.status.success() => Some(Mounted(dir)),
            made => {
                skip(test, &format!("{controllers} cannot be mounted: {made:?}"));
                None
            }
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// The class of a socket that the job opens, as the kernel tells it of the socket, and the priorities.
#[test]
fn sockets_have_the_class_of_their_job() {
    alone(name!(), || {
        if !root_or_skip(name!()) {
            return;
        }
        if version_of("net_cls").is_some() {
            return skip(name!(), "a net_cls hierarchy is mounted already");
        }
        let Some(mounted) = Mounted::or_skip(name!(), "net_cls,net_prio") else {
            return;
        };
        let script = "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, \
                      LocalAddr => \"127.0.0.1\") or die; system(\"ss\", \"-tlnH\", \"--tos\")'";
        let mut spec = with(script, |l| {
            l.net_class = Some(0x10_0010);
            l.net_priorities = BTreeMap::from([("*".into(), 3), ("lo".into(), 6)]);
        });
        // It asks the kernel by netlink, which the filter leaves out.
        spec.seccomp = Some(Seccomp::Off);
        let outcome = run(&spec);
        match ["/usr/bin/ss", "/usr/bin/perl"]
            .iter()
            .all(|p| Path::new(p).exists())
        {
            true => assert!(text(&outcome).contains("class_id:0x100010"), "{outcome:?}"),
            false => skip(
                name!(),
                "ss or perl is missing: the socket is not looked at",
            ),
        }
        assert_eq!(in_force(&outcome, "net_class"), "net_cls.classid 1048592");
        let told = in_force(&outcome, "net_priorities");
        assert!(told.ends_with("; lo 6") && told.contains("lo 3"), "{told}");
        // An interface that there is not.
        let error = libisolate::run(&with("true", |l| {
            l.net_priorities = BTreeMap::from([("nosuch0".into(), 3)]);
        }))
        .unwrap_err();
        assert_eq!(
            error.message(),
            "cgroup: net_prio.ifpriomap: \"nosuch0 3\": No such device; the host has no such network \
             interface"
        );
        let left: Vec<_> = std::fs::read_dir(mounted.0.path())
            .unwrap()
            .map(|e| e.unwrap())
            .filter(|e| e.file_type().unwrap().is_dir())
            .map(|e| e.file_name())
            .collect();
        assert!(left.is_empty(), "{left:?}");
    });
}
