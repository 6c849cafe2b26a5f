//! The namespaces that a spec says to enter.

use super::{IdMaps, Kind, Namespace};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::plan::{Plan, Slot};
use crate::spec::{NamespaceMode, Spec};

/// The namespaces that a plan enters, found before anything starts.
pub(crate) fn joined(plan: &Plan) -> Result<Vec<Namespace>> {
    let mut found = Vec::new();
    for slot in &plan.slots {
        let Slot::Namespace(kind, place) = slot else {
            break;
        };
        found.push(open(*kind, place)?);
    }
    Ok(found)
}

/// The ids that a user namespace has which a spec says to enter; `None` where it says to enter none.
pub(crate) fn ids_of_joined(spec: &Spec) -> Result<Option<IdMaps>> {
    match spec.namespaces.get(Kind::User) {
        Some(place) if place.is_joined() => open(Kind::User, place)?.id_maps().map(Some),
        _ => Ok(None),
    }
}

fn open(kind: Kind, place: &NamespaceMode) -> Result<Namespace> {
    let namespace = match place {
        NamespaceMode::Path(path) => Namespace::open(path.as_path()),
        NamespaceMode::Fd(fd) => Namespace::of_fd(*fd),
        NamespaceMode::New | NamespaceMode::Try | NamespaceMode::Host => Namespace::of_thread(kind),
    }?
    .expect(kind)?;
    if kind == Kind::User && namespace == Namespace::of_thread(Kind::User)? {
        return Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Namespace,
            "namespaces.user",
            format!("{namespace} is the caller's own, and cannot be entered twice: set it to host"),
        ));
    }
    Ok(namespace)
}
