//! The root that the job sees.

use std::ffi::CString;

use isolate_plan::{Op, TextsBuf};
use isolate_sys::Errno;
use isolate_sys::abi::{MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY};

use super::builder::Builder;
use super::identity::Identity;
use super::kernelfs;
use super::mounts::{cstring, directory, symlink, tmpfs};
use super::namespaces::Decided;
use super::{Idmap, Slot, Tree};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host::{Host, PathFact};
use crate::job::{Enforced, EnforcementStatus};
use crate::ns::Kind;
use crate::spec::{Bind, Bytes, NamespaceMode, Profile, Root, Size, Spec, Tmpfs};

/// What the default root holds of the host.
pub(crate) const SYSTEM_DIRECTORIES: [&str; 8] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc",
];

/// Directories over which the new root may be built: by then the plan has opened everything it needs
/// from below them.
const BASES: [&str; 4] = ["/tmp", "/mnt", "/run", "/var"];

/// Root of the new tree: mount points and links only.
const ROOT_SIZE: u64 = 1 << 20;
const TMP_SIZE: u64 = 256 << 20;

pub(crate) fn root(spec: &Spec) -> Root {
    // The mounts of a namespace that is entered are others' too.
    let entered = spec
        .namespaces
        .get(Kind::Mnt)
        .is_some_and(NamespaceMode::is_joined);
    spec.root.clone().unwrap_or(match spec.profile {
        Profile::Strict if !entered => Root::System,
        Profile::Strict | Profile::None => Root::Keep,
    })
}

/// Opens everything that is mounted from the old root, while it is in sight.
pub(super) fn open_sources(
    spec: &Spec,
    host: &Host,
    new: &Decided,
    ids: &Identity,
    build: &mut Builder,
) -> Result<()> {
    let root = root(spec);
    if !new.has(Kind::Mnt) {
        let needs = |field: &str| Err(Error::invalid(field, "needs a new mount namespace"));
        return match (&root, spec.binds.is_empty(), spec.tmpfs.is_empty()) {
            (Root::Keep, true, true) => Ok(()),
            (Root::Keep, false, _) => needs("binds"),
            (Root::Keep, true, false) => needs("tmpfs"),
            _ => needs("root"),
        };
    }
    let sources = Sources {
        host,
        ids,
        strict: spec.profile == Profile::Strict,
    };
    match &root {
        Root::System => {
            for path in SYSTEM_DIRECTORIES {
                if matches!(host.path(&path.into()), PathFact::Dir) {
                    sources.by_init(&path.into(), build)?;
                }
            }
        }
        Root::Host => sources.by_init(&"/".into(), build)?,
        Root::Dir(dir) => {
            match host.path(&dir.path) {
                PathFact::Dir => {}
                PathFact::Missing(errno) => return Err(missing(errno, &dir.path)),
                _ => return Err(missing(libc::ENOTDIR, &dir.path)),
            }
            let mut attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
            if !dir.rw {
                attributes |= MOUNT_ATTR_RDONLY;
            }
            sources.open("root", &dir.path, dir.rw, attributes, build)?;
        }
        Root::Keep => {}
    }
    if !matches!(root, Root::Keep) && !kernelfs::may_mount_proc(new) {
        sources.by_init(&"/proc".into(), build)?;
    }
    for (number, bind) in spec.binds.iter().enumerate() {
        if let PathFact::Missing(errno) = host.path(&bind.source) {
            if !bind.best_effort {
                return Err(missing(errno, &bind.source));
            }
            continue;
        }
        let field = format!("binds[{number}]");
        sources.open(
            &field,
            &bind.source,
            bind.rw,
            sources.bind_attributes(bind),
            build,
        )?;
    }
    Ok(())
}

fn missing(errno: i32, path: &Bytes) -> Error {
    Error::from_errno(Errno::from_raw(errno), Stage::Mount, path.to_string())
}

struct Sources<'h> {
    host: &'h Host,
    ids: &'h Identity,
    strict: bool,
}

impl Sources<'_> {
    fn bind_attributes(&self, bind: &Bind) -> u64 {
        let guard = if self.strict {
            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
        } else {
            0
        };
        if bind.rw {
            guard
        } else {
            guard | MOUNT_ATTR_RDONLY
        }
    }

    /// Opened by the init, by path, with the rights it has in its user namespace.
    fn by_init(&self, path: &Bytes, build: &mut Builder) -> Result<()> {
        let slot = build.init_slot();
        let wire = cstring("root", path)?;
        build.push(
            Stage::Mount,
            path.to_string(),
            &Op::OpenTree { slot, path: &wire },
        );
        build.opened(path, slot, 0);
        Ok(())
    }

    /// Opened by a privileged host where the job's ids are not the caller's: only the host may map the
    /// ids of the caller's files.
    fn open(
        &self,
        field: &str,
        path: &Bytes,
        rw: bool,
        attributes: u64,
        build: &mut Builder,
    ) -> Result<()> {
        let features = &self.host.features;
        let may_map = self.ids.maps_trees && features.mount_api && features.mount_setattr;
        if self.ids.shifted && may_map {
            let idmap = if rw { Idmap::Must } else { Idmap::Try };
            let slot = build.slot(Slot::Tree(Tree {
                path: path.clone(),
                attributes,
                idmap,
            }));
            // Its attributes are the host's work: the init's user namespace does not own it.
            build.opened(path, slot, 0);
            return Ok(());
        }
        if self.ids.shifted && rw && !self.ids.maps_trees {
            return Err(Error::new(
                ErrorKind::Permission,
                Stage::Mount,
                format!("{field}: {path}"),
                "an ordinary user cannot map the ids of files, so what the job writes would not be the \
                 caller's: run it as the id that is the caller's own outside, or write to a tmpfs",
            ));
        }
        if self.ids.shifted && rw {
            return Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Mount,
                format!("{field}: {path}"),
                "writable binds of a job with shifted ids need id-mapped mounts (Linux 5.12); \
                 give the job a uid_map with the caller's ids, or write to a tmpfs",
            ));
        }
        let slot = build.init_slot();
        let wire = cstring(field, path)?;
        build.push(
            Stage::Mount,
            path.to_string(),
            &Op::OpenTree { slot, path: &wire },
        );
        build.opened(path, slot, attributes);
        Ok(())
    }
}

/// Builds the root from what was opened, and moves into it.
pub(super) fn build_root(
    spec: &Spec,
    host: &Host,
    new: &Decided,
    build: &mut Builder,
) -> Result<()> {
    if !new.has(Kind::Mnt) {
        return Ok(());
    }
    let root = root(spec);
    let bases: Vec<CString> = BASES.iter().filter_map(|b| CString::new(*b).ok()).collect();
    let bases: TextsBuf = bases.iter().collect();
    let mut opened = std::mem::take(&mut build.opened_trees).into_iter();
    match &root {
        Root::System => {
            build.push(
                Stage::Mount,
                "/",
                &Op::RootTmpfs {
                    size: ROOT_SIZE,
                    bases: bases.as_texts(),
                },
            );
            system_directories(host, &mut opened, build)?;
        }
        Root::Host | Root::Dir(_) => {
            if let Some(tree) = opened.next() {
                let read_only = if matches!(root, Root::Host) {
                    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
                } else {
                    tree.attributes
                };
                build.push(
                    Stage::Mount,
                    tree.path.to_string(),
                    &Op::RootTree {
                        slot: tree.slot,
                        attributes: read_only,
                        bases: bases.as_texts(),
                    },
                );
            }
        }
        Root::Keep => {}
    }
    if !matches!(root, Root::Keep) {
        kernelfs::build(new, &mut opened, build)?;
        tmpfs(
            &Tmpfs {
                mode: Some(0o1777),
                size: Some(Size(TMP_SIZE)),
                ..Tmpfs::new("/tmp")
            },
            build,
        )?;
        if matches!(root, Root::System) {
            directory("/run", build);
            directory("/var", build);
            symlink("/tmp", "/var/tmp", build);
        }
        build.enforced("root", root_name(&root), "mount namespace");
    }
    for mount in &spec.tmpfs {
        tmpfs(mount, build)?;
    }
    for (number, bind) in spec.binds.iter().enumerate() {
        let dest = bind.dest.as_ref().unwrap_or(&bind.source);
        let requested = format!(
            "{} on {dest}{}",
            bind.source,
            if bind.rw { " rw" } else { "" }
        );
        if let PathFact::Missing(errno) = host.path(&bind.source) {
            build.enforcement.push(Enforced {
                name: format!("binds[{number}]"),
                requested,
                status: EnforcementStatus::Skipped,
                file: None,
                value: None,
                reason: Some(missing(errno, &bind.source).detail().to_owned()),
            });
            continue;
        }
        let Some(tree) = opened.next() else { continue };
        let target = cstring("binds", dest)?;
        build.push(
            Stage::Mount,
            dest.to_string(),
            &Op::Attach {
                slot: tree.slot,
                attributes: tree.attributes,
                target: &target,
            },
        );
        build.enforced(format!("binds[{number}]"), requested, "mount namespace");
    }
    if !matches!(root, Root::Keep) {
        build.push(Stage::Mount, "/", &Op::Pivot {});
        // Last, since every mount point above had to be made first.
        let sealed: &[&std::ffi::CStr] = if matches!(root, Root::System) {
            &[c"/dev", c"/"]
        } else {
            &[c"/dev"]
        };
        for path in sealed {
            build.push(
                Stage::Mount,
                path.to_string_lossy(),
                &Op::SetAttributes {
                    attributes: MOUNT_ATTR_RDONLY,
                    path,
                },
            );
        }
    }
    Ok(())
}

fn root_name(root: &Root) -> String {
    match root {
        Root::System => "system".into(),
        Root::Host => "host".into(),
        Root::Dir(dir) => format!("{}{}", dir.path, if dir.rw { " rw" } else { "" }),
        Root::Keep => "keep".into(),
    }
}

fn system_directories(
    host: &Host,
    opened: &mut impl Iterator<Item = super::builder::Opened>,
    build: &mut Builder,
) -> Result<()> {
    for path in SYSTEM_DIRECTORIES {
        match host.path(&path.into()) {
            PathFact::Link(text) => {
                let text = cstring("root", &text)?;
                let target = cstring("root", &path.into())?;
                build.push(
                    Stage::Mount,
                    path,
                    &Op::Symlink {
                        text: &text,
                        target: &target,
                    },
                );
            }
            PathFact::Dir => {
                let Some(tree) = opened.next() else { continue };
                let target = cstring("root", &tree.path)?;
                build.push(
                    Stage::Mount,
                    path,
                    &Op::Attach {
                        slot: tree.slot,
                        attributes: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
                        target: &target,
                    },
                );
            }
            PathFact::File | PathFact::Missing(_) => {}
        }
    }
    Ok(())
}
