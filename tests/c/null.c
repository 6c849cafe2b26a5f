/*
 * What no program should pass: NULL, for every function of the header, unknown flags and constants,
 * numbers out of range. tests/c/run sees to it that every function is named in this file.
 */
#include "harness.h"

static void null_handles_are_refused(void)
{
    isolate_usage usage = {.size = sizeof usage};
    isolate_enforcement row = {.size = sizeof row};
    size_t length = 7;
    char *text = NULL;
    isolate_spec *spec = NULL;
    isolate_job *job = NULL;
    isolate_outcome *out = NULL;

    CHECK_INT(isolate_error_kind(NULL), -EINVAL);
    CHECK(isolate_error_kind_name(NULL) == NULL);
    CHECK_INT(isolate_error_errno(NULL), -EINVAL);
    CHECK(isolate_error_stage(NULL) == NULL);
    CHECK(isolate_error_subject(NULL) == NULL);
    CHECK(isolate_error_message(NULL) == NULL);

    CHECK_INT(isolate_spec_new(NULL, &spec, NULL), -EINVAL);
    CHECK_INT(isolate_spec_from_json(NULL, &spec, NULL), -EINVAL);
    CHECK_INT(isolate_spec_to_json(NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_spec_check(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_host_to_json(NULL, &text, NULL), -EINVAL);

    CHECK_INT(isolate_run(NULL, &out, NULL), -EINVAL);
    CHECK_INT(isolate_job_spawn(NULL, &job, NULL), -EINVAL);
    CHECK(isolate_job_ref(NULL) == NULL);
    CHECK_INT(isolate_job_wait(NULL, -1, &out, NULL), -EINVAL);
    CHECK_INT(isolate_job_try_wait(NULL, &out, NULL), -EINVAL);
    CHECK_INT(isolate_job_pid(NULL), -EINVAL);
    CHECK_INT(isolate_job_fd(NULL), -EINVAL);
    CHECK_INT(isolate_job_signal(NULL, 15, NULL), -EINVAL);
    CHECK_INT(isolate_job_kill(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_job_take_stdin(NULL), -EINVAL);
    CHECK_INT(isolate_job_take_stdout(NULL), -EINVAL);
    CHECK_INT(isolate_job_take_stderr(NULL), -EINVAL);
    CHECK_INT(isolate_job_usage(NULL, &usage), -EINVAL);
    CHECK_INT(isolate_job_namespace_id(NULL, ISOLATE_NS_PID), 0);
    CHECK_INT(isolate_job_to_json(NULL, &text, NULL), -EINVAL);

    CHECK_INT(isolate_outcome_reason(NULL), -EINVAL);
    CHECK(isolate_outcome_reason_name(NULL) == NULL);
    CHECK_INT(isolate_outcome_exit_code(NULL), -EINVAL);
    CHECK_INT(isolate_outcome_signal(NULL), -EINVAL);
    CHECK_INT(isolate_outcome_shell_status(NULL), -EINVAL);
    CHECK(isolate_outcome_evidence(NULL) == NULL);
    CHECK_INT(isolate_outcome_pid(NULL), -EINVAL);
    CHECK(isolate_outcome_stdout(NULL, &length) == NULL);
    CHECK(isolate_outcome_stderr(NULL, &length) == NULL);
    CHECK_INT(length, 7);
    CHECK_INT(isolate_outcome_stdout_cut(NULL), -EINVAL);
    CHECK_INT(isolate_outcome_stderr_cut(NULL), -EINVAL);
    CHECK_INT(isolate_outcome_usage(NULL, &usage), -EINVAL);
    CHECK(isolate_outcome_memory_peak(NULL) == ISOLATE_UNKNOWN);
    CHECK_INT(isolate_outcome_namespace_id(NULL, ISOLATE_NS_PID), 0);
    CHECK_INT(isolate_outcome_enforcement_count(NULL), 0);
    CHECK_INT(isolate_outcome_enforcement(NULL, 0, &row), -EINVAL);
    CHECK_INT(isolate_outcome_to_json(NULL, &text, NULL), -EINVAL);

    CHECK_INT(isolate_job_exec(NULL, NULL, &job, NULL), -EINVAL);
    CHECK_INT(isolate_job_processes_json(NULL, &text, NULL), -EINVAL);

    CHECK(spec == NULL && job == NULL && out == NULL && text == NULL);
}

static void null_namespaces_are_refused(void)
{
    isolate_ns *ns = NULL, *uts = NULL;
    isolate_nsset *set = NULL;
    isolate_inside *inside = NULL;
    isolate_mount_info info = {.size = sizeof info};
    isolate_time_offsets offsets = {.size = sizeof offsets};
    uint64_t number = 7;
    uint32_t id = 7;
    uint8_t bytes[ISOLATE_NS_FILE_HANDLE_SIZE];
    char *text = NULL;
    int result = 7;

    CHECK_INT(isolate_ns_kind_from_name(NULL, &id, NULL), -EINVAL);
    CHECK_INT(isolate_ns_kind_from_name("net", NULL, NULL), -EINVAL);
    CHECK_INT(isolate_job_namespace(NULL, ISOLATE_NS_NET, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_ns_open(NULL, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_ns_of_file_handle(NULL, sizeof bytes, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_ns_copy(NULL, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_ns_kind(NULL), -EINVAL);
    CHECK_INT(isolate_ns_expect(NULL, ISOLATE_NS_NET, NULL), -EINVAL);
    CHECK_INT(isolate_ns_fd(NULL), -EINVAL);
    CHECK(isolate_ns_text(NULL) == NULL);
    CHECK_INT(isolate_ns_equal(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_inode(NULL), 0);
    CHECK_INT(isolate_ns_device(NULL), 0);
    CHECK_INT(isolate_ns_kernel_id(NULL, &number, NULL), -EINVAL);
    CHECK_INT(isolate_ns_file_handle(NULL, bytes, sizeof bytes, NULL), -EINVAL);
    CHECK_INT(isolate_ns_is_initial(NULL), -EINVAL);
    CHECK_INT(isolate_ns_parent(NULL, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_ns_owner(NULL, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_ns_owner_uid(NULL, &id, NULL), -EINVAL);
    CHECK_INT(isolate_ns_mount_info(NULL, &info, NULL), -EINVAL);
    CHECK_INT(isolate_ns_mount_namespace_id(NULL, &number, NULL), -EINVAL);
    CHECK_INT(isolate_ns_next_mount_namespace(NULL, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_ns_previous_mount_namespace(NULL, &ns, NULL), -EINVAL);

    CHECK_INT(isolate_ns_create(NULL, 1, NULL, &set, NULL), -EINVAL);
    CHECK(isolate_nsset_get(NULL, ISOLATE_NS_NET) == NULL);
    CHECK_INT(isolate_nsset_take(NULL, ISOLATE_NS_NET, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_nsset_holder_pid(NULL), -EINVAL);
    CHECK_INT(isolate_ns_enter_thread(NULL, 1, NULL), -EINVAL);
    CHECK_INT(isolate_ns_enter_thread((const isolate_ns *[]){NULL}, 1, NULL), -EINVAL);
    CHECK_INT(isolate_ns_enter_thread_pidfd(0, NULL, 1, NULL), -EINVAL);
    CHECK_INT(isolate_ns_unshare_thread(NULL, 1, NULL), -EINVAL);
    CHECK_INT(isolate_ns_unshare_thread(NULL, 0, NULL), -EINVAL);
    CHECK_INT(isolate_inside_enter(NULL, 1, &inside, NULL), -EINVAL);
    CHECK_INT(isolate_inside_call(NULL, NULL, NULL, &result, NULL), -EINVAL);

    CHECK_INT(isolate_ns_hostname(NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_ns_set_hostname(NULL, "h", NULL), -EINVAL);
    CHECK_INT(isolate_ns_domainname(NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_ns_set_domainname(NULL, "d", NULL), -EINVAL);
    CHECK_INT(isolate_ns_sysctl(NULL, "net.ipv4.ip_forward", &text, NULL), -EINVAL);
    CHECK_INT(isolate_ns_set_sysctl(NULL, "net.ipv4.ip_forward", "1", NULL), -EINVAL);
    CHECK_INT(isolate_ns_time_offsets(NULL, &offsets, NULL), -EINVAL);
    CHECK_INT(isolate_ns_socket(NULL, 2, 1, 0, &result, NULL), -EINVAL);
    CHECK_INT(isolate_ns_cgroup_paths_json(NULL, 1, &text, NULL), -EINVAL);
    CHECK_INT(isolate_ns_persist(NULL, "/nonesuch", NULL), -EINVAL);
    CHECK_INT(isolate_ns_unpersist(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_persist_name(NULL, "n", NULL), -EINVAL);
    CHECK_INT(isolate_ns_unpersist_name(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_named(NULL, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_ns_translate_pid(1, NULL, NULL, &result, NULL), -EINVAL);
    CHECK_INT(isolate_ns_processes_json(NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_ns_id_maps_json(NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_ns_write_id_maps(1, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_check_id_map(NULL, "[]", NULL), -EINVAL);
    CHECK_INT(isolate_ns_check_id_map("uid_map", NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_translate_uid(0, NULL, NULL, &id, NULL), -EINVAL);
    CHECK_INT(isolate_ns_translate_gid(0, NULL, NULL, &id, NULL), -EINVAL);

    CHECK(ns == NULL && set == NULL && inside == NULL && text == NULL);
    CHECK(number == 7 && id == 7 && result == 7);

    /* One of two, and texts beside a handle. */
    CHECK_INT(isolate_ns_of_thread(ISOLATE_NS_UTS, &uts, NULL), 0);
    CHECK_INT(isolate_ns_equal(uts, NULL), -EINVAL);
    CHECK_INT(isolate_ns_equal(NULL, uts), -EINVAL);
    CHECK_INT(isolate_ns_translate_pid(1, uts, NULL, &result, NULL), -EINVAL);
    CHECK_INT(isolate_ns_set_hostname(uts, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_set_domainname(uts, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_sysctl(uts, NULL, &text, NULL), -EINVAL);
    CHECK_INT(isolate_ns_set_sysctl(uts, "kernel.hostname", NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_persist(uts, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_persist_name(uts, NULL, NULL), -EINVAL);
    isolate_ns_free(uts);
}

/* Refused before anything is asked of the kernel or made. */
static void null_out_parameters_of_namespaces_are_refused(void)
{
    const uint32_t kind = ISOLATE_NS_UTS;
    isolate_ns *ns = NULL;
    CHECK_INT(isolate_ns_of_thread(kind, &ns, NULL), 0);
    CHECK_INT(isolate_ns_of_thread(kind, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_of_process(1, kind, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_of_children(1, ISOLATE_NS_PID, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_of_pidfd(0, kind, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_open("/proc/self/ns/uts", NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_of_fd(isolate_ns_fd(ns), NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_of_kernel_id(1, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_copy(ns, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_kernel_id(ns, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_file_handle(ns, NULL, ISOLATE_NS_FILE_HANDLE_SIZE, NULL), -EINVAL);
    CHECK_INT(isolate_ns_owner(ns, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_owner_uid(ns, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_create(&kind, 1, NULL, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_inside_enter((const isolate_ns *[]){ns}, 1, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_hostname(ns, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_time_offsets_of(1, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_set_time_offsets_of(0, 0, 0, NULL), -EINVAL);
    CHECK_INT(isolate_ns_cgroup_paths_of_json(1, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_persisted_json(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_list_json(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_tree_json(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_translate_pid(1, ns, ns, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_processes_json(ns, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_id_maps_of_json(1, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_ns_subordinate_ids_json(NULL, NULL), -EINVAL);
    isolate_ns_free(ns);
}

/* By a constant that is none: they take no pointer. */
static void unknown_kinds_are_refused(void)
{
    isolate_ns *ns = NULL;
    CHECK(isolate_ns_kind_name(0) == NULL);
    CHECK(isolate_ns_kind_isolates(0) == NULL);
    CHECK(isolate_ns_kind_since(0) == NULL);
    CHECK(isolate_ns_kind_flag(0) == 0);
    CHECK_INT(isolate_ns_kind_from_flag(0), -EINVAL);
    CHECK_INT(isolate_ns_kind_supported(0), -EINVAL);
    CHECK_INT(isolate_ns_kind_is_nested(0), -EINVAL);
    CHECK_INT(isolate_ns_kind_is_for_children(0), -EINVAL);
    CHECK_INT(isolate_ns_of_thread(0, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_ns_of_process(1, 9, &ns, NULL), -EINVAL);
    CHECK_INT(isolate_ns_unshare_thread((const uint32_t[]){9}, 1, NULL), -EINVAL);
    CHECK(ns == NULL);
}

static void free_takes_null(void)
{
    isolate_ns_free(NULL);
    isolate_nsset_free(NULL);
    isolate_inside_free(NULL);
    isolate_error_free(NULL);
    isolate_string_free(NULL);
    isolate_spec_free(NULL);
    isolate_job_free(NULL);
    isolate_outcome_free(NULL);
    isolate_host_free(NULL);
}

static void setters_refuse_a_null_spec(void)
{
    const char *names[] = {"all", NULL};
    uint32_t gid = 1;
    isolate_ns *ns = NULL;
    CHECK_INT(isolate_ns_of_thread(ISOLATE_NS_NET, &ns, NULL), 0);
    CHECK_INT(isolate_spec_join_namespace(NULL, ns), -EINVAL);
    isolate_ns_free(ns);
    CHECK_INT(isolate_spec_join_namespace_path(NULL, ISOLATE_NS_NET, "/n"), -EINVAL);
    CHECK_INT(isolate_spec_set_sysctl(NULL, "net.ipv4.ip_forward", "1"), -EINVAL);
    CHECK_INT(isolate_spec_set_namespace(NULL, ISOLATE_NS_NET, ISOLATE_NS_MODE_NEW), -EINVAL);
    CHECK_INT(isolate_spec_add_uid_map(NULL, 0, 0, 1), -EINVAL);
    CHECK_INT(isolate_spec_add_gid_map(NULL, 0, 0, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_groups(NULL, &gid, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_capabilities(NULL, names), -EINVAL);
    CHECK_INT(isolate_spec_set_time_offsets_ms(NULL, 1, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_root_dir(NULL, "/", 0), -EINVAL);
    CHECK_INT(isolate_spec_add_bind(NULL, "/", "/", 0), -EINVAL);
    CHECK_INT(isolate_spec_add_tmpfs(NULL, "/", 0, 0, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_stdio(NULL, ISOLATE_STDIN, ISOLATE_STDIO_NULL), -EINVAL);
    CHECK_INT(isolate_spec_set_stdio_file(NULL, ISOLATE_STDIN, "/", 0), -EINVAL);
    CHECK_INT(isolate_spec_set_stdio_fd(NULL, ISOLATE_STDIN, 0), -EINVAL);
    CHECK_INT(isolate_spec_add_arg(NULL, "x"), -EINVAL);
    CHECK_INT(isolate_spec_set_profile(NULL, ISOLATE_PROFILE_NONE), -EINVAL);
    CHECK_INT(isolate_spec_set_env(NULL, "K", "V"), -EINVAL);
    CHECK_INT(isolate_spec_add_keep_env(NULL, "K"), -EINVAL);
    CHECK_INT(isolate_spec_set_cwd(NULL, "/"), -EINVAL);
    CHECK_INT(isolate_spec_set_uid(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_gid(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_hostname(NULL, "h"), -EINVAL);
    CHECK_INT(isolate_spec_set_domainname(NULL, "d"), -EINVAL);
    CHECK_INT(isolate_spec_set_net(NULL, ISOLATE_NET_NONE), -EINVAL);
    CHECK_INT(isolate_spec_set_root(NULL, ISOLATE_ROOT_HOST), -EINVAL);
    CHECK_INT(isolate_spec_add_keep_fd(NULL, 3), -EINVAL);
    CHECK_INT(isolate_spec_set_memory(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_swap(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_pids(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cpus(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cpu_weight(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cpuset(NULL, "0"), -EINVAL);
    CHECK_INT(isolate_spec_set_cpuset_mems(NULL, "0"), -EINVAL);
    CHECK_INT(isolate_spec_set_memory_high(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_memory_low(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_memory_min(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_swappiness(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_oom_group(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_oom_pause(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cpu_period_ms(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cpu_burst_ms(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cpu_idle(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cpu_rt_runtime_ms(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cpu_rt_period_ms(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cpuset_exclusive(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cpuset_partition(NULL, ISOLATE_CPUSET_ROOT), -EINVAL);
    CHECK_INT(isolate_spec_add_io_limit(NULL, "8:0", 1, 0, 0, 0, 0, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_io_weight(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_add_device_rule(NULL, 1, "a", NULL), -EINVAL);
    CHECK_INT(isolate_spec_set_net_class(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_net_priority(NULL, "*", 1), -EINVAL);
    CHECK_INT(isolate_spec_set_hugetlb(NULL, "2MB", 1), -EINVAL);
    CHECK_INT(isolate_spec_add_rdma_limit(NULL, "mlx5_0", 1, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_misc(NULL, "sev", 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cgroup_file(NULL, "cpu.weight", "1"), -EINVAL);
    CHECK_INT(isolate_spec_set_cpu_time_ms(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_output(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_rlimit(NULL, "nofile", 1), -EINVAL);
    CHECK_INT(isolate_spec_add_best_effort(NULL, "memory"), -EINVAL);
    CHECK_INT(isolate_spec_set_timeout_ms(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cgroup(NULL, ISOLATE_CGROUP_NEW), -EINVAL);
    CHECK_INT(isolate_spec_set_driver(NULL, ISOLATE_DRIVER_AUTO), -EINVAL);
    CHECK_INT(isolate_spec_set_slice(NULL, "a.slice"), -EINVAL);
    CHECK_INT(isolate_spec_set_unit(NULL, "u"), -EINVAL);
    CHECK_INT(isolate_spec_set_no_new_privs(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_seccomp(NULL, ISOLATE_SECCOMP_OFF), -EINVAL);
    CHECK_INT(isolate_spec_set_new_session(NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_umask(NULL, 077), -EINVAL);
    CHECK_INT(isolate_spec_set_init(NULL, 1), -EINVAL);
}

static char *json_of(const isolate_spec *spec)
{
    char *text = NULL;
    CHECK_INT(isolate_spec_to_json(spec, &text, NULL), 0);
    return text;
}

static void refused_values_leave_the_spec_alone(void)
{
    isolate_spec *spec = shell("true");
    char *before = json_of(spec);
    const uint64_t too_much = (uint64_t) INT64_MAX + 1;

    CHECK_INT(isolate_spec_set_namespace(spec, 0, ISOLATE_NS_MODE_NEW), -EINVAL);
    CHECK_INT(isolate_spec_set_namespace(spec, ISOLATE_NS_UTS + 1, ISOLATE_NS_MODE_NEW), -EINVAL);
    CHECK_INT(isolate_spec_set_namespace(spec, ISOLATE_NS_NET, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_namespace(spec, ISOLATE_NS_NET, UINT32_MAX), -EINVAL);
    CHECK_INT(isolate_spec_join_namespace(spec, NULL), -EINVAL);
    CHECK_INT(isolate_spec_join_namespace_path(spec, ISOLATE_NS_NET, NULL), -EINVAL);
    CHECK_INT(isolate_spec_join_namespace_path(spec, 0, "/n"), -EINVAL);
    CHECK_INT(isolate_spec_set_groups(spec, NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_capabilities(spec, NULL), -EINVAL);
    CHECK_INT(isolate_spec_set_root_dir(spec, NULL, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_root_dir(spec, "/", 2), -EINVAL);
    CHECK_INT(isolate_spec_add_bind(spec, NULL, "/", 0), -EINVAL);
    CHECK_INT(isolate_spec_add_bind(spec, "/", "/", 4), -EINVAL);
    CHECK_INT(isolate_spec_add_bind(spec, "/", "/", 0x80000000u | ISOLATE_BIND_RW), -EINVAL);
    CHECK_INT(isolate_spec_add_tmpfs(spec, NULL, 0, 0, 0), -EINVAL);
    CHECK_INT(isolate_spec_add_tmpfs(spec, "/t", too_much, 0, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_stdio(spec, 3, ISOLATE_STDIO_NULL), -EINVAL);
    CHECK_INT(isolate_spec_set_stdio(spec, ISOLATE_STDIN, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_stdio_file(spec, ISOLATE_STDIN, NULL, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_stdio_file(spec, ISOLATE_STDIN, "/f", 2), -EINVAL);
    CHECK_INT(isolate_spec_set_stdio_file(spec, 3, "/f", 0), -EINVAL);
    CHECK_INT(isolate_spec_set_stdio_fd(spec, ISOLATE_STDIN, -1), -EINVAL);
    CHECK_INT(isolate_spec_add_arg(spec, NULL), -EINVAL);
    CHECK_INT(isolate_spec_set_profile(spec, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_env(spec, NULL, "V"), -EINVAL);
    CHECK_INT(isolate_spec_set_env(spec, "K", NULL), -EINVAL);
    CHECK_INT(isolate_spec_set_env(spec, "\xff", "V"), -EINVAL);
    CHECK_INT(isolate_spec_set_hostname(spec, "\xff"), -EINVAL);
    CHECK_INT(isolate_spec_set_net(spec, 99), -EINVAL);
    CHECK_INT(isolate_spec_set_root(spec, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_memory(spec, too_much), -EINVAL);
    CHECK_INT(isolate_spec_set_rlimit(spec, NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_rlimit(spec, "nofile", too_much), -EINVAL);
    CHECK_INT(isolate_spec_set_memory_high(spec, too_much), -EINVAL);
    CHECK_INT(isolate_spec_set_cpu_burst_ms(spec, UINT64_MAX), -EINVAL);
    CHECK_INT(isolate_spec_set_cpuset_partition(spec, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_cpuset_partition(spec, 4), -EINVAL);
    CHECK_INT(isolate_spec_add_io_limit(spec, NULL, 1, 0, 0, 0, 0, 0), -EINVAL);
    CHECK_INT(isolate_spec_add_io_limit(spec, "8:0", too_much, 0, 0, 0, 0, 0), -EINVAL);
    CHECK_INT(isolate_spec_add_io_limit(spec, "8:0", 0, too_much, 0, 0, 0, 0), -EINVAL);
    CHECK_INT(isolate_spec_add_device_rule(spec, 1, NULL, "r"), -EINVAL);
    CHECK_INT(isolate_spec_add_device_rule(spec, 1, "a", "\xff"), -EINVAL);
    CHECK_INT(isolate_spec_add_rdma_limit(spec, NULL, 1, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_net_priority(spec, NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_hugetlb(spec, NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_hugetlb(spec, "2MB", too_much), -EINVAL);
    CHECK_INT(isolate_spec_set_misc(spec, NULL, 1), -EINVAL);
    CHECK_INT(isolate_spec_set_cgroup_file(spec, NULL, "1"), -EINVAL);
    CHECK_INT(isolate_spec_set_cgroup_file(spec, "cpu.weight", NULL), -EINVAL);
    CHECK_INT(isolate_spec_set_cpus(spec, 0.0 / (isolate_version() == NULL)), -EINVAL);
    CHECK_INT(isolate_spec_set_timeout_ms(spec, UINT64_MAX), -EINVAL);
    CHECK_INT(isolate_spec_set_cgroup(spec, 4), -EINVAL);
    CHECK_INT(isolate_spec_set_driver(spec, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_driver(spec, 4), -EINVAL);
    CHECK_INT(isolate_spec_set_slice(spec, NULL), -EINVAL);
    CHECK_INT(isolate_spec_set_slice(spec, "\xff.slice"), -EINVAL);
    CHECK_INT(isolate_spec_set_unit(spec, NULL), -EINVAL);
    CHECK_INT(isolate_spec_set_unit(spec, "\xff"), -EINVAL);
    CHECK_INT(isolate_spec_set_seccomp(spec, 3), -EINVAL);

    char *after = json_of(spec);
    CHECK_STR(after, before);
    isolate_string_free(before);
    isolate_string_free(after);
    isolate_spec_free(spec);
}

static void null_out_parameters_are_refused(void)
{
    const char *argv[] = {"/bin/true", NULL};
    isolate_spec *spec = shell("true");
    CHECK_INT(isolate_spec_new(argv, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_spec_new_settings(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_spec_from_json("{}", NULL, NULL), -EINVAL);
    CHECK_INT(isolate_spec_to_json(spec, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_run(spec, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_job_spawn(spec, NULL, NULL), -EINVAL);
    CHECK_INT(isolate_host_probe(NULL, NULL), -EINVAL);
    CHECK_INT(isolate_doctor_examine(NULL, NULL), -EINVAL);
    isolate_spec_free(spec);
}

static void a_null_argument_is_named(void)
{
    isolate_error *err = NULL;
    CHECK_INT(isolate_spec_check(NULL, &err), -EINVAL);
    CHECK_INT(isolate_error_kind(err), ISOLATE_ERROR_INVALID_SPEC);
    CHECK_INT(isolate_error_errno(err), EINVAL);
    CHECK_STR(isolate_error_subject(err), "spec");
    CHECK_STR(isolate_error_message(err), "spec: spec: must not be NULL");
    isolate_error_free(err);
}

int main(void)
{
    RUN(null_handles_are_refused);
    RUN(null_namespaces_are_refused);
    RUN(null_out_parameters_of_namespaces_are_refused);
    RUN(unknown_kinds_are_refused);
    RUN(free_takes_null);
    RUN(setters_refuse_a_null_spec);
    RUN(refused_values_leave_the_spec_alone);
    RUN(null_out_parameters_are_refused);
    RUN(a_null_argument_is_named);
    return report();
}
