/* SPDX-License-Identifier: Apache-2.0 */

/* HTTP/2 from a client that has said hello: the bytes come in pieces whose size the first one
 * says; what is ready is answered, and nothing grows without bound. */

#include "base/err.h"
#include "grpc/h2.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void answer(struct h2 *h)
{
    for (struct call *c = h2_ready(h); c != NULL; c = h2_ready(h)) {
        check(c->method != CALL_METHOD_NONE && c->request.len >= CALL_PREFIX_BYTES);
        buf_add(&c->answer.body, c->request.data, c->request.len);
        call_refuse(c, GRPC_OK, NULL);
        h2_answer(h, c);
    }
}

static bool drain(struct h2 *h)
{
    AUTO(buf) struct buf out;
    bool ok;

    buf_init(&out, 64 << 20);
    ok = h2_send(h, &out, 1 << 20);
    check(out.len <= 8 << 20);
    return ok && !h2_is_done(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char magic[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    static const struct h2_limits limits = { .max_message_bytes = 4096,
                                             .call_timeout_ms = 1000 };
    static struct grpc_shard stats;
    AUTO(h2) struct h2 *h = NULL;
    struct sai_err e = { 0 };
    size_t piece = size == 0 ? 1 : (size_t)data[0] + 1;
    bool alive;

    check(h2_new(&stats, &h, &e));
    h2_set_limits(h, &limits);
    alive = h2_receive(h, magic, sizeof(magic) - 1);
    for (size_t at = size == 0 ? 0 : 1; at < size && alive; at += piece) {
        alive = h2_receive(h, data + at, size - at < piece ? size - at : piece);
        check(h2_calls(h) <= 2 * H2_STREAMS_MAX);
        answer(h);
        alive = drain(h) && alive;
    }
    if (alive && h2_expire(h, UINT64_MAX - 1))
        (void)drain(h);
    return 0;
}
