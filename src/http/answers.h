/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Replies as libmicrohttpd's response objects. One worker's, hence without a lock of its own:
 * responses are counted under a mutex inside, which no two workers then fight for. */

#include "http/service.h"

#include <microhttpd.h>

struct answers {
    struct MHD_Response **kept; /* by http_reply.keep */
    size_t count;
    bool closing; /* those kept say "Connection: close" */
};

/* Drops what is kept and makes room for the answers of this snapshot; out of memory means that
 * nothing is kept. */
void answers_reset(struct answers *a, const struct snapshot *s, bool closing);
void answers_done(struct answers *a);

/* Queues the reply and frees its body if the reply owned it. */
enum MHD_Result answers_queue(struct answers *a,
                              struct MHD_Connection *connection,
                              struct http_reply *reply,
                              struct snapshot *s);
