//! Namespaces: the eight kinds, handles of them, and everything that can be done with one.

mod create;
mod handle;
mod idmap;
mod idview;
mod joined;
mod kind;
mod list;
mod mounts;
mod netns;
mod persist;
mod pids;
mod proc;
mod procfs;
mod settings;
mod subid;
mod sysctl;
mod thread;
mod visit;

pub use create::{NamespaceSet, create};
pub use handle::{MountInfo, Namespace, NamespaceId};
pub use idmap::{IdMaps, check_id_map, write_id_maps};
pub(crate) use idmap::{Rights, Which, put as put_id_maps, writer as id_map_writer};
pub use idview::{id_maps_of, translate_gid, translate_uid};
pub(crate) use joined::joined;
pub use kind::Kind;
pub use list::{NamespaceEntry, Pin, TreeNode, list, tree};
pub use persist::{Persisted, named, persisted, unpersist, unpersist_name};
pub use pids::{Process, processes_in, translate_pid};
pub(crate) use pids::{child_behind, descendants, described};
pub(crate) use settings::offsets_text;
pub use settings::{CgroupPath, cgroup_paths, set_time_offsets, time_offsets_of};
pub(crate) use subid::program as id_map_program;
pub use subid::{SubordinateIds, subordinate_ids};
pub(crate) use sysctl::find as find_sysctl;
pub use thread::{Inside, enter_thread, enter_thread_pidfd, unshare_thread};
