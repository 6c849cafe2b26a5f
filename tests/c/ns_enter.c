/*
 * Making and entering namespaces: sets, the calling thread, a thread of its own, jobs that join, and
 * programs in a running job. What is inside is looked at from inside.
 */
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "ns.h"

#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif

/* What a job prints that has joined the namespaces of a list. */
static isolate_outcome *joined(const char *script, const isolate_ns *const *list, size_t count)
{
    isolate_spec *spec = shell(script);
    isolate_spec_set_profile(spec, ISOLATE_PROFILE_NONE);
    for (size_t i = 0; i < count; i++)
        CHECK_INT(isolate_spec_join_namespace(spec, list[i]), 0);
    return outcome_of(spec);
}

static void sets_have_what_was_asked_for(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_UTS, ISOLATE_NS_IPC);
    if (set == NULL)
        SKIP(skip_text);
    isolate_ns *mine = own(ISOLATE_NS_UTS), *taken = NULL;
    isolate_error *err = NULL;
    const isolate_ns *uts = isolate_nsset_get(set, ISOLATE_NS_UTS);
    const isolate_ns *ipc = isolate_nsset_get(set, ISOLATE_NS_IPC);
    CHECK_INT(isolate_ns_kind(uts), ISOLATE_NS_UTS);
    CHECK_INT(isolate_ns_kind(ipc), ISOLATE_NS_IPC);
    CHECK_INT(isolate_ns_equal(uts, mine), 0);
    CHECK(isolate_nsset_get(set, ISOLATE_NS_NET) == NULL);
    CHECK(isolate_nsset_get(set, 0) == NULL);
    CHECK_INT(isolate_nsset_holder_pid(set), -ENOENT);
    CHECK(no_error(isolate_nsset_take(set, ISOLATE_NS_UTS, &taken, &err), &err));
    CHECK(taken == uts);
    CHECK(isolate_nsset_get(set, ISOLATE_NS_UTS) == NULL);
    CHECK(isolate_nsset_get(set, ISOLATE_NS_IPC) == ipc);
    isolate_ns *again = NULL;
    REFUSED(isolate_nsset_take(set, ISOLATE_NS_UTS, &again, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND,
            "uts: is not in the set");
    isolate_nsset_free(set);
    /* What was taken out lives on. */
    CHECK_INT(isolate_ns_kind(taken), ISOLATE_NS_UTS);
    CHECK(strncmp(isolate_ns_text(taken), "uts:[", 5) == 0);
    isolate_ns_free(taken);
    isolate_ns_free(mine);
}

static void a_pid_namespace_has_a_holder(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_PID);
    if (set == NULL)
        SKIP(skip_text);
    int holder = isolate_nsset_holder_pid(set), inside = 0;
    isolate_ns *mine = own(ISOLATE_NS_PID), *theirs = NULL;
    isolate_error *err = NULL;
    CHECK(no_error(isolate_ns_of_process(holder, ISOLATE_NS_PID, &theirs, &err), &err));
    CHECK_INT(isolate_ns_equal(theirs, isolate_nsset_get(set, ISOLATE_NS_PID)), 1);
    CHECK(no_error(isolate_ns_translate_pid(holder, mine, theirs, &inside, &err), &err));
    CHECK_INT(inside, 1);
    isolate_nsset_free(set);
    CHECK(kill(holder, 0) != 0 && errno == ESRCH);
    isolate_ns_free(mine);
    isolate_ns_free(theirs);
}

static void settings_are_in_force(void)
{
    isolate_spec *settings = NULL;
    isolate_error *err = NULL;
    char *value = NULL, outside[64] = "", before[64] = "";
    gethostname(before, sizeof before);
    CHECK(no_error(isolate_spec_new_settings(&settings, &err), &err));
    isolate_spec_set_hostname(settings, "made");
    isolate_spec_set_sysctl(settings, "net.ipv4.ip_default_ttl", "77");
    isolate_nsset *set = MAKE(settings, ISOLATE_NS_UTS, ISOLATE_NS_NET);
    isolate_spec_free(settings);
    if (set == NULL)
        SKIP(skip_text);
    CHECK(no_error(isolate_ns_hostname(isolate_nsset_get(set, ISOLATE_NS_UTS), &value, &err), &err));
    CHECK_STR(value, "made");
    isolate_string_free(value);
    const isolate_ns *net = isolate_nsset_get(set, ISOLATE_NS_NET);
    CHECK(no_error(isolate_ns_sysctl(net, "net.ipv4.ip_default_ttl", &value, &err), &err));
    CHECK_STR(value, "77");
    isolate_string_free(value);
    gethostname(outside, sizeof outside);
    CHECK_STR(outside, before);
    isolate_nsset_free(set);
}

static void settings_that_do_not_fit_are_refused(void)
{
    const uint32_t uts = ISOLATE_NS_UTS, twice[] = {ISOLATE_NS_NET, ISOLATE_NS_NET}, unknown = 9;
    isolate_nsset *set = NULL;
    isolate_spec *settings = NULL, *job = shell("true");
    CHECK_INT(isolate_spec_new_settings(&settings, NULL), 0);
    isolate_spec_set_sysctl(settings, "net.ipv4.ip_forward", "1");
    REFUSED(isolate_ns_create(&uts, 0, NULL, &set, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "no namespace is named");
    REFUSED(isolate_ns_create(twice, 2, NULL, &set, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "net: is named twice");
    REFUSED(isolate_ns_create(&unknown, 1, NULL, &set, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "9 is no such constant");
    REFUSED(isolate_ns_create(&uts, 1, settings, &set, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "needs namespaces.net");
    REFUSED(isolate_ns_create(&uts, 1, job, &set, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "for a job");
    CHECK(set == NULL);
    isolate_spec_free(settings);
    isolate_spec_free(job);
}

/* The namespace of a socket is told by the kernel; where it may not be asked, by nobody. */
static isolate_ns *home_of(int fd)
{
    isolate_ns *ns = NULL;
    int home = ioctl(fd, SIOCGSKNS);
    CHECK(home >= 0);
    CHECK_INT(isolate_ns_of_fd(home, &ns, NULL), 0);
    close(home);
    return ns;
}

struct visit { char link[64]; int socket; const isolate_inside *inside; int nested; };

static int nested(void *arg)
{
    struct visit *visit = arg;
    return strcmp(visit->link, here("net", (char[64]){0})) == 0;
}

static int visiting(void *arg)
{
    struct visit *visit = arg;
    here("net", visit->link);
    visit->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (isolate_inside_call(visit->inside, nested, arg, &visit->nested, NULL) != 0)
        return -1;
    return 42;
}

static void a_function_is_called_inside(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_NET, ISOLATE_NS_MNT);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *list[] = {isolate_nsset_get(set, ISOLATE_NS_MNT), isolate_nsset_get(set, ISOLATE_NS_NET)};
    isolate_inside *inside = NULL;
    isolate_error *err = NULL;
    int code = isolate_inside_enter(list, 2, &inside, &err), result = 0;
    if (geteuid() != 0 && lacking(code, &err)) {
        isolate_nsset_free(set);
        SKIP(skip_text);
    }
    CHECK(no_error(code, &err));
    struct visit visit = {.socket = -1, .inside = inside};
    CHECK(no_error(isolate_inside_call(inside, visiting, &visit, &result, &err), &err));
    CHECK_INT(result, 42);
    CHECK_INT(visit.nested, 1);
    CHECK_STR(visit.link, isolate_ns_text(list[1]));
    isolate_ns *home = home_of(visit.socket);
    CHECK_INT(isolate_ns_equal(home, list[1]), 1);
    isolate_ns_free(home);
    close(visit.socket);
    CHECK(no_error(isolate_inside_call(inside, visiting, &visit, NULL, &err), &err));
    close(visit.socket);
    REFUSED(isolate_inside_call(inside, NULL, NULL, &result, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "body");
    isolate_inside_free(inside);
    isolate_nsset_free(set);
}

static void what_no_thread_inside_can_enter(void)
{
    isolate_ns *user = own(ISOLATE_NS_USER), *uts = own(ISOLATE_NS_UTS);
    const isolate_ns *users[] = {user}, *twice[] = {uts, uts}, *holes[] = {uts, NULL};
    isolate_inside *inside = NULL;
    REFUSED(isolate_inside_enter(users, 1, &inside, &err), EOPNOTSUPP, ISOLATE_ERROR_UNSUPPORTED,
            "process with one thread");
    REFUSED(isolate_inside_enter(twice, 2, &inside, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "named twice");
    REFUSED(isolate_inside_enter(users, 0, &inside, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "no namespace is named");
    REFUSED(isolate_inside_enter(holes, 2, &inside, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "NULL");
    CHECK(inside == NULL);
    isolate_ns_free(user);
    isolate_ns_free(uts);
}

static void on_a_thread(void *(*body)(void *), void *arg)
{
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, body, arg), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
}

static void *enters(void *arg)
{
    isolate_nsset *set = arg;
    isolate_error *err = NULL;
    char link[64];
    const isolate_ns *net = isolate_nsset_get(set, ISOLATE_NS_NET), *ipc = isolate_nsset_get(set, ISOLATE_NS_IPC);
    const isolate_ns *both[] = {net, ipc};
    /* A list with one that cannot be entered: the first is not either. */
    const isolate_ns *half[] = {net, isolate_nsset_get(set, ISOLATE_NS_MNT)};
    REFUSED(isolate_ns_enter_thread(half, 2, &err), EINVAL, ISOLATE_ERROR_UNSUPPORTED,
            "shares its working directory");
    int code = isolate_ns_enter_thread(both, 2, &err);
    CHECK(no_error(code, &err));
    CHECK_STR(here("net", link), isolate_ns_text(net));
    CHECK_STR(here("ipc", link), isolate_ns_text(ipc));
    return NULL;
}

static void *enters_by_pidfd(void *arg)
{
    isolate_nsset *set = arg;
    const uint32_t kinds[] = {ISOLATE_NS_NET, ISOLATE_NS_IPC}, mounts = ISOLATE_NS_MNT;
    isolate_error *err = NULL;
    char link[64];
    int pidfd = pidfd_of(isolate_nsset_holder_pid(set));
    if (pidfd < 0) {
        skip_reason = "pidfd_open needs Linux 5.3";
        return NULL;
    }
    REFUSED(isolate_ns_enter_thread_pidfd(pidfd, &mounts, 1, &err), EINVAL, ISOLATE_ERROR_UNSUPPORTED,
            "shares its working directory");
    REFUSED(isolate_ns_enter_thread_pidfd(0, kinds, 2, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "is not a pidfd");
    CHECK(no_error(isolate_ns_enter_thread_pidfd(pidfd, kinds, 2, &err), &err));
    close(pidfd);
    CHECK_STR(here("net", link), isolate_ns_text(isolate_nsset_get(set, ISOLATE_NS_NET)));
    CHECK_STR(here("ipc", link), isolate_ns_text(isolate_nsset_get(set, ISOLATE_NS_IPC)));
    return NULL;
}

static void a_thread_enters_and_no_other(void)
{
    if (geteuid() != 0)
        SKIP("entering with a thread takes CAP_SYS_ADMIN");
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_NET, ISOLATE_NS_IPC, ISOLATE_NS_MNT);
    if (set == NULL)
        SKIP(skip_text);
    on_a_thread(enters, set);
    isolate_nsset_free(set);
}

static void a_thread_enters_by_pidfd_and_no_other(void)
{
    if (geteuid() != 0)
        SKIP("entering with a thread takes CAP_SYS_ADMIN");
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_NET, ISOLATE_NS_IPC, ISOLATE_NS_MNT, ISOLATE_NS_PID);
    if (set == NULL)
        SKIP(skip_text);
    on_a_thread(enters_by_pidfd, set);
    isolate_nsset_free(set);
}

static void *unshares(void *arg)
{
    const uint32_t kinds[] = {ISOLATE_NS_UTS, ISOLATE_NS_NET}, user = ISOLATE_NS_USER;
    isolate_error *err = NULL;
    char before[64], after[64], name[64] = "";
    here("net", before);
    REFUSED(isolate_ns_unshare_thread(&user, 1, &err), EOPNOTSUPP, ISOLATE_ERROR_UNSUPPORTED,
            "process with one thread");
    CHECK(no_error(isolate_ns_unshare_thread(kinds, 2, &err), &err));
    CHECK(strcmp(here("net", after), before) != 0);
    CHECK_INT(sethostname("unshared", 8), 0);
    gethostname(name, sizeof name);
    CHECK_STR(name, "unshared");
    return arg;
}

static void a_thread_unshares_and_no_other(void)
{
    if (geteuid() != 0)
        SKIP("unsharing with a thread takes CAP_SYS_ADMIN");
    char before[64] = "", after[64] = "";
    gethostname(before, sizeof before);
    on_a_thread(unshares, NULL);
    gethostname(after, sizeof after);
    CHECK_STR(after, before);
}

static void a_job_joins(void)
{
    isolate_spec *settings = NULL;
    CHECK_INT(isolate_spec_new_settings(&settings, NULL), 0);
    isolate_spec_set_hostname(settings, "joined");
    isolate_nsset *set = MAKE(settings, ISOLATE_NS_UTS, ISOLATE_NS_USER);
    isolate_spec_free(settings);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *uts = isolate_nsset_get(set, ISOLATE_NS_UTS);
    const isolate_ns *list[] = {isolate_nsset_get(set, ISOLATE_NS_USER), uts};
    char wanted[160], path[64];
    isolate_outcome *out = joined("uname -n; readlink /proc/self/ns/uts; readlink /proc/self/ns/user", list, 2);
    snprintf(wanted, sizeof wanted, "joined\n%s\n%s\n", isolate_ns_text(uts), isolate_ns_text(list[0]));
    CHECK_STR(isolate_outcome_stdout(out, NULL), wanted);
    isolate_outcome_free(out);

    isolate_spec *spec = shell("uname -n");
    isolate_spec_set_profile(spec, ISOLATE_PROFILE_NONE);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", getpid(), isolate_ns_fd(uts));
    CHECK_INT(isolate_spec_join_namespace_path(spec, ISOLATE_NS_UTS, path), 0);
    CHECK_INT(isolate_spec_join_namespace(spec, list[0]), 0);
    out = outcome_of(spec);
    CHECK_STR(isolate_outcome_stdout(out, NULL), "joined\n");
    isolate_outcome_free(out);
    isolate_nsset_free(set);
}

static void joins_that_are_refused(void)
{
    isolate_ns *user = own(ISOLATE_NS_USER);
    isolate_outcome *out = NULL;
    isolate_spec *spec = shell("true");
    isolate_spec_set_profile(spec, ISOLATE_PROFILE_NONE);
    isolate_spec_join_namespace(spec, user);
    REFUSED(isolate_run(spec, &out, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "cannot be entered twice");
    isolate_spec_set_namespace(spec, ISOLATE_NS_USER, ISOLATE_NS_MODE_HOST);
    CHECK_INT(isolate_spec_join_namespace_path(spec, ISOLATE_NS_NET, "/proc/self/ns/uts"), 0);
    REFUSED(isolate_run(spec, &out, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "is a uts namespace, and a net namespace is asked for");
    CHECK_INT(isolate_spec_join_namespace_path(spec, ISOLATE_NS_NET, "/nonesuch"), 0);
    REFUSED(isolate_run(spec, &out, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "/nonesuch");
    CHECK_INT(isolate_spec_join_namespace_path(spec, 9, "/nonesuch"), -EINVAL);
    CHECK(out == NULL);
    isolate_spec_free(spec);
    isolate_ns_free(user);
}

static void a_program_runs_in_a_running_job(void)
{
    isolate_spec *spec = shell("echo here; read end; exit 5");
    isolate_job *job = NULL, *more = NULL;
    isolate_outcome *out = NULL;
    isolate_ns *pid = NULL, *late = NULL;
    isolate_error *err = NULL;
    char wanted[128], text[8] = "";
    isolate_spec_set_stdio(spec, ISOLATE_STDIN, ISOLATE_STDIO_PIPE);
    isolate_spec_set_stdio(spec, ISOLATE_STDOUT, ISOLATE_STDIO_PIPE);
    isolate_spec_set_hostname(spec, "jobs-own");
    int code = isolate_job_spawn(spec, &job, &err);
    isolate_spec_free(spec);
    if (lacking(code, &err))
        SKIP(skip_text);
    CHECK(no_error(code, &err));
    int in = isolate_job_take_stdin(job), from = isolate_job_take_stdout(job);
    CHECK_INT(read(from, text, sizeof text), 5);
    CHECK(no_error(isolate_job_namespace(job, ISOLATE_NS_PID, &pid, &err), &err));
    CHECK(isolate_ns_inode(pid) == isolate_job_namespace_id(job, ISOLATE_NS_PID));

    spec = shell("uname -n; readlink /proc/self/ns/pid; touch /usr/x 2>/dev/null || echo no");
    CHECK(no_error(isolate_job_exec(job, spec, &more, &err), &err));
    isolate_spec_free(spec);
    CHECK(no_error(isolate_job_wait(more, -1, &out, &err), &err));
    snprintf(wanted, sizeof wanted, "jobs-own\n%s\nno\n", isolate_ns_text(pid));
    CHECK_STR(isolate_outcome_stdout(out, NULL), wanted);
    isolate_outcome_free(out);
    isolate_job_free(more);
    more = NULL;

    spec = shell("true");
    isolate_spec_set_hostname(spec, "other");
    REFUSED(isolate_job_exec(job, spec, &more, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "hostname: is decided by the job");
    isolate_spec_free(spec);
    close(in);
    close(from);
    CHECK(no_error(isolate_job_wait(job, -1, &out, &err), &err));
    CHECK_INT(isolate_outcome_exit_code(out), 5);
    isolate_outcome_free(out);
    spec = shell("true");
    REFUSED(isolate_job_exec(job, spec, &more, &err), ESRCH, ISOLATE_ERROR_NOT_FOUND, "ended");
    REFUSED(isolate_job_namespace(job, ISOLATE_NS_NET, &late, &err), ESRCH, ISOLATE_ERROR_NOT_FOUND, "");
    isolate_spec_free(spec);
    isolate_ns_free(pid);
    isolate_job_free(job);
}

int main(void)
{
    warm_up();
    RUN(sets_have_what_was_asked_for);
    RUN(a_pid_namespace_has_a_holder);
    RUN(settings_are_in_force);
    RUN(settings_that_do_not_fit_are_refused);
    RUN(a_function_is_called_inside);
    RUN(what_no_thread_inside_can_enter);
    RUN(a_thread_enters_and_no_other);
    RUN(a_thread_enters_by_pidfd_and_no_other);
    RUN(a_thread_unshares_and_no_other);
    RUN(a_job_joins);
    RUN(joins_that_are_refused);
    RUN(a_program_runs_in_a_running_job);
    return report();
}
