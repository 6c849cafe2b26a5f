//! Looks at the running kernel and the caller: by asking, not by version numbers.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use isolate_sys::abi::{AT_FDCWD, MountAttr, OpenHow};
use isolate_sys::{Errno, calls};
use nix::unistd::{SysconfVar, sysconf};

use super::namespace::{self, Switches};
use super::{Caller, Features, Host, PathFact};
use crate::cgroup;
use crate::error::{Error, Result, Stage};
use crate::kernfile;
use crate::ns::{self, Kind};
use crate::plan::SYSTEM_DIRECTORIES;
use crate::spec::{Bytes, Profile, Root, Spec};

/// linux/capability.h
const CAP_SYS_ADMIN: u32 = 21;

pub(super) fn host() -> Result<Host> {
    let uts = nix::sys::utsname::uname()
        .map_err(|e| Error::from_errno(Errno::from_raw(e as i32), Stage::Host, "uname"))?;
    let caller = caller()?;
    let features = features();
    let (found, switches) = namespaces(&caller, &features);
    let mut host = Host {
        kernel: uts.release().to_string_lossy().into_owned(),
        machine: uts.machine().to_string_lossy().into_owned(),
        features,
        namespaces: namespace::support(&found, &switches),
        cgroup: cgroup::probe()?,
        caller,
        last_capability: number("/proc/sys/kernel/cap_last_cap").unwrap_or(40) as u32,
        page_size: configured(SysconfVar::PAGE_SIZE).unwrap_or(4096),
        cpus: configured(SysconfVar::_NPROCESSORS_ONLN).unwrap_or(1) as u32,
        shift_base: 0,
        joined_ids: None,
        paths: BTreeMap::new(),
        devices: BTreeMap::new(),
    };
    look_at_system(&mut host.paths);
    Ok(host)
}

pub(super) fn refresh(host: &mut Host, spec: &Spec) -> Result<()> {
    host.caller = caller()?;
    host.caller.env = environment(spec);
    let maps = !spec.uid_map.is_empty() || !spec.gid_map.is_empty();
    if maps && !host.caller.may_set_ids() {
        // Only where it matters: the name of the user may come from far away.
        host.caller.subordinate = ns::subordinate_ids()?;
        host.caller.newuidmap = ns::id_map_program(ns::Which::Uid);
        host.caller.newgidmap = ns::id_map_program(ns::Which::Gid);
    }
    host.joined_ids = ns::ids_of_joined(spec)?;
    let mut paths = BTreeMap::new();
    look_at_system(&mut paths);
    for bind in &spec.binds {
        paths.insert(bind.source.clone(), followed(bind.source.as_path()));
    }
    if let Some(Root::Dir(root)) = &spec.root {
        paths.insert(root.path.clone(), followed(root.path.as_path()));
    }
    host.paths = paths;
    host.devices = cgroup::named_devices(&spec.limits)
        .map(|path| (path.to_owned(), cgroup::look_at_device(path)))
        .collect();
    Ok(())
}

fn configured(name: SysconfVar) -> Option<u64> {
    sysconf(name)
        .ok()
        .flatten()
        .and_then(|value| u64::try_from(value).ok())
}

fn number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Whether the kernel has a call, by what it says to arguments that can do nothing.
fn known(answer: Result<(), Errno>) -> bool {
    answer != Err(Errno::ENOSYS)
}

/// The same for a call that looks at its flags before it looks at the caller: then EPERM is a
/// container's filter.
fn allowed(answer: Result<(), Errno>) -> bool {
    known(answer) && answer != Err(Errno::EPERM)
}

fn features() -> Features {
    const NONSENSE: u32 = u32::MAX;
    const PR_SET_SECCOMP: i32 = 22;
    const SECCOMP_MODE_FILTER: usize = 2;
    let how = OpenHow {
        flags: u64::MAX,
        mode: 0,
        resolve: u64::MAX,
    };
    let attr = MountAttr {
        attr_set: 0,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    Features {
        clone3: allowed(Err(calls::probe::clone3())),
        pidfd: allowed(calls::process::pidfd_open(-1).map(drop)),
        openat2: allowed(calls::path::openat2(AT_FDCWD, c"", &how).map(drop)),
        mount_api: allowed(calls::mount::open_tree(-1, c"", NONSENSE).map(drop))
            && known(calls::mount::move_mount(-1, -1, NONSENSE))
            && known(calls::mount::fsopen(c"", NONSENSE).map(drop)),
        mount_setattr: allowed(calls::mount::mount_setattr(-1, c"", NONSENSE, &attr)),
        close_range: allowed(calls::fd::close_range(1, 0)),
        memfd_exec: number("/proc/sys/vm/memfd_noexec").is_none_or(|mode| mode < 2),
        // Without a program: EFAULT where filters are known, EINVAL where they are not.
        seccomp_filter: calls::privilege::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0)
            == Err(Errno::EFAULT),
    }
}

/// What decides over the kinds of namespaces.
fn namespaces(caller: &Caller, features: &Features) -> (Vec<namespace::Found>, Switches) {
    let inode = |kind: Kind| {
        let path = Path::new("/proc/thread-self/ns").join(kind.name());
        fs::metadata(path).ok().map(|meta| meta.ino())
    };
    let holds = |ranges: &[(u32, u32)], id: u32| {
        ranges
            .iter()
            .any(|(first, count)| (*first..first.saturating_add(*count)).contains(&id))
    };
    let (uid, gid) = (caller.uid, caller.gid);
    let mapped = holds(&caller.mapped_uids, uid) && holds(&caller.mapped_gids, gid);
    let restricted = number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
        .is_some_and(|v| v != 0)
        && label().is_none_or(|label| restricts(&label));
    let switches = Switches {
        capable: caller.capable(CAP_SYS_ADMIN),
        unprivileged: number("/proc/sys/kernel/unprivileged_userns_clone").map(|v| v != 0),
        apparmor: restricted,
        chroot: fs::read("/proc/self/mountinfo").is_ok_and(|text| !cgroup::has_root_mount(&text)),
        unmapped: (!mapped).then_some((uid, gid)),
        program: fs::read_link("/proc/self/exe")
            .ok()
            .and_then(|path| path.into_os_string().into_string().ok()),
    };
    let filter = has_filter();
    let found = Kind::ALL
        .iter()
        .map(|kind| namespace::Found {
            kind: *kind,
            inode: inode(*kind),
            max: number(&format!("/proc/sys/user/max_{kind}_namespaces")),
            filtered: filter && filtered(*kind, features),
        })
        .collect();
    (found, switches)
}

/// Whether system calls of the calling thread go through a filter (seccomp(2)).
pub(crate) fn has_filter() -> bool {
    const PR_GET_SECCOMP: i32 = 21;
    match calls::privilege::prctl(PR_GET_SECCOMP, 0, 0) {
        // Without CONFIG_SECCOMP the kernel does not know the question.
        Ok(0) | Err(Errno::EINVAL) => false,
        _ => true,
    }
}

/// Whether a filter refuses a kind to the calls by which an init gets it. What clone3(2) is asked for no
/// filter can see: where that is allowed, so are all kinds that a process is born in.
fn filtered(kind: Kind, features: &Features) -> bool {
    let flag = kind.flag();
    let said = match kind {
        Kind::Cgroup | Kind::Time => calls::probe::unshare(flag),
        _ if features.clone3 => return false,
        _ => calls::probe::clone(flag),
    };
    said != Errno::EINVAL
}

/// What AppArmor knows the caller as, without its mode.
fn label() -> Option<String> {
    let text = ["apparmor/current", "current"]
        .iter()
        .find_map(|file| fs::read_to_string(Path::new("/proc/thread-self/attr").join(file)).ok())?;
    text.trim_end_matches(['\n', '\0'])
        .split(" (")
        .next()
        .map(str::to_owned)
}

/// Whether AppArmor's restriction is about programs with this label: those without a profile, and those
/// that it has moved into the profile without capabilities.
fn restricts(label: &str) -> bool {
    let last = label.rsplit("//").next().unwrap_or(label);
    last == "unconfined" || last.trim_start_matches('&') == "unprivileged_userns"
}

/// The calling thread's credentials: raw calls can make them differ from the process's. Asked for one by
/// one, since the kernel takes longer to write /proc/thread-self/status than for all of these.
fn caller() -> Result<Caller> {
    let denied = |errno| Error::from_errno(errno, Stage::Host, "capget");
    let mapped_gids = map(&read("/proc/thread-self/gid_map")?);
    // Where every group is mapped, whoever has written the map could do without denying it. The file came
    // with Linux 3.19.
    let setgroups_denied = mapped_gids != [(0, u32::MAX)]
        && fs::read("/proc/thread-self/setgroups").is_ok_and(|text| text.starts_with(b"deny"));
    Ok(Caller {
        uid: nix::unistd::geteuid().as_raw(),
        gid: nix::unistd::getegid().as_raw(),
        groups: groups()?,
        capabilities: calls::privilege::effective_capabilities().map_err(denied)?,
        mapped_uids: map(&read("/proc/thread-self/uid_map")?),
        mapped_gids,
        setgroups_denied,
        // A directory that was removed has no name.
        cwd: std::env::current_dir().map(Bytes::from).unwrap_or_default(),
        ..Caller::default()
    })
}

/// Not by libc or nix, which read /proc/sys/kernel/ngroups_max each time.
fn groups() -> Result<Vec<u32>> {
    let failed = |errno| Error::from_errno(errno, Stage::Host, "getgroups");
    let count = calls::privilege::getgroups(&mut []).map_err(failed)?;
    let mut groups = vec![0; count];
    let count = calls::privilege::getgroups(&mut groups).map_err(failed)?;
    groups.truncate(count);
    Ok(groups)
}

/// The environment, where the spec passes any of it on. Not otherwise: another thread of a C program
/// may be in setenv(3), which moves it away under the reader.
fn environment(spec: &Spec) -> BTreeMap<String, Bytes> {
    if spec.profile != Profile::None && spec.keep_env.is_empty() {
        return BTreeMap::new();
    }
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, Bytes::from(value))))
        .collect()
}

fn read(path: &str) -> Result<String> {
    kernfile::read(Path::new(path))
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .map_err(|e| {
            Error::from_io(&e, Stage::Host, path).with_hint("/proc must be mounted and readable")
        })
}

/// First id inside and count of each line of a uid_map or gid_map text.
fn map(text: &str) -> Vec<(u32, u32)> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let inside = words.next()?.parse().ok()?;
            let count = words.nth(1)?.parse().ok()?;
            Some((inside, count))
        })
        .collect()
}

fn look_at_system(paths: &mut BTreeMap<Bytes, PathFact>) {
    for dir in SYSTEM_DIRECTORIES {
        // Not followed: a link such as /bin -> usr/bin becomes the same link in the job's root.
        let fact = match fs::read_link(dir) {
            Ok(text) => PathFact::Link(Bytes::from(text)),
            // It is there, and no link.
            Err(e) if e.raw_os_error() == Some(libc::EINVAL) => followed(Path::new(dir)),
            Err(e) => missing(&e),
        };
        paths.insert(Bytes::from(dir), fact);
    }
}

fn followed(path: &Path) -> PathFact {
    match fs::metadata(path) {
        Ok(meta) => kind_of(&meta),
        Err(e) => missing(&e),
    }
}

fn kind_of(meta: &fs::Metadata) -> PathFact {
    if meta.is_dir() {
        PathFact::Dir
    } else {
        PathFact::File
    }
}

fn missing(error: &std::io::Error) -> PathFact {
    // Paths with NUL have no errno.
    PathFact::Missing(error.raw_os_error().unwrap_or(libc::EINVAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_maps() {
        assert_eq!(map("         0          0 4294967295\n"), [(0, u32::MAX)]);
        assert_eq!(
            map("0 100000 65536\n65536 1000 1\n"),
            [(0, 65_536), (65_536, 1)]
        );
        assert_eq!(map("0\n\n"), []);
    }

    #[test]
    fn labels_of_apparmor() {
        for restricted in [
            "unconfined",
            "unprivileged_userns",
            "snap.x//&unprivileged_userns",
        ] {
            assert!(restricts(restricted), "{restricted}");
        }
        for free in ["isolate-isolatectl", "docker-default", "/usr/bin/chrome"] {
            assert!(!restricts(free), "{free}");
        }
    }

    #[test]
    fn this_host() {
        let host = host().expect("a host with /proc");
        assert_eq!(host.caller.uid, nix::unistd::geteuid().as_raw());
        assert_eq!(host.caller.gid, nix::unistd::getegid().as_raw());
        let groups = nix::unistd::getgroups().expect("groups");
        let groups: Vec<u32> = groups.into_iter().map(nix::unistd::Gid::as_raw).collect();
        assert_eq!(host.caller.groups, groups);
        let status = fs::read_to_string("/proc/thread-self/status").expect("/proc");
        let capabilities = format!("CapEff:\t{:016x}\n", host.caller.capabilities);
        assert!(status.contains(&capabilities), "{capabilities}{status}");
        assert_eq!(host.namespaces.len(), 8);
        assert!(host.page_size.is_power_of_two());
        assert!(host.cpus >= 1);
        let own = fs::metadata("/proc/self/ns/pid").map(|m| m.ino()).ok();
        assert_eq!(host.namespaces[&Kind::Pid].inode, own);
        assert!(matches!(
            host.path(&"/usr".into()),
            PathFact::Dir | PathFact::Link(_)
        ));
    }

    #[test]
    fn paths_of_a_spec() {
        let mut spec = Spec::new(["/bin/true"]);
        spec.binds.push(crate::spec::Bind::ro("/proc/self/exe"));
        spec.binds.push(crate::spec::Bind::ro("/no/such/path"));
        let mut host = host().expect("a host with /proc");
        refresh(&mut host, &spec).expect("a host with /proc");
        assert_eq!(host.path(&"/proc/self/exe".into()), PathFact::File);
        assert_eq!(
            host.path(&"/no/such/path".into()),
            PathFact::Missing(libc::ENOENT)
        );
        assert!(matches!(
            host.path(&"/usr".into()),
            PathFact::Dir | PathFact::Link(_)
        ));
        let plain = Spec::new(["/bin/true"]);
        refresh(&mut host, &plain).expect("a host with /proc");
        assert_eq!(host.paths.get(&"/no/such/path".into()), None);
    }
}
