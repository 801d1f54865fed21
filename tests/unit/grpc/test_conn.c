/* SPDX-License-Identifier: Apache-2.0 */

/* Deadlines of a connection: its own clock readings are moved instead of waiting. */

#include "base/clock.h"
#include "conf/conf.h"
#include "grpc/conn.h"
#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The preface and empty SETTINGS (RFC 9113 section 3.4). */
static const char greeting[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

static const uint32_t uids[] = { 0, 7 };
static const struct conf conf = { .listeners.signer.uids = { uids, ARRAY_SIZE(uids) } };
static const struct conf_limits limits = {
    .max_body_bytes = 65536,
    .header_timeout_ms = 10000,
    .body_timeout_ms = 10000,
    .write_timeout_ms = 10000,
};

struct end {
    struct grpc_shard shard;
    struct grpc_conn *conn;
    int client;
};

static int setup(void **state)
{
    static const struct sign_peer peer = { .uid = 7 };
    struct end *n = calloc(1, sizeof(*n));
    struct sai_err e = { 0 };
    int pair[2];

    assert_non_null(n);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    assert_true(grpc_conn_new(pair[0], &peer, &n->shard, &n->conn, &e));
    n->client = pair[1];
    *state = n;
    return 0;
}

static int teardown(void **state)
{
    struct end *n = *state;

    grpc_conn_free(n->conn);
    (void)close(n->client);
    free(n);
    return 0;
}

static void greet(struct end *n)
{
    assert_int_equal(write(n->client, greeting, sizeof(greeting) - 1), sizeof(greeting) - 1);
    assert_true(grpc_conn_read(n->conn, &limits));
    assert_true(grpc_conn_write(n->conn, &limits));
}

/* The worker writes to each connection once a second, whether or not there is anything. */
static void a_silent_client_is_not_kept_for_ever(void **state)
{
    struct end *n = *state;

    greet(n);
    assert_true(grpc_conn_check(n->conn, &conf));
    n->conn->heard_ms -= GRPC_IDLE_MS;
    assert_true(grpc_conn_write(n->conn, &limits));
    assert_false(grpc_conn_check(n->conn, &conf));
}

static void who_says_something_stays(void **state)
{
    struct end *n = *state;

    greet(n);
    n->conn->heard_ms -= GRPC_IDLE_MS - 1000;
    assert_true(grpc_conn_write(n->conn, &limits));
    assert_int_equal(write(n->client, "\0\0\0\4\1\0\0\0\0", 9), 9); /* SETTINGS, ack */
    assert_true(grpc_conn_read(n->conn, &limits));
    assert_true(grpc_conn_write(n->conn, &limits));
    assert_true(n->conn->due_ms > clock_mono_ms() + GRPC_IDLE_MS - 1000);
}

static void who_does_not_greet_has_the_time_of_a_head(void **state)
{
    struct end *n = *state;
    uint64_t due_ms;

    assert_true(grpc_conn_write(n->conn, &limits));
    due_ms = n->conn->due_ms;
    assert_true(due_ms <= clock_mono_ms() + limits.header_timeout_ms);
    assert_int_equal(write(n->client, greeting, 3), 3);
    assert_true(grpc_conn_read(n->conn, &limits));
    assert_true(grpc_conn_write(n->conn, &limits));
    assert_int_equal(n->conn->due_ms, due_ms);
}

static void the_list_says_who_is_allowed(void **state)
{
    static const uint32_t others[] = { 0, 8 };
    const struct conf next = { .listeners.signer.uids = { others, ARRAY_SIZE(others) } };
    struct end *n = *state;

    greet(n);
    assert_true(grpc_conn_check(n->conn, &conf));
    assert_false(grpc_conn_check(n->conn, &next));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_silent_client_is_not_kept_for_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(who_says_something_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(who_does_not_greet_has_the_time_of_a_head, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_list_says_who_is_allowed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
