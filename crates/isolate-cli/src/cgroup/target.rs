//! What a group is called on the command line, and opening it.

use libisolate::cgroup::Cgroup;
use libisolate::{Error, ErrorKind, Result, Stage};

/// The group of a PATH.
pub fn open(path: &str) -> Result<Cgroup> {
    match path.strip_prefix("pid:") {
        Some("self") => Cgroup::own(),
        Some(number) => {
            let pid = number.parse().map_err(|_| {
                let detail = "is no process id; a group of such a name is ./NAME";
                Error::new(ErrorKind::InvalidSpec, Stage::Cgroup, path, detail)
            })?;
            Cgroup::of_process(pid)
        }
        None => Cgroup::open(path),
    }
}

/// The group of a PATH that is to end. A path that was left out by mistake, such as `/`, must not take
/// what is below it with it.
pub fn open_to_end(path: &str) -> Result<Cgroup> {
    let group = open(path)?;
    let own = std::process::id() as i32;
    match group.processes(true).contains(&own) {
        false => Ok(group),
        true => Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Cgroup,
            path,
            "isolatectl is in it itself: name a group below it",
        )),
    }
}
