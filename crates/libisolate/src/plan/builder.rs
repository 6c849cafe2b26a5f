//! Collecting ops with their labels, and telling people about them.

use std::fmt::Write as _;

use isolate_plan::{Encoder, Op, Ops};
use isolate_sys::Errno;

use super::{Label, Plan, Slot};
use crate::cgroup::{GroupPlan, Manager, Property};
use crate::error::{Error, ErrorKind, Stage};
use crate::job::{Enforced, Enforcement, EnforcementStatus};
use crate::remedy;
use crate::spec::Bytes;

#[derive(Default)]
pub(super) struct Builder {
    pub encoder: Encoder,
    pub labels: Vec<Label>,
    pub slots: Vec<Slot>,
    pub enforcement: Enforcement,
    /// Trees in the order they were opened, which is the order they are put in place.
    pub opened_trees: Vec<Opened>,
    init_slots: u32,
}

/// A tree that a slot holds once the plan has come so far.
pub(super) struct Opened {
    pub path: Bytes,
    pub slot: u32,
    /// What the init still has to set on it.
    pub attributes: u64,
}

/// Slots that the init fills by itself are numbered from here, above all that the host sends.
const INIT_SLOTS: u32 = 2048;

impl Builder {
    pub fn push(&mut self, stage: Stage, subject: impl Into<String>, op: &Op<'_>) {
        self.encoder.push(op);
        self.labels.push(Label {
            stage,
            subject: subject.into(),
        });
    }

    /// The number of a slot that the host fills.
    pub fn slot(&mut self, slot: Slot) -> u32 {
        self.slots.push(slot);
        self.slots.len() as u32 - 1
    }

    /// The number of a slot that the init fills.
    pub fn init_slot(&mut self) -> u32 {
        self.init_slots += 1;
        INIT_SLOTS + self.init_slots - 1
    }

    pub fn opened(&mut self, path: &Bytes, slot: u32, attributes: u64) {
        self.opened_trees.push(Opened {
            path: path.clone(),
            slot,
            attributes,
        });
    }

    /// Notes that a request is in force once the plan has been performed.
    pub fn enforced(&mut self, name: impl Into<String>, requested: impl Into<String>, by: &str) {
        self.enforcement.push(Enforced {
            name: name.into(),
            requested: requested.into(),
            status: EnforcementStatus::Enforced,
            file: Some(by.to_owned()),
            value: None,
            reason: None,
        });
    }
}

/// One op in one line.
pub fn describe(op: &Op<'_>) -> String {
    match op {
        Op::Seccomp { filter } => {
            format!("Seccomp {{ filter: {} instructions }}", filter.len() / 8)
        }
        other => format!("{other:?}"),
    }
}

pub(super) fn text(plan: &Plan) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "clone_flags {:#x}", plan.clone_flags);
    if plan.reborn {
        let _ = writeln!(text, "reborn after {} slots", plan.early_slots());
    }
    if plan.init_capabilities != 0 {
        let _ = writeln!(text, "init_capabilities {:#x}", plan.init_capabilities);
    }
    for (name, map) in [("uid_map", &plan.uid_map), ("gid_map", &plan.gid_map)] {
        for line in map {
            let _ = writeln!(
                text,
                "{name} {} {} {}",
                line.inside, line.outside, line.count
            );
        }
    }
    for (name, helper) in [("uid_map", &plan.uid_helper), ("gid_map", &plan.gid_helper)] {
        if let Some(program) = helper {
            let _ = writeln!(text, "{name} by {program}");
        }
    }
    if plan.deny_setgroups {
        let _ = writeln!(text, "setgroups deny");
    }
    if let Some(group) = &plan.group {
        group_text(group, &mut text);
    }
    for (number, slot) in plan.slots.iter().enumerate() {
        let _ = writeln!(text, "slot {number} {slot:?}");
    }
    if let Ok(mut ops) = Ops::open(&plan.ops) {
        let mut number = 0;
        while let Ok(Some(op)) = ops.next_op() {
            let _ = writeln!(text, "op {number} {}", describe(&op));
            number += 1;
        }
    }
    for entry in &plan.enforcement {
        let _ = writeln!(
            text,
            "{} {} {}{}",
            match entry.status {
                EnforcementStatus::Enforced => "enforce",
                EnforcementStatus::Skipped => "skip",
            },
            entry.name,
            entry.requested,
            entry
                .reason
                .as_ref()
                .map_or(String::new(), |r| format!(": {r}"))
        );
    }
    text
}

fn group_text(group: &GroupPlan, text: &mut String) {
    let _ = writeln!(
        text,
        "group hierarchies {:?} enable {:?}",
        group.hierarchies, group.enable
    );
    if let Some(unit) = &group.unit {
        let shown = |name: &Option<String>| name.clone().unwrap_or("(default)".to_owned());
        let manager = match unit.manager {
            Manager::System => "system",
            Manager::User => "user",
        };
        let _ = writeln!(
            text,
            "unit {} slice {} by the {manager} manager",
            shown(&unit.name),
            shown(&unit.slice)
        );
        for Property { name, value, since } in &unit.properties {
            let _ = writeln!(text, "property {name} {value:?} (systemd {since})");
        }
    }
    for write in &group.writes {
        let _ = writeln!(
            text,
            "write {} {} {:?}{}",
            write.hierarchy,
            write.file,
            write.value,
            if write.best_effort {
                " (best effort)"
            } else {
                ""
            }
        );
    }
}

pub(crate) fn failure(labels: &[Label], op: u32, errno: Errno) -> Error {
    let Some(label) = labels.get(op as usize) else {
        return Error::new(
            ErrorKind::Internal,
            Stage::Clone,
            "init",
            format!(
                "the plan could not be read at op {op} (errno {})",
                errno.raw()
            ),
        );
    };
    let error = Error::from_errno(errno, label.stage, label.subject.clone());
    match (label.stage, errno) {
        // mount_too_revealing() of the kernel.
        (Stage::Mount, Errno::EPERM) if label.subject == "/proc" => error.with_hint(remedy::PROC),
        (Stage::Mount, Errno::EACCES) if label.subject == "/" => error.with_hint(remedy::MOUNT),
        (Stage::Mount, Errno::EROFS) => error
            .with_kind(ErrorKind::NotFound)
            .with_hint("the place to mount on does not exist in a read-only root"),
        (Stage::Mount, Errno::EINVAL) => {
            error.with_hint("a file can be mounted on a file only, and a directory on a directory")
        }
        (Stage::Mount, Errno::ENODEV) => error.with_hint("it is not the device it is named after"),
        (Stage::Time, Errno::ERANGE) => error.with_kind(ErrorKind::InvalidSpec).with_hint(
            "a clock must stay at 0 or more, and below half of what the kernel can count",
        ),
        (Stage::Exec, Errno::ENOEXEC) => {
            error.with_hint("it is neither a binary for this machine nor a script with #!")
        }
        (Stage::Exec, Errno::E2BIG) => {
            error.with_hint("arguments and environment are larger than the kernel takes")
        }
        (Stage::Namespace, Errno::ENOENT) if label.subject.contains("sysctl ") => {
            error.with_hint("the kernel has no such parameter in a namespace of its own")
        }
        (Stage::Namespace, Errno::EPERM | Errno::EACCES | Errno::EROFS)
            if label.subject.contains("sysctl ") =>
        {
            error.with_hint(
                "the parameter or /proc/sys is read-only, or it is for id 0 alone: of kernel.* and \
                 fs.mqueue.* that of the user namespace (uid_map), of some others the host's",
            )
        }
        // The kernel has no better word for it (pid_namespaces(7)).
        (Stage::Clone, Errno::ENOMEM) if label.subject.starts_with("namespaces.pid") => error
            .with_kind(ErrorKind::NotFound)
            .with_hint("the first process of the pid namespace has ended, and none can follow it"),
        (Stage::Namespace, Errno::EPERM) => error.with_hint(
            "entering it takes CAP_SYS_ADMIN over it: enter the user namespace that owns it too",
        ),
        (Stage::Namespace, Errno::EINVAL) if label.subject.ends_with("user") => error
            .with_kind(ErrorKind::InvalidSpec)
            .with_hint("it is the one that the process is in already"),
        (Stage::Namespace, Errno::EINVAL) if label.subject.ends_with("pid") => error
            .with_kind(ErrorKind::InvalidSpec)
            .with_hint("only a pid namespace below the caller's own can be entered"),
        _ => error,
    }
}
