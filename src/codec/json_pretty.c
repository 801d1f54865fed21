/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_pretty.h"

#include "base/utf8.h"

#include <string.h>

static void put_rune(struct buf *b, uint32_t rune)
{
    if (rune >= 0x10000) {
        rune -= 0x10000;
        buf_printf(b, "\\u%04x\\u%04x", 0xd800 + (unsigned)(rune >> 10),
                   0xdc00 + (unsigned)(rune & 0x3ff));
    } else {
        buf_printf(b, "\\u%04x", (unsigned)rune);
    }
}

/* The string that begins at text with its quotes; returns its length. */
static size_t put_string(struct buf *b, const char *text, size_t len)
{
    size_t i = 1;

    buf_char(b, '"');
    while (i < len && text[i] != '"') {
        uint32_t rune = (unsigned char)text[i];
        size_t n = utf8_decode(text + i, len - i, &rune);

        if (n == 0)
            n = 1;
        if (text[i] == '\\' && i + 1 < len)
            n = 2;
        if (rune >= ' ' && rune <= '~')
            buf_add(b, text + i, n);
        else
            put_rune(b, rune);
        i += n;
    }
    buf_char(b, '"');
    return i < len ? i + 1 : len;
}

static void put_line(struct buf *b, size_t depth)
{
    buf_printf(b, "\n%*s", (int)(2 * depth), "");
}

static size_t skip_blanks(const char *text, size_t len, size_t i)
{
    while (i < len && strchr(" \t\r\n", text[i]) != NULL)
        i++;
    return i;
}

/* One character of structure or of a number; what follows it is at i. Returns where to go on.
 */
static size_t put_other(struct buf *b, const char *json, size_t len, size_t i, size_t *depth)
{
    char c = json[i - 1];

    i = skip_blanks(json, len, i);
    if ((c == '}' || c == ']') && *depth > 0)
        (*depth)--;
    if (c == '}' || c == ']')
        put_line(b, *depth);
    buf_char(b, c);
    if (c == ':')
        buf_char(b, ' ');
    if (c == ',')
        put_line(b, *depth);
    if (c != '{' && c != '[')
        return i;
    if (i < len && (json[i] == '}' || json[i] == ']')) {
        buf_char(b, json[i]);
        return skip_blanks(json, len, i + 1);
    }
    put_line(b, ++*depth);
    return i;
}

void json_pretty(struct buf *b, const char *json, size_t len)
{
    size_t depth = 0;
    size_t i = skip_blanks(json, len, 0);

    while (i < len) {
        if (json[i] == '"')
            i = skip_blanks(json, len, i + put_string(b, json + i, len - i));
        else
            i = put_other(b, json, len, i + 1, &depth);
    }
    buf_char(b, '\n');
}
