/*
 * One clone3 with CLONE_VM and CLONE_VFORK does everything in the host's own memory: as fast as it gets,
 * and no way to build a library (an OOM kill or a changed uid in the child would be the host's too).
 */
#define _GNU_SOURCE
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define NAMESPACES \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME)

/* Like vfork, the child goes on on the caller's stack: it must not return from the frame of the call. */
static inline __attribute__((always_inline)) long clone3(struct clone_args *args)
{
    long result;
#if defined(__x86_64__)
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"((long) SYS_clone3), "D"(args), "S"(sizeof *args)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long number __asm__("x8") = SYS_clone3, first __asm__("x0") = (long) args;
    register long second __asm__("x1") = sizeof *args;
    __asm__ volatile("svc 0" : "+r"(first) : "r"(number), "r"(second) : "memory");
    result = first;
#else
#error "clone3 in this machine's words"
#endif
    return result;
}

/* What the child could not do; it shares this with the parent. */
static struct {
    int error;
    const char *what;
} failure;

static void require(int ok, const char *what)
{
    if (ok)
        return;
    failure.error = errno;
    failure.what = what;
    _exit(127);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    require(fd >= 0 && write(fd, text, strlen(text)) >= 0, path);
    close(fd);
}

/* One id: more can only be mapped from outside, where the parent sleeps. */
static void map_ids(uid_t uid, gid_t gid)
{
    char text[32];
    write_file("/proc/self/setgroups", "deny");
    snprintf(text, sizeof text, "0 %u 1", uid);
    write_file("/proc/self/uid_map", text);
    snprintf(text, sizeof text, "0 %u 1", gid);
    write_file("/proc/self/gid_map", text);
}

static void loopback_up(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    require(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0, "lo");
    close(fd);
}

static void bind_onto(const char *source, const char *target, unsigned long flags)
{
    require(mount(source, target, NULL, MS_BIND | MS_REC, NULL) == 0, target);
    require(mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | flags, NULL) == 0, target);
}

static void fresh(const char *type, const char *target, unsigned long flags, const char *options)
{
    require(mount(type, target, type, flags, options) == 0, target);
}

/* The mounts of the default sandbox, one for one. */
static void build_root(const char *program)
{
    static const char *system_directories[] = {"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc"};
    static const char *devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
    char from[64], to[64];

    fresh("tmpfs", "/tmp", MS_NOSUID, "size=1m,mode=0755");
    require(chdir("/tmp") == 0, "/tmp");
    for (size_t i = 0; i < sizeof system_directories / sizeof *system_directories; i++) {
        struct stat info;
        ssize_t length;
        snprintf(from, sizeof from, "/%s", system_directories[i]);
        if (lstat(from, &info) < 0)
            continue;
        if (S_ISLNK(info.st_mode)) {
            length = readlink(from, to, sizeof to - 1);
            require(length > 0, from);
            to[length] = '\0';
            require(symlink(to, system_directories[i]) == 0, system_directories[i]);
        } else {
            mkdir(system_directories[i], 0755);
            bind_onto(from, system_directories[i], MS_RDONLY | MS_NOSUID | MS_NODEV);
        }
    }
    mkdir("proc", 0755);
    fresh("proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    bind_onto("proc/sys", "proc/sys", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
    mkdir("dev", 0755);
    fresh("tmpfs", "dev", MS_NOSUID | MS_NOEXEC, "size=64k,nr_inodes=64,mode=0755");
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        snprintf(from, sizeof from, "/dev/%s", devices[i]);
        snprintf(to, sizeof to, "dev/%s", devices[i]);
        require(mknod(to, S_IFREG | 0666, 0) == 0, to);
        bind_onto(from, to, MS_NOSUID | MS_NOEXEC);
    }
    bind_onto("/dev/null", "proc/keys", MS_NOSUID | MS_NOEXEC);
    mkdir("dev/pts", 0755);
    fresh("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
    mkdir("dev/shm", 0755);
    fresh("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV, "size=64m,mode=1777");
    symlink("pts/ptmx", "dev/ptmx");
    symlink("/proc/self/fd", "dev/fd");
    symlink("/proc/self/fd/0", "dev/stdin");
    symlink("/proc/self/fd/1", "dev/stdout");
    symlink("/proc/self/fd/2", "dev/stderr");
    mkdir("tmp", 01777);
    fresh("tmpfs", "tmp", MS_NOSUID | MS_NODEV, "size=256m,mode=1777");
    require(mknod("noop", S_IFREG | 0755, 0) == 0, "noop");
    bind_onto(program, "noop", MS_RDONLY | MS_NOSUID | MS_NODEV);

    require(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
    require(umount2(".", MNT_DETACH) == 0 && chdir("/") == 0, "the old root");
    require(mount(NULL, "/dev", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC, NULL) == 0, "/dev");
    require(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, NULL) == 0, "/");
}

static void give_up_privileges(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++)
        ;
    require(syscall(SYS_capset, &header, none) == 0, "capset");
    require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    require(setsid() >= 0, "setsid");
    require(syscall(SYS_close_range, 3, ~0U, 0) == 0, "close_range");
}

struct group {
    char memory[4096], pids[4096];
    int tasks[2], born;
};

static int set_limit(const char *directory, const char *file, const char *value)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t done = write(fd, value, strlen(value));
    close(fd);
    return done < 0 ? -1 : 0;
}

static int make_group(const struct floor *floor, struct group *group)
{
    static unsigned counter;
    const char *memory_file = floor->unified ? "memory.max" : "memory.limit_in_bytes";
    unsigned number = counter++;
    snprintf(group->memory, sizeof group->memory, "%s/isolate-floor-%d-%u",
             floor->unified ? floor->unified : floor->memory, getpid(), number);
    snprintf(group->pids, sizeof group->pids, "%s/isolate-floor-%d-%u",
             floor->unified ? floor->unified : floor->pids, getpid(), number);
    if (mkdir(group->memory, 0755) < 0 || (!floor->unified && mkdir(group->pids, 0755) < 0))
        return -1;
    if (set_limit(group->memory, memory_file, "536870912") < 0 || set_limit(group->pids, "pids.max", "64") < 0)
        return -1;
    if (floor->unified) {
        group->born = open(group->memory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return group->born < 0 ? -1 : 0;
    }
    char path[4200];
    const char *directories[] = {group->memory, group->pids};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/tasks", directories[i]);
        group->tasks[i] = open(path, O_WRONLY | O_CLOEXEC);
        if (group->tasks[i] < 0)
            return -1;
    }
    return 0;
}

static void remove_group(const struct floor *floor, struct group *group)
{
    if (floor->unified) {
        close(group->born);
    } else {
        close(group->tasks[0]);
        close(group->tasks[1]);
        rmdir(group->pids);
    }
    rmdir(group->memory);
}

static __attribute__((noreturn, noinline)) void child(const struct floor *floor, const struct group *group, uid_t uid,
                                                      gid_t gid)
{
    char *argv[] = {"noop", NULL}, *envp[] = {NULL};
    if (group != NULL && !floor->unified)
        for (int i = 0; i < 2; i++)
            require(write(group->tasks[i], "0", 1) == 1, "tasks");
    map_ids(uid, gid);
    loopback_up();
    if (floor->level == FLOOR_SANDBOX) {
        build_root(floor->program);
        give_up_privileges();
        execve("/noop", argv, envp);
    } else {
        execve(floor->program, argv, envp);
    }
    require(0, "execve");
    _exit(127);
}

int floor_run(const struct floor *floor)
{
    struct group group = {.born = -1};
    int limited = floor->memory != NULL || floor->unified != NULL;
    if (limited && make_group(floor, &group) < 0)
        return -1;

    int pidfd = -1, status;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    failure.what = NULL;
    struct clone_args args = {
        .flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | NAMESPACES | (group.born >= 0 ? CLONE_INTO_CGROUP : 0),
        .pidfd = (uint64_t) (uintptr_t) &pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = group.born >= 0 ? (uint64_t) group.born : 0,
    };
    long pid = clone3(&args);
    if (pid == 0)
        child(floor, limited ? &group : NULL, uid, gid);
    if (pid < 0) {
        errno = (int) -pid;
        return -1;
    }
    pid_t waited = waitpid((pid_t) pid, &status, 0);
    close(pidfd);
    if (limited)
        remove_group(floor, &group);
    if (failure.what != NULL) {
        fprintf(stderr, "floor: %s: %s\n", failure.what, strerror(failure.error));
        errno = failure.error;
        return -1;
    }
    return waited == pid && status == 0 ? 0 : -1;
}
