//! The ops: every single thing an init can be told to do.
//!
//! One definition gives the type, the decoder and the encoder, so that host and init cannot differ.

use core::ffi::CStr;

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use crate::wire::{Field, Malformed, Reader, Texts};

/// The first four bytes of a plan, "iso1".
const MAGIC: u32 = u32::from_le_bytes(*b"iso1");
/// Raised whenever an op changes its meaning or its fields: library and init are built together, and a
/// mixture must not run.
const VERSION: u32 = 4;
const HEADER: usize = 16;

macro_rules! ops {
    ($($(#[doc = $doc:literal])+ $code:literal $name:ident { $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty),* $(,)? })+) => {
        /// One step of a plan.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Op<'a> {
            $($(#[doc = $doc])+ $name { $($(#[doc = $field_doc])+ $field: $type),* },)+
        }

        impl<'a> Op<'a> {
            fn read(code: u32, reader: &mut Reader<'a>) -> Result<Op<'a>, Malformed> {
                match code {
                    $($code => Ok(Op::$name { $($field: Field::read(reader)?),* }),)+
                    _ => Err(Malformed),
                }
            }

            #[cfg(feature = "alloc")]
            fn write(&self, out: &mut Vec<u8>) -> u32 {
                match self {
                    $(Op::$name { $($field),* } => {
                        $(Field::write($field, out);)*
                        $code
                    })+
                }
            }

            /// The op's name, for people.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Op::$name { .. } => stringify!($name),)+
                }
            }
        }
    };
}

ops! {
    /// Take ids of the user namespace, all three of each kind (setresgid, setgroups, setresuid),
    /// keeping permitted capabilities.
    1 SetIds {
        /// User id inside.
        uid: u32,
        /// Group id inside.
        gid: u32,
        /// 1 to set the supplementary groups.
        set_groups: u32,
        /// The supplementary groups, four bytes each.
        groups: &'a [u8],
    }
    /// unshare(2)
    2 Unshare {
        /// The `CLONE_NEW*` flags.
        flags: u64,
    }
    /// Write a text to a file of the kernel's, such as a sysctl, in one go.
    3 WriteFile {
        /// The file; it must exist.
        path: &'a CStr,
        /// What to write.
        text: &'a [u8],
    }
    /// sethostname(2)
    4 Hostname {
        /// The name.
        name: &'a [u8],
    }
    /// setdomainname(2)
    5 Domainname {
        /// The name.
        name: &'a [u8],
    }
    /// Bring up `lo`.
    6 LoopbackUp {}
    /// Change the propagation of every mount (mount(2)).
    7 Propagation {
        /// `MS_PRIVATE` or `MS_SLAVE`, with `MS_REC`.
        flags: u64,
    }
    /// Take a detached copy of the mount tree at a path of the old root into a slot.
    8 OpenTree {
        /// The slot to fill.
        slot: u32,
        /// The path.
        path: &'a CStr,
    }
    /// Begin a new root: an empty tmpfs, over a directory that nothing needs any more.
    9 RootTmpfs {
        /// Its size in bytes.
        size: u64,
        /// Directories that may serve, the first that exists does.
        bases: Texts<'a>,
    }
    /// Begin a new root: the tree in a slot.
    10 RootTree {
        /// The slot.
        slot: u32,
        /// `MOUNT_ATTR_*` for the whole tree.
        attributes: u64,
        /// As for `RootTmpfs`.
        bases: Texts<'a>,
    }
    /// Mount the tree in a slot at a path of the new root, which is made if missing.
    11 Attach {
        /// The slot.
        slot: u32,
        /// `MOUNT_ATTR_*` for the whole tree.
        attributes: u64,
        /// The path inside the new root.
        target: &'a CStr,
    }
    /// Mount a fresh file system at a path of the new root, which is made if missing.
    12 Fresh {
        /// `tmpfs`, `proc`, `devpts`, `mqueue`.
        fstype: &'a CStr,
        /// Options, `key=value` or a bare `key`.
        options: Texts<'a>,
        /// `MOUNT_ATTR_*`
        attributes: u64,
        /// The path inside the new root.
        target: &'a CStr,
    }
    /// Mount a character device of the old root at a path of the new one.
    13 Device {
        /// The path in the old root.
        source: &'a CStr,
        /// The device number it must have, or the host's /dev is not what it seems.
        rdev: u64,
        /// The path inside the new root.
        target: &'a CStr,
    }
    /// Make a directory in the new root; one that is there is fine.
    14 Directory {
        /// The path.
        target: &'a CStr,
        /// Its permission bits.
        mode: u32,
    }
    /// Make a symbolic link in the new root; one that is there is fine.
    15 Symlink {
        /// What it says.
        text: &'a CStr,
        /// The path.
        target: &'a CStr,
    }
    /// Mount a path of the new root over itself with attributes; a path that is not there is fine.
    16 Protect {
        /// `MOUNT_ATTR_*`
        attributes: u64,
        /// The path.
        target: &'a CStr,
    }
    /// Cover a file of the new root with /dev/null and a directory with an empty tmpfs; a path that
    /// is not there is fine.
    17 Mask {
        /// The path.
        target: &'a CStr,
    }
    /// Make the new root the root and let go of the old one.
    18 Pivot {}
    /// Change attributes of one mount of the new root, after `Pivot`.
    19 SetAttributes {
        /// `MOUNT_ATTR_*`
        attributes: u64,
        /// Where it is mounted.
        path: &'a CStr,
    }
    /// Start the job's process, which goes on with the next op; the init stays behind, reaps and
    /// watches. Without this op the init itself goes on and becomes the job.
    20 Spawn {
        /// Wall time in nanoseconds after which the job is killed, or 0.
        timeout: u64,
        /// CPU time in nanoseconds after which the job is killed, or 0.
        cpu_limit: u64,
        /// Slot of the file that tells the group's CPU time (v2's cpu.stat or v1's cpuacct.usage), or
        /// `NO_SLOT`.
        cpu_slot: u32,
        /// CPUs the job may burn at once, for how often to look.
        cpus: u32,
        /// Slot of an eventfd that tells when the group is out of memory (v1's cgroup.event_control),
        /// or `NO_SLOT`: then all of the job is killed.
        oom_slot: u32,
        /// Slot of a pidfd of the host, or `NO_SLOT`: when the host ends, so does the job.
        host_slot: u32,
        /// 1 when the init is pid 1 of a new pid namespace.
        pid_namespace: u32,
    }
    /// Join a cgroup: write "0" to the file in a slot.
    21 JoinCgroup {
        /// The slot.
        slot: u32,
    }
    /// setsid(2)
    22 NewSession {}
    /// setrlimit(2)
    23 Rlimit {
        /// `RLIMIT_*`
        resource: u32,
        /// Soft limit.
        soft: u64,
        /// Hard limit.
        hard: u64,
    }
    /// Give descriptors their numbers for the job.
    24 Descriptors {
        /// Pairs of slot and number, four bytes each.
        pairs: &'a [u8],
    }
    /// umask(2)
    25 Umask {
        /// The mask.
        mask: u32,
    }
    /// chdir(2)
    26 Chdir {
        /// The path.
        path: &'a CStr,
    }
    /// Drop capabilities from the bounding set.
    27 DropBounding {
        /// Bits of those that stay.
        keep: u64,
        /// The kernel's highest number.
        last: u32,
    }
    /// Have these capabilities and no others, across exec too.
    28 Capabilities {
        /// Bits of those that stay.
        keep: u64,
    }
    /// prctl(PR_SET_NO_NEW_PRIVS)
    29 NoNewPrivs {}
    /// Load a filter (seccomp(2)).
    30 Seccomp {
        /// The instructions, eight bytes each.
        filter: &'a [u8],
    }
    /// Lose the inheritable and ambient capabilities that the launch raised, and nothing else.
    31 ClearAmbient {
        /// Bits of the permitted capabilities, which stay.
        permitted: u64,
    }
    /// Tell the host that the job's process is there. The kernel adds its pid as the host sees it; its
    /// namespaces are all in place.
    32 Born {}
    /// Become the program.
    33 Exec {
        /// Paths to try in order.
        paths: Texts<'a>,
        /// Its arguments.
        argv: Texts<'a>,
        /// Its environment.
        envp: Texts<'a>,
    }
    /// Enter the namespace in a slot (setns(2)).
    34 Join {
        /// The slot.
        slot: u32,
        /// The `CLONE_NEW*` flag of its kind.
        flags: u64,
        /// When: one of `JOIN_*`.
        when: u32,
    }
    /// Go on in a new process, with namespaces of its own; it waits until the host has looked after it.
    35 Rebirth {
        /// The `CLONE_NEW*` flags.
        flags: u64,
        /// 0: it is the host's child in this one's place, which ends. 1: this one stays to reap it. A
        /// pid namespace cannot end before whoever came in from outside is reaped, and the host may be
        /// waiting for just that end.
        stay: u32,
    }
    /// Say that everything is done, and stay, reaping, until the host closes the line.
    36 Hold {
        /// A signal that ends it too; 0 for none.
        ended_by: u32,
    }
    /// Read a file of the kernel's, and send what is in it.
    37 Tell {
        /// The file.
        path: &'a CStr,
    }
    /// Open a file for reading, and send its descriptor.
    38 Send {
        /// The file.
        path: &'a CStr,
    }
    /// Open a socket, and send its descriptor (socket(2)).
    39 Socket {
        /// `AF_*`
        domain: u32,
        /// `SOCK_*`
        kind: u32,
        /// The protocol.
        protocol: u32,
    }
    /// Say that everything is done, and end.
    40 Leave {}
}

/// `Join`: now, or fail. Nothing where it was done at an earlier try.
pub const JOIN_NOW: u32 = 0;
/// `Join`: try; a refusal for want of capabilities, which entering a user namespace may give, is kept in
/// mind for a later `JOIN_NOW`.
pub const JOIN_TRY: u32 = 1;
/// `Join`: only when something was refused before.
pub const JOIN_IF_REFUSED: u32 = 2;
/// `Join`: now, or fail; a user namespace whose root this process then is, where that is mapped. Some of
/// the kernel's files ask for root's id and not for its capabilities.
pub const JOIN_AS_ROOT: u32 = 3;

/// The ops of an encoded plan, one after the other.
#[derive(Clone)]
pub struct Ops<'a> {
    rest: &'a [u8],
    left: u32,
}

impl<'a> Ops<'a> {
    /// Opens a plan.
    ///
    /// # Errors
    /// The header is not that of a plan of this version, or the length is not the one it tells.
    pub fn open(plan: &'a [u8]) -> Result<Ops<'a>, Malformed> {
        let mut reader = Reader::new(plan);
        let magic = u32::read(&mut reader)?;
        let version = u32::read(&mut reader)?;
        let len = u32::read(&mut reader)?;
        let left = u32::read(&mut reader)?;
        if magic != MAGIC || version != VERSION || len as usize != plan.len() {
            return Err(Malformed);
        }
        Ok(Ops {
            rest: plan.get(HEADER..).ok_or(Malformed)?,
            left,
        })
    }

    /// The next op, or `None` at the end.
    ///
    /// # Errors
    /// The record is cut short, unknown, or has bytes left over.
    pub fn next_op(&mut self) -> Result<Option<Op<'a>>, Malformed> {
        if self.left == 0 {
            return if self.rest.is_empty() {
                Ok(None)
            } else {
                Err(Malformed)
            };
        }
        let mut reader = Reader::new(self.rest);
        let code = u32::read(&mut reader)?;
        let len = u32::read(&mut reader)? as usize;
        let mut body = Reader::new(reader.take(len)?);
        let op = Op::read(code, &mut body)?;
        if !body.is_empty() {
            return Err(Malformed);
        }
        self.rest = self.rest.get(8 + len..).ok_or(Malformed)?;
        self.left -= 1;
        Ok(Some(op))
    }
}

/// Encodes ops into a plan.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug)]
pub struct Encoder {
    bytes: Vec<u8>,
    count: u32,
}

#[cfg(feature = "alloc")]
impl Default for Encoder {
    fn default() -> Encoder {
        Encoder {
            bytes: alloc::vec![0; HEADER],
            count: 0,
        }
    }
}

#[cfg(feature = "alloc")]
impl Encoder {
    /// Adds an op at the end.
    pub fn push(&mut self, op: &Op<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 8]);
        let code = op.write(&mut self.bytes);
        let len = (self.bytes.len() - start - 8) as u32;
        self.bytes[start..start + 4].copy_from_slice(&code.to_le_bytes());
        self.bytes[start + 4..start + 8].copy_from_slice(&len.to_le_bytes());
        self.count += 1;
    }

    /// The plan.
    pub fn finish(mut self) -> Vec<u8> {
        let header = [MAGIC, VERSION, self.bytes.len() as u32, self.count];
        for (to, word) in self.bytes.chunks_exact_mut(4).zip(header) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        self.bytes
    }
}
