//! An init that has no job: started with the ops of an errand, in the caller's own namespaces and cgroups.

use std::os::fd::{AsFd, AsRawFd, RawFd};

use isolate_plan::Command;
use isolate_sys::Errno;

use super::{Control, Guarded, Wish, memfile, spark};
use crate::error::{Error, Result};

/// Starts one with encoded ops, whose first slots are `fds`; gives it and the line to it. `failed` makes the
/// error of what the kernel refuses.
pub(crate) fn send_on(
    ops: &[u8],
    fds: &[RawFd],
    failed: impl Fn(Errno) -> Error,
) -> Result<(Guarded, Control)> {
    let program = memfile::program()?;
    let plan = memfile::plan(ops)?;
    let (line, init_end) = Control::pair().map_err(&failed)?;
    let spark = spark::light(&Wish {
        namespaces: 0,
        cgroup: None,
        program: program.as_fd(),
        control: init_end.as_fd(),
        capabilities: 0,
    })
    .map_err(&failed)?;
    drop(init_end);
    let process = Guarded::new(spark);
    let all: Vec<RawFd> = fds.iter().copied().chain([plan.as_raw_fd()]).collect();
    line.send_with(Command::Start(ops.len() as u32), &all)
        .map_err(&failed)?;
    Ok((process, line))
}
