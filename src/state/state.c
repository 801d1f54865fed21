/* SPDX-License-Identifier: Apache-2.0 */
#include "state/state.h"

#include <pthread.h>

struct state {
    pthread_mutex_t lock; /* guards current */
    struct snapshot *current;
    _Atomic uint64_t generation; /* of current, readable without the lock */
    struct state_status status;
};

struct state *state_new(struct snapshot *first)
{
    struct state *st = calloc(1, sizeof(*st));

    if (st == NULL)
        return NULL;
    (void)pthread_mutex_init(&st->lock, NULL);
    state_swap(st, first);
    return st;
}

void state_free(struct state *st)
{
    if (st == NULL)
        return;
    snapshot_unref(st->current);
    (void)pthread_mutex_destroy(&st->lock);
    free(st);
}

uint64_t state_generation(const struct state *st)
{
    return atomic_load_explicit(&st->generation, memory_order_relaxed);
}

struct snapshot *state_current(struct state *st)
{
    struct snapshot *s;

    (void)pthread_mutex_lock(&st->lock);
    s = snapshot_ref(st->current);
    (void)pthread_mutex_unlock(&st->lock);
    return s;
}

void state_swap(struct state *st, struct snapshot *next)
{
    struct snapshot *old;

    (void)pthread_mutex_lock(&st->lock);
    old = st->current;
    next->generation = old == NULL ? 1 : old->generation + 1;
    st->current = next;
    atomic_store_explicit(&st->generation, next->generation, memory_order_relaxed);
    (void)pthread_mutex_unlock(&st->lock);
    snapshot_unref(old);
}

struct state_status *state_status(struct state *st)
{
    return &st->status;
}
