/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the HTTP threads count. Requests are counted in one shard for each worker, which only it
 * writes, so that the hot path has no atomic read-modify-write; connections, which are rarer,
 * in one place for each listener. Any thread may read. */

#include "base/metric.h"
#include "http/admission.h"
#include "http/service.h"

enum listener_id { LISTENER_DISCOVERY, LISTENER_TOKENS, LISTENER_ADMIN, LISTENER_COUNT };

/* Why a connection was closed as soon as it was accepted. */
enum conn_refusal {
    CONN_ADMITTED,
    CONN_OVER_TOTAL,
    CONN_OVER_ADDRESS,
    CONN_OVER_DESCRIPTORS,
    CONN_NO_MEMORY,
    CONN_REFUSAL_COUNT
};
const char *conn_refusal_name(enum conn_refusal r);

/* What a connection is waiting for, and so which deadline it has. */
enum conn_phase {
    PHASE_FREE,    /* no connection */
    PHASE_PENDING, /* accepted, on its way to a worker */
    PHASE_HEADER,  /* from accept to the end of the first request's head */
    PHASE_BODY,
    PHASE_WRITE,
    PHASE_IDLE, /* from a response to the end of the next request's head */
    PHASE_JOB,  /* a token job, which ends in time by itself: no deadline */
    PHASE_CUT,  /* past its deadline and shut down */
    PHASE_COUNT
};
const char *conn_phase_name(enum conn_phase p);

/* Status codes that are sent, in the order of the table in stats.c; the last is any other. */
enum { STATUS_SLOTS = 20 };
size_t status_slot(unsigned status);
const char *status_slot_name(size_t slot);

struct stats_shard {
    enum listener_id listener;
    _Atomic uint64_t requests[ROUTE_COUNT][STATUS_SLOTS];
    _Atomic uint64_t refusals[FAULT_COUNT];
    _Atomic uint64_t library_errors; /* requests that the HTTP library refused itself */
    _Atomic uint64_t tls_fruitless;  /* TLS connections that ended without a request */
    struct histogram latency[ROUTE_COUNT];
};

struct listener_stats {
    const char *name;
    _Atomic uint64_t open;
    _Atomic uint64_t accepted;
    _Atomic uint64_t refused[CONN_REFUSAL_COUNT];
    _Atomic uint64_t cut[PHASE_COUNT];
};

struct stats {
    struct listener_stats listeners[LISTENER_COUNT];
    struct stats_shard *shards; /* shard_count of them */
    size_t shard_count;
    int64_t start_unix_ms;
};
