// Looks at a sandbox from inside: one word says at what; answers are lines "key value".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *name(long result) {
    return result >= 0 ? "ok" : strerrorname_np(errno);
}

// Calls that the default filter closes, and some that it must leave open.
static int calls(void) {
    long page[512] = {0};
#define TRY(label, ...) do { errno = 0; long r = syscall(__VA_ARGS__); \
        printf("%s %s\n", label, name(r)); } while (0)
    TRY("unshare_user", SYS_unshare, 0x10000000L);
    TRY("unshare_mnt", SYS_unshare, 0x00020000L);
    TRY("unshare_time", SYS_unshare, 0x80L);
    TRY("clone_user", SYS_clone, 0x10000000L | SIGCHLD, 0L, 0L, 0L, 0L);
    TRY("clone3", SYS_clone3, page, 64L);
    TRY("setns", SYS_setns, -1L, 0L);
    TRY("keyctl", SYS_keyctl, 0L, -3L, 0L);
    TRY("add_key", SYS_add_key, "user", "x", "y", 1L, -3L);
    TRY("request_key", SYS_request_key, "user", "x", 0L, 0L);
    TRY("bpf", SYS_bpf, 0L, page, 32L);
    TRY("perf_event_open", SYS_perf_event_open, page, 0L, -1L, -1L, 0L);
    TRY("userfaultfd", SYS_userfaultfd, 1L);
    TRY("io_uring_setup", SYS_io_uring_setup, 1L, page);
    TRY("io_uring_enter", SYS_io_uring_enter, -1L, 0L, 0L, 0L, 0L, 0L);
    TRY("io_uring_register", SYS_io_uring_register, -1L, 0L, 0L, 0L);
    TRY("open_by_handle_at", SYS_open_by_handle_at, -1L, page, 0L);
    TRY("syslog", SYS_syslog, 10L, 0L, 0L);
    TRY("tiocsti", SYS_ioctl, 0L, 0x5412L, "x");
    TRY("tiocsti_high", SYS_ioctl, 0L, 0x5412L | 1L << 32, "x");
    TRY("tioclinux", SYS_ioctl, 0L, 0x541CL, "\2");
    TRY("socket_vsock", SYS_socket, 40L, 1L, 0L);
    TRY("socket_alg", SYS_socket, 38L, 5L, 0L);
    TRY("socket_packet", SYS_socket, 17L, 3L, 0L);
    TRY("socket_xfrm", SYS_socket, 16L, 3L, 6L);
    TRY("socket_unix", SYS_socket, 1L, 1L, 0L);
    TRY("socket_inet", SYS_socket, 2L, 1L, 0L);
    TRY("socket_route", SYS_socket, 16L, 3L, 0L);
    TRY("mount", SYS_mount, "none", "/tmp", "tmpfs", 0L, 0L);
    TRY("umount", SYS_umount2, "/proc", 2L);
    TRY("pivot_root", SYS_pivot_root, "/", "/tmp");
    TRY("chroot", SYS_chroot, "/tmp");
    TRY("sethostname", SYS_sethostname, "x", 1L);
    TRY("setuid_root", SYS_setresuid, 1L, 1L, 1L);
    TRY("setgroups", SYS_setgroups, 0L, 0L);
    TRY("mknod", SYS_mknod, "/tmp/null", 0020666L, 0x103L);
    TRY("ptrace_init", SYS_ptrace, 16L, 1L, 0L, 0L);
    return 0;
}

static int other_abi(const char *which) {
    long result;
    if (!strcmp(which, "i386")) {
        // getpid is 20 there
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
    } else {
        result = syscall(0x40000000L | SYS_getpid);
    }
    printf("%s %ld\n", which, result);
    return 0;
}

static int fds(void) {
    for (int fd = 0; fd < 65536; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("%d ", fd);
    printf("\n");
    return 0;
}

static int net(void) {
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct if_nameindex *list = if_nameindex();
    for (struct if_nameindex *i = list; i && i->if_index; i++) {
        struct ifreq request = {0};
        strncpy(request.ifr_name, i->if_name, IFNAMSIZ - 1);
        ioctl(s, SIOCGIFFLAGS, &request);
        printf("interface_%s %s\n", i->if_name, request.ifr_flags & IFF_UP ? "up" : "down");
    }
    int t = socket(AF_INET, SOCK_STREAM, 0);
    // 192.0.2.0/24 is for documentation: nobody has it.
    struct sockaddr_in away = {.sin_family = AF_INET, .sin_port = htons(80)};
    inet_pton(AF_INET, "192.0.2.1", &away.sin_addr);
    printf("connect %s\n", name(connect(t, (void *)&away, sizeof away)));
    int l = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET};
    inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
    socklen_t length = sizeof here;
    int listening = bind(l, (void *)&here, sizeof here) || listen(l, 1)
        || getsockname(l, (void *)&here, &length);
    int c = socket(AF_INET, SOCK_STREAM, 0);
    printf("loopback %s\n", name(listening ? -1 : connect(c, (void *)&here, sizeof here)));
    return 0;
}

static int clocks(void) {
    struct timespec m, b;
    clock_gettime(CLOCK_MONOTONIC, &m);
    clock_gettime(CLOCK_BOOTTIME, &b);
    printf("monotonic %lld\nboottime %lld\n", (long long)m.tv_sec, (long long)b.tv_sec);
    return 0;
}

// Touches memory until it is refused or killed.
static int eat(long mebibytes) {
    for (long i = 0; i < mebibytes; i++) {
        char *p = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) {
            printf("refused %ld\n", i);
            return 3;
        }
        memset(p, 1, 1 << 20);
    }
    printf("ate %ld\n", mebibytes);
    return 0;
}

// How many processes it can have at once, itself included.
static int forks(long most) {
    long made = 1;
    int last = 0;
    while (made < most) {
        pid_t pid = fork();
        if (pid < 0) {
            last = errno;
            break;
        }
        if (!pid) {
            pause();
            _exit(0);
        }
        made++;
    }
    errno = last;
    printf("processes %ld\nlast %s\n", made, last ? strerrorname_np(last) : "none");
    return 0;
}

static void spin(void) {
    for (volatile unsigned long i = 0;; i++) {}
}

// A child that leaves its session and its parent, and stays.
static int orphan(const char *mark) {
    if (fork() == 0) {
        setsid();
        prctl(PR_SET_NAME, mark);
        if (fork() == 0) {
            for (int fd = 0; fd < 3; fd++)
                close(fd);
            for (;;)
                pause();
        }
        _exit(0);
    }
    wait(NULL);
    return 0;
}

// Writes a megabyte ten times to both streams, by turns in uneven pieces.
static int both(void) {
    static char out[70000], err[50000];
    memset(out, 'o', sizeof out);
    memset(err, 'e', sizeof err);
    long left[2] = {10 << 20, 10 << 20};
    char *from[2] = {out, err};
    long piece[2] = {sizeof out, sizeof err};
    while (left[0] || left[1])
        for (int i = 0; i < 2; i++) {
            long now = piece[i] < left[i] ? piece[i] : left[i];
            if (now && write(i + 1, from[i], now) != now)
                return 9;
            left[i] -= now;
        }
    return 0;
}

// Looks for a text in everything of every visible process that can be read.
static int hunt(const char *text) {
    long found = 0, read_ok = 0;
    size_t length = strlen(text);
    for (int pid = 1; pid < 64; pid++) {
        char path[64], mark[64];
        snprintf(mark, sizeof mark, "/proc/%d", pid);
        if (pid == getpid() || access(mark, F_OK))
            continue;
        for (const char **file = (const char *[]){"environ", "cmdline", "maps", "auxv", NULL}; *file; file++) {
            snprintf(path, sizeof path, "/proc/%d/%s", pid, *file);
            int fd = open(path, O_RDONLY);
            printf("%s %s\n", path, name(fd));
            static char buffer[1 << 20];
            ssize_t got = fd < 0 ? -1 : read(fd, buffer, sizeof buffer);
            if (got > 0) {
                read_ok++;
                found += memmem(buffer, got, text, length) != NULL;
            }
            close(fd);
        }
        snprintf(path, sizeof path, "/proc/%d/mem", pid);
        printf("%s %s\n", path, name(open(path, O_RDONLY)));
        snprintf(path, sizeof path, "/proc/%d/exe", pid);
        printf("%s %s\n", path, name(open(path, O_RDONLY)));
        char link[256];
        snprintf(path, sizeof path, "/proc/%d/fd/0", pid);
        printf("%s %s\n", path, name(readlink(path, link, sizeof link)));
        snprintf(path, sizeof path, "/proc/%d/root", pid);
        printf("%s %s\n", path, name(readlink(path, link, sizeof link)));
    }
    printf("found %ld\nread %ld\n", found, read_ok);
    return 0;
}

// Fills a file until the file system is full; the size it came to.
static int fill(const char *path) {
    static char block[65536];
    int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0600);
    if (fd < 0) {
        printf("open %s\n", name(-1));
        return 0;
    }
    long size = 0;
    ssize_t got;
    while (size < 1L << 30 && (got = write(fd, block, sizeof block)) > 0)
        size += got;
    printf("size %ld\nlast %s\n", size, name(got));
    return 0;
}

// Makes empty files until the file system has no inode left.
static int files(const char *dir) {
    char path[256];
    long count = 0;
    int fd;
    for (;; count++) {
        snprintf(path, sizeof path, "%s/%ld", dir, count);
        fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0600);
        if (fd < 0 || count > 1 << 20)
            break;
        close(fd);
    }
    printf("count %ld\nlast %s\n", count, name(fd));
    return 0;
}

// What comes of making a file in each of these directories.
static int writable(char **dirs) {
    for (; *dirs; dirs++) {
        char path[512];
        snprintf(path, sizeof path, "%s/.isolate-probe", *dirs);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        printf("%s %s\n", *dirs, name(fd));
        if (fd >= 0)
            unlink(path);
    }
    return 0;
}

static int arguments(int argc, char **argv) {
    long bytes = 0;
    for (int i = 0; i < argc; i++)
        bytes += strlen(argv[i]) + 1;
    printf("argc %d\nbytes %ld\n", argc, bytes);
    return 0;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    const char *arg = argc > 2 ? argv[2] : "0";
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    if (!strcmp(what, "calls")) return calls();
    if (!strcmp(what, "abi")) return other_abi(arg);
    if (!strcmp(what, "fds")) return fds();
    if (!strcmp(what, "net")) return net();
    if (!strcmp(what, "clocks")) return clocks();
    if (!strcmp(what, "eat")) return eat(atol(arg));
    if (!strcmp(what, "forks")) return forks(atol(arg));
    if (!strcmp(what, "spin")) spin();
    if (!strcmp(what, "orphan")) return orphan(arg);
    if (!strcmp(what, "both")) return both();
    if (!strcmp(what, "hunt")) return hunt(arg);
    if (!strcmp(what, "fill")) return fill(arg);
    if (!strcmp(what, "files")) return files(arg);
    if (!strcmp(what, "writable")) return writable(argv + 2);
    if (!strcmp(what, "arguments")) return arguments(argc, argv);
    if (!strcmp(what, "true")) return 0;
    fprintf(stderr, "unknown: %s\n", what);
    return 64;
}
