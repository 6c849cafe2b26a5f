/* Goes down user namespaces, one for each map, then runs a program there or waits for the end of its stdin.
 *
 * nest [-k] MAP... [-- PROGRAM...]   lines of a MAP are parted by commas; it is of users and groups alike.
 * -k leaves a process in each namespace on the way, until this one ends or runs the program.
 * +MAP repeats until the kernel allows no more.
 * Descriptor 50 is the first user namespace; NEST_DEPTH is how many there are. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
    fprintf(stderr, "nest: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static void put(pid_t pid, const char *file, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int) pid, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t) strlen(text))
        fail(path);
    close(fd);
}

/* 0, or the errno of an unshare that the kernel refused. */
static int down(const char *map, int keep)
{
    char text[4096];
    int go[2], done[2];
    char byte;
    pid_t self = getpid();
    snprintf(text, sizeof text, "%s", map);
    for (char *c = text; *c; c++)
        if (*c == ',')
            *c = '\n';
    if (pipe2(go, O_CLOEXEC) || pipe2(done, O_CLOEXEC))
        fail("pipe");
    pid_t writer = fork();
    if (writer < 0)
        fail("fork");
    if (writer == 0) {
        close(go[1]);
        close(done[0]);
        if (read(go[0], &byte, 1) != 1)
            _exit(0);
        put(self, "setgroups", "deny");
        put(self, "uid_map", text);
        put(self, "gid_map", text);
        if (write(done[1], "x", 1) != 1)
            fail("write");
        close(done[1]);
        /* Until its parent ends; a signal of the parent's death would not come up from further down. */
        if (keep && read(go[0], &byte, 1) != 0)
            fail("read");
        _exit(0);
    }
    close(go[0]);
    close(done[1]);
    if (unshare(CLONE_NEWUSER)) {
        int error = errno;
        close(go[1]);
        close(done[0]);
        waitpid(writer, NULL, 0);
        return error;
    }
    if (write(go[1], "x", 1) != 1 || read(done[0], &byte, 1) != 1)
        fail("the map");
    close(done[0]);
    if (!keep) {
        close(go[1]);
        waitpid(writer, NULL, 0);
    }
    if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
        fail("setresuid");
    /* The change of ids has hidden /proc/self from its new owner. */
    prctl(PR_SET_DUMPABLE, 1);
    return 0;
}

int main(int argc, char **argv)
{
    int keep = 0, depth = 0, at = 1, byte;
    char number[16];
    int fd = open("/proc/self/ns/user", O_RDONLY);
    if (fd < 0 || dup2(fd, 50) != 50)
        fail("/proc/self/ns/user");
    close(fd);
    if (at < argc && !strcmp(argv[at], "-k")) {
        keep = 1;
        at++;
    }
    for (; at < argc && strcmp(argv[at], "--"); at++) {
        int many = argv[at][0] == '+', error;
        while (!(error = down(argv[at] + many, keep))) {
            depth++;
            if (!many)
                break;
        }
        if (error && !(many && (error == ENOSPC || error == EUSERS))) {
            errno = error;
            fail("unshare");
        }
    }
    snprintf(number, sizeof number, "%d", depth);
    setenv("NEST_DEPTH", number, 1);
    if (at + 1 < argc) {
        execvp(argv[at + 1], argv + at + 1);
        fail(argv[at + 1]);
    }
    if (write(1, "ready\n", 6) != 6)
        fail("stdout");
    while (read(0, &byte, 1) > 0)
        ;
    return 0;
}
