/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/h2.h"

#include "base/clock.h"
#include "grpc/call_list.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

struct h2 {
    nghttp2_session *session;
    struct grpc_shard *stats;
    struct h2_limits limits;
    struct call_list calls;
    bool greeted;
    bool broken; /* out of memory within nghttp2 */
};

static struct call *call_of(nghttp2_session *session, int32_t stream)
{
    return nghttp2_session_get_stream_user_data(session, stream);
}

static nghttp2_nv field(const char *name, const char *value, size_t len)
{
    /* nghttp2 copies both. */
    return (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)name,
                         .namelen = strlen(name),
                         .value = (uint8_t *)(uintptr_t)value,
                         .valuelen = len };
}

/* What grpc-status and grpc-message are sent in. */
struct status_fields {
    char code[8];
    struct buf message;
    nghttp2_nv items[5];
    size_t count;
};

static void add_field(struct status_fields *f, const char *name, const char *value, size_t len)
{
    f->items[f->count++] = field(name, value, len);
}

static bool put_status(struct status_fields *f, const struct call_answer *a)
{
    struct sai_err e = { 0 };

    (void)snprintf(f->code, sizeof(f->code), "%d", (int)a->code);
    add_field(f, "grpc-status", f->code, strlen(f->code));
    if (a->message != NULL) {
        grpc_put_message(&f->message, a->message);
        if (!buf_ok(&f->message, &e))
            return false;
        add_field(f, "grpc-message", f->message.data, f->message.len);
    }
    return true;
}

enum { MESSAGE_MAX_BYTES = 1024 };

static int submit_trailers(struct h2 *h, const struct call *c)
{
    struct status_fields f = { .count = 0 };
    int result = NGHTTP2_ERR_NOMEM;

    buf_init(&f.message, MESSAGE_MAX_BYTES);
    if (put_status(&f, &c->answer))
        result = nghttp2_submit_trailer(h->session, c->stream, f.items, f.count);
    buf_done(&f.message);
    return result;
}

/* nghttp2 asks for the body of an answer; the trailers follow its last byte. */
/* NOLINTNEXTLINE(readability-function-size): nghttp2's parameters */
static ssize_t read_body(nghttp2_session *session,
                         int32_t stream,
                         uint8_t *out,
                         size_t size,
                         uint32_t *flags,
                         nghttp2_data_source *source,
                         void *user_data)
{
    struct h2 *h = user_data;
    struct call *c = source->ptr;
    size_t len = c->answer.body.len - c->sent;

    (void)session;
    (void)stream;
    if (len > size)
        len = size;
    memcpy(out, c->answer.body.data + c->sent, len);
    c->sent += len;
    if (c->sent == c->answer.body.len) {
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (submit_trailers(h, c) != 0)
            return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return (ssize_t)len;
}

static int submit_message(struct h2 *h, struct call *c)
{
    nghttp2_nv items[] = { field(":status", "200", 3),
                           field("content-type", "application/grpc", 16) };
    nghttp2_data_provider provider = { .source = { .ptr = c }, .read_callback = read_body };

    return nghttp2_submit_response(h->session, c->stream, items, ARRAY_SIZE(items), &provider);
}

/* One HEADERS frame that is the trailers too ("Trailers-Only"). */
static int submit_error(struct h2 *h, struct call *c)
{
    struct status_fields f = { .count = 0 };
    char status[8];
    int result = NGHTTP2_ERR_NOMEM;

    buf_init(&f.message, MESSAGE_MAX_BYTES);
    (void)snprintf(status, sizeof(status), "%u", c->answer.http_status);
    add_field(&f, ":status", status, strlen(status));
    if (c->answer.http_status != 200) {
        result = nghttp2_submit_response(h->session, c->stream, f.items, f.count, NULL);
    } else {
        add_field(&f, "content-type", "application/grpc", 16);
        if (c->answer.name_encodings)
            add_field(&f, "grpc-accept-encoding", "identity", 8);
        if (put_status(&f, &c->answer))
            result = nghttp2_submit_response(h->session, c->stream, f.items, f.count, NULL);
    }
    buf_done(&f.message);
    return result;
}

void h2_answer(struct h2 *h, struct call *c)
{
    bool message = c->answer.http_status == 200 && c->answer.code == GRPC_OK;
    uint64_t now_ns = clock_mono_ns();

    c->due_ms = now_ns / 1000000 + h->limits.call_timeout_ms; /* for the client to take it */
    call_list_dequeue(&h->calls, c);
    c->answered = true;
    grpc_shard_count(h->stats, c->method, c->answer.code, now_ns - c->start_ns);
    if ((message ? submit_message(h, c) : submit_error(h, c)) != 0)
        h->broken = true;
}

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct h2 *h = user_data;
    uint64_t now_ns = clock_mono_ns();
    struct call *c;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    c = call_new(frame->hd.stream_id, now_ns, now_ns / 1000000 + h->limits.call_timeout_ms);
    if (c == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    call_list_add(&h->calls, c);
    (void)nghttp2_session_set_stream_user_data(session, c->stream,
                                               c); /* there is such a stream */
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): nghttp2's parameters */
static int on_header(nghttp2_session *session,
                     const nghttp2_frame *frame,
                     const uint8_t *name,
                     size_t name_len,
                     const uint8_t *value,
                     size_t value_len,
                     uint8_t flags,
                     void *user_data)
{
    struct call *c = call_of(session, frame->hd.stream_id);

    (void)flags;
    (void)user_data;
    if (c == NULL ||
        call_header(c, (const char *)name, name_len, (const char *)value, value_len))
        return 0;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* the stream is reset */
}

static void take_head(struct h2 *h, struct call *c)
{
    c->headed = true;
    if (!call_check_head(c)) {
        h2_answer(h, c);
        return;
    }
    if (c->timeout_ms < h->limits.call_timeout_ms)
        c->due_ms = c->start_ns / 1000000 + c->timeout_ms;
}

static void take_end(struct h2 *h, struct call *c)
{
    c->ended = true;
    /* What waits for its answer has the client's time-out only. */
    c->due_ms =
        c->timeout_ms == UINT64_MAX ? UINT64_MAX : c->start_ns / 1000000 + c->timeout_ms;
    if (c->answered)
        return;
    if (call_check_message(c, h->limits.max_message_bytes))
        call_list_enqueue(&h->calls, c);
    else
        h2_answer(h, c);
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct h2 *h = user_data;
    struct call *c = frame->hd.stream_id == 0 ? NULL : call_of(session, frame->hd.stream_id);
    bool headers = frame->hd.type == NGHTTP2_HEADERS;

    if (frame->hd.type == NGHTTP2_SETTINGS)
        h->greeted = true;
    if (c == NULL || (!headers && frame->hd.type != NGHTTP2_DATA))
        return 0;
    if (headers && !c->headed)
        take_head(h, c);
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
        take_end(h, c);
    return h->broken ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_data_chunk(nghttp2_session *session,
                         uint8_t flags,
                         int32_t stream,
                         const uint8_t *bytes,
                         size_t len,
                         void *user_data)
{
    struct h2 *h = user_data;
    struct call *c = call_of(session, stream);
    size_t before;

    (void)flags;
    if (c == NULL || c->answered)
        return 0;
    before = c->request.len;
    if (h->calls.held_bytes + len > H2_HELD_MAX_BYTES)
        call_refuse(c, GRPC_RESOURCE_EXHAUSTED, "too much is waiting on this connection");
    else if (call_data(c, bytes, len, h->limits.max_message_bytes)) {
        h->calls.held_bytes += c->request.len - before;
        return 0;
    }
    h2_answer(h, c);
    return h->broken ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int
on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error_code, void *user_data)
{
    struct h2 *h = user_data;
    struct call *c = call_of(session, stream);

    (void)error_code;
    if (c == NULL)
        return 0;
    if (!c->answered)
        grpc_shard_count(h->stats, c->method, GRPC_CANCELLED, clock_mono_ns() - c->start_ns);
    call_list_remove(&h->calls, c);
    return 0;
}

/* Who is answered before his request has ended is told not to go on (RFC 9113 section 8.1). */
static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    const struct call *c =
        frame->hd.type == NGHTTP2_HEADERS ? call_of(session, frame->hd.stream_id) : NULL;

    (void)user_data;
    if (c == NULL || c->ended || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
        return 0;
    return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, c->stream, NGHTTP2_NO_ERROR);
}

static bool make_session(struct h2 *h)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS_MAX },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, CALL_HEAD_MAX_BYTES },
        { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
    };
    bool ok;

    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return false;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    ok = nghttp2_session_server_new(&h->session, callbacks, h) == 0;
    nghttp2_session_callbacks_del(callbacks);
    return ok && nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings,
                                         ARRAY_SIZE(settings)) == 0;
}

bool h2_new(struct grpc_shard *stats, struct h2 **out, struct sai_err *e)
{
    AUTO(h2) struct h2 *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return err_nomem(e);
    h->stats = stats;
    if (!make_session(h))
        return err_nomem(e);
    *out = TAKE(h);
    return true;
}

void h2_free(struct h2 *h)
{
    if (h == NULL)
        return;
    while (h->calls.all != NULL)
        call_list_remove(&h->calls, h->calls.all);
    nghttp2_session_del(h->session);
    free(h);
}

void h2_set_limits(struct h2 *h, const struct h2_limits *limits)
{
    h->limits = *limits;
}

bool h2_receive(struct h2 *h, const void *bytes, size_t len)
{
    ssize_t n = nghttp2_session_mem_recv(h->session, bytes, len);

    /* It takes all or fails; a client that is no HTTP/2 client is told so by GOAWAY. */
    if (n == NGHTTP2_ERR_BAD_CLIENT_MAGIC || n == NGHTTP2_ERR_FLOODED)
        (void)nghttp2_session_terminate_session(h->session, n == NGHTTP2_ERR_FLOODED
                                                                ? NGHTTP2_ENHANCE_YOUR_CALM
                                                                : NGHTTP2_PROTOCOL_ERROR);
    return n == (ssize_t)len && !h->broken;
}

bool h2_send(struct h2 *h, struct buf *out, size_t enough)
{
    struct sai_err e = { 0 };

    while (out->len < enough) {
        const uint8_t *bytes;
        ssize_t n = nghttp2_session_mem_send(h->session, &bytes);

        if (n < 0)
            return false;
        if (n == 0)
            break;
        buf_add(out, bytes, (size_t)n);
    }
    return buf_ok(out, &e) && !h->broken;
}

struct call *h2_ready(const struct h2 *h)
{
    return h->calls.ready;
}

bool h2_expire(struct h2 *h, uint64_t now_ms)
{
    for (struct call *c = h->calls.all; c != NULL; c = c->next) {
        if (now_ms < c->due_ms)
            continue;
        if (c->answered || !c->headed)
            return false;
        call_refuse(c, GRPC_DEADLINE_EXCEEDED, "the call's time is over");
        h2_answer(h, c);
    }
    return true;
}

bool h2_greeted(const struct h2 *h)
{
    return h->greeted;
}

size_t h2_calls(const struct h2 *h)
{
    return h->calls.count;
}

void h2_notice(struct h2 *h)
{
    if (nghttp2_submit_shutdown_notice(h->session) != 0)
        h->broken = true;
}

void h2_close(struct h2 *h)
{
    int32_t last = nghttp2_session_get_last_proc_stream_id(h->session);

    if (nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0) !=
        0)
        h->broken = true;
}

bool h2_is_done(const struct h2 *h)
{
    return nghttp2_session_want_read(h->session) == 0 &&
           nghttp2_session_want_write(h->session) == 0;
}

const char *h2_library_version(void)
{
    return nghttp2_version(0)->version_str;
}
