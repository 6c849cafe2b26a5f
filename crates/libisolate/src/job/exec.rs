//! Running another program inside a running job: in its namespaces, its cgroup and its root, as its
//! user.

use std::os::fd::{AsFd, AsRawFd};

use super::Job;
use super::launch::Place;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::ns::{Kind, Namespace};
use crate::spec::{CgroupMode, Limits, NamespaceMode, Namespaces, Root, Spec};

impl Job {
    /// One of the job's namespaces, which lives on as long as the handle does.
    ///
    /// # Errors
    /// `NotFound` when the job has ended, `Permission` where it may not be looked into.
    pub fn namespace(&self, kind: Kind) -> Result<Namespace> {
        self.own()?;
        let known = self.namespaces().get(kind.name()).copied();
        let found = match Namespace::of_process(self.pid(), kind) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(self.ended()),
            found => found?,
        };
        // The number is the program's for as long as it is not reaped, and may be another's after that.
        match known {
            Some(inode) if inode != found.id().inode => Err(self.ended()),
            _ => Ok(found),
        }
    }

    /// Starts another program inside the running job: in its namespaces, its cgroup (so that the job's
    /// limits hold for both) and its root, with its ids unless the spec names others. The program has
    /// its own streams, environment, working directory, privileges and time limits; it ends with the job
    /// at the latest.
    ///
    /// # Errors
    /// `InvalidSpec` for a spec that says what the job has decided: namespaces, root, mounts, maps, names,
    /// cgroup. `NotFound` when the job has ended. Else as [`spawn`](super::spawn).
    pub fn exec(&self, spec: &Spec) -> Result<Job> {
        self.own()?;
        free(spec)?;
        let mut inner = spec.clone();
        inner.root = Some(Root::Keep);
        inner.cgroup = Some(CgroupMode::None);
        let mut entered = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| kind.supported()) {
            let theirs = self.namespace(kind)?;
            let mode = if theirs == Namespace::of_thread(kind)? {
                NamespaceMode::Host
            } else {
                NamespaceMode::Fd(theirs.as_fd().as_raw_fd())
            };
            inner.namespaces.set(kind, mode);
            entered.push(theirs);
        }
        let (ids, groups, inside) = {
            let state = self.state();
            match state.closed_group()? {
                Some(inside) => (state.ids, Vec::new(), Some(inside)),
                None => (state.ids, state.group_fds()?, None),
            }
        };
        if let Some((uid, gid)) = ids {
            inner.uid = inner.uid.or(Some(uid));
            inner.gid = inner.gid.or(Some(gid));
        }
        let started = super::start(&inner, Some(Place { groups, inside }));
        // Whoever has ended meanwhile has left namespaces that nobody can enter.
        started.map_err(|error| if self.is_over() { self.ended() } else { error })
    }

    fn is_over(&self) -> bool {
        matches!(self.try_wait(), Ok(Some(_)) | Err(_))
    }

    fn ended(&self) -> Error {
        Error::from_errno(
            isolate_sys::Errno::ESRCH,
            Stage::Namespace,
            format!("job {}", self.pid()),
        )
        .with_kind(ErrorKind::NotFound)
        .with_hint("the job has ended")
    }
}

/// Refuses what is the job's to say.
fn free(spec: &Spec) -> Result<()> {
    let limits = Limits {
        cpu_time: None,
        output: None,
        rlimits: Default::default(),
        ..spec.limits.clone()
    };
    let said = [
        ("namespaces", spec.namespaces != Namespaces::default()),
        ("net", spec.net.is_some()),
        ("root", spec.root.is_some()),
        ("binds", !spec.binds.is_empty()),
        ("tmpfs", !spec.tmpfs.is_empty()),
        ("uid_map", !spec.uid_map.is_empty()),
        ("gid_map", !spec.gid_map.is_empty()),
        ("hostname", spec.hostname.is_some()),
        ("domainname", spec.domainname.is_some()),
        ("time_offsets", spec.time_offsets.is_some()),
        ("sysctls", !spec.sysctls.is_empty()),
        ("cgroup", spec.cgroup.is_some()),
        ("limits", limits != Limits::default()),
        ("limits.cpu_time", spec.limits.cpu_time.is_some()),
    ];
    match said.iter().find(|(_, said)| *said) {
        Some((field, _)) => Err(Error::invalid(
            *field,
            "is decided by the job that the program is to run in",
        )),
        None => Ok(()),
    }
}
