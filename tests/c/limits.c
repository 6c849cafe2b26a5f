/*
 * Limits: each is reached from inside, and the outcome says so.
 */
#include "harness.h"

/* The row of the enforcement with this name; its strings live as long as the outcome. */
static int enforcement(const isolate_outcome *out, const char *name, isolate_enforcement *row)
{
    for (size_t i = 0; i < isolate_outcome_enforcement_count(out); i++) {
        row->size = sizeof *row;
        CHECK_INT(isolate_outcome_enforcement(out, i, row), 0);
        if (row->name != NULL && strcmp(row->name, name) == 0)
            return 1;
    }
    return 0;
}

static void memory_runs_out(void)
{
    isolate_spec *spec = shell("head -c 200m /dev/zero | tail -c 200m | wc -c");
    isolate_enforcement row;
    isolate_spec_set_memory(spec, 32u << 20);
    /* where there is swap, it would have all of that first */
    isolate_spec_set_swap(spec, 0);
    isolate_spec_add_best_effort(spec, "swap");
    isolate_outcome *out = outcome_or_skip(spec);
    if (out == NULL)
        SKIP(skip_text);
    CHECK_INT(isolate_outcome_reason(out), ISOLATE_REASON_OUT_OF_MEMORY);
    CHECK_STR(isolate_outcome_reason_name(out), "out_of_memory");
    CHECK(isolate_outcome_memory_peak(out) > 16u << 20);
    CHECK(isolate_outcome_memory_peak(out) <= 32u << 20);
    isolate_usage usage = {.size = sizeof usage};
    CHECK_INT(isolate_outcome_usage(out, &usage), 0);
    CHECK(usage.oom_kills >= 1 && usage.oom_kills != ISOLATE_UNKNOWN);
    CHECK(enforcement(out, "memory", &row));
    CHECK_INT(row.status, ISOLATE_ENFORCEMENT_ENFORCED);
    CHECK_STR(row.value, "33554432");
    CHECK(row.file != NULL);
    CHECK(row.reason == NULL);
    isolate_outcome_free(out);
}

static void processes_run_out(void)
{
    isolate_spec *spec = shell("for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done");
    isolate_enforcement row;
    isolate_spec_set_pids(spec, 5);
    isolate_outcome *out = outcome_or_skip(spec);
    if (out == NULL)
        SKIP(skip_text);
    const char *text = isolate_outcome_stderr(out, NULL);
    CHECK(text != NULL && strstr(text, "fork") != NULL);
    CHECK(enforcement(out, "pids", &row));
    CHECK_INT(row.status, ISOLATE_ENFORCEMENT_ENFORCED);
    isolate_usage usage = {.size = sizeof usage};
    CHECK_INT(isolate_outcome_usage(out, &usage), 0);
    CHECK(usage.pids_denied >= 1);
    isolate_outcome_free(out);
}

static void wall_time_runs_out(void)
{
    isolate_spec *spec = shell("echo before; exec sleep 1000");
    isolate_spec_set_timeout_ms(spec, 300);
    isolate_outcome *out = outcome_of(spec);
    CHECK_INT(isolate_outcome_reason(out), ISOLATE_REASON_TIMEOUT);
    CHECK_INT(isolate_outcome_shell_status(out), 124);
    CHECK_STR(isolate_outcome_stdout(out, NULL), "before\n");
    isolate_outcome_free(out);
}

static void cpu_time_runs_out(void)
{
    isolate_spec *spec = shell("while :; do :; done");
    isolate_spec_set_cpu_time_ms(spec, 200);
    isolate_outcome *out = outcome_or_skip(spec);
    if (out == NULL)
        SKIP(skip_text);
    CHECK_INT(isolate_outcome_reason(out), ISOLATE_REASON_CPU_LIMIT);
    isolate_usage usage = {.size = sizeof usage};
    CHECK_INT(isolate_outcome_usage(out, &usage), 0);
    CHECK(usage.cpu_time_us >= 200000);
    isolate_outcome_free(out);
}

static void output_runs_over(void)
{
    isolate_spec *spec = shell("exec yes");
    isolate_spec_set_output(spec, 1000);
    isolate_outcome *out = outcome_of(spec);
    size_t length = 0;
    CHECK_INT(isolate_outcome_reason(out), ISOLATE_REASON_OUTPUT_LIMIT);
    CHECK(isolate_outcome_stdout(out, &length) != NULL);
    CHECK_INT(length, 1000);
    CHECK_INT(isolate_outcome_stdout_cut(out), 1);
    CHECK_INT(isolate_outcome_stderr_cut(out), 0);
    isolate_outcome_free(out);
}

static void the_filter_is_told_from_a_signal(void)
{
    isolate_spec *spec = shell("kill -SYS $$");
    isolate_outcome *out = outcome_of(spec);
    /* A SIGSYS that the program sent to itself looks the same from outside. */
    CHECK_INT(isolate_outcome_reason(out), ISOLATE_REASON_SECCOMP);
    CHECK_INT(isolate_outcome_signal(out), 31);
    isolate_outcome_free(out);
}

static void a_limit_the_host_has_not_is_skipped_on_request(void)
{
    isolate_spec *spec = shell("true");
    isolate_enforcement row;
    isolate_spec_set_cpuset_mems(spec, "4000");
    isolate_spec_add_best_effort(spec, "cpuset_mems");
    isolate_outcome *out = outcome_of(spec);
    CHECK_INT(isolate_outcome_exit_code(out), 0);
    CHECK(enforcement(out, "cpuset_mems", &row));
    CHECK_INT(row.status, ISOLATE_ENFORCEMENT_SKIPPED);
    CHECK(row.reason != NULL);
    row.size = 3;
    CHECK_INT(isolate_outcome_enforcement(out, 0, &row), -EINVAL);
    row.size = sizeof row;
    CHECK_INT(isolate_outcome_enforcement(out, isolate_outcome_enforcement_count(out), &row), -EINVAL);
    isolate_outcome_free(out);
}

int main(void)
{
    warm_up();
    RUN(memory_runs_out);
    RUN(processes_run_out);
    RUN(wall_time_runs_out);
    RUN(cpu_time_runs_out);
    RUN(output_runs_over);
    RUN(the_filter_is_told_from_a_signal);
    RUN(a_limit_the_host_has_not_is_skipped_on_request);
    return report();
}
