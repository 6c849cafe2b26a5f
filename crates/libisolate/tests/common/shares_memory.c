// What a launch must never do: a child that shares the parent's memory enters a cgroup with a small
// memory limit and allocates.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int child(void *path) {
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, "0", 1) != 1)
        _exit(3);
    for (int i = 0; i < 64; i++) {
        char *p = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p != MAP_FAILED)
            memset(p, 1, 1 << 20);
    }
    _exit(4);
}

int main(int argc, char **argv) {
    static char stack[1 << 16] __attribute__((aligned(16)));
    int pid = clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, argv[argc - 1]);
    int status = 0;
    waitpid(pid, &status, 0);
    return 1;
}
