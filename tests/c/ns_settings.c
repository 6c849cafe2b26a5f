/*
 * What a namespace holds besides processes, changed from outside and looked at from inside: names,
 * kernel parameters, clock offsets, cgroup paths, sockets.
 */
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "ns.h"

#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif

/* What a job prints in the namespaces of a set. */
static isolate_outcome *seen_from(const isolate_nsset *set, uint32_t kind, const char *script)
{
    isolate_spec *spec = shell(script);
    isolate_spec_set_profile(spec, ISOLATE_PROFILE_NONE);
    if (isolate_nsset_get(set, ISOLATE_NS_USER) != NULL)
        CHECK_INT(isolate_spec_join_namespace(spec, isolate_nsset_get(set, ISOLATE_NS_USER)), 0);
    CHECK_INT(isolate_spec_join_namespace(spec, isolate_nsset_get(set, kind)), 0);
    return outcome_of(spec);
}

static void names_are_set_inside_and_not_outside(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_UTS);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *uts = isolate_nsset_get(set, ISOLATE_NS_UTS);
    isolate_error *err = NULL;
    char before[64] = "", after[64] = "", long_name[66], *name = NULL;
    gethostname(before, sizeof before);
    CHECK(no_error(isolate_ns_hostname(uts, &name, &err), &err));
    CHECK_STR(name, before); /* a new one begins as a copy */
    isolate_string_free(name);
    CHECK(no_error(isolate_ns_set_hostname(uts, "inside", &err), &err));
    CHECK(no_error(isolate_ns_set_domainname(uts, "example.org", &err), &err));
    CHECK(no_error(isolate_ns_hostname(uts, &name, &err), &err));
    CHECK_STR(name, "inside");
    isolate_string_free(name);
    CHECK(no_error(isolate_ns_domainname(uts, &name, &err), &err));
    CHECK_STR(name, "example.org");
    isolate_string_free(name);
    name = NULL;
    gethostname(after, sizeof after);
    CHECK_STR(after, before);
    isolate_outcome *out = seen_from(set, ISOLATE_NS_UTS, "uname -n; cat /proc/sys/kernel/domainname");
    CHECK_STR(isolate_outcome_stdout(out, NULL), "inside\nexample.org\n");
    isolate_outcome_free(out);

    memset(long_name, 'x', 65);
    long_name[65] = '\0';
    REFUSED(isolate_ns_set_hostname(uts, long_name, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "64 bytes");
    isolate_ns *net = own(ISOLATE_NS_NET);
    REFUSED(isolate_ns_hostname(net, &name, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "is not a uts namespace");
    REFUSED(isolate_ns_set_domainname(net, "x", &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "is not a uts");
    CHECK(name == NULL);
    isolate_ns_free(net);
    isolate_nsset_free(set);
}

static void a_kernel_parameter_of_its_own(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_NET);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *net = isolate_nsset_get(set, ISOLATE_NS_NET);
    isolate_error *err = NULL;
    char *value = NULL, before[32] = "", after[32] = "";
    const char *file = "/proc/sys/net/ipv4/ip_default_ttl";
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    CHECK(read(fd, before, sizeof before - 1) > 0);
    CHECK(no_error(isolate_ns_set_sysctl(net, "net.ipv4.ip_default_ttl", "99", &err), &err));
    CHECK(no_error(isolate_ns_sysctl(net, "net.ipv4.ip_default_ttl", &value, &err), &err));
    CHECK_STR(value, "99");
    isolate_string_free(value);
    value = NULL;
    CHECK(pread(fd, after, sizeof after - 1, 0) > 0);
    CHECK_STR(after, before);
    close(fd);
    isolate_outcome *out = seen_from(set, ISOLATE_NS_NET, "cat /proc/sys/net/ipv4/ip_default_ttl");
    CHECK_STR(isolate_outcome_stdout(out, NULL), "99\n");
    isolate_outcome_free(out);
    REFUSED(isolate_ns_set_sysctl(net, "kernel.hostname", "x", &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "kernel.hostname is a uts namespace's");
    REFUSED(isolate_ns_sysctl(net, "kernel.panic", &value, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "whole machine");
    REFUSED(isolate_ns_sysctl(net, "net.ipv4.nonesuch", &value, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND,
            "nonesuch");
    CHECK_INT(isolate_ns_set_sysctl(net, "net.ipv4.ip_default_ttl", "many", NULL), -EINVAL);
    CHECK(value == NULL);
    isolate_nsset_free(set);
}

static double uptime_of(const char *text)
{
    return text != NULL ? atof(text) : -1;
}

static void clocks_are_offset(void)
{
    isolate_spec *settings = NULL;
    CHECK_INT(isolate_spec_new_settings(&settings, NULL), 0);
    isolate_spec_set_time_offsets_ms(settings, 1000500, 86400000);
    isolate_nsset *set = MAKE(settings, ISOLATE_NS_TIME);
    isolate_spec_free(settings);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *ns = isolate_nsset_get(set, ISOLATE_NS_TIME);
    isolate_time_offsets offsets = {.size = sizeof offsets}, mine = {.size = sizeof mine};
    isolate_error *err = NULL;
    CHECK(no_error(isolate_ns_time_offsets(ns, &offsets, &err), &err));
    CHECK(offsets.monotonic == 1000.5 && offsets.boottime == 86400.0);
    isolate_outcome *host = outcome_of(shell("cat /proc/uptime"));
    isolate_outcome *out = seen_from(set, ISOLATE_NS_TIME, "cat /proc/uptime");
    /* The strict profile's clocks are those of the caller. Both may be of the same tick, and are no exact numbers. */
    double ahead = uptime_of(isolate_outcome_stdout(out, NULL)) - uptime_of(isolate_outcome_stdout(host, NULL));
    CHECK(ahead > 86399 && ahead < 86400 + 3600);
    isolate_outcome_free(host);
    isolate_outcome_free(out);
    CHECK(no_error(isolate_ns_time_offsets_of(getpid(), &mine, &err), &err));
    CHECK(mine.boottime != 86400.0);
    isolate_ns *net = own(ISOLATE_NS_NET);
    REFUSED(isolate_ns_time_offsets(net, &offsets, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "is not a time namespace");
    isolate_ns_free(net);
    isolate_nsset_free(set);
}

static void clocks_are_set_before_the_first_process(void)
{
    if (geteuid() != 0)
        SKIP("clocks take CAP_SYS_TIME");
    Child child = child_with(0x80);
    if (child.pid < 0)
        SKIP("no new time namespace for a child");
    isolate_time_offsets offsets = {.size = sizeof offsets};
    isolate_error *err = NULL;
    CHECK(no_error(isolate_ns_set_time_offsets_of(child.pid, 5.25, 1e6, &err), &err));
    CHECK(no_error(isolate_ns_time_offsets_of(child.pid, &offsets, &err), &err));
    CHECK(offsets.monotonic == 5.25 && offsets.boottime == 1e6);
    REFUSED(isolate_ns_set_time_offsets_of(child.pid, -1e9, 0, &err), ERANGE, ISOLATE_ERROR_INVALID_SPEC,
            "a clock must stay at 0 or more");
    REFUSED(isolate_ns_set_time_offsets_of(child.pid, 0.0 / (offsets.size == 0), 0, &err), EINVAL,
            ISOLATE_ERROR_INVALID_SPEC, "monotonic: NaN is not within 4.6e9 seconds");
    /* A handle entered by a thread counts as the first process; the library's own does so too. */
    isolate_ns *ns = NULL;
    CHECK(no_error(isolate_ns_of_children(child.pid, ISOLATE_NS_TIME, &ns, &err), &err));
    memset(&offsets, 0, sizeof offsets);
    offsets.size = sizeof offsets;
    CHECK(no_error(isolate_ns_time_offsets(ns, &offsets, &err), &err));
    CHECK(offsets.monotonic == 5.25);
    REFUSED(isolate_ns_set_time_offsets_of(child.pid, 1, 1, &err), EACCES, ISOLATE_ERROR_BUSY,
            "a process lives in the time namespace already");
    isolate_ns_free(ns);
    end_child(child);
    REFUSED(isolate_ns_time_offsets_of(child.pid, &offsets, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND,
            "no such process");
    REFUSED(isolate_ns_time_offsets_of(0, &offsets, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "no process id");
}

/* A port of loopback that is bound by this socket; 0 where it cannot be. */
static int bound(int fd, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    socklen_t size = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *) &at, sizeof at) != 0 || listen(fd, 1) != 0)
        return 0;
    return getsockname(fd, (struct sockaddr *) &at, &size) == 0 ? ntohs(at.sin_port) : 0;
}

static void a_socket_is_really_there(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_NET);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *net = isolate_nsset_get(set, ISOLATE_NS_NET);
    isolate_ns *home = NULL;
    isolate_error *err = NULL;
    int theirs = -1, never = -1, mine = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(no_error(isolate_ns_socket(net, AF_INET, SOCK_STREAM, 0, &theirs, &err), &err));
    CHECK_INT(fcntl(theirs, F_GETFD), FD_CLOEXEC);
    int link = ioctl(theirs, SIOCGSKNS);
    CHECK_INT(isolate_ns_of_fd(link, &home, NULL), 0);
    CHECK_INT(isolate_ns_equal(home, net), 1);
    close(link);
    isolate_ns_free(home);
    /* The same port is free there, and is not here. */
    int port = bound(mine, 0);
    CHECK(port > 0);
    CHECK_INT(bound(theirs, port), port);
    CHECK_INT(bound(other, port), 0);
    REFUSED(isolate_ns_socket(net, 999, SOCK_STREAM, 0, &never, &err), EAFNOSUPPORT, ISOLATE_ERROR_OTHER,
            "socket 999, 1, 0");
    isolate_ns *uts = own(ISOLATE_NS_UTS);
    REFUSED(isolate_ns_socket(uts, AF_INET, SOCK_STREAM, 0, &never, &err), EINVAL,
            ISOLATE_ERROR_INVALID_SPEC, "is not a net namespace");
    CHECK_INT(never, -1);
    isolate_ns_free(uts);
    close(mine);
    close(other);
    close(theirs);
    isolate_nsset_free(set);
}

static void cgroup_paths_from_inside_and_outside(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_CGROUP);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *ns = isolate_nsset_get(set, ISOLATE_NS_CGROUP);
    isolate_error *err = NULL;
    char *outside = NULL, *inside = NULL, *line = NULL, part[512];
    size_t room = 0;
    int lines = 0, roots = 0;
    CHECK(no_error(isolate_ns_cgroup_paths_of_json(getpid(), &outside, &err), &err));
    CHECK(no_error(isolate_ns_cgroup_paths_json(ns, getpid(), &inside, &err), &err));
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file != NULL && getline(&line, &room, file) > 0) {
        char *path = strchr(strchr(line, ':') + 1, ':') + 1;
        path[strcspn(path, "\n")] = '\0';
        snprintf(part, sizeof part, "\"hierarchy\":%d,", atoi(line));
        CHECK(outside != NULL && strstr(outside, part) != NULL);
        CHECK(inside != NULL && strstr(inside, part) != NULL);
        snprintf(part, sizeof part, "\"path\":\"%s\"", path);
        CHECK(outside != NULL && strstr(outside, part) != NULL);
        lines++;
    }
    if (file != NULL)
        fclose(file);
    free(line);
    /* Its root is where its maker was: this process's own place. */
    for (const char *at = inside; at != NULL && (at = strstr(at, "\"path\":\"/\"")) != NULL; at++)
        roots++;
    CHECK(lines > 0);
    CHECK_INT(roots, lines);
    isolate_string_free(outside);
    isolate_string_free(inside);
    outside = NULL;
    REFUSED(isolate_ns_cgroup_paths_of_json(0, &outside, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "no process id");
    isolate_ns *uts = own(ISOLATE_NS_UTS);
    REFUSED(isolate_ns_cgroup_paths_json(uts, 1, &outside, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "is not a cgroup namespace");
    CHECK(outside == NULL);
    isolate_ns_free(uts);
    isolate_nsset_free(set);
}

int main(void)
{
    warm_up();
    RUN(names_are_set_inside_and_not_outside);
    RUN(a_kernel_parameter_of_its_own);
    RUN(clocks_are_offset);
    RUN(clocks_are_set_before_the_first_process);
    RUN(a_socket_is_really_there);
    RUN(cgroup_paths_from_inside_and_outside);
    return report();
}
