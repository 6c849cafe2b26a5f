//! Devices that limits name by path: looked up once, so that what limits mean can be said without a host.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result, Stage, describe};
use crate::spec::Limits;

/// What a path that limits name is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceFact {
    /// Nothing there, or out of the caller's reach: the errno says which.
    Missing(i32),
    /// No device.
    File,
    /// A character device.
    Char(u32, u32),
    /// A block device that is whole.
    Block(u32, u32),
    /// A part of the disk with the name.
    Partition(u32, u32, String),
}

/// What a path is, after following links.
pub(crate) fn look(path: &str) -> DeviceFact {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        // Paths with NUL have no errno.
        Err(e) => return DeviceFact::Missing(e.raw_os_error().unwrap_or(libc::EINVAL)),
    };
    let (major, minor) = (
        libc::major(meta.rdev()) as u32,
        libc::minor(meta.rdev()) as u32,
    );
    let kind = meta.file_type();
    if kind.is_char_device() {
        return DeviceFact::Char(major, minor);
    }
    if !kind.is_block_device() {
        return DeviceFact::File;
    }
    let known = format!("/sys/dev/block/{major}:{minor}");
    match fs::metadata(format!("{known}/partition")) {
        Err(_) => DeviceFact::Block(major, minor),
        Ok(_) => {
            // The directory of a partition is in its disk's.
            let disk = fs::canonicalize(known).ok().and_then(|dir| {
                let name = dir.parent()?.file_name()?;
                Some(name.to_string_lossy().into_owned())
            });
            DeviceFact::Partition(major, minor, disk.unwrap_or_default())
        }
    }
}

/// The paths of devices that limits name.
pub(crate) fn named(limits: &Limits) -> impl Iterator<Item = &str> {
    let disks = limits.io.iter().map(|limit| &limit.device);
    let rules = limits.devices.iter().map(|rule| &rule.device);
    disks
        .chain(rules)
        .map(String::as_str)
        .filter(|device| is_path(device))
}

/// The same limits with numbers in the place of paths.
///
/// # Errors
/// `NotFound`, `Permission` or `InvalidSpec`, with the field and the path, for what is no such device.
pub(crate) fn with_numbers(limits: &Limits, fact: impl Fn(&str) -> DeviceFact) -> Result<Limits> {
    let mut limits = limits.clone();
    for (at, limit) in limits.io.iter_mut().enumerate() {
        if is_path(&limit.device) {
            let field = format!("limits.io[{at}].device");
            limit.device = disk(&field, &limit.device, &fact(&limit.device))?;
        }
    }
    for (at, rule) in limits.devices.iter_mut().enumerate() {
        if !is_path(&rule.device) {
            continue;
        }
        let field = format!("limits.devices[{at}].device");
        rule.device = match fact(&rule.device) {
            DeviceFact::Char(major, minor) => format!("c {major}:{minor}"),
            DeviceFact::Block(major, minor) | DeviceFact::Partition(major, minor, _) => {
                format!("b {major}:{minor}")
            }
            DeviceFact::Missing(errno) => return Err(missing(&field, &rule.device, errno)),
            DeviceFact::File => {
                return Err(Error::invalid(
                    field,
                    format!("{:?} is no device", rule.device),
                ));
            }
        };
    }
    Ok(limits)
}

fn disk(field: &str, path: &str, fact: &DeviceFact) -> Result<String> {
    match fact {
        DeviceFact::Block(major, minor) => Ok(format!("{major}:{minor}")),
        DeviceFact::Missing(errno) => Err(missing(field, path, *errno)),
        DeviceFact::Partition(_, _, disk) => Err(Error::invalid(
            field,
            format!("{path:?} is a partition, and the kernel limits whole disks: name /dev/{disk}"),
        )),
        DeviceFact::Char(..) | DeviceFact::File => Err(Error::invalid(
            field,
            format!(
                "{path:?} is no block device: name the disk that it is on, which findmnt -no SOURCE -T \
                 tells"
            ),
        )),
    }
}

fn missing(field: &str, path: &str, errno: i32) -> Error {
    let errno = isolate_sys::Errno::from_raw(errno);
    Error::new(
        ErrorKind::of_errno(errno),
        Stage::Cgroup,
        field,
        format!("{path:?}: {}", describe(errno)),
    )
}

/// Whether a device is named by its path.
pub(crate) fn is_path(device: &str) -> bool {
    device.starts_with('/')
}

/// Refuses what is neither a path nor numbers.
pub(super) fn check_disk(field: &str, device: &str) -> Result<()> {
    match is_path(device) {
        true if device.contains('\0') => Err(Error::invalid(
            field,
            format!("{device:?} contains a NUL byte"),
        )),
        true => Ok(()),
        false => numbers(field, device).map(|_| ()),
    }
}

/// Reads `8:0`.
pub(super) fn numbers(field: &str, device: &str) -> Result<(u32, u32)> {
    let number = |text: &str| -> Option<u32> {
        // `u32::from_str` also takes a plus sign.
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().ok())?
    };
    device
        .split_once(':')
        .and_then(|(major, minor)| Some((number(major)?, number(minor)?)))
        .ok_or_else(|| match is_path(device) {
            true => Error::invalid(field, format!("{device:?} was not looked up")),
            false => Error::invalid(
                field,
                format!("{device:?} is neither an absolute path nor numbers such as \"8:0\""),
            ),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{DeviceRule, IoLimit};

    fn io(device: &str) -> Limits {
        Limits {
            io: vec![IoLimit {
                device: device.into(),
                read_iops: Some(1),
                ..IoLimit::default()
            }],
            ..Limits::default()
        }
    }

    fn rule(device: &str) -> Limits {
        Limits {
            devices: vec![DeviceRule {
                device: device.into(),
                ..DeviceRule::default()
            }],
            ..Limits::default()
        }
    }

    #[test]
    fn devices_of_this_host() {
        assert_eq!(look("/dev/null"), DeviceFact::Char(1, 3));
        assert_eq!(look("/proc/self/status"), DeviceFact::File);
        assert_eq!(look("/no/such"), DeviceFact::Missing(libc::ENOENT));
        let limits = with_numbers(&rule("/dev/null"), look).expect("a device");
        assert_eq!(limits.devices[0].device, "c 1:3");
    }

    #[test]
    fn disks_by_path_and_by_number() {
        let whole = |_: &str| DeviceFact::Block(8, 16);
        assert_eq!(
            with_numbers(&io("/dev/sdb"), whole).map(|l| l.io[0].device.clone()),
            Ok("8:16".into())
        );
        let never = |path: &str| panic!("{path} was looked up");
        let limits = io("8:16");
        assert_eq!(with_numbers(&limits, never), Ok(limits));
        assert_eq!(named(&io("/dev/sdb")).collect::<Vec<_>>(), ["/dev/sdb"]);
        assert_eq!(named(&rule("b 8:*")).count(), 0);
    }

    #[test]
    fn what_is_no_disk() {
        let told = |fact: DeviceFact| {
            let made = with_numbers(&io("/x"), |_| fact.clone());
            made.map_err(|e| e.message()).expect_err("a refusal")
        };
        assert_eq!(
            told(DeviceFact::Missing(libc::ENOENT)),
            "cgroup: limits.io[0].device: \"/x\": No such file or directory"
        );
        assert_eq!(
            told(DeviceFact::Partition(8, 1, "sda".into())),
            "spec: limits.io[0].device: \"/x\" is a partition, and the kernel limits whole disks: name \
             /dev/sda"
        );
        let no_disk = "spec: limits.io[0].device: \"/x\" is no block device: name the disk that it is \
                       on, which findmnt -no SOURCE -T tells";
        assert_eq!(told(DeviceFact::File), no_disk);
        assert_eq!(told(DeviceFact::Char(1, 3)), no_disk);
        let file = with_numbers(&rule("/x"), |_| DeviceFact::File).map_err(|e| e.message());
        assert_eq!(
            file,
            Err("spec: limits.devices[0].device: \"/x\" is no device".into())
        );
        for device in ["", "sda", "8", "8:", ":0", "8:-1", "+8:0", "8:0:0"] {
            assert!(check_disk("f", device).is_err(), "{device:?} was taken");
        }
    }
}
