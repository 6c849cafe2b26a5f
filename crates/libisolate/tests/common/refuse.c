// Runs a command for which the kernel refuses some system calls, as an older kernel or a container's
// filter would: refuse CALL[=ERRNO],... COMMAND ARG...
// "namespaces" is what container engines do: clone and unshare with the flag of one are EPERM, and so is
// setns; clone3, whose flags no filter sees, is ENOSYS.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct { const char *name; int number; } calls[] = {
    {"clone3", 435}, {"openat2", 437}, {"close_range", 436}, {"pidfd_open", 434}, {"mount_setattr", 442},
    {"open_tree", 428}, {"move_mount", 429}, {"fsopen", 430}, {"fsconfig", 431}, {"fsmount", 432},
    {"execveat", 322}, {"pidfd_send_signal", 424}, {"mount", 165}, {"setns", 308},
};

enum { CLONE = 56, UNSHARE = 272, NEW_NAMESPACES = 0x7E020000, NEW_TIME = 0x80 };

// memfd_create(2) before Linux 6.3: MFD_NOEXEC_SEAL and MFD_EXEC are unknown flags.
enum { MEMFD_CREATE = 319, NEW_FLAGS = 0x18 };

int main(int argc, char **argv) {
    struct sock_filter code[64];
    unsigned short count = 0;
    code[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    if (argc < 3)
        return 64;
    char words[256];
    int all = !strcmp(argv[1], "namespaces");
    snprintf(words, sizeof words, "%s", all ? "namespaces,clone3,setns=EPERM" : argv[1]);
    for (char *word = strtok(words, ","); word; word = strtok(NULL, ",")) {
        if (!strcmp(word, "namespaces")) {
            // clone(2) has its signal where unshare(2) has the flag of time namespaces.
            unsigned long flags[] = {CLONE, NEW_NAMESPACES, UNSHARE, NEW_NAMESPACES | NEW_TIME};
            for (int i = 0; i < 4; i += 2) {
                code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, flags[i], 0, 4);
                code[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]));
                code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flags[i + 1], 0, 1);
                code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
                code[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
            }
            continue;
        }
        if (!strcmp(word, "memfd_flags")) {
            code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MEMFD_CREATE, 0, 4);
            code[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]));
            code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_FLAGS, 0, 1);
            code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL);
            code[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
            continue;
        }
        char *equals = strchr(word, '=');
        int error = equals && !strcmp(equals, "=EPERM") ? EPERM : ENOSYS;
        int found = -1;
        if (equals)
            *equals = 0;
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
            if (!strcmp(calls[i].name, word))
                found = calls[i].number;
        if (found < 0) {
            fprintf(stderr, "unknown call %s\n", word);
            return 64;
        }
        code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, found, 0, 1);
        code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
    }
    code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {count, code};
    // Without no_new_privs where that is allowed: it would be inherited, and change the test.
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) {
            perror("seccomp");
            return 70;
        }
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 71;
}
