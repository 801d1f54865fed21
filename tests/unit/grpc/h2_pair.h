/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A server session of ours and a client session of nghttp2, joined without sockets. */

#include "grpc/h2.h"
#include "unit.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

enum { STREAMS = 6000, ROOM = 1 << 22 };

/* What the client has seen of a stream. */
struct seen {
    char status[8];
    char grpc_status[8];
    char grpc_message[128];
    char body[256];
    size_t body_len;
    bool closed;
    uint32_t error_code;
};

struct pair {
    struct grpc_shard shard;
    struct h2 *server;
    nghttp2_session *client;
    bool alive; /* h2_receive() has not failed */
    struct seen seen[STREAMS];
    uint32_t goaway_code;
    int32_t goaway_last;
    unsigned goaways;
};

static inline void keep(char *out, size_t size, const uint8_t *value, size_t len)
{
    (void)snprintf(out, size, "%.*s", (int)len, (const char *)value);
}

static inline int on_header(nghttp2_session *session,
                            const nghttp2_frame *frame,
                            const uint8_t *name,
                            size_t name_len,
                            const uint8_t *value,
                            size_t value_len,
                            uint8_t flags,
                            void *user_data)
{
    struct pair *p = user_data;
    struct seen *s = &p->seen[frame->hd.stream_id];

    (void)session;
    (void)flags;
    if (name_len == 7 && memcmp(name, ":status", 7) == 0)
        keep(s->status, sizeof(s->status), value, value_len);
    if (name_len == 11 && memcmp(name, "grpc-status", 11) == 0)
        keep(s->grpc_status, sizeof(s->grpc_status), value, value_len);
    if (name_len == 12 && memcmp(name, "grpc-message", 12) == 0)
        keep(s->grpc_message, sizeof(s->grpc_message), value, value_len);
    return 0;
}

static inline int on_data(nghttp2_session *session,
                          uint8_t flags,
                          int32_t stream,
                          const uint8_t *bytes,
                          size_t len,
                          void *user_data)
{
    struct pair *p = user_data;
    struct seen *s = &p->seen[stream];

    (void)session;
    (void)flags;
    for (size_t i = 0; i < len && s->body_len < sizeof(s->body); i++)
        s->body[s->body_len++] = (char)bytes[i];
    return 0;
}

static inline int
on_close(nghttp2_session *session, int32_t stream, uint32_t error_code, void *user_data)
{
    struct pair *p = user_data;

    (void)session;
    p->seen[stream].closed = true;
    p->seen[stream].error_code = error_code;
    return 0;
}

static inline int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct pair *p = user_data;

    (void)session;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        p->goaways++;
        p->goaway_code = frame->goaway.error_code;
        p->goaway_last = frame->goaway.last_stream_id;
    }
    return 0;
}

static inline int setup(void **state)
{
    static const struct h2_limits limits = { .max_message_bytes = 65536,
                                             .call_timeout_ms = 10000 };
    struct pair *p = calloc(1, sizeof(*p));
    nghttp2_session_callbacks *callbacks;
    struct sai_err e = { 0 };

    assert_non_null(p);
    assert_true(h2_new(&p->shard, &p->server, &e));
    h2_set_limits(p->server, &limits);
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    assert_int_equal(nghttp2_session_client_new(&p->client, callbacks, p), 0);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_submit_settings(p->client, NGHTTP2_FLAG_NONE, NULL, 0), 0);
    p->alive = true;
    *state = p;
    return 0;
}

static inline int teardown(void **state)
{
    struct pair *p = *state;

    h2_free(p->server);
    nghttp2_session_del(p->client);
    free(p);
    return 0;
}

/* Carries what both have to say until they are silent. */
static inline void exchange(struct pair *p)
{
    bool moved = true;

    while (moved && p->alive) {
        AUTO(buf) struct buf out;
        const uint8_t *bytes;
        ssize_t n;

        buf_init(&out, ROOM);
        moved = false;
        while (p->alive && (n = nghttp2_session_mem_send(p->client, &bytes)) > 0) {
            p->alive = h2_receive(p->server, bytes, (size_t)n);
            moved = true;
        }
        assert_true(h2_send(p->server, &out, ROOM / 2));
        if (out.len > 0) {
            assert_int_equal(
                nghttp2_session_mem_recv(p->client, (const uint8_t *)out.data, out.len),
                out.len);
            moved = true;
        }
    }
}

struct body {
    const char *bytes;
    size_t len;
    bool endless; /* it has no end */
};

static inline ssize_t read_body(nghttp2_session *session,
                                int32_t stream,
                                uint8_t *out,
                                size_t size,
                                uint32_t *flags,
                                nghttp2_data_source *source,
                                void *user_data)
{
    struct body *b = source->ptr;
    size_t len = b->len < size ? b->len : size;

    (void)session;
    (void)stream;
    (void)user_data;
    if (len == 0 && b->endless)
        return NGHTTP2_ERR_DEFERRED;
    memcpy(out, b->bytes, len);
    b->bytes += len;
    b->len -= len;
    if (b->len == 0 && !b->endless)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)len;
}

#define NV(n, v)                                                                               \
    {                                                                                          \
        .name = (uint8_t *)(uintptr_t)(n), .value = (uint8_t *)(uintptr_t)(v),                 \
        .namelen = strlen(n), .valuelen = strlen(v)                                            \
    }

static inline int32_t
request(struct pair *p, const char *path, const char *extra, struct body *body)
{
    nghttp2_nv fields[] = {
        NV(":method", "POST"),
        NV(":scheme", "http"),
        NV(":path", path),
        NV(":authority", "localhost"),
        NV("content-type", "application/grpc"),
        NV("te", "trailers"),
        NV("grpc-timeout", extra == NULL ? "60S" : extra),
    };
    nghttp2_data_provider provider = { .source = { .ptr = body }, .read_callback = read_body };
    int32_t stream = nghttp2_submit_request(p->client, NULL, fields, ARRAY_SIZE(fields),
                                            body == NULL ? NULL : &provider, NULL);

    assert_true(stream > 0 && stream < STREAMS);
    return stream;
}

#define SIGN "/v1.ExternalJWTSigner/Sign"

static inline void answer(struct pair *p, struct call *c, const char *message)
{
    char prefix[CALL_PREFIX_BYTES] = { 0, 0, 0, 0, (char)strlen(message) };

    buf_add(&c->answer.body, prefix, sizeof(prefix));
    buf_str(&c->answer.body, message);
    call_refuse(c, GRPC_OK, NULL);
    h2_answer(p->server, c);
}
