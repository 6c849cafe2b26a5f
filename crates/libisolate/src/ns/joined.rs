//! The namespaces that a spec says to enter.

use super::{Kind, Namespace};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::plan::{Plan, Slot};
use crate::spec::NamespaceMode;

/// The namespaces that a plan enters, found before anything starts.
pub(crate) fn joined(plan: &Plan) -> Result<Vec<Namespace>> {
    let mut found = Vec::new();
    for slot in &plan.slots {
        let Slot::Namespace(kind, place) = slot else {
            break;
        };
        let namespace = match place {
            NamespaceMode::Path(path) => Namespace::open(path.as_path()),
            NamespaceMode::Fd(fd) => Namespace::of_fd(*fd),
            NamespaceMode::New | NamespaceMode::Try | NamespaceMode::Host => {
                Namespace::of_thread(*kind)
            }
        }?
        .expect(*kind)?;
        if *kind == Kind::User && namespace == Namespace::of_thread(Kind::User)? {
            return Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                "namespaces.user",
                format!(
                    "{namespace} is the caller's own, and cannot be entered twice: set it to host"
                ),
            ));
        }
        found.push(namespace);
    }
    Ok(found)
}
