//! Limits of a spec that are made of several values: disks, devices, adapters.

use std::ffi::{c_char, c_int};
use std::time::Duration;

use libisolate::Result;
use libisolate::spec::{DeviceRule, IoLimit, RdmaLimit, Seconds, Size};

use crate::constants;
use crate::ffi;
use crate::spec::{edit, isolate_spec};

/// A size where 0 says that there is none.
fn some_size(bytes: u64) -> Result<Option<Size>> {
    Ok(match bytes {
        0 => None,
        _ => Some(constants::size(bytes)?),
    })
}

fn some(number: u64) -> Option<u64> {
    Some(number).filter(|number| *number != 0)
}

/// Limit how fast the job reads and writes a block device. 0 leaves a value out; one must be set.
///
/// device: the whole disk: its path, or its numbers such as "8:0".
/// read_bps: bytes read each second, at most 2^63-1.
/// write_bps: bytes written each second, at most 2^63-1.
/// read_iops: read operations each second, at most 4294967294.
/// write_iops: write operations each second, at most 4294967294.
/// weight: share of the device under contention, 1 to 10000.
/// latency_us: the latency to protect, microseconds; cgroup v2 only.
/// Returns 0, or -EINVAL for a NULL argument, text that is not UTF-8 or a size above 2^63-1.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_io_limit(
    spec: *mut isolate_spec,
    device: *const c_char,
    read_bps: u64,
    write_bps: u64,
    read_iops: u64,
    write_iops: u64,
    weight: u64,
    latency_us: u64,
) -> c_int {
    edit(spec, |spec| {
        spec.limits.io.push(IoLimit {
            device: ffi::utf8(device, "device")?.to_owned(),
            read_bps: some_size(read_bps)?,
            write_bps: some_size(write_bps)?,
            read_iops: some(read_iops),
            write_iops: some(write_iops),
            weight: some(weight),
            latency: some(latency_us).map(|us| Seconds(Duration::from_micros(us))),
        });
        Ok(())
    })
}

/// Allow the job a device, or deny it. Rules count in order, on top of what the caller's own group may use;
/// the last one that speaks of a device decides.
///
/// allow: 0 to deny, anything else to allow.
/// device: "a" for all, "c 1:3" or "b 8:*" by kind and numbers, or the path of a device.
/// access: letters of "rwm" (read, write, make a node); NULL for all three.
/// Returns 0, or -EINVAL for a NULL spec or device or text that is not UTF-8.
/// Ownership: copies the texts. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_device_rule(
    spec: *mut isolate_spec,
    allow: c_int,
    device: *const c_char,
    access: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        let access = match access.is_null() {
            true => "rwm",
            false => ffi::utf8(access, "access")?,
        };
        spec.limits.devices.push(DeviceRule {
            allow: allow != 0,
            device: ffi::utf8(device, "device")?.to_owned(),
            access: access.to_owned(),
        });
        Ok(())
    })
}

/// Limit what the job holds of an RDMA adapter.
///
/// device: the adapter's name, such as "mlx5_0".
/// handles: at most so many handles, 0 to 2147483647; a negative number for no limit.
/// objects: at most so many objects, 0 to 2147483647; a negative number for no limit.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_rdma_limit(
    spec: *mut isolate_spec,
    device: *const c_char,
    handles: i64,
    objects: i64,
) -> c_int {
    edit(spec, |spec| {
        spec.limits.rdma.push(RdmaLimit {
            device: ffi::utf8(device, "device")?.to_owned(),
            handles: u64::try_from(handles).ok(),
            objects: u64::try_from(objects).ok(),
        });
        Ok(())
    })
}
