//! systemd, as far as files and sockets tell without a word spoken to it.

use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};

use super::super::facts::{Manager, Socket, Systemd};
use crate::cgroup::{is_delegated, systemd_tree};
use crate::host::Host;
use crate::spec::Bytes;

pub(super) fn systemd(host: Option<&Host>) -> Systemd {
    let booted = Path::new("/run/systemd/system").is_dir();
    // As sd_bus_open_user(3) does; where it is not set there is the place where pam_systemd(8) would have
    // made it.
    let runtime_dir = std::env::var("XDG_RUNTIME_DIR")
        .ok()
        .filter(|dir| !dir.is_empty());
    let user_dir = format!("/run/user/{}", nix::unistd::geteuid());
    let user_dir = Path::new(&user_dir).is_dir().then_some(user_dir);
    let mut sockets = Vec::new();
    if booted {
        sockets.push(ask(
            Manager::SystemBus,
            "/run/dbus/system_bus_socket".to_owned(),
        ));
        sockets.push(ask(
            Manager::SystemPrivate,
            "/run/systemd/private".to_owned(),
        ));
        if let Some(dir) = runtime_dir.as_ref().or(user_dir.as_ref()) {
            sockets.push(ask(Manager::UserBus, format!("{dir}/bus")));
            sockets.push(ask(Manager::UserPrivate, format!("{dir}/systemd/private")));
        }
    }
    let tree = host.and_then(|host| systemd_tree(&host.cgroup));
    let unit = tree.and_then(|tree| unit(&tree.mount, &tree.own));
    let known = host.and_then(|host| host.cgroup.systemd.as_ref());
    Systemd {
        booted,
        version: booted.then(|| crate::cgroup::systemd_version().map_err(|error| error.message())),
        makes_groups: known.is_some_and(|systemd| systemd.manages_caller),
        sockets,
        runtime_dir,
        user_dir,
        delegated: unit.as_ref().and_then(|(_, dir)| delegated(dir)),
        unit: unit.map(|(name, _)| name),
    }
}

/// Connects, and hangs up.
fn ask(whose: Manager, path: String) -> Socket {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let answer = socket(AddressFamily::Unix, SockType::Stream, flags, None).and_then(|line| {
        let address = UnixAddr::new(path.as_str())?;
        connect(line.as_raw_fd(), &address)
    });
    let answer = match answer {
        // Somebody listens, and has much to do.
        Ok(()) | Err(nix::errno::Errno::EAGAIN) => Ok(()),
        Err(errno) => Err(errno as i32),
    };
    Socket {
        whose,
        path,
        answer,
    }
}

/// The innermost unit that has processes of its own around a group, with its directory.
fn unit(mount: &Bytes, own: &Bytes) -> Option<(String, PathBuf)> {
    let own = own.to_string();
    let mut dir = mount.as_path().to_owned();
    let mut found = None;
    for name in own.split('/').filter(|name| !name.is_empty()) {
        dir.push(name);
        if name.ends_with(".service") || name.ends_with(".scope") {
            found = Some((name.to_owned(), dir.clone()));
        }
    }
    found
}

/// Whether systemd has marked a unit's group as delegated, as far as this caller is told.
fn delegated(dir: &Path) -> Option<bool> {
    // Without a mark nothing is certain but for root, who sees those of every version.
    match is_delegated(dir) {
        true => Some(true),
        false => nix::unistd::geteuid().is_root().then_some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_around_a_group() {
        let told = |own: &str| {
            unit(&"/sys/fs/cgroup".into(), &own.into())
                .map(|(name, dir)| (name, dir.display().to_string()))
        };
        assert_eq!(told("/"), None);
        assert_eq!(told("/a.slice/b"), None);
        let user = "/user.slice/user-7.slice/user@7.service/app.slice/run-1.scope";
        assert_eq!(
            told(&format!("{user}/isolate-leaf")),
            Some(("run-1.scope".to_owned(), format!("/sys/fs/cgroup{user}")))
        );
    }

    #[test]
    fn who_listens_and_who_does_not() {
        let dir = std::env::temp_dir().join(format!("isolate-doctor-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a directory");
        let path = dir.join("socket");
        let told = || ask(Manager::UserBus, path.display().to_string()).answer;
        assert_eq!(told(), Err(libc::ENOENT));
        let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        assert_eq!(told(), Ok(()));
        drop(listener);
        assert_eq!(told(), Err(libc::ECONNREFUSED));
        std::fs::remove_dir_all(&dir).expect("its end");
    }
}
