//! Making namespaces that no process needs to live in.

use std::collections::BTreeMap;
use std::fmt;

use super::visit::{Found, hear};
use super::{Kind, Namespace, joined};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host::Host;
use crate::init::{Control, Cradle, Guarded, Newborn};
use crate::plan::Plan;
use crate::spec::{Bytes, IdMap, NamespaceMode, Namespaces, Profile, Spec};
use crate::{host, job, plan};

/// Namespaces made together, and kept by their descriptors.
///
/// No process lives in them, with one exception: a pid namespace is of no use without its pid 1, so with
/// one among them a holder, an init that only reaps, lives in all of them. It ends when the set is
/// dropped, and with it whatever runs in the pid namespace.
pub struct NamespaceSet {
    members: BTreeMap<Kind, Namespace>,
    holder: Option<Holder>,
}

struct Holder {
    process: Guarded,
    /// Its end is the holder's end, also when this process is killed.
    _line: Control,
    owner: i32,
}

/// Makes namespaces of these kinds, each owned by the new user namespace when that is among them.
///
/// `settings` says what they are to be like, in the words of a job's spec: `hostname`, `domainname`,
/// `time_offsets`, `sysctls`, `uid_map`, `gid_map`, and in `namespaces.user` a user namespace that is
/// there and is to own them. A new network namespace has `lo` up, the mounts of a new mount namespace
/// are private. Id maps default to those of a job for root, and to the caller as its root for an ordinary
/// user.
///
/// # Errors
/// `InvalidSpec` for settings that say anything else or do not fit the kinds; `Unsupported` and
/// `Permission` for what this host cannot do, as for a job. On an error nothing is left.
pub fn create(kinds: &[Kind], settings: &Spec) -> Result<NamespaceSet> {
    let (spec, host) = settled(kinds, settings)?;
    let plan = plan::plan_namespaces(&spec, &host)?;
    let (newborn, found) = perform(&plan)?;
    let mut members = BTreeMap::new();
    for descriptor in found.descriptors {
        let namespace = Namespace::from_fd(descriptor)?;
        members.insert(namespace.kind(), namespace);
    }
    let holder = match members.contains_key(&Kind::Pid) {
        true => newborn.keep().map(|(spark, line)| Holder {
            process: Guarded::new(spark),
            _line: line,
            owner: isolate_sys::calls::process::getpid(),
        }),
        false => None,
    };
    Ok(NamespaceSet { members, holder })
}

/// The spec of a job that would have them, and this host.
pub(super) fn settled(kinds: &[Kind], settings: &Spec) -> Result<(Spec, Host)> {
    let mut spec = wanted(kinds, settings)?;
    let host = host::current(&spec)?;
    if kinds.contains(&Kind::User) && host.caller.uid != 0 {
        // Whoever enters is to be its root, which alone may write some of its parameters.
        root_inside(&mut spec.uid_map, host.caller.uid);
        root_inside(&mut spec.gid_map, host.caller.gid);
    }
    spec.uid = first_inside(&spec.uid_map);
    spec.gid = first_inside(&spec.gid_map);
    Ok((spec, host))
}

/// Has an init without a job do what the plan says, and gives what it brought back.
pub(super) fn perform(plan: &Plan) -> Result<(Newborn, Found)> {
    let cradle = Cradle::new(plan, joined(plan)?)?;
    let newborn = cradle.light(plan, None)?;
    if plan.new_user {
        job::write_id_maps(newborn.pid(), plan)?;
    }
    newborn
        .send(plan, &[])
        .map_err(|errno| Error::from_errno(errno, Stage::Namespace, "init"))?;
    let found = hear(&newborn.control, plan.labels())?;
    Ok((newborn, found))
}

fn root_inside(map: &mut Vec<IdMap>, outside: u32) {
    if map.is_empty() {
        map.push(IdMap {
            inside: 0,
            outside,
            count: 1,
        });
    }
}

/// Who the init is: the namespace's root, or, where that is not mapped, whoever is.
fn first_inside(map: &[IdMap]) -> Option<u32> {
    map.iter().map(|line| line.inside).min()
}

/// The spec of a job that would have these namespaces.
fn wanted(kinds: &[Kind], settings: &Spec) -> Result<Spec> {
    let wrong = |subject: &str, detail: &str| {
        Error::new(ErrorKind::InvalidSpec, Stage::Namespace, subject, detail)
    };
    if kinds.is_empty() {
        return Err(wrong("", "no namespace is named"));
    }
    let mut namespaces = Namespaces::default();
    // Said of each, so that a setting that lacks its kind is told so and not of a profile.
    for kind in Kind::ALL {
        namespaces.set(kind, NamespaceMode::Host);
    }
    for (at, kind) in kinds.iter().enumerate() {
        if kinds[..at].contains(kind) {
            return Err(wrong(kind.name(), "is named twice"));
        }
        namespaces.set(*kind, NamespaceMode::New);
    }
    if let Some(owner) = settings
        .namespaces
        .get(Kind::User)
        .filter(|mode| mode.is_joined())
    {
        if kinds.contains(&Kind::User) {
            return Err(wrong(
                "user",
                "is to be new, and namespaces.user of the settings names one that is there",
            ));
        }
        namespaces.set(Kind::User, owner.clone());
    }
    // What is looked at; anything else would be passed over in silence.
    let understood = Spec {
        hostname: settings.hostname.clone(),
        domainname: settings.domainname.clone(),
        time_offsets: settings.time_offsets,
        sysctls: settings.sysctls.clone(),
        uid_map: settings.uid_map.clone(),
        gid_map: settings.gid_map.clone(),
        ..Spec::new(settings.argv.iter().cloned())
    };
    let mut plain = Spec {
        profile: settings.profile,
        ..understood.clone()
    };
    if let Some(owner) = settings
        .namespaces
        .get(Kind::User)
        .filter(|mode| mode.is_joined())
    {
        plain.namespaces.set(Kind::User, owner.clone());
    }
    if !settings.argv.is_empty() || plain != *settings {
        return Err(wrong(
            "settings",
            "are to name hostname, domainname, time_offsets, sysctls, uid_map, gid_map and \
             namespaces.user alone: the rest is for a job",
        ));
    }
    let spec = Spec {
        argv: vec![Bytes::from("init")],
        profile: Profile::None,
        namespaces,
        ..understood
    };
    spec.check()?;
    Ok(spec)
}

impl NamespaceSet {
    /// The one of a kind.
    pub fn get(&self, kind: Kind) -> Option<&Namespace> {
        self.members.get(&kind)
    }

    /// The kinds, in the order of [`Kind::ALL`].
    pub fn kinds(&self) -> Vec<Kind> {
        self.members.keys().copied().collect()
    }

    /// All of them, in the order of [`Kind::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = &Namespace> {
        self.members.values()
    }

    /// Takes the one of a kind out of the set. A pid namespace lives only as long as the set does.
    pub fn take(&mut self, kind: Kind) -> Option<Namespace> {
        self.members.remove(&kind)
    }

    /// The process that is pid 1 of a pid namespace in the set, as the caller sees it.
    pub fn holder_pid(&self) -> Option<i32> {
        self.holder.as_ref().map(|holder| holder.process.pid())
    }
}

impl fmt::Debug for NamespaceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamespaceSet")
            .field("members", &self.members.values())
            .field("holder", &self.holder_pid())
            .finish()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        const PATIENCE_MS: i64 = 100;
        // In a fork of the owner the holder is not this process's to end.
        if self.owner != isolate_sys::calls::process::getpid() {
            return self.process.forget();
        }
        // A pid 1 ends after every process of its namespace is reaped. One that the caller has put there
        // (setns(2) and fork(2)) is its own to reap, perhaps by this very thread, later.
        if !self.process.end(PATIENCE_MS) {
            let process = std::mem::replace(&mut self.process, Guarded::none());
            let _ = std::thread::Builder::new()
                .name("isolate-reaper".into())
                .spawn(move || drop(process));
        }
    }
}
