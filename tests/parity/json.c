/* A reader for JSON text that is known to be sound, and a writer of strings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static json blank(json at)
{
    return at + strspn(at, " \t\r\n");
}

static json after_text(json at)
{
    for (at++; *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

static json after(json at)
{
    int depth = 0;
    if (*at == '"')
        return after_text(at);
    if (*at != '{' && *at != '[')
        return at + strcspn(at, " \t\r\n,]}");
    do {
        if (*at == '"') {
            at = after_text(at);
            continue;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
    } while (depth > 0);
    return at;
}

json json_first(json list)
{
    json at = blank(list + 1);
    return *at == ']' || *at == '}' ? NULL : at;
}

json json_next(json item)
{
    json at = blank(after(item));
    return *at == ',' ? blank(at + 1) : NULL;
}

json json_member(json object, const char *key)
{
    size_t length = strlen(key);
    for (json at = json_first(object); at != NULL; at = json_next(at)) {
        json value = blank(blank(after(at)) + 1);
        if (strncmp(at + 1, key, length) == 0 && at[length + 1] == '"')
            return value;
        at = value;
    }
    return NULL;
}

int json_is_text(json value)
{
    return *value == '"';
}

char *json_raw(json value)
{
    size_t length = (size_t) (after(value) - value);
    char *text = calloc(length + 1, 1);
    if (text == NULL)
        abort();
    return memcpy(text, value, length);
}

/* The first three ranges of UTF-8, which are what four digits can name. */
static char *encode(char *to, unsigned long code)
{
    if (code < 0x80) {
        *to++ = (char) code;
    } else if (code < 0x800) {
        *to++ = (char) (0xc0 | code >> 6);
        *to++ = (char) (0x80 | (code & 0x3f));
    } else {
        *to++ = (char) (0xe0 | code >> 12);
        *to++ = (char) (0x80 | (code >> 6 & 0x3f));
        *to++ = (char) (0x80 | (code & 0x3f));
    }
    return to;
}

char *json_text(json value)
{
    static const char letters[] = "bfnrt", plain[] = "\b\f\n\r\t";
    char *text = json_raw(value), *to = text;
    for (const char *from = value + 1; *from != '"'; from++) {
        if (*from != '\\') {
            *to++ = *from;
        } else if (*++from == 'u') {
            char digits[5] = {from[1], from[2], from[3], from[4], 0};
            to = encode(to, strtoul(digits, NULL, 16));
            from += 4;
        } else {
            const char *letter = strchr(letters, *from);
            *to++ = letter != NULL ? plain[letter - letters] : *from;
        }
    }
    *to = '\0';
    return text;
}

void json_print(const char *text, size_t length)
{
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
        unsigned char byte = (unsigned char) text[i];
        const char *at = byte ? strchr(plain, byte) : NULL;
        if (at != NULL)
            printf("\\%c", letter[at - plain]);
        else if (byte < 0x20)
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}
