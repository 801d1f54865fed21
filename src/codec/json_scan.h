/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* JSON token by token (RFC 8259 and nothing more): UTF-8, no lone surrogates, one value. Reads
 * from borrowed bytes and allocates nothing. What it leaves to its caller: duplicate members,
 * NUL in strings, the range of numbers. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_token_kind {
    SCAN_OBJECT, /* its start; SCAN_NAME and a value follow for each member */
    SCAN_LIST,
    SCAN_END, /* of the innermost object or list */
    SCAN_NAME,
    SCAN_STRING,
    SCAN_INTEGER, /* no fraction and no exponent */
    SCAN_REAL,
    SCAN_TRUE,
    SCAN_FALSE,
    SCAN_NULL,
    SCAN_NOTHING, /* the text has ended */
};

struct json_token {
    enum json_token_kind kind;
    bool escaped; /* a name or string with backslashes: json_token_text() tells what it means */
    bool nul;     /* one of them is \u0000 */
    unsigned line;
    unsigned column; /* in characters; both from 1 */
    const char *at;  /* within the text; of names and strings what stands in the quotes */
    size_t len;
};

enum json_expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END,
    EXPECT_NAME,
    EXPECT_NAME_OR_END,
    EXPECT_COLON,
    EXPECT_COMMA_OR_END,
    EXPECT_NOTHING,
};

enum { JSON_SCAN_MAX_DEPTH = 128 };

struct json_scan {
    const char *p;
    const char *end;
    const char *line_start;
    size_t line_extra; /* bytes of the line so far that are no characters of their own */
    unsigned line;
    enum json_expect expect;
    size_t depth;
    size_t max_depth;
    uint64_t objects[JSON_SCAN_MAX_DEPTH / 64]; /* a bit for each level that is an object */
};

/* max_depth counts objects and arrays within each other; more than JSON_SCAN_MAX_DEPTH are
 * never taken. */
void json_scan_init(struct json_scan *s, const char *text, size_t len, size_t max_depth);

/* The next token; after SCAN_NOTHING it must not be called again. Errors: SAI_E_SYNTAX, and
 * SAI_E_LIMIT for the depth; s->p is then at the byte in question. No text repeats more of the
 * document than one character. */
bool json_scan_next(struct json_scan *s, struct json_token *out, struct sai_err *e) MUST_USE;

/* Whether SCAN_END comes next: the object or list whose start was read is empty. */
bool json_scan_is_empty(struct json_scan *s);

/* The column of s->p. */
unsigned json_scan_column(const struct json_scan *s);

/* Writes a name or string as it is meant and a NUL, at most t->len + 1 bytes in all; returns
 * its length. */
size_t json_token_text(const struct json_token *t, char *out);
