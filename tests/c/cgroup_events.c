/*
 * Events of a group: made to happen, then taken from the descriptor; the removal is always the last.
 */
#include "group.h"

/* The next event of a kind, those of other kinds passed over; freed by the caller. */
static isolate_event *wait_for(isolate_events *events, const char *kind)
{
    for (;;) {
        isolate_event *event = NULL;
        isolate_error *err = NULL;
        if (!no_error(isolate_events_wait(events, PATIENCE_MS, &event, &err), &err) || event == NULL) {
            printf("  never: %s\n", kind);
            bad++;
            return NULL;
        }
        if (strcmp(isolate_event_kind_name(event), kind) == 0)
            return event;
        isolate_event_free(event);
    }
}

#define HAPPENS(events, kind) isolate_event_free(wait_for(events, kind))

/* Nothing is there to take now. */
static int quiet(isolate_events *events)
{
    isolate_event *event = NULL;
    isolate_error *err = NULL;
    int good = no_error(isolate_events_next(events, &event, &err), &err) && event == NULL;
    if (event != NULL)
        printf("  there is: %s\n", isolate_event_kind_name(event));
    isolate_event_free(event);
    return good;
}

/* Watches by their constants, up to 0. */
static isolate_watches *watches_of(const uint32_t *which)
{
    isolate_watches *list = NULL;
    CHECK_INT(isolate_watches_new(&list, NULL), 0);
    for (; *which != 0; which++)
        CHECK_INT(isolate_watches_add(list, *which), 0);
    return list;
}

/* Begins to watch; NULL where this layout does not tell, with skip_text set. */
static isolate_events *watch(const isolate_cgroup *group, isolate_watches *list)
{
    isolate_events *events = NULL;
    isolate_error *err = NULL;
    int code = isolate_cgroup_events(group, list, &events, &err);
    if (!lacking(code, &err))
        CHECK(no_error(code, &err));
    isolate_watches_free(list);
    return events;
}

#define WATCH(group, ...) watch(group, watches_of((const uint32_t[]){__VA_ARGS__, 0}))

static void processes_come_stand_and_go(void)
{
    struct shared_page *page = share();
    isolate_cgroup *group = new_group("come", NULL);
    isolate_error *err = NULL;
    if (group == NULL)
        SKIP(skip_text);
    isolate_events *events = WATCH(group, ISOLATE_WATCH_POPULATED, ISOLATE_WATCH_FROZEN);
    CHECK(quiet(events));
    pid_t pid = process(beating, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    isolate_event *event = wait_for(events, "populated");
    CHECK_INT(isolate_event_kind(event), ISOLATE_EVENT_POPULATED);
    CHECK_INT(isolate_event_watch(event), 0);
    CHECK_INT(isolate_event_count(event), 1);
    CHECK(isolate_event_detail(event) == NULL);
    isolate_event_free(event);

    CHECK(no_error(isolate_cgroup_freeze(group, PATIENCE_MS, &err), &err));
    event = wait_for(events, "frozen");
    CHECK_INT(isolate_event_watch(event), 1);
    isolate_event_free(event);
    CHECK(no_error(isolate_cgroup_thaw(group, PATIENCE_MS, &err), &err));
    HAPPENS(events, "thawed");

    /* The descriptor wakes who polls it. */
    struct pollfd ready = {.fd = isolate_events_fd(events), .events = POLLIN};
    end_process(pid);
    CHECK_INT(poll(&ready, 1, PATIENCE_MS), 1);
    HAPPENS(events, "empty");
    CHECK_INT(isolate_events_is_over(events), 0);

    /* The events outlive handle and group. */
    CHECK(no_error(isolate_cgroup_remove(group, &err), &err));
    isolate_cgroup_free(group);
    event = wait_for(events, "removed");
    CHECK_INT(isolate_event_watch(event), -ENODATA);
    CHECK(isolate_event_value(event) == ISOLATE_UNKNOWN);
    isolate_event_free(event);
    CHECK_INT(isolate_events_is_over(events), 1);
    event = NULL;
    CHECK(no_error(isolate_events_wait(events, -1, &event, &err), &err));
    CHECK(event == NULL);
    isolate_events_free(events);
    munmap(page, sizeof *page);
}

static int refused_fork(struct shared_page *page)
{
    await(page, 1);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0 && errno == EAGAIN ? 0 : 1;
}

static void a_refused_fork_is_told(void)
{
    struct shared_page *page = share();
    const char *controllers[] = {"pids", NULL};
    isolate_cgroup *group = new_group("pids", controllers);
    isolate_error *err = NULL;
    if (group == NULL)
        SKIP(skip_text);
    isolate_events *events = WATCH(group, ISOLATE_WATCH_PIDS_EVENTS);
    isolate_spec *set = limits();
    isolate_spec_set_pids(set, 1);
    CHECK(no_error(isolate_cgroup_apply(group, set, NULL, &err), &err));
    isolate_spec_free(set);
    pid_t pid = process(refused_fork, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    page->go = 1;
    CHECK(went_well(pid));
    isolate_event *event = wait_for(events, "pids_limit");
    char *text = NULL;
    CHECK_STR(isolate_event_file(event), "pids.events");
    CHECK_INT(isolate_event_value(event), 1);
    CHECK(no_error(isolate_event_to_json(event, &text, &err), &err));
    CHECK_STR(text, "{\"kind\":\"pids_limit\",\"watch\":0,\"file\":\"pids.events\",\"count\":1,\"value\":1}");
    isolate_string_free(text);
    isolate_event_free(event);
    isolate_events_free(events);
    end_group(group);
    munmap(page, sizeof *page);
}

static int taking(struct shared_page *page)
{
    const size_t bytes = 64u << 20;
    await(page, 1);
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t at = 0; memory != MAP_FAILED && at < bytes; at += 4096)
        memory[at] = 1;
    page->told = 1;
    return 0;
}

static void running_out_of_memory_is_told(void)
{
    struct shared_page *page = share();
    const char *controllers[] = {"memory", NULL};
    isolate_cgroup *group = new_group("oom", controllers);
    isolate_error *err = NULL;
    if (group == NULL)
        SKIP(skip_text);
    isolate_spec *set = limits();
    isolate_spec_set_memory(set, 16u << 20);
    isolate_spec_set_swap(set, 0);
    isolate_spec_add_best_effort(set, "swap");
    CHECK(no_error(isolate_cgroup_apply(group, set, NULL, &err), &err));
    isolate_spec_free(set);
    isolate_events *events = WATCH(group, ISOLATE_WATCH_OOM);
    isolate_watches *list = NULL;
    CHECK_INT(isolate_watches_new(&list, NULL), 0);
    CHECK_INT(isolate_watches_add_threshold(list, 8u << 20, 0), 0);
    isolate_events *crossed = watch(group, list); /* v1 alone */
    pid_t pid = process(taking, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    page->go = 1;
    int status = status_of(pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    isolate_event *event = wait_for(events, "oom_kill");
    CHECK_INT(isolate_event_kind(event), ISOLATE_EVENT_OOM_KILL);
    CHECK_INT(isolate_event_count(event), 1);
    isolate_event_free(event);
    if (crossed != NULL) {
        event = wait_for(crossed, "threshold");
        CHECK(isolate_event_value(event) != ISOLATE_UNKNOWN);
        const char *detail = isolate_event_detail(event);
        CHECK(detail != NULL && (strcmp(detail, "above") == 0 || strcmp(detail, "below") == 0));
        isolate_event_free(event);
    }
    isolate_events_free(events);
    isolate_events_free(crossed);
    end_group(group);
    munmap(page, sizeof *page);
}

static void removal_is_told_without_watches(void)
{
    isolate_cgroup *group = new_group("alone", NULL);
    isolate_error *err = NULL;
    isolate_event *event = NULL;
    isolate_events *events = NULL;
    if (group == NULL)
        SKIP(skip_text);
    CHECK(no_error(isolate_cgroup_events(group, NULL, &events, &err), &err));
    CHECK(no_error(isolate_events_wait(events, 0, &event, &err), &err));
    CHECK(event == NULL);
    REFUSED(isolate_events_wait(events, -2, &event, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "timeout_ms");
    CHECK(no_error(isolate_cgroup_remove(group, &err), &err));
    HAPPENS(events, "removed");
    isolate_events_free(events);
    events = NULL;
    REFUSED(isolate_cgroup_events(group, NULL, &events, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "");
    CHECK(events == NULL);
    isolate_cgroup_free(group);
}

/* One list by setters is what the same words in JSON are; wrong numbers are found when watching. */
static void watches_are_plain_data(void)
{
    isolate_watches *list = watches_of((const uint32_t[]){ISOLATE_WATCH_OOM, ISOLATE_WATCH_MEMORY_EVENTS,
        ISOLATE_WATCH_PIDS_EVENTS, ISOLATE_WATCH_POPULATED, ISOLATE_WATCH_FROZEN, 0}), *read = NULL;
    isolate_error *err = NULL;
    char *text = NULL, *again = NULL;
    CHECK_INT(isolate_watches_add_threshold(list, 4096, 1), 0);
    CHECK_INT(isolate_watches_add_pressure(list, ISOLATE_RESOURCE_IO, 1, 1000, 500000), 0);
    CHECK_INT(isolate_watches_add_pressure_level(list, ISOLATE_LEVEL_CRITICAL, ISOLATE_LEVEL_MODE_HIERARCHY), 0);
    CHECK(no_error(isolate_watches_to_json(list, &text, &err), &err));
    CHECK_STR(text, "[\"oom\",\"memory_events\",\"pids_events\",\"populated\",\"frozen\","
                    "{\"threshold\":{\"bytes\":4096,\"memsw\":true}},"
                    "{\"pressure\":{\"resource\":\"io\",\"full\":true,\"stall_usec\":1000,\"window_usec\":500000}},"
                    "{\"pressure_level\":{\"level\":\"critical\",\"mode\":\"hierarchy\"}}]");
    CHECK(no_error(isolate_watches_from_json(text, &read, &err), &err));
    CHECK(no_error(isolate_watches_to_json(read, &again, &err), &err));
    CHECK_STR(again, text);
    isolate_string_free(text);
    isolate_string_free(again);
    isolate_watches_free(list);
    isolate_watches_free(read);
    read = NULL;
    REFUSED(isolate_watches_from_json("[\"nonesuch\"]", &read, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "nonesuch");
    CHECK(read == NULL);

    isolate_cgroup *group = new_group("wrong", NULL);
    isolate_events *events = NULL;
    if (group == NULL)
        SKIP(skip_text);
    CHECK_INT(isolate_watches_new(&list, NULL), 0);
    CHECK_INT(isolate_watches_add_pressure(list, ISOLATE_RESOURCE_CPU, 0, 2, 1), 0);
    err = NULL;
    int code = isolate_cgroup_events(group, list, &events, &err);
    CHECK(code == -EINVAL || code == -EOPNOTSUPP);
    isolate_error_free(err);
    CHECK(events == NULL);
    isolate_watches_free(list);
    end_group(group);
}

int main(void)
{
    RUN(processes_come_stand_and_go);
    RUN(a_refused_fork_is_told);
    RUN(running_out_of_memory_is_told);
    RUN(removal_is_told_without_watches);
    RUN(watches_are_plain_data);
    return report();
}
