//! devices: what a job may open, tried from inside.

use crate::common::{Report, alone, controller_or_skip, ok, root_or_skip, sh, text};
use crate::{in_force, name, run, version_of, with};
use libisolate::spec::DeviceRule;

fn rule(allow: bool, device: &str, access: &str) -> DeviceRule {
    DeviceRule {
        allow,
        device: device.into(),
        access: access.into(),
    }
}

/// The file of v1's lists or of v2's program, where the caller may make a group with one of them.
fn holder_or_skip(test: &str) -> Option<&'static str> {
    if !root_or_skip(test) {
        return None;
    }
    match version_of("devices") {
        Some(_) => controller_or_skip(test, "devices").then_some("devices.list"),
        None => controller_or_skip(test, "pids").then_some("bpf.devices"),
    }
}

const TRY_DEVICES: &str = "for f in null zero full urandom; do
    if head -c1 </dev/$f >/dev/null 2>&1; then echo $f read; else echo $f refused; fi; done;
    (echo >/dev/zero) 2>/dev/null && echo zerow written || echo zerow refused";

#[test]
fn devices_are_refused_from_inside() {
    alone(name!(), || {
        let Some(file) = holder_or_skip(name!()) else {
            return;
        };
        let outcome = run(&with(TRY_DEVICES, |l| {
            l.devices = vec![
                rule(false, "a", "rwm"),
                rule(true, "/dev/null", "rw"),
                rule(true, "c 1:9", "r"),
            ];
        }));
        let report = Report::read(&text(&outcome));
        assert_eq!(report.get("null"), "read");
        assert_eq!(report.get("urandom"), "read");
        assert_eq!(report.get("zero"), "refused");
        assert_eq!(report.get("full"), "refused");
        assert_eq!(
            in_force(&outcome, "devices"),
            format!("{file} deny a; allow c 1:3 rw; allow c 1:9 r")
        );
        // A list of what is denied, and only one kind of access.
        let outcome = run(&with(TRY_DEVICES, |l| {
            l.devices = vec![rule(false, "/dev/zero", "w"), rule(false, "c 1:7", "rwm")];
        }));
        let report = Report::read(&text(&outcome));
        assert_eq!(report.get("zero"), "read");
        assert_eq!(report.get("zerow"), "refused");
        assert_eq!(report.get("full"), "refused");
        // The errno, not only that it does not work.
        let spec = with("cat /dev/zero 2>&1; true", |l| {
            l.devices = vec![rule(false, "/dev/zero", "r")];
        });
        assert_eq!(ok(&spec), "cat: /dev/zero: Operation not permitted\n");
        // Without rules nothing is refused.
        let report = Report::of(&sh(TRY_DEVICES));
        assert_eq!(report.get("zero"), "read");
        assert_eq!(report.get("zerow"), "written");
    });
}
