/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One connection of an API server: its socket, its HTTP/2 session, its deadlines. Belongs to
 * one worker's thread. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "grpc/h2.h"
#include "signer/clerk.h"

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct conf_limits;

struct grpc_conn {
    struct grpc_conn *prev; /* of its worker's list, or of those on their way to it */
    struct grpc_conn *next;
    int fd;
    struct sign_peer peer;
    struct h2 *h2;
    struct buf out; /* to be written, from sent on */
    size_t sent;
    bool blocked;      /* the socket takes no more for now: nothing is read either */
    bool over;         /* to be closed once out is written */
    uint64_t heard_ms; /* monotonic: when something was read last */
    uint64_t due_ms;   /* closed then */
    uint64_t told_ms;  /* when a failure was logged last */
};

enum {
    GRPC_CONNECTIONS_MAX = 256,
    /* gRPC clients keep one connection for years, and close it themselves when idle. */
    GRPC_IDLE_MS = 3600000,
};

/* Takes the descriptor over, on failure too. */
bool grpc_conn_new(int fd,
                   const struct sign_peer *peer,
                   struct grpc_shard *stats,
                   struct grpc_conn **out,
                   struct sai_err *e) MUST_USE;
void grpc_conn_free(struct grpc_conn *c); /* takes NULL; closes the socket */
DEFINE_AUTO(grpc_conn, grpc_conn_free)

/* What happened on the socket. Each returns false when the connection is to be closed. */
bool grpc_conn_read(struct grpc_conn *c, const struct conf_limits *limits) MUST_USE;
bool grpc_conn_write(struct grpc_conn *c, const struct conf_limits *limits) MUST_USE;
/* Answers calls for about a millisecond, so that no connection keeps the others waiting. *more:
 * there are some left. */
void grpc_conn_answer(struct grpc_conn *c, struct sign_clerk *clerk, bool *more);
/* Looks at the deadlines, and whether the user may still be there. */
bool grpc_conn_check(struct grpc_conn *c, const struct conf *conf) MUST_USE;
/* listeners.signer.allowUIDs names the user. */
bool grpc_conn_is_allowed(const struct conf *conf, uid_t uid);
