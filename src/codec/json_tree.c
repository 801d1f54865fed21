/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_tree.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "codec/yaml_build.h"

#include <stdio.h>
#include <string.h>

/* What may come next; between tokens nothing else has to be remembered, as the builder knows
 * which lists and maps are open. */
enum expect { VALUE, VALUE_OR_END, KEY, KEY_OR_END, COLON, COMMA_OR_END, NOTHING };

static const char *const wanted[] = {
    [VALUE] = "a value",
    [VALUE_OR_END] = "a value or ]",
    [KEY] = "a member's name in quotes",
    [KEY_OR_END] = "a member's name in quotes or }",
    [COLON] = "a colon",
    [COMMA_OR_END] = "a comma or the end of the list or object",
    [NOTHING] = "nothing more, only one value is allowed",
};

struct reader {
    const char *p;
    const char *end;
    struct yaml_position at; /* of *p */
    enum expect expect;
    struct buf text; /* the string being read */
    struct yaml_builder b;
};

static bool bad(struct reader *r, struct yaml_position at, const char *problem)
{
    struct sai_err e = { 0 };

    err_set_text(&e, SAI_E_SYNTAX, "not JSON: %s", problem);
    return yaml_stop(&r->b, at, &e);
}

static bool unexpected(struct reader *r)
{
    const char *want = wanted[r->expect];
    char text[128];

    if (r->p == r->end)
        (void)snprintf(text, sizeof(text), "the file ends here, wanted %s", want);
    else if (*r->p > ' ' && *r->p <= '~')
        (void)snprintf(text, sizeof(text), "found '%c', wanted %s", *r->p, want);
    else
        (void)snprintf(text, sizeof(text), "found the byte 0x%02x, wanted %s",
                       (unsigned)(unsigned char)*r->p, want);
    return bad(r, r->at, text);
}

static void advance(struct reader *r, size_t bytes)
{
    r->p += bytes;
    r->at.column += (unsigned)bytes;
}

static void skip_blanks(struct reader *r)
{
    for (; r->p < r->end; r->p++) {
        if (*r->p == '\n')
            r->at = (struct yaml_position){ r->at.line + 1, 0 };
        else if (*r->p != ' ' && *r->p != '\t' && *r->p != '\r')
            return;
        r->at.column++;
    }
}

static void put_utf8(struct buf *b, uint32_t rune)
{
    if (rune < 0x80) {
        buf_char(b, (char)rune);
        return;
    }
    if (rune < 0x800) {
        buf_char(b, (char)(0xc0 | rune >> 6));
    } else {
        if (rune < 0x10000) {
            buf_char(b, (char)(0xe0 | rune >> 12));
        } else {
            buf_char(b, (char)(0xf0 | rune >> 18));
            buf_char(b, (char)(0x80 | (rune >> 12 & 0x3f)));
        }
        buf_char(b, (char)(0x80 | (rune >> 6 & 0x3f)));
    }
    buf_char(b, (char)(0x80 | (rune & 0x3f)));
}

/* The four digits after \u at p, or a value that is none. */
static uint32_t hex4(const struct reader *r, const char *p)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    uint32_t v = 0;

    if (r->end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return UINT32_MAX;
    for (int i = 2; i < 6; i++) {
        const char *d = p[i] == '\0' ? NULL : strchr(digits, p[i]);

        if (d == NULL)
            return UINT32_MAX;
        v = v << 4 | (uint32_t)(d - digits < 16 ? d - digits : d - digits - 6);
    }
    return v;
}

static bool read_unicode(struct reader *r)
{
    uint32_t v = hex4(r, r->p);
    size_t len = 6;

    if (v == UINT32_MAX)
        return bad(r, r->at, "\\u needs four hexadecimal digits");
    if (v >= 0xd800 && v < 0xdc00) {
        uint32_t low = hex4(r, r->p + 6);

        if (low < 0xdc00 || low > 0xdfff)
            return bad(r, r->at, "half of a surrogate pair");
        v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
        len = 12;
    } else if (v >= 0xdc00 && v <= 0xdfff) {
        return bad(r, r->at, "half of a surrogate pair");
    }
    put_utf8(&r->text, v);
    advance(r, len);
    return true;
}

/* At a backslash. */
static bool read_escape(struct reader *r)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    const char *name = NULL;

    if (r->end - r->p < 2)
        return bad(r, r->at, "the file ends in a string");
    if (r->p[1] == 'u')
        return read_unicode(r);
    if (r->p[1] != '\0')
        name = strchr(names, r->p[1]);
    if (name == NULL)
        return bad(r, r->at, "a backslash that escapes nothing");
    buf_char(&r->text, values[name - names]);
    advance(r, 2);
    return true;
}

/* One character, or a run of plain ones. */
static bool read_piece(struct reader *r)
{
    const char *start = r->p;
    size_t len;

    if (*r->p == '\\')
        return read_escape(r);
    while (r->p < r->end && *r->p >= ' ' && *r->p <= '~' && *r->p != '"' && *r->p != '\\')
        r->p++;
    if (r->p > start) {
        r->at.column += (unsigned)(r->p - start);
        buf_add(&r->text, start, (size_t)(r->p - start));
        return true;
    }
    if ((unsigned char)*r->p < ' ')
        return bad(r, r->at, "a control character in a string, which needs an escape");
    len = utf8_decode(r->p, (size_t)(r->end - r->p), NULL);
    if (len == 0)
        return bad(r, r->at, "a string that is not UTF-8");
    buf_add(&r->text, r->p, len);
    r->p += len;
    r->at.column++;
    return true;
}

/* At a quote. The text is in r->text then. */
static bool read_string(struct reader *r)
{
    struct sai_err e = { 0 };

    buf_reset(&r->text);
    advance(r, 1);
    while (r->p < r->end && *r->p != '"') {
        if (!read_piece(r))
            return false;
    }
    if (r->p == r->end)
        return bad(r, r->at, "the file ends in a string");
    advance(r, 1);
    return buf_ok(&r->text, &e) || yaml_stop(&r->b, r->at, &e);
}

static bool add_string(struct reader *r)
{
    struct yaml_position at = r->at;
    struct yaml_scalar s = { .quoted = true };

    if (!read_string(r))
        return false;
    s.text = r->text.data == NULL ? "" : r->text.data;
    s.len = r->text.len;
    return yaml_add_scalar(&r->b, &s, at);
}

static size_t digits_at(const struct reader *r, const char *p)
{
    size_t n = 0;

    while (p + n < r->end && p[n] >= '0' && p[n] <= '9')
        n++;
    return n;
}

/* Behind the fraction at p, p itself without one, NULL after a dot without digits. */
static const char *skip_fraction(const struct reader *r, const char *p)
{
    size_t n;

    if (p == r->end || *p != '.')
        return p;
    n = digits_at(r, p + 1);
    return n == 0 ? NULL : p + 1 + n;
}

static const char *skip_exponent(const struct reader *r, const char *p)
{
    size_t n;

    if (p == r->end || (*p != 'e' && *p != 'E'))
        return p;
    p++;
    p += p < r->end && (*p == '+' || *p == '-') ? 1 : 0;
    n = digits_at(r, p);
    return n == 0 ? NULL : p + n;
}

/* The length of the number at r->p, 0 if there is none (RFC 8259 section 6). */
static size_t number_length(const struct reader *r)
{
    const char *p = *r->p == '-' ? r->p + 1 : r->p;
    size_t n = digits_at(r, p);

    if (n == 0 || (n > 1 && *p == '0'))
        return 0;
    p = skip_fraction(r, p + n);
    if (p != NULL)
        p = skip_exponent(r, p);
    return p == NULL ? 0 : (size_t)(p - r->p);
}

/* The length of the word or number at r->p, 0 if there is none. */
static size_t plain_length(const struct reader *r)
{
    static const char *const words[] = { "null", "true", "false" };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        size_t len = strlen(words[i]);

        if ((size_t)(r->end - r->p) >= len && memcmp(r->p, words[i], len) == 0)
            return len;
    }
    return number_length(r);
}

static bool add_plain(struct reader *r)
{
    struct yaml_position at = r->at;
    struct yaml_scalar s = { .text = r->p, .len = plain_length(r) };

    if (s.len == 0)
        return unexpected(r);
    advance(r, s.len);
    return yaml_add_scalar(&r->b, &s, at);
}

/* After a value or an end. */
static void expect_next(struct reader *r)
{
    r->expect = r->b.depth == 0 ? NOTHING : COMMA_OR_END;
}

static bool in_map(const struct reader *r)
{
    return r->b.depth > 0 && r->b.open[r->b.depth - 1]->kind == YAML_MAP;
}

static bool add_start(struct reader *r, enum yaml_kind kind)
{
    static const struct yaml_scalar none = { 0 };

    if (!yaml_add_start(&r->b, kind, &none, r->at))
        return false;
    advance(r, 1);
    r->expect = kind == YAML_MAP ? KEY_OR_END : VALUE_OR_END;
    return true;
}

static bool read_value(struct reader *r)
{
    if (*r->p == '{')
        return add_start(r, YAML_MAP);
    if (*r->p == '[')
        return add_start(r, YAML_LIST);
    if (!(*r->p == '"' ? add_string(r) : add_plain(r)))
        return false;
    expect_next(r);
    return true;
}

static bool read_end(struct reader *r)
{
    if (!yaml_add_end(&r->b))
        return false;
    advance(r, 1);
    expect_next(r);
    return true;
}

static bool read_key(struct reader *r)
{
    if (*r->p != '"')
        return unexpected(r);
    r->expect = COLON;
    return add_string(r);
}

static bool read_mark(struct reader *r, char mark, enum expect next)
{
    if (*r->p != mark)
        return unexpected(r);
    advance(r, 1);
    r->expect = next;
    return true;
}

static bool read_token(struct reader *r)
{
    bool may_end =
        r->expect == VALUE_OR_END || r->expect == KEY_OR_END || r->expect == COMMA_OR_END;

    if (may_end && *r->p == (in_map(r) ? '}' : ']'))
        return read_end(r);
    switch (r->expect) {
    case VALUE:
    case VALUE_OR_END:
        return read_value(r);
    case KEY:
    case KEY_OR_END:
        return read_key(r);
    case COLON:
        return read_mark(r, ':', VALUE);
    case COMMA_OR_END:
        return read_mark(r, ',', in_map(r) ? KEY : VALUE);
    case NOTHING:
        break;
    }
    return unexpected(r);
}

static bool read_all(struct reader *r)
{
    for (;;) {
        skip_blanks(r);
        if (r->p == r->end)
            return r->expect == NOTHING ? yaml_end_document(&r->b) : unexpected(r);
        if (!read_token(r))
            return false;
    }
}

bool json_stream(const struct yaml_input *in,
                 const struct yaml_sink *sink,
                 struct sai_report *r)
{
    size_t errors = sai_report_total(r, SAI_ERROR);
    bool marked = in->len >= 3 && memcmp(in->text, "\xef\xbb\xbf", 3) == 0;
    struct yaml_doc doc = { 0 };
    AUTO(arena) struct arena *a = arena_new();
    struct reader reader = { .at = { 1, 1 }, .b = { .in = in, .report = r } };
    bool ok;

    if (a == NULL)
        return yaml_stop_nomem(&reader.b);
    reader.p = in->text + (marked ? 3 : 0);
    reader.end = in->text + in->len;
    buf_init(&reader.text, in->len + 1);
    ok = yaml_builder_init(&reader.b, in, &doc, a, r) && yaml_builder_stream(&reader.b, sink) &&
         read_all(&reader);
    buf_done(&reader.text);
    yaml_builder_done(&reader.b);
    return ok && report_ok_since(r, errors);
}
