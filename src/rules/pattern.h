/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Regular expressions (PCRE2) that must match a whole text of UTF-8.
 *
 * A pattern is immutable and may be used by any number of threads; what a match needs besides
 * belongs to one thread. Every match is bounded: no text can keep a thread busy. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stddef.h>

enum { PATTERN_MAX_BYTES = 2048 };

struct pattern;
/* SAI_E_INVALID: "at offset 3: missing closing parenthesis". */
bool pattern_new(const char *text, struct pattern **out, struct sai_err *e) MUST_USE;
void pattern_free(struct pattern *p); /* takes NULL */
DEFINE_AUTO(pattern, pattern_free)

struct pattern_run;
struct pattern_run *pattern_run_new(void) MUST_USE; /* NULL when out of memory */
void pattern_run_free(struct pattern_run *run);     /* takes NULL */

enum pattern_answer {
    PATTERN_MATCHES,
    PATTERN_DIFFERS,
    PATTERN_GAVE_UP, /* a limit was hit, or memory ran out: not known */
};
/* text must be valid UTF-8. */
enum pattern_answer
pattern_match(const struct pattern *p, struct pattern_run *run, const char *text, size_t len);
