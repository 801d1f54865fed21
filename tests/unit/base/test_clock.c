/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "unit.h"

#include <string.h>
#include <time.h>

struct row {
    int64_t unix_s;
    const char *text;
};

/* The texts are those of  date -u -d @SECONDS +%Y-%m-%dT%H:%M:%SZ. */
static const struct row rows[] = {
    { 0, "1970-01-01T00:00:00Z" },
    { 1795443927, "2026-11-23T14:25:27Z" },
    { 951782399, "2000-02-28T23:59:59Z" },
    { 951782400, "2000-02-29T00:00:00Z" },
    { 951868800, "2000-03-01T00:00:00Z" },
    { 4107542399, "2100-02-28T23:59:59Z" },
    { 4107542400, "2100-03-01T00:00:00Z" },
    { 253402300799, "9999-12-31T23:59:59Z" },
    { 253402300800, "10000-01-01T00:00:00Z" },
    { -1, "1969-12-31T23:59:59Z" },
    { -62135596800, "0001-01-01T00:00:00Z" },
};

static void formats_seconds(void **state)
{
    char text[CLOCK_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_string_equal(clock_format_s(rows[i].unix_s, text), rows[i].text);
}

/* Every day of 800 years, at another time of it each. */
static void agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = -146097; day < 146097; day++) {
        time_t s = (time_t)(day * 86400 + (day * 7919 % 86400 + 86400) % 86400);
        char expected[CLOCK_TEXT_SIZE];
        char text[CLOCK_TEXT_SIZE];
        struct tm tm;

        assert_non_null(gmtime_r(&s, &tm));
        assert_true(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
        assert_string_equal(clock_format_s((int64_t)s, text), expected);
    }
}

static void formats_milliseconds(void **state)
{
    char text[CLOCK_TEXT_SIZE];

    (void)state;
    assert_string_equal(clock_format_ms(1795443927005, text), "2026-11-23T14:25:27.005Z");
    assert_string_equal(clock_format_ms(0, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(clock_format_ms(-1, text), "1969-12-31T23:59:59.999Z");
}

/* A token may say anything of its times; whoever prints them has room. */
static void has_room_for_any_time(void **state)
{
    static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, INT64_MAX };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        char text[CLOCK_TEXT_SIZE + 1] = { 0 };

        assert_true(strlen(clock_format_s(times[i], text)) < CLOCK_TEXT_SIZE);
        assert_true(strlen(clock_format_ms(times[i], text)) < CLOCK_TEXT_SIZE);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_seconds),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(formats_milliseconds),
        cmocka_unit_test(has_room_for_any_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
