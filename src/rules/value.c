/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/value.h"

#include "base/err.h"
#include "base/json_out.h"

#include <stdint.h>
#include <string.h>

/* Beyond it a reader that keeps numbers as doubles changes them (RFC 7493 section 2.2), and one
 * that keeps integers may refuse the whole token. */
static const uint64_t INTEGER_MAX = (UINT64_C(1) << 53) - 1;

typedef bool value_put_fn(const char *text, size_t len, struct buf *out, struct sai_err *e);

static bool put_string(const char *text, size_t len, struct buf *out, struct sai_err *e)
{
    (void)e;
    json_out_string_n(out, text, len);
    return true;
}

static size_t count_digits(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && s[n] >= '0' && s[n] <= '9')
        n++;
    return n;
}

/* JSON's own: an optional minus, no plus, no leading zeros. */
static bool is_integer(const char *s, size_t len)
{
    size_t sign = len > 0 && s[0] == '-' ? 1 : 0;
    size_t digits = len - sign;

    return digits > 0 && count_digits(s + sign, digits) == digits &&
           (digits == 1 || s[sign] != '0');
}

/* Of an integer. */
static bool is_exact(const char *s, size_t len)
{
    enum { DIGITS_MAX = 16 };
    uint64_t v = 0;

    if (len > DIGITS_MAX + 1)
        return false;
    for (size_t i = s[0] == '-' ? 1 : 0; i < len; i++)
        v = v * 10 + (uint64_t)(s[i] - '0');
    return v <= INTEGER_MAX;
}

static bool put_integer(const char *text, size_t len, struct buf *out, struct sai_err *e)
{
    if (!is_integer(text, len) || !is_exact(text, len) || (text[0] == '-' && text[1] == '0'))
        return err_set(e, SAI_E_INVALID, "is not an integer from " INTEGER_RANGE);
    buf_add(out, text, len);
    return true;
}

enum { NUMBER_MAX_BYTES = 40, EXPONENT_MAX_DIGITS = 2 };

bool value_is_number(const char *s, size_t len)
{
    size_t whole = len > 0 && s[0] == '-' ? 1 : 0;
    size_t n;

    whole += count_digits(s + whole, len - whole);
    if (len > NUMBER_MAX_BYTES || !is_integer(s, whole))
        return false;
    if (len == whole)
        return is_exact(s, len);
    s += whole;
    len -= whole;
    if (s[0] == '.') {
        n = count_digits(s + 1, len - 1);
        if (n == 0)
            return false;
        s += 1 + n;
        len -= 1 + n;
    }
    if (len == 0)
        return true;
    if (s[0] != 'e' && s[0] != 'E')
        return false;
    n = len > 1 && (s[1] == '+' || s[1] == '-') ? 2 : 1;
    return len > n && len - n <= EXPONENT_MAX_DIGITS && count_digits(s + n, len - n) == len - n;
}

static bool put_number(const char *text, size_t len, struct buf *out, struct sai_err *e)
{
    if (!value_is_number(text, len))
        return err_set(e, SAI_E_INVALID, "is not a number within bounds (" NUMBER_BOUNDS ")");
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
