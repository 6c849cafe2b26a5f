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
