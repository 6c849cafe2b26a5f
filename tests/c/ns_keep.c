/*
 * Namespaces that are kept at paths, the list of all of them, and who lives where.
 */
#include "ns.h"

static void kept_at_a_path(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_UTS);
    isolate_ns *found = NULL;
    isolate_error *err = NULL;
    char *text = NULL, part[64];
    CHECK(set != NULL);
    CHECK(no_error(isolate_ns_set_hostname(isolate_nsset_get(set, ISOLATE_NS_UTS), "kept", &err), &err));
    snprintf(part, sizeof part, "\"inode\":%llu",
             (unsigned long long) isolate_ns_inode(isolate_nsset_get(set, ISOLATE_NS_UTS)));
    CHECK(no_error(isolate_ns_persist(isolate_nsset_get(set, ISOLATE_NS_UTS), "/mnt/kept", &err), &err));
    REFUSED(isolate_ns_persist(isolate_nsset_get(set, ISOLATE_NS_UTS), "/mnt/kept", &err), EEXIST,
            ISOLATE_ERROR_BUSY, "/mnt/kept");
    REFUSED(isolate_ns_persist(isolate_nsset_get(set, ISOLATE_NS_UTS), "/mnt/none/kept", &err), ENOENT,
            ISOLATE_ERROR_NOT_FOUND, "/mnt/none/kept");
    isolate_nsset_free(set);
    /* It lives on without a process and without a descriptor. */
    CHECK(no_error(isolate_ns_open("/mnt/kept", &found, &err), &err));
    CHECK(no_error(isolate_ns_hostname(found, &text, &err), &err));
    CHECK_STR(text, "kept");
    isolate_string_free(text);
    isolate_ns_free(found);
    CHECK(no_error(isolate_ns_persisted_json(&text, &err), &err));
    CHECK(text != NULL && strstr(text, "\"/mnt/kept\"") != NULL && strstr(text, part) != NULL);
    isolate_string_free(text);
    CHECK(no_error(isolate_ns_list_json(&text, &err), &err));
    const char *entry = text ? strstr(text, part) : NULL;
    CHECK(entry != NULL && strstr(entry, "\"type\":\"mount\",\"path\":\"/mnt/kept\"") != NULL);
    isolate_string_free(text);
    CHECK(no_error(isolate_ns_unpersist("/mnt/kept", &err), &err));
    CHECK(access("/mnt/kept", F_OK) != 0);
    REFUSED(isolate_ns_unpersist("/mnt/kept", &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "/mnt/kept");
    REFUSED(isolate_ns_unpersist("/etc/passwd", &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "no namespace is mounted there");
    CHECK(access("/etc/passwd", F_OK) == 0);
    CHECK(no_error(isolate_ns_persisted_json(&text, &err), &err));
    CHECK(text != NULL && strstr(text, "/mnt/kept") == NULL);
    isolate_string_free(text);
}

static void kept_by_name(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_NET, ISOLATE_NS_UTS);
    isolate_ns *found = NULL;
    isolate_error *err = NULL;
    CHECK(set != NULL);
    const isolate_ns *net = isolate_nsset_get(set, ISOLATE_NS_NET);
    CHECK(no_error(isolate_ns_persist_name(net, "blue", &err), &err));
    CHECK(no_error(isolate_ns_named("blue", &found, &err), &err));
    CHECK_INT(isolate_ns_equal(found, net), 1);
    isolate_ns_free(found);
    CHECK(no_error(isolate_ns_open("/run/netns/blue", &found, &err), &err));
    CHECK_INT(isolate_ns_equal(found, net), 1);
    isolate_ns_free(found);
    found = NULL;
    REFUSED(isolate_ns_persist_name(net, "blue", &err), EEXIST, ISOLATE_ERROR_BUSY, "/run/netns/blue");
    REFUSED(isolate_ns_persist_name(net, "a/b", &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "a/b");
    REFUSED(isolate_ns_persist_name(isolate_nsset_get(set, ISOLATE_NS_UTS), "red", &err), EINVAL,
            ISOLATE_ERROR_INVALID_SPEC, "names are for network namespaces");
    CHECK(no_error(isolate_ns_unpersist_name("blue", &err), &err));
    REFUSED(isolate_ns_named("blue", &found, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "/run/netns/blue");
    REFUSED(isolate_ns_unpersist_name("..", &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "..");
    CHECK(found == NULL);
    isolate_nsset_free(set);
}

static void namespaces_are_kept_at_paths(void)
{
    with_own_mounts(kept_at_a_path);
}

static void namespaces_are_kept_by_name(void)
{
    with_own_mounts(kept_by_name);
}

static void the_list_has_what_is_there(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_USER, ISOLATE_NS_IPC);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *user = isolate_nsset_get(set, ISOLATE_NS_USER), *ipc = isolate_nsset_get(set, ISOLATE_NS_IPC);
    isolate_error *err = NULL;
    char *list = NULL, *tree = NULL, part[128];
    CHECK(no_error(isolate_ns_list_json(&list, &err), &err));
    CHECK(no_error(isolate_ns_tree_json(&tree, &err), &err));
    snprintf(part, sizeof part, "{\"kind\":\"ipc\",\"id\":{\"device\":%llu,\"inode\":%llu}",
             (unsigned long long) isolate_ns_device(ipc), (unsigned long long) isolate_ns_inode(ipc));
    const char *entry = list ? strstr(list, part) : NULL, *node = tree ? strstr(tree, part) : NULL;
    CHECK(entry != NULL && node != NULL);
    CHECK_INT(number_at(entry, "owner"), isolate_ns_inode(user));
    CHECK_INT(number_at(entry, "owner_uid"), geteuid());
    CHECK_INT(number_at(entry, "processes"), 0);
    snprintf(part, sizeof part, "{\"type\":\"fd\",\"pid\":%d,\"fd\":%d}", getpid(), isolate_ns_fd(ipc));
    const char *pin = entry ? strstr(entry, part) : NULL, *next = entry ? strstr(entry + 1, "{\"kind\"") : NULL;
    CHECK(pin != NULL && (next == NULL || pin < next));
    /* In the tree it is below the user namespace that owns it. */
    snprintf(part, sizeof part, "{\"entry\":{\"kind\":\"user\",\"id\":{\"device\":%llu,\"inode\":%llu}",
             (unsigned long long) isolate_ns_device(user), (unsigned long long) isolate_ns_inode(user));
    const char *above = tree ? strstr(tree, part) : NULL;
    CHECK(above != NULL && node > above);
    isolate_string_free(list);
    isolate_string_free(tree);
    isolate_nsset_free(set);
}

static void numbers_of_a_jobs_processes(void)
{
    isolate_spec *spec = shell("echo $$; exec sleep 1000");
    isolate_job *job = NULL;
    isolate_ns *mine = own(ISOLATE_NS_PID), *theirs = NULL;
    isolate_error *err = NULL;
    char text[16] = "", *json = NULL, part[96];
    int number = 0;
    isolate_spec_set_stdio(spec, ISOLATE_STDOUT, ISOLATE_STDIO_PIPE);
    int code = isolate_job_spawn(spec, &job, &err);
    isolate_spec_free(spec);
    if (lacking(code, &err)) {
        isolate_ns_free(mine);
        SKIP(skip_text);
    }
    CHECK(no_error(code, &err));
    int from = isolate_job_take_stdout(job), pid = isolate_job_pid(job);
    CHECK(read(from, text, sizeof text - 1) > 0);
    close(from);
    CHECK(no_error(isolate_job_namespace(job, ISOLATE_NS_PID, &theirs, &err), &err));
    CHECK(no_error(isolate_ns_translate_pid(pid, mine, theirs, &number, &err), &err));
    CHECK(number > 0 && number == atoi(text));
    CHECK(no_error(isolate_ns_translate_pid(number, theirs, mine, &number, &err), &err));
    CHECK_INT(number, pid);
    /* The name changes with the exec of sleep. */
    snprintf(part, sizeof part, "{\"pid\":%d,\"inside\":%d,\"name\":\"sleep\"}", pid, atoi(text));
    do {
        isolate_string_free(json);
        json = NULL;
        CHECK(no_error(isolate_job_processes_json(job, &json, &err), &err));
    } while (json != NULL && strstr(json, "\"sh\"") != NULL);
    snprintf(part, sizeof part, "[{\"pid\":%d,\"inside\":%d,\"name\":\"sleep\"}]", pid, atoi(text));
    CHECK_STR(json, part);
    isolate_string_free(json);
    CHECK(no_error(isolate_ns_processes_json(theirs, &json, &err), &err));
    CHECK_INT(number_at(json, "inside"), 1);
    part[strlen(part) - 1] = '\0';
    CHECK(json != NULL && strstr(json, part + 1) != NULL);
    isolate_string_free(json);
    json = NULL;

    REFUSED(isolate_ns_translate_pid(getpid(), mine, theirs, &number, &err), ESRCH, ISOLATE_ERROR_NOT_FOUND,
            "is neither in");
    REFUSED(isolate_ns_translate_pid(999999, theirs, mine, &number, &err), ESRCH, ISOLATE_ERROR_NOT_FOUND,
            "has this number there");
    REFUSED(isolate_ns_translate_pid(0, mine, theirs, &number, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "no process id");
    isolate_ns *net = own(ISOLATE_NS_NET);
    REFUSED(isolate_ns_translate_pid(1, net, mine, &number, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "is not a pid namespace");
    isolate_ns_free(net);
    CHECK_INT(isolate_job_kill(job, NULL), 0);
    isolate_outcome *out = NULL;
    CHECK(no_error(isolate_job_wait(job, -1, &out, &err), &err));
    isolate_outcome_free(out);
    CHECK(no_error(isolate_job_processes_json(job, &json, &err), &err));
    CHECK_STR(json, "[]");
    isolate_string_free(json);
    isolate_ns_free(mine);
    isolate_ns_free(theirs);
    isolate_job_free(job);
}

int main(void)
{
    warm_up();
    RUN(namespaces_are_kept_at_paths);
    RUN(namespaces_are_kept_by_name);
    RUN(the_list_has_what_is_there);
    RUN(numbers_of_a_jobs_processes);
    return report();
}
