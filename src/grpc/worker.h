/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A worker: one thread with an event loop that serves connections of API servers, and signs. */

#include "base/attr.h"
#include "base/err.h"
#include "grpc/conn.h"
#include "grpc/stats.h"

#include <stdbool.h>

struct grpc_worker;
struct sign_desk;

/* desk and stats outlive the worker; shard is its own. Starts the thread. */
bool grpc_worker_new(struct sign_desk *desk,
                     struct grpc_stats *stats,
                     struct grpc_shard *shard,
                     struct grpc_worker **out,
                     struct sai_err *e) MUST_USE;
/* Stops the thread and closes its connections; takes NULL. */
void grpc_worker_free(struct grpc_worker *w);
DEFINE_AUTO(grpc_worker, grpc_worker_free)

/* Hands a connection over. Any thread. */
void grpc_worker_add(struct grpc_worker *w, struct grpc_conn *c);
/* Where connections that are handed over count their calls. */
struct grpc_shard *grpc_worker_shard(struct grpc_worker *w);

/* Tells clients to take their next calls elsewhere, answers those that are here and ends the
 * connections. Any thread. */
void grpc_worker_drain(struct grpc_worker *w);
