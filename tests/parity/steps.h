/* Lists of small calls: what the calls (steps_calls.c, steps_cgroup.c) are made with (steps.c). */
#ifndef PARITY_STEPS_H
#define PARITY_STEPS_H

#include <stddef.h>
#include <stdint.h>

#include <isolate.h>

#include "json.h"

/* Takes the JSON text of a list, and prints a line; nothing of what the calls made is left. */
void run_steps(const char *text);

/* What a call made and a later one can use; of these one is there. */
struct made {
    char *name;
    isolate_ns *ns;
    isolate_nsset *set;
    isolate_job *job;
    isolate_cgroup *group;
    int group_is_new; /* it goes at the end of the list */
    isolate_events *events;
    char *plain;
    int socket;
};

/* Each prints its value and returns 0, or returns a negative errno with *err set. */
struct call { const char *name; int (*call)(json step, isolate_error **err); };
extern const struct call steps_calls[];
extern const struct call steps_cgroup_calls[];

void steps_stop(const char *what, const char *name);

/* Arguments; texts last as long as the list. A name may be that of a member of a set, "a.uts". */
const char *text(json step, const char *key);
const char *raw(json step, const char *key);
const char *value(json step, const char *key);
int number(json step, const char *key);
struct made *get(const char *name);
const isolate_ns *ns(json step, const char *key);
const char *item_text(json item);
size_t all(json step, const char *key, const isolate_ns **list);
int kind_of(json step, uint32_t *kind, isolate_error **err);
int kinds_of(json step, uint32_t *kinds, size_t *found, isolate_error **err);
int make_spec(json step, const char *key, isolate_spec **spec, isolate_error **err);

/* A place for what a call has made. */
struct made *keep(json step);
void release(struct made *one);

/* Results, printed when code is 0; a number can be an argument of later calls, and so can text. */
void print(const char *plain);
int gives_nothing(int code);
int gives_number(json step, int code, int64_t found);
int gives_bool(int code);
int gives_group(json step, int code, isolate_cgroup *found, int is_new);
int gives_ns(json step, int code, isolate_ns *found);
int gives_text(int code, char *found);
int gives_json(int code, char *found);
int gives_outcome(int code, isolate_outcome *found);

/* What a link points to, or a file holds; the caller frees it. */
char *look(const char *path);

#endif
