/*
 * Specs and errors as data: nothing is started here.
 */
#include "harness.h"

static void the_library_is_the_headers_version(void)
{
    CHECK_STR(isolate_version(), ISOLATE_VERSION);
    char text[64];
    snprintf(text, sizeof text, "%d.%d.%d", ISOLATE_VERSION_MAJOR, ISOLATE_VERSION_MINOR,
             ISOLATE_VERSION_PATCH);
    CHECK_STR(isolate_version(), text);
}

static void a_spec_goes_through_json(void)
{
    isolate_spec *spec = shell("exit 3"), *copy = NULL;
    isolate_error *err = NULL;
    char *text = NULL, *again = NULL;
    CHECK_INT(isolate_spec_set_memory(spec, 64u << 20), 0);
    CHECK_INT(isolate_spec_set_timeout_ms(spec, 1500), 0);
    CHECK_INT(isolate_spec_set_cwd(spec, "/tmp/\xff"), 0);
    CHECK(no_error(isolate_spec_to_json(spec, &text, &err), &err));
    CHECK(strstr(text, "\"memory\":67108864") != NULL);
    CHECK(strstr(text, "\"timeout\":1.5") != NULL);
    CHECK(strstr(text, "\"cwd\":{\"base64\":") != NULL);
    CHECK(no_error(isolate_spec_from_json(text, &copy, &err), &err));
    CHECK(no_error(isolate_spec_to_json(copy, &again, &err), &err));
    CHECK_STR(again, text);
    isolate_string_free(text);
    isolate_string_free(again);
    isolate_spec_free(spec);
    isolate_spec_free(copy);
}

/* One row: JSON, and the error it makes. */
static void refused(const char *json, const char *subject, const char *part)
{
    isolate_spec *spec = NULL;
    isolate_error *err = NULL;
    int code = isolate_spec_from_json(json, &spec, &err);
    if (code == 0) {
        code = isolate_spec_check(spec, &err);
        isolate_spec_free(spec);
    } else {
        CHECK(spec == NULL);
    }
    CHECK_INT(code, -EINVAL);
    CHECK_INT(isolate_error_kind(err), ISOLATE_ERROR_INVALID_SPEC);
    CHECK_STR(isolate_error_kind_name(err), "invalid_spec");
    CHECK_STR(isolate_error_stage(err), "spec");
    CHECK_STR(isolate_error_subject(err), subject);
    const char *message = isolate_error_message(err);
    if (message == NULL || strstr(message, part) == NULL || strchr(message, '\n') != NULL) {
        printf("  %s: \"%s\" does not say \"%s\" on one line\n", json, message ? message : "", part);
        bad++;
    }
    isolate_error_free(err);
}

static void wrong_specs_are_named_by_field(void)
{
    refused("{\"argv\": [\"true\"], \"memry\": 1}", "memry", "unknown field `memry`");
    refused("{\"argv\": [\"true\"], \"limits\": {\"memory\": \"12Q\"}}", "limits.memory", "Q");
    refused("{\"argv\": [\"true\"], \"limits\": {\"memory\": -1}}", "limits.memory", "0 or more");
    refused("{\"argv\": [\"true\"], \"timeout\": -1}", "timeout", "0 or more");
    refused("{\"argv\": [\"true\"], \"profile\": \"lax\"}", "profile", "`strict`");
    refused("{\"argv\": [\"true\"], \"a\\nb\": 1}", "a\nb", "unknown field `a\\nb`");
    refused("{\"argv\": [\"true\"]} x", "", "trailing");
    refused("{", "", "EOF");
}

static void wrong_values_are_found_by_check(void)
{
    refused("{\"argv\": []}", "argv", "");
    refused("{\"argv\": [\"a\\u0000b\"]}", "argv[0]", "");
    refused("{\"argv\": [\"true\"], \"cwd\": \"relative\"}", "cwd", "");
    refused("{\"argv\": [\"true\"], \"limits\": {\"pids\": 0}}", "limits.pids", "");
    refused("{\"argv\": [\"true\"], \"limits\": {\"output\": 0}}", "limits.output", "");
    refused("{\"argv\": [\"true\"], \"limits\": {\"rlimits\": {\"nofiles\": 1}}}",
            "limits.rlimits.nofiles", "nofile");
}

static void the_host_is_probed_and_written(void)
{
    isolate_host *host = NULL;
    isolate_error *err = NULL;
    char *text = NULL;
    CHECK(no_error(isolate_host_probe(&host, &err), &err));
    if (host == NULL)
        return;
    CHECK(no_error(isolate_host_to_json(host, &text, &err), &err));
    CHECK(text != NULL && strstr(text, "\"kernel\":") != NULL);
    CHECK(text != NULL && strstr(text, "\"namespaces\":") != NULL);
    CHECK(text != NULL && strstr(text, "\"cgroup\":") != NULL);
    isolate_string_free(text);
    isolate_host_free(host);
}

static void the_host_is_examined(void)
{
    isolate_error *err = NULL;
    char *text = NULL;
    CHECK(no_error(isolate_doctor_examine(&text, &err), &err));
    const char *begin = "{\"ready\":true,\"checks\":[";
    CHECK(text != NULL && strncmp(text, begin, strlen(begin)) == 0);
    CHECK(text != NULL && strstr(text, "{\"area\":\"jobs\",\"name\":\"default job\",\"status\":\"works\"") != NULL);
    isolate_string_free(text);
}

int main(void)
{
    warm_up();
    RUN(the_library_is_the_headers_version);
    RUN(a_spec_goes_through_json);
    RUN(wrong_specs_are_named_by_field);
    RUN(wrong_values_are_found_by_check);
    RUN(the_host_is_probed_and_written);
    RUN(the_host_is_examined);
    return report();
}
