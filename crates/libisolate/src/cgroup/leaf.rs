//! Moves the calling process out of the way, so that controllers can be handed to groups beside it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::{Version, parse, probe, write};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::spec::Bytes;

/// Moves the whole calling process from its own v2 cgroup into a group `isolate-leaf` below it.
///
/// Who needs it: a program on a v2 host that is alone in a cgroup of its own, such as one started
/// by `systemd-run --user --scope -p Delegate=yes`. The kernel does not let a cgroup hold processes
/// and hand controllers to groups below it, so without the move no limit can be set there. From then
/// on jobs get their groups beside the leaf; a [`Host`](crate::Host) must be probed again.
///
/// Nothing else of this library moves the calling process. Where nothing is to be done (no v2 tree,
/// the caller at the root of the tree or in its leaf already), it does nothing.
///
/// # Errors
/// `Busy` when other processes are in the caller's cgroup, `Permission` when it is not the caller's
/// to change; the process is where it was.
pub fn move_to_leaf() -> Result<()> {
    let mounts = parse::mountinfo(&probe::read_proc("/proc/self/mountinfo")?);
    let memberships = parse::memberships(&probe::read_proc("/proc/self/cgroup")?);
    let views = parse::arrange(&mounts, &memberships);
    let Some(own) = views.iter().find(|v| v.version == Version::V2) else {
        return Ok(());
    };
    if own
        .own
        .as_bytes()
        .ends_with(format!("/{}", parse::LEAF).as_bytes())
    {
        return Ok(());
    }
    if own.dir.is_empty() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            own.mount.to_string(),
            own.reason.clone().unwrap_or_default(),
        ));
    }
    move_below(own.dir.as_path(), &own.mount)
}

fn move_below(dir: &Path, mount: &Bytes) -> Result<()> {
    // Only the root of the whole tree has no type, and it may hold processes.
    if !dir.join("cgroup.type").exists() && dir.join("cgroup.procs").exists() {
        return Ok(());
    }
    let own = std::process::id().to_string();
    let others = write::read(dir, "cgroup.procs")?
        .lines()
        .filter(|pid| *pid != own)
        .count();
    if others > 0 {
        return Err(Error::new(
            ErrorKind::Busy,
            Stage::Cgroup,
            dir.display().to_string(),
            format!(
                "{others} other processes are in it; {}",
                probe::own_group(mount)
            ),
        ));
    }
    let leaf = dir.join(parse::LEAF);
    let made = match DirBuilder::new().mode(0o755).create(&leaf) {
        Ok(()) => true,
        Err(e) if e.raw_os_error() == Some(libc::EEXIST) => false,
        Err(e) => {
            return Err(
                Error::from_io(&e, Stage::Cgroup, leaf.display().to_string())
                    .with_hint(probe::own_group(mount)),
            );
        }
    };
    write::write(&leaf, "cgroup.procs", "0").inspect_err(|_| {
        if made {
            let _ = std::fs::remove_dir(&leaf);
        }
    })
}
