//! What a connection is for the host process and the system: its descriptor, SIGPIPE, sockets that
//! cannot be connected to.

use std::io::{IoSlice, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use isolate_sys::Errno;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

use super::listener::{Listener, ask, long, reply};
use crate::cgroup::systemd::bus::stream::Stream;
use crate::cgroup::systemd::bus::{Address, Bus, BusError, Place};

/// A name in the temporary directory, which goes with its owner.
struct TempName(PathBuf);

impl TempName {
    fn new(tag: &str) -> TempName {
        let name = format!("isolate-bus-{}-{tag}", std::process::id());
        TempName(std::env::temp_dir().join(name))
    }
}

impl Drop for TempName {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn connect(path: &Path) -> Result<Stream, BusError> {
    Stream::connect(&Place::Path(path.to_owned()))
}

#[test]
fn sockets_that_are_not_there() {
    let nobody = TempName::new("nobody");
    // The file stays, but nobody listens.
    drop(UnixListener::bind(&nobody.0).expect("a socket"));
    let file = TempName::new("file");
    std::fs::write(&file.0, "").expect("a file");
    let missing = TempName::new("missing");
    let long_name = PathBuf::from(format!("/tmp/{}", "x".repeat(120)));
    let refused = Errno::from_raw(libc::ECONNREFUSED);
    for (path, errno) in [
        (&nobody.0, refused),
        (&file.0, refused),
        (&missing.0, Errno::ENOENT),
        (&file.0.join("below"), Errno::ENOTDIR),
        (&long_name, Errno::ENAMETOOLONG),
    ] {
        let socket = path.display().to_string();
        assert_eq!(
            connect(path).expect_err("nobody"),
            BusError::Absent { socket, errno }
        );
    }
}

#[test]
fn the_first_place_where_somebody_listens() {
    let missing = TempName::new("first");
    let listener = Listener::new(|mut peer| peer.welcome_on_bus());
    let Address::Bus(mut places) = listener.bus() else {
        panic!("a bus");
    };
    places.insert(0, Place::Path(missing.0.clone()));
    places.insert(0, Place::Abstract(b"isolate-nobody".to_vec()));
    Bus::connect(&Address::Bus(places.clone()), long()).expect("the third");
    places.pop();
    let error = Bus::connect(&Address::Bus(places), long()).expect_err("none of them");
    assert_eq!(error.to_string(), "@isolate-nobody: Connection refused");
}

#[test]
fn a_socket_that_the_caller_may_not_use() {
    let name = TempName::new("mode");
    let _listener = UnixListener::bind(&name.0).expect("a socket");
    let none = std::os::unix::fs::PermissionsExt::from_mode(0o0);
    std::fs::set_permissions(&name.0, none).expect("its owner may");
    // For this thread alone, which also gives up root's right to open everything. Without root it
    // changes nothing.
    let error = std::thread::spawn({
        let path = name.0.clone();
        move || {
            nix::unistd::setfsuid(nix::unistd::Uid::from_raw(65533));
            connect(&path).expect_err("not allowed")
        }
    });
    let socket = name.0.display().to_string();
    assert_eq!(
        error.join().expect("no panic"),
        BusError::Refused {
            socket,
            reason: "Permission denied".to_owned()
        }
    );
}

#[test]
fn a_socket_with_too_many_waiting() {
    use nix::sys::socket::{
        AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket,
    };
    let name = TempName::new("busy");
    let flags = SockFlag::SOCK_CLOEXEC;
    let server = socket(AddressFamily::Unix, SockType::Stream, flags, None).expect("a socket");
    bind(server.as_raw_fd(), &UnixAddr::new(&name.0).expect("a path")).expect("a socket");
    listen(&server, Backlog::new(0).expect("a number")).expect("a socket");
    let _first = connect(&name.0).expect("one may wait");
    let socket = name.0.display().to_string();
    assert_eq!(
        connect(&name.0).expect_err("no two"),
        BusError::Busy { socket }
    );
}

#[test]
fn its_descriptor_is_closed_on_exec() {
    let name = TempName::new("exec");
    let _listener = UnixListener::bind(&name.0).expect("a socket");
    let stream = connect(&name.0).expect("it listens");
    let info = format!("/proc/self/fdinfo/{}", stream.descriptor().as_raw_fd());
    let text = std::fs::read_to_string(info).expect("/proc");
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = i32::from_str_radix(flags.expect("flags").trim(), 8).expect("a number");
    assert_ne!(flags & libc::O_CLOEXEC, 0, "{text}");
}

#[test]
fn descriptors_that_a_peer_sends_are_not_taken() {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let (told, done) = std::sync::mpsc::channel();
    let listener = Listener::new(move |mut peer| {
        peer.welcome_on_bus();
        let call = peer.call();
        let bytes = reply(&call, &[]);
        let fds = [writer.as_raw_fd()];
        let sent = sendmsg::<()>(
            peer.stream.as_raw_fd(),
            &[IoSlice::new(&bytes)],
            &[ControlMessage::ScmRights(&fds)],
            MsgFlags::empty(),
            None,
        );
        assert_eq!(sent, Ok(bytes.len()));
        drop(writer);
        done.recv().expect("the test's word");
    });
    let mut bus = Bus::connect(&listener.bus(), long()).expect("it lets us in");
    ask(&mut bus, 1, long()).expect("an answer");
    // The last writer has gone although the connection has not.
    assert_eq!(reader.read(&mut [0; 1]).expect("a pipe"), 0);
    told.send(()).expect("the script waits");
}

/// In a process of its own, where SIGPIPE is what it is for a program in C: the end.
#[test]
#[allow(unsafe_code)]
fn a_peer_that_has_gone_raises_no_signal() {
    const MARK: &str = "ISOLATE_TEST_SIGPIPE";
    if std::env::var_os(MARK).is_some() {
        // SAFETY: no handler, the default.
        unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.expect("a signal");
        let (told, done) = std::sync::mpsc::channel();
        let listener = Listener::new(move |mut peer| {
            peer.welcome_on_bus();
            drop(peer);
            told.send(()).expect("the test waits");
        });
        let mut bus = Bus::connect(&listener.bus(), long()).expect("it lets us in");
        done.recv().expect("the script's word");
        assert_eq!(ask(&mut bus, 1, long()), Err(BusError::Closed));
        return;
    }
    let name = "cgroup::systemd::bus::tests::outside::a_peer_that_has_gone_raises_no_signal";
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", name, "--test-threads=1"])
        .env(MARK, "1")
        .output()
        .expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{}\n{text}",
        output.status
    );
}
