// What a launch must never do: a child that still shares the parent's memory enters a cgroup with a
// small memory limit and needs more than that, here for the arguments of its exec.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char piece[125000];
static char *arguments[18] = {"true"};

static int child(void *path) {
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, "0", 1) != 1)
        _exit(3);
    execv("/bin/true", arguments);
    _exit(4);
}

int main(int argc, char **argv) {
    static char stack[1 << 16] __attribute__((aligned(16)));
    memset(piece, 'a', sizeof piece - 1);
    for (int i = 1; i < 17; i++)
        arguments[i] = piece;
    // CLONE_VFORK would save it: the killer spares a child whose parent sleeps until it is done.
    int pid = clone(child, stack + sizeof stack, CLONE_VM | SIGCHLD, argv[argc - 1]);
    int status = 0;
    waitpid(pid, &status, 0);
    return 1;
}
