//! Maps of ids: written by the caller itself, or for an ordinary user by newuidmap(1) and newgidmap(1).

use super::super::facts::{Facts, Ids, Program};
use super::super::{Area, Check};
use super::Why;

/// How many ids programs expect to have: those of nobody (65534) too.
const USUAL: u32 = 65536;

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let ids = &facts.ids;
    let host = facts.host.as_ref().ok();
    let found = match host {
        Some(host) => format!(
            "uid {}, gid {}, {}",
            ids.uid,
            ids.gid,
            match host.caller.capability_names().len() {
                0 => "no capabilities".to_owned(),
                1 => "1 capability".to_owned(),
                count => format!("{count} capabilities"),
            }
        ),
        None => format!("uid {}, gid {}", ids.uid, ids.gid),
    };
    let mut all = vec![Check::of(Area::Ids, "caller", found)];
    let by_itself = host.map_or(ids.uid == 0, |host| host.caller.may_set_ids());
    for (place, name) in ["newuidmap", "newgidmap"].into_iter().enumerate() {
        let check = helper(name, ids.programs[place].as_ref(), facts);
        all.push(if by_itself { unmissed(check) } else { check });
    }
    for name in ["subuid", "subgid"] {
        let check = ranges(name, ids);
        all.push(if by_itself { unmissed(check) } else { check });
    }
    all
}

/// Of a caller who writes maps itself.
fn unmissed(check: Check) -> Check {
    check.absent(Why::new("this caller maps any ids by itself"))
}

fn helper(name: &'static str, program: Option<&Program>, facts: &Facts) -> Check {
    let Some(program) = program else {
        return Check::of(Area::Ids, name, "not installed").fails(
            Why::new("without it an ordinary user can map its own id alone").and(
                "as root: apt install uidmap (Debian, Ubuntu), dnf install shadow-utils (Fedora, RHEL), \
                 zypper install shadow (SUSE), apk add shadow-uidmap (Alpine), pacman -S shadow (Arch)",
            ),
        );
    };
    let rights = match (program.setuid, program.capabilities) {
        (Some(0), _) => "setuid root",
        (_, true) => "with file capabilities",
        _ => "without rights of its own",
    };
    let path = &program.path;
    let check = Check::of(Area::Ids, name, format!("{path}, {rights}"));
    if facts.guards.no_new_privs {
        return check.fails(
            Why::new("this process has no_new_privs, and so have those that it starts: the program gets no rights")
                .and(
                    "start the program without it: no NoNewPrivileges=yes (a unit of systemd), no \
                     --security-opt no-new-privileges (docker, podman), not from inside a sandbox",
                ),
        );
    }
    if program.setuid != Some(0) && !program.capabilities {
        let capability = match name {
            "newuidmap" => "cap_setuid",
            _ => "cap_setgid",
        };
        return check.fails(
            Why::new("it has neither the setuid bit of root nor file capabilities").and(format!(
                "as root: setcap {capability}=ep {path}, or chown root {path} && chmod u+s {path}"
            )),
        );
    }
    match program.nosuid {
        true => check.fails(
            Why::new("its file system is mounted with nosuid, so that it gets no rights").and(
                format!("as root: mount -o remount,suid \"$(findmnt -n -o TARGET -T {path})\""),
            ),
        ),
        false => check,
    }
}

fn ranges(name: &'static str, ids: &Ids) -> Check {
    let file = format!("/etc/{name}");
    let subordinate = match &ids.subordinate {
        Some(Ok(subordinate)) => subordinate,
        Some(Err(error)) => {
            return Check::of(Area::Ids, name, "cannot be read").fails(Why {
                remedy: Some(format!("as root: chmod a+r {file}")),
                ..Why::from(error)
            });
        }
        None => return Check::of(Area::Ids, name, "not looked at"),
    };
    let ranges = match name {
        "subuid" => &subordinate.uid,
        _ => &subordinate.gid,
    };
    let shown: Vec<String> = ranges
        .iter()
        .map(|(first, count)| format!("{first}+{count}"))
        .collect();
    let count: u64 = ranges.iter().map(|(_, count)| u64::from(*count)).sum();
    if count == 0 {
        return Check::of(Area::Ids, name, "no ids").fails(
            Why::new(format!(
                "{file} gives this user no ids: it can map its own id alone"
            ))
            .and(more(ids)),
        );
    }
    let check = Check::of(Area::Ids, name, format!("ids {}", shown.join(", ")));
    match count < u64::from(USUAL) {
        true => check.limited(
            Why::new(format!(
                "{file} gives this user {count} ids, fewer than the usual {USUAL}"
            ))
            .and(more(ids)),
        ),
        false => check,
    }
}

/// Gives the user a range of both that nobody has.
fn more(ids: &Ids) -> String {
    // useradd(8) begins at 100000.
    let first = ids.free.max(100_000);
    match &ids.name {
        Some(name) => format!(
            "as root: usermod --add-subuids {first}-{last} --add-subgids {first}-{last} {name}",
            last = first.saturating_add(USUAL - 1)
        ),
        None => format!(
            "as root: echo {uid}:{first}:{USUAL} >> /etc/subuid && echo {uid}:{first}:{USUAL} >> /etc/subgid",
            uid = ids.uid
        ),
    }
}
