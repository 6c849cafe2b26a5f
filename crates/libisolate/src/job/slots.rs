//! The descriptors that a plan's ops work on, opened with the caller's rights.

use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use isolate_sys::abi::CLONE_NEWUSER;

use super::idmap;
use super::stdio::Streams;
use crate::cgroup::Group;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host::Host;
use crate::init::{Control, Guarded, Wish, memfile, pidfd, spark};
use crate::plan::{Plan, Slot};

/// The descriptors for the plan's slots, in order; those opened here are closed once they are sent.
pub(super) struct Slots {
    pub numbers: Vec<RawFd>,
    pub opened: Vec<OwnedFd>,
}

impl Slots {
    pub fn open(
        plan: &Plan,
        streams: &Streams,
        group: Option<&Group>,
        mut joins: Vec<OwnedFd>,
        pid: i32,
        program: &memfile::ProgramFd,
        host: &Host,
    ) -> Result<Slots> {
        let mut slots = Slots {
            numbers: Vec::new(),
            opened: Vec::new(),
        };
        if plan.slots.iter().any(|slot| matches!(slot, Slot::Join(_)))
            && let Some(group) = group
        {
            joins = group.join_fds(!host.features.clone3)?;
        }
        let mut joins: Vec<Option<OwnedFd>> = joins.into_iter().map(Some).collect();
        let user = if plan.slots.iter().any(|slot| matches!(slot, Slot::Tree(_))) {
            Some(tree_namespace(plan, pid, program)?)
        } else {
            None
        };
        for slot in &plan.slots {
            match slot {
                Slot::Tree(tree) => {
                    let copy = idmap::open_tree(tree, user.as_ref().map(AsFd::as_fd))?;
                    slots.add(copy);
                }
                Slot::Join(place) => {
                    let fd = joins
                        .get_mut(*place)
                        .and_then(Option::take)
                        .ok_or_else(|| {
                            Error::new(
                                ErrorKind::Internal,
                                Stage::Cgroup,
                                "tasks",
                                "no such hierarchy",
                            )
                        })?;
                    slots.add(fd);
                }
                Slot::CpuUsage => {
                    let usage = group.and_then(Group::cpu_usage_fd).ok_or_else(|| {
                        Error::new(
                            ErrorKind::Unsupported,
                            Stage::Cgroup,
                            "limits.cpu_time",
                            "the job's cgroup does not tell its CPU time",
                        )
                    })?;
                    slots.add(usage.0);
                }
                Slot::OomEvents => {
                    let events = group.map(Group::oom_events).ok_or_else(|| {
                        Error::new(
                            ErrorKind::Internal,
                            Stage::Cgroup,
                            "memory.oom_control",
                            "the job has no group",
                        )
                    })?;
                    slots.add(events?);
                }
                Slot::HostPidfd => {
                    let own = pidfd::of_this_process()
                        .map_err(|errno| Error::from_errno(errno, Stage::Clone, "pidfd_open"))?;
                    slots.add(own);
                }
                // Sent before, by whoever starts the init.
                Slot::Namespace(..) => {}
                Slot::Stdio(number) => slots.numbers.extend(streams.job_fd(*number)),
                Slot::Caller(fd) => slots.numbers.push(*fd),
            }
        }
        Ok(slots)
    }

    fn add(&mut self, fd: OwnedFd) {
        self.numbers.push(fd.as_raw_fd());
        self.opened.push(fd);
    }
}

/// The user namespace that maps the ids of trees: the job's own, or one made for it alone, which lives
/// as long as the mounts do.
fn tree_namespace(plan: &Plan, pid: i32, program: &memfile::ProgramFd) -> Result<OwnedFd> {
    let Some((uids, gids)) = &plan.tree_map else {
        return idmap::namespace(pid);
    };
    let line = |errno| Error::from_errno(errno, Stage::Ids, "socketpair");
    let (_control, init_end) = Control::pair().map_err(line)?;
    let spark = spark::light(&Wish {
        namespaces: CLONE_NEWUSER,
        cgroup: None,
        program: program.as_fd(),
        control: init_end.as_fd(),
        // It only waits to be looked at.
        capabilities: 0,
    })
    .map_err(|errno| Error::from_errno(errno, Stage::Ids, "user namespace for id-mapped mounts"))?;
    let spark = Guarded::new(spark);
    idmap::write_for_trees(spark.pid(), uids, gids)?;
    idmap::namespace(spark.pid())
}
