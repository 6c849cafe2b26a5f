/*
 * isolate_cgroup_move_to_leaf: tried in a group of the test's own, by a child that sits in it alone.
 */
#include <sys/stat.h>

#include "harness.h"

/* The directory of this process's own v2 group; 0 where there is no v2 tree. */
static int own_group(char *dir, size_t room)
{
    char line[1024], mount[256] = "", path[256] = "";
    FILE *file = fopen("/proc/self/mountinfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strstr(line, " - cgroup2 ") != NULL)
            sscanf(line, "%*s %*s %*s %*s %255s", mount);
    if (file != NULL)
        fclose(file);
    file = fopen("/proc/self/cgroup", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "0::/", 4) == 0)
            sscanf(line, "0::%255s", path);
    if (file != NULL)
        fclose(file);
    snprintf(dir, room, "%s%s", mount, strcmp(path, "/") == 0 ? "" : path);
    return mount[0] != '\0' && path[0] != '\0';
}

static int write_file(const char *dir, const char *name, const char *text)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    int good = file != NULL && fputs(text, file) >= 0;
    if (file != NULL)
        good &= fclose(file) == 0;
    return good;
}

/* In the child: 0, or the number of the step that failed. */
static int move_alone(const char *group)
{
    char after[600] = "", wanted[700];
    isolate_error *err = NULL;
    if (!write_file(group, "cgroup.procs", "0"))
        return 1;
    if (!no_error(isolate_cgroup_move_to_leaf(&err), &err))
        return 2;
    snprintf(wanted, sizeof wanted, "%s/isolate-leaf", group);
    if (!own_group(after, sizeof after) || strcmp(after, wanted) != 0)
        return 3;
    /* A second call finds everything done. */
    if (!no_error(isolate_cgroup_move_to_leaf(&err), &err))
        return 4;
    return own_group(after, sizeof after) && strcmp(after, wanted) == 0 ? 0 : 5;
}

static void a_process_moves_out_of_the_way(void)
{
    char own[600], group[650], leaf[700];
    if (!own_group(own, sizeof own))
        SKIP("this host has no cgroup v2 tree");
    snprintf(group, sizeof group, "%s/isolate-c-test-%d", own, (int) getpid());
    if (mkdir(group, 0755) != 0) {
        snprintf(skip_text, sizeof skip_text, "no group can be made beside: %s", strerror(errno));
        SKIP(skip_text);
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int step = move_alone(group);
        fflush(stdout);
        _exit(step);
    }
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    snprintf(leaf, sizeof leaf, "%s/isolate-leaf", group);
    CHECK_INT(rmdir(leaf), 0);
    CHECK_INT(rmdir(group), 0);
}

int main(void)
{
    RUN(a_process_moves_out_of_the_way);
    return report();
}
