/*
 * Groups and jobs in scopes that systemd makes. What is in which scope is seen in /proc; where systemd makes
 * no groups for this caller, its answer is the reason to skip.
 */
#include "group.h"

/* Who is to make a group. */
static isolate_spec *made_by(uint32_t driver, const char *slice)
{
    isolate_spec *settings = limits();
    if (driver != 0)
        CHECK_INT(isolate_spec_set_driver(settings, driver), 0);
    if (slice != NULL)
        CHECK_INT(isolate_spec_set_slice(settings, slice), 0);
    return settings;
}

/* A group in a scope of its own; NULL where there can be none, with the reason in skip_text. */
static isolate_cgroup *new_scope(const char *tag, const char *slice)
{
    char name[100];
    isolate_cgroup *group = NULL;
    isolate_error *err = NULL;
    isolate_spec *settings = made_by(ISOLATE_DRIVER_SYSTEMD, slice);
    snprintf(name, sizeof name, "isolate-c-%d-%s", (int) getpid(), tag);
    int code = isolate_cgroup_create(name, NULL, NULL, settings, &group, &err);
    if (!lacking(code, &err))
        CHECK(no_error(code, &err));
    isolate_spec_free(settings);
    return group;
}

/* Whether a process is in a group of that unit. */
static int is_in(pid_t pid, const char *unit)
{
    char path[64], text[8192], wanted[160];
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int) pid);
    snprintf(wanted, sizeof wanted, "/%s/", unit);
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[length] = '\0';
    if (file != NULL)
        fclose(file);
    return strstr(text, wanted) != NULL;
}

static void a_job_in_a_named_scope(void)
{
    char unit[100], script[160];
    isolate_spec *spec = shell("sleep 1000");
    isolate_job *job = NULL;
    isolate_cgroup *group = NULL;
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    snprintf(unit, sizeof unit, "isolate-c-%d-job.scope", (int) getpid());
    isolate_spec_set_profile(spec, ISOLATE_PROFILE_NONE);
    isolate_spec_set_driver(spec, ISOLATE_DRIVER_SYSTEMD);
    isolate_spec_set_unit(spec, unit);
    int code = isolate_job_spawn(spec, &job, &err);
    isolate_spec_free(spec);
    if (lacking(code, &err))
        SKIP(skip_text);
    CHECK(no_error(code, &err));
    CHECK(is_in(isolate_job_pid(job), unit));
    CHECK(no_error(isolate_job_cgroup(job, &group, &err), &err));
    CHECK_STR(isolate_cgroup_unit(group), unit);
    isolate_cgroup_free(group);
    CHECK(no_error(isolate_job_kill(job, &err), &err));
    CHECK(no_error(isolate_job_wait(job, -1, &out, &err), &err));
    isolate_outcome_free(out);
    isolate_job_free(job);

    /* The name is free again, for one that tells where it is itself. */
    snprintf(script, sizeof script, "grep -q '/%s/' /proc/self/cgroup", unit);
    spec = shell(script);
    isolate_spec_set_profile(spec, ISOLATE_PROFILE_NONE);
    isolate_spec_set_driver(spec, ISOLATE_DRIVER_SYSTEMD);
    isolate_spec_set_unit(spec, unit);
    out = outcome_of(spec);
    CHECK_INT(isolate_outcome_exit_code(out), 0);
    isolate_outcome_free(out);
}

static void a_group_takes_this_programs_processes(void)
{
    struct shared_page *page = share();
    isolate_error *err = NULL;
    isolate_cgroup *group = new_scope("takes", NULL), *second = NULL;
    char wanted[100];
    if (group == NULL)
        SKIP(skip_text);
    snprintf(wanted, sizeof wanted, "%s.scope", isolate_cgroup_path(group));
    CHECK_STR(isolate_cgroup_unit(group), wanted);
    pid_t pid = process(beating, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    CHECK(holds(group, pid));
    CHECK(is_in(pid, wanted));

    isolate_spec *settings = made_by(ISOLATE_DRIVER_SYSTEMD, NULL);
    REFUSED(isolate_cgroup_create(wanted, NULL, NULL, settings, &second, &err), EBUSY, ISOLATE_ERROR_BUSY, "UnitExists");
    isolate_spec_free(settings);

    /* One reference of two is given up: the scope is held by the other. */
    isolate_cgroup_free(isolate_cgroup_ref(group));
    CHECK_STR(isolate_cgroup_unit(group), wanted);
    CHECK(no_error(isolate_cgroup_kill(group, &err), &err));
    end_process(pid);
    CHECK(no_error(isolate_cgroup_remove(group, &err), &err));
    REFUSED(isolate_cgroup_get(group, "cgroup.procs", &(char *){NULL}, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "removed");
    isolate_cgroup_free(group);
    munmap(page, sizeof *page);
}

static void a_handle_given_up_leaves_what_has_processes(void)
{
    struct shared_page *page = share();
    isolate_error *err = NULL;
    isolate_cgroup *group = new_scope("left", NULL);
    char unit[100];
    if (group == NULL)
        SKIP(skip_text);
    snprintf(unit, sizeof unit, "%s", isolate_cgroup_unit(group));
    pid_t pid = process(beating, page);
    CHECK(no_error(isolate_cgroup_attach(group, &pid, 1, &err), &err));
    isolate_cgroup_free(group);
    uint64_t before = page->beats;
    UNTIL(page->beats > before);
    CHECK(is_in(pid, unit));
    end_process(pid);
    munmap(page, sizeof *page);
}

static void a_slice_is_made(void)
{
    char slice[60], inside[140], *places = NULL;
    isolate_error *err = NULL;
    snprintf(slice, sizeof slice, "isolatec%d.slice", (int) getpid());
    isolate_cgroup *group = new_scope("slice", slice);
    if (group == NULL)
        SKIP(skip_text);
    CHECK(no_error(isolate_cgroup_places_json(group, &places, &err), &err));
    snprintf(inside, sizeof inside, "/%s/%s/", slice, isolate_cgroup_unit(group));
    CHECK(places != NULL && strstr(places, inside) != NULL);
    isolate_string_free(places);
    end_group(group);
    snprintf(inside, sizeof inside, "SYSTEMD_IGNORE_CHROOT=1 systemctl %sstop %s", getuid() ? "--user " : "", slice);
    CHECK_INT(system(inside), 0);
}

static void settings_that_nobody_can_follow(void)
{
    isolate_cgroup *group = NULL;
    isolate_spec *settings = made_by(0, "a.slice");
    REFUSED(isolate_cgroup_create("isolate-c-x", NULL, NULL, settings, &group, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "slice: is for systemd");
    CHECK_INT(isolate_spec_set_driver(settings, 4), -EINVAL);
    CHECK_INT(isolate_spec_set_driver(settings, 0), -EINVAL);
    CHECK_INT(isolate_spec_set_driver(settings, ISOLATE_DRIVER_SYSTEMD), 0);
    CHECK_INT(isolate_spec_set_slice(settings, "foo--bar.slice"), 0);
    REFUSED(isolate_cgroup_create("isolate-c-x", NULL, NULL, settings, &group, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "slice: \"foo--bar.slice\": has an empty part");
    isolate_spec_free(settings);

    /* What is not looked at is not passed over. */
    settings = made_by(ISOLATE_DRIVER_CGROUPFS, NULL);
    isolate_spec_set_memory(settings, 1 << 20);
    REFUSED(isolate_cgroup_create("isolate-c-x", NULL, NULL, settings, &group, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "settings: are to name driver and slice alone");
    isolate_spec_free(settings);
    settings = made_by(ISOLATE_DRIVER_SYSTEMD, NULL);
    isolate_spec_set_unit(settings, "u");
    REFUSED(isolate_cgroup_create("isolate-c-x", NULL, NULL, settings, &group, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "settings: are to name driver and slice alone");
    isolate_spec_free(settings);
    CHECK(group == NULL);
}

static void where_there_is_no_systemd(void)
{
    isolate_cgroup *group = NULL;
    isolate_outcome *out = NULL;
    if (access("/run/systemd/system", F_OK) == 0)
        SKIP("systemd is here");
    unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    unsetenv("DBUS_SESSION_BUS_ADDRESS");
    isolate_spec *settings = made_by(ISOLATE_DRIVER_SYSTEMD, NULL);
    REFUSED(isolate_cgroup_create("isolate-c-x", NULL, NULL, settings, &group, &err), EOPNOTSUPP,
            ISOLATE_ERROR_UNSUPPORTED, "this host was not booted with systemd");
    isolate_spec_free(settings);
    isolate_spec *spec = shell("true");
    isolate_spec_set_unit(spec, "u");
    REFUSED(isolate_run(spec, &out, &err), EOPNOTSUPP, ISOLATE_ERROR_UNSUPPORTED, "leave unit out");
    isolate_spec_free(spec);
    CHECK(group == NULL && out == NULL);
}

static void a_group_of_the_librarys_own_has_no_unit(void)
{
    isolate_spec *settings = made_by(ISOLATE_DRIVER_CGROUPFS, NULL);
    isolate_cgroup *group = NULL;
    isolate_error *err = NULL;
    char name[60];
    snprintf(name, sizeof name, "isolate-c-%d-own", (int) getpid());
    int code = isolate_cgroup_create(name, NULL, NULL, settings, &group, &err);
    isolate_spec_free(settings);
    if (lacking(code, &err))
        SKIP(skip_text);
    CHECK(no_error(code, &err));
    CHECK(isolate_cgroup_unit(group) == NULL);
    end_group(group);
}

int main(void)
{
    warm_up();
    RUN(a_job_in_a_named_scope);
    RUN(a_group_takes_this_programs_processes);
    RUN(a_handle_given_up_leaves_what_has_processes);
    RUN(a_slice_is_made);
    RUN(settings_that_nobody_can_follow);
    RUN(where_there_is_no_systemd);
    RUN(a_group_of_the_librarys_own_has_no_unit);
    return report();
}
