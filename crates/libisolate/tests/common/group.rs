//! Groups of a test's own, and what is in force by an outcome.

use libisolate::cgroup::Cgroup;
use libisolate::job::{EnforcementStatus, Outcome};

/// A group that goes with its processes, and with those below it, when the test ends, however it ends.
pub struct Own(pub Cgroup);

impl std::ops::Deref for Own {
    type Target = Cgroup;
    fn deref(&self) -> &Cgroup {
        &self.0
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.remove();
    }
}

/// What is in force for a limit, by `file value`.
#[track_caller]
pub fn in_force(outcome: &Outcome, name: &str) -> String {
    let entry = outcome.enforcement.iter().find(|e| e.name == name);
    let entry = entry.unwrap_or_else(|| panic!("no {name} in {:?}", outcome.enforcement));
    assert_eq!(entry.status, EnforcementStatus::Enforced, "{entry:?}");
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{} {}", text(&entry.file), text(&entry.value))
}
