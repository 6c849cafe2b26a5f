/* Every call of a list of steps, by its name. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "steps.h"

#define CALL(name) static int name(json s, isolate_error **err)

/* Opens a namespace with what needs a kind; without; with another handle alone. */
#define OPENS_KIND(name, expression) \
    CALL(name) \
    { \
        isolate_ns *out = NULL; \
        uint32_t kind = 0; \
        int code = kind_of(s, &kind, err); \
        if (code == 0) \
            code = (expression); \
        return gives_ns(s, code, out); \
    }
#define OPENS(name, expression) \
    CALL(name) \
    { \
        isolate_ns *out = NULL; \
        int code = (expression); \
        return gives_ns(s, code, out); \
    }
#define OPENS_OF(name, function) OPENS(name, function(ns(s, "of"), &out, err))

/* Asks for text, for text that is JSON, for a number; the other gives nothing. */
#define TEXT(name, expression) \
    CALL(name) { char *out = NULL; int code = (expression); return gives_text(code, out); }
#define JSON(name, expression) \
    CALL(name) { char *out = NULL; int code = (expression); (void) s; return gives_json(code, out); }
#define NUMBER(name, type, expression) \
    CALL(name) { type out = 0; int code = (expression); return gives_number(s, code, (int64_t) out); }
#define DOES(name, expression) CALL(name) { return gives_nothing(expression); }

OPENS_KIND(of_thread, isolate_ns_of_thread(kind, &out, err))
OPENS_KIND(of_process, isolate_ns_of_process(number(s, "pid"), kind, &out, err))
OPENS_KIND(of_children, isolate_ns_of_children(number(s, "pid"), kind, &out, err))
OPENS_KIND(of_pidfd, isolate_ns_of_pidfd(number(s, "fd"), kind, &out, err))
OPENS_KIND(of_job, isolate_job_namespace(get(text(s, "of"))->job, kind, &out, err))
OPENS(open_path, isolate_ns_open(text(s, "path"), &out, err))
OPENS(of_fd, isolate_ns_of_fd(number(s, "fd"), &out, err))
OPENS(of_kernel_id, isolate_ns_of_kernel_id(strtoull(value(s, "id"), NULL, 10), &out, err))
OPENS(named, isolate_ns_named(text(s, "name"), &out, err))
OPENS_OF(copy, isolate_ns_copy)
OPENS_OF(parent, isolate_ns_parent)
OPENS_OF(owner, isolate_ns_owner)
OPENS_OF(next_mount_namespace, isolate_ns_next_mount_namespace)
OPENS_OF(previous_mount_namespace, isolate_ns_previous_mount_namespace)

CALL(of_file_handle)
{
    uint8_t bytes[64];
    size_t length = 0;
    isolate_ns *out = NULL;
    const char *hex = value(s, "bytes");
    for (hex += *hex == '"'; length < sizeof bytes && sscanf(hex, "%2hhx", &bytes[length]) == 1; hex += 2)
        length++;
    int code = isolate_ns_of_file_handle(bytes, length, &out, err);
    return gives_ns(s, code, out);
}

CALL(file_handle)
{
    uint8_t bytes[ISOLATE_NS_FILE_HANDLE_SIZE];
    int code = isolate_ns_file_handle(ns(s, "of"), bytes, sizeof bytes, err);
    if (code < 0)
        return code;
    char *hex = calloc(2, sizeof bytes + 1);
    for (size_t i = 0; i < sizeof bytes; i++)
        sprintf(hex + 2 * i, "%02x", bytes[i]);
    print(keep(s)->plain = hex);
    return 0;
}

CALL(equal) { (void) err; return gives_bool(isolate_ns_equal(ns(s, "of"), ns(s, "to"))); }
CALL(is_initial) { (void) err; return gives_bool(isolate_ns_is_initial(ns(s, "of"))); }
CALL(inode) { (void) err; return gives_number(s, 0, (int64_t) isolate_ns_inode(ns(s, "of"))); }
CALL(fd) { (void) err; return gives_number(s, 0, isolate_ns_fd(ns(s, "of"))); }
NUMBER(kernel_id, uint64_t, isolate_ns_kernel_id(ns(s, "of"), &out, err))
NUMBER(owner_uid, uint32_t, isolate_ns_owner_uid(ns(s, "of"), &out, err))
NUMBER(mount_namespace_id, uint64_t, isolate_ns_mount_namespace_id(ns(s, "of"), &out, err))

CALL(kind)
{
    (void) err;
    print(isolate_ns_kind_name((uint32_t) isolate_ns_kind(ns(s, "of"))));
    return 0;
}

CALL(mount_info)
{
    struct isolate_mount_info out = {.size = sizeof out};
    int code = isolate_ns_mount_info(ns(s, "of"), &out, err);
    if (code == 0)
        printf("{\"id\":%llu,\"mounts\":%u}", (unsigned long long) out.id, (unsigned) out.mounts);
    return code;
}

CALL(kinds)
{
    (void) s;
    (void) err;
    for (uint32_t kind = 1; isolate_ns_kind_name(kind) != NULL; kind++) {
        printf("%s{\"name\":\"%s\",\"flag\":%llu,\"isolates\":\"%s\",\"since\":\"%s\"", kind > 1 ? "," : "[",
               isolate_ns_kind_name(kind), (unsigned long long) isolate_ns_kind_flag(kind),
               isolate_ns_kind_isolates(kind), isolate_ns_kind_since(kind));
        printf(",\"nested\":%s", isolate_ns_kind_is_nested(kind) ? "true" : "false");
        printf(",\"for_children\":%s", isolate_ns_kind_is_for_children(kind) ? "true" : "false");
        printf(",\"supported\":%s}", isolate_ns_kind_supported(kind) ? "true" : "false");
    }
    printf("]");
    return 0;
}

CALL(create)
{
    isolate_nsset *set = NULL;
    isolate_spec *settings = NULL;
    uint32_t list[16];
    size_t found = 0;
    int code = kinds_of(s, list, &found, err);
    if (code == 0)
        code = make_spec(s, "settings", &settings, err);
    if (code == 0)
        code = isolate_ns_create(list, found, settings, &set, err);
    isolate_spec_free(settings);
    if (code < 0)
        return code;
    keep(s)->set = set;
    printf("[");
    const char *comma = "";
    for (uint32_t kind = 1; isolate_ns_kind_name(kind) != NULL; kind++) {
        const isolate_ns *member = isolate_nsset_get(set, kind);
        if (member == NULL)
            continue;
        printf("%s", comma);
        print(isolate_ns_text(member));
        comma = ",";
    }
    printf("]");
    return 0;
}

CALL(holder_pid)
{
    int pid = isolate_nsset_holder_pid(get(text(s, "of"))->set);
    (void) err;
    return pid == -ENOENT ? gives_nothing(0) : gives_number(s, 0, pid);
}

CALL(end)
{
    (void) err;
    release(get(text(s, "of")));
    return gives_nothing(0);
}

TEXT(hostname, isolate_ns_hostname(ns(s, "of"), &out, err))
TEXT(domainname, isolate_ns_domainname(ns(s, "of"), &out, err))
TEXT(sysctl, isolate_ns_sysctl(ns(s, "of"), text(s, "name"), &out, err))
DOES(set_hostname, isolate_ns_set_hostname(ns(s, "of"), text(s, "to"), err))
DOES(set_domainname, isolate_ns_set_domainname(ns(s, "of"), text(s, "to"), err))
DOES(set_sysctl, isolate_ns_set_sysctl(ns(s, "of"), text(s, "name"), text(s, "to"), err))

static int gives_offsets(int code, const struct isolate_time_offsets *out)
{
    if (code == 0)
        printf("{\"monotonic\":%.17g,\"boottime\":%.17g}", out->monotonic, out->boottime);
    return code;
}

CALL(time_offsets)
{
    struct isolate_time_offsets out = {.size = sizeof out};
    int code = isolate_ns_time_offsets(ns(s, "of"), &out, err);
    return gives_offsets(code, &out);
}

CALL(time_offsets_of)
{
    struct isolate_time_offsets out = {.size = sizeof out};
    int code = isolate_ns_time_offsets_of(number(s, "pid"), &out, err);
    return gives_offsets(code, &out);
}

CALL(set_time_offsets)
{
    json offsets = json_member(s, "offsets");
    json monotonic = json_member(offsets, "monotonic"), boottime = json_member(offsets, "boottime");
    return gives_nothing(isolate_ns_set_time_offsets_of(number(s, "pid"), monotonic ? atof(monotonic) : 0,
                                                        boottime ? atof(boottime) : 0, err));
}

CALL(open_socket)
{
    int fd = -1;
    int family = json_member(s, "family") ? number(s, "family") : AF_INET;
    int code = isolate_ns_socket(ns(s, "of"), family, SOCK_STREAM, 0, &fd, err);
    if (code == 0 && listen(keep(s)->socket = fd, 1) < 0)
        steps_stop("cannot listen", strerror(errno));
    return gives_nothing(code);
}

JSON(cgroup_paths, isolate_ns_cgroup_paths_json(ns(s, "of"), number(s, "pid"), &out, err))
JSON(cgroup_paths_of, isolate_ns_cgroup_paths_of_json(number(s, "pid"), &out, err))
JSON(id_maps, isolate_ns_id_maps_json(ns(s, "of"), &out, err))
JSON(id_maps_of, isolate_ns_id_maps_of_json(number(s, "pid"), &out, err))
JSON(subordinate_ids, isolate_ns_subordinate_ids_json(&out, err))
JSON(persisted, isolate_ns_persisted_json(&out, err))
JSON(list, isolate_ns_list_json(&out, err))
JSON(tree, isolate_ns_tree_json(&out, err))
JSON(doctor, isolate_doctor_examine(&out, err))
DOES(write_id_maps, isolate_ns_write_id_maps(number(s, "pid"), raw(s, "maps"), err))
NUMBER(translate_pid, int, isolate_ns_translate_pid(number(s, "number"), ns(s, "from"), ns(s, "to"), &out, err))
NUMBER(translate_uid, uint32_t,
       isolate_ns_translate_uid((uint32_t) number(s, "number"), ns(s, "from"), ns(s, "to"), &out, err))
NUMBER(translate_gid, uint32_t,
       isolate_ns_translate_gid((uint32_t) number(s, "number"), ns(s, "from"), ns(s, "to"), &out, err))
DOES(persist, isolate_ns_persist(ns(s, "of"), text(s, "path"), err))
DOES(unpersist, isolate_ns_unpersist(text(s, "path"), err))
DOES(persist_name, isolate_ns_persist_name(ns(s, "of"), text(s, "name"), err))
DOES(unpersist_name, isolate_ns_unpersist_name(text(s, "name"), err))

CALL(processes)
{
    const char *name = text(s, "of");
    const isolate_job *job = strchr(name, '.') ? NULL : get(name)->job;
    char *out = NULL;
    int code = job ? isolate_job_processes_json(job, &out, err)
                   : isolate_ns_processes_json(ns(s, "of"), &out, err);
    return gives_json(code, out);
}

/* A move of a thread, and what it then sees. */
struct move {
    json step;
    int (*move)(json step, isolate_error **err);
    const char *path;
    char *seen;
    int code;
    isolate_error *err;
};

static int see(void *arg)
{
    struct move *one = arg;
    one->seen = look(one->path);
    return 0;
}

static void *go(void *arg)
{
    struct move *one = arg;
    one->code = one->move(one->step, &one->err);
    if (one->code == 0)
        see(one);
    return NULL;
}

static int gives_seen(struct move *one, isolate_error **err)
{
    *err = one->err;
    if (one->code == 0)
        print(one->seen);
    free(one->seen);
    return one->code;
}

static int on_a_thread(json step, int (*move)(json, isolate_error **), isolate_error **err)
{
    struct move one = {.step = step, .move = move, .path = text(step, "read")};
    pthread_t thread;
    if (pthread_create(&thread, NULL, go, &one) != 0 || pthread_join(thread, NULL) != 0)
        steps_stop("no thread for", "a move");
    return gives_seen(&one, err);
}

CALL(move_into)
{
    const isolate_ns *found[8];
    size_t length = all(s, "of", found);
    return isolate_ns_enter_thread(found, length, err);
}

CALL(move_to_process)
{
    uint32_t list[16];
    size_t found = 0;
    int code = kinds_of(s, list, &found, err);
    return code < 0 ? code : isolate_ns_enter_thread_pidfd(number(s, "fd"), list, found, err);
}

CALL(move_away)
{
    uint32_t list[16];
    size_t found = 0;
    int code = kinds_of(s, list, &found, err);
    return code < 0 ? code : isolate_ns_unshare_thread(list, found, err);
}

CALL(enter_thread) { return on_a_thread(s, move_into, err); }
CALL(enter_thread_pidfd) { return on_a_thread(s, move_to_process, err); }
CALL(unshare_thread) { return on_a_thread(s, move_away, err); }

CALL(enter)
{
    struct move one = {.path = text(s, "read")};
    const isolate_ns *found[8];
    isolate_inside *inside = NULL;
    size_t length = all(s, "of", found);
    one.code = isolate_inside_enter(found, length, &inside, &one.err);
    if (one.code == 0)
        one.code = isolate_inside_call(inside, see, &one, NULL, &one.err);
    isolate_inside_free(inside);
    return gives_seen(&one, err);
}

CALL(run)
{
    isolate_spec *spec = NULL;
    isolate_outcome *out = NULL;
    int code = make_spec(s, "spec", &spec, err);
    if (code == 0)
        code = isolate_run(spec, &out, err);
    isolate_spec_free(spec);
    return gives_outcome(code, out);
}

CALL(spawn)
{
    isolate_spec *spec = NULL;
    isolate_job *job = NULL;
    int code = make_spec(s, "spec", &spec, err);
    if (code == 0)
        code = isolate_job_spawn(spec, &job, err);
    isolate_spec_free(spec);
    if (code == 0)
        keep(s)->job = job;
    return gives_nothing(code);
}

CALL(exec_in)
{
    isolate_spec *spec = NULL;
    isolate_job *job = NULL;
    isolate_outcome *out = NULL;
    int code = make_spec(s, "spec", &spec, err);
    if (code == 0)
        code = isolate_job_exec(get(text(s, "of"))->job, spec, &job, err);
    if (code == 0)
        code = isolate_job_wait(job, -1, &out, err);
    isolate_spec_free(spec);
    isolate_job_free(job);
    return gives_outcome(code < 0 ? code : 0, out);
}

CALL(wait_for)
{
    isolate_outcome *out = NULL;
    int code = isolate_job_wait(get(text(s, "of"))->job, -1, &out, err);
    return gives_outcome(code < 0 ? code : 0, out);
}

CALL(pid) { (void) err; return gives_number(s, 0, isolate_job_pid(get(text(s, "of"))->job)); }
DOES(end_job, isolate_job_kill(get(text(s, "of"))->job, err))

const struct call steps_calls[] = {
    {"kinds", kinds}, {"of_thread", of_thread}, {"of_process", of_process}, {"of_children", of_children},
    {"of_pidfd", of_pidfd}, {"open", open_path}, {"of_fd", of_fd}, {"of_file_handle", of_file_handle},
    {"of_kernel_id", of_kernel_id}, {"named", named}, {"copy", copy}, {"parent", parent}, {"owner", owner},
    {"next_mount_namespace", next_mount_namespace}, {"previous_mount_namespace", previous_mount_namespace},
    {"equal", equal}, {"kind", kind}, {"inode", inode}, {"fd", fd}, {"is_initial", is_initial}, {"kernel_id", kernel_id},
    {"file_handle", file_handle}, {"owner_uid", owner_uid}, {"mount_info", mount_info},
    {"mount_namespace_id", mount_namespace_id}, {"create", create}, {"holder_pid", holder_pid}, {"close", end},
    {"hostname", hostname}, {"set_hostname", set_hostname}, {"domainname", domainname},
    {"set_domainname", set_domainname}, {"sysctl", sysctl}, {"set_sysctl", set_sysctl},
    {"time_offsets", time_offsets}, {"time_offsets_of", time_offsets_of},
    {"set_time_offsets", set_time_offsets}, {"socket", open_socket}, {"cgroup_paths", cgroup_paths},
    {"cgroup_paths_of", cgroup_paths_of}, {"id_maps", id_maps}, {"id_maps_of", id_maps_of},
    {"write_id_maps", write_id_maps}, {"subordinate_ids", subordinate_ids}, {"translate_pid", translate_pid},
    {"translate_uid", translate_uid}, {"translate_gid", translate_gid}, {"persist", persist},
    {"unpersist", unpersist}, {"persist_name", persist_name}, {"unpersist_name", unpersist_name},
    {"persisted", persisted}, {"processes", processes}, {"list", list}, {"tree", tree}, {"doctor", doctor}, {"enter", enter},
    {"enter_thread", enter_thread}, {"enter_thread_pidfd", enter_thread_pidfd},
    {"unshare_thread", unshare_thread}, {"run", run}, {"spawn", spawn}, {"exec", exec_in},
    {"namespace", of_job}, {"pid", pid}, {"kill", end_job}, {"wait", wait_for}, {NULL, NULL},
};
