/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request_log.h"

#include "base/addr.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>

enum { FIRST_ERROR = 400 };

bool request_log_wants(struct request_log *l, enum conf_log_requests which, unsigned status)
{
    uint64_t second;

    if (which == CONF_LOG_ALL)
        return true;
    if (which == CONF_LOG_NONE || status < FIRST_ERROR)
        return false;
    second = clock_coarse_ms() / 1000;
    if (second != l->second) {
        l->second = second;
        l->passed = 0;
    }
    if (l->passed < REQUEST_LOG_FAILED_PER_S) {
        l->passed++;
        return true;
    }
    l->suppressed++;
    return false;
}

/* Names a request in the log: unique in this process, and likely so among several. */
static const char *next_id(char *buf, size_t size)
{
    static _Atomic uint64_t next;
    uint64_t n = atomic_fetch_add(&next, 1);

    if (n == 0) { /* this caller draws where to begin */
        n = (uint64_t)clock_unix_ms() << 20;
        atomic_fetch_add(&next, n);
    }
    (void)snprintf(buf, size, "%016llx", (unsigned long long)n);
    return buf;
}

void request_log_put(struct request_log *l,
                     const char *listener,
                     const struct sockaddr *client,
                     const struct conn *c,
                     uint64_t took_ns)
{
    struct sai_err ignored = { 0 };
    char id[20];
    AUTO(buf) struct buf address;

    buf_init(&address, 128);
    if (client != NULL)
        addr_put(&address, client);
    log_info(
        "request", LOG_STR("request", next_id(id, sizeof(id))), LOG_STR("listener", listener),
        LOG_U64("status", c->status), LOG_STR("method", c->method == NULL ? "" : c->method),
        LOG_STR("path", c->req.path == NULL ? "" : c->req.path),
        LOG_STR("client",
                buf_ok(&address, &ignored) && address.len > 0 ? address.data : "unknown"),
        LOG_U64("bytes", c->sent_bytes), LOG_U64("micros", took_ns / 1000),
        LOG_STR("refusal", head_fault_name(c->fault)), LOG_U64("suppressed", l->suppressed));
    l->suppressed = 0;
}
