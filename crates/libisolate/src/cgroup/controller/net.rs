//! net_cls and net_prio: how the packets of a job's sockets are marked; on v2 by a program at the group.

use super::{Setting, outside, unsupported};
use crate::error::{Error, Result};
use crate::spec::Limits;

/// Both are 32 bits wide.
const HIGHEST: u64 = u32::MAX as u64;

/// IFNAMSIZ without the NUL.
const NAME_MAX: usize = 15;

/// Every interface.
const ALL: &str = "*";

/// Refuses what no kernel takes.
pub(super) fn check(limits: &Limits) -> Result<()> {
    if let Some(class) = limits.net_class
        && class > HIGHEST
    {
        return Err(outside("net_class", class, 0, HIGHEST));
    }
    for (name, priority) in &limits.net_priorities {
        let wrong = name.is_empty()
            || name.len() > NAME_MAX
            || name == "."
            || name == ".."
            || name.contains(|c: char| c.is_whitespace() || c.is_control() || "/:".contains(c));
        if wrong {
            return Err(Error::invalid(
                "limits.net_priorities",
                format!("{name:?} is no name of a network interface, nor \"*\""),
            ));
        }
        if *priority > HIGHEST {
            let field = format!("net_priorities.{name}");
            return Err(outside(field, priority, 0, HIGHEST));
        }
    }
    Ok(())
}

/// The file of net_cls.
pub(super) fn class(limits: &Limits) -> Result<Vec<Setting>> {
    check(limits)?;
    let class = limits.net_class;
    Ok(class
        .map(|class| Setting::new("net_class", "net_cls.classid", class))
        .into_iter()
        .collect())
}

/// The file of net_prio, which takes one interface at a time; `*` first, so that what is said of one
/// interface stays.
pub(super) fn priorities(limits: &Limits) -> Result<Vec<Setting>> {
    check(limits)?;
    let (all, each): (Vec<_>, Vec<_>) = limits.net_priorities.iter().partition(|(n, _)| *n == ALL);
    Ok(all
        .into_iter()
        .chain(each)
        .map(|(name, priority)| {
            Setting::new(
                "net_priorities",
                "net_prio.ifpriomap",
                format!("{name} {priority}"),
            )
        })
        .collect())
}

/// The text that the program of v2 is made of: `class=0x00010010 priority=5`. A socket knows nothing there
/// of the interface that it will send by.
pub(super) fn sockets(limits: &Limits) -> Result<Vec<Setting>> {
    check(limits)?;
    let mut words = Vec::new();
    if let Some(class) = limits.net_class {
        words.push(format!("class={class:#010x}"));
    }
    for (name, priority) in &limits.net_priorities {
        if name != ALL {
            return Err(unsupported(
                format!("net_priorities.{name}"),
                "no net_prio hierarchy (cgroup v1) is mounted here, and a v2 group has one priority for \
                 every interface: use \"*\", or mount one",
            ));
        }
        words.push(format!("priority={priority}"));
    }
    let (limit, also) = match (limits.net_class, limits.net_priorities.is_empty()) {
        (None, true) => return Ok(Vec::new()),
        (None, false) => ("net_priorities", None),
        (Some(_), true) => ("net_class", None),
        (Some(_), false) => ("net_class", Some("net_priorities")),
    };
    Ok(vec![Setting {
        also,
        ..Setting::new(limit, "bpf.sockets", words.join(" "))
    }])
}

/// `* 5` as one line for each interface of a `net_prio.ifpriomap`; anything else as it is.
pub(in crate::cgroup) fn spread(value: &str, map: &str) -> Vec<String> {
    match value.split_once(' ') {
        Some((ALL, priority)) => map
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, _)| format!("{name} {priority}"))
            .collect(),
        _ => vec![value.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(net_class: Option<u64>, priorities: &[(&str, u64)]) -> Limits {
        Limits {
            net_class,
            net_priorities: priorities
                .iter()
                .map(|(name, n)| ((*name).to_owned(), *n))
                .collect(),
            ..Limits::default()
        }
    }

    fn text(made: Result<Vec<Setting>>) -> Vec<String> {
        match made {
            Ok(settings) => settings
                .iter()
                .map(|s| {
                    let also = s.also.map_or(String::new(), |also| format!("+{also}"));
                    format!("{}{also} {} {}", s.limit, s.file, s.value)
                })
                .collect(),
            Err(e) => vec![e.message()],
        }
    }

    #[test]
    fn files_of_v1() {
        let both = limits(Some(0x10_0010), &[("*", 3), ("!eth", 5), ("eth0", 0)]);
        assert_eq!(text(class(&both)), ["net_class net_cls.classid 1048592"]);
        assert_eq!(
            text(priorities(&both)),
            [
                "net_priorities net_prio.ifpriomap * 3",
                "net_priorities net_prio.ifpriomap !eth 5",
                "net_priorities net_prio.ifpriomap eth0 0",
            ]
        );
    }

    #[test]
    fn the_program_of_v2() {
        assert_eq!(
            text(sockets(&limits(Some(0x1_0010), &[("*", 5)]))),
            ["net_class+net_priorities bpf.sockets class=0x00010010 priority=5"]
        );
        assert_eq!(
            text(sockets(&limits(None, &[("*", 5)]))),
            ["net_priorities bpf.sockets priority=5"]
        );
        assert_eq!(
            text(sockets(&limits(Some(0), &[]))),
            ["net_class bpf.sockets class=0x00000000"]
        );
        assert_eq!(text(sockets(&limits(None, &[]))), Vec::<String>::new());
        assert_eq!(
            text(sockets(&limits(None, &[("eth0", 5)]))),
            [
                "cgroup: limits.net_priorities.eth0: no net_prio hierarchy (cgroup v1) is mounted \
              here, and a v2 group has one priority for every interface: use \"*\", or mount one"
            ]
        );
    }

    #[test]
    fn every_interface_is_each_of_the_map() {
        let map = "lo 0\neth0 7\n";
        assert_eq!(spread("* 5", map), ["lo 5", "eth0 5"]);
        assert_eq!(spread("eth0 5", map), ["eth0 5"]);
    }

    #[test]
    fn what_no_kernel_takes_is_refused() {
        assert_eq!(
            text(class(&limits(Some(1 << 32), &[]))),
            ["spec: limits.net_class: 4294967296 is not among 0 to 4294967295"]
        );
        assert_eq!(
            text(priorities(&limits(None, &[("eth0", 1 << 32)]))),
            ["spec: limits.net_priorities.eth0: 4294967296 is not among 0 to 4294967295"]
        );
        for name in [
            "",
            ".",
            "..",
            "a b",
            "a/b",
            "a:b",
            "a\nb",
            "sixteen-letters.",
        ] {
            assert_eq!(
                text(sockets(&limits(None, &[(name, 1)]))),
                [Error::invalid(
                    "limits.net_priorities",
                    format!("{name:?} is no name of a network interface, nor \"*\"")
                )
                .message()]
            );
        }
    }
}
