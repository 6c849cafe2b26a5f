//! Where the managers of systemd are to be asked: by their buses, and by their private sockets where
//! there is no bus.

use std::path::PathBuf;

use super::Manager;
use super::bus::{Address, BusError, Place, runtime_dir};

/// Where a manager's bus is unless the environment says otherwise, and its private socket.
fn known(manager: Manager) -> (PathBuf, PathBuf) {
    match manager {
        Manager::System => (
            PathBuf::from("/run/dbus/system_bus_socket"),
            PathBuf::from("/run/systemd/private"),
        ),
        Manager::User => {
            let dir = runtime_dir();
            (dir.join("bus"), dir.join("systemd/private"))
        }
    }
}

/// Where the caller finds its manager, the best first. A bus elsewhere that the environment names stands
/// alone: whoever names it means no other.
///
/// # Errors
/// For a variable that holds no address.
pub(super) fn candidates(manager: Manager) -> Result<Vec<Address>, BusError> {
    let bus = match manager {
        Manager::System => Address::system(),
        Manager::User => Address::session(),
    }?;
    let (path, private) = known(manager);
    Ok(match bus == Address::Bus(vec![Place::Path(path)]) {
        true => vec![bus, Address::Peer(private)],
        false => vec![bus],
    })
}

/// Whether the environment names a bus elsewhere.
pub(super) fn is_named(manager: Manager) -> bool {
    !matches!(candidates(manager).as_deref(), Ok([_, _]))
}

/// Whether there is a socket, as far as names tell.
pub(super) fn may_be_there(manager: Manager) -> bool {
    let exists = |address: &Address| match address {
        Address::Peer(path) => path.exists(),
        Address::Bus(places) => places.iter().any(|place| match place {
            Place::Path(path) => path.exists(),
            Place::Abstract(_) => true,
        }),
    };
    // Of one that cannot be read, the attempt will tell.
    candidates(manager).map_or(true, |all| all.iter().any(exists))
}
