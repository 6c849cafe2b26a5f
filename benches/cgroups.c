/*
 * The life of a group and the reading of many, without libisolate: by plain system calls, and by libcgroup
 * where it was there to build with. A process that stays and does what it is told: see cgroups.py.
 *
 *     cgroups plain|libcgroup PREFIX
 *
 * "life COUNT GAP_US": COUNT groups PREFIX-life, made with three limits and read back, joined by a process,
 * removed; microseconds of making, joining and removing of each. "stat GROUPS COUNT": COUNT times the numbers
 * of the groups PREFIX-0 and so on; microseconds of each time. Needs root: the groups are at the root of each
 * hierarchy, the only place that libcgroup knows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_LIBCGROUP
#include <libcgroup.h>
#endif

struct file {
    const char *controller, *name, *value;
};

/* What is written, and what a snapshot of cpu, memory and pids reads. */
static const struct file limits_v1[] = {
    {"cpu", "cpu.cfs_quota_us", "50000"},
    {"memory", "memory.limit_in_bytes", "67108864"},
    {"pids", "pids.max", "32"},
    {0},
};
static const struct file limits_v2[] = {
    {"cpu", "cpu.max", "50000 100000"},
    {"memory", "memory.max", "67108864"},
    {"pids", "pids.max", "32"},
    {0},
};
static const struct file numbers_v1[] = {
    {"cpu", "cpu.stat", NULL},
    {"cpuacct", "cpuacct.usage", NULL},
    {"cpuacct", "cpuacct.stat", NULL},
    {"cpuacct", "cpuacct.usage_percpu", NULL},
    {"memory", "memory.memsw.usage_in_bytes", NULL},
    {"memory", "memory.usage_in_bytes", NULL},
    {"memory", "memory.max_usage_in_bytes", NULL},
    {"memory", "memory.limit_in_bytes", NULL},
    {"memory", "memory.memsw.limit_in_bytes", NULL},
    {"memory", "memory.failcnt", NULL},
    {"memory", "memory.oom_control", NULL},
    {"memory", "memory.stat", NULL},
    {"pids", "pids.current", NULL},
    {"pids", "pids.peak", NULL},
    {"pids", "pids.max", NULL},
    {"pids", "pids.events", NULL},
    {0},
};
static const struct file numbers_v2[] = {
    {"cpu", "cpu.stat", NULL},
    {"memory", "memory.stat", NULL},
    {"memory", "memory.current", NULL},
    {"memory", "memory.peak", NULL},
    {"memory", "memory.max", NULL},
    {"memory", "memory.swap.current", NULL},
    {"memory", "memory.swap.peak", NULL},
    {"memory", "memory.swap.max", NULL},
    {"memory", "memory.events", NULL},
    {"pids", "pids.current", NULL},
    {"pids", "pids.peak", NULL},
    {"pids", "pids.max", NULL},
    {"pids", "pids.events", NULL},
    {0},
};

enum { CONTROLLERS = 4, PLACES = CONTROLLERS + 1 };
static const char *const controllers[CONTROLLERS] = {"cpu", "cpuacct", "memory", "pids"};

/* The mount of each controller, and that of the v2 tree: the same ones as the library's group spans. */
static char *mount_of[CONTROLLERS], *unified, *places[PLACES];
static int count_of_places;
static const struct file *limits = limits_v2, *numbers = numbers_v2;
static const char *prefix;

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static double micros(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void add_place(char *path)
{
    for (int i = 0; i < count_of_places; i++)
        if (strcmp(places[i], path) == 0)
            return;
    places[count_of_places++] = path;
}

static void find_mounts(void)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[4096], root[1024], point[1024], kind[64], options[1024];
    if (!file)
        fail("/proc/self/mountinfo");
    while (fgets(line, sizeof line, file)) {
        char *rest = strstr(line, " - ");
        if (!rest || sscanf(line, "%*s %*s %*s %1023s %1023s", root, point) != 2 || strcmp(root, "/") != 0 ||
            sscanf(rest, " - %63s %*s %1023s", kind, options) != 2)
            continue;
        if (strcmp(kind, "cgroup2") == 0 && !unified)
            unified = strdup(point);
        if (strcmp(kind, "cgroup") != 0)
            continue;
        for (char *word = strtok(options, ","); word; word = strtok(NULL, ","))
            for (int i = 0; i < CONTROLLERS; i++)
                if (strcmp(word, controllers[i]) == 0 && !mount_of[i])
                    mount_of[i] = strdup(point);
    }
    fclose(file);
    for (int i = 0; i < CONTROLLERS; i++) {
        if (mount_of[i]) {
            limits = limits_v1;
            numbers = numbers_v1;
            add_place(mount_of[i]);
        }
    }
    if (unified)
        add_place(unified);
}

static const char *place_of(const struct file *file)
{
    for (int i = 0; i < CONTROLLERS; i++)
        if (mount_of[i] && strcmp(controllers[i], file->controller) == 0)
            return mount_of[i];
    return unified;
}

static pid_t sleeper(void)
{
    char *words[] = {"sleep", "1000", NULL};
    pid_t child;
    errno = posix_spawnp(&child, words[0], NULL, NULL, words, environ);
    if (errno != 0)
        fail("posix_spawn");
    return child;
}

static char text[1 << 16];

static void put(const char *place, const char *group, const char *name, const char *value, int back)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s/%s", place, group, name);
    int fd = open(path, (back ? O_RDWR : O_WRONLY) | O_CLOEXEC);
    if (fd < 0 || write(fd, value, strlen(value)) < 0 || (back && pread(fd, text, sizeof text, 0) <= 0))
        fail(path);
    close(fd);
}

static void plain_make(const char *group)
{
    char path[2048];
    for (int i = 0; i < count_of_places; i++) {
        snprintf(path, sizeof path, "%s/%s", places[i], group);
        if (mkdir(path, 0755) != 0)
            fail(path);
    }
    for (const struct file *file = limits; file->name; file++)
        put(place_of(file), group, file->name, file->value, 1);
}

static void plain_join(const char *group, pid_t pid)
{
    char value[32];
    snprintf(value, sizeof value, "%d", pid);
    for (int i = 0; i < count_of_places; i++)
        put(places[i], group, "cgroup.procs", value, 0);
}

static void plain_remove(const char *group)
{
    char path[2048];
    for (int i = 0; i < count_of_places; i++) {
        snprintf(path, sizeof path, "%s/%s", places[i], group);
        if (rmdir(path) != 0)
            fail(path);
    }
}

static uint64_t sum;

static void plain_stat(const char *group)
{
    char path[2048];
    for (const struct file *file = numbers; file->name; file++) {
        snprintf(path, sizeof path, "%s/%s/%s", place_of(file), group, file->name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            continue;
        ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        if (len < 0)
            fail(path);
        close(fd);
        text[len] = 0;
        for (char *at = text; (at = strpbrk(at, "0123456789"));)
            sum += strtoull(at, &at, 10);
    }
}

#ifdef HAVE_LIBCGROUP
static void must(int code, const char *what)
{
    if (code == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, cgroup_strerror(code));
    exit(1);
}

static struct cgroup *made;

/* Its values are written as the group is made. It knows no directory without a controller. */
static void lib_make(const char *group)
{
    made = cgroup_new_cgroup(group);
    for (int i = 0; i < CONTROLLERS; i++) {
        struct cgroup_controller *controller;
        if (!mount_of[i] && (!unified || strcmp(controllers[i], "cpuacct") == 0))
            continue;
        controller = cgroup_add_controller(made, controllers[i]);
        for (const struct file *file = limits; file->name; file++)
            if (strcmp(file->controller, controllers[i]) == 0)
                must(cgroup_add_value_string(controller, file->name, file->value), file->name);
    }
    must(cgroup_create_cgroup(made, 0), "cgroup_create_cgroup");
}

static void lib_join(const char *group, pid_t pid)
{
    (void) group;
    must(cgroup_attach_task_pid(made, pid), "cgroup_attach_task_pid");
}

static void lib_remove(const char *group)
{
    (void) group;
    must(cgroup_delete_cgroup(made, 1), "cgroup_delete_cgroup");
    cgroup_free(&made);
}

static void lib_stat(const char *group)
{
    for (const struct file *file = numbers; file->name; file++) {
        void *handle = NULL;
        if (strcmp(file->name, "memory.stat") == 0) {
            struct cgroup_stat stat;
            int code = cgroup_read_stats_begin(file->controller, group, &handle, &stat);
            for (; code == 0; code = cgroup_read_stats_next(&handle, &stat))
                sum += strtoull(stat.value, NULL, 10);
            cgroup_read_stats_end(&handle);
            continue;
        }
        int code = cgroup_read_value_begin(file->controller, group, (char *) file->name, &handle, text, 4096);
        for (; code == 0; code = cgroup_read_value_next(&handle, text, 4096))
            sum += strtoull(text, NULL, 10);
        if (handle)
            cgroup_read_value_end(&handle);
    }
}
#endif

struct method {
    const char *name;
    void (*make)(const char *), (*join)(const char *, pid_t), (*remove)(const char *), (*stat)(const char *);
};

static const struct method methods[] = {
    {"plain", plain_make, plain_join, plain_remove, plain_stat},
#ifdef HAVE_LIBCGROUP
    {"libcgroup", lib_make, lib_join, lib_remove, lib_stat},
#endif
    {0},
};

static void life(const struct method *method, int count, int gap)
{
    char group[256];
    snprintf(group, sizeof group, "%s-life", prefix);
    while (count-- > 0) {
        if (gap)
            usleep(gap);
        pid_t child = sleeper();
        double times[4];
        times[0] = micros();
        method->make(group);
        times[1] = micros();
        method->join(group, child);
        times[2] = micros();
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        times[3] = micros();
        method->remove(group);
        printf("%.1f %.1f %.1f ", times[1] - times[0], times[2] - times[1], micros() - times[3]);
    }
}

static void stats(const struct method *method, int groups, int count)
{
    char group[256];
    while (count-- > 0) {
        double begin = micros();
        for (int i = 0; i < groups; i++) {
            snprintf(group, sizeof group, "%s-%d", prefix, i);
            method->stat(group);
        }
        printf("%.1f ", micros() - begin);
    }
}

int main(int argc, char **argv)
{
    const struct method *method = methods;
    char order[32];
    int one, two;
    if (argc != 3) {
        fprintf(stderr, "usage: cgroups plain|libcgroup PREFIX\n");
        return 2;
    }
    while (method->name && strcmp(method->name, argv[1]) != 0)
        method++;
    if (!method->name) {
        fprintf(stderr, "not installed when this was built\n");
        return 1;
    }
    prefix = argv[2];
    find_mounts();
#ifdef HAVE_LIBCGROUP
    must(cgroup_init(), "cgroup_init");
#endif
    while (scanf("%31s %d %d", order, &one, &two) == 3) {
        if (strcmp(order, "life") == 0)
            life(method, one, two);
        else
            stats(method, one, two);
        puts("");
        fflush(stdout);
    }
    /* The sum is used, so that the reading is not left out. */
    return sum == 1;
}
