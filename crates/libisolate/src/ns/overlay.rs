//! Whether a user namespace may mount overlays: tried in one that is gone at once.

use std::path::Path;

use isolate_plan::{Encoder, Op, Ops, TextsBuf};

use super::Kind;
use super::create::{perform, settled};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::plan::{self, Label, Plan};
use crate::spec::Spec;

/// Where a file system in memory is mounted, in the mount namespace of the try alone.
const BASES: [&str; 4] = ["/tmp", "/mnt", "/var", "/usr"];

/// Mounts an overlay in new user and mount namespaces (overlayfs there: Linux 5.11).
///
/// # Errors
/// As [`create`](super::create); EPERM at stage `Mount` where the kernel does not allow it.
pub(crate) fn try_overlay() -> Result<()> {
    let (spec, host) = settled(&[Kind::User, Kind::Mnt], &Spec::new(Vec::<&str>::new()))?;
    let mut plan = plan::plan_namespaces(&spec, &host)?;
    let base = BASES.into_iter().find(|base| Path::new(base).is_dir());
    instead_of_the_end(&mut plan, base.unwrap_or("/"))?;
    perform(&plan).map(drop)
}

/// The plan as it is up to where the namespaces would be sent, and then the mounts.
fn instead_of_the_end(plan: &mut Plan, base: &str) -> Result<()> {
    let broken = |_| {
        Error::new(
            ErrorKind::Internal,
            Stage::Namespace,
            "plan",
            "cannot be read",
        )
    };
    let encoded = std::mem::take(&mut plan.ops);
    let labels = std::mem::take(&mut plan.labels);
    let mut before = Ops::open(&encoded).map_err(broken)?;
    let mut build = Build::default();
    for label in labels {
        match before.next_op().map_err(broken)? {
            None | Some(Op::Send { .. }) => break,
            Some(op) => build.push(label.stage, label.subject, &op),
        }
    }
    let text = |text: String| std::ffi::CString::new(text).unwrap_or_default();
    let bases: TextsBuf = [text(base.to_owned())].iter().collect();
    build.push(
        Stage::Mount,
        base,
        &Op::RootTmpfs {
            size: 1 << 20,
            bases: bases.as_texts(),
        },
    );
    for target in [c"/lower", c"/upper", c"/work", c"/merged"] {
        let subject = target.to_string_lossy();
        build.push(
            Stage::Mount,
            subject,
            &Op::Directory {
                target,
                mode: 0o755,
            },
        );
    }
    let options: TextsBuf = [
        text(format!("lowerdir={base}/lower")),
        text(format!("upperdir={base}/upper")),
        text(format!("workdir={base}/work")),
        // What a user namespace may set: it has no trusted.* of its own.
        text("userxattr".to_owned()),
    ]
    .iter()
    .collect();
    build.push(
        Stage::Mount,
        "overlay",
        &Op::Fresh {
            fstype: c"overlay",
            options: options.as_texts(),
            attributes: 0,
            target: c"/merged",
        },
    );
    build.push(Stage::Mount, "init", &Op::Leave {});
    (plan.ops, plan.labels) = (build.ops.finish(), build.labels);
    Ok(())
}

#[derive(Default)]
struct Build {
    ops: Encoder,
    labels: Vec<Label>,
}

impl Build {
    fn push(&mut self, stage: Stage, subject: impl Into<String>, op: &Op<'_>) {
        self.ops.push(op);
        self.labels.push(Label {
            stage,
            subject: subject.into(),
        });
    }
}
