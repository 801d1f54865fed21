/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/value.h"

#include "base/err.h"
#include "base/json_out.h"
#include "codec/json_number.h"

#include <string.h>

typedef bool value_put_fn(const char *text, size_t len, struct buf *out, struct sai_err *e);

static bool put_string(const char *text, size_t len, struct buf *out, struct sai_err *e)
{
    (void)e;
    json_out_string_n(out, text, len);
    return true;
}

static bool put_integer(const char *text, size_t len, struct buf *out, struct sai_err *e)
{
    if (json_number(text, len) != JSON_WHOLE || (text[0] == '-' && text[1] == '0'))
        return err_set(e, SAI_E_INVALID, "is not an integer from " JSON_WHOLE_RANGE);
    buf_add(out, text, len);
    return true;
}

static bool put_number(const char *text, size_t len, struct buf *out, struct sai_err *e)
{
    enum json_number kind = json_number(text, len);

    if (kind != JSON_WHOLE && kind != JSON_FRACTION)
        return err_set(e, SAI_E_INVALID,
                       "is not a number within bounds (" JSON_NUMBER_BOUNDS ")");
    buf_add(out, text, len);
    return true;
}

static bool put_boolean(const char *text, size_t len, struct buf *out, struct sai_err *e)
{
    if ((len != 4 || memcmp(text, "true", 4) != 0) &&
        (len != 5 || memcmp(text, "false", 5) != 0))
        return err_set(e, SAI_E_INVALID, "is neither true nor false");
    buf_add(out, text, len);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && is_blank((*text)[0])) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && is_blank((*text)[*len - 1]))
        (*len)--;
}

/* Nothing but blanks is the empty list; an empty item beside others is a mistake. */
static bool put_strings(const char *text, size_t len, struct buf *out, struct sai_err *e)
{
    const char *comma;
    const char *item;
    size_t item_len;

    trim(&text, &len);
    if (len == 0) {
        buf_str(out, "[]");
        return true;
    }
    buf_char(out, '[');
    do {
        comma = memchr(text, ',', len);
        item = text;
        item_len = comma == NULL ? len : (size_t)(comma - text);
        len -= item_len + (comma == NULL ? 0 : 1);
        text += item_len + (comma == NULL ? 0 : 1);
        trim(&item, &item_len);
        if (item_len == 0)
            return err_set(e, SAI_E_INVALID, "is a list with an empty item");
        json_out_string_n(out, item, item_len);
        if (comma != NULL)
            buf_char(out, ',');
    } while (comma != NULL);
    buf_char(out, ']');
    return true;
}

static const struct type {
    const char *word;
    value_put_fn *put;
} types[] = {
    [SAI_TYPE_STRING] = { "string", put_string },
    [SAI_TYPE_INTEGER] = { "integer", put_integer },
    [SAI_TYPE_NUMBER] = { "number", put_number },
    [SAI_TYPE_BOOLEAN] = { "boolean", put_boolean },
    [SAI_TYPE_STRINGS] = { "strings", put_strings },
    [SAI_TYPE_JSON] = { "json", value_put_json },
};

bool value_put(
    enum sai_claim_type type, const char *text, size_t len, struct buf *out, struct sai_err *e)
{
    return types[type].put(text, len, out, e);
}

const char *value_type_word(enum sai_claim_type type)
{
    return (size_t)type < ARRAY_SIZE(types) ? types[type].word : NULL;
}
