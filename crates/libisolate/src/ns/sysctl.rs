//! Kernel parameters that a namespace has for itself (sysctl(8), /proc/sys), and which kind it is.

use super::Kind;

/// Of `kernel.*`, what is System V IPC's.
const IPC: [&str; 12] = [
    "auto_msgmni",
    "msg_next_id",
    "msgmax",
    "msgmnb",
    "msgmni",
    "sem",
    "sem_next_id",
    "shm_next_id",
    "shm_rmid_forced",
    "shmall",
    "shmmax",
    "shmmni",
];

/// A parameter's file under /proc/sys, and the kind of namespace whose own it is; else why it is none.
///
/// Names are written as sysctl(8) takes them: with dots, or, where a part has dots in it, with slashes.
pub(crate) fn find(name: &str) -> Result<(String, Kind), String> {
    let separator = if name.contains('/') { '/' } else { '.' };
    let parts: Vec<&str> = name.split(separator).collect();
    let odd = |part: &&str| part.is_empty() || *part == "." || *part == ".." || part.contains('\0');
    if parts.len() < 2 || parts.iter().any(odd) {
        return Err(format!(
            "{name:?} is not a parameter, such as net.ipv4.ip_forward"
        ));
    }
    let kind = match parts[..] {
        ["net", ..] => Kind::Net,
        ["fs", "mqueue", _] => Kind::Ipc,
        ["kernel", "hostname" | "domainname"] => Kind::Uts,
        ["kernel", last] if IPC.contains(&last) => Kind::Ipc,
        ["user", _] => Kind::User,
        _ => {
            return Err(format!(
                "{name:?} is the whole machine's: a namespace has net.*, fs.mqueue.*, user.max_* and of \
                 kernel.* hostname, domainname, shm*, msg* and sem* for itself"
            ));
        }
    };
    Ok((format!("/proc/sys/{}", parts.join("/")), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_parameter_is() {
        let kind = |name: &str| find(name).map(|(_, kind)| kind).ok();
        assert_eq!(kind("net.ipv4.ip_forward"), Some(Kind::Net));
        assert_eq!(kind("fs.mqueue.msg_max"), Some(Kind::Ipc));
        assert_eq!(kind("kernel.shmmax"), Some(Kind::Ipc));
        assert_eq!(kind("kernel.sem"), Some(Kind::Ipc));
        assert_eq!(kind("kernel.hostname"), Some(Kind::Uts));
        assert_eq!(kind("user.max_net_namespaces"), Some(Kind::User));
        for host in [
            "kernel.panic",
            "vm.swappiness",
            "fs.file-max",
            "kernel.shm",
            "fs.mqueue",
        ] {
            assert_eq!(kind(host), None, "{host}");
        }
        for wrong in [
            "",
            "net",
            "net.",
            ".net",
            "net..x",
            "net/../kernel/panic",
            "net/./x",
            "net.\0",
        ] {
            assert_eq!(kind(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn where_a_parameter_is() {
        let file = |name: &str| find(name).map(|(file, _)| file).ok();
        assert_eq!(
            file("net.ipv4.ip_forward").as_deref(),
            Some("/proc/sys/net/ipv4/ip_forward")
        );
        // An interface's name may have a dot in it.
        assert_eq!(
            file("net/ipv4/conf/eth0.1/rp_filter").as_deref(),
            Some("/proc/sys/net/ipv4/conf/eth0.1/rp_filter")
        );
    }
}
