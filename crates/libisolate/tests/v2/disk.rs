//! A disk to try limits of block devices on: the scratch disk of a test machine, or the one that the temporary
//! directory is on.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::Flock;

use crate::common::{TempDir, is_root, skip};
use crate::{MIB, turn};

/// By this serial number a disk says that it is there to be written over.
const SCRATCH: &str = "scratch";

pub struct Disk {
    /// The numbers of the whole disk, `MAJOR:MINOR`.
    pub device: String,
    /// Its name, such as `vda`.
    pub name: String,
    /// A file of 8 MiB on it.
    pub file: PathBuf,
    dir: TempDir,
    mounted: bool,
    _turn: Flock<File>,
}

impl Disk {
    /// The scratch disk with a new file system where there is one and the caller is root.
    pub fn or_skip(test: &str) -> Option<Disk> {
        let turn = turn();
        let dir = TempDir::new("disk");
        let scratch = is_root().then(scratch).flatten();
        let mounted = scratch.as_ref().is_some_and(|name| mount(name, &dir));
        let found = match &scratch {
            Some(name) if mounted => Some(name.clone()),
            _ => under(dir.path()),
        };
        let Some(name) = found else {
            skip(test, "the temporary directory is on no disk");
            return None;
        };
        let text = fs::read_to_string(format!("/sys/block/{name}/dev")).unwrap();
        let mut disk = Disk {
            device: text.trim().to_owned(),
            name,
            file: dir.join("file"),
            dir,
            mounted,
            _turn: turn,
        };
        disk.fill(8);
        Some(disk)
    }

    /// The scratch disk, or a skip.
    pub fn scratch_or_skip(test: &str) -> Option<Disk> {
        let disk = Disk::or_skip(test)?;
        if !disk.mounted {
            skip(test, "needs a disk whose serial number is \"scratch\"");
            return None;
        }
        Some(disk)
    }

    /// Makes the file so many MiB long, without holes, and leaves nothing of it to be written.
    pub fn fill(&mut self, mib: u64) {
        fs::write(&self.file, vec![7; (mib * MIB) as usize]).unwrap();
        File::open(&self.file).unwrap().sync_all().unwrap();
    }

    /// The directory that the file is in.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            let _ = Command::new("umount").arg(self.dir.path()).status();
        }
    }
}

fn scratch() -> Option<String> {
    fs::read_dir("/sys/block").ok()?.flatten().find_map(|disk| {
        let serial = fs::read_to_string(disk.path().join("serial")).ok()?;
        let name = disk.file_name().to_string_lossy().into_owned();
        (serial.trim() == SCRATCH).then_some(name)
    })
}

/// The kernel writes in a group's name what ext4 has in its cache.
fn mount(name: &str, dir: &TempDir) -> bool {
    let device = format!("/dev/{name}");
    let done = |command: &mut Command| command.output().is_ok_and(|out| out.status.success());
    // It refuses a disk that is in use.
    let made = done(
        Command::new("mke2fs")
            .args(["-q", "-F", "-t", "ext4", "-O", "^has_journal"])
            .arg(&device),
    );
    made && done(Command::new("mount").arg(&device).arg(dir.path()))
}

/// The whole disk that a directory is on.
fn under(dir: &Path) -> Option<String> {
    let dev = fs::metadata(dir).ok()?.dev();
    let (major, minor) = (libc::major(dev), libc::minor(dev));
    let mut at = fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    if at.join("partition").exists() {
        at.pop();
    }
    Some(at.file_name()?.to_string_lossy().into_owned())
}
