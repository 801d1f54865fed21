/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"
#include "unit.h"

static void good_addresses_read_back(void **state)
{
    static const char *const rows[] = {
        "127.0.0.1:8080", "0.0.0.0:0",           "192.0.2.1:65535",
        "[::1]:8443",     "[2001:db8::1]:65535", "[::]:1",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sockaddr_storage addr;
        struct sai_err e = { 0 };
        socklen_t len;
        AUTO(buf) struct buf b;

        buf_init(&b, 100);
        if (!addr_parse(rows[i], &addr, &len, &e))
            fail_msg("%s: %s", rows[i], e.text);
        addr_put(&b, (const struct sockaddr *)&addr);
        assert_string_equal(b.data, rows[i]);
    }
}

static void bad_addresses(void **state)
{
    static const char form[] = "not an address such as 192.0.2.1:8443 or [2001:db8::1]:8443";
    static const char port[] = "the port must be a number up to 65535";
    static const char *const rows[][2] = {
        { "", form },
        { "8080", form },
        { ":8080", form },
        { "127.0.0.1", form },
        { "localhost:8080", form },
        { "127.0.0.1:", port },
        { "127.0.0.1:65536", port },
        { "127.0.0.1:080", port },
        { "127.0.0.1:http", port },
        { "127.0.0.256:1", form },
        { "::1:8080", form },
        { "[::1]", form },
        { "[::1:8080", form },
        { "[]:80", form },
        { "[127.0.0.1]:80", form },
        { "[fe80::1%eth0]:80", form },
        { "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:80", form },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sockaddr_storage addr;
        struct sai_err e = { 0 };
        socklen_t len;

        if (addr_parse(rows[i][0], &addr, &len, &e))
            fail_msg("%s: accepted", rows[i][0]);
        assert_string_equal(e.text, rows[i][1]);
    }
}

static void knows_loopback(void **state)
{
    static const struct {
        const char *address;
        bool loopback;
    } rows[] = {
        { "127.0.0.1:80", true },
        { "127.255.255.254:80", true },
        { "[::1]:80", true },
        { "[::ffff:127.0.0.1]:80", true },
        { "126.255.255.255:80", false },
        { "128.0.0.1:80", false },
        { "1.0.0.127:80", false },
        { "0.0.0.0:80", false },
        { "[::]:80", false },
        { "[::2]:80", false },
        { "[::ffff:10.0.0.127]:80", false },
        { "[2001:db8::7f00:1]:80", false },
    };
    const struct sockaddr_storage other = { .ss_family = AF_UNIX };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sockaddr_storage addr;
        struct sai_err e = { 0 };
        socklen_t len;

        assert_true(addr_parse(rows[i].address, &addr, &len, &e));
        if (addr_is_loopback(&addr) != rows[i].loopback)
            fail_msg("%s", rows[i].address);
    }
    assert_false(addr_is_loopback(&other));
}

static void a_unix_socket_is_told_as_that(void **state)
{
    const struct sockaddr addr = { .sa_family = AF_UNIX };
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, 100);
    addr_put(&b, &addr);
    assert_string_equal(b.data, "unix");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_read_back),
        cmocka_unit_test(bad_addresses),
        cmocka_unit_test(knows_loopback),
        cmocka_unit_test(a_unix_socket_is_told_as_that),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
