/*
 * What the header promises about threads: one spec started by many threads at once, one job waited
 * for by many, a job that outlives the thread that started it, and namespaces made, entered and dropped by
 * many threads while none of them, and no other, is ever elsewhere.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "ns.h"

enum { THREADS = 8 };

static void *run_once(void *spec)
{
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    intptr_t good = no_error(isolate_run(spec, &out, &err), &err)
        && isolate_outcome_exit_code(out) == 0
        && strcmp(isolate_outcome_stdout(out, NULL), "hi\n") == 0;
    isolate_outcome_free(out);
    return (void *) good;
}

static void many_threads_run_one_spec(void)
{
    pthread_t threads[THREADS];
    isolate_spec *spec = shell("echo hi");
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, run_once, spec), 0);
    for (int i = 0; i < THREADS; i++) {
        void *good = NULL;
        CHECK_INT(pthread_join(threads[i], &good), 0);
        CHECK(good != NULL);
    }
    isolate_spec_free(spec);
}

static void *wait_once(void *job)
{
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    intptr_t good = no_error(isolate_job_wait(job, -1, &out, &err), &err)
        && isolate_outcome_reason(out) == ISOLATE_REASON_KILLED;
    isolate_outcome_free(out);
    isolate_job_free(job);
    return (void *) good;
}

static void many_threads_wait_for_one_job(void)
{
    pthread_t threads[THREADS];
    isolate_job *job = NULL;
    isolate_error *err = NULL;
    isolate_spec *spec = shell("exec sleep 1000");
    CHECK(no_error(isolate_job_spawn(spec, &job, &err), &err));
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, wait_once, isolate_job_ref(job)), 0);
    CHECK(no_error(isolate_job_kill(job, &err), &err));
    for (int i = 0; i < THREADS; i++) {
        void *good = NULL;
        CHECK_INT(pthread_join(threads[i], &good), 0);
        CHECK(good != NULL);
    }
    isolate_job_free(job);
    isolate_spec_free(spec);
}

static void *spawn_once(void *spec)
{
    isolate_job *job = NULL;
    isolate_error *err = NULL;
    no_error(isolate_job_spawn(spec, &job, &err), &err);
    return job;
}

static void a_job_outlives_the_thread_that_started_it(void)
{
    pthread_t thread;
    void *job = NULL;
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    isolate_spec *spec = shell("read line; echo \"$line\"");
    isolate_spec_set_stdio(spec, ISOLATE_STDIN, ISOLATE_STDIO_PIPE);
    CHECK_INT(pthread_create(&thread, NULL, spawn_once, spec), 0);
    CHECK_INT(pthread_join(thread, &job), 0);
    int in = isolate_job_take_stdin(job);
    CHECK_INT(write(in, "alive\n", 6), 6);
    close(in);
    CHECK(no_error(isolate_job_wait(job, -1, &out, &err), &err));
    CHECK_STR(isolate_outcome_stdout(out, NULL), "alive\n");
    isolate_outcome_free(out);
    isolate_job_free(job);
    isolate_spec_free(spec);
}

enum { WATCHERS = 4, ROUNDS = 24 };
static atomic_int working;
static int may_enter; /* with a thread inside: CAP_SYS_ADMIN */

static int is_there(void *text)
{
    char link[64];
    return strcmp(here("uts", link), text) == 0;
}

/* Makes namespaces, looks into them in every way, and drops them. */
static int round_of(int round)
{
    const uint32_t kinds[] = {ISOLATE_NS_UTS, ISOLATE_NS_IPC, ISOLATE_NS_USER};
    isolate_nsset *set = NULL;
    isolate_ns *taken = NULL, *copy = NULL;
    isolate_error *err = NULL;
    char name[32], text[64], *told = NULL;
    int good = no_error(isolate_ns_create(kinds, geteuid() == 0 && round % 2 ? 2 : 3, NULL, &set, &err), &err)
        && no_error(isolate_nsset_take(set, ISOLATE_NS_UTS, &taken, &err), &err)
        && no_error(isolate_ns_copy(taken, &copy, &err), &err);
    if (!good)
        return 0;
    const isolate_ns *list[] = {copy, isolate_nsset_get(set, ISOLATE_NS_IPC)};
    snprintf(text, sizeof text, "%s", isolate_ns_text(taken));
    snprintf(name, sizeof name, "round-%d", round);
    if (may_enter) {
        isolate_inside *inside = NULL;
        int there = 0;
        good = no_error(isolate_inside_enter(list, 2, &inside, &err), &err)
            && no_error(isolate_inside_call(inside, is_there, text, &there, &err), &err) && there == 1;
        isolate_inside_free(inside);
    }
    good = good && no_error(isolate_ns_set_hostname(taken, name, &err), &err)
        && no_error(isolate_ns_hostname(copy, &told, &err), &err) && strcmp(told, name) == 0;
    isolate_string_free(told);
    if (good && round % 8 == 0) {
        isolate_outcome *out = NULL;
        isolate_spec *spec = shell("uname -n");
        isolate_spec_set_profile(spec, ISOLATE_PROFILE_NONE);
        if (isolate_nsset_get(set, ISOLATE_NS_USER) != NULL)
            isolate_spec_join_namespace(spec, isolate_nsset_get(set, ISOLATE_NS_USER));
        isolate_spec_join_namespace(spec, copy);
        strcat(name, "\n");
        good = no_error(isolate_run(spec, &out, &err), &err)
            && strcmp(isolate_outcome_stdout(out, NULL), name) == 0;
        isolate_outcome_free(out);
        isolate_spec_free(spec);
    }
    isolate_ns_free(taken);
    isolate_ns_free(copy);
    isolate_nsset_free(set);
    return good;
}

static void own_links(char links[8][40])
{
    char tid[32];
    snprintf(tid, sizeof tid, "%d", (int) syscall(SYS_gettid));
    links_of(tid, links);
}

static int unmoved(char before[8][40])
{
    char now[8][40];
    own_links(now);
    return memcmp(before, now, sizeof now) == 0;
}

static void *works(void *arg)
{
    char before[8][40];
    intptr_t good = 1;
    own_links(before);
    for (int round = 0; round < ROUNDS && good; round++)
        good = round_of(round) && unmoved(before);
    atomic_fetch_sub(&working, 1);
    (void) arg;
    return (void *) good;
}

static void *watches(void *arg)
{
    char before[8][40];
    intptr_t good = 1;
    own_links(before);
    /* With a rest between two looks: valgrind runs one thread at a time, and the others must come to it. */
    while (atomic_load(&working) > 0) {
        good = good && unmoved(before);
        usleep(1000);
    }
    (void) arg;
    return (void *) good;
}

static void many_threads_make_enter_and_drop_namespaces(void)
{
    pthread_t threads[THREADS + WATCHERS];
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_UTS);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *list[] = {isolate_nsset_get(set, ISOLATE_NS_UTS)};
    isolate_inside *inside = NULL;
    may_enter = isolate_inside_enter(list, 1, &inside, NULL) == 0;
    isolate_inside_free(inside);
    isolate_nsset_free(set);
    CHECK(may_enter || geteuid() != 0);
    atomic_store(&working, THREADS);
    for (int i = 0; i < THREADS + WATCHERS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, i < THREADS ? works : watches, NULL), 0);
    for (int i = 0; i < THREADS + WATCHERS; i++) {
        void *good = NULL;
        CHECK_INT(pthread_join(threads[i], &good), 0);
        CHECK(good != NULL);
    }
}

int main(void)
{
    warm_up();
    RUN(many_threads_run_one_spec);
    RUN(many_threads_wait_for_one_job);
    RUN(a_job_outlives_the_thread_that_started_it);
    RUN(many_threads_make_enter_and_drop_namespaces);
    return report();
}
