/*
 * Handles of groups: making, opening and finding them, who is in them, their files, and what is refused; what
 * is said of a process is seen in /proc.
 */
#include "group.h"

static void a_group_is_made_opened_and_removed(void)
{
    isolate_cgroup *group = new_group("made", NULL), *again = NULL, *below = NULL, *same = NULL;
    isolate_error *err = NULL;
    char *text = NULL;
    if (group == NULL)
        SKIP(skip_text);
    CHECK(no_error(isolate_cgroup_open(isolate_cgroup_path(group), &again, &err), &err));
    CHECK_STR(isolate_cgroup_path(again), isolate_cgroup_path(group));
    CHECK(no_error(isolate_cgroup_create_child(group, "below", NULL, &below, &err), &err));
    CHECK(listed(isolate_cgroup_children_json, again, "below"));
    CHECK(no_error(isolate_cgroup_child(again, "below", &same, &err), &err));
    CHECK_STR(isolate_cgroup_path(same), isolate_cgroup_path(below));
    CHECK(no_error(isolate_cgroup_places_json(group, &text, &err), &err));
    CHECK(text != NULL && strstr(text, isolate_cgroup_path(group)) != NULL);
    isolate_string_free(text);
    REFUSED(isolate_cgroup_create_child(group, "below", NULL, &same, &err), EEXIST, ISOLATE_ERROR_BUSY, "below");
    REFUSED(isolate_cgroup_child(group, "nonesuch", &same, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "nonesuch");

    CHECK(no_error(isolate_cgroup_remove(group, &err), &err));
    CHECK(no_error(isolate_cgroup_remove(group, &err), &err));
    REFUSED(isolate_cgroup_open(isolate_cgroup_path(group), &same, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND,
            "no hierarchy has such a group");
    REFUSED(isolate_cgroup_get(again, "cgroup.procs", &text, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "removed");
    isolate_cgroup_free(same);
    isolate_cgroup_free(below);
    isolate_cgroup_free(again);
    isolate_cgroup_free(group);
}

static void names_that_lead_elsewhere_are_refused(void)
{
    static const char *names[] = {"", ".", "..", "a/b", "/", "../x", "cgroup.procs", "memory.max"};
    isolate_cgroup *group = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        isolate_error *err = NULL;
        CHECK_INT(isolate_cgroup_create(names[i], NULL, NULL, NULL, &group, &err), -EINVAL);
        CHECK_INT(isolate_error_kind(err), ISOLATE_ERROR_INVALID_SPEC);
        isolate_error_free(err);
    }
    REFUSED(isolate_cgroup_open("../..", &group, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "..");
    CHECK(group == NULL);
}

static void what_is_not_there_is_named(void)
{
    isolate_cgroup *group = NULL, *probe = new_group("probe", NULL);
    const char *controllers[] = {"nonesuch", NULL};
    if (probe == NULL)
        SKIP(skip_text);
    REFUSED(isolate_cgroup_create("x", "isolate-c-nonesuch", NULL, NULL, &group, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND,
            "isolate-c-nonesuch");
    REFUSED(isolate_cgroup_create("isolate-c-x", NULL, controllers, NULL, &group, &err), EOPNOTSUPP,
            ISOLATE_ERROR_UNSUPPORTED, "nonesuch");
    CHECK(group == NULL);
    end_group(probe);
}

static void the_callers_group_and_that_of_a_process(void)
{
    struct shared_page *page = share();
    isolate_cgroup *own = NULL, *found = NULL, *group = new_group("of", NULL);
    isolate_error *err = NULL;
    char *mine = NULL, *its = NULL;
    if (group == NULL)
        SKIP(skip_text);
    CHECK(no_error(isolate_cgroup_own(&own, &err), &err));
    CHECK(holds(own, getpid()));
    pid_t pid = process(beating, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    CHECK(no_error(isolate_cgroup_of_process(pid, &found, &err), &err));
    CHECK(no_error(isolate_cgroup_places_json(group, &mine, &err), &err));
    CHECK(no_error(isolate_cgroup_places_json(found, &its, &err), &err));
    /* It may see more trees than the group has, such as those without controllers. */
    CHECK(its != NULL && strstr(its, isolate_cgroup_path(group)) != NULL);
    end_process(pid);
    REFUSED(isolate_cgroup_of_process(pid, &found, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "/proc/");
    isolate_string_free(mine);
    isolate_string_free(its);
    isolate_cgroup_free(own);
    isolate_cgroup_free(found);
    end_group(group);
    munmap(page, sizeof *page);
}

/* The lines of /proc/PID/cgroup. */
static void membership(pid_t pid, char *text, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int) pid);
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, room - 1, file) : 0;
    text[length] = '\0';
    if (file != NULL)
        fclose(file);
}

static void processes_are_attached_all_or_none(void)
{
    struct shared_page *page = share();
    isolate_cgroup *group = new_group("attach", NULL);
    isolate_error *err = NULL;
    char before[4096], after[4096];
    if (group == NULL)
        SKIP(skip_text);
    pid_t one = process(beating, page), other = process(beating, page), gone = process(beating, page);
    end_process(gone);
    membership(one, before, sizeof before);
    const int all[] = {one, other, gone}, both[] = {one, other}, wrong[] = {one, 0};
    REFUSED(isolate_cgroup_attach(group, all, 3, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "no such process");
    membership(one, after, sizeof after);
    CHECK_STR(after, before);
    REFUSED(isolate_cgroup_attach(group, wrong, 2, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "process id");
    CHECK(!holds(group, one) && !holds(group, other));

    CHECK(no_error(isolate_cgroup_attach(group, both, 2, &err), &err));
    membership(one, after, sizeof after);
    CHECK(strstr(after, isolate_cgroup_path(group)) != NULL);
    CHECK(holds(group, one) && holds(group, other));
    /* Room for one of two. */
    int pids[2] = {0, -7};
    size_t count = 0;
    CHECK(no_error(isolate_cgroup_processes(group, 0, pids, 1, &count, &err), &err));
    CHECK_INT(count, 2);
    CHECK_INT(pids[0], one < other ? one : other);
    CHECK_INT(pids[1], -7);
    CHECK(no_error(isolate_cgroup_processes(group, 0, NULL, 0, &count, &err), &err));
    CHECK_INT(count, 2);
    CHECK(no_error(isolate_cgroup_attach(group, NULL, 0, &err), &err));
    end_process(one);
    end_process(other);
    UNTIL((isolate_cgroup_processes(group, 0, NULL, 0, &count, NULL), count == 0));
    end_group(group);
    munmap(page, sizeof *page);
}

static void *sleeping(void *page)
{
    ((struct shared_page *) page)->told = (int) syscall(SYS_gettid);
    pause();
    return NULL;
}

static int two_threads(struct shared_page *page)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, sleeping, page) != 0)
        return 1;
    return pthread_join(thread, NULL);
}

static void a_single_thread_is_attached_on_v1(void)
{
    struct shared_page *page = share();
    isolate_cgroup *group = new_group("thread", NULL);
    isolate_error *err = NULL;
    int tids[4];
    size_t count = 0;
    if (group == NULL)
        SKIP(skip_text);
    if (!has_version(group, "v1")) {
        end_group(group);
        munmap(page, sizeof *page);
        SKIP("no v1 hierarchy");
    }
    pid_t pid = process(two_threads, page);
    UNTIL(page->told != 0);
    const int tid = page->told;
    CHECK(no_error(isolate_cgroup_attach_threads(group, &tid, 1, &err), &err));
    CHECK(no_error(isolate_cgroup_threads(group, 0, tids, 4, &count, &err), &err));
    CHECK_INT(count, 1);
    CHECK_INT(tids[0], tid);
    end_process(pid);
    end_group(group);
    munmap(page, sizeof *page);
}

static void files_are_read_and_written_by_name(void)
{
    isolate_cgroup *group = new_group("files", NULL);
    isolate_error *err = NULL;
    char *text = NULL;
    if (group == NULL)
        SKIP(skip_text);
    if (has_controller(group, "pids")) {
        CHECK(no_error(isolate_cgroup_set(group, "pids.max", "17", &text, &err), &err));
        CHECK(text != NULL && atoi(text) == 17);
        isolate_string_free(text);
        text = NULL;
        CHECK(no_error(isolate_cgroup_set(group, "pids.max", "18", NULL, &err), &err));
        CHECK_FILE(group, "pids.max", "18");
        REFUSED(isolate_cgroup_set(group, "pids.max", "many", &text, &err), EINVAL, ISOLATE_ERROR_OTHER,
                "pids.max: \"many\"");
        CHECK_FILE(group, "pids.max", "18");
    }
    REFUSED(isolate_cgroup_get(group, "../cgroup.procs", &text, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "..");
    REFUSED(isolate_cgroup_get(group, "nonesuch.file", &text, &err), EOPNOTSUPP, ISOLATE_ERROR_UNSUPPORTED,
            "no such file");
    CHECK(text == NULL);
    end_group(group);
}

static void v1_groups_tell_when_they_are_empty(void)
{
    isolate_cgroup *group = new_group("release", NULL);
    isolate_error *err = NULL;
    char *agent = NULL;
    int on = 7;
    if (group == NULL)
        SKIP(skip_text);
    if (has_version(group, "v1")) {
        CHECK(no_error(isolate_cgroup_notify_on_release(group, &on, &err), &err));
        CHECK_INT(on, 0);
        CHECK(no_error(isolate_cgroup_set_notify_on_release(group, 1, &err), &err));
        CHECK_FILE(group, "notify_on_release", "1");
        CHECK(no_error(isolate_cgroup_notify_on_release(group, &on, &err), &err));
        CHECK_INT(on, 1);
        CHECK(no_error(isolate_cgroup_set_notify_on_release(group, 0, &err), &err));
    } else {
        REFUSED(isolate_cgroup_notify_on_release(group, &on, &err), EOPNOTSUPP, ISOLATE_ERROR_UNSUPPORTED, "populated");
    }
    REFUSED(isolate_cgroup_release_agent(group, "memory", &agent, &err), EOPNOTSUPP, ISOLATE_ERROR_UNSUPPORTED,
            "only the root group");
    REFUSED(isolate_cgroup_set_release_agent(group, "memory", "agent", &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "absolute path");
    end_group(group);
}

static void delegation_is_for_v2_alone(void)
{
    isolate_cgroup *group = new_group("delegate", NULL);
    isolate_error *err = NULL;
    if (group == NULL)
        SKIP(skip_text);
    if (has_version(group, "v1"))
        REFUSED(isolate_cgroup_delegate(group, 65534, UINT32_MAX, &err), EOPNOTSUPP, ISOLATE_ERROR_UNSUPPORTED, "v1");
    end_group(group);
    /* No controller at all: on every host with a v2 tree a group there alone. */
    const char *none[] = {NULL};
    group = new_group("delegate", none);
    if (group == NULL)
        SKIP(skip_text);
    if (geteuid() == 0 && !has_version(group, "v1")) {
        struct stat found;
        char path[PATH_MAX] = "", *places = NULL;
        CHECK(no_error(isolate_cgroup_delegate(group, 65534, UINT32_MAX, &err), &err));
        CHECK(no_error(isolate_cgroup_places_json(group, &places, &err), &err));
        CHECK_INT(sscanf(strstr(places, "\"path\":\"") + 8, "%4095[^\"]", path), 1);
        CHECK_INT(stat(path, &found), 0);
        CHECK_INT(found.st_uid, 65534);
        CHECK_INT(found.st_gid, getegid());
        isolate_string_free(places);
    }
    end_group(group);
}

static void references_keep_a_handle(void)
{
    isolate_cgroup *group = new_group("ref", NULL);
    if (group == NULL)
        SKIP(skip_text);
    isolate_cgroup *more = isolate_cgroup_ref(group);
    CHECK(more == group);
    isolate_cgroup_free(group);
    CHECK(isolate_cgroup_path(more) != NULL);
    end_group(more);
}

int main(void)
{
    RUN(a_group_is_made_opened_and_removed);
    RUN(names_that_lead_elsewhere_are_refused);
    RUN(what_is_not_there_is_named);
    RUN(the_callers_group_and_that_of_a_process);
    RUN(processes_are_attached_all_or_none);
    RUN(a_single_thread_is_attached_on_v1);
    RUN(files_are_read_and_written_by_name);
    RUN(v1_groups_tell_when_they_are_empty);
    RUN(delegation_is_for_v2_alone);
    RUN(references_keep_a_handle);
    return report();
}
