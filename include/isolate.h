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
 * NAMESPACES
 *
 *     isolate_nsset *set = NULL; isolate_error *err = NULL; int sock;
 *     const uint32_t kinds[] = {ISOLATE_NS_NET, ISOLATE_NS_UTS};
 *     if (isolate_ns_create(kinds, 2, NULL, &set, &err) < 0) goto failed;
 *     const isolate_ns *net = isolate_nsset_get(set, ISOLATE_NS_NET);
 *     if (isolate_ns_socket(net, AF_INET, SOCK_STREAM, 0, &sock, &err) < 0) goto failed;
 *
 * A handle (isolate_ns) keeps a namespace alive. It is opened by process, pidfd, path, descriptor or
 * number, and tells what the namespace is. A job enters one (isolate_spec_join_namespace), a thread of its
 * own does (isolate_inside_enter), and what moves the calling thread says so in its name
 * (isolate_ns_enter_thread). An ordinary user makes namespaces together with a user namespace.
 *
 * CGROUPS
 *
 *     isolate_cgroup *group = NULL; isolate_spec *limits = NULL; isolate_error *err = NULL;
 *     if (isolate_cgroup_create("batch", NULL, NULL, NULL, &group, &err) < 0) goto failed;
 *     isolate_spec_new_settings(&limits, NULL);
 *     isolate_spec_set_memory(limits, 512ull << 20);
 *     if (isolate_cgroup_apply(group, limits, NULL, &err) < 0) goto failed;
 *     if (isolate_cgroup_attach(group, &pid, 1, &err) < 0) goto failed;
 *
 * A handle (isolate_cgroup) is one group in every hierarchy of the host, v1, hybrid or v2: limits have the names
 * of a spec's, and the library knows which file holds each. It attaches, lists, freezes, kills and removes, takes
 * snapshots (isolate_stat), and tells what happens by one descriptor (isolate_events). Freeing a handle leaves
 * the group. A job's own is opened by isolate_job_cgroup.
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
 * What an out parameter, isolate_job_ref or isolate_cgroup_ref gives you is yours: release it with exactly
 * one call to the free function of its type (isolate_string_free for strings). Every free function takes
 * NULL. Out parameters are written on success only. A const char * that a function returns is borrowed: it
 * lives as long as the object it came from. The library copies what you pass in. Descriptors that a
 * function returns are yours to close and are close-on-exec, unless its comment says borrowed.
 *
 * THREADS
 *
 * A function whose first parameter is a pointer to const may be called by many threads at once for the
 * same object. Where it is a pointer to non-const, one thread at a time; jobs, groups and their events are
 * the exception: they are synchronised inside, and every isolate_job_, isolate_cgroup_ and isolate_events_
 * function may be called by any thread at any time while that thread holds a reference. Nothing is global: no
 * initialisation, no last error. A job does not depend on the thread that started it.
 *
 * WHAT THE LIBRARY DOES TO YOUR PROCESS
 *
 * Nothing that lasts: no signal handlers, no change of directory, umask, environment or namespaces, no
 * wait for children that are not its own. The exceptions are what they are called for: functions with
 * _thread in their name move the calling thread, isolate_inside_enter starts a thread, isolate_ns_persist
 * mounts, isolate_cgroup_move_to_leaf moves the process, and isolate_cgroup_attach what it is given. From the first job on, one close-on-exec
 * descriptor stays open: the program of the jobs' init.
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
 * systemd where it manages the caller's own cgroup, else this library.
 */
#define ISOLATE_DRIVER_AUTO 1

/**
 * This library, by directories below the caller's own cgroup.
 */
#define ISOLATE_DRIVER_CGROUPFS 2

/**
 * systemd, as a transient scope of its system manager (root) or of the caller's user manager.
 */
#define ISOLATE_DRIVER_SYSTEMD 3

/**
 * The library's short deny-list: see docs/sandbox.md.
 */
#define ISOLATE_SECCOMP_DEFAULT 1

/**
 * No filter.
 */
#define ISOLATE_SECCOMP_OFF 2

/**
 * CPUs shared with other groups, as every new group has.
 */
#define ISOLATE_CPUSET_MEMBER 1

/**
 * CPUs of its own, over which the scheduler balances the job.
 */
#define ISOLATE_CPUSET_ROOT 2

/**
 * CPUs of its own, over which nothing is balanced.
 */
#define ISOLATE_CPUSET_ISOLATED 3

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
 * How many bytes the file handle of a namespace has.
 */
#define ISOLATE_NS_FILE_HANDLE_SIZE 24

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
 * No limit; for isolate_cgroup_reclaim, all that goes.
 */
#define ISOLATE_UNLIMITED UINT64_MAX

/**
 * Bytes in use, page cache included. v1 memory.usage_in_bytes, v2 memory.current.
 */
#define ISOLATE_MEMORY_USAGE 1

/**
 * The most that was in use since the group was made or this was reset. v1 memory.max_usage_in_bytes, v2
 * memory.peak (Linux 5.19; reset 6.12, for this handle alone).
 */
#define ISOLATE_MEMORY_MAX_USAGE 2

/**
 * The limit. v1 memory.limit_in_bytes, v2 memory.max.
 */
#define ISOLATE_MEMORY_LIMIT 3

/**
 * How often the limit was hit. v1 memory.failcnt, v2 "max" of memory.events (no reset). Where the limit
 * with swap is the same, v1 counts nothing: go by the kills.
 */
#define ISOLATE_MEMORY_FAILCNT 4

/**
 * Bytes of memory and swap in use. v1 memory.memsw.usage_in_bytes, v2 the sum of memory.current and
 * memory.swap.current.
 */
#define ISOLATE_MEMORY_MEMSW_USAGE 5

/**
 * The most of both. v1 memory.memsw.max_usage_in_bytes; v2 has two peaks, which cannot be added.
 */
#define ISOLATE_MEMORY_MEMSW_MAX_USAGE 6

/**
 * The limit of both. v1 memory.memsw.limit_in_bytes, v2 the sum of memory.max and memory.swap.max.
 */
#define ISOLATE_MEMORY_MEMSW_LIMIT 7

/**
 * How often the limit of both was hit. v1 memory.memsw.failcnt; v2 has no such limit.
 */
#define ISOLATE_MEMORY_MEMSW_FAILCNT 8

/**
 * CPU time and throttling.
 */
#define ISOLATE_STAT_CPU 1

/**
 * Memory and swap.
 */
#define ISOLATE_STAT_MEMORY 2

/**
 * Block devices.
 */
#define ISOLATE_STAT_IO 4

/**
 * Processes and threads.
 */
#define ISOLATE_STAT_PIDS 8

/**
 * Pressure stall information (Linux 4.20).
 */
#define ISOLATE_STAT_PRESSURE 16

/**
 * Huge pages.
 */
#define ISOLATE_STAT_HUGETLB 32

/**
 * RDMA devices.
 */
#define ISOLATE_STAT_RDMA 64

/**
 * Whatever else the kernel counts by name (Linux 5.13).
 */
#define ISOLATE_STAT_MISC 128

/**
 * Every part.
 */
#define ISOLATE_STAT_ALL 255

/**
 * The group runs out of memory: an event "oom" when it happens, "oom_kill" for what the kernel killed.
 * v2: memory.events, the groups below included. v1: of the group and of those above it; kills are those
 * of the group's own processes.
 */
#define ISOLATE_WATCH_OOM 1

/**
 * Everything that memory.events counts: "limit" for low, high and max, "oom", "oom_kill",
 * "oom_group_kill". v2 only.
 */
#define ISOLATE_WATCH_MEMORY_EVENTS 2

/**
 * A fork or clone fails at the limit of processes: "pids_limit". On v1 it is looked at every 100 ms.
 */
#define ISOLATE_WATCH_PIDS_EVENTS 3

/**
 * The first process comes to the group or a group below, or the last one goes: "populated", "empty". v1
 * alone: looked at every 100 ms, so that shorter changes are missed.
 */
#define ISOLATE_WATCH_POPULATED 4

/**
 * The group stands still or moves on: "frozen", "thawed". v2 knows nothing of the v1 freezer. v1 alone:
 * looked at every 100 ms.
 */
#define ISOLATE_WATCH_FROZEN 5

/**
 * Processes wait for a CPU (cpu.pressure).
 */
#define ISOLATE_RESOURCE_CPU 1

/**
 * Processes wait for memory: reclaim, pages read again (memory.pressure).
 */
#define ISOLATE_RESOURCE_MEMORY 2

/**
 * Processes wait for block devices (io.pressure).
 */
#define ISOLATE_RESOURCE_IO 3

/**
 * Memory is being reclaimed.
 */
#define ISOLATE_LEVEL_LOW 1

/**
 * Reclaim finds little to take: swapping, page cache in use.
 */
#define ISOLATE_LEVEL_MEDIUM 2

/**
 * The group is about to run out of memory.
 */
#define ISOLATE_LEVEL_CRITICAL 3

/**
 * The group's pressure, and that of groups below where nobody listens there.
 */
#define ISOLATE_LEVEL_MODE_DEFAULT 1

/**
 * The group's pressure and that of all groups below.
 */
#define ISOLATE_LEVEL_MODE_HIERARCHY 2

/**
 * The group's pressure alone.
 */
#define ISOLATE_LEVEL_MODE_LOCAL 3

/**
 * Memory has run out. v1, where the group pauses instead of being killed: the detail is "paused".
 */
#define ISOLATE_EVENT_OOM 1

/**
 * The kernel has killed processes for want of memory.
 */
#define ISOLATE_EVENT_OOM_KILL 2

/**
 * The kernel has killed whole groups (memory.oom.group; Linux 5.17 counts them).
 */
#define ISOLATE_EVENT_OOM_GROUP_KILL 3

/**
 * Memory usage has crossed the threshold; the value is the usage now, the detail "above" or "below".
 */
#define ISOLATE_EVENT_THRESHOLD 4

/**
 * Stall time has gone over the trigger; the value is the group's stall time so far in microseconds, the
 * detail "some" or "full".
 */
#define ISOLATE_EVENT_PRESSURE 5

/**
 * The kernel reclaims at or above the level in the detail.
 */
#define ISOLATE_EVENT_PRESSURE_LEVEL 6

/**
 * Memory has met a limit: the detail is "low", "high" or "max" (or another word of memory.events).
 */
#define ISOLATE_EVENT_LIMIT 7

/**
 * A fork or clone has failed at the limit of processes.
 */
#define ISOLATE_EVENT_PIDS_LIMIT 8

/**
 * There are processes now.
 */
#define ISOLATE_EVENT_POPULATED 9

/**
 * There are no processes any more.
 */
#define ISOLATE_EVENT_EMPTY 10

/**
 * All processes stand still.
 */
#define ISOLATE_EVENT_FROZEN 11

/**
 * They move again.
 */
#define ISOLATE_EVENT_THAWED 12

/**
 * The group has been removed. The last event.
 */
#define ISOLATE_EVENT_REMOVED 13

/**
 * The rule of runc 1.3.2, crun 1.23 and youki 0.6 (2025): 1024 shares are the weight 100, and both ends
 * meet. What this library goes by.
 */
#define ISOLATE_RULE_RUNC_2025 1

/**
 * The rule of systemd for CPU weights: 1024 to 100 in proportion, cut at 1 and 10000. For block devices
 * that of crun under systemd: 100 is 100.
 */
#define ISOLATE_RULE_SYSTEMD 2

/**
 * One straight line from end to end: runc before 1.3.2, where 1024 shares are the weight 39.
 */
#define ISOLATE_RULE_LINEAR 3

/**
 * What limits are in force, with the values read back. Never changes.
 */
typedef struct isolate_applied isolate_applied;

/**
 * A handle of a group of processes with limits: one directory in each hierarchy that it spans
 * (cgroups(7)). They are held open, so that the handle stays with its group, also when another takes
 * the name. Any thread may use it at any time; it is counted by references.
 */
typedef struct isolate_cgroup isolate_cgroup;

/**
 * Why a call failed: kind, errno, stage, subject and the whole text. Never changes.
 */
typedef struct isolate_error isolate_error;

/**
 * Something that has happened to a group. Never changes.
 */
typedef struct isolate_event isolate_event;

/**
 * The events of a group, from when it was asked for them. Any thread may use it at any time; each event
 * is given once. It does not keep the group from being removed.
 */
typedef struct isolate_events isolate_events;

/**
 * What this kernel, cgroup tree and user can do, as it was when it was looked at.
 */
typedef struct isolate_host isolate_host;

/**
 * A thread of its own in namespaces, for code that works where its thread is: opening a socket in a
 * network namespace, reading a file in a mount namespace. The caller's threads never move.
 */
typedef struct isolate_inside isolate_inside;

/**
 * A running spec. Any thread may use it at any time; it is counted by references.
 */
typedef struct isolate_job isolate_job;

/**
 * A handle of a namespace. It keeps the namespace alive, also when no process is in it, and never
 * changes. Of a pid namespace only the shell is kept: once its pid 1 has ended, no process can be
 * made there.
 */
typedef struct isolate_ns isolate_ns;

/**
 * Namespaces made together, and kept by their descriptors.
 *
 * No process lives in them, with one exception: a pid namespace is of no use without its pid 1, so
 * with one among them a holder, an init that only reaps, lives in all of them. It ends when the set is
 * freed, and with it whatever runs in the pid namespace.
 */
typedef struct isolate_nsset isolate_nsset;

/**
 * How a job ended, what it used and what was in force. Never changes.
 */
typedef struct isolate_outcome isolate_outcome;

/**
 * What to run and how isolated. Plain data: one spec can start many jobs.
 */
typedef struct isolate_spec isolate_spec;

/**
 * What a group uses and has used, at one moment. Never changes.
 */
typedef struct isolate_stat isolate_stat;

/**
 * A list of what to watch of a group. Plain data: one list can be used for many groups.
 */
typedef struct isolate_watches isolate_watches;

/**
 * The number of mounts in a mount namespace, and its number. Set size to
 * sizeof(isolate_mount_info) before the call; a library that knows less leaves the rest 0.
 */
typedef struct isolate_mount_info {
  /**
   * sizeof(isolate_mount_info), set by the caller.
   */
  size_t size;
  /**
   * The number that no other mount namespace gets until the machine reboots.
   */
  uint64_t id;
  /**
   * How many mounts it has.
   */
  uint64_t mounts;
} isolate_mount_info;

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

/**
 * Offsets of the clocks of a time namespace. Set size to sizeof(isolate_time_offsets) before the call;
 * a library that knows less leaves the rest 0.
 */
typedef struct isolate_time_offsets {
  /**
   * sizeof(isolate_time_offsets), set by the caller.
   */
  size_t size;
  /**
   * Added to CLOCK_MONOTONIC, seconds.
   */
  double monotonic;
  /**
   * Added to CLOCK_BOOTTIME, seconds.
   */
  double boottime;
} isolate_time_offsets;

/**
 * What happens in a group that is out of memory. Set size to sizeof(isolate_oom_control) before the
 * call; a library that knows less leaves the rest 0.
 */
typedef struct isolate_oom_control {
  /**
   * sizeof(isolate_oom_control), set by the caller.
   */
  size_t size;
  /**
   * v1 oom_kill_disable: 1 when who needs memory that is not there waits, and nobody is killed. 0 on
   * v2.
   */
  uint64_t paused;
  /**
   * v1: 1 when processes wait for memory now. 0 on v2.
   */
  uint64_t under_oom;
  /**
   * How many processes the out of memory killer has ended in the group. v1 (Linux 4.13) of the group
   * alone, v2 of those below it too.
   */
  uint64_t kills;
} isolate_oom_control;

/**
 * The plain numbers of a group. Set size to sizeof(isolate_cgroup_usage) before the call; a library that
 * knows less leaves the rest 0. What was not asked for, what this host does not tell, and a limit that is
 * not there is ISOLATE_UNKNOWN.
 */
typedef struct isolate_cgroup_usage {
  /**
   * sizeof(isolate_cgroup_usage), set by the caller.
   */
  size_t size;
  /**
   * User and system time, microseconds.
   */
  uint64_t cpu_usage_us;
  /**
   * The user part, microseconds.
   */
  uint64_t cpu_user_us;
  /**
   * The system part, microseconds.
   */
  uint64_t cpu_system_us;
  /**
   * Periods of a CPU limit that have passed while something could run.
   */
  uint64_t cpu_periods;
  /**
   * Those in which the limit was reached.
   */
  uint64_t cpu_periods_throttled;
  /**
   * How long processes waited for the next period, all CPUs together, microseconds.
   */
  uint64_t cpu_throttled_us;
  /**
   * Memory in use, bytes.
   */
  uint64_t memory_current;
  /**
   * The most that was in use at once, bytes.
   */
  uint64_t memory_peak;
  /**
   * The memory limit, bytes.
   */
  uint64_t memory_limit;
  /**
   * Swap in use, bytes.
   */
  uint64_t swap_current;
  /**
   * The swap limit, bytes.
   */
  uint64_t swap_limit;
  /**
   * How often the memory limit stood in the way.
   */
  uint64_t memory_failcnt;
  /**
   * Processes that the out of memory killer ended.
   */
  uint64_t oom_kills;
  /**
   * Bytes read from all block devices.
   */
  uint64_t io_read;
  /**
   * Bytes written to all block devices.
   */
  uint64_t io_written;
  /**
   * How many processes and threads there are.
   */
  uint64_t pids_current;
  /**
   * The most that there were at once.
   */
  uint64_t pids_peak;
  /**
   * Their limit.
   */
  uint64_t pids_limit;
  /**
   * How often that refused a new one.
   */
  uint64_t pids_denied;
} isolate_cgroup_usage;

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
 * Get the name of a kind under /proc/PID/ns, such as "net".
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns the name, or NULL for an unknown constant.
 * Ownership: borrowed, valid for ever. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_ns_kind_name(uint32_t kind);

/**
 * Get what a kind isolates, in a few words.
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns the text, or NULL for an unknown constant.
 * Ownership: borrowed, valid for ever. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_ns_kind_isolates(uint32_t kind);

/**
 * Get the first Linux that has a kind as a namespace of its own, such as "4.6".
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns the text, or NULL for an unknown constant.
 * Ownership: borrowed, valid for ever. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_ns_kind_since(uint32_t kind);

/**
 * Get the CLONE_NEW flag of a kind, for clone(2), unshare(2) and setns(2).
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns the flag, or 0 for an unknown constant.
 * Threads: any. Blocks: never. Since: 0.1
 */
uint64_t isolate_ns_kind_flag(uint32_t kind);

/**
 * Get the kind of a name under /proc/PID/ns, such as "net".
 *
 * out: the kind, an ISOLATE_NS_ constant, on success.
 * Returns 0, or -EINVAL for NULL and for another word; the error names those that there are.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_kind_from_name(const char *name, uint32_t *out, struct isolate_error **err);

/**
 * Get the kind of a CLONE_NEW flag.
 *
 * Returns an ISOLATE_NS_ constant, or -EINVAL for anything but one such flag.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_kind_from_flag(uint64_t flag);

/**
 * Get whether this kernel has a kind.
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns 1 or 0, or -EINVAL for an unknown constant.
 * Threads: any. Blocks: for the time of a file look-up. Since: 0.1
 */
int isolate_ns_kind_supported(uint32_t kind);

/**
 * Get whether namespaces of a kind are nested and have a parent: user and pid.
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns 1 or 0, or -EINVAL for an unknown constant.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_kind_is_nested(uint32_t kind);

/**
 * Get whether a process can have another namespace of a kind for its children than for itself: pid
 * and time.
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns 1 or 0, or -EINVAL for an unknown constant.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_kind_is_for_children(uint32_t kind);

/**
 * Open the calling thread's own namespace of a kind.
 *
 * kind: an ISOLATE_NS_ constant.
 * out: the handle, on success.
 * Returns 0, -EINVAL for an unknown constant, -EOPNOTSUPP where the kernel has no such kind, or
 * another negative errno.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_of_thread(uint32_t kind, struct isolate_ns **out, struct isolate_error **err);

/**
 * Open the namespace of a process, or of a thread by its id.
 *
 * pid: its number as the caller sees it.
 * kind: an ISOLATE_NS_ constant.
 * out: the handle, on success.
 * Returns 0, -ESRCH for a process that is gone, -EACCES or -EPERM where it may not be looked into
 * (ptrace(2), "access mode checking"), -EINVAL for numbers that can never be right, or another
 * negative errno.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_of_process(int pid,
                          uint32_t kind,
                          struct isolate_ns **out,
                          struct isolate_error **err);

/**
 * Open the namespace in which the children of a process begin: unshare(2) and setns(2) change this
 * one, and leave the process where it is.
 *
 * pid: its number as the caller sees it.
 * kind: ISOLATE_NS_PID or ISOLATE_NS_TIME.
 * out: the handle, on success.
 * Returns what isolate_ns_of_process returns; -EINVAL for another kind, and -ENOENT for a new pid
 * namespace that has no first process yet.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_of_children(int pid,
                           uint32_t kind,
                           struct isolate_ns **out,
                           struct isolate_error **err);

/**
 * Open the namespace of the process of a pidfd: of this process and no other, also when its number
 * has been given to another by now.
 *
 * pidfd: the descriptor (pidfd_open(2)).
 * kind: an ISOLATE_NS_ constant.
 * out: the handle, on success.
 * Returns 0, -ESRCH for a process that has ended, -EINVAL for another descriptor, -EACCES or -EPERM
 * as isolate_ns_of_process, or another negative errno.
 * Ownership: the descriptor stays the caller's; release *out with isolate_ns_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_of_pidfd(int pidfd,
                        uint32_t kind,
                        struct isolate_ns **out,
                        struct isolate_error **err);

/**
 * Open the namespace at a path: a file under /proc/PID/ns, or one on which a namespace is kept, such
 * as those of "ip netns" under /run/netns.
 *
 * path: the file.
 * out: the handle, on success.
 * Returns 0, -EINVAL for a file that is not a namespace, which is not opened for more than a look, or
 * another negative errno.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_open(const char *path,
                    struct isolate_ns **out,
                    struct isolate_error **err);

/**
 * Open the namespace of a descriptor, such as one that came over a socket.
 *
 * fd: the descriptor.
 * out: the handle, on success.
 * Returns 0, -EBADF for a descriptor that is not open, -EINVAL for one of something else, or another
 * negative errno.
 * Ownership: the descriptor stays the caller's; release *out with isolate_ns_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_of_fd(int fd,
                     struct isolate_ns **out,
                     struct isolate_error **err);

/**
 * Open the namespace of a file handle, which this process or another on the same machine has got from
 * isolate_ns_file_handle since it booted (Linux 6.18).
 *
 * bytes: the handle.
 * length: how many, ISOLATE_NS_FILE_HANDLE_SIZE.
 * out: the handle, on success.
 * Returns 0, -ESTALE when the namespace is gone, -EINVAL for bytes that are no such handle, or another
 * negative errno.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_of_file_handle(const uint8_t *bytes,
                              size_t length,
                              struct isolate_ns **out,
                              struct isolate_error **err);

/**
 * Open the namespace with a number that isolate_ns_kernel_id gives (Linux 6.18).
 *
 * id: the number.
 * out: the handle, on success.
 * Returns 0, -ESTALE when the namespace is gone, or another negative errno.
 * Ownership: release *out with isolate_ns_free.
 * Threads: any. Blocks: before Linux 6.19 while /proc is read. Since: 0.1
 */
int isolate_ns_of_kernel_id(uint64_t id, struct isolate_ns **out, struct isolate_error **err);

/**
 * Make another handle of the same namespace.
 *
 * out: the handle, on success.
 * Returns 0, -EINVAL for NULL, or -EMFILE where the process can have no more descriptors.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_copy(const struct isolate_ns *ns,
                    struct isolate_ns **out,
                    struct isolate_error **err);

/**
 * Free a handle; NULL is fine. The namespace lives on while anything else keeps it.
 *
 * Ownership: takes the handle. Threads: one at a time. Blocks: never. Since: 0.1
 */
void isolate_ns_free(struct isolate_ns *ns);

/**
 * Get the kind of a namespace.
 *
 * Returns an ISOLATE_NS_ constant, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_kind(const struct isolate_ns *ns);

/**
 * Check that a namespace is of a kind.
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns 0, or -EINVAL for NULL, for an unknown constant, and for a namespace of another kind; the
 * error names both.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_expect(const struct isolate_ns *ns, uint32_t kind, struct isolate_error **err);

/**
 * Get the descriptor of a handle, for calls that this library has not.
 *
 * Returns the descriptor, or -EINVAL for NULL.
 * Ownership: borrowed from the handle: do not close it.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_fd(const struct isolate_ns *ns);

/**
 * Get a namespace as the kernel shows it, such as "net:[4026531833]".
 *
 * Returns the text, or NULL for NULL.
 * Ownership: borrowed from the handle. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_ns_text(const struct isolate_ns *ns);

/**
 * Get whether two handles are of the same namespace.
 *
 * Returns 1 or 0, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_equal(const struct isolate_ns *ns, const struct isolate_ns *other);

/**
 * Get the inode number of a namespace's file under /proc/PID/ns. With the device number it tells one
 * namespace from another while both exist.
 *
 * Returns the number, or 0 for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
uint64_t isolate_ns_inode(const struct isolate_ns *ns);

/**
 * Get the device number of a namespace's file under /proc/PID/ns.
 *
 * Returns the number, or 0 for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
uint64_t isolate_ns_device(const struct isolate_ns *ns);

/**
 * Get the number of a namespace that no other gets until the machine reboots (Linux 6.18).
 *
 * out: the number, on success.
 * Returns 0, -EINVAL for NULL, or -ENOTTY on an older kernel.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_kernel_id(const struct isolate_ns *ns, uint64_t *out, struct isolate_error **err);

/**
 * Write the file handle of a namespace, by which any process may find it again with
 * isolate_ns_of_file_handle until the machine reboots (Linux 6.18).
 *
 * out: where the bytes go, on success.
 * size: how many fit there, at least ISOLATE_NS_FILE_HANDLE_SIZE, which is how many are written.
 * Returns 0, -EINVAL for NULL and for a size that is too small, or another negative errno.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_file_handle(const struct isolate_ns *ns,
                           uint8_t *out,
                           size_t size,
                           struct isolate_error **err);

/**
 * Get whether a namespace is the one that the kernel booted with. Of mount and net namespaces this is
 * only known from Linux 6.18 on, and is 0 before.
 *
 * Returns 1 or 0, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_is_initial(const struct isolate_ns *ns);

/**
 * Open the namespace that a user or pid namespace is nested in.
 *
 * out: the handle, on success.
 * Returns 0, -EPERM for the initial one and where the parent is outside the caller's own, which is an
 * error of the kind ISOLATE_ERROR_NOT_FOUND, or -EINVAL for NULL and for another kind.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_parent(const struct isolate_ns *ns,
                      struct isolate_ns **out,
                      struct isolate_error **err);

/**
 * Open the user namespace whose capabilities count in a namespace; of a user namespace that is its
 * parent.
 *
 * out: the handle, on success.
 * Returns 0, -EPERM for the initial user namespace and where the owner is outside the caller's own,
 * which is an error of the kind ISOLATE_ERROR_NOT_FOUND, or -EINVAL for NULL.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_owner(const struct isolate_ns *ns,
                     struct isolate_ns **out,
                     struct isolate_error **err);

/**
 * Get who made a user namespace, or, of another kind, the user namespace that owns it.
 *
 * out: the user id as the caller sees it, on success; 65534 where the caller's namespace does not map
 * it.
 * Returns what isolate_ns_owner returns.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_owner_uid(const struct isolate_ns *ns,
                         uint32_t *out,
                         struct isolate_error **err);

/**
 * Get how many mounts a mount namespace has, and its number (Linux 6.12).
 *
 * out: a struct whose size is set.
 * Returns 0, -EINVAL for NULL, a size that is not set and another kind, -ENOTTY on an older kernel, or
 * another negative errno.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_mount_info(const struct isolate_ns *ns,
                          struct isolate_mount_info *out,
                          struct isolate_error **err);

/**
 * Get the number of a mount namespace, as statmount(2) and listmount(2) take it (Linux 6.11).
 *
 * out: the number, on success.
 * Returns 0, -EINVAL for NULL and for another kind, or -ENOTTY on an older kernel.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_mount_namespace_id(const struct isolate_ns *ns,
                                  uint64_t *out,
                                  struct isolate_error **err);

/**
 * Open the mount namespace with the next higher number, of those that the caller has CAP_SYS_ADMIN over
 * (Linux 6.12). Numbers say little of age.
 *
 * out: the handle, on success.
 * Returns 0, -ENOENT at the end, -EINVAL for NULL and for another kind, -ENOTTY on an older kernel, or
 * another negative errno.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_next_mount_namespace(const struct isolate_ns *ns,
                                    struct isolate_ns **out,
                                    struct isolate_error **err);

/**
 * Open the mount namespace with the next lower number, as isolate_ns_next_mount_namespace.
 *
 * out: the handle, on success.
 * Returns what isolate_ns_next_mount_namespace returns.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_previous_mount_namespace(const struct isolate_ns *ns,
                                        struct isolate_ns **out,
                                        struct isolate_error **err);

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
 * Make a spec without a program: settings for isolate_ns_create.
 *
 * out: the spec, on success.
 * Returns 0, or -EINVAL for NULL.
 * Ownership: release *out with isolate_spec_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_spec_new_settings(struct isolate_spec **out, struct isolate_error **err);

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
 * Let the job enter a namespace that is there.
 *
 * ns: the namespace, of any kind. The spec keeps the number of its descriptor and nothing else: the handle
 * must not be freed before the last job was started from the spec.
 * Returns 0, or -EINVAL for NULL.
 * Ownership: the handle stays the caller's.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_join_namespace(struct isolate_spec *spec,
                                const struct isolate_ns *ns);

/**
 * Let the job enter the namespace at a path, such as /run/netns/NAME or /proc/PID/ns/net.
 *
 * kind: an ISOLATE_NS_ constant; a job does not start when the path is of another kind.
 * path: the file.
 * Returns 0, or -EINVAL for a NULL argument or an unknown constant.
 * Ownership: copies the path. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_join_namespace_path(struct isolate_spec *spec, uint32_t kind, const char *path);

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
 * Set `limits.memory_high`.
 *
 * Memory in bytes, at least 1, above which the job is slowed down and has to give back, but is not
 * killed. cgroup: `memory.high`; v1 has none.
 *
 * bytes: at most 2^63-1.
 * Returns 0, or -EINVAL for a NULL spec or too many bytes.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_memory_high(struct isolate_spec *spec, uint64_t bytes);

/**
 * Set `limits.memory_low`.
 *
 * Memory in bytes that is left to the job while others have some to give. cgroup: `memory.low`,
 * v1 `memory.soft_limit_in_bytes` (the pair that runc takes).
 *
 * bytes: at most 2^63-1.
 * Returns 0, or -EINVAL for a NULL spec or too many bytes.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_memory_low(struct isolate_spec *spec, uint64_t bytes);

/**
 * Set `limits.memory_min`.
 *
 * Memory in bytes that is left to the job whatever others need. cgroup: `memory.min`; v1 has none.
 *
 * bytes: at most 2^63-1.
 * Returns 0, or -EINVAL for a NULL spec or too many bytes.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_memory_min(struct isolate_spec *spec, uint64_t bytes);

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
 * Set `limits.swappiness`.
 *
 * How readily the kernel swaps the job out instead of dropping its page cache, 0 to 200. cgroup:
 * v1 `memory.swappiness`; v2 has none.
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_swappiness(struct isolate_spec *spec, uint64_t value);

/**
 * Set `limits.oom_group`.
 *
 * Whether running out of memory kills the job whole instead of one process of it. cgroup:
 * `memory.oom.group` (Linux 4.19).
 *
 * on: 0 for no, anything else for yes.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_oom_group(struct isolate_spec *spec, int on);

/**
 * Set `limits.oom_pause`.
 *
 * Whether a process that runs out of memory stands still until some is freed or `memory` is raised,
 * instead of being killed. cgroup: v1 `memory.oom_control`; v2 has none.
 *
 * on: 0 for no, anything else for yes.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_oom_pause(struct isolate_spec *spec, int on);

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
 * `cpu.max`, v1 `cpu.cfs_quota_us`, over a period of `cpu_period`.
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec or a number that is not finite.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpus(struct isolate_spec *spec, double value);

/**
 * Set `limits.cpu_period`.
 *
 * The period over which `cpus` is counted, which it needs: 1 ms to 1 s, default 100 ms. `cpus` must
 * come to at least 1 ms of it. cgroup: `cpu.max`, v1 `cpu.cfs_period_us`.
 *
 * ms: milliseconds, at most 10^13.
 * Returns 0, or -EINVAL for a NULL spec or too long a time.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpu_period_ms(struct isolate_spec *spec, uint64_t ms);

/**
 * Set `limits.cpu_burst`.
 *
 * CPU time that the job may save up in periods that it leaves unused, on top of what `cpus`, which it
 * needs, gives for each: at most as much as that. cgroup: `cpu.max.burst`, v1 `cpu.cfs_burst_us`
 * (Linux 5.14).
 *
 * ms: milliseconds, at most 10^13.
 * Returns 0, or -EINVAL for a NULL spec or too long a time.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpu_burst_ms(struct isolate_spec *spec,
                                  uint64_t ms);

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
 * Set `limits.cpu_idle`.
 *
 * Whether the job runs only where nobody else wants to; not with `cpu_weight`. cgroup: `cpu.idle`
 * (Linux 5.15).
 *
 * on: 0 for no, anything else for yes.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpu_idle(struct isolate_spec *spec, int on);

/**
 * Set `limits.cpu_rt_runtime`.
 *
 * Time in each `cpu_rt_period` for the job's real-time processes, 0 to the whole of it. cgroup:
 * v1 `cpu.rt_runtime_us` (a kernel with CONFIG_RT_GROUP_SCHED); v2 has none.
 *
 * ms: milliseconds, at most 10^13.
 * Returns 0, or -EINVAL for a NULL spec or too long a time.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpu_rt_runtime_ms(struct isolate_spec *spec, uint64_t ms);

/**
 * Set `limits.cpu_rt_period`.
 *
 * The period over which `cpu_rt_runtime` is counted, 1 microsecond to 1000 seconds, default 1 second.
 * cgroup: v1 `cpu.rt_period_us`; v2 has none.
 *
 * ms: milliseconds, at most 10^13.
 * Returns 0, or -EINVAL for a NULL spec or too long a time.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpu_rt_period_ms(struct isolate_spec *spec,
                                      uint64_t ms);

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
 * Set `limits.cpuset_exclusive`.
 *
 * Whether no sibling may have the CPUs of `cpuset`, which it needs. cgroup: `cpuset.cpus.exclusive`
 * (Linux 6.7), v1 `cpuset.cpu_exclusive`.
 *
 * on: 0 for no, anything else for yes.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpuset_exclusive(struct isolate_spec *spec, int on);

/**
 * Set `limits.cpuset_partition`.
 *
 * What the CPUs of `cpuset` are to the job. cgroup: `cpuset.cpus.partition`; v1 has none.
 *
 * value: an ISOLATE_CPUSET_ constant.
 * Returns 0, or -EINVAL for a NULL spec or an unknown constant.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cpuset_partition(struct isolate_spec *spec, uint32_t value);

/**
 * Set `limits.io_weight`.
 *
 * Share of every block device under contention, 1 to 10000, where 100 is a sibling's default. cgroup:
 * `io.weight` and `io.bfq.weight`, v1 `blkio.weight` and `blkio.bfq.weight`, as far as the kernel has
 * them (all but the first 10 to 1000, converted by the inverse of the rule that runc has).
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_io_weight(struct isolate_spec *spec,
                               uint64_t value);

/**
 * Set `limits.net_class`.
 *
 * The class of the packets of the sockets that the job opens, 0 to 4294967295: 0xAAAABBBB is class
 * AAAA:BBBB of tc(8). cgroup: v1 `net_cls.classid`; where that is not mounted a program at the v2 group.
 *
 * value: the number.
 * Returns 0, or -EINVAL for a NULL spec.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_net_class(struct isolate_spec *spec,
                               uint64_t value);

/**
 * Set one of `limits.net_priorities`.
 *
 * The priority of the job's packets, 0 to 4294967295, by network interface of the host; `"*"` is every
 * interface. cgroup: v1 `net_prio.ifpriomap`; where that is not mounted a program at the v2 group,
 * which takes `"*"` alone.
 *
 * name: its name, UTF-8.
 * value: the number.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_net_priority(struct isolate_spec *spec,
                                  const char *name,
                                  uint64_t value);

/**
 * Set one of `limits.hugetlb`.
 *
 * Huge pages in bytes, by their size, such as `{"2MB": "64M"}`. cgroup: `hugetlb.2MB.max`, v1
 * `hugetlb.2MB.limit_in_bytes`.
 *
 * name: its name, UTF-8.
 * value: its value, at most 2^63-1.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_hugetlb(struct isolate_spec *spec, const char *name, uint64_t value);

/**
 * Set one of `limits.misc`.
 *
 * How much the job may hold of what the host counts by name, such as `{"sev": 2}`. cgroup: `misc.max`
 * (Linux 5.13).
 *
 * name: its name, UTF-8.
 * value: the number.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_misc(struct isolate_spec *spec,
                          const char *name,
                          uint64_t value);

/**
 * Set one of `limits.files`.
 *
 * Further cgroup files by name with the text to write, after all other limits, such as
 * `{"memory.swap.high": "64M"}`. The name begins with a controller's, or with `cgroup.`.
 *
 * name: its name, UTF-8.
 * value: the text, UTF-8.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_cgroup_file(struct isolate_spec *spec, const char *name, const char *value);

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
 * Set `driver`.
 *
 * Who makes the job's cgroup; default `auto`: systemd where it manages the caller's own cgroup,
 * else this library. docs/systemd.md tells more.
 *
 * value: an ISOLATE_DRIVER_ constant.
 * Returns 0, or -EINVAL for a NULL spec or an unknown constant.
 * Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_driver(struct isolate_spec *spec, uint32_t value);

/**
 * Set `slice`.
 *
 * The slice that the job's scope is in, such as `build-nightly.slice`, where systemd makes the
 * cgroup; it is made where it is not there. Default `system.slice` for root, `app.slice` of the
 * user's own manager for others.
 *
 * value: the text, UTF-8.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_slice(struct isolate_spec *spec, const char *value);

/**
 * Set `unit`.
 *
 * The name of the job's scope where systemd makes the cgroup: `NAME` or `NAME.scope`, of ASCII
 * letters, digits and `:-_.\\@`, at most 255 bytes. Default a name of the library's own,
 * `isolate-PID-START-N.scope`.
 *
 * value: the text, UTF-8.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_set_unit(struct isolate_spec *spec, const char *value);

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
 * Limit how fast the job reads and writes a block device. 0 leaves a value out; one must be set.
 *
 * device: the whole disk: its path, or its numbers such as "8:0".
 * read_bps: bytes read each second, at most 2^63-1.
 * write_bps: bytes written each second, at most 2^63-1.
 * read_iops: read operations each second, at most 4294967294.
 * write_iops: write operations each second, at most 4294967294.
 * weight: share of the device under contention, 1 to 10000.
 * latency_us: the latency to protect, microseconds; cgroup v2 only.
 * Returns 0, or -EINVAL for a NULL argument, text that is not UTF-8 or a size above 2^63-1.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_io_limit(struct isolate_spec *spec,
                              const char *device,
                              uint64_t read_bps,
                              uint64_t write_bps,
                              uint64_t read_iops,
                              uint64_t write_iops,
                              uint64_t weight,
                              uint64_t latency_us);

/**
 * Allow the job a device, or deny it. Rules count in order, on top of what the caller's own group may use;
 * the last one that speaks of a device decides.
 *
 * allow: 0 to deny, anything else to allow.
 * device: "a" for all, "c 1:3" or "b 8:*" by kind and numbers, or the path of a device.
 * access: letters of "rwm" (read, write, make a node); NULL for all three.
 * Returns 0, or -EINVAL for a NULL spec or device or text that is not UTF-8.
 * Ownership: copies the texts. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_device_rule(struct isolate_spec *spec,
                                 int allow,
                                 const char *device,
                                 const char *access);

/**
 * Limit what the job holds of an RDMA adapter.
 *
 * device: the adapter's name, such as "mlx5_0".
 * handles: at most so many handles, 0 to 2147483647; a negative number for no limit.
 * objects: at most so many objects, 0 to 2147483647; a negative number for no limit.
 * Returns 0, or -EINVAL for a NULL argument or text that is not UTF-8.
 * Ownership: copies the text. Threads: one at a time for one spec. Blocks: never. Since: 0.1
 */
int isolate_spec_add_rdma_limit(struct isolate_spec *spec,
                                const char *device,
                                int64_t handles,
                                int64_t objects);

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
 * Start another program inside a running job: in its namespaces, its cgroup (so that the job's limits
 * hold for both) and its root, with its ids unless the spec names others. It ends with the job at the
 * latest.
 *
 * job: where it is to run.
 * spec: what to run; its own streams, environment, working directory, privileges and time limits, and
 * nothing of what the job has decided: namespaces, root, mounts, maps, names, cgroup.
 * out: the program as a job of its own, on success.
 * Returns 0, -EINVAL for NULL and for a spec that says what the job has decided, -ESRCH when the job has
 * ended, or what isolate_job_spawn returns.
 * Ownership: release *out with isolate_job_free; the spec stays the caller's.
 * Threads: any. Blocks: until the program is started. Since: 0.1
 */
int isolate_job_exec(const struct isolate_job *job,
                     const struct isolate_spec *spec,
                     struct isolate_job **out,
                     struct isolate_error **err);

/**
 * Open one of a job's namespaces, which lives on as long as the handle does.
 *
 * kind: an ISOLATE_NS_ constant.
 * out: the handle, on success.
 * Returns 0, -ESRCH when the job has ended, -EINVAL for NULL and for an unknown constant, or another
 * negative errno.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_job_namespace(const struct isolate_job *job,
                          uint32_t kind,
                          struct isolate_ns **out,
                          struct isolate_error **err);

/**
 * Open a job's own group, as a handle that lives on after the job; the group does not.
 *
 * out: the handle, on success.
 * Returns 0, -EINVAL for NULL, -ENOENT when the job has ended or has no group, or another negative errno.
 * Ownership: release *out with isolate_cgroup_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_job_cgroup(const struct isolate_job *job,
                       struct isolate_cgroup **out,
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
 * Make namespaces, each owned by the new user namespace when that is among them.
 *
 * kinds: ISOLATE_NS_ constants, each at most once.
 * count: how many, at least 1.
 * settings: what they are to be like, or NULL: a spec from isolate_spec_new_settings, in which only
 * the host and domain name, time offsets, sysctls, id maps, and a user namespace that is there and is
 * to own them are set.
 * out: the set, on success.
 * Returns 0, -EINVAL for NULL, for an unknown constant and for settings that say anything else or do
 * not fit the kinds, or another negative errno, as isolate_job_spawn. On an error nothing is left.
 * Ownership: the settings stay the caller's; release *out with isolate_nsset_free.
 * Threads: any; no thread of the process moves. Blocks: until they are made. Since: 0.1
 */
int isolate_ns_create(const uint32_t *kinds,
                      size_t count,
                      const struct isolate_spec *settings,
                      struct isolate_nsset **out,
                      struct isolate_error **err);

/**
 * Get the namespace of a kind in a set.
 *
 * kind: an ISOLATE_NS_ constant.
 * Returns the handle, or NULL where there is none, for NULL and for an unknown constant.
 * Ownership: borrowed from the set. Threads: any. Blocks: never. Since: 0.1
 */
const struct isolate_ns *isolate_nsset_get(const struct isolate_nsset *set, uint32_t kind);

/**
 * Take the namespace of a kind out of a set. A pid namespace lives only as long as the set does.
 *
 * kind: an ISOLATE_NS_ constant.
 * out: the handle, on success; the one that isolate_nsset_get gave.
 * Returns 0, -ENOENT where there is none (any more), or -EINVAL for NULL and for an unknown constant.
 * Ownership: release *out with isolate_ns_free.
 * Threads: one at a time for one set. Blocks: never. Since: 0.1
 */
int isolate_nsset_take(struct isolate_nsset *set,
                       uint32_t kind,
                       struct isolate_ns **out,
                       struct isolate_error **err);

/**
 * Get the process that is pid 1 of a pid namespace in a set.
 *
 * Returns its number as the caller sees it, -ENOENT where the set was made without a pid namespace, or
 * -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_nsset_holder_pid(const struct isolate_nsset *set);

/**
 * Free a set and the handles that were not taken out of it; NULL is fine. The holder of a pid
 * namespace is killed.
 *
 * Ownership: takes the set and every handle borrowed from it.
 * Threads: one at a time. Blocks: until the holder is gone. Since: 0.1
 */
void isolate_nsset_free(struct isolate_nsset *set);

/**
 * Move the calling thread into namespaces: into all of them, or, when this fails, into none.
 *
 * Of a pid namespace it enters the one for its children. Every other thread stays where it is; a
 * thread that this one starts begins where it is. It takes CAP_SYS_ADMIN over each of them.
 *
 * list: handles, of different kinds; user and time namespaces are not for one thread of several, and a
 * mount namespace only for a thread with a working directory of its own.
 * count: how many, at least 1.
 * Returns 0, -EINVAL for NULL, for none and for two of one kind, -EOPNOTSUPP or -EINVAL (an error of
 * the kind ISOLATE_ERROR_UNSUPPORTED) for what the kernel does not let one thread do, -EPERM, or
 * another negative errno.
 * Threads: any, and it is the calling thread that moves; where threads are shared between tasks use
 * isolate_inside. Blocks: for the time of some system calls. Since: 0.1
 */
int isolate_ns_enter_thread(const struct isolate_ns *const *list,
                            size_t count,
                            struct isolate_error **err);

/**
 * Move the calling thread into namespaces of a process, several kinds in one step (Linux 5.8), as
 * isolate_ns_enter_thread.
 *
 * pidfd: a descriptor of the process (pidfd_open(2)).
 * kinds: ISOLATE_NS_ constants.
 * count: how many, at least 1.
 * Returns what isolate_ns_enter_thread returns; -ESRCH when the process has ended.
 * Ownership: the descriptor stays the caller's.
 * Threads: any, and it is the calling thread that moves. Blocks: never. Since: 0.1
 */
int isolate_ns_enter_thread_pidfd(int pidfd,
                                  const uint32_t *kinds,
                                  size_t count,
                                  struct isolate_error **err);

/**
 * Give the calling thread new namespaces: all of them, or, when this fails, none.
 *
 * New pid and time namespaces are for its children; after either of them the kernel lets this thread
 * start no further thread. A new mount namespace is a copy, with a working directory and umask of the
 * thread's own from then on; its mounts stay shared with the old one as they were. A user namespace
 * takes a process with one thread: make one with isolate_ns_create, or for a job.
 *
 * kinds: ISOLATE_NS_ constants.
 * count: how many, at least 1.
 * Returns 0, -EINVAL for NULL, for none and for an unknown constant, -EOPNOTSUPP for a user namespace,
 * -EPERM without CAP_SYS_ADMIN, -ENOSPC where user.max_KIND_namespaces is reached, or another
 * negative errno.
 * Threads: any, and it is the calling thread that changes. Blocks: never. Since: 0.1
 */
int isolate_ns_unshare_thread(const uint32_t *kinds,
                              size_t count,
                              struct isolate_error **err);

/**
 * Start a thread in namespaces. It waits there for isolate_inside_call.
 *
 * list: handles, of different kinds; user and time namespaces are not for one thread of several.
 * count: how many, at least 1.
 * out: the thread, on success.
 * Returns 0, -EINVAL for NULL, for none and for two of one kind, -EOPNOTSUPP for a user or time
 * namespace, -EPERM without CAP_SYS_ADMIN over each, or another negative errno. Nothing is left then.
 * Ownership: the handles stay the caller's, and may be freed; release *out with isolate_inside_free.
 * Threads: any. Blocks: for the time of some system calls. Since: 0.1
 */
int isolate_inside_enter(const struct isolate_ns *const *list,
                         size_t count,
                         struct isolate_inside **out,
                         struct isolate_error **err);

/**
 * Call a function in the thread inside, and wait for it. Descriptors that it opens are the whole
 * process's.
 *
 * body: the function. It must return: no longjmp, exception or pthread_exit out of it. It may call
 * isolate_inside_call for the same thread, which then runs at once, but not isolate_inside_free.
 * arg: what it is given; NULL is fine.
 * result: what it returned, on success; NULL is fine.
 * Returns 0, -EINVAL for NULL, or -ENOTRECOVERABLE in a fork of the process, which has not the thread.
 * Threads: any; one call at a time runs, the others wait. Blocks: until the function returns.
 * Since: 0.1
 */
int isolate_inside_call(const struct isolate_inside *inside,
                        int (*body)(void *arg),
                        void *arg,
                        int *result,
                        struct isolate_error **err);

/**
 * End a thread inside; NULL is fine.
 *
 * Ownership: takes the thread.
 * Threads: one at a time, and not the thread inside. Blocks: until the thread has ended. Since: 0.1
 */
void isolate_inside_free(struct isolate_inside *inside);

/**
 * Get the host name in a uts namespace.
 *
 * out: the name, on success.
 * Returns 0, -EINVAL for NULL and for another kind, -EPERM without CAP_SYS_ADMIN over it, or another
 * negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
 */
int isolate_ns_hostname(const struct isolate_ns *ns,
                        char **out,
                        struct isolate_error **err);

/**
 * Set the host name in a uts namespace, for everyone in it.
 *
 * name: at most 64 bytes, UTF-8.
 * Returns what isolate_ns_hostname returns; -EINVAL for a name that is too long.
 * Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
 */
int isolate_ns_set_hostname(const struct isolate_ns *ns,
                            const char *name,
                            struct isolate_error **err);

/**
 * Get the NIS domain name in a uts namespace, empty or "(none)" where none was set.
 *
 * out: the name, on success.
 * Returns what isolate_ns_hostname returns.
 * Ownership: release *out with isolate_string_free.
 * Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
 */
int isolate_ns_domainname(const struct isolate_ns *ns, char **out, struct isolate_error **err);

/**
 * Set the NIS domain name in a uts namespace, for everyone in it.
 *
 * name: at most 64 bytes, UTF-8.
 * Returns what isolate_ns_set_hostname returns.
 * Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
 */
int isolate_ns_set_domainname(const struct isolate_ns *ns,
                              const char *name,
                              struct isolate_error **err);

/**
 * Get a kernel parameter of a namespace's own, such as "net.ipv4.ip_forward" of a network namespace.
 *
 * name: as sysctl(8) has it.
 * out: the value without the newline at its end, on success.
 * Returns 0, -EINVAL for NULL and for a name that is not one of this kind's, -ENOENT for one that the
 * namespace has not, or another negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
 */
int isolate_ns_sysctl(const struct isolate_ns *ns,
                      const char *name,
                      char **out,
                      struct isolate_error **err);

/**
 * Set a kernel parameter of a namespace's own, for everyone in it.
 *
 * name: as sysctl(8) has it.
 * value: the text, UTF-8.
 * Returns what isolate_ns_sysctl returns; -EINVAL for a value that the kernel does not take.
 * Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
 */
int isolate_ns_set_sysctl(const struct isolate_ns *ns,
                          const char *name,
                          const char *value,
                          struct isolate_error **err);

/**
 * Get the clock offsets of a time namespace.
 *
 * out: a struct whose size is set.
 * Returns 0, -EINVAL for NULL, a size that is not set and another kind, -EPERM without CAP_SYS_ADMIN
 * over it, or another negative errno.
 * Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
 */
int isolate_ns_time_offsets(const struct isolate_ns *ns,
                            struct isolate_time_offsets *out,
                            struct isolate_error **err);

/**
 * Get the clock offsets that the children of a process begin with.
 *
 * pid: its number as the caller sees it.
 * out: a struct whose size is set.
 * Returns 0, -EINVAL for NULL, a size that is not set and a number below 1, -ENOENT for a process that
 * is gone and before Linux 5.6, or another negative errno.
 * Threads: any. Blocks: for the time of a file read. Since: 0.1
 */
int isolate_ns_time_offsets_of(int pid,
                               struct isolate_time_offsets *out,
                               struct isolate_error **err);

/**
 * Set the clock offsets of the time namespace that a process has made for its children, while none is
 * born yet. It takes CAP_SYS_TIME over the namespace.
 *
 * pid: its number as the caller sees it.
 * monotonic: added to CLOCK_MONOTONIC, seconds, negative allowed.
 * boottime: added to CLOCK_BOOTTIME, seconds, negative allowed.
 * Returns 0, -EACCES once a process lives in the namespace (an error of the kind ISOLATE_ERROR_BUSY),
 * -ERANGE for an offset that takes a clock below 0, -EINVAL for numbers that can never be right, or
 * another negative errno.
 * Threads: any. Blocks: for the time of a file write. Since: 0.1
 */
int isolate_ns_set_time_offsets_of(int pid,
                                   double monotonic,
                                   double boottime,
                                   struct isolate_error **err);

/**
 * Open a socket in a network namespace, to be used from here: it stays in its namespace wherever its
 * descriptor goes.
 *
 * family: as in socket(2), such as AF_INET.
 * socket_type: as in socket(2), such as SOCK_STREAM; the descriptor is close-on-exec in any case.
 * protocol: as in socket(2), 0 for the usual one.
 * out: the descriptor, on success.
 * Returns 0, -EINVAL for NULL and for another kind of namespace, -EPERM without CAP_SYS_ADMIN over it,
 * or what socket(2) says.
 * Ownership: the descriptor is the caller's to close.
 * Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
 */
int isolate_ns_socket(const struct isolate_ns *ns,
                      int family,
                      int socket_type,
                      int protocol,
                      int *out,
                      struct isolate_error **err);

/**
 * Write where a process is in the cgroup trees, as seen from a cgroup namespace, as JSON text on one
 * line: a list of objects with "hierarchy" (a number, 0 for the v2 tree), "controllers" (names; none for
 * the v2 tree) and "path" (which begins with "/.." for what is above the root that is seen).
 *
 * pid: its number as the caller sees it.
 * out: the text, on success.
 * Returns 0, -EINVAL for NULL and for another kind, -ENOENT or -ESRCH for a process that is gone, -EPERM
 * without CAP_SYS_ADMIN over the namespace, or another negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
 */
int isolate_ns_cgroup_paths_json(const struct isolate_ns *ns,
                                 int pid,
                                 char **out,
                                 struct isolate_error **err);

/**
 * Write where a process is in the cgroup trees, as the caller sees it, as isolate_ns_cgroup_paths_json.
 *
 * pid: its number as the caller sees it.
 * out: the text, on success.
 * Returns 0, -EINVAL for NULL and a number below 1, -ENOENT or -ESRCH for a process that is gone, or
 * another negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: for the time of a file read. Since: 0.1
 */
int isolate_ns_cgroup_paths_of_json(int pid,
                                    char **out,
                                    struct isolate_error **err);

/**
 * Keep a namespace at a path, where isolate_ns_open and nsenter(1) find it: an empty file is made and
 * the namespace mounted on it. What is there already is never replaced.
 *
 * path: the file; its directory is there.
 * Returns 0, -EEXIST where something is there already (an error of the kind ISOLATE_ERROR_BUSY), -EINVAL
 * for NULL and for a mount namespace that the kernel does not let be kept there, -EPERM without
 * CAP_SYS_ADMIN over the caller's mount namespace, or another negative errno. Nothing is left then.
 * Threads: any. Blocks: for the time of some system calls. Since: 0.1
 */
int isolate_ns_persist(const struct isolate_ns *ns,
                       const char *path,
                       struct isolate_error **err);

/**
 * Take away what isolate_ns_persist made: the mount, and its file where that is empty. Handles and
 * processes stay in the namespace; without any it is gone.
 *
 * path: the file.
 * Returns 0, -EINVAL for NULL and for a path at which no namespace is kept, which is left as it is,
 * -EBUSY where one namespace is mounted over another, -ENOENT, -EPERM, or another negative errno.
 * Threads: any. Blocks: for the time of some system calls. Since: 0.1
 */
int isolate_ns_unpersist(const char *path, struct isolate_error **err);

/**
 * Keep a network namespace under a name, as "ip netns add" does: at /run/netns/NAME, where
 * "ip netns exec NAME" finds it.
 *
 * name: 1 to 255 bytes, UTF-8, without a slash, not "." or "..".
 * Returns what isolate_ns_persist returns; -EINVAL for another kind, and for what can be no name.
 * Threads: any. Blocks: for the time of some system calls. Since: 0.1
 */
int isolate_ns_persist_name(const struct isolate_ns *ns,
                            const char *name,
                            struct isolate_error **err);

/**
 * Take away what isolate_ns_persist_name or "ip netns add" made, as "ip netns del" does.
 *
 * name: as isolate_ns_persist_name.
 * Returns what isolate_ns_unpersist returns; -EINVAL for what can be no name.
 * Threads: any. Blocks: for the time of some system calls. Since: 0.1
 */
int isolate_ns_unpersist_name(const char *name, struct isolate_error **err);

/**
 * Open the network namespace with a name under /run/netns, made here or by "ip netns add".
 *
 * name: as isolate_ns_persist_name.
 * out: the handle, on success.
 * Returns 0, -EINVAL for NULL and for what can be no name, -ENOENT, or another negative errno.
 * Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_named(const char *name, struct isolate_ns **out, struct isolate_error **err);

/**
 * Write which namespaces are kept at paths in the caller's mount namespace as JSON text on one line: a
 * list of objects with "path", "kind" and "id", which has "device" and "inode".
 *
 * out: the text, on success.
 * Returns 0 or a negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: for the time of a file read. Since: 0.1
 */
int isolate_ns_persisted_json(char **out,
                              struct isolate_error **err);

/**
 * Write every namespace that the caller can see, and who keeps each alive, as JSON text on one line: a
 * list, sorted by kind and inode number, of objects with these keys:
 *
 * "kind"; "id", which has "device" and "inode"; "kernel_id" (Linux 6.18, else null); "initial";
 * "owner_uid" and "owner", the inode number of the owning user namespace; "parent", that of the one it is
 * nested in; "processes", how many live there; "pid", the lowest of them, and "command"; "pins", what
 * keeps it: objects with "type" ("process", "thread", "for_children", "mount", "fd", "child") and the
 * numbers and paths of that. What is not known is null.
 *
 * out: the text, on success.
 * Returns 0 or a negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: while /proc is read, with every descriptor of every process. Since: 0.1
 */
int isolate_ns_list_json(char **out,
                         struct isolate_error **err);

/**
 * Write the list as a tree: user namespaces by parent, below each what it owns, and pid namespaces by
 * parent. JSON text on one line: a list of objects with "entry", as in isolate_ns_list_json, and
 * "children", a list of the same.
 *
 * out: the text, on success.
 * Returns 0 or a negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: as isolate_ns_list_json. Since: 0.1
 */
int isolate_ns_tree_json(char **out,
                         struct isolate_error **err);

/**
 * Find the number in one pid namespace of the process, or thread, that has a number in another.
 *
 * pid: its number in from.
 * from: a pid namespace; the caller's own is fine.
 * to: a pid namespace; the caller's own is fine.
 * out: its number in to, on success.
 * Returns 0, -ESRCH when no process that the caller sees has the number, or when it has none in to, or
 * -EINVAL for NULL, for namespaces of another kind and for numbers below 1.
 * Threads: any. Blocks: never; before Linux 6.11 while /proc is read. Since: 0.1
 */
int isolate_ns_translate_pid(int pid,
                             const struct isolate_ns *from,
                             const struct isolate_ns *to,
                             int *out,
                             struct isolate_error **err);

/**
 * Write who lives in a namespace as JSON text on one line: a list, by ascending number, of objects with
 * "pid" (as the caller sees it), "inside" and "name".
 *
 * In a pid namespace are its own processes and those of the namespaces nested in it, and "inside" is their
 * number in it. In one of another kind are the processes whose main thread is in it, and "inside" is
 * their number in their own pid namespace.
 *
 * out: the text, on success.
 * Returns 0, -EINVAL for NULL, or another negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: while /proc is read. Since: 0.1
 */
int isolate_ns_processes_json(const struct isolate_ns *ns,
                              char **out,
                              struct isolate_error **err);

/**
 * Write the processes of a job, without its init, as JSON text on one line, as
 * isolate_ns_processes_json; "inside" is the number in the job's own pid namespace where it has one.
 * There are none once the job has ended.
 *
 * out: the text, on success.
 * Returns 0, -EINVAL for NULL, or another negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: while /proc is read. Since: 0.1
 */
int isolate_job_processes_json(const struct isolate_job *job,
                               char **out,
                               struct isolate_error **err);

/**
 * Write the id maps of a user namespace as JSON text on one line: an object with "uid" and "gid", lists of
 * objects with "inside", "outside" (as the caller sees it) and "count", and "setgroups", whether processes
 * there may set their supplementary groups.
 *
 * out: the text, on success.
 * Returns 0, -EINVAL for NULL and for another kind, -ENOENT for a namespace that is not the caller's own
 * or nested in it (an error of the kind ISOLATE_ERROR_NOT_FOUND), or another negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any; none moves. Blocks: while /proc is read; where nobody lives in the namespace, for the time
 * of a short-lived process. Since: 0.1
 */
int isolate_ns_id_maps_json(const struct isolate_ns *ns,
                            char **out,
                            struct isolate_error **err);

/**
 * Write the id maps of a process's user namespace as isolate_ns_id_maps_json.
 *
 * pid: its number as the caller sees it.
 * out: the text, on success.
 * Returns 0, -EINVAL for NULL and a number below 1, -ENOENT or -ESRCH for a process that is gone, or
 * another negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_ns_id_maps_of_json(int pid,
                               char **out,
                               struct isolate_error **err);

/**
 * Give the user namespace of a process its id maps, while it has none. Both are checked first.
 *
 * A caller with CAP_SETUID and CAP_SETGID writes them itself, as does one that maps its own id alone;
 * whatever /etc/subuid and /etc/subgid allow besides is written by newuidmap(1) and newgidmap(1).
 *
 * pid: its number as the caller sees it.
 * json: an object as isolate_ns_id_maps_json has it. A list that is empty or not there leaves its map to be
 * written later; with "setgroups" false setgroups(2) is denied there for good.
 * Returns 0, -EINVAL for NULL and for maps that the kernel takes from nobody, -EPERM for ids that the
 * caller may not map, -EBUSY or -EPERM (an error of the kind ISOLATE_ERROR_BUSY) when there is a map
 * already, or another negative errno. When the second map fails, the first stays: the kernel takes none
 * back.
 * Threads: any. Blocks: while the programs run. Since: 0.1
 */
int isolate_ns_write_id_maps(int pid,
                             const char *json,
                             struct isolate_error **err);

/**
 * Check an id map as the kernel does, which has one errno for all that can be wrong.
 *
 * field: what the error is to name, such as "uid_map".
 * json: a list of objects with "inside", "outside" and "count".
 * Returns 0, or -EINVAL for NULL, for more than 340 lines or 4095 bytes of text, for a count of 0, for ids
 * beyond 4294967294, and for lines that share ids.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_ns_check_id_map(const char *field,
                            const char *json,
                            struct isolate_error **err);

/**
 * Write which ids an ordinary user may map besides its own, by /etc/subuid and /etc/subgid, as JSON text
 * on one line: an object with "uid" and "gid", lists of [first, count].
 *
 * out: the text, on success.
 * Returns 0 or a negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_ns_subordinate_ids_json(char **out,
                                    struct isolate_error **err);

/**
 * Find the number of a user in another user namespace.
 *
 * uid: its number in from.
 * from: a user namespace, the caller's own or nested in it.
 * to: another such.
 * out: its number in to, on success.
 * Returns 0, -ENOENT when it is not mapped in from or has no number in to, or -EINVAL for NULL and for
 * namespaces of another kind, or another negative errno.
 * Threads: any. Blocks: while /proc is read. Since: 0.1
 */
int isolate_ns_translate_uid(uint32_t uid,
                             const struct isolate_ns *from,
                             const struct isolate_ns *to,
                             uint32_t *out,
                             struct isolate_error **err);

/**
 * Find the number of a group in another user namespace, as isolate_ns_translate_uid.
 *
 * gid: its number in from.
 * from: a user namespace, the caller's own or nested in it.
 * to: another such.
 * out: its number in to, on success.
 * Returns what isolate_ns_translate_uid returns.
 * Threads: any. Blocks: while /proc is read. Since: 0.1
 */
int isolate_ns_translate_gid(uint32_t gid,
                             const struct isolate_ns *from,
                             const struct isolate_ns *to,
                             uint32_t *out,
                             struct isolate_error **err);

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
 * Examine this host for this caller: what of the library works, what does not, why, and what to do.
 *
 * Makes each kind of namespace and runs two small jobs; nothing of them is left, and nothing of the calling
 * process changes.
 *
 * out: JSON text on one line, on success: `ready`, whether everything works that a default job needs, and
 * `checks`, each with `area`, `name`, `status` (works, limited, fails, absent), `needed`, `found`, `reason`
 * and `remedy`. include/isolate.schema.json has it as Diagnosis.
 * Returns 0 or a negative errno. What a host lacks is no error but a check that says so.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: until the jobs have ended. Since: 0.1
 */
int isolate_doctor_examine(char **out,
                           struct isolate_error **err);

/**
 * Make a group, which must not be there yet.
 *
 * On a host with v1 hierarchies and a v2 tree it gets a directory in the v2 tree too, also when no
 * controller is there: that gives freezing, killing, events and pressure.
 *
 * By systemd it is a group in a transient scope, which is handed over whole. A scope lives by its
 * processes, so one of this library's own waits in it until the group is removed or the last reference
 * to the handle is given up; then systemd takes the scope away as soon as it is empty.
 *
 * name: of the new group; by systemd that of the scope, with ".scope" or without.
 * parent: the group below which it is made: "a/b" below the caller's own, "/a/b" from the root of each
 * hierarchy as the caller sees it. NULL for the caller's own, and for systemd.
 * controllers: those that it must have, ending with NULL. NULL for all that can be had.
 * settings: who makes it, or NULL for this library: a spec from isolate_spec_new_settings, in which only
 * the driver and the slice are set (isolate_spec_set_driver, isolate_spec_set_slice).
 * out: the handle, on success.
 * Returns 0, -EINVAL for NULL, for a name or path that leads elsewhere and for settings that say anything
 * else, -EEXIST when the group is there and -EBUSY when the unit is or the group above it holds processes
 * (errors of the kind ISOLATE_ERROR_BUSY), -ENOENT without the parent, -EOPNOTSUPP or -EACCES for a
 * controller that cannot be had and for systemd where it is not or does not let the caller, or another
 * negative errno. Nothing is left of what was made.
 * Ownership: the settings stay the caller's; release *out with isolate_cgroup_free, which leaves the group.
 * Threads: any. Blocks: for the time of some file writes, or until systemd has made the scope, 30 seconds
 * at most. Since: 0.1
 */
int isolate_cgroup_create(const char *name,
                          const char *parent,
                          const char *const *controllers,
                          const struct isolate_spec *settings,
                          struct isolate_cgroup **out,
                          struct isolate_error **err);

/**
 * Make a group below another.
 *
 * name: of the new group.
 * controllers: those that it must have, ending with NULL. NULL for all that the one above has.
 * out: the handle, on success.
 * Returns what isolate_cgroup_create returns.
 * Ownership: release *out with isolate_cgroup_free, which leaves the group.
 * Threads: any. Blocks: for the time of some file writes. Since: 0.1
 */
int isolate_cgroup_create_child(const struct isolate_cgroup *cgroup,
                                const char *name,
                                const char *const *controllers,
                                struct isolate_cgroup **out,
                                struct isolate_error **err);

/**
 * Open a group that is there. The handle spans the hierarchies that have it.
 *
 * path: "a/b" below the caller's own group, "/a/b" from the root of each hierarchy as the caller sees
 * it, "/" that itself.
 * out: the handle, on success.
 * Returns 0, -EINVAL for NULL and for a path that leads upward, -ENOENT when no hierarchy has it, or
 * another negative errno.
 * Ownership: release *out with isolate_cgroup_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_open(const char *path,
                        struct isolate_cgroup **out,
                        struct isolate_error **err);

/**
 * Open the group that the caller is in, in every hierarchy.
 *
 * out: the handle, on success.
 * Returns 0, -ENOENT where no tree is mounted, or another negative errno.
 * Ownership: release *out with isolate_cgroup_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_own(struct isolate_cgroup **out, struct isolate_error **err);

/**
 * Open the group that a process is in, in every hierarchy that the caller sees it in.
 *
 * pid: its number as the caller sees it.
 * out: the handle, on success.
 * Returns 0, -EINVAL for NULL and a number below 1, -ENOENT or -ESRCH for a process that is gone (errors
 * of the kind ISOLATE_ERROR_NOT_FOUND), or another negative errno.
 * Ownership: release *out with isolate_cgroup_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_of_process(int pid,
                              struct isolate_cgroup **out,
                              struct isolate_error **err);

/**
 * Open a group directly below another.
 *
 * name: its name.
 * out: the handle, on success.
 * Returns 0, -EINVAL for NULL and for what is no name, -ENOENT when there is none, or another negative
 * errno.
 * Ownership: release *out with isolate_cgroup_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_child(const struct isolate_cgroup *cgroup,
                         const char *name,
                         struct isolate_cgroup **out,
                         struct isolate_error **err);

/**
 * Take one more reference to a handle.
 *
 * Returns the same handle, or NULL for NULL.
 * Ownership: release it with one more isolate_cgroup_free.
 * Threads: any. Blocks: never. Since: 0.1
 */
struct isolate_cgroup *isolate_cgroup_ref(struct isolate_cgroup *cgroup);

/**
 * Give up one reference to a handle; NULL is fine. The group itself is left as it is: see
 * isolate_cgroup_remove. One that systemd made goes with its scope, once nothing runs in it.
 *
 * Ownership: takes one reference. Threads: any. Blocks: never; with the last reference to a group that
 * systemd made, until the process that waits in its scope has ended. Since: 0.1
 */
void isolate_cgroup_free(struct isolate_cgroup *cgroup);

/**
 * Get the path by which a handle was made, as isolate_cgroup_open takes it; "." for the caller's own
 * group, "process N" for that of a process.
 *
 * Returns the text, or NULL for NULL.
 * Ownership: borrowed from the handle. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_cgroup_path(const struct isolate_cgroup *cgroup);

/**
 * Get the name of the scope of systemd's that a group is in, with ".scope", where this process had it made
 * (isolate_cgroup_create, isolate_job_cgroup).
 *
 * Returns the text, or NULL where there is none and for NULL.
 * Ownership: borrowed from the handle. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_cgroup_unit(const struct isolate_cgroup *cgroup);

/**
 * Write the directories of a group, one for each hierarchy, as JSON text on one line: a list of objects
 * with "version" ("v1" or "v2"), "controllers", a list of names, "name", that of a v1 hierarchy without
 * controllers or null, and "path".
 *
 * out: the text, on success.
 * Returns 0, or -EINVAL for NULL.
 * Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_cgroup_places_json(const struct isolate_cgroup *cgroup,
                               char **out,
                               struct isolate_error **err);

/**
 * Write the names of the controllers that a group has, of whatever version, as JSON text on one line: a
 * sorted list.
 *
 * out: the text, on success.
 * Returns 0, or -EINVAL for NULL.
 * Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_cgroup_controllers_json(const struct isolate_cgroup *cgroup,
                                    char **out,
                                    struct isolate_error **err);

/**
 * Write the names of the groups directly below, in whatever hierarchy, as JSON text on one line: a sorted
 * list, empty once the group is removed.
 *
 * out: the text, on success.
 * Returns 0, or -EINVAL for NULL.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_children_json(const struct isolate_cgroup *cgroup,
                                 char **out,
                                 struct isolate_error **err);

/**
 * Move processes, with all their threads, into a group in every hierarchy: all of them or none.
 *
 * The price of a move is a grace period of the kernel, some 10 ms, and is paid once for all moves that
 * follow each other closely: move many in one call.
 *
 * pids: their numbers as the caller sees them.
 * count: how many.
 * Returns 0, -EINVAL for NULL and a number below 1, -ESRCH or -ENOENT for a process that is gone (errors
 * of the kind ISOLATE_ERROR_NOT_FOUND), -EACCES or -EPERM where the group was not delegated to the caller,
 * -EBUSY where the group hands controllers to groups below it, or another negative errno. Those that were
 * moved are moved back.
 * Threads: any. Blocks: until they are moved. Since: 0.1
 */
int isolate_cgroup_attach(struct isolate_cgroup *cgroup,
                          const int *pids,
                          size_t count,
                          struct isolate_error **err);

/**
 * Move single threads into a group: all of them or none.
 *
 * v1 hierarchies take any thread. The v2 tree takes threads only in a threaded group (set "cgroup.type" to
 * "threaded"); where there are v1 hierarchies too, a thread stays in its process's place of a v2 tree that
 * is not threaded.
 *
 * tids: their numbers as the caller sees them.
 * count: how many.
 * Returns what isolate_cgroup_attach returns; -EOPNOTSUPP where the group is not threaded and has no v1
 * hierarchy.
 * Threads: any. Blocks: until they are moved. Since: 0.1
 */
int isolate_cgroup_attach_threads(struct isolate_cgroup *cgroup,
                                  const int *tids,
                                  size_t count,
                                  struct isolate_error **err);

/**
 * List the processes of a group as the caller sees them, sorted: those of another pid namespace are left
 * out. None once the group is removed.
 *
 * recursive: other than 0 for those in the groups below, too.
 * pids: room for their numbers; may be NULL where room is 0.
 * room: how many fit.
 * count: how many there are, on success; where that is more than room, the first ones are stored.
 * Returns 0, or -EINVAL for NULL.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_processes(const struct isolate_cgroup *cgroup,
                             int recursive,
                             int *pids,
                             size_t room,
                             size_t *count,
                             struct isolate_error **err);

/**
 * List the threads of a group, as isolate_cgroup_processes.
 *
 * recursive: other than 0 for those in the groups below, too.
 * tids: room for their numbers; may be NULL where room is 0.
 * room: how many fit.
 * count: how many there are, on success; where that is more than room, the first ones are stored.
 * Returns 0, or -EINVAL for NULL.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_threads(const struct isolate_cgroup *cgroup,
                           int recursive,
                           int *tids,
                           size_t room,
                           size_t *count,
                           struct isolate_error **err);

/**
 * Stop every process in a group and below it, and return when all stand. New ones that come in stop at
 * once.
 *
 * timeout_ms: how long at most, in milliseconds; -1 for ever.
 * Returns 0, -EINVAL for NULL and for a group that the caller is in itself, -EOPNOTSUPP where the group has
 * neither a v2 directory (Linux 5.2) nor a v1 freezer, -ETIMEDOUT when some still move, or another negative
 * errno. After a failure all are thawed again.
 * Threads: any. Blocks: until they stand, at most timeout_ms. Since: 0.1
 */
int isolate_cgroup_freeze(struct isolate_cgroup *cgroup,
                          int64_t timeout_ms,
                          struct isolate_error **err);

/**
 * Let every process of a group go on, and return when all do.
 *
 * timeout_ms: how long at most, in milliseconds; -1 for ever.
 * Returns 0, -EBUSY when a group above is frozen, which keeps this one frozen, or what isolate_cgroup_freeze
 * returns.
 * Threads: any. Blocks: until they go, at most timeout_ms. Since: 0.1
 */
int isolate_cgroup_thaw(struct isolate_cgroup *cgroup,
                        int64_t timeout_ms,
                        struct isolate_error **err);

/**
 * Ask whether all processes of a group stand, by its own state or that of a group above.
 *
 * out: 1 or 0, on success.
 * Returns 0, -EINVAL for NULL, -EOPNOTSUPP as isolate_cgroup_freeze, -ENOENT once the group is removed, or
 * another negative errno.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_is_frozen(const struct isolate_cgroup *cgroup,
                             int *out,
                             struct isolate_error **err);

/**
 * Ask whether a process is in a group or below it.
 *
 * out: 1 or 0, on success.
 * Returns 0, -EINVAL for NULL, -ENOENT once the group is removed, or another negative errno.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_is_populated(const struct isolate_cgroup *cgroup,
                                int *out,
                                struct isolate_error **err);

/**
 * Kill every process of a group and of those below it, forked ones included, frozen ones too.
 *
 * With a v2 directory (Linux 5.14) the processes are then as good as dead. Of v1 directories none is left
 * when it returns, after 10 seconds at most.
 *
 * Returns 0, -EINVAL for NULL and for a group that the caller is in, -EBUSY when processes stay, or another negative errno.
 * Threads: any. Blocks: as said. Since: 0.1
 */
int isolate_cgroup_kill(struct isolate_cgroup *cgroup,
                        struct isolate_error **err);

/**
 * Remove a group and those below it; the handle stays to be freed. Fine when it is removed already.
 *
 * Returns 0, -EINVAL for NULL, -EBUSY when processes are in it, or another negative errno.
 * Threads: any. Blocks: half a second at most, while the last processes go. Since: 0.1
 */
int isolate_cgroup_remove(struct isolate_cgroup *cgroup, struct isolate_error **err);

/**
 * Give a group to a user: its directory and the files by which it is divided further, but not those of
 * its own limits (cgroups(7), "Delegation").
 *
 * uid: the new owner of the files; UINT32_MAX, which is (uid_t) -1, leaves it as it is.
 * gid: their new group; likewise.
 * Returns 0, -EINVAL for NULL, -EOPNOTSUPP for a group with v1 directories, which are not safe in another
 * user's hands, -EPERM unless the caller is root, or another negative errno. What was changed before a
 * failure is changed back.
 * Threads: any. Blocks: for the time of some file changes. Since: 0.1
 */
int isolate_cgroup_delegate(struct isolate_cgroup *cgroup,
                            uint32_t uid,
                            uint32_t gid,
                            struct isolate_error **err);

/**
 * Read a file of a group, such as "memory.stat", from whichever hierarchy has it.
 *
 * file: its name.
 * out: what it holds, on success.
 * Returns 0, -EINVAL for NULL and for what is no file name, -EOPNOTSUPP when the group has no such file,
 * -ENOENT when the group is gone, or another negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: for the time of a file read. Since: 0.1
 */
int isolate_cgroup_get(const struct isolate_cgroup *cgroup,
                       const char *file,
                       char **out,
                       struct isolate_error **err);

/**
 * Write a file of a group as it is.
 *
 * file: its name.
 * value: what to write.
 * out: what it holds then, on success, or nothing for a file that cannot be read; may be NULL.
 * Returns what isolate_cgroup_get returns, or the negative errno of the kernel's refusal, with an error
 * that names file and value.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: for the time of a file write. Since: 0.1
 */
int isolate_cgroup_set(struct isolate_cgroup *cgroup,
                       const char *file,
                       const char *value,
                       char **out,
                       struct isolate_error **err);

/**
 * Ask whether the processes of a group may use a device, and which rule of which group says so.
 *
 * Looks at the groups above, too, as far as the caller sees them, and at the programs of v2 groups that it
 * may open (CAP_SYS_ADMIN). Permissions of the device's node and missing capabilities are not looked at.
 *
 * device: "c 1:3", "b 8:0" or a path.
 * access: letters of "rwm": read, write, make a node.
 * out: 1 when nothing denies it, 0 otherwise, on success.
 * json: why, on success, as JSON text on one line: an object with "allowed", "rule", such as "deny b 8:0 w" or
 * null, and "reason", which also says what could not be looked at. May be NULL.
 * Returns 0, -EINVAL for NULL, for what is no device and no access, -ENOENT for a path that is not there or a
 * group that was removed, or another negative errno.
 * Ownership: release *json with isolate_string_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_explain_device(const struct isolate_cgroup *cgroup,
                                  const char *device,
                                  const char *access,
                                  int *out,
                                  char **json,
                                  struct isolate_error **err);

/**
 * Ask whether the hierarchy's release agent is run when a group has become empty, in all of its v1
 * hierarchies (cgroups(7)).
 *
 * out: 1 or 0, on success.
 * Returns 0, -EINVAL for NULL, -EOPNOTSUPP without v1 directories, or another negative errno.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_notify_on_release(const struct isolate_cgroup *cgroup,
                                     int *out,
                                     struct isolate_error **err);

/**
 * Set whether the release agent is run when a group has become empty, in all of its v1 hierarchies.
 *
 * on: 0 for no, anything else for yes.
 * Returns what isolate_cgroup_notify_on_release returns. After a failure it is as before.
 * Threads: any. Blocks: for the time of some file writes. Since: 0.1
 */
int isolate_cgroup_set_notify_on_release(struct isolate_cgroup *cgroup,
                                         int on,
                                         struct isolate_error **err);

/**
 * Read which program the kernel runs for a v1 hierarchy when a group with notify_on_release has become
 * empty. Only the group at the root of the hierarchy has it.
 *
 * hierarchy: a controller of it, or "name=NAME".
 * out: the program's path, on success; empty for none.
 * Returns 0, -EINVAL for NULL, -EOPNOTSUPP for a group that is not the root of such a hierarchy, or another
 * negative errno.
 * Ownership: release *out with isolate_string_free.
 * Threads: any. Blocks: for the time of a file read. Since: 0.1
 */
int isolate_cgroup_release_agent(const struct isolate_cgroup *cgroup,
                                 const char *hierarchy,
                                 char **out,
                                 struct isolate_error **err);

/**
 * Set the program that the kernel runs for a whole v1 hierarchy. It is run as root outside of every
 * namespace and limit: only root of the initial user namespace may.
 *
 * hierarchy: a controller of it, or "name=NAME".
 * program: an absolute path of at most 4095 bytes, or "" for none.
 * Returns what isolate_cgroup_release_agent returns; -EINVAL for another path, -EPERM.
 * Threads: any. Blocks: for the time of a file write. Since: 0.1
 */
int isolate_cgroup_set_release_agent(struct isolate_cgroup *cgroup,
                                     const char *hierarchy,
                                     const char *program,
                                     struct isolate_error **err);

/**
 * Read a number of the memory controller's.
 *
 * value: an ISOLATE_MEMORY_ constant.
 * out: the number, on success; ISOLATE_UNLIMITED for no limit.
 * Returns 0, -EINVAL for NULL and for an unknown constant, -EOPNOTSUPP without the memory controller,
 * without swap accounting, and for what v2 does not have, or another negative errno.
 * Threads: any. Blocks: for the time of a file read. Since: 0.1
 */
int isolate_cgroup_memory(const struct isolate_cgroup *cgroup,
                          uint32_t value,
                          uint64_t *out,
                          struct isolate_error **err);

/**
 * Set a limit of the memory controller's.
 *
 * Where the group uses more than a new limit, the kernel first takes back what it can; a limit that is
 * below the use even then is refused, and nobody is killed.
 *
 * value: ISOLATE_MEMORY_LIMIT or ISOLATE_MEMORY_MEMSW_LIMIT.
 * limit: bytes, or ISOLATE_UNLIMITED.
 * out: what is in force then, on success, rounded down to a page by the kernel; may be NULL.
 * Returns 0, -EBUSY for a limit below the use, with use and peak in the error, -EINVAL for NULL, for a
 * value that is no limit and for a limit of both below that of memory, or another negative errno.
 * Threads: any. Blocks: while the kernel takes memory back. Since: 0.1
 */
int isolate_cgroup_set_memory(struct isolate_cgroup *cgroup,
                              uint32_t value,
                              uint64_t limit,
                              uint64_t *out,
                              struct isolate_error **err);

/**
 * Start a peak or a count of the memory controller's again.
 *
 * value: an ISOLATE_MEMORY_ constant of a peak or a count.
 * Returns 0, -EINVAL for NULL, an unknown constant, a use and a limit, -EOPNOTSUPP on v2 for all but the
 * peak, and for that before Linux 6.12, or another negative errno.
 * Threads: any. Blocks: for the time of a file write. Since: 0.1
 */
int isolate_cgroup_reset_memory(struct isolate_cgroup *cgroup,
                                uint32_t value,
                                struct isolate_error **err);

/**
 * Read what happens in a group that is out of memory, and how often it has.
 *
 * out: a struct of the caller's with its size field set.
 * Returns 0, -EINVAL for NULL and a size field too small to be one, -EOPNOTSUPP without the memory
 * controller, or another negative errno.
 * Threads: any. Blocks: for the time of a file read. Since: 0.1
 */
int isolate_cgroup_oom_control(const struct isolate_cgroup *cgroup,
                               struct isolate_oom_control *out,
                               struct isolate_error **err);

/**
 * Set whether who needs memory that is not there waits for it instead of being killed: until a limit is
 * raised, memory is freed, or this is taken back.
 *
 * on: 0 for no, anything else for yes.
 * Returns 0, -EINVAL for NULL, -EOPNOTSUPP on v2: freeze the group at an event of memory.high instead, or
 * another negative errno.
 * Threads: any. Blocks: for the time of a file write. Since: 0.1
 */
int isolate_cgroup_set_oom_pause(struct isolate_cgroup *cgroup,
                                 int on,
                                 struct isolate_error **err);

/**
 * Ask the kernel to take memory back from a group: page cache and, where there is swap, idle memory (v1
 * memory.force_empty, v2 memory.reclaim, Linux 5.19).
 *
 * bytes: how many, which v2 alone can; ISOLATE_UNLIMITED for all that goes.
 * out: the bytes that were freed, on success; may be NULL.
 * Returns 0, -EINVAL for NULL, -EOPNOTSUPP for a number of bytes on v1, or another negative errno.
 * Threads: any. Blocks: while the kernel takes memory back. Since: 0.1
 */
int isolate_cgroup_reclaim(struct isolate_cgroup *cgroup,
                           uint64_t bytes,
                           uint64_t *out,
                           struct isolate_error **err);

/**
 * Put limits in force for a group, in an order that the kernel takes whatever holds now, and read them
 * back. What is not named stays as it is. All or nothing: after an error every limit is as before.
 *
 * A limit below the present use is refused, and nobody is killed.
 *
 * limits: a spec, of which only the limits are read; isolate_spec_new_settings makes one without a program.
 * out: what is in force, on success; may be NULL.
 * Returns 0, -EINVAL for NULL, for a value out of range and for limits that no group holds (cpu_time,
 * output, rlimits), -EOPNOTSUPP for a controller or file that the group does not have, -EBUSY for a limit
 * below the use, with use and peak in the error, or another negative errno.
 * Ownership: the spec stays the caller's; release *out with isolate_applied_free.
 * Threads: any. Blocks: while the kernel takes memory back. Since: 0.1
 */
int isolate_cgroup_apply(struct isolate_cgroup *cgroup,
                         const struct isolate_spec *limits,
                         struct isolate_applied **out,
                         struct isolate_error **err);

/**
 * Put other limits in force while a job runs, all or nothing; what is not named stays as it is. The job's
 * JSON text and its outcome tell of them from then on.
 *
 * A controller that the job's group does not have yet, it gets; on v1 that moves the job's processes, at the
 * price that isolate_cgroup_attach tells of.
 *
 * limits: as isolate_cgroup_apply.
 * out: what is in force, on success; may be NULL.
 * Returns what isolate_cgroup_apply returns; -ENOENT when the job has ended or has no group.
 * Ownership: the spec stays the caller's; release *out with isolate_applied_free.
 * Threads: any. Blocks: while the kernel takes memory back. Since: 0.1
 */
int isolate_job_update(struct isolate_job *job,
                       const struct isolate_spec *limits,
                       struct isolate_applied **out,
                       struct isolate_error **err);

/**
 * Get how many limits isolate_applied_get tells about.
 *
 * Returns the number; 0 for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
size_t isolate_applied_count(const struct isolate_applied *applied);

/**
 * Get what became of one limit.
 *
 * index: 0 to isolate_applied_count - 1.
 * out: a struct of the caller's with its size field set.
 * Returns 0, or -EINVAL for a NULL argument, an index out of range or a size field too small.
 * Ownership: the strings are borrowed from the object.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_applied_get(const struct isolate_applied *applied,
                        size_t index,
                        struct isolate_enforcement *out);

/**
 * Write what is in force as JSON text on one line: a list of objects with "name", "requested", "status"
 * ("enforced" or "skipped"), and "file", "value" and "reason" where there is one.
 *
 * out: the text, on success.
 * Returns 0, or -EINVAL for NULL.
 * Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_applied_to_json(const struct isolate_applied *applied,
                            char **out,
                            struct isolate_error **err);

/**
 * Free what isolate_cgroup_apply or isolate_job_update has told; NULL is fine. The limits stay in force.
 *
 * Ownership: takes the object and every string borrowed from it.
 * Threads: one at a time. Blocks: never. Since: 0.1
 */
void isolate_applied_free(struct isolate_applied *applied);

/**
 * Take a snapshot of what a group uses and has used.
 *
 * Cheap to call again and again: files are read through the directories that the handle holds open. The
 * parts are read one after another, so that they are of slightly different moments.
 *
 * kinds: ISOLATE_STAT_ constants, added up. Parts of which the group has no controller are left out.
 * out: the snapshot, on success.
 * Returns 0, -EINVAL for NULL and unknown bits, -ENOENT when the group was removed, or another negative
 * errno.
 * Ownership: release *out with isolate_stat_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_stat(const struct isolate_cgroup *cgroup,
                        uint32_t kinds,
                        struct isolate_stat **out,
                        struct isolate_error **err);

/**
 * Get the plain numbers of a snapshot.
 *
 * out: a struct of the caller's with its size field set.
 * Returns 0, or -EINVAL for a NULL argument or a size field too small to be one.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_stat_usage(const struct isolate_stat *stat, struct isolate_cgroup_usage *out);

/**
 * Get any whole number of a snapshot, or a yes or no as 1 or 0.
 *
 * path: the keys of isolate_stat_to_json with dots between them: "memory.stat.anon", "io.8:0.rbytes",
 * "cpu.per_cpu_usec.0", "pressure.io.some.total_usec".
 * out: the number, on success.
 * Returns 0, -EINVAL for NULL, -ENOENT where no whole number is, or another negative errno.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_stat_number(const struct isolate_stat *stat,
                        const char *path,
                        uint64_t *out,
                        struct isolate_error **err);

/**
 * Get any number of a snapshot, such as "pressure.cpu.some.avg10", which is a percentage.
 *
 * path: as isolate_stat_number.
 * out: the number, on success.
 * Returns 0, -EINVAL for NULL, -ENOENT where no number is, or another negative errno.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_stat_real(const struct isolate_stat *stat,
                      const char *path,
                      double *out,
                      struct isolate_error **err);

/**
 * Write a whole snapshot as JSON text on one line: an object with a key for each part that was asked for
 * and is there.
 *
 * out: the text, on success.
 * Returns 0, or -EINVAL for NULL.
 * Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_stat_to_json(const struct isolate_stat *stat,
                         char **out,
                         struct isolate_error **err);

/**
 * Free a snapshot; NULL is fine.
 *
 * Ownership: takes the snapshot. Threads: one at a time. Blocks: never. Since: 0.1
 */
void isolate_stat_free(struct isolate_stat *stat);

/**
 * Make an empty list of watches.
 *
 * out: the list, on success.
 * Returns 0, or -EINVAL for NULL.
 * Ownership: release *out with isolate_watches_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_watches_new(struct isolate_watches **out, struct isolate_error **err);

/**
 * Read a list of watches from JSON text: a word for each ("oom", "memory_events", "pids_events",
 * "populated", "frozen"), or an object such as {"threshold": {"bytes": "8M"}}, {"pressure": {"resource":
 * "memory", "stall_usec": 50000, "window_usec": 1000000}}, {"pressure_level": {"level": "medium"}}.
 *
 * json: the text.
 * out: the list, on success.
 * Returns 0, or -EINVAL for NULL and for text that is no such list.
 * Ownership: release *out with isolate_watches_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_watches_from_json(const char *json,
                              struct isolate_watches **out,
                              struct isolate_error **err);

/**
 * Write a list of watches as JSON text on one line.
 *
 * out: the text, on success.
 * Returns 0, or -EINVAL for NULL.
 * Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_watches_to_json(const struct isolate_watches *watches,
                            char **out,
                            struct isolate_error **err);

/**
 * Add a watch that needs no numbers.
 *
 * watch: an ISOLATE_WATCH_ constant.
 * Returns 0, or -EINVAL for NULL and an unknown constant.
 * Threads: one at a time for one list. Blocks: never. Since: 0.1
 */
int isolate_watches_add(struct isolate_watches *watches, uint32_t watch);

/**
 * Add a watch of the memory usage, which tells when it crosses a number of bytes, upwards or downwards:
 * "threshold". v1 only.
 *
 * The kernel compares after every 128 pages or so, can tell several times of one crossing, and the usage
 * may be elsewhere again when the event is read: its value is the usage then.
 *
 * bytes: at least a page, at most 2^63-1; rounded down to whole pages by the kernel.
 * memsw: 0 for memory, anything else for memory and swap together.
 * Returns 0, or -EINVAL for NULL and too many bytes.
 * Threads: one at a time for one list. Blocks: never. Since: 0.1
 */
int isolate_watches_add_threshold(struct isolate_watches *watches,
                                  uint64_t bytes,
                                  int memsw);

/**
 * Add a watch of the time that the group's processes stall for want of a resource, which tells at most
 * once in a window: "pressure". A group on the v2 tree, with or without controllers; Linux 5.2.
 *
 * resource: an ISOLATE_RESOURCE_ constant.
 * full: other than 0 for time in which all of them stall at once; 0 for that in which at least one does.
 * stall_us: how long they stall within the window, microseconds, 1 to window_us.
 * window_us: the window, microseconds, 500000 to 10000000; without CAP_SYS_RESOURCE a multiple of 2000000.
 * Returns 0, or -EINVAL for NULL and an unknown constant; other numbers are checked when the group is
 * watched.
 * Threads: one at a time for one list. Blocks: never. Since: 0.1
 */
int isolate_watches_add_pressure(struct isolate_watches *watches,
                                 uint32_t resource,
                                 int full,
                                 uint64_t stall_us,
                                 uint64_t window_us);

/**
 * Add a watch of how hard the kernel finds it to reclaim memory of the group: "pressure_level". v1 only.
 *
 * level: from which level on, an ISOLATE_LEVEL_ constant.
 * mode: whose pressure, an ISOLATE_LEVEL_MODE_ constant.
 * Returns 0, or -EINVAL for NULL and an unknown constant.
 * Threads: one at a time for one list. Blocks: never. Since: 0.1
 */
int isolate_watches_add_pressure_level(struct isolate_watches *watches,
                                       uint32_t level,
                                       uint32_t mode);

/**
 * Free a list of watches; NULL is fine. Groups that are watched by it stay so.
 *
 * Ownership: takes the list. Threads: one at a time. Blocks: never. Since: 0.1
 */
void isolate_watches_free(struct isolate_watches *watches);

/**
 * Begin to watch a group: what happens from now on is told by the events, which outlive the handle.
 *
 * watches: what to watch; NULL or an empty list for the group's removal alone, which is always told.
 * out: the events, on success.
 * Returns 0, -EINVAL for NULL and for a number out of range, -EOPNOTSUPP when nothing on this layout tells
 * of what is to be watched, -ENOENT when the group has been removed, -EACCES or -EPERM when a file of the
 * group is not the caller's to use, or another negative errno.
 * Ownership: the watches stay the caller's; release *out with isolate_events_free.
 * Threads: any. Blocks: for the time of some file reads. Since: 0.1
 */
int isolate_cgroup_events(const struct isolate_cgroup *cgroup,
                          const struct isolate_watches *watches,
                          struct isolate_events **out,
                          struct isolate_error **err);

/**
 * Get a descriptor that is readable (POLLIN) while there may be an event to take; also now and then with
 * nothing to take, where the kernel does not tell.
 *
 * Returns the descriptor, or -EINVAL for NULL.
 * Ownership: borrowed from the events: poll it, do not read or close it.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_events_fd(const struct isolate_events *events);

/**
 * Take the next event; to be called when isolate_events_fd is readable, until it gives none.
 *
 * out: the event, or NULL where there is none now, on success.
 * Returns 0, -EINVAL for NULL, or another negative errno.
 * Ownership: release *out with isolate_event_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_events_next(struct isolate_events *events,
                        struct isolate_event **out,
                        struct isolate_error **err);

/**
 * Wait for the next event and take it.
 *
 * timeout_ms: how long, in milliseconds; -1 for ever.
 * out: the event, or NULL when the time has passed or there will be none any more, on success.
 * Returns 0, -EINVAL for NULL, or another negative errno.
 * Ownership: release *out with isolate_event_free.
 * Threads: any. Blocks: until there is one, at most timeout_ms. Since: 0.1
 */
int isolate_events_wait(struct isolate_events *events,
                        int64_t timeout_ms,
                        struct isolate_event **out,
                        struct isolate_error **err);

/**
 * Ask whether a group is gone and every event was taken. From then on the descriptor stays readable.
 *
 * Returns 1, 0, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_events_is_over(const struct isolate_events *events);

/**
 * Stop watching; NULL is fine.
 *
 * Ownership: takes the events and the descriptor. Threads: one at a time. Blocks: never. Since: 0.1
 */
void isolate_events_free(struct isolate_events *events);

/**
 * Get what has happened.
 *
 * Returns an ISOLATE_EVENT_ constant, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_event_kind(const struct isolate_event *event);

/**
 * Get what has happened as a word, such as "oom_kill"; every language uses the same words.
 *
 * Returns the word, or NULL for NULL.
 * Ownership: borrowed from the event. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_event_kind_name(const struct isolate_event *event);

/**
 * Get which watch tells of an event.
 *
 * Returns its place in the list, from 0, -ENODATA for "removed", which has none, or -EINVAL for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_event_watch(const struct isolate_event *event);

/**
 * Get the group's file that tells of an event, such as "memory.events"; of "removed" the group's
 * directory.
 *
 * Returns the text, or NULL for NULL.
 * Ownership: borrowed from the event. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_event_file(const struct isolate_event *event);

/**
 * Get how often it has happened since it was last told.
 *
 * Returns the number, at least 1; 0 for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
uint64_t isolate_event_count(const struct isolate_event *event);

/**
 * Get the kernel's figure when the event was read: the counter's total, the usage in bytes, the stall
 * time in microseconds.
 *
 * Returns the number, or ISOLATE_UNKNOWN where there is none and for NULL.
 * Threads: any. Blocks: never. Since: 0.1
 */
uint64_t isolate_event_value(const struct isolate_event *event);

/**
 * Get which of several it was, as said at the ISOLATE_EVENT_ constants.
 *
 * Returns the word, or NULL where there is none and for NULL.
 * Ownership: borrowed from the event. Threads: any. Blocks: never. Since: 0.1
 */
const char *isolate_event_detail(const struct isolate_event *event);

/**
 * Write an event as JSON text on one line: an object with "kind", "file" and "count", and "watch", "value"
 * and "detail" where there is one.
 *
 * out: the text, on success.
 * Returns 0, or -EINVAL for NULL.
 * Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_event_to_json(const struct isolate_event *event,
                          char **out,
                          struct isolate_error **err);

/**
 * Free an event; NULL is fine.
 *
 * Ownership: takes the event and every string borrowed from it.
 * Threads: one at a time. Blocks: never. Since: 0.1
 */
void isolate_event_free(struct isolate_event *event);

/**
 * Convert CPU shares of v1 (cpu.shares) to a CPU weight of v2 (cpu.weight).
 *
 * shares: 2 to 262144, and cut at these ends; 0, "not set", stays 0.
 * rule: an ISOLATE_RULE_ constant.
 * out: the weight, on success.
 * Returns 0, or -EINVAL for NULL and an unknown constant.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_convert_shares_to_weight(uint64_t shares,
                                     uint32_t rule,
                                     uint64_t *out,
                                     struct isolate_error **err);

/**
 * Convert a CPU weight of v2 (cpu.weight) to CPU shares of v1 (cpu.shares): such as give that weight again.
 *
 * weight: 1 to 10000; 0, "not set", stays 0.
 * rule: an ISOLATE_RULE_ constant.
 * out: the shares, on success.
 * Returns 0, or -EINVAL for NULL, a weight out of range and an unknown constant.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_convert_weight_to_shares(uint64_t weight,
                                     uint32_t rule,
                                     uint64_t *out,
                                     struct isolate_error **err);

/**
 * Convert a block device weight of v1 (blkio.weight) to one of v2 (io.weight).
 *
 * weight: 10 to 1000; 0, "not set", stays 0.
 * rule: an ISOLATE_RULE_ constant.
 * out: the weight of v2, on success.
 * Returns 0, or -EINVAL for NULL, a weight out of range and an unknown constant.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_convert_blkio_to_io_weight(uint64_t weight,
                                       uint32_t rule,
                                       uint64_t *out,
                                       struct isolate_error **err);

/**
 * Convert a block device weight of v2 (io.weight) to one of v1 (blkio.weight).
 *
 * weight: 1 to 10000; 0, "not set", stays 0.
 * rule: an ISOLATE_RULE_ constant.
 * out: the weight of v1, on success.
 * Returns 0, or -EINVAL for NULL, a weight out of range and an unknown constant.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_convert_io_to_blkio_weight(uint64_t weight,
                                       uint32_t rule,
                                       uint64_t *out,
                                       struct isolate_error **err);

/**
 * Convert a limit of memory and swap together (v1) to one of swap alone (v2, memory.swap.max).
 *
 * memsw: the limit of both in bytes; -1 for none, 0 for "not set".
 * limit: that of memory; likewise.
 * out: the limit of swap, on success; likewise.
 * Returns 0, or -EINVAL for NULL, a number below -1, and a limit of both that is below that of memory or
 * stands without one.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_convert_swap_max(int64_t memsw,
                             int64_t limit,
                             int64_t *out,
                             struct isolate_error **err);

/**
 * Convert a limit of swap alone (v2) to one of memory and swap together (v1, memory.memsw.limit_in_bytes).
 *
 * swap: the limit of swap in bytes; -1 for none.
 * limit: that of memory; likewise.
 * out: the limit of both, on success; likewise.
 * Returns 0, or -EINVAL for NULL and a number below -1.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_convert_memsw_limit(int64_t swap,
                                int64_t limit,
                                int64_t *out,
                                struct isolate_error **err);

/**
 * Write the text of cpu.max (v2) for a quota and a period of v1.
 *
 * quota: microseconds; 0 or less for no limit.
 * period: microseconds; 0 for the default, 100000.
 * out: the text, such as "50000 100000" or "max 100000", on success.
 * Returns 0, or -EINVAL for NULL and numbers that the kernel does not take.
 * Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
 */
int isolate_convert_cpu_max(int64_t quota, uint64_t period, char **out, struct isolate_error **err);

/**
 * Get the quota that gives a number of CPUs over a period.
 *
 * cpus: how many, such as 1.5.
 * period: microseconds; 0 for the default, 100000.
 * out: the quota, microseconds, on success.
 * Returns 0, or -EINVAL for NULL and numbers that the kernel does not take.
 * Threads: any. Blocks: never. Since: 0.1
 */
int isolate_convert_quota_of(double cpus,
                             uint64_t period,
                             uint64_t *out,
                             struct isolate_error **err);

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
