/*
 * isolate.h: Linux namespaces and cgroups in your own process, and jobs isolated by them.
 *
 * RECIPE
 *
 *     #include <isolate.h>
 *
 *     isolate_spec *spec = NULL; isolate_job *job = NULL;
 *     isolate_outcome *out = NULL; isolate_error *err = NULL;
 *     const char *argv[] = {"make", "-j2", NULL};
 *     if (isolate_spec_new(argv, &spec, &err) < 0) goto failed;
 *     isolate_spec_set_memory(spec, 512ull << 20);
 *     isolate_spec_set_timeout_ms(spec, 60000);
 *     isolate_spec_add_bind(spec, "/src/zlib", "/work", ISOLATE_BIND_RW);
 *     isolate_spec_set_cwd(spec, "/work");
 *     if (isolate_job_spawn(spec, &job, &err) < 0) goto failed;
 *     if (isolate_job_wait(job, -1, &out, &err) < 0) goto failed;
 *     printf("%s\n", isolate_outcome_reason_name(out));
 *  failed:
 *     if (err) fprintf(stderr, "%s\n", isolate_error_message(err));
 *     isolate_outcome_free(out); isolate_job_free(job);
 *     isolate_spec_free(spec); isolate_error_free(err);
 *
 * Compile with: cc prog.c $(pkg-config --cflags --libs libisolate)
 *
 * A spec that nothing was set in is the strict one: all eight namespaces, a read-only root of the
 * host's system directories, no network but loopback, no capabilities, a system call filter and a
 * cgroup of its own. Each setter opens or limits one thing. A job that ran and failed is an outcome,
 * not an error.
 *
 * RETURN VALUES AND ERRORS
 *
 * Functions that can fail return int: 0, or a negative errno. Their last parameter, err, may be NULL;
 * if it is not, a failure stores an error object there, which says what failed, where, and what to do.
 * Set the variable to NULL first; success leaves it alone. Setters of a spec have no err: they fail
 * only with -EINVAL for arguments that can never be right. Whether a value makes sense is found by
 * isolate_spec_check, isolate_run and isolate_job_spawn, whose error names the field. Setters fail for
 * a NULL spec too, so that one check at the end of a chain of calls is enough.
 *
 * NULL for a handle or for another pointer that is needed gives -EINVAL (NULL or 0 from functions
 * that return a pointer or a number), never a crash. Flag bits and constants that this version does not
 * know give -EINVAL. A defect of the library gives -ENOTRECOVERABLE with an error that says where; the
 * library never aborts, exits, or writes to stdout or stderr.
 *
 * OWNERSHIP
 *
 * What an out parameter or isolate_job_ref gives you is yours: release it with exactly one call to the
 * free function of its type (isolate_string_free for strings). Every free function takes NULL. Out
 * parameters are written on success only. A const char * that a function returns is borrowed: it lives
 * as long as the object it came from. The library copies what you pass in. Descriptors that a function
 * returns are yours to close and are close-on-exec, unless its comment says borrowed.
 *
 * THREADS
 *
 * A function whose first parameter is a pointer to const may be called by many threads at once for the
 * same object. Where it is a pointer to non-const, one thread at a time; jobs are the exception: they
 * are synchronised inside, and every isolate_job_ function may be called by any thread at any time
 * while that thread holds a reference. Nothing is global: no initialisation, no last error. A job does
 * not depend on the thread that started it.
 *
 * WHAT THE LIBRARY DOES TO YOUR PROCESS
 *
 * Nothing that lasts: no signal handlers, no change of directory, umask, environment or namespaces, no
 * wait for children that are not its own. From the first job on, one close-on-exec descriptor stays open:
 * the program of the jobs' init.
 *
 * STRUCTS
 *
 * A struct that you provide begins with its size, which you set to its sizeof before the call. A library
 * that knows less than your header leaves the rest 0.
 *
 * STABILITY
 *
 * Functions, constants and fields are only ever added, within one soname.
 */

#ifndef ISOLATE_H
#define ISOLATE_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header; isolate_version() is that of the library. */
#define ISOLATE_VERSION_MAJOR 0
#define ISOLATE_VERSION_MINOR 1
#define ISOLATE_VERSION_PATCH 0
#define ISOLATE_VERSION "0.1.0"

/**
 * Everything closed: all eight namespaces, a root of the host's system directories only
 * (read-only), no network but loopback, no capabilities, no new privileges, the default system
 * call filter, a clean environment, a new session and a cgroup with a pids limit.
 */
#define ISOLATE_PROFILE_STRICT 1

/**
 * Nothing but what the spec names: bare primitives.
 */
#define ISOLATE_PROFILE_NONE 2

/**
 * A new one; where the host cannot make it the job does not start.
 */
#define ISOLATE_NS_MODE_NEW 1

/**
 * A new one where the host can make it, else the caller's; the enforcement tells which.
 */
#define ISOLATE_NS_MODE_TRY 2

/**
 * The caller's.
 */
#define ISOLATE_NS_MODE_HOST 3

/**
 * The cgroup root that the job sees (cgroup_namespaces(7)).
 */
#define ISOLATE_NS_CGROUP 1

/**
 * System V IPC and POSIX message queues (ipc_namespaces(7)).
 */
#define ISOLATE_NS_IPC 2

/**
 * Network devices, addresses, ports (network_namespaces(7)); a new one has only `lo`, up.
 */
#define ISOLATE_NS_NET 3

/**
 * Mounts (mount_namespaces(7)).
 */
#define ISOLATE_NS_MNT 4

/**
 * Process ids (pid_namespaces(7)).
 */
#define ISOLATE_NS_PID 5

/**
 * Monotonic and boot-time clocks (time_namespaces(7)).
 */
#define ISOLATE_NS_TIME 6

/**
 * User and group ids and capabilities (user_namespaces(7)).
 */
#define ISOLATE_NS_USER 7

/**
 * Host and domain name (uts_namespaces(7)).
 */
#define ISOLATE_NS_UTS 8

/**
 * A network namespace with nothing but `lo`.
 */
#define ISOLATE_NET_NONE 1

/**
 * The caller's network.
 */
#define ISOLATE_NET_HOST 2

/**
 * A new root that holds only the host's system directories (/usr /bin /sbin /lib* /etc),
 * read-only, with private /tmp and /dev/shm, fresh /proc and minimal /dev.
 */
#define ISOLATE_ROOT_SYSTEM 1

/**
 * All of the host's files, read-only with every mount below, with private /tmp and /dev/shm,
 * fresh /proc and minimal /dev.
 */
#define ISOLATE_ROOT_HOST 2

/**
 * The caller's mounts as they are; `binds` and `tmpfs` are mounted over them.
 */
#define ISOLATE_ROOT_KEEP 3

/**
 * The caller's own stream.
 */
#define ISOLATE_STDIO_INHERIT 1

/**
 * /dev/null.
 */
#define ISOLATE_STDIO_NULL 2

/**
 * A pipe whose other end the caller takes from the job.
 */
#define ISOLATE_STDIO_PIPE 3

/**
 * Collected into the outcome, up to `limits.output` bytes (stdout and stderr only).
 */
#define ISOLATE_STDIO_CAPTURE 4

/**
 * A new one; where the host cannot make it the job does not start.
 */
#define ISOLATE_CGROUP_NEW 1

/**
 * A new one where the host can make it.
 */
#define ISOLATE_CGROUP_TRY 2

/**
 * None; a limit that needs one is an error.
 */
#define ISOLATE_CGROUP_NONE 3

/**
 * The library's short deny-list: see docs/sandbox.md.
 */
#define ISOLATE_SECCOMP_DEFAULT 1

/**
 * No filter.
 */
#define ISOLATE_SECCOMP_OFF 2

/**
 * The program exited by itself; see `exit_code`.
 */
#define ISOLATE_REASON_EXIT 1

/**
 * A signal that nobody below accounts for ended the program; see `signal`.
 */
#define ISOLATE_REASON_SIGNAL 2

/**
 * `timeout` passed.
 */
#define ISOLATE_REASON_TIMEOUT 3

/**
 * `limits.cpu_time` was used up.
 */
#define ISOLATE_REASON_CPU_LIMIT 4

/**
 * The memory limit was reached and the kernel killed a process of the job, or the program died of it.
 */
#define ISOLATE_REASON_OUT_OF_MEMORY 5

/**
 * `limits.output` was passed.
 */
#define ISOLATE_REASON_OUTPUT_LIMIT 6

/**
 * The system call filter killed the program.
 */
#define ISOLATE_REASON_SECCOMP 7

/**
 * The caller killed the job.
 */
#define ISOLATE_REASON_KILLED 8

/**
 * In force; for a limit, `value` was read back from `file`.
 */
#define ISOLATE_ENFORCEMENT_ENFORCED 1

/**
 * Not in force, because it was `try` and the host could not; `reason` says why.
 */
#define ISOLATE_ENFORCEMENT_SKIPPED 2

/**
 * The spec is wrong in itself; no host could run it.
 */
#define ISOLATE_ERROR_INVALID_SPEC 1

/**
 * A file, program, user or object that the caller named does not exist.
 */
#define ISOLATE_ERROR_NOT_FOUND 2

/**
 * The kernel or the file system refused the caller.
 */
#define ISOLATE_ERROR_PERMISSION 3

/**
 * This kernel, file system or cgroup layout cannot do what was asked.
 */
#define ISOLATE_ERROR_UNSUPPORTED 4

/**
 * The object is in use.
 */
#define ISOLATE_ERROR_BUSY 5

/**
 * A limit of the host or of the caller stands in the way (descriptors, memory, namespaces).
 */
#define ISOLATE_ERROR_LIMIT 6

/**
 * The time that the caller gave for an operation has passed.
 */
#define ISOLATE_ERROR_TIMEOUT 7

/**
 * The job's init ended without a report.
 */
#define ISOLATE_ERROR_CHILD 8

/**
 * A defect of this library.
 */
#define ISOLATE_ERROR_INTERNAL 9

/**
 * Any other errno.
 */
#define ISOLATE_ERROR_OTHER 10

/**
 * A number that this host does not measure.
 */
#define ISOLATE_UNKNOWN UINT64_MAX

/**
 * For isolate_spec_add_bind: the job may write there.
 */
#define ISOLATE_BIND_RW 1

/**
 * For isolate_spec_add_bind: a source that does not exist is skipped.
 */
#define ISOLATE_BIND_BEST_EFFORT 2

/**
 * For isolate_spec_set_root_dir: the job may write there.
 */
#define ISOLATE_ROOT_RW 1

/**
 * For isolate_spec_set_stdio_file: write after what is there instead of truncating.
 */
#define ISOLATE_FILE_APPEND 1

/**
 * The standard input of a job.
 */
#define ISOLATE_STDIN 0

/**
 * The standard output of a job.
 */
#define ISOLATE_STDOUT 1

/**
 * The standard error output of a job.
 */
#define ISOLATE_STDERR 2

/**
 * Why a call failed: kind, errno, stage, subject and the whole text. Never changes.
 */
typedef struct isolate_error isolate_error;

/**
 * What this kernel, cgroup tree and user can do, as it was when it was looked at.
 */
typedef struct isolate_host isolate_host;

/**
 * A running spec. Any thread may use it at any time; it is counted by references.
 */
typedef struct isolate_job isolate_job;

/**
 * How a job ended, what it used and what was in force. Never changes.
 */
typedef struct isolate_outcome isolate_outcome;

/**
 * What to run and how isolated. Plain data: one spec can start many jobs.
 */
typedef struct isolate_spec isolate_spec;

/**
 * What a job used. Set size to sizeof(isolate_usage) before the call; a library that knows less
 * leaves the rest 0. A number that this host does not measure is ISOLATE_UNKNOWN.
 */
typedef struct isolate_usage {
  /**
   * sizeof(isolate_usage), set by the caller.
   */
  size_t size;
  /**
   * From the start of the program to its end, microseconds.
   */
  uint64_t wall_time_us;
  /**
   * CPU time of the whole job, microseconds.
   */
  uint64_t cpu_time_us;
  /**
   * User part of the main process and the children it waited for, microseconds.
   */
  uint64_t user_time_us;
  /**
   * System part of the same, microseconds.
   */
  uint64_t system_time_us;
  /**
   * Largest resident set of a single process, bytes.
   */
  uint64_t max_rss;
  /**
   * Peak memory of the whole job, bytes (cgroup).
   */
  uint64_t memory_peak;
  /**
   * Processes that the kernel's out of memory killer ended (cgroup).
   */
  uint64_t oom_kills;
  /**
   * Peak number of processes and threads (cgroup, kernel 6.1 or later).
   */
  uint64_t pids_peak;
  /**
   * How often the pids limit refused a new process or thread (cgroup).
   */
  uint64_t pids_denied;
  /**
   * Time that the CPU limit made the job wait, microseconds (cgroup).
   */
  uint64_t throttled_time_us;
  /**
   * Bytes read from block devices (cgroup).
   */
  uint64_t io_read;
  /**
   * Bytes written to block devices (cgroup).
   */
  uint64_t io_written;
} isolate_usage;

/**
 * What became of one request of a spec. Set size to sizeof(isolate_enforcement) before the call.
 * The strings are borrowed from the outcome.
 */
typedef struct isolate_enforcement {
  /**
   * sizeof(isolate_enforcement), set by the caller.
   */
  size_t size;
  /**
   * What was asked for: a limit's name ("memory"), or "namespace.user", "root", "seccomp" ...
   */
  const char *name;
  /**
   * The requested value as text.
   */
  const char *requested;
  /**
   * The file or call that holds it, or NULL.
   */
  const char *file;
  /**
   * The value read back after writing, or NULL.
   */
  const char *value;
  /**
   * Why it was skipped, or NULL.
   */
  const char *reason;
  /**
   * An ISOLATE_ENFORCEMENT_ constant.
   */
  uint64_t status;
} isolate_enforcement;

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * Get the version of the library that is loaded; ISOLATE_VERSION is that of the header.
 *
 * Returns "major.minor.patch".
 * Ownership: borrowed, valid for ever. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_version(void);

/**
 * Get the kind of an error.
 *
 * Returns an ISOLATE_ERROR_ constant, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_error_kind(const struct isolate_error *error);

/**
 * Get the kind of an error as a word, such as "not_found"; every language uses the same words.
 *
 * Returns the word, or NULL for NULL.
 * Ownership: borrowed from the error. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_error_kind_name(const struct isolate_error *error);

/**
 * Get the errno of the failed system call, or the one that stands for the kind.
 *
 * Returns a positive errno, the negative of what the failed function returned, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_error_errno(const struct isolate_error *error);

/**
 * Get where it happened, such as "mount" or "exec".
 *
 * Returns the word, or NULL for NULL.
 * Ownership: borrowed from the error. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_error_stage(const struct isolate_error *error);

/**
 * Get what it happened to: a path, a field of the spec, a program. May be empty.
 *
 * Returns the text, or NULL for NULL.
 * Ownership: borrowed from the error. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_error_subject(const struct isolate_error *error);

/**
 * Get the whole text, one line: "stage: subject: what went wrong; what to do".
 *
 * Returns the text, or NULL for NULL.
 * Ownership: borrowed from the error. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_error_message(const struct isolate_error *error);

/**
 * Free an error; NULL is fine.
 *
 * Ownership: takes the error. Threads: one at a time. Blocks: never. Since: 0.1
 */
void isolate_error_free(struct isolate_error *error);

/**
 * Free a string that came out of an out parameter; NULL is fine.
 *
 * Ownership: takes the string. Threads: any. Blocks: never. Since: 0.1
 */
void isolate_string_free(char *text);

/**
 * Make a strict spec for a program and its arguments.
 *
 * argv: the program and its arguments, ending with NULL. A program without a slash is looked up in
 * the job's PATH, inside its root.
 * out: the spec, on success.
 * Returns 0, or -EINVAL for a NULL argument.
 * Ownership: copies argv; release *out with isolate_spec_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_spec_new(const char *const *argv,
                     struct isolate_spec **out,
                     struct isolate_error **err);

/**
 * Make a spec from JSON text; the keys are in isolate.schema.json.
 *
 * json: the text.
 * out: the spec, on success.
 * Returns 0, or -EINVAL for a NULL argument and for JSON that is no spec; the error names the field.
 * Ownership: release *out with isolate_spec_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_spec_from_json(const char *json,
                           struct isolate_spec **out,
                           struct isolate_error **err);

/**
 * Write a spec as JSON text on one line.
 *
 * out: the text, on success.
 * Returns 0, or -EINVAL for a NULL argument.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_spec_to_json(const struct isolate_spec *spec, char **out, struct isolate_error **err);

/**
 * Check everything that can be checked without looking at the host.
 *
 * Returns 0, or -EINVAL with an error that names the first wrong field.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_spec_check(const struct isolate_spec *spec, struct isolate_error **err);

/**
 * Free a spec; NULL is fine. Jobs that were started from it are not touched.
 *
 * Ownership: takes the spec. Threads: one at a time. Blocks: never. Since: 0.1
 */
void isolate_spec_free(struct isolate_spec *spec);

/**
 * Set whether the job has a namespace of its own.
 *
 * kind: an ISOLATE_NS_ constant.
 * mode: an ISOLATE_NS_MODE_ constant. A kind that is not set follows the profile.
 * Returns 0, or -EINVAL for a NULL spec or an unknown constant.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_namespace(struct isolate_spec *spec, uint32_t kind, uint32_t mode);

/**
 * Add a line to the user ids of the job's user namespace.
 *
 * inside: first id inside the job.
 * outside: first id outside, as the caller sees it.
 * count: how many, at least 1.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_uid_map(struct isolate_spec *spec,
                             uint32_t inside,
                             uint32_t outside,
                             uint32_t count);

/**
 * Add a line to the group ids of the job's user namespace.
 *
 * inside: first id inside the job.
 * outside: first id outside, as the caller sees it.
 * count: how many, at least 1.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_gid_map(struct isolate_spec *spec,
                             uint32_t inside,
                             uint32_t outside,
                             uint32_t count);

/**
 * Set the supplementary group ids inside the job. An ordinary user cannot set them.
 *
 * gids: the ids; NULL is fine where count is 0, which means none.
 * count: how many.
 * Returns 0, or -EINVAL for a NULL spec or NULL gids with a count.
 * Ownership: copies the ids. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_groups(struct isolate_spec *spec, const uint32_t *gids, size_t count);

/**
 * Set the capabilities that the job has in its user namespace.
 *
 * names: names such as "net_admin", ending with NULL; "all" keeps all, an empty list none.
 * Returns 0, or -EINVAL for a NULL argument. Unknown names are found by isolate_spec_check.
 * Ownership: copies the names. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_capabilities(struct isolate_spec *spec, const char *const *names);

/**
 * Set the offsets of the job's clocks; needs a new time namespace.
 *
 * monotonic_ms: added to CLOCK_MONOTONIC, milliseconds, negative allowed.
 * boottime_ms: added to CLOCK_BOOTTIME, milliseconds, negative allowed.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_time_offsets_ms(struct isolate_spec *spec,
                                     int64_t monotonic_ms,
                                     int64_t boottime_ms);

/**
 * Make a directory the job's root, with private /tmp and /dev/shm, fresh /proc and minimal /dev.
 *
 * path: the directory.
 * flags: 0 or ISOLATE_ROOT_RW.
 * Returns 0, or -EINVAL for a NULL argument or unknown flags.
 * Ownership: copies the path. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_root_dir(struct isolate_spec *spec, const char *path, uint32_t flags);

/**
 * Show the job a file or directory of the caller's, read-only unless flags say otherwise.
 *
 * source: the caller's file or directory, an absolute path.
 * dest: where the job sees it, an absolute path; NULL for the same path.
 * flags: 0, ISOLATE_BIND_RW, ISOLATE_BIND_BEST_EFFORT or both.
 * Returns 0, or -EINVAL for a NULL spec or source or unknown flags.
 * Ownership: copies the paths. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_bind(struct isolate_spec *spec,
                          const char *source,
                          const char *dest,
                          uint32_t flags);

/**
 * Give the job a private file system in memory, empty at the start.
 *
 * dest: where it is mounted, an absolute path.
 * bytes: how much it may hold; 0 for the default of 64 MiB.
 * inodes: how many files and directories; 0 for the default, one for each 4 KiB.
 * mode: permission bits of its root directory; 0 for the default, 0755.
 * Returns 0, or -EINVAL for a NULL argument or a size above 2^63-1.
 * Ownership: copies the path. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_tmpfs(struct isolate_spec *spec,
                           const char *dest,
                           uint64_t bytes,
                           uint64_t inodes,
                           uint32_t mode);

/**
 * Set where a standard stream of the job goes.
 *
 * stream: ISOLATE_STDIN, ISOLATE_STDOUT or ISOLATE_STDERR.
 * kind: an ISOLATE_STDIO_ constant.
 * Returns 0, or -EINVAL for a NULL spec or an unknown constant.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_stdio(struct isolate_spec *spec, uint32_t stream, uint32_t kind);

/**
 * Connect a standard stream of the job to a file: read for stdin, created and written for the others.
 *
 * stream: ISOLATE_STDIN, ISOLATE_STDOUT or ISOLATE_STDERR.
 * path: the file, as the caller sees it.
 * flags: 0 or ISOLATE_FILE_APPEND.
 * Returns 0, or -EINVAL for a NULL argument, an unknown stream or unknown flags.
 * Ownership: copies the path. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_stdio_file(struct isolate_spec *spec,
                                uint32_t stream,
                                const char *path,
                                uint32_t flags);

/**
 * Connect a standard stream of the job to a descriptor of the caller's.
 *
 * stream: ISOLATE_STDIN, ISOLATE_STDOUT or ISOLATE_STDERR.
 * fd: the descriptor, open when a job is started.
 * Returns 0, or -EINVAL for a NULL spec, an unknown stream or a negative descriptor.
 * Ownership: the descriptor stays the caller's.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_stdio_fd(struct isolate_spec *spec, uint32_t stream, int fd);

/**
 * Add one to `argv`.
 *
 * The program and its arguments, at least one. A program without a slash is looked up in the
 * job's PATH, inside its root.
 *
 * value: the text.
 * Returns 0, or -EINVAL for a NULL argument.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_arg(struct isolate_spec *spec, const char *value);

/**
 * Set `profile`.
 *
 * How much isolation to start from; default `strict`.
 *
 * value: an ISOLATE_PROFILE_ constant.
 * Returns 0, or -EINVAL for a NULL spec or an unknown constant.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_profile(struct isolate_spec *spec, uint32_t value);

/**
 * Set one of `env`.
 *
 * Environment variables of the job. Under `strict` nothing else is there but a PATH, HOME=/tmp
 * and LANG=C.UTF-8, each of which this overrides.
 *
 * name: its name, UTF-8.
 * value: the text.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_env(struct isolate_spec *spec, const char *name, const char *value);

/**
 * Add one to `keep_env`.
 *
 * Names of the caller's environment variables to pass on; `"*"` passes all. Under `none` all
 * are passed.
 *
 * value: the text, UTF-8.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_keep_env(struct isolate_spec *spec, const char *value);

/**
 * Set `cwd`.
 *
 * Working directory inside the job, an absolute path; default `/`, under root `keep` the caller's.
 *
 * value: the text.
 * Returns 0, or -EINVAL for a NULL argument.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cwd(struct isolate_spec *spec, const char *value);

/**
 * Set `uid`.
 *
 * User id inside the job; default 0 for a root caller, the caller's own otherwise, or the number
 * that `uid_map` gives it.
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_uid(struct isolate_spec *spec, uint32_t value);

/**
 * Set `gid`.
 *
 * Group id inside the job; default 0 for a root caller, the caller's own otherwise, or the number
 * that `gid_map` gives it.
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_gid(struct isolate_spec *spec, uint32_t value);

/**
 * Set `hostname`.
 *
 * Host name inside; needs a new uts namespace. At most 64 bytes.
 *
 * value: the text, UTF-8.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_hostname(struct isolate_spec *spec, const char *value);

/**
 * Set `domainname`.
 *
 * NIS domain name inside; needs a new uts namespace. At most 64 bytes.
 *
 * value: the text, UTF-8.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_domainname(struct isolate_spec *spec, const char *value);

/**
 * Set one of `sysctls`.
 *
 * Kernel parameters of the job's own namespaces, by name, such as `net.ipv4.ip_forward`: `net.*`
 * needs a new net namespace, `kernel.shm*`, `kernel.msg*`, `kernel.sem*` and `fs.mqueue.*` a new ipc
 * namespace, `user.max_*` a new user namespace. Others are the host's, and refused.
 *
 * name: its name, UTF-8.
 * value: the text, UTF-8.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_sysctl(struct isolate_spec *spec,
                            const char *name,
                            const char *value);

/**
 * Set `net`.
 *
 * The network in one word; default as `namespaces.net`.
 *
 * value: an ISOLATE_NET_ constant.
 * Returns 0, or -EINVAL for a NULL spec or an unknown constant.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_net(struct isolate_spec *spec, uint32_t value);

/**
 * Set `root`.
 *
 * The job's root directory; default `system` under `strict`, `keep` under `none`.
 *
 * value: an ISOLATE_ROOT_ constant.
 * Returns 0, or -EINVAL for a NULL spec or an unknown constant.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_root(struct isolate_spec *spec, uint32_t value);

/**
 * Add one to `keep_fds`.
 *
 * Descriptors of the caller's that the job has under the same numbers, 3 or more. No other
 * descriptor is open in the job.
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_keep_fd(struct isolate_spec *spec, int value);

/**
 * Set `limits.memory`.
 *
 * Memory of the whole job in bytes, page cache included. Going over it ends the job as
 * `out_of_memory`. Rounded down to a page by the kernel. cgroup: `memory.max`,
 * v1 `memory.limit_in_bytes`.
 *
 * bytes: at most 2^63-1.
 * Returns 0, or -EINVAL for a NULL spec or too many bytes.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_memory(struct isolate_spec *spec, uint64_t bytes);

/**
 * Set `limits.swap`.
 *
 * Swap of the whole job in bytes, on top of `memory`; 0 forbids swap. cgroup:
 * `memory.swap.max`, v1 `memory.memsw.limit_in_bytes` (there the sum, so `memory` is needed).
 *
 * bytes: at most 2^63-1.
 * Returns 0, or -EINVAL for a NULL spec or too many bytes.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_swap(struct isolate_spec *spec, uint64_t bytes);

/**
 * Set `limits.pids`.
 *
 * Processes and threads of the job, at least 1. The init is not counted. cgroup: `pids.max`.
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_pids(struct isolate_spec *spec, uint64_t value);

/**
 * Set `limits.cpus`.
 *
 * CPU time per wall time as a number of CPUs, at least 0.01: 0.5 is half of one. cgroup:
 * `cpu.max`, v1 `cpu.cfs_quota_us`, over a period of 100 ms.
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec or a number that is not finite.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpus(struct isolate_spec *spec, double value);

/**
 * Set `limits.cpu_weight`.
 *
 * Share of the CPU under contention, 1 to 10000, where 100 is a sibling's default. cgroup:
 * `cpu.weight`, v1 `cpu.shares` (converted by the inverse of the rule in runc 1.3.2).
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpu_weight(struct isolate_spec *spec, uint64_t value);

/**
 * Set `limits.cpuset`.
 *
 * The CPUs the job may run on, such as `"0-3,6"`. cgroup: `cpuset.cpus`.
 *
 * value: the text, UTF-8.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpuset(struct isolate_spec *spec, const char *value);

/**
 * Set `limits.cpuset_mems`.
 *
 * The memory nodes the job may allocate from, such as `"0"`. cgroup: `cpuset.mems`.
 *
 * value: the text, UTF-8.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpuset_mems(struct isolate_spec *spec, const char *value);

/**
 * Set `limits.cpu_time`.
 *
 * CPU time of the whole job (user and system, ended processes included). Going over it ends
 * the job as `cpu_limit`.
 *
 * ms: milliseconds, at most 10^13.
 * Returns 0, or -EINVAL for a NULL spec or too long a time.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpu_time_ms(struct isolate_spec *spec, uint64_t ms);

/**
 * Set `limits.output`.
 *
 * Bytes captured of stdout and stderr each; default 16 MiB. One byte more ends the job as
 * `output_limit`; what was captured up to the limit is kept. 0 is refused.
 *
 * bytes: at most 2^63-1.
 * Returns 0, or -EINVAL for a NULL spec or too many bytes.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_output(struct isolate_spec *spec, uint64_t bytes);

/**
 * Set one of `limits.rlimits`.
 *
 * Limits of every process by itself (`setrlimit(2)`), such as `{"nofile": 256, "core": 0}`:
 * soft and hard the same. Names: `as`, `core`, `data`, `fsize`, `locks`, `memlock`,
 * `msgqueue`, `nice`, `nofile`, `nproc`, `rss`, `rtprio`, `rttime`, `sigpending`, `stack`.
 *
 * name: its name, UTF-8.
 * value: its value, at most 2^63-1.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_rlimit(struct isolate_spec *spec, const char *name, uint64_t value);

/**
 * Add one to `limits.best_effort`.
 *
 * The names of limits above that may be skipped where the host cannot enforce them, such as
 * `["memory", "pids"]`. The outcome's enforcement tells which were.
 *
 * value: the text, UTF-8.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_best_effort(struct isolate_spec *spec, const char *value);

/**
 * Set `timeout`.
 *
 * Wall time after which the job is killed and ends as `timeout`.
 *
 * ms: milliseconds, at most 10^13.
 * Returns 0, or -EINVAL for a NULL spec or too long a time.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_timeout_ms(struct isolate_spec *spec, uint64_t ms);

/**
 * Set `cgroup`.
 *
 * The job's cgroup; default `try` under `strict`, none under `none` unless a limit needs it.
 *
 * value: an ISOLATE_CGROUP_ constant.
 * Returns 0, or -EINVAL for a NULL spec or an unknown constant.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cgroup(struct isolate_spec *spec, uint32_t value);

/**
 * Set `no_new_privs`.
 *
 * Whether execve can no longer grant privileges (no_new_privs); default yes under `strict`,
 * no under `none`.
 *
 * on: 0 for no, anything else for yes.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_no_new_privs(struct isolate_spec *spec, int on);

/**
 * Set `seccomp`.
 *
 * The system call filter; default `default` under `strict`, `off` under `none`.
 *
 * value: an ISOLATE_SECCOMP_ constant.
 * Returns 0, or -EINVAL for a NULL spec or an unknown constant.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_seccomp(struct isolate_spec *spec, uint32_t value);

/**
 * Set `new_session`.
 *
 * Whether the job leads a new session, away from the caller's terminal; default yes under
 * `strict`, no under `none`.
 *
 * on: 0 for no, anything else for yes.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_new_session(struct isolate_spec *spec, int on);

/**
 * Set `umask`.
 *
 * File mode creation mask of the job; default 0o022 under `strict`, the caller's under `none`.
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_umask(struct isolate_spec *spec, uint32_t value);

/**
 * Set `init`.
 *
 * Whether an init reaps orphans and ends with the job (default yes). Without it the program
 * itself is pid 1 of a new pid namespace, and `timeout` and `limits.cpu_time` are refused, as is a
 * new time namespace before Linux 6.2.
 *
 * on: 0 for no, anything else for yes.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_init(struct isolate_spec *spec, int on);

/**
 * Run a job to its end.
 *
 * spec: what to run.
 * out: how it ended, on success. A job that ran and failed is a success of this function.
 * Returns 0, or a negative errno for everything that kept the job from starting.
 * Ownership: release *out with isolate_outcome_free; the spec stays the caller's.
 * Threads: any. Blocks: until the job ends. Since: 0.1
 */
int isolate_run(const struct isolate_spec *spec,
                struct isolate_outcome **out,
                struct isolate_error **err);

/**
 * Start a job. When this returns 0, its program runs.
 *
 * spec: what to run.
 * out: the job, on success.
 * Returns 0, or a negative errno for everything that kept the job from starting.
 * Ownership: release *out with isolate_job_free; the spec stays the caller's.
 * Threads: any. Blocks: until the program is started. Since: 0.1
 */
int isolate_job_spawn(const struct isolate_spec *spec,
                      struct isolate_job **out,
                      struct isolate_error **err);

/**
 * Take one more reference to a job.
 *
 * Returns the same job, or NULL for NULL.
 * Ownership: release it with one more isolate_job_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
struct isolate_job *isolate_job_ref(struct isolate_job *job);

/**
 * Give up one reference to a job; NULL is fine. With the last one, a job that still runs is killed
 * and reaped.
 *
 * Ownership: takes one reference.
 * Threads: any. Blocks: with the last reference, until the job is gone. Since: 0.1
 */
void isolate_job_free(struct isolate_job *job);

/**
 * Wait for a job to end. Every call gives an outcome of its own, with the same content.
 *
 * timeout_ms: how long, in milliseconds; -1 for ever.
 * out: how it ended, on success.
 * Returns 0, -ETIMEDOUT when the job still runs, or another negative errno.
 * Ownership: release *out with isolate_outcome_free.
 * Threads: any. Blocks: until the job ends, at most timeout_ms. Since: 0.1
 */
int isolate_job_wait(struct isolate_job *job,
                     int64_t timeout_ms,
                     struct isolate_outcome **out,
                     struct isolate_error **err);

/**
 * Do what can be done without blocking and tell whether the job has ended; for event loops, when
 * isolate_job_fd is readable.
 *
 * out: how it ended, on success.
 * Returns 0, -EBUSY when the job still runs, or another negative errno.
 * Ownership: release *out with isolate_outcome_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_job_try_wait(struct isolate_job *job,
                         struct isolate_outcome **out,
                         struct isolate_error **err);

/**
 * Get the process id of the program, as the caller sees it.
 *
 * Returns the id, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_job_pid(const struct isolate_job *job);

/**
 * Get a descriptor that is readable (POLLIN) when isolate_job_try_wait has something to do.
 *
 * Returns the descriptor, or -EINVAL for NULL.
 * Ownership: borrowed from the job: poll it, do not read or close it.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_job_fd(const struct isolate_job *job);

/**
 * Send a signal to the program.
 *
 * signal: 1 to 64.
 * Returns 0, -EINVAL for a number out of range, -ESRCH when the job has ended, or another negative
 * errno.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_job_signal(struct isolate_job *job, int signal, struct isolate_error **err);

/**
 * Kill every process of a job; it then ends as "killed". Fine when it has ended already.
 *
 * Returns 0 or a negative errno.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_job_kill(struct isolate_job *job, struct isolate_error **err);

/**
 * Take the caller's end of the program's stdin, where the spec says ISOLATE_STDIO_PIPE.
 *
 * Returns a descriptor to write to, -ENOENT where there is none (any more), or -EINVAL for NULL.
 * Ownership: the descriptor is the caller's to close, and is close-on-exec.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_job_take_stdin(struct isolate_job *job);

/**
 * Take the caller's end of the program's stdout, where the spec says ISOLATE_STDIO_PIPE.
 *
 * Returns a descriptor to read from, -ENOENT where there is none (any more), or -EINVAL for NULL.
 * Ownership: the descriptor is the caller's to close, and is close-on-exec.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_job_take_stdout(struct isolate_job *job);

/**
 * Take the caller's end of the program's stderr, where the spec says ISOLATE_STDIO_PIPE.
 *
 * Returns a descriptor to read from, -ENOENT where there is none (any more), or -EINVAL for NULL.
 * Ownership: the descriptor is the caller's to close, and is close-on-exec.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_job_take_stderr(struct isolate_job *job);

/**
 * Get what a job has used so far.
 *
 * out: a struct of the caller's with its size field set.
 * Returns 0, or -EINVAL for a NULL argument or a size field too small to be one.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_job_usage(const struct isolate_job *job, struct isolate_usage *out);

/**
 * Get the inode number of a namespace of a job, as in /proc/PID/ns.
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns the number, or 0 where it is not known, for an unknown constant and for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
uint64_t isolate_job_namespace_id(const struct isolate_job *job, uint32_t kind);

/**
 * Write what is known of a job as JSON text on one line: pid, namespaces, enforcement, and its usage
 * so far.
 *
 * out: the text, on success.
 * Returns 0 or a negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_job_to_json(const struct isolate_job *job,
                        char **out,
                        struct isolate_error **err);

/**
 * Get why a job ended.
 *
 * Returns an ISOLATE_REASON_ constant, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_outcome_reason(const struct isolate_outcome *outcome);

/**
 * Get why a job ended as a word, such as "out_of_memory"; every language uses the same words.
 *
 * Returns the word, or NULL for NULL.
 * Ownership: borrowed from the outcome. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_outcome_reason_name(const struct isolate_outcome *outcome);

/**
 * Get the exit code of the program.
 *
 * Returns 0 to 255, -ENODATA when a signal ended it, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_outcome_exit_code(const struct isolate_outcome *outcome);

/**
 * Get the signal that ended the program.
 *
 * Returns 1 to 64, 0 when none did, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_outcome_signal(const struct isolate_outcome *outcome);

/**
 * Get the exit status that a shell would show: the code, 128 + signal, 124 for a timeout.
 *
 * Returns 0 to 255, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_outcome_shell_status(const struct isolate_outcome *outcome);

/**
 * Get what the reason was decided from, in one line.
 *
 * Returns the text, or NULL for NULL.
 * Ownership: borrowed from the outcome. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_outcome_evidence(const struct isolate_outcome *outcome);

/**
 * Get the process id that the program had, as the caller saw it.
 *
 * Returns the id, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_outcome_pid(const struct isolate_outcome *outcome);

/**
 * Get what was captured of stdout. A NUL follows it, which length does not count.
 *
 * length: where to store the number of bytes; NULL is fine.
 * Returns the bytes, or NULL where nothing was to be captured and for NULL.
 * Ownership: borrowed from the outcome. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_outcome_stdout(const struct isolate_outcome *outcome, size_t *length);

/**
 * Get what was captured of stderr. A NUL follows it, which length does not count.
 *
 * length: where to store the number of bytes; NULL is fine.
 * Returns the bytes, or NULL where nothing was to be captured and for NULL.
 * Ownership: borrowed from the outcome. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_outcome_stderr(const struct isolate_outcome *outcome, size_t *length);

/**
 * Get whether stdout had more than was captured.
 *
 * Returns 1 or 0, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_outcome_stdout_cut(const struct isolate_outcome *outcome);

/**
 * Get whether stderr had more than was captured.
 *
 * Returns 1 or 0, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_outcome_stderr_cut(const struct isolate_outcome *outcome);

/**
 * Get what a job used.
 *
 * out: a struct of the caller's with its size field set.
 * Returns 0, or -EINVAL for a NULL argument or a size field too small to be one.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_outcome_usage(const struct isolate_outcome *outcome, struct isolate_usage *out);

/**
 * Get the peak memory of the whole job in bytes.
 *
 * Returns the number, or ISOLATE_UNKNOWN where the host does not measure it and for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
uint64_t isolate_outcome_memory_peak(const struct isolate_outcome *outcome);

/**
 * Get the inode number of a namespace of the job, as in /proc/PID/ns.
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns the number, or 0 where it is not known, for an unknown constant and for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
uint64_t isolate_outcome_namespace_id(const struct isolate_outcome *outcome, uint32_t kind);

/**
 * Get how many requests of the spec isolate_outcome_enforcement tells about.
 *
 * Returns the number; 0 for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
size_t isolate_outcome_enforcement_count(const struct isolate_outcome *outcome);

/**
 * Get what became of one request of the spec.
 *
 * index: 0 to isolate_outcome_enforcement_count - 1.
 * out: a struct of the caller's with its size field set.
 * Returns 0, or -EINVAL for a NULL argument, an index out of range or a size field too small.
 * Ownership: the strings are borrowed from the outcome.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_outcome_enforcement(const struct isolate_outcome *outcome,
                                size_t index,
                                struct isolate_enforcement *out);

/**
 * Write an outcome as JSON text on one line.
 *
 * out: the text, on success.
 * Returns 0, or -EINVAL for a NULL argument.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_outcome_to_json(const struct isolate_outcome *outcome,
                            char **out,
                            struct isolate_error **err);

/**
 * Free an outcome; NULL is fine.
 *
 * Ownership: takes the outcome and every string borrowed from it.
 * Threads: one at a time. Blocks: never. Since: 0.1
 */
void isolate_outcome_free(struct isolate_outcome *outcome);

/**
 * Look at this host and this caller: kernel features, namespaces, cgroup trees, ids.
 *
 * out: the host, on success.
 * Returns 0 or a negative errno.
 * Ownership: release *out with isolate_host_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_host_probe(struct isolate_host **out, struct isolate_error **err);

/**
 * Write a host as JSON text on one line.
 *
 * out: the text, on success.
 * Returns 0 or a negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_host_to_json(const struct isolate_host *host, char **out, struct isolate_error **err);

/**
 * Free a host; NULL is fine.
 *
 * Ownership: takes the host. Threads: one at a time. Blocks: never. Since: 0.1
 */
void isolate_host_free(struct isolate_host *host);

/**
 * Move the whole calling process from its own v2 cgroup into a group below it, so that jobs can have
 * groups with limits beside it.
 *
 * For a program that is alone in a delegated cgroup, such as one started by
 * "systemd-run --user --scope -p Delegate=yes": the kernel does not let a cgroup hold processes and
 * hand controllers to groups below it. Where nothing is to be done it does nothing. No other function
 * moves the calling process.
 *
 * Returns 0, -EBUSY when other processes are in the cgroup, or another negative errno; the process is
 * then where it was.
 * Threads: any; moves all threads. Blocks: for the time of some file writes. Since: 0.1
 */
int isolate_cgroup_move_to_leaf(struct isolate_error **err);

#ifdef __cplusplus
} /* extern "C" */
#endif /* __cplusplus */

#endif  /* ISOLATE_H */
