//! Setters of the limits that take more than one value: rules for disks, devices and adapters.

use std::ffi::{c_char, c_int};
use std::time::Duration;

use libisolate::spec::{DeviceRule, IoLimit, RdmaLimit, Seconds};

use crate::cgroup_memory::ISOLATE_UNLIMITED;
use crate::constants;
use crate::ffi;
use crate::spec::{edit, isolate_spec};

/// Add one to `limits.io`: how fast the job may read and write one block device, and its share of it. A 0
/// stands for what is not limited; one of them must be.
///
/// device: a whole disk: the path of its block device, such as "/dev/sda", or its numbers, such as "8:0".
/// read_bps: bytes read each second, at most 2^63-1.
/// write_bps: bytes written each second, likewise.
/// read_iops: read operations each second, at most 4294967294.
/// write_iops: write operations each second, likewise.
/// weight: share of the device under contention, 1 to 10000, instead of the one for all devices.
/// latency_us: the latency that the kernel is to protect by slowing others down, microseconds, at most 10^9;
/// v2 only.
/// Returns 0, or -EINVAL for a NULL argument, text that is not UTF-8, or too many bytes. Other numbers are
/// checked by isolate_spec_check.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn isolate_spec_add_io(
    spec: *mut isolate_spec,
    device: *const c_char,
    read_bps: u64,
    write_bps: u64,
    read_iops: u64,
    write_iops: u64,
    weight: u64,
    latency_us: u64,
) -> c_int {
    let given = |number: u64| (number != 0).then_some(number);
    edit(spec, |spec| {
        spec.limits.io.push(IoLimit {
            device: ffi::utf8(device, "device")?.to_owned(),
            read_bps: given(read_bps).map(constants::size).transpose()?,
            write_bps: given(write_bps).map(constants::size).transpose()?,
            read_iops: given(read_iops),
            write_iops: given(write_iops),
            weight: given(weight),
            latency: given(latency_us).map(|us| Seconds(Duration::from_micros(us))),
        });
        Ok(())
    })
}

/// Add one to `limits.devices`: a rule for which devices the job may use. They are taken in order, on top of
/// what the caller's own group may use; the last one that speaks of a device decides.
///
/// allow: 0 for a rule that denies, anything else for one that allows.
/// device: "a" for all, the notation of the devices controller such as "c 1:3", "b 8:*" or "c *:*", or the
/// path of a device such as "/dev/null".
/// access: what may be done, letters of "rwm": read, write, make a device node; NULL for all three.
/// Returns 0, or -EINVAL for a NULL spec or device or text that is not UTF-8.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_device(
    spec: *mut isolate_spec,
    allow: c_int,
    device: *const c_char,
    access: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        let device = ffi::utf8(device, "device")?.to_owned();
        let access = match access.is_null() {
            true => "rwm",
            false => ffi::utf8(access, "access")?,
        };
        spec.limits.devices.push(DeviceRule {
            allow: allow != 0,
            device,
            access: access.to_owned(),
        });
        Ok(())
    })
}

/// Add one to `limits.rdma`: what the job may hold of one RDMA adapter. ISOLATE_UNLIMITED stands for what is
/// not limited; one of them must be.
///
/// device: the adapter's name, such as "mlx5_0".
/// handles: how many handles, 0 to 2147483647.
/// objects: how many objects, likewise.
/// Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8. The numbers are checked by
/// isolate_spec_check.
/// Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_rdma(
    spec: *mut isolate_spec,
    device: *const c_char,
    handles: u64,
    objects: u64,
) -> c_int {
    let given = |number: u64| (number != ISOLATE_UNLIMITED).then_some(number);
    edit(spec, |spec| {
        spec.limits.rdma.push(RdmaLimit {
            device: ffi::utf8(device, "device")?.to_owned(),
            handles: given(handles),
            objects: given(objects),
        });
        Ok(())
    })
}
