//! `isolatectl ns pid` and `isolatectl ns ids`: what a number is in another namespace.

use libisolate::Result;
use libisolate::ns::{Kind, translate_gid, translate_pid, translate_uid};

use super::args::{Ids, Pid, Which};
use super::target::one_or_own;
use crate::out::print;

pub fn pid(options: &Pid) -> Result<()> {
    let from = one_or_own(options.from.as_deref(), Kind::Pid)?;
    let to = one_or_own(options.to.as_deref(), Kind::Pid)?;
    let number = translate_pid(options.pid, &from, &to)?;
    print(&format!("{number}\n"))
}

pub fn ids(options: &Ids) -> Result<()> {
    let from = one_or_own(options.from.as_deref(), Kind::User)?;
    let to = one_or_own(options.to.as_deref(), Kind::User)?;
    let number = match options.which {
        Which::Uid => translate_uid(options.id, &from, &to),
        Which::Gid => translate_gid(options.id, &from, &to),
    }?;
    print(&format!("{number}\n"))
}
