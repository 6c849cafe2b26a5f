/*
 * What groups do to the processes in them, seen from these: frozen ones stand, killed ones are dead, limits
 * really kill, refuse and pause, and a failed change changes nothing.
 */
#include "group.h"

static void frozen_processes_stand_and_thawed_ones_go_on(void)
{
    struct shared_page *page = share();
    isolate_cgroup *group = new_group("freeze", NULL);
    isolate_error *err = NULL;
    int frozen = 7;
    if (group == NULL)
        SKIP(skip_text);
    pid_t pid = process(beating, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    UNTIL(page->beats > 3);
    CHECK(no_error(isolate_cgroup_freeze(group, -1, &err), &err));
    CHECK(no_error(isolate_cgroup_is_frozen(group, &frozen, &err), &err));
    CHECK_INT(frozen, 1);
    uint64_t before = page->beats;
    usleep(50000);
    CHECK_INT(page->beats, before);
    CHECK(no_error(isolate_cgroup_thaw(group, PATIENCE_MS, &err), &err));
    CHECK(no_error(isolate_cgroup_is_frozen(group, &frozen, &err), &err));
    CHECK_INT(frozen, 0);
    UNTIL(page->beats > before);

    /* Frozen ones die, too. */
    CHECK(no_error(isolate_cgroup_freeze(group, PATIENCE_MS, &err), &err));
    CHECK(no_error(isolate_cgroup_kill(group, &err), &err));
    int status = status_of(pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    end_group(group);
    munmap(page, sizeof *page);
}

static void a_group_that_the_caller_is_in_is_not_frozen(void)
{
    isolate_cgroup *own = NULL;
    isolate_error *err = NULL;
    int code = isolate_cgroup_own(&own, &err);
    if (lacking(code, &err) || !no_error(code, &err))
        SKIP("no group of the caller's can be seen");
    REFUSED(isolate_cgroup_freeze(own, 1000, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "for ever");
    isolate_cgroup_free(own);
}

/* Once it is in the group: what was forked before stays outside, and would outlive the test. */
static int forking(struct shared_page *page)
{
    await(page, 1);
    pid_t below = fork();
    if (below != 0)
        page->told = (int) below;
    return beating(page);
}

static void a_kill_reaches_what_was_forked_below(void)
{
    struct shared_page *page = share();
    isolate_cgroup *group = new_group("kill", NULL), *below = NULL;
    isolate_error *err = NULL;
    int populated = 7;
    if (group == NULL)
        SKIP(skip_text);
    CHECK(no_error(isolate_cgroup_create_child(group, "below", NULL, &below, &err), &err));
    pid_t pid = process(forking, page);
    CHECK(no_error(isolate_cgroup_attach(below, &pid, 1, &err), &err));
    page->go = 1;
    UNTIL(page->told != 0 && page->beats > 3);
    CHECK(holds(group, pid) && holds(group, page->told));
    CHECK(no_error(isolate_cgroup_is_populated(group, &populated, &err), &err));
    CHECK_INT(populated, 1);
    REFUSED(isolate_cgroup_remove(group, &err), EBUSY, ISOLATE_ERROR_BUSY, isolate_cgroup_path(group));
    CHECK(no_error(isolate_cgroup_kill(group, &err), &err));
    int status = status_of(pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    UNTIL((isolate_cgroup_is_populated(group, &populated, NULL), populated == 0));
    isolate_cgroup_free(below);
    end_group(group);
    munmap(page, sizeof *page);
}

enum { MIB = 1 << 20 };

/* Takes memory that cannot be swapped out, when told. */
static int taking(struct shared_page *page, size_t bytes)
{
    await(page, 1);
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 1;
    mlock(memory, bytes); /* an ordinary user may only lock little */
    for (size_t at = 0; at < bytes; at += 4096) {
        memory[at] = 1;
        page->beats++;
    }
    page->told = 1;
    await(page, 2);
    return 0;
}

static int taking_much(struct shared_page *page) { return taking(page, 64 * MIB); }
static int taking_some(struct shared_page *page) { return taking(page, 8 * MIB); }

/* A group with the memory controller, limited to so many bytes and no swap; NULL with skip_text set. */
static isolate_cgroup *limited(const char *tag, uint64_t bytes)
{
    const char *controllers[] = {"memory", NULL};
    isolate_cgroup *group = new_group(tag, controllers);
    isolate_spec *set = limits();
    isolate_error *err = NULL;
    if (group != NULL) {
        isolate_spec_set_memory(set, bytes);
        isolate_spec_set_swap(set, 0);
        isolate_spec_add_best_effort(set, "swap");
        CHECK(no_error(isolate_cgroup_apply(group, set, NULL, &err), &err));
    }
    isolate_spec_free(set);
    return group;
}

static void memory_beyond_the_limit_kills(void)
{
    struct shared_page *page = share();
    isolate_cgroup *group = limited("oom", 16 * MIB);
    isolate_error *err = NULL;
    isolate_oom_control control = {.size = sizeof control};
    isolate_cgroup_usage usage = {.size = sizeof usage};
    isolate_stat *stat = NULL;
    uint64_t number = 0;
    if (group == NULL)
        SKIP(skip_text);
    pid_t pid = process(taking_much, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    page->go = 1;
    int status = status_of(pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_INT(page->told, 0);
    CHECK(page->beats < 64 * MIB / 4096);
    UNTIL((isolate_cgroup_oom_control(group, &control, NULL), control.kills == 1));
    CHECK_INT(control.paused, 0);
    CHECK(no_error(isolate_cgroup_memory(group, ISOLATE_MEMORY_LIMIT, &number, &err), &err));
    CHECK_INT(number, 16 * MIB);
    CHECK(no_error(isolate_cgroup_stat(group, ISOLATE_STAT_MEMORY, &stat, &err), &err));
    CHECK_INT(isolate_stat_usage(stat, &usage), 0);
    CHECK_INT(usage.oom_kills, 1);
    CHECK_INT(usage.memory_limit, 16 * MIB);
    CHECK(usage.cpu_usage_us == ISOLATE_UNKNOWN && usage.pids_limit == ISOLATE_UNKNOWN);
    CHECK(no_error(isolate_stat_number(stat, "memory.oom_kills", &number, &err), &err));
    CHECK_INT(number, 1);
    REFUSED(isolate_stat_number(stat, "cpu.usage_usec", &number, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND,
            "cpu.usage_usec");
    isolate_stat_free(stat);
    end_group(group);
    munmap(page, sizeof *page);
}

static void a_group_that_pauses_goes_on_when_the_limit_is_raised(void)
{
    struct shared_page *page = share();
    isolate_cgroup *group = limited("pause", 4 * MIB);
    isolate_error *err = NULL;
    isolate_oom_control control = {.size = sizeof control};
    if (group == NULL)
        SKIP(skip_text);
    int code = isolate_cgroup_set_oom_pause(group, 1, &err);
    if (lacking(code, &err)) {
        end_group(group);
        munmap(page, sizeof *page);
        SKIP(skip_text);
    }
    CHECK(no_error(code, &err));
    pid_t pid = process(taking_some, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    page->go = 1;
    UNTIL((isolate_cgroup_oom_control(group, &control, NULL), control.under_oom == 1));
    CHECK_INT(control.paused, 1);
    uint64_t beats = page->beats;
    usleep(50000);
    CHECK_INT(page->beats, beats);
    CHECK_INT(page->told, 0);
    /* memory and swap together first, or memory would be above it */
    code = isolate_cgroup_set_memory(group, ISOLATE_MEMORY_MEMSW_LIMIT, 64 * MIB, NULL, &err);
    if (!lacking(code, &err))
        CHECK(no_error(code, &err));
    uint64_t held = 0;
    CHECK(no_error(isolate_cgroup_set_memory(group, ISOLATE_MEMORY_LIMIT, 64 * MIB, &held, &err), &err));
    CHECK_INT(held, 64 * MIB);
    UNTIL(page->told == 1);
    page->go = 2;
    CHECK(went_well(pid));
    end_group(group);
    munmap(page, sizeof *page);
}

static void limits_are_applied_all_or_none(void)
{
    struct shared_page *page = share();
    const char *controllers[] = {"memory", "pids", NULL};
    isolate_cgroup *group = new_group("apply", controllers);
    isolate_spec *set = limits(), *wrong = limits();
    isolate_applied *applied = NULL;
    isolate_error *err = NULL;
    isolate_enforcement row = {.size = sizeof row};
    char *text = NULL;
    uint64_t before = 0, after = 0;
    if (group == NULL) {
        isolate_spec_free(set);
        isolate_spec_free(wrong);
        SKIP(skip_text);
    }
    pid_t pid = process(taking_some, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    page->go = 1;
    UNTIL(page->told == 1);

    isolate_spec_set_pids(set, 40);
    isolate_spec_set_memory(set, 64 * MIB + 1);
    CHECK(no_error(isolate_cgroup_apply(group, set, &applied, &err), &err));
    CHECK_INT(isolate_applied_count(applied), 2);
    for (size_t i = 0; i < isolate_applied_count(applied); i++) {
        CHECK_INT(isolate_applied_get(applied, i, &row), 0);
        CHECK_INT(row.status, ISOLATE_ENFORCEMENT_ENFORCED);
        CHECK(row.reason == NULL && row.file != NULL);
        CHECK_STR(row.value, strcmp(row.name, "pids") == 0 ? "40" : "67108864");
    }
    CHECK_INT(isolate_applied_get(applied, 2, &row), -EINVAL);
    CHECK(no_error(isolate_applied_to_json(applied, &text, &err), &err));
    CHECK(text != NULL && strstr(text, "\"67108864\"") != NULL);
    isolate_string_free(text);
    isolate_applied_free(applied);
    CHECK_FILE(group, "pids.max", "40");

    CHECK(no_error(isolate_cgroup_memory(group, ISOLATE_MEMORY_LIMIT, &before, &err), &err));
    CHECK_INT(before, 64 * MIB);
    isolate_spec_set_pids(wrong, 41);
    isolate_spec_set_memory(wrong, 1 * MIB);
    applied = NULL;
    REFUSED(isolate_cgroup_apply(group, wrong, &applied, &err), EBUSY, ISOLATE_ERROR_BUSY, "bytes");
    CHECK(applied == NULL);
    CHECK_FILE(group, "pids.max", "40");
    CHECK(no_error(isolate_cgroup_memory(group, ISOLATE_MEMORY_LIMIT, &after, &err), &err));
    CHECK_INT(after, before);
    REFUSED(isolate_cgroup_set_memory(group, ISOLATE_MEMORY_LIMIT, 1 * MIB, &after, &err), EBUSY, ISOLATE_ERROR_BUSY,
            "bytes");
    isolate_spec_set_output(wrong, 1);
    REFUSED(isolate_cgroup_apply(group, wrong, NULL, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "limits.output");

    /* Nobody was killed. */
    page->go = 2;
    CHECK(went_well(pid));
    isolate_spec_free(set);
    isolate_spec_free(wrong);
    end_group(group);
    munmap(page, sizeof *page);
}

static int cached(struct shared_page *page)
{
    char name[] = "/tmp/isolate-c-XXXXXX", block[4096] = {1};
    int fd = mkstemp(name);
    await(page, 1);
    for (int i = 0; fd >= 0 && i < 2048; i++)
        if (write(fd, block, sizeof block) != sizeof block)
            return 1;
    fsync(fd);
    unlink(name);
    page->told = fd >= 0;
    await(page, 2);
    return 0;
}

static void memory_is_given_back_and_peaks_start_again(void)
{
    struct shared_page *page = share();
    isolate_cgroup *group = limited("reclaim", 64 * MIB);
    isolate_error *err = NULL;
    uint64_t used = 0, peak = 0, freed = 0;
    if (group == NULL)
        SKIP(skip_text);
    pid_t pid = process(cached, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    page->go = 1;
    UNTIL(page->told == 1);
    CHECK(no_error(isolate_cgroup_memory(group, ISOLATE_MEMORY_USAGE, &used, &err), &err));
    CHECK(no_error(isolate_cgroup_memory(group, ISOLATE_MEMORY_MAX_USAGE, &peak, &err), &err));
    CHECK(used > 0 && peak >= used && peak <= 64 * MIB);
    page->go = 2;
    CHECK(went_well(pid));
    int code = isolate_cgroup_reclaim(group, ISOLATE_UNLIMITED, &freed, &err);
    if (!lacking(code, &err))
        CHECK(no_error(code, &err));
    code = isolate_cgroup_reset_memory(group, ISOLATE_MEMORY_MAX_USAGE, &err);
    if (!lacking(code, &err)) {
        CHECK(no_error(code, &err));
        uint64_t again = 0;
        CHECK(no_error(isolate_cgroup_memory(group, ISOLATE_MEMORY_MAX_USAGE, &again, &err), &err));
        CHECK(again < peak);
    }
    REFUSED(isolate_cgroup_reset_memory(group, ISOLATE_MEMORY_LIMIT, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "limit");
    end_group(group);
    munmap(page, sizeof *page);
}

/* A job that forks once it is told to, in a group that then has no room for a second process. */
static void a_running_job_gets_other_limits(void)
{
    isolate_spec *spec = shell("read go; /bin/true; echo forked"), *set = limits();
    isolate_job *job = NULL;
    isolate_cgroup *group = NULL;
    isolate_applied *applied = NULL;
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    isolate_enforcement row = {.size = sizeof row};
    isolate_spec_set_stdio(spec, ISOLATE_STDIN, ISOLATE_STDIO_PIPE);
    isolate_spec_set_pids(spec, 20);
    int code = isolate_job_spawn(spec, &job, &err);
    isolate_spec_free(spec);
    if (lacking(code, &err)) {
        isolate_spec_free(set);
        SKIP(skip_text);
    }
    CHECK(no_error(code, &err));
    CHECK(no_error(isolate_job_cgroup(job, &group, &err), &err));
    CHECK(holds(group, isolate_job_pid(job)));
    isolate_spec_set_pids(set, 1);
    CHECK(no_error(isolate_job_update(job, set, &applied, &err), &err));
    CHECK_INT(isolate_applied_count(applied), 1);
    CHECK_INT(isolate_applied_get(applied, 0, &row), 0);
    CHECK_STR(row.name, "pids");
    int in = isolate_job_take_stdin(job);
    CHECK_INT(write(in, "go\n", 3), 3);
    close(in);
    CHECK(no_error(isolate_job_wait(job, -1, &out, &err), &err));
    CHECK_STR(isolate_outcome_stdout(out, NULL), "");
    const char *complaint = isolate_outcome_stderr(out, NULL);
    CHECK(complaint != NULL && strstr(complaint, "fork") != NULL);

    REFUSED(isolate_job_update(job, set, NULL, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "");
    isolate_cgroup *late = NULL;
    REFUSED(isolate_job_cgroup(job, &late, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "");
    isolate_applied_free(applied);
    isolate_outcome_free(out);
    isolate_cgroup_free(group);
    isolate_job_free(job);
    isolate_spec_free(set);
}

/* Tells by its status whether /dev/null can be written. */
static int writing(struct shared_page *page)
{
    await(page, 1);
    int fd = open("/dev/null", O_WRONLY);
    page->told = fd < 0 && errno == EPERM ? 2 : 1;
    return 0;
}

static void a_denied_device_is_denied_and_explained(void)
{
    struct shared_page *page = share();
    isolate_cgroup *group = new_group("devices", NULL);
    isolate_spec *set = limits();
    isolate_error *err = NULL;
    char *why = NULL;
    int allowed = 7;
    if (group == NULL) {
        isolate_spec_free(set);
        SKIP(skip_text);
    }
    isolate_spec_add_device_rule(set, 0, "/dev/null", "w");
    int code = isolate_cgroup_apply(group, set, NULL, &err);
    isolate_spec_free(set);
    if (lacking(code, &err)) {
        end_group(group);
        munmap(page, sizeof *page);
        SKIP(skip_text);
    }
    CHECK(no_error(code, &err));
    pid_t pid = process(writing, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    page->go = 1;
    CHECK(went_well(pid));
    CHECK_INT(page->told, 2);
    CHECK(no_error(isolate_cgroup_explain_device(group, "/dev/null", "w", &allowed, &why, &err), &err));
    CHECK_INT(allowed, 0);
    CHECK(why != NULL && strstr(why, "\"allowed\":false") != NULL && strstr(why, "reason") != NULL);
    isolate_string_free(why);
    CHECK(no_error(isolate_cgroup_explain_device(group, "c 1:3", "r", &allowed, NULL, &err), &err));
    CHECK_INT(allowed, 1);
    REFUSED(isolate_cgroup_explain_device(group, "c 1:3", "x", &allowed, NULL, &err), EINVAL,
            ISOLATE_ERROR_INVALID_SPEC, "x");
    end_group(group);
    munmap(page, sizeof *page);
}

static void a_snapshot_tells_what_was_used(void)
{
    struct shared_page *page = share();
    isolate_cgroup *group = new_group("stat", NULL);
    isolate_error *err = NULL;
    isolate_stat *stat = NULL;
    isolate_cgroup_usage usage = {.size = sizeof usage};
    struct { size_t size; uint64_t cpu_usage_us; } old = {.size = sizeof old};
    uint64_t number = 0;
    double real = -1;
    char *text = NULL;
    if (group == NULL)
        SKIP(skip_text);
    pid_t pid = process(beating, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    UNTIL((isolate_stat_free(stat), stat = NULL, isolate_cgroup_stat(group, ISOLATE_STAT_ALL, &stat, &err) == 0)
          && isolate_stat_usage(stat, &usage) == 0 && usage.cpu_usage_us > 0);
    CHECK_INT(usage.size, sizeof usage);
    if (has_controller(group, "pids")) {
        CHECK_INT(usage.pids_current, 1);
        CHECK(no_error(isolate_stat_number(stat, "pids.current", &number, &err), &err));
        CHECK_INT(number, 1);
    }
    if (has_controller(group, "memory")) {
        CHECK(no_error(isolate_stat_real(stat, "memory.current", &real, &err), &err));
        CHECK(real == (double) usage.memory_current);
        CHECK(no_error(isolate_stat_to_json(stat, &text, &err), &err));
        CHECK(text != NULL && strstr(text, "\"stat\":{") != NULL);
        isolate_string_free(text);
    }
    /* A program that was built with an older header. */
    CHECK_INT(isolate_stat_usage(stat, (isolate_cgroup_usage *) &old), 0);
    CHECK_INT(old.cpu_usage_us, usage.cpu_usage_us);
    isolate_stat_free(stat);
    end_process(pid);
    end_group(group);
    munmap(page, sizeof *page);
}

int main(void)
{
    warm_up();
    RUN(frozen_processes_stand_and_thawed_ones_go_on);
    RUN(a_group_that_the_caller_is_in_is_not_frozen);
    RUN(a_kill_reaches_what_was_forked_below);
    RUN(memory_beyond_the_limit_kills);
    RUN(a_group_that_pauses_goes_on_when_the_limit_is_raised);
    RUN(limits_are_applied_all_or_none);
    RUN(memory_is_given_back_and_peaks_start_again);
    RUN(a_running_job_gets_other_limits);
    RUN(a_denied_device_is_denied_and_explained);
    RUN(a_snapshot_tells_what_was_used);
    return report();
}
