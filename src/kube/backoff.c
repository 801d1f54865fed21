/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/backoff.h"

#include <stdlib.h>

enum { FIRST_MS = 800, MOST_MS = 30000 };

uint64_t backoff_jitter(uint64_t ms, unsigned percent)
{
    uint64_t most = ms / 100 * percent + ms % 100 * percent / 100;

    return ms + (most >= UINT32_MAX ? arc4random() : arc4random_uniform((uint32_t)most + 1));
}

uint64_t backoff_next(struct backoff *b, uint64_t now_ms)
{
    uint64_t most = b->most_ms == 0 ? MOST_MS : b->most_ms;
    uint64_t ms = b->next_ms;

    if (ms == 0 || now_ms - b->last_ms >= ms * 2 + BACKOFF_GOOD_MS)
        ms = b->first_ms == 0 ? FIRST_MS : b->first_ms;
    if (ms > most)
        ms = most;
    b->last_ms = now_ms;
    b->next_ms = ms * 2;
    return backoff_jitter(ms, 100);
}

void backoff_reset(struct backoff *b)
{
    b->next_ms = 0;
}
