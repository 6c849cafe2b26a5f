//! Visitors: short-lived inits that enter namespaces, do an errand there and bring back what they found.
//!
//! So no thread of this process ever moves, and an ordinary user can reach what only the root of a user
//! namespace may: a visitor enters that one first where it must.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use isolate_plan::{Encoder, JOIN_AS_ROOT, JOIN_IF_REFUSED, JOIN_NOW, JOIN_TRY, Op, Report};
use isolate_sys::Errno;

use super::{Kind, Namespace};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::init::{Control, Heard, errand};
use crate::plan::{Label, failure};

/// What a visitor is to do, in order.
#[derive(Default)]
pub(crate) struct Visit {
    ops: Encoder,
    labels: Vec<Label>,
    namespaces: Vec<Namespace>,
}

/// What it brought back, in the order it was asked for.
#[derive(Default)]
pub(crate) struct Found {
    pub texts: Vec<Vec<u8>>,
    pub descriptors: Vec<OwnedFd>,
}

impl Visit {
    /// A visit to a namespace, by way of the user namespace that owns it where that is needed.
    pub fn to(namespace: &Namespace) -> Result<Visit> {
        Visit::by_way_of_owner(namespace, JOIN_NOW, JOIN_IF_REFUSED)
    }

    /// A visit as the root of the user namespace that owns the namespace, or is it.
    pub fn as_root_of(namespace: &Namespace) -> Result<Visit> {
        Visit::by_way_of_owner(namespace, JOIN_AS_ROOT, JOIN_AS_ROOT)
    }

    fn by_way_of_owner(namespace: &Namespace, user: u32, owner: u32) -> Result<Visit> {
        let mut visit = Visit::default();
        // The visitor begins where this thread is, and there everybody may read.
        if *namespace == Namespace::of_thread(namespace.kind())? {
            return Ok(visit);
        }
        let own = Namespace::of_thread(Kind::User)?;
        if namespace.kind() == Kind::User {
            visit.enter(namespace, user)?;
            return Ok(visit);
        }
        let slot = visit.enter(namespace, JOIN_TRY)?;
        match namespace.owner() {
            Ok(found) if found != own => {
                visit.enter(&found, owner)?;
            }
            _ => {}
        }
        visit.push_join(namespace, slot, JOIN_NOW);
        Ok(visit)
    }

    fn enter(&mut self, namespace: &Namespace, when: u32) -> Result<u32> {
        let slot = self.namespaces.len() as u32;
        self.namespaces.push(namespace.try_clone()?);
        self.push_join(namespace, slot, when);
        Ok(slot)
    }

    fn push_join(&mut self, namespace: &Namespace, slot: u32, when: u32) {
        let flags = namespace.kind().flag();
        let op = Op::Join { slot, flags, when };
        self.push(Stage::Namespace, namespace.to_string(), &op);
    }

    /// One thing to do; `subject` is what an error is about.
    pub fn push(&mut self, stage: Stage, subject: impl Into<String>, op: &Op<'_>) {
        self.ops.push(op);
        self.labels.push(Label {
            stage,
            subject: subject.into(),
        });
    }

    /// Brings back the content of a file of the kernel's.
    pub fn tell(&mut self, path: &str, subject: impl Into<String>) -> Result<()> {
        let path = CString::new(path).map_err(|_| nul(path))?;
        self.push(Stage::Namespace, subject, &Op::Tell { path: &path });
        Ok(())
    }

    /// Goes, waits for the end, and gives what was found.
    pub fn go(mut self) -> Result<Found> {
        self.push(Stage::Namespace, "visit", &Op::Leave {});
        let labels = self.labels;
        let failed = |errno| Error::from_errno(errno, Stage::Namespace, "visit");
        let fds: Vec<RawFd> = self
            .namespaces
            .iter()
            .map(|n| n.as_fd().as_raw_fd())
            .collect();
        let (_visitor, control) = errand::send_on(&self.ops.finish(), &fds, failed)?;
        hear(&control, &labels)
    }
}

/// Listens to an init that has no job, until it has done everything.
pub(super) fn hear(control: &Control, labels: &[Label]) -> Result<Found> {
    let failed = |errno| Error::from_errno(errno, Stage::Namespace, "init");
    let mut found = Found::default();
    loop {
        match control.hear(true).map_err(failed)? {
            Heard::Report(Report::Data { len: 0 }, _) => found.texts.push(Vec::new()),
            Heard::Report(Report::Data { len }, _) => {
                found
                    .texts
                    .push(control.hear_data(len as usize).map_err(failed)?);
            }
            Heard::Descriptor(descriptor) => found.descriptors.push(descriptor),
            Heard::Report(Report::Done, _) => return Ok(found),
            Heard::Report(Report::Failed { op, errno }, _) => {
                return Err(failure(labels, op, Errno::from_raw(errno as i32)));
            }
            Heard::Report(..) | Heard::Nothing => {}
            Heard::End => {
                return Err(Error::new(
                    ErrorKind::Child,
                    Stage::Namespace,
                    "init",
                    "ended without a report",
                ));
            }
        }
    }
}

pub(super) fn nul(subject: &str) -> Error {
    Error::new(
        ErrorKind::InvalidSpec,
        Stage::Namespace,
        subject,
        "contains a NUL byte",
    )
}
