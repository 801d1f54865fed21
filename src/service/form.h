/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Bodies of application/x-www-form-urlencoded, read strictly: RFC 6749 appendix B. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { FORM_PAIRS_MAX = 32 };

struct form_pair {
    const char *name; /* not empty */
    const char *value;
    size_t value_len;
};

struct form {
    struct form_pair pairs[FORM_PAIRS_MAX]; /* in their order */
    size_t count;
};

/* Decodes in place: text has len bytes and room for a NUL behind them, and holds the names and
 * values afterwards. Errors: SAI_E_SYNTAX (an incomplete escape, not UTF-8, a control
 * character, a pair without name), SAI_E_LIMIT (too many pairs). */
bool form_parse(char *text, size_t len, struct form *out, struct sai_err *e) MUST_USE;
