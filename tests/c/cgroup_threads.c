/*
 * What the header promises about threads, for groups: one handle used by many at once, each making, filling and
 * removing groups below it, and one stream of events of which each event is given once.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "group.h"

enum { THREADS = 8, ROUNDS = 5 };

static isolate_cgroup *common;

static void *use(void *number)
{
    isolate_error *err = NULL;
    intptr_t good = 1;
    isolate_cgroup *group = isolate_cgroup_ref(common);
    for (int round = 0; round < ROUNDS && good; round++) {
        char name[40];
        isolate_cgroup *below = NULL;
        isolate_stat *stat = NULL;
        char *children = NULL;
        snprintf(name, sizeof name, "t%d-%d", (int) (intptr_t) number, round);
        good = no_error(isolate_cgroup_create_child(group, name, NULL, &below, &err), &err)
            && no_error(isolate_cgroup_children_json(group, &children, &err), &err)
            && strstr(children, name) != NULL
            && no_error(isolate_cgroup_stat(group, ISOLATE_STAT_ALL, &stat, &err), &err)
            && no_error(isolate_cgroup_freeze(below, PATIENCE_MS, &err), &err)
            && no_error(isolate_cgroup_thaw(below, PATIENCE_MS, &err), &err)
            && no_error(isolate_cgroup_remove(below, &err), &err);
        isolate_string_free(children);
        isolate_stat_free(stat);
        isolate_cgroup_free(below);
    }
    isolate_cgroup_free(group);
    return (void *) good;
}

static void many_threads_use_one_handle(void)
{
    pthread_t threads[THREADS];
    isolate_error *err = NULL;
    char *children = NULL;
    common = new_group("threads", NULL);
    if (common == NULL)
        SKIP(skip_text);
    for (intptr_t i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, use, (void *) i), 0);
    for (int i = 0; i < THREADS; i++) {
        void *good = NULL;
        CHECK_INT(pthread_join(threads[i], &good), 0);
        CHECK(good != NULL);
    }
    CHECK(no_error(isolate_cgroup_children_json(common, &children, &err), &err));
    CHECK_STR(children, "[]");
    isolate_string_free(children);
    end_group(common);
}

static atomic_int taken;

static void *take(void *events)
{
    for (;;) {
        isolate_event *event = NULL;
        isolate_error *err = NULL;
        if (!no_error(isolate_events_wait(events, PATIENCE_MS, &event, &err), &err))
            return NULL;
        if (event == NULL)
            return (void *) (intptr_t) isolate_events_is_over(events);
        atomic_fetch_add(&taken, 1);
        isolate_event_free(event);
    }
}

static void every_event_is_given_once(void)
{
    pthread_t threads[THREADS];
    isolate_error *err = NULL;
    isolate_events *events = NULL;
    isolate_cgroup *group = new_group("once", NULL);
    if (group == NULL)
        SKIP(skip_text);
    atomic_store(&taken, 0);
    CHECK(no_error(isolate_cgroup_events(group, NULL, &events, &err), &err));
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, take, events), 0);
    CHECK(no_error(isolate_cgroup_remove(group, &err), &err));
    for (int i = 0; i < THREADS; i++) {
        void *over = NULL;
        CHECK_INT(pthread_join(threads[i], &over), 0);
        CHECK(over != NULL);
    }
    CHECK_INT(atomic_load(&taken), 1); /* the removal */
    isolate_events_free(events);
    isolate_cgroup_free(group);
}

int main(void)
{
    RUN(many_threads_use_one_handle);
    RUN(every_event_is_given_once);
    return report();
}
