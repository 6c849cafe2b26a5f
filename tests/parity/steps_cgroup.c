/* The calls on groups, and conversions, for lists of steps. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steps.h"

#define CALL(name) static int name(json s, isolate_error **err)
#define NUMBER(name, type, expression) \
    CALL(name) { type out = 0; int code = (expression); return gives_number(s, code, (int64_t) out); }
#define TEXT(name, expression) \
    CALL(name) { char *out = NULL; int code = (expression); return gives_text(code, out); }
#define JSON(name, expression) \
    CALL(name) { char *out = NULL; int code = (expression); return gives_json(code, out); }
#define FLAG(name, expression) \
    CALL(name) { int out = 0; int code = (expression); return code < 0 ? code : gives_bool(out); }
#define DOES(name, expression) CALL(name) { return gives_nothing(expression); }

static isolate_cgroup *group(json s)
{
    return get(text(s, "of"))->group;
}

static int is_there(json s, const char *key)
{
    return json_member(s, key) != NULL && strcmp(raw(s, key), "null") != 0;
}

/* A text, or NULL where there is none. */
static const char *some_text(json s, const char *key)
{
    return is_there(s, key) ? text(s, key) : NULL;
}

static int64_t wide(json s, const char *key, int64_t without)
{
    return is_there(s, key) ? strtoll(value(s, key), NULL, 10) : without;
}

static int yes(json s, const char *key)
{
    return is_there(s, key) && strcmp(raw(s, key), "true") == 0;
}

/* Names that end with NULL, or NULL where there is no such list. */
static const char *const *names(json s, const char *key, const char **list)
{
    size_t count = 0;
    if (!is_there(s, key))
        return NULL;
    for (json at = json_first(json_member(s, key)); at != NULL && count < 15; at = json_next(at))
        list[count++] = item_text(at);
    list[count] = NULL;
    return list;
}

/* The place of a word in a list that ends with NULL, from 1; else a number that is none. */
static uint32_t place(const char *const *words, const char *word)
{
    for (uint32_t at = 0; words[at] != NULL; at++)
        if (strcmp(words[at], word) == 0)
            return at + 1;
    return 0;
}

CALL(create)
{
    static const char *const drivers[] = {"auto", "cgroupfs", "systemd", NULL};
    const char *list[16];
    isolate_cgroup *out = NULL;
    isolate_spec *settings = NULL;
    int code = isolate_spec_new_settings(&settings, err);
    if (code == 0 && is_there(s, "driver"))
        code = isolate_spec_set_driver(settings, place(drivers, text(s, "driver")));
    if (code == 0 && is_there(s, "slice"))
        code = isolate_spec_set_slice(settings, text(s, "slice"));
    if (code == 0)
        code = isolate_cgroup_create(text(s, "name"), some_text(s, "parent"), names(s, "controllers", list), settings,
                                     &out, err);
    isolate_spec_free(settings);
    return gives_group(s, code, out, 1);
}

CALL(create_child)
{
    const char *list[16];
    isolate_cgroup *out = NULL;
    int code = isolate_cgroup_create_child(group(s), text(s, "name"), names(s, "controllers", list), &out, err);
    return gives_group(s, code, out, 1);
}

#define OPENS(name, expression) \
    CALL(name) \
    { \
        isolate_cgroup *out = NULL; \
        int code = (expression); \
        return gives_group(s, code, out, 0); \
    }
OPENS(open_path, isolate_cgroup_open(text(s, "path"), &out, err))
OPENS(own, isolate_cgroup_own(&out, err))
OPENS(of_process, isolate_cgroup_of_process(number(s, "pid"), &out, err))
OPENS(child, isolate_cgroup_child(group(s), text(s, "name"), &out, err))
OPENS(of_job, isolate_job_cgroup(get(text(s, "of"))->job, &out, err))

CALL(path) { (void) err; print(isolate_cgroup_path(group(s))); return 0; }
CALL(unit)
{
    const char *unit = isolate_cgroup_unit(group(s));
    (void) err;
    return unit == NULL ? gives_nothing(0) : (print(unit), 0);
}
JSON(places, isolate_cgroup_places_json(group(s), &out, err))
JSON(controllers, isolate_cgroup_controllers_json(group(s), &out, err))
JSON(children, isolate_cgroup_children_json(group(s), &out, err))

static int move(json s, const char *key, int (*by)(isolate_cgroup *, const int *, size_t, isolate_error **),
                isolate_error **err)
{
    int ids[16];
    size_t count = 0;
    for (json at = json_first(json_member(s, key)); at != NULL && count < 16; at = json_next(at)) {
        const char *known = json_is_text(at) ? get(item_text(at))->plain : at;
        ids[count++] = (int) strtol(known, NULL, 10);
    }
    return gives_nothing(by(group(s), ids, count, err));
}

CALL(attach) { return move(s, "pids", isolate_cgroup_attach, err); }
CALL(attach_threads) { return move(s, "tids", isolate_cgroup_attach_threads, err); }

static int members(json s, int (*list)(const isolate_cgroup *, int, int *, size_t, size_t *, isolate_error **),
                   isolate_error **err)
{
    int ids[256];
    size_t count = 0;
    int code = list(group(s), yes(s, "recursive"), ids, 256, &count, err);
    if (code < 0)
        return code;
    printf("[");
    for (size_t i = 0; i < count && i < 256; i++)
        printf("%s%d", i > 0 ? "," : "", ids[i]);
    printf("]");
    return 0;
}

CALL(processes) { return members(s, isolate_cgroup_processes, err); }
CALL(threads) { return members(s, isolate_cgroup_threads, err); }

static int64_t patience(json s)
{
    return is_there(s, "timeout") ? (int64_t) (atof(value(s, "timeout")) * 1000) : 10000;
}

DOES(freeze, isolate_cgroup_freeze(group(s), patience(s), err))
DOES(thaw, isolate_cgroup_thaw(group(s), patience(s), err))
FLAG(is_frozen, isolate_cgroup_is_frozen(group(s), &out, err))
FLAG(is_populated, isolate_cgroup_is_populated(group(s), &out, err))
DOES(kill_all, isolate_cgroup_kill(group(s), err))
DOES(remove_group, isolate_cgroup_remove(group(s), err))
DOES(delegate, isolate_cgroup_delegate(group(s), (uint32_t) wide(s, "uid", -1), (uint32_t) wide(s, "gid", -1), err))
TEXT(get_file, isolate_cgroup_get(group(s), text(s, "file"), &out, err))
TEXT(set_file, isolate_cgroup_set(group(s), text(s, "file"), text(s, "to"), &out, err))

/* The handle alone: the group stays. */
CALL(close_group)
{
    struct made *one = get(text(s, "of"));
    (void) err;
    one->group_is_new = 0;
    release(one);
    return gives_nothing(0);
}

/* Limits as a spec has them. */
static int make_limits(json s, isolate_spec **spec, isolate_error **err)
{
    char *whole = NULL;
    if (asprintf(&whole, "{\"argv\":[],\"limits\":%s}", raw(s, "limits")) < 0)
        abort();
    int code = isolate_spec_from_json(whole, spec, err);
    free(whole);
    return code;
}

static int gives_applied(int code, isolate_applied *applied, isolate_error **err)
{
    char *out = NULL;
    if (code == 0)
        code = isolate_applied_to_json(applied, &out, err);
    isolate_applied_free(applied);
    return gives_json(code, out);
}

CALL(apply)
{
    isolate_spec *spec = NULL;
    isolate_applied *applied = NULL;
    int code = make_limits(s, &spec, err);
    if (code == 0)
        code = isolate_cgroup_apply(group(s), spec, &applied, err);
    isolate_spec_free(spec);
    return gives_applied(code, applied, err);
}

CALL(update)
{
    isolate_spec *spec = NULL;
    isolate_applied *applied = NULL;
    int code = make_limits(s, &spec, err);
    if (code == 0)
        code = isolate_job_update(get(text(s, "of"))->job, spec, &applied, err);
    isolate_spec_free(spec);
    return gives_applied(code, applied, err);
}

CALL(stat_of)
{
    static const char *const words[] = {"cpu", "memory", "io", "pids", "pressure", "hugetlb", "rdma", "misc", NULL};
    const char *list[16], *const *kinds = names(s, "kinds", list);
    uint32_t mask = kinds ? 0 : ISOLATE_STAT_ALL;
    isolate_stat *stat = NULL;
    char *out = NULL;
    for (; kinds != NULL && *kinds != NULL; kinds++)
        mask |= 1u << (place(words, *kinds) - 1);
    int code = isolate_cgroup_stat(group(s), mask, &stat, err);
    if (code == 0)
        code = isolate_stat_to_json(stat, &out, err);
    isolate_stat_free(stat);
    return gives_json(code, out);
}

CALL(events)
{
    isolate_watches *watches = NULL;
    isolate_events *out = NULL;
    int code = isolate_watches_from_json(is_there(s, "watches") ? raw(s, "watches") : "[]", &watches, err);
    if (code == 0)
        code = isolate_cgroup_events(group(s), watches, &out, err);
    isolate_watches_free(watches);
    if (code == 0)
        keep(s)->events = out;
    return gives_nothing(code);
}

CALL(events_wait)
{
    isolate_event *event = NULL;
    char *out = NULL;
    int code = isolate_events_wait(get(text(s, "of"))->events, -1, &event, err);
    if (code == 0 && event == NULL)
        return gives_nothing(0);
    if (code == 0)
        code = isolate_event_to_json(event, &out, err);
    isolate_event_free(event);
    return gives_json(code, out);
}

CALL(events_close)
{
    (void) err;
    release(get(text(s, "of")));
    return gives_nothing(0);
}

static uint32_t memory_value(json s)
{
    static const char *const words[] = {"usage", "max_usage", "limit", "failcnt", "memsw_usage", "memsw_max_usage",
                                        "memsw_limit", "memsw_failcnt", NULL};
    return place(words, text(s, "value"));
}

/* A number, where the greatest is none. */
static int gives_limit(json s, int code, uint64_t found)
{
    return code == 0 && found == ISOLATE_UNLIMITED ? gives_nothing(0) : gives_number(s, code, (int64_t) found);
}

CALL(memory)
{
    uint64_t out = 0;
    int code = isolate_cgroup_memory(group(s), memory_value(s), &out, err);
    return gives_limit(s, code, out);
}

CALL(set_memory)
{
    uint64_t out = 0;
    int code = isolate_cgroup_set_memory(group(s), memory_value(s), (uint64_t) wide(s, "to", -1), &out, err);
    return gives_limit(s, code, out);
}

DOES(reset_memory, isolate_cgroup_reset_memory(group(s), memory_value(s), err))
DOES(set_oom_pause, isolate_cgroup_set_oom_pause(group(s), yes(s, "to"), err))
NUMBER(reclaim, uint64_t, isolate_cgroup_reclaim(group(s), (uint64_t) wide(s, "bytes", -1), &out, err))

CALL(oom_control)
{
    isolate_oom_control out = {.size = sizeof out};
    int code = isolate_cgroup_oom_control(group(s), &out, err);
    if (code == 0)
        printf("{\"paused\":%s,\"under_oom\":%s,\"kills\":%llu}", out.paused ? "true" : "false",
               out.under_oom ? "true" : "false", (unsigned long long) out.kills);
    return code;
}

CALL(explain_device)
{
    int allowed = 0;
    char *out = NULL;
    int code = isolate_cgroup_explain_device(group(s), text(s, "device"), text(s, "access"), &allowed, &out, err);
    return gives_json(code, out);
}

FLAG(notify_on_release, isolate_cgroup_notify_on_release(group(s), &out, err))
DOES(set_notify_on_release, isolate_cgroup_set_notify_on_release(group(s), yes(s, "to"), err))
TEXT(release_agent, isolate_cgroup_release_agent(group(s), text(s, "hierarchy"), &out, err))
DOES(set_release_agent, isolate_cgroup_set_release_agent(group(s), text(s, "hierarchy"), text(s, "to"), err))

static uint32_t rule(json s)
{
    static const char *const words[] = {"runc-2025", "systemd", "linear", NULL};
    return is_there(s, "rule") ? place(words, text(s, "rule")) : ISOLATE_RULE_RUNC_2025;
}

static uint64_t amount(json s, const char *key) { return (uint64_t) wide(s, key, 0); }

NUMBER(shares_to_weight, uint64_t, isolate_convert_shares_to_weight(amount(s, "shares"), rule(s), &out, err))
NUMBER(weight_to_shares, uint64_t, isolate_convert_weight_to_shares(amount(s, "weight"), rule(s), &out, err))
NUMBER(blkio_to_io, uint64_t, isolate_convert_blkio_to_io_weight(amount(s, "weight"), rule(s), &out, err))
NUMBER(io_to_blkio, uint64_t, isolate_convert_io_to_blkio_weight(amount(s, "weight"), rule(s), &out, err))
NUMBER(swap_max, int64_t, isolate_convert_swap_max(wide(s, "memsw", 0), wide(s, "limit", 0), &out, err))
NUMBER(memsw_limit, int64_t, isolate_convert_memsw_limit(wide(s, "swap", 0), wide(s, "limit", 0), &out, err))
TEXT(cpu_max, isolate_convert_cpu_max(wide(s, "quota", 0), amount(s, "period"), &out, err))
NUMBER(quota_of, uint64_t, isolate_convert_quota_of(atof(value(s, "cpus")), amount(s, "period"), &out, err))

const struct call steps_cgroup_calls[] = {
    {"cgroup_create", create}, {"cgroup_create_child", create_child}, {"cgroup_open", open_path}, {"cgroup_own", own},
    {"cgroup_of_process", of_process}, {"cgroup_child", child}, {"job_cgroup", of_job}, {"cgroup_path", path},
    {"cgroup_unit", unit}, {"cgroup_places", places}, {"cgroup_controllers", controllers},
    {"cgroup_children", children},
    {"cgroup_attach", attach}, {"cgroup_attach_threads", attach_threads}, {"cgroup_processes", processes},
    {"cgroup_threads", threads}, {"cgroup_freeze", freeze}, {"cgroup_thaw", thaw}, {"cgroup_is_frozen", is_frozen},
    {"cgroup_is_populated", is_populated}, {"cgroup_kill", kill_all}, {"cgroup_remove", remove_group},
    {"cgroup_delegate", delegate}, {"cgroup_get", get_file}, {"cgroup_set", set_file}, {"cgroup_close", close_group},
    {"cgroup_apply", apply}, {"job_update", update}, {"cgroup_stat", stat_of}, {"cgroup_events", events},
    {"cgroup_events_wait", events_wait}, {"cgroup_events_close", events_close}, {"cgroup_memory", memory},
    {"cgroup_set_memory", set_memory}, {"cgroup_reset_memory", reset_memory}, {"cgroup_oom_control", oom_control},
    {"cgroup_set_oom_pause", set_oom_pause}, {"cgroup_reclaim", reclaim}, {"cgroup_explain_device", explain_device},
    {"cgroup_notify_on_release", notify_on_release}, {"cgroup_set_notify_on_release", set_notify_on_release},
    {"cgroup_release_agent", release_agent}, {"cgroup_set_release_agent", set_release_agent},
    {"convert_shares_to_weight", shares_to_weight}, {"convert_weight_to_shares", weight_to_shares},
    {"convert_blkio_to_io_weight", blkio_to_io}, {"convert_io_to_blkio_weight", io_to_blkio},
    {"convert_swap_max", swap_max}, {"convert_memsw_limit", memsw_limit}, {"convert_cpu_max", cpu_max},
    {"convert_quota_of", quota_of}, {NULL, NULL},
};
