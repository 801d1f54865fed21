/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_out.h"

#include "base/utf8.h"

#include <string.h>

static void put_unicode(struct buf *b, unsigned v)
{
    static const char hex[] = "0123456789abcdef";
    const char text[6] = {
        '\\', 'u', hex[v >> 12 & 15], hex[v >> 8 & 15], hex[v >> 4 & 15], hex[v & 15]
    };

    buf_add(b, text, sizeof(text));
}

static void put_ascii(struct buf *b, unsigned char c)
{
    switch (c) {
    case '"':
        buf_str(b, "\\\"");
        return;
    case '\\':
        buf_str(b, "\\\\");
        return;
    case '\n':
        buf_str(b, "\\n");
        return;
    case '\r':
        buf_str(b, "\\r");
        return;
    case '\t':
        buf_str(b, "\\t");
        return;
    default:
        put_unicode(b, c);
    }
}

/* Bytes that stand as they are: ASCII from the blank on, but for " & < > and \. */
static const bool plain[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* control characters */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* */
    1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* blank to / */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, /* 0 to ? */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* @ to O */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, /* P to _ */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* ` to o */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* p to DEL */
};

/* Writes what is at s that is not plain; returns how many bytes of it were read. */
static size_t put_special(struct buf *b, const char *s, size_t len)
{
    unsigned char c = (unsigned char)s[0];
    uint32_t rune;
    size_t n;

    if (c < 0x80) {
        put_ascii(b, c);
        return 1;
    }
    n = utf8_decode(s, len, &rune);
    if (n == 0) {
        buf_str(b, "\\ufffd");
        return 1;
    }
    if (rune == 0x2028 || rune == 0x2029)
        put_unicode(b, rune);
    else
        buf_add(b, s, n);
    return n;
}

void json_out_text(struct buf *b, const char *s, size_t len)
{
    size_t i = 0;

    while (i < len) {
        size_t run = i;

        while (run < len && plain[(unsigned char)s[run]])
            run++;
        buf_add(b, s + i, run - i);
        i = run;
        if (i < len)
            i += put_special(b, s + i, len - i);
    }
}

void json_out_string_n(struct buf *b, const char *s, size_t len)
{
    buf_char(b, '"');
    json_out_text(b, s, len);
    buf_char(b, '"');
}

void json_out_string(struct buf *b, const char *s)
{
    json_out_string_n(b, s, strlen(s));
}

void json_out_strings(struct buf *b, const char *const *items, size_t count)
{
    buf_char(b, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_char(b, ',');
        json_out_string(b, items[i]);
    }
    buf_char(b, ']');
}
