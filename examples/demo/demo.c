/*
 * The demo from C: builds zlib and runs its tests inside the sandbox, then lets four programs misbehave.
 *
 *   demo SOURCE JOBS WORK
 *
 * SOURCE is zlib's source, JOBS the directory of the scripts, WORK an existing directory to write in.
 * Prints one JSON object a line for each job; report.py makes a table of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <isolate.h>

enum { ALL_OR_NOTHING, BEST_EFFORT };

static void print_json_string(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar((unsigned char) *text < ' ' ? ' ' : *text);
    }
    putchar('"');
}

/* The same for every job: no network, the host's system directories read-only, one place to write. */
static int make_spec(const char **paths, const char *script, int timeout_ms, int effort, isolate_spec **out,
                     isolate_error **err)
{
    char inside[64];
    snprintf(inside, sizeof inside, "/jobs/%s.sh", script);
    const char *argv[] = {"sh", inside, NULL};
    isolate_spec *spec = NULL;
    int status = isolate_spec_new(argv, &spec, err);
    if (status < 0)
        return status;
    isolate_spec_set_net(spec, ISOLATE_NET_NONE);
    isolate_spec_set_root(spec, ISOLATE_ROOT_SYSTEM);
    isolate_spec_add_bind(spec, paths[0], "/source", 0);
    isolate_spec_add_bind(spec, paths[1], "/jobs", 0);
    isolate_spec_add_bind(spec, paths[2], "/work", ISOLATE_BIND_RW);
    isolate_spec_set_cwd(spec, "/work");
    isolate_spec_set_memory(spec, 512ull << 20);
    isolate_spec_set_swap(spec, 0);
    isolate_spec_set_pids(spec, 64);
    isolate_spec_set_timeout_ms(spec, (uint64_t) timeout_ms);
    isolate_spec_set_stdio(spec, ISOLATE_STDIN, ISOLATE_STDIO_NULL);
    isolate_spec_set_stdio(spec, ISOLATE_STDOUT, ISOLATE_STDIO_CAPTURE);
    isolate_spec_set_stdio(spec, ISOLATE_STDERR, ISOLATE_STDIO_CAPTURE);
    /* Not every kernel counts swap. */
    isolate_spec_add_best_effort(spec, "swap");
    if (effort == BEST_EFFORT) {
        isolate_spec_add_best_effort(spec, "memory");
        isolate_spec_add_best_effort(spec, "pids");
    }
    *out = spec;
    return 0;
}

/* The parent of a process, and its ids from the caller's pid namespace inwards. */
static int read_status(int pid, int *parent, int ids[2])
{
    char path[64], line[256];
    int found = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        found += sscanf(line, "PPid: %d", parent) == 1 || sscanf(line, "NSpid: %d %d", &ids[0], &ids[1]) == 2;
    fclose(file);
    return found == 2;
}

/* Of the running job's program and of its parent, the init: the pid outside and the pid inside. */
static void print_pids(const isolate_job *job)
{
    int program[2], init[2], parent, grandparent;
    if (read_status(isolate_job_pid(job), &parent, program) && read_status(parent, &grandparent, init))
        printf(",\"pids\":{\"program\":[%d,%d],\"init\":[%d,%d]}", program[0], program[1], init[0], init[1]);
}

static void print_own_namespaces(void)
{
    static const char *kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};
    const char *comma = "";
    printf(",\"caller\":{");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char path[64], target[64] = "";
        snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i]);
        if (readlink(path, target, sizeof target - 1) < 0)
            continue;
        printf("%s\"%s\":%s", comma, kinds[i], strtok(strchr(target, '[') + 1, "]"));
        comma = ",";
    }
    putchar('}');
}

/* What the build left in the one place that it may write to. */
static void print_product(const char *work)
{
    char path[4096];
    struct stat info;
    snprintf(path, sizeof path, "%s/libz.so.1.3.1", work);
    if (stat(path, &info) == 0)
        printf(",\"product\":{\"size\":%lld,\"uid\":%d,\"caller\":%d}", (long long) info.st_size, (int) info.st_uid,
               (int) geteuid());
}

static void run(const char **paths, const char *script, int timeout_ms, int effort)
{
    isolate_spec *spec = NULL;
    isolate_job *job = NULL;
    isolate_outcome *outcome = NULL;
    isolate_error *err = NULL;
    char *json = NULL;

    printf("{\"face\":\"C\",\"job\":\"%s\"", script);
    if (make_spec(paths, script, timeout_ms, effort, &spec, &err) == 0 && isolate_job_spawn(spec, &job, &err) == 0) {
        print_pids(job);
        print_own_namespaces();
        if (isolate_job_wait(job, -1, &outcome, &err) == 0 && isolate_outcome_to_json(outcome, &json, &err) == 0)
            printf(",\"outcome\":%s", json);
        print_product(paths[2]);
    }
    if (err != NULL) {
        printf(",\"error\":{\"kind\":\"%s\",\"message\":", isolate_error_kind_name(err));
        print_json_string(isolate_error_message(err));
        putchar('}');
    }
    puts("}");
    fflush(stdout);

    isolate_string_free(json);
    isolate_outcome_free(outcome);
    isolate_job_free(job);
    isolate_spec_free(spec);
    isolate_error_free(err);
}

int main(int argc, char **argv)
{
    char work[4096];
    if (argc != 4) {
        fprintf(stderr, "usage: %s SOURCE JOBS WORK\n", argv[0]);
        return 2;
    }
    snprintf(work, sizeof work, "%s/c-XXXXXX", argv[3]);
    if (mkdtemp(work) == NULL) {
        perror(work);
        return 1;
    }
    const char *paths[] = {argv[1], argv[2], work};
    run(paths, "build", 60000, BEST_EFFORT);
    /* Nobody lets a bomb go off without its limit: these start only where it holds. */
    run(paths, "memory-bomb", 60000, ALL_OR_NOTHING);
    run(paths, "fork-bomb", 60000, ALL_OR_NOTHING);
    run(paths, "network", 60000, BEST_EFFORT);
    run(paths, "endless-loop", 2000, BEST_EFFORT);
    return 0;
}
