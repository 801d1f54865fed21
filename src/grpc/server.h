/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The signer's listener: ExternalJWTSigner over gRPC on Unix sockets.
 *
 * Threads: one that accepts connections, and workers (as many as `workers` says, at most four)
 * that have a share of them each. They block every signal. Who may connect, limits and
 * time-outs, keys and policy come from the current snapshot; sockets and workers are those of
 * the start. */

#include "base/attr.h"
#include "base/passed_sockets.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stdint.h>

struct buf;
struct grpc_server;
struct sign_desk;

/* Binds or adopts the sockets that the current configuration names and serves; without
 * listeners.signer there is nothing to serve. desk must outlive the server. Any error leaves
 * nothing open. */
bool grpc_server_start(struct sign_desk *desk,
                       struct passed_sockets *passed,
                       struct grpc_server **out,
                       struct sai_err *e) MUST_USE;

/* Stops gracefully: no new connections, no new calls, those that are here are answered. Returns
 * when no connection is left or after timeout_ms. */
void grpc_server_drain(struct grpc_server *s, uint64_t timeout_ms);

/* Ends what is left at once; takes NULL. */
void grpc_server_free(struct grpc_server *s);
DEFINE_AUTO(grpc_server, grpc_server_free)

/* Of nghttp2, as it runs; a constant. */
const char *grpc_library_version(void);

/* Appends the metrics of the signer (text format of Prometheus). Any thread. */
void grpc_server_put_metrics(struct grpc_server *s, struct buf *b);
