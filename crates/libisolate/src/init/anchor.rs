//! An anchor: a process that does nothing but be there, so that what lives by its processes lives before
//! the first of a job and after the last.

use isolate_plan::{Encoder, Op, Report};
use isolate_sys::Errno;
use isolate_sys::calls::process;

use super::{Control, Guarded, Heard, errand};
use crate::error::{Error, ErrorKind, Result, Stage};

/// It ends when this is dropped, and with this process, however that ends; SIGTERM ends it too.
#[derive(Debug)]
pub(crate) struct Anchor {
    process: Guarded,
    _line: Control,
    owner: i32,
}

impl Anchor {
    /// Starts one, in the caller's cgroups, with no descriptor of the caller's.
    ///
    /// # Errors
    /// `Clone` stage.
    pub fn drop_down() -> Result<Anchor> {
        let failed = |errno| Error::from_errno(errno, Stage::Clone, "anchor");
        let mut ops = Encoder::default();
        ops.push(&Op::Descriptors { pairs: &[] });
        ops.push(&Op::Chdir { path: c"/" });
        ops.push(&Op::Hold {
            ended_by: libc::SIGTERM as u32,
        });
        let (child, line) = errand::send_on(&ops.finish(), &[], failed)?;
        let anchor = Anchor {
            process: child,
            _line: line,
            owner: process::getpid(),
        };
        loop {
            match anchor._line.hear(true).map_err(failed)? {
                Heard::Report(Report::Done, _) => return Ok(anchor),
                Heard::Report(Report::Failed { errno, .. }, _) => {
                    return Err(failed(Errno::from_raw(errno as i32)));
                }
                Heard::Report(..) | Heard::Nothing | Heard::Descriptor(_) => {}
                Heard::End => {
                    let detail = "ended without a report";
                    return Err(Error::new(ErrorKind::Child, Stage::Clone, "anchor", detail));
                }
            }
        }
    }

    /// Its process id as this process sees it.
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }
}

impl Drop for Anchor {
    fn drop(&mut self) {
        // In a fork of the owner it is not this process's to end.
        if self.owner != process::getpid() {
            self.process.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alive(pid: i32) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.is_ok_and(|s| {
            !s.rsplit_once(')')
                .is_some_and(|(_, rest)| rest.starts_with(" Z"))
        })
    }

    #[test]
    fn it_is_there_without_anything_of_the_caller() {
        let (_reader, writer) = nix::unistd::pipe().expect("a pipe");
        let anchor = Anchor::drop_down().expect("an anchor");
        let pid = anchor.pid();
        assert!(alive(pid));
        let open = std::fs::read_dir(format!("/proc/{pid}/fd"));
        // Not dumpable: only a privileged caller may look.
        if let Ok(open) = open {
            let files: Vec<String> = open
                .flatten()
                .filter_map(|e| Some(std::fs::read_link(e.path()).ok()?.display().to_string()))
                .collect();
            assert!(
                files
                    .iter()
                    .all(|f| !f.starts_with("pipe:") && !f.starts_with('/')),
                "{files:?}"
            );
        }
        drop(writer);
        drop(anchor);
        assert!(!alive(pid));
    }

    #[test]
    fn a_polite_signal_ends_it() {
        let anchor = Anchor::drop_down().expect("an anchor");
        process::kill(anchor.pid(), libc::SIGUSR1).expect("it is there");
        process::kill(anchor.pid(), libc::SIGTERM).expect("it is there");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while alive(anchor.pid()) && std::time::Instant::now() < deadline {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(!alive(anchor.pid()));
    }
}
