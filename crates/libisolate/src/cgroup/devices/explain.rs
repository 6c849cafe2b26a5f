//! Why a process of a group may use a device, or may not.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, Device, filter, v1};
use crate::cgroup::Version;
use crate::cgroup::bpf::{DEVICES, attach, program};
use crate::cgroup::dir::Dir;
use crate::error::{Error, Result};

/// Whether the processes of a group may use a device in a way, and what decides.
///
/// File permissions, mounts with `nodev` and the like are another matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeviceExplanation")]
pub struct Explanation {
    /// Whether no tree of the group denies it, as far as that can be seen.
    pub allowed: bool,
    /// The rule that decides, such as `deny b 8:0 w`; `None` where the default does, or a program that
    /// this library cannot read.
    pub rule: Option<String>,
    /// What decides, in words, with the path of the group.
    pub reason: String,
}

/// Explains for a group that has these directories. Where both versions hold it, both must allow.
///
/// # Errors
/// As [`Device::parse`] and [`Access::parse`]; `Cgroup` stage with the path where a tree cannot be read.
pub(crate) fn explain(
    trees: &[(&Dir, Version)],
    device: &str,
    access: &str,
) -> Result<Explanation> {
    let (device, access) = (Device::parse(device)?, Access::parse(access)?);
    let (mut allowed, mut unseen): (Option<Explanation>, Option<Error>) = (None, None);
    for (dir, version) in trees {
        let told = match version {
            Version::V1 => explain_v1(dir, &device, access),
            Version::V2 => explain_v2(dir, &device, access),
        };
        let told = match told {
            Ok(told) if !told.allowed => return Ok(told),
            Ok(told) => told,
            // Of two trees, the other may tell enough.
            Err(error) if trees.len() > 1 => {
                unseen = Some(error);
                continue;
            }
            Err(error) => return Err(error),
        };
        allowed = Some(match allowed {
            None => told,
            Some(before) => Explanation {
                allowed: true,
                rule: before.rule.or(told.rule),
                reason: format!("{}; {}", before.reason, told.reason),
            },
        });
    }
    match (allowed, unseen) {
        (Some(mut told), Some(error)) => {
            told.reason += &format!("; what else may deny it cannot be seen: {error}");
            Ok(told)
        }
        (Some(told), None) => Ok(told),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(Explanation {
            allowed: true,
            rule: None,
            reason: "no tree of the group can deny a device".to_owned(),
        }),
    }
}

fn explain_v1(dir: &Dir, device: &Device, access: Access) -> Result<Explanation> {
    let here = v1::look(dir)?.state;
    let path = dir.path().display();
    let (allowed, rule) = here.decide(device, access);
    let rule = rule.map(|rule| rule.to_string());
    let above: Vec<_> = above(dir)
        .into_iter()
        .map_while(|dir| v1::look(&dir).ok().map(|seen| (dir, seen.state)))
        .map(|(dir, state)| (dir, state.decide(device, access)))
        .collect();
    let reason = match (&rule, allowed) {
        (Some(rule), true) => format!("{path}: {rule:?} has all of {access}"),
        (Some(rule), false) => format!("{path}: {rule:?} has some of {access}"),
        (None, true) => {
            // A group is denied what one above it is denied, and does not show it.
            let denied = above.iter().find(|(_, (allowed, _))| !allowed);
            if let Some((dir, (_, Some(rule)))) = denied {
                let path = dir.path().display();
                let rule = rule.to_string();
                return Ok(Explanation {
                    allowed: false,
                    reason: format!("{path}: {rule:?} has some of {access}"),
                    rule: Some(rule),
                });
            }
            format!(
                "{path} allows by default; what others have denied there or above, v1 does not show"
            )
        }
        (None, false) => {
            let mut reason = format!("no rule of {path} allows all of {access} for {device}");
            // It can be allowed in a group only where the group above may use it.
            let denying = above.iter().take_while(|(_, (allowed, _))| !allowed);
            if let Some((dir, _)) = denying.last() {
                reason += &format!(", nor one of {} above it", dir.path().display());
            }
            reason
        }
    };
    Ok(Explanation {
        allowed,
        rule,
        reason,
    })
}

fn explain_v2(dir: &Dir, device: &Device, access: Access) -> Result<Explanation> {
    let (mut unknown, mut filters, mut allowing) = (Vec::new(), 0, None);
    let mut look = |dir: &Dir| -> Result<Option<Explanation>> {
        for found in attach::attached(dir, &DEVICES)? {
            filters += 1;
            let code = found.program.as_ref().and_then(program::instructions);
            let code = code.unwrap_or_default();
            let rules = filter::decode(&code);
            let rule = rules.and_then(|rules| filter::deciding(&rules, device, access));
            let path = dir.path().display();
            match filter::ask(&code, device, access) {
                Some(true) => {
                    allowing = allowing
                        .take()
                        .or(rule.map(|rule| (rule, path.to_string())))
                }
                Some(false) => {
                    return Ok(Some(Explanation {
                        allowed: false,
                        reason: match rule {
                            Some(rule) => {
                                format!("{path}: {:?} has some of {access}", rule.to_string())
                            }
                            None => format!(
                                "no rule of program {} ({}) on {path} allows all of {access} for {device}",
                                found.id, found.name
                            ),
                        },
                        rule: rule.map(|rule| rule.to_string()),
                    }));
                }
                None => unknown.push(format!("{} ({}) on {path}", found.id, found.name)),
            }
        }
        Ok(None)
    };
    if let Some(denied) = look(dir)? {
        return Ok(denied);
    }
    for above in above(dir) {
        if let Some(denied) = look(&above)? {
            return Ok(denied);
        }
    }
    let path = dir.path().display();
    let mut reason = match &allowing {
        Some((rule, path)) => format!("{path}: {:?} has all of {access}", rule.to_string()),
        None if filters > unknown.len() => {
            format!("the programs on {path} and above allow it by default")
        }
        None if filters > 0 => format!("{path} has no program of libisolate"),
        None => format!("no program on {path}, or above as far as can be seen, denies devices"),
    };
    if !unknown.is_empty() {
        reason += &format!(
            "; a program that libisolate does not know may deny it: {}",
            unknown.join(", ")
        );
    }
    Ok(Explanation {
        allowed: true,
        rule: allowing.map(|(rule, _)| rule.to_string()),
        reason,
    })
}

/// The groups above, nearest first, as far as the mount shows them.
fn above(dir: &Dir) -> Vec<Dir> {
    let above = dir.path().ancestors().skip(1).map(Path::to_owned);
    above
        .map_while(|path| Dir::open(&path).ok())
        .take_while(|dir| dir.has("cgroup.procs"))
        .collect()
}
