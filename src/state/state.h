/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The current snapshot, shared by all threads, and what is to be told of the process. */

#include "state/snapshot.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct state;

/* Takes over the first snapshot and makes it generation 1. NULL when out of memory. */
struct state *state_new(struct snapshot *first) MUST_USE;
void state_free(struct state *st);

/* The generation of the current snapshot: one relaxed load, to ask whether a cached
 * reference is still the current one. */
uint64_t state_generation(const struct state *st);
/* A reference to the current snapshot, the caller's to give up. */
struct snapshot *state_current(struct state *st) MUST_USE;
/* Takes over next as the current snapshot with the next generation; the old one is given up. */
void state_swap(struct state *st, struct snapshot *next);

/* What /readyz and /metrics tell; each member is one writer's and may be read by any thread. */
struct state_status {
    _Atomic bool draining;
    _Atomic uint64_t reloads_ok;
    _Atomic uint64_t reloads_failed;
    _Atomic uint64_t reloads_unchanged; /* files were touched, nothing differed */
    _Atomic bool last_reload_failed;
    _Atomic int64_t last_reload_unix_s; /* attempt; 0: none yet */
};
struct state_status *state_status(struct state *st);
