// Does in a group, line by line, what a limit is about, and says what came of it: `worker LINE...`, or the lines
// of its standard input. Each line is answered by one.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, BLOCKS = 4096 };

static const char *name(long result) {
    return result >= 0 ? "ok" : strerrorname_np(errno);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static char *kept[BLOCKS];
static long blocks;

// Pages that no two are alike of, which nothing can merge or compress away.
static const char *take(long mebibytes) {
    for (long i = 0; i < mebibytes && blocks < BLOCKS; i++) {
        char *p = mmap(0, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            return name(-1);
        kept[blocks++] = p;
        unsigned long x = 88172645463325252UL + blocks;
        for (unsigned long *w = (void *)p; (char *)w < p + MIB; w += 8)
            *w = x = x * 6364136223846793005UL + 1442695040888963407UL;
    }
    return "ok";
}

static const char *give(void) {
    while (blocks > 0)
        munmap(kept[--blocks], MIB);
    return "ok";
}

static const char *read_file(const char *path) {
    static char block[MIB];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd;
    while (got >= 0 && (got = read(fd, block, sizeof block)) > 0) {}
    const char *told = name(got);
    if (fd >= 0)
        close(fd);
    return told;
}

// Writes in blocks, past the page cache or through it and then to the disk; seconds.
static void disk(const char *path, const char *how, long block, long count) {
    int direct = strcmp(how, "buffered") != 0, writes = strcmp(how, "read") != 0;
    void *memory = NULL;
    if (posix_memalign(&memory, 4096, block)) {
        printf("ENOMEM\n");
        return;
    }
    memset(memory, 'w', block);
    int fd = open(path, O_CLOEXEC | (writes ? O_WRONLY | O_CREAT : O_RDONLY) | (direct ? O_DIRECT : 0), 0600);
    double start = now();
    long result = fd;
    for (long i = 0; i < count && result >= 0; i++) {
        ssize_t done = writes ? pwrite(fd, memory, block, i * block) : pread(fd, memory, block, i * block);
        result = done == block ? 0 : -1;
    }
    if (result >= 0 && !direct)
        result = fsync(fd);
    double seconds = now() - start;
    if (result < 0)
        printf("%s\n", name(-1));
    else
        printf("%.6f\n", seconds);
    if (fd >= 0)
        close(fd);
    free(memory);
}

// Reads a disk again and again, past the page cache, until it is killed.
static void hammer(const char *path, long block, long most) {
    void *memory = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
    if (fd < 0 || posix_memalign(&memory, 4096, block))
        return;
    for (long i = 0; pread(fd, memory, block, i % most * block) == block; i++) {}
}

// How many processes there can be, this one included; all of them go again.
static void forks(long most) {
    long made = 1;
    int last = 0;
    pid_t *all = calloc(most, sizeof *all);
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
        all[made++] = pid;
    }
    for (long i = 1; i < made; i++) {
        kill(all[i], SIGKILL);
        waitpid(all[i], NULL, 0);
    }
    free(all);
    printf("%ld %s\n", made, last ? strerrorname_np(last) : "none");
}

// Touches huge pages in a child, one after the other: how many, and what ended it.
static void huge(long pages) {
    long *touched = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();
    if (!pid) {
        size_t size = 2 * MIB;
        char *p = mmap(0, pages * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << 26, -1, 0);
        if (p == MAP_FAILED)
            _exit(9);
        for (long i = 0; i < pages; i++, ++*touched)
            p[i * size] = 1;
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    printf("%ld %s\n", *touched, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : WEXITSTATUS(status) ? "no pages" : "all");
    munmap(touched, 4096);
}

static void sockets(int family) {
    int priority = -1, mark = -1;
    socklen_t size = sizeof priority;
    int s = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    getsockopt(s, SOL_SOCKET, SO_PRIORITY, &priority, &size);
    size = sizeof mark;
    getsockopt(s, SOL_SOCKET, SO_MARK, &mark, &size);
    if (s < 0)
        printf("%s\n", name(-1));
    else
        printf("priority=%d mark=%#x\n", priority, mark);
    close(s);
}

static void on_cpu(long cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void *spin(void *unused) {
    (void)unused;
    for (volatile unsigned long i = 0;; i++) {}
    return NULL;
}

static volatile pid_t thread_id;

static void *spin_and_tell(void *unused) {
    thread_id = gettid();
    return spin(unused);
}

static const char *write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    const char *told = name(fd < 0 ? -1 : write(fd, text, strlen(text)));
    if (fd >= 0)
        close(fd);
    return told;
}

static const char *try_open(const char *path, const char *how) {
    int fd = open(path, O_CLOEXEC | (*how == 'w' ? O_WRONLY : O_RDONLY));
    const char *told = name(fd);
    if (fd >= 0)
        close(fd);
    return told;
}

static const char *become(long id) {
    // Not the C library's: no other thread is meant.
    if (syscall(SYS_setresgid, id, id, id) || syscall(SYS_setresuid, id, id, id))
        return name(-1);
    return "ok";
}

static void act(char *line) {
    char *word[5] = {"", "", "", "", ""}, *rest = line;
    for (int i = 0; i < 5 && rest && *rest; i++)
        word[i] = strsep(&rest, " ");
    const char *what = word[0];
    long number = atol(word[1]);
    if (!strcmp(what, "take")) puts(take(number));
    else if (!strcmp(what, "give")) puts(give());
    else if (!strcmp(what, "read")) puts(read_file(word[1]));
    else if (!strcmp(what, "disk")) disk(word[1], word[2], atol(word[3]), atol(word[4]));
    else if (!strcmp(what, "hammer")) hammer(word[1], atol(word[2]), atol(word[3]));
    else if (!strcmp(what, "forks")) forks(number);
    else if (!strcmp(what, "huge")) huge(number);
    else if (!strcmp(what, "socket")) sockets(number == 6 ? AF_INET6 : AF_INET);
    else if (!strcmp(what, "write")) puts(write_file(word[1], word[2]));
    else if (!strcmp(what, "open")) puts(try_open(word[1], word[2]));
    else if (!strcmp(what, "mkdir")) puts(name(mkdir(word[1], 0755)));
    else if (!strcmp(what, "mknod")) puts(name(mknod(word[1], S_IFCHR | 0600, atol(word[2]) << 8 | atol(word[3]))));
    else if (!strcmp(what, "become")) puts(become(number));
    else if (!strcmp(what, "unshare-cgroup")) puts(name(unshare(CLONE_NEWCGROUP)));
    else if (!strcmp(what, "pause")) pause();
    else if (!strcmp(what, "pin")) on_cpu(number), puts("ok");
    else if (!strcmp(what, "spin")) spin(NULL);
    else if (!strcmp(what, "thread")) {
        pthread_t thread;
        pthread_create(&thread, NULL, spin_and_tell, NULL);
        while (!thread_id)
            sched_yield();
        printf("%d\n", thread_id);
    } else printf("unknown: %s\n", what);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++)
        act(argv[i]);
    char line[1024];
    while (argc == 1 && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        act(line);
    }
    return 0;
}
