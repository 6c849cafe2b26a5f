//! Ids of the job: writing the maps of its user namespace, and mount trees whose ids are mapped by it.

use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use isolate_sys::Errno;
use isolate_sys::abi::{
    AT_EMPTY_PATH, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_IDMAP, MS_PRIVATE, MountAttr, O_CLOEXEC,
    OPEN_TREE_CLONE,
};
use isolate_sys::calls::mount;

use crate::error::{Error, ErrorKind, Result, Stage};
use crate::ns;
use crate::plan::{Idmap, Plan, Tree};
use crate::spec::IdMap;
use crate::sysfd::own;

/// Writes the maps that a plan gives its init's user namespace (user_namespaces(7)).
pub(crate) fn write_plan(pid: i32, plan: &Plan) -> Result<()> {
    ns::put_id_maps(
        pid,
        (&plan.uid_map, plan.uid_helper.as_ref()),
        (&plan.gid_map, plan.gid_helper.as_ref()),
        plan.deny_setgroups,
    )
}

/// The same for the namespace by which a privileged caller's trees are mapped.
pub(super) fn write_for_trees(pid: i32, uids: &[IdMap], gids: &[IdMap]) -> Result<()> {
    ns::put_id_maps(pid, (uids, None), (gids, None), false)
}

/// A process's user namespace, which lives as long as the descriptor.
pub(super) fn namespace(pid: i32) -> Result<OwnedFd> {
    let path = format!("/proc/{pid}/ns/user");
    File::open(&path)
        .map(OwnedFd::from)
        .map_err(|error| Error::from_io(&error, Stage::Ids, path))
}

/// A detached copy of a mount tree, with its attributes set and its ids mapped.
pub(super) fn open_tree(tree: &Tree, user: Option<BorrowedFd<'_>>) -> Result<OwnedFd> {
    let shown = tree.path.to_string();
    let failed = |errno| Error::from_errno(errno, Stage::Mount, shown.clone());
    let path = tree
        .path
        .to_cstring()
        .ok_or_else(|| Error::invalid(&shown, "contains a NUL byte"))?;
    let flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE;
    let copy = own(mount::open_tree(AT_FDCWD, &path, flags)).map_err(failed)?;
    let set = |attr: MountAttr| {
        mount::mount_setattr(copy.as_raw_fd(), c"", AT_EMPTY_PATH | AT_RECURSIVE, &attr)
    };
    // The copy of a shared mount would be shared with this process: what the job mounts in it would
    // appear here.
    let plain = MountAttr {
        attr_set: tree.attributes,
        propagation: MS_PRIVATE,
        ..MountAttr::default()
    };
    let mapped = user.filter(|_| tree.idmap != Idmap::No).map(|user| {
        set(MountAttr {
            attr_set: tree.attributes | MOUNT_ATTR_IDMAP,
            userns_fd: user.as_raw_fd() as u64,
            propagation: MS_PRIVATE,
            ..MountAttr::default()
        })
    });
    match mapped {
        Some(Ok(())) => return Ok(copy),
        Some(Err(errno)) if tree.idmap == Idmap::Must => {
            return Err(unmappable(tree.path.as_path(), errno));
        }
        // Whatever else went wrong is no property of the file system.
        Some(Err(errno)) if errno != Errno::EINVAL && errno != Errno::EPERM => {
            return Err(failed(errno));
        }
        _ => {}
    }
    set(plain).map_err(failed)?;
    Ok(copy)
}

fn unmappable(path: &Path, errno: Errno) -> Error {
    let error = Error::from_errno(errno, Stage::Mount, path.display().to_string());
    if errno != Errno::EINVAL && errno != Errno::EPERM {
        return error;
    }
    let fs = file_system(path).unwrap_or_else(|| "its file system".into());
    error.with_kind(ErrorKind::Unsupported).with_hint(format!(
        "{fs}, or a mount below it, cannot map ids, so the job's files there would not be the \
         caller's: bind a directory of another file system, or give the job a uid_map and gid_map \
         with the caller's own ids"
    ))
}

/// The type of the file system that holds a path, from /proc/self/mountinfo.
fn file_system(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let dev = std::fs::metadata(path).ok()?.dev();
    let wanted = format!("{}:{}", libc::major(dev), libc::minor(dev));
    let table = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    table.lines().find_map(|line| {
        let (head, tail) = line.split_once(" - ")?;
        (head.split(' ').nth(2)? == wanted).then(|| tail.split(' ').next().map(str::to_owned))?
    })
}
