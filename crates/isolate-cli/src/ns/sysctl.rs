//! `isolatectl ns sysctl`: a kernel parameter of a namespace's own.

use libisolate::Result;

use super::args::Sysctl;
use super::target::one;
use crate::out::print;

pub fn sysctl(options: &Sysctl) -> Result<()> {
    let namespace = one(&options.target, None)?;
    match options.parameter.split_once('=') {
        Some((name, value)) => namespace.set_sysctl(name, value),
        None => print(&format!("{}\n", namespace.sysctl(&options.parameter)?)),
    }
}
