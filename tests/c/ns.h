/*
 * What the tests of namespaces share: making some, skipping where this caller may not, errors that name
 * what is wrong, and a process in a mount namespace of its own.
 */
#ifndef NS_H
#define NS_H

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "harness.h"

/* A call that must fail with an errno, an error kind and words in its text, and move nobody. */
#define REFUSED(call, errno_, kind_, words)                                                      \
    do {                                                                                         \
        isolate_error *err = NULL;                                                               \
        Places there_ = places();                                                                \
        CHECK_INT(call, -(errno_));                                                              \
        CHECK_INT(moved(&there_), 0);                                                            \
        refusal(__LINE__, err, kind_, words);                                                    \
    } while (0)

static inline void refusal(int line, isolate_error *err, int kind, const char *words)
{
    const char *text = isolate_error_message(err);
    if (isolate_error_kind(err) != kind || text == NULL || strstr(text, words) == NULL) {
        printf("  line %d: error is kind %d, \"%s\", not kind %d with \"%s\"\n", line,
               isolate_error_kind(err), text ? text : "(none)", kind, words);
        bad++;
    }
    isolate_error_free(err);
}

/* Whether a call failed for want of a privilege or a newer kernel; then the reason is in skip_text. */
static inline int lacking(int code, isolate_error **err)
{
    int kind = isolate_error_kind(*err);
    int yes = code != 0 && (kind == ISOLATE_ERROR_PERMISSION || kind == ISOLATE_ERROR_UNSUPPORTED);
    if (yes) {
        snprintf(skip_text, sizeof skip_text, "%s", isolate_error_message(*err));
        isolate_error_free(*err);
        *err = NULL;
    }
    return yes;
}

/*
 * New namespaces of up to seven kinds, which end with 0. An ordinary user gets them in a user namespace.
 * NULL where this host or user cannot, with the reason in skip_text.
 */
static inline isolate_nsset *make(const uint32_t *wanted, const isolate_spec *settings)
{
    uint32_t kinds[9];
    size_t count = 0;
    isolate_nsset *set = NULL;
    isolate_error *err = NULL;
    int user = geteuid() != 0;
    for (; *wanted != 0; wanted++) {
        user = user && *wanted != ISOLATE_NS_USER;
        kinds[count++] = *wanted;
    }
    if (user)
        kinds[count++] = ISOLATE_NS_USER;
    int code = isolate_ns_create(kinds, count, settings, &set, &err);
    if (!lacking(code, &err))
        CHECK(no_error(code, &err));
    return set;
}

#define MAKE(settings, ...) make((const uint32_t[]){__VA_ARGS__, 0}, settings)

static inline isolate_ns *own(uint32_t kind)
{
    isolate_ns *ns = NULL;
    isolate_error *err = NULL;
    CHECK(no_error(isolate_ns_of_thread(kind, &ns, &err), &err));
    return ns;
}

/* Where the calling thread is, as "net:[4026531833]"; in a buffer of its own. */
static inline const char *here(const char *kind, char text[64])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/thread-self/ns/%s", kind);
    ssize_t length = readlink(path, text, 63);
    text[length < 0 ? 0 : length] = '\0';
    return text;
}

/* Text up to its first newline. */
static inline const char *line(char *text)
{
    if (text != NULL)
        text[strcspn(text, "\n")] = '\0';
    return text;
}

/* A pidfd; -1 under valgrind 3.19, which lets pidfd_open(2) not through. */
static inline int pidfd_of(int pid)
{
    return (int) syscall(SYS_pidfd_open, pid, 0);
}

/* The number after "key": in JSON text, from a place in it on; -1 where there is none. */
static inline long long number_at(const char *json, const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = json ? strstr(json, quoted) : NULL;
    return at ? atoll(at + strlen(quoted)) : -1;
}

static inline int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);
    if (fd >= 0)
        close(fd);
    return good;
}

/* A child that has called unshare(2) and waits until the caller writes to or closes the pipe. */
typedef struct { int pid, wake; } Child;

static inline Child child_with(int flags)
{
    int wake[2], ready[2];
    char byte = 0;
    if (pipe2(wake, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0)
        abort();
    Child child = {fork(), wake[1]};
    if (child.pid == 0) {
        close(wake[1]);
        close(ready[0]);
        byte = unshare(flags) == 0;
        if (write(ready[1], &byte, 1) != 1)
            _exit(9);
        while (read(wake[0], &byte, 1) == 1)
            if (fork() == 0)
                pause();
        _exit(0);
    }
    close(wake[0]);
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1 || byte == 0) {
        close(child.wake);
        waitpid(child.pid, NULL, 0);
        child.pid = -1;
    }
    close(ready[0]);
    return child;
}

static inline void end_child(Child child)
{
    kill(child.pid, SIGKILL);
    close(child.wake);
    waitpid(child.pid, NULL, 0);
}

/*
 * Runs `body` in a process with a mount namespace of its own (an ordinary user's in a user namespace),
 * where all mounts are private and /mnt and /run are empty. Its failed checks are this test's.
 */
static inline void with_own_mounts(void (*body)(void))
{
    char map[64];
    /* Not by its exit status, which is valgrind's where the process ends in the midst of the program. */
    int *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int user = geteuid(), group = getegid(), status = 0, pid;
    *told = -1;
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        bad = 0;
        if (unshare(CLONE_NEWNS | (user != 0 ? CLONE_NEWUSER : 0)) != 0)
            _exit(0);
        if (user != 0) {
            snprintf(map, sizeof map, "0 %d 1", user);
            CHECK(write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/uid_map", map));
            snprintf(map, sizeof map, "0 %d 1", group);
            CHECK(write_text("/proc/self/gid_map", map));
        }
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
            || mount("tmpfs", "/mnt", "tmpfs", 0, NULL) != 0
            || mount("tmpfs", "/run", "tmpfs", 0, NULL) != 0)
            _exit(0);
        body();
        fflush(stdout);
        *told = bad;
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    int wrong = *told;
    munmap(told, sizeof *told);
    if (wrong < 0 && WIFEXITED(status))
        SKIP("a mount namespace of its own takes CAP_SYS_ADMIN or user namespaces");
    bad += wrong > 0 ? wrong : 0;
}

#endif
