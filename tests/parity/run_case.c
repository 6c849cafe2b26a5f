/*
 * Runs the spec in a JSON file and prints how it went, on one line of JSON that is the same in every
 * language: the keys reason, exit_code, signal, stdout, error_kind, error, in this order, without
 * spaces, null where there is nothing. Strings are bytes: a quote, a backslash and \b \f \n \r \t are
 * escaped so, and every other byte outside 0x20 to 0x7e is \u00xx.
 *
 *   run_case SPEC.json
 *
 * The status is 0 whenever there is a line; what it says is for the caller to compare.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <isolate.h>

static void print_string(const char *key, const char *text, size_t length)
{
    printf("\"%s\":", key);
    if (text == NULL) {
        printf("null");
        return;
    }
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
        unsigned char byte = (unsigned char) text[i];
        const char *at = byte ? strchr(plain, byte) : NULL;
        if (at != NULL)
            printf("\\%c", letter[at - plain]);
        else if (byte < 0x20 || byte > 0x7e)
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

static void print_number(const char *key, int number, int there)
{
    if (there)
        printf("\"%s\":%d", key, number);
    else
        printf("\"%s\":null", key);
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

int main(int argc, char **argv)
{
    isolate_spec *spec = NULL;
    isolate_outcome *out = NULL;
    isolate_error *err = NULL;
    char *json = argc == 2 ? read_file(argv[1]) : NULL;
    if (json == NULL) {
        fprintf(stderr, "usage: %s SPEC.json\n", argv[0]);
        return 2;
    }
    if (isolate_spec_from_json(json, &spec, &err) == 0)
        isolate_run(spec, &out, &err);

    size_t length = 0;
    const char *text = out ? isolate_outcome_stdout(out, &length) : NULL;
    const char *reason = isolate_outcome_reason_name(out);
    const char *kind = isolate_error_kind_name(err), *message = isolate_error_message(err);
    int code = isolate_outcome_exit_code(out), sent = isolate_outcome_signal(out);
    putchar('{');
    print_string("reason", reason, reason ? strlen(reason) : 0);
    putchar(',');
    print_number("exit_code", code, code >= 0);
    putchar(',');
    print_number("signal", sent, sent > 0);
    putchar(',');
    print_string("stdout", text, length);
    putchar(',');
    print_string("error_kind", kind, kind ? strlen(kind) : 0);
    putchar(',');
    print_string("error", message, message ? strlen(message) : 0);
    puts("}");

    isolate_outcome_free(out);
    isolate_error_free(err);
    isolate_spec_free(spec);
    free(json);
    return 0;
}
