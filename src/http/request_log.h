/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One log line for a request, if the configuration wants it. One worker's. */

#include "conf/conf.h"
#include "http/conn.h"

struct request_log {
    uint64_t second; /* of the failed requests counted below */
    unsigned passed;
    uint64_t suppressed;
};

enum { REQUEST_LOG_FAILED_PER_S = 10 };

/* false also for failed requests beyond REQUEST_LOG_FAILED_PER_S, which are only counted, when
 * which is CONF_LOG_FAILED: anybody can make them. */
bool request_log_wants(struct request_log *l, enum conf_log_requests which, unsigned status);
void request_log_put(struct request_log *l,
                     const char *listener,
                     const struct sockaddr *client,
                     const struct conn *c,
                     uint64_t took_ns);
