/* A reader for JSON text that is known to be sound: a value is where it begins in the text. */
#ifndef PARITY_JSON_H
#define PARITY_JSON_H

#include <stddef.h>

typedef const char *json;

/* The value of a key of an object, or NULL. */
json json_member(json object, const char *key);

/* The first item of a list, or NULL for an empty one; the one after an item, or NULL. */
json json_first(json list);
json json_next(json item);

int json_is_text(json value);

/* Text with its escapes undone, or the JSON of any value; the caller frees it. */
char *json_text(json value);
char *json_raw(json value);

/* Prints UTF-8 as a string, with only what JSON demands escaped. */
void json_print(const char *text, size_t length);

#endif
