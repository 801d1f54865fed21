/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rfc3339.h"
#include "unit.h"

struct row {
    const char *text;
    int64_t unix_s;
    const char *error;
};

static const char form[] = "not a date with time and zone like 2026-11-23T14:25:27Z";

/* The numbers are those of  date -u -d TEXT +%s. */
static const struct row rows[] = {
    { "1970-01-01T00:00:00Z", 0, NULL },
    { "2026-11-23T14:25:27Z", 1795443927, NULL },
    { "2026-11-23t14:25:27.999z", 1795443927, NULL },
    { "2026-11-23T15:25:27+01:00", 1795443927, NULL },
    { "2026-11-23T08:55:27-05:30", 1795443927, NULL },
    { "2024-02-29T23:59:59Z", 1709251199, NULL },
    { "9999-12-31T23:59:59Z", 253402300799, NULL },
    { "1969-12-31T23:59:59Z", -1, NULL },
    { "2026-02-29T00:00:00Z", 0, "that month has no day 29" },
    { "2026-04-31T00:00:00Z", 0, "that month has no day 31" },
    { "", 0, form },
    { "2026-11-23", 0, form },
    { "2026-11-23T14:25:27", 0, form },
    { "2026-11-23 14:25:27Z", 0, form },
    { "2026-13-23T14:25:27Z", 0, form },
    { "2026-00-23T14:25:27Z", 0, form },
    { "2026-11-00T14:25:27Z", 0, form },
    { "2026-11-23T24:00:00Z", 0, form },
    { "2026-11-23T14:60:27Z", 0, form },
    { "2026-11-23T14:25:60Z", 0, form },
    { "2026-11-23T14:25:27.Z", 0, form },
    { "2026-11-23T14:25:27+0100", 0, form },
    { "2026-11-23T14:25:27+24:00", 0, form },
    { "2026-11-23T14:25:27Zx", 0, form },
    { "26-11-23T14:25:27Z", 0, form },
    { "+026-11-23T14:25:27Z", 0, form },
};

static void parses_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sai_err e = { 0 };
        int64_t t = 0;
        bool ok = rfc3339_parse(rows[i].text, &t, &e);

        assert_string_equal(e.text, rows[i].error == NULL ? "" : rows[i].error);
        assert_int_equal(ok, rows[i].error == NULL);
        assert_int_equal(t, rows[i].unix_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
