/* SPDX-License-Identifier: Apache-2.0 */

/* The server's side of a connection against nghttp2 as the client, without sockets. */

#include "h2_pair.h"

static void a_call_is_answered(void **state)
{
    struct pair *p = *state;
    struct body body = { "\0\0\0\0\3abc", 8, false };
    int32_t stream = request(p, SIGN, NULL, &body);
    const struct seen *s = &p->seen[stream];
    struct call *c;

    assert_false(h2_greeted(p->server));
    exchange(p);
    assert_true(h2_greeted(p->server));
    c = h2_ready(p->server);
    assert_non_null(c);
    assert_int_equal(c->request.len, 8);
    assert_memory_equal(c->request.data + CALL_PREFIX_BYTES, "abc", 3);
    answer(p, c, "hello");
    exchange(p);
    assert_string_equal(s->status, "200");
    assert_string_equal(s->grpc_status, "0");
    assert_string_equal(s->grpc_message, "");
    assert_int_equal(s->body_len, 10);
    assert_memory_equal(s->body, "\0\0\0\0\5hello", 10);
    assert_true(s->closed);
    assert_int_equal(s->error_code, NGHTTP2_NO_ERROR);
    assert_int_equal(h2_calls(p->server), 0);
    assert_int_equal(p->shard.calls[0][GRPC_OK], 1);
}

static void a_refused_head_needs_no_body(void **state)
{
    struct pair *p = *state;
    struct body body = { "", 0, true };
    int32_t stream = request(p, "/v1.ExternalJWTSigner/None", NULL, &body);
    const struct seen *s = &p->seen[stream];

    exchange(p);
    assert_string_equal(s->status, "200");
    assert_string_equal(s->grpc_status, "12");
    assert_string_equal(s->grpc_message, "unknown service or method");
    assert_true(s->closed);
    assert_int_equal(s->error_code, NGHTTP2_NO_ERROR);
    assert_int_equal(h2_calls(p->server), 0);
    assert_int_equal(p->shard.calls[SIGN_METHODS][GRPC_UNIMPLEMENTED], 1);
}

static void a_message_that_is_too_large_is_cut_short(void **state)
{
    struct pair *p = *state;
    char *bytes = calloc(1, 200000);
    struct body body = { bytes, 200000, false };
    int32_t stream = request(p, SIGN, NULL, &body);

    exchange(p);
    assert_string_equal(p->seen[stream].grpc_status, "8");
    assert_true(p->seen[stream].closed);
    assert_true(body.len > 50000); /* what is left was never sent */
    free(bytes);
}

/* All streams at once may not hold more than the connection's share. */
static void what_a_connection_holds_is_bounded(void **state)
{
    struct pair *p = *state;
    char *bytes = calloc(1, 65536);
    struct body bodies[20];
    size_t refused = 0;

    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        bodies[i] = (struct body){ bytes, 60000, true };
        (void)request(p, SIGN, NULL, &bodies[i]);
        exchange(p);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
        refused += strcmp(p->seen[2 * i + 1].grpc_status, "8") == 0;
    assert_int_equal(refused, 20 - H2_HELD_MAX_BYTES / 60000);
    free(bytes);
}

static void calls_are_ready_in_their_order(void **state)
{
    struct pair *p = *state;
    struct body bodies[5];

    for (size_t i = 0; i < 5; i++) {
        bodies[i] = (struct body){ "\0\0\0\0\0", 5, false };
        (void)request(p, SIGN, NULL, &bodies[i]);
    }
    exchange(p);
    assert_int_equal(nghttp2_submit_rst_stream(p->client, 0, 5, NGHTTP2_CANCEL), 0);
    assert_int_equal(nghttp2_submit_rst_stream(p->client, 0, 9, NGHTTP2_CANCEL), 0);
    exchange(p);
    assert_int_equal(p->shard.calls[0][GRPC_CANCELLED], 2);
    for (int32_t stream = 1; stream <= 7; stream += 2) {
        struct call *c = h2_ready(p->server);

        if (stream == 5)
            continue;
        assert_int_equal(c->stream, stream);
        answer(p, c, "");
    }
    assert_null(h2_ready(p->server));
    exchange(p);
    assert_int_equal(h2_calls(p->server), 0);
}

static void deadlines_end_calls(void **state)
{
    struct pair *p = *state;
    struct body slow = { "", 0, true };
    struct body whole = { "\0\0\0\0\0", 5, false };
    struct body patient = { "", 0, true };
    int32_t first = request(p, SIGN, "5m", &slow);
    int32_t second = request(p, SIGN, "5m", &whole);
    int32_t third = request(p, SIGN, "1H", &patient);
    uint64_t now_ms;

    exchange(p);
    now_ms = h2_ready(p->server)->start_ns / 1000000;
    assert_true(h2_expire(p->server, now_ms - 1));
    exchange(p);
    assert_int_equal(h2_calls(p->server), 3);
    assert_true(h2_expire(p->server, now_ms + 100));
    exchange(p);
    assert_string_equal(p->seen[first].grpc_status, "4");
    assert_string_equal(p->seen[second].grpc_status, "4");
    assert_string_equal(p->seen[third].grpc_status, "");
    /* The server's own limit for a request that does not end. */
    assert_true(h2_expire(p->server, now_ms + 11000));
    exchange(p);
    assert_string_equal(p->seen[third].grpc_status, "4");
    assert_int_equal(h2_calls(p->server), 0);
}

/* A client that never opens its window cannot make answers stay for ever. */
static void answers_that_nobody_takes_end_the_connection(void **state)
{
    static const nghttp2_settings_entry closed[] = { { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                                                       0 } };
    struct pair *p = *state;
    struct body body = { "\0\0\0\0\0", 5, false };
    struct call *c;

    assert_int_equal(nghttp2_submit_settings(p->client, 0, closed, 1), 0);
    (void)request(p, SIGN, NULL, &body);
    exchange(p);
    c = h2_ready(p->server);
    answer(p, c, "hello");
    exchange(p);
    assert_int_equal(h2_calls(p->server), 1);
    assert_true(h2_expire(p->server, c->due_ms - 1));
    assert_false(h2_expire(p->server, c->due_ms));
}

static void a_head_that_never_ends_ends_the_connection(void **state)
{
    /* SETTINGS, then HEADERS without END_HEADERS (RFC 9113 sections 6.5 and 6.2). */
    static const uint8_t frames[] = {
        0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0x83
    };
    struct pair *p = *state;

    assert_true(h2_receive(p->server, NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN));
    assert_true(h2_receive(p->server, frames, sizeof(frames)));
    assert_int_equal(h2_calls(p->server), 1);
    assert_true(h2_expire(p->server, 0));
    assert_false(h2_expire(p->server, UINT64_MAX - 1));
}

static void streams_have_a_limit(void **state)
{
    struct pair *p = *state;
    struct body bodies[260];
    size_t refused = 0;

    exchange(p);
    for (size_t i = 0; i < 260; i++) {
        bodies[i] = (struct body){ "", 0, true };
        (void)request(p, SIGN, NULL, &bodies[i]);
    }
    exchange(p);
    assert_int_equal(h2_calls(p->server), H2_STREAMS_MAX); /* the client waits with the rest */
    for (size_t i = 0; i < 260; i++)
        refused += p->seen[2 * i + 1].closed;
    assert_int_equal(refused, 0);
    assert_true(p->alive);
}

static void resets_without_end_end_the_connection(void **state)
{
    struct pair *p = *state;
    unsigned resets = 0;

    /* CVE-2023-44487: each stream is opened and taken back at once. */
    while (!h2_is_done(p->server)) {
        struct body body = { "", 0, true };
        int32_t stream = request(p, SIGN, NULL, &body);

        exchange(p);
        (void)nghttp2_submit_rst_stream(p->client, 0, stream, NGHTTP2_CANCEL);
        exchange(p);
        resets++;
        assert_true(h2_calls(p->server) <= 1);
    }
    assert_true(resets >= 500 && resets <= 2000);
    assert_int_equal(p->goaways, 1);
    assert_int_not_equal(p->goaway_code, NGHTTP2_NO_ERROR);
}

static void what_is_no_http2_is_told_so(void **state)
{
    struct pair *p = *state;
    AUTO(buf) struct buf out;
    static const char text[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    buf_init(&out, ROOM);
    assert_false(h2_receive(p->server, text, sizeof(text) - 1));
    assert_true(h2_send(p->server, &out, 1 << 16));
    assert_true(out.len >= 17 && out.data[out.len - 17 + 3] == NGHTTP2_GOAWAY);
}

static void stopping_takes_two_steps(void **state)
{
    struct pair *p = *state;
    struct body first = { "\0\0\0\0\0", 5, false };
    struct body late = { "\0\0\0\0\0", 5, false };
    int32_t one = request(p, SIGN, NULL, &first);
    int32_t two = request(p, SIGN, NULL, &late); /* on its way when the notice arrives */

    h2_notice(p->server);
    exchange(p);
    assert_int_equal(p->goaway_last, INT32_MAX);
    h2_close(p->server);
    exchange(p);
    assert_int_equal(p->goaways, 2);
    assert_int_equal(p->goaway_last, two);
    assert_int_equal(p->goaway_code, NGHTTP2_NO_ERROR);
    assert_false(h2_is_done(p->server));
    answer(p, h2_ready(p->server), "1");
    answer(p, h2_ready(p->server), "2");
    exchange(p);
    assert_string_equal(p->seen[one].grpc_status, "0");
    assert_string_equal(p->seen[two].grpc_status, "0");
    assert_true(h2_is_done(p->server));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_call_is_answered),
        CASE(a_refused_head_needs_no_body),
        CASE(a_message_that_is_too_large_is_cut_short),
        CASE(what_a_connection_holds_is_bounded),
        CASE(calls_are_ready_in_their_order),
        CASE(deadlines_end_calls),
        CASE(answers_that_nobody_takes_end_the_connection),
        CASE(a_head_that_never_ends_ends_the_connection),
        CASE(streams_have_a_limit),
        CASE(resets_without_end_end_the_connection),
        CASE(what_is_no_http2_is_told_so),
        CASE(stopping_takes_two_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
