/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/conn.h"

#include "base/clock.h"
#include "base/log.h"
#include "conf/conf.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BYTES = 65536,
    OUT_ENOUGH_BYTES = 65536,
    OUT_MAX_BYTES = 1 << 20,
    SLICE_NS = 1000000,
};

static struct h2_limits h2_limits_of(const struct conf_limits *limits)
{
    return (struct h2_limits){ .max_message_bytes = (size_t)limits->max_body_bytes,
                               .call_timeout_ms = limits->body_timeout_ms };
}

bool grpc_conn_new(int fd,
                   const struct sign_peer *peer,
                   struct grpc_shard *stats,
                   struct grpc_conn **out,
                   struct sai_err *e)
{
    AUTO(grpc_conn) struct grpc_conn *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        (void)close(fd);
        return err_nomem(e);
    }
    c->fd = fd;
    c->peer = *peer;
    buf_init(&c->out, OUT_MAX_BYTES);
    if (!h2_new(stats, &c->h2, e))
        return false;
    *out = TAKE(c);
    return true;
}

void grpc_conn_free(struct grpc_conn *c)
{
    if (c == NULL)
        return;
    h2_free(c->h2);
    buf_done(&c->out);
    (void)close(c->fd);
    free(c);
}

/* What the connection waits for now, and so until when. */
static void schedule(struct grpc_conn *c, const struct conf_limits *limits)
{
    uint64_t now_ms = clock_coarse_ms();

    if (c->blocked)
        c->due_ms = now_ms + limits->write_timeout_ms;
    else if (h2_greeted(c->h2))
        c->due_ms = c->heard_ms + GRPC_IDLE_MS;
    else if (c->due_ms == 0)
        c->due_ms = now_ms + limits->header_timeout_ms;
}

bool grpc_conn_read(struct grpc_conn *c, const struct conf_limits *limits)
{
    const struct h2_limits h2_limits = h2_limits_of(limits);
    char bytes[READ_BYTES];
    ssize_t n;

    if (c->over || c->blocked)
        return true;
    n = recv(c->fd, bytes, sizeof(bytes), 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->heard_ms = clock_coarse_ms();
    h2_set_limits(c->h2, &h2_limits);
    c->over = n == 0 || !h2_receive(c->h2, bytes, (size_t)n);
    return n != 0;
}

/* Has something to write in out, if there is anything. */
static bool refill(struct grpc_conn *c)
{
    if (c->sent < c->out.len)
        return true;
    buf_reset(&c->out);
    c->sent = 0;
    return h2_send(c->h2, &c->out, OUT_ENOUGH_BYTES);
}

/* Writes until there is nothing left, or the socket takes no more. */
static bool write_out(struct grpc_conn *c)
{
    c->blocked = false;
    while (!c->blocked) {
        ssize_t n;

        if (!refill(c))
            return false;
        if (c->out.len == 0)
            return true;
        n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
        if (n >= 0)
            c->sent += (size_t)n;
        else if (errno == EAGAIN)
            c->blocked = true;
        else if (errno != EINTR)
            return false;
    }
    return true;
}

bool grpc_conn_write(struct grpc_conn *c, const struct conf_limits *limits)
{
    bool was_blocked = c->blocked;

    if (!write_out(c))
        return false;
    if (!c->blocked || !was_blocked)
        schedule(c, limits);
    return c->blocked || !(c->over || h2_is_done(c->h2));
}

/* What the caller is told: why exactly is in the audit trail, or in the log. */
static const struct {
    enum grpc_code code;
    const char *message;
} outcomes[] = {
    [SIGN_DONE] = { GRPC_OK, NULL },
    [SIGN_MALFORMED] = { GRPC_INVALID_ARGUMENT, "the request was not understood" },
    [SIGN_REFUSED] = { GRPC_PERMISSION_DENIED, "refused by the signer's policy" },
    [SIGN_UNAVAILABLE] = { GRPC_UNAVAILABLE, "the signer cannot answer now" },
    [SIGN_BROKEN] = { GRPC_INTERNAL, "the signer failed" },
};

/* The prefix of the one message of a response. */
static void fill_prefix(struct buf *body)
{
    size_t len = body->len - CALL_PREFIX_BYTES;

    for (unsigned i = 1; i < CALL_PREFIX_BYTES; i++)
        body->data[i] = (char)(unsigned char)(len >> (8 * (CALL_PREFIX_BYTES - 1 - i)));
}

/* Whatever is wrong is so for each call: the first of a second is enough. */
static void tell_failure(struct grpc_conn *c, const struct sai_err *e)
{
    enum { EVERY_MS = 1000 };
    uint64_t now_ms = clock_mono_ms();

    if (c->told_ms != 0 && now_ms - c->told_ms < EVERY_MS)
        return;
    c->told_ms = now_ms;
    log_err(LOG_ERROR, "the signer cannot answer", e);
}

static void answer(struct grpc_conn *c, struct sign_clerk *clerk, struct call *call)
{
    static const char no_prefix[CALL_PREFIX_BYTES];
    const struct sign_method *method = &sign_methods[call->method];
    struct field_bytes message = { call->request.data + CALL_PREFIX_BYTES,
                                   call->request.len - CALL_PREFIX_BYTES };
    struct buf *body = &call->answer.body;
    struct sai_err e = { 0 };
    enum sign_outcome outcome;

    buf_add(body, no_prefix, sizeof(no_prefix));
    outcome = method->call(clerk, &c->peer, message, body, &e);
    if (outcome == SIGN_DONE && !buf_ok(body, &e))
        outcome = SIGN_UNAVAILABLE;
    if (outcome == SIGN_DONE)
        fill_prefix(body);
    if (outcome == SIGN_UNAVAILABLE || outcome == SIGN_BROKEN)
        tell_failure(c, &e);
    call_refuse(call, outcomes[outcome].code, outcomes[outcome].message);
    h2_answer(c->h2, call);
}

void grpc_conn_answer(struct grpc_conn *c, struct sign_clerk *clerk, bool *more)
{
    uint64_t start_ns = clock_mono_ns();
    struct call *call = h2_ready(c->h2);

    while (call != NULL && !c->blocked) {
        if (clock_mono_ms() >= call->due_ms) {
            call_refuse(call, GRPC_DEADLINE_EXCEEDED, "the call's time is over");
            h2_answer(c->h2, call);
        } else {
            answer(c, clerk, call);
        }
        call = h2_ready(c->h2);
        if (clock_mono_ns() - start_ns >= SLICE_NS)
            break;
    }
    *more = call != NULL && !c->blocked;
}

bool grpc_conn_is_allowed(const struct conf *conf, uid_t uid)
{
    const struct conf_ids *uids = &conf->listeners.signer.uids;

    for (size_t i = 0; i < uids->count; i++) {
        if (uids->items[i] == uid)
            return true;
    }
    return false;
}

bool grpc_conn_check(struct grpc_conn *c, const struct conf *conf)
{
    uint64_t now_ms = clock_mono_ms();

    if (!grpc_conn_is_allowed(conf, c->peer.uid) || !h2_expire(c->h2, now_ms))
        return false;
    return now_ms < c->due_ms || (!c->blocked && h2_calls(c->h2) > 0);
}
