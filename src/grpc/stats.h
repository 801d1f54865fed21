/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the signer's threads count: calls in one shard for each worker, which only it writes;
 * connections, which are rarer, in one place. Any thread may read. */

#include "base/metric.h"
#include "grpc/status.h"
#include "signer/clerk.h"

/* The last row is of calls of no method. */
enum { STATS_METHODS = SIGN_METHODS + 1 };

struct grpc_shard {
    _Atomic uint64_t calls[STATS_METHODS][GRPC_CODES];
    struct histogram latency[STATS_METHODS];
};

/* Why a connection was closed as soon as it was accepted. */
enum grpc_refusal {
    GRPC_ADMITTED,
    GRPC_NOT_ALLOWED,
    GRPC_TOO_MANY,
    GRPC_NO_MEMORY,
    GRPC_REFUSALS
};

struct grpc_stats {
    struct grpc_shard *shards; /* one for each worker */
    size_t shard_count;
    _Atomic uint64_t open;
    _Atomic uint64_t accepted;
    _Atomic uint64_t refused[GRPC_REFUSALS];
    _Atomic uint64_t cut; /* past a deadline, or broke the protocol */
};

/* By the thread of the shard. method: of sign_methods, or negative. */
void grpc_shard_count(struct grpc_shard *s, int method, enum grpc_code code, uint64_t ns);

/* Appends them all in the text format of Prometheus. */
void grpc_stats_put(const struct grpc_stats *s, struct buf *b);
