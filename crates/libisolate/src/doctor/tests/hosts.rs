//! Hosts that are not at hand: each is a saved one with something changed.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::facts::{
    Facts, Groups, Guards, Ids, Manager, Proc, ProcMount, Program, Ran, Socket, Systemd, Tries,
};
use super::super::look::tries::{limited, small};
use crate::cgroup::{self, Hierarchy, SystemdHost, Version, own_group_for};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host::{Found, Host, Switches, support};
use crate::ns::Kind;
use crate::plan::plan;

/// What a host's namespaces are made of.
struct Kinds {
    switches: Switches,
    /// user.max_KIND_namespaces of each.
    most: BTreeMap<Kind, u64>,
    filtered: bool,
    unknown: Vec<Kind>,
}

fn saved(name: &str) -> Host {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/plans/hosts");
    let text = std::fs::read_to_string(folder.join(name).with_extension("json")).expect("a host");
    Host::from_json(&text).expect("a host")
}

fn unprivileged(name: &str, program: &str) -> (Host, Kinds) {
    let kinds = Kinds {
        switches: Switches {
            program: Some(program.into()),
            ..Switches::default()
        },
        most: Kind::ALL.into_iter().map(|kind| (kind, 63_000)).collect(),
        filtered: false,
        unknown: Vec::new(),
    };
    (saved(name), kinds)
}

fn root(name: &str) -> (Host, Kinds) {
    let (host, mut kinds) = unprivileged(name, "/usr/local/bin/isolatectl");
    kinds.switches.capable = true;
    (host, kinds)
}

/// The facts of a host on which nothing else is odd.
fn facts((mut host, kinds): (Host, Kinds)) -> Facts {
    let found: Vec<Found> = Kind::ALL
        .into_iter()
        .map(|kind| Found {
            kind,
            inode: (!kinds.unknown.contains(&kind)).then_some(4_026_531_840 + kind as u64),
            max: kinds.most.get(&kind).copied(),
            filtered: kinds.filtered,
        })
        .collect();
    host.namespaces = support(&found, &kinds.switches);
    let systemd = host
        .cgroup
        .unified()
        .is_some_and(|tree| tree.own.to_string().contains(".slice"));
    let uid = host.caller.uid;
    let program = |name: &str| {
        Some(Program {
            path: format!("/usr/bin/{name}"),
            setuid: Some(0),
            ..Program::default()
        })
    };
    let mut facts = Facts {
        kernel: host.kernel.clone(),
        machine: host.machine.clone(),
        guards: Guards::default(),
        proc: Proc {
            sys: true,
            mounts: vec![ProcMount {
                point: "/proc".into(),
                read_only: false,
                covered: Vec::new(),
            }],
            memfd_noexec: Some(0),
            pressure: None,
        },
        most: kinds.most,
        ids: Ids {
            uid,
            gid: host.caller.gid,
            name: Some(if uid == 0 { "root" } else { "ann" }.into()),
            programs: [program("newuidmap"), program("newgidmap")],
            subordinate: Some(Ok(host.caller.subordinate.clone())),
            free: 165_536,
        },
        groups: Groups {
            kernel: ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"]
                .map(|name| (name.to_owned(), false, true))
                .to_vec(),
            root: ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"]
                .map(str::to_owned)
                .to_vec(),
            container: None,
        },
        systemd: Systemd::default(),
        tries: tries(&host),
        host: Ok(host),
    };
    if systemd {
        booted(&mut facts);
    }
    facts
}

/// What the library itself would have come to on such a host.
fn tries(host: &Host) -> Tries {
    let refused = |kind: Kind| match &host.namespaces[&kind].reason {
        None => Ok(()),
        Some(reason) => {
            let subject = format!("namespaces.{kind}");
            Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Clone,
                subject,
                reason,
            ))
        }
    };
    let (spec, program) = small();
    let limits = limited(host, Some("0-1".into()));
    Tries {
        namespaces: Kind::ALL
            .into_iter()
            .map(|kind| (kind, refused(kind)))
            .collect(),
        overlay: refused(Kind::User),
        devices: match host.caller.uid {
            0 => Ok(()),
            _ => Err(not_permitted("bpf.devices: \"allow a\"")
                .with_hint("run as root outside of containers")),
        },
        job: plan(&spec, host).map(|_| Ran {
            program,
            well: true,
            evidence: "exit code 0".into(),
        }),
        limits: plan(&limits, host).map(|plan| plan.enforcement),
    }
}

fn not_permitted(subject: &str) -> Error {
    Error::from_errno(isolate_sys::Errno::EPERM, Stage::Cgroup, subject)
}

fn booted(facts: &mut Facts) {
    let uid = facts.ids.uid;
    let socket = |whose, path: &str, answer: Result<(), i32>| Socket {
        whose,
        path: path.into(),
        answer,
    };
    let private = if uid == 0 { Ok(()) } else { Err(libc::EACCES) };
    let mut sockets = vec![
        socket(Manager::SystemBus, "/run/dbus/system_bus_socket", Ok(())),
        socket(Manager::SystemPrivate, "/run/systemd/private", private),
    ];
    let dir = (uid != 0).then(|| format!("/run/user/{uid}"));
    if let Some(dir) = &dir {
        sockets.push(socket(Manager::UserBus, &format!("{dir}/bus"), Ok(())));
        sockets.push(socket(
            Manager::UserPrivate,
            &format!("{dir}/systemd/private"),
            Ok(()),
        ));
    }
    let own = facts
        .host
        .as_ref()
        .ok()
        .and_then(|host| Some(host.cgroup.unified()?.own.to_string()))
        .unwrap_or_default();
    let unit = |end: &&str| end.ends_with(".service") || end.ends_with(".scope");
    facts.systemd = Systemd {
        booted: true,
        sockets,
        runtime_dir: dir.clone(),
        user_dir: dir,
        unit: own.split('/').rev().find(unit).map(str::to_owned),
        delegated: Some(true),
        version: Some(Ok(252)),
        makes_groups: false,
    };
}

fn v2(host: &mut Host) -> &mut Hierarchy {
    let trees = &mut host.cgroup.hierarchies;
    trees
        .iter_mut()
        .find(|tree| tree.version == Version::V2)
        .expect("a v2 tree")
}

/// The caller in a group that is not its own.
fn not_delegated(host: &mut Host, own: &str, systemd: bool, controllers: &[&str]) {
    let uid = host.caller.uid;
    let tree = v2(host);
    tree.own = own.into();
    tree.dir = format!("{}{own}", tree.mount).as_str().into();
    tree.controllers = controllers.iter().map(|c| (*c).to_owned()).collect();
    (tree.writable, tree.can_enable) = (false, false);
    tree.reason = Some(format!(
        "{}: Permission denied; {}",
        tree.dir,
        own_group_for(&tree.mount, systemd, uid)
    ));
}

/// Each with its name.
pub(super) fn all() -> Vec<(&'static str, Facts)> {
    let ctl = "/usr/bin/isolatectl";
    let mut hosts = Vec::new();

    hosts.push(("v2-root-service", facts(root("v2"))));
    hosts.push(("v2-user-delegated", facts(unprivileged("v2-user", ctl))));

    let (mut host, kinds) = unprivileged("v2-user", ctl);
    not_delegated(
        &mut host,
        "/user.slice/user-1000.slice/session-2.scope",
        true,
        &["memory", "pids"],
    );
    let mut session = facts((host, kinds));
    session.systemd.delegated = None;
    hosts.push(("v2-user-session", session));

    // The same, where the user's manager of systemd makes the groups of jobs, and where it is stuck.
    let (mut host, kinds) = unprivileged("v2-user", ctl);
    not_delegated(
        &mut host,
        "/user.slice/user-1000.slice/session-2.scope",
        true,
        &["memory", "pids"],
    );
    host.cgroup.systemd = Some(SystemdHost {
        booted: true,
        manager: cgroup::Manager::User,
        manages_caller: true,
        controllers: ["cpu", "memory", "pids"].map(str::to_owned).to_vec(),
        reason: None,
    });
    let mut session = facts((host, kinds));
    session.systemd.delegated = None;
    session.systemd.makes_groups = true;
    hosts.push(("v2-user-systemd", session.clone()));
    session.systemd.version = Some(Err("cgroup: systemd: no answer in time".to_owned()));
    hosts.push(("v2-user-systemd-stuck", session));

    // Debian's user@.service hands on no more.
    let (mut host, kinds) = unprivileged("v2-user", ctl);
    v2(&mut host).controllers = ["cpu", "memory", "pids"].map(str::to_owned).to_vec();
    hosts.push(("v2-user-without-cpuset-and-io", facts((host, kinds))));

    let (mut host, kinds) = root("v2");
    let tree = v2(&mut host);
    (tree.own, tree.dir) = (
        "/system.slice/app.service".into(),
        "/sys/fs/cgroup/system.slice/app.service".into(),
    );
    tree.controllers = ["memory", "pids"].map(str::to_owned).to_vec();
    tree.can_enable = false;
    tree.reason = Some(
        "3 processes are in /sys/fs/cgroup/system.slice/app.service, so controllers cannot be enabled \
         below it; start the program with: systemd-run --scope -p Delegate=yes COMMAND, and let it call \
         move_to_leaf there"
            .into(),
    );
    hosts.push(("v2-root-undelegated-service", facts((host, kinds))));

    let (host, mut kinds) = unprivileged("v2-user", ctl);
    kinds.switches.apparmor = true;
    hosts.push(("ubuntu-apparmor", facts((host, kinds))));

    let (host, mut kinds) = unprivileged("v2-user", "/usr/bin/python3.9");
    kinds.most.insert(Kind::User, 0);
    hosts.push(("rhel-max-user-namespaces-0", facts((host, kinds))));

    let (mut host, mut kinds) = unprivileged("v2-user", ctl);
    kinds.switches.unprivileged = Some(false);
    host.kernel = "5.10.0-9-amd64".into();
    (host.features.mount_setattr, host.cgroup.has_kill) = (false, false);
    let mut debian = facts((host, kinds));
    debian.proc.memfd_noexec = None;
    debian.ids.programs = [None, None];
    hosts.push(("debian-userns-clone-0", debian));

    hosts.push(("container", container()));
    hosts.push(("no-systemd", no_systemd()));
    hosts.push(("wsl2-hybrid", wsl()));
    hosts.push(("raspberry-pi", raspberry()));
    hosts.push(("linux-5-4-v1", old()));
    hosts.push(("hardened-user", hardened()));
    hosts.push(("no-proc", no_proc()));

    let (host, mut kinds) = root("v2");
    kinds.switches.chroot = true;
    hosts.push(("chroot", facts((host, kinds))));
    let (host, mut kinds) = unprivileged("no-cgroup", ctl);
    kinds.switches.unmapped = Some((1000, 1000));
    hosts.push(("unmapped-without-cgroups", facts((host, kinds))));
    hosts
}

/// Root in a container, as docker makes one.
fn container() -> Facts {
    let (mut host, mut kinds) = root("v2");
    host.caller.capabilities = 0xa804_25fb;
    (kinds.switches.capable, kinds.filtered) = (false, true);
    host.features.clone3 = false;
    let tree = v2(&mut host);
    (tree.own, tree.dir) = ("/".into(), "/sys/fs/cgroup".into());
    (tree.writable, tree.can_enable) = (false, false);
    tree.controllers = ["cpu", "memory", "pids"].map(str::to_owned).to_vec();
    tree.reason = Some(
        "/sys/fs/cgroup: Read-only file system; start the container with a writable cgroup tree (docker, \
         podman: --cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw)"
            .into(),
    );
    host.cgroup.pids_allowed = Some(256);
    let mut facts = facts((host, kinds));
    facts.systemd = Systemd::default();
    facts.guards = Guards {
        no_new_privs: false,
        filter: true,
        refused: vec!["mount", "unshare"],
    };
    facts.proc.mounts[0].covered = vec!["/proc/sys".into(), "/proc/kcore".into()];
    facts.groups.root = ["cpu", "memory", "pids"].map(str::to_owned).to_vec();
    facts.groups.container = Some("docker".into());
    facts.tries.devices = Err(not_permitted("bpf.devices: \"allow a\""));
    facts
}

/// An ordinary user where another init has mounted v2.
fn no_systemd() -> Facts {
    let (mut host, kinds) = unprivileged("v2-user", "/usr/bin/isolatectl");
    not_delegated(&mut host, "/ann", false, &["cpu", "memory", "pids"]);
    let mut facts = facts((host, kinds));
    facts.systemd = Systemd::default();
    facts.proc.pressure = Some(libc::ENOENT);
    facts
}

fn wsl() -> Facts {
    let (mut host, kinds) = root("hybrid");
    host.kernel = "5.15.153.1-microsoft-standard-WSL2".into();
    host.cgroup
        .hierarchies
        .retain(|tree| !tree.controllers.iter().any(|c| c == "pids"));
    let mut facts = facts((host, kinds));
    facts.groups.kernel = ["cpu", "memory", "pids"]
        .map(|name| (name.to_owned(), name != "pids", true))
        .to_vec();
    facts.groups.root = Vec::new();
    facts.proc.memfd_noexec = None;
    facts
}

fn raspberry() -> Facts {
    let (mut host, kinds) = root("v2");
    host.kernel = "6.6.51+rpt-rpi-v8".into();
    v2(&mut host).controllers.retain(|c| c != "memory");
    host.cgroup.swap_accounting = false;
    let mut facts = facts((host, kinds));
    facts.groups.root.retain(|c| c != "memory");
    facts.groups.kernel = vec![("cpu".into(), false, true), ("memory".into(), false, false)];
    facts
}

fn old() -> Facts {
    let (mut host, mut kinds) = root("v1");
    host.kernel = "5.4.0-150-generic".into();
    host.features.mount_setattr = false;
    host.features.openat2 = false;
    host.features.close_range = false;
    (
        host.cgroup.has_kill,
        host.cgroup.swap_accounting,
        host.cgroup.swap_device,
    ) = (false, false, true);
    kinds.unknown.push(Kind::Time);
    let mut facts = facts((host, kinds));
    facts.proc.memfd_noexec = None;
    facts.tries.overlay = Err(Error::from_errno(
        isolate_sys::Errno::EPERM,
        Stage::Mount,
        "overlay",
    ));
    facts
}

/// What can keep newuidmap(1) from working, and a sysctl that keeps all jobs from it.
fn hardened() -> Facts {
    let (mut host, kinds) = unprivileged("v2-user", "/usr/bin/isolatectl");
    host.features.memfd_exec = false;
    let mut facts = facts((host, kinds));
    facts.proc.memfd_noexec = Some(2);
    facts.proc.sys = false;
    let [uid, gid] = &mut facts.ids.programs;
    uid.as_mut().expect("newuidmap").setuid = None;
    gid.as_mut().expect("newgidmap").nosuid = true;
    if let Some(Ok(subordinate)) = &mut facts.ids.subordinate {
        subordinate.uid = vec![(100_000, 1000), (200_000, 24)];
        subordinate.gid = Vec::new();
    }
    facts.ids.free = 300_000;
    let refused = Error::from_errno(isolate_sys::Errno::EACCES, Stage::Clone, "init");
    facts.tries.job = Err(refused.with_hint(format!(
        "executable memory files are switched off, sysctl vm.memfd_noexec is 2: {}",
        crate::remedy::sysctl("vm.memfd_noexec", "1")
    )));
    facts.tries.limits = facts.tries.job.clone().map(|_| Vec::new());
    facts.systemd.runtime_dir = None;
    facts.systemd.unit = None;
    facts
}

fn no_proc() -> Facts {
    let mut facts = facts(root("v2"));
    let error = Error::from_errno(
        isolate_sys::Errno::ENOENT,
        Stage::Host,
        "/proc/thread-self/gid_map",
    )
    .with_hint("/proc must be mounted and readable");
    for tried in facts.tries.namespaces.values_mut() {
        *tried = Err(error.clone());
    }
    facts.tries.overlay = Err(error.clone());
    facts.tries.job = Err(error.clone());
    facts.tries.limits = Err(error.clone());
    facts.host = Err(error);
    facts.proc = Proc::default();
    facts.systemd = Systemd::default();
    facts
}
