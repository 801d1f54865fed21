/* SPDX-License-Identifier: Apache-2.0 */
#include "service/form.h"

#include "base/utf8.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Of what is encoded: the characters that the encoding leaves as they are, RFC 3986 section 2.3
 * and what WHATWG's does, and a few that clients forget to escape and that cannot be mistaken.
 */
static bool is_plain(char c)
{
    return c > ' ' && c <= '~' && c != '"' && c != '#' && c != '<' && c != '>' && c != '\\' &&
           c != '^' && c != '`' && c != '{' && c != '|' && c != '}';
}

/* Decodes from at to end in place and ends it with a NUL, which needs *end to be free. */
static bool decode(char *at, const char *end, size_t *len, struct sai_err *e)
{
    char *out = at;

    for (const char *p = at; p < end; p++) {
        int high = -1;
        int low = -1;

        if (*p == '%' && end - p > 2) {
            high = hex_value(p[1]);
            low = hex_value(p[2]);
        }
        if (*p == '+') {
            *out++ = ' ';
        } else if (high >= 0 && low >= 0) {
            *out++ = (char)(unsigned char)(high << 4 | low);
            p += 2;
        } else if (*p != '%' && is_plain(*p)) {
            *out++ = *p;
        } else {
            return err_set(e, SAI_E_SYNTAX,
                           *p == '%' ? "a %% without two hexadecimal digits"
                                     : "a character that is not encoded");
        }
    }
    *out = '\0';
    *len = (size_t)(out - at);
    return utf8_is_line(at, *len) ||
           err_set(e, SAI_E_SYNTAX, "not UTF-8, or a control character in it");
}

static bool add_pair(struct form *f, char *at, char *end, struct sai_err *e)
{
    char *equals = memchr(at, '=', (size_t)(end - at));
    char *name_end = equals == NULL ? end : equals;
    char *value = equals == NULL ? end : equals + 1;
    struct form_pair pair = { .name = at, .value = value };
    size_t name_len;

    if (f->count == FORM_PAIRS_MAX)
        return err_set(e, SAI_E_LIMIT, "more than %d parameters", (int)FORM_PAIRS_MAX);
    /* The value first: without '=' it shares its NUL with the name. */
    if (!decode(value, end, &pair.value_len, e) || !decode(at, name_end, &name_len, e))
        return false;
    if (name_len == 0)
        return err_set(e, SAI_E_SYNTAX, "a parameter without name");
    f->pairs[f->count++] = pair;
    return true;
}

bool form_parse(char *text, size_t len, struct form *out, struct sai_err *e)
{
    char *end = text + len;

    out->count = 0;
    if (len == 0)
        return true;
    for (;;) {
        char *pair_end = memchr(text, '&', (size_t)(end - text));

        if (pair_end == NULL)
            pair_end = end;
        if (!add_pair(out, text, pair_end, e))
            return false;
        if (pair_end == end)
            return true;
        text = pair_end + 1;
    }
}
