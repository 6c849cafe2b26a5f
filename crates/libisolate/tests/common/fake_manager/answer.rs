//! What the manager does at one call, where it does not simply do as it is asked.

/// Built from what is to be different; the parts can be put together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(super) error: Option<(String, String)>,
    pub(super) result: Option<String>,
    pub(super) others: u32,
    pub(super) signal: When,
    pub(super) end: End,
    pub(super) delivery: Delivery,
    pub(super) held: bool,
}

/// When JobRemoved comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum When {
    #[default]
    AfterReply,
    BeforeReply,
    Never,
}

/// Where the connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    #[default]
    Not,
    BeforeReply,
    InReply,
    AfterReply,
}

/// How the reply's bytes come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Delivery {
    #[default]
    Whole,
    Bytes,
    /// Not at all: others in their place.
    Garbage,
}

impl Answer {
    /// As it is asked: to be changed further.
    pub(crate) fn well() -> Answer {
        Answer::default()
    }

    /// An error, such as `org.freedesktop.systemd1.UnitExists`; nothing is done.
    pub(crate) fn error(name: &str) -> Answer {
        let message = format!("the fake manager was told to say {name}");
        Answer {
            error: Some((name.to_owned(), message)),
            ..Answer::default()
        }
    }

    /// A job whose result is another than `done`: `failed`, `timeout`, `canceled`, `dependency`, `skipped`.
    pub(crate) fn job(result: &str) -> Answer {
        Answer {
            result: Some(result.to_owned()),
            ..Answer::default()
        }
    }

    /// The call is read and the connection closed; nothing is done.
    pub(crate) fn closed_before_reply() -> Answer {
        Answer {
            end: End::BeforeReply,
            ..Answer::default()
        }
    }

    /// What is asked is done, and the connection closed in the middle of the reply.
    pub(crate) fn closed_in_reply() -> Answer {
        Answer {
            end: End::InReply,
            ..Answer::default()
        }
    }

    /// The same after the reply, before the signal.
    pub(crate) fn closed_after_reply() -> Answer {
        Answer {
            end: End::AfterReply,
            ..Answer::default()
        }
    }

    /// Bytes that are no message, in place of the reply; nothing is done.
    pub(crate) fn garbage() -> Answer {
        Answer {
            delivery: Delivery::Garbage,
            ..Answer::default()
        }
    }

    /// The reply comes byte by byte.
    pub(crate) fn in_bytes(mut self) -> Answer {
        self.delivery = Delivery::Bytes;
        self
    }

    /// JobRemoved of that many jobs of others comes before the own one.
    pub(crate) fn after_others(mut self, others: u32) -> Answer {
        self.others = others;
        self
    }

    /// JobRemoved comes before the reply that tells which job it is.
    pub(crate) fn signal_first(mut self) -> Answer {
        self.signal = When::BeforeReply;
        self
    }

    /// JobRemoved never comes, but where it waits for the processes of a scope that stops.
    pub(crate) fn no_signal(mut self) -> Answer {
        self.signal = When::Never;
        self
    }

    /// What is asked is done, but the reply comes once the test releases it: later than any deadline, or
    /// never.
    pub(crate) fn held(mut self) -> Answer {
        self.held = true;
        self
    }
}
