/*
 * What the tests of groups share: a group of the test's own, processes whose life is seen from outside, and
 * waiting until something is so.
 */
#ifndef GROUP_H
#define GROUP_H

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "ns.h"

/* Long enough for any machine, also below valgrind; nothing here is timed. */
enum { PATIENCE_MS = 30000 };

#define UNTIL(what)                                                                              \
    do {                                                                                         \
        int tries_ = PATIENCE_MS / 2;                                                            \
        while (!(what) && --tries_ > 0)                                                          \
            usleep(2000);                                                                        \
        if (tries_ <= 0) {                                                                       \
            printf("  %s:%d: never: %s\n", __FILE__, __LINE__, #what);                           \
            bad++;                                                                               \
        }                                                                                        \
    } while (0)

/* A group of the test's own; NULL where none can be made, with the reason in skip_text. */
static inline isolate_cgroup *new_group(const char *tag, const char *const *controllers)
{
    static int number;
    char name[100];
    isolate_cgroup *group = NULL;
    isolate_error *err = NULL;
    snprintf(name, sizeof name, "isolate-c-%d-%s-%d", (int) getpid(), tag, ++number);
    int code = isolate_cgroup_create(name, NULL, controllers, NULL, &group, &err);
    if (!lacking(code, &err))
        CHECK(no_error(code, &err));
    return group;
}

/* With its processes. */
static inline void end_group(isolate_cgroup *group)
{
    isolate_error *err = NULL;
    if (group == NULL)
        return;
    CHECK(no_error(isolate_cgroup_kill(group, &err), &err));
    CHECK(no_error(isolate_cgroup_remove(group, &err), &err));
    isolate_cgroup_free(group);
}

/* What a child and its test both see. */
struct shared_page {
    volatile uint64_t beats; /* counted up by a child as long as it runs */
    volatile int go;         /* what the test tells it */
    volatile int told;       /* what it answers */
};

static inline struct shared_page *share(void)
{
    struct shared_page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        abort();
    return page;
}

/*
 * A child that ends with the test however that ends. Where `body` gives 0 it ends by SIGTERM: below valgrind
 * its exit status would tell of what it inherited and did not free.
 */
static inline pid_t process(int (*body)(struct shared_page *), struct shared_page *page)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (body(page) == 0)
            raise(SIGTERM);
        _exit(1);
    }
    return pid;
}

static inline int beating(struct shared_page *page)
{
    for (;;) {
        page->beats++;
        usleep(1000);
    }
    return 0;
}

static inline void await(struct shared_page *page, int step)
{
    while (page->go < step)
        usleep(1000);
}

/* What has become of a child. */
static inline int status_of(pid_t pid)
{
    int status = -1;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    return status;
}

static inline int went_well(pid_t pid)
{
    int status = status_of(pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
}

static inline void end_process(pid_t pid)
{
    kill(pid, SIGKILL);
    status_of(pid);
}

/* Whether a process is in a group or below it. */
static inline int holds(const isolate_cgroup *group, int wanted)
{
    size_t count = 0, room = 0;
    int *pids = NULL, found = 0;
    isolate_error *err = NULL;
    do {
        room = count + 64;
        pids = realloc(pids, room * sizeof *pids);
        if (pids == NULL)
            abort();
        CHECK(no_error(isolate_cgroup_processes(group, 1, pids, room, &count, &err), &err));
    } while (count > room);
    for (size_t i = 0; i < count; i++)
        found |= pids[i] == wanted;
    free(pids);
    return found;
}

/* Whether a list of names in JSON has one. */
static inline int listed(int (*list)(const isolate_cgroup *, char **, isolate_error **), const isolate_cgroup *group,
                         const char *name)
{
    char *text = NULL, quoted[120];
    isolate_error *err = NULL;
    CHECK(no_error(list(group, &text, &err), &err));
    snprintf(quoted, sizeof quoted, "\"%s\"", name);
    int found = text != NULL && strstr(text, quoted) != NULL;
    isolate_string_free(text);
    return found;
}

static inline int has_controller(const isolate_cgroup *group, const char *name)
{
    return listed(isolate_cgroup_controllers_json, group, name);
}

/* Whether the group has a directory of a version. */
static inline int has_version(const isolate_cgroup *group, const char *version)
{
    return listed(isolate_cgroup_places_json, group, version);
}

/* A file of a group, without the closing newline; freed by the caller. */
static inline char *file_of(const isolate_cgroup *group, const char *file)
{
    char *text = NULL;
    isolate_error *err = NULL;
    CHECK(no_error(isolate_cgroup_get(group, file, &text, &err), &err));
    if (text != NULL)
        text[strcspn(text, "\n")] = '\0';
    return text;
}

#define CHECK_FILE(group, file, wanted)                                                          \
    do {                                                                                         \
        char *text_ = file_of(group, file);                                                      \
        CHECK_STR(text_, wanted);                                                                \
        isolate_string_free(text_);                                                              \
    } while (0)

/* Settings without a program, for limits. */
static inline isolate_spec *limits(void)
{
    isolate_spec *spec = NULL;
    if (isolate_spec_new_settings(&spec, NULL) != 0)
        abort();
    return spec;
}

#endif
