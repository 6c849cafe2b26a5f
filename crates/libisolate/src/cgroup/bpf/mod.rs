//! bpf(2): programs that v2 asks where v1 has a controller. Which devices a group may use
//! ([`super::devices`]), and what mark and priority its sockets are born with ([`sockets`]).

pub(crate) mod attach;
pub(crate) mod insn;
pub(crate) mod program;
pub(crate) mod run;
pub(crate) mod sockets;

use isolate_sys::abi::bpf as abi;

/// What a program is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose {
    kind: u32,
    attach: u32,
    /// By this name, at most 15 bytes, a program is known as one of this library.
    name: &'static str,
    /// The file that errors name: v2 has none.
    pub file: &'static str,
}

/// Asked before a device is opened or its node made.
pub(crate) const DEVICES: Purpose = Purpose {
    kind: abi::BPF_PROG_TYPE_CGROUP_DEVICE,
    attach: abi::BPF_CGROUP_DEVICE,
    name: "isolate_devices",
    file: "bpf.devices",
};

/// Asked before an IPv4 or IPv6 socket is made.
pub(crate) const SOCKETS: Purpose = Purpose {
    kind: abi::BPF_PROG_TYPE_CGROUP_SOCK,
    attach: abi::BPF_CGROUP_INET_SOCK_CREATE,
    name: "isolate_sockets",
    file: "bpf.sockets",
};

/// What bpf(2) asks of its caller.
const NEEDED: &str = "run as root outside of containers, or on a host whose v1 hierarchy has the controller: \
                      programs of cgroups need CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN in the first user \
                      namespace, and a seccomp filter that lets bpf(2) pass";
