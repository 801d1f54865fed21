/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The token service of the process: what is asked of Kubernetes, how often callers may come,
 * and what is counted. Jobs (tokens/job.h) go through it.
 *
 * Where the cluster's API is and the audience of callers' tokens are those of the configuration
 * at the start; allow lists, limits and all of an issuer come with each job's snapshot. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stdint.h>

struct state;
struct token_desk;

/* Starts to watch accounts where accounts.kubernetes of the current snapshot says so, without
 * waiting for the API; an unusable kubeconfig or audit file is an error. */
bool token_desk_new(struct state *st, struct token_desk **out, struct sai_err *e) MUST_USE;

/* Ends what is asked of Kubernetes: jobs that wait are woken, and whatever needs an answer from
 * there is refused from now on. */
void token_desk_close(struct token_desk *d);

/* After all jobs and clerks. Takes NULL. */
void token_desk_free(struct token_desk *d);
DEFINE_AUTO(token_desk, token_desk_free)

/* Appends the desk's metrics (text format of Prometheus). */
struct buf;
void token_desk_put_metrics(struct token_desk *d, struct buf *b);
