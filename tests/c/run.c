/*
 * isolate_run: how jobs end, what they see, and what keeps them from starting.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "harness.h"

static void an_exit_code_is_an_outcome(void)
{
    static const struct { const char *script; int code; } rows[] = {
        {"true", 0}, {"false", 1}, {"exit 42", 42}, {"exit 255", 255},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        isolate_outcome *out = outcome_of(shell(rows[i].script));
        CHECK_INT(isolate_outcome_reason(out), ISOLATE_REASON_EXIT);
        CHECK_STR(isolate_outcome_reason_name(out), "exit");
        CHECK_INT(isolate_outcome_exit_code(out), rows[i].code);
        CHECK_INT(isolate_outcome_signal(out), 0);
        CHECK_INT(isolate_outcome_shell_status(out), rows[i].code);
        CHECK(isolate_outcome_pid(out) > 0);
        CHECK(isolate_outcome_evidence(out) != NULL);
        isolate_outcome_free(out);
    }
}

static void a_signal_is_an_outcome(void)
{
    isolate_outcome *out = outcome_of(shell("kill -SEGV $$"));
    /* As pid 1 the shell could not be killed by itself: the init is what makes this work. */
    CHECK_INT(isolate_outcome_reason(out), ISOLATE_REASON_SIGNAL);
    CHECK_INT(isolate_outcome_signal(out), 11);
    CHECK_INT(isolate_outcome_exit_code(out), -ENODATA);
    CHECK_INT(isolate_outcome_shell_status(out), 128 + 11);
    isolate_outcome_free(out);
}

static void both_streams_are_captured(void)
{
    /* More than a pipe holds, on both at once: reading them one after the other would hang. */
    isolate_outcome *out = outcome_of(shell(
        "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789;"
        " echo abcdefghijabcdefghijabcdefghijabcdefghij >&2; i=$((i+1)); done; printf 'a\\0b'"));
    size_t length = 0;
    const char *text = isolate_outcome_stdout(out, &length);
    CHECK_INT(length, 3000 * 41 + 3);
    CHECK(text != NULL && memcmp(text + 3000 * 41, "a\0b", 4) == 0);
    text = isolate_outcome_stderr(out, &length);
    CHECK_INT(length, 3000 * 41);
    CHECK(text != NULL && strlen(text) == length);
    CHECK_INT(isolate_outcome_stdout_cut(out), 0);
    CHECK_INT(isolate_outcome_stderr_cut(out), 0);
    isolate_outcome_free(out);
}

static void nothing_captured_is_null(void)
{
    isolate_spec *spec = shell("echo x; echo y >&2");
    isolate_spec_set_stdio(spec, ISOLATE_STDOUT, ISOLATE_STDIO_NULL);
    isolate_outcome *out = outcome_of(spec);
    size_t length = 7;
    CHECK(isolate_outcome_stdout(out, &length) == NULL);
    CHECK_INT(length, 0);
    CHECK_STR(isolate_outcome_stderr(out, NULL), "y\n");
    isolate_outcome_free(out);
}

static void the_job_sees_what_was_set(void)
{
    isolate_spec *spec = shell("echo $K; echo $HIDDEN; pwd; hostname; umask; ulimit -n; echo $$");
    CHECK_INT(isolate_spec_set_env(spec, "K", "value = \xc3\xa9"), 0);
    CHECK_INT(isolate_spec_set_cwd(spec, "/usr"), 0);
    CHECK_INT(isolate_spec_set_hostname(spec, "inside"), 0);
    CHECK_INT(isolate_spec_set_umask(spec, 077), 0);
    CHECK_INT(isolate_spec_set_rlimit(spec, "nofile", 77), 0);
    setenv("HIDDEN", "leaked", 1);
    isolate_outcome *out = outcome_of(spec);
    unsetenv("HIDDEN");
    /* Pid 1 is the init. */
    CHECK_STR(isolate_outcome_stdout(out, NULL), "value = \xc3\xa9\n\n/usr\ninside\n0077\n77\n2\n");
    isolate_outcome_free(out);
}

static void a_kept_variable_is_passed_on(void)
{
    isolate_spec *spec = shell("echo $KEPT");
    CHECK_INT(isolate_spec_add_keep_env(spec, "KEPT"), 0);
    setenv("KEPT", "here", 1);
    isolate_outcome *out = outcome_of(spec);
    unsetenv("KEPT");
    CHECK_STR(isolate_outcome_stdout(out, NULL), "here\n");
    isolate_outcome_free(out);
}

static void namespaces_are_the_jobs_own(void)
{
    static const struct { uint32_t kind; const char *name; } kinds[] = {
        {ISOLATE_NS_CGROUP, "cgroup"}, {ISOLATE_NS_IPC, "ipc"}, {ISOLATE_NS_NET, "net"},
        {ISOLATE_NS_MNT, "mnt"}, {ISOLATE_NS_PID, "pid"}, {ISOLATE_NS_TIME, "time"},
        {ISOLATE_NS_USER, "user"}, {ISOLATE_NS_UTS, "uts"},
    };
    isolate_outcome *out = outcome_of(shell(
        "for n in cgroup ipc net mnt pid time user uts; do readlink /proc/self/ns/$n; done"));
    const char *text = isolate_outcome_stdout(out, NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint64_t inside = isolate_outcome_namespace_id(out, kinds[i].kind);
        char line[64], path[64];
        struct stat ours;
        snprintf(line, sizeof line, "%s:[%llu]\n", kinds[i].name, (unsigned long long) inside);
        snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i].name);
        CHECK(inside != 0);
        CHECK_INT(stat(path, &ours), 0);
        if (text == NULL || strstr(text, line) == NULL || ours.st_ino == inside) {
            printf("  %s: outside %llu, told %llu\n", kinds[i].name, (unsigned long long) ours.st_ino,
                   (unsigned long long) inside);
            bad++;
        }
    }
    CHECK_INT(isolate_outcome_namespace_id(out, 0), 0);
    isolate_outcome_free(out);
}

static void a_writable_bind_gives_files_to_the_caller(void)
{
    char dir[] = "/tmp/isolate-c-XXXXXX", path[64];
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/made", dir);
    isolate_spec *spec = shell("echo new > /work/made && cat /work/made");
    CHECK_INT(isolate_spec_add_bind(spec, dir, "/work", ISOLATE_BIND_RW), 0);
    isolate_outcome *out = outcome_or_skip(spec);
    if (out != NULL) {
        struct stat made;
        CHECK_STR(isolate_outcome_stdout(out, NULL), "new\n");
        CHECK_INT(stat(path, &made), 0);
        CHECK_INT(made.st_uid, geteuid());
        CHECK_INT(made.st_gid, getegid());
        isolate_outcome_free(out);
    }
    unlink(path);
    CHECK_INT(rmdir(dir), 0);
    if (skip_text[0] != '\0')
        SKIP(skip_text);
}

static void a_bind_without_flags_is_read_only(void)
{
    char dir[] = "/tmp/isolate-c-XXXXXX";
    /* Open to all: without id-mapped mounts the directory is not the job's own. */
    CHECK(mkdtemp(dir) != NULL && chmod(dir, 0755) == 0);
    isolate_spec *spec = shell("touch /work/made 2>&1; ls -A /work; touch /usr/made 2>&1");
    CHECK_INT(isolate_spec_add_bind(spec, dir, "/work", 0), 0);
    isolate_outcome *out = outcome_of(spec);
    const char *text = isolate_outcome_stdout(out, NULL);
    CHECK(text != NULL && strstr(text, "'/work/made': Read-only file system") != NULL);
    CHECK(text != NULL && strstr(text, "'/usr/made': Read-only file system") != NULL);
    isolate_outcome_free(out);
    CHECK_INT(rmdir(dir), 0);
}

static void streams_go_to_files_and_descriptors(void)
{
    char path[] = "/tmp/isolate-c-XXXXXX", text[64] = "";
    int file = mkstemp(path), ends[2];
    CHECK(file >= 0 && write(file, "first\n", 6) == 6);
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    isolate_spec *spec = shell("cat; echo to-err >&2");
    CHECK_INT(isolate_spec_set_stdio_file(spec, ISOLATE_STDIN, path, 0), 0);
    CHECK_INT(isolate_spec_set_stdio_file(spec, ISOLATE_STDERR, path, ISOLATE_FILE_APPEND), 0);
    CHECK_INT(isolate_spec_set_stdio_fd(spec, ISOLATE_STDOUT, ends[1]), 0);
    isolate_outcome *out = outcome_of(spec);
    CHECK_INT(isolate_outcome_exit_code(out), 0);
    isolate_outcome_free(out);
    close(ends[1]);
    CHECK_INT(read(ends[0], text, sizeof text), 6);
    CHECK(strncmp(text, "first\n", 6) == 0);
    close(ends[0]);
    CHECK_INT(pread(file, text, sizeof text, 0), 13);
    CHECK(strncmp(text, "first\nto-err\n", 13) == 0);
    close(file);
    unlink(path);
}

static void only_kept_descriptors_are_open(void)
{
    int ends[2], high;
    char text[16] = "";
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    high = fcntl(ends[1], F_DUPFD, 9);
    isolate_spec *spec = shell(
        "echo kept >&9; for n in 0 1 2 3 4 5 6 7 8 9 10 11 12; do"
        " [ -e /proc/$$/fd/$n ] && printf \"$n \"; done");
    if (high != 9) {
        CHECK_INT(high, 9);
        close(high);
        isolate_spec_free(spec);
        return;
    }
    CHECK_INT(isolate_spec_add_keep_fd(spec, high), 0);
    isolate_outcome *out = outcome_of(spec);
    CHECK_STR(isolate_outcome_stdout(out, NULL), "0 1 2 9 ");
    isolate_outcome_free(out);
    close(high);
    close(ends[1]);
    CHECK_INT(read(ends[0], text, sizeof text), 5);
    close(ends[0]);
}

/* Runs a spec that cannot start, and frees it. */
static void refused(isolate_spec *spec, int kind, const char *stage, const char *subject)
{
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    int code = isolate_run(spec, &out, &err);
    CHECK(code < 0);
    CHECK_INT(code, -isolate_error_errno(err));
    CHECK(out == NULL);
    CHECK_INT(isolate_error_kind(err), kind);
    CHECK_STR(isolate_error_stage(err), stage);
    const char *found = isolate_error_subject(err);
    if (found == NULL || strstr(found, subject) == NULL) {
        printf("  subject \"%s\" has no \"%s\": %s\n", found ? found : "(null)", subject,
               err ? isolate_error_message(err) : "");
        bad++;
    }
    isolate_error_free(err);
    isolate_spec_free(spec);
}

static void what_cannot_start_is_an_error(void)
{
    const char *missing[] = {"/no/such/program", NULL}, *nothing[] = {NULL};
    isolate_spec *spec = NULL;

    CHECK_INT(isolate_spec_new(missing, &spec, NULL), 0);
    refused(spec, ISOLATE_ERROR_NOT_FOUND, "exec", "/no/such/program");
    CHECK_INT(isolate_spec_new(nothing, &spec, NULL), 0);
    refused(spec, ISOLATE_ERROR_INVALID_SPEC, "spec", "argv");

    spec = shell("true");
    isolate_spec_set_cwd(spec, "/no/such/cwd");
    refused(spec, ISOLATE_ERROR_NOT_FOUND, "cwd", "/no/such/cwd");

    spec = shell("true");
    isolate_spec_add_bind(spec, "/no/such/source", "/work", 0);
    refused(spec, ISOLATE_ERROR_NOT_FOUND, "mount", "/no/such/source");

    spec = shell("true");
    isolate_spec_set_root_dir(spec, "/no/such/root", 0);
    refused(spec, ISOLATE_ERROR_NOT_FOUND, "mount", "/no/such/root");

    spec = shell("true");
    isolate_spec_set_rlimit(spec, "nofiles", 1);
    refused(spec, ISOLATE_ERROR_INVALID_SPEC, "spec", "limits.rlimits");

    spec = shell("true");
    isolate_spec_add_keep_fd(spec, 1023);
    refused(spec, ISOLATE_ERROR_INVALID_SPEC, "stdio", "1023");
}

static void one_spec_runs_many_times(void)
{
    isolate_spec *spec = shell("echo again");
    for (int i = 0; i < 3; i++) {
        isolate_outcome *out = NULL;
        isolate_error *err = NULL;
        CHECK(no_error(isolate_run(spec, &out, &err), &err));
        CHECK_STR(isolate_outcome_stdout(out, NULL), "again\n");
        isolate_outcome_free(out);
    }
    isolate_spec_free(spec);
}

static void an_outcome_is_written_as_json(void)
{
    isolate_outcome *out = outcome_of(shell("echo hi; exit 3"));
    isolate_error *err = NULL;
    char *text = NULL;
    CHECK(no_error(isolate_outcome_to_json(out, &text, &err), &err));
    CHECK(text != NULL && strstr(text, "\"reason\":\"exit\"") != NULL);
    CHECK(text != NULL && strstr(text, "\"exit_code\":3") != NULL);
    CHECK(text != NULL && strstr(text, "\"stdout\":\"hi\\n\"") != NULL);
    isolate_string_free(text);
    isolate_outcome_free(out);
}

int main(void)
{
    warm_up();
    RUN(an_exit_code_is_an_outcome);
    RUN(a_signal_is_an_outcome);
    RUN(both_streams_are_captured);
    RUN(nothing_captured_is_null);
    RUN(the_job_sees_what_was_set);
    RUN(a_kept_variable_is_passed_on);
    RUN(namespaces_are_the_jobs_own);
    RUN(a_writable_bind_gives_files_to_the_caller);
    RUN(a_bind_without_flags_is_read_only);
    RUN(streams_go_to_files_and_descriptors);
    RUN(only_kept_descriptors_are_open);
    RUN(what_cannot_start_is_an_error);
    RUN(one_spec_runs_many_times);
    RUN(an_outcome_is_written_as_json);
    return report();
}
