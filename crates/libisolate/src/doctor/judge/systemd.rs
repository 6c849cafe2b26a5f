//! systemd: whether it manages the tree, which manager answers this caller, and who owns its unit.

use super::super::facts::{Facts, Manager, Socket};
use super::super::{Area, Check};
use super::{Why, is_wsl};

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let systemd = &facts.systemd;
    if !systemd.booted {
        let why = Why::new("jobs get their groups from the cgroup file system itself");
        let why = match is_wsl(facts) {
            true => why.and(
                "to have it: printf '[boot]\\nsystemd=true\\n' | sudo tee -a /etc/wsl.conf, and in Windows: \
                 wsl --shutdown",
            ),
            false => why,
        };
        return vec![Check::of(Area::Systemd, "booted", "no").absent(why)];
    }
    let mut all = vec![Check::of(Area::Systemd, "booted", "yes")];
    all.push(match facts.ids.uid {
        0 => system_manager(facts),
        _ => user_manager(facts),
    });
    all.extend(version(facts));
    all.push(own_unit(facts));
    let (who, why) = match systemd.makes_groups {
        true => (
            "by systemd",
            "the caller's own group is a unit's and was not handed to it: each job gets a scope",
        ),
        false => (
            "by this library",
            "the caller's own group is the caller's to divide",
        ),
    };
    all.push(Check::of(
        Area::Systemd,
        "groups of jobs",
        format!("{who}: {why}"),
    ));
    all
}

/// What the caller's manager says of itself when it is asked as a job's launch asks it.
fn version(facts: &Facts) -> Option<Check> {
    let name = "version";
    Some(match facts.systemd.version.as_ref()? {
        Ok(version) if *version < OLDEST => Check::of(Area::Systemd, name, version.to_string())
            .limited(
                Why::new("some limits are not told to it: they hold on the job's own group alone")
                    .and(format!("have systemd {OLDEST} or later")),
            ),
        Ok(version) => Check::of(Area::Systemd, name, version.to_string()),
        Err(error) => Check::of(Area::Systemd, name, "not told").limited(
            Why::new(error.clone()).and("until then: driver \"cgroupfs\" in a delegated cgroup"),
        ),
    })
}

/// The first version that has a property for every limit that has one at all (AllowedCPUs).
const OLDEST: u32 = 244;

fn answering(facts: &Facts, whose: [Manager; 2]) -> Option<&Socket> {
    let sockets = &facts.systemd.sockets;
    sockets
        .iter()
        .find(|socket| whose.contains(&socket.whose) && socket.answer.is_ok())
}

/// What the sockets of a manager said.
fn silence(facts: &Facts, whose: [Manager; 2]) -> String {
    let words: Vec<String> = facts
        .systemd
        .sockets
        .iter()
        .filter(|socket| whose.contains(&socket.whose))
        .filter_map(|socket| {
            let errno = socket.answer.err()?;
            let errno = isolate_sys::Errno::from_raw(errno);
            Some(format!(
                "{}: {}",
                socket.path,
                crate::error::describe(errno)
            ))
        })
        .collect();
    words.join(", ")
}

fn system_manager(facts: &Facts) -> Check {
    let whose = [Manager::SystemBus, Manager::SystemPrivate];
    match answering(facts, whose) {
        Some(socket) => Check::of(Area::Systemd, "system manager", socket.path.clone()),
        None => Check::of(Area::Systemd, "system manager", "does not answer").fails(
            Why::new(silence(facts, whose))
                .and("start the bus: systemctl start dbus.socket (Debian: apt install dbus)"),
        ),
    }
}

fn user_manager(facts: &Facts) -> Check {
    let whose = [Manager::UserBus, Manager::UserPrivate];
    let systemd = &facts.systemd;
    let uid = facts.ids.uid;
    let name = "user manager";
    match (answering(facts, whose), &systemd.runtime_dir, &systemd.user_dir) {
        (Some(socket), Some(_), _) => Check::of(Area::Systemd, name, socket.path.clone()),
        // systemd-run(1) and others do not guess.
        (Some(socket), None, Some(dir)) => Check::of(Area::Systemd, name, socket.path.clone()).limited(
            Why::new("XDG_RUNTIME_DIR is not set, as after su and sudo: programs do not find the manager")
                .and(format!("export XDG_RUNTIME_DIR={dir}, or log in as the user")),
        ),
        (_, _, None) if systemd.sockets.iter().all(|s| !whose.contains(&s.whose)) => {
            Check::of(Area::Systemd, name, "does not run").fails(
                Why::new(format!("there is no /run/user/{uid}: the user has not logged in"))
                    .and(format!("as root: loginctl enable-linger {}", who(facts))),
            )
        }
        _ => Check::of(Area::Systemd, name, "does not answer").fails(
            Why::new(silence(facts, whose)).and(format!(
                "as root: loginctl enable-linger {user} && systemctl start user@{uid}.service (Debian: apt \
                 install dbus-user-session libpam-systemd)",
                user = who(facts)
            )),
        ),
    }
}

fn who(facts: &Facts) -> String {
    let ids = &facts.ids;
    ids.name.clone().unwrap_or_else(|| ids.uid.to_string())
}

fn own_unit(facts: &Facts) -> Check {
    let name = "own unit";
    let Some(unit) = &facts.systemd.unit else {
        return Check::of(Area::Systemd, name, "none").absent(Why::new(
            "the caller is in no service and no scope that it can see",
        ));
    };
    match facts.systemd.delegated {
        Some(true) => Check::of(Area::Systemd, name, format!("{unit}, delegated")),
        Some(false) => Check::of(Area::Systemd, name, format!("{unit}, not delegated")),
        None => Check::of(
            Area::Systemd,
            name,
            format!("{unit}, not marked as delegated"),
        ),
    }
}
