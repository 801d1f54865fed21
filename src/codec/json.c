/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json.h"

#include <string.h>

/* Deepest nesting, brackets within strings not counted. Knows no more grammar than that: the
 * parser behind it is recursive and must not be given more than it is meant to take. */
static size_t depth_of(const char *text, size_t len)
{
    size_t depth = 0;
    size_t deepest = 0;
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (in_string)
            continue;
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        if (depth > deepest)
            deepest = depth;
    }
    return deepest;
}

struct reason {
    enum json_error_code code;
    const char *text;
};

/* Jansson's own texts repeat parts of the document. */
static const struct reason reasons[] = {
    { json_error_invalid_utf8, "invalid UTF-8" },
    { json_error_premature_end_of_input, "ends early" },
    { json_error_end_of_input_expected, "something stands behind the end" },
    { json_error_null_character, "\\u0000 in a string" },
    { json_error_null_byte_in_key, "\\u0000 in the name of a member" },
    { json_error_duplicate_key, "a member stands there twice" },
    { json_error_numeric_overflow, "a number is out of range" },
};

static const char *reason_of(enum json_error_code code)
{
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        if (reasons[i].code == code)
            return reasons[i].text;
    }
    return "invalid syntax";
}

static _Thread_local bool ran_out;

static void *watched_malloc(size_t size)
{
    void *p = malloc(size);

    if (p == NULL)
        ran_out = true;
    return p;
}

void json_watch_memory(void)
{
    json_set_alloc_funcs(watched_malloc, free);
}

bool json_read_object(const char *text,
                      size_t len,
                      const struct json_limits *limits,
                      json_t **out,
                      struct sai_err *e)
{
    AUTO(json_t) json_t *value = NULL;
    json_error_t error;

    if (len > limits->max_bytes)
        return err_set(e, SAI_E_LIMIT, "longer than %zu bytes", limits->max_bytes);
    /* Jansson (2.14) loses a NUL that ends a number: {"a":1\0} would pass. */
    if (len > 0 && memchr(text, '\0', len) != NULL)
        return err_set(e, SAI_E_SYNTAX, "not JSON: a NUL byte");
    if (depth_of(text, len) > limits->max_depth)
        return err_set(e, SAI_E_LIMIT, "more than %zu levels of nesting", limits->max_depth);
    ran_out = false;
    value = json_loadb(
        text, len, JSON_REJECT_DUPLICATES | (limits->allow_nul ? JSON_ALLOW_NUL : 0), &error);
    if (ran_out)
        return err_nomem(e);
    if (value == NULL) {
        enum json_error_code code = json_error_code(&error);

        /* Where memory runs out Jansson mostly gives up without setting an error. */
        if (code == json_error_out_of_memory || code == json_error_unknown)
            return err_nomem(e);
        return err_set(e, SAI_E_SYNTAX, "not JSON: %s (at byte %d)", reason_of(code),
                       error.position);
    }
    if (!json_is_object(value))
        return err_set(e, SAI_E_SYNTAX, "not a JSON object");
    *out = TAKE(value);
    return true;
}
