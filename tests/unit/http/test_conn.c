/* SPDX-License-Identifier: Apache-2.0 */
#include "http/addr_count.h"
#include "http/conn.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { FD_LIMIT = 64, NEVER = 1 << 30 };

struct fixture {
    struct conn_table *table;
    struct listener_stats listener;
    struct listener_stats other;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct sai_err e = { 0 };

    assert_non_null(f);
    assert_true(conn_table_new(FD_LIMIT, &f->table, &e));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    conn_table_free(f->table);
    free(f);
    return 0;
}

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage out = { 0 };
    struct sockaddr_in in4 = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, text, &in4.sin_addr) == 1) {
        memcpy(&out, &in4, sizeof(in4));
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        memcpy(&out, &in6, sizeof(in6));
    }
    return out;
}

static void users_of_a_unix_socket_count_by_themselves(void **state)
{
    static const struct {
        uid_t uid;
        enum conn_refusal expected;
    } rows[] = { { 0, CONN_ADMITTED },       { 0, CONN_ADMITTED },
                 { 0, CONN_OVER_ADDRESS },   { 1000, CONN_ADMITTED },
                 { 0x10000, CONN_ADMITTED }, { 1000, CONN_ADMITTED },
                 { 1000, CONN_OVER_ADDRESS } };
    const struct conn_caps caps = { .total = 9, .per_address = 2, .fd_limit = FD_LIMIT };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sockaddr user = addr_of_user(rows[i].uid);

        assert_int_equal(conn_admit(f->table, 10 + (int)i, &f->listener, &user, &caps),
                         rows[i].expected);
    }
}

static enum conn_refusal admit(struct fixture *f, int fd, const char *from, uint64_t each)
{
    struct conn_caps caps = { .total = 5, .per_address = each, .fd_limit = FD_LIMIT };
    struct sockaddr_storage addr = address(from);

    return conn_admit(f->table, fd, &f->listener, (const struct sockaddr *)&addr, &caps);
}

static void caps_are_exact(void **state)
{
    struct fixture *f = *state;

    for (int fd = 10; fd < 15; fd++)
        assert_int_equal(admit(f, fd, "192.0.2.1", 9), CONN_ADMITTED);
    assert_int_equal(admit(f, 15, "192.0.2.1", 9), CONN_OVER_TOTAL);
    assert_int_equal(conn_count(f->table), 5);
    conn_end(f->table, conn_at(f->table, 12));
    assert_int_equal(admit(f, 12, "192.0.2.1", 9), CONN_ADMITTED);
    assert_int_equal(admit(f, 15, "192.0.2.1", 9), CONN_OVER_TOTAL);
    assert_int_equal(f->listener.open, 5);
    assert_int_equal(f->listener.accepted, 6);
    assert_int_equal(f->listener.refused[CONN_OVER_TOTAL], 2);
}

static void addresses_count_by_network(void **state)
{
    static const struct {
        const char *from;
        enum conn_refusal expected;
    } rows[] = {
        { "192.0.2.1", CONN_ADMITTED },
        { "192.0.2.1", CONN_OVER_ADDRESS },
        { "::ffff:192.0.2.1", CONN_OVER_ADDRESS },
        { "192.0.2.2", CONN_ADMITTED },
        { "2001:db8:0:1::1", CONN_ADMITTED },
        { "2001:db8:0:1:ffff::2", CONN_OVER_ADDRESS },
        { "2001:db8:0:2::1", CONN_ADMITTED },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (admit(f, 10 + (int)i, rows[i].from, 1) != rows[i].expected)
            fail_msg("row %zu: %s", i, rows[i].from);
    }
    conn_end(f->table, conn_at(f->table, 10));
    assert_int_equal(admit(f, 11, "192.0.2.1", 1), CONN_ADMITTED);
    assert_int_equal(admit(f, 20, "192.0.2.9", 0), CONN_OVER_ADDRESS);
}

static void listeners_count_apart(void **state)
{
    struct fixture *f = *state;
    struct conn_caps caps = { 1, 1, FD_LIMIT };
    struct sockaddr_storage addr = address("192.0.2.1");

    assert_int_equal(admit(f, 10, "192.0.2.1", 1), CONN_ADMITTED);
    assert_int_equal(conn_admit(f->table, 11, &f->other, (const struct sockaddr *)&addr, &caps),
                     CONN_ADMITTED);
    assert_int_equal(conn_admit(f->table, 12, &f->other, NULL, &caps), CONN_OVER_TOTAL);
    caps.total = 2;
    assert_int_equal(conn_admit(f->table, 12, &f->other, NULL, &caps), CONN_ADMITTED);
}

static void descriptors_beyond_the_table_are_refused(void **state)
{
    struct fixture *f = *state;
    struct conn_caps caps = { 9, 9, FD_LIMIT };

    assert_int_equal(admit(f, FD_LIMIT - 1, "192.0.2.1", 9), CONN_ADMITTED);
    assert_int_equal(admit(f, FD_LIMIT, "192.0.2.1", 9), CONN_OVER_DESCRIPTORS);
    caps.fd_limit = 30;
    assert_int_equal(conn_admit(f->table, 29, &f->other, NULL, &caps), CONN_ADMITTED);
    assert_int_equal(conn_admit(f->table, 30, &f->other, NULL, &caps), CONN_OVER_DESCRIPTORS);
    assert_null(conn_at(f->table, FD_LIMIT));
    assert_null(conn_at(f->table, -1));
}

/* A descriptor that comes again without having ended was lost on its way: no count leaks. */
static void a_lost_connection_is_made_good(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 20; i++)
        assert_int_equal(admit(f, 10, "192.0.2.1", 1), CONN_ADMITTED);
    assert_int_equal(conn_count(f->table), 1);
    conn_sweep(f->table, UINT64_MAX >> PHASE_BITS);
    assert_int_equal(conn_count(f->table), 0);
    assert_false(conn_begin(f->table, conn_at(f->table, 10), NEVER));
    assert_int_equal(conn_count(f->table), 0);
}

static bool is_shut(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

/* A connection whose descriptor is one end of a pair. */
static struct conn *begin(struct fixture *f, int pair[2], uint64_t deadline_ms)
{
    struct conn *c;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(admit(f, pair[0], "192.0.2.1", 9), CONN_ADMITTED);
    c = conn_at(f->table, pair[0]);
    assert_true(conn_begin(f->table, c, deadline_ms));
    return c;
}

static void each_phase_is_cut_at_its_deadline(void **state)
{
    static const enum conn_phase phases[] = { PHASE_HEADER, PHASE_BODY, PHASE_WRITE,
                                              PHASE_IDLE };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
        int pair[2];
        struct conn *c = begin(f, pair, 50);

        conn_wait(c, phases[i], 1000);
        conn_sweep(f->table, 999);
        assert_false(is_shut(pair[0]));
        conn_sweep(f->table, 1000);
        assert_true(is_shut(pair[0]));
        conn_sweep(f->table, 2000);
        assert_int_equal(f->listener.cut[phases[i]], 1); /* once */
        assert_int_equal(conn_count(f->table), 1);       /* until the worker ends it */
        conn_end(f->table, c);
        assert_int_equal(conn_count(f->table), 0);
        conn_sweep(f->table, 3000);
        (void)close(pair[0]);
        (void)close(pair[1]);
    }
}

static void only_waiting_connections_end_when_draining(void **state)
{
    struct fixture *f = *state;
    int idle[2];
    int busy[2];
    char byte;

    conn_wait(begin(f, idle, NEVER), PHASE_IDLE, NEVER);
    conn_wait(begin(f, busy, NEVER), PHASE_WRITE, NEVER);
    assert_int_equal(write(idle[1], "x", 1), 1);
    conn_end_idle(f->table);
    /* what was sent before is still to be read, then comes the end */
    assert_int_equal(read(idle[0], &byte, 1), 1);
    assert_int_equal(read(idle[0], &byte, 1), 0);
    assert_int_equal(recv(busy[0], &byte, 1, MSG_DONTWAIT), -1);
    (void)close(idle[0]);
    (void)close(idle[1]);
    (void)close(busy[0]);
    (void)close(busy[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(caps_are_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses_count_by_network, setup, teardown),
        cmocka_unit_test_setup_teardown(users_of_a_unix_socket_count_by_themselves, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(listeners_count_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(descriptors_beyond_the_table_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_lost_connection_is_made_good, setup, teardown),
        cmocka_unit_test_setup_teardown(each_phase_is_cut_at_its_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(only_waiting_connections_end_when_draining, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
