/*
 * User and group ids across user namespaces: maps read and written, one id in two namespaces, and what
 * /etc/subuid gives.
 */
#include "ns.h"

static void maps_and_translation(void)
{
    isolate_spec *settings = NULL;
    isolate_error *err = NULL;
    char wanted[256], *text = NULL;
    unsigned uid = geteuid(), gid = getegid();
    CHECK_INT(isolate_spec_new_settings(&settings, NULL), 0);
    isolate_spec_add_uid_map(settings, 7, uid, 1);
    isolate_spec_add_gid_map(settings, 9, gid, 1);
    isolate_nsset *set = MAKE(settings, ISOLATE_NS_USER);
    isolate_spec_free(settings);
    if (set == NULL)
        SKIP(skip_text);
    const isolate_ns *theirs = isolate_nsset_get(set, ISOLATE_NS_USER);
    isolate_ns *mine = own(ISOLATE_NS_USER), *net = own(ISOLATE_NS_NET);
    uint32_t id = 0;
    CHECK(no_error(isolate_ns_id_maps_json(theirs, &text, &err), &err));
    snprintf(wanted, sizeof wanted,
             "{\"uid\":[{\"inside\":7,\"outside\":%u,\"count\":1}],"
             "\"gid\":[{\"inside\":9,\"outside\":%u,\"count\":1}],\"setgroups\":%s}",
             uid, gid, uid == 0 ? "true" : "false");
    CHECK_STR(text, wanted);
    isolate_string_free(text);
    text = NULL;
    CHECK(no_error(isolate_ns_translate_uid(7, theirs, mine, &id, &err), &err));
    CHECK_INT(id, uid);
    CHECK(no_error(isolate_ns_translate_uid(uid, mine, theirs, &id, &err), &err));
    CHECK_INT(id, 7);
    CHECK(no_error(isolate_ns_translate_gid(gid, mine, theirs, &id, &err), &err));
    CHECK_INT(id, 9);
    REFUSED(isolate_ns_translate_uid(8, theirs, mine, &id, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND,
            "uid 8: is not mapped in user:[");
    REFUSED(isolate_ns_translate_gid(7, theirs, mine, &id, &err), ENOENT, ISOLATE_ERROR_NOT_FOUND, "gid 7");
    REFUSED(isolate_ns_translate_uid(7, theirs, net, &id, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "is not a user namespace");
    REFUSED(isolate_ns_id_maps_json(net, &text, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "is not a user namespace");
    CHECK(text == NULL);
    isolate_ns_free(mine);
    isolate_ns_free(net);
    isolate_nsset_free(set);
}

static void maps_are_written_once(void)
{
    isolate_error *err = NULL;
    char json[256], wanted[256], path[64], file[64] = "", *text = NULL;
    unsigned uid = geteuid(), gid = getegid(), inside = 0, outside = 0, count = 0;
    Child child = child_with(CLONE_NEWUSER);
    if (child.pid < 0)
        SKIP("no new user namespace for a child");
    snprintf(json, sizeof json,
             "{\"uid\": [{\"inside\": 0, \"outside\": %u, \"count\": 1}], "
             "\"gid\": [{\"inside\": 5, \"outside\": %u, \"count\": 1}]}",
             uid, gid);
    CHECK(no_error(isolate_ns_write_id_maps(child.pid, json, &err), &err));
    snprintf(path, sizeof path, "/proc/%d/gid_map", child.pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(read(fd, file, sizeof file - 1) > 0);
    CHECK_INT(sscanf(file, "%u %u %u", &inside, &outside, &count), 3);
    CHECK(inside == 5 && outside == gid && count == 1);
    close(fd);
    CHECK(no_error(isolate_ns_id_maps_of_json(child.pid, &text, &err), &err));
    snprintf(wanted, sizeof wanted,
             "{\"uid\":[{\"inside\":0,\"outside\":%u,\"count\":1}],"
             "\"gid\":[{\"inside\":5,\"outside\":%u,\"count\":1}],\"setgroups\":false}",
             uid, gid);
    CHECK_STR(text, wanted);
    isolate_string_free(text);
    text = NULL;
    REFUSED(isolate_ns_write_id_maps(child.pid, json, &err), EPERM, ISOLATE_ERROR_BUSY, "");
    end_child(child);
    CHECK_INT(isolate_ns_id_maps_of_json(child.pid, &text, &err) == 0, 0);
    CHECK_INT(isolate_error_kind(err), ISOLATE_ERROR_NOT_FOUND);
    isolate_error_free(err);
    CHECK(text == NULL);
}

static void maps_that_the_kernel_takes_from_nobody(void)
{
    const char *overlap = "[{\"inside\":0,\"outside\":1000,\"count\":10},{\"inside\":9,\"outside\":5000,\"count\":1}]";
    char many[16384] = "[", one[64];
    for (int i = 0; i < 341; i++) {
        snprintf(one, sizeof one, "%s{\"inside\":%d,\"outside\":%d,\"count\":1}", i ? "," : "", i, i);
        strcat(many, one);
    }
    strcat(many, "]");
    CHECK_INT(isolate_ns_check_id_map("map", "[{\"inside\":0,\"outside\":0,\"count\":1}]", NULL), 0);
    REFUSED(isolate_ns_check_id_map("uid_map", overlap, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "spec: uid_map[1]: overlaps uid_map[0] inside: 9 and 0 to 9");
    REFUSED(isolate_ns_check_id_map("gid_map", many, &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "has 341 lines; the kernel takes at most 340");
    REFUSED(isolate_ns_check_id_map("m", "[{\"inside\":0,\"outside\":0,\"count\":0}]", &err), EINVAL,
            ISOLATE_ERROR_INVALID_SPEC, "m[0]: has count 0");
    REFUSED(isolate_ns_check_id_map("m", "[{]", &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "spec: json: ");
    REFUSED(isolate_ns_write_id_maps(getpid(), "{\"uids\":[]}", &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC,
            "uids");
    REFUSED(isolate_ns_write_id_maps(0, "{}", &err), EINVAL, ISOLATE_ERROR_INVALID_SPEC, "no process id");
}

/* With a file of our own over each of the two, where there is one to mount it over. */
static void own_ranges(void)
{
    const char *lists[] = {"/etc/subuid", "/etc/subgid"};
    isolate_error *err = NULL;
    char *text = NULL, content[128];
    unsigned uid = geteuid();
    int fd, there[2];
    snprintf(content, sizeof content, "nobody-at-all:1:1\n%u:100000:65536\n%u:300000:10\n", uid, uid);
    CHECK((fd = open("/mnt/ranges", O_WRONLY | O_CREAT | O_CLOEXEC, 0644)) >= 0);
    CHECK(write(fd, content, strlen(content)) > 0);
    close(fd);
    for (int i = 0; i < 2; i++) {
        there[i] = access(lists[i], F_OK) == 0;
        if (there[i])
            CHECK_INT(mount("/mnt/ranges", lists[i], NULL, MS_BIND, NULL), 0);
    }
    CHECK(no_error(isolate_ns_subordinate_ids_json(&text, &err), &err));
    const char *ranges = "[[100000,65536],[300000,10]]";
    snprintf(content, sizeof content, "{\"uid\":%s,\"gid\":%s}", there[0] ? ranges : "[]", there[1] ? ranges : "[]");
    CHECK_STR(text, content);
    isolate_string_free(text);
}

static void subordinate_ids_are_those_of_the_files(void)
{
    with_own_mounts(own_ranges);
}

int main(void)
{
    warm_up();
    RUN(maps_and_translation);
    RUN(maps_are_written_once);
    RUN(maps_that_the_kernel_takes_from_nobody);
    RUN(subordinate_ids_are_those_of_the_files);
    return report();
}
