/*
 * Times runs of a program from C. For each line "COUNT GAP_US" on stdin: COUNT runs, GAP_US apart, and
 * one line with the microseconds of each.
 *
 *   server METHOD PROGRAM [MIB [ARG...]]
 *
 * METHOD: posix_spawn (PROGRAM with ARGs), fork, floor-namespaces, floor-sandbox, or isolate (PROGRAM is then
 * a spec's JSON file). MIB: that much memory is touched first. The floors take their groups from the
 * environment: FLOOR_MEMORY and FLOOR_PIDS, or FLOOR_UNIFIED.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <isolate.h>

#include "floor.h"

extern char **environ;

static char **command;
static struct floor the_floor;
static isolate_spec *spec;

static int ended(pid_t pid)
{
    int status;
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static int run_posix_spawn(void)
{
    pid_t pid;
    errno = posix_spawn(&pid, command[0], NULL, NULL, command, environ);
    return errno == 0 ? ended(pid) : -1;
}

static int run_fork(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        execv(command[0], command);
        _exit(127);
    }
    return pid > 0 ? ended(pid) : -1;
}

static int run_floor(void)
{
    return floor_run(&the_floor);
}

static int run_isolate(void)
{
    isolate_outcome *outcome = NULL;
    isolate_error *err = NULL;
    int ok = isolate_run(spec, &outcome, &err) == 0 && isolate_outcome_exit_code(outcome) == 0;
    if (!ok)
        fprintf(stderr, "isolate: %s\n", err ? isolate_error_message(err) : isolate_outcome_evidence(outcome));
    isolate_outcome_free(outcome);
    isolate_error_free(err);
    return ok ? 0 : -1;
}

static void load_spec(const char *path)
{
    char text[65536];
    isolate_error *err = NULL;
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[length] = '\0';
    if (file != NULL)
        fclose(file);
    if (isolate_spec_from_json(text, &spec, &err) < 0) {
        fprintf(stderr, "%s: %s\n", path, isolate_error_message(err));
        exit(1);
    }
}

static void touch(size_t mib)
{
    size_t size = mib << 20;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    /* Small pages, as a heap that grew bit by bit has. */
    madvise(memory, size, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < size; at += 4096)
        memory[at] = 1;
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const char *method = argv[1];
    size_t mib = argc > 3 ? (size_t) atol(argv[3]) : 0;
    if (argc > 3)
        argv[3] = argv[2];
    command = argc > 3 ? argv + 3 : argv + 2;
    the_floor.program = argv[2];
    the_floor.memory = getenv("FLOOR_MEMORY");
    the_floor.pids = getenv("FLOOR_PIDS");
    the_floor.unified = getenv("FLOOR_UNIFIED");

    int (*run)(void) = NULL;
    if (strcmp(method, "posix_spawn") == 0) {
        run = run_posix_spawn;
    } else if (strcmp(method, "fork") == 0) {
        run = run_fork;
    } else if (strcmp(method, "floor-namespaces") == 0 || strcmp(method, "floor-sandbox") == 0) {
        the_floor.level = strcmp(method, "floor-sandbox") == 0 ? FLOOR_SANDBOX : FLOOR_NAMESPACES;
        run = run_floor;
    } else if (strcmp(method, "isolate") == 0) {
        load_spec(argv[2]);
        run = run_isolate;
    } else {
        return 2;
    }
    if (mib > 0)
        touch(mib);

    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        unsigned count = 0, gap = 0;
        if (sscanf(line, "%u %u", &count, &gap) != 2)
            return 2;
        for (unsigned i = 0; i < count; i++) {
            if (gap > 0)
                usleep(gap);
            double start = now_us();
            if (run() < 0) {
                fprintf(stderr, "%s: %s\n", method, strerror(errno));
                return 1;
            }
            printf("%.1f ", now_us() - start);
        }
        putchar('\n');
        fflush(stdout);
    }
    return 0;
}
