//! Ids and capabilities.

use isolate_sys::Result;
use isolate_sys::abi::{
    PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, PR_CAP_AMBIENT_RAISE, PR_CAPBSET_DROP,
};
use isolate_sys::calls::privilege::{capset, prctl, setgroups, setresgid, setresuid};

const PR_SET_KEEPCAPS: i32 = 8;
const GROUPS_MAX: usize = 64;

/// Takes ids. Permitted capabilities stay, for the ops that follow; a later op drops them.
pub fn set_ids(uid: u32, gid: u32, groups: Option<&[u8]>) -> Result<()> {
    prctl(PR_SET_KEEPCAPS, 1, 0)?;
    if let Some(bytes) = groups {
        let mut ids = [0u32; GROUPS_MAX];
        let mut count = 0;
        for (id, chunk) in ids.iter_mut().zip(bytes.chunks_exact(4)) {
            *id = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
            count += 1;
        }
        setgroups(&ids[..count])?;
    }
    setresgid(gid)?;
    setresuid(uid)
}

/// Drops capabilities from the bounding set, so that no exec can bring them back.
pub fn drop_bounding(keep: u64, last: u32) -> Result<()> {
    for capability in 0..=last {
        if keep >> capability & 1 == 0 {
            prctl(PR_CAPBSET_DROP, capability as usize, 0)?;
        }
    }
    Ok(())
}

/// Keeps these capabilities and no others, in every set, so that an exec by any user keeps them.
pub fn keep_only(keep: u64) -> Result<()> {
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL as usize, 0)?;
    capset(keep, keep)?;
    for capability in 0..64 {
        if keep >> capability & 1 == 1 {
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE as usize, capability)?;
        }
    }
    Ok(())
}

/// Undoes what the spark did to get the capabilities through its exec.
pub fn clear_ambient(permitted: u64) -> Result<()> {
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL as usize, 0)?;
    capset(permitted, 0)
}
