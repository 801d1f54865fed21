/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the two halves of a worker share: worker.c has its life and that of its connections,
 * worker_requests.c the requests on these. libmicrohttpd's callbacks all run in the worker's
 * own thread. */

#include "http/answers.h"
#include "http/daemon.h"
#include "http/request_log.h"
#include "http/worker.h"
#include "tokens/job.h"

struct worker {
    struct worker_options options;
    struct worker_shared *shared;
    struct stats_shard *shard;
    struct MHD_Daemon *daemon;
    struct snapshot *snapshot;   /* what requests are answered from */
    _Atomic uint64_t generation; /* of it; written by the worker only */
    struct token_clerk *clerk;   /* of the tokens listener; else NULL */
    _Atomic size_t waiting;      /* suspended connections; wakers decrement it last */
    struct answers answers;
    struct request_log log;
    _Atomic int freshen_fd; /* on its way from worker_freshen(); -1: none */
};

/* Brings the worker's snapshot up to date; one relaxed load when it is. */
const struct conf_limits *worker_refresh(struct worker *w);

/* Gives the session the listener's certificate of the worker's snapshot. On a connection that
 * has been kept, client certificates are from then on judged by the authorities of today. */
void worker_use_certificate(struct worker *w,
                            struct MHD_Connection *connection,
                            struct conn *c);

void *worker_on_target(void *cls, const char *target, struct MHD_Connection *connection);
enum MHD_Result worker_on_request(void *cls,
                                  struct MHD_Connection *connection,
                                  const char *path,
                                  const char *method,
                                  const char *version,
                                  const char *body,
                                  size_t *body_len,
                                  void **con_cls);
void worker_on_completed(void *cls,
                         struct MHD_Connection *connection,
                         void **con_cls,
                         enum MHD_RequestTerminationCode how);
