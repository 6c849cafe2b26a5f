//! Which ids the job has inside, and which outside.

use isolate_plan::Op;

use super::builder::Builder;
use super::namespaces::Decided;
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::host::Host;
use crate::ns::{self, Kind, Rights, Which};
use crate::spec::{Bytes, IdMap, Profile, Spec};

/// How many ids a root caller's job is shifted to: enough for nobody (65534).
const SHIFT_COUNT: u32 = 65536;

/// The job's ids.
#[derive(Debug)]
pub(super) struct Identity {
    pub uid_map: Vec<IdMap>,
    pub gid_map: Vec<IdMap>,
    pub uid_helper: Option<Bytes>,
    pub gid_helper: Option<Bytes>,
    pub deny_setgroups: bool,
    pub tree_map: Option<(Vec<IdMap>, Vec<IdMap>)>,
    /// Whether the ids outside are not the caller's, so that the caller's files are somebody else's.
    pub shifted: bool,
    /// Whether the host may map the ids of trees to the job's.
    pub maps_trees: bool,
    /// The program's ids outside, where they are not the caller's.
    pub outside: Option<(u32, u32)>,
    /// What the program runs as inside; `None` leaves the ids alone.
    pub job: Option<Ids>,
    /// What the init works as inside; `None` leaves the ids alone.
    pub init: Option<Ids>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ids {
    pub uid: u32,
    pub gid: u32,
    pub groups: Option<Vec<u32>>,
}

impl Ids {
    /// Who the init is: the namespace's root where that is mapped, or its mounts would be nobody's.
    fn of_init(&self, uids: &[IdMap], gids: &[IdMap]) -> Ids {
        let mut init = self.clone();
        if outside(uids, 0).is_some() && outside(gids, 0).is_some() {
            (init.uid, init.gid) = (0, 0);
        }
        init
    }

    pub fn push(&self, build: &mut Builder) {
        let groups: Vec<u8> = self
            .groups
            .iter()
            .flatten()
            .flat_map(|id| id.to_le_bytes())
            .collect();
        build.push(
            Stage::Ids,
            format!("uid {}, gid {}", self.uid, self.gid),
            &Op::SetIds {
                uid: self.uid,
                gid: self.gid,
                set_groups: u32::from(self.groups.is_some()),
                groups: &groups,
            },
        );
    }
}

pub(super) fn decide(spec: &Spec, host: &Host, new: &Decided) -> Result<Identity> {
    if new.has(Kind::User) {
        in_user_namespace(spec, host)
    } else if new.joins(Kind::User) {
        in_joined(spec, host)
    } else {
        as_caller(spec, host)
    }
}

/// Without a user namespace: real ids, which only a privileged caller may change.
fn as_caller(spec: &Spec, host: &Host) -> Result<Identity> {
    if !spec.uid_map.is_empty() || !spec.gid_map.is_empty() {
        return Err(Error::invalid("uid_map", "needs a new user namespace"));
    }
    let caller = &host.caller;
    let may_set = caller.may_set_ids();
    let changes = spec.uid.is_some_and(|id| id != caller.uid)
        || spec.gid.is_some_and(|id| id != caller.gid)
        || spec.groups.is_some();
    if changes && !may_set {
        return Err(Error::new(
            ErrorKind::Permission,
            Stage::Ids,
            "uid",
            "changing ids needs CAP_SETUID and CAP_SETGID, or a user namespace: set namespaces.user to new",
        ));
    }
    if spec.groups.is_some() && caller.setgroups_denied {
        return Err(groups_denied("the caller's user namespace"));
    }
    let drop_groups = spec.profile == Profile::Strict && may_set && !caller.setgroups_denied;
    let job = (changes || drop_groups).then(|| Ids {
        uid: spec.uid.unwrap_or(caller.uid),
        gid: spec.gid.unwrap_or(caller.gid),
        groups: spec.groups.clone().or_else(|| drop_groups.then(Vec::new)),
    });
    Ok(Identity {
        uid_map: Vec::new(),
        gid_map: Vec::new(),
        uid_helper: None,
        gid_helper: None,
        deny_setgroups: false,
        tree_map: None,
        shifted: false,
        maps_trees: false,
        outside: None,
        job,
        init: None,
    })
}

/// In a user namespace that is there: the ids are whatever its maps give, and entering it gives the
/// capabilities to take them.
fn in_joined(spec: &Spec, host: &Host) -> Result<Identity> {
    if !spec.uid_map.is_empty() || !spec.gid_map.is_empty() {
        return Err(Error::invalid("uid_map", "needs a new user namespace"));
    }
    let caller = &host.caller;
    let maps = host.joined_ids.clone().unwrap_or_default();
    if spec.groups.is_some() && !maps.setgroups {
        return Err(groups_denied("the user namespace that is entered"));
    }
    // A privileged caller's own ids mean nothing there: its root, or whoever comes first. An ordinary
    // user is there under the id that they have mapped.
    let default = |map: &[IdMap], own: u32| {
        if caller.may_set_ids() {
            map.iter().map(|line| line.inside).min().unwrap_or(own)
        } else {
            let line = map.iter().find(|line| holds(line.outside, line.count, own));
            line.map_or(own, |line| line.inside + (own - line.outside))
        }
    };
    let job = Ids {
        uid: spec.uid.unwrap_or_else(|| default(&maps.uid, caller.uid)),
        gid: spec.gid.unwrap_or_else(|| default(&maps.gid, caller.gid)),
        // No supplementary group of the caller's may leak into a job that is somebody else.
        groups: maps
            .setgroups
            .then(|| spec.groups.clone().unwrap_or_default()),
    };
    mapped("uid", job.uid, &maps.uid)?;
    mapped("gid", job.gid, &maps.gid)?;
    for (at, group) in spec.groups.iter().flatten().enumerate() {
        mapped(&format!("groups[{at}]"), *group, &maps.gid)?;
    }
    let init = job.of_init(&maps.uid, &maps.gid);
    let outer = outside(&maps.uid, job.uid).zip(outside(&maps.gid, job.gid));
    let shifted = outer.is_none_or(|(uid, _)| uid != caller.uid);
    Ok(Identity {
        uid_map: Vec::new(),
        gid_map: Vec::new(),
        uid_helper: None,
        gid_helper: None,
        deny_setgroups: false,
        tree_map: None,
        shifted,
        maps_trees: caller.may_set_ids(),
        outside: outer.filter(|_| shifted),
        job: Some(job),
        init: Some(init),
    })
}

fn in_user_namespace(spec: &Spec, host: &Host) -> Result<Identity> {
    let caller = &host.caller;
    let privileged = caller.may_set_ids();
    let root = caller.uid == 0 && privileged;
    let uid_range = range(&caller.mapped_uids, host.shift_base).filter(|_| root);
    let gid_range = range(&caller.mapped_gids, host.shift_base).filter(|_| root);
    let shift = uid_range.zip(gid_range);

    // Of a map that an ordinary caller gives, the id that is its own outside.
    let default =
        |map: &[IdMap], id| match map.iter().find(|line| holds(line.outside, line.count, id)) {
            _ if shift.is_some() => 0,
            Some(line) if !privileged => line.inside + (id - line.outside),
            _ => id,
        };
    let uid = spec
        .uid
        .unwrap_or_else(|| default(&spec.uid_map, caller.uid));
    let gid = spec
        .gid
        .unwrap_or_else(|| default(&spec.gid_map, caller.gid));
    let own = |inside, outside| {
        vec![IdMap {
            inside,
            outside,
            count: 1,
        }]
    };
    let shifted = |range: (u32, u32)| {
        vec![IdMap {
            inside: 0,
            outside: range.0,
            count: range.1,
        }]
    };
    let uid_map = match (&spec.uid_map[..], shift) {
        ([], Some((range, _))) => shifted(range),
        ([], None) => own(uid, caller.uid),
        (given, _) => given.to_vec(),
    };
    let gid_map = match (&spec.gid_map[..], shift) {
        ([], Some((_, range))) => shifted(range),
        ([], None) => own(gid, caller.gid),
        (given, _) => given.to_vec(),
    };
    let uid_helper = ns::id_map_writer(
        Which::Uid,
        &uid_map,
        &Rights {
            own: caller.uid,
            capable: privileged,
            subordinate: &caller.subordinate.uid,
            helper: caller.newuidmap.as_ref(),
        },
    )?;
    let gid_helper = ns::id_map_writer(
        Which::Gid,
        &gid_map,
        &Rights {
            own: caller.gid,
            capable: privileged,
            subordinate: &caller.subordinate.gid,
            helper: caller.newgidmap.as_ref(),
        },
    )?;
    // The kernel lets a user map its own group alone only where no group can be dropped; newgidmap
    // leaves that to whoever is given other groups.
    if spec.groups.is_some() && caller.setgroups_denied {
        return Err(groups_denied("the caller's user namespace"));
    }
    let may_set_groups = (privileged || gid_helper.is_some()) && !caller.setgroups_denied;
    if !may_set_groups && spec.groups.is_some() {
        return Err(Error::new(
            ErrorKind::Permission,
            Stage::Ids,
            "groups",
            "an ordinary user cannot set supplementary groups in a user namespace, but with a gid_map \
             of ids that /etc/subgid gives it",
        ));
    }
    mapped("uid", uid, &uid_map)?;
    mapped("gid", gid, &gid_map)?;
    for (at, group) in spec.groups.iter().flatten().enumerate() {
        mapped(&format!("groups[{at}]"), *group, &gid_map)?;
    }

    // No supplementary group of the caller's may leak into a job that is somebody else.
    let groups = may_set_groups.then(|| spec.groups.clone().unwrap_or_default());
    let job = Ids { uid, gid, groups };
    let outer = outside(&uid_map, uid).zip(outside(&gid_map, gid));
    let shifted = outside(&uid_map, uid) != Some(caller.uid);
    let init = job.of_init(&uid_map, &gid_map);
    let tree_map = (privileged && shifted && (uid, gid) != (0, 0)).then(|| {
        (
            swap(&uid_map, caller.uid, uid),
            swap(&gid_map, caller.gid, gid),
        )
    });
    Ok(Identity {
        uid_map,
        gid_map,
        uid_helper,
        gid_helper,
        deny_setgroups: !may_set_groups,
        tree_map,
        shifted,
        maps_trees: privileged,
        outside: outer.filter(|_| shifted),
        job: Some(job),
        init: Some(init),
    })
}

/// Where a root caller's job is shifted to: the host's range when it is mapped here, else whatever is
/// mapped besides the caller's own id, as in a container.
fn range(mapped: &[(u32, u32)], base: u32) -> Option<(u32, u32)> {
    let fits = |(first, count): &&(u32, u32)| {
        base >= *first
            && u64::from(base) + u64::from(SHIFT_COUNT) <= u64::from(*first) + u64::from(*count)
    };
    if base != 0 && mapped.iter().any(|extent| fits(&extent)) {
        return Some((base, SHIFT_COUNT));
    }
    let (first, count) = *mapped.iter().max_by_key(|(_, count)| *count)?;
    let (first, count) = if first == 0 {
        (1, count.saturating_sub(1))
    } else {
        (first, count)
    };
    (count > 0).then_some((first, count.min(SHIFT_COUNT)))
}

/// What an id inside is outside.
fn outside(map: &[IdMap], id: u32) -> Option<u32> {
    map.iter()
        .find(|line| holds(line.inside, line.count, id))
        .map(|line| line.outside + (id - line.inside))
}

/// Whether an id is among `count` from `first` on.
fn holds(first: u32, count: u32, id: u32) -> bool {
    id >= first && id - first < count
}

fn groups_denied(whose: &str) -> Error {
    Error::new(
        ErrorKind::Permission,
        Stage::Ids,
        "groups",
        format!("setting supplementary groups is denied in {whose} (/proc/PID/setgroups)"),
    )
}

fn mapped(field: &str, id: u32, map: &[IdMap]) -> Result<()> {
    if map.iter().any(|line| holds(line.inside, line.count, id)) {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        format!("{id} is not mapped in the user namespace"),
    ))
}

/// A map for trees: what is the caller's on disk is the job's `id`, and the other way round; all other
/// ids are as in `map`, where a file's id on disk counts as an id inside.
fn swap(map: &[IdMap], caller: u32, id: u32) -> Vec<IdMap> {
    let mut lines = Vec::new();
    for line in map {
        // Cut the line at both ids, so that each can be exchanged.
        let end = u64::from(line.inside) + u64::from(line.count);
        let mut cuts = vec![u64::from(line.inside), end];
        for cut in [caller, id] {
            for cut in [u64::from(cut), u64::from(cut) + 1] {
                if cut > u64::from(line.inside) && cut < end {
                    cuts.push(cut);
                }
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        for pair in cuts.windows(2) {
            let (start, count) = (pair[0] as u32, (pair[1] - pair[0]) as u32);
            let inside = match start {
                _ if caller == id => start,
                start if start == caller => id,
                start if start == id => caller,
                start => start,
            };
            lines.push(IdMap {
                inside,
                outside: line.outside + (start - line.inside),
                count,
            });
        }
    }
    // A caller's id outside the map has no partner to change places with: it takes the job's.
    if !lines.iter().any(|line| line.inside == caller) {
        for line in &mut lines {
            if line.inside == id {
                line.inside = caller;
            }
        }
    }
    lines
}

/// Takes on the init's ids.
pub(super) fn become_root(ids: &Identity, build: &mut Builder) {
    if let Some(init) = &ids.init {
        init.push(build);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_belong_to_the_caller() {
        let map = [IdMap {
            inside: 0,
            outside: 700_000,
            count: 65536,
        }];
        let swapped = swap(&map, 0, 1000);
        let outside = |disk: u32| {
            swapped
                .iter()
                .find(|l| disk >= l.inside && disk - l.inside < l.count)
                .map(|l| l.outside + disk - l.inside)
        };
        assert_eq!(
            outside(0),
            Some(701_000),
            "the caller's files are the program's"
        );
        assert_eq!(outside(1000), Some(700_000));
        assert_eq!(outside(5), Some(700_005));
        assert_eq!(outside(65535), Some(765_535));
        assert_eq!(swapped.iter().map(|l| l.count).sum::<u32>(), 65536);
    }

    #[test]
    fn a_container_shifts_inside_what_it_has() {
        assert_eq!(range(&[(0, u32::MAX)], 1 << 29), Some((1 << 29, 65536)));
        assert_eq!(range(&[(0, 65536)], 1 << 29), Some((1, 65535)));
        assert_eq!(range(&[(0, 1)], 1 << 29), None);
    }
}
