//! The host's side of an init: the program in a sealed file, the spark that starts it, and the line to
//! it. What it is told to do is the business of whoever starts one.

mod anchor;
mod birth;
mod control;
pub(crate) mod errand;
pub(crate) mod kept;
pub(crate) mod memfile;
pub(crate) mod pidfd;
pub(crate) mod spark;

pub(crate) use anchor::Anchor;
pub(crate) use birth::{Cradle, Guarded, Newborn};
pub(crate) use control::{Control, Heard};
pub(crate) use kept::Kept;
pub(crate) use spark::{Spark, Wish};
