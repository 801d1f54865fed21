/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A worker: one thread with an event loop that serves connections of one listener. */

#include "http/conn.h"
#include "http/service.h"

struct worker;

/* What all workers of a server share. */
struct worker_shared {
    struct state *state;
    struct token_desk *desk;                  /* NULL: there is no tokens listener */
    const struct metric_source *more_metrics; /* NULL: none */
    struct conn_table *conns;
    struct stats *stats;
    struct worker **workers; /* all of them, once they have been started */
    size_t worker_count;
    /* conn_caps.fd_limit of each listener: the public one leaves some for the others, so that
     * nobody can make the daemon look dead from outside, or keep tokens from being given. */
    size_t fd_limits[LISTENER_COUNT];
    _Atomic bool closing; /* answers end their connections */
};

struct worker_options {
    enum listener_id listener;
    const struct http_service *service;
    struct worker_shared *shared; /* outlives the worker */
    struct stats_shard *shard;    /* its own */
    bool tls;
    int unix_fd; /* a listening Unix socket, which the worker closes; -1: worker_add() only */
};

/* Starts the thread. */
bool worker_new(const struct worker_options *options, struct worker **out, struct sai_err *e)
    MUST_USE;
/* Stops the thread and closes its connections; takes NULL. The token desk has been closed. */
void worker_free(struct worker *w);
DEFINE_AUTO(worker, worker_free)

/* Hands over a TCP connection that conn_admit() let in. Any thread. The descriptor belongs to
 * the worker even when this fails. */
bool worker_add(struct worker *w, int fd, const struct sockaddr *addr, socklen_t len) MUST_USE;

/* Makes a worker that has nothing to do let go of a snapshot that is not the current one any
 * more, which holds keys that may have been withdrawn. Does nothing if it is up to date. Any
 * thread. */
void worker_freshen(struct worker *w);
