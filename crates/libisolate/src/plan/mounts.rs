//! What is made anew in the job's root: file systems, directories, links.

use std::ffi::CString;

use isolate_plan::{Op, TextsBuf};
use isolate_sys::abi::{MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID};

use super::builder::Builder;
use crate::error::{Error, Result, Stage};
use crate::spec::{Bytes, Tmpfs};

/// Bytes of a tmpfs where the spec does not say.
const TMPFS_SIZE: u64 = 64 << 20;

/// A fresh file system.
pub(super) fn fresh(
    fstype: &std::ffi::CStr,
    options: &[&str],
    attributes: u64,
    target: &Bytes,
    build: &mut Builder,
) -> Result<()> {
    let options: Vec<CString> = options
        .iter()
        .filter_map(|o| CString::new(*o).ok())
        .collect();
    let options: TextsBuf = options.iter().collect();
    let path = cstring("tmpfs", target)?;
    build.push(
        Stage::Mount,
        target.to_string(),
        &Op::Fresh {
            fstype,
            options: options.as_texts(),
            attributes,
            target: &path,
        },
    );
    Ok(())
}

/// A private file system in memory.
pub(super) fn tmpfs(mount: &Tmpfs, build: &mut Builder) -> Result<()> {
    let size = mount.size.map_or(TMPFS_SIZE, |size| size.0);
    // Without a count of its own a tmpfs takes half of all memory's worth of inodes, uncharged.
    let inodes = mount.inodes.unwrap_or((size / 4096).max(16));
    let options = [
        format!("size={size}"),
        format!("nr_inodes={inodes}"),
        format!("mode={:04o}", mount.mode.unwrap_or(0o755)),
    ];
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    fresh(
        c"tmpfs",
        &options,
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
        &mount.dest,
        build,
    )
}

/// A directory, where there is none.
pub(super) fn directory(path: &str, build: &mut Builder) {
    if let Ok(target) = CString::new(path) {
        build.push(
            Stage::Mount,
            path,
            &Op::Directory {
                target: &target,
                mode: 0o755,
            },
        );
    }
}

/// A symbolic link.
pub(super) fn symlink(text: &str, path: &str, build: &mut Builder) {
    if let (Ok(text), Ok(target)) = (CString::new(text), CString::new(path)) {
        build.push(
            Stage::Mount,
            path,
            &Op::Symlink {
                text: &text,
                target: &target,
            },
        );
    }
}

/// The bytes as the wire takes them.
pub(super) fn cstring(field: &str, bytes: &Bytes) -> Result<CString> {
    bytes
        .to_cstring()
        .ok_or_else(|| Error::invalid(field, format!("{bytes:?} contains a NUL byte")))
}
