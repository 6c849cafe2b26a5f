//! `isolatectl ns enter`: runs a command in namespaces that are there.

use libisolate::spec::{Bytes, Profile};
use libisolate::{Outcome, Result, Spec};

use super::args::Enter;
use super::target::join;
use crate::{run, spec};

pub fn enter(options: &Enter) -> i32 {
    match job(options) {
        Ok(outcome) => outcome.shell_status(),
        Err(error) => run::fail(&error),
    }
}

fn job(options: &Enter) -> Result<Outcome> {
    let mut spec = Spec::new(
        options
            .argv
            .iter()
            .map(|word| Bytes::from(word.as_os_str())),
    );
    spec.profile = Profile::None;
    spec.uid = options.uid;
    spec.gid = options.gid;
    spec.cwd = options.cwd.clone().map(Bytes::from);
    spec.timeout = options.timeout;
    spec.init = !options.no_init;
    spec.keep_fds.clone_from(&options.keep_fd);
    for text in &options.env {
        let (name, value) = spec::variable(text)?;
        spec.env.insert(name, value);
    }
    let _joined = join(&mut spec, &options.targets)?;
    run::supervise(&spec)
}
