/* Runs lists of small calls on namespaces and groups, and prints what each came to. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "steps.h"

static struct made made[64];
static int count;

/* The texts of a list's arguments. */
static char *texts[512];
static int text_count;

void steps_stop(const char *what, const char *name)
{
    fprintf(stderr, "steps: %s %s\n", what, name);
    exit(2);
}

/* Text for as long as the list lasts. */
static const char *text_of(json value, const char *what)
{
    if (value == NULL || text_count == sizeof texts / sizeof *texts)
        steps_stop("no text", what);
    return texts[text_count++] = json_text(value);
}

const char *text(json step, const char *key)
{
    return text_of(json_member(step, key), key);
}

const char *raw(json step, const char *key)
{
    json value = json_member(step, key);
    if (value == NULL || text_count == sizeof texts / sizeof *texts)
        steps_stop("no value", key);
    return texts[text_count++] = json_raw(value);
}

const char *item_text(json item)
{
    return text_of(item, "a list");
}

struct made *get(const char *name)
{
    size_t length;
    name += *name == '$';
    length = strcspn(name, ".");
    for (int i = count - 1; i >= 0; i--)
        if (strncmp(made[i].name, name, length) == 0 && made[i].name[length] == '\0')
            return &made[i];
    steps_stop("nothing is called", name);
    return NULL;
}

/* A handle; "a.uts" is a member of a set. */
static const isolate_ns *ns_called(const char *name)
{
    const char *dot = strchr(name, '.');
    uint32_t kind = 0;
    if (dot == NULL)
        return get(name)->ns;
    isolate_ns_kind_from_name(dot + 1, &kind, NULL);
    return isolate_nsset_get(get(name)->set, kind);
}

const isolate_ns *ns(json step, const char *key)
{
    return ns_called(text(step, key));
}

size_t all(json step, const char *key, const isolate_ns **list)
{
    json names = json_member(step, key);
    size_t found = 0;
    for (json at = names ? json_first(names) : NULL; at != NULL && found < 8; at = json_next(at))
        list[found++] = ns_called(text_of(at, key));
    return found;
}

/* The JSON of an argument, or of what "$name" stands for. */
const char *value(json step, const char *key)
{
    const char *given = raw(step, key);
    return given[0] == '"' && given[1] == '$' ? get(text(step, key))->plain : given;
}

int number(json step, const char *key)
{
    return (int) strtol(value(step, key), NULL, 10);
}

int kind_of(json step, uint32_t *kind, isolate_error **err)
{
    return isolate_ns_kind_from_name(text(step, "kind"), kind, err);
}

int kinds_of(json step, uint32_t *kinds, size_t *found, isolate_error **err)
{
    int code = 0;
    *found = 0;
    for (json at = json_first(json_member(step, "kinds")); at != NULL && code == 0; at = json_next(at))
        code = isolate_ns_kind_from_name(text_of(at, "kinds"), &kinds[(*found)++], err);
    return code;
}

struct made *keep(json step)
{
    static const struct made none = {.socket = -1};
    char unnamed[16];
    struct made *one = &made[count];
    if (count++ == sizeof made / sizeof *made)
        steps_stop("too many", "steps");
    *one = none;
    snprintf(unnamed, sizeof unnamed, "#%d", count);
    one->name = strdup(json_member(step, "as") ? text(step, "as") : unnamed);
    return one;
}

void release(struct made *one)
{
    isolate_ns_free(one->ns);
    isolate_nsset_free(one->set);
    isolate_job_free(one->job);
    isolate_events_free(one->events);
    if (one->group_is_new) {
        isolate_cgroup_kill(one->group, NULL);
        isolate_cgroup_remove(one->group, NULL);
    }
    isolate_cgroup_free(one->group);
    free(one->plain);
    if (one->socket >= 0)
        close(one->socket);
    one->ns = NULL;
    one->set = NULL;
    one->job = NULL;
    one->events = NULL;
    one->group = NULL;
    one->group_is_new = 0;
    one->plain = NULL;
    one->socket = -1;
}

void print(const char *plain)
{
    json_print(plain, strlen(plain));
}

int gives_nothing(int code)
{
    if (code == 0)
        printf("null");
    return code;
}

int gives_number(json step, int code, int64_t found)
{
    char plain[32];
    if (code < 0)
        return code;
    snprintf(plain, sizeof plain, "%" PRId64, found);
    keep(step)->plain = strdup(plain);
    printf("%s", plain);
    return 0;
}

int gives_bool(int code)
{
    printf("%s", code ? "true" : "false");
    return 0;
}

int gives_ns(json step, int code, isolate_ns *found)
{
    if (code < 0)
        return code;
    keep(step)->ns = found;
    print(isolate_ns_text(found));
    return 0;
}

int gives_group(json step, int code, isolate_cgroup *found, int is_new)
{
    if (code < 0)
        return code;
    struct made *one = keep(step);
    one->group = found;
    one->group_is_new = is_new;
    print(isolate_cgroup_path(found));
    return 0;
}

int gives_text(int code, char *found)
{
    if (code == 0)
        print(found);
    isolate_string_free(found);
    return code;
}

int gives_json(int code, char *found)
{
    if (code == 0)
        printf("%s", found);
    isolate_string_free(found);
    return code;
}

/* What a link points to, or a file holds. */
char *look(const char *path)
{
    size_t room = 4096;
    char *found = malloc(room);
    ssize_t length = found ? readlink(path, found, room - 1) : -1;
    FILE *file = found && length < 0 ? fopen(path, "r") : NULL;
    if (file != NULL) {
        length = (ssize_t) fread(found, 1, room - 1, file);
        fclose(file);
    }
    if (length < 0)
        steps_stop("cannot look at", path);
    found[length] = '\0';
    return found;
}

int make_spec(json step, const char *key, isolate_spec **spec, isolate_error **err)
{
    const isolate_ns *joined[8];
    size_t found = all(step, "join", joined);
    json given = json_member(step, key);
    char *whole = NULL;
    int code = 0;
    if (strcmp(key, "settings") == 0) {
        const char *body = given ? raw(step, key) + 1 : "}";
        if (asprintf(&whole, "{\"argv\":[]%s%s", json_first(given ? given : "{}") ? "," : "", body) < 0)
            abort();
    }
    code = isolate_spec_from_json(whole ? whole : raw(step, key), spec, err);
    free(whole);
    for (size_t i = 0; i < found && code == 0; i++)
        code = isolate_spec_join_namespace(*spec, joined[i]);
    return code;
}

int gives_outcome(int code, isolate_outcome *found)
{
    size_t out_length = 0, err_length = 0;
    const char *out = isolate_outcome_stdout(found, &out_length);
    const char *err = isolate_outcome_stderr(found, &err_length);
    if (code < 0)
        return code;
    printf("{\"reason\":");
    print(isolate_outcome_reason_name(found));
    if (isolate_outcome_exit_code(found) >= 0)
        printf(",\"exit_code\":%d,\"stdout\":", isolate_outcome_exit_code(found));
    else
        printf(",\"exit_code\":null,\"stdout\":");
    json_print(out, out_length);
    printf(",\"stderr\":");
    json_print(err, err_length);
    printf("}");
    isolate_outcome_free(found);
    return 0;
}

static void print_error(int code, const isolate_error *err)
{
    if (err == NULL)
        steps_stop("an errno without an error:", strerror(-code));
    printf("{\"error\":{\"kind\":");
    print(isolate_error_kind_name(err));
    printf(",\"errno\":%d,\"stage\":", isolate_error_errno(err));
    print(isolate_error_stage(err));
    printf(",\"message\":");
    print(isolate_error_message(err));
    printf("}}");
}

static const struct call *called(const struct call *calls, const char *name)
{
    while (calls->name != NULL && strcmp(calls->name, name) != 0)
        calls++;
    return calls->name != NULL ? calls : NULL;
}

static void run_step(json step)
{
    const char *name = text(step, "call");
    const struct call *one = called(steps_calls, name);
    isolate_error *err = NULL;
    if (one == NULL)
        one = called(steps_cgroup_calls, name);
    if (one == NULL) {
        steps_stop("no call is called", name);
        return;
    }
    int code = one->call(step, &err);
    if (code < 0)
        print_error(code, err);
    isolate_error_free(err);
}

void run_steps(const char *list)
{
    putchar('[');
    for (json at = json_first(list); at != NULL; at = json_next(at)) {
        if (at != json_first(list))
            putchar(',');
        run_step(at);
    }
    puts("]");
    while (count > 0) {
        release(&made[--count]);
        free(made[count].name);
    }
    while (text_count > 0)
        free(texts[--text_count]);
    fflush(stdout);
}
