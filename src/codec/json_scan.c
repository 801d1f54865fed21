/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_scan.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static const char *const wanted[] = {
    [EXPECT_VALUE] = "a value",
    [EXPECT_VALUE_OR_END] = "a value or ]",
    [EXPECT_NAME] = "a member's name in quotes",
    [EXPECT_NAME_OR_END] = "a member's name in quotes or }",
    [EXPECT_COLON] = "a colon",
    [EXPECT_COMMA_OR_END] = "a comma or the end of the list or object",
    [EXPECT_NOTHING] = "nothing more, only one value is allowed",
};

void json_scan_init(struct json_scan *s, const char *text, size_t len, size_t max_depth)
{
    /* An empty text may come without an address. */
    text = len == 0 ? "" : text;
    *s = (struct json_scan){
        .p = text,
        .end = text + len,
        .line_start = text,
        .line = 1,
        .max_depth = max_depth < JSON_SCAN_MAX_DEPTH ? max_depth : JSON_SCAN_MAX_DEPTH,
    };
}

unsigned json_scan_column(const struct json_scan *s)
{
    return (unsigned)((size_t)(s->p - s->line_start) - s->line_extra) + 1;
}

#define bad(e, problem) err_set(e, SAI_E_SYNTAX, "not JSON: %s", problem)

static bool unexpected(const struct json_scan *s, struct sai_err *e)
{
    const char *want = wanted[s->expect];
    unsigned char c;

    if (s->p == s->end)
        return err_set(e, SAI_E_SYNTAX, "not JSON: the text ends here, wanted %s", want);
    c = (unsigned char)*s->p;
    if (c > ' ' && c <= '~')
        return err_set(e, SAI_E_SYNTAX, "not JSON: found '%c', wanted %s", c, want);
    return err_set(e, SAI_E_SYNTAX, "not JSON: found the byte 0x%02x, wanted %s", c, want);
}

/* A line ends between tokens only. */
static inline void skip_blanks(struct json_scan *s)
{
    for (; s->p < s->end; s->p++) {
        if (*s->p == '\n') {
            s->line++;
            s->line_start = s->p + 1;
            s->line_extra = 0;
        } else if (*s->p != ' ' && *s->p != '\t' && *s->p != '\r') {
            return;
        }
    }
}

/* The four digits after \u at p, or a value that is none. */
static uint32_t hex4(const char *p, const char *end)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    uint32_t v = 0;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return UINT32_MAX;
    for (int i = 2; i < 6; i++) {
        const char *d = p[i] == '\0' ? NULL : strchr(digits, p[i]);

        if (d == NULL)
            return UINT32_MAX;
        v = v << 4 | (uint32_t)(d - digits < 16 ? d - digits : d - digits - 6);
    }
    return v;
}

struct escape {
    uint32_t rune;
    size_t len; /* of the escape itself */
};

static const char escape_names[] = "\"\\/bfnrt";
static const char escape_values[] = "\"\\/\b\f\n\r\t";

static const char *read_unicode(const char *p, const char *end, struct escape *out)
{
    uint32_t v = hex4(p, end);

    if (v == UINT32_MAX)
        return "\\u needs four hexadecimal digits";
    *out = (struct escape){ v, 6 };
    if (v >= 0xd800 && v < 0xdc00) {
        uint32_t low = hex4(p + 6, end);

        if (low < 0xdc00 || low > 0xdfff)
            return "half of a surrogate pair";
        *out = (struct escape){ 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00), 12 };
    } else if (v >= 0xdc00 && v <= 0xdfff) {
        return "half of a surrogate pair";
    }
    return NULL;
}

/* At a backslash. NULL, or what is wrong. */
static const char *read_escape(const char *p, const char *end, struct escape *out)
{
    const char *name = NULL;

    if (end - p < 2)
        return "the text ends in a string";
    if (p[1] == 'u')
        return read_unicode(p, end, out);
    if (p[1] != '\0')
        name = strchr(escape_names, p[1]);
    if (name == NULL)
        return "a backslash that escapes nothing";
    *out = (struct escape){ (unsigned char)escape_values[name - escape_names], 2 };
    return NULL;
}

/* Whether the byte stands for itself: ASCII from the blank on, but for " and \. */
static inline bool is_plain(char c)
{
    return c >= ' ' && c != '"' && c != '\\' && (c & 0x80) == 0;
}

/* At a byte of a string that does not stand for itself. */
static bool read_special(struct json_scan *s, struct json_token *t, struct sai_err *e)
{
    struct escape escape;
    const char *problem;
    size_t len;

    if (*s->p == '\\') {
        problem = read_escape(s->p, s->end, &escape);
        if (problem != NULL)
            return bad(e, problem);
        t->escaped = true;
        t->nul = t->nul || escape.rune == 0;
        s->p += escape.len;
        return true;
    }
    if ((unsigned char)*s->p < ' ')
        return bad(e, "a control character in a string, which needs an escape");
    len = utf8_decode(s->p, (size_t)(s->end - s->p), NULL);
    if (len == 0)
        return bad(e, "a string that is not UTF-8");
    s->p += len;
    s->line_extra += len - 1;
    return true;
}

/* At a quote. */
static bool read_string(struct json_scan *s, struct json_token *t, struct sai_err *e)
{
    const char *p = s->p + 1;

    t->at = p;
    for (;;) {
        while (p < s->end && is_plain(*p))
            p++;
        s->p = p;
        if (p == s->end)
            return bad(e, "the text ends in a string");
        if (*p == '"')
            break;
        if (!read_special(s, t, e))
            return false;
        p = s->p;
    }
    t->len = (size_t)(p - t->at);
    s->p++;
    return true;
}

size_t json_token_text(const struct json_token *t, char *out)
{
    const char *end = t->at + t->len;
    char *to = out;

    for (const char *p = t->at; p < end;) {
        struct escape escape = { 0 };

        if (*p != '\\') {
            *to++ = *p++;
        } else {
            (void)read_escape(p, end, &escape); /* it was read once already */
            p += escape.len;
            to += utf8_encode(escape.rune, to);
        }
    }
    *to = '\0';
    return (size_t)(to - out);
}

static const char *skip_digits(const struct json_scan *s, const char *p)
{
    while (p < s->end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* Behind the fraction at p, p itself without one, NULL after a dot without digits. */
static const char *skip_fraction(const struct json_scan *s, const char *p)
{
    const char *behind;

    if (p == s->end || *p != '.')
        return p;
    behind = skip_digits(s, p + 1);
    return behind == p + 1 ? NULL : behind;
}

static const char *skip_exponent(const struct json_scan *s, const char *p)
{
    const char *behind;

    if (p == s->end || (*p != 'e' && *p != 'E'))
        return p;
    p++;
    p += p < s->end && (*p == '+' || *p == '-') ? 1 : 0;
    behind = skip_digits(s, p);
    return behind == p ? NULL : behind;
}

/* RFC 8259 section 6. */
static bool read_number(struct json_scan *s, struct json_token *t, struct sai_err *e)
{
    const char *first = *s->p == '-' ? s->p + 1 : s->p;
    const char *integer = skip_digits(s, first);
    const char *p = integer;

    if (p == first || (p - first > 1 && *first == '0'))
        return unexpected(s, e);
    p = skip_fraction(s, p);
    if (p != NULL)
        p = skip_exponent(s, p);
    if (p == NULL)
        return unexpected(s, e);
    t->kind = p == integer ? SCAN_INTEGER : SCAN_REAL;
    t->at = s->p;
    t->len = (size_t)(p - s->p);
    s->p = p;
    return true;
}

struct word {
    const char *text;
    size_t len;
    enum json_token_kind kind;
};

static const struct word words[] = {
    { "null", 4, SCAN_NULL },
    { "true", 4, SCAN_TRUE },
    { "false", 5, SCAN_FALSE },
};

static bool read_plain(struct json_scan *s, struct json_token *t, struct sai_err *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        const struct word *w = &words[i];

        if ((size_t)(s->end - s->p) >= w->len && memcmp(s->p, w->text, w->len) == 0) {
            t->kind = w->kind;
            t->at = s->p;
            t->len = w->len;
            s->p += w->len;
            return true;
        }
    }
    return read_number(s, t, e);
}

static inline bool in_object(const struct json_scan *s)
{
    size_t level = s->depth - 1;

    return s->depth > 0 && (s->objects[level / 64] >> (level % 64) & 1) != 0;
}

/* After a value or an end. */
static void expect_next(struct json_scan *s)
{
    s->expect = s->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA_OR_END;
}

static bool
read_start(struct json_scan *s, bool object, struct json_token *t, struct sai_err *e)
{
    uint64_t bit = UINT64_C(1) << (s->depth % 64);
    uint64_t *bits = &s->objects[s->depth / 64];

    if (s->depth >= s->max_depth)
        return err_set(e, SAI_E_LIMIT, "nested deeper than %zu levels", s->max_depth);
    *bits = object ? *bits | bit : *bits & ~bit;
    s->depth++;
    s->expect = object ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END;
    t->kind = object ? SCAN_OBJECT : SCAN_LIST;
    s->p++;
    return true;
}

static bool read_value(struct json_scan *s, struct json_token *t, struct sai_err *e)
{
    switch (*s->p) {
    case '{':
    case '[':
        return read_start(s, *s->p == '{', t, e);
    case '"':
        t->kind = SCAN_STRING;
        expect_next(s);
        return read_string(s, t, e);
    default:
        if (!read_plain(s, t, e))
            return false;
        expect_next(s);
        return true;
    }
}

static bool read_name(struct json_scan *s, struct json_token *t, struct sai_err *e)
{
    if (*s->p != '"')
        return unexpected(s, e);
    s->expect = EXPECT_COLON;
    t->kind = SCAN_NAME;
    return read_string(s, t, e);
}

static bool read_end(struct json_scan *s, struct json_token *t)
{
    s->p++;
    s->depth--;
    t->kind = SCAN_END;
    expect_next(s);
    return true;
}

/* Reads the mark and the blanks behind it. */
static bool skip_mark(struct json_scan *s, char mark, enum json_expect next, struct sai_err *e)
{
    if (s->p == s->end || *s->p != mark)
        return unexpected(s, e);
    s->p++;
    s->expect = next;
    skip_blanks(s);
    return true;
}

/* Whether an end stands where one may. */
static inline bool at_end(const struct json_scan *s)
{
    bool may_end = s->expect == EXPECT_VALUE_OR_END || s->expect == EXPECT_NAME_OR_END ||
                   s->expect == EXPECT_COMMA_OR_END;

    return may_end && s->p < s->end && *s->p == (in_object(s) ? '}' : ']');
}

bool json_scan_is_empty(struct json_scan *s)
{
    skip_blanks(s);
    return at_end(s);
}

/* What stands before a token but is none. */
static bool skip_to_token(struct json_scan *s, struct sai_err *e)
{
    skip_blanks(s);
    if (s->expect == EXPECT_COLON)
        return skip_mark(s, ':', EXPECT_VALUE, e);
    if (s->expect == EXPECT_COMMA_OR_END && !at_end(s))
        return skip_mark(s, ',', in_object(s) ? EXPECT_NAME : EXPECT_VALUE, e);
    return true;
}

bool json_scan_next(struct json_scan *s, struct json_token *out, struct sai_err *e)
{
    *out = (struct json_token){ .kind = SCAN_NOTHING };
    if (!skip_to_token(s, e))
        return false;
    out->line = s->line;
    out->column = json_scan_column(s);
    if (s->expect == EXPECT_NOTHING)
        return s->p == s->end || unexpected(s, e);
    if (at_end(s))
        return read_end(s, out);
    if (s->p == s->end)
        return unexpected(s, e);
    if (s->expect == EXPECT_NAME || s->expect == EXPECT_NAME_OR_END)
        return read_name(s, out, e);
    return read_value(s, out, e);
}
