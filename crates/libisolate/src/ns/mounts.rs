//! The bind mounts of namespaces in a mount namespace, by its mountinfo text
//! (proc_pid_mountinfo(5)). Text in, data out.

use std::path::Path;

use super::{Kind, NamespaceId, procfs};
use crate::kernfile::unescape;
use crate::spec::Bytes;

/// A mount that shows a namespace as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub point: Bytes,
    pub kind: Kind,
    pub id: NamespaceId,
}

/// The namespaces that are mounted, in the order of the text; odd lines are left out.
pub(super) fn kept(mountinfo: &[u8]) -> Vec<Kept> {
    lines(mountinfo).filter_map(|line| line.kept()).collect()
}

/// Whether the mount with this number stands on another at the same place; `None` when it is not in
/// the text.
pub(super) fn is_stacked(mountinfo: &[u8], id: u64) -> Option<bool> {
    let mount = lines(mountinfo).find(|line| line.id == id)?;
    let below = lines(mountinfo).find(|line| line.id == mount.parent);
    Some(below.is_some_and(|below| below.point == mount.point))
}

/// Whether what is mounted at a path goes on to other mount namespaces: whether the innermost mount
/// that holds the path is shared.
pub(super) fn is_shared(mountinfo: &[u8], path: &Path) -> bool {
    let holds = |line: &Line<'_>| path.starts_with(Bytes::from(unescape(line.point)).as_path());
    let innermost = lines(mountinfo)
        .filter(holds)
        // Of mounts at one place the last is on top.
        .max_by_key(|line| line.point.len());
    innermost.is_some_and(|line| line.shared)
}

struct Line<'a> {
    id: u64,
    parent: u64,
    device: u64,
    root: &'a [u8],
    point: &'a [u8],
    shared: bool,
    fstype: &'a [u8],
}

impl Line<'_> {
    fn kept(&self) -> Option<Kept> {
        if self.fstype != b"nsfs" {
            return None;
        }
        let (kind, inode) = procfs::parse_link(std::str::from_utf8(self.root).ok()?)?;
        let device = self.device;
        Some(Kept {
            point: Bytes::from(unescape(self.point)),
            kind,
            id: NamespaceId { device, inode },
        })
    }
}

fn lines(mountinfo: &[u8]) -> impl Iterator<Item = Line<'_>> {
    mountinfo.split(|b| *b == b'\n').filter_map(line)
}

fn line(text: &[u8]) -> Option<Line<'_>> {
    let fields: Vec<&[u8]> = text.split(|b| *b == b' ').collect();
    // Six fixed fields, any number of optional ones, "-", type, source, options of the file system.
    let dash = fields.iter().skip(6).position(|f| *f == b"-")? + 6;
    let number = |at: usize| std::str::from_utf8(fields[at]).ok()?.parse().ok();
    let (major, minor) = std::str::from_utf8(fields[2]).ok()?.split_once(':')?;
    Some(Line {
        id: number(0)?,
        parent: number(1)?,
        device: nix::sys::stat::makedev(major.parse().ok()?, minor.parse().ok()?),
        root: fields[3],
        point: fields[4],
        shared: fields[6..dash].iter().any(|f| f.starts_with(b"shared:")),
        fstype: fields.get(dash + 1)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
        65 27 254:0 /run/netns /run/netns rw shared:2 - ext4 /dev/vda rw\n\
        66 65 0:4 net:[4026532178] /run/netns/a rw shared:3 - nsfs nsfs rw\n\
        67 66 0:4 net:[4026532179] /run/netns/a rw shared:4 - nsfs nsfs rw\n\
        68 27 0:4 uts:[4026532180] /tmp/a\\040b rw - nsfs nsfs rw\n\
        69 27 0:4 odd:[4026532180] /tmp/c rw - nsfs nsfs rw\n\
        70 27 0:4 uts:[4026532180] /tmp/d rw\n";

    #[test]
    fn what_is_kept() {
        let found = kept(TEXT);
        let told: Vec<(String, Kind, u64)> = found
            .iter()
            .map(|k| (k.point.to_string(), k.kind, k.id.inode))
            .collect();
        assert_eq!(
            told,
            [
                ("/run/netns/a".to_owned(), Kind::Net, 4026532178),
                ("/run/netns/a".to_owned(), Kind::Net, 4026532179),
                ("/tmp/a b".to_owned(), Kind::Uts, 4026532180),
            ]
        );
        assert_eq!(found[0].id.device, 4);
    }

    #[test]
    fn what_stands_on_what() {
        assert_eq!(is_stacked(TEXT, 67), Some(true));
        assert_eq!(is_stacked(TEXT, 66), Some(false));
        assert_eq!(is_stacked(TEXT, 68), Some(false));
        assert_eq!(is_stacked(TEXT, 1), None);
    }

    #[test]
    fn what_is_shared() {
        for (path, shared) in [
            ("/tmp/x", false),
            ("/run/netns/b", true),
            ("/run/netnsx", false),
            ("/", false),
        ] {
            assert_eq!(is_shared(TEXT, Path::new(path)), shared, "{path}");
        }
    }
}
