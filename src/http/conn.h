/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The table of connections, indexed by descriptor: caps, deadlines, and the request in hand.
 *
 * The HTTP library's own time-out starts again with every byte, so a client that sends one now
 * and then stays for ever. Here each connection has one deadline for what it is waiting for,
 * set by its worker with a plain store and enforced by conn_sweep(), which calls shutdown().
 * That is safe because conn_end() comes before the library closes the descriptor and both take
 * the table's lock. */

#include "http/stats.h"

#include <sys/socket.h>

struct addr_count;
struct asker;
struct certificate;

enum conn_stage {
    STAGE_NONE,     /* between requests */
    STAGE_LINE,     /* the request line is here */
    STAGE_ADMITTED, /* the whole head is here and passed */
    STAGE_WAITING,  /* suspended until its token job has been told something */
    STAGE_ANSWERED,
};

/* Owned by the thread that serves the connection, but for due and what conn_admit() fills. */
struct conn {
    _Alignas(64) _Atomic uint64_t due; /* deadline in ms, and enum conn_phase in the low bits */
    struct listener_stats *listener;
    struct addr_count *addr;         /* NULL: of no cap */
    struct certificate *certificate; /* of the session, a reference; NULL: no TLS */
    struct asker *asker;             /* of the tokens listener; else NULL */
    bool served;                     /* at least one request has come */

    enum conn_stage stage;
    bool target_ok;
    size_t target_len; /* with the query */
    const char *method;
    struct http_req req;
    enum head_fault fault;
    enum route_id route;
    unsigned status;
    size_t sent_bytes;
    uint64_t start_ns;
};

struct conn_table;

/* fd_limit: one more than the highest descriptor that a connection may have. */
bool conn_table_new(size_t fd_limit, struct conn_table **out, struct sai_err *e) MUST_USE;
void conn_table_free(struct conn_table *t);
DEFINE_AUTO(conn_table, conn_table_free)

struct conn_caps {
    uint64_t total;
    uint64_t per_address;
    size_t fd_limit; /* one more than the highest descriptor; at most the table's */
};

/* A connection was accepted: counts it, or says why not (and counts that); then the caller
 * closes fd. addr NULL: a Unix socket, without a cap for each address; or see addr_of_user().
 * IPv6 clients count by /64, as one client commonly has a whole such network. Any thread. */
enum conn_refusal conn_admit(struct conn_table *t,
                             int fd,
                             struct listener_stats *listener,
                             const struct sockaddr *addr,
                             const struct conn_caps *caps) MUST_USE;

/* The entry of a descriptor; NULL beyond the limit. */
struct conn *conn_at(struct conn_table *t, int fd);

/* The thread that serves c takes it on with its first deadline; false: too late, it has been
 * given up and its descriptor is to be shut down. */
bool conn_begin(struct conn_table *t, struct conn *c, uint64_t deadline_ms) MUST_USE;

/* The connection is gone and its descriptor about to be closed: makes room in the counts. */
void conn_end(struct conn_table *t, struct conn *c);

enum { PHASE_BITS = 3 };
#define CONN_NO_DEADLINE (UINT64_MAX >> PHASE_BITS)

static inline enum conn_phase conn_phase(uint64_t due)
{
    return (enum conn_phase)(due & ((1U << PHASE_BITS) - 1));
}

/* The serving thread: from now on the connection has until deadline_ms. */
static inline void conn_wait(struct conn *c, enum conn_phase phase, uint64_t deadline_ms)
{
    atomic_store_explicit(&c->due, deadline_ms << PHASE_BITS | phase, memory_order_relaxed);
}

/* Shuts down what is past its deadline. now_ms: clock_coarse_ms(). */
void conn_sweep(struct conn_table *t, uint64_t now_ms);
/* Lets connections that wait for a request end once what they have sent is answered. */
void conn_end_idle(struct conn_table *t);
/* Connections that are open, or were accepted and are on their way. */
size_t conn_count(struct conn_table *t);
