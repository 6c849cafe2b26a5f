//! Looking: everything that touches the host. Whatever cannot be looked up is a fact too.

mod groups;
mod ids;
mod proc;
mod systemd;
pub(super) mod tries;

use std::path::Path;

use isolate_sys::Errno;
use isolate_sys::calls::{privilege, probe};

use super::facts::{Facts, Guards};
use crate::error::{Error, Result, Stage};
use crate::host::{self, Host};
use crate::kernfile;
use crate::ns::Kind;

pub(super) fn facts() -> Result<Facts> {
    let uts = nix::sys::utsname::uname()
        .map_err(|errno| Error::from_errno(Errno::from_raw(errno as i32), Stage::Host, "uname"))?;
    let host = Host::probe();
    let most = |kind: Kind| {
        let name = format!("/proc/sys/user/max_{kind}_namespaces");
        Some((kind, text(&name)?.trim().parse().ok()?))
    };
    Ok(Facts {
        kernel: uts.release().to_string_lossy().into_owned(),
        machine: uts.machine().to_string_lossy().into_owned(),
        guards: guards(),
        proc: proc::facts(),
        most: Kind::ALL.into_iter().filter_map(most).collect(),
        ids: ids::facts(),
        groups: groups::facts(host.as_ref().ok()),
        systemd: systemd::systemd(host.as_ref().ok()),
        tries: tries::facts(host.as_ref()),
        host,
    })
}

/// A file of the kernel's, where it can be read and is text.
fn text(path: &str) -> Option<String> {
    String::from_utf8(kernfile::read(Path::new(path)).ok()?).ok()
}

/// Of the calling thread, which starts the inits.
fn guards() -> Guards {
    const PR_GET_NO_NEW_PRIVS: i32 = 39;
    let filter = host::has_filter();
    let mut refused = Vec::new();
    if filter && probe::mount() != Errno::EFAULT {
        refused.push("mount");
    }
    // What it is asked for makes no difference: a kind of its own is the namespace's business.
    if filter && probe::unshare(0) != Errno::EINVAL {
        refused.push("unshare");
    }
    Guards {
        no_new_privs: privilege::prctl(PR_GET_NO_NEW_PRIVS, 0, 0) == Ok(1),
        filter,
        refused,
    }
}
