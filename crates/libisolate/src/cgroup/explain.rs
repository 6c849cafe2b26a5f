//! Why a group's processes may use a device, or may not.

use super::devices::{self, Explanation};
use super::{Cgroup, Version};
use crate::error::Result;

impl Cgroup {
    /// Whether the processes of the group may use a device, and which rule of which group says so. The
    /// device is `c 1:3`, `b 8:0` or a path, the access letters of `rwm` (read, write, make a node).
    ///
    /// Looks at the groups above, too, as far as the caller sees them, and at the programs of v2 groups
    /// that it may open (CAP_SYS_ADMIN); the reason says what could not be looked at. Permissions of the
    /// device's node and missing capabilities are not looked at.
    ///
    /// # Errors
    /// `InvalidSpec` for what is no device and no access, `NotFound` for a path that is not there or a
    /// group that was removed.
    pub fn explain_device(&self, device: &str, access: &str) -> Result<Explanation> {
        if self.is_gone() {
            return Err(self.gone());
        }
        let v1 = self.trees.iter().filter(|t| t.has("devices"));
        let dirs: Vec<_> = v1
            .map(|tree| (&tree.dir, Version::V1))
            .chain(self.unified().map(|tree| (&tree.dir, Version::V2)))
            .collect();
        devices::explain(&dirs, device, access)
    }
}
