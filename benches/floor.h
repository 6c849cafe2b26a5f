/* The floor: what the same isolation costs in straight C, with nothing checked, reported or kept. */
#ifndef FLOOR_H
#define FLOOR_H

#include <sys/types.h>

enum floor_level {
    FLOOR_NAMESPACES, /* the eight namespaces, ids mapped, lo up */
    FLOOR_SANDBOX,    /* and the root of the default sandbox, no capabilities, no_new_privs */
};

struct floor {
    enum floor_level level;
    const char *program;
    /* Directories below which a group with the limits is made for each run: memory and pids of cgroup v1,
     * or one of v2; NULL for none. */
    const char *memory, *pids, *unified;
};

/* Runs the program to its end. 0, or -1 with errno set. */
int floor_run(const struct floor *floor);

#endif
