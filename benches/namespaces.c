/*
 * What the namespace primitives cost, per kind, beside the same system calls in straight C: opening a
 * handle, asking for its owner, entering it and coming back, making one, and a socket in one.
 *
 * In every round each pair has its turn, once in each order, so that a busy moment hits both. Run by root, as
 * `make bench-namespaces`. Nothing here passes or fails by time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <isolate.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

enum { ROUNDS = 41, BATCH = 200, KINDS = 8 };

struct kind {
    const char *name;
    uint32_t number;
    int flag;
};

static const struct kind kinds[KINDS] = {
    {"cgroup", ISOLATE_NS_CGROUP, CLONE_NEWCGROUP}, {"ipc", ISOLATE_NS_IPC, CLONE_NEWIPC},
    {"net", ISOLATE_NS_NET, CLONE_NEWNET},          {"mnt", ISOLATE_NS_MNT, CLONE_NEWNS},
    {"pid", ISOLATE_NS_PID, CLONE_NEWPID},          {"time", ISOLATE_NS_TIME, CLONE_NEWTIME},
    {"user", ISOLATE_NS_USER, CLONE_NEWUSER},       {"uts", ISOLATE_NS_UTS, CLONE_NEWUTS},
};

/* What a pair works on. */
static struct {
    const struct kind *kind;
    isolate_ns *own, *other;
    char own_path[64];
} now;

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s %s: %s\n", now.kind ? now.kind->name : "", what, strerror(errno));
    exit(1);
}

static void ours(int code, isolate_error **err, const char *what)
{
    if (code == 0)
        return;
    fprintf(stderr, "%s %s: %s\n", now.kind->name, what, *err ? isolate_error_message(*err) : strerror(-code));
    exit(1);
}

static double micros(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/* Pairs: the system calls alone, and the library. */

static void raw_open(void)
{
    int fd = open(now.own_path, O_RDONLY | O_CLOEXEC);
    must(fd >= 0, "open");
    close(fd);
}

static void lib_open(void)
{
    isolate_error *err = NULL;
    isolate_ns *ns = NULL;
    ours(isolate_ns_of_thread(now.kind->number, &ns, &err), &err, "open");
    isolate_ns_free(ns);
}

static void raw_owner(void)
{
    int fd = ioctl(isolate_ns_fd(now.other), NS_GET_USERNS);
    must(fd >= 0, "NS_GET_USERNS");
    close(fd);
}

static void lib_owner(void)
{
    isolate_error *err = NULL;
    isolate_ns *owner = NULL;
    ours(isolate_ns_owner(now.other, &owner, &err), &err, "owner");
    isolate_ns_free(owner);
}

static void raw_enter(void)
{
    must(setns(isolate_ns_fd(now.other), now.kind->flag) == 0, "setns");
    must(setns(isolate_ns_fd(now.own), now.kind->flag) == 0, "setns back");
}

static void lib_enter(void)
{
    isolate_error *err = NULL;
    const isolate_ns *there[] = {now.other}, *back[] = {now.own};
    ours(isolate_ns_enter_thread(there, 1, &err), &err, "enter");
    ours(isolate_ns_enter_thread(back, 1, &err), &err, "enter back");
}

/* A child that has it, a descriptor of it, and the end of the child. */
static void raw_create(void)
{
    int line[2], fd;
    char path[64], byte;
    must(pipe2(line, O_CLOEXEC) == 0, "pipe");
    /* A new time namespace is for the children of who makes it. */
    int children = now.kind->flag == CLONE_NEWTIME;
    pid_t child = syscall(SYS_clone, (children ? 0 : now.kind->flag) | SIGCHLD, NULL, NULL, NULL, NULL);
    must(child >= 0, "clone");
    if (child == 0) {
        if ((children && unshare(now.kind->flag) != 0) || write(line[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    must(read(line[0], &byte, 1) == 1, "child");
    snprintf(path, sizeof path, "/proc/%d/ns/%s%s", child, now.kind->name, children ? "_for_children" : "");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    must(fd >= 0, path);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(line[0]);
    close(line[1]);
    close(fd);
}

static void lib_create(void)
{
    isolate_error *err = NULL;
    isolate_nsset *set = NULL;
    ours(isolate_ns_create(&now.kind->number, 1, NULL, &set, &err), &err, "create");
    isolate_nsset_free(set);
}

static void *socket_inside(void *result)
{
    must(setns(isolate_ns_fd(now.other), now.kind->flag) == 0, "setns");
    *(int *) result = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return NULL;
}

static void raw_socket(void)
{
    pthread_t thread;
    int fd = -1;
    must(pthread_create(&thread, NULL, socket_inside, &fd) == 0, "pthread_create");
    pthread_join(thread, NULL);
    must(fd >= 0, "socket");
    close(fd);
}

static int open_socket(void *result)
{
    *(int *) result = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return 0;
}

static void lib_socket_by_thread(void)
{
    isolate_error *err = NULL;
    isolate_inside *inside = NULL;
    const isolate_ns *there[] = {now.other};
    int fd = -1;
    ours(isolate_inside_enter(there, 1, &inside, &err), &err, "inside");
    ours(isolate_inside_call(inside, open_socket, &fd, NULL, &err), &err, "call");
    isolate_inside_free(inside);
    must(fd >= 0, "socket");
    close(fd);
}

static void lib_socket_by_visitor(void)
{
    isolate_error *err = NULL;
    int fd = -1;
    ours(isolate_ns_socket(now.other, AF_INET, SOCK_STREAM, 0, &fd, &err), &err, "socket");
    close(fd);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static double batch(void (*work)(void), int count)
{
    double begin = micros();
    for (int i = 0; i < count; i++)
        work();
    return (micros() - begin) / count;
}

static void compare(const char *what, void (*raw)(void), void (*lib)(void), int count)
{
    static double raws[2 * ROUNDS], libs[2 * ROUNDS];
    raw();
    lib();
    for (int round = 0; round < ROUNDS; round++) {
        raws[2 * round] = batch(raw, count);
        libs[2 * round] = batch(lib, count);
        libs[2 * round + 1] = batch(lib, count);
        raws[2 * round + 1] = batch(raw, count);
    }
    qsort(raws, 2 * ROUNDS, sizeof *raws, ascending);
    qsort(libs, 2 * ROUNDS, sizeof *libs, ascending);
    printf("%-22s %-7s %10.2f %10.2f %8.2fx\n", what, now.kind->name, raws[ROUNDS], libs[ROUNDS],
           libs[ROUNDS] / raws[ROUNDS]);
    fflush(stdout);
}

int main(void)
{
    printf("medians in us        kind        calls    library    ratio\n");
    for (int at = 0; at < KINDS; at++) {
        isolate_error *err = NULL;
        isolate_nsset *set = NULL;
        now.kind = &kinds[at];
        snprintf(now.own_path, sizeof now.own_path, "/proc/thread-self/ns/%s", now.kind->name);
        ours(isolate_ns_of_thread(now.kind->number, &now.own, &err), &err, "open");
        ours(isolate_ns_create(&now.kind->number, 1, NULL, &set, &err), &err, "create");
        ours(isolate_nsset_take(set, now.kind->number, &now.other, &err), &err, "take");
        compare("open", raw_open, lib_open, BATCH);
        compare("owner (ioctl)", raw_owner, lib_owner, BATCH);
        /* The library refuses the calling thread user and time namespaces: not for one thread of several. */
        if (now.kind->flag != CLONE_NEWUSER && now.kind->flag != CLONE_NEWTIME)
            compare("enter and back", raw_enter, lib_enter, BATCH);
        compare("create", raw_create, lib_create, 2);
        if (now.kind->flag == CLONE_NEWNET) {
            compare("socket, by a thread", raw_socket, lib_socket_by_thread, 10);
            compare("socket, by a visitor", raw_socket, lib_socket_by_visitor, 10);
        }
        isolate_ns_free(now.other);
        isolate_ns_free(now.own);
        isolate_nsset_free(set);
    }
    return 0;
}
