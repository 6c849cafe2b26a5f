//! systemd as the one who makes the groups.

#[allow(
    dead_code,
    unused_imports,
    reason = "the driver that calls it is built on top of it"
)]
mod bus;
