/*
 * What no program should pass to the functions of groups: NULL for every one of them, unknown bits and
 * constants, numbers out of range. tests/c/run sees to it that every function is named here or in null.c.
 */
#include "harness.h"

static void null_handles_are_refused(void)
{
    isolate_cgroup *group = NULL;
    isolate_stat *stat = NULL;
    isolate_events *events = NULL;
    isolate_event *event = NULL;
    isolate_applied *applied = NULL;
    isolate_watches *watches = NULL;
    isolate_oom_control control = {.size = sizeof control};
    isolate_cgroup_usage usage = {.size = sizeof usage};
    isolate_enforcement row = {.size = sizeof row};
    const int pid = 1;
    char *text = NULL;
    int pids[1], flag = 7;
    size_t count = 7;
    uint64_t number = 7;
    double real = 7;

    CHECK_INT(isolate_cgroup_create(NULL, NULL, NULL, NULL, &group, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_create_child(NULL, "n", NULL, &group, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_open(NULL, &group, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_of_process(0, &group, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_child(NULL, "n", &group, NULL), -EINVAL);
    CHECK_INT(isolate_job_cgroup(NULL, &group, NULL), -EINVAL);
    CHECK(isolate_cgroup_ref(NULL) == NULL);
    CHECK(isolate_cgroup_path(NULL) == NULL);
    CHECK(isolate_cgroup_unit(NULL) == NULL);
    CHECK_INT(isolate_cgroup_places_json(NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_controllers_json(NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_children_json(NULL, &text, NULL), -EINVAL);

    CHECK_INT(isolate_cgroup_attach(NULL, &pid, 1, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_attach_threads(NULL, &pid, 1, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_processes(NULL, 0, pids, 1, &count, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_threads(NULL, 0, pids, 1, &count, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_freeze(NULL, -1, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_thaw(NULL, -1, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_is_frozen(NULL, &flag, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_is_populated(NULL, &flag, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_kill(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_remove(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_delegate(NULL, 0, 0, NULL), -EINVAL);

    CHECK_INT(isolate_cgroup_get(NULL, "cgroup.procs", &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_set(NULL, "cgroup.procs", "0", &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_explain_device(NULL, "c 1:3", "r", &flag, &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_notify_on_release(NULL, &flag, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_set_notify_on_release(NULL, 1, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_release_agent(NULL, "memory", &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_set_release_agent(NULL, "memory", "", NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_memory(NULL, ISOLATE_MEMORY_USAGE, &number, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_set_memory(NULL, ISOLATE_MEMORY_LIMIT, 1, &number, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_reset_memory(NULL, ISOLATE_MEMORY_FAILCNT, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_oom_control(NULL, &control, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_set_oom_pause(NULL, 1, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_reclaim(NULL, ISOLATE_UNLIMITED, &number, NULL), -EINVAL);

    CHECK_INT(isolate_cgroup_apply(NULL, NULL, &applied, NULL), -EINVAL);
    CHECK_INT(isolate_job_update(NULL, NULL, &applied, NULL), -EINVAL);
    CHECK_INT(isolate_applied_count(NULL), 0);
    CHECK_INT(isolate_applied_get(NULL, 0, &row), -EINVAL);
    CHECK_INT(isolate_applied_to_json(NULL, &text, NULL), -EINVAL);

    CHECK_INT(isolate_cgroup_stat(NULL, ISOLATE_STAT_ALL, &stat, NULL), -EINVAL);
    CHECK_INT(isolate_stat_usage(NULL, &usage), -EINVAL);
    CHECK_INT(isolate_stat_number(NULL, "cpu.usage_usec", &number, NULL), -EINVAL);
    CHECK_INT(isolate_stat_real(NULL, "cpu.usage_usec", &real, NULL), -EINVAL);
    CHECK_INT(isolate_stat_to_json(NULL, &text, NULL), -EINVAL);

    CHECK_INT(isolate_watches_from_json(NULL, &watches, NULL), -EINVAL);
    CHECK_INT(isolate_watches_to_json(NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_watches_add(NULL, ISOLATE_WATCH_OOM), -EINVAL);
    CHECK_INT(isolate_watches_add_threshold(NULL, 4096, 0), -EINVAL);
    CHECK_INT(isolate_watches_add_pressure(NULL, ISOLATE_RESOURCE_CPU, 0, 1, 500000), -EINVAL);
    CHECK_INT(isolate_watches_add_pressure_level(NULL, ISOLATE_LEVEL_LOW, ISOLATE_LEVEL_MODE_LOCAL), -EINVAL);
    CHECK_INT(isolate_cgroup_events(NULL, NULL, &events, NULL), -EINVAL);
    CHECK_INT(isolate_events_fd(NULL), -EINVAL);
    CHECK_INT(isolate_events_next(NULL, &event, NULL), -EINVAL);
    CHECK_INT(isolate_events_wait(NULL, 0, &event, NULL), -EINVAL);
    CHECK_INT(isolate_events_is_over(NULL), -EINVAL);
    CHECK_INT(isolate_event_kind(NULL), -EINVAL);
    CHECK(isolate_event_kind_name(NULL) == NULL);
    CHECK_INT(isolate_event_watch(NULL), -EINVAL);
    CHECK(isolate_event_file(NULL) == NULL);
    CHECK_INT(isolate_event_count(NULL), 0);
    CHECK(isolate_event_value(NULL) == ISOLATE_UNKNOWN);
    CHECK(isolate_event_detail(NULL) == NULL);
    CHECK_INT(isolate_event_to_json(NULL, &text, NULL), -EINVAL);

    CHECK(group == NULL && stat == NULL && events == NULL && event == NULL && applied == NULL);
    CHECK(watches == NULL && text == NULL && flag == 7 && count == 7 && number == 7 && real == 7);
}

/* With a handle, and refused before anything is done. */
static void null_arguments_are_refused(void)
{
    isolate_cgroup *own = NULL, *group = NULL;
    isolate_watches *watches = NULL;
    isolate_stat *stat = NULL;
    isolate_error *err = NULL;
    char *text = NULL;
    uint64_t number = 7;
    size_t count = 7;
    if (isolate_cgroup_own(&own, &err) != 0) {
        snprintf(skip_text, sizeof skip_text, "%s", isolate_error_message(err));
        isolate_error_free(err);
        SKIP(skip_text);
    }
    CHECK_INT(isolate_cgroup_own(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_create("n", NULL, NULL, NULL, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_create("\xff", NULL, NULL, NULL, &group, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_create("n", "\xff", NULL, NULL, &group, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_create("n", NULL, (const char *[]){"\xff", NULL}, NULL, &group, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_open("/", NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_of_process((int) getpid(), NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_create_child(own, NULL, NULL, &group, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_create_child(own, "n", NULL, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_child(own, NULL, &group, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_places_json(own, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_controllers_json(own, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_children_json(own, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_attach(own, NULL, 1, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_attach_threads(own, NULL, 1, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_processes(own, 0, NULL, 1, &count, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_processes(own, 0, NULL, 0, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_threads(own, 0, NULL, 1, &count, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_is_frozen(own, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_is_populated(own, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_get(own, NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_get(own, "cgroup.procs", NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_set(own, NULL, "1", NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_set(own, "cgroup.procs", NULL, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_explain_device(own, NULL, "r", (int[]){0}, &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_explain_device(own, "c 1:3", NULL, (int[]){0}, &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_explain_device(own, "c 1:3", "r", NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_release_agent(own, NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_set_release_agent(own, "memory", NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_memory(own, ISOLATE_MEMORY_USAGE, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_apply(own, NULL, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_stat(own, ISOLATE_STAT_ALL, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_events(own, NULL, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_stat(own, 0, &stat, NULL), 0);
    CHECK_INT(isolate_stat_usage(stat, NULL), -EINVAL);
    CHECK_INT(isolate_stat_number(stat, NULL, &number, NULL), -EINVAL);
    CHECK_INT(isolate_stat_number(stat, "cpu.usage_usec", NULL, NULL), -EINVAL);
    CHECK_INT(isolate_stat_real(stat, NULL, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_stat_to_json(stat, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_watches_new(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_watches_new(&watches, NULL), 0);
    CHECK_INT(isolate_watches_to_json(watches, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_watches_from_json("[]", NULL, NULL), -EINVAL);
    CHECK(group == NULL && text == NULL && number == 7 && count == 7);
    isolate_watches_free(watches);
    isolate_stat_free(stat);
    isolate_cgroup_free(own);
}

static void unknown_constants_and_bits_are_refused(void)
{
    isolate_cgroup *own = NULL;
    isolate_stat *stat = NULL;
    isolate_watches *watches = NULL;
    uint64_t number = 7;
    char *text = NULL;
    struct { size_t size; uint64_t kills; } small = {.size = sizeof(size_t) - 1, .kills = 7};
    CHECK_INT(isolate_watches_new(&watches, NULL), 0);
    CHECK_INT(isolate_watches_add(watches, 0), -EINVAL);
    CHECK_INT(isolate_watches_add(watches, ISOLATE_WATCH_FROZEN + 1), -EINVAL);
    CHECK_INT(isolate_watches_add_threshold(watches, (uint64_t) INT64_MAX + 1, 0), -EINVAL);
    CHECK_INT(isolate_watches_add_pressure(watches, 0, 0, 1, 500000), -EINVAL);
    CHECK_INT(isolate_watches_add_pressure_level(watches, 4, ISOLATE_LEVEL_MODE_LOCAL), -EINVAL);
    CHECK_INT(isolate_watches_add_pressure_level(watches, ISOLATE_LEVEL_LOW, 0), -EINVAL);
    CHECK_INT(isolate_watches_to_json(watches, &text, NULL), 0);
    CHECK_STR(text, "[]");
    isolate_string_free(text);
    isolate_watches_free(watches);
    if (isolate_cgroup_own(&own, NULL) != 0)
        SKIP("no group of the caller's can be seen");
    CHECK_INT(isolate_cgroup_stat(own, ISOLATE_STAT_ALL + 1, &stat, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_memory(own, 0, &number, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_memory(own, ISOLATE_MEMORY_MEMSW_FAILCNT + 1, &number, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_set_memory(own, 99, 1, &number, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_reset_memory(own, 99, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_freeze(own, -2, NULL), -EINVAL);
    CHECK_INT(isolate_cgroup_thaw(own, INT64_MIN, NULL), -EINVAL);
    CHECK(isolate_cgroup_oom_control(own, (isolate_oom_control *) &small, NULL) < 0);
    CHECK(stat == NULL && number == 7 && small.kills == 7);
    isolate_cgroup_free(own);
}

static void conversions_refuse_null_and_unknown_rules(void)
{
    uint64_t number = 7;
    int64_t limit = 7;
    char *text = NULL;
    CHECK_INT(isolate_convert_shares_to_weight(1024, ISOLATE_RULE_RUNC_2025, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_convert_shares_to_weight(1024, 0, &number, NULL), -EINVAL);
    CHECK_INT(isolate_convert_weight_to_shares(100, ISOLATE_RULE_LINEAR + 1, &number, NULL), -EINVAL);
    CHECK_INT(isolate_convert_weight_to_shares(10001, ISOLATE_RULE_LINEAR, &number, NULL), -EINVAL);
    CHECK_INT(isolate_convert_blkio_to_io_weight(9, ISOLATE_RULE_SYSTEMD, &number, NULL), -EINVAL);
    CHECK_INT(isolate_convert_io_to_blkio_weight(100, ISOLATE_RULE_SYSTEMD, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_convert_swap_max(1, 2, &limit, NULL), -EINVAL);
    CHECK_INT(isolate_convert_memsw_limit(-2, 1, &limit, NULL), -EINVAL);
    CHECK_INT(isolate_convert_cpu_max(1, 1, &text, NULL), -EINVAL);
    CHECK_INT(isolate_convert_cpu_max(50000, 0, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_convert_quota_of(0.0, 0, &number, NULL), -EINVAL);
    CHECK(number == 7 && limit == 7 && text == NULL);
}

static void free_takes_null(void)
{
    isolate_cgroup_free(NULL);
    isolate_stat_free(NULL);
    isolate_watches_free(NULL);
    isolate_events_free(NULL);
    isolate_event_free(NULL);
    isolate_applied_free(NULL);
}

static void refused_limits_leave_the_spec_alone(void)
{
    const uint64_t too_much = (uint64_t) INT64_MAX + 1;
    isolate_spec *spec = NULL;
    char *before = NULL, *after = NULL;
    CHECK_INT(isolate_spec_new_settings(&spec, NULL), 0);
    CHECK_INT(isolate_spec_to_json(spec, &before, NULL), 0);
    CHECK_INT(isolate_spec_set_cpuset_partition(spec, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_cpuset_partition(spec, ISOLATE_CPUSET_ISOLATED + 1), -EINVAL);
    CHECK_INT(isolate_spec_add_io_limit(spec, NULL, 1, 0, 0, 0, 0, 0), -EINVAL);
    CHECK_INT(isolate_spec_add_io_limit(spec, "8:0", too_much, 0, 0, 0, 0, 0), -EINVAL);
    CHECK_INT(isolate_spec_add_device_rule(spec, 1, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_spec_add_device_rule(spec, 1, "a", "\xff"), -EINVAL);
    CHECK_INT(isolate_spec_add_rdma_limit(spec, NULL, 1, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_hugetlb(spec, NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_hugetlb(spec, "2MB", too_much), -EINVAL);
    CHECK_INT(isolate_spec_set_net_priority(spec, NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cgroup_file(spec, "memory.high", NULL), -EINVAL);
    CHECK_INT(isolate_spec_set_memory_high(spec, too_much), -EINVAL);
    CHECK_INT(isolate_spec_to_json(spec, &after, NULL), 0);
    CHECK_STR(after, before);
    isolate_string_free(before);
    isolate_string_free(after);
    isolate_spec_free(spec);
}

/* Every limit by its setter is what the same words in JSON are. */
static void setters_say_what_json_says(void)
{
    static const char *wanted =
        "{\"argv\":[],\"limits\":{\"memory_high\":8192,\"memory_low\":4096,\"memory_min\":1,\"swappiness\":10,"
        "\"oom_group\":true,\"oom_pause\":false,\"cpu_period\":0.05,\"cpu_burst\":0.01,\"cpu_idle\":true,"
        "\"cpu_rt_runtime\":0.02,\"cpu_rt_period\":0.1,\"cpuset_exclusive\":true,\"cpuset_partition\":\"isolated\","
        "\"io\":[{\"device\":\"8:0\",\"read_bps\":1048576,\"write_iops\":100,\"latency\":0.0025}],\"io_weight\":50,"
        "\"devices\":[{\"allow\":false,\"device\":\"a\"},{\"allow\":true,\"device\":\"c 1:3\",\"access\":\"rw\"}],"
        "\"net_class\":1048577,\"net_priorities\":{\"*\":5},\"hugetlb\":{\"2MB\":4194304},"
        "\"rdma\":[{\"device\":\"mlx5_0\",\"objects\":0}],\"misc\":{\"sev\":2},"
        "\"files\":{\"memory.swap.high\":\"64M\"}}}";
    isolate_spec *spec = NULL, *read = NULL;
    isolate_error *err = NULL;
    char *set = NULL, *text = NULL;
    CHECK_INT(isolate_spec_new_settings(&spec, NULL), 0);
    CHECK_INT(isolate_spec_set_memory_high(spec, 8192), 0);
    CHECK_INT(isolate_spec_set_memory_low(spec, 4096), 0);
    CHECK_INT(isolate_spec_set_memory_min(spec, 1), 0);
    CHECK_INT(isolate_spec_set_swappiness(spec, 10), 0);
    CHECK_INT(isolate_spec_set_oom_group(spec, 1), 0);
    CHECK_INT(isolate_spec_set_oom_pause(spec, 0), 0);
    CHECK_INT(isolate_spec_set_cpu_period_ms(spec, 50), 0);
    CHECK_INT(isolate_spec_set_cpu_burst_ms(spec, 10), 0);
    CHECK_INT(isolate_spec_set_cpu_idle(spec, 1), 0);
    CHECK_INT(isolate_spec_set_cpu_rt_runtime_ms(spec, 20), 0);
    CHECK_INT(isolate_spec_set_cpu_rt_period_ms(spec, 100), 0);
    CHECK_INT(isolate_spec_set_cpuset_exclusive(spec, 1), 0);
    CHECK_INT(isolate_spec_set_cpuset_partition(spec, ISOLATE_CPUSET_ISOLATED), 0);
    CHECK_INT(isolate_spec_add_io_limit(spec, "8:0", 1 << 20, 0, 0, 100, 0, 2500), 0);
    CHECK_INT(isolate_spec_set_io_weight(spec, 50), 0);
    CHECK_INT(isolate_spec_add_device_rule(spec, 0, "a", NULL), 0);
    CHECK_INT(isolate_spec_add_device_rule(spec, 1, "c 1:3", "rw"), 0);
    CHECK_INT(isolate_spec_set_net_class(spec, 0x100001), 0);
    CHECK_INT(isolate_spec_set_net_priority(spec, "*", 5), 0);
    CHECK_INT(isolate_spec_set_hugetlb(spec, "2MB", 4 << 20), 0);
    CHECK_INT(isolate_spec_add_rdma_limit(spec, "mlx5_0", -1, 0), 0);
    CHECK_INT(isolate_spec_set_misc(spec, "sev", 2), 0);
    CHECK_INT(isolate_spec_set_cgroup_file(spec, "memory.swap.high", "64M"), 0);
    CHECK_INT(isolate_spec_to_json(spec, &set, NULL), 0);
    CHECK(no_error(isolate_spec_from_json(wanted, &read, &err), &err));
    CHECK_INT(isolate_spec_to_json(read, &text, NULL), 0);
    CHECK_STR(set, text);
    isolate_string_free(set);
    isolate_string_free(text);
    isolate_spec_free(spec);
    isolate_spec_free(read);
}

int main(void)
{
    RUN(null_handles_are_refused);
    RUN(null_arguments_are_refused);
    RUN(unknown_constants_and_bits_are_refused);
    RUN(conversions_refuse_null_and_unknown_rules);
    RUN(free_takes_null);
    RUN(refused_limits_leave_the_spec_alone);
    RUN(setters_say_what_json_says);
    return report();
}
