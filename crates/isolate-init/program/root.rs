//! The new root: trees, fresh file systems and devices are put in place, then it becomes the root.
//!
//! The calls of Linux 5.2 and 5.12 come first: they work on descriptors, so that no path is looked up
//! twice. Where they are missing the classic call does the same through /proc/self/fd.

use core::ffi::CStr;

use isolate_plan::Texts;
use isolate_sys::abi::{
    AT_EMPTY_PATH, AT_FDCWD, AT_RECURSIVE, FSCONFIG_CMD_CREATE, FSCONFIG_SET_FLAG,
    FSCONFIG_SET_STRING, FSMOUNT_CLOEXEC, FSOPEN_CLOEXEC, MNT_DETACH, MOUNT_ATTR_NOEXEC,
    MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY, MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH,
    MS_BIND, MS_REC, MountAttr, O_CLOEXEC, O_DIRECTORY, O_PATH, OPEN_TREE_CLONE,
    S_IFCHR, S_IFDIR, S_IFMT,
};
use isolate_sys::calls::{fd, mount, path};
use isolate_sys::{Errno, Result};

use crate::mountinfo::{self, Reach};
use crate::numbered::Numbered;
use crate::place::{self, Kind};
use crate::state::Init;

/// A mount that a slot holds.
#[derive(Clone, Copy)]
pub enum Tree {
    /// A detached copy (open_tree(2)).
    Detached(i32),
    /// A place in a mounted tree, to be bound by path.
    Place(i32),
}

/// Takes a copy of the tree at a path of the old root.
pub fn open_tree(init: &mut Init, slot: u32, source: &CStr) -> Result<()> {
    let flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE;
    match mount::open_tree(AT_FDCWD, source, flags) {
        Ok(tree) => init.set_slot(slot, tree),
        Err(Errno::ENOSYS) => {
            let place = path::openat(AT_FDCWD, source, O_PATH | O_CLOEXEC, 0)?;
            init.set_attached(slot, place)
        }
        Err(errno) => Err(errno),
    }
}

/// Begins the new root with an empty tmpfs.
pub fn begin_tmpfs(init: &mut Init, size: u64, bases: Texts<'_>) -> Result<()> {
    let base = base(bases)?;
    let size = Numbered::new("size=", size);
    let options = [size.as_c_str(), c"mode=0755"];
    let fresh = make(c"tmpfs", options.into_iter(), MOUNT_ATTR_NOSUID);
    match fresh {
        Ok(tree) => {
            move_to(tree, base)?;
            // The mount's own descriptor is the root directory, whatever is mounted where.
            init.root = Some(tree);
        }
        Err(Errno::ENOSYS) => {
            classic_fresh(c"tmpfs", options.into_iter(), MOUNT_ATTR_NOSUID, base)?;
            init.root = Some(reopen(base)?);
        }
        Err(errno) => return Err(errno),
    }
    // It is a way into the old root.
    fd::close(base)
}

/// Begins the new root with a tree.
pub fn begin_tree(init: &mut Init, slot: u32, attributes: u64, bases: Texts<'_>) -> Result<()> {
    let base = base(bases)?;
    put(init.tree(slot)?, attributes, base)?;
    init.root = Some(match init.tree(slot)? {
        Tree::Detached(tree) => tree,
        Tree::Place(_) => reopen(base)?,
    });
    fd::close(base)
}

/// Mounts a slot's tree at a path of the new root.
pub fn attach(init: &mut Init, slot: u32, attributes: u64, target: &CStr) -> Result<()> {
    let tree = init.tree(slot)?;
    let (Tree::Detached(source) | Tree::Place(source)) = tree;
    let kind = if is_directory(source)? { Kind::Directory } else { Kind::File };
    let target = place::place(init, target, kind)?;
    put(tree, attributes, target)?;
    fd::close(target)
}

/// Mounts a fresh file system at a path of the new root.
pub fn fresh(
    init: &mut Init,
    fstype: &CStr,
    options: Texts<'_>,
    attributes: u64,
    target: &CStr,
) -> Result<()> {
    let target = place::place(init, target, Kind::Directory)?;
    match make(fstype, options.iter(), attributes) {
        Ok(tree) => {
            move_to(tree, target)?;
            fd::close(tree)?;
        }
        Err(Errno::ENOSYS) => classic_fresh(fstype, options.iter(), attributes, target)?,
        Err(errno) => return Err(errno),
    }
    fd::close(target)
}

/// Mounts a device of the old root, once it has proven to be what it is called.
pub fn device(init: &mut Init, source: &CStr, rdev: u64, target: &CStr) -> Result<()> {
    let tree = match mount::open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | O_CLOEXEC) {
        Ok(tree) => Tree::Detached(tree),
        Err(Errno::ENOSYS) => {
            Tree::Place(path::openat(AT_FDCWD, source, O_PATH | O_CLOEXEC, 0)?)
        }
        Err(errno) => return Err(errno),
    };
    let (Tree::Detached(node) | Tree::Place(node)) = tree;
    let stat = path::fstatat(node, c"", AT_EMPTY_PATH)?;
    if stat.mode & S_IFMT != S_IFCHR || stat.rdev != rdev {
        return Err(Errno::ENODEV);
    }
    let target = place::place(init, target, Kind::File)?;
    put(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, target)?;
    fd::close(node)?;
    fd::close(target)
}

/// Mounts a path over itself with attributes.
pub fn protect(init: &mut Init, attributes: u64, target: &CStr) -> Result<()> {
    let place = match place::place(init, target, Kind::Existing) {
        Err(Errno::ENOENT) => return Ok(()),
        other => other?,
    };
    let flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE;
    let tree = match mount::open_tree(place, c"", flags) {
        Ok(tree) => Tree::Detached(tree),
        Err(Errno::ENOSYS) => Tree::Place(place),
        Err(errno) => return Err(errno),
    };
    put(tree, attributes, place)?;
    if let Tree::Detached(tree) = tree {
        fd::close(tree)?;
    }
    fd::close(place)
}

/// Covers a path with nothing.
pub fn mask(init: &mut Init, target: &CStr) -> Result<()> {
    let place = match place::place(init, target, Kind::Existing) {
        Err(Errno::ENOENT) => return Ok(()),
        other => other?,
    };
    let directory = is_directory(place)?;
    fd::close(place)?;
    if !directory {
        // Major 1, minor 3.
        return device(init, c"/dev/null", 0x103, target);
    }
    let place = place::place(init, target, Kind::Existing)?;
    let options = [c"size=0", c"nr_inodes=1", c"mode=0555"];
    match make(c"tmpfs", options.into_iter(), MOUNT_ATTR_RDONLY) {
        Ok(tree) => {
            move_to(tree, place)?;
            fd::close(tree)?;
        }
        Err(Errno::ENOSYS) => {
            classic_fresh(c"tmpfs", options.into_iter(), MOUNT_ATTR_RDONLY, place)?;
        }
        Err(errno) => return Err(errno),
    }
    fd::close(place)
}

/// Makes the new root the root.
pub fn pivot(init: &mut Init) -> Result<()> {
    let root = init.root.ok_or(Errno::EPROTO)?;
    path::fchdir(root)?;
    // Both are the same directory: the old root ends up on top of the new one, and goes.
    mount::pivot_root(c".", c".")?;
    mount::umount(c".", MNT_DETACH)?;
    path::chdir(c"/")
}

/// Changes attributes of one mount.
pub fn set_attributes(attributes: u64, path: &CStr) -> Result<()> {
    let attr = MountAttr { attr_set: attributes, ..MountAttr::default() };
    match mount::mount_setattr(AT_FDCWD, path, 0, &attr) {
        // By way of its present attributes: mount(2) would take away what it does not name.
        Err(Errno::ENOSYS) => {
            let place = path::openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0)?;
            mountinfo::remount(place, attributes, Reach::One)?;
            fd::close(place)
        }
        other => other,
    }
}

/// Puts a tree onto a place, with attributes on every mount in it.
fn put(tree: Tree, attributes: u64, target: i32) -> Result<()> {
    match tree {
        Tree::Detached(tree) => {
            let attr = MountAttr { attr_set: attributes, ..MountAttr::default() };
            let flags = AT_EMPTY_PATH | AT_RECURSIVE;
            let set = if attributes == 0 {
                Ok(())
            } else {
                mount::mount_setattr(tree, c"", flags, &attr)
            };
            match set {
                Ok(()) => move_to(tree, target),
                // Linux 5.2 to 5.11 attach trees, but change attributes only by path.
                Err(Errno::ENOSYS) => {
                    move_to(tree, target)?;
                    mountinfo::remount(target, attributes, Reach::Tree)
                }
                Err(errno) => Err(errno),
            }
        }
        Tree::Place(source) => {
            let from = Numbered::descriptor(source);
            let to = Numbered::descriptor(target);
            mount::mount(Some(from.as_c_str()), to.as_c_str(), None, MS_BIND | MS_REC, None)?;
            mountinfo::remount(target, attributes, Reach::Tree)
        }
    }
}

fn move_to(tree: i32, target: i32) -> Result<()> {
    mount::move_mount(tree, target, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
}

/// A fresh file system that is not mounted anywhere yet.
fn make<'t>(
    fstype: &CStr,
    options: impl Iterator<Item = &'t CStr>,
    attributes: u64,
) -> Result<i32> {
    let context = mount::fsopen(fstype, FSOPEN_CLOEXEC)?;
    let made = configure(context, options)
        .and_then(|()| mount::fsmount(context, FSMOUNT_CLOEXEC, attributes));
    fd::close(context)?;
    made
}

fn configure<'t>(context: i32, options: impl Iterator<Item = &'t CStr>) -> Result<()> {
    for option in options {
        let bytes = option.to_bytes_with_nul();
        match bytes.iter().position(|byte| *byte == b'=') {
            None => mount::fsconfig(context, FSCONFIG_SET_FLAG, Some(option), None)?,
            Some(at) => {
                let mut key = [0u8; 32];
                let name = bytes.get(..at).ok_or(Errno::EINVAL)?;
                key.get_mut(..at).ok_or(Errno::EINVAL)?.copy_from_slice(name);
                let key = CStr::from_bytes_until_nul(&key).map_err(|_| Errno::EINVAL)?;
                let value = bytes.get(at + 1..).ok_or(Errno::EINVAL)?;
                let value = CStr::from_bytes_with_nul(value).map_err(|_| Errno::EINVAL)?;
                mount::fsconfig(context, FSCONFIG_SET_STRING, Some(key), Some(value))?;
            }
        }
    }
    mount::fsconfig(context, FSCONFIG_CMD_CREATE, None, None)
}

/// The same by mount(2), onto a descriptor's path.
fn classic_fresh<'t>(
    fstype: &CStr,
    options: impl Iterator<Item = &'t CStr>,
    attributes: u64,
    target: i32,
) -> Result<()> {
    let mut data = [0u8; 256];
    let mut len = 0;
    for option in options {
        if len > 0 {
            data[len] = b',';
            len += 1;
        }
        let bytes = option.to_bytes();
        // One byte stays for the NUL, one for the next comma.
        let room = data.get_mut(len..len + bytes.len() + 2).ok_or(Errno::EINVAL)?;
        room[..bytes.len()].copy_from_slice(bytes);
        len += bytes.len();
    }
    let data = CStr::from_bytes_until_nul(&data).map_err(|_| Errno::EINVAL)?;
    let to = Numbered::descriptor(target);
    mount::mount(
        Some(fstype),
        to.as_c_str(),
        Some(fstype),
        mountinfo::flags(attributes),
        Some(data),
    )
}

/// The first directory of the list that exists.
fn base(bases: Texts<'_>) -> Result<i32> {
    let mut failure = Errno::ENOENT;
    for base in bases.iter() {
        match path::openat(AT_FDCWD, base, O_PATH | O_DIRECTORY | O_CLOEXEC, 0) {
            Ok(base) => return Ok(base),
            Err(errno) => failure = errno,
        }
    }
    Err(failure)
}

/// What is mounted on top of a place now.
fn reopen(place: i32) -> Result<i32> {
    let mut buffer = [0u8; 4096];
    let path = mountinfo::path_of(place, &mut buffer)?;
    path::openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0)
}

fn is_directory(descriptor: i32) -> Result<bool> {
    let stat = path::fstatat(descriptor, c"", AT_EMPTY_PATH)?;
    Ok(stat.mode & S_IFMT == S_IFDIR)
}
