//! Namespaces: the eight kinds, handles of them, and everything that can be done with one.

mod handle;
mod idmap;
mod idview;
mod kind;
mod proc;
mod subid;

pub use handle::{MountInfo, Namespace, NamespaceId};
pub use idmap::{IdMaps, check_id_map, write_id_maps};
pub(crate) use idmap::{Rights, Which, put as put_id_maps, writer as id_map_writer};
pub use idview::{id_maps_of, translate_gid, translate_uid};
pub use kind::Kind;
pub(crate) use subid::program as id_map_program;
pub use subid::{SubordinateIds, subordinate_ids};
