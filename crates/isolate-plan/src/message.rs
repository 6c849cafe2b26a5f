//! What host and init say to each other: one small record a message.

/// What the host tells the init.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The message carries descriptors for the next slots.
    Slots,
    /// The message carries the plan, a sealed memory file of this many bytes: perform it.
    Start(u32),
    /// Send this signal to the job's process.
    Signal(u32),
    /// Kill every process of the job.
    Kill,
    /// The message carries descriptors for the next slots: go on after a rebirth.
    Go,
}

impl Command {
    /// Length of the wire form.
    pub const LEN: usize = 8;

    /// The wire form.
    pub fn encode(self) -> [u8; Command::LEN] {
        let (code, value) = match self {
            Command::Slots => (1, 0),
            Command::Start(len) => (2, len),
            Command::Signal(signal) => (3, signal),
            Command::Kill => (4, 0),
            Command::Go => (5, 0),
        };
        words([code, value])
    }

    /// Reads the wire form.
    pub fn decode(bytes: &[u8]) -> Option<Command> {
        let [code, value] = unwords::<2>(bytes)?;
        match code {
            1 => Some(Command::Slots),
            2 => Some(Command::Start(value)),
            3 => Some(Command::Signal(value)),
            4 => Some(Command::Kill),
            5 => Some(Command::Go),
            _ => None,
        }
    }
}

/// Why the init ended the job, where it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It did not: the program ended by itself.
    None,
    /// The wall time was over.
    Timeout,
    /// The CPU time was used up.
    CpuLimit,
    /// The host said so.
    Killed,
    /// The group was out of memory.
    OutOfMemory,
}

/// How the job's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The status of wait(2).
    pub status: u32,
    /// Why the init ended it.
    pub cause: Cause,
    /// Whether the process died before it came to its exec.
    pub before_exec: bool,
    /// Wall time from its start to its end, nanoseconds.
    pub wall: u64,
    /// User time of it and the children it waited for, microseconds.
    pub user: u64,
    /// System time of the same, microseconds.
    pub system: u64,
    /// Largest resident set, KiB.
    pub max_rss: u64,
}

/// What the init tells the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The job's process is there; the message's credentials have its pid as the host sees it.
    Born {
        /// Inode numbers of its namespaces, 0 where it could not see them: cgroup, ipc, net, mnt, pid,
        /// time, user, uts. It tells them itself, since a short job is gone before anyone can look.
        namespaces: [u32; 8],
    },
    /// The program runs.
    Started,
    /// An op failed; nothing runs any more.
    Failed {
        /// Its index in the plan.
        op: u32,
        /// The errno.
        errno: u32,
    },
    /// The job has ended.
    Ended(Ended),
    /// The init goes on in the process that sends this, and waits for `Command::Go`.
    Reborn,
    /// The next message is the content of a file, of this many bytes.
    Data {
        /// Its length, which may be 0: then no message follows.
        len: u32,
    },
    /// The message carries a descriptor.
    Descriptor,
    /// Everything is done.
    Done,
}

impl Report {
    /// Length of the wire form.
    pub const LEN: usize = 48;

    /// The wire form.
    pub fn encode(self) -> [u8; Report::LEN] {
        let mut all = [0u32; Report::LEN / 4];
        match self {
            Report::Born { namespaces } => {
                all[0] = 1;
                all[1..9].copy_from_slice(&namespaces);
            }
            Report::Started => all[0] = 2,
            Report::Reborn => all[0] = 5,
            Report::Data { len } => {
                all[0] = 6;
                all[1] = len;
            }
            Report::Descriptor => all[0] = 7,
            Report::Done => all[0] = 8,
            Report::Failed { op, errno } => {
                all[0] = 3;
                all[1] = op;
                all[2] = errno;
            }
            Report::Ended(ended) => {
                all[0] = 4;
                all[1] = ended.status;
                all[2] = match ended.cause {
                    Cause::None => 0,
                    Cause::Timeout => 1,
                    Cause::CpuLimit => 2,
                    Cause::Killed => 3,
                    Cause::OutOfMemory => 4,
                };
                all[3] = u32::from(ended.before_exec);
                for (pair, value) in all[4..].chunks_exact_mut(2).zip([
                    ended.wall,
                    ended.user,
                    ended.system,
                    ended.max_rss,
                ]) {
                    pair[0] = value as u32;
                    pair[1] = (value >> 32) as u32;
                }
            }
        }
        words(all)
    }

    /// Reads the wire form.
    pub fn decode(bytes: &[u8]) -> Option<Report> {
        let all = unwords::<{ Report::LEN / 4 }>(bytes)?;
        let long = |at: usize| u64::from(all[at]) | u64::from(all[at + 1]) << 32;
        match all[0] {
            1 => Some(Report::Born {
                namespaces: all[1..9].try_into().ok()?,
            }),
            2 => Some(Report::Started),
            3 => Some(Report::Failed {
                op: all[1],
                errno: all[2],
            }),
            4 => Some(Report::Ended(Ended {
                status: all[1],
                cause: match all[2] {
                    0 => Cause::None,
                    1 => Cause::Timeout,
                    2 => Cause::CpuLimit,
                    3 => Cause::Killed,
                    4 => Cause::OutOfMemory,
                    _ => return None,
                },
                before_exec: all[3] != 0,
                wall: long(4),
                user: long(6),
                system: long(8),
                max_rss: long(10),
            })),
            5 => Some(Report::Reborn),
            6 => Some(Report::Data { len: all[1] }),
            7 => Some(Report::Descriptor),
            8 => Some(Report::Done),
            _ => None,
        }
    }
}

fn words<const N: usize, const BYTES: usize>(words: [u32; N]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

fn unwords<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    if bytes.len() != N * 4 {
        return None;
    }
    let mut words = [0; N];
    for (word, from) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_le_bytes(from.try_into().ok()?);
    }
    Some(words)
}
