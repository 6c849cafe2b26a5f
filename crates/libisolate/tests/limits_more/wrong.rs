//! Wrong values.

use libisolate::Spec;

/// Each wrong value is told before anything starts, with its range.
#[test]
fn what_is_wrong_is_told_before_anything_starts() {
    for (limits, message) in [
        (
            r#"{"swappiness": 201}"#,
            "spec: limits.swappiness: 201 is not among 0 to 200",
        ),
        (
            r#"{"cpus": 1, "cpu_period": "2s"}"#,
            "spec: limits.cpu_period: 2 s is not among 0.001 s to 1 s",
        ),
        (
            r#"{"cpus": 0.5, "cpu_burst": "60ms"}"#,
            "spec: limits.cpu_burst: 0.06 s is not among 0 s to 0.05 s, what cpus gives for one period",
        ),
        (
            r#"{"cpu_burst": "60ms"}"#,
            "spec: limits.cpu_burst: needs limits.cpus",
        ),
        (
            r#"{"cpu_rt_runtime": "2s"}"#,
            "spec: limits.cpu_rt_runtime: 2 s is not among 0 s to 1 s, its period",
        ),
        (
            r#"{"io_weight": 0}"#,
            "spec: limits.io_weight: 0 is not among 1 to 10000",
        ),
        (
            r#"{"io": [{"device": "8:0", "weight": 10001}]}"#,
            "spec: limits.io[0].weight: 10001 is not among 1 to 10000",
        ),
        (
            r#"{"io": [{"device": "/dev/null", "read_bps": 1}]}"#,
            "spec: limits.io[0].device: \"/dev/null\" is no block device: name the disk that it is on, \
             which findmnt -no SOURCE -T tells",
        ),
        (
            r#"{"io": [{"device": "/no/such", "read_bps": 1}]}"#,
            "cgroup: limits.io[0].device: \"/no/such\": No such file or directory",
        ),
        (
            r#"{"devices": [{"allow": true, "device": "/etc"}]}"#,
            "spec: limits.devices[0].device: \"/etc\" is no device",
        ),
        (
            r#"{"devices": [{"allow": true, "device": "c 1:3", "access": "x"}]}"#,
            "spec: limits.devices[0].access: \"x\" is not made of r, w and m, each once at most",
        ),
        (
            r#"{"net_class": 4294967296}"#,
            "spec: limits.net_class: 4294967296 is not among 0 to 4294967295",
        ),
        (
            r#"{"net_priorities": {"eth0": 4294967296}}"#,
            "spec: limits.net_priorities.eth0: 4294967296 is not among 0 to 4294967295",
        ),
        (
            r#"{"hugetlb": {"2M": 1}}"#,
            "spec: limits.hugetlb: \"2M\" is no size of a page such as \"2MB\" or \"1GB\"",
        ),
        (
            r#"{"files": {"../pids.max": "1"}}"#,
            "spec: limits.files: \"../pids.max\" has a slash, a NUL or a line's end",
        ),
        (
            r#"{"files": {"cgroup.procs": "1"}}"#,
            "spec: limits.files: \"cgroup.procs\" limits nothing, but does something to the group's \
             processes: use the call for it",
        ),
    ] {
        let spec = format!(r#"{{"argv": ["true"], "limits": {limits}}}"#);
        let error = libisolate::run(&Spec::from_json(&spec).unwrap()).unwrap_err();
        assert_eq!(error.message(), message);
    }
    for (limits, message) in [
        (
            r#"{"cpuset_partition": "owner"}"#,
            "spec: limits.cpuset_partition: unknown word `owner`, expected one of `member`, `root`, \
             `isolated`",
        ),
        (
            r#"{"io": [{"disk": "8:0"}]}"#,
            "spec: limits.io[0].disk: unknown field `disk`, expected one of `device`, `read_bps`, \
             `write_bps`, `read_iops`, `write_iops`, `weight`, `latency`",
        ),
    ] {
        let spec = format!(r#"{{"argv": ["true"], "limits": {limits}}}"#);
        let error = Spec::from_json(&spec).unwrap_err();
        assert_eq!(error.message(), message);
    }
}
