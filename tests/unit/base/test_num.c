/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "unit.h"

#include <string.h>

struct row {
    const char *text;
    uint64_t value;
    const char *error; /* NULL: valid */
};

typedef bool parse_fn(const char *s, size_t len, uint64_t *out, struct sai_err *e);

static void check_rows(parse_fn *parse, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sai_err e = { 0 };
        uint64_t v = 12345;
        bool ok = parse(rows[i].text, strlen(rows[i].text), &v, &e);

        if (ok != (rows[i].error == NULL))
            fail_msg("%s: %s", rows[i].text, ok ? "accepted" : e.text);
        assert_string_equal(e.text, ok ? "" : rows[i].error);
        assert_int_equal(v, ok ? rows[i].value : 12345);
    }
}

static void numbers(void **state)
{
    static const struct row rows[] = {
        { "0", 0, NULL },
        { "18446744073709551615", UINT64_MAX, NULL },
        { "18446744073709551616", 0, "number too large" },
        { "", 0, "not a whole number" },
        { "-1", 0, "not a whole number" },
        { "1 ", 0, "not a whole number" },
        { "0x1f", 0, "not a whole number" },
        { "010", 0, "a number does not start with 0" },
    };

    (void)state;
    check_rows(num_u64, rows, ARRAY_SIZE(rows));
}

static void durations(void **state)
{
    static const char bad[] = "not a duration such as 30s, 5m, 1h30m, 250ms or 7d";
    static const struct row rows[] = {
        { "0s", 0, NULL },
        { "250ms", 250, NULL },
        { "90s", 90000, NULL },
        { "1h30m", 5400000, NULL },
        { "5m", 300000, NULL },
        { "7d", 604800000, NULL },
        { "1s1ms", 1001, NULL },
        { "", 0, bad },
        { "5", 0, bad },
        { "s", 0, bad },
        { "5 m", 0, bad },
        { "1m1h", 0, bad },
        { "1m1m", 0, bad },
        { "-5s", 0, bad },
        { "1.5h", 0, bad },
        { "99999999999999999999d", 0, "number too large" },
        { "213503982335d", 0, "number too large" },
    };

    (void)state;
    check_rows(num_duration_ms, rows, ARRAY_SIZE(rows));
}

static void sizes(void **state)
{
    static const char bad[] = "not a size such as 65536, 64KiB or 1MiB";
    static const struct row rows[] = {
        { "0", 0, NULL },          { "64KiB", 65536, NULL },
        { "1MiB", 1048576, NULL }, { "2GiB", 2147483648, NULL },
        { "64K", 0, bad },         { "64kib", 0, bad },
        { "KiB", 0, bad },         { "17179869184GiB", 0, "number too large" },
    };

    (void)state;
    check_rows(num_size_bytes, rows, ARRAY_SIZE(rows));
}

static void formatted_values_read_back(void **state)
{
    static const uint64_t values[] = { 0, 1, 999, 1000, 90000, 5400000, 86400001, UINT64_MAX };
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, 64);
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        struct sai_err e = { 0 };
        uint64_t v = 0;

        buf_reset(&b);
        num_put_duration(&b, values[i]);
        assert_true(num_duration_ms(b.data, b.len, &v, &e));
        assert_int_equal(v, values[i]);
        buf_reset(&b);
        num_put_size(&b, values[i]);
        assert_true(num_size_bytes(b.data, b.len, &v, &e));
        assert_int_equal(v, values[i]);
    }
    buf_reset(&b);
    num_put_duration(&b, 5400000);
    buf_char(&b, ' ');
    num_put_size(&b, 65536);
    assert_string_equal(b.data, "1h30m 64KiB");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(formatted_values_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
