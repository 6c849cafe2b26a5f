//! `isolate_spec`: what to run and how isolated. The setters of plain fields are in
//! `spec_setters.rs`, which is generated; here is everything that takes more than one value.

use std::ffi::{c_char, c_int};
use std::os::fd::{AsFd, AsRawFd};

use libisolate::spec::{
    Bind, IdMap, NamespaceMode, Root, RootDir, Stdio, StdioFile, TimeOffsets, Tmpfs,
};
use libisolate::{Error, Result, Spec};

use crate::constants;
use crate::error::isolate_error;
use crate::ffi::{self, exclusive, shared};
use crate::ns::isolate_ns;
use crate::ns_kind;

/// What to run and how isolated. Plain data: one spec can start many jobs.
pub struct isolate_spec(pub(crate) Spec);

/// For isolate_spec_add_bind: the job may write there.
pub const ISOLATE_BIND_RW: u32 = 1;
/// For isolate_spec_add_bind: a source that does not exist is skipped.
pub const ISOLATE_BIND_BEST_EFFORT: u32 = 2;
/// For isolate_spec_set_root_dir: the job may write there.
pub const ISOLATE_ROOT_RW: u32 = 1;
/// For isolate_spec_set_stdio_file: write after what is there instead of truncating.
pub const ISOLATE_FILE_APPEND: u32 = 1;
/// The standard input of a job.
pub const ISOLATE_STDIN: u32 = 0;
/// The standard output of a job.
pub const ISOLATE_STDOUT: u32 = 1;
/// The standard error output of a job.
pub const ISOLATE_STDERR: u32 = 2;

/// Changes a spec; the body of every setter.
pub(crate) unsafe fn edit(
    spec: *mut isolate_spec,
    change: impl FnOnce(&mut Spec) -> Result<()>,
) -> c_int {
    ffi::code(|| change(&mut exclusive(spec, "spec")?.0).map(|()| 0))
}

/// Refuses flag bits that this version does not know: a newer program must not be half obeyed.
fn known_flags(flags: u32, known: u32) -> Result<()> {
    match flags & !known {
        0 => Ok(()),
        unknown => Err(Error::invalid(
            "flags",
            format!("unknown bits {unknown:#x}"),
        )),
    }
}

fn stream(spec: &mut Spec, stream: u32) -> Result<&mut Stdio> {
    match stream {
        ISOLATE_STDIN => Ok(&mut spec.stdin),
        ISOLATE_STDOUT => Ok(&mut spec.stdout),
        ISOLATE_STDERR => Ok(&mut spec.stderr),
        _ => Err(Error::invalid(
            "stream",
            format!("{stream} is no standard stream; use 0, 1 or 2"),
        )),
    }
}

/// Make a strict spec for a program and its arguments.
///
/// argv: the program and its arguments, ending with NULL. A program without a slash is looked up in
/// the job's PATH, inside its root.
/// out: the spec, on success.
/// Returns 0, or -EINVAL for a NULL argument.
/// Ownership: copies argv; release *out with isolate_spec_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_new(
    argv: *const *const c_char,
    out: *mut *mut isolate_spec,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let argv = ffi::string_list(argv, "argv")?;
        ffi::give(out, || Ok(isolate_spec(Spec::new(argv))))
    })
}

/// Make a spec without a program: settings for isolate_ns_create.
///
/// out: the spec, on success.
/// Returns 0, or -EINVAL for NULL.
/// Ownership: release *out with isolate_spec_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_new_settings(
    out: *mut *mut isolate_spec,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        ffi::give(out, || Ok(isolate_spec(Spec::new(Vec::<&str>::new()))))
    })
}

/// Make a spec from JSON text; the keys are in isolate.schema.json.
///
/// json: the text.
/// out: the spec, on success.
/// Returns 0, or -EINVAL for a NULL argument and for JSON that is no spec; the error names the field.
/// Ownership: release *out with isolate_spec_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_from_json(
    json: *const c_char,
    out: *mut *mut isolate_spec,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let json = ffi::utf8(json, "json")?;
        ffi::give(out, || Spec::from_json(json).map(isolate_spec))
    })
}

/// Write a spec as JSON text on one line.
///
/// out: the text, on success.
/// Returns 0, or -EINVAL for a NULL argument.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_to_json(
    spec: *const isolate_spec,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let spec = shared(spec, "spec")?;
        ffi::give_string(out, || Ok(spec.0.to_json()))
    })
}

/// Check everything that can be checked without looking at the host.
///
/// Returns 0, or -EINVAL with an error that names the first wrong field.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_check(
    spec: *const isolate_spec,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || shared(spec, "spec")?.0.check())
}

/// Free a spec; NULL is fine. Jobs that were started from it are not touched.
///
/// Ownership: takes the spec. Threads: one at a time. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_free(spec: *mut isolate_spec) {
    ffi::take_back(spec);
}

/// Set whether the job has a namespace of its own.
///
/// kind: an ISOLATE_NS_ constant.
/// mode: an ISOLATE_NS_MODE_ constant. A kind that is not set follows the profile.
/// Returns 0, or -EINVAL for a NULL spec or an unknown constant.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_namespace(
    spec: *mut isolate_spec,
    kind: u32,
    mode: u32,
) -> c_int {
    edit(spec, |spec| {
        let mode = constants::namespace_mode(mode)?;
        *constants::namespace(&mut spec.namespaces, kind)? = Some(mode);
        Ok(())
    })
}

/// Let the job enter a namespace that is there.
///
/// ns: the namespace, of any kind. The spec keeps the number of its descriptor and nothing else: the handle
/// must not be freed before the last job was started from the spec.
/// Returns 0, or -EINVAL for NULL.
/// Ownership: the handle stays the caller's.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_join_namespace(
    spec: *mut isolate_spec,
    ns: *const isolate_ns,
) -> c_int {
    edit(spec, |spec| {
        let ns = &shared(ns, "ns")?.namespace;
        let mode = NamespaceMode::Fd(ns.as_fd().as_raw_fd());
        spec.namespaces.set(ns.kind(), mode);
        Ok(())
    })
}

/// Let the job enter the namespace at a path, such as /run/netns/NAME or /proc/PID/ns/net.
///
/// kind: an ISOLATE_NS_ constant; a job does not start when the path is of another kind.
/// path: the file.
/// Returns 0, or -EINVAL for a NULL argument or an unknown constant.
/// Ownership: copies the path. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_join_namespace_path(
    spec: *mut isolate_spec,
    kind: u32,
    path: *const c_char,
) -> c_int {
    edit(spec, |spec| {
        let kind = ns_kind::kind(kind)?;
        let mode = NamespaceMode::Path(ffi::bytes(path, "path")?);
        spec.namespaces.set(kind, mode);
        Ok(())
    })
}

/// Add a line to the user ids of the job's user namespace.
///
/// inside: first id inside the job.
/// outside: first id outside, as the caller sees it.
/// count: how many, at least 1.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_uid_map(
    spec: *mut isolate_spec,
    inside: u32,
    outside: u32,
    count: u32,
) -> c_int {
    edit(spec, |spec| {
        spec.uid_map.push(IdMap {
            inside,
            outside,
            count,
        });
        Ok(())
    })
}

/// Add a line to the group ids of the job's user namespace.
///
/// inside: first id inside the job.
/// outside: first id outside, as the caller sees it.
/// count: how many, at least 1.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_gid_map(
    spec: *mut isolate_spec,
    inside: u32,
    outside: u32,
    count: u32,
) -> c_int {
    edit(spec, |spec| {
        spec.gid_map.push(IdMap {
            inside,
            outside,
            count,
        });
        Ok(())
    })
}

/// Set the supplementary group ids inside the job. An ordinary user cannot set them.
///
/// gids: the ids; NULL is fine where count is 0, which means none.
/// count: how many.
/// Returns 0, or -EINVAL for a NULL spec or NULL gids with a count.
/// Ownership: copies the ids. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_groups(
    spec: *mut isolate_spec,
    gids: *const u32,
    count: usize,
) -> c_int {
    edit(spec, |spec| {
        spec.groups = Some(ffi::array(gids, count, "gids")?.to_vec());
        Ok(())
    })
}

/// Set the capabilities that the job has in its user namespace.
///
/// names: names such as "net_admin", ending with NULL; "all" keeps all, an empty list none.
/// Returns 0, or -EINVAL for a NULL argument. Unknown names are found by isolate_spec_check.
/// Ownership: copies the names. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_capabilities(
    spec: *mut isolate_spec,
    names: *const *const c_char,
) -> c_int {
    edit(spec, |spec| {
        let names = ffi::string_list(names, "names")?;
        spec.capabilities = Some(names.iter().map(ToString::to_string).collect());
        Ok(())
    })
}

/// Set the offsets of the job's clocks; needs a new time namespace.
///
/// monotonic_ms: added to CLOCK_MONOTONIC, milliseconds, negative allowed.
/// boottime_ms: added to CLOCK_BOOTTIME, milliseconds, negative allowed.
/// Returns 0, or -EINVAL for a NULL spec.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_time_offsets_ms(
    spec: *mut isolate_spec,
    monotonic_ms: i64,
    boottime_ms: i64,
) -> c_int {
    edit(spec, |spec| {
        spec.time_offsets = Some(TimeOffsets {
            monotonic: monotonic_ms as f64 / 1e3,
            boottime: boottime_ms as f64 / 1e3,
        });
        Ok(())
    })
}

/// Make a directory the job's root, with private /tmp and /dev/shm, fresh /proc and minimal /dev.
///
/// path: the directory.
/// flags: 0 or ISOLATE_ROOT_RW.
/// Returns 0, or -EINVAL for a NULL argument or unknown flags.
/// Ownership: copies the path. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_root_dir(
    spec: *mut isolate_spec,
    path: *const c_char,
    flags: u32,
) -> c_int {
    edit(spec, |spec| {
        known_flags(flags, ISOLATE_ROOT_RW)?;
        let path = ffi::bytes(path, "path")?;
        let rw = flags & ISOLATE_ROOT_RW != 0;
        spec.root = Some(Root::Dir(RootDir { path, rw }));
        Ok(())
    })
}

/// Show the job a file or directory of the caller's, read-only unless flags say otherwise.
///
/// source: the caller's file or directory, an absolute path.
/// dest: where the job sees it, an absolute path; NULL for the same path.
/// flags: 0, ISOLATE_BIND_RW, ISOLATE_BIND_BEST_EFFORT or both.
/// Returns 0, or -EINVAL for a NULL spec or source or unknown flags.
/// Ownership: copies the paths. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_bind(
    spec: *mut isolate_spec,
    source: *const c_char,
    dest: *const c_char,
    flags: u32,
) -> c_int {
    edit(spec, |spec| {
        known_flags(flags, ISOLATE_BIND_RW | ISOLATE_BIND_BEST_EFFORT)?;
        let mut bind = Bind::ro(ffi::bytes(source, "source")?);
        if !dest.is_null() {
            bind.dest = Some(ffi::bytes(dest, "dest")?);
        }
        bind.rw = flags & ISOLATE_BIND_RW != 0;
        bind.best_effort = flags & ISOLATE_BIND_BEST_EFFORT != 0;
        spec.binds.push(bind);
        Ok(())
    })
}

/// Give the job a private file system in memory, empty at the start.
///
/// dest: where it is mounted, an absolute path.
/// bytes: how much it may hold; 0 for the default of 64 MiB.
/// inodes: how many files and directories; 0 for the default, one for each 4 KiB.
/// mode: permission bits of its root directory; 0 for the default, 0755.
/// Returns 0, or -EINVAL for a NULL argument or a size above 2^63-1.
/// Ownership: copies the path. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_add_tmpfs(
    spec: *mut isolate_spec,
    dest: *const c_char,
    bytes: u64,
    inodes: u64,
    mode: u32,
) -> c_int {
    edit(spec, |spec| {
        let mut tmpfs = Tmpfs::new(ffi::bytes(dest, "dest")?);
        if bytes != 0 {
            tmpfs.size = Some(constants::size(bytes)?);
        }
        tmpfs.inodes = Some(inodes).filter(|n| *n != 0);
        tmpfs.mode = Some(mode).filter(|m| *m != 0);
        spec.tmpfs.push(tmpfs);
        Ok(())
    })
}

/// Set where a standard stream of the job goes.
///
/// stream: ISOLATE_STDIN, ISOLATE_STDOUT or ISOLATE_STDERR.
/// kind: an ISOLATE_STDIO_ constant.
/// Returns 0, or -EINVAL for a NULL spec or an unknown constant.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_stdio(
    spec: *mut isolate_spec,
    stream: u32,
    kind: u32,
) -> c_int {
    edit(spec, |spec| {
        *self::stream(spec, stream)? = constants::stdio(kind)?;
        Ok(())
    })
}

/// Connect a standard stream of the job to a file: read for stdin, created and written for the others.
///
/// stream: ISOLATE_STDIN, ISOLATE_STDOUT or ISOLATE_STDERR.
/// path: the file, as the caller sees it.
/// flags: 0 or ISOLATE_FILE_APPEND.
/// Returns 0, or -EINVAL for a NULL argument, an unknown stream or unknown flags.
/// Ownership: copies the path. Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_stdio_file(
    spec: *mut isolate_spec,
    stream: u32,
    path: *const c_char,
    flags: u32,
) -> c_int {
    edit(spec, |spec| {
        known_flags(flags, ISOLATE_FILE_APPEND)?;
        let path = ffi::bytes(path, "path")?;
        let append = flags & ISOLATE_FILE_APPEND != 0;
        *self::stream(spec, stream)? = Stdio::File(StdioFile { path, append });
        Ok(())
    })
}

/// Connect a standard stream of the job to a descriptor of the caller's.
///
/// stream: ISOLATE_STDIN, ISOLATE_STDOUT or ISOLATE_STDERR.
/// fd: the descriptor, open when a job is started.
/// Returns 0, or -EINVAL for a NULL spec, an unknown stream or a negative descriptor.
/// Ownership: the descriptor stays the caller's.
/// Threads: one at a time for one spec. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_spec_set_stdio_fd(
    spec: *mut isolate_spec,
    stream: u32,
    fd: c_int,
) -> c_int {
    edit(spec, |spec| {
        if fd < 0 {
            return Err(Error::invalid("fd", format!("{fd} is no descriptor")));
        }
        *self::stream(spec, stream)? = Stdio::Fd(fd);
        Ok(())
    })
}
