/*
 * What the header promises about threads: one spec started by many threads at once, one job waited
 * for by many, and a job that outlives the thread that started it.
 */
#include <pthread.h>

#include "harness.h"

enum { THREADS = 8 };

static void *run_once(void *spec)
{
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    intptr_t good = no_error(isolate_run(spec, &out, &err), &err)
        && isolate_outcome_exit_code(out) == 0
        && strcmp(isolate_outcome_stdout(out, NULL), "hi\n") == 0;
    isolate_outcome_free(out);
    return (void *) good;
}

static void many_threads_run_one_spec(void)
{
    pthread_t threads[THREADS];
    isolate_spec *spec = shell("echo hi");
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, run_once, spec), 0);
    for (int i = 0; i < THREADS; i++) {
        void *good = NULL;
        CHECK_INT(pthread_join(threads[i], &good), 0);
        CHECK(good != NULL);
    }
    isolate_spec_free(spec);
}

static void *wait_once(void *job)
{
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    intptr_t good = no_error(isolate_job_wait(job, -1, &out, &err), &err)
        && isolate_outcome_reason(out) == ISOLATE_REASON_KILLED;
    isolate_outcome_free(out);
    isolate_job_free(job);
    return (void *) good;
}

static void many_threads_wait_for_one_job(void)
{
    pthread_t threads[THREADS];
    isolate_job *job = NULL;
    isolate_error *err = NULL;
    isolate_spec *spec = shell("exec sleep 1000");
    CHECK(no_error(isolate_job_spawn(spec, &job, &err), &err));
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, wait_once, isolate_job_ref(job)), 0);
    CHECK(no_error(isolate_job_kill(job, &err), &err));
    for (int i = 0; i < THREADS; i++) {
        void *good = NULL;
        CHECK_INT(pthread_join(threads[i], &good), 0);
        CHECK(good != NULL);
    }
    isolate_job_free(job);
    isolate_spec_free(spec);
}

static void *spawn_once(void *spec)
{
    isolate_job *job = NULL;
    isolate_error *err = NULL;
    no_error(isolate_job_spawn(spec, &job, &err), &err);
    return job;
}

static void a_job_outlives_the_thread_that_started_it(void)
{
    pthread_t thread;
    void *job = NULL;
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    isolate_spec *spec = shell("read line; echo \"$line\"");
    isolate_spec_set_stdio(spec, ISOLATE_STDIN, ISOLATE_STDIO_PIPE);
    CHECK_INT(pthread_create(&thread, NULL, spawn_once, spec), 0);
    CHECK_INT(pthread_join(thread, &job), 0);
    int in = isolate_job_take_stdin(job);
    CHECK_INT(write(in, "alive\n", 6), 6);
    close(in);
    CHECK(no_error(isolate_job_wait(job, -1, &out, &err), &err));
    CHECK_STR(isolate_outcome_stdout(out, NULL), "alive\n");
    isolate_outcome_free(out);
    isolate_job_free(job);
    isolate_spec_free(spec);
}

int main(void)
{
    warm_up();
    RUN(many_threads_run_one_spec);
    RUN(many_threads_wait_for_one_job);
    RUN(a_job_outlives_the_thread_that_started_it);
    return report();
}
