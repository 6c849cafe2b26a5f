//! The host as a launch finds it.

use std::path::Path;

use isolate_sys::calls::process;

use super::Host;
use crate::error::{Error, Result, Stage};
use crate::init::Kept;
use crate::kernfile;
use crate::spec::Spec;

/// What the kernel and the cgroup trees can do, looked at once for as long as the process stays in its
/// cgroups (/proc/self/cgroup, kept beside it). Paths and caller are looked at for each launch.
static HOST: Kept<(Vec<u8>, Host)> = Kept::new();

pub(crate) fn current(spec: &Spec) -> Result<Host> {
    const OWN: &str = "/proc/self/cgroup";
    let own = kernfile::read(Path::new(OWN))
        .map_err(|error| Error::from_io(&error, Stage::Host, OWN).with_hint("mount /proc"))?;
    let mut host = match HOST.get() {
        Ok(Some((then, host))) if then == own => host,
        _ => {
            let host = Host::probe()?;
            HOST.set((own, host.clone()));
            host
        }
    };
    host.cgroup.ask_again();
    host.refresh(spec)?;
    host.shift_base = shift_base()?;
    Ok(host)
}

/// A range of 65536 ids for a root caller's job. Drawn by lot, so that two jobs, of one host or of
/// two, hardly ever are the same user: they would share its limits and could signal each other
/// without pid namespaces. Above the ranges of useradd(8) and below 2^31, which some programs cannot
/// count to.
fn shift_base() -> Result<u32> {
    let mut bytes = [0u8; 2];
    process::getrandom(&mut bytes)
        .map_err(|errno| Error::from_errno(errno, Stage::Ids, "getrandom"))?;
    const FIRST: u32 = 0x2000;
    const COUNT: u32 = 0x5000;
    Ok((FIRST + u32::from(u16::from_ne_bytes(bytes)) % COUNT) << 16)
}
