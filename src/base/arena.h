/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Memory that is given up all at once. Owned by one thread while it grows. */

#include "base/attr.h"

#include <stddef.h>

struct arena;

struct arena *arena_new(void) MUST_USE; /* NULL when out of memory */
void arena_free(struct arena *a);       /* takes NULL */
/* Gives up everything that was allocated; some of the memory is kept for what comes next. */
void arena_reset(struct arena *a);
/* Zeroed, aligned for any type; NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t size) MUST_USE;
char *arena_strdup(struct arena *a, const char *s) MUST_USE;
char *arena_strndup(struct arena *a, const char *s, size_t len) MUST_USE;

DEFINE_AUTO(arena, arena_free)
