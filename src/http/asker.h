/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the tokens listener keeps for a connection: who is at its other end, and, for one
 * request after the other, the body and the token job that answers it.
 *
 * A job that waits for Kubernetes suspends the connection: its worker hears nothing more of it
 * until the job is told, and wakes it. So no request can end, and nothing here be freed, while
 * another thread may still touch it. Belongs to the worker's thread but for that wake. */

#include "http/client.h"
#include "http/service.h"
#include "tokens/job.h"

#include <stdatomic.h>

struct MHD_Connection;
struct asker;

/* waiting: where the worker counts its suspended connections. NULL when out of memory. */
struct asker *asker_new(struct MHD_Connection *connection, _Atomic size_t *waiting) MUST_USE;
void asker_free(struct asker *a); /* takes NULL */

/* A request begins. The library takes the query to pieces: returns a copy of what stands behind
 * the target's '?', until asker_end(), NULL if there is nothing. */
const char *asker_begin(struct asker *a, const char *target);
/* A piece of the body; more than max_bytes in all, or no memory for it, shows in the end. */
void asker_body(struct asker *a, const char *bytes, size_t len, size_t max_bytes);
/* The answer is sent, or never will be. */
void asker_end(struct asker *a);

/* The whole request is here: looks who asks, and makes its job. Else the status that refuses
 * it: 401 for what proves nothing, 413 for a longer body than may be, 500 when out of memory;
 * 0: there is a job. */
unsigned asker_start(struct asker *a,
                     struct token_clerk *clerk,
                     const struct http_req *req,
                     const struct http_match *match) MUST_USE;

/* As far as the job gets: true, with its answer; its strings live until asker_end(). */
bool asker_run(struct asker *a, struct http_reply *reply) MUST_USE;
/* If it got no further: suspends the connection until the job has been told something. */
void asker_wait(struct asker *a);

/* The trust that certificates were verified by is not the same any more. */
void asker_forget_client(struct asker *a);
