/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The order in which a token's claims stand: members sorted at every level, nested objects
 * opened and closed around those that are present. Worked out once, when a policy is
 * compiled; writing a token is one pass over the rows. */

#include "base/arena.h"
#include "base/buf.h"
#include "rules/rules.h"

#include <sa_issuer/policy.h>
#include <stdbool.h>

struct layout;

/* One value: the names from the outermost object inwards. */
struct layout_leaf {
    struct sai_strings path; /* borrowed; no leaf's path is the start of another's */
    size_t value;            /* which of the values that layout_write() gets */
};

/* Sorts the leaves. NULL when out of memory; the arena owns it. */
struct layout *layout_new(struct arena *arena, struct layout_leaf *leaves, size_t count)
    MUST_USE;

/* Appends the object; a value of length 0 is absent. spans lie in text. */
void layout_write(const struct layout *l,
                  struct buf *out,
                  const char *text,
                  const struct json_span *values);
