//! A mount namespace of the test's own with an empty /run, and what is put into it.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use isolate_sys::abi::{MNT_DETACH, MS_PRIVATE};
use isolate_sys::calls::mount;
use libisolate::ns::{Kind, Namespace, Persisted, persisted};

use crate::common::{Alone, is_root};
use crate::{plain, running};

/// Runs the body with mounts of its own; an ordinary user gets them by a user namespace.
pub fn private(name: &str, body: impl FnOnce()) {
    // A network namespace too: `ip` goes back to where it came from, which is to be the user's own.
    let user = ["unshare", "-Urmn", "--propagation", "private"];
    let test = match is_root() {
        true => Alone::new(name),
        false => Alone::new(name).under(&user),
    };
    test.run(|| {
        BEFORE.set(persisted().unwrap()).unwrap();
        tmpfs(Path::new("/run"), "");
        body();
        unmount(Path::new("/run"));
    });
}

/// What the machine keeps by itself.
pub static BEFORE: OnceLock<Vec<Persisted>> = OnceLock::new();

/// What the test keeps.
pub fn kept_now() -> Vec<Persisted> {
    let mut kept = persisted().unwrap();
    kept.retain(|one| !BEFORE.get().unwrap().contains(one));
    kept
}

pub fn c(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

pub fn tmpfs(at: &Path, options: &str) {
    let options = CString::new(options).unwrap();
    mount::mount(Some(c"test"), &c(at), Some(c"tmpfs"), 0, Some(&options)).unwrap();
    propagation(at, MS_PRIVATE);
}

pub fn unmount(at: &Path) {
    mount::umount(&c(at), MNT_DETACH).unwrap();
}

pub fn propagation(at: &Path, flags: u64) {
    mount::mount(None, &c(at), None, flags, None).unwrap();
}

/// A namespace that nobody else has.
pub fn fresh(kind: Kind) -> Namespace {
    let (script, kinds) = match kind {
        // One id is mapped where an ordinary user runs the tests: too few for a map of its own.
        Kind::User => ("exec unshare -U sh -c 'echo; exec sleep 100'", vec![]),
        _ => ("echo; exec sleep 100", vec![kind.name()]),
    };
    let (job, _) = running(plain(script, &kinds));
    Namespace::of_process(job.pid(), kind).unwrap()
}

pub fn ip(words: &[&str]) -> String {
    let done = Command::new("ip").arg("netns").args(words).output();
    let done = done.unwrap_or_else(|e| panic!("iproute2 is needed: {e}"));
    assert!(
        done.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

pub fn mounts_of(pid: &str) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The mount points and propagation of what is mounted in the test's own /run, without the numbers that
/// differ each time.
pub fn shape() -> Vec<String> {
    let lines = mounts_of("self");
    let field = |line: &str, at: usize| line.split(' ').nth(at).unwrap().to_owned();
    let own = lines.iter().rfind(|line| field(line, 4) == "/run");
    let mut ids = vec![field(own.unwrap(), 0)];
    let mut at = 0;
    while let Some(parent) = ids.get(at).cloned() {
        let below = lines.iter().filter(|line| field(line, 1) == parent);
        ids.extend(below.map(|line| field(line, 0)));
        at += 1;
    }
    let below = lines
        .iter()
        .filter(|line| ids[1..].contains(&field(line, 0)));
    below
        .map(|line| {
            let shared = line.contains(" shared:");
            let kind = line.split(" - ").nth(1).unwrap();
            format!("{} shared {shared} {}", field(line, 4), field(kind, 0))
        })
        .collect()
}

/// A process whose mount namespace is a copy of this one, made as `ip netns exec` does.
pub struct Copy(Child);

impl Copy {
    pub fn new() -> Copy {
        Copy::under(Command::new("unshare"))
    }

    /// One that the kernel takes for younger than this one: it goes by numbers of which each processor
    /// has a stock of its own (Linux 6.18), so that on this one's processor the next is higher.
    pub fn younger() -> (Copy, Namespace) {
        let number = |namespace: &Namespace| namespace.mount_namespace_id().unwrap_or(u64::MAX);
        let own = number(&Namespace::of_thread(Kind::Mnt).unwrap());
        let mut last = None;
        for processor in allowed_processors() {
            let mut command = Command::new("taskset");
            command.args(["-c", &processor.to_string(), "unshare"]);
            let copy = Copy::under(command);
            let namespace = Namespace::of_process(copy.pid(), Kind::Mnt).unwrap();
            if number(&namespace) > own || own == u64::MAX {
                return (copy, namespace);
            }
            last = Some(number(&namespace));
        }
        panic!("{own} {last:?}");
    }

    fn under(mut command: Command) -> Copy {
        let mut child = command
            .args(["-m", "--propagation", "unchanged", "sh", "-c"])
            .arg("echo; exec sleep 100")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        assert_eq!(line, "\n");
        Copy(child)
    }

    pub fn mounts(&self) -> Vec<String> {
        mounts_of(&self.0.id().to_string())
    }

    pub fn pid(&self) -> i32 {
        self.0.id() as i32
    }
}

pub fn allowed_processors() -> Vec<usize> {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = text.lines();
    let list = lines.find_map(|l| l.strip_prefix("Cpus_allowed_list:\t"));
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        first.parse().unwrap()..=last.parse::<usize>().unwrap()
    };
    list.unwrap().split(',').flat_map(range).collect()
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
