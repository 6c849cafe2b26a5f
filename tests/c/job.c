/*
 * isolate_job: a job that runs while the caller does something else.
 */
#include <poll.h>
#include <signal.h>

#include "harness.h"

static isolate_job *job_of(isolate_spec *spec)
{
    isolate_job *job = NULL;
    isolate_error *err = NULL;
    CHECK(no_error(isolate_job_spawn(spec, &job, &err), &err));
    isolate_spec_free(spec);
    return job;
}

static isolate_outcome *end_of(isolate_job *job)
{
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    CHECK(no_error(isolate_job_wait(job, -1, &out, &err), &err));
    return out;
}

static int runs(int pid)
{
    return kill(pid, 0) == 0 || errno != ESRCH;
}

static void pipes_connect_caller_and_job(void)
{
    isolate_spec *spec = shell("read line; echo \"got $line\"; echo bad >&2; cat >&2");
    for (uint32_t stream = ISOLATE_STDIN; stream <= ISOLATE_STDERR; stream++)
        CHECK_INT(isolate_spec_set_stdio(spec, stream, ISOLATE_STDIO_PIPE), 0);
    isolate_job *job = job_of(spec);
    int in = isolate_job_take_stdin(job), out = isolate_job_take_stdout(job);
    int err = isolate_job_take_stderr(job);
    CHECK(in >= 0 && out >= 0 && err >= 0);
    CHECK_INT(isolate_job_take_stdin(job), -ENOENT);
    CHECK_INT(isolate_job_take_stdout(job), -ENOENT);
    CHECK_INT(isolate_job_take_stderr(job), -ENOENT);
    CHECK_INT(write(in, "hello\nrest", 10), 10);
    close(in);
    char text[64] = "";
    FILE *stream = fdopen(out, "r");
    CHECK_STR(fgets(text, sizeof text, stream), "got hello\n");
    fclose(stream);
    stream = fdopen(err, "r");
    size_t length = fread(text, 1, sizeof text - 1, stream);
    text[length] = '\0';
    CHECK_STR(text, "bad\nrest");
    fclose(stream);
    isolate_outcome *end = end_of(job);
    CHECK_INT(isolate_outcome_exit_code(end), 0);
    isolate_outcome_free(end);
    isolate_job_free(job);
}

static void waiting_can_time_out(void)
{
    isolate_job *job = job_of(shell("exec sleep 1000"));
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    CHECK_INT(isolate_job_wait(job, 0, &out, NULL), -ETIMEDOUT);
    CHECK_INT(isolate_job_wait(job, 20, &out, &err), -ETIMEDOUT);
    CHECK(out == NULL);
    CHECK_INT(isolate_error_kind(err), ISOLATE_ERROR_TIMEOUT);
    CHECK_STR(isolate_error_stage(err), "wait");
    CHECK(strstr(isolate_error_message(err), "still runs after 20 ms") != NULL);
    isolate_error_free(err);
    err = NULL;
    CHECK_INT(isolate_job_try_wait(job, &out, &err), -EBUSY);
    CHECK_INT(isolate_error_kind(err), ISOLATE_ERROR_BUSY);
    isolate_error_free(err);
    CHECK_INT(isolate_job_wait(job, -2, &out, NULL), -EINVAL);
    isolate_job_free(job);
}

static void kill_ends_every_process(void)
{
    isolate_spec *spec = shell("sleep 1000 & echo started; wait");
    isolate_spec_set_stdio(spec, ISOLATE_STDOUT, ISOLATE_STDIO_PIPE);
    isolate_job *job = job_of(spec);
    isolate_error *err = NULL;
    char text[16];
    int out = isolate_job_take_stdout(job);
    CHECK_INT(read(out, text, sizeof text), 8);
    CHECK(no_error(isolate_job_kill(job, &err), &err));
    /* End of file: nobody of the job has the pipe any more. */
    CHECK_INT(read(out, text, sizeof text), 0);
    close(out);
    isolate_outcome *end = end_of(job), *again = end_of(job);
    CHECK_INT(isolate_outcome_reason(end), ISOLATE_REASON_KILLED);
    CHECK_STR(isolate_outcome_reason_name(end), "killed");
    CHECK(again != end);
    CHECK_INT(isolate_outcome_reason(again), ISOLATE_REASON_KILLED);
    CHECK(no_error(isolate_job_kill(job, &err), &err));
    isolate_outcome_free(end);
    isolate_outcome_free(again);
    isolate_job_free(job);
}

static void a_signal_reaches_the_program(void)
{
    isolate_spec *spec = shell("trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 1000 & wait $!; done");
    isolate_spec_set_stdio(spec, ISOLATE_STDOUT, ISOLATE_STDIO_PIPE);
    isolate_job *job = job_of(spec);
    isolate_error *err = NULL;
    char text[16] = "";
    int out = isolate_job_take_stdout(job);
    CHECK_INT(read(out, text, sizeof text), 6);
    CHECK(no_error(isolate_job_signal(job, SIGTERM, &err), &err));
    CHECK_INT(read(out, text, sizeof text), 7);
    CHECK(strncmp(text, "caught\n", 7) == 0);
    close(out);
    isolate_outcome *end = end_of(job);
    CHECK_INT(isolate_outcome_exit_code(end), 9);
    isolate_outcome_free(end);
    CHECK_INT(isolate_job_signal(job, 65, &err), -EINVAL);
    CHECK_INT(isolate_error_kind(err), ISOLATE_ERROR_INVALID_SPEC);
    isolate_error_free(err);
    err = NULL;
    CHECK_INT(isolate_job_signal(job, SIGTERM, &err), -ESRCH);
    CHECK_INT(isolate_error_kind(err), ISOLATE_ERROR_NOT_FOUND);
    isolate_error_free(err);
    isolate_job_free(job);
}

static void an_event_loop_polls_the_descriptor(void)
{
    isolate_job *job = job_of(shell("echo out; exit 5"));
    isolate_outcome *out = NULL;
    struct pollfd wake = {.fd = isolate_job_fd(job), .events = POLLIN};
    int code;
    CHECK(wake.fd >= 0);
    do {
        CHECK_INT(poll(&wake, 1, -1), 1);
        code = isolate_job_try_wait(job, &out, NULL);
    } while (code == -EBUSY);
    CHECK_INT(code, 0);
    CHECK_INT(isolate_outcome_exit_code(out), 5);
    CHECK_STR(isolate_outcome_stdout(out, NULL), "out\n");
    isolate_outcome_free(out);
    isolate_job_free(job);
}

static void the_last_reference_kills_and_reaps(void)
{
    isolate_job *job = job_of(shell("exec sleep 1000"));
    int pid = isolate_job_pid(job);
    CHECK(pid > 0 && runs(pid));
    CHECK(isolate_job_ref(job) == job);
    isolate_job_free(job);
    CHECK(runs(pid));
    isolate_outcome *out = NULL;
    CHECK_INT(isolate_job_wait(job, 0, &out, NULL), -ETIMEDOUT);
    isolate_job_free(job);
    CHECK(!runs(pid));
}

static void a_job_tells_about_itself(void)
{
    isolate_job *job = job_of(shell("exec sleep 1000"));
    isolate_usage usage = {.size = sizeof usage, .wall_time_us = 77};
    isolate_error *err = NULL;
    char *text = NULL, part[32];
    CHECK_INT(isolate_job_usage(job, &usage), 0);
    CHECK_INT(usage.size, sizeof usage);
    CHECK(isolate_job_namespace_id(job, ISOLATE_NS_PID) != 0);
    CHECK(no_error(isolate_job_to_json(job, &text, &err), &err));
    snprintf(part, sizeof part, "\"pid\":%d", isolate_job_pid(job));
    CHECK(text != NULL && strstr(text, part) != NULL);
    CHECK(text != NULL && strstr(text, "\"enforcement\":[") != NULL);
    CHECK(text != NULL && strstr(text, "\"namespaces\":{") != NULL);
    isolate_string_free(text);
    isolate_job_free(job);
}

static void older_and_newer_structs_are_filled(void)
{
    isolate_job *job = job_of(shell("exit 0"));
    isolate_outcome *out = end_of(job);
    struct { isolate_usage known; uint64_t unknown[2]; uint64_t guard; } newer;
    struct { size_t size; uint64_t wall_time_us, guard; } older = {16, 0, 77};
    memset(&newer, 0xff, sizeof newer);
    newer.known.size = sizeof newer.known + sizeof newer.unknown;
    CHECK_INT(isolate_outcome_usage(out, &newer.known), 0);
    CHECK_INT(newer.unknown[0], 0);
    CHECK_INT(newer.unknown[1], 0);
    CHECK(newer.guard == UINT64_MAX);
    CHECK_INT(isolate_outcome_usage(out, (isolate_usage *) (void *) &older), 0);
    CHECK_INT(older.wall_time_us, newer.known.wall_time_us);
    CHECK(older.wall_time_us > 0);
    CHECK_INT(older.guard, 77);
    older.size = 7;
    CHECK_INT(isolate_outcome_usage(out, (isolate_usage *) (void *) &older), -EINVAL);
    CHECK_INT(isolate_outcome_usage(out, NULL), -EINVAL);
    isolate_outcome_free(out);
    isolate_job_free(job);
}

int main(void)
{
    warm_up();
    RUN(pipes_connect_caller_and_job);
    RUN(waiting_can_time_out);
    RUN(kill_ends_every_process);
    RUN(a_signal_reaches_the_program);
    RUN(an_event_loop_polls_the_descriptor);
    RUN(the_last_reference_kills_and_reaps);
    RUN(a_job_tells_about_itself);
    RUN(older_and_newer_structs_are_filled);
    return report();
}
