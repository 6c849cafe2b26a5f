//! cgroups, beside what the host itself tells: what the kernel has, and who else has a say.

use std::path::Path;

use super::super::facts::Groups;
use super::text;
use crate::host::Host;

pub(super) fn facts(host: Option<&Host>) -> Groups {
    let root = host.and_then(|host| {
        let mount = host.cgroup.unified()?.mount.to_string();
        text(&format!("{mount}/cgroup.controllers"))
    });
    Groups {
        kernel: text("/proc/cgroups")
            .map(|text| kernel(&text))
            .unwrap_or_default(),
        root: root
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        container: container(),
    }
}

/// The rows of /proc/cgroups (cgroups(7)); the v2 tree counts as hierarchy 0.
fn kernel(text: &str) -> Vec<(String, bool, bool)> {
    let row = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields[..] {
            [name, hierarchy, _, enabled] if !name.starts_with('#') => {
                Some((name.to_owned(), hierarchy != "0", enabled != "0"))
            }
            _ => None,
        }
    };
    text.lines().filter_map(row).collect()
}

/// The engine of the container that this process is in, where that leaves its mark.
fn container() -> Option<String> {
    // What systemd found, on hosts that run it inside (CONTAINER_INTERFACE of systemd).
    if let Some(word) = text("/run/systemd/container") {
        return Some(word.trim().to_owned());
    }
    [("/run/.containerenv", "podman"), ("/.dockerenv", "docker")]
        .into_iter()
        .find(|(mark, _)| Path::new(mark).exists())
        .map(|(_, engine)| engine.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let text = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n\
                    cpu\t1\t14\t1\nmemory\t0\t1\t0\nrdma\t0\t1\t1\n";
        let row = |name: &str, v1, on| (name.to_owned(), v1, on);
        let wanted = [
            row("cpu", true, true),
            row("memory", false, false),
            row("rdma", false, true),
        ];
        assert_eq!(kernel(text), wanted);
    }
}
