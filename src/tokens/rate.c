/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/rate.h"

#include "base/hash_index.h"

#include <pthread.h>
#include <stdlib.h>

enum { WAYS = 8, SETS = 512 };
static const uint64_t second_ns = 1000000000;

/* The generic cell rate algorithm (ITU-T I.371): all of a bucket is the time at which it will
 * be full again. */
struct bucket {
    uint64_t hash;
    uint64_t full_at_ns;
};

struct rates {
    struct hash_index keyed; /* for its seed alone */
    pthread_mutex_t lock;    /* guards what follows */
    struct bucket shared[RATES_SHARED];
    struct bucket callers[SETS][WAYS];
};

struct rates *rates_new(void)
{
    struct rates *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    hash_index_init(&r->keyed);
    (void)pthread_mutex_init(&r->lock, NULL);
    return r;
}

void rates_free(struct rates *r)
{
    if (r == NULL)
        return;
    hash_index_done(&r->keyed);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

static bool take(struct bucket *b, uint64_t per_s, uint64_t now_ns, unsigned *wait_s)
{
    uint64_t each_ns = per_s > second_ns ? 1 : second_ns / per_s;
    uint64_t from_ns = b->full_at_ns > now_ns ? b->full_at_ns : now_ns;
    /* What is missing from a full bucket, with the one that is asked for. */
    uint64_t missing_ns = from_ns - now_ns + each_ns;
    uint64_t most_ns = per_s * each_ns;

    if (missing_ns > most_ns) {
        *wait_s = (unsigned)((missing_ns - most_ns + second_ns - 1) / second_ns);
        return false;
    }
    b->full_at_ns = from_ns + each_ns;
    return true;
}

bool rates_take_shared(
    struct rates *r, enum rates_shared which, uint64_t per_s, uint64_t now_ns, unsigned *wait_s)
{
    bool taken;

    if (per_s == 0)
        return true;
    (void)pthread_mutex_lock(&r->lock);
    taken = take(&r->shared[which], per_s, now_ns, wait_s);
    (void)pthread_mutex_unlock(&r->lock);
    return taken;
}

/* The caller's own, or that which is full the soonest, filled up for this caller. */
static struct bucket *bucket_of(struct rates *r, uint64_t hash)
{
    struct bucket *set = r->callers[hash % SETS];
    struct bucket *chosen = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].hash == hash)
            return &set[i];
        if (set[i].full_at_ns < chosen->full_at_ns)
            chosen = &set[i];
    }
    *chosen = (struct bucket){ .hash = hash };
    return chosen;
}

bool rates_take(struct rates *r,
                const char *name,
                size_t len,
                uint64_t per_s,
                uint64_t now_ns,
                unsigned *wait_s)
{
    uint64_t hash;
    bool taken;

    if (per_s == 0)
        return true;
    hash = hash_index_hash(&r->keyed, name, len);
    (void)pthread_mutex_lock(&r->lock);
    taken = take(bucket_of(r, hash), per_s, now_ns, wait_s);
    (void)pthread_mutex_unlock(&r->lock);
    return taken;
}
