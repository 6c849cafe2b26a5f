/*
 * Handles of namespaces: every way to come by one leads to the same, what each tells is true, and what
 * is no namespace is refused without a thread moving.
 */
#include "ns.h"

static const struct { uint32_t kind; const char *name; uint64_t flag; } KINDS[] = {
    {ISOLATE_NS_CGROUP, "cgroup", CLONE_NEWCGROUP}, {ISOLATE_NS_IPC, "ipc", CLONE_NEWIPC},
    {ISOLATE_NS_NET, "net", CLONE_NEWNET},          {ISOLATE_NS_MNT, "mnt", CLONE_NEWNS},
    {ISOLATE_NS_PID, "pid", CLONE_NEWPID},          {ISOLATE_NS_TIME, "time", 0x80},
    {ISOLATE_NS_USER, "user", CLONE_NEWUSER},       {ISOLATE_NS_UTS, "uts", CLONE_NEWUTS},
};

static void kinds_are_known(void)
{
    for (int i = 0; i < 8; i++) {
        uint32_t kind = KINDS[i].kind;
        char path[64];
        CHECK_STR(isolate_ns_kind_name(kind), KINDS[i].name);
        CHECK(isolate_ns_kind_flag(kind) == KINDS[i].flag);
        uint32_t found = 0;
        CHECK_INT(isolate_ns_kind_from_name(KINDS[i].name, &found, NULL), 0);
        CHECK_INT(found, kind);
        CHECK_INT(isolate_ns_kind_from_flag(KINDS[i].flag), kind);
        CHECK(strlen(isolate_ns_kind_isolates(kind)) > 5);
        snprintf(path, sizeof path, "/proc/self/ns/%s", KINDS[i].name);
        CHECK_INT(isolate_ns_kind_supported(kind), access(path, F_OK) == 0);
        CHECK_INT(isolate_ns_kind_is_nested(kind), kind == ISOLATE_NS_PID || kind == ISOLATE_NS_USER);
        CHECK_INT(isolate_ns_kind_is_for_children(kind),
                  kind == ISOLATE_NS_PID || kind == ISOLATE_NS_TIME);
    }
    CHECK_STR(isolate_ns_kind_since(ISOLATE_NS_TIME), "5.6");
    CHECK_STR(isolate_ns_kind_isolates(ISOLATE_NS_MNT), "mounts");
    CHECK(isolate_ns_kind_name(0) == NULL && isolate_ns_kind_since(9) == NULL);
    CHECK(isolate_ns_kind_isolates(UINT32_MAX) == NULL && isolate_ns_kind_flag(0) == 0);
    CHECK_INT(isolate_ns_kind_supported(9), -EINVAL);
    CHECK_INT(isolate_ns_kind_is_nested(0), -EINVAL);
    CHECK_INT(isolate_ns_kind_is_for_children(0), -EINVAL);
    uint32_t none = 7;
    isolate_error *err = NULL;
    CHECK_INT(isolate_ns_kind_from_name("mount", &none, &err), -EINVAL);
    CHECK_INT(none, 7);
    CHECK_STR(isolate_error_message(err), "namespace: \"mount\": is no kind of namespace: expected "
              "cgroup, ipc, net, mnt, pid, time, user, uts");
    isolate_error_free(err);
    CHECK_INT(isolate_ns_kind_from_flag(CLONE_NEWNS | CLONE_NEWNET), -EINVAL);
}

static void same(const isolate_ns *known, int code, isolate_ns *found, isolate_error *err)
{
    if (no_error(code, &err)) {
        CHECK_INT(isolate_ns_equal(known, found), 1);
        CHECK_INT(isolate_ns_kind(found), isolate_ns_kind(known));
        CHECK_STR(isolate_ns_text(found), isolate_ns_text(known));
    } else {
        bad++;
    }
    isolate_ns_free(found);
}

#define SAME(known, call)                                                                        \
    do {                                                                                         \
        isolate_ns *found = NULL;                                                                \
        isolate_error *err = NULL;                                                               \
        int code = call;                                                                         \
        same(known, code, found, err);                                                           \
    } while (0)

static void every_way_leads_to_the_same(void)
{
    for (int i = 0; i < 8; i++) {
        uint32_t kind = KINDS[i].kind;
        char path[64], link[64];
        if (!isolate_ns_kind_supported(kind))
            continue;
        isolate_ns *ns = own(kind);
        CHECK_STR(isolate_ns_text(ns), here(KINDS[i].name, link));
        CHECK(fcntl(isolate_ns_fd(ns), F_GETFD) == FD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/ns/%s", KINDS[i].name);
        SAME(ns, isolate_ns_of_process(getpid(), kind, &found, &err));
        SAME(ns, isolate_ns_open(path, &found, &err));
        SAME(ns, isolate_ns_of_fd(isolate_ns_fd(ns), &found, &err));
        SAME(ns, isolate_ns_copy(ns, &found, &err));
        if (isolate_ns_kind_is_for_children(kind))
            SAME(ns, isolate_ns_of_children(getpid(), kind, &found, &err));
        CHECK_INT(isolate_ns_expect(ns, kind, NULL), 0);
        isolate_ns_free(ns);
    }
}

static void pidfds_lead_there_while_the_process_lives(void)
{
    isolate_ns *ns = NULL;
    int gone = fork();
    if (gone == 0)
        _exit(0);
    int past = pidfd_of(gone), pidfd = pidfd_of(getpid());
    CHECK_INT(waitpid(gone, NULL, 0), gone);
    if (pidfd < 0)
        SKIP("pidfd_open needs Linux 5.3");
    for (int i = 0; i < 8; i++) {
        isolate_ns *known = isolate_ns_kind_supported(KINDS[i].kind) ? own(KINDS[i].kind) : NULL;
        if (known != NULL)
            SAME(known, isolate_ns_of_pidfd(pidfd, KINDS[i].kind, &found, &err));
        isolate_ns_free(known);
    }
    /* Its number may be another's by now; the pidfd knows. */
    REFUSED(isolate_ns_of_pidfd(past, ISOLATE_NS_NET, &ns, &err), ESRCH, ISOLATE_ERROR_NOT_FOUND, "ended");
    CHECK(ns == NULL);
    close(past);
    close(pidfd);
}

static void numbers_and_file_handles_lead_back(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_NET);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *ns = isolate_nsset_get(set, ISOLATE_NS_NET);
    isolate_ns *found = NULL;
    isolate_error *err = NULL;
    uint64_t id = 0;
    uint8_t handle[ISOLATE_NS_FILE_HANDLE_SIZE];
    int code = isolate_ns_kernel_id(ns, &id, &err);
    if (lacking(code, &err)) {
        isolate_nsset_free(set);
        SKIP(skip_text);
    }
    CHECK(no_error(code, &err) && id != 0);
    SAME(ns, isolate_ns_of_kernel_id(id, &found, &err));
    CHECK(no_error(isolate_ns_file_handle(ns, handle, sizeof handle, &err), &err));
    SAME(ns, isolate_ns_of_file_handle(handle, sizeof handle, &found, &err));
    REFUSED(isolate_ns_file_handle(ns, handle, 23, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "size: is 23");
    REFUSED(isolate_ns_of_file_handle(handle, 23, &found, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "24 bytes");
    isolate_nsset_free(set);
    /* A namespace is freed some time after its last descriptor. */
    while ((code = isolate_ns_of_kernel_id(id, &found, &err)) == 0) {
        isolate_ns_free(found);
        usleep(1000);
    }
    CHECK_INT(code, -ESTALE);
    CHECK_INT(isolate_error_kind(err), ISOLATE_ERROR_NOT_FOUND);
    isolate_error_free(err);
}

static void family(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_USER, ISOLATE_NS_NET);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *user = isolate_nsset_get(set, ISOLATE_NS_USER);
    const isolate_ns *net = isolate_nsset_get(set, ISOLATE_NS_NET);
    isolate_ns *mine = own(ISOLATE_NS_USER), *found = NULL;
    isolate_error *err = NULL;
    uint32_t uid = 77;
    SAME(mine, isolate_ns_parent(user, &found, &err));
    SAME(mine, isolate_ns_owner(user, &found, &err));
    SAME(user, isolate_ns_owner(net, &found, &err));
    CHECK(no_error(isolate_ns_owner_uid(net, &uid, &err), &err));
    CHECK_INT(uid, geteuid());
    CHECK_INT(isolate_ns_equal(user, mine), 0);
    CHECK_INT(isolate_ns_is_initial(user), 0);
    CHECK_INT(isolate_ns_is_initial(mine), isolate_ns_inode(mine) == 0xEFFFFFFD);
    CHECK(isolate_ns_inode(user) != 0 && isolate_ns_inode(user) != isolate_ns_inode(mine));
    CHECK(isolate_ns_device(user) != 0 && isolate_ns_device(user) == isolate_ns_device(mine));
    REFUSED(isolate_ns_parent(mine, &found, &err), EPERM, ISOLATE_ERROR_NOT_FOUND, "user:[");
    REFUSED(isolate_ns_owner(mine, &found, &err), EPERM, ISOLATE_ERROR_NOT_FOUND, "owner");
    REFUSED(isolate_ns_parent(net, &found, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "has no parent");
    CHECK(found == NULL);
    isolate_ns_free(mine);
    isolate_nsset_free(set);
}

static void mount_namespaces_in_a_row(void)
{
    isolate_nsset *set = MAKE(NULL, ISOLATE_NS_MNT);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *mnt = isolate_nsset_get(set, ISOLATE_NS_MNT);
    isolate_ns *at = own(ISOLATE_NS_MNT), *next = NULL;
    isolate_error *err = NULL;
    isolate_mount_info info = {.size = sizeof info}, before = {.size = sizeof before};
    uint64_t id = 0;
    int code = isolate_ns_mount_info(at, &before, &err);
    if (lacking(code, &err)) {
        isolate_ns_free(at);
        isolate_nsset_free(set);
        SKIP(skip_text);
    }
    CHECK(no_error(code, &err) && before.mounts > 0);
    CHECK(no_error(isolate_ns_mount_info(mnt, &info, &err), &err));
    CHECK(no_error(isolate_ns_mount_namespace_id(mnt, &id, &err), &err));
    CHECK(id == info.id && id != before.id);
    CHECK_INT(info.mounts, before.mounts);
    int forward = 0, backward = 0;
    for (;;) {
        forward += isolate_ns_equal(at, mnt);
        code = isolate_ns_next_mount_namespace(at, &next, &err);
        if (code != 0)
            break;
        isolate_ns_free(at);
        at = next;
    }
    char pid_namespace[32] = "";
    CHECK(readlink("/proc/self/ns/pid", pid_namespace, sizeof pid_namespace - 1) > 0);
    bool all = geteuid() == 0 && strcmp(pid_namespace, "pid:[4026531836]") == 0;
    if (!all && lacking(code, &err)) {
        forward = backward = 1; /* told to root in the initial pid namespace alone */
    } else {
        CHECK_INT(code, -ENOENT);
        CHECK_INT(isolate_error_kind(err), ISOLATE_ERROR_NOT_FOUND);
        isolate_error_free(err);
        err = NULL;
        for (;;) {
            backward += isolate_ns_equal(at, mnt);
            if ((code = isolate_ns_previous_mount_namespace(at, &next, &err)) != 0)
                break;
            isolate_ns_free(at);
            at = next;
        }
        CHECK_INT(code, -ENOENT);
    }
    isolate_error_free(err);
    CHECK_INT(forward, 1);
    CHECK_INT(backward, 1);
    isolate_ns *net = own(ISOLATE_NS_NET);
    REFUSED(isolate_ns_mount_info(net, &info, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "not a mount");
    REFUSED(isolate_ns_mount_namespace_id(net, &id, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "net:[");
    info.size = 0;
    REFUSED(isolate_ns_mount_info(mnt, &info, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "size");
    isolate_ns_free(net);
    isolate_ns_free(at);
    isolate_nsset_free(set);
}

static void what_is_no_namespace(void)
{
    char dir[] = "/tmp/isolate-ns-XXXXXX", loop[64];
    isolate_ns *ns = NULL;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC), gone = fork();
    if (gone == 0)
        _exit(0);
    CHECK(waitpid(gone, NULL, 0) == gone && mkdtemp(dir) != NULL);
    snprintf(loop, sizeof loop, "%s/loop", dir);
    CHECK_INT(symlink(loop, loop), 0);

    REFUSED(isolate_ns_of_fd(1000000, &ns, &err), EBADF, ISOLATE_ERROR_INVALID_SPEC, "descriptor 1000000");
    REFUSED(isolate_ns_of_fd(-1, &ns, &err), EBADF, ISOLATE_ERROR_INVALID_SPEC, "descriptor -1");
    REFUSED(isolate_ns_of_fd(null, &ns, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "is not a namespace");
    REFUSED(isolate_ns_of_pidfd(null, ISOLATE_NS_NET, &ns, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "is not a pidfd");
    REFUSED(isolate_ns_of_pidfd(-1, ISOLATE_NS_NET, &ns, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "pidfd: -1 is no descriptor");
    REFUSED(isolate_ns_of_process(gone, ISOLATE_NS_NET, &ns, &err), ESRCH, ISOLATE_ERROR_NOT_FOUND,
            "No such process");
    REFUSED(isolate_ns_of_process(0, ISOLATE_NS_NET, &ns, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "is no process id");
    REFUSED(isolate_ns_of_process(1, 9, &ns, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "no such constant");
    REFUSED(isolate_ns_of_children(getpid(), ISOLATE_NS_NET, &ns, &err), EINVAL,
            ISOLATE_ERROR_INVALID_SPEC, "only pid and time");
    REFUSED(isolate_ns_open("/dev/null", &ns, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "/dev/null: is not a namespace");
    REFUSED(isolate_ns_open(loop, &ns, &err), ELOOP, ISOLATE_ERROR_INVALID_SPEC, loop);
    REFUSED(isolate_ns_open("/proc/self/ns/nonesuch", &ns, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND,
            "nonesuch");
    CHECK(ns == NULL);
    ns = own(ISOLATE_NS_UTS);
    REFUSED(isolate_ns_expect(ns, ISOLATE_NS_NET, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "is a uts namespace, and a net namespace is asked for");
    isolate_ns_free(ns);
    unlink(loop);
    rmdir(dir);
    close(null);
}

static void ten_thousand_handles_leave_nothing(void)
{
    int before = open_descriptors();
    for (int i = 0; i < 10000; i++) {
        isolate_ns *ns = NULL, *copy = NULL;
        CHECK_INT(isolate_ns_of_thread(KINDS[i % 8].kind, &ns, NULL), 0);
        CHECK_INT(isolate_ns_copy(ns, &copy, NULL), 0);
        isolate_ns_free(ns);
        isolate_ns_free(copy);
        if (i % 1000 == 0)
            CHECK_INT(open_descriptors(), before);
    }
}

int main(void)
{
    warm_up();
    RUN(kinds_are_known);
    RUN(every_way_leads_to_the_same);
    RUN(pidfds_lead_there_while_the_process_lives);
    RUN(numbers_and_file_handles_lead_back);
    RUN(family);
    RUN(mount_namespaces_in_a_row);
    RUN(what_is_no_namespace);
    RUN(ten_thousand_handles_leave_nothing);
    return report();
}
