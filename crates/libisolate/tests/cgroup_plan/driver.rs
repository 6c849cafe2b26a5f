//! Who makes a job's group, by its spec and the host: every driver on every kind of host, and what systemd
//! is asked to hold.

use libisolate::cgroup::{Manager, PropertyValue, SystemdHost, UnitPlan};
use libisolate::plan::plan;
use libisolate::{Spec, Stage};

use super::*;

/// A host on which this library can make groups by itself, too; and systemd is to the caller as said.
fn with_systemd(systemd: Option<(bool, Option<&str>)>) -> Host {
    let mut host = host("v2");
    host.cgroup.systemd = systemd.map(|(manages_caller, reason)| SystemdHost {
        booted: true,
        manager: Manager::System,
        manages_caller,
        controllers: ["cpuset", "cpu", "io", "memory", "pids"]
            .map(String::from)
            .to_vec(),
        reason: reason.map(String::from),
    });
    host
}

fn spec(fields: &str) -> Spec {
    let text = format!(r#"{{"argv": ["true"], "profile": "none"{fields}}}"#);
    Spec::from_json(&text).expect("a spec")
}

/// Who makes the group, or why there is none.
fn made_by(spec: &Spec, host: &Host) -> String {
    let plan = match plan(spec, host) {
        Ok(plan) => plan,
        Err(error) => return format!("{}: {}", error.kind().name(), error.message()),
    };
    let told = |name: &str| plan.enforcement.iter().find(|entry| entry.name == name);
    match (&plan.group, told("cgroup")) {
        (Some(group), _) => {
            assert_eq!(group.unit.is_some(), told("unit").is_some());
            match group.unit {
                Some(_) => "systemd".to_owned(),
                None => "cgroupfs".to_owned(),
            }
        }
        (None, Some(entry)) => {
            assert_eq!(entry.status, EnforcementStatus::Skipped);
            assert!(told("unit").is_none());
            format!("skipped: {}", entry.reason.as_deref().unwrap_or_default())
        }
        (None, None) => "nobody".to_owned(),
    }
}

#[test]
fn every_driver_on_every_host() {
    let absent = "unsupported: cgroup: driver: \"systemd\": this host was not booted with systemd; use \
                  driver: \"auto\", which takes it where it is";
    let (lost, skipped) = (
        "permission: cgroup: cgroup: no socket",
        "skipped: no socket",
    );
    let here = Some((true, None));
    let given = Some((false, None));
    let unreachable = Some((true, Some("no socket")));
    let given_unreachable = Some((false, Some("no socket")));
    for (driver, systemd, new, attempt) in [
        ("auto", None, "cgroupfs", "cgroupfs"),
        ("auto", here, "systemd", "systemd"),
        ("auto", given, "cgroupfs", "cgroupfs"),
        ("auto", unreachable, lost, skipped),
        ("auto", given_unreachable, "cgroupfs", "cgroupfs"),
        ("cgroupfs", None, "cgroupfs", "cgroupfs"),
        ("cgroupfs", here, "cgroupfs", "cgroupfs"),
        ("cgroupfs", given, "cgroupfs", "cgroupfs"),
        ("cgroupfs", unreachable, "cgroupfs", "cgroupfs"),
        ("systemd", None, absent, absent),
        ("systemd", here, "systemd", "systemd"),
        ("systemd", given, "systemd", "systemd"),
        ("systemd", unreachable, lost, skipped),
        ("systemd", given_unreachable, lost, skipped),
    ] {
        let host = with_systemd(systemd);
        for (mode, expected) in [("new", new), ("try", attempt), ("none", "nobody")] {
            let spec = spec(&format!(r#", "cgroup": "{mode}", "driver": "{driver}""#));
            let found = made_by(&spec, &host);
            assert_eq!(found, expected, "{driver}, {systemd:?}, {mode}");
        }
    }
    // Auto is what nothing means, too.
    let unsaid = spec(r#", "cgroup": "new""#);
    assert_eq!(made_by(&unsaid, &with_systemd(here)), "systemd");
    assert_eq!(made_by(&unsaid, &with_systemd(given)), "cgroupfs");
}

/// What only systemd has is not passed over, wherever it turns out that systemd makes nothing.
#[test]
fn slices_and_units_without_systemd() {
    for (field, value) in [("slice", "a-b.slice"), ("unit", "u")] {
        let auto = spec(&format!(r#", "{field}": "{value}""#));
        for (systemd, expected) in [
            (Some((true, None)), "systemd".to_owned()),
            (
                None,
                format!(
                    "unsupported: cgroup: {field}: this host was not booted with systemd; leave {field} out"
                ),
            ),
            (
                Some((false, None)),
                format!(
                    "unsupported: cgroup: {field}: systemd has delegated the caller's own cgroup, so that \
                     driver: \"auto\" makes no unit; use driver: \"systemd\" to have one anyway"
                ),
            ),
            // Who names one does not mean to go without.
            (
                Some((true, Some("no socket"))),
                "permission: cgroup: cgroup: no socket".to_owned(),
            ),
        ] {
            assert_eq!(made_by(&auto, &with_systemd(systemd)), expected, "{field}");
        }
        let named = spec(&format!(r#", "driver": "systemd", "{field}": "{value}""#));
        assert_eq!(
            made_by(&named, &with_systemd(Some((false, None)))),
            "systemd"
        );

        for (fields, why) in [
            (
                r#""driver": "cgroupfs""#,
                "is for systemd, and driver is \"cgroupfs\"",
            ),
            (
                r#""cgroup": "none""#,
                "is for the job's cgroup, and cgroup is \"none\"",
            ),
        ] {
            let wrong = spec(&format!(r#", "{field}": "{value}", {fields}"#));
            for systemd in [None, Some((true, None))] {
                let error = plan(&wrong, &with_systemd(systemd)).expect_err("a refusal");
                assert_eq!(
                    (error.kind(), error.stage()),
                    (ErrorKind::InvalidSpec, Stage::Spec)
                );
                assert_eq!(error.message(), format!("spec: {field}: {why}"));
            }
        }
    }
}

/// The unit of a spec that says these limits.
fn unit(host: &Host, limits: &str) -> (UnitPlan, Enforcement) {
    let spec = spec(&format!(r#", "driver": "systemd", "limits": {limits}"#));
    let plan = plan(&spec, host).expect("a plan");
    let unit = plan.group.expect("a group").unit.expect("a unit");
    (unit, plan.enforcement)
}

fn properties(unit: &UnitPlan) -> Vec<&str> {
    unit.properties.iter().map(|p| p.name.as_str()).collect()
}

#[test]
fn what_a_spec_says_of_the_unit() {
    let host = host("v2-systemd-user");
    let (plain, told) = unit(&host, "{}");
    assert_eq!(
        (plain.manager, &plain.name, &plain.slice),
        (Manager::User, &None, &None)
    );
    assert_eq!(plain.properties, []);
    let entry = told.iter().find(|entry| entry.name == "unit");
    assert_eq!(entry.expect("an entry").requested, "systemd");

    let said = spec(r#", "slice": "a-b.slice", "unit": "u.scope", "limits": {"pids": 7}"#);
    let plan = plan(&said, &host).expect("a plan");
    let unit = plan.group.expect("a group").unit.expect("a unit");
    assert_eq!(
        (unit.name.as_deref(), unit.slice.as_deref()),
        (Some("u.scope"), Some("a-b.slice"))
    );
    assert_eq!(properties(&unit), ["TasksMax"]);
    // Room for the anchor and the init.
    assert_eq!(unit.properties[0].value, PropertyValue::Number(9));
    let entry = plan.enforcement.iter().find(|entry| entry.name == "unit");
    assert_eq!(entry.expect("an entry").requested, "u.scope");
}

/// What is skipped is not for systemd either; of what must hold the manager has to have the controller.
#[test]
fn controllers_that_the_manager_does_not_have() {
    let limits = r#"{"memory": "64M", "cpu_weight": 50, "cpuset": "0-1", "io_weight": 20,
                     "best_effort": ["cpuset", "io_weight", "cpu_weight"]}"#;
    let (root, told) = unit(&host("v2-systemd-root"), limits);
    assert_eq!(
        properties(&root),
        ["MemoryMax", "CPUWeight", "IOWeight", "AllowedCPUs"]
    );
    assert!(
        told.iter().all(|e| e.status == EnforcementStatus::Enforced),
        "{told:?}"
    );

    let (user, told) = unit(&host("v2-systemd-user"), limits);
    assert_eq!(properties(&user), ["MemoryMax", "CPUWeight"]);
    for entry in &told {
        let skipped = ["cpuset", "io_weight"].contains(&entry.name.as_str());
        let status = match skipped {
            true => EnforcementStatus::Skipped,
            false => EnforcementStatus::Enforced,
        };
        assert_eq!(entry.status, status, "{entry:?}");
        let reason = entry.reason.as_deref().unwrap_or_default();
        assert_eq!(
            reason.contains("Delegate=cpuset cpu io memory pids"),
            skipped,
            "{reason}"
        );
    }

    for (host_name, limit, part) in [
        (
            "v2-systemd-user",
            r#""cpuset": "0""#,
            "Delegate=cpuset cpu io memory pids",
        ),
        (
            "v2-systemd-root",
            r#""hugetlb": {"2MB": 0}"#,
            "systemd hands hugetlb to no unit",
        ),
    ] {
        let spec = spec(&format!(r#", "limits": {{{limit}}}"#));
        let error = plan(&spec, &host(host_name)).expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(part), "{error}");
    }
}

/// A limit of the caller's own group does not hold for a unit elsewhere.
#[test]
fn more_pids_than_the_caller_has() {
    let more = spec(r#", "limits": {"pids": 100000}"#);
    assert_eq!(made_by(&more, &with_systemd(Some((true, None)))), "systemd");
    let told = made_by(&more, &with_systemd(Some((false, None))));
    assert!(
        told.starts_with("limit: cgroup: limits.pids: 100000"),
        "{told}"
    );
}

/// systemd keeps account of a v1 unit in a hierarchy of its own, which the job is in, too.
#[test]
fn hierarchies_of_a_unit_on_hybrid() {
    let host = host("hybrid-systemd");
    let spec = spec(r#", "limits": {"memory": "64M"}"#);
    let group = plan(&spec, &host).expect("a plan").group.expect("a group");
    let tree = |index: &usize| host.cgroup.hierarchies[*index].mount.to_string();
    let trees: Vec<String> = group.hierarchies.iter().map(tree).collect();
    assert!(
        trees.contains(&"/sys/fs/cgroup/unified".to_owned()),
        "{trees:?}"
    );
    assert!(
        trees.contains(&"/sys/fs/cgroup/memory".to_owned()),
        "{trees:?}"
    );

    // Without a v2 tree it is the v1 hierarchy of that name.
    let mut legacy = host;
    legacy
        .cgroup
        .hierarchies
        .retain(|tree| tree.mount.to_string() != "/sys/fs/cgroup/unified");
    let group = plan(&spec, &legacy)
        .expect("a plan")
        .group
        .expect("a group");
    let named =
        |index: &&usize| legacy.cgroup.hierarchies[**index].name.as_deref() == Some("systemd");
    assert!(
        group.hierarchies.iter().any(|index| named(&index)),
        "{:?}",
        group.hierarchies
    );
}
