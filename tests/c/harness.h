/*
 * Tests in C: a test is a function, CHECK notes what is wrong and goes on, SKIP names a missing
 * privilege and ends the test. Around every test the harness counts open descriptors and children, and
 * looks at the namespaces of every thread: what a test leaves behind is a failure of that test.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <isolate.h>

static int passed, failed, skipped;
static int bad; /* checks that failed in the running test */
static const char *skip_reason;
static char skip_text[512];

#define CHECK(what)                                                                              \
    do {                                                                                         \
        if (!(what)) {                                                                           \
            printf("  %s:%d: %s\n", __FILE__, __LINE__, #what);                                  \
            bad++;                                                                               \
        }                                                                                        \
    } while (0)

#define CHECK_INT(found, wanted)                                                                 \
    do {                                                                                         \
        long long f_ = (long long) (found), w_ = (long long) (wanted);                           \
        if (f_ != w_) {                                                                          \
            printf("  %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #found, f_, w_);       \
            bad++;                                                                               \
        }                                                                                        \
    } while (0)

#define CHECK_STR(found, wanted)                                                                 \
    do {                                                                                         \
        const char *f_ = (found), *w_ = (wanted);                                                \
        if (f_ == NULL || strcmp(f_, w_) != 0) {                                                 \
            printf("  %s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #found,            \
                   f_ ? f_ : "(null)", w_);                                                      \
            bad++;                                                                               \
        }                                                                                        \
    } while (0)

#define SKIP(reason)                                                                             \
    do {                                                                                         \
        skip_reason = (reason);                                                                  \
        return;                                                                                  \
    } while (0)

#define RUN(test) run_test(#test, test)

static int open_descriptors(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}

static int has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* The namespaces of the process's threads, as the links under /proc/self/task have them. */
typedef struct {
    int count;
    struct { char name[32], links[8][40]; } thread[64];
} Places;

static void links_of(const char *thread, char links[8][40])
{
    static const char *kinds[8] = {"cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"};
    for (int i = 0; i < 8; i++) {
        char path[96];
        snprintf(path, sizeof path, "/proc/self/task/%.31s/ns/%s", thread, kinds[i]);
        memset(links[i], 0, sizeof links[i]);
        if (readlink(path, links[i], sizeof links[i] - 1) < 0)
            links[i][0] = '\0';
    }
}

static Places places(void)
{
    Places all = {.count = 0};
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL && all.count < 64)
        if (entry->d_name[0] != '.') {
            snprintf(all.thread[all.count].name, 32, "%.31s", entry->d_name);
            links_of(entry->d_name, all.thread[all.count++].links);
        }
    if (dir != NULL)
        closedir(dir);
    return all;
}

/* How many links of threads that are still there lead elsewhere now. */
static int moved(const Places *before)
{
    int count = 0;
    for (int i = 0; i < before->count; i++) {
        char now[8][40];
        links_of(before->thread[i].name, now);
        for (int kind = 0; kind < 8; kind++)
            count += now[kind][0] != '\0' && before->thread[i].links[kind][0] != '\0'
                && strcmp(now[kind], before->thread[i].links[kind]) != 0;
    }
    return count;
}

static void run_test(const char *name, void (*test)(void))
{
    int before = open_descriptors();
    Places there = places();
    bad = 0;
    skip_reason = NULL;
    test();
    CHECK_INT(open_descriptors(), before);
    CHECK_INT(moved(&there), 0);
    CHECK(!has_children());
    if (skip_reason != NULL && getenv("ISOLATE_MUST_WORK") != NULL) {
        printf("  may not be skipped here: %s\n", skip_reason);
        bad++;
    }
    if (bad > 0) {
        failed++;
        printf("FAILED  %s\n", name);
    } else if (skip_reason != NULL) {
        skipped++;
        printf("skipped %s: %s\n", name, skip_reason);
    } else {
        passed++;
    }
    fflush(stdout);
}

/*
 * Runs a job that does nothing, before any test: with the first launch the library opens the one
 * descriptor that it keeps, the init's program.
 */
static inline void warm_up(void)
{
    const char *argv[] = {"/bin/true", NULL};
    isolate_spec *spec = NULL;
    isolate_outcome *out = NULL;
    isolate_spec_new(argv, &spec, NULL);
    isolate_run(spec, &out, NULL);
    isolate_outcome_free(out);
    isolate_spec_free(spec);
}

static int report(void)
{
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed > 0;
}

/* Prints what failed, and frees it. By address: `no_error(call(&err), &err)` is evaluated in any order. */
static inline int no_error(int code, isolate_error **err)
{
    if (code != 0)
        printf("  error %d: %s\n", code, *err ? isolate_error_message(*err) : "(none)");
    isolate_error_free(*err);
    *err = NULL;
    return code == 0;
}

/* A spec for "sh -c script" whose stdout and stderr are captured. */
static inline isolate_spec *shell(const char *script)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    isolate_spec *spec = NULL;
    if (isolate_spec_new(argv, &spec, NULL) != 0)
        abort();
    isolate_spec_set_stdio(spec, ISOLATE_STDIN, ISOLATE_STDIO_NULL);
    isolate_spec_set_stdio(spec, ISOLATE_STDOUT, ISOLATE_STDIO_CAPTURE);
    isolate_spec_set_stdio(spec, ISOLATE_STDERR, ISOLATE_STDIO_CAPTURE);
    return spec;
}

/* Runs and frees a spec. NULL when it could not start, which is then a failed check. */
static inline isolate_outcome *outcome_of(isolate_spec *spec)
{
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    int code = isolate_run(spec, &out, &err);
    isolate_spec_free(spec);
    CHECK(no_error(code, &err));
    return out;
}

/* The same for a spec that may need what this host or user has not: NULL with `skip_text` set. */
static inline isolate_outcome *outcome_or_skip(isolate_spec *spec)
{
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    int code = isolate_run(spec, &out, &err);
    isolate_spec_free(spec);
    skip_text[0] = '\0';
    if (code != 0) {
        int kind = isolate_error_kind(err);
        if (kind == ISOLATE_ERROR_UNSUPPORTED || kind == ISOLATE_ERROR_PERMISSION)
            snprintf(skip_text, sizeof skip_text, "%s", isolate_error_message(err));
        else
            CHECK(no_error(code, &err));
    }
    isolate_error_free(err);
    return out;
}

#endif
