//! systemd as the one who makes groups: transient scopes, by D-Bus.
//!
//! A scope lives as long as a process is in it. An [`Anchor`](crate::init::Anchor) is its first and its
//! last, so that the job's group can be made below it before the job, and measured after. systemd hands
//! the scope over (`Delegate`), and what is below is made as anywhere else; nobody but systemd writes to
//! the scope itself.

mod address;
mod bus;
mod choose;
mod detect;
mod manager;
mod properties;
pub(super) mod scope;
mod unit;
pub(crate) mod unit_name;

pub use choose::UnitPlan;
pub(crate) use choose::{Asked, choose, told};
pub(super) use detect::{CONTROLLERS, look};
pub use detect::{Manager, SystemdHost};
pub(crate) use detect::{is_delegated, tracked};
pub(crate) use manager::version;
pub use properties::{Property, PropertyValue};
pub(super) use unit::Unit;
