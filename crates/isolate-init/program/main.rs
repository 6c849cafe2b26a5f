//! The init: a freestanding program that performs a plan, starts the job and reaps after it.
//!
//! It runs in memory of its own, so that nothing here can harm the host: no stale locks, none of the
//! host's secrets, and an out of memory kill hits the job alone.

#![no_std]
#![no_main]

mod descriptors;
mod exec;
mod host;
mod memory;
mod mountinfo;
mod place;
mod namespaces;
mod numbered;
mod privileges;
mod root;
mod start;
mod state;
mod supervise;
mod tell;

use core::ffi::{CStr, c_char};

use isolate_plan::{Op, Ops};
use isolate_sys::abi::{AT_FDCWD, MS_PRIVATE, MS_SLAVE, O_CLOEXEC, O_DIRECTORY, O_PATH};
use isolate_sys::calls::{fd, mount, path, privilege, process, socket, uts};
use isolate_sys::{Errno, Result};

use state::Init;

/// Called by `_start` with the stack as the kernel left it: argc, then argv.
///
/// # Safety
/// Only `_start` may call it.
unsafe extern "C" fn begin(stack: *const usize) -> ! {
    // SAFETY: the kernel puts argc and argc + 1 pointers there (execve(2)).
    let control = unsafe {
        let argc = *stack;
        let argv = stack.add(1).cast::<*const c_char>();
        if argc < 2 { -1 } else { decimal(CStr::from_ptr(*argv.add(1))) }
    };
    if control < 0 {
        process::exit_group(64);
    }
    let Ok(mut init) = Init::new(control) else {
        process::exit_group(71);
    };
    let plan = match host::receive(&mut init) {
        Ok(plan) => plan,
        Err(_) => process::exit_group(65),
    };
    run(&mut init, plan)
}

fn decimal(text: &CStr) -> i32 {
    let mut value = 0i32;
    for digit in text.to_bytes() {
        if !digit.is_ascii_digit() {
            return -1;
        }
        value = value.wrapping_mul(10).wrapping_add(i32::from(digit - b'0'));
    }
    value
}

fn run(init: &mut Init, plan: &'static [u8]) -> ! {
    let Ok(mut ops) = Ops::open(plan) else {
        init.fail(0, Errno::EPROTO);
    };
    let mut index = 0;
    loop {
        match ops.next_op() {
            Ok(Some(op)) => {
                if let Err(errno) = perform(init, &op) {
                    init.fail(index, errno);
                }
            }
            // A plan ends with an op that does not come back.
            Ok(None) | Err(_) => init.fail(index, Errno::EPROTO),
        }
        index += 1;
    }
}

fn perform(init: &mut Init, op: &Op<'static>) -> Result<()> {
    match *op {
        Op::SetIds { uid, gid, set_groups, groups } => {
            privileges::set_ids(uid, gid, (set_groups != 0).then_some(groups))
        }
        Op::Unshare { flags } => process::unshare(flags),
        Op::WriteFile { path, text } => tell::write(path, text),
        Op::Hostname { name } => uts::sethostname(name),
        Op::Domainname { name } => uts::setdomainname(name),
        Op::LoopbackUp {} => {
            const AF_INET: i32 = 2;
            const SOCK_DGRAM_CLOEXEC: i32 = 2 | 0o2_000_000;
            let file = socket::socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0)?;
            let up = socket::interface_up(file, b"lo");
            fd::close(file)?;
            up
        }
        Op::Propagation { flags } => {
            debug_assert!(flags & (MS_PRIVATE | MS_SLAVE) != 0);
            mount::mount(None, c"/", None, flags, None)
        }
        Op::OpenTree { slot, path } => root::open_tree(init, slot, path),
        Op::RootTmpfs { size, bases } => root::begin_tmpfs(init, size, bases),
        Op::RootTree { slot, attributes, bases } => {
            root::begin_tree(init, slot, attributes, bases)
        }
        Op::Attach { slot, attributes, target } => root::attach(init, slot, attributes, target),
        Op::Fresh { fstype, options, attributes, target } => {
            root::fresh(init, fstype, options, attributes, target)
        }
        Op::Device { source, rdev, target } => root::device(init, source, rdev, target),
        Op::Directory { target, mode } => place::directory(init, target, mode),
        Op::Symlink { text, target } => place::symlink(init, text, target),
        Op::Protect { attributes, target } => root::protect(init, attributes, target),
        Op::Mask { target } => root::mask(init, target),
        Op::Pivot {} => root::pivot(init),
        Op::SetAttributes { attributes, path } => root::set_attributes(attributes, path),
        Op::Spawn {
            timeout,
            cpu_limit,
            cpu_slot,
            cpus,
            oom_slot,
            host_slot,
            pid_namespace,
        } => supervise::spawn(
            init,
            supervise::Watch {
                timeout,
                cpu_limit,
                cpu_file: init.slot(cpu_slot).ok(),
                cpus: u64::from(cpus.max(1)),
                oom: init.slot(oom_slot).ok(),
                host: init.slot(host_slot).ok(),
                pid_namespace: pid_namespace != 0,
            },
        ),
        Op::JoinCgroup { slot } => fd::write(init.slot(slot)?, b"0").map(drop),
        Op::NewSession {} => process::setsid(),
        Op::Rlimit { resource, soft, hard } => {
            privilege::setrlimit(resource, isolate_sys::abi::Rlimit { soft, hard })
        }
        Op::Descriptors { pairs } => descriptors::install(init, pairs),
        Op::Umask { mask } => {
            init.umask = mask;
            Ok(())
        }
        Op::Chdir { path } => path::chdir(path),
        Op::DropBounding { keep, last } => privileges::drop_bounding(keep, last),
        Op::Capabilities { keep } => privileges::keep_only(keep),
        Op::NoNewPrivs {} => {
            privilege::prctl(isolate_sys::abi::PR_SET_NO_NEW_PRIVS, 1, 0).map(drop)
        }
        Op::Seccomp { filter } => privilege::seccomp_filter(filter),
        Op::ClearAmbient { permitted } => privileges::clear_ambient(permitted),
        Op::Born {} => born(init),
        Op::Exec { paths, argv, envp } => exec::program(init, paths, argv, envp),
        Op::Join { slot, flags, when } => namespaces::join(init, slot, flags, when),
        Op::Rebirth { flags, stay } => namespaces::rebirth(init, flags, stay != 0),
        Op::Hold { ended_by } => supervise::hold(init, ended_by),
        Op::Tell { path } => tell::tell(init, path),
        Op::Send { path } => tell::send(init, path),
        Op::Socket { domain, kind, protocol } => tell::socket(init, domain, kind, protocol),
        Op::Leave {} => {
            host::send(init.control, &isolate_plan::Report::Done.encode())?;
            process::exit_group(0)
        }
    }
}

/// Tells the host of this process and its namespaces, now that all are in place.
fn born(init: &Init) -> Result<()> {
    const KINDS: [&CStr; 8] =
        [c"cgroup", c"ipc", c"net", c"mnt", c"pid", c"time", c"user", c"uts"];
    let mut namespaces = [0; 8];
    // A root without /proc, or a kernel without the kind, tells nothing. The links are read and not
    // followed: that costs a third.
    let flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    if let Ok(links) = path::openat(AT_FDCWD, c"/proc/self/ns", flags, 0) {
        for (number, kind) in namespaces.iter_mut().zip(KINDS) {
            let mut link = [0u8; 32];
            let len = path::readlinkat(links, kind, &mut link).unwrap_or(0);
            // "net:[4026531833]"
            for byte in link[..len].iter().filter(|byte| byte.is_ascii_digit()) {
                *number = u32::wrapping_add(u32::wrapping_mul(*number, 10), u32::from(byte - b'0'));
            }
        }
        fd::close(links)?;
    }
    host::send(init.control, &isolate_plan::Report::Born { namespaces }.encode())
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    process::exit_group(70)
}
