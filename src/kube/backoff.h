/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How long to wait before trying again, as client-go's reflectors do: 0.8 s, doubled up to
 * 30 s, as much again at random, from the start again after two good minutes. Owned by one
 * thread. */

#include <stdint.h>

struct backoff {
    uint64_t first_ms; /* 0: 800 */
    uint64_t most_ms;  /* 0: 30000 */
    uint64_t next_ms;  /* 0 before the first failure */
    uint64_t last_ms;  /* when it was asked last */
};

enum { BACKOFF_GOOD_MS = 120000 };

uint64_t backoff_next(struct backoff *b, uint64_t now_ms);
void backoff_reset(struct backoff *b);

/* ms and at most its percentage more, evenly spread. */
uint64_t backoff_jitter(uint64_t ms, unsigned percent);
