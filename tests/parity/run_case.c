/*
 * Runs the specs in JSON files, whose paths come on stdin, and prints a line of JSON for each: how the
 * job ended, or the error that kept it from starting. The line is the same in every language, without
 * spaces, null where there is nothing. Strings are UTF-8 with only what JSON demands escaped; output
 * that is not UTF-8 is {"base64":"..."}. A path after the word "steps" is of a list of calls.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <isolate.h>

#include "json.h"
#include "steps.h"

/* How many bytes the UTF-8 sequence at text has; 0 when it is none (RFC 3629). */
static size_t sequence(const unsigned char *text, size_t left)
{
    static const struct { unsigned char first, last, second, second_last; size_t length; } rows[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (text[0] < rows[i].first || text[0] > rows[i].last)
            continue;
        if (rows[i].length > left)
            return 0;
        for (size_t k = 1; k < rows[i].length; k++) {
            unsigned char low = k == 1 ? rows[i].second : 0x80;
            unsigned char high = k == 1 ? rows[i].second_last : 0xbf;
            if (text[k] < low || text[k] > high)
                return 0;
        }
        return rows[i].length;
    }
    return 0;
}

static int is_utf8(const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t step = sequence((const unsigned char *) text + at, length - at);
        if (step == 0)
            return 0;
        at += step;
    }
    return 1;
}

static void print_base64(const unsigned char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    printf("{\"base64\":\"");
    for (size_t at = 0; at < length; at += 3) {
        size_t left = length - at;
        unsigned long word = (unsigned long) bytes[at] << 16;
        word |= left > 1 ? (unsigned long) bytes[at + 1] << 8 : 0;
        word |= left > 2 ? bytes[at + 2] : 0;
        putchar(digits[word >> 18 & 63]);
        putchar(digits[word >> 12 & 63]);
        putchar(left > 1 ? digits[word >> 6 & 63] : '=');
        putchar(left > 2 ? digits[word & 63] : '=');
    }
    printf("\"}");
}

static void print_text(const char *key, const char *text, size_t length)
{
    printf(",\"%s\":", key);
    if (text == NULL) {
        printf("null");
        return;
    }
    if (!is_utf8(text, length)) {
        print_base64((const unsigned char *) text, length);
        return;
    }
    json_print(text, length);
}

static void print_string(const char *key, const char *text)
{
    print_text(key, text, text ? strlen(text) : 0);
}

static void print_number(const char *key, int number, int there)
{
    if (there)
        printf(",\"%s\":%d", key, number);
    else
        printf(",\"%s\":null", key);
}

static void print_bool(const char *key, int on, int there)
{
    printf(",\"%s\":%s", key, there ? on ? "true" : "false" : "null");
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t length = 0, room = 0;
    if (file == NULL)
        return NULL;
    do {
        room += 65536;
        char *more = realloc(text, room);
        if (more == NULL)
            abort();
        text = more;
        length += fread(text + length, 1, room - length - 1, file);
    } while (length == room - 1);
    text[length] = '\0';
    fclose(file);
    return text;
}

static void print_line(const isolate_outcome *out, const isolate_error *err)
{
    const char *reason = isolate_outcome_reason_name(out);
    int code = isolate_outcome_exit_code(out), sent = isolate_outcome_signal(out);
    size_t length = 0;

    if (reason != NULL)
        printf("{\"reason\":\"%s\"", reason);
    else
        printf("{\"reason\":null");
    print_number("exit_code", code, code >= 0);
    print_number("signal", sent, sent > 0);
    const char *text = isolate_outcome_stdout(out, &length);
    print_text("stdout", text, length);
    text = isolate_outcome_stderr(out, &length);
    print_text("stderr", text, length);
    print_bool("stdout_cut", isolate_outcome_stdout_cut(out), out != NULL);
    print_bool("stderr_cut", isolate_outcome_stderr_cut(out), out != NULL);
    print_number("shell_status", isolate_outcome_shell_status(out), out != NULL);
    print_string("error_kind", isolate_error_kind_name(err));
    print_string("error", isolate_error_message(err));
    print_string("stage", isolate_error_stage(err));
    print_string("subject", isolate_error_subject(err));
    print_number("errno", isolate_error_errno(err), err != NULL);
    puts("}");
    fflush(stdout);
}

int main(void)
{
    char *path = NULL;
    size_t room = 0;
    while (getline(&path, &room, stdin) > 0) {
        isolate_spec *spec = NULL;
        isolate_outcome *out = NULL;
        isolate_error *err = NULL;
        path[strcspn(path, "\n")] = '\0';
        int steps = strncmp(path, "steps ", 6) == 0;
        char *json = read_file(steps ? path + 6 : path);
        if (json == NULL) {
            perror(path);
            return 2;
        }
        if (steps) {
            run_steps(json);
            free(json);
            continue;
        }
        if (isolate_spec_from_json(json, &spec, &err) == 0)
            isolate_run(spec, &out, &err);
        print_line(out, err);
        isolate_outcome_free(out);
        isolate_error_free(err);
        isolate_spec_free(spec);
        free(json);
    }
    free(path);
    return 0;
}
