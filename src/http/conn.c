/* SPDX-License-Identifier: Apache-2.0 */
#include "http/conn.h"

#include "base/clock.h"
#include "base/err.h"
#include "http/addr_count.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

struct conn_table {
    struct conn *conns; /* mapped, so that entries never used cost nothing */
    size_t fd_limit;
    _Atomic size_t used_fds; /* one more than the highest descriptor ever used */
    _Atomic size_t count;
    pthread_mutex_t lock; /* of counts, of leaving PHASE_FREE and of going back there */
    struct addr_counts addrs;
};

bool conn_table_new(size_t fd_limit, struct conn_table **out, struct sai_err *e)
{
    struct conn_table *t = calloc(1, sizeof(*t));
    void *conns = mmap(NULL, fd_limit * sizeof(struct conn), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (t == NULL || conns == MAP_FAILED) {
        if (conns != MAP_FAILED)
            (void)munmap(conns, fd_limit * sizeof(struct conn));
        free(t);
        return err_nomem(e);
    }
    t->conns = conns;
    t->fd_limit = fd_limit;
    (void)pthread_mutex_init(&t->lock, NULL);
    /* Without entropy the seed is 0: the table works, only its order can be foretold. */
    (void)!getrandom(&t->addrs.seed, sizeof(t->addrs.seed), GRND_NONBLOCK);
    *out = t;
    return true;
}

void conn_table_free(struct conn_table *t)
{
    if (t == NULL)
        return;
    addr_counts_done(&t->addrs);
    (void)pthread_mutex_destroy(&t->lock);
    (void)munmap(t->conns, t->fd_limit * sizeof(struct conn));
    free(t);
}

struct conn *conn_at(struct conn_table *t, int fd)
{
    return fd >= 0 && (size_t)fd < t->fd_limit ? &t->conns[fd] : NULL;
}

size_t conn_count(struct conn_table *t)
{
    return atomic_load(&t->count);
}

static uint64_t due_of(struct conn *c)
{
    return atomic_load_explicit(&c->due, memory_order_relaxed);
}

/* With the lock held. */
static void release(struct conn_table *t, struct conn *c)
{
    if (conn_phase(due_of(c)) == PHASE_FREE)
        return;
    conn_wait(c, PHASE_FREE, 0);
    atomic_fetch_sub(&c->listener->open, 1);
    atomic_fetch_sub(&t->count, 1);
    if (c->addr != NULL)
        addr_counts_put(&t->addrs, c->addr);
    c->addr = NULL;
}

/* With the lock held. */
static enum conn_refusal admit(struct conn_table *t,
                               struct conn *c,
                               struct listener_stats *listener,
                               const struct sockaddr *addr,
                               const struct conn_caps *caps)
{
    struct addr_count *a = NULL;

    /* An entry still in use means that the library lost the connection before it told us of
     * it, as it does when out of memory. */
    release(t, c);
    if (atomic_load(&listener->open) >= caps->total)
        return CONN_OVER_TOTAL;
    if (addr != NULL) {
        a = addr_counts_get(&t->addrs, listener, addr);
        if (a == NULL)
            return CONN_NO_MEMORY;
        if (a->count >= caps->per_address) {
            if (a->count == 0)
                addr_counts_put(&t->addrs, a);
            return CONN_OVER_ADDRESS;
        }
        a->count++;
    }
    memset((char *)c + sizeof(c->due), 0, sizeof(*c) - sizeof(c->due));
    c->listener = listener;
    c->addr = a;
    atomic_fetch_add(&listener->open, 1);
    atomic_fetch_add(&t->count, 1);
    return CONN_ADMITTED;
}

enum { PENDING_MS = 60000 }; /* a worker that busy has other troubles */

enum conn_refusal conn_admit(struct conn_table *t,
                             int fd,
                             struct listener_stats *listener,
                             const struct sockaddr *addr,
                             const struct conn_caps *caps)
{
    struct conn *c = conn_at(t, fd);
    enum conn_refusal r = CONN_OVER_DESCRIPTORS;

    if (c != NULL && (size_t)fd < caps->fd_limit) {
        (void)pthread_mutex_lock(&t->lock);
        r = admit(t, c, listener, addr, caps);
        if (r == CONN_ADMITTED) {
            conn_wait(c, PHASE_PENDING, clock_coarse_ms() + PENDING_MS);
            if (atomic_load(&t->used_fds) <= (size_t)fd)
                atomic_store(&t->used_fds, (size_t)fd + 1);
        }
        (void)pthread_mutex_unlock(&t->lock);
    }
    if (r == CONN_ADMITTED)
        atomic_fetch_add(&listener->accepted, 1);
    else
        atomic_fetch_add(&listener->refused[r], 1);
    return r;
}

bool conn_begin(struct conn_table *t, struct conn *c, uint64_t deadline_ms)
{
    bool ok;

    (void)pthread_mutex_lock(&t->lock);
    ok = conn_phase(due_of(c)) == PHASE_PENDING;
    if (ok)
        conn_wait(c, PHASE_HEADER, deadline_ms);
    (void)pthread_mutex_unlock(&t->lock);
    return ok;
}

void conn_end(struct conn_table *t, struct conn *c)
{
    (void)pthread_mutex_lock(&t->lock);
    release(t, c);
    (void)pthread_mutex_unlock(&t->lock);
}

/* With the lock held, so that the descriptor is still the connection's own. One that was lost
 * on its way to a worker has none any more. */
static void cut(struct conn_table *t, struct conn *c, uint64_t now_ms)
{
    uint64_t due = due_of(c);
    enum conn_phase phase = conn_phase(due);

    if (phase == PHASE_FREE || phase == PHASE_CUT || due >> PHASE_BITS > now_ms)
        return;
    atomic_fetch_add(&c->listener->cut[phase], 1);
    if (phase == PHASE_PENDING) {
        release(t, c);
        return;
    }
    conn_wait(c, PHASE_CUT, now_ms);
    (void)shutdown((int)(c - t->conns), SHUT_RDWR);
}

void conn_sweep(struct conn_table *t, uint64_t now_ms)
{
    size_t n = atomic_load(&t->used_fds);

    for (size_t i = 0; i < n; i++) {
        uint64_t due = due_of(&t->conns[i]);

        if (conn_phase(due) == PHASE_FREE || due >> PHASE_BITS > now_ms)
            continue;
        (void)pthread_mutex_lock(&t->lock);
        cut(t, &t->conns[i], now_ms);
        (void)pthread_mutex_unlock(&t->lock);
    }
}

void conn_end_idle(struct conn_table *t)
{
    size_t n = atomic_load(&t->used_fds);

    (void)pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < n; i++) {
        enum conn_phase phase = conn_phase(due_of(&t->conns[i]));

        if (phase == PHASE_HEADER || phase == PHASE_IDLE)
            (void)shutdown((int)i, SHUT_RD);
    }
    (void)pthread_mutex_unlock(&t->lock);
}
