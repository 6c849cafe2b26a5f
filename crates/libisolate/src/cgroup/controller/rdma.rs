//! rdma and misc: what the host has a number of, by name. The same files in both versions.

use super::{Setting, outside, word};
use crate::error::{Error, Result};
use crate::spec::Limits;

/// The kernel's int.
const HIGHEST: u64 = i32::MAX as u64;

/// Refuses what no kernel takes.
pub(super) fn check(limits: &Limits) -> Result<()> {
    for (at, limit) in limits.rdma.iter().enumerate() {
        word(format!("rdma[{at}].device"), &limit.device)?;
        if limits.rdma[..at].iter().any(|l| l.device == limit.device) {
            return Err(Error::invalid(
                format!("limits.rdma[{at}].device"),
                format!("{:?} is named twice", limit.device),
            ));
        }
        for (name, value) in [("handles", limit.handles), ("objects", limit.objects)] {
            if let Some(value) = value
                && value > HIGHEST
            {
                return Err(outside(format!("rdma[{at}].{name}"), value, 0, HIGHEST));
            }
        }
        if limit.handles.is_none() && limit.objects.is_none() {
            return Err(Error::invalid(
                format!("limits.rdma[{at}]"),
                "limits nothing: set handles or objects",
            ));
        }
    }
    limits.misc.keys().try_for_each(|name| word("misc", name))
}

/// A line of `rdma.max` for each adapter.
pub(super) fn adapters(limits: &Limits) -> Result<Vec<Setting>> {
    check(limits)?;
    let all = limits.rdma.iter();
    Ok(all
        .map(|limit| {
            let mut line = limit.device.clone();
            for (key, value) in [("hca_handle", limit.handles), ("hca_object", limit.objects)] {
                if let Some(value) = value {
                    line.push_str(&format!(" {key}={value}"));
                }
            }
            Setting::new("rdma", "rdma.max", line)
        })
        .collect())
}

/// A line of `misc.max` for each name.
pub(super) fn misc(limits: &Limits) -> Result<Vec<Setting>> {
    check(limits)?;
    let all = limits.misc.iter();
    Ok(all
        .map(|(name, value)| Setting::new("misc", "misc.max", format!("{name} {value}")))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::RdmaLimit;

    fn limits(device: &str, handles: Option<u64>, objects: Option<u64>) -> Limits {
        Limits {
            rdma: vec![RdmaLimit {
                device: device.to_owned(),
                handles,
                objects,
            }],
            ..Limits::default()
        }
    }

    fn text(made: Result<Vec<Setting>>) -> Vec<String> {
        match made {
            Ok(settings) => settings
                .iter()
                .map(|s| format!("{} {}", s.file, s.value))
                .collect(),
            Err(e) => vec![e.message()],
        }
    }

    #[test]
    fn lines_by_name() {
        assert_eq!(
            text(adapters(&limits("mlx5_0", Some(2), Some(2000)))),
            ["rdma.max mlx5_0 hca_handle=2 hca_object=2000"]
        );
        assert_eq!(
            text(adapters(&limits("mlx5_0", None, Some(0)))),
            ["rdma.max mlx5_0 hca_object=0"]
        );
        let mut limits = Limits::default();
        limits.misc.insert("sev".into(), 2);
        limits.misc.insert("tdx".into(), 1);
        assert_eq!(text(misc(&limits)), ["misc.max sev 2", "misc.max tdx 1"]);
    }

    #[test]
    fn what_no_kernel_takes_is_refused() {
        let mut twice = limits("a", Some(1), None);
        twice.rdma.push(twice.rdma[0].clone());
        let mut blank = Limits::default();
        blank.misc.insert("a b".into(), 1);
        for (limits, message) in [
            (
                limits("a", Some(1 << 31), None),
                "rdma[0].handles: 2147483648 is not among 0 to 2147483647",
            ),
            (
                limits("a", None, None),
                "rdma[0]: limits nothing: set handles or objects",
            ),
            (
                limits("", Some(1), None),
                "rdma[0].device: \"\" is not a name: it must not be empty or hold blanks",
            ),
            (twice, "rdma[1].device: \"a\" is named twice"),
            (
                blank,
                "misc: \"a b\" is not a name: it must not be empty or hold blanks",
            ),
        ] {
            assert_eq!(text(misc(&limits)), [format!("spec: limits.{message}")]);
        }
    }
}
