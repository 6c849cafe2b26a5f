//! What ids mean: the maps of a user namespace as the caller sees them, and one id in two namespaces.

use std::os::fd::{AsRawFd, OwnedFd};

use isolate_sys::Errno;
use isolate_sys::abi::{AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_PATH, O_RDONLY};
use isolate_sys::calls::path;

use super::idmap::{IdMaps, Which};
use super::visit::Visit;
use super::{Kind, Namespace};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;
use crate::spec::IdMap;
use crate::sysfd::own;

/// How deep user namespaces can be nested, with one to spare (user_namespaces(7)).
const DEPTH: usize = 34;

/// The maps of a process's user namespace; `outside` is what the caller sees.
///
/// Of the caller's own namespace that is every id that is mapped, as itself.
///
/// # Errors
/// `NotFound` for a process that is gone, and for one whose namespace is not the caller's own or nested in
/// it, of which the kernel tells a caller nothing to rely on; `Permission` where that cannot be found out.
pub fn id_maps_of(pid: i32) -> Result<IdMaps> {
    super::proc::check_pid(pid)?;
    let process = Process::open(&format!("/proc/{pid}"))?;
    let own = Namespace::of_thread(Kind::User)?;
    match Namespace::of_process(pid, Kind::User) {
        Ok(theirs) if theirs == own => own_maps(),
        Ok(theirs) => {
            within(&theirs, &own)?;
            process.maps()
        }
        // The first user namespace has all others in it, and every id.
        Err(error) if error.kind() == ErrorKind::Permission && own.is_initial() => process.maps(),
        Err(error) => Err(error),
    }
}

impl Namespace {
    /// The maps of a user namespace, as [`id_maps_of`] a process in it gives them; also of one that no
    /// process is in.
    ///
    /// # Errors
    /// `InvalidSpec` for another kind, `NotFound` for a namespace that is not the caller's own or nested in
    /// it, `Permission` where the caller may neither look into a process there nor enter.
    pub fn id_maps(&self) -> Result<IdMaps> {
        if self.kind() != Kind::User {
            return Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                self.to_string(),
                "is not a user namespace",
            ));
        }
        let own = Namespace::of_thread(Kind::User)?;
        if *self == own {
            return own_maps();
        }
        within(self, &own)?;
        match member_maps(self) {
            Some(maps) => Ok(maps),
            None => visited_maps(self, &own),
        }
    }
}

/// The number of a user in another user namespace.
///
/// # Errors
/// `NotFound` when the id is not mapped in `from` or has no number in `to`; as [`Namespace::id_maps`] for
/// both.
pub fn translate_uid(uid: u32, from: &Namespace, to: &Namespace) -> Result<u32> {
    translate(Which::Uid, uid, from, to)
}

/// The number of a group in another user namespace.
///
/// # Errors
/// As [`translate_uid`].
pub fn translate_gid(gid: u32, from: &Namespace, to: &Namespace) -> Result<u32> {
    translate(Which::Gid, gid, from, to)
}

/// By way of the caller's own namespace, which both are in: what is mapped in a namespace is mapped in
/// all above it.
fn translate(which: Which, id: u32, from: &Namespace, to: &Namespace) -> Result<u32> {
    let subject = || format!("{} {id}", which.name());
    if id == u32::MAX {
        return Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Namespace,
            subject(),
            "is not an id",
        ));
    }
    let here = exchange(which.of(&from.id_maps()?), id, |line| {
        (line.inside, line.outside)
    })
    .ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            Stage::Namespace,
            subject(),
            format!("is not mapped in {from}"),
        )
    })?;
    exchange(which.of(&to.id_maps()?), here, |line| {
        (line.outside, line.inside)
    })
    .ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            Stage::Namespace,
            subject(),
            format!("of {from} is {here} to the caller, which has no number in {to}"),
        )
    })
}

/// The partner of an id in a map that is read in one of its directions.
fn exchange(map: &[IdMap], id: u32, sides: impl Fn(&IdMap) -> (u32, u32)) -> Option<u32> {
    map.iter().find_map(|line| {
        let (first, partner) = sides(line);
        let offset = id
            .checked_sub(first)
            .filter(|offset| *offset < line.count)?;
        partner.checked_add(offset)
    })
}

/// Refuses a namespace that is not below the caller's: the kernel would show the beginning of each line as
/// the caller sees it, and the rest of the line may be elsewhere.
fn within(namespace: &Namespace, own: &Namespace) -> Result<()> {
    let mut parent = namespace.parent();
    for _ in 0..DEPTH {
        match parent {
            Ok(parent) if parent == *own => return Ok(()),
            Ok(further) => parent = further.parent(),
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        }
    }
    Err(Error::new(
        ErrorKind::NotFound,
        Stage::Namespace,
        namespace.to_string(),
        "is not nested in the caller's user namespace, from which its ids cannot be told",
    ))
}

/// The caller's own: what the kernel shows there is the view of the namespace above.
fn own_maps() -> Result<IdMaps> {
    let mut maps = Process::open("/proc/thread-self")?.maps()?;
    for line in maps.uid.iter_mut().chain(&mut maps.gid) {
        line.outside = line.inside;
    }
    Ok(maps)
}

/// By the first process found in it.
fn member_maps(namespace: &Namespace) -> Option<IdMaps> {
    let wanted = namespace.id();
    std::fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter(|entry| {
            entry
                .file_name()
                .as_encoded_bytes()
                .iter()
                .all(u8::is_ascii_digit)
        })
        .find_map(|entry| {
            let process = Process::open(entry.path().to_str()?).ok()?;
            let stat = path::fstatat(process.0.as_raw_fd(), c"ns/user", 0).ok()?;
            ((stat.dev, stat.ino) == (wanted.device, wanted.inode))
                .then(|| process.maps().ok())
                .flatten()
        })
}

/// By a visitor, for one that nobody lives in. It sees itself as the namespace above has it, which may
/// have to be looked at in the same way.
fn visited_maps(namespace: &Namespace, own: &Namespace) -> Result<IdMaps> {
    let mut visit = Visit::to(namespace)?;
    for file in ["uid_map", "gid_map", "setgroups"] {
        visit.tell(
            &format!("/proc/self/{file}"),
            format!("{file} of {namespace}"),
        )?;
    }
    let found = visit.go()?.texts;
    let text = |at: usize| found.get(at).map_or(&b""[..], Vec::as_slice);
    let mut maps = IdMaps {
        uid: lines(text(0)),
        gid: lines(text(1)),
        setgroups: text(2).trim_ascii() != b"deny",
    };
    let parent = namespace.parent()?;
    if parent != *own {
        let above = parent.id_maps()?;
        maps.uid = through(&maps.uid, &above.uid);
        maps.gid = through(&maps.gid, &above.gid);
    }
    Ok(maps)
}

/// Lines whose outside ids are inside ids of a map above. The kernel takes no line but one that lies in a
/// single line of the map above.
fn through(lines: &[IdMap], above: &[IdMap]) -> Vec<IdMap> {
    let lifted = |line: &IdMap| {
        let outside = exchange(above, line.outside, |up| (up.inside, up.outside))?;
        Some(IdMap { outside, ..*line })
    };
    lines.iter().filter_map(lifted).collect()
}

/// A directory of /proc, which stays that of its process when the number is given to another.
struct Process(OwnedFd);

impl Process {
    fn open(name: &str) -> Result<Process> {
        let failed = |errno| match errno {
            Errno::ENOENT => Error::from_errno(Errno::ESRCH, Stage::Namespace, name),
            _ => Error::from_errno(errno, Stage::Namespace, name),
        };
        let wire = std::ffi::CString::new(name).map_err(|_| failed(Errno::EINVAL))?;
        let flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
        own(path::openat(AT_FDCWD, &wire, flags, 0))
            .map(Process)
            .map_err(failed)
    }

    fn maps(&self) -> Result<IdMaps> {
        Ok(IdMaps {
            uid: lines(&self.read(c"uid_map")?),
            gid: lines(&self.read(c"gid_map")?),
            // Before Linux 3.19 there was no such file, and nothing was denied.
            setgroups: match self.read(c"setgroups") {
                Ok(text) => text.trim_ascii() != b"deny",
                Err(error) if error.errno() == libc::ENOENT => true,
                Err(error) => return Err(error),
            },
        })
    }

    fn read(&self, file: &std::ffi::CStr) -> Result<Vec<u8>> {
        let opened = own(path::openat(
            self.0.as_raw_fd(),
            file,
            O_RDONLY | O_CLOEXEC,
            0,
        ));
        let failed =
            |errno| Error::from_errno(errno, Stage::Namespace, file.to_string_lossy().into_owned());
        let mut opened = std::fs::File::from(opened.map_err(failed)?);
        kernfile::rest(&mut opened).map_err(|error| {
            Error::from_io(
                &error,
                Stage::Namespace,
                file.to_string_lossy().into_owned(),
            )
        })
    }
}

/// The lines of a map file.
fn lines(text: &[u8]) -> Vec<IdMap> {
    let number = |word: Option<&str>| word?.parse().ok();
    String::from_utf8_lossy(text)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            Some(IdMap {
                inside: number(words.next())?,
                outside: number(words.next())?,
                count: number(words.next())?,
            })
        })
        .collect()
}
